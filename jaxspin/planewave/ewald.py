"""Electrostatic energy of point charges in a uniform background: Ewald's sum over real and reciprocal lattice.

Hartree atomic units. Both sums run over fixed boxes of lattice vectors, and the splitting between them follows the
lattice so that what is left out of either is below rounding. So the energy is a smooth function of lattice, positions
and charges, under `jit` and `vmap` as well.
"""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Float

from jaxspin.planewave.crystal import Crystal

_TAIL = 6.2  # erfc(6.2) and exp(-6.2^2) are 1e-17
_NEAR, _FAR = 9, 20  # lattice vectors and reciprocal ones to either side
_MOST_FLAT = math.pi * _NEAR * _FAR / _TAIL**2


def ewald_energy(
    crystal: Crystal, charges: Float[ArrayLike, " n"], splitting: Float[ArrayLike, ""] | None = None
) -> Float[Array, ""]:
    """Energy per cell of point charges with a background that neutralises them [hartree].

    1/2 sum_ij Z_i Z_j (sum_T erfc(eta |r_ij + T|)/|r_ij + T| + 4 pi/V sum_G exp(-G^2/4 eta^2) cos(G.r_ij)/G^2)
    - eta/sqrt(pi) sum_i Z_i^2 - pi/(2 V eta^2) (sum_i Z_i)^2.

    Arguments:
        crystal: differentiable in lattice and positions.
        charges: of the atoms [e], shape (n,).
        splitting: eta [1/bohr], on which the energy does not depend; by default both sums converge alike.

    Raises:
        ValueError: outside `jit`, where the longest lattice vector exceeds 14 times the distance of lattice planes.
    """
    charges = jnp.asarray(charges, dtype=float)
    longest = jnp.max(jnp.linalg.norm(crystal.lattice, axis=1))
    spacing = 2 * jnp.pi / jnp.max(jnp.linalg.norm(crystal.reciprocal, axis=1))
    flat = jax.lax.stop_gradient(longest / spacing)
    if not isinstance(flat, Tracer) and flat > _MOST_FLAT:
        raise ValueError(
            f"ewald_energy: the cell is too flat: its longest vector is {flat:.3g} times the distance of its lattice "
            f"planes, at most {_MOST_FLAT:.3g} are allowed; take a reduced or a more compact cell"
        )
    eta = jnp.sqrt(jnp.pi * _FAR / (_NEAR * spacing * longest)) if splitting is None else jnp.asarray(splitting)
    eta = jax.lax.stop_gradient(eta)
    own = eta / math.sqrt(math.pi) * jnp.sum(charges**2)
    background = jnp.pi / (2 * crystal.volume * eta**2) * jnp.sum(charges) ** 2
    return _near(crystal, charges, eta) + _far(crystal, charges, eta) - own - background


def _near(crystal: Crystal, charges: Float[Array, " n"], eta: Float[Array, ""]) -> Float[Array, ""]:
    """The screened charges, in real space."""
    apart = crystal.positions[:, None, :] - crystal.positions[None, :, :]
    apart = apart - jax.lax.stop_gradient(jnp.round(apart))
    r = (apart[:, :, None, :] + _box(_NEAR)[None, None]) @ crystal.lattice
    r2 = jnp.sum(r**2, axis=-1)
    itself = r2 < 1e-12
    distance = jnp.sqrt(jnp.where(itself, 1.0, r2))
    screened = jnp.where(itself, 0.0, jax.scipy.special.erfc(eta * distance) / distance)
    return 0.5 * jnp.einsum("i,j,ijt->", charges, charges, screened)


def _far(crystal: Crystal, charges: Float[Array, " n"], eta: Float[Array, ""]) -> Float[Array, ""]:
    """The Gaussians, in reciprocal space; of G and -G, which are alike, one."""
    waves = _box(_FAR)
    waves = waves[len(waves) // 2 + 1 :]
    g2 = jnp.sum((waves @ crystal.reciprocal) ** 2, axis=-1)
    angle = 2 * jnp.pi * (waves @ crystal.positions.T)
    structure = (jnp.cos(angle) @ charges) ** 2 + (jnp.sin(angle) @ charges) ** 2
    return 4 * jnp.pi / crystal.volume * jnp.sum(jnp.exp(-g2 / (4 * eta**2)) / g2 * structure)


def _box(reach: int) -> np.ndarray:
    """Integer vectors with every component between -reach and reach; the middle one is zero, opposites lie opposite."""
    along = np.arange(-reach, reach + 1.0)
    return np.stack(np.meshgrid(along, along, along, indexing="ij"), axis=-1).reshape(-1, 3)
