"""Macrospin trajectories against cmtj on the same film: agreement, and time of one run and of a batch of 1000.

    python benchmarks/bench_macrospin.py

Both integrate the same Landau-Lifshitz-Gilbert equation (uniaxial anisotropy, field, damping- and field-like torque).
cmtj takes constant Runge-Kutta steps (0.1 ps is its default) in C++, one film after the other; jaxspin takes adaptive
steps of order 8 in one compiled call, the batch by `vmap`. Compilation is timed apart. The error is the largest
difference of any component at any saved time from jaxspin at rtol 1e-12.
"""

import math
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import NamedTuple

import cmtj
import jax
import jax.numpy as jnp
import numpy as np

from jaxspin.core import Solve
from jaxspin.systems.ferrimagnet.constants import MU_0
from jaxspin.systems.ferrimagnet.drive import Drive
from jaxspin.systems.ferrimagnet.macrospin import GYROMAGNETIC_RATIO_PER_G, Ferromagnet, Sublattice, torque_fields
from jaxspin.systems.ferrimagnet.trajectory import simulate

jax.config.update("jax_enable_x64", True)

CMTJ_GYRO = 220880.0
"""mu0 gamma of cmtj [m/(A s)], which has g = 1.9987 in it."""

FILM = Ferromagnet(
    Sublattice(M=8e5, K=1e5, alpha=0.05, theta_DL=0.1, theta_FL=0.04, g=CMTJ_GYRO / MU_0 / GYROMAGNETIC_RATIO_PER_G),
    t=1.2e-9,
)
H = (3e4, 0.0, 5e4)
START = np.array([0.3, 0.2, 0.9]) / math.sqrt(0.94)
DURATION, STEP, EVERY = 1e-9, 1e-13, 1e-11
BATCH = 1000
CURRENTS = np.linspace(-1e12, 1e12, BATCH)
H_DL, H_FL = (float(field[0]) for field in torque_fields(FILM, 1.0))


def cmtj_motion(j: float, step: float = STEP) -> tuple[np.ndarray, np.ndarray]:
    """Times [s] and unit vectors of cmtj for `FILM` at a current density: M in tesla, torques as fields per current."""
    zero = cmtj.CVector(0, 0, 0)
    layer = cmtj.Layer.createSOTLayer(
        id="free",
        mag=cmtj.CVector(*START),
        anis=cmtj.CVector(0, 0, 1),
        Ms=float(FILM.spin.M) * MU_0,
        thickness=float(FILM.t),
        cellSurface=1e-16,
        demagTensor=[zero, zero, zero],
        damping=float(FILM.spin.alpha),
        fieldLikeTorque=H_FL,
        dampingLikeTorque=H_DL,
    )
    layer.setReferenceLayer(cmtj.CVector(0, 1, 0))
    layer.setAnisotropyDriver(cmtj.constantDriver(float(FILM.spin.K)))
    layer.setExternalFieldDriver(cmtj.AxialDriver(*(cmtj.constantDriver(h) for h in H)))
    junction = cmtj.Junction([layer])
    junction.setLayerCurrentDriver("free", cmtj.constantDriver(j))
    junction.runSimulation(DURATION, step, EVERY)
    log = junction.getLog()
    # what is logged at t is the state after the step that begins at t
    return np.array(log["time"]) + step, np.stack([log[f"free_m{axis}"] for axis in "xyz"], axis=1)


def jaxspin_motion(j: jax.Array, solve: Solve, times: jax.Array) -> jax.Array:
    """Unit vectors of jaxspin at the same times."""
    return simulate(FILM, Drive(H=H, j=j), duration=DURATION, start=START[None], times=times, solve=solve).m1


def timed(run: Callable[[], object], repeats: int) -> float:
    """Least wall time of some runs [s]."""
    spent = []
    for _ in range(repeats):
        begin = time.perf_counter()
        jax.block_until_ready(run())
        spent.append(time.perf_counter() - begin)
    return min(spent)


class Row(NamedTuple):
    """One line of the table; times in seconds."""

    name: str
    error: float
    compile: float
    one: float
    batch: float


def cmtj_row(step: float) -> Row:
    """cmtj with a constant step [s]."""
    times, m = cmtj_motion(1e12, step)
    error = np.max(np.abs(m - exact(np.minimum(times, DURATION))))
    one = timed(lambda: cmtj_motion(1e12, step), 5)
    batch = timed(lambda: [cmtj_motion(j, step) for j in CURRENTS], 1)
    return Row(f"cmtj, RK4, {step * 1e12:.1f} ps", float(error), 0.0, one, batch)


def jaxspin_row(solve: Solve) -> Row:
    """jaxspin with a tolerance; one and batch are compiled separately, the mean of the two is given."""
    times = jnp.linspace(0.0, DURATION, 101)
    motion = lambda j: jaxspin_motion(j, solve, times)
    begin = time.perf_counter()
    one, batch = (jax.jit(f).lower(j).compile() for f, j in ((motion, CURRENTS[0]), (jax.vmap(motion), CURRENTS)))
    compiled = (time.perf_counter() - begin) / 2
    error = np.max(np.abs(one(jnp.asarray(1e12)) - exact(times)))
    run_one, run_batch = timed(lambda: one(CURRENTS[0]), 5), timed(lambda: batch(CURRENTS), 3)
    return Row(f"jaxspin, rtol {solve.rtol:.0e}", float(error), compiled, run_one, run_batch)


def exact(times: np.ndarray | jax.Array) -> jax.Array:
    """Unit vectors at 1e12 A/m^2, integrated a thousand times more accurately than any row."""
    return jaxspin_motion(jnp.asarray(1e12), Solve(rtol=1e-12, atol=1e-13), jnp.asarray(times))


def main() -> None:
    """Run both codes and print the table; ratios are against cmtj at its default step."""
    rows = [cmtj_row(STEP), cmtj_row(10 * STEP), jaxspin_row(Solve()), jaxspin_row(Solve(rtol=1e-6, atol=1e-8))]
    versions = f"cmtj {version('cmtj')}, jax {jax.__version__} on {jax.devices()[0].platform}"
    print(f"Macrospin, {DURATION * 1e9:.0f} ns, 101 saved states, {versions}")
    print(f"{'':21}{'error':>9}{'compile':>10}{'one run':>12}{f'batch of {BATCH}':>15}{'ratio':>8}{'ratio':>8}")
    for row in rows:
        ratios = f"{rows[0].one / row.one:8.1f}{rows[0].batch / row.batch:8.1f}"
        print(f"{row.name:21}{row.error:9.0e}{row.compile:8.1f} s{row.one * 1e3:9.2f} ms{row.batch:13.3f} s{ratios}")


if __name__ == "__main__":
    main()
