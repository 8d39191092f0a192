"""The total energy, one function of model, orbitals and occupations, and its terms; potentials are their derivatives.

Forces and stress are derivatives of `total_energy` at fixed orbitals (Hellmann-Feynman). Hartree atomic units.
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float

from jaxspin.planewave.basis import Basis, Grid, grid_vectors
from jaxspin.planewave.crystal import Crystal
from jaxspin.planewave.density import density
from jaxspin.planewave.hamiltonian import coupling, product, projectors
from jaxspin.planewave.hartree import hartree_energy
from jaxspin.planewave.model import KohnSham
from jaxspin.planewave.pseudopotential import short_of_square


class Energies(eqx.Module):
    """The terms of the total energy of a cell [hartree]."""

    kinetic: Float[Array, ""]
    nonlocal_part: Float[Array, ""]
    local: Float[Array, ""]
    hartree: Float[Array, ""]
    exchange_correlation: Float[Array, ""]
    ewald: Float[Array, ""]
    smearing: Float[Array, ""]

    @property
    def total(self) -> Float[Array, ""]:
        """Their sum."""
        return sum(jax.tree.leaves(self), jnp.array(0.0))


def total_energy(
    model: KohnSham,
    basis: Basis,
    orbitals: Complex[Array, "k bands spins waves"],
    occupations: Float[Array, "k bands"],
    smearing: Float[ArrayLike, ""] = 0.0,
) -> Energies:
    """The Kohn-Sham energy of orthonormal orbitals; differentiable in the model and the orbitals.

    Arguments:
        model, basis: as everywhere.
        orbitals: orthonormal at every k.
        occupations: electrons in each, at most 2 without spin, 1 for spinors.
        smearing: the energy -T S of the occupations [hartree].
    """
    return energies_with(model, basis, orbitals, occupations, density(model, basis, orbitals, occupations), smearing)


def energies_with(
    model: KohnSham,
    basis: Basis,
    orbitals: Complex[Array, "k bands spins waves"],
    occupations: Float[Array, "k bands"],
    n: Float[Array, "n1 n2 n3"],
    smearing: Float[ArrayLike, ""],
) -> Energies:
    """`total_energy` where the density of the orbitals is known."""
    return Energies(
        *_one_body(model, basis, orbitals, occupations),
        *_of_density(model, n),
        model.coulomb.of_cores(model.crystal, jnp.array(model.charges, dtype=float)),
        jnp.asarray(smearing, dtype=float),
    )


def effective_potential(model: KohnSham, n: Float[Array, "n1 n2 n3"]) -> Float[Array, "n1 n2 n3"]:
    """Local, Hartree and exchange-correlation potential of a density: the derivative of their energies [hartree]."""
    return jax.grad(lambda n: sum(_of_density(model, n)))(n) * (n.size / model.crystal.volume)


def exchange_correlation_energy(model: KohnSham, n: Float[Array, "n1 n2 n3"]) -> Float[Array, ""]:
    """Integral of the functional's energy density over the cell, gradients by Fourier transform [hartree]."""
    sigma = jnp.zeros_like(n)
    if model.functional.needs_gradient:
        waves = jnp.fft.fftn(n)[..., None]
        gradient = jnp.fft.ifftn(1j * _odd_vectors(model.crystal, _grid(n)) * waves, axes=(0, 1, 2)).real
        sigma = jnp.sum(gradient**2, axis=-1)
    return jnp.sum(model.functional.energy_density(n, sigma)) * (model.crystal.volume / n.size)


def local_energy(model: KohnSham, n: Float[Array, "n1 n2 n3"]) -> Float[Array, ""]:
    """Energy of the density in the local part of the pseudopotentials [hartree]."""
    return jnp.sum(external_potential(model, _grid(n)) * n) * (model.crystal.volume / n.size)


def external_potential(model: KohnSham, grid: Grid) -> Float[Array, "n1 n2 n3"]:
    """The local part of all pseudopotentials on the grid [hartree]."""
    crystal = model.crystal
    vectors = grid_vectors(crystal, grid)
    g2 = jnp.sum(vectors**2, axis=-1)
    waves = jnp.zeros(grid, complex)
    for pseudo in model.pseudopotentials:
        atoms = [i for i, element in enumerate(crystal.species) if element == pseudo.element]
        structure = sum((jnp.exp(-1j * vectors @ crystal.cartesian[i]) for i in atoms), jnp.zeros(grid, complex))
        core = pseudo.charge * model.coulomb.kernel(vectors, crystal, pseudo.r_local)
        waves = waves + (short_of_square(pseudo, g2) - core) * structure
    return jnp.fft.ifftn(waves).real * (math.prod(grid) / crystal.volume)


def _of_density(model: KohnSham, n: Array) -> tuple[Array, Array, Array]:
    kernel = model.coulomb.kernel(grid_vectors(model.crystal, _grid(n)), model.crystal)
    hartree = hartree_energy(n, kernel, model.crystal.volume)
    return local_energy(model, n), hartree, exchange_correlation_energy(model, n)


def _grid(n: Array) -> Grid:
    return n.shape[0], n.shape[1], n.shape[2]


def _one_body(model: KohnSham, basis: Basis, orbitals: Array, occupations: Array) -> tuple[Array, Array]:
    """Kinetic energy and that of the separable part."""
    weights = basis.weights[:, None] * occupations
    square = jnp.sum(basis.wave_vectors(model.crystal) ** 2, axis=-1)
    probability = jnp.sum(orbitals.real**2 + orbitals.imag**2, axis=2)
    kinetic = 0.5 * jnp.einsum("kb,kbw,kw->", weights, probability, square)
    matrix = coupling(model)

    def separable(each: tuple[Array, Array, Array]) -> Array:
        p, waves, weight = each
        bands, spins, _ = waves.shape
        overlaps = product(waves.reshape(bands * spins, -1), jnp.conj(p).T).reshape(bands, spins, -1)
        overlaps = overlaps.transpose(0, 2, 1).reshape(bands, -1)
        return jnp.einsum("b,bi,ij,bj->", weight, overlaps.conj(), matrix, overlaps).real

    return kinetic, jnp.sum(jax.lax.map(separable, (projectors(model, basis), orbitals, weights)))


def _odd_vectors(crystal: Crystal, grid: Grid) -> Float[Array, "n1 n2 n3 3"]:
    """Reciprocal vectors for derivatives: zero at the edge of an even grid, where +G and -G are the same point."""
    vectors = grid_vectors(crystal, grid)
    for axis, points in enumerate(grid):
        if points % 2 == 0:
            inside = np.arange(points) != points // 2
            vectors = vectors * np.expand_dims(inside, tuple(i for i in range(4) if i != axis))
    return vectors
