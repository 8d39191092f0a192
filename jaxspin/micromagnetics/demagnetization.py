"""Demagnetization: the magnetostatic field of all sublattices together, by real Fourier transforms. SI units.

B = -mu_0 sum over cells of N M, M = sum_s M_s m_s, with Newell's cell-averaged tensor. N is even along an axis or odd
along two, so its transform is *real*; a component that is odd along an axis of one cell vanishes and is never stored: a
film of one layer needs xx, yy, zz, xy. Open axes are padded, each only while it is transformed; periodic ones are not.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float

from jaxspin.micromagnetics.image_sum import tensor_table
from jaxspin.micromagnetics.mesh import Mesh
from jaxspin.micromagnetics.newell import COMPONENTS
from jaxspin.micromagnetics.term import EnergyTerm

if TYPE_CHECKING:
    from jaxspin.micromagnetics.system import System

VACUUM_PERMEABILITY = 1.25663706127e-6
"""mu_0 [T m/A]."""


class Demagnetization(EnergyTerm):
    """Energy -1/2 M.B of the magnetostatic field B of the whole sample; all sublattices feel the same field.

    The tensor is computed once, here, in NumPy with an absolute error of 1e-15; build this outside `jit`.

    Arguments:
        mesh: of the system.
        images: copies of the mesh on each side along its periodic axes, a number or one for each of x, y, z; without
            it infinitely many along one or two axes: a true wire or film.

    Raises:
        ValueError: for negative images, and for a mesh periodic along all three axes without `images`: the field of an
            infinite solid depends on the shape of its far surface.
    """

    spectra: tuple[Float[Array, "..."], ...]
    components: tuple[tuple[int, int], ...] = eqx.field(static=True)
    shape: tuple[int, int, int] = eqx.field(static=True)
    lengths: tuple[int, int, int] = eqx.field(static=True)

    def __init__(self, mesh: Mesh, images: int | Sequence[int] | None = None):
        if images is None and all(mesh.periodic):
            raise ValueError(
                "Demagnetization: a mesh periodic along x, y and z has no field of its own, it depends on the far "
                "surface; give the number of images, e.g. images=(10, 10, 10)"
            )
        if images is not None:
            images = (images,) * 3 if isinstance(images, int) else tuple(images)
            if len(images) != 3 or min(images) < 0:
                raise ValueError(f"Demagnetization: images must be >= 0, one number or three, got {images}")
        self.shape = mesh.shape
        self.lengths = _lengths(mesh)
        self.components = tuple((i, j) for i, j in COMPONENTS if i == j or (mesh.shape[i] > 1 and mesh.shape[j] > 1))
        table = tensor_table(mesh.shape, mesh.cell, mesh.periodic, images)
        kept = [-VACUUM_PERMEABILITY * table[COMPONENTS.index(pair)] for pair in self.components]
        self.spectra = tuple(
            jnp.asarray(_spectrum(each, pair, self.shape, self.lengths))
            for each, pair in zip(kept, self.components, strict=True)
        )

    def field(
        self, m: Float[Array, "S nx ny nz 3"], system: "System", time: Float[ArrayLike, ""] = 0.0
    ) -> Float[Array, "S nx ny nz 3"]:
        """The same B for every sublattice [T]; inside the mask and outside."""
        magnetization = jnp.sum(system.saturation_magnetization[..., None] * m, axis=0)
        return jnp.broadcast_to(self.flux_density(magnetization)[None], m.shape)

    def energy_density(
        self, m: Float[Array, "S nx ny nz 3"], system: "System", time: Float[ArrayLike, ""] = 0.0
    ) -> Float[Array, "nx ny nz"]:
        """-M.B/2 [J/m3]."""
        magnetization = jnp.sum(system.saturation_magnetization[..., None] * m, axis=0)
        return -0.5 * jnp.sum(magnetization * self.flux_density(magnetization), axis=-1)

    def flux_density(self, magnetization: Float[Array, "nx ny nz 3"]) -> Float[Array, "nx ny nz 3"]:
        """mu_0 H_d of a magnetization [A/m], averaged over cells [T]."""
        waves = _transform(jnp.moveaxis(magnetization, -1, 0), self.lengths)
        sums: list[Array | float] = [0.0, 0.0, 0.0]
        for (i, j), spectrum in zip(self.components, self.spectra, strict=True):
            sums[i] = sums[i] + spectrum * waves[j]
            if i != j:
                sums[j] = sums[j] + spectrum * waves[i]
        return jnp.moveaxis(_inverse(jnp.stack(sums), self.shape, self.lengths), 0, -1)


def _lengths(mesh: Mesh) -> tuple[int, int, int]:
    """Of the transforms: n along a periodic axis, 1 where there is one cell, else the next product of small primes."""
    x, y, z = (n if wraps or n == 1 else _smooth(2 * n - 1) for n, wraps in zip(mesh.shape, mesh.periodic, strict=True))
    return x, y, z


def _smooth(least: int) -> int:
    """The smallest product of powers of 2, 3, 5 and 7 that is not below."""
    return next(n for n in range(least, 2 * least + 1) if math.gcd(n, 210 ** n.bit_length()) == n)


def _transform(field: Float[Array, "3 nx ny nz"], lengths: tuple[int, int, int]) -> Complex[Array, "3 ky kz kx"]:
    """Transform z, then y, then x, the first of more than one cell as real numbers; each axis is last in its turn.

    Zeros are appended to an axis only then: the transforms before it skip them.
    """
    real = _real_axis(lengths)
    for axis in (2, 1, 0):
        if lengths[axis] > 1:
            field = (jnp.fft.rfft if axis == real else jnp.fft.fft)(field, n=lengths[axis])
        field = jnp.moveaxis(field, -1, 1) if axis > 0 else field
    return field


def _inverse(
    waves: Complex[Array, "3 ky kz kx"], shape: tuple[int, int, int], lengths: tuple[int, int, int]
) -> Float[Array, "3 nx ny nz"]:
    """Undo `_transform`, axis x first; each loses its padding before the next is transformed."""
    real = _real_axis(lengths)
    for axis in (0, 1, 2):
        waves = jnp.moveaxis(waves, 1, -1) if axis > 0 else waves
        if lengths[axis] > 1:
            waves = (jnp.fft.irfft if axis == real else jnp.fft.ifft)(waves, n=lengths[axis])[..., : shape[axis]]
    return waves


def _real_axis(lengths: tuple[int, int, int]) -> int:
    """The last axis of more than one cell, -1 without any."""
    return max((axis for axis in range(3) if lengths[axis] > 1), default=-1)


def _spectrum(
    table: np.ndarray, pair: tuple[int, int], shape: tuple[int, int, int], lengths: tuple[int, int, int]
) -> np.ndarray:
    """The transform of a component from its values at offsets >= 0, as real numbers in the order (ky, kz, kx)."""
    for axis, (count, length) in enumerate(zip(shape, lengths, strict=True)):
        place = np.arange(length)
        offset = np.minimum(place, length - place)
        odd = pair[0] != pair[1] and axis in pair
        sign = np.where(odd & (2 * place > length), -1.0, 1.0) * (offset < count)
        stretched = np.take(table, np.minimum(offset, table.shape[axis] - 1), axis=axis)
        table = stretched * np.reshape(sign, [-1 if a == axis else 1 for a in range(3)])
    active = [axis for axis in (0, 1, 2) if lengths[axis] > 1]
    waves = np.fft.rfftn(table, axes=active).real if active else table
    return np.ascontiguousarray(np.transpose(waves, (1, 2, 0)))
