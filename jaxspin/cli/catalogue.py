"""`jaxspin list | info | cite`: what systems there are, their quantities as tables, and what to cite."""

import dataclasses
import json
import math
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from jaxspin import __version__

if TYPE_CHECKING:
    from jaxspin.core import ForwardModel, Quantity

_CITATION = f"""@software{{jaxspin,
  author = {{{{The jaxspin developers}}}},
  title = {{jaxspin: differentiable spin-orbit physics in {{JAX}}}},
  version = {{{__version__}}},
  year = {{2026}},
}}"""


def list_systems(*, json: bool = False) -> int:
    """Name every system.

    Parameters
    ----------
    json
        Print machine-readable JSON.
    """
    from jaxspin.systems import registered

    titles = {name: _title(name) for name in registered()}
    if json:
        print(_json({name: {"title": title} for name, title in titles.items()}))
    else:
        print("\n".join(_aligned(titles.items())))
    return 0


def _title(name: str) -> str:
    from jaxspin.systems import load

    try:
        return load(name).title
    except Exception as error:  # a broken package of someone else's must not hide the other systems
        return f"(cannot be loaded: {type(error).__name__}: {' '.join(str(error).split())})"


def info(system: str, *, json: bool = False) -> int:
    """Print a system's parameters, controls, observables and reference materials.

    Parameters
    ----------
    system
        Its name, as `jaxspin list` gives it.
    json
        Print machine-readable JSON.
    """
    model = find_system(system)
    print(_json(_described(model)) if json else "\n".join(_page(model)))
    return 0


def cite(system: str) -> int:
    """Print BibTeX entries to cite: the paper of a system, and jaxspin.

    Parameters
    ----------
    system
        Its name, as `jaxspin list` gives it.
    """
    print(find_system(system).citation.strip(), _CITATION, sep="\n\n")
    return 0


def find_system(name: str) -> "ForwardModel":
    """The model of that name; `ConfigError` names those that exist."""
    from jaxspin.core import unknown_name
    from jaxspin.io import ConfigError
    from jaxspin.systems import load, registered

    if name not in registered():
        raise ConfigError(unknown_name("system", name, registered()))
    try:
        return load(name)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"system {name!r} cannot be loaded: {error}") from None


def _json(tree: Any) -> str:
    return json.dumps(tree, indent=2, ensure_ascii=False, allow_nan=False)


def _numbers(value: Any) -> Any:
    """A concrete array as JSON numbers, None where there is none or it is not finite."""
    import numpy as np

    if value is None:
        return None
    return json.loads(json.dumps(np.asarray(value).tolist()), parse_constant=lambda _: None)


def _described(model: "ForwardModel") -> dict[str, Any]:
    """Everything `info` knows, as a plain tree."""
    from jaxspin.core import quantities, select

    materials = {}
    for name, material in model.materials.items():
        built = material.build()
        values = {each: _numbers(value) for each, value in select(built, quantities(built)).items()}
        materials[name] = {"source": material.source, "values": values}
    reference = next(iter(materials.values()))["values"] if materials else {}
    defaults = {
        field.name: field.default
        for field in dataclasses.fields(model.controls)
        if field.default is not dataclasses.MISSING
    }
    return {
        "name": model.name,
        "title": model.title,
        "parameters": {
            name: _quantity(known) | {"default": reference.get(name)}
            for name, known in quantities(model.parameters).items()
        },
        "controls": {
            name: _quantity(known) | {"default": _numbers(defaults.get(name))}
            for name, known in quantities(model.controls).items()
        },
        "observables": {
            name: {"symbol": o.symbol, "unit": o.unit, "doc": o.doc, "depends_on": list(o.depends_on)}
            for name, o in model.observables.items()
        },
        "materials": materials,
        "citation": model.citation,
    }


def _quantity(known: "Quantity") -> dict[str, Any]:
    bounds = [bound if math.isfinite(bound) else None for bound in known.bounds]
    return {"symbol": known.symbol, "unit": known.unit, "bounds": bounds, "scale": known.scale, "doc": known.doc}


def _page(model: "ForwardModel") -> Iterable[str]:
    tree = _described(model)
    material = next(iter(tree["materials"]), "none")
    yield f"{model.name}: {model.title}"
    for title, kind in ((f"Parameters (default: {material})", "parameters"), ("Controls", "controls")):
        rows = [("name", "symbol", "unit", "bounds", "scale", "default", "")]
        for name, known in tree[kind].items():
            low, high = ("" if bound is None else f"{bound:g}" for bound in known["bounds"])
            default = "required" if known["default"] is None else _short(known["default"])
            cells = (name, known["symbol"], known["unit"], f"({low or '-inf'}, {high or 'inf'})")
            rows.append((*cells, f"{known['scale']:g}", default, known["doc"]))
        yield from ("", title, *("  " + line for line in _aligned(rows)))
    rows = [("name", "symbol", "unit", "")]
    rows += [(name, o["symbol"], o["unit"], o["doc"]) for name, o in tree["observables"].items()]
    yield from ("", "Observables", *("  " + line for line in _aligned(rows)))
    rows = [(name, each["source"]) for name, each in tree["materials"].items()]
    yield from ("", "Reference materials", *("  " + line for line in _aligned(rows)))


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, int | float) else json.dumps(value)


def _aligned(rows: Iterable[Sequence[str]], width: int = 118) -> list[str]:
    """Rows of text as lines with aligned columns; the last column is wrapped."""
    rows = [tuple(row) for row in rows]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(len(rows[0]) - 1)] if rows else []
    lines = []
    for row in rows:
        head = "".join(f"{cell:<{size}}  " for cell, size in zip(row[:-1], widths, strict=True))
        wrapped = textwrap.wrap(row[-1], max(width - len(head), 30)) or [""]
        lines += [head + wrapped[0], *(" " * len(head) + more for more in wrapped[1:])]
    return [line.rstrip() for line in lines]
