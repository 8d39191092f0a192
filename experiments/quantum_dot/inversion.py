"""What a magnetoconductance curve tells: spin-orbit and dephasing time, their errors, which kind of coupling it was.

All data are synthetic: <G(B) - G(0)> of one dot at 40 perpendicular fields and two temperatures, with normal noise of
2 % of the largest change. The field scale (tau_erg, area) is known and dephasing goes as 1/T.
"""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from jaxspin import inverse, io
from jaxspin.core import replace
from jaxspin.systems import quantum_dot as qd

NONE = 1e9  # ns: a spin-orbit time this long is no coupling
NOISE = 0.02
FREE = ("tau_so", "tau_phi")
RIVALS = {"gate-tuned": ("tau_so", "tau_so_uniform"), "uniform": ("tau_so_uniform", "tau_so")}  # fitted, absent
RANGE = (0.01, 1e4)  # ns: the prior of both times of the rivals, uniform in the logarithm
FIELDS, TEMPERATURES = np.linspace(-0.2, 0.2, 41), (0.1, 0.4)
FOLDS = 5


def settings(temperatures: Any = TEMPERATURES) -> qd.Setting:
    """Every field at every temperature."""
    field, temperature = (each.ravel() for each in np.meshgrid(FIELDS[FIELDS != 0], temperatures))
    return at(jnp.asarray(field), jnp.asarray(temperature))


def at(field: Array, temperature: Array) -> qd.Setting:
    """Three channels in each contact, fields [mT] and temperatures [K], shape (n,)."""
    return jax.vmap(lambda B, T: qd.Setting(B_perp=B, temperature=T, n1=3, n2=3))(field, temperature)


def device(**times: float) -> qd.Device:
    """The reference dot without uniform coupling, at other times [ns]."""
    return replace(qd.MODEL.material("GaAs dot"), {"tau_so_uniform": NONE} | times)


@jax.jit
def curve(params: qd.Device, conditions: qd.Setting) -> Any:
    """<G(B) - G(0)> [e^2/h] at all settings."""
    return jax.vmap(lambda setting: qd.observe(params, setting)["magnetoconductance"])(conditions)


def noise(params: qd.Device, conditions: qd.Setting) -> float:
    """Standard deviation of a datum."""
    return NOISE * float(jnp.max(jnp.abs(curve(params, conditions))))


def measured(params: qd.Device, conditions: qd.Setting, seed: int) -> inverse.Dataset:
    """A noisy copy of the curve."""
    exact, sigma = curve(params, conditions), noise(params, conditions)
    seen = exact + sigma * jax.random.normal(jax.random.key(seed), exact.shape)
    return inverse.Dataset.from_columns(conditions, {"magnetoconductance": (seen, sigma)})


def calibration(free: tuple[str, ...] = FREE, *, n: int = 400) -> inverse.Coverage:
    """n fits to noisy copies: how often intervals hold the truth."""
    truth, conditions = device(), settings()
    sigma = {"magnetoconductance": noise(truth, conditions)}
    return inverse.coverage(qd.MODEL, truth, conditions, sigma, free=free, key=jax.random.key(5), n=n)


def distinguishability(taus: Any = (0.25, 1.0, 4.0, 16.0, 64.0, 256.0, 1024.0)) -> list[dict[str, Any]]:
    """Errors and correlation of both times as the coupling becomes weak, at one temperature and at both.

    To lowest order in a^2/N only 2 pi hbar/(tau_phi Delta) + 4 a^2 enters <dG>. tau_phi is chosen so that both terms
    are equal at 0.1 K.
    """
    rows = []
    for tau in taus:
        truth = device(tau_so=tau, tau_phi=tau / 4 * 0.1)
        row: dict[str, Any] = {"tau_so": tau}
        for name, temperatures in (("one", TEMPERATURES[:1]), ("both", TEMPERATURES)):
            conditions = settings(temperatures)
            exact = inverse.Dataset.from_columns(
                conditions, {"magnetoconductance": (curve(truth, conditions), noise(truth, conditions))}
            )
            found = inverse.fit(qd.MODEL, truth, exact, free=FREE)
            row[name] = {
                "stderr": (found.stderr / found.values).tolist(),
                "correlation": float(found.correlation[0, 1]),
                "null": found.null_directions,
            }
        rows.append(row)
    return rows


def log_evidence(found: inverse.FitResult) -> float:
    """Laplace's log evidence, but for a constant of the data, with priors uniform in the logarithms of the times."""
    covariance = np.asarray(found.covariance) / np.outer(found.values, found.values)
    volume = len(found.names) * np.log(np.log(RANGE[1] / RANGE[0]))
    return float(-found.chi2 / 2 + np.linalg.slogdet(2 * np.pi * covariance)[1] / 2 - volume)


def fitted(kind: str, data: inverse.Dataset) -> inverse.FitResult:
    """The fit of one kind of coupling."""
    present, absent = RIVALS[kind]
    prior = {name: inverse.Uniform(*RANGE) for name in (present, "tau_phi")}
    start = replace(device(), {absent: NONE, present: 4.0})
    return inverse.fit(qd.MODEL, start, data, free=(present, "tau_phi"), prior=prior, starts=8, key=jax.random.key(0))


def left_out(kind: str, data: inverse.Dataset) -> float:
    """Mean squared deviation, in sigma, of every fifth datum from the fit to the others, over five choices."""
    seen, total = data.measurements["magnetoconductance"], 0.0
    for fold in range(FOLDS):
        out = jnp.arange(seen.value.size) % FOLDS == fold
        # an error so large that the datum has no weight keeps shapes, and so the compiled fit
        kept = inverse.Dataset.from_columns(
            data.conditions, {"magnetoconductance": (seen.value, jnp.where(out, 1e6, seen.sigma))}
        )
        deviation = (curve(fitted(kind, kept).params, data.conditions) - seen.value) / seen.sigma
        total += float(jnp.sum(jnp.where(out, deviation**2, 0.0)))
    return total / seen.value.size


def choice(*, seeds: int = 10) -> list[dict[str, Any]]:
    """Which coupling the data prefer, for data of either: evidence over many copies, cross-validation of the first."""
    rows = []
    truths = {"gate-tuned": device(), "uniform": device(tau_so=NONE, tau_so_uniform=4.0)}
    for truth, params in truths.items():
        copies = [measured(params, settings(), seed) for seed in range(seeds)]
        wins, odds = 0, []
        for data in copies:
            evidence = {kind: log_evidence(fitted(kind, data)) for kind in RIVALS}
            odds.append(evidence[truth] - max(value for kind, value in evidence.items() if kind != truth))
            wins += odds[-1] > 0
        rows.append(
            {
                "truth": truth,
                "copies": seeds,
                "right": wins,
                "log_odds": [float(np.min(odds)), float(np.median(odds))],
                "left_out": {kind: left_out(kind, copies[0]) for kind in RIVALS},
                "chi2": {kind: float(fitted(kind, copies[0]).chi2) for kind in RIVALS},
                "dof": int(fitted(truth, copies[0]).dof),
            }
        )
    return rows


def write_table(path: Path) -> None:
    """The synthetic measurement that run.toml reads: field [mT], temperature [K], change of conductance [e^2/h]."""
    data = measured(device(), settings(), seed=0)
    columns = (data.conditions.B_perp, data.conditions.temperature, data.measurements["magnetoconductance"].value)
    lines = ["field_mT,temperature_K,change_of_conductance"]
    lines += [f"{field:.3f},{temperature:.3f},{value:.6f}" for field, temperature, value in zip(*columns, strict=True)]
    io.write_text(path, "\n".join(lines) + "\n")


def example() -> tuple[inverse.Dataset, dict[str, inverse.FitResult]]:
    """The measurement of write_table, and its fits with either coupling."""
    data = measured(device(), settings(), seed=0)
    return data, {kind: fitted(kind, data) for kind in RIVALS}
