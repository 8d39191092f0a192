"""Transport: spectrum of a disordered strip against Kwant; cost of the Floquet engine with harmonics and with sites.

    python benchmarks/bench_transport.py

The strip is 30 x 30 with a number for the hopping of its leads, energies in one batch. Kwant solves one energy after
the other, by whatever sparse solver it has (MUMPS if it was built with it); all agree to 1e-8. The other is
scipy's sparse LU with self-energies made before. Compilation is timed apart; times are the least of three.
"""

import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse as sparse
from scipy.sparse.linalg import splu

from jaxspin.transport import Chain, Driven, Wire, layered_transmission, layers, level_drive, network, transmission_at

jax.config.update("jax_enable_x64", True)

SIDE, ENERGIES = 30, np.linspace(-3.0, 3.0, 32)
DISORDER = np.random.default_rng(0).uniform(-0.5, 0.5, (SIDE, SIDE))
CELL = -(np.eye(SIDE, k=1) + np.eye(SIDE, k=-1))


def strip():
    """The network, site (x, y) numbered x SIDE + y."""
    site = lambda x, y: x * SIDE + y
    hop = [(site(x + 1, y), site(x, y), -1.0) for x in range(SIDE - 1) for y in range(SIDE)]
    hop += [(site(x, y + 1), site(x, y), -1.0) for x in range(SIDE) for y in range(SIDE - 1)]
    ends = [Wire(range(SIDE), CELL, -1.0), Wire(range((SIDE - 1) * SIDE, SIDE**2), CELL, -1.0)]
    return network(list(DISORDER.ravel()), hop, ends)


def kwant_spectrum() -> Callable[[], np.ndarray]:
    """The same by Kwant; not to be called before `find_spec("kwant")`."""
    import kwant

    lat = kwant.lattice.square(norbs=1)
    system = kwant.Builder()
    for x in range(SIDE):
        for y in range(SIDE):
            system[lat(x, y)] = DISORDER[x, y]
    system[lat.neighbors()] = -1.0
    lead = kwant.Builder(kwant.TranslationalSymmetry((-1, 0)))
    lead[(lat(0, y) for y in range(SIDE))] = 0.0
    lead[lat.neighbors()] = -1.0
    system.attach_lead(lead)
    system.attach_lead(lead.reversed())
    finished = system.finalized()
    return lambda: np.array([kwant.smatrix(finished, energy).transmission(1, 0) for energy in ENERGIES])


def scipy_spectrum(net) -> Callable[[], np.ndarray]:
    """The same by sparse LU factors of E - H - Sigma, with self-energies made before."""
    matrix = sparse.csc_matrix(np.asarray(net.hamiltonian))
    sigmas = [np.asarray(net.leads[0].self_energy(energy, 1)) for energy in ENERGIES]
    first, last = slice(0, SIDE), slice(SIDE**2 - SIDE, SIDE**2)

    def one(energy, sigma):
        ends = sparse.lil_matrix((SIDE**2, SIDE**2), dtype=complex)
        ends[first, first] = ends[last, last] = sigma
        right = np.zeros((SIDE**2, SIDE), dtype=complex)
        right[first] = np.eye(SIDE)
        green = splu((energy * sparse.eye(SIDE**2) - matrix - ends).tocsc()).solve(right)[last]
        gamma = 1j * (sigma - sigma.conj().T)
        return np.trace(gamma @ green @ gamma @ green.conj().T).real

    return lambda: np.array([one(energy, sigma) for energy, sigma in zip(ENERGIES, sigmas, strict=True)])


def least(run: Callable[[], object], repeats: int = 3) -> float:
    """The least time of a call [s]."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        jax.block_until_ready(run())
        times.append(time.perf_counter() - start)
    return min(times)


def spectrum() -> None:
    """Time per energy of a transmission spectrum, and its ratio to the peer's."""
    net = strip()
    cut = layers(net)
    ours = jax.jit(jax.vmap(lambda energy: layered_transmission(cut, energy)))
    energies = jnp.asarray(ENERGIES)
    start = time.perf_counter()
    values = np.asarray(ours(energies))
    compiling = time.perf_counter() - start
    mine = least(lambda: ours(energies)) / len(ENERGIES)
    print(
        f"strip {SIDE} x {SIDE}, {len(ENERGIES)} energies: {1e3 * mine:.2f} ms an energy (first call {compiling:.1f} s)"
    )
    peers = {"scipy sparse LU": scipy_spectrum(net)}
    if find_spec("kwant") is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            peers["Kwant"] = kwant_spectrum()
    for name, peer in peers.items():
        deviation = np.max(np.abs(peer() - values))
        theirs = least(peer, 2) / len(ENERGIES)
        print(f"  {name}: {1e3 * theirs:.2f} ms, ratio {theirs / mine:.2f}, largest deviation {deviation:.1e}")


def ladder(sites: int, driven: int) -> Driven:
    """A chain of sites, the middle ones driven with phases."""
    hop = [(i + 1, i, 0.9) for i in range(sites - 1)]
    drives = [level_drive(sites // 2 + k, 0.3, phase=0.5 * k) for k in range(driven)]
    return Driven(network([0.1] * sites, hop, [Chain(0), Chain(sites - 1)]), 0.4, drives)


def fitted_power(name: str, sizes: list[int], make: Callable[[int], tuple[Driven, int]]) -> None:
    """Time per energy against a size, and the power that fits the last three."""
    energies = jnp.linspace(-1.9, 1.9, 64)
    times = []
    for size in sizes:
        driven, n_max = make(size)
        run = jax.jit(lambda e, d=driven, n=n_max: jax.vmap(lambda one: transmission_at(d, one, n))(e))
        jax.block_until_ready(run(energies))
        times.append(least(lambda run=run: run(energies)) / len(energies))
    power = np.polyfit(np.log(sizes[-3:]), np.log(times[-3:]), 1)[0]
    listed = ", ".join(f"{size}: {1e6 * each:.0f}" for size, each in zip(sizes, times, strict=True))
    print(f"{name}: microseconds an energy {listed}; power {power:.2f}")


def main() -> None:
    spectrum()
    fitted_power("photons n_max (4 sites, 1 driven)", [8, 16, 32, 64], lambda n: (ladder(4, 1), n))
    fitted_power("sites (n_max 8, 1 driven)", [8, 16, 32, 64], lambda n: (ladder(n, 1), 8))
    fitted_power("driven sites (40 sites, n_max 8)", [2, 4, 8, 16], lambda n: (ladder(40, n), 8))


if __name__ == "__main__":
    main()
