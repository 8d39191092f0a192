"""Exchange within each sublattice: w = A |grad m|^2."""

from collections.abc import Callable, Iterator

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from jaxspin.micromagnetics.mesh import Mesh
from jaxspin.micromagnetics.sublattice import PerSublattice, as_parameter, stacked
from jaxspin.micromagnetics.system import System
from jaxspin.micromagnetics.term import EnergyTerm
from jaxspin.numerics.stencil import Beyond, flux_difference, harmonic_bond, inside_bond, next_cell, shared_by_cells


class Exchange(EnergyTerm):
    """w = A |grad m|^2 within each sublattice, B = (2/M_s) div(A grad m).

    Second order in the cell size; between cells of different A the harmonic mean acts, which is exact for layers. No
    flux leaves through an edge, unless another term (DMI) brings it.

    Arguments:
        stiffness: A [J/m], a number or field, or a tuple with one for each sublattice.
    """

    stiffness: Array | tuple[Array, ...]

    def __init__(self, stiffness: PerSublattice):
        self.stiffness = as_parameter(stiffness)

    def field(
        self, m: Float[Array, "S nx ny nz 3"], system: System, time: Float[ArrayLike, ""] = 0.0
    ) -> Float[Array, "S nx ny nz 3"]:
        """B [T]."""
        A = stacked(self.stiffness, m.shape[0], "exchange stiffness")
        total = jnp.zeros_like(m)
        for axis, h, weight in bonds(system.mesh, A, harmonic_bond):
            weight = 2 / h**2 * weight[..., None]
            total = total + flux_difference(m, weight, axis + 1, periodic=system.mesh.periodic[axis])
        return system.inverse_magnetization[..., None] * total

    def energy_density(
        self, m: Float[Array, "S nx ny nz 3"], system: System, time: Float[ArrayLike, ""] = 0.0
    ) -> Float[Array, "nx ny nz"]:
        """A |grad m|^2 [J/m3], half of each bond to either cell."""
        A = stacked(self.stiffness, m.shape[0], "exchange stiffness")
        total = jnp.zeros(m.shape[1:-1], dtype=m.dtype)
        for axis, h, weight in bonds(system.mesh, A, harmonic_bond):
            square = weight / h**2 * jnp.sum((after(system.mesh, m, axis, 1) - m) ** 2, axis=-1)
            total = total + shared_by_cells(jnp.sum(square, axis=0), axis)
        return total


def bonds(
    mesh: Mesh, parameter: Float[Array, "s x y z"], mean: Callable[[Array, int], Array]
) -> Iterator[tuple[int, float, Float[Array, "s x y z"]]]:
    """Every axis of more than one cell, with the size of a cell [m] and the parameter of the bonds along it.

    That is the `mean` (of a field and an axis of it) of the two cells, zero where one of them is not magnetic.
    """
    for axis in range(3):
        if mesh.shape[axis] > 1:
            weight = mean(parameter, axis + 1)
            weight = weight if mesh.mask is None else jnp.where(inside_bond(mesh.mask, axis)[None], weight, 0.0)
            yield axis, mesh.cell[axis], weight


def after(mesh: Mesh, field: Float[Array, "..."], axis: int, leading: int = 0) -> Float[Array, "..."]:
    """Value in the next cell along an axis of the mesh, itself at an open end; `leading` axes come before x."""
    return next_cell(field, axis + leading, Beyond.around if mesh.periodic[axis] else Beyond.same)
