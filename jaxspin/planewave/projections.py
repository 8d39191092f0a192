"""What orbitals a band is made of: overlaps with atomic orbitals, p_z, p_x, p_y, d_z2, d_xy, d_x2-y2 and the others.

The atomic orbitals are r^l exp(-r^2/2 s^2) times a real harmonic, the range s of the size of a valence shell; at every
k their Bloch sums are made orthonormal (Loewdin), so that shares of a state add up to at most 1. They serve to compare:
shares depend a little on s. Hartree atomic units.
"""

import math
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from jaxspin.planewave.basis import Basis
from jaxspin.planewave.crystal import Crystal
from jaxspin.planewave.hamiltonian import product, solid_harmonics

NAMES = (("s",), ("p_y", "p_z", "p_x"), ("d_xy", "d_yz", "d_z2", "d_zx", "d_x2-y2"))
"""Orbitals of l = 0, 1, 2 in the order m = -l ... l."""


class Shell(NamedTuple):
    """The 2 l + 1 orbitals r^l exp(-r^2/2 s^2) of every atom of an element; `range` is s [bohr]."""

    element: str
    l: int
    range: float = 1.0


class OrbitalWeights(eqx.Module):
    """Shares of atomic orbitals in states: `values` (k, bands, orbitals), of orbitals `names` such as (0, "d_z2")."""

    names: tuple[tuple[int, str], ...] = eqx.field(static=True)
    values: Float[Array, "k bands orbitals"]

    def of(self, atoms: tuple[int, ...], *orbitals: str) -> Float[Array, "k bands"]:
        """The share of some orbitals of some atoms, such as `of((1, 2), "p_x", "p_y")`.

        Raises:
            KeyError: where there is none of them; names those that exist.
        """
        chosen = [i for i, (atom, name) in enumerate(self.names) if atom in atoms and name in orbitals]
        if not chosen:
            known = ", ".join(f"{name} of atom {atom}" for atom, name in self.names)
            raise KeyError(f"no orbital {orbitals} of atoms {atoms} (known: {known})")
        return jnp.sum(self.values[..., jnp.asarray(chosen)], axis=-1)


def orbital_weights(
    crystal: Crystal, basis: Basis, orbitals: Complex[Array, "k bands spins waves"], shells: tuple[Shell, ...]
) -> OrbitalWeights:
    """Shares of atomic orbitals in every state, both spins together.

    Arguments:
        crystal: lattice and atoms.
        basis: in which the orbitals are.
        orbitals: normalised, shape (k, bands, spins, waves).
        shells: which atomic orbitals there are; those of other elements are ignored.

    Raises:
        ValueError: for a shell with l > 2, a range that is not positive, or no shell of any element of the crystal.
    """
    names: list[tuple[int, str]] = []
    for shell in shells:
        if not (0 <= shell.l <= 2 and shell.range > 0):
            raise ValueError(f"orbital_weights: a shell needs l = 0, 1, 2 and a positive range, got {shell}")
        names += [
            (atom, name) for atom, of in enumerate(crystal.species) if of == shell.element for name in NAMES[shell.l]
        ]
    if not names:
        raise ValueError(f"orbital_weights: no shell {shells} belongs to an atom of {crystal.species}")
    return OrbitalWeights(tuple(names), _weights(crystal, basis, orbitals, shells))


@eqx.filter_jit
def _weights(crystal: Crystal, basis: Basis, orbitals: Array, shells: tuple[Shell, ...]) -> Array:
    q = basis.wave_vectors(crystal)

    def at(each: tuple[Array, Array, Array]) -> Array:
        q, mask, states = each
        functions = unit_rows(jnp.where(mask[None], atomic_orbitals(crystal, q, shells), 0))
        overlap = product(functions.conj(), functions.T)
        sizes, vectors = jnp.linalg.eigh(overlap)
        root = (vectors / jnp.sqrt(sizes)[None]) @ vectors.conj().T  # S^(-1/2)
        amplitudes = jnp.einsum("ow,bsw->bso", functions.conj(), states) @ root.T
        return jnp.sum(amplitudes.real**2 + amplitudes.imag**2, axis=1)

    return jax.lax.map(at, (q, basis.mask, orbitals))


def atomic_orbitals(
    crystal: Crystal, q: Float[Array, "waves 3"], shells: tuple[Shell, ...]
) -> Complex[Array, "orbitals waves"]:
    """Plane-wave coefficients of the Bloch sums at wave vectors q = k + G [1/bohr], in the order of the shells."""
    q2 = jnp.sum(q**2, axis=-1)
    harmonics = solid_harmonics(q)
    rows = []
    for shell in shells:
        # the transform of r^l exp(-r^2/2 s^2) Y_lm is (-i)^l q^l exp(-q^2 s^2/2) Y_lm, normalised by
        # integral of q^(2 l + 2) exp(-q^2 s^2) dq/(2 pi)^3 = 1
        integral = math.gamma(shell.l + 1.5) / (2 * shell.range ** (2 * shell.l + 3))
        norm = math.sqrt((2 * math.pi) ** 3 / integral)
        radial = (-1j) ** shell.l * norm * jnp.exp(-q2 * shell.range**2 / 2)[None] * harmonics[shell.l]
        for atom, element in enumerate(crystal.species):
            if element == shell.element:
                rows.append(radial * jnp.exp(-1j * q @ crystal.cartesian[atom])[None])
    return jnp.concatenate(rows) / jnp.sqrt(crystal.volume)


def unit_rows(rows: Complex[Array, "o waves"]) -> Complex[Array, "o waves"]:
    """Rows of norm one."""
    return rows / jnp.sqrt(jnp.sum(rows.real**2 + rows.imag**2, axis=1, keepdims=True))
