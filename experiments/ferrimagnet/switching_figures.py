"""Figures of the switching runs: <m_z>(t) at several currents, polarity against H_x, and figure 5 of the paper."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from switching_runs import ON, TIMES, Case

from jaxspin.micromagnetics.mesh import Mesh
from jaxspin.plot import style
from jaxspin.plot.style import DATA, colour_map, shades


def window_figure(found: Mapping[Case, np.ndarray]) -> Figure:
    """<m_z>(t) of the square from +z for every current."""
    with style():
        figure = Figure(figsize=(5.2, 3.4))
        axes = figure.subplots()
        for (case, m_z), colour in zip(found.items(), shades(len(found)), strict=True):
            axes.plot(1e9 * np.asarray(TIMES), m_z, "-o", color=colour, label=f"{case.current / 1e12:g}")
        axes.axvspan(0, 1e9 * ON, color="0.92", zorder=0)
        axes.text(0.5 * 1e9 * ON, 1.08, "current on", ha="center", color="0.4", fontsize=8)
        axes.set(xlabel="t (ns)", ylabel=r"$\langle m_z\rangle$ of sublattice 1", ylim=(-1.05, 1.2))
        axes.legend(title=r"$j$ (10$^{12}$ A/m$^2$)", loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def loop_figure(loop: Mapping[str, Any]) -> Figure:
    """Polarity against H_x for each term."""
    with style():
        figure = Figure(figsize=(5.6, 3.2))
        axes = figure.subplots()
        curves = loop["polarity"]
        for (name, curve), colour in zip(curves.items(), shades(len(curves)), strict=True):
            axes.plot(1e3 * np.asarray(loop["fields"]), curve, "-o", color=colour, label=name)
        axes.axhline(0, color="0.8", lw=0.8, zorder=0)
        axes.axvline(0, color="0.8", lw=0.8, zorder=0)
        axes.set(xlabel=r"$\mu_0 H_x$ (mT)", ylabel="polarity (+1: +j sets +z)", ylim=(-1.1, 1.1))
        axes.legend(title="besides $H_x$", loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def cross_figure(times: np.ndarray, m_z: np.ndarray, m: np.ndarray, mesh: Mesh) -> Figure:
    """<m_z>(t) over 64 ns, and seven states of the first 32 ns: at rest, four of the reversal, switched, relaxed."""
    frames = _frames(times, m_z)
    inside = np.asarray(mesh.magnetic)[:, :, 0]
    extent = (0, 1e9 * mesh.size[0], 0, 1e9 * mesh.size[1])
    with style():
        figure = Figure(figsize=(11, 4.6))
        top, bottom = figure.subfigures(2, 1, height_ratios=(1, 1.05))
        whole, first, second = top.subplots(1, 3, sharey=True, width_ratios=(1.6, 1, 1))
        for axes, (begin, end) in ((whole, (0, 64)), (first, (0, 2)), (second, (32, 34))):
            shown = (times >= begin) & (times <= end)
            axes.plot(times[shown], m_z[shown], color=DATA)
            axes.set(xlabel="t (ns)", xlim=(begin, end), ylim=(-1.1, 1.1))
        for on, sign in ((0, "+j"), (32, "-j")):
            whole.axvspan(on, on + 20, color="0.92", zorder=0)
            whole.text(on + 10, 0.0, sign, ha="center", color="0.4")
        whole.set(ylabel=r"$\langle m_z\rangle$ of sublattice 1", title="(b)")
        first.set_title("onset of the first pulse")
        second.set_title("onset of the second")
        panels = bottom.subplots(1, len(frames), sharey=True)
        for axes, frame, letter in zip(panels, frames, "cdefghi", strict=True):
            shown = np.where(inside, m[frame, :, :, 2], np.nan).T
            image = axes.imshow(shown, origin="lower", extent=extent, vmin=-1, vmax=1, cmap=colour_map("vik"))
            step = max(2, mesh.shape[0] // 6)
            x, y = np.meshgrid(*(1e9 * mesh.cell[a] * (np.arange(mesh.shape[a]) + 0.5) for a in (0, 1)), indexing="ij")
            pick = (slice(1, None, step), slice(1, None, step))
            arrows = np.where(inside[pick][..., None], m[frame][pick], np.nan)
            axes.quiver(x[pick], y[pick], arrows[..., 0], arrows[..., 1], scale=12, width=0.008, pivot="mid")
            axes.set(title=f"({letter}) {times[frame]:.3g} ns", xlabel="x (nm)")
        panels[0].set_ylabel("y (nm)")
        bar = bottom.colorbar(image, ax=panels, pad=0.01, shrink=0.8)
        bar.ax.set_title("$m_z$")
    return figure


def _frames(times: np.ndarray, m_z: np.ndarray) -> list[int]:
    """The start, passages through 0.8, 0.4, 0, -0.4 in the first pulse, the end of the pulse, the end of the rest."""
    first = [int(np.argmax(m_z[times <= 20] < level)) for level in (0.8, 0.4, 0.0, -0.4)]
    at = lambda t: int(np.argmin(np.abs(times - t)))
    return [0, *sorted(first), at(20), at(32)]
