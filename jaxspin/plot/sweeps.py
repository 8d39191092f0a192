"""Figures of sweeps: a map, lines, or points, whatever shows an observable over the inputs best."""

import math
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxspin.core import Status
from jaxspin.plot.axis import Axis, draw_axis
from jaxspin.plot.maps import ColourScale, draw_colour_bar, map_figure
from jaxspin.plot.outcomes import mark_below, outcomes
from jaxspin.plot.style import DATA, FIT, matplotlib, shades, style
from jaxspin.plot.views import NOT_COMPUTED, View, choose_view

if TYPE_CHECKING:
    import xarray as xr

_DECADES = 100.0  # ratio of positive values beyond which an axis is logarithmic
_SEPARATE = 60  # points on a curve that are still told apart
_BINS = 12  # along an input, for the trend through scattered points
_COLUMNS = 4  # panels in a row


def sweep_figure(
    sweep: "xr.Dataset",
    observable: str,
    *,
    x: str | None = None,
    y: str | None = None,
    at: Mapping[str, float] | None = None,
) -> Any:
    """One observable of a sweep over its inputs, with every point that failed or is still to be computed visible.

    Over one axis a line; over two a family of curves where one of them is short (x: the axis along which they run)
    and a map otherwise, or where x and y are both given; of more axes the others are held at their middle, or at the
    value nearest to that in `at` (in the axis' unit). A list of points (`zip`, `sobol`) is coloured by the observable
    over two inputs; over more, the observable is drawn against each.

    Returns a matplotlib `Figure`. Raises `KeyError` for an unknown observable or axis, `ValueError` for what cannot be
    drawn, each with one line that says what is allowed; `ImportError` says how to get matplotlib.
    """
    return view_figure(choose_view(sweep, observable, x, y, at))


def view_figure(view: View) -> Any:
    """Draw a view. Returns a matplotlib `Figure`; `ImportError` says how to get matplotlib."""
    draw = {"map": map_figure, "lines": lines_figure, "points": points_figure, "effects": effects_figure}[view.kind]
    with style():
        figure = draw(view)
        figure.suptitle(_title(view, figure), x=0.01, ha="left", fontsize=9)
        if not view.good.size:
            look = {"boxstyle": "round", "facecolor": "white", "edgecolor": "0.6"}
            where = {"x": 0.5, "y": 0.5, "transform": figure.axes[0].transAxes, "ha": "center", "va": "center"}
            words = "nothing computed yet" if np.all(view.status == NOT_COMPUTED) else "no point was solved"
            figure.axes[0].text(s=words, bbox=look, **where)
    return figure


def _title(view: View, figure: Any) -> str:
    width = int(15 * figure.get_figwidth())  # characters of 9 points
    lines = textwrap.wrap(": ".join(filter(None, (view.system, view.observable.known.doc))), width)
    return "\n".join(lines + (["at " + ", ".join(view.held)] if view.held else []))


def lines_figure(view: View) -> Any:
    """Figure of a `lines` view: a curve, or one for each value of the second input."""
    figure = matplotlib().figure.Figure(figsize=(5.4, 3.8))
    axes = figure.subplots()
    x, vertical = draw_axis(axes, "x", view.inputs[0].known, view.inputs[0].values), _vertical(axes, view)
    values = vertical.scale * view.observable.values.reshape(len(x), -1)
    shape = "-o" if len(x) <= _SEPARATE else "-"
    if len(view.inputs) == 1:
        axes.plot(x, values[:, 0], shape, color=FIT)
    else:
        other = view.inputs[1]
        axis = Axis.compact(other.known, other.values)
        for each, colour, column in zip(other.values, shades(len(other.values)), values.T, strict=True):
            axes.plot(x, column, shape, color=colour, label=f"{axis.scale * each:.4g}")
        axes.legend(title=axis.label, loc="upper left", bbox_to_anchor=(1.0, 1.02), handlelength=1.2)
    found = outcomes(view.status.reshape(len(x), -1))
    _legend_below(figure, mark_below(axes, [(each, x[each.where.any(axis=1)]) for each in found]))
    return figure


def points_figure(view: View) -> Any:
    """Figure of a `points` view: scattered points over two inputs, coloured by the observable."""
    figure = matplotlib().figure.Figure(figsize=(5.6, 4.3))
    axes = figure.subplots()
    x, y = (draw_axis(axes, which, each.known, each.values) for which, each in zip("xy", view.inputs, strict=True))
    scale, solved = ColourScale.of(view.observable.known, view.good), view.status == Status.OK
    size = float(np.clip(6000 / max(len(x), 1), 1.5, 28))
    order = np.argsort(np.abs(view.good), kind="stable")  # the largest on top
    colours = {"c": scale.axis.scale * view.good[order], "cmap": scale.colours, "norm": scale.norm}
    look = {"s": size, "edgecolors": "0.3" if size > 10 else "none", "linewidths": 0.3}
    cells = axes.scatter(x[solved][order], y[solved][order], **colours, **look, zorder=2)
    marks = [
        axes.plot(x[each.where], y[each.where], each.marker, color=each.colour, markersize=4.5, label=each.label)[0]
        for each in outcomes(view.status)
    ]
    if view.good.size:
        draw_colour_bar(figure, axes, cells, scale)
    _legend_below(figure, marks)
    return figure


def effects_figure(view: View) -> Any:
    """Figure of an `effects` view: the observable against each input, and the median along it."""
    rows = math.ceil(len(view.inputs) / _COLUMNS)
    columns = math.ceil(len(view.inputs) / rows)
    figure = matplotlib().figure.Figure(figsize=(1.0 + 2.3 * columns, 0.8 + 2.4 * rows))
    panels = np.ravel(figure.subplots(rows, columns, sharey=True, squeeze=False))
    solved, found = view.status == Status.OK, outcomes(view.status)
    size = float(np.clip(3000 / max(len(solved), 1), 1.0, 12))
    marks: list[Any] = []
    for axes, known in zip(panels, view.inputs, strict=False):
        x, vertical = draw_axis(axes, "x", known.known, known.values), _vertical(axes, view)
        y = vertical.scale * view.observable.values
        axes.scatter(x[solved], y[solved], s=size, color=DATA, alpha=0.45, linewidths=0)
        look = {"color": FIT, "linewidth": 1.6, "label": "median along the input"}
        trend = axes.plot(*_medians(x[solved], y[solved]), "-", **look)
        marks = [*trend, *mark_below(axes, [(each, x[each.where]) for each in found])]
    for axes in panels.reshape(rows, columns)[:, 1:].flat:
        axes.set_ylabel("")
    for axes in panels[len(view.inputs) :]:
        axes.remove()
    _legend_below(figure, [each for each in marks if len(each.get_xdata())])
    return figure


def _medians(x: np.ndarray, y: np.ndarray) -> tuple[list[float], list[float]]:
    """Medians of equally many points each, in order of x; none where there are too few to say something."""
    if len(x) < 5 * _BINS:
        return [], []
    order = np.array_split(np.argsort(x, kind="stable"), _BINS)
    return [float(np.median(x[each])) for each in order], [float(np.median(y[each])) for each in order]


def _vertical(axes: Any, view: View) -> Axis:
    """Label the vertical axis with the observable, logarithmic over decades of positive values."""
    good = view.good
    axis = Axis.of(view.observable.known, good)
    axes.set_ylabel(axis.label)
    if good.size and good.min() > 0 and good.max() > _DECADES * good.min():
        axes.set_yscale("log")
    return axis


def _legend_below(figure: Any, handles: list[Any]) -> None:
    if handles:
        figure.legend(handles=handles, loc="outside lower center", ncols=2)
