"""What a figure of a sweep shows: which inputs are drawn, where the others are held, and what became of each point."""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float, Int

from jaxspin.core import Observable, Status, unknown_name
from jaxspin.plot.axis import Axis

if TYPE_CHECKING:
    import xarray as xr

POINT = "point"
"""The one dimension of a design that is a list of points."""
NOT_COMPUTED = -1
"""Status of a point that the sweep has not come to yet."""
_MEMBERS = 12  # curves that can still be told apart in one panel


@dataclasses.dataclass(frozen=True)
class Variable:
    """Numbers and what is known about them."""

    known: Observable
    values: Float[np.ndarray, "..."]

    @classmethod
    def of(cls, array: "xr.DataArray") -> "Variable":
        """A variable of a dataset, with the unit, symbol and long name in its attributes."""
        attributes = array.attrs
        symbol = attributes.get("symbol") or rf"\mathrm{{{str(array.name).replace('_', chr(92) + '_')}}}"
        meaning = attributes.get("long_name") or str(array.name)
        known = Observable(attributes.get("units", "1"), symbol, meaning, ())
        return cls(known, _numbers(array))


def _numbers(array: "xr.DataArray") -> Float[np.ndarray, "..."]:
    """Values of a variable, read from its store. Raises `ValueError` where a checksum does not match."""
    try:
        return np.asarray(array.values, dtype=float)
    except (ValueError, RuntimeError, OSError):
        raise ValueError(f"{array.name!r} cannot be read, a file is damaged: the same sweep again mends it") from None


@dataclasses.dataclass(frozen=True)
class View:
    """One observable over the inputs that are drawn.

    As `lines` (over one input, or a family of curves) and a `map`, the values have one dimension for each of `inputs`,
    in order, and these increase; as `points` and `effects` all have one dimension, and inputs of points that are still
    to be computed may be NaN. Values are NaN where `status` is no OK. `held` says where the other inputs are, `system`
    what was swept.
    """

    kind: Literal["lines", "map", "points", "effects"]
    observable: Variable
    status: Int[np.ndarray, "..."]
    inputs: tuple[Variable, ...]
    held: tuple[str, ...] = ()
    system: str = ""

    @property
    def good(self) -> Float[np.ndarray, " n"]:
        """Values of the points that were solved."""
        return self.observable.values[self.status == Status.OK]


def observable_names(sweep: "xr.Dataset") -> list[str]:
    """Data variables of a sweep that can be drawn: all but the status."""
    return [str(name) for name in sweep.data_vars if name != "status"]


def input_names(sweep: "xr.Dataset") -> list[str]:
    """Inputs of a sweep, in order: the axes of a grid, or what a list of points varies."""
    dims = [str(name) for name in sweep["status"].dims]
    if dims != [POINT]:
        return dims
    return [str(name) for name, column in sweep.coords.items() if column.dims == (POINT,) and name != POINT]


def choose_view(
    sweep: "xr.Dataset",
    observable: str,
    x: str | None = None,
    y: str | None = None,
    at: Mapping[str, float] | None = None,
) -> View:
    """What to draw of a sweep: the arguments are those of `sweep_figure`, and so are the errors."""
    at = dict(at or {})
    for name in filter(None, (x, y, *at)):
        if name not in input_names(sweep):
            raise KeyError(unknown_name("axis", name, input_names(sweep)))
    if observable not in observable_names(sweep):
        raise KeyError(unknown_name("observable", observable, observable_names(sweep)))
    if x is not None and x == y:
        raise ValueError(f"x and y are both {x!r}: expected two different axes")
    if both := {x, y} & at.keys():
        raise ValueError(f"axis {both.pop()!r} is to be drawn and to be held at a value: expected one of the two")
    if sweep["status"].dims == (POINT,):
        return _points(sweep, observable, x, y, at)
    return _grid(sweep, observable, x, y, at)


def _grid(sweep: "xr.Dataset", observable: str, x: str | None, y: str | None, at: Mapping[str, float]) -> View:
    sizes = {str(name): sweep.sizes[name] for name in sweep["status"].dims}
    free = {name: size for name, size in sizes.items() if size > 1 and name not in at}
    for name in filter(None, (x, y)):
        if name not in free:
            raise ValueError(f"axis {name!r} has one value only: nothing to draw along it")
    if not free:
        raise ValueError("nothing varies: a single point makes no figure")
    shown = _shown(free, x, y)
    lines = len(shown) == 1 or (y is None and _is_family(*(sizes[name] for name in shown), chosen=x is not None))
    if lines and x is None:
        shown.sort(key=lambda name: -sizes[name])
    place = {name: _nearest(sweep[name], at[name]) if name in at else sizes[name] // 2 for name in sizes}
    held = {name: place[name] for name in sizes if name not in shown}
    notes = [_held(sweep[name], where, name in free) for name, where in held.items()]
    part = sweep[[observable, "status"]].isel(held).sortby(shown).transpose(*shown)
    inputs = tuple(Variable.of(part[name]) for name in shown)
    return _view("lines" if lines else "map", part, observable, inputs, tuple(notes))


def _shown(free: Mapping[str, int], x: str | None, y: str | None) -> list[str]:
    """The one or two axes that are drawn: those asked for, then the longest, x before y."""
    others = sorted((name for name in free if name not in (x, y)), key=lambda name: -free[name])
    if x is None and y is None:
        return [name for name in free if name in others[:2]]
    spare = iter(others)
    pair = [x or next(spare, None), y or next(spare, None)]
    return [name for name in pair if name is not None]


def _is_family(first: int, second: int, chosen: bool) -> bool:
    """Whether two axes read better as curves: few of them over an axis that was chosen or is at least twice as long."""
    few, many = (second, first) if chosen else sorted((first, second))
    return few <= _MEMBERS and (chosen or many >= 2 * few)


def _nearest(axis: "xr.DataArray", value: float) -> int:
    known = Variable.of(axis)
    lowest, highest = float(known.values.min()), float(known.values.max())
    slack = 1e-9 * max(abs(lowest), abs(highest))  # 25 °C may have come from text
    if not lowest - slack <= value <= highest + slack:
        shown = Axis.of(known.known, known.values)
        span = f"from {shown.tell(lowest)} to {shown.tell(highest)}"
        raise ValueError(f"{axis.name} = {shown.tell(value)} is not in the sweep, which goes {span}")
    return int(np.argmin(np.abs(known.values - value)))


def _held(axis: "xr.DataArray", where: int, by_default: bool) -> str:
    here = Variable.of(axis)
    value = float(here.values[where])
    shown = f"${here.known.symbol}$ = {Axis.of(here.known, np.array([value])).tell(value)}"
    return f"{shown} (value {where + 1} of {len(here.values)})" if by_default else shown


def _points(sweep: "xr.Dataset", observable: str, x: str | None, y: str | None, at: Mapping[str, float]) -> View:
    if at:
        raise ValueError(f"{next(iter(at))!r} cannot be held at a value: this is a list of points, no grid")
    columns = {name: Variable.of(sweep[name]) for name in input_names(sweep)}
    varying = [
        name for name, column in columns.items() if len(np.unique(column.values[np.isfinite(column.values)])) > 1
    ]
    for name in filter(None, (x, y)):
        if name not in varying:
            raise ValueError(f"axis {name!r} has one value only: nothing to draw along it")
    if not varying:
        raise ValueError("nothing varies: a single point makes no figure")
    if len(varying) == 1:
        order = sweep.isel({POINT: np.argsort(columns[varying[0]].values, kind="stable")})
        return _view("lines", order, observable, (Variable.of(order[varying[0]]),))
    shown = [name for name in (x, y) if name is not None] or varying
    if y is not None and x is None:
        shown = [next(name for name in varying if name != y), y]
    kind = "points" if len(shown) == 2 else "effects"
    return _view(kind, sweep, observable, tuple(columns[name] for name in shown))


def _view(kind: Any, part: "xr.Dataset", observable: str, inputs: tuple[Variable, ...], held: Any = ()) -> View:
    """The view, with every value that was not solved set to NaN, and every other that is not finite a failure."""
    found = Variable.of(part[observable])
    status = _numbers(part["status"]).astype(int)
    status = np.where((status == Status.OK) & ~np.isfinite(found.values), int(Status.NOT_FINITE), status)
    values = np.where(status == Status.OK, found.values, np.nan)
    return View(kind, Variable(found.known, values), status, inputs, held, str(part.attrs.get("system", "")))
