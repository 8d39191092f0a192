"""A map of one observable over two inputs: true cells, contours, a colour scale that suits the values."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from jaxspin.core import Observable
from jaxspin.plot.axis import Axis, cell_edges, draw_axis, plain_numbers
from jaxspin.plot.outcomes import draw_cells, outcomes
from jaxspin.plot.style import colour_map, matplotlib
from jaxspin.plot.views import View

_DECADES = 100.0  # ratio of positive values beyond which colours are logarithmic
_FEW_DECADES = 3000.0  # ratio up to which contours at 1, 2, 5, 10, ... are not too many
_OPPOSITE = 0.05  # share of the other sign from which on colours diverge about zero
_WINDING = 6.0  # crossings of a contour with rows and columns, for each of them, beyond which it is no line
_ROUNDING = 1e-9  # relative difference that is none
_OUTLIERS = 5.0  # the scale leaves out 1 % at each end if it would be that much longer for them


@dataclasses.dataclass(frozen=True)
class ColourScale:
    """How values become colours: axis of the colour bar, map, norm (in the unit of the axis), contour levels there."""

    axis: Axis
    colours: Any
    norm: Any
    levels: Float[np.ndarray, " n"]
    extend: str

    @classmethod
    def of(cls, known: Observable, values: Float[np.ndarray, " n"]) -> "ColourScale":
        """Logarithmic over decades of positive values, diverging where the sign changes, else linear."""
        mpl = matplotlib()
        if values.size == 0:
            return cls(Axis.of(known, values), colour_map("batlow"), mpl.colors.Normalize(0, 1), values, "neither")
        if values.min() > 0 and values.max() > _DECADES * values.min():
            axis, ends = Axis.of(known, values), np.exp(_ends(np.log(values)))
            norm, levels = mpl.colors.LogNorm(*(axis.scale * ends)), _decades(*(axis.scale * ends))
            return cls(axis, colour_map("batlow"), norm, levels, _extend(values, ends))
        ends = _ends(values)
        axis = Axis.compact(known, ends)
        low, high = ends
        diverging = low < 0 < high and min(-low, high) > _OPPOSITE * max(-low, high)
        if diverging:
            reach = max(-low, high)
            norm = mpl.colors.Normalize(-axis.scale * reach, axis.scale * reach)
        else:
            norm = mpl.colors.Normalize(*(axis.scale * ends))
        levels = _steps(*(axis.scale * ends))
        return cls(axis, colour_map("vik" if diverging else "batlow"), norm, levels, _extend(values, ends))


def _ends(values: Float[np.ndarray, " n"]) -> Float[np.ndarray, " 2"]:
    """Lowest and highest value, or the first and last percentile where few values lie far outside of them."""
    most, every = np.percentile(values, [1, 99]), np.array([values.min(), values.max()])
    return most if np.ptp(every) > _OUTLIERS * np.ptp(most) > 0 else every


def _extend(values: Float[np.ndarray, " n"], ends: Float[np.ndarray, " 2"]) -> str:
    slack = _ROUNDING * abs(ends[1] - ends[0])
    below, above = values.min() < ends[0] - slack, values.max() > ends[1] + slack
    return {(True, True): "both", (True, False): "min", (False, True): "max"}.get((bool(below), bool(above)), "neither")


def _steps(low: float, high: float) -> Float[np.ndarray, " n"]:
    """Contours of a linear scale at round values; none where all values are the same up to rounding."""
    if high - low <= _ROUNDING * max(abs(low), abs(high)):
        return np.zeros(0)
    levels = matplotlib().ticker.MaxNLocator(8).tick_values(low, high)
    return np.where(np.abs(levels) < _ROUNDING * (high - low), 0.0, levels)


def _decades(low: float, high: float) -> Float[np.ndarray, " n"]:
    """Contours of a logarithmic scale: 1, 10, 100, ...; and 2 and 5 times these where there are few."""
    powers = np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    steps = (1.0, 2.0, 5.0) if high < _FEW_DECADES * low else (1.0,)
    return np.concatenate([np.array(steps) * 10.0**power for power in powers])


def map_figure(view: View) -> Any:
    """Figure of a `map` view: coloured cells, labelled contours, hatched cells where a point was not solved."""
    figure = matplotlib().figure.Figure(figsize=(5.6, 4.3))
    axes = figure.subplots()
    x, y = (draw_axis(axes, which, each.known, each.values) for which, each in zip("xy", view.inputs, strict=True))
    scale = ColourScale.of(view.observable.known, view.good)
    values = np.ma.masked_invalid(scale.axis.scale * view.observable.values.T)
    cells = axes.pcolormesh(cell_edges(x), cell_edges(y), values, cmap=scale.colours, norm=scale.norm, rasterized=True)
    axes.set(xlim=cell_edges(x)[[0, -1]], ylim=cell_edges(y)[[0, -1]])
    axes.spines[:].set_visible(True)
    axes.tick_params(which="both", direction="out")
    draw_contours(axes, x, y, values, scale)
    found = outcomes(view.status.T)
    handles = [draw_cells(axes, each, cell_edges(x), cell_edges(y)) for each in found]
    if view.good.size:
        draw_colour_bar(figure, axes, cells, scale)
    if handles:
        figure.legend(handles=handles, loc="outside lower center", ncols=2, handlelength=2.0, handleheight=1.2)
    return figure


def draw_contours(axes: Any, x: np.ndarray, y: np.ndarray, values: np.ma.MaskedArray, scale: ColourScale) -> None:
    """Contours with their values on them, dark on light colours and light on dark ones; a bold one at a change of sign.

    None where the values are off the colour scale: next to a pole they would only show the grid.
    """
    values = np.ma.masked_outside(values, scale.norm.vmin, scale.norm.vmax)
    levels = [each for each in scale.levels if _is_line(values, each)]
    if min(values.shape) < 2 or not levels:
        return
    look = {"colors": [_ink(scale.colours(scale.norm(each))) for each in levels], "linestyles": "solid"}
    lines = axes.contour(x, y, values, levels=levels, linewidths=[0.6 if each else 1.2 for each in levels], **look)
    axes.clabel(lines, fmt=_written, fontsize=7, inline_spacing=3)


def _is_line(values: np.ma.MaskedArray, level: float) -> bool:
    """Whether a level is crossed, and about as often as a few lines through the map do, not everywhere as in noise."""
    above = values > level
    crossings = np.ma.sum(above[1:] != above[:-1]) + np.ma.sum(above[:, 1:] != above[:, :-1])
    return bool(0 < np.ma.filled(crossings, 0) < _WINDING * sum(values.shape))


def _written(level: float) -> str:
    """A level as a person writes it: -0.5, 20, 2·10⁻⁶."""
    size = abs(level)
    if size > 0 and not 1e-3 * (1 - 1e-9) <= size < 1e4:
        power = math.floor(math.log10(size) + 1e-9)
        factor = f"{level / 10.0**power:.3g}"
        return "$" + (rf"{factor} \cdot " if factor != "1" else "") + f"10^{{{power}}}$"
    return f"{level:g}".replace("-", "−")


def _ink(colour: Sequence[float]) -> str:
    """Black or white, whichever stands out from a colour (ITU-R BT.709 luma)."""
    return "black" if 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2] > 0.5 else "white"


def draw_colour_bar(figure: Any, axes: Any, cells: Any, scale: ColourScale) -> None:
    """Colour bar with symbol and unit."""
    bar = figure.colorbar(cells, ax=axes, label=scale.axis.label, extend=scale.extend, pad=0.02, aspect=28)
    bar.outline.set_linewidth(0.6)
    if isinstance(scale.norm, matplotlib().colors.LogNorm):
        plain_numbers(bar.ax.yaxis, np.array([scale.norm.vmin, scale.norm.vmax]))
