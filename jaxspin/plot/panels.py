"""Panels of a fit figure: one observable against a control, as a family of curves, against its prediction, or alone."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from jaxspin.core import Observable, Quantity
from jaxspin.plot.axis import Axis
from jaxspin.plot.style import DATA, FIT, LIMIT, shades

_TWO_SIDED = 1.959964  # standard deviations that hold 95 % of a Gaussian
_MEMBERS = 12  # curves that can still be told apart in one panel
_DECADES = 30.0  # ratio of predictions beyond which a linear axis hides the small ones
_FEWEST = 4  # points that make a curve


@dataclasses.dataclass(frozen=True)
class Series:
    """Measured and predicted values of one observable in one dataset, and the controls that vary there.

    `seen` is an `inverse.Comparison` with numpy arrays.
    """

    dataset: str
    name: str
    observable: Observable
    seen: Any
    controls: dict[str, tuple[Quantity, Float[np.ndarray, " m"]]]


def draw_series(upper: Any, lower: Any, series: Series) -> None:
    """Data and prediction in the upper panel, their difference over sigma in the lower one."""
    seen, vertical = series.seen, Axis.of(series.observable, series.seen.observed)
    curves = _one_curve(series) or _family(series)
    if curves is None:
        horizontal, x = Axis(f"predicted {vertical.label}", vertical.scale), seen.predicted
        every = np.ones(len(x), dtype=bool)
        ends = vertical.scale * np.array([x.min(), x.max()])
        upper.plot(ends, ends, color=FIT, label="measured = predicted")
        if min(seen.observed.min(), x.min()) > 0 and x.max() > _DECADES * x.min():
            upper.set(xscale="log", yscale="log")
        _draw_points(upper, seen, horizontal.scale * x, vertical.scale, DATA, every)
        _draw_residuals(lower, seen, horizontal.scale * x, DATA, every)
    else:
        horizontal = curves.horizontal
        for curve in curves.members:
            _draw_points(upper, seen, curves.x, vertical.scale, curve.points, curve.chosen)
            _draw_prediction(upper, seen, curves.x, vertical.scale, curve)
            _draw_residuals(lower, seen, curves.x, curve.points, curve.chosen)
    if curves is None or curves.title is None:
        upper.legend()
    else:
        upper.legend(title=curves.title, loc="upper left", bbox_to_anchor=(1.0, 1.05), handlelength=1.2)
    upper.set_title(f"{series.dataset}: {series.name}", loc="left")
    upper.set_ylabel(vertical.label)
    lower.set_xlabel(horizontal.label)
    lower.axhline(0, color="0.6", linewidth=0.8)
    lower.axhspan(-_TWO_SIDED, _TWO_SIDED, color="0.92", zorder=0)
    lower.set_ylabel("(data − fit)/σ")


@dataclasses.dataclass(frozen=True)
class _Curve:
    """Which points belong together, their colour, and colour and label of the prediction through them."""

    chosen: Bool[np.ndarray, " m"]
    points: Any
    line: Any
    label: str | None = None


@dataclasses.dataclass(frozen=True)
class _Curves:
    """Curves over one control (`x` in the units of the axis), and the title of their legend."""

    horizontal: Axis
    x: Float[np.ndarray, " m"]
    members: list[_Curve]
    title: str | None = None


def _one_curve(series: Series) -> _Curves | None:
    """All points against the control that varies, or in order where none does; None where several vary."""
    if len(series.controls) > 1:
        return None
    count = len(series.seen.observed)
    everything = [_Curve(np.ones(count, dtype=bool), DATA, FIT)]
    if not series.controls:
        return _Curves(Axis("reading", 1.0), np.arange(1.0, count + 1), everything)
    ((known, x),) = series.controls.values()
    axis = Axis.of(known, x)
    return _Curves(axis, axis.scale * x, everything)


def _family(series: Series) -> _Curves | None:
    """A curve for each value of the control that takes few values, against the other; None if that is no picture."""
    if len(series.controls) != 2:
        return None
    (swept, x), (stepped, y) = sorted(series.controls.values(), key=lambda control: -len(np.unique(control[1])))
    values = np.unique(y)
    chosen = [y == value for value in values]
    if len(values) > _MEMBERS or any(len(np.unique(x[each])) < _FEWEST for each in chosen):
        return None
    axis, other = Axis.of(swept, x), Axis.of(stepped, y)
    members = [
        _Curve(each, shade, shade, f"{other.scale * value:.4g}")
        for each, shade, value in zip(chosen, shades(len(values)), values, strict=True)
    ]
    return _Curves(axis, axis.scale * x, members, other.label)


def _draw_points(axes: Any, seen: Any, x: np.ndarray, scale: float, colour: Any, chosen: np.ndarray) -> None:
    values, many = chosen & (seen.limit == 0), len(x) > 200
    axes.errorbar(
        x[values],
        scale * seen.observed[values],
        scale * seen.sigma[values],
        fmt="o",
        markersize=1.8 if many else 3.5,
        elinewidth=0.5 if many else 0.9,
        alpha=0.6 if many else 1.0,
        color=colour,
        label="measured" if colour == DATA and values.any() else None,
    )
    for sign, marker, name in ((1, "^", "lower limit"), (-1, "v", "upper limit")):
        bounds = chosen & (seen.limit == sign)
        label = name if bounds.any() else None
        axes.plot(x[bounds], scale * seen.observed[bounds], marker, color=LIMIT, markersize=6, label=label)


def _draw_prediction(axes: Any, seen: Any, x: np.ndarray, scale: float, curve: _Curve) -> None:
    points, first = np.unique(x[curve.chosen], return_index=True)  # repeated readings have one prediction
    predicted = scale * seen.predicted[curve.chosen][first]
    reach = _TWO_SIDED * scale * seen.band[curve.chosen][first]
    shape = "-" if len(points) >= _FEWEST else "_"
    axes.plot(points, predicted, shape, color=curve.line, label=curve.label or "fit", zorder=3)
    if np.isfinite(reach).all():
        label = "95 %" if curve.label is None else None
        look = {"color": curve.line, "alpha": 0.25, "linewidth": 0, "label": label}
        axes.fill_between(points, predicted - reach, predicted + reach, **look)


def _draw_residuals(axes: Any, seen: Any, x: np.ndarray, colour: Any, chosen: np.ndarray) -> None:
    axes.plot(x[chosen], -seen.residual[chosen], "o", color=colour, markersize=1.5 if len(x) > 200 else 3.0)


def draw_deviations(axes: Any, series: Sequence[Series]) -> None:
    """Observables with few values, each on a line of its own: how many sigma the measurement is from the prediction."""
    entries = list(_entries(series))
    reach = min(max((abs(each.pull) for each in entries), default=0.0) + 1.5, 8.0)
    axes.axvline(0, color=FIT)
    for line, each in enumerate(entries):
        width = min(_TWO_SIDED * each.band, 2 * reach)
        axes.barh(line, 2 * width, left=-width, height=0.7, color=FIT, alpha=0.25, label="95 % of the prediction")
        x = float(np.clip(each.pull, -reach + 0.3, reach - 0.3))
        if each.limit:
            points_to = {1: ">", -1: "<"}[each.limit]
            axes.plot(x, line, points_to, color=LIMIT, markersize=6, label="limit")
        else:
            shape = "o" if x == each.pull else "4" if each.pull > 0 else "3"  # an arrow where it is off the scale
            axes.errorbar(x, line, xerr=1.0, fmt=shape, color=DATA, elinewidth=0.9, label="measured")
    axes.set_yticks(range(len(entries)), [each.label for each in entries])
    axes.set_ylim(len(entries) - 0.4, -0.6)
    axes.set_xlim(-reach, reach)
    axes.set_xlabel("(measured − predicted)/σ")
    keys = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    axes.legend(keys.values(), keys.keys(), loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3)


@dataclasses.dataclass(frozen=True)
class _Entry:
    """One value: how many sigma it is above the prediction, and the standard error of the prediction in sigma."""

    label: str
    pull: float
    band: float
    limit: int


def _entries(series: Sequence[Series]) -> Iterator[_Entry]:
    for each in series:
        seen, several = each.seen, len(each.seen.observed) > 1
        for index in range(len(seen.observed)):
            sigma = float(seen.sigma[index])
            pull = (float(seen.observed[index]) - float(seen.predicted[index])) / sigma
            row = f", row {int(seen.rows[index]) + 1}" if several else ""
            label = f"${each.observable.symbol}$ ({each.dataset}{row})"
            yield _Entry(label, pull, float(seen.band[index]) / sigma, int(seen.limit[index]))
