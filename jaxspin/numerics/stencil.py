"""Differences on a regular grid, with every boundary condition: periodic, open, and any outline by weights of bonds.

A bond joins a cell to the next one along an axis. Its weight holds a material parameter, and is zero where one of the
two cells lies outside a mask; an open end of the grid needs no weight, since the shift knows it. Operators derived from
energies of bonds meet the natural boundary condition of that energy by themselves. A weight of size 1 along an axis is
uniform along it, and then costs nothing. Shifts are concatenations, never writes into a copy.
"""

import enum

import jax.numpy as jnp
from jax.lax import slice_in_dim
from jaxtyping import Array, Bool, Float


class Beyond(enum.Enum):
    """What stands beyond the end of the grid: the last cell again (no slope), zero, or the first cell (periodic)."""

    same = "same"
    zero = "zero"
    around = "around"


def next_cell(field: Float[Array, "..."], axis: int, beyond: Beyond) -> Float[Array, "..."]:
    """Value in the next cell along an axis."""
    size = field.shape[axis]
    last = (
        slice_in_dim(field, 0, 1, axis=axis)
        if beyond is Beyond.around
        else slice_in_dim(field, size - 1, size, axis=axis)
    )
    last = jnp.zeros_like(last) if beyond is Beyond.zero else last
    return last if size == 1 else jnp.concatenate([slice_in_dim(field, 1, size, axis=axis), last], axis=axis)


def previous_cell(field: Float[Array, "..."], axis: int, beyond: Beyond) -> Float[Array, "..."]:
    """Value in the previous cell along an axis."""
    size = field.shape[axis]
    first = (
        slice_in_dim(field, size - 1, size, axis=axis)
        if beyond is Beyond.around
        else slice_in_dim(field, 0, 1, axis=axis)
    )
    first = jnp.zeros_like(first) if beyond is Beyond.zero else first
    return first if size == 1 else jnp.concatenate([first, slice_in_dim(field, 0, size - 1, axis=axis)], axis=axis)


def inside_bond(mask: Bool[Array, "..."], axis: int) -> Bool[Array, "..."]:
    """Whether a cell and the next one along `axis` (around the end) both lie in the mask."""
    return mask & next_cell(mask, axis, Beyond.around)


def harmonic_bond(parameter: Float[Array, "..."], axis: int) -> Float[Array, "..."]:
    """2ab/(a + b) of a cell and the next one along `axis`: what two half cells in series conduct; 0 if a + b = 0."""
    if parameter.shape[axis] == 1:
        return parameter
    after = next_cell(parameter, axis, Beyond.around)
    total = parameter + after
    return jnp.where(total == 0, 0.0, 2 * parameter * after / jnp.where(total == 0, 1.0, total))


def mean_bond(parameter: Float[Array, "..."], axis: int) -> Float[Array, "..."]:
    """(a + b)/2 of a cell and the next one along `axis`; for parameters that may change sign."""
    if parameter.shape[axis] == 1:
        return parameter
    return (parameter + next_cell(parameter, axis, Beyond.around)) / 2


def flux_difference(
    field: Float[Array, "..."], weight: Float[Array, "..."], axis: int, *, periodic: bool
) -> Float[Array, "..."]:
    """w (f_next - f) + w_previous (f_previous - f): h^2 times d/dx (w df/dx), no flux where bonds are missing."""
    beyond = Beyond.around if periodic else Beyond.same
    before = _previous_weight(weight, axis)
    return weight * (next_cell(field, axis, beyond) - field) + before * (previous_cell(field, axis, beyond) - field)


def bond_difference(
    field: Float[Array, "..."], weight: Float[Array, "..."], axis: int, *, periodic: bool
) -> Float[Array, "..."]:
    """w f_next - w_previous f_previous: 2h times the derivative inside; one-sided where bonds are missing."""
    beyond = Beyond.around if periodic else Beyond.zero
    before = _previous_weight(weight, axis)
    return weight * next_cell(field, axis, beyond) - before * previous_cell(field, axis, beyond)


def central_difference(
    field: Float[Array, "..."], weight: Float[Array, "..."], axis: int, *, periodic: bool
) -> Float[Array, "..."]:
    """2h times df/dx, with a missing neighbour replaced by the cell itself (Neumann)."""
    beyond = Beyond.around if periodic else Beyond.same
    before = _previous_weight(weight, axis) * (previous_cell(field, axis, beyond) - field)
    return weight * (next_cell(field, axis, beyond) - field) - before


def shared_by_cells(of_bond: Float[Array, "..."], axis: int) -> Float[Array, "..."]:
    """A quantity of bonds (zero for that across an open end), half of it given to either cell."""
    return (of_bond + previous_cell(of_bond, axis, Beyond.around)) / 2


def _previous_weight(weight: Float[Array, "..."], axis: int) -> Float[Array, "..."]:
    return weight if weight.shape[axis] == 1 else previous_cell(weight, axis, Beyond.around)
