"""The density of states of a k mesh, whole or weighted by orbital, with Gaussian lines. Hartree atomic units."""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float


def density_of_states(
    energy: Float[ArrayLike, " e"],
    eigenvalues: Float[Array, "k bands"],
    weights: Float[Array, " k"],
    width: Float[ArrayLike, ""],
    per_state: int = 2,
    shares: Float[Array, "k bands orbitals"] | None = None,
) -> Float[Array, " e"] | Float[Array, "e orbitals"]:
    """States per energy and cell at some energies [1/hartree].

    Arguments:
        energy: where it is wanted, shape (e,) [hartree].
        eigenvalues: of all bands, shape (k, bands) [hartree].
        weights: of the k points, sum 1; those of a reduced mesh stand for their stars.
        width: standard deviation of the Gaussian lines [hartree].
        per_state: electrons that a state holds: 2 without spin, 1 for spinors.
        shares: of orbitals in every state, as of `projections.orbital_weights`.

    Returns:
        Shape (e,); with `shares` by orbital, shape (e, orbitals), for which a reduced mesh needs shares that do not
        differ within a star (all orbitals of an l that symmetry mixes, together).
    """
    energy, width = jnp.asarray(energy, dtype=float), jnp.asarray(width, dtype=float)
    heights = per_state * weights[:, None] if shares is None else per_state * weights[:, None, None] * shares

    def at(e: Array) -> Array:
        lines = jnp.exp(-(((e - eigenvalues) / width) ** 2) / 2) / (math.sqrt(2 * math.pi) * width)
        return jnp.sum(lines * heights) if shares is None else jnp.einsum("kb,kbo->o", lines, heights)

    return jax.lax.map(at, energy)
