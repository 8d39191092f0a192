"""Eigenvalue problems whose derivatives stay finite where eigenvalues meet."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float, Inexact

_DEGENERATE = 1e3  # gaps below this many roundings of the largest eigenvalue count as zero


@jax.custom_jvp
def eigh(matrix: Inexact[Array, "*batch n n"]) -> tuple[Float[Array, "*batch n"], Inexact[Array, "*batch n n"]]:
    """Eigenvalues (ascending) and orthonormal eigenvectors (columns) of Hermitian matrices.

    First derivatives, forward and reverse, are finite at any degeneracy and exact for whatever does not depend on the
    choice of basis within a degenerate cluster: projectors, traces, sums over the cluster. The rotation within a
    cluster, which has no derivative, is left out.
    """
    w, v = jnp.linalg.eigh(matrix)  # a plain tuple, as the rule below returns: jit of a gradient compares the two
    return w, v


@eigh.defjvp
def _eigh_jvp(primals, tangents):
    (matrix,), (change,) = primals, tangents
    w, v = eigh(matrix)
    change = (change + jnp.swapaxes(change, -1, -2).conj()) / 2  # as eigh reads a matrix
    inner = jnp.swapaxes(v, -1, -2).conj() @ change @ v
    gap = w[..., None, :] - w[..., :, None]
    rounding = _DEGENERATE * jnp.finfo(w.dtype).eps * jnp.max(jnp.abs(w), axis=-1)[..., None, None]
    distinct = jnp.abs(gap) > rounding
    mixing = jnp.where(distinct, 1 / jnp.where(distinct, gap, 1), 0) * inner
    return (w, v), (jnp.diagonal(inner, axis1=-2, axis2=-1).real, v @ mixing)


def eigvals(matrix: Inexact[Array, "*batch n n"]) -> Complex[Array, "*batch n"]:
    """Eigenvalues of general matrices, ordered by real, then imaginary part.

    First derivatives are finite at semisimple degeneracies, and there exact for symmetric functions of the cluster
    (sums, products); at an exceptional point (a defective matrix) they diverge, as the eigenvalues do.
    """
    w = jnp.linalg.eigvals(matrix)
    order = jnp.lexsort((w.imag, w.real), axis=-1)
    return jnp.take_along_axis(w, order, axis=-1)
