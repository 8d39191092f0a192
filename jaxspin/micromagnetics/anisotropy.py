"""Magnetocrystalline anisotropy: uniaxial with any field of axes, and cubic."""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from jaxspin.micromagnetics.sublattice import PerSublattice, VectorLike, as_parameter, as_vector, stacked
from jaxspin.micromagnetics.system import System
from jaxspin.micromagnetics.term import EnergyTerm


class UniaxialAnisotropy(EnergyTerm):
    """w = K (1 - (m.u)^2) + K_2 (1 - (m.u)^2)^2, B = (2/M_s) [K + 2 K_2 (1 - (m.u)^2)] (m.u) u.

    Arguments:
        constant: K [J/m3], > 0 for an easy axis; a number or field, or a tuple with one for each sublattice.
        axis: u, any length; (3,) or (nx, ny, nz, 3), or a tuple with one for each sublattice.
        second_constant: K_2 [J/m3], likewise.
    """

    constant: Array | tuple[Array, ...]
    axis: Array | tuple[Array, ...]
    second_constant: Array | tuple[Array, ...]

    def __init__(
        self, constant: PerSublattice, axis: PerSublattice = (0.0, 0.0, 1.0), second_constant: PerSublattice = 0.0
    ):
        self.constant = as_parameter(constant)
        self.axis = as_vector(axis)
        self.second_constant = as_parameter(second_constant)

    def _values(self, count: int) -> tuple[Array, Array, Array]:
        u = _unit(stacked(self.axis, count, "axis of anisotropy", (3,)))
        return stacked(self.constant, count, "K"), stacked(self.second_constant, count, "K_2"), u

    def field(
        self, m: Float[Array, "S nx ny nz 3"], system: System, time: Float[ArrayLike, ""] = 0.0
    ) -> Float[Array, "S nx ny nz 3"]:
        """B [T]."""
        K, K_2, u = self._values(m.shape[0])
        along = jnp.sum(m * u, axis=-1)
        return (2 * system.inverse_magnetization * (K + 2 * K_2 * (1 - along**2)) * along)[..., None] * u

    def energy_density(
        self, m: Float[Array, "S nx ny nz 3"], system: System, time: Float[ArrayLike, ""] = 0.0
    ) -> Float[Array, "nx ny nz"]:
        """[J/m3], zero outside the mask."""
        K, K_2, u = self._values(m.shape[0])
        square = 1 - jnp.sum(m * u, axis=-1) ** 2
        return jnp.sum(K * square + K_2 * square**2, axis=0) * system.mesh.magnetic


class CubicAnisotropy(EnergyTerm):
    """w = K_1 (a1^2 a2^2 + a2^2 a3^2 + a3^2 a1^2) + K_2 a1^2 a2^2 a3^2 with a_i = m.u_i, u_3 = u_1 x u_2.

    Arguments:
        constant: K_1 [J/m3], a number or field, or a tuple with one for each sublattice.
        axes: u_1 and u_2, orthogonal, any length, each (3,) or (nx, ny, nz, 3).
        second_constant: K_2 [J/m3], likewise.
    """

    constant: Array | tuple[Array, ...]
    first_axis: Array
    second_axis: Array
    second_constant: Array | tuple[Array, ...]

    def __init__(
        self,
        constant: PerSublattice,
        axes: tuple[VectorLike, VectorLike] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
        second_constant: PerSublattice = 0.0,
    ):
        self.constant = as_parameter(constant)
        self.first_axis = jnp.asarray(axes[0], dtype=float)
        self.second_axis = jnp.asarray(axes[1], dtype=float)
        self.second_constant = as_parameter(second_constant)

    def _values(self, m: Float[Array, "S nx ny nz 3"]) -> tuple[Array, Array, Array, Array]:
        first = _unit(stacked(self.first_axis, 1, "axis of anisotropy", (3,)))
        second = _unit(stacked(self.second_axis, 1, "axis of anisotropy", (3,)))
        shape = jnp.broadcast_shapes(first.shape, second.shape)
        first, second = jnp.broadcast_to(first, shape), jnp.broadcast_to(second, shape)
        axes = jnp.stack([first, second, jnp.cross(first, second)], axis=-2)
        cosines = jnp.sum(m[..., None, :] * axes, axis=-1)
        return stacked(self.constant, len(m), "K_1"), stacked(self.second_constant, len(m), "K_2"), axes, cosines

    def field(
        self, m: Float[Array, "S nx ny nz 3"], system: System, time: Float[ArrayLike, ""] = 0.0
    ) -> Float[Array, "S nx ny nz 3"]:
        """B [T]."""
        K_1, K_2, axes, a = self._values(m)
        square = a**2
        others = jnp.sum(square, axis=-1, keepdims=True) - square  # a_j^2 + a_k^2
        product = jnp.roll(square, 1, axis=-1) * jnp.roll(square, -1, axis=-1)  # a_j^2 a_k^2
        slope = 2 * a * (K_1[..., None] * others + K_2[..., None] * product)
        return -system.inverse_magnetization[..., None] * jnp.sum(slope[..., None] * axes, axis=-2)

    def energy_density(
        self, m: Float[Array, "S nx ny nz 3"], system: System, time: Float[ArrayLike, ""] = 0.0
    ) -> Float[Array, "nx ny nz"]:
        """[J/m3], zero outside the mask."""
        K_1, K_2, _, a = self._values(m)
        x, y, z = a[..., 0] ** 2, a[..., 1] ** 2, a[..., 2] ** 2
        return jnp.sum(K_1 * (x * y + y * z + z * x) + K_2 * x * y * z, axis=0)


def _unit(vector: Float[Array, "... 3"]) -> Float[Array, "... 3"]:
    square = jnp.sum(vector**2, axis=-1, keepdims=True)
    return vector / jnp.sqrt(jnp.where(square > 0, square, 1.0))
