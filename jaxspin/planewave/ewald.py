"""Electrostatic energy of point charges, of a crystal in a uniform background or of a layer: Ewald's sums.

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
    eta = _splitting(crystal.lattice, crystal.reciprocal, splitting)
    own = eta / math.sqrt(math.pi) * jnp.sum(charges**2)
    background = jnp.pi / (2 * crystal.volume * eta**2) * jnp.sum(charges) ** 2
    return _near(crystal, charges, eta) + _far(crystal, charges, eta) - own - background


def layer_ewald_energy(
    crystal: Crystal, charges: Float[ArrayLike, " n"], splitting: Float[ArrayLike, ""] | None = None
) -> Float[Array, ""]:
    """Energy per cell of point charges that repeat in the plane only [hartree].

    As `ewald_energy`, with the sum over G, in the plane, of pi/(A G) cos(G.r_ij) (exp(G z) erfc(G/2 eta + eta z)
    + exp(-G z) erfc(G/2 eta - eta z)) and, for G = 0, -2 sqrt(pi)/A (exp(-eta^2 z^2)/eta + sqrt(pi) z erf(eta z)); z is
    the height between i and j. Parry, Surf. Sci. 49, 433 (1975). Charges that do not add up to zero miss an infinite
    constant, as those of `hartree.layer_kernel` do.

    Arguments:
        crystal: its third lattice vector along z, the others in the plane; atoms less than half of it apart in height.
        charges: of the atoms [e], shape (n,).
        splitting: eta [1/bohr], on which the energy does not depend; by default both sums converge alike.

    Raises:
        ValueError: outside `jit`, where the longest vector exceeds 14 times the distance of lattice lines.
    """
    charges = jnp.asarray(charges, dtype=float)
    eta = _splitting(crystal.lattice[:2], crystal.reciprocal[:2], splitting)
    own = eta / math.sqrt(math.pi) * jnp.sum(charges**2)
    return _near(crystal, charges, eta, (_NEAR, _NEAR, 0)) + _far_in_plane(crystal, charges, eta) - own


def _splitting(lattice: Array, reciprocal: Array, given: Float[ArrayLike, ""] | None) -> Float[Array, ""]:
    """eta; by default so that both sums leave out alike."""
    longest = jnp.max(jnp.linalg.norm(lattice, axis=1))
    spacing = 2 * jnp.pi / jnp.max(jnp.linalg.norm(reciprocal, axis=1))
    flat = jax.lax.stop_gradient(longest / spacing)
    if not isinstance(flat, Tracer) and flat > _MOST_FLAT:
        raise ValueError(
            f"ewald_energy: the cell is too flat: its longest vector is {flat:.3g} times the distance of its lattice "
            f"planes, at most {_MOST_FLAT:.3g} are allowed; take a reduced or a more compact cell"
        )
    eta = jnp.sqrt(jnp.pi * _FAR / (_NEAR * spacing * longest)) if given is None else jnp.asarray(given)
    return jax.lax.stop_gradient(eta)


def _near(
    crystal: Crystal,
    charges: Float[Array, " n"],
    eta: Float[Array, ""],
    reach: tuple[int, int, int] = (_NEAR, _NEAR, _NEAR),
) -> Float[Array, ""]:
    """The screened charges, in real space."""
    r = (_apart(crystal)[:, :, None, :] + _box(*reach)[None, None]) @ crystal.lattice
    r2 = jnp.sum(r**2, axis=-1)
    itself = r2 < 1e-12
    distance = jnp.sqrt(jnp.where(itself, 1.0, r2))
    screened = jnp.where(itself, 0.0, jax.scipy.special.erfc(eta * distance) / distance)
    return 0.5 * jnp.einsum("i,j,ijt->", charges, charges, screened)


def _far(crystal: Crystal, charges: Float[Array, " n"], eta: Float[Array, ""]) -> Float[Array, ""]:
    """The Gaussians, in reciprocal space; of G and -G, which are alike, one."""
    waves = _half(_box(_FAR, _FAR, _FAR))
    g2 = jnp.sum((waves @ crystal.reciprocal) ** 2, axis=-1)
    angle = 2 * jnp.pi * (waves @ crystal.positions.T)
    structure = (jnp.cos(angle) @ charges) ** 2 + (jnp.sin(angle) @ charges) ** 2
    return 4 * jnp.pi / crystal.volume * jnp.sum(jnp.exp(-g2 / (4 * eta**2)) / g2 * structure)


def _far_in_plane(crystal: Crystal, charges: Float[Array, " n"], eta: Float[Array, ""]) -> Float[Array, ""]:
    """The Gaussians of a layer."""
    waves = _half(_box(_FAR, _FAR, 0)) @ crystal.reciprocal
    g = jnp.linalg.norm(waves, axis=1)
    apart = _apart(crystal) @ crystal.lattice
    z = apart[..., 2]
    area = crystal.volume / jnp.abs(crystal.lattice[2, 2])

    def side(z: Array) -> Array:
        # exp(G z) erfc(G/2 eta + eta z); where the first is huge the second is below its inverse square
        rise = g[:, None, None] * z
        return jnp.exp(jnp.minimum(rise, 300.0)) * jax.scipy.special.erfc(g[:, None, None] / (2 * eta) + eta * z)

    angle = jnp.einsum("gx,ijx->gij", waves, apart)
    moving = 2 * jnp.sum(jnp.cos(angle) / g[:, None, None] * (side(z[None]) + side(-z[None])), axis=0)
    flat = jnp.exp(-((eta * z) ** 2)) / eta + math.sqrt(math.pi) * z * jax.scipy.special.erf(eta * z)
    pairs = jnp.pi / area * moving - 2 * math.sqrt(math.pi) / area * flat
    return 0.5 * jnp.einsum("i,j,ij->", charges, charges, pairs)


def _apart(crystal: Crystal) -> Float[Array, "n n 3"]:
    """From every atom to the nearest image, by fractional coordinates, of every other."""
    apart = crystal.positions[:, None, :] - crystal.positions[None, :, :]
    return apart - jax.lax.stop_gradient(jnp.round(apart))


def _box(*reach: int) -> np.ndarray:
    """Integer vectors, each component between -reach and reach; the middle one is zero, opposites lie opposite."""
    along = [np.arange(-n, n + 1.0) for n in reach]
    return np.stack(np.meshgrid(*along, indexing="ij"), axis=-1).reshape(-1, len(reach))


def _half(box: np.ndarray) -> np.ndarray:
    """Of every vector and its opposite one, without zero."""
    return box[len(box) // 2 + 1 :]
