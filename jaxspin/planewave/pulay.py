"""What a basis that moves with the lattice leaves out of the stress (Pulay), by perturbation theory.

Energies compared at one cutoff gain waves as the cell grows. The waves next to the cutoff enter or leave: each couples
to an orbital by H and lowers its energy by |<q|H|psi>|^2/(q^2/2 - energy). A thin shell of them, outside of the basis,
tells the derivative of the energy with respect to the cutoff in every direction. Hartree atomic units.
"""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxspin.planewave.basis import Basis
from jaxspin.planewave.energy import effective_potential
from jaxspin.planewave.forces import symmetrised_tensor
from jaxspin.planewave.ground_state import GroundState
from jaxspin.planewave.hamiltonian import hamiltonian
from jaxspin.planewave.model import KohnSham

_SHELL = 0.08
"""Thickness of the shell, of the cutoff: thick enough for many waves, thin enough for them to be alike."""


class Boundary(eqx.Module):
    """Derivatives of the total energy that waves at the cutoff make.

    Arguments:
        cutoff: dE/d(cutoff), without unit, negative.
        stress: to be added to `forces.stress` for that at constant cutoff [hartree/bohr^3], shape (3, 3).
    """

    cutoff: Float[Array, ""]
    stress: Float[Array, "3 3"]


def boundary(model: KohnSham, basis: Basis, state: GroundState) -> Boundary:
    """The part of the energy's derivatives that a fixed set of waves does not know.

    Under a strain e a wave q goes to (1 - e) q and its energy from q^2/2 to q^2/2 - q.e.q: the cutoff, seen from the
    set of waves that moves with the lattice, rises by q.e.q in the direction of q. For thousands of waves good to some
    5 %, for hundreds rough.

    Arguments:
        model, basis: of the ground state, scalar-relativistic or spinors.
        state: self-consistent.

    Raises:
        RuntimeError: where the state is not self-consistent.
    """
    state.checked()
    wider = dataclasses.replace(basis, cutoff=basis.cutoff * (1 + _SHELL)).at(basis.kpoints, model.crystal)
    wider = dataclasses.replace(wider, weights=basis.weights)
    return _boundary(model, basis, wider, state)


@eqx.filter_jit
def _boundary(model: KohnSham, basis: Basis, wider: Basis, state: GroundState) -> Boundary:
    h = hamiltonian(model, wider, effective_potential(model, state.density))
    # waves are sorted by energy: those of the basis come first
    more = wider.waves - basis.waves
    orbitals = jnp.pad(jnp.where(basis.mask[:, None, None, :], state.orbitals, 0), ((0, 0), (0, 0), (0, 0), (0, more)))
    outside = wider.mask & (h.kinetic >= basis.cutoff)

    def at(each: tuple[Array, ...]) -> Array:
        k, psi, energies, occupations = each
        here = h.at(k)
        coupled = here(psi)
        size = jnp.sum(coupled.real**2 + coupled.imag**2, axis=1)  # over spin
        gained = -size / (here.kinetic[None] - energies[:, None])
        return jnp.where(outside[k], occupations @ gained, 0)

    every = (jnp.arange(len(orbitals)), orbitals, state.eigenvalues, state.occupations)
    gained = jax.lax.map(at, every) * basis.weights[:, None]
    # what a wave gains falls off exponentially with its energy: two halves of the shell tell its value at the cutoff
    half = _SHELL * basis.cutoff / 2
    near = jnp.where(h.kinetic < basis.cutoff + half, gained, 0)
    ratio = jnp.sum(near) / (jnp.sum(gained) - jnp.sum(near))
    at_cutoff = near * jnp.sqrt(ratio) / half
    q = wider.wave_vectors(model.crystal)
    directions = q * jnp.sqrt(basis.cutoff / jnp.where(outside, h.kinetic, 1.0))[..., None]
    moved = jnp.einsum("kw,kwi,kwj->ij", at_cutoff, directions, directions) / model.crystal.volume
    return Boundary(jnp.sum(at_cutoff), symmetrised_tensor(moved, model.crystal, basis))
