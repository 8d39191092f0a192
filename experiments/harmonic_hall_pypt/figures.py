"""Figures of the run: all scans with the fit, what the fit leaves, and the straight line behind the published B_FL."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from published import EIGHT_HIGHEST, Extracted

from jaxspin.plot import style
from jaxspin.plot.style import DATA, FIT, LIMIT, shades


def scans(path: Path, angle, current, columns: dict[str, tuple]) -> None:
    """Both harmonics at all fields, measured and fitted, with the residuals below.

    `columns`: label -> (measured, predicted, usable) in V, one entry a harmonic; `angle` [deg], `current` [A].
    """
    currents = np.unique(current)
    with style():
        figure, axes = plt.subplots(2, 2, figsize=(10, 6.5), sharex=True, height_ratios=(3, 1.3))
        for (upper, lower), (label, (measured, predicted, usable)) in zip(axes.T, columns.items(), strict=True):
            large = np.max(np.abs(predicted)) > 1e-4
            (size, unit), (small, fine) = ((1e3, "mV"), (1e6, "µV")) if large else ((1e6, "µV"), (1e9, "nV"))
            for colour, each in zip(shades(len(currents)), currents, strict=True):
                rows = (current == each) & usable
                upper.plot(angle[rows], size * measured[rows], ".", ms=2.5, color=colour)
                curve = (current == each) & (angle > 0)
                upper.plot(angle[curve], size * predicted[curve], "-", lw=0.7, color=colour, label=f"{each:.1f} A")
                lower.plot(angle[rows], small * (measured - predicted)[rows], ".", ms=2, color=colour)
            upper.set_ylabel(f"{label} ({unit})")
            lower.set_ylabel(f"data − fit ({fine})")
            lower.set_xlabel("stage angle (deg)")
            lower.axhline(0, color="0.6", lw=0.7, zorder=0)
        axes[0, 1].legend(title="magnet", ncols=2)
        figure.savefig(path)
        plt.close(figure)


def straight_line(path: Path, data: Extracted, model: Extracted, B_0: float, unbiased: float) -> None:
    """The field-like amplitude against 1/B: the author's line through eight fields, and the line through the origin
    that the fitted field 1/(B + B_0) follows. `unbiased`: the fitted slope R_PHE I B_FL [V T]."""
    with style():
        figure, axes = plt.subplots(figsize=(5.2, 3.8))
        x = 1 / data.field
        high = data.field > EIGHT_HIGHEST - 1e-4
        slope, intercept = np.polyfit(x[high], data.field_like[high], 1)
        line = np.array([0, x.max()])
        axes.plot(x, 1e6 * data.field_like, "o", color=DATA, label="measured, plotted at the nominal field")
        axes.plot(x, 1e6 * model.field_like, "x", ms=6, color=FIT, label="fitted model, treated alike")
        axes.plot(line, 1e6 * (slope * line + intercept), ":", color=DATA, label="the author's line: eight fields")
        shifted = np.linspace(1e-3, x.max(), 200)
        axes.plot(
            shifted,
            1e6 * unbiased / (1 / shifted + B_0),
            "-",
            color=LIMIT,
            label=f"settled signal at B + {1e3 * B_0:.1f} mT",
        )
        axes.set_xlabel("1/B nominal (1/T)")
        axes.set_ylabel("field-like amplitude of $V_{2\\omega}$ (µV)")
        axes.set_xlim(0, None)
        axes.legend()
        figure.savefig(path)
        plt.close(figure)
