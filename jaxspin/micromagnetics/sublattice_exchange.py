"""Exchange between two sublattices, within a cell (homogeneous) and between neighbouring cells (gradient)."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from jaxspin.micromagnetics.exchange import after, bonds
from jaxspin.micromagnetics.sublattice import stacked
from jaxspin.micromagnetics.system import System
from jaxspin.micromagnetics.term import EnergyTerm
from jaxspin.numerics.stencil import flux_difference, harmonic_bond, shared_by_cells


class SublatticeExchange(EnergyTerm):
    """w = -(4 A_0/a^2) m_1.m_2 + A_12 grad m_1 . grad m_2, as in mumax+ (A_0, A_12 < 0: antiferromagnetic).

    B_1 = 4 A_0 m_2/(a^2 M_s1) + (1/M_s1) div(A_12 grad m_2), and 1 <-> 2. The boundary condition that couples the
    sublattices at an edge (2 A_1 dm_1/dn + A_12 dm_2/dn + DMI = 0 across m_1) holds by itself.

    Arguments:
        homogeneous: A_0 [J/m], a number or field.
        gradient: A_12 [J/m], a number or field.
        lattice_constant: a [m].
        pair: the two sublattices.
    """

    homogeneous: Array
    gradient: Array
    lattice_constant: Array
    pair: tuple[int, int] = eqx.field(static=True)

    def __init__(
        self,
        homogeneous: ArrayLike,
        gradient: ArrayLike = 0.0,
        lattice_constant: ArrayLike = 0.35e-9,
        pair: tuple[int, int] = (0, 1),
    ):
        self.homogeneous = jnp.asarray(homogeneous, dtype=float)
        self.gradient = jnp.asarray(gradient, dtype=float)
        self.lattice_constant = jnp.asarray(lattice_constant, dtype=float)
        self.pair = pair

    @classmethod
    def from_coupling(
        cls, coupling: ArrayLike, gradient: ArrayLike = 0.0, pair: tuple[int, int] = (0, 1)
    ) -> "SublatticeExchange":
        """From J [J/m3] in w = -J m_1.m_2, so that B_1 = J m_2/M_s1: -19 T on M_s1 is J = -19 M_s1."""
        return cls(jnp.asarray(coupling, dtype=float) / 4, gradient, 1.0, pair)

    @property
    def coupling(self) -> Float[Array, "..."]:
        """J = 4 A_0/a^2 [J/m3]; B_1 = J m_2/M_s1."""
        return 4 * self.homogeneous / self.lattice_constant**2

    def field(
        self, m: Float[Array, "S nx ny nz 3"], system: System, time: Float[ArrayLike, ""] = 0.0
    ) -> Float[Array, "S nx ny nz 3"]:
        """B [T]."""
        swapped = self._partner(m)
        J = stacked(self.coupling, 1, "A_0")[..., None]
        total = J * swapped
        A = stacked(self.gradient, 1, "A_12")
        for axis, h, weight in bonds(system.mesh, A, harmonic_bond):
            weight = weight[..., None] / h**2
            total = total + flux_difference(swapped, weight, axis + 1, periodic=system.mesh.periodic[axis])
        return system.inverse_magnetization[..., None] * total

    def energy_density(
        self, m: Float[Array, "S nx ny nz 3"], system: System, time: Float[ArrayLike, ""] = 0.0
    ) -> Float[Array, "nx ny nz"]:
        """[J/m3], zero outside the mask."""
        first, second = m[self.pair[0]], m[self.pair[1]]
        total = -stacked(self.coupling, 1, "A_0")[0] * jnp.sum(first * second, axis=-1)
        A = stacked(self.gradient, 1, "A_12")
        for axis, h, weight in bonds(system.mesh, A, harmonic_bond):
            slopes = (after(system.mesh, first, axis) - first) * (after(system.mesh, second, axis) - second)
            total = total + shared_by_cells(weight[0] / h**2 * jnp.sum(slopes, axis=-1), axis)
        return total

    def _partner(self, m: Float[Array, "S nx ny nz 3"]) -> Float[Array, "S nx ny nz 3"]:
        """For each sublattice the magnetization of its partner; zero for a sublattice that has none."""
        first, second = self.pair
        if m.shape[0] == 2:
            return jnp.flip(m, axis=0)
        partner = {first: m[second], second: m[first]}
        return jnp.stack([partner.get(number, jnp.zeros_like(m[0])) for number in range(m.shape[0])])
