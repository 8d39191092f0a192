"""Points that a sweep did not solve, visible in every figure: hatched cells, marks, and how many there are."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from jaxspin.core import Status
from jaxspin.plot.style import matplotlib
from jaxspin.plot.views import NOT_COMPUTED


@dataclasses.dataclass(frozen=True)
class Outcome:
    """One way in which points came to nothing: where, and how it looks."""

    label: str
    where: Bool[np.ndarray, "..."]
    colour: str
    face: str
    hatch: str
    marker: str


_WAITING = ("0.7", "white", "...", "|")
_FAILED = {
    Status.MAX_STEPS: ("#d55e00", "0.93", "/////", "x"),
    Status.NO_SOLUTION: ("#cc79a7", "0.93", "\\\\\\\\\\", "+"),
    Status.NO_SWITCHING: ("0.25", "0.93", "xxxx", "x"),
    Status.DIVERGED: ("#d55e00", "0.93", "++++", "+"),
    Status.NOT_FINITE: ("#cc79a7", "0.93", "ooo", "1"),
}
_UNKNOWN = ("#d55e00", "0.93", "|||||", "2")
_MANY = 5000  # rectangles beyond which hatching is a blur, and slow
_CLOSED = (1, 2, 2, 2, 79)  # codes of a closed matplotlib path of four corners


def outcomes(status: Int[np.ndarray, "..."]) -> list[Outcome]:
    """Every outcome but OK that occurs, the failures first."""
    found = [int(each) for each in np.unique(status) if each != Status.OK]
    return [_outcome(each, status == each) for each in sorted(found, key=lambda each: (each < 0, each))]


def _outcome(status: int, where: Bool[np.ndarray, "..."]) -> Outcome:
    count = int(where.sum())
    points = "1 point" if count == 1 else f"{count:,} points".replace(",", "\u202f")
    if status == NOT_COMPUTED:
        return Outcome(f"not computed yet: {points}", where, *_WAITING)
    name = Status(status).name if status in list(Status) else f"STATUS {status}"
    return Outcome(f"{name}: {points}", where, *_FAILED.get(status, _UNKNOWN))  # pyright: ignore


def draw_cells(axes: Any, outcome: Outcome, x: Float[np.ndarray, " n+1"], y: Float[np.ndarray, " m+1"]) -> Any:
    """Hatch and outline the cells of an outcome (`where` has shape (m, n)) between the edges x and y.

    Cells that are scattered too finely for hatching are filled. Returns a handle for the legend.
    """
    mpl = matplotlib()
    look = {"facecolor": outcome.face, "edgecolor": outcome.colour, "hatch": outcome.hatch}
    corners = _rectangles(outcome.where, x, y)
    if len(corners) > _MANY:
        cells = np.ma.masked_where(~outcome.where, np.zeros(outcome.where.shape))
        axes.pcolormesh(x, y, cells, cmap=mpl.colors.ListedColormap([outcome.colour]), rasterized=True)
        return mpl.patches.Patch(color=outcome.colour, label=outcome.label)
    area = mpl.path.Path(corners.reshape(-1, 2), codes=np.tile(_CLOSED, len(corners)))
    axes.add_patch(mpl.patches.PathPatch(area, **look, linewidth=0, zorder=2))
    edge = {"colors": outcome.colour, "linewidths": 0.7, "zorder": 2.1}
    axes.add_collection(mpl.collections.LineCollection(_outline(outcome.where, x, y), **edge), autolim=False)
    return mpl.patches.Patch(**look, linewidth=0.7, label=outcome.label)


def _rectangles(where: Bool[np.ndarray, "m n"], x: np.ndarray, y: np.ndarray) -> Float[np.ndarray, "runs 5 2"]:
    """Closed rectangles around every run of cells along x: far fewer than cells."""
    steps = np.diff(np.pad(where.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    (rows, first), (_, last) = np.nonzero(steps == 1), np.nonzero(steps == -1)
    left, right, low, high = x[first], x[last], y[rows], y[rows + 1]
    return np.stack([left, low, right, low, right, high, left, high, left, low], axis=-1).reshape(-1, 5, 2)


def _outline(where: Bool[np.ndarray, "m n"], x: np.ndarray, y: np.ndarray) -> Float[np.ndarray, "segments 2 2"]:
    """Cell edges between a cell of the outcome and one that is none, the frame left out."""
    row, column = np.nonzero(where[:, 1:] != where[:, :-1])
    upright = np.stack([x[column + 1], y[row], x[column + 1], y[row + 1]], axis=-1)
    row, column = np.nonzero(where[1:] != where[:-1])
    level = np.stack([x[column], y[row + 1], x[column + 1], y[row + 1]], axis=-1)
    return np.concatenate([upright, level]).reshape(-1, 2, 2)


def mark_below(axes: Any, found: Sequence[tuple[Outcome, Float[np.ndarray, " n"]]]) -> list[Any]:
    """Marks along the foot of a panel at x where points of each outcome would be, one row an outcome.

    Returns handles for the legend.
    """
    axes.margins(y=0.05 + 0.03 * len(found))
    handles = []
    for row, (outcome, x) in enumerate(found):
        look = {"color": outcome.colour, "markersize": 4.5, "markeredgewidth": 0.9, "label": outcome.label}
        heights = np.full(len(x), 0.02 + 0.03 * row)
        handles += axes.plot(x, heights, outcome.marker, transform=axes.get_xaxis_transform(), zorder=4, **look)
    return handles
