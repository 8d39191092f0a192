"""The ladder of equation (8) before the limit M -> infinity: leading order in 1/N for the matrices R that were drawn.

An ensemble of finite M differs from equations (13) and (14) in two ways: by the loops left out, of relative order 1/N,
and because tr R x R'* is not yet its limit, which shifts <dG> by as much as -2/M at a = 5. Here the second is exact, so
that what remains between this and the ensemble is the first.
"""

import jax.numpy as jnp
from jaxtyping import Array, Complex, Float


def ladder_weak_localization(R: Complex[Array, "m m"], M: int, n1: int, n2: int) -> Float[Array, ""]:
    """Average correction <dG> [e^2/h] over the circular orthogonal ensemble of U, at one R, to leading order in 1/N.

    Arguments:
        R: matrix of equation (6), the spin innermost, m = 2 (M - N); or that of one spin, m = M - N, and then <dG> is
            of this spin alone. Times exp(-dephasing/2M), if there is dephasing.
        M: order of U.
        n1, n2: channels of the contacts.
    """
    cooperon = _ladder(R, R.conj().T, M, n1 + n2)
    return -n1 * n2 / (n1 + n2) * jnp.einsum("mnnm->", cooperon).real


def ladder_covariance(
    R: Complex[Array, "m m"], other: Complex[Array, "m m"], M: int, n1: int, n2: int
) -> Float[Array, ""]:
    """Covariance [(e^2/h)^2], over the ensemble of U, of the conductances at R and at another R', to the same order.

    Arguments as those of `ladder_weak_localization`.
    """
    both = (_ladder(R, pair, M, n1 + n2) for pair in (other.conj(), other.conj().T))
    return (n1 * n2 / (n1 + n2)) ** 2 * sum((jnp.sum(jnp.abs(each) ** 2) for each in both), start=jnp.zeros(()))


def _ladder(R: Array, pair: Array, M: int, N: int) -> Complex[Array, "s s s s"]:
    """(M - sum_ab R_ab x pair_ab)^-1, with the indices (mu mu'), (nu nu') of the spins of S and S'*."""
    spins = R.shape[0] // (M - N)
    R, pair = (matrix.reshape(M - N, spins, M - N, spins) for matrix in (R, pair))
    trace = jnp.einsum("aibj,akbl->ikjl", R, pair).reshape(spins**2, spins**2)
    return jnp.linalg.inv(M * jnp.eye(spins**2) - trace).reshape(spins, spins, spins, spins)
