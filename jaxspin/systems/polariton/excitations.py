"""Bogoliubov's elementary excitations of a condensate: damped precession about an effective field, equation (8).

A small deviation from a fixed point obeys dsigma/dtau = J sigma. With J v = (-gamma_p + i Omega) v, Omega > 0, and
v = u_1 + i u_2, it is

    sigma = C_1 exp(-gamma_p tau) [u_1 cos(Omega tau + phi) - u_2 sin(Omega tau + phi)] + C_2 v_3 exp(-Gamma_p tau).

Sign: that motion turns from u_1 to -u_2, so the right-handed normal is **n = u_2 x u_1**/|u_2 x u_1| and the effective
field Omega n. It does not depend on the phase of v, and Omega n_z > 0 for the aligned state in a field delta > 0.

The plane of u_1 and u_2 is what J + Gamma_p maps to, so n is the left eigenvector of the real eigenvalue: no complex
number is needed.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxspin.systems.polariton.bracketing import polished
from jaxspin.systems.polariton.fixed_points import characteristic
from jaxspin.systems.polariton.parameters import Condensate
from jaxspin.systems.polariton.pseudospin import jacobian
from jaxspin.systems.polariton.response import aligned_state, demand_condensate

_NEWTON = 12  # steps from a bound on the root of a cubic to rounding; it converges from above, monotonically


class Excitations(eqx.Module):
    """Spectrum about a fixed point, in units of epsilon/hbar.

    `frequency` Omega >= 0 and `damping` gamma_p of the precession, `relaxation` Gamma_p of the real mode, `normal` (3,)
    the direction n of the effective field, `frequency_z` = Omega n_z. Where all eigenvalues are real (overdamped,
    close to a bifurcation) Omega = 0, `relaxation` belongs to the one farthest from the others, `damping` is the mean
    of these, and `normal` holds its limit.
    """

    frequency: Float[Array, ""]
    frequency_z: Float[Array, ""]
    damping: Float[Array, ""]
    relaxation: Float[Array, ""]
    normal: Float[Array, "3"]


def excitations(c: Condensate) -> Excitations:
    """Excitations of the aligned state. Differentiable, on any device.

    NaN under `jit` or `vmap` where no aligned state is stable.

    Raises:
        ValueError: outside `jit` and `vmap`, where no aligned state is stable: below the condensation threshold.
    """
    found = _of_aligned(c)
    demand_condensate(c, found.damping)
    return found


@jax.jit
def excitations_of(c: Condensate, s: Float[Array, "3"]) -> Excitations:
    """Excitations of the fixed point s, shape (3,), stable or not: rates below zero grow."""
    matrix = jacobian(c, s)
    c2, c1, c0 = characteristic(matrix)
    slow = isolated_root(c2, c1, c0)  # -Gamma_p
    damping = (c2 + slow) / 2
    # lambda^3 + c2 lambda^2 + c1 lambda + c0 = (lambda - slow) (lambda^2 + 2 damping lambda + product)
    product = c1 + slow * (c2 + slow)
    square = product - damping**2
    oscillates = square > 0
    frequency = jnp.where(oscillates, jnp.sqrt(jnp.where(oscillates, square, 1.0)), 0.0)
    normal = _normal(matrix - slow * jnp.eye(3), matrix)
    return Excitations(frequency, frequency * normal[2], damping, -slow, normal)


def isolated_root(c2: Array, c1: Array, c0: Array) -> Float[Array, ""]:
    """The real root of lambda^3 + c2 lambda^2 + c1 lambda + c0 farthest from the other two, real or not.

    With lambda = t - c2/3 and t^3 + P t + Q = 0 it is the one root with sign(t) = -sign(Q), where the cubic is convex.
    """
    P = c1 - c2**2 / 3
    Q = 2 * c2**3 / 27 - c1 * c2 / 3 + c0
    side = jnp.where(Q > 0, -1.0, 1.0)
    frozen_P, frozen_Q = jax.lax.stop_gradient((P, Q))
    t = jnp.sqrt(jnp.abs(frozen_P)) + jnp.cbrt(jnp.abs(frozen_Q))  # not below the root
    return side * polished(_convex, t, (P, side * Q), steps=_NEWTON) - c2 / 3


@jax.jit
def _of_aligned(c: Condensate) -> Excitations:
    state = aligned_state(c)
    found = excitations_of(c, jnp.where(state.exists, state.s, 1.0))
    return jax.tree.map(lambda leaf: jnp.where(state.exists, leaf, jnp.nan), found)


def _normal(shifted: Float[Array, "3 3"], matrix: Float[Array, "3 3"]) -> Float[Array, "3"]:
    """Unit vector n with n @ shifted = 0, along v x (J v) for v in the plane that shifted maps to."""
    columns = shifted.T
    crosses = jnp.stack([jnp.cross(columns[i - 2], columns[i - 1]) for i in range(3)])
    pair = jnp.argmax(jnp.sum(jax.lax.stop_gradient(crosses) ** 2, axis=-1))
    v, n = columns[pair - 2], crosses[pair]
    turns = jnp.where(n @ jnp.cross(v, matrix @ v) < 0, -1.0, 1.0)
    return turns * n / jnp.linalg.norm(n)


def _convex(t: Array, args: tuple[Array, Array]) -> Array:
    P, Q = args
    return t**3 + P * t + Q
