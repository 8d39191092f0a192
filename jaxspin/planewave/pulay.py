"""What a basis that moves with the lattice leaves out of the stress (Pulay), by perturbation theory.

Energies compared at one cutoff gain waves as the cell grows. The waves next to the cutoff enter or leave: each couples
to an orbital by H and lowers its energy by |<q|H|psi>|^2/(q^2/2 + V - energy), V the mean potential. A thin shell of
them, outside of the basis, tells the derivative of the energy with respect to the cutoff in every direction. Hartree
atomic units.
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
    gained = entering(model, basis, wider, state)
    return Boundary(*_boundary(model, basis, wider, gained))


def entering(model: KohnSham, basis: Basis, wider: Basis, state: GroundState) -> Float[Array, "k waves"]:
    """The energy that every wave of a wider basis, outside of that of a ground state, brings to second order [hartree].

    Arguments:
        model, basis, state: the ground state.
        wider: at the same k points; those of `basis` are the first of its waves, as sorting by energy makes them.
    """
    known = (state.density, state.orbitals, state.eigenvalues, state.occupations)
    return _entering(model, basis, wider, known)


@eqx.filter_jit
def _entering(model: KohnSham, basis: Basis, wider: Basis, known: tuple[Array, ...]) -> Array:
    density, orbitals, eigenvalues, occupations = known
    h = hamiltonian(model, wider, effective_potential(model, density))
    more = wider.waves - basis.waves
    orbitals = jnp.pad(jnp.where(basis.mask[:, None, None, :], orbitals, 0), ((0, 0), (0, 0), (0, 0), (0, more)))
    outside = wider.mask & ~jnp.pad(basis.mask, ((0, 0), (0, more)))

    def at(each: tuple[Array, ...]) -> Array:
        k, psi, energies, occupations = each
        here = h.at(k)
        coupled = here(psi)
        size = jnp.sum(coupled.real**2 + coupled.imag**2, axis=1)  # over spin
        gained = -size / (here.kinetic[None] + jnp.mean(here.potential) - energies[:, None])
        return jnp.where(outside[k], occupations @ gained, 0)

    every = (jnp.arange(len(orbitals)), orbitals, eigenvalues, occupations)
    return jax.lax.map(at, every) * basis.weights[:, None]


@eqx.filter_jit
def _boundary(model: KohnSham, basis: Basis, wider: Basis, gained: Array) -> tuple[Array, Array]:
    q = wider.wave_vectors(model.crystal)
    kinetic = 0.5 * jnp.sum(q**2, axis=-1)
    # What a wave brings falls off exponentially with its energy: two halves of the shell tell its value at the cutoff.
    # How many waves there are per energy, volume (2 cutoff)^(1/2)/2 pi^2, is known better than by counting them.
    inner = kinetic < basis.cutoff * (1 + _SHELL / 2)
    number = basis.weights[:, None] * (gained < 0)
    mean = lambda which: jnp.sum(jnp.where(which, gained, 0)) / jnp.sum(jnp.where(which, number, 0))
    per_energy = model.crystal.volume * jnp.sqrt(2 * basis.cutoff) / (2 * jnp.pi**2)
    scale = per_energy * jnp.sqrt(mean(inner) / mean(~inner)) / jnp.sum(jnp.where(inner, number, 0))
    at_cutoff = scale * jnp.where(inner, gained, 0)
    directions = q * jnp.sqrt(basis.cutoff / jnp.where(kinetic > 0, kinetic, 1.0))[..., None]
    moved = jnp.einsum("kw,kwi,kwj->ij", at_cutoff, directions, directions) / model.crystal.volume
    return jnp.sum(at_cutoff), symmetrised_tensor(moved, model.crystal, basis)
