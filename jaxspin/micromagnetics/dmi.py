"""Dzyaloshinskii-Moriya interaction: w = sum_a d_a . (m x dm/da), interfacial and bulk.

Each bond between neighbouring cells carries d_a . (m_i x m_j)/h. With the energy of the exchange bonds, the boundary
condition 2 A dm/dn = m x d_n (with gradient exchange between sublattices the coupled one) is natural to the sum:
it holds by itself on any outline, in one to three dimensions, without ghost cells.

The sign of the interfacial D differs between codes. Ours is that of Rohart and Thiaville, Phys. Rev. B 88, 184422.

    code                                             w for parameter D               edge m_x at the +x edge, m_z = +1
    jaxspin, Ubermag Cnv_z, OOMMF, NeuralMag         D [(m.grad) m_z - m_z div m]    positive for D > 0
    mumax3, mumax+, magnum.np                        D [m_z div m - (m.grad) m_z]    negative: use -D here
"""

import abc

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from jaxspin.micromagnetics.exchange import after, bonds
from jaxspin.micromagnetics.sublattice import PerSublattice, VectorLike, as_parameter, stacked
from jaxspin.micromagnetics.system import System
from jaxspin.micromagnetics.term import EnergyTerm
from jaxspin.micromagnetics.vectors import cross
from jaxspin.numerics.stencil import bond_difference, mean_bond, shared_by_cells


class DMI(EnergyTerm):
    """w = D sum_a e_a . (m x dm/da) with a vector e_a for each axis; between cells the mean of D acts."""

    constant: Array | tuple[Array, ...]

    @abc.abstractmethod
    def vector(self, axis: int) -> Float[Array, "3"]:
        """e_a for bonds along axis a."""

    def field(
        self, m: Float[Array, "S nx ny nz 3"], system: System, time: Float[ArrayLike, ""] = 0.0
    ) -> Float[Array, "S nx ny nz 3"]:
        """B [T]."""
        D = stacked(self.constant, m.shape[0], "D")
        total = jnp.zeros_like(m)
        for axis, h, weight in bonds(system.mesh, D, mean_bond):
            slope = bond_difference(m, weight[..., None] / h, axis + 1, periodic=system.mesh.periodic[axis])
            total = total + cross(self.vector(axis), slope)
        return system.inverse_magnetization[..., None] * total

    def energy_density(
        self, m: Float[Array, "S nx ny nz 3"], system: System, time: Float[ArrayLike, ""] = 0.0
    ) -> Float[Array, "nx ny nz"]:
        """[J/m3], half of each bond to either cell."""
        D = stacked(self.constant, m.shape[0], "D")
        total = jnp.zeros(m.shape[1:-1], dtype=m.dtype)
        for axis, h, weight in bonds(system.mesh, D, mean_bond):
            turned = cross(m, after(system.mesh, m, axis, 1)) @ self.vector(axis)
            total = total + shared_by_cells(jnp.sum(weight / h * turned, axis=0), axis)
        return total


class InterfacialDMI(DMI):
    """w = D [(m.grad) m_n - m_n div m], n the normal: e_a = a x n; D > 0 tilts an edge of m_n = 1 outwards.

    Arguments:
        constant: D [J/m2], a number or field, or a tuple with one for each sublattice.
        normal: n, a unit vector, towards the side that counts as up.
    """

    constant: Array | tuple[Array, ...]
    normal: Array

    def __init__(self, constant: PerSublattice, normal: VectorLike = (0.0, 0.0, 1.0)):
        self.constant = as_parameter(constant)
        self.normal = jnp.asarray(normal, dtype=float)

    def vector(self, axis: int) -> Float[Array, "3"]:
        """e_a = a x n."""
        return jnp.cross(jnp.eye(3)[axis], self.normal)


class BulkDMI(DMI):
    """w = D m.curl m: e_a = -a. The same sign as in mumax3, OOMMF (T), Ubermag and magnum.np.

    Arguments:
        constant: D [J/m2], a number or field, or a tuple with one for each sublattice.
    """

    constant: Array | tuple[Array, ...]

    def __init__(self, constant: PerSublattice):
        self.constant = as_parameter(constant)

    def vector(self, axis: int) -> Float[Array, "3"]:
        """e_a = -a."""
        return -jnp.eye(3)[axis]
