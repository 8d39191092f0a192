"""Gauss-Kronrod sums on panels between breakpoints, and the choice of panels by halving the worst."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Inexact, Int

from jaxspin.core import Solve, Status

# Kronrod's 15-point rule with Gauss's 7-point rule at every other node: nodes >= 0, from outside inwards, and weights.
_HALF = np.array(
    [  # node, Kronrod, Gauss
        [0.991455371120812639207, 0.022935322010529224964, 0.0],
        [0.949107912342758524526, 0.063092092629978553291, 0.129484966168869693271],
        [0.864864423359769072790, 0.104790010322250183840, 0.0],
        [0.741531185599394439864, 0.140653259715525918745, 0.279705391489276667901],
        [0.586087235467691130294, 0.169004726639267902827, 0.0],
        [0.405845151377397166907, 0.190350578064785409913, 0.381830050505118944950],
        [0.207784955007898467601, 0.204432940075298892414, 0.0],
        [0.0, 0.209482141084727828013, 0.417959183673469387755],
    ]
)
NODES, KRONROD, GAUSS = np.concatenate([_HALF * np.array([-1.0, 1.0, 1.0]), _HALF[-2::-1]]).T
_AT_ONCE = 8  # panels halved in one round: more waste evaluations, fewer waste rounds
_WORTH = 0.1  # part of the largest error from which on a panel is halved in the same round
_SAFETY = 10.0  # of the estimate spread (safety difference/spread)^1.5; QUADPACK takes 200, for any integrand
_NARROWEST = 1e-6  # panel in tau: 1e-13 of the distance between breakpoints, next to one


class Panels(NamedTuple):
    """Slots for panels: the interval between breakpoints each lies in, and its ends in tau; empty where these agree."""

    segment: Int[Array, " n"]
    left: Float[Array, " n"]
    right: Float[Array, " n"]


def choose(
    edges: Array, f: Callable, args: Any, panels: int, solve: Solve
) -> tuple[Panels, Array, Array, Array, Array]:
    """Panels, and the value (c,), error (c,), evaluations and status that they give; none has derivatives.

    All intervals begin as one panel; in every round the worst are halved, into slots that are still empty.
    """
    arrays, rest = eqx.partition((edges, f, args), eqx.is_array)
    edges, f, args = eqx.combine(jax.lax.stop_gradient(arrays), rest)
    count, together = edges.size - 1, min(_AT_ONCE, panels)
    spare = (0, panels - count)
    slots = Panels(jnp.pad(jnp.arange(count), spare), jnp.zeros(panels), jnp.pad(jnp.full(count, np.pi), spare))
    slots = slots._replace(right=jnp.where(jnp.diff(edges)[slots.segment] > 0, slots.right, 0.0))
    filled = jnp.sum(slots.right > 0)
    value, error = (
        jnp.pad(each, (spare, (0, 0))) for each in sums(edges, f, args, jax.tree.map(lambda a: a[:count], slots))
    )

    def tolerance(value):
        return solve.atol + solve.rtol * jnp.abs(jnp.sum(value, axis=0, keepdims=True))

    def step(carry):
        slots, value, error, halvings, rounds, _ = carry
        width = slots.right - slots.left
        # a panel with a fair share of the tolerance is left alone; NaN counts as the worst
        score = jnp.max(jnp.nan_to_num(error, nan=jnp.inf) / tolerance(value), axis=-1) * panels
        score = jnp.where(jnp.isnan(score), jnp.inf, score)
        score = jnp.where(width > _NARROWEST, score, 0.0)
        score, worst = jax.lax.top_k(score, together)
        empty, free = jax.lax.top_k(jnp.where(width > 0, 0.0, 1.0), together)
        halved = (score > jnp.maximum(1.0, _WORTH * score[0])) & (empty > 0)
        middle = (slots.left[worst] + slots.right[worst]) / 2
        old = Panels(slots.segment[worst], slots.left[worst], slots.right[worst])
        lower, upper = old._replace(right=middle), old._replace(left=middle)
        both = jax.tree.map(lambda a, b: jnp.concatenate([a, b]), lower, upper)
        new_value, new_error = sums(edges, f, args, both)
        into = jnp.concatenate([jnp.where(halved, worst, panels), jnp.where(halved, free, panels)])
        put = lambda all, new: all.at[into].set(new, mode="drop")
        slots, value, error = jax.tree.map(put, (slots, value, error), (both, new_value, new_error))
        return slots, value, error, halvings + jnp.sum(halved), rounds + 1, jnp.any(halved)

    def busy(carry):
        _, value, error, _, rounds, goes_on = carry
        unfinished = ~jnp.all(jnp.sum(error, axis=0, keepdims=True) <= tolerance(value))  # True for NaN
        return unfinished & goes_on & (rounds < solve.max_steps)

    start = (slots, value, error, jnp.asarray(0), jnp.asarray(0), jnp.asarray(True))
    slots, value, error, halvings, _, _ = jax.lax.while_loop(busy, step, start)
    value, error = jnp.sum(value, axis=0), jnp.sum(error, axis=0)
    status = outcome(value, error, solve)
    return slots, value, error, 15 * (filled + 2 * halvings), status


def sums(edges: Array, f: Callable, args: Any, slots: Panels) -> tuple[Inexact[Array, "n c"], Float[Array, "n c"]]:
    """Kronrod's sum on each panel, and its error from the difference to Gauss's, of the form used in QUADPACK."""
    x, jacobian = nodes(edges, slots)
    values = at(f, x, args) * jacobian[..., None]
    kronrod = jnp.einsum("j,njc->nc", KRONROD, values)
    values = jax.lax.stop_gradient(values)
    difference = jnp.abs(jnp.einsum("j,njc->nc", KRONROD - GAUSS, values))
    spread = jnp.einsum("j,njc->nc", KRONROD, jnp.abs(values - jax.lax.stop_gradient(kronrod)[:, None] / 2))
    ratio = _SAFETY * difference / jnp.where(spread > 0, spread, 1.0)
    return kronrod, jnp.where(ratio < 1, spread * ratio**1.5, difference)


def outcome(value: Inexact[Array, "c"], error: Float[Array, "c"], solve: Solve) -> Int[Array, ""]:
    """Status of an integral: MAX_STEPS above the tolerance, NOT_FINITE."""
    converged = jnp.all(error <= solve.atol + solve.rtol * jnp.abs(value))
    status = jnp.where(converged, Status.OK, Status.MAX_STEPS)
    return jnp.where(jnp.all(jnp.isfinite(value)), status, Status.NOT_FINITE).astype(jnp.int32)


def at(f: Callable, x: Array, args: Any) -> Inexact[Array, "*x c"]:
    """f at every x, its components in the last axis."""
    values = jax.vmap(lambda x: jnp.ravel(f(x, args)))(x.ravel())
    return values.reshape(*x.shape, -1)


def nodes(edges: Array, slots: Panels) -> tuple[Float[Array, "n 15"], Float[Array, "n 15"]]:
    """Nodes and dx/d(node in (-1, 1)) of panels; those of empty ones lie in the middle of the widest interval."""
    low, high = edges[slots.segment], edges[slots.segment + 1]
    half = jnp.where(high > low, (slots.right - slots.left) / 2, 0.0)
    tau = ((slots.left + slots.right) / 2)[:, None] + half[:, None] * NODES[None]
    widest = jnp.argmax(jnp.diff(edges))
    harmless = jax.lax.stop_gradient((edges[widest] + edges[widest + 1]) / 2)
    x = jnp.where(half[:, None] > 0, _place(low[:, None], high[:, None], tau), harmless)
    return x, half[:, None] * ((high - low) / 2)[:, None] * jnp.sin(tau)


def ends(edges: Array, slots: Panels) -> tuple[Array, Array, Array]:
    """Ends of the panels in x, and half their width in tau, zero for empty ones."""
    low, high = edges[slots.segment], edges[slots.segment + 1]
    half = jnp.where(high > low, (slots.right - slots.left) / 2, 0.0)
    return _place(low, high, slots.left), _place(low, high, slots.right), half


def _place(low: Array, high: Array, tau: Array) -> Array:
    """x at tau, without cancellation next to either end."""
    return jnp.where(
        tau < np.pi / 2, low + (high - low) * jnp.sin(tau / 2) ** 2, high - (high - low) * jnp.cos(tau / 2) ** 2
    )


def tau(edges: Array, slots: Panels, x: Float[Array, " k"]) -> Float[Array, "k n"]:
    """tau of each x in the interval of each panel, at its ends where x is outside."""
    low, high = edges[slots.segment][None], edges[slots.segment + 1][None]
    x = jnp.clip(x[:, None], low, high)
    return 2 * jnp.arctan2(jnp.sqrt(x - low), jnp.sqrt(high - x))
