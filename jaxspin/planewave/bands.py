"""States at any k point in the potential of a given density, bands along a path, energies with derivatives.

Hartree atomic units.
"""

import itertools
from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float

from jaxspin.planewave.basis import Basis
from jaxspin.planewave.eigensolver import Bands
from jaxspin.planewave.energy import effective_potential
from jaxspin.planewave.hamiltonian import hamiltonian
from jaxspin.planewave.model import KohnSham
from jaxspin.planewave.scf import solve_bands, start_orbitals
from jaxspin.planewave.second_variation import second_variation
from jaxspin.planewave.spin_texture import spin


class BandStructure(NamedTuple):
    """Bands along a path: k points, fractional (k, 3); energies (k, bands) [hartree]; spins (k, bands, 3) of spinors.

    `residuals` (k,) are the largest of the eigensolver at each k [hartree]; energies are good to their square over the
    distance of the bands.
    """

    kpoints: Float[Array, "k 3"]
    energies: Float[Array, "k bands"]
    spins: Float[Array, "k bands 3"] | None
    residuals: Float[Array, " k"]


@eqx.filter_jit
def states(
    model: KohnSham,
    basis: Basis,
    density: Float[Array, "n1 n2 n3"],
    bands: int,
    *,
    start: Complex[Array, "k states spins waves"] | None = None,
    spare: int = 4,
    tolerance: float = 1e-6,
    max_steps: int = 60,
) -> Bands:
    """The lowest states at every k point of a basis, in the potential of a density that stays as it is.

    Arguments:
        model: with or without spin-orbit coupling.
        basis: at the k points wanted, see `Basis.at`.
        density: self-consistent, on the grid of the basis [1/bohr^3].
        bands: how many.
        start: orbitals near them, `bands` or a few more; by default the states of the shortest waves.
        spare: further bands that take part and are not returned, where `start` is not given.
        tolerance: of the residuals [hartree]; energies are good to its square.
        max_steps: of the eigensolver; `residuals` tell where it was not enough.

    Returns:
        `Bands`, with the k axis in front.
    """
    potential = effective_potential(model, density)
    if start is None:
        start = start_orbitals(model, basis, potential, bands + spare)
    found = solve_bands(model, basis, potential, start, bands, tolerance, max_steps)
    return Bands(found.orbitals[:, :bands], found.energies[:, :bands], found.residuals[:, :bands], found.steps)


def band_structure(
    model: KohnSham,
    basis: Basis,
    density: Float[Array, "n1 n2 n3"],
    kpoints: Float[ArrayLike, "k 3"],
    bands: int = 40,
    *,
    tolerance: float = 1e-5,
    progress: Callable[[int, int], object] = lambda done, of: None,
) -> BandStructure:
    """Bands at many k points, one after the other; not under `jit`.

    Arguments:
        model: with a spin_orbit strength, the scalar-relativistic bands are coupled by `second_variation`.
        basis: of the density.
        density: self-consistent [1/bohr^3].
        kpoints: fractional, such as `path` makes them.
        bands: scalar-relativistic bands; twice as many spinors result.
        tolerance: of the residuals [hartree].
        progress: called with the k points done and their number.
    """
    points = np.atleast_2d(np.asarray(kpoints, dtype=float))
    line = basis.at(points, model.crystal)
    scalar = model.with_spin_orbit(None)
    energies, spins, residuals = [], [], []
    for number in range(len(points)):
        here = line.only(number)
        found = states(scalar, here, density, bands, tolerance=tolerance)
        residuals.append(jnp.max(found.residuals))
        if model.spin_orbit is None:
            energies.append(found.energies[0])
        else:
            spinors = second_variation(model, here, found)
            energies.append(spinors.energies[0])
            spins.append(spin(spinors.amplitudes[0]))
        progress(number + 1, len(points))
    texture = jnp.stack(spins) if spins else None
    return BandStructure(jnp.asarray(points), jnp.stack(energies), texture, jnp.stack(residuals))


def energies_of(
    model: KohnSham,
    basis: Basis,
    density: Float[Array, "n1 n2 n3"],
    orbitals: Complex[Array, "k bands spins waves"],
) -> Float[Array, "k bands"]:
    """Expectation values of the Hamiltonian in given states [hartree].

    For eigenstates of `model` in `density` these are their energies, and the derivatives with respect to the model and
    the density are those of the energies (Hellmann-Feynman), as long as a state is not degenerate; of a degenerate
    level, take the average. The orbitals have no derivative of their own.
    """
    orbitals = jax.lax.stop_gradient(orbitals)
    h = hamiltonian(model, basis, effective_potential(model, density))

    def at(each: tuple[Array, Array]) -> Array:
        k, x = each
        return jnp.sum(x.conj() * h.at(k)(x), axis=(1, 2)).real

    return jax.lax.map(at, (jnp.arange(len(orbitals)), orbitals))


def path(corners: Float[ArrayLike, "c 3"], spacing: float, basis_vectors: Float[ArrayLike, "3 3"]) -> np.ndarray:
    """k points from corner to corner, fractional, `spacing` [1/bohr] apart at most; `basis_vectors`: `reciprocal`."""
    corners = np.asarray(corners, dtype=float)
    points = [corners[:1]]
    for start, end in itertools.pairwise(corners):
        steps = max(1, int(np.ceil(np.linalg.norm((end - start) @ np.asarray(basis_vectors)) / spacing)))
        points.append(start + (end - start) * np.arange(1, steps + 1)[:, None] / steps)
    return np.concatenate(points)
