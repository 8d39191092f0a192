"""Roots of scalar functions, elementwise: never lost between opposite signs, and differentiable implicitly."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

_MOST = 100  # more than two halvings for each of the 31 that take an interval of length 2 down to the tolerance


def bracketed_root(
    f: Callable[[Float[Array, " n"]], Float[Array, " n"]],
    left: Float[Array, " n"],
    right: Float[Array, " n"],
    *,
    tolerance: float = 1e-9,
) -> tuple[Float[Array, " n"], Bool[Array, " n"]]:
    """One root of f, elementwise, in each interval at whose ends f has opposite signs, and which those are.

    Newton steps as long as they stay in the bracket and halve every other time, halvings of the bracket otherwise.
    The result has no derivatives, and only the digits of the tolerance: `polished` gives both.

    Arguments:
        f: elementwise.
        left, right: ends of the intervals, left <= right, shape (n,).
        tolerance: of the last Newton step.

    Returns:
        Roots, shape (n,), the right end where none is bracketed; and whether one is.
    """
    rising = f(right) > 0
    bracketed = (f(left) > 0) != rising
    ones, wide = jnp.ones_like(left), 2 * (right - left)

    def step(carry):
        low, high, x, last, before, count = carry
        value, slope = jax.jvp(f, (x,), (ones,))
        below = (value > 0) != rising
        low, high = jnp.where(below, x, low), jnp.where(below, high, x)
        newton = x - jnp.where(value == 0, 0.0, value / slope)
        size = jnp.abs(newton - x)
        # a step below the tolerance ends the search wherever rounding put the bracket; all is False for NaN
        trusted = (size <= tolerance) | ((newton >= low) & (newton <= high) & (size < before / 2))
        new = jnp.where(trusted, newton, (low + high) / 2)
        new = jnp.where(last <= tolerance, x, new)
        return low, high, new, jnp.abs(new - x), last, count + 1

    def busy(carry):
        _, _, _, last, _, count = carry
        return jnp.any(bracketed & (last > tolerance)) & (count < _MOST)

    middle = jnp.where(bracketed, (left + right) / 2, right)
    return jax.lax.while_loop(busy, step, (left, right, middle, wide, wide, 0))[2], bracketed


def polished(
    f: Callable[[Float[Array, " n"], Any], Float[Array, " n"]], guess: Float[Array, " n"], args: Any, *, steps: int
) -> Float[Array, " n"]:
    """The roots x of f(x, args) next to `guess`, after some Newton steps, with derivatives with respect to `args`.

    These follow from the implicit function theorem, forward, reverse and to any order. f is elementwise in x, and not
    a closure over anything that is to be differentiated. Where df/dx = 0 nothing moves and all derivatives are zero.
    """
    frozen = jax.lax.stop_gradient(args)

    def newton(_, x):
        value, slope = jax.jvp(lambda x: f(x, frozen), (x,), (jnp.ones_like(x),))
        return x - _ratio(value, slope)

    return _implicit(f, jax.lax.fori_loop(0, steps, newton, jax.lax.stop_gradient(guess)), args)


@functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
def _implicit(f: Callable, x: Array, args: Any) -> Array:
    """x, known to solve f(x, args) = 0."""
    return x


@_implicit.defjvp
def _implicit_jvp(f, primals, tangents):
    (x, args), (_, change) = primals, tangents
    x = _implicit(f, x, args)
    slope = jax.jvp(lambda x: f(x, args), (x,), (jnp.ones_like(x),))[1]
    return x, -_ratio(jax.jvp(lambda args: f(x, args), (args,), (change,))[1], slope)


def _ratio(value: Array, slope: Array) -> Array:
    regular = slope != 0
    return jnp.where(regular, value / jnp.where(regular, slope, 1.0), 0.0)
