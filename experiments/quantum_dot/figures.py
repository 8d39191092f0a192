"""Figure 2 of the paper, and what the inversion finds: each a function of what the run computed."""

import math
from typing import Any

import inversion
import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure

from jaxspin.plot import style
from jaxspin.plot.style import DATA, FIT, LIMIT, colour_map
from jaxspin.systems import quantum_dot as qd

NAMES = {"weak": r"$\langle\delta G\rangle$", "variance": r"var $G$"}


def figure_2(found: dict[str, Any]) -> Figure:
    """Both panels: lines are equations (13) and (14), points the ensemble with its standard errors."""
    points = found["ensembles"]["figure 2"]
    couplings = sorted({float(row["a"]) for row in points})
    colours = colour_map("batlow")(np.linspace(0.0, 0.85, len(couplings)))
    x = jnp.linspace(0.0, 5.0, 201)
    with style():
        figure = Figure(figsize=(8.5, 3.6))
        panels = figure.subplots(1, 2)
        for axes, (name, label), closed in zip(panels, NAMES.items(), (qd.weak_localization, qd.variance), strict=True):
            unit = 0.25 if name == "weak" else 0.25**2
            for a, colour in zip(couplings, colours, strict=True):
                curve = closed(qd.Dot(10, 10, x=x, a=min(a, 9e3))) / unit
                axes.plot(x, curve, color=colour, label=rf"$a$ = {a:g}" if a < math.inf else r"$a\to\infty$")
                seen = [row for row in points if float(row["a"]) == a]
                axes.errorbar(
                    [row["x"] for row in seen],
                    [row[name] for row in seen],
                    [row[f"{name}_error"] for row in seen],
                    fmt="o",
                    color=colour,
                    capsize=2,
                )
            power = "" if name == "weak" else "^2"
            unit_text = rf"$[(e^2/h)\,N_1N_2/N^2]{power}$" if power else r"$(e^2/h)\,N_1N_2/N^2$"
            axes.set(xlabel="perpendicular field $x$", ylabel=f"{label}  ({unit_text})", xlim=(-0.1, 5.1))
        panels[0].axhline(0, color="0.8", lw=0.8, zorder=0)
        panels[1].set_ylim(bottom=0)
        panels[1].legend()
    return figure


def inversion_figure(found: dict[str, Any]) -> Figure:
    """Curves and fits with both kinds of coupling, calibration of errors, and where the two times look the same."""
    data, fits = found["example"]
    conditions, seen = data.conditions, data.measurements["magnetoconductance"]
    with style():
        figure = Figure(figsize=(11.5, 3.4))
        curves, pulls, errors = figure.subplots(1, 3, width_ratios=(1.25, 0.9, 1))
        field = jnp.linspace(-0.2, 0.2, 201)
        for temperature, colour in zip(inversion.TEMPERATURES, (FIT, LIMIT), strict=True):
            here = np.asarray(conditions.temperature) == temperature
            curves.plot(conditions.B_perp[here], seen.value[here], "o", color=colour, ms=2.5)
            settings = jnp.asarray(field), jnp.full(field.size, temperature)
            for kind, line in (("gate-tuned", "-"), ("uniform", "--")):
                fitted = inversion.curve(fits[kind].params, inversion.at(*settings))
                curves.plot(field, fitted, line, color=colour, label=f"{kind}, {temperature:g} K")
        curves.set(xlabel=r"$B_\perp$ (mT)", ylabel=r"$\langle G(B)-G(0)\rangle$  ($e^2/h$)")
        curves.legend(title="fit with coupling that is", loc="upper center", ncols=2)
        low, high = curves.get_ylim()
        curves.set_ylim(low, high + 0.45 * (high - low))

        calibration = found["calibration"]
        deviation = np.asarray((calibration.values - calibration.truth[None]) / calibration.stderr)
        bins = np.linspace(-4, 4, 33)
        for name, column, colour in zip(
            (r"$\tau_\mathrm{so}$", r"$\tau_\phi$"), deviation.T, (FIT, LIMIT), strict=True
        ):
            pulls.hist(column, bins, density=True, histtype="step", color=colour, label=name)
        pulls.plot(bins, np.exp(-(bins**2) / 2) / np.sqrt(2 * np.pi), color=DATA, lw=1, label="unit normal")
        pulls.set(xlabel="(fitted − true)/standard error", ylabel=f"density, {len(deviation)} noisy copies")
        pulls.set_ylim(0, 0.58)
        pulls.legend(loc="upper right")

        rows = found["distinguishability"]
        tau = [row["tau_so"] for row in rows]
        for key, line, which in (("one", "--", "0.1 K alone"), ("both", "-", "0.1 and 0.4 K")):
            for j, (name, colour) in enumerate(((r"$\tau_\mathrm{so}$", FIT), (r"$\tau_\phi$", LIMIT))):
                size = [row[key]["stderr"][j] for row in rows]
                errors.loglog(tau, size, line, marker="o", color=colour, label=f"{name}, {which}")
        errors.axhline(1, color="0.8", lw=0.8, zorder=0)
        errors.set(xlabel=r"true $\tau_\mathrm{so}$ (ns)", ylabel="relative standard error")
        errors.legend()
    return figure


FIGURES = {"figure_2": figure_2, "inversion": inversion_figure}
