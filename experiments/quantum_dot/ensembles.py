"""The Monte Carlo half: figure 2 with error bars, 1/N corrections, both constructions, voltage probes.

Every row is stored in ensembles.json as soon as it is known; stopped, the same command goes on where it was. Finite M
is accounted for by the ladder sum at the very same M (`quantum_dot.ladder_*`), so that what is left is finite N.
Conductances in e^2/h.
"""

import json
import math
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jaxspin import io
from jaxspin.numerics import ensemble_statistics as statistics
from jaxspin.systems import quantum_dot
from jaxspin.systems.quantum_dot import Dot, voltage_probe
from jaxspin.systems.quantum_dot.perturbation import draw_fields
from jaxspin.systems.quantum_dot.sampling import sample_conductance, sample_ensemble
from jaxspin.systems.quantum_dot.scattering import evolution

Row = dict[str, Any]
SEED = jax.random.key(20181030)

FIGURE_N, FIGURE_M, FIGURE_SAMPLES = 10, 120, 320  # N_1 = N_2, M, samples a point
FIGURE_A = (0.0, 0.3, 0.5, 1.0, math.inf)  # in units of sqrt(N/20), as drawn with N_1 = N_2 = 10
FIGURE_X = (0.0, 0.5, 1.0, 2.0, 3.0, 5.0)
STRONG = 12.0  # a that stands for a -> infinity; what it still lacks is taken from the closed form

# fixed x^2/N, a^2/N, b/N: leading order does not depend on N then, and differences are c/N
SCALED = ((0, 0, 0), (0.3, 0, 0), (0, 0.15, 0), (0, 0.6, 0), (0, 0.3, 0.2), (0.2, 0.4, 0.3), (0, 1.5, 0))
SIZES = {5: 3840, 10: 1280, 20: 320}  # samples by N_1 = N_2
RATIO = 6  # M/N

CONSTRUCTIONS = ((0.0, 0.0, 0.0), (1.0, 0.5, 0.0), (0.5, 1.0, 2.0))
RATES = {1.0: 3200, 4.0: 800, 10.0: 800}  # samples by dephasing
PROBES = (1, 4)  # channels of the probe in units of the dephasing


def all_rows(out: Path) -> dict[str, list[Row]]:
    """Everything, by name."""
    return {
        "figure 2": figure_2_points(out),
        "finite N": finite_channels(out),
        "constructions": constructions(out),
        "probes": probes(out),
    }


def figure_2_points(out: Path) -> list[Row]:
    """<dG> and var G in units of N_1 N_2/N^2 at some x on each curve, `a` infinite for the top (bottom) one.

    `weak`, `variance` with `*_error`: the ensemble, less what the ladder at M differs from M -> infinity, and for
    a -> infinity less what the closed form at STRONG differs from its limit. `raw_*` are without either.
    """
    unit = 0.25
    rows = []
    for a in FIGURE_A:
        for x in FIGURE_X:

            def point(a: float = a, x: float = x) -> Row:
                dot = Dot(FIGURE_N, FIGURE_N, x=x, a=min(a, STRONG))
                found = ensemble_and_ladder(dot, key_of(a if a < math.inf else -1.0, x), FIGURE_SAMPLES, FIGURE_M)
                limit = Dot(FIGURE_N, FIGURE_N, x=x, a=min(a, 9e3))
                row = {"a": a if a < math.inf else "inf", "x": x}
                for name, leading in (("weak", quantum_dot.weak_localization), ("variance", quantum_dot.variance)):
                    row[f"raw_{name}"] = found[name] / unit_of(name, unit)
                    shifted = found[name] - found[f"{name}_ladder"] + float(leading(limit))
                    row[name] = shifted / unit_of(name, unit)
                    row[f"{name}_error"] = found[f"{name}_error"] / unit_of(name, unit)
                    row[f"{name}_closed"] = float(leading(limit)) / unit_of(name, unit)
                return row

            rows.append(stored(out, f"figure 2, a = {a}, x = {x}", point))
    return rows


def unit_of(name: str, unit: float) -> float:
    """Figure 2 has <dG> in units of N_1 N_2/N^2, and var G in its square."""
    return unit if name == "weak" else unit**2


def finite_channels(out: Path) -> list[Row]:
    """Ensemble, ladder and closed form at fixed x/sqrt(N), a/sqrt(N), b/N, for N_1 = N_2 = 5, 10, 20."""
    rows = []
    for scaled in SCALED:
        for n1, samples in SIZES.items():

            def point(scaled: tuple[float, ...] = scaled, n1: int = n1, samples: int = samples) -> Row:
                N = 2 * n1
                x, a, b = scaled[0] * N**0.5, scaled[1] * N**0.5, scaled[2] * N
                dot = Dot(n1, n1, x=x, a=a, b=b)
                found = ensemble_and_ladder(dot, key_of(*scaled, float(n1)), samples, RATIO * N)
                closed = {
                    "weak_closed": float(quantum_dot.weak_localization(dot)),
                    "variance_closed": float(quantum_dot.variance(dot)),
                }
                return {"scaled": list(scaled), "n1": n1, "M": RATIO * N} | found | closed

            rows.append(stored(out, f"finite N, {scaled}, N_1 = {n1}", point))
    return rows


def coefficients(rows: list[Row]) -> list[Row]:
    """c of (ensemble - ladder) = c/N by weighted least squares over N, with the deviations left, in standard errors."""
    found = []
    for scaled in SCALED:
        same = [row for row in rows if tuple(row["scaled"]) == scaled]
        N = np.array([2 * row["n1"] for row in same])
        fit: Row = {"scaled": list(scaled)}
        for name in ("weak", "variance"):
            difference = np.array([row[name] - row[f"{name}_ladder"] for row in same])
            error = np.array([math.hypot(row[f"{name}_error"], row[f"{name}_ladder_error"]) for row in same])
            weight = 1 / error**2
            c = np.sum(weight * difference / N) / np.sum(weight / N**2)
            fit |= {
                name: same[0][f"{name}_closed"],
                f"{name}_c": float(c),
                f"{name}_c_error": float(np.sum(weight / N**2) ** -0.5),
                f"{name}_worst": float(np.max(np.abs(difference - c / N) / error)),
                f"{name}_differences": difference.tolist(),
                f"{name}_errors": error.tolist(),
            }
        found.append(fit)
    return found


def constructions(out: Path) -> list[Row]:
    """Circular and Hamiltonian construction at the same M, and by how much the ladder at M shifts the circular one."""
    rows = []
    for x, a, b in CONSTRUCTIONS:

        def point(x: float = x, a: float = a, b: float = b) -> Row:
            row: Row = {"x": x, "a": a, "b": b}
            for k, method in enumerate(("circular", "hamiltonian")):
                found = sample_ensemble(Dot(5, 5, x=x, a=a, b=b), key_of(x, a, b, float(k)), 1600, 80, method)
                row[method] = [[float(each) for each in pair] for pair in found]
            return row

        def at_finite_M(x: float = x, a: float = a, b: float = b) -> Row:
            dot = Dot(5, 5, x=x, a=a, b=b)
            ladder = np.asarray(ladders(dot, jax.random.split(key_of(x, a, b), (8, 2)), 80)).mean(axis=0)
            leading = np.array([quantum_dot.weak_localization(dot), quantum_dot.variance(dot)])
            return {"shift": (ladder - leading).tolist()}

        name = f"constructions, x = {x}, a = {a}, b = {b}"
        rows.append(stored(out, name, point) | stored(out, f"{name}: ladder", at_finite_M))
    return rows


def probes(out: Path) -> list[Row]:
    """<dG> at N_1 = N_2 = 5 with dephasing: shift of N, uniform loss and return, probes of few and of many channels."""
    rows = []
    for rate, samples in RATES.items():

        def point(rate: float = rate, samples: int = samples) -> Row:
            dot, M = Dot(5, 5, dephasing=rate), 100
            lossy = sample_conductance(dot, key_of(rate), samples, M)
            uniform = statistics.mean(lossy, 16)
            row: Row = {"rate": rate, "shift": float(quantum_dot.weak_localization(dot))}
            row["uniform"] = [float(uniform.value) - 5, float(uniform.error)]
            for factor in PROBES:
                channels = math.ceil(factor * rate)
                G = voltage_probe.sample_conductance(dot, key_of(rate, float(factor)), samples, M, channels)
                found = statistics.mean(G, 16)
                row[f"probe {factor}"] = [float(found.value) - 5, float(found.error)]
            variance = statistics.variance(lossy, 16)
            row["variance"] = [float(each) for each in variance]
            row["variance_shift"] = float(quantum_dot.variance(dot))
            return row

        rows.append(stored(out, f"probes, rate {rate}", point))
    return rows


def ensemble_and_ladder(dot: Dot, key: jax.Array, samples: int, M: int) -> Row:
    """<dG> and var G of the ensemble and of the ladder at the same M, with standard errors."""
    ensemble = sample_ensemble(dot, key, samples, M)
    ladder = np.asarray(ladders(dot, jax.random.split(jax.random.fold_in(key, 1), (8, 2)), M))
    classical = 2 * dot.n1 * dot.n2 / dot.N
    values = {"weak": (float(ensemble.mean.value) - classical, float(ensemble.mean.error))}
    values["variance"] = (float(ensemble.variance.value), float(ensemble.variance.error))
    row: Row = {}
    for (name, (value, error)), each in zip(values.items(), ladder.T, strict=True):
        row |= {name: value, f"{name}_error": error}
        row |= {
            f"{name}_ladder": float(each.mean()),
            f"{name}_ladder_error": float(each.std(ddof=1) / len(each) ** 0.5),
        }
    return row


@partial(jax.jit, static_argnums=2)
def ladders(dot: Dot, keys: jax.Array, M: int) -> jax.Array:
    """<dG> and var G by the ladder for some drawn R, (draws, 2)."""

    def one(pair: jax.Array) -> jax.Array:
        R = evolution(dot, draw_fields(pair, M - dot.N, M), M)[0]
        weak = quantum_dot.ladder_weak_localization(R, M, dot.n1, dot.n2)
        return jax.numpy.stack([weak, quantum_dot.ladder_covariance(R, R, M, dot.n1, dot.n2)])

    return jax.lax.map(one, keys)


def key_of(*numbers: float) -> jax.Array:
    """A random key of its own for each set of numbers."""
    key = SEED
    for number in numbers:
        key = jax.random.fold_in(key, round(1000 * (number + 2)))
    return key


def stored(out: Path, name: str, compute: Callable[[], Row]) -> Row:
    """The row of that name from ensembles.json, computed and added if it is not there."""
    path = out / "ensembles.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if name not in known:
        begin = time.perf_counter()
        known[name] = compute()
        io.write_text(path, json.dumps(known, indent=1) + "\n")
        print(f"{name}: {time.perf_counter() - begin:.1f} s", flush=True)
    return known[name]


def tables(rows: dict[str, list[Row]]) -> str:
    """Markdown of everything but the figure."""
    fits = coefficients(rows["finite N"])
    parts = ["### Ensemble against closed form: coefficients of 1/N"]
    for name, symbol in (("weak", "⟨δG⟩"), ("variance", "var G")):
        cells = [
            [
                ", ".join(f"{value:g}" for value in fit["scaled"]),
                f"{fit[name]:.4f}",
                *(
                    f"{d:+.4f} ± {e:.4f}"
                    for d, e in zip(fit[f"{name}_differences"], fit[f"{name}_errors"], strict=True)
                ),
                f"{fit[f'{name}_c']:+.2f} ± {fit[f'{name}_c_error']:.2f}",
                f"{fit[f'{name}_worst']:.1f}",
            ]
            for fit in fits
        ]
        header = ["x/√N, a/√N, b/N", f"{symbol}, N → ∞", "N₁ = 5", "N₁ = 10", "N₁ = 20", "c", "largest deviation (σ)"]
        parts.append(
            f"{symbol}: ensemble less ladder at the same M = {RATIO} N, and c of c/N.\n\n"
            + io.markdown_table(header, cells)
        )
    cells = []
    for row in rows["constructions"]:
        one, other = row["circular"], row["hamiltonian"]
        shift = row["shift"]
        apart = [(one[k][0] - shift[k] - other[k][0]) / math.hypot(one[k][1], other[k][1]) for k in (0, 1)]
        shown = [f"{value:.4f} ± {error:.4f}" for value, error in (one[0], other[0], one[1], other[1])]
        moved = f"{shift[0]:+.4f}, {shift[1]:+.4f}"
        cells.append([f"{row['x']:g}, {row['a']:g}, {row['b']:g}", *shown, moved, f"{apart[0]:+.1f}, {apart[1]:+.1f}"])
    header = ["x, a, b", "⟨G⟩ circular", "⟨G⟩ Hamiltonian", "var G circular", "var G Hamiltonian"]
    header += ["finite M by the ladder, circular", "difference without it (σ)"]
    parts += ["### Circular and Hamiltonian construction, N₁ = N₂ = 5, M = 80", io.markdown_table(header, cells)]
    cells = []
    for row in rows["probes"]:
        shown = [row["uniform"], *(row[f"probe {factor}"] for factor in PROBES)]
        cells.append(
            [
                f"{row['rate']:g}",
                f"{row['shift']:.4f}",
                *(f"{value:.4f} ± {error:.4f}" for value, error in shown),
                f"{row['variance_shift']:.4f}",
                f"{row['variance'][0]:.4f} ± {row['variance'][1]:.4f}",
            ]
        )
    header = ["2πħ/τ_φΔ", "⟨δG⟩, shift of N", "uniform", *(f"probe, {f} × rate channels" for f in PROBES)]
    header += ["var G, shift of N", "var G, uniform"]
    used = ", ".join(f"{samples} at {rate:g}" for rate, samples in RATES.items())
    parts += [
        f"### Dephasing: shift of N and voltage probes, N₁ = N₂ = 5, M = 100, samples: {used}",
        io.markdown_table(header, cells),
    ]
    return "\n\n".join(parts)
