"""Forces and stress: derivatives of the total energy at fixed orbitals (Hellmann-Feynman). Hartree atomic units."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from jaxspin.planewave.basis import Basis
from jaxspin.planewave.crystal import Crystal
from jaxspin.planewave.energy import total_energy
from jaxspin.planewave.ground_state import GroundState
from jaxspin.planewave.model import KohnSham


def forces(model: KohnSham, basis: Basis, state: GroundState) -> Float[Array, "atoms 3"]:
    """Forces on the atoms, Cartesian [hartree/bohr]; their error is of the order of the residual of the density.

    Raises:
        RuntimeError: where the state is not self-consistent.
    """
    state.checked()
    gradient = _gradient(model, basis, state.orbitals, state.occupations)
    lattice = model.crystal.lattice
    each = -gradient.positions @ jnp.linalg.inv(lattice).T
    return symmetrised_vectors(each, model.crystal, basis)


def stress(model: KohnSham, basis: Basis, state: GroundState) -> Float[Array, "3 3"]:
    """Derivative of the energy with respect to strain over the volume [hartree/bohr^3]; positive under tension.

    The set of plane waves moves with the lattice, as the energies of strained crystals in one `Basis` do. A larger
    cutoff would lower the energy of a larger cell, which this does not contain (Pulay stress).

    Raises:
        RuntimeError: where the state is not self-consistent.
    """
    state.checked()
    gradient = _gradient(model, basis, state.orbitals, state.occupations)
    lattice = model.crystal.lattice
    # E(L (1 + strain)): dE/dstrain_ij = sum_a L_ai dE/dL_aj at fixed fractional positions
    full = lattice.T @ gradient.lattice / model.crystal.volume
    return symmetrised_tensor((full + full.T) / 2, model.crystal, basis)


@eqx.filter_jit
def _gradient(model: KohnSham, basis: Basis, orbitals: Array, occupations: Array) -> Crystal:
    """Derivative with respect to lattice and fractional positions, of the part with the symmetry of the basis."""

    def energy(crystal: Crystal) -> Array:
        moved = dataclasses.replace(model, crystal=crystal)
        return total_energy(moved, basis, orbitals, occupations).total

    return jax.grad(energy)(model.crystal)


def symmetrised_vectors(vectors: Float[Array, "atoms 3"], crystal: Crystal, basis: Basis) -> Float[Array, "atoms 3"]:
    """The average of one Cartesian vector per atom over the operations of the basis, for a concrete crystal."""
    rotations = _cartesian(crystal, basis)
    total = sum(
        (
            jnp.zeros_like(vectors).at[image].add(vectors @ rotation.T)
            for rotation, image in zip(rotations, atom_images(crystal, basis), strict=True)
        ),
        jnp.zeros_like(vectors),
    )
    return total / len(rotations)


def symmetrised_tensor(tensor: Float[Array, "3 3"], crystal: Crystal, basis: Basis) -> Float[Array, "3 3"]:
    """The average of a Cartesian tensor over the operations of the basis."""
    rotations = _cartesian(crystal, basis)
    return jnp.einsum("oij,jk,olk->il", rotations, tensor, rotations) / len(rotations)


def atom_images(crystal: Crystal, basis: Basis) -> Int[np.ndarray, "ops atoms"]:
    """To which atom each operation takes each atom.

    Raises:
        ValueError: where the crystal lacks an operation of the basis.
    """
    positions = np.asarray(crystal.positions)
    found = []
    for rotation, translation in zip(np.asarray(basis.rotations), np.asarray(basis.translations), strict=True):
        apart = (positions @ rotation.T + translation)[:, None, :] - positions[None, :, :]
        apart = np.linalg.norm((apart - np.round(apart)) @ np.asarray(crystal.lattice), axis=-1)
        if np.any(apart.min(axis=1) > 1e-3):
            raise ValueError("the crystal has lost a symmetry that reduced the k mesh: build the basis for the new one")
        found.append(apart.argmin(axis=1))
    return np.stack(found)


def _cartesian(crystal: Crystal, basis: Basis) -> Float[Array, "ops 3 3"]:
    """The rotations as Cartesian matrices R: x -> R x."""
    return jnp.einsum("ai,oab,bj->oij", crystal.lattice, basis.rotations * 1.0, jnp.linalg.inv(crystal.lattice).T)
