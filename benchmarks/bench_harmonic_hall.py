"""Harmonic Hall: cost of the Py/Pt fit against scipy and lmfit, and a field scan against cmtj on the same film.

    python benchmarks/bench_harmonic_hall.py [--batch 1000] [--fit-only | --scan-only]

The fit: run.toml of experiments/harmonic_hall_pypt. The peers get the same compiled residual and start, and take their
derivatives by finite differences; compilation is timed apart. Evaluations of ours are counted in two ways: one a step,
and with each Jacobian worth the forward evaluations that fit into its run time.

The scan: a perpendicular film, field along x from 0.45 to 1 T. cmtj relaxes the LLG equation (alpha = 1, 2 ns, 1 ps
steps of RK4) at plus and minus the current, from the field's direction; R_2w = (R_xy(I) - R_xy(-I))/4.
"""

# ruff: noqa: E402
import argparse
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax

jax.config.update("jax_enable_x64", True)

import cmtj
import jax.numpy as jnp
import numpy as np
from bench_fit import measure

from jaxspin import io
from jaxspin.cli.fitting import fit_arguments
from jaxspin.core import replace
from jaxspin.systems import load
from jaxspin.systems.ferrimagnet import AngleScan, HallBar, harmonic_hall

RUN_FILE = Path(__file__).parents[1] / "experiments" / "harmonic_hall_pypt" / "run.toml"
MU_0 = 1.25663706212e-6
FILM: dict[str, Any] = {
    "R_AHE": 1.0,
    "R_PHE": 0.05,
    "B_k": 0.3,
    "B_u": 0.0,
    "phi_u": 0.0,
    "B_DL": 3e-4,
    "B_FL": 1e-4,
    "R_th": 0.0,
}
MAGNETIZATION = 1e5  # A/m, drops out
FIELDS = np.linspace(0.45, 1.0, 12)


def fit_costs() -> None:
    """The Py/Pt fit: evaluations and run time, ours and the peers'."""
    run = io.read_run(RUN_FILE)
    model = load(run.model.system)
    arguments = fit_arguments(run, model)
    given = {name: arguments[name] for name in ("tie", "prior", "solve")}
    found = measure(model, arguments["start"], arguments["data"], arguments["free"], starts=2, **given)
    jacobian = found["jacobian"] / found["forward"]
    steps = found["steps"]
    in_forwards = (steps + 1) * (1 + jacobian)
    count = sum(m.value.size for data in arguments["data"] for m in data.measurements.values())
    print(f"Py/Pt fit, {len(arguments['free'])} free parameters, {count} values, jax {version('jax')}")
    print(f"  forward evaluation {1e3 * found['forward']:.1f} ms; Jacobian {jacobian:.1f} forward evaluations")
    print(f"  first fit with compilation {found['first fit, with compile']:.1f} s")
    print(f"  {'':10}{'evaluations':>12}{'ratio':>8}{'in forwards':>13}{'ratio':>8}{'run time/s':>12}{'ratio':>8}")
    print(f"  {'jaxspin':10}{steps + 1:12d}{1:8.1f}{in_forwards:13.0f}{1:8.1f}{found['fit']:12.3f}{1:8.1f}")
    for peer in ("scipy", "lmfit"):
        calls, spent = found[f"{peer} calls"], found[peer]
        ratios = calls / (steps + 1), calls / in_forwards, spent / found["fit"]
        print(f"  {peer:10}{calls:12d}{ratios[0]:8.1f}{calls:13d}{ratios[1]:8.1f}{spent:12.3f}{ratios[2]:8.1f}")
    print(f"  chi2: jaxspin {found['chi2']:.6f}, scipy {found['scipy chi2']:.6f}, lmfit {found['lmfit chi2']:.6f}")


def cmtj_scan(B_DL: float) -> np.ndarray:
    """R_2w [ohm] at every field, from two relaxed states each."""
    zero, scan = cmtj.CVector(0, 0, 0), []
    for B in FIELDS:
        R = []
        for sign in (1.0, -1.0):
            layer = cmtj.Layer.createSOTLayer(
                id="free",
                mag=cmtj.CVector(1, 0, 0),
                anis=cmtj.CVector(0, 0, 1),
                Ms=MAGNETIZATION * MU_0,
                thickness=1e-9,
                cellSurface=1e-16,
                demagTensor=[zero, zero, zero],
                damping=1.0,
                fieldLikeTorque=FILM["B_FL"] / MU_0,
                dampingLikeTorque=B_DL / MU_0,
            )
            layer.setReferenceLayer(cmtj.CVector(0, 1, 0))
            layer.setAnisotropyDriver(cmtj.constantDriver(0.5 * FILM["B_k"] * MAGNETIZATION))
            layer.setExternalFieldDriver(cmtj.AxialDriver(B / MU_0, 0.0, 0.0))
            junction = cmtj.Junction([layer])
            junction.setLayerCurrentDriver("free", cmtj.constantDriver(sign))
            junction.runSimulation(2e-9, 1e-12, 1e-9)
            m = junction.getLayerMagnetisation("free").tolist()
            R.append(FILM["R_AHE"] * m[2] + 2 * FILM["R_PHE"] * m[0] * m[1])
        scan.append((R[0] - R[1]) / 4)
    return np.array(scan)


def seconds(call: Callable[[], Any], repeats: int) -> float:
    """Least wall time of some calls [s]."""
    spent = []
    for _ in range(repeats):
        begin = time.perf_counter()
        jax.block_until_ready(call())
        spent.append(time.perf_counter() - begin)
    return min(spent)


def scan_costs(batch: int) -> None:
    """The field scan: agreement, and time for one film and for a batch of films."""
    film = HallBar(**FILM)
    zeros = np.zeros_like(FIELDS)
    points = AngleScan(phi_H=zeros, B=FIELDS, I=zeros + 1e-3, theta_H=zeros + np.pi / 2)
    scan = lambda B_DL: jax.vmap(harmonic_hall, (None, 0))(replace(film, {"B_DL": B_DL}), points)["R_2w"]
    one, many = jax.jit(scan), jax.jit(jax.vmap(scan))
    films = FILM["B_DL"] * jnp.linspace(0.5, 1.5, batch)
    compile_time = seconds(lambda: one(FILM["B_DL"]), 1) + seconds(lambda: many(films), 1)
    ours, theirs = np.asarray(one(FILM["B_DL"])), cmtj_scan(FILM["B_DL"])
    times = {
        "jaxspin": (seconds(lambda: one(FILM["B_DL"]), 20), seconds(lambda: many(films), 3)),
        "cmtj": (
            seconds(lambda: cmtj_scan(FILM["B_DL"]), 3),
            seconds(lambda: [cmtj_scan(float(B_DL)) for B_DL in films], 1),
        ),
    }
    print(f"Field scan of {FIELDS.size} fields, cmtj {version('cmtj')}, {jax.devices()[0].platform}")
    print(f"  largest relative difference of R_2w {np.max(np.abs(theirs / ours - 1)):.1e}  (goal 1e-4)")
    print(f"  compilation of jaxspin {compile_time:.1f} s")
    print(f"  {'':10}{'one scan/s':>14}{f'batch of {batch}/s':>20}")
    for name, (single, together) in times.items():
        print(f"  {name:10}{single:14.2e}{together:20.2e}")
    ratios = [theirs / ours for theirs, ours in zip(times["cmtj"], times["jaxspin"], strict=True)]
    print(f"  {'ratio':10}{ratios[0]:14.1f}{ratios[1]:20.1f}")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=1000)
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--fit-only", action="store_true")
    only.add_argument("--scan-only", action="store_true")
    choice = parser.parse_args()
    if not choice.fit_only:
        scan_costs(choice.batch)
    if not choice.scan_only:
        fit_costs()


if __name__ == "__main__":
    main()
