"""Figures of a fit: data, prediction and residuals; and the correlation matrix of its parameters."""

import math
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from jaxspin.core import Status, quantities, select
from jaxspin.plot.panels import Series, draw_deviations, draw_series
from jaxspin.plot.style import colour_map, matplotlib, style

if TYPE_CHECKING:
    from jaxspin.inverse import FitResult

_FEW = 4  # values of an observable below which a panel of its own says nothing


def fit_figure(result: "FitResult") -> Any:
    """Data with error bars, the fitted prediction with its 95 % band, and residuals over sigma.

    One pair of panels for every dataset and observable: against the control that varies; as a family of curves where
    a second one takes a few values; measured against predicted where more vary. Observables with fewer than four
    values share one panel. Triangles are limits. Returns a matplotlib `Figure`; `ImportError` says how to get
    matplotlib.
    """
    series = _series(result)
    large = [each for each in series if len(each.seen.observed) >= _FEW]
    small = [each for each in series if len(each.seen.observed) < _FEW]
    count = len(large) + bool(small)
    columns = min(count, 3)
    rows = math.ceil(count / columns)
    lines = sum(len(each.seen.observed) for each in small)
    with style():
        size = (5.0 * columns + (1.0 if columns == 1 else 0.0), max(3.6, 1.2 + 0.22 * lines) * rows + 0.5)
        figure = matplotlib().figure.Figure(figsize=size)
        cells = np.ravel(figure.subfigures(rows, columns, squeeze=False))
        for cell, each in zip(cells, large, strict=False):
            upper, lower = cell.subplots(2, 1, sharex=True, height_ratios=(3, 1))
            draw_series(upper, lower, each)
        if small:
            draw_deviations(cells[len(large)].subplots(), small)
        status = Status(int(result.status))
        warning = "" if status is Status.OK else f"; NOT CONVERGED ({status.name})"
        figure.suptitle(f"χ²/dof = {float(result.chi2):.4g}/{int(result.dof)}{warning}", fontsize=9)
    return figure


def _series(result: "FitResult") -> list[Series]:
    series, residuals = [], jax.tree.map(np.asarray, result.residuals)
    for data in result.problem.data:
        known = quantities(data.conditions)
        columns = {name: np.asarray(column) for name, column in select(data.conditions, known).items()}
        for name, seen in residuals[data.name].items():
            here = {each: column[seen.rows] for each, column in columns.items()}
            varying = {each: (known[each], column) for each, column in here.items() if np.ptp(column) > 0}
            series.append(Series(data.name, name, result.problem.model.observables[name], seen, varying))
    return series


def correlation_figure(result: "FitResult") -> Any:
    """Correlation matrix of the free parameters, grey where one is undetermined or at a bound.

    Returns a matplotlib `Figure`; `ImportError` says how to get matplotlib.
    """
    matrix, names = np.asarray(result.correlation), list(result.names)
    labels = [f"${known.symbol}$" + _home(name) for name, known in result.quantities.items()]
    with style():
        side = max(3.0, 0.5 * len(names) + 1.5)
        figure = matplotlib().figure.Figure(figsize=(side + 1.0, side), layout="compressed")
        axes = figure.subplots()
        axes.set_facecolor("0.85")
        image = axes.imshow(matrix, cmap=colour_map("vik"), vmin=-1, vmax=1)
        axes.set_xticks(range(len(names)), labels, rotation=45, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(len(names)), labels)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        for (row, column), value in np.ndenumerate(matrix):
            if len(names) <= 12 and np.isfinite(value):
                ink = "white" if abs(value) > 0.5 else "black"
                axes.text(column, row, f"{round(value, 2) + 0.0:.2f}", ha="center", va="center", fontsize=7, color=ink)
        figure.colorbar(image, ax=axes, label="correlation", shrink=0.8)
    return figure


def _home(name: str) -> str:
    """The dataset of a parameter that varies for it alone."""
    home = name.rpartition("/")[0]
    return f" ({home})" if home else ""
