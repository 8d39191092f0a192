"""Products and inverses of many small matrices, in forms that a compiler fuses over the batch, on any device.

Library calls, one a matrix, take several times as long; and large batches of several LAPACK calls at once, in a loop,
block each other for ever on a CPU with few cores (JAX 0.10.1).
"""

import functools

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Inexact

_SMALL = 6  # largest order whose products are faster written out than as one library call a matrix


def product(a: Inexact[Array, "*batch m k"], b: Inexact[Array, "*batch k n"]) -> Inexact[Array, "*batch m n"]:
    """a b, written out for small orders; where one of the two has no batch, it is the same for all."""
    k, rank = a.shape[-1], max(a.ndim, b.ndim)
    a, b = (matrix.reshape((1,) * (rank - matrix.ndim) + matrix.shape) for matrix in (a, b))
    if max(*a.shape[-2:], b.shape[-1]) > _SMALL or k == 0:
        return a @ b
    return sum((a[..., :, i, None] * b[..., None, i, :] for i in range(1, k)), a[..., :, 0, None] * b[..., None, 0, :])


@jax.custom_jvp
def inverse(matrix: Complex[Array, "*batch n n"]) -> Complex[Array, "*batch n n"]:
    """Inverse of each matrix: by cofactors up to order 3, by LAPACK above.

    Where a determinant is exactly zero, up to order 3, it is taken to be 1e-150: in a continued fraction an inverse
    that diverges is followed by one that vanishes.

    Its derivative is -X dA X, to any order.
    """
    n = matrix.shape[-1]
    if n <= 1:
        return 1 / _nonzero(matrix)
    if n > 3:
        return jnp.linalg.inv(matrix)
    if n == 2:
        (a, b), (c, d) = ((matrix[..., i, 0], matrix[..., i, 1]) for i in range(2))
        cofactors = jnp.stack([jnp.stack([d, -b], axis=-1), jnp.stack([-c, a], axis=-1)], axis=-2)
    else:
        a, b, c = (matrix[..., :, i] for i in range(3))
        cofactors = jnp.stack([jnp.cross(b, c), jnp.cross(c, a), jnp.cross(a, b)], axis=-2)
    # the barriers keep the compiler from computing the cofactors anew for every entry
    cofactors = jax.lax.optimization_barrier(cofactors)
    determinant = jnp.sum(matrix[..., :, 0] * cofactors[..., 0, :], axis=-1)
    return cofactors * jax.lax.optimization_barrier(1 / _nonzero(determinant))[..., None, None]


@inverse.defjvp
def _inverse_jvp(primals, tangents):
    x = inverse(*primals)
    return x, -product(product(x, tangents[0]), x)


@jax.custom_jvp
@jax.jit
@functools.partial(jnp.vectorize, signature="(n,n)->(n,n)")
def inverse_by_sweeps(matrix: Inexact[Array, "*batch n n"]) -> Inexact[Array, "*batch n n"]:
    """Inverse of matrices with positive hermitian part, by n sweeps without pivoting; derivatives as of `inverse`."""

    def sweep(matrix: Array, here: Array) -> tuple[Array, None]:
        k = jnp.argmax(here)
        row = jnp.where(here, 1.0, matrix[k]) / matrix[k, k]
        rest = jnp.where(here[None], 0.0, matrix) - matrix[:, k, None] * row[None]
        return jnp.where(here[:, None], row[None], rest), None

    return jax.lax.scan(sweep, matrix, jnp.eye(matrix.shape[-1], dtype=bool))[0]


@inverse_by_sweeps.defjvp
def _inverse_by_sweeps_jvp(primals, tangents):
    x = inverse_by_sweeps(*primals)
    return x, -product(product(x, tangents[0]), x)


def _nonzero(z: Complex[Array, "..."]) -> Complex[Array, "..."]:
    return jnp.where(z == 0, 1e-150, z)
