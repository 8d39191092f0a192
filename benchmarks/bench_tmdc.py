"""Dichalcogenide layers: bands and spin of 22 states on many k, against PythTB and NumPy; gradient of a band fit.

    python benchmarks/bench_tmdc.py [points]

NumPy: phases, one product with the hopping matrices, one batched `eigh` of 22 x 22, spins by einsum, in chunks that fit
the cache. PythTB (used where it is installed): the same model, `solve_all` with eigenvectors, on a hundredth of the
points, and spins. Compilation is timed apart; the least of three runs counts. The fit: sum of squares of the 22 bands
at 500 k over all 42 parameters, value and gradient against value alone.
"""

import importlib
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)

from jaxspin.systems import tmdc  # noqa: E402

POINTS = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
LAYER = tmdc.model("fang-11", "WSe2")
WHOLE = tmdc.joined(LAYER)
FEW = 500
CHUNK = 1000


def timed(run: Callable[[], Any], repeats: int = 3) -> tuple[float, Any]:
    """Least wall time of some runs [s], and what the last returned."""
    spent, found = [], None
    for _ in range(repeats):
        begin = time.perf_counter()
        found = jax.block_until_ready(run())
        spent.append(time.perf_counter() - begin)
    return min(spent), found


def by_numpy(k: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bands (n, 22) [eV] and <sigma_z> (n, 22)."""
    cells = np.asarray(WHOLE.cells) @ np.asarray(WHOLE.lattice)
    blocks, spins = np.asarray(WHOLE.blocks[0]), WHOLE.spins[0].astype(float)
    energies, found = [], []
    for part in np.array_split(k, max(1, len(k) // CHUNK)):
        phases = np.exp(1j * part @ cells.T)
        w, v = np.linalg.eigh((phases @ blocks.reshape(len(blocks), -1)).reshape(-1, 22, 22))
        energies.append(w)
        found.append(np.einsum("s,nsb->nb", spins, np.abs(v) ** 2))
    return np.concatenate(energies), np.concatenate(found)


def pythtb_model() -> Any:
    """The same 22 states as a PythTB model; not to be called before `find_spec("pythtb")`."""
    tb = importlib.import_module("pythtb").tb_model(2, 2, np.asarray(WHOLE.lattice), np.zeros((22, 2)))
    blocks, cells = np.asarray(WHOLE.blocks[0]), np.asarray(WHOLE.cells)
    home = blocks[int(np.flatnonzero((cells == 0).all(axis=1))[0])]
    tb.set_onsite(home.diagonal().real)
    for cell, block in zip(cells, blocks, strict=True):
        if tuple(cell) < (0, 0):
            continue  # the conjugate of -cell
        for i, j in np.argwhere(np.abs(block) > 0):
            if tuple(cell) > (0, 0) or i < j:
                tb.set_hop(block[i, j], int(i), int(j), cell.tolist())
    return tb


def bands_and_spin() -> None:
    """Time for all points, ratios, and largest differences of the bands."""
    k = np.random.default_rng(0).uniform(-2, 2, (POINTS, 2))
    begin = time.perf_counter()
    jax.block_until_ready(tmdc.bands_and_spin(LAYER, k))
    compiled = time.perf_counter() - begin
    own, (energies, _) = timed(lambda: tmdc.bands_and_spin(LAYER, k))
    print(f"Bands and spin on {POINTS} k; jaxspin compiles in {max(compiled - own, 0):.1f} s")
    print(f"{'jaxspin':10}{own:8.2f} s")
    spent, (theirs, _) = timed(lambda: by_numpy(k))
    off = np.max(np.abs(theirs - np.asarray(energies)))
    print(f"{'NumPy':10}{spent:8.2f} s, {spent / own:.1f} times as long (target 1); bands differ by {off:.0e} eV")
    if not find_spec("pythtb"):
        print("PythTB is not installed: left out")
        return
    tb, some = pythtb_model(), k[: max(1, POINTS // 100)]
    reduced = some @ np.asarray(WHOLE.lattice).T / (2 * np.pi)
    spent, (theirs, _) = timed(lambda: _solved(tb, reduced), 1)
    spent *= POINTS / len(some)
    off = np.max(np.abs(theirs.T - np.asarray(energies)[: len(some)]))
    print(f"{'PythTB':10}{spent:8.2f} s, {spent / own:.1f} times as long (target 3); bands differ by {off:.0e} eV")


def _solved(tb: Any, reduced: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    energies, vectors = tb.solve_all(reduced, eig_vectors=True)
    return energies, np.einsum("s,bns->nb", WHOLE.spins[0].astype(float), np.abs(vectors) ** 2)


def gradient() -> None:
    """Value and gradient of a fit of bands, in units of the value alone."""
    params = jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype=float), tmdc.parameters("fang-11", "WSe2"))
    k = np.random.default_rng(1).uniform(-2, 2, (FEW, 2))
    goal = tmdc.bands(tmdc.model("jaxspin-11", "WSe2"), k)
    misfit = lambda params: jnp.sum((tmdc.bands(tmdc.eleven_band(params), k) - goal) ** 2)
    forward, both = jax.jit(misfit), jax.jit(jax.value_and_grad(misfit))
    begin = time.perf_counter()
    jax.block_until_ready((forward(params), both(params)))
    print(f"Fit of bands at {FEW} k; both compile in {time.perf_counter() - begin:.1f} s")
    once, _ = timed(lambda: forward(params), 10)
    twice, _ = timed(lambda: both(params), 10)
    print(f"value {1e3 * once:.1f} ms, with gradient {1e3 * twice:.1f} ms: {twice / once:.1f} values (target 4)")


if __name__ == "__main__":
    bands_and_spin()
    gradient()
