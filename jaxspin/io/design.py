"""The [design] section of a run file as plain numbers in declared units: objective, free names, bounds, limits."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from jaxspin.core import ForwardModel, Quantity, outside_bounds, quantities, replace, select, unknown_name
from jaxspin.io.measured import check_controls, read_quantity
from jaxspin.io.runfile import Run, Written
from jaxspin.io.start import starting_point

Ends = tuple[float | None, float | None]
Pair = tuple[float, float]


@dataclasses.dataclass(frozen=True)
class DesignPlan:
    """What a run file asks for: (lower, upper) of bounds and limits in declared units, parameters and controls."""

    objective: str
    maximise: bool
    free: tuple[str, ...]
    bounds: Mapping[str, Pair]
    limits: Mapping[str, Ends]
    params: Any
    controls: Any


def read_design(run: Run, model: ForwardModel) -> DesignPlan:
    """The design that a run file describes.

    Raises `ConfigError`: no objective or two, nothing free, unknown or ambiguous names, units, lower >= upper, limits
    without an end, a start outside its bounds.
    """
    asked = run.design
    if (asked.minimise is None) == (asked.maximise is None):
        both = "both are given" if asked.minimise is not None else "neither is given"
        raise run.fault("design", f"{both}; expected one of minimise and maximise")
    key, objective = ("minimise", asked.minimise) if asked.minimise is not None else ("maximise", asked.maximise)
    if objective is None or objective not in model.observables:
        raise run.fault(f"design.{key}", unknown_name("observable", str(objective), model.observables))
    if asked.starts < 1:
        raise run.fault("design.starts", f"{asked.starts} is not allowed; expected 1 or more")
    homes = {"controls": quantities(model.controls), "parameters": quantities(model.parameters)}
    if not asked.free:
        allowed = ", ".join(name for known in homes.values() for name in known)
        raise run.fault("design.free", f"names nothing; expected some of: {allowed}")
    free = {_home(run, f"design.free.{number}", homes, name): name for number, name in enumerate(asked.free)}
    bounds: dict[str, Pair] = {}
    for name, written in asked.bounds.items():
        where = f"design.bounds.{name}"
        home = _home(run, where, homes, name)
        if home not in free:
            raise run.fault(where, f"{name!r} does not vary (design.free: {', '.join(asked.free)})")
        if len(written) != 2:
            raise run.fault(where, f"{list(written)} is not allowed; expected [lower, upper]")
        sides: dict[str, Written] = dict(zip(("lower", "upper"), written, strict=True))
        low, high = _ends(run, where, sides, homes[home[0]][home[1]].unit)
        assert low is not None
        assert high is not None
        bounds[free[home]] = (low, high)
    limits = {}
    for name, limit in asked.constraints.items():
        where = f"design.constraints.{name}"
        if name not in model.observables:
            raise run.fault(where, unknown_name("observable", name, model.observables))
        written = {side: edge for side, edge in dataclasses.asdict(limit).items() if edge is not None}
        if not written:
            raise run.fault(where, "has no end; expected lower, upper, or both")
        limits[name] = _ends(run, where, written, model.observables[name].unit)
    varying = {inner: bounds.get(name) for (home, inner), name in free.items() if home == "controls"}
    controls = _controls(run, model, varying)
    params = starting_point(run, model)[""]
    for (home, inner), name in free.items():
        _check_start(run, name, (home, inner), {"controls": controls, "parameters": params}[home], bounds.get(name))
    return DesignPlan(objective, key == "maximise", asked.free, bounds, limits, params, controls)


def _home(run: Run, key: str, homes: Mapping[str, Mapping[str, Quantity]], name: str) -> tuple[str, str]:
    """Whose quantity a name means, and its name there."""
    home, _, inner = name.partition(".")
    if home in homes and inner in homes[home]:
        return home, inner
    found = [home for home in homes if name in homes[home]]
    if len(found) > 1:
        raise run.fault(key, f"{name!r} is a control and a parameter; expected controls.{name} or parameters.{name}")
    if not found:
        raise run.fault(key, unknown_name("quantity", name, [each for known in homes.values() for each in known]))
    return found[0], name


def _ends(run: Run, key: str, written: Mapping[str, Written], unit: str) -> Ends:
    ends = {side: read_quantity(run, f"{key}.{side}", edge, unit) for side, edge in written.items()}
    if len(ends) == 2 and not ends["lower"] < ends["upper"]:
        raise run.fault(key, f"lower {written['lower']!r} is not below upper {written['upper']!r}")
    return ends.get("lower"), ends.get("upper")


def _controls(run: Run, model: ForwardModel, free: Mapping[str, Pair | None]) -> Any:
    """Controls of the start; free ones that are not given begin in the middle of their bounds."""
    known, key = quantities(model.controls), "design.controls"
    middle = {name: sum(ends) / 2 for name, ends in free.items() if ends is not None}
    check_controls(run, key, model, {**middle, **run.design.controls})
    given = {name: read_quantity(run, f"{key}.{name}", w, known[name].unit) for name, w in run.design.controls.items()}
    fields = dataclasses.fields(model.controls)
    usual = {
        each.name: each.default for each in fields if each.name in known and each.default is not dataclasses.MISSING
    }
    controls = replace(model.example(), usual | middle | given)
    for fault in outside_bounds(controls)[:1]:
        raise run.fault(f"{key}.{fault.split(' = ')[0]}", f"the start {fault}")
    return controls


def _check_start(run: Run, name: str, home: tuple[str, str], module: Any, ends: Pair | None) -> None:
    """Bounds must lie within those declared, and the start within the bounds."""
    known, value = quantities(module)[home[1]], select(module, [home[1]])[home[1]]
    if ends is None or value.ndim:
        return
    unit = "" if known.unit == "1" else f" {known.unit}"
    low, high = ends
    if low < known.bounds[0] or high > known.bounds[1]:
        allowed = f"({known.bounds[0]:g}, {known.bounds[1]:g}){unit}"
        raise run.fault(f"design.bounds.{name}", f"({low:g}, {high:g}){unit} leaves the allowed range {allowed}")
    if not low <= float(value) <= high:
        what = f"the start {float(value):g}{unit} is outside ({low:g}, {high:g}){unit}"
        raise run.fault(f"design.bounds.{name}", what)
