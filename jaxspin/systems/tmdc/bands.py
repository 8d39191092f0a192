"""Bands of a tight-binding model, and what its states carry: spin, orbital weights, velocities, masses."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Inexact

from jaxspin.numerics.linear_algebra import eigh
from jaxspin.systems.tmdc.hamiltonian import Model, along, hamiltonian, velocity

HBAR_SQUARED_OVER_M = 7.619964231
"""hbar^2 over the free electron's mass [eV angstrom^2], CODATA 2018."""

_CHUNK = 1024  # matrices held at once: these of 22 x 22 fill a few megabytes, about the size of a cache


class Eigenstates(NamedTuple):
    """Energies (n, s, m) [eV], ascending in each sector, and their vectors (n, s, m, m), one a column."""

    energies: Float[Array, "n s m"]
    vectors: Inexact[Array, "n s m m"]


def wave_vectors(k: Float[ArrayLike, "n 2"]) -> Float[Array, "n 2"]:
    """k as an array. Raises `ValueError` unless it is (n, 2): one wave vector [1/angstrom] a row."""
    k = jnp.asarray(k, dtype=float)
    if k.ndim != 2 or k.shape[1] != 2:
        raise ValueError(f"k must have shape (n, 2), one wave vector in 1/angstrom a row, got {k.shape}")
    return k


@jax.jit
def eigenstates(model: Model, k: Float[ArrayLike, "n 2"]) -> Eigenstates:
    """Energies and vectors at wave vectors k (n, 2) [1/angstrom], sector by sector."""
    return Eigenstates(*_in_chunks(lambda k: eigh(hamiltonian(model, k)), wave_vectors(k)))


def _in_chunks(function, k):
    return jax.vmap(function)(k) if k.shape[0] <= _CHUNK else jax.lax.map(function, k, batch_size=_CHUNK)


def _together(energies: Array, values: Array) -> Array:
    """Values by (n, s, m, ...) for all bands in ascending energy: (n, s m, ...)."""
    n, count = energies.shape[0], energies.shape[1] * energies.shape[2]
    values = values.reshape(n, count, *values.shape[3:])
    order = jnp.argsort(energies.reshape(n, count), axis=1)
    return jnp.take_along_axis(values, order.reshape(n, count, *(1,) * (values.ndim - 2)), axis=1)


@jax.jit
def bands(model: Model, k: Float[ArrayLike, "n 2"]) -> Float[Array, "n bands"]:
    """Energies of all bands, ascending, at wave vectors k (n, 2) [1/angstrom], in eV.

    Derivatives are exact for what does not depend on the order of degenerate bands, and finite always.
    """
    k = wave_vectors(k)
    energies = _in_chunks(lambda k: eigh(hamiltonian(model, k))[0], k)
    return jnp.sort(energies.reshape(k.shape[0], -1), axis=1)


def spin(model: Model, k: Float[ArrayLike, "n 2"]) -> Float[Array, "n bands 3"]:
    """Spin <sigma_x>, <sigma_y>, <sigma_z> of all bands, ascending in energy, each in [-1, 1] (units of hbar/2).

    With mirror symmetry x and y vanish exactly, and z is that of the state with a given mirror parity even where two
    bands of opposite spin touch. Without it, the spin of one of two degenerate states is that of the vector chosen.
    """
    return bands_and_spin(model, k)[1]


@jax.jit
def bands_and_spin(
    model: Model, k: Float[ArrayLike, "n 2"]
) -> tuple[Float[Array, "n bands"], Float[Array, "n bands 3"]]:
    """`bands` and `spin` from one diagonalisation."""

    def at(k):
        energies, vectors = eigh(hamiltonian(model, k))
        return energies, spin_of(model, vectors)

    energies, spins = _in_chunks(at, wave_vectors(k))
    return _together(energies, energies), _together(energies, spins)


def spin_of(model: Model, vectors: Inexact[Array, "s m b"]) -> Float[Array, "s b 3"]:
    """<sigma> of vectors given sector by sector, one a column."""
    weight = jnp.abs(vectors) ** 2
    z = jnp.sum(jnp.asarray(model.spins, dtype=float)[:, :, None] * weight, axis=1)
    flips = _flips(model.states[0]) if len(model.states) == 1 else []
    if not flips:
        return jnp.stack([jnp.zeros_like(z), jnp.zeros_like(z), z], axis=-1)
    up, down = np.array(flips).T
    raising = 2 * jnp.sum(vectors[:, up].conj() * vectors[:, down], axis=1)
    return jnp.stack([raising.real, raising.imag, z], axis=-1)


def _flips(states) -> list[tuple[int, int]]:
    """Pairs of states that differ in spin alone, up first."""
    where = {state: index for index, state in enumerate(states)}
    return [(index, where[name, -1]) for (name, spin), index in where.items() if spin == 1 and (name, -1) in where]


@jax.jit
def orbital_weights(model: Model, k: Float[ArrayLike, "n 2"]) -> dict[str, Float[Array, "n bands"]]:
    """Weight of each orbital, both spins added, in all bands at k (n, 2) [1/angstrom]; they sum to 1."""
    energies, vectors = eigenstates(model, k)
    weight = jnp.swapaxes(jnp.abs(vectors) ** 2, -1, -2)  # (n, s, band, state)
    return {
        name: _together(energies, jnp.sum(jnp.where(model.orbitals[:, None, :] == name, weight, 0.0), axis=-1))
        for name in dict.fromkeys(model.orbitals.ravel().tolist())
    }


@jax.jit
def velocities(model: Model, k: Float[ArrayLike, "n 2"]) -> Float[Array, "n bands 2"]:
    """hbar times the group velocity dE/dk of all bands [eV angstrom]; at a degeneracy that of the vectors chosen."""
    k = wave_vectors(k)
    energies, vectors = eigenstates(model, k)
    operators = jax.vmap(lambda k: velocity(model, k))(k)
    found = jnp.einsum("nsib,nasij,nsjb->nsba", vectors.conj(), operators, vectors).real
    return _together(energies, found)


@jax.jit
def curvatures(
    model: Model, k: Float[ArrayLike, "2"], direction: Float[ArrayLike, "2"], states: Eigenstates | None = None
) -> Float[Array, "s m"]:
    """d^2 E/dk^2 of every band of every sector at one k [1/angstrom] along a direction (2,), in eV angstrom^2.

    Second-order perturbation theory; degenerate partners within a sector are left out of its sum. `states`: the
    eigenstates found already, if any, with this k first.
    """
    energies, vectors = eigh(hamiltonian(model, k)) if states is None else (states.energies[0], states.vectors[0])
    first, second = vectors.conj().mT[None] @ along(model, k, direction) @ vectors[None]
    gap = energies[:, None, :] - energies[:, :, None]
    distinct = jnp.abs(gap) > 1e-9
    pushed = jnp.where(distinct, 2 * jnp.abs(first) ** 2 / jnp.where(distinct, gap, 1.0), 0.0)
    return jnp.diagonal(second, axis1=-2, axis2=-1).real + jnp.sum(pushed, axis=-2)


def effective_mass(model: Model, k: Float[ArrayLike, "2"], direction: Float[ArrayLike, "2"]) -> Float[Array, "s m"]:
    """Effective mass hbar^2/(d^2 E/dk^2) of every band at one k [1/angstrom] along a unit vector, in electron masses.

    Negative for holes; `model.occupied` is the first empty band of a sector.
    """
    return HBAR_SQUARED_OVER_M / curvatures(model, k, direction)


@jax.jit
def density_of_states(
    model: Model, energies: Float[Array, " e"], k: Float[ArrayLike, "n 2"], width: Float[ArrayLike, ""]
) -> Float[Array, " e"]:
    """States per eV and unit cell at `energies` [eV], both spins.

    k (n, 2) is a uniform mesh over the zone [1/angstrom]; each level a Gaussian of standard deviation `width` [eV].
    """
    levels = bands(model, k)
    distance = (energies[:, None] - levels.reshape(1, -1)) / width
    return jnp.sum(jnp.exp(-(distance**2) / 2), axis=1) / (jnp.sqrt(2 * jnp.pi) * width * levels.shape[0])
