"""The figures of the paper, at both levels of the dot: each a function of what the run computed."""

from typing import Any

import numpy as np
from maps import ENERGIES, FLUXES, LEVELS, PANELS
from matplotlib.figure import Figure

from jaxspin.plot import style
from jaxspin.plot.style import DATA, LIMIT, colour_map

UNIT = r"$10^{-3}\,e\gamma/h$"


def figure_2(found: dict[str, Any]) -> Figure:
    """(a) transmission at rest, (b) pumped current of one spin, over Fermi energy and flux; a row for each level."""
    with style():
        figure = Figure(figsize=(7.2, 5.6))
        for row, (name, level) in zip(figure.subplots(2, 2, sharex=True, sharey=True), LEVELS.items(), strict=True):
            current = 1e3 * found[name]["I"].T
            top = np.max(np.abs(current))
            left = row[0].pcolormesh(FLUXES, ENERGIES, found[name]["T"].T, cmap=colour_map("batlow"), vmin=0, vmax=1)
            right = row[1].pcolormesh(FLUXES, ENERGIES, current, cmap=colour_map("vik"), vmin=-top, vmax=top)
            for axes, mesh, label in ((row[0], left, "$T$"), (row[1], right, f"$I$ ({UNIT})")):
                mesh.set_rasterized(True)
                figure.colorbar(mesh, ax=axes, label=label, pad=0.02)
                zero = (level / (1 - 0.25**2), 0.5)
                axes.axhline(zero[0], color="white" if axes is row[0] else "0.4", ls="--", lw=0.8)
                axes.axvline(zero[1], color="white" if axes is row[0] else "0.4", ls="--", lw=0.8)
            row[0].set(ylabel=r"Fermi energy $E_F/\gamma$", title=rf"(a) at rest, $\varepsilon_0 = {level:g}\,\gamma$")
            row[1].set_title(rf"(b) pumped, $\varepsilon_0 = {level:g}\,\gamma$")
        for axes in row:
            axes.set_ylim(-0.7, 0.7)
            axes.set_xlabel(r"flux $\phi_\mathrm{AB}/\phi_0$")
    return figure


def figure_3(found: dict[str, Any]) -> Figure:
    """(a, b) charge and spin currents, (c, d) either spin, against the Fermi energy, at a level of 0."""
    with style():
        figure = Figure(figsize=(7.2, 5.0))
        above, below = figure.subplots(2, 2, sharex=True)
        for column, (panel, (phi_ab, phi_so)) in enumerate(PANELS.items()):
            up, down = 1e3 * found["level 0"][panel]
            top, bottom = above[column], below[column]
            top.plot(ENERGIES, up - down, color=DATA, label="spin $I_s$")
            top.plot(ENERGIES, up + down, "--", color=LIMIT, label="charge $I$")
            bottom.plot(ENERGIES, up, color=DATA, label=r"$I_\uparrow$")
            bottom.plot(ENERGIES, down, "--", color=LIMIT, label=r"$I_\downarrow$")
            top.set_title(
                rf"({panel}) $\phi_\mathrm{{AB}} = {phi_ab:g}\,\phi_0$, $\phi_\mathrm{{SO}} = {phi_so:g}\,\phi_0$"
            )
            bottom.set_title(f"({'cd'[column]}) the same, by spin")
            bottom.set_xlabel(r"Fermi energy $E_F/\gamma$")
            for axes in (top, bottom):
                axes.axhline(0, color="0.8", lw=0.8, zorder=0)
                axes.set_xlim(-0.7, 0.7)
                axes.set_ylabel(f"current ({UNIT})")
                axes.legend()
    return figure


FIGURES = {"figure_2": figure_2, "figure_3": figure_3}
