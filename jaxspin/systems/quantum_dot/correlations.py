"""How fluctuations of the conductance follow the perpendicular field: correlation field and asymmetry."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from jaxspin.systems.quantum_dot.diagrammatics import contacts, ladders
from jaxspin.systems.quantum_dot.parameters import AbstractDot
from jaxspin.systems.quantum_dot.thermal import check_temperature, ladder_sum

_FALSE_POSITIONS = 16  # to 1e-6 or better; a last step of Newton goes on to rounding, and carries the derivatives
_NEAR = 1e-4  # of the root: where its slope is taken


class Fluctuations(NamedTuple):
    """Variance and asymmetry <(G(x) - G(-x))^2> [(e^2/h)^2], and the correlation field, in units of x."""

    variance: Float[Array, ""]
    asymmetry: Float[Array, ""]
    correlation_field: Float[Array, ""]


def correlation_field(dot: AbstractDot, kT_over_spacing: Float[ArrayLike, ""] = 0.0) -> Float[Array, ""]:
    """Step dx of the field x, away from zero, over which the covariance falls to half the variance; scalar fields.

    The root is bracketed; its first derivatives are implicit.
    """
    return fluctuations(dot, check_temperature(kT_over_spacing)).correlation_field


def asymmetry(dot: AbstractDot, kT_over_spacing: Float[ArrayLike, ""] = 0.0) -> Float[Array, ""]:
    """<(G(x) - G(-x))^2> [(e^2/h)^2] at one field b in the plane; scalar fields.

    Zero without spin-orbit coupling and without b: only both together break the symmetry G(x) = G(-x).
    """
    return fluctuations(dot, check_temperature(kT_over_spacing)).asymmetry


@jax.jit
def fluctuations(dot: AbstractDot, kT: Float[Array, ""]) -> Fluctuations:
    """All of them in one batch of covariances, at temperature kT/Delta."""
    dot = eqx.tree_at(lambda d: d.x, dot, jnp.abs(dot.x))
    step = _root(*jax.lax.stop_gradient((dot, kT)))
    fields = jnp.stack([dot.x, -dot.x, *(dot.x + step * factor for factor in (1, 1 + _NEAR, 1 - _NEAR))])
    same, mirrored, half, above, below = jax.vmap(lambda x: _covariance(dot, x, kT))(fields)
    slope = jax.lax.stop_gradient((above - below) / (2 * _NEAR * step))
    return Fluctuations(same, 2 * (same - mirrored), step - (half - same / 2) / slope)


def _root(dot: AbstractDot, kT: Array) -> Array:
    """The correlation field by false position, an end that stays twice counting half (the Illinois algorithm)."""
    decay = dot.N + dot.dephasing + 2 * dot.x**2 + 4 * dot.a**2 + 4 * dot.x_so**2 + 2 * jnp.abs(dot.b)
    widest = 8 * jnp.sqrt(decay)  # there x^2/2 exceeds every other rate, and little is left of the covariance

    def narrow(i: Array, known: tuple[Array, ...]) -> tuple[Array, ...]:
        variance, a, f_a, b, f_b = known
        rise = jnp.where(f_b == f_a, 1.0, f_b - f_a)  # equal only at the root, where f_b is zero
        new = jnp.where(i == 0, 0.0, b - f_b * (b - a) / rise)
        seen = _covariance(dot, dot.x + new, kT)
        variance = jnp.where(i == 0, seen, variance)
        f_new = seen / variance - 0.5
        stays = (i > 0) & (f_new * f_b > 0)
        f_a = jnp.where(stays, f_a / 2, f_b)
        return variance, jnp.where(stays, a, b), f_a, new, f_new

    start = jnp.ones_like(kT), widest, -0.5 * jnp.ones_like(kT), widest, -0.5 * jnp.ones_like(kT)
    return jax.lax.fori_loop(0, 1 + _FALSE_POSITIONS, narrow, start)[3]


def _covariance(dot: AbstractDot, x: Array, kT: Array) -> Array:
    """Covariance with the same dot at another field; without the energies, which are equal, ladders are real."""
    both = ladders(dot, eqx.tree_at(lambda d: d.x, dot, x))
    return contacts(dot) ** 2 * ladder_sum(jnp.stack(both).real, kT)
