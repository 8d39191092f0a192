"""One step to self-consistency: a density in, orbitals of its potential, their density out. Hartree atomic units."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float, Int

from jaxspin.planewave.basis import Basis
from jaxspin.planewave.density import density
from jaxspin.planewave.eigensolver import Bands, lowest_bands
from jaxspin.planewave.energy import Energies, effective_potential, total_energy
from jaxspin.planewave.hamiltonian import hamiltonian
from jaxspin.planewave.model import KohnSham
from jaxspin.planewave.smearing import Filling, occupy


class Step(NamedTuple):
    """Bands of the potential of a density, how they are filled, their density and energy (not self-consistent)."""

    bands: Bands
    filling: Filling
    density: Float[Array, "n1 n2 n3"]
    energies: Energies


@eqx.filter_jit
def step(
    model: KohnSham,
    basis: Basis,
    n: Float[Array, "n1 n2 n3"],
    orbitals: Complex[Array, "k bands spins waves"],
    wanted: int,
    tolerance: Float[Array, ""],
    max_steps: Int[Array, ""],
) -> Step:
    """Improve the orbitals in the potential of `n` until the residuals of the `wanted` lowest are small, and fill them."""
    bands = solve_bands(model, basis, effective_potential(model, n), orbitals, wanted, tolerance, max_steps)
    filling = occupy(model.smearing, bands.energies, basis.weights, model.electrons, 2 // model.spins)
    return Step(
        bands,
        filling,
        density(model, basis, bands.orbitals, filling.occupations),
        total_energy(model, basis, bands.orbitals, filling.occupations, filling.entropy),
    )


def solve_bands(
    model: KohnSham,
    basis: Basis,
    potential: Float[Array, "n1 n2 n3"],
    start: Complex[Array, "k bands spins waves"],
    wanted: int,
    tolerance: float | Float[Array, ""],
    max_steps: int | Int[Array, ""],
) -> Bands:
    """The lowest bands at every k point of a basis in a local potential, one point after the other."""
    h = hamiltonian(model, basis, potential)

    def at(each: tuple[Array, Array]) -> Bands:
        k, orbitals = each
        here = h.at(k)
        return lowest_bands(here, here.kinetic, orbitals, wanted=wanted, tolerance=tolerance, max_steps=max_steps)

    return jax.lax.map(at, (jnp.arange(len(basis.kpoints)), start))


def random_orbitals(model: KohnSham, basis: Basis, bands: int, seed: int = 0) -> Complex[Array, "k bands spins waves"]:
    """Orbitals of long waves with random phases, to start from."""
    kinetic = 0.5 * jnp.sum(basis.wave_vectors(model.crystal) ** 2, axis=-1)
    shape = (len(basis.kpoints), bands, model.spins, basis.waves)
    real, imaginary = jax.random.normal(jax.random.key(seed), (2, *shape))
    damping = jnp.where(basis.mask, 1 / (1 + kinetic**2), 0)
    return jax.lax.complex(real, imaginary) * damping[:, None, None, :]
