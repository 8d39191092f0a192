"""Products and inverses of many small complex matrices, in forms that a compiler fuses over the batch."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex

_SMALL = 6  # largest order whose products are faster written out than as one library call a matrix


def product(a: Complex[Array, "*batch m k"], b: Complex[Array, "*batch k n"]) -> Complex[Array, "*batch m n"]:
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


def _nonzero(z: Complex[Array, "..."]) -> Complex[Array, "..."]:
    return jnp.where(z == 0, 1e-150, z)
