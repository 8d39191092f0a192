"""Figures of the standard problems; each is None where its problem has not been run."""

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from jaxspin.plot.style import style

Results = dict[str, dict[str, Any]]


def reversal(found: Results) -> Figure | None:
    """Standard problem 4: <m> against time, both fields."""
    panels = [(field, {k: v for k, v in found.items() if k.startswith(f"SP4-{field}")}) for field in (1, 2)]
    panels = [(field, runs) for field, runs in panels if runs]
    if not panels:
        return None
    figure = Figure(figsize=(4.2 * len(panels), 3.0), layout="constrained")
    for axes, (field, runs) in zip(np.atleast_1d(figure.subplots(1, len(panels), sharey=True)), panels, strict=True):
        for (name, run), line in zip(runs.items(), ("--", "-"), strict=False):
            times, average = np.array(run["times"]) / 1e-9, np.array(run["average"])
            for component, colour in enumerate(("C0", "C1", "C2")):
                label = rf"$\langle m_{'xyz'[component]}\rangle$, {name.split(', ')[1]}"
                axes.plot(times, average[:, component], line, color=colour, label=label, lw=1.2)
        axes.set(xlabel="time (ns)", title=f"field {field}")
        axes.axhline(0.0, color="0.7", lw=0.6)
    axes.legend(fontsize=7)
    figure.axes[0].set_ylabel("mean magnetization")
    return figure


def vortex(found: Results) -> Figure | None:
    """Standard problem 5: the path of the mean magnetization."""
    runs = {name: run for name, run in found.items() if name.startswith("SP5")}
    if not runs:
        return None
    figure = Figure(figsize=(3.6, 3.2), layout="constrained")
    axes = figure.subplots()
    for name, run in runs.items():
        average = np.array(run["average"])
        axes.plot(average[:, 0], average[:, 1], lw=1.0, label=name)
    axes.set(xlabel=r"$\langle m_x\rangle$", ylabel=r"$\langle m_y\rangle$")
    axes.legend()
    return figure


def resonance(found: Results) -> Figure | None:
    """Spectra of <m_y>: the nonlinear run and the linearised ringdown."""
    if "FMR" not in found:
        return None
    run = found["FMR"]
    figure = Figure(figsize=(4.2, 3.0), layout="constrained")
    axes = figure.subplots()
    for x, y, label in (("frequency", "power", "after the turn of the field"), ("axis", "linear", "linearised")):
        frequency, power = np.array(run[x]) / 1e9, np.array(run[y]) ** (2 if y == "linear" else 1)
        within = (frequency > 2) & (frequency < 20)
        axes.semilogy(frequency[within], power[within] / power[within].max(), lw=1.0, label=label)
    axes.set(xlabel="frequency (GHz)", ylabel="power (largest = 1)", ylim=(3e-5, 3))
    axes.legend()
    return figure


def convergence(found: Results) -> Figure | None:
    """Error of the tilt at the edge against the size of cells."""
    if "DMI-1D" not in found:
        return None
    run = found["DMI-1D"]
    sizes, error = np.array(run["sizes"]), np.abs(np.array(run["tilts"]) - run["exact"])
    figure = Figure(figsize=(3.6, 3.0), layout="constrained")
    axes = figure.subplots()
    axes.loglog(sizes, error, "o-", label="edge tilt")
    axes.loglog(sizes, error[-1] * (sizes / sizes[-1]) ** 2, "--", color="0.5", label="second order")
    axes.set(xlabel="cell size (nm)", ylabel=r"error of $m_x$ at the edge")
    axes.set_xticks(sizes, [f"{size:g}" for size in sizes])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.legend()
    return figure


def _styled(draw: Callable[[Results], Figure | None]) -> Callable[[Results], Figure | None]:
    def drawn(found: Results) -> Figure | None:
        with style():
            return draw(found)

    return drawn


FIGURES = {draw.__name__: _styled(draw) for draw in (reversal, vortex, resonance, convergence)}
