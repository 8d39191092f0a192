"""Masks and regions from shapes, images and functions. Masks are bool (nx, ny, nz): combine by &, | and ~. SI units.

A cell belongs to a shape if its centre does. Shapes are centred in the mesh unless told otherwise; those in the plane
reach through all layers.
"""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Float, Int

from jaxspin.micromagnetics.mesh import Mesh


def from_function(mesh: Mesh, inside: Callable[[Float[Array, "3"]], Bool[Array, ""]]) -> Bool[Array, "nx ny nz"]:
    """The cells for whose centre r (3,) [m] a function is true; r = 0 is the corner of the mesh."""
    return jax.vmap(jax.vmap(jax.vmap(inside)))(mesh.centres())


def box(
    mesh: Mesh, size: Sequence[float], centre: Sequence[float] | None = None, angle: float = 0.0
) -> Bool[Array, "nx ny nz"]:
    """A rectangle of `size` (2,) or a brick (3,) [m], turned by `angle` [rad] about z."""
    x = _from_centre(mesh, centre, angle)
    return jnp.asarray(np.all(np.abs(x[..., : len(size)]) <= np.asarray(size) / 2, axis=-1))


def ellipse(
    mesh: Mesh, size: Sequence[float], centre: Sequence[float] | None = None, angle: float = 0.0
) -> Bool[Array, "nx ny nz"]:
    """An ellipse of diameters `size` (2,) or an ellipsoid (3,) [m], turned by `angle` [rad] about z."""
    x = _from_centre(mesh, centre, angle)
    return jnp.asarray(np.sum((2 * x[..., : len(size)] / np.asarray(size)) ** 2, axis=-1) <= 1)


def cross(mesh: Mesh, length: float, width: float, centre: Sequence[float] | None = None) -> Bool[Array, "nx ny nz"]:
    """A Hall cross: two bars of `length` along x and y, of `width` [m]."""
    return box(mesh, (length, width), centre) | box(mesh, (width, length), centre)


def polygon(mesh: Mesh, corners: Float[ArrayLike, "k 2"]) -> Bool[Array, "nx ny nz"]:
    """A polygon in the plane with the given corners in order [m], by the parity of edges that a ray along x meets."""
    corners = np.asarray(corners, dtype=float)
    after = np.roll(corners, -1, axis=0)
    x, y = (np.asarray(mesh.centres())[..., axis, None] for axis in (0, 1))
    spans = (corners[:, 1] > y) != (after[:, 1] > y)
    rise = np.where(after[:, 1] == corners[:, 1], 1.0, after[:, 1] - corners[:, 1])
    meets = corners[:, 0] + (y - corners[:, 1]) * (after[:, 0] - corners[:, 0]) / rise
    return jnp.asarray(np.sum(spans & (x < meets), axis=-1) % 2 == 1)


def from_image(mesh: Mesh, image: Float[ArrayLike, "rows columns"], threshold: float = 0.5) -> Bool[Array, "nx ny nz"]:
    """The cells under the bright pixels of an image stretched over the mesh, its first row at the largest y.

    Arguments:
        mesh: of the mask.
        image: brightness of pixels, as image readers give it.
        threshold: brighter pixels are magnetic.

    Raises:
        ValueError: for an image that is no matrix of numbers, like one of three colours.
    """
    pixels = np.asarray(image)
    if pixels.ndim != 2 or not pixels.size:
        raise ValueError(f"from_image: expected brightness of shape (rows, columns), got {pixels.shape}")
    nx, ny, nz = mesh.shape
    column = ((np.arange(nx) + 0.5) * pixels.shape[1] / nx).astype(int)
    row = ((np.arange(ny) + 0.5) * pixels.shape[0] / ny).astype(int)
    plane = pixels[::-1].T[np.ix_(column, row)] > threshold
    return jnp.broadcast_to(jnp.asarray(plane)[:, :, None], (nx, ny, nz))


def regions(*masks: Bool[Array, "nx ny nz"]) -> Int[Array, "nx ny nz"]:
    """Region k + 1 where mask k is true, later masks on top, 0 elsewhere: what `by_region` takes."""
    if not masks:
        raise ValueError("regions: expected at least one mask")
    numbers = jnp.zeros(masks[0].shape, dtype=int)
    for number, mask in enumerate(masks, 1):
        numbers = jnp.where(mask, number, numbers)
    return numbers


def voronoi(mesh: Mesh, seeds: Float[ArrayLike, "k 3"]) -> Int[Array, "nx ny nz"]:
    """Grains: the number of the nearest of some seeds [m], in the nearest periodic copy."""
    apart = np.asarray(mesh.centres())[..., None, :] - np.asarray(seeds, dtype=float)
    period = np.asarray(mesh.size)
    apart = np.where(mesh.periodic, apart - period * np.round(apart / period), apart)
    return jnp.asarray(np.argmin(np.sum(apart**2, axis=-1), axis=-1))


def _from_centre(mesh: Mesh, centre: Sequence[float] | None, angle: float) -> Float[np.ndarray, "nx ny nz 3"]:
    """Positions relative to the centre, in axes turned by the angle [m]."""
    middle = [side / 2 for side in mesh.size]
    given = middle if centre is None else [*centre, *middle[len(centre) :]]
    x, y, z = np.moveaxis(np.asarray(mesh.centres()) - np.asarray(given), -1, 0)
    c, s = np.cos(angle), np.sin(angle)
    return np.stack([c * x + s * y, c * y - s * x, z], axis=-1)
