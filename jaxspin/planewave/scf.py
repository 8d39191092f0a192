"""One step to self-consistency: a density in, orbitals of its potential, their density out. Hartree atomic units."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float, Int

from jaxspin.planewave.basis import Basis
from jaxspin.planewave.density import density
from jaxspin.planewave.eigensolver import Bands, lowest_bands
from jaxspin.planewave.energy import Energies, effective_potential, energies_with
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
    """Improve the orbitals in the potential of `n` until the `wanted` lowest are good, and fill them."""
    bands = solve_bands(model, basis, effective_potential(model, n), orbitals, wanted, tolerance, max_steps)
    filling = occupy(model.smearing, bands.energies, basis.weights, model.electrons, 2 // model.spins)
    out = density(model, basis, bands.orbitals, filling.occupations)
    energies = energies_with(model, basis, bands.orbitals, filling.occupations, out, filling.entropy)
    return Step(bands, filling, out, energies)


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


def start_orbitals(
    model: KohnSham, basis: Basis, potential: Float[Array, "n1 n2 n3"], bands: int
) -> Complex[Array, "k bands spins waves"]:
    """The lowest states among the shortest waves, by full diagonalisation: where to start the eigensolver.

    A little noise breaks their symmetry: the eigensolver never leaves that of its start, and would miss a state of
    another one that comes below these in the whole basis.
    """
    h = hamiltonian(model, basis, potential)
    few = min(basis.waves, _SHORT * bands // model.spins)
    waves = jnp.fft.fftn(potential) / potential.size
    spins = model.spins
    noise = jax.lax.complex(*jax.random.normal(jax.random.key(0), (2, bands, spins, basis.waves)))

    def at(each: tuple[Array, Array]) -> Array:
        k, miller = each
        here = h.at(k)
        apart = jnp.moveaxis(miller[:few, None, :] - miller[None, :few, :], -1, 0)
        first, second, third = (n % points for n, points in zip(apart, potential.shape, strict=True))
        # padding, which may be among the shortest where there are very few waves, goes to the top
        kinetic = jnp.where(here.mask[:few], here.kinetic[:few], 1e3)
        local = jnp.where(here.mask[:few, None] & here.mask[None, :few], waves[first, second, third], 0) + jnp.diag(
            kinetic
        )
        spread = jnp.kron(here.projectors[:, :few], jnp.eye(spins))
        matrix = jnp.kron(local, jnp.eye(spins)) + spread.T @ here.coupling @ spread.conj()
        vectors = jnp.linalg.eigh(matrix)[1][:, :bands].T.reshape(bands, few, spins).transpose(0, 2, 1)
        rough = jnp.where(here.mask, _NOISE / (1 + here.kinetic) ** 2, 0.0)[None, None] * noise
        return jnp.pad(vectors, ((0, 0), (0, 0), (0, basis.waves - few))) + rough

    return jax.lax.map(at, (jnp.arange(len(basis.kpoints)), basis.miller))


_SHORT = 15  # waves per band that are diagonalised at the start
_NOISE = 0.01  # amplitude of a wave without kinetic energy
