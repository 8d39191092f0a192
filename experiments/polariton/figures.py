"""The figures of the paper, and the honeycomb: each a function of what the run computed."""

from typing import Any

import jax
import jax.numpy as jnp
import matplotlib.ticker
import numpy as np
from honeycomb import CORNERS, ON_A_LINE
from maps import A, G, states
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from scipy.ndimage import gaussian_filter
from statements import FIELD, SUB, SUPER, condensate

from jaxspin.plot import style
from jaxspin.plot.style import DATA, FIT, LIMIT, colour_map
from jaxspin.systems import polariton

CUTS = (0.6, 0.7, 0.8, 0.9)  # of the probability
SMOOTHED = 2.5  # points: the lines of equal probability only, since one point is off by up to 0.035


def thresholds_figure(found: dict[str, Any]) -> Figure:
    """Figure 1: phase diagram; s_z and field enhancement against pump, super- and subcritical."""
    with style():
        figure = Figure(figsize=(11, 3.3))
        first, *others = figure.subplots(1, 3, width_ratios=(0.9, 1, 1))
        _phases(first)
        _branches(others[0], SUPER, (0.0, 0.7), "(b) supercritical")
        _branches(others[1], SUB, (4.2, 9.5), "(c) subcritical")
    return figure


def _phases(axes: Any) -> None:
    """Critical pump over g and a, and the line a = g - 1/g between the two kinds."""
    g, a = np.linspace(0.02, 4.0, 500), np.linspace(0.1, 4.0, 500)
    p_c = jax.vmap(jax.vmap(lambda g, a: polariton.critical_pump(condensate(0.0, a=a, g=g)), (0, None)), (None, 0))
    mesh = axes.pcolormesh(g, a, p_c(g, a), norm=LogNorm(1e-2, 20), cmap=colour_map("batlow"), rasterized=True)
    axes.figure.colorbar(mesh, ax=axes, label=r"$p_c$ (white: $p_c \leq 0$)", pad=0.02)
    line = g[(g - 1 / g > 0.1) & (g - 1 / g < 4)]
    axes.plot(line, line - 1 / line, color="white", lw=1.8)
    for of, name, shift in ((SUPER, "(b)", (-2, 7)), (SUB, "(c)", (-5, 7))):
        axes.plot(of["g"], of["a"], "o", color="white", markeredgecolor="black", ms=5, clip_on=False, zorder=5)
        axes.annotate(name, (of["g"], of["a"]), shift, textcoords="offset points", color="white", zorder=6)
    look = {"color": "white", "ha": "center"}
    axes.text(0.8, 1.2, "supercritical\n$a > g - 1/g$", **look)
    axes.text(3.2, 1.75, "subcritical", **look)
    axes.set(xlabel="$g$", ylabel="$a$", ylim=(0.1, 4), title="(a)")


def _branches(axes: Any, of: dict[str, float], pumps: tuple[float, float], title: str) -> None:
    """s_z of all states (left axis, blue) and chi of those with s_z >= 0 (right axis, vermilion) at zero field."""
    p_c = float(polariton.critical_pump(condensate(0.0, **of)))
    fold = float(polariton.fold_pump(condensate(0.0, **of)))
    near = np.concatenate([end + side * np.geomspace(1e-7, 0.3, 150) for end in (p_c, fold) for side in (1, -1)])
    p = np.unique(np.clip(np.concatenate([np.linspace(*pumps, 800), near]), *pumps))
    points, chi = jax.jit(jax.vmap(lambda p: _responses(condensate(p, **of))))(p)
    z, right = np.asarray(points.s[..., 2]), axes.twinx()
    stable, linear = np.asarray(points.stable), np.abs(z) < 1e-9
    there = np.asarray(points.exists & (points.s[..., 0] < 0))
    kinds = {"linear": linear, "up": z > 1e-9, "down": z < -1e-9}
    for kind, inside in kinds.items():
        for calm, dashes in ((True, "-"), (False, "--")):
            chosen = there & inside & (stable == calm)
            axes.plot(p, _one(z, chosen), dashes, color=FIT)
            if kind == "down" or (kind == "linear" and not calm):
                continue
            dotted = of is SUB and kind == "up" and calm
            right.plot(p, _one(np.asarray(chi), chosen), ":" if dotted else dashes, color=FIT if dotted else LIMIT)
    axes.axvline(p_c, color="0.75", lw=0.8, zorder=0)
    axes.annotate("$p_c$", (p_c, 0.02), (3, 0), xycoords=("data", "axes fraction"), textcoords="offset points")
    axes.set(xlabel="$p$", xlim=pumps, title=f"{title}: $g = {of['g']:g}$, $a = {of['a']:g}$")
    axes.set_ylabel("$s_z$", color=FIT)
    high = 1.1 * np.nanmax(np.where(there, z, np.nan))
    axes.set_ylim(-high, high)
    right.set_ylim(-110, 110)
    right.set_ylabel(r"$\chi$", color=LIMIT)
    right.spines.right.set_visible(True)


def _responses(c: polariton.Condensate) -> Any:
    points = polariton.fixed_points(c)
    s = jnp.where(points.exists[:, None], points.s, 1.0)
    s = jnp.concatenate([s[:6], jnp.ones((1, 3))])  # nothing responds in the empty state
    return points, jax.vmap(lambda s: polariton.susceptibility(c, s))(s)


def _one(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The value of the first chosen state at each pump, NaN where none is."""
    first = np.take_along_axis(values, chosen.argmax(axis=1)[:, None], axis=1)[:, 0]
    return np.where(chosen.any(axis=1), first, np.nan)


def excitation_figure(found: dict[str, Any]) -> Figure:
    """Figure 2(b): fields on excitations and on the pseudospin of the aligned state."""
    p = np.linspace(0.0, 1.0, 400)
    both = lambda p: (polariton.excitations(condensate(p, FIELD)), FIELD * polariton.g_eff(condensate(p, FIELD)))
    modes, field = jax.jit(jax.vmap(both))(p)
    with style():
        figure = Figure(figsize=(4.6, 3.3))
        axes = figure.subplots()
        axes.plot(p, modes.frequency, color=DATA, label=r"$\Omega$")
        axes.plot(p, modes.frequency_z, color=LIMIT, label=r"$\Omega_z$")
        axes.plot(p, field, "--", color=FIT, label=r"$g_\mathrm{eff}\,\delta$")
        axes.axvline(float(polariton.fold_pump(condensate(0.0, FIELD))), color="0.6", lw=0.8)
        axes.text(float(polariton.fold_pump(condensate(0.0, FIELD))) + 0.01, 0.05, "fold", color="0.4", fontsize=8)
        title = rf"(b) $\delta = {FIELD:g}$, $a = {A:g}$, $g = {G:g}$"
        axes.set(xlabel="$p$", ylabel="field, frequency", xlim=(0, 1), ylim=(0, None), title=title)
        axes.legend()
    return figure


def maps_figure(found: dict[str, Any]) -> Figure:
    """Figure 3: effective g-factor and probability of the aligned state over pump and field."""
    factor, chance = found["g_eff"], found["P"]
    p, delta = chance["p"].values, chance["delta"].values
    stable, fold = states(chance)
    smooth = gaussian_filter(chance["P"].values, SMOOTHED * len(p) / 101)
    smooth = np.where(stable > 1, smooth, np.nan)  # P = 1 below the fold
    with style():
        figure = Figure(figsize=(9.4, 3.7))
        left, right = figure.subplots(1, 2, sharey=True)
        scale = LogNorm(1, 200)
        shown = left.pcolormesh(
            factor["p"], factor["delta"], factor["g_eff"].T, norm=scale, cmap=colour_map("batlow"), rasterized=True
        )
        bar = figure.colorbar(shown, ax=left, pad=0.02)
        bar.ax.set_title(r"$g_\mathrm{eff}$")
        bar.ax.yaxis.set_major_formatter(matplotlib.ticker.FormatStrFormatter("%g"))
        shown = right.pcolormesh(p, delta, chance["P"].T, vmin=0.5, vmax=1, cmap=colour_map("batlow"), rasterized=True)
        figure.colorbar(shown, ax=right, pad=0.02).ax.set_title(r"$\mathcal{P}$")
        for axes in (left, right):
            lines = axes.contour(p, delta, smooth.T, levels=CUTS, colors="black", linewidths=0.7)
            axes.plot(fold, delta, "-.", color="white", lw=1.4)
            axes.set(xlabel="$p$", xlim=(p[0], p[-1]), ylim=(0, delta[-1]))
        right.clabel(lines, fmt="%g", fontsize=7)
        left.set(ylabel=r"$\delta$", title=rf"(a) $a = {A:g}$, $g = {G:g}$")
        right.set(title=rf"(b) {found['realizations']} realizations, $|\mathbf{{s}}(0)| = {found['radius']:g}$")
    return figure


def honeycomb_figure(found: dict[str, Any]) -> Figure:
    """Excitations of the honeycomb, and the gap that the condensate opens."""
    comb = found["honeycomb"]
    places = ON_A_LINE * np.arange(len(CORNERS))
    with style():
        figure = Figure(figsize=(11, 3.4))
        whole, close, gap = figure.subplots(1, 3)
        for (p, bands), colour in zip(comb["bands"].items(), (LIMIT, FIT), strict=True):
            label = [f"$p = {p:g}$"] + 3 * [None]
            whole.plot(bands.real[:, 4:], color=colour)
            close.plot(comb["close"][p].real[:, 4:], color=colour, label=label)
        whole.set(ylabel=r"Re $\omega$", title="excitations above the condensate", ylim=(0, None))
        whole.set_xticks(places, [name for name, _ in CORNERS])
        whole.set_xlim(0, places[-1])
        close.set(xlim=(0, 2 * ON_A_LINE), ylim=(43.4, 46.9), title="next to K, the middle bands")
        close.set_xticks([0, ON_A_LINE, 2 * ON_A_LINE], ["← Γ", "K", "M →"])
        close.legend(loc="upper center")
        gap.semilogy(comb["p"], comb["gap"], "o", color=DATA, label="gap")
        gap.semilogy(comb["p"], comb["with_exchange"], color=FIT, label=r"$\delta + 2 a s_z$")
        gap.semilogy(comb["p"], comb["field"], "--", color=LIMIT, label=r"$\delta + a s_z$")
        gap.axhline(comb["delta"], color="0.6", lw=0.8, ls=":", label=r"$\delta$")
        for p, width, chern in zip(comb["p"][:2], comb["gap"][:2], comb["chern"][:2], strict=True):
            gap.annotate(f"C = {round(chern):d}", (p, width), (6, -3), textcoords="offset points", fontsize=7.5)
        gap.yaxis.set_minor_formatter(matplotlib.ticker.NullFormatter())
        gap.set_yticks(ticks := (0.02, 0.05, 0.1, 0.2, 0.5), [f"{tick:g}" for tick in ticks])
        gap.set(xlabel="$p$", title="gap of the middle bands")
        gap.legend()
    return figure


FIGURES = {
    "figure_1": thresholds_figure,
    "figure_2b": excitation_figure,
    "figure_3": maps_figure,
    "honeycomb": honeycomb_figure,
}
