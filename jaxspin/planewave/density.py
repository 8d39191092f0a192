"""The electron density on the grid: from orbitals, symmetrised in reciprocal space, and from atoms to start with.

Hartree atomic units: densities in 1/bohr^3.
"""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from jaxspin.planewave.basis import Basis, grid_vectors
from jaxspin.planewave.hamiltonian import to_grid
from jaxspin.planewave.model import KohnSham


def density(
    model: KohnSham,
    basis: Basis,
    orbitals: Complex[Array, "k bands spins waves"],
    occupations: Float[Array, "k bands"],
) -> Float[Array, "n1 n2 n3"]:
    """n(r) = sum_k w_k sum_b f_kb |psi_kb(r)|^2/volume, with the symmetry of the k mesh."""
    points = math.prod(basis.grid)

    def add(total: Array, each: tuple[Array, Array, Array]) -> tuple[Array, None]:
        waves, index, weights = each
        field = to_grid(waves, index, basis.grid)
        return total + jnp.einsum("b,bsxyz->xyz", weights, field.real**2 + field.imag**2), None

    weights = basis.weights[:, None] * occupations
    total, _ = jax.lax.scan(add, jnp.zeros(basis.grid), (orbitals, basis.index, weights))
    return symmetrised(total * points**2 / model.crystal.volume, basis)


def symmetrised(field: Float[Array, "n1 n2 n3"], basis: Basis) -> Float[Array, "n1 n2 n3"]:
    """The average of a field on the grid over the operations of the basis, inside the sphere of the density."""
    waves = jnp.fft.fftn(field).reshape(-1)
    total, _ = jax.lax.scan(
        lambda sum, each: (sum + each[1] * waves[each[0]], None), jnp.zeros_like(waves), (basis.images, basis.phases)
    )
    return jnp.fft.ifftn((total / len(basis.images)).reshape(field.shape)).real


def atomic_density(model: KohnSham, basis: Basis) -> Float[Array, "n1 n2 n3"]:
    """A superposition of Gaussian atoms with the charge of their cores, where self-consistency starts."""
    crystal = model.crystal
    vectors = grid_vectors(crystal, basis.grid)
    g2 = jnp.sum(vectors**2, axis=-1)
    total = jnp.zeros(basis.grid, complex)
    for position, charge in zip(crystal.cartesian, model.charges, strict=True):
        width = _WIDTH / charge ** (1 / 3)
        total = total + charge * jnp.exp(-g2 * width**2 / 2 - 1j * (vectors @ position))
    return symmetrised(jnp.fft.ifftn(total * (math.prod(basis.grid) / crystal.volume)).real, basis)


# Standard deviation of a starting atom with one valence electron [bohr]; others are smaller as in Thomas and Fermi's
# theory. It gives S and Se 1.3, Mo and W with their semicore shells 1.0 bohr, which saves a quarter of the steps.
_WIDTH = 2.35
