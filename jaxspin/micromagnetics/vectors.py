"""Products of fields of three-vectors, written out so that they fuse with what surrounds them."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def cross(a: Float[Array, "... 3"], b: Float[Array, "... 3"]) -> Float[Array, "... 3"]:
    """a x b along the last axis."""
    ax, ay, az = a[..., 0], a[..., 1], a[..., 2]
    bx, by, bz = b[..., 0], b[..., 1], b[..., 2]
    return jnp.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=-1)


def dot(a: Float[Array, "... 3"], b: Float[Array, "... 3"]) -> Float[Array, "... 1"]:
    """a.b along the last axis, which stays with size 1."""
    return a[..., 0:1] * b[..., 0:1] + a[..., 1:2] * b[..., 1:2] + a[..., 2:3] * b[..., 2:3]


def tangent(m: Float[Array, "... 3"], v: Float[Array, "... 3"]) -> Float[Array, "... 3"]:
    """The part of v across the unit vectors m; nothing where m = 0, outside the mask."""
    return dot(m, m) * v - dot(m, v) * m


def unit_vectors(a: Float[Array, "... 3"]) -> Float[Array, "... 3"]:
    """a/|a| along the last axis; a zero vector stays zero, as does its derivative."""
    square = jnp.sum(a * a, axis=-1, keepdims=True)
    return a * jnp.where(square > 0, jax.lax.rsqrt(jnp.where(square > 0, square, 1.0)), 0.0)
