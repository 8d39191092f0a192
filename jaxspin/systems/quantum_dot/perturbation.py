"""The perturbation H' of equation (7): random antisymmetric matrices, drawn once, and the parameters that scale them.

Matrices with spin have the spin as the last, fastest index. Reduced units: energies in Delta.
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Complex, Float, PRNGKeyArray

from jaxspin.numerics.random_matrix import antisymmetric
from jaxspin.systems.quantum_dot.parameters import Dot


class Fields(NamedTuple):
    """X, A_1 and A_2 of equation (7): real antisymmetric (d, d), tr X X^T = tr A_j A_j^T = M^2, tr A_1 A_2^T = 0."""

    X: Float[Array, "d d"]
    A1: Float[Array, "d d"]
    A2: Float[Array, "d d"]


def draw_fields(keys: PRNGKeyArray, d: int, M: int) -> Fields:
    """Random matrices of size d, normalised to M^2; the same key gives the same ones whatever the parameters.

    Arguments: two random keys (2,), the size d and the M of the normalisation. For d = 2 there is one antisymmetric
    matrix, and no pair: A_1 and A_2 are zero then.
    """
    if d == 2:
        (X,) = antisymmetric(keys[0], d) * (M / d)
        return Fields(X, jnp.zeros_like(X), jnp.zeros_like(X))
    # X from a pair of its own: independent of A_1 and A_2, by the same compiled sampler
    (X, _), (A1, A2) = jax.vmap(lambda each: antisymmetric(each, d, 2))(keys) * (M / d)
    return Fields(X, A1, A2)


def spins_decouple(dot: Dot) -> bool:
    """Whether one spin axis is conserved for certain: no a, and not both b and x_so. A traced parameter may be any."""
    return _absent(dot.a) and (_absent(dot.b) or _absent(dot.x_so))


def is_coherent(dot: Dot) -> bool:
    """Whether there is no dephasing for certain."""
    return _absent(dot.dephasing)


def generator(dot: Dot, fields: Fields, *, decoupled: bool = False) -> Complex[Array, "k m m"]:
    """-2 pi i H'/Delta, antihermitian: shape (1, 2d, 2d); (2, d, d), one a spin, where the spins are `decoupled`."""
    X, A1, A2 = fields
    sign = jnp.array([1.0, -1.0])[:, None, None]
    if decoupled:
        one = jnp.eye(X.shape[0])[None]
        return jax.lax.complex((dot.x + sign * dot.x_so) * X[None], -sign * dot.b * one)
    one, x, y, z = (jnp.array(pauli, dtype=complex) for pauli in _PAULI)
    spins = jnp.stack([dot.x * one + dot.x_so * z, dot.a * x, dot.a * y, -1j * dot.b * x])
    orbits = jnp.stack([X, A1, A2, jnp.eye(X.shape[0])]).astype(complex)
    m = 2 * X.shape[0]
    return jnp.einsum("kij,kst->isjt", orbits, spins).reshape(1, m, m)


def size(dot: Dot, d: int, M: int) -> Float[Array, ""]:
    """Estimate of the spectral norm of the generator, from above: half more than the edge of the semicircle.

    The semicircle of X ends at 2 M/sqrt(d); M/sqrt(2) is a strict bound, lower for small d.
    """
    edge = M * min(3 / d**0.5, 0.5**0.5)
    return edge * (abs(dot.x) + abs(dot.x_so) + 2**0.5 * abs(dot.a)) + abs(dot.b)


_PAULI = ([[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]])


def _absent(value: Any) -> bool:
    return not isinstance(value, Tracer) and eqx.is_array(value) and not bool(np.any(np.asarray(value)))
