"""The pumped current over Fermi energy and flux, figure 2(b) of the spin pump's paper, against NumPy.

    python benchmarks/bench_spin_pump.py

200 x 200 points, both spins, currents good to 1e-8. NumPy inverts the Floquet matrix of the four sites and all
sidebands, in batches of energies, for both directions at once. It gets the energies that jaxspin's adaptive integral
ended with, so that its integrals are as accurate, and does not pay for finding them; it is timed on some of the fluxes.
All Fermi energies come from one integral over the band in both. Compilation is timed apart.
"""

import time

import jax
import jax.numpy as jnp
import numpy as np

from jaxspin.core import Solve, replace
from jaxspin.numerics import gauss_kronrod
from jaxspin.systems import spin_pump
from jaxspin.systems.spin_pump import Ring, pumping

jax.config.update("jax_enable_x64", True)

POINTS, FEW = 200, 4  # along each axis; fluxes on which NumPy is timed
PHI_SO = 0.1
ACCURATE = Solve(rtol=1e-14, atol=1e-8)
RING = Ring(phi_so=PHI_SO)
PHOTONS = int(spin_pump.harmonics_needed(RING.drive, RING.frequency, ACCURATE.atol))
ENERGIES = np.linspace(-1.0, 1.0, POINTS)
FLUXES = np.linspace(0.0, 1.0, POINTS, endpoint=False) + 0.5 / POINTS


@jax.jit
def jaxspin_map(fluxes: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    """I_up and I_down, (fluxes, energies) each, and evaluations at every flux."""

    def at(flux):
        ring = replace(RING, {"phi_ab": flux})
        found = spin_pump.currents_against_fermi_energy(ring, ENERGIES, n_max=PHOTONS, solve=ACCURATE)
        return found.up, found.down, found.evaluations

    return jax.lax.map(at, fluxes, batch_size=8)


@jax.jit
def energies_and_jacobians(phi: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Nodes of the panels of one spin up to the largest Fermi energy, and dx/d(node in (-1, 1)), (panels, 15) each."""
    marks = jnp.clip(pumping.singularities(RING, phi, PHOTONS), -2.0, ENERGIES[-1])
    edges = jnp.sort(jnp.concatenate([marks, jnp.array([-2.0, ENERGIES[-1]])]))
    full = replace(RING, {"fermi_energy": 4.0})
    panels = edges.size + 64
    slots, *_ = gauss_kronrod.choose(edges, pumping.occupied, (full, phi, PHOTONS), panels, ACCURATE)
    x, jacobian = gauss_kronrod.nodes(edges, slots)
    return x, jacobian


def floquet_currents(phi: float, energies: np.ndarray) -> np.ndarray:
    """Sum over n of T_RL^(n) - T_LR^(n) at many energies, by the inverse over sites -1, 0, 1, dot and sidebands."""
    sidebands = np.arange(-PHOTONS, PHOTONS + 1)
    M = sidebands.size
    at = energies[:, None] + sidebands * float(RING.frequency)
    root = np.sqrt(4 - at.astype(complex) ** 2)
    sigma = np.where(np.abs(at) < 2, (at - 1j * root) / 2, (at - np.sign(at) * np.sqrt(np.abs(at**2 - 4))) / 2)
    V = float(RING.coupling)
    H = np.zeros((4, 4), complex)
    H[0, 1] = H[1, 2] = 1
    H[0, 3], H[2, 3] = V * np.exp(2j * np.pi * phi), V
    H = H + H.conj().T
    system = np.zeros((energies.size, M, 4, M, 4), complex)
    for n in range(M):
        system[:, n, :, n, :] = at[:, n, None, None] * np.eye(4) - H
        system[:, n, 0, n, 0] -= sigma[:, n]
        system[:, n, 2, n, 2] -= sigma[:, n]
        if n:
            system[:, n, 3, n - 1, 3] = system[:, n - 1, 3, n, 3] = -float(RING.drive) / 2
    green = np.linalg.inv(system.reshape(energies.size, 4 * M, 4 * M)).reshape(energies.size, M, 4, M, 4)
    gamma = -sigma.imag
    right = np.abs(green[:, :, 2, PHOTONS, 0]) ** 2
    left = np.abs(green[:, :, 0, PHOTONS, 2]) ** 2
    return np.sum(4 * gamma * gamma[:, PHOTONS, None] * (right - left), axis=1)


def numpy_total(phi: float, nodes: np.ndarray, jacobian: np.ndarray) -> float:
    """The integral up to the largest Fermi energy; the others are partial sums of the same values."""
    used = jacobian[:, 0] > 0
    values = np.concatenate([floquet_currents(phi, batch) for batch in np.array_split(nodes[used].ravel(), 8)])
    return float(np.sum(values.reshape(-1, 15) * jacobian[used] * gauss_kronrod.KRONROD))


def clock() -> np.ndarray:
    """Wall time, and time that all cores spent on this process [s]."""
    return np.array([time.perf_counter(), time.process_time()])


def main() -> None:
    """Run both and print."""
    print(f"jax {jax.__version__} on {jax.devices()[0].platform}; {POINTS} x {POINTS}, both spins, n_max = {PHOTONS}")
    fluxes = jnp.asarray(FLUXES)
    begin = time.perf_counter()
    compiled = jaxspin_map.lower(fluxes).compile()
    print(f"jaxspin compiles in {time.perf_counter() - begin:.1f} s")
    begin = clock()
    up, down, evaluations = jax.block_until_ready(compiled(fluxes))
    own = clock() - begin
    print(
        f"jaxspin: {own[0]:.2f} s, {own[1]:.2f} s of all cores; {np.mean(evaluations):.0f} evaluations a flux for "
        f"{2 * POINTS} currents"
    )
    spent, off, used = np.zeros(2), 0.0, 0
    for index in np.linspace(10, POINTS - 10, FEW, dtype=int):
        for spin, current in ((1, up), (-1, down)):
            phi = float(FLUXES[index] + spin * PHI_SO)
            nodes, jacobian = (np.asarray(each) for each in energies_and_jacobians(phi))
            begin = clock()
            total = numpy_total(phi, nodes, jacobian)
            spent += clock() - begin
            used += int(np.sum(jacobian[:, 0] > 0)) * 15
            off = max(off, abs(total - float(current[index, -1])))
    spent *= POINTS / FEW
    print(
        f"NumPy: {spent[0]:.1f} s, {spent[1]:.1f} s of all cores; {FEW} fluxes, {used / FEW:.0f} evaluations each, "
        f"times {POINTS // FEW}"
    )
    print(
        f"{spent[0] / own[0]:.0f} times as long (target 10), {spent[1] / own[1]:.0f} times by time of cores; currents "
        f"differ by {off:.0e}"
    )


if __name__ == "__main__":
    main()
