"""Figures of the run: observables against the gradient, current loops and tilted-field loops, and those of the fit."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure
from statements import INVERSE, STEEPEST, film

from jaxspin import inverse
from jaxspin.plot import correlation_figure, fit_figure, style
from jaxspin.plot.style import DATA, FIT, LIMIT, shades
from jaxspin.systems import ferrimagnet as fm
from jaxspin.systems.ferrimagnet.constants import OERSTED

LAYERS = (0.7, 1.0, 1.5)  # nm
PANELS = {  # label, size of the unit in SI, window that the published values call for, logarithmic?
    "M_net": (r"$M_\mathrm{net}$ (emu/cc)", 1e3, None, False),
    "theta_DL": (r"$\theta_\mathrm{DL}$", 1.0, None, False),
    "xi": (r"$\xi$ (Oe per $10^{10}$ A/m$^2$)", OERSTED / 1e10, (0.03, 300), True),
    "K_eff": (r"$K_\mathrm{eff}$ (kJ/m$^3$)", 1e3, None, False),
    "H_DMI": (r"$H_\mathrm{DMI}$ (Oe)", OERSTED, (0, 60), False),
    "j_c": (r"$j_c$ ($10^{10}$ A/m$^2$)", 1e10, (3, 3e4), True),
}
OF_THICKNESS = ("xi", "H_DMI", "j_c")  # the others are those of the 1 nm layers


def gradient_figure(fit: inverse.FitResult) -> Figure:
    """Six observables of films of six layers against delta: fit with its standard error, published values, limits."""
    deltas = jnp.linspace(0.005, 0.0705, 60)
    design = jnp.tile(deltas, len(LAYERS)), jnp.repeat(1e-9 * jnp.asarray(LAYERS), deltas.size)
    films = jax.vmap(lambda delta, t: fm.GradientFilm(delta=delta, layer_thickness=t))(*design)

    def curves(params: Any) -> Any:
        seen = jax.vmap(lambda film: fm.observe(params, film).values)(films)
        return jnp.stack([seen[name].reshape(len(LAYERS), -1) / unit for name, (_, unit, _, _) in PANELS.items()])

    band = eqx.filter_jit(inverse.propagate)(fit, curves)
    means, errors = np.asarray(band.mean), np.asarray(band.stderr)
    with style():
        figure = Figure(figsize=(9.5, 5.6))
        panels = figure.subplots(2, 3).flat
        for i, (axes, (name, (label, unit, window, logarithmic))) in enumerate(
            zip(panels, PANELS.items(), strict=True)
        ):
            for t, colour, mean, error in zip(LAYERS, shades(len(LAYERS)), means[i], errors[i], strict=True):
                if t == 1.0 or name in OF_THICKNESS:
                    low = np.maximum(mean - error, mean / 20) if logarithmic else mean - error
                    axes.plot(100 * deltas, mean, color=colour, label=f"layers of {t:g} nm")
                    axes.fill_between(100 * deltas, low, mean + error, color=colour, alpha=0.2, lw=0)
            _published(axes, fit, name, unit)
            axes.set(xlabel=r"$\delta$ (% Tb per layer)", ylabel=label, ylim=window)
            axes.set_yscale("log" if logarithmic else "linear")
            if name == "H_DMI":
                axes.legend(loc="upper left")
    return figure


def _published(axes: Any, fit: inverse.FitResult, name: str, unit: float) -> None:
    """Published values of graded films with delta > 0, coloured by layer thickness; limits as triangles."""
    (seen,), films = fit.residuals.values(), fit.problem.data[0].conditions
    for i, row in enumerate(seen[name].rows.tolist() if name in seen else []):
        delta, t = 100 * float(films.delta[row]), float(films.layer_thickness[row]) * 1e9
        value, sigma, limit = (float(part[i]) for part in (seen[name].observed, seen[name].sigma, seen[name].limit))
        if delta > 1 and limit:
            axes.plot(delta, value / unit, marker="^" if limit > 0 else "v", color=LIMIT, ms=6, mfc="none", ls="")
        elif delta > 1:
            colour = shades(len(LAYERS))[LAYERS.index(round(t, 1))]
            axes.errorbar(delta, value / unit, sigma / unit, fmt="o", color=DATA, mfc=colour, capsize=2)


def loop_figure(fit: inverse.FitResult) -> Figure:
    """Hall loops against current at fields along x, for both signs of the gradient; H_c against H_n by nucleation."""
    current = jnp.linspace(-25e10, 25e10, 401)
    fields = (100.0, 0.0, -15.0, -30.0, -100.0)
    loops = jax.jit(lambda film: fm.hall_loop(fit.params, film, current))
    with style():
        figure = Figure(figsize=(10, 4.2))
        panels = figure.subplots(1, 3)
        for axes, design, sign in zip(panels, (STEEPEST, INVERSE), (1, -1), strict=False):
            for i, (H, colour) in enumerate(zip(fields, shades(len(fields)), strict=True)):
                for branch in loops(film(design, sign * H)):
                    axes.plot(current / 1e10, np.asarray(branch) - 2.5 * i, color=colour)
                axes.text(27, -2.5 * i, f"{sign * H:+.0f} Oe" if H else "0 Oe", va="center", fontsize=7.5, color=colour)
            axes.set(xlabel=r"$j$ ($10^{10}$ A/m$^2$)", yticks=[], title=rf"$\delta$ = {sign * 0.07:+.2f}, 6 nm")
        panels[0].set_ylabel(r"$R_\mathrm{AHE}$ (normalised, shifted)")
        _knee(panels[2], fit.params)
    return figure


def _knee(axes: Any, params: Any) -> None:
    """The threshold of Fig. 3d, by the model: droplet nucleation, and what its own analysis reads from the curve."""

    @jax.jit
    def curve(H_n: Any) -> tuple[Any, Any]:
        H_c = jax.vmap(lambda h: fm.droplet_field(params, fm.GradientFilm(delta=0.07, h_x=h)))(H_n)
        return H_c, fm.threshold_field(H_n, H_c)

    H_n = np.linspace(0.0, 120.0, 121)
    H_c, found = (np.asarray(part) / OERSTED for part in curve(jnp.asarray(H_n * OERSTED)))
    axes.plot(H_n, H_c, color=FIT)
    axes.axvline(found, color=DATA, lw=0.8, ls="--")
    axes.annotate(
        rf" $H_\mathrm{{DMI}}$ = {found:.0f} Oe", (found, 0.02), xycoords=("data", "axes fraction"), fontsize=8
    )
    axes.set(xlabel=r"$H_n$ (Oe)", ylabel=r"$H_c$ (Oe)", title=r"droplet nucleation, $\delta$ = +0.07")


FIGURES = {
    "fit": fit_figure,
    "correlations": correlation_figure,
    "gradient": gradient_figure,
    "loops": loop_figure,
}
