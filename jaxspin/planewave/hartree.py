"""The Coulomb interaction in reciprocal space, 4 pi/G^2, of a crystal or of a layer alone.

Hartree atomic units.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxspin.planewave.crystal import Crystal


def coulomb_kernel(vectors: Float[Array, "... 3"]) -> Float[Array, "..."]:
    """4 pi/G^2 at reciprocal vectors [1/bohr], zero at G = 0: charges in a uniform background that neutralises them."""
    g2 = jnp.sum(vectors**2, axis=-1)
    nonzero = g2 > 0
    return jnp.where(nonzero, 4 * jnp.pi / jnp.where(nonzero, g2, 1.0), 0.0)


def layer_kernel(vectors: Float[Array, "... 3"], crystal: Crystal) -> Float[Array, "..."]:
    """Coulomb interaction cut off beyond half the cell along z: that of a layer without its periodic images.

    4 pi/G^2 (1 - exp(-G_par L/2) cos(G_z L/2)) with L the length of the third lattice vector; Rozzi et al.,
    Phys. Rev. B 73, 205119 (2006). Exact where the charge lies within half the cell. At G_par = 0 this is
    4 pi/G_z^2 (1 - cos(G_z L/2)); at G = 0, where the cut-off interaction of a charged sheet is -2 pi (L/2)^2, it
    is that.

    Arguments:
        vectors: reciprocal vectors of `crystal`, shape (..., 3) [1/bohr].
        crystal: its third lattice vector lies along z, the others in the plane.
    """
    half = jnp.abs(crystal.lattice[2, 2]) / 2
    # sqrt has no derivative at 0
    along2 = vectors[..., 0] ** 2 + vectors[..., 1] ** 2
    moving = along2 > 0
    decay = jnp.where(moving, jnp.exp(-jnp.sqrt(jnp.where(moving, along2, 1.0)) * half), 1.0)
    zero = (along2 == 0) & (vectors[..., 2] == 0)
    kernel = coulomb_kernel(vectors) * (1 - decay * jnp.cos(vectors[..., 2] * half))
    return jnp.where(zero, -2 * jnp.pi * half**2, kernel)


def hartree_energy(
    density: Float[Array, "n1 n2 n3"], kernel: Float[Array, "n1 n2 n3"], volume: Float[Array, ""]
) -> Float[Array, ""]:
    """volume/2 times the sum over G of kernel(G) |n(G)|^2 [hartree]; density [1/bohr^3] and kernel on one grid."""
    waves = jnp.fft.fftn(density) / density.size
    return 0.5 * volume * jnp.sum(kernel * (waves.real**2 + waves.imag**2))
