"""Sublattices: what each needs besides its energy terms, and parameters given once or for each of them. SI units."""

from collections.abc import Sequence
from typing import TypeAlias

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

GYROMAGNETIC_RATIO = 1.760859630e11
"""Of the free electron, rad/(s T)."""

VectorLike: TypeAlias = ArrayLike | Sequence[float]
"""A vector (3,), or a field of vectors (nx, ny, nz, 3)."""

PerSublattice: TypeAlias = ArrayLike | tuple[ArrayLike, ...]
"""A number or field (broadcastable to (nx, ny, nz)) for all sublattices, or a tuple with one for each of them."""


def as_parameter(value: PerSublattice) -> Array | tuple[Array, ...]:
    """The parameter as arrays, so that its values are traced rather than compiled in."""
    if isinstance(value, tuple):
        return tuple(jnp.asarray(each, dtype=float) for each in value)
    return jnp.asarray(value, dtype=float)


def as_vector(value: PerSublattice) -> Array | tuple[Array, ...]:
    """A vector (3,) or field of vectors (nx, ny, nz, 3), or a tuple with one for each sublattice, as arrays."""
    if isinstance(value, tuple) and jnp.ndim(value[0]) > 0:
        return tuple(jnp.asarray(each, dtype=float) for each in value)
    return jnp.asarray(value, dtype=float)


def stacked(
    value: Array | tuple[Array, ...], count: int, what: str, item: tuple[int, ...] = ()
) -> Float[Array, "s x y z *item"]:
    """A parameter with its sublattice axis: (count, nx or 1, ny or 1, nz or 1, *item), small where it is uniform.

    `item` is the shape of one value, (3,) for a vector.

    Raises:
        ValueError: for a tuple that has not one entry a sublattice.
    """
    entries = value if isinstance(value, tuple) else (value,) * count
    if len(entries) != count:
        raise ValueError(f"{what}: expected one value, or {count}, one for each sublattice, got {len(entries)}")
    rank = 3 + len(item)
    full = [jnp.reshape(each, (1,) * (rank - each.ndim) + each.shape) for each in entries]
    shape = jnp.broadcast_shapes(*(each.shape for each in full))
    return jnp.stack([jnp.broadcast_to(each, shape) for each in full])


def _as_array(value: ArrayLike) -> Array:
    return jnp.asarray(value, dtype=float)


class Sublattice(eqx.Module):
    """One sublattice of a magnet; a ferromagnet has one.

    Arguments:
        saturation_magnetization: M_s [A/m], a number or a field broadcastable to (nx, ny, nz); > 0 inside the mask.
        damping: Gilbert alpha >= 0, likewise.
        gyromagnetic_ratio: gamma [rad/(s T)], likewise.
        name: for tables and figures.
    """

    saturation_magnetization: Float[Array, "..."] = eqx.field(converter=_as_array)
    damping: Float[Array, "..."] = eqx.field(converter=_as_array)
    gyromagnetic_ratio: Float[Array, "..."] = eqx.field(converter=_as_array, default=GYROMAGNETIC_RATIO)
    name: str = eqx.field(default="", static=True)
