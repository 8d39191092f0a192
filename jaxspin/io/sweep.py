"""The [sweep] section of a run file as plain numbers in declared units: axes of the design, and what is held."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from jaxspin.core import ForwardModel, Quantity, quantities, replace, unknown_name
from jaxspin.io.measured import check_controls, read_quantity
from jaxspin.io.runfile import Range, Run
from jaxspin.io.start import read_axis, read_ends


@dataclasses.dataclass(frozen=True)
class Box:
    """Ends of every axis of a scattered design, and the names that are even in their logarithm."""

    ranges: Mapping[str, tuple[float, float]]
    log: tuple[str, ...]
    points: int


def sweep_axes(run: Run, known: Mapping[str, Quantity]) -> dict[str, Float[np.ndarray, " n"]]:
    """Values of every axis of a design `product` or `zip`; `known` are the names that may vary.

    Raises `ConfigError`: no axis, an unknown one, no values, units, values outside bounds, unequal lengths for `zip`.
    """
    check_axes(run, known)
    if run.sweep.points is not None:
        raise run.fault("sweep.points", f"has no meaning for design {run.sweep.design!r}; each axis has its own points")
    written = run.sweep.axes.items()
    axes = {name: read_axis(run, f"sweep.axes.{name}", values, known[name]) for name, values in written}
    lengths = {name: len(values) for name, values in axes.items()}
    if run.sweep.design == "zip" and len(set(lengths.values())) > 1:
        raise run.fault("sweep.axes", f"have unequal lengths {lengths}; expected one value a point in each")
    return axes


def sweep_box(run: Run, known: Mapping[str, Quantity]) -> Box:
    """Ranges of the axes of a scattered design. Raises `ConfigError` as `sweep_axes`, and where points are missing."""
    check_axes(run, known)
    if run.sweep.points is None or not 1 <= run.sweep.points <= 2**30:
        raise run.fault("sweep.points", f"{run.sweep.points} is not allowed; expected 1 to {2**30}")
    ranges, log = {}, []
    for name, written in run.sweep.axes.items():
        key = f"sweep.axes.{name}"
        if not isinstance(written, Range) or written.points is not None:
            raise run.fault(key, f"design {run.sweep.design!r} needs a range without points; expected {{start, stop}}")
        start, stop = read_ends(run, key, written, known[name])
        if not start < stop:
            raise run.fault(key, f"start {written.start!r} is not below stop {written.stop!r}")
        ranges[name] = (start, stop)
        log += [name] if written.spacing == "log" else []
    return Box(ranges, tuple(log), run.sweep.points)


def check_axes(run: Run, known: Mapping[str, Quantity]) -> None:
    """Raise `ConfigError` if a sweep has no axis, or one that is not among `known`."""
    if not run.sweep.axes:
        raise run.fault("sweep.axes", f"names no axis; expected some of: {', '.join(known)}")
    for name in run.sweep.axes:
        if name not in known:
            raise run.fault(f"sweep.axes.{name}", unknown_name("axis", name, known))


def held_controls(run: Run, model: ForwardModel) -> Any:
    """Controls of a sweep: those of `[sweep.controls]`, else their defaults; those of the axes are placeholders.

    Raises `ConfigError`: unknown controls, units, values outside bounds, a control with neither default nor value.
    """
    known, key = quantities(model.controls), "sweep.controls"
    swept = [name.removeprefix("controls.") for name in run.sweep.axes]
    check_controls(run, key, model, (*run.sweep.controls, *(name for name in swept if name in known)))
    given = {
        name: read_quantity(run, f"{key}.{name}", each, known[name].unit) for name, each in run.sweep.controls.items()
    }
    for name, value in given.items():
        low, high = known[name].bounds
        if name in swept:
            raise run.fault(f"{key}.{name}", "is also an axis; expected one of the two")
        if not low <= value <= high:
            raise run.fault(f"{key}.{name}", f"{value:g} {known[name].unit} is outside its bounds ({low:g}, {high:g})")
    defaults = {
        field.name: float(field.default)
        for field in dataclasses.fields(model.controls)
        if field.name in known and field.default is not dataclasses.MISSING
    }
    return replace(model.example(), defaults | given)
