"""Speed of micromagnetics on one core: standard problem 4 against NeuralMag and magnum.np, and cost per cell.

    python benchmarks/bench_micromagnetics.py [--peers PYTHON] [--duration 1.0] [--sizes 100x25 250x62] [--cells]

PYTHON is the interpreter of an environment that has NeuralMag and magnum.np (or the variable JAXSPIN_PEERS_PYTHON). All
start from the same uniform state in field 1, in double precision, with the same relative and absolute tolerance, on one
thread; times are of the CPU, which other processes disturb least, compilation apart. Of larger films than 100 x 25 a
part of the duration is run, the shorter the more cells.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false " + os.environ.get("XLA_FLAGS", "")

import jax
import numpy as np

from jaxspin.core import Solve, Status
from jaxspin.micromagnetics.demagnetization import VACUUM_PERMEABILITY, Demagnetization
from jaxspin.micromagnetics.evolve import evolve
from jaxspin.micromagnetics.exchange import Exchange
from jaxspin.micromagnetics.llg import magnetization_rate
from jaxspin.micromagnetics.mesh import Mesh
from jaxspin.micromagnetics.sublattice import Sublattice
from jaxspin.micromagnetics.system import System
from jaxspin.micromagnetics.zeeman import Zeeman

jax.config.update("jax_enable_x64", True)

PEERS = {"neuralmag": "NeuralMag", "magnumnp": "magnum.np"}
RTOL = 1e-5  # the default of both peers
START = (0.995, 0.0995, 0.0)


def film(nx: int, ny: int) -> System:
    """Standard problem 4, field 1."""
    mesh = Mesh((nx, ny, 1), (500e-9 / nx, 125e-9 / ny, 3e-9))
    terms = [Exchange(1.3e-11), Demagnetization(mesh), Zeeman((-24.6e-3, 4.3e-3, 0.0))]
    return System(mesh, Sublattice(8e5, 0.02, 2.211e5 / VACUUM_PERMEABILITY), terms)


def evaluation(system: System) -> float:
    """CPU seconds of dm/dt in a compiled loop, as in a run, the least of three averages."""
    m = system.uniform(START)
    loop = max(1, 100_000 // m.size)
    again = jax.jit(lambda s, m: jax.lax.fori_loop(0, loop, lambda _, m: m + 1e-30 * magnetization_rate(s, m), m))
    run = lambda: jax.block_until_ready(again(system, m))
    run()
    found = []
    for _ in range(3):
        begin, count = time.process_time(), 0
        while time.process_time() - begin < 0.5:
            run()
            count += 1
        found.append((time.process_time() - begin) / (count * loop))
    return min(found)


def reversal(system: System, duration: float) -> tuple[float, float, int]:
    """CPU seconds to compile, then to run; evaluations of the field."""
    solve = Solve(rtol=RTOL, atol=RTOL, max_steps=1_000_000)
    spent = []
    for nanoseconds in (1e-7, duration):  # the first compiles
        begin = time.process_time()
        times = np.array([0, nanoseconds * 1e-9])
        run = evolve(system, system.uniform(START), times, solve=solve)
        jax.block_until_ready(run)
        spent.append(time.process_time() - begin)
        assert run.status == Status.OK
    return spent[0], spent[1], int(run.evaluations)


def peer(python: str, name: str, nx: int, ny: int, duration: float) -> dict[str, float] | str:
    """What a peer needs, or why it says nothing."""
    script = Path(__file__).with_name("micromagnetics_peers.py")
    command = [python, str(script), name, str(nx), str(ny), str(RTOL), str(duration)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    return json.loads(lines[0][7:]) if lines else (done.stderr.strip().splitlines() or ["no result"])[-1]


def compare(sizes: list[tuple[int, int]], duration: float, python: str | None) -> None:
    """The film, size by size."""
    for nx, ny in sizes:
        system, cells = film(nx, ny), nx * ny
        own, part = evaluation(system), duration * min(1.0, 2500 / cells)
        print(f"{nx} x {ny}: jaxspin {cells / own / 1e6:.2f}e6 cell evaluations/s", end="", flush=True)
        compiled, spent, count = reversal(system, part)
        print(f", {part:g} ns in {spent:.1f} s ({count} evaluations; compilation {compiled:.1f} s)", flush=True)
        for name, title in PEERS.items() if python else ():
            found = peer(python, name, nx, ny, part)
            if isinstance(found, str):
                print(f"  {title}: {found}")
                continue
            text = f"  {title}: {cells / found['evaluation'] / 1e6:.2f}e6 cell evaluations/s, jaxspin is "
            text += f"{found['evaluation'] / own:.2f} times as fast"
            text += f"; {part:g} ns in {found['run']:.1f} s, jaxspin {found['run'] / spent:.2f} times as fast"
            print(text, flush=True)


def cost_per_cell() -> None:
    """Square films from 1e4 to 1e6 cells."""
    for n in (100, 320, 1000):
        mesh = Mesh((n, n, 1), (2e-9, 2e-9, 3e-9))
        system = System(mesh, Sublattice(8e5, 0.02), [Exchange(1.3e-11), Demagnetization(mesh)])
        print(f"{n * n:8d} cells: {evaluation(system) / (n * n) * 1e9:.0f} ns a cell and evaluation", flush=True)


def main() -> None:
    """Run what was asked for and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--peers", default=os.environ.get("JAXSPIN_PEERS_PYTHON"), help="Python that has the peers")
    parser.add_argument("--duration", type=float, default=1.0, help="simulated time [ns]")
    parser.add_argument("--sizes", nargs="*", default=["100x25", "250x62", "500x125"], help="cells of the film")
    parser.add_argument("--cells", action="store_true", help="cost per cell from 1e4 to 1e6 cells instead")
    given = parser.parse_args()
    print(f"jax {jax.__version__}, one thread, double precision, tolerance {RTOL:g}; times of the CPU")
    if given.cells:
        return cost_per_cell()
    if not given.peers:
        print("No peers: give --peers PYTHON with NeuralMag 1.0 and magnum.np 2.2 installed. OOMMF is not run at all.")
    compare([tuple(map(int, size.split("x"))) for size in given.sizes], given.duration, given.peers)


if __name__ == "__main__":
    sys.exit(main())
