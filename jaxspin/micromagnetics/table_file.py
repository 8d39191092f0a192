"""Tables with units in the manner of OOMMF: ODT files, one column a quantity, for what `evolve` saved.

Format: OOMMF User's Guide, "Data table file format (ODT)". Every fault is told with file and line.
"""

import dataclasses
import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from jaxspin.micromagnetics.ovf import tcl_words

if TYPE_CHECKING:
    from jaxspin.micromagnetics.evolve import Evolution


class OdtError(ValueError):
    """An ODT file that cannot be read; the message is one line naming file, line and what is allowed."""


@dataclasses.dataclass(frozen=True)
class OdtTable:
    """`columns` by name, each (n,), their `units` by name ("" without one), and the `title`."""

    columns: Mapping[str, Float[np.ndarray, " n"]]
    units: Mapping[str, str]
    title: str


def write_odt(
    path: str | os.PathLike[str],
    columns: Mapping[str, Float[ArrayLike, " n"]],
    units: Mapping[str, str] | None = None,
    title: str = "jaxspin",
) -> None:
    """Write columns of equal length, with all digits of double precision.

    Raises:
        ValueError: for no column, columns of unequal length, numbers that are not finite, names with braces or quotes.
    """
    arrays = {name: np.asarray(values, dtype=float) for name, values in columns.items()}
    units = units or {}
    shapes = {values.shape for values in arrays.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) != 1:
        raise ValueError(f"write_odt: expected columns of one, equal length, got the shapes {sorted(shapes)}")
    for name, values in arrays.items():
        if not np.isfinite(values).all():
            raise ValueError(
                f"write_odt: column {name!r} holds {np.sum(~np.isfinite(values))} values that are not finite"
            )
        if not name or re.search(r'[{}"\\\n]', name + units.get(name, "")):
            raise ValueError(f"write_odt: {name!r} cannot name a column; expected a name without braces or quotes")
    lines = ["# ODT 1.0", "# Table Start", f"# Title: {title}", "# Columns: " + " ".join(f"{{{n}}}" for n in arrays)]
    lines.append("# Units: " + " ".join(f"{{{units.get(name, '')}}}" for name in arrays))
    lines += [" ".join(map(repr, row)) for row in np.stack(list(arrays.values()), axis=1).tolist()]
    Path(path).write_text("\n".join([*lines, "# Table End"]) + "\n", encoding="utf-8")


def read_odt(path: str | os.PathLike[str]) -> OdtTable:
    """Read the first table of an ODT file.

    Raises:
        OdtError: for a file that cannot be read, is no ODT file, ends early, or holds what is no number.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise OdtError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or 'not UTF-8 text'})") from None
    if not lines or not re.match(r"#\s*ODT\s+1\.0", lines[0]):
        raise OdtError(f"{path}, line 1: no ODT file; expected '# ODT 1.0'")
    head: dict[str, str] = {}
    rows: list[list[float]] = []
    for number, line in enumerate(lines[1:], 2):
        if line.startswith("#"):
            name, _, value = line.lstrip("# ").partition(":")
            if re.match(r"table\s+end", name.lower()):
                return _table(path, head, rows, number)
            head.setdefault(name.strip().lower(), value.strip())
        elif line.strip():
            rows.append(_numbers(path, number, line, len(tcl_words(head.get("columns", "")))))
    raise OdtError(f"{path}, line {len(lines)}: the file ends here; expected '# Table End'")


def write_evolution(path: str | os.PathLike[str], run: "Evolution", title: str = "jaxspin") -> None:
    """What `evolve` saved as an ODT file: time, averages of every sublattice, moment and energies.

    Raises:
        ValueError: where the run did not reach all its times.
    """
    averages = np.asarray(run.averages)
    several = averages.shape[1] > 1
    columns: dict[str, np.ndarray] = {"time": np.asarray(run.times)}
    for s in range(averages.shape[1]):
        columns |= {f"m_{c}{s + 1 if several else ''}": averages[:, s, k] for k, c in enumerate("xyz")}
    columns |= {f"moment_{c}": np.asarray(run.moment)[:, k] for k, c in enumerate("xyz")}
    columns |= {f"energy {name}": np.asarray(values) for name, values in run.energies.items()}
    unit = lambda name: "s" if name == "time" else "J" if name.startswith("energy") else "A m^2"
    units = {name: "1" if name.startswith("m_") else unit(name) for name in columns}
    write_odt(path, columns, units, title)


def _table(path: str | os.PathLike[str], head: dict[str, str], rows: list[list[float]], line: int) -> OdtTable:
    names, units = tcl_words(head.get("columns", "")), tcl_words(head.get("units", ""))
    if not names:
        raise OdtError(f"{path}, line {line}: the table has no '# Columns:'")
    if len(set(names)) != len(names):
        raise OdtError(f"{path}, line {line}: column {next(n for n in names if names.count(n) > 1)!r} occurs twice")
    values = np.array(rows).reshape(len(rows), len(names))
    units += [""] * (len(names) - len(units))
    return OdtTable(
        dict(zip(names, values.T, strict=True)), dict(zip(names, units, strict=False)), head.get("title", "")
    )


def _numbers(path: str | os.PathLike[str], line: int, text: str, count: int) -> list[float]:
    words = text.split()
    if len(words) != count:
        raise OdtError(f"{path}, line {line}: {len(words)} numbers; expected {count}, as in '# Columns:'")
    found = []
    for word in words:
        try:
            found.append(float(word))
        except ValueError:
            raise OdtError(f"{path}, line {line}: expected a number, got {word!r}") from None
        if not math.isfinite(found[-1]):
            raise OdtError(f"{path}, line {line}: expected a finite number, got {word!r}")
    return found
