"""Spin-orbit coupling among the bands of a scalar-relativistic calculation.

With 36 bands of a dichalcogenide monolayer, splittings differ from those of the full basis by 0.8 meV (MoSe2) to 3 meV
(WSe2). Hartree atomic units.
"""

import dataclasses
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from jaxspin.planewave.basis import Basis
from jaxspin.planewave.eigensolver import Bands
from jaxspin.planewave.hamiltonian import coupling, product, projectors
from jaxspin.planewave.model import KohnSham

_FIELD = 1e-9
"""Zeeman energy along z [hartree] that decides between the two states of a Kramers pair; taken out of the energies."""


class Spinors(NamedTuple):
    """Energies, ascending, shape (k, 2 n) [hartree], and amplitudes on n scalar bands, shape (k, 2 n, 2, n)."""

    energies: Float[Array, "k states"]
    amplitudes: Complex[Array, "k states 2 bands"]

    def orbitals(self, bands: Bands, first: int, last: int) -> Complex[Array, "k states 2 waves"]:
        """The spinors from number `first` up to, not including, `last` in plane waves; `bands` are the scalar ones."""

        def at(each: tuple[Array, Array]) -> Array:
            amplitudes, orbitals = each
            flat = product(amplitudes.reshape(-1, amplitudes.shape[-1]), orbitals[:, 0, :])
            return flat.reshape(*amplitudes.shape[:2], -1)

        return jax.lax.map(at, (self.amplitudes[:, first:last], bands.orbitals))


@eqx.filter_jit
def second_variation(model: KohnSham, basis: Basis, bands: Bands) -> Spinors:
    """Diagonalise the spin-orbit coupling of a model in the space of its scalar-relativistic bands.

    Arguments:
        model: its `spin_orbit` is the strength.
        basis: at the k points of the bands.
        bands: scalar-relativistic, with the k axis in front, as `states` returns them.
    """
    without = dataclasses.replace(model, spin_orbit=jnp.zeros(()))
    orbit = coupling(model) - coupling(without)

    def at(each: tuple[Array, Array, Array]) -> tuple[Array, Array]:
        p, orbitals, energies = each
        n = len(energies)
        overlaps = product(orbitals[:, 0, :], jnp.conj(p).T)  # <p|psi>
        spread = jnp.kron(overlaps, jnp.eye(2))  # (band, spin) x (projector, spin)
        matrix = spread.conj() @ orbit @ spread.T
        zeeman = jnp.tile(jnp.array([1.0, -1.0]), n) * _FIELD
        values, vectors = jnp.linalg.eigh(matrix + jnp.diag(jnp.repeat(energies, 2) + zeeman))
        values = values - zeeman @ (vectors.real**2 + vectors.imag**2)
        return values, vectors.T.reshape(2 * n, n, 2).transpose(0, 2, 1)

    return Spinors(*jax.lax.map(at, (projectors(model, basis), bands.orbitals, bands.energies)))
