"""The solution of one problem as the start of a similar one: atoms or lattice a little elsewhere, other waves."""

import dataclasses
import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from jaxspin.planewave.basis import Basis
from jaxspin.planewave.density import atomic_density
from jaxspin.planewave.ground_state import GroundState
from jaxspin.planewave.model import KohnSham


def carried_over(state: GroundState, model: KohnSham, basis: Basis, to: KohnSham, into: Basis) -> GroundState:
    """Density and orbitals of a ground state as a `start` for a crystal nearby.

    The density follows the atoms as a superposition of free ones would and keeps its charge; orbitals keep their
    coefficients on the plane waves of the same integers. The rest of the result is that of the old state.

    Arguments:
        state: of `model` in `basis`.
        model, basis: the old problem.
        to, into: the new one, with as many k points and bands.

    Raises:
        ValueError: where the grids or the numbers of k points differ.
    """
    if basis.grid != into.grid or len(basis.kpoints) != len(into.kpoints):
        raise ValueError(
            f"carried_over: from a grid {basis.grid} with {len(basis.kpoints)} k points to {into.grid} with "
            f"{len(into.kpoints)}: both must be alike; give plane_waves the same grid and mesh"
        )
    density, orbitals = _carried(state.density, state.orbitals, model, basis, to, into)
    return dataclasses.replace(state, density=density, orbitals=orbitals)


@eqx.filter_jit
def _carried(
    density: Array, orbitals: Array, model: KohnSham, basis: Basis, to: KohnSham, into: Basis
) -> tuple[Array, Array]:
    thinner = model.crystal.volume / to.crystal.volume
    moved = thinner * (density - atomic_density(model, basis)) + atomic_density(to, into)
    points = math.prod(basis.grid)

    def at(each: tuple[Array, ...]) -> Array:
        orbitals, index, mask, new_index, new_mask = each
        box = jnp.zeros((*orbitals.shape[:-1], points), orbitals.dtype)
        box = box.at[..., index].add(jnp.where(mask[None, None], orbitals, 0))
        return jnp.where(new_mask[None, None], box[..., new_index], 0)

    return moved, jax.lax.map(at, (orbitals, basis.index, basis.mask, into.index, into.mask))
