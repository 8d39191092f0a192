"""The spin of spinor orbitals: expectation values, and spins of states that share an energy.

Orbitals have the axes (..., bands, spins, waves), spins up and down along z. Spins are <sigma> = 2 <S>/hbar.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float

PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
"""sigma_x, sigma_y, sigma_z."""


def spin(orbitals: Complex[Array, "*k bands 2 waves"]) -> Float[Array, "*k bands 3"]:
    """<sigma_x>, <sigma_y>, <sigma_z> of every orbital, each in [-1, 1].

    Where two states share an energy, as everywhere in a crystal with inversion, the eigensolver is free to mix them:
    see `polarised`.

    Arguments:
        orbitals: normalised spinors; padding must be zero.

    Raises:
        ValueError: for orbitals without spin.
    """
    if orbitals.shape[-2] != 2:
        raise ValueError(f"spin: orbitals must be spinors of two components, got {orbitals.shape[-2]}; set spin_orbit")
    up, down = orbitals[..., 0, :], orbitals[..., 1, :]
    crossed = 2 * jnp.sum(up.conj() * down, axis=-1)
    along = jnp.sum(up.real**2 + up.imag**2 - down.real**2 - down.imag**2, axis=-1)
    return jnp.stack([crossed.real, crossed.imag, along], axis=-1)


def polarised(
    orbitals: Complex[Array, "bands 2 waves"],
    energies: Float[ArrayLike, " bands"],
    tolerance: float = 1e-6,
    axis: int = 2,
) -> Complex[Array, "bands 2 waves"]:
    """The same states, those of one energy mixed so that sigma along an axis is diagonal among them.

    Arguments:
        orbitals: of one k point, by ascending energy.
        energies: of the bands [hartree]; concrete.
        tolerance: neighbours nearer than this count as one energy [hartree].
        axis: 0, 1, 2 for x, y, z.

    Returns:
        Orbitals: within an energy by descending spin.
    """
    energies = np.asarray(energies)
    edges = np.flatnonzero(np.diff(energies) > tolerance) + 1
    mixed = []
    for first, last in zip([0, *edges], [*edges, len(energies)], strict=True):
        states = orbitals[first:last]
        matrix = jnp.einsum("isw,st,jtw->ij", states.conj(), PAULI[axis], states)
        vectors = jnp.linalg.eigh(matrix)[1][:, ::-1]
        mixed.append(jnp.einsum("ij,isw->jsw", vectors, states))
    return jnp.concatenate(mixed)
