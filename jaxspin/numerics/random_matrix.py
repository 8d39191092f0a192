"""Random matrices by key: the circular and Gaussian ensembles of Dyson, and sets of real antisymmetric matrices.

Every sampler takes a key and a size and returns one matrix; `jax.vmap` over keys makes many. Haar measure is exact:
Householder reflections of Gaussian vectors with the phases that make R positive (Mezzadri, Notices AMS 54, 592 (2007);
Stewart, SIAM J. Numer. Anal. 17, 403 (1980)), at half the work of a QR decomposition. Quaternion matrices of size n are
complex ones of size 2n with the spin as the last, fastest index; the dual of Q is sigma_y Q^T sigma_y.
Means, variances and covariances of what is computed from them, with standard errors, are in `ensemble_statistics`.
"""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float, PRNGKeyArray

from jaxspin.numerics.matrix_functions import product


def cue(key: PRNGKeyArray, n: int) -> Complex[Array, "n n"]:
    """A matrix of the circular unitary ensemble (beta = 2): unitary, with Haar measure, shape (n, n).

    Raises `ValueError` for n < 1.
    """
    _check("cue", n)
    # n (n + 1) normal numbers fill the lower triangles of the real and of the imaginary part, diagonals included
    drawn = _normal(key, (n, n + 1))
    z = jnp.tril(jax.lax.complex(drawn[:, :n], drawn[:, 1:].T))
    corner = jnp.diagonal(z)
    size = jnp.abs(corner)
    lengths = jnp.sqrt(jnp.sum(jnp.abs(z) ** 2, axis=0))
    phases = corner / size
    # column k holds the part below the diagonal of the vector v = z + phase |z| e_k, in units of its first element
    v = jnp.tril(z, -1) / (phases * (size + lengths))[None]
    tau = 2 / (1 + jnp.sum(jnp.abs(v) ** 2, axis=0))
    reflections = jax.lax.linalg.householder_product(v, tau.astype(v.dtype))
    return reflections * -phases[None]


def coe(key: PRNGKeyArray, n: int) -> Complex[Array, "n n"]:
    """A matrix of the circular orthogonal ensemble (beta = 1): V V^T, unitary and symmetric, shape (n, n).

    Raises `ValueError` for n < 1.
    """
    _check("coe", n)
    v = cue(key, n)
    mixed = v.real @ v.imag.T
    return jax.lax.complex(v.real @ v.real.T - v.imag @ v.imag.T, mixed + mixed.T)


def cse(key: PRNGKeyArray, n: int) -> Complex[Array, "2n 2n"]:
    """A matrix of the circular symplectic ensemble (beta = 4): n quaternions a side, unitary and self-dual, (2n, 2n).

    Raises `ValueError` for n < 1.
    """
    _check("cse", n)
    v = cue(key, 2 * n)
    return product(v, dual(v))


def dual(q: Complex[Array, "2n 2n"]) -> Complex[Array, "2n 2n"]:
    """Quaternion dual sigma_y Q^T sigma_y: what time reversal makes of a matrix with spin."""
    n = q.shape[-1] // 2
    blocks = q.reshape(n, 2, n, 2).transpose(2, 3, 0, 1)[:, ::-1, :, ::-1]  # transposed, both spins flipped
    signs = jnp.array([[1.0, -1.0], [-1.0, 1.0]])[None, :, None, :]
    return (blocks * signs).reshape(2 * n, 2 * n)


def goe(key: PRNGKeyArray, n: int) -> Float[Array, "n n"]:
    """A matrix of the Gaussian orthogonal ensemble (beta = 1): real symmetric, <H_ij^2> = 1 + delta_ij, shape (n, n).

    Raises `ValueError` for n < 1.
    """
    _check("goe", n)
    drawn = _normal(key, (n, n))
    return (drawn + drawn.T) / math.sqrt(2)


def gue(key: PRNGKeyArray, n: int) -> Complex[Array, "n n"]:
    """A matrix of the Gaussian unitary ensemble (beta = 2): Hermitian, <|H_ij|^2> = 1, shape (n, n).

    Raises `ValueError` for n < 1.
    """
    _check("gue", n)
    drawn = _normal(key, (2, n, n))
    return jax.lax.complex(drawn[0] + drawn[0].T, drawn[1] - drawn[1].T) / 2


def gse(key: PRNGKeyArray, n: int) -> Complex[Array, "2n 2n"]:
    """A matrix of the Gaussian symplectic ensemble (beta = 4): Hermitian, self-dual, n quaternions a side, (2n, 2n).

    The four real components of an off-diagonal quaternion have variance 1/4 each, a diagonal element has 1/2; with
    this the semicircle reaches 2 sqrt(n) in all three Gaussian ensembles. Raises `ValueError` for n < 1.
    """
    _check("gse", n)
    drawn = _normal(key, (4, n, n)) / math.sqrt(8)
    parts = jnp.concatenate([drawn[:1] + drawn[:1].swapaxes(1, 2), drawn[1:] - drawn[1:].swapaxes(1, 2)])
    identity, x, y, z = [[1, 0], [0, 1]], [[0, 1j], [1j, 0]], [[0, 1], [-1, 0]], [[1j, 0], [0, -1j]]
    units = jnp.array([identity, x, y, z])  # 1 and i sigma
    return jnp.einsum("kij,kst->isjt", parts.astype(units.dtype), units).reshape(2 * n, 2 * n)


def antisymmetric(key: PRNGKeyArray, n: int, count: int = 1) -> Float[Array, "count n n"]:
    """Real antisymmetric matrices, orthogonal under the trace: tr A_i A_j^T = n^2 delta_ij, shape (count, n, n).

    Uniform over all such sets, whatever rotation O A O^T. Off the diagonal, elements have variance n/(n - 1).

    Raises:
        ValueError: for n < 2, and for more matrices than there are independent ones, n (n - 1)/2.
    """
    _check("antisymmetric", n)
    if not 1 <= count <= n * (n - 1) // 2:
        raise ValueError(
            f"antisymmetric: between 1 and {n * (n - 1) // 2} matrices of size {n} can be orthogonal, got count={count}"
        )
    drawn = _normal(key, (count, n, n))
    found: list[Float[Array, "n n"]] = []
    for matrix in drawn - drawn.swapaxes(1, 2):  # Gram and Schmidt, twice where rounding could matter
        for _ in range(2):
            for earlier in found:
                matrix = matrix - jnp.sum(matrix * earlier) / n**2 * earlier
        found.append(matrix * (n / jnp.sqrt(jnp.sum(matrix**2))))
    return jnp.stack(found)


def _normal(key: PRNGKeyArray, shape: tuple[int, ...]) -> Float[Array, "..."]:
    # drawn as a list, which compiles three times faster than in its shape; the barrier keeps XLA from drawing the
    # same numbers again in every place that reads them
    return jax.lax.optimization_barrier(jax.random.normal(key, (math.prod(shape),), dtype=float)).reshape(shape)


def _check(name: str, n: int) -> None:
    if n < 1:
        raise ValueError(f"{name}: the size n must be at least 1, got {n}")
