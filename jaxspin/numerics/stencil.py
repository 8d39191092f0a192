"""Differences on a regular grid, with every boundary condition in the weights of bonds between neighbouring cells.

A bond joins a cell to its next neighbour along an axis; where the grid ends, or the neighbour lies outside a mask, its
weight is zero. Operators derived from energies of bonds meet the natural boundary condition of that energy by
themselves, on any outline. Shifts are rolls: the weight of the bond across an open end is zero.
"""

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float


def next_cell(field: Float[Array, "..."], axis: int) -> Float[Array, "..."]:
    """Value in the next cell along an axis, around the end."""
    return field if field.shape[axis] == 1 else jnp.roll(field, -1, axis)


def previous_cell(field: Float[Array, "..."], axis: int) -> Float[Array, "..."]:
    """Value in the previous cell along an axis, around the end."""
    return field if field.shape[axis] == 1 else jnp.roll(field, 1, axis)


def bonds(
    shape: tuple[int, ...], axis: int, *, periodic: bool, mask: Bool[Array, "..."] | None = None
) -> Float[Array, "..."]:
    """1 where a cell has a neighbour after it along `axis`, else 0; of size 1 along all other axes without a mask."""
    line = tuple(n if number == axis else 1 for number, n in enumerate(shape))
    last = jnp.ones(line, dtype=float) if periodic else (jnp.arange(shape[axis]) < shape[axis] - 1).reshape(line)
    weight = last.astype(float)
    if mask is None:
        return weight
    both = mask & (mask if shape[axis] == 1 else jnp.roll(mask, -1, axis))
    return weight * both


def harmonic_bond(parameter: Float[Array, "..."], axis: int) -> Float[Array, "..."]:
    """2ab/(a + b) of a cell and the next one along `axis`: what two half cells in series conduct; 0 if a + b = 0."""
    if parameter.shape[axis] == 1:
        return parameter
    after = next_cell(parameter, axis)
    total = parameter + after
    return jnp.where(total == 0, 0.0, 2 * parameter * after / jnp.where(total == 0, 1.0, total))


def mean_bond(parameter: Float[Array, "..."], axis: int) -> Float[Array, "..."]:
    """(a + b)/2 of a cell and the next one along `axis`; for parameters that may change sign."""
    return parameter if parameter.shape[axis] == 1 else (parameter + next_cell(parameter, axis)) / 2


def flux_difference(field: Float[Array, "..."], weight: Float[Array, "..."], axis: int) -> Float[Array, "..."]:
    """w (f_next - f) + w_previous (f_previous - f): h^2 times d/dx (w df/dx), no flux where bonds are missing."""
    return weight * (next_cell(field, axis) - field) + previous_cell(weight, axis) * (
        previous_cell(field, axis) - field
    )


def bond_difference(field: Float[Array, "..."], weight: Float[Array, "..."], axis: int) -> Float[Array, "..."]:
    """w f_next - w_previous f_previous: 2h times the derivative inside; one-sided, with w = 0, at boundaries."""
    return weight * next_cell(field, axis) - previous_cell(weight, axis) * previous_cell(field, axis)


def central_difference(field: Float[Array, "..."], weight: Float[Array, "..."], axis: int) -> Float[Array, "..."]:
    """2h times df/dx, with a missing neighbour replaced by the cell itself (Neumann)."""
    before = previous_cell(weight, axis) * (previous_cell(field, axis) - field)
    return weight * (next_cell(field, axis) - field) - before


def shared_by_cells(of_bond: Float[Array, "..."], axis: int) -> Float[Array, "..."]:
    """A quantity of bonds, half of it given to either cell."""
    return (of_bond + previous_cell(of_bond, axis)) / 2
