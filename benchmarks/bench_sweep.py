"""Sweeps: overhead over a bare vmap, scaling over processes, resuming, memory; and joblib over SciPy for the same runs.

    python benchmarks/bench_sweep.py

The cheap model is `ferrimagnet` with all its observables. The costly one is a macrospin kicked by a pulse of current
for durations that differ a hundredfold, so that steps do, too. Compilation and the start of processes are timed apart:
a rate is that between the first chunks to arrive and the last.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import joblib
import numpy as np
from scipy.integrate import solve_ivp

from jaxspin import sweep
from jaxspin.core import Observable, Observables, Quantity, Solve, Task, observables
from jaxspin.sweep.compute import Machine, Work
from jaxspin.sweep.jobs import Columns, Here, Job, Place, in_turn, one_thread
from jaxspin.sweep.layout import layout
from jaxspin.systems import load
from jaxspin.systems.ferrimagnet.constants import MU_0
from jaxspin.systems.ferrimagnet.drive import Drive, Pulse
from jaxspin.systems.ferrimagnet.macrospin import Ferromagnet, Sublattice, torque_fields
from jaxspin.systems.ferrimagnet.trajectory import simulate

jax.config.update("jax_enable_x64", True)

SOLVE = Solve(rtol=1e-6, atol=1e-8)
START = np.array([0.1, 0.0, 1.0]) / np.hypot(0.1, 1.0)
H_X, WIDTH = 8e3, 1e-9
RANGES = {"j": (1e10, 3e12), "alpha": (0.005, 0.2), "duration": (0.2e-9, 20e-9)}


def film(alpha: Any) -> Ferromagnet:
    """A 2 nm film with perpendicular anisotropy."""
    return Ferromagnet(Sublattice(M=5e5, K=2.5e5, alpha=alpha, theta_DL=0.1), t=2e-9)


def kicked(values: dict[str, jax.Array], *, solve: Solve, key: jax.Array) -> Observables:
    """Where a macrospin ends after a pulse of 1 ns, and in how many steps."""
    drive = Drive(H=jnp.array([H_X, 0.0, 0.0]), j=values["j"], current_shape=Pulse(width=WIDTH))
    motion = simulate(
        film(values["alpha"]), drive, duration=values["duration"], start=START[None], times=2, solve=solve
    )
    return observables({"m_z": motion.m1[-1, 2], "steps": motion.steps.astype(float)}, motion.status)


def kicks(cost: Callable[[Any], jax.Array] | None) -> Task:
    """The task of kicking it, with or without knowing that the duration is what costs."""
    units = {"j": "A/m^2", "alpha": "1", "duration": "s"}
    inputs = {name: Quantity(unit, (0.0, 1e15), 1.0, name, name) for name, unit in units.items()}
    outputs = {name: Observable("1", name, name, ()) for name in ("m_z", "steps")}
    return Task("kicked film", kicked, inputs, outputs, {"benchmark": "sweep"}, SOLVE, cost)


def by_duration(values: Any) -> jax.Array:
    """What a run costs, up to a factor."""
    return values["duration"]


def with_scipy(j: float, alpha: float, duration: float) -> float:
    """The same run by scipy's DOP853, in two pieces at the end of the pulse."""
    magnet = film(alpha)
    h_dl, _ = (float(field[0]) for field in torque_fields(magnet, j))
    h_k, gamma = 2 * float(magnet.spin.K) / (MU_0 * float(magnet.spin.M)), MU_0 * float(magnet.spin.gamma)

    def rate(_: float, m: np.ndarray, torque: float) -> np.ndarray:
        x, y, z = m
        # H_eff + H_DL m x p, with p along y
        hx, hy, hz = H_X - torque * z, 0.0, h_k * z + torque * x
        px, py, pz = y * hz - z * hy, z * hx - x * hz, x * hy - y * hx
        dx, dy, dz = y * pz - z * py, z * px - x * pz, x * py - y * px
        return -gamma / (1 + alpha**2) * np.array([px + alpha * dx, py + alpha * dy, pz + alpha * dz])

    m, begin = START, 0.0
    for end, torque in ((min(WIDTH, duration), h_dl), (duration, 0.0)):
        if end > begin:
            m = solve_ivp(rate, (begin, end), m, "DOP853", args=(torque,), rtol=SOLVE.rtol, atol=SOLVE.atol).y[:, -1]
            begin = end
    return float(m[2])


class Timed:
    """A place that notes when each chunk arrives."""

    def __init__(self, place: Place):
        self.place, self.arrived, self.points = place, [], []

    def solve(self, work: Work, options: Solve, jobs: list[Job]) -> Iterator[tuple[Job, Columns]]:
        """As the place does."""
        for job, columns in self.place.solve(work, options, jobs):
            self.arrived.append(time.perf_counter())
            self.points.append(len(job.index))
            yield job, columns

    def rate(self, first: int) -> float:
        """Points a second, after the first chunks."""
        return sum(self.points[first:]) / (self.arrived[-1] - self.arrived[first - 1])


class Warm:
    """A place with a machine that is already compiled."""

    def __init__(self, machine: Machine):
        self.machine = machine

    def solve(self, work: Work, options: Solve, jobs: list[Job]) -> Iterator[tuple[Job, Columns]]:
        """Columns of the jobs, in their order."""
        with one_thread() as aside:
            yield from in_turn(self.machine, jobs, aside)


def best(run: Callable[[], object], repeats: int = 5) -> float:
    """Least wall time of some runs [s]."""
    spent = []
    for _ in range(repeats):
        begin = time.perf_counter()
        run()
        spent.append(time.perf_counter() - begin)
    return min(spent)


def overhead(folder: Path) -> None:
    """A sweep of 10^5 points against a jitted vmap of the same points."""
    task = sweep.observe(load("ferrimagnet"))
    grid = sweep.product({"delta": np.linspace(0.02, 0.06, 250), "layer_thickness": np.linspace(0.5e-9, 2e-9, 400)})
    points = {name: jnp.asarray(column) for name, column in grid.points(np.arange(grid.size)).items()}
    key = jax.random.key(0)
    bare = jax.jit(jax.vmap(lambda values: task.point(values, solve=task.solve, key=key).values))
    compiled = bare.lower(points).compile()
    alone = best(lambda: jax.block_until_ready(compiled(points)))
    chunks = layout(grid.shape)
    begin = time.perf_counter()
    machine = Machine(Work(task, grid, 0, chunks.points), task.solve)
    compile_time = time.perf_counter() - begin
    memory = best(lambda: sweep.run(task, grid, place=Warm(machine)))
    number = iter(range(100))
    stored = best(lambda: sweep.run(task, grid, folder / f"{next(number)}.zarr", place=Warm(machine)))
    print(f"10^5 points x {len(task.outputs)} observables, one device, after {compile_time:.1f} s of compilation:")
    print(f"  bare vmap {alone:.3f} s; sweep in memory {memory:.3f} s, overhead {memory / alone - 1:+.1%}")
    print(f"  sweep into a store ({chunks.count} chunks) {stored:.3f} s, overhead {stored / alone - 1:+.1%}")


def scaling(folder: Path) -> None:
    """The sweep of kicked films in one process and in two, with and without sorting by cost; joblib over SciPy."""
    grid = sweep.latin_hypercube(RANGES, 16_000, log=("duration",))
    rates = {}
    for name, cost, place in (
        ("one process, unsorted", None, Here()),
        ("one process", by_duration, Here()),
        ("two processes", by_duration, sweep.Processes(2)),
    ):
        timed = Timed(place)
        begin = time.perf_counter()
        found = sweep.run(kicks(cost), grid, folder / f"{name}.zarr", chunk=1000, place=timed)
        whole = time.perf_counter() - begin
        rates[name] = timed.rate(2)
        print(f"  {name}: {rates[name]:.0f} runs/s ({whole:.1f} s with start and compilation)")
    steps = found["steps"].values
    print(
        f"  steps a run: {steps.min():.0f} to {steps.max():.0f}, mean {steps.mean():.0f}; "
        f"failed {int((found['status'] != 0).sum())}"
    )
    print(f"  two processes / one: {rates['two processes'] / rates['one process']:.2f}")
    print(f"  sorted by cost / unsorted: {rates['one process'] / rates['one process, unsorted']:.2f}")
    some = grid.points(np.arange(0, grid.size, 80))
    runs = list(zip(some["j"], some["alpha"], some["duration"], strict=True))
    with joblib.Parallel(n_jobs=2) as parallel:
        parallel(joblib.delayed(with_scipy)(*run) for run in runs[:4])  # its processes start
        begin = time.perf_counter()
        peer = parallel(joblib.delayed(with_scipy)(*run) for run in runs)
        rate = len(runs) / (time.perf_counter() - begin)
    off = np.abs(np.array(peer) - found["m_z"].values[::80])
    print(
        f"  joblib {version('joblib')} over SciPy {version('scipy')}, 2 processes: {rate:.0f} runs/s; "
        f"two processes of ours / that: {rates['two processes'] / rate:.0f}"
    )
    print(f"  difference of m_z: median {np.median(off):.1e}, largest {off.max():.1e}")


def two_thousand(folder: Path) -> None:
    """2000 kicked films whose steps vary widely."""
    grid = sweep.latin_hypercube(RANGES, 2000, log=("duration",))
    timed = Timed(Here())
    begin = time.perf_counter()
    found = sweep.run(kicks(by_duration), grid, folder / "2000.zarr", place=timed)
    steps = found["steps"].values
    print(
        f"2000 runs, {steps.min():.0f} to {steps.max():.0f} steps: {time.perf_counter() - begin:.1f} s with "
        f"compilation, {timed.rate(1):.0f} runs/s"
    )


def million(folder: Path) -> None:
    """10^6 points of the cheap model: peak memory; and how long it takes to see that there is nothing left to do."""
    task = sweep.observe(load("ferrimagnet"))
    axes = {"delta": np.linspace(0.02, 0.06, 1000), "layer_thickness": np.linspace(0.5e-9, 2e-9, 1000)}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begin = time.perf_counter()
    sweep.run(task, sweep.product(axes), folder / "million.zarr", place=Here())
    took = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = sum(file.stat().st_size for file in (folder / "million.zarr").rglob("*") if file.is_file()) / 2**20
    print(
        f"10^6 points x {len(task.outputs)}: {took:.1f} s with compilation; peak memory {peak:.0f} MiB, "
        f"{before:.0f} MiB before; store {size:.0f} MiB"
    )
    again = best(lambda: sweep.run(task, sweep.product(axes), folder / "million.zarr"), 3)
    print(f"  the same again, nothing left to do: {again:.2f} s")


CASES = {"million": million, "overhead": overhead, "2000 runs": two_thousand, "16000 runs": scaling}

if __name__ == "__main__":
    print(f"jax {jax.__version__}, {jax.devices()[0].device_kind}")
    with tempfile.TemporaryDirectory() as temporary:
        for name, case in CASES.items():
            if sys.argv[1:] and name not in sys.argv[1:]:
                continue
            here = Path(temporary) / name
            here.mkdir()
            case(here)
