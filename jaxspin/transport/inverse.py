"""Inverses of many small complex matrices: unrolled for a handful of rows, LAPACK above."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex

_UNROLLED = 6  # largest order where straight-line code, fused over the batch, beats one library call a matrix


@jax.custom_jvp
def inverse(matrix: Complex[Array, "*batch n n"]) -> Complex[Array, "*batch n n"]:
    """Inverse of each matrix, by elimination with row pivoting; not finite where a matrix is singular.

    Its derivative is -X dA X, to any order, whatever path the elimination took.
    """
    n = matrix.shape[-1]
    if n <= 1:
        return 1 / matrix
    return _gauss_jordan(matrix) if n <= _UNROLLED else jnp.linalg.inv(matrix)


@inverse.defjvp
def _inverse_jvp(primals, tangents):
    x = inverse(*primals)
    return x, -x @ tangents[0] @ x


def _gauss_jordan(matrix: Complex[Array, "*batch n n"]) -> Complex[Array, "*batch n n"]:
    """Gauss-Jordan elimination of [A, 1], unrolled: every entry is an array over the batch."""
    n = matrix.shape[-1]
    one, zero = jnp.ones_like(matrix[..., 0, 0]), jnp.zeros_like(matrix[..., 0, 0])
    rows = [[matrix[..., i, j] for j in range(n)] + [one if i == j else zero for j in range(n)] for i in range(n)]
    for k in range(n):
        for i in range(k + 1, n):
            swap = _size(rows[i][k]) > _size(rows[k][k])
            pairs = [(jnp.where(swap, b, a), jnp.where(swap, a, b)) for a, b in zip(rows[k], rows[i], strict=True)]
            rows[k], rows[i] = [a for a, _ in pairs], [b for _, b in pairs]
        scale = 1 / rows[k][k]
        rows[k] = [scale * a for a in rows[k]]
        for i in range(n):
            if i != k:
                factor = rows[i][k]
                rows[i] = [b - factor * a for a, b in zip(rows[k], rows[i], strict=True)]
    return jnp.stack([jnp.stack(row[n:], axis=-1) for row in rows], axis=-2)


def _size(z: Complex[Array, "..."]) -> Array:
    return z.real**2 + z.imag**2
