"""Figures 2, 3 and 4 of the paper from first principles, and the splitting of WSe2 under strain."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy.interpolate import CloughTocher2DInterpolator

from jaxspin.plot import style
from jaxspin.plot.style import FIT, LIMIT, colour_map

SHOWN = {"MoS2": "MoS$_2$", "MoSe2": "MoSe$_2$", "WS2": "WS$_2$", "WSe2": "WSe$_2$"}
BINDING = (0.2, 0.5, 0.8)  # eV
LABELS = ("$p_z$", "$p_x + p_y$", "$d_{3z^2-r^2}$", "$d_{x^2-y^2} + d_{xy}$")
Found = dict[str, dict[str, Any]]

# Cartesian reciprocal vectors, rows, in units of |Gamma-K|: K = (1/3, 1/3) has length 1
RECIPROCAL = 1.5 * np.array([[1, 1 / np.sqrt(3)], [0, 2 / np.sqrt(3)]])
PLANE = np.meshgrid(np.linspace(-1.15, 1.15, 231), np.linspace(-1.15, 1.15, 231))  # of figure 3


def bands_figure(found: Found) -> Figure:
    """Figure 2: bands along M-Gamma-K-M with and without spin-orbit coupling, zero at the valence band's maximum."""
    with style():
        figure = Figure(figsize=(7.5, 6.2))
        panels = iter(figure.subplots((len(found) + 1) // 2, 2, sharey=True, squeeze=False).ravel())
        for (material, of), letter, axes in zip(found.items(), "abcd", panels, strict=False):
            k = np.array(of["k"])
            along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(k @ RECIPROCAL, axis=0), axis=1))])
            energies, scalar = np.array(of["energies"]), np.array(of["scalar"])
            top = energies[:, of["occupied"] - 1].max()
            axes.plot(along, energies - top, color=FIT, lw=1)
            axes.plot(along, scalar - top, ":", color=LIMIT, lw=1)
            ticks = along[:: (len(k) - 1) // 3]
            axes.set_xticks(ticks, ["M", "Γ", "K", "M"])
            axes.axhline(0, color="0.7", lw=0.6, zorder=0)
            for tick in ticks[1:-1]:
                axes.axvline(tick, color="0.7", lw=0.6, zorder=0)
            axes.set(xlim=(along[0], along[-1]), ylim=(-3, 3.2), title=f"({letter}) {SHOWN[material]}")
        for axes in panels:  # fewer materials than panels
            axes.set_visible(False)
        for axes in figure.axes[::2]:
            axes.set_ylabel("energy (eV)")
        handles = [Line2D([], [], color=FIT), Line2D([], [], color=LIMIT, ls=":")]
        figure.legend(handles, ["with", "without spin-orbit coupling"], loc="outside lower center", ncols=2)
    return figure


def whole_zone(of: dict[str, Any]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Points of the zone and around it, Cartesian in |Gamma-K|, with energies of spin-up and spin-down partners there.

    Operations take k to W^T k; a mirror, det W = -1 in the plane, turns the spin along z round, as time reversal does.
    """
    k, rotations = np.array(of["zone_k"]), np.array(of["zone_rotations"])
    places, fields = [], {"valence": [], "conduction": []}
    for sign in (1, -1):
        for rotation in rotations:
            places.append(sign * k @ rotation)
            flipped = sign * round(np.linalg.det(rotation)) < 0
            for name, list_ in fields.items():
                pair, spins = np.array(of[f"zone_{name}"]), np.array(of[f"zone_{name}_spin"])
                up = np.where((spins[:, :1] >= spins[:, 1:]), pair, pair[:, ::-1])
                list_.append(up[:, ::-1] if flipped else up)
    k = np.concatenate(places)
    values = {name: np.concatenate(list_) for name, list_ in fields.items()}
    around = [np.array([i, j]) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    k = np.concatenate([k + shift for shift in around])
    values = {name: np.tile(each, (len(around), 1)) for name, each in values.items()}
    _, unique = np.unique(np.round(k, 6), axis=0, return_index=True)
    points = k[unique] @ RECIPROCAL
    near = np.max(np.abs(points), axis=1) < 1.5
    return points[near], {name: each[unique][near] for name, each in values.items()}


def smooth(points: np.ndarray, fields: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The fields on a fine grid, by cubic interpolation between the points."""
    return {name: CloughTocher2DInterpolator(points, each)(*PLANE) for name, each in fields.items()}


def zone_figure(found: Found) -> Figure:
    """Figure 3: splitting of both bands over the zone; lines of equal binding energy, coloured by spin."""
    corner = np.arange(7) * np.pi / 3
    with style():
        figure = Figure(figsize=(11, 2.3 * len(found)))
        rows = np.atleast_2d(figure.subplots(len(found), 5, sharex=True, sharey=True, squeeze=False))
        for row, (material, of) in zip(rows, found.items(), strict=True):
            fields = smooth(*whole_zone(of))
            for axes, name in zip(row[:2], ("valence", "conduction"), strict=True):
                size = 1e3 * np.abs(fields[name][..., 0] - fields[name][..., 1])
                shown = axes.pcolormesh(*PLANE, size, cmap=colour_map("batlow"), shading="gouraud", rasterized=True)
                figure.colorbar(shown, ax=axes, pad=0.02).ax.set_title("meV", fontsize=7)
                axes.set_title(f"{SHOWN[material]}, {name}")
            for axes, binding in zip(row[2:], BINDING, strict=True):
                for sector, colour in ((0, FIT), (1, LIMIT)):
                    level = fields["valence"].max() - binding
                    energies = fields["valence"][..., sector]
                    axes.contour(*PLANE, energies, [level], colors=[colour], linewidths=1, linestyles="solid")
                axes.set_title(f"{SHOWN[material]}, {binding:g} eV")
            for axes in row:
                axes.plot(np.cos(corner), np.sin(corner), "--", color="white" if axes in row[:2] else "0.5", lw=0.8)
                axes.set(aspect="equal", xlim=(-1.15, 1.15), ylim=(-1.15, 1.15))
            row[0].set_ylabel(r"$k_y$ / |ΓK|")
        for axes in rows[-1]:
            axes.set_xlabel(r"$k_x$ / |ΓK|")
        handles = [Line2D([], [], color=FIT), Line2D([], [], color=LIMIT)]
        figure.legend(handles, ["spin up", "spin down"], loc="outside lower right", ncols=2)
    return figure


def splitting_figure(found: Found) -> Figure:
    """Figure 4: signed splittings along Gamma-K, and for the last material what the states are made of."""
    with style():
        figure = Figure(figsize=(8.5, 6.5))
        (first, second), (third, fourth) = figure.subplots(2, 2, sharex=True)
        for index, (material, of) in enumerate(found.items()):
            line = (len(of["k"]) - 1) // 3
            part, top = slice(line, 2 * line + 1), of["occupied"]
            x = np.linspace(0, 1, line + 1)
            energies, s_z = np.array(of["energies"])[part], np.array(of["spins"])[part, :, 2]
            orientation = np.sign(s_z[-1, top - 1])
            for axes, upper in ((first, top - 1), (second, top + 1)):
                side = np.where(s_z[:, upper] >= s_z[:, upper - 1], 1, -1)
                split = 1e3 * orientation * side * (energies[:, upper] - energies[:, upper - 1])
                axes.plot(x, split, "o-", ms=3, color=colour_map("batlow")(0.28 * index), label=SHOWN[material])
        looks = (("--", FIT), ("-", FIT), ("--", LIMIT), ("-", LIMIT))
        for axes, name in ((third, "valence_shares"), (fourth, "conduction_shares")):
            for number, ((dashes, colour), label) in enumerate(zip(looks, LABELS, strict=True)):
                whose = material.removesuffix("2")
                whose = whose[-2:] if whose.endswith("Se") else whose[-1:]
                atom = whose if number < 2 else material[: 2 if material.startswith("Mo") else 1]
                axes.plot(x, np.array(of[name])[number, part], dashes, color=colour, label=f"{atom} {label}")
            axes.set(xlabel="$k$ / |ΓK|", ylabel="share", ylim=(0, 1.15), xlim=(0, 1))
        for axes, letter, name in ((first, "a", "uppermost valence band"), (second, "b", "lowermost conduction band")):
            axes.axhline(0, color="0.7", lw=0.6, zorder=0)
            axes.set(ylabel="splitting (meV)", title=f"({letter}) {name}")
        first.legend()
        third.legend(title=SHOWN[material], ncols=2)
    return figure


def design_figure(best: dict[str, Any]) -> Figure:
    """Splitting of WSe2 and the margins of its direct gap against biaxial strain."""
    with style():
        figure = Figure(figsize=(7, 3))
        left, right = figure.subplots(1, 2)
        rows, optimum = best["curve"], best["optimum"]
        strain = np.array([100 * row["strain"] for row in rows])
        left.plot(strain, [1e3 * row["splitting"] for row in rows], "o-", color=FIT)
        left.plot(100 * optimum["strain"], 1e3 * optimum["splitting"], "*", ms=12, color=LIMIT, label="optimum")
        left.set(xlabel="biaxial strain (%)", ylabel="valence splitting at K (meV)")
        left.legend()
        for number, (label, colour) in enumerate((("VB: K above Γ", FIT), ("CB: Q above K", LIMIT))):
            right.plot(strain, [1e3 * row["margins"][number] for row in rows], "o-", color=colour, label=label)
        right.axhline(0, color="0.7", lw=0.6, zorder=0)
        right.axvline(100 * optimum["strain"], color="0.7", ls=":", zorder=0)
        right.set(xlabel="biaxial strain (%)", ylabel="margin of the direct gap (meV)")
        right.legend()
    return figure


def all_figures(found: Found, best: dict[str, Any] | None) -> Iterator[tuple[str, Figure]]:
    """Names and figures of what there is."""
    if found:
        yield "figure_2", bands_figure(found)
        yield "figure_4", splitting_figure(found)
        yield "figure_3", zone_figure(found)
    if best is not None:
        yield "strain", design_figure(best)
