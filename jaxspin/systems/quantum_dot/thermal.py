"""Conductance fluctuations at a temperature: equation (14) averaged over two Fermi windows, exactly.

With k(y) the convolution of two windows -f' in units of kT, the covariance is the integral of k(y) cov(y kT). In time,

    cov_T = 2 Re tr W Phi(A),    Phi(A) = int_0^oo (c tau/sinh c tau)^2 exp(-A tau) dtau,    c = 2 pi^2 kT/Delta,

where A is the inverse of a ladder and W its sum over the shorter of two times: A^+ W + W A = 1 at equal energies. The
expansion of 1/sinh^2 makes Phi = 8 c^2 sum_n n (2 c n + A)^-3, a sum over even Matsubara frequencies whose tail is
summed by Euler and Maclaurin. Nothing is sampled: zero temperature is no special case, and narrow resonances, however
far a large field b splits them, cost no more than wide ones.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Float, Inexact

from jaxspin.numerics.small_matrices import inverse_by_sweeps, product
from jaxspin.systems.quantum_dot.diagrammatics import contacts, ladders
from jaxspin.systems.quantum_dot.parameters import AbstractDot

_EXPLICIT = 8  # the first Matsubara frequency of the tail; its next term would be below 1e-13
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
_DOUBLINGS = 40  # enough for a field b that splits resonances by 1e10 of their width; then six digits are left
_KERNEL = (1 / 6, -1 / 15, 1 / 63, -2 / 675, 1 / 2079, -1382 / 19348875)  # in powers of (y/2)^2
_SMALL = 0.2  # y/2 below which these suffice, to 1e-13


def thermal_variance(dot: AbstractDot, kT_over_spacing: Float[ArrayLike, ""]) -> Float[Array, ""]:
    """Variance of the conductance at temperature kT/Delta [(e^2/h)^2]; scalar fields.

    Differentiable in everything, at zero temperature too. Dephasing is not computed from the temperature.

    Raises:
        ValueError: for a temperature that is negative or not finite.
    """
    return thermal_covariance(dot, dot, kT_over_spacing)


def thermal_covariance(dot: AbstractDot, other: AbstractDot, kT_over_spacing: Float[ArrayLike, ""]) -> Float[Array, ""]:
    """Covariance of a dot's conductances at two settings, temperature kT/Delta [(e^2/h)^2]; scalar fields.

    Raises:
        ValueError: for a temperature that is negative or not finite, and where the contacts differ.
    """
    kT = check_temperature(kT_over_spacing)
    return contacts(dot) ** 2 * ladder_sum(jnp.stack(ladders(dot, other)), kT)


def check_temperature(kT_over_spacing: Float[ArrayLike, ""]) -> Float[Array, ""]:
    """kT/Delta as an array; `ValueError` where it is concrete and negative or not finite."""
    if not isinstance(kT_over_spacing, Tracer) and not 0 <= float(np.asarray(kT_over_spacing)) < np.inf:
        raise ValueError(f"kT_over_spacing (temperature in units of Delta/k) must be >= 0, got {kT_over_spacing}")
    return jnp.asarray(kT_over_spacing, dtype=float)


@jax.jit
def ladder_sum(rates: Inexact[Array, "2 4 4"], kT: Float[Array, ""]) -> Float[Array, ""]:
    """F_D + F_C of equation (14) at temperature kT/Delta, from D^-1 and C^-1; at equal energies these may be real."""
    return jnp.sum(jax.vmap(lambda A: 2 * jnp.sum(_gramian(A.real) * _window(A, 2 * jnp.pi**2 * kT).real))(rates))


def thermal_kernel(y: Float[ArrayLike, "..."]) -> Float[Array, "..."]:
    """k(y) = (y coth(y/2) - 2)/(4 sinh^2(y/2)): how often two thermal electrons differ in energy by y kT; elementwise.

    Even, k(0) = 1/6, of unit integral. For covariances known by sampling; those of this theory need no quadrature.
    """
    z = jnp.abs(jnp.asarray(y, dtype=float)) / 2
    series = jnp.polyval(jnp.array(_KERNEL[::-1]), z**2)
    small = z < _SMALL
    z = jnp.where(small, 1.0, z)
    decay = jnp.exp(-2 * z)
    return jnp.where(small, series, (z * (1 + decay) / (1 - decay) - 1) * 2 * decay / (1 - decay) ** 2)


def _gramian(A: Float[Array, "4 4"]) -> Float[Array, "4 4"]:
    """W of A^T W + W A = 1 (symmetric), by Smith's doubling: sum_k (C^T)^k Q C^k with the Cayley transform C of A."""
    one = jnp.eye(4)
    shift = jnp.linalg.norm(jax.lax.stop_gradient(A))
    half = inverse_by_sweeps(A + shift * one)

    def double(found: tuple[Array, Array], _: None) -> tuple[tuple[Array, Array], None]:
        W, C = found
        return (W + product(C.T, product(W, C)), product(C, C)), None

    start = 2 * shift * product(half.T, half), one - 2 * shift * half
    return jax.lax.scan(double, start, None, length=_DOUBLINGS)[0][0]


def _window(A: Inexact[Array, "4 4"], c: Float[Array, ""]) -> Inexact[Array, "4 4"]:
    """Phi. With R_n = (2 c n + A)^-1 and r_n = 2 c R_n it is sum_n n r_n^3/c = 2 sum_n n r_n^2 R_n."""
    n, one = jnp.arange(1.0, _EXPLICIT + 1)[:, None, None], jnp.eye(4)
    R = inverse_by_sweeps(A[None] + 2 * c * n * one[None])
    r = 2 * c * R
    explicit = jnp.sum((n * product(product(r, r), R))[:-1], axis=0)
    tail, _ = jax.lax.scan(lambda sofar, p: (product(sofar, r[-1]) + p * one, None), jnp.zeros_like(A), _TAIL[::-1])
    return 2 * (explicit + product(tail, R[-1]))


def _tail() -> np.ndarray:
    """Coefficients p_j of Euler and Maclaurin's sum_(n >= m) n r_n^3 = sum_j p_j r_m^(j + 1)."""
    m = _EXPLICIT
    coefficients = [1 / 2, m / 2, m / 2]
    for k, bernoulli in enumerate(_BERNOULLI, start=1):
        coefficients[2 * k :] = [sum(coefficients[2 * k :]) + bernoulli * (1 / 2 - k), bernoulli * (k + 1 / 2) * m]
    return np.array(coefficients)


_TAIL = _tail()
