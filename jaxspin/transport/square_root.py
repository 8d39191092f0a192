"""The square root of positive semidefinite matrices, with derivatives that stay finite where channels close."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex


@jax.custom_jvp
def square_root(matrix: Complex[Array, "m m"]) -> Complex[Array, "m m"]:
    """The Hermitian R >= 0 with R R = matrix, for a Hermitian matrix >= 0 up to rounding.

    Its derivative solves R dR + dR R = dA; along directions where R is zero it is left out.
    """
    return _parts(matrix)[2]


@square_root.defjvp
def _square_root_jvp(primals, tangents):
    root, vectors, value = _parts(primals[0])
    change = vectors.conj().T @ tangents[0] @ vectors
    total = root[:, None] + root[None, :]
    open_ = total > 0
    return value, vectors @ jnp.where(open_, change / jnp.where(open_, total, 1), 0) @ vectors.conj().T


def _parts(matrix):
    if matrix.shape[-1] == 1:
        root = jnp.sqrt(jnp.maximum(matrix[..., 0].real, 0))
        return root, jnp.ones_like(matrix), root[:, None] + 0j
    energies, vectors = jnp.linalg.eigh(matrix)
    root = jnp.sqrt(jnp.maximum(energies, 0))
    return root, vectors, (vectors * root[None, :]) @ vectors.conj().T
