"""The wave that leaves, or decays, along a uniform chain."""

import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

_EDGE = 1e-15  # below any sqrt(1 - x^2) that a rounded x has


def decaying_root(x: Float[Array, "..."]) -> Complex[Array, "..."]:
    """The root w = x - i sqrt(1 - x^2) of w + 1/w = 2 x: outgoing for |x| <= 1, of modulus below 1 for |x| > 1.

    At |x| = 1 itself the derivative is taken to be that of the real part, and the square root to be 1e-15, less than
    any that a rounded x next to it has: a uniform chain, whose Green function diverges there, stays finite.
    """
    size = jnp.abs(x)
    inside, outside = size < 1, size > 1
    # (1 - |x|)(1 + |x|) keeps the digits that 1 - x^2 loses at the edges
    wave = jnp.where(inside, jnp.sqrt(jnp.where(inside, (1 - size) * (1 + size), 1.0)), _EDGE)
    decay = jnp.sqrt(jnp.where(outside, (size - 1) * (size + 1), 1.0))
    bound = jnp.sign(x) / (size + decay)
    return jnp.where(outside, bound + 0j, x - 1j * wave)
