"""Optical selection: which circular polarization a valley absorbs."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from jaxspin.numerics.linear_algebra import eigh
from jaxspin.systems.tmdc.bands import wave_vectors
from jaxspin.systems.tmdc.hamiltonian import Model, hamiltonian, velocity


@jax.jit
def circular_dichroism(model: Model, k: Float[ArrayLike, "n 2"]) -> Float[Array, "n s"]:
    """Degree of circular polarization of the direct transition at the gap, of each sector at k (n, 2) [1/angstrom].

    (|P_+|^2 - |P_-|^2)/(|P_+|^2 + |P_-|^2) with P_+- = <c|v_x +- i v_y|v> between the uppermost valence and lowermost
    conduction state: +1 and -1 at K and K' by threefold symmetry, zero on the average over both. Yao, Xiao and Niu,
    Phys. Rev. B 77, 235406 (2008). NaN where the transition is forbidden in either polarization.
    """

    def at(k):
        _, vectors = eigh(hamiltonian(model, k))
        valence, conduction = vectors[..., model.occupied - 1], vectors[..., model.occupied]
        x, y = jnp.einsum("si,asij,sj->as", conduction.conj(), velocity(model, k), valence)
        plus, minus = jnp.abs(x + 1j * y) ** 2, jnp.abs(x - 1j * y) ** 2
        return (plus - minus) / (plus + minus)

    return jax.vmap(at)(wave_vectors(k))
