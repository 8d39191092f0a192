"""Figures 2, 3 and 4 of the paper for all four materials, by the model `jaxspin-11`."""

from collections.abc import Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from jaxspin import io
from jaxspin.numerics.brillouin import path
from jaxspin.plot import style
from jaxspin.plot.style import FIT, LIMIT, colour_map
from jaxspin.systems import tmdc

Models = dict[str, tmdc.Model]
ON_A_LINE = 60
BINDING = (0.2, 0.5, 0.8)  # eV
SHOWN = {"MoS2": "MoS$_2$", "MoSe2": "MoSe$_2$", "WS2": "WS$_2$", "WSe2": "WSe$_2$"}
SHELLS = (
    ("pz", "$p_z$"),
    ("px py", "$p_x + p_y$"),
    ("dz2", "$d_{3z^2-r^2}$"),
    ("dxy dx2-y2", "$d_{x^2-y^2} + d_{xy}$"),
)


def without_spin_orbit(material: str) -> tmdc.Model:
    """The same parameters with both spin-orbit strengths zero."""
    params = tmdc.parameters("jaxspin-11", material)
    nothing = jnp.zeros(())
    return tmdc.eleven_band(type(params)(**vars(params) | {"lambda_M": nothing, "lambda_X": nothing}))


def bands_figure(models: Models) -> Figure:
    """Figure 2: bands along M-Gamma-K-M with and without spin-orbit coupling, zero at the valence band's maximum."""
    with style():
        figure = Figure(figsize=(7.5, 6.2))
        for axes, letter, (material, model) in zip(
            figure.subplots(2, 2, sharey=True).flat, "abcd", models.items(), strict=True
        ):
            M, K = np.asarray(tmdc.M_point(model)), np.asarray(tmdc.K_point(model))
            edge = np.array([0.75, np.sqrt(3) / 4]) * np.linalg.norm(K)  # the M next to K
            k = np.asarray(path(np.array([M, 0 * M, K, edge]), ON_A_LINE))
            along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(k, axis=0), axis=1))])
            coupled = np.asarray(tmdc.bands(model, k))
            top = coupled[:, 13].max()
            axes.plot(along, coupled - top, color=FIT, lw=1)
            axes.plot(along, np.asarray(tmdc.bands(without_spin_orbit(material), k)) - top, ":", color=LIMIT, lw=1)
            ticks = along[::ON_A_LINE]
            axes.set_xticks(ticks, ["M", "Γ", "K", "M"])
            axes.axhline(0, color="0.7", lw=0.6, zorder=0)
            for tick in ticks[1:-1]:
                axes.axvline(tick, color="0.7", lw=0.6, zorder=0)
            axes.set(xlim=(along[0], along[-1]), ylim=(-3, 3.2), title=f"({letter}) {SHOWN[material]}")
        for axes in figure.axes[::2]:
            axes.set_ylabel("energy (eV)")
        handles = [Line2D([], [], color=FIT), Line2D([], [], color=LIMIT, ls=":")]
        figure.legend(handles, ["with", "without spin-orbit coupling"], loc="outside lower center", ncols=2)
    return figure


def _hexagon(radius: float) -> np.ndarray:
    angles = np.arange(7) * np.pi / 3
    return radius * np.stack([np.cos(angles), np.sin(angles)])


def zone_figure(models: Models, points: int) -> Figure:
    """Figure 3: splitting of both bands over the zone; lines of equal binding energy, coloured by spin."""
    with style():
        figure = Figure(figsize=(11, 9))
        for row, (material, model) in zip(figure.subplots(4, 5, sharex=True, sharey=True), models.items(), strict=True):
            radius = float(np.linalg.norm(tmdc.K_point(model)))
            line = np.linspace(-1.15, 1.15, points)
            k = radius * np.stack(np.meshgrid(line, line), axis=-1)
            edge = tmdc.edges(model, k.reshape(-1, 2))
            valence, conduction = (np.asarray(pair).reshape(points, points, 2) for pair in edge[:2])
            for axes, pair, name in zip(row[:2], (valence, conduction), ("valence", "conduction"), strict=True):
                size = 1e3 * np.abs(pair[..., 0] - pair[..., 1])
                shown = axes.pcolormesh(line, line, size, cmap=colour_map("batlow"), vmin=0, rasterized=True)
                figure.colorbar(shown, ax=axes, pad=0.02).ax.set_title("meV", fontsize=7)
                axes.set_title(f"{SHOWN[material]}, {name}")
            for axes, binding in zip(row[2:], BINDING, strict=True):
                for sector, colour in ((0, FIT), (1, LIMIT)):
                    level, look = valence.max() - binding, {"linewidths": 1, "linestyles": "solid"}
                    axes.contour(line, line, valence[..., sector], [level], colors=[colour], **look)
                axes.set_title(f"{SHOWN[material]}, {binding:g} eV")
            for axes in row:
                axes.plot(*_hexagon(1.0), "--", color="white" if axes in row[:2] else "0.5", lw=0.8)
                axes.set_aspect("equal")
            row[0].set_ylabel(r"$k_y$ / |ΓK|")
        for axes in figure.axes[15:20]:
            axes.set_xlabel(r"$k_x$ / |ΓK|")
        figure.legend(
            [Line2D([], [], color=FIT), Line2D([], [], color=LIMIT)],
            ["spin up", "spin down"],
            loc="outside lower right",
            ncols=2,
        )
    return figure


def splitting_figure(models: Models, first_principles: io.Table) -> Figure:
    """Figure 4: signed splitting along Gamma-K with GPAW's, and for WSe2 what the states are made of."""
    with style():
        figure = Figure(figsize=(8.5, 6.5))
        (first, second), (third, fourth) = figure.subplots(2, 2, sharex=True)
        x = np.linspace(0, 1, 201)
        for index, (material, model) in enumerate(models.items()):
            k = x[:, None] * np.asarray(tmdc.K_point(model))
            split, colour = tmdc.splitting(model, k), colour_map("batlow")(0.28 * index)
            orientation = np.sign(np.asarray(split.valence)[-1])
            rows = np.array(first_principles.text("material")) == material
            for axes, name in ((first, "valence"), (second, "conduction")):
                axes.plot(x, 1e3 * orientation * np.asarray(getattr(split, name)), color=colour, label=SHOWN[material])
                axes.plot(first_principles.numbers("x")[rows], first_principles.numbers(name)[rows], "o", color=colour)
        model = models["WSe2"]
        weights = tmdc.orbital_weights(model, x[:, None] * np.asarray(tmdc.K_point(model)))
        looks = (("--", FIT), ("-", FIT), ("--", LIMIT), ("-", LIMIT))
        for axes, band in ((third, 13), (fourth, 14)):
            for (names, label), (dashes, colour) in zip(SHELLS, looks, strict=True):
                total = sum(np.asarray(w)[:, band] for name, w in weights.items() if name.rstrip("+-") in names.split())
                axes.plot(x, total, dashes, color=colour, label=("Se " if names[0] == "p" else "W ") + label)
            axes.set(xlabel="$k$ / |ΓK|", ylabel="weight", ylim=(0, 1), xlim=(0, 1))
        for axes, letter, name in ((first, "a", "uppermost valence band"), (second, "b", "lowermost conduction band")):
            axes.axhline(0, color="0.7", lw=0.6, zorder=0)
            axes.set(ylabel="splitting (meV)", title=f"({letter}) {name}")
        first.legend(title="lines: jaxspin-11, points: GPAW")
        third.legend(title="WSe$_2$", ncols=2)
        third.set_ylim(0, 1.15)
        fourth.set_ylim(0, 1.15)
    return figure


def all_figures(models: Models, first_principles: io.Table, points: int) -> Iterator[tuple[str, Any]]:
    """Names and figures, one after the other."""
    yield "figure_2", bands_figure(models)
    yield "figure_4", splitting_figure(models, first_principles)
    yield "figure_3", zone_figure(models, points)
