"""Integrals of vector-valued functions by adaptive Gauss-Kronrod rules, with their error, and with derivatives.

Between neighbouring breakpoints b_k < b_{k+1} the variable is x = b_k + (b_{k+1} - b_k) sin^2(tau/2), 0 < tau < pi: a
square-root singularity at a breakpoint (a band edge) becomes smooth, and nodes crowd there, which resolves a narrow
resonance. Panels in tau are halved where the 7-point Gauss and the 15-point Kronrod sums differ most.

Panels are chosen once, for the value; derivatives are those of the rule on the panels chosen, whose nodes move with
limits and breakpoints. Since the difference of the two sums exceeds the error of the better one by orders of magnitude,
panels that are fine enough for the value serve its derivatives. What is to be differentiated must be visible, though:
of an integrand that vanishes at one value of a parameter, nothing is resolved. Integrate the terms whose difference it
is as components of one vector.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Inexact, Int

from jaxspin.core import Solve, require_double_precision
from jaxspin.numerics.gauss_kronrod import NODES, Panels, at, choose, ends, nodes, outcome, sums, tau

_SPARE = 64
_SAME = 1e-14  # breakpoints closer than this part of the whole interval are one
_LEGENDRE = np.linalg.inv(np.polynomial.legendre.legvander(NODES, 14))  # coefficients of the polynomial through values


class Integral(eqx.Module):
    """An integral: `value`, `error` of each component, `evaluations` of the integrand, `status` as `core.Status`.

    `error` is estimated as in QUADPACK, mostly larger than the true one by orders of magnitude; it has no derivatives.
    `status` is MAX_STEPS where it is above the tolerance (`value` is then the best there is), NOT_FINITE
    where the integrand is not finite.
    """

    value: Inexact[Array, "..."]
    error: Float[Array, "..."]
    evaluations: Int[Array, ""]
    status: Int[Array, ""]


def integrate(
    f: Callable[[Array, Any], Inexact[Array, "..."]],
    lower: Float[ArrayLike, ""],
    upper: Float[ArrayLike, ""],
    args: Any = None,
    *,
    breakpoints: Float[ArrayLike, " m"] | None = None,
    panels: int | None = None,
    solve: Solve = Solve(),
) -> Integral:
    """The integral of f(x, args) from `lower` to `upper`, to solve.atol + solve.rtol |value| in every component.

    Differentiable, forward and reverse, with respect to limits, `args` and whatever f closes over; safe under `vmap`.

    Arguments:
        f: of a scalar x and `args`; real or complex array of any shape. Never called at a limit or breakpoint.
        lower, upper: limits, finite, in either order.
        args: passed on to f.
        breakpoints: where f is singular like a square root, jumps, or peaks; in any order, also outside the limits.
        panels: how many there may be in the end, 15 evaluations each; 64 more than there are breakpoints by default.
        solve: tolerances, and the most rounds (of 8 halvings each).

    Returns:
        `Integral`.

    Raises:
        ValueError: for too few panels.
        RuntimeError: in single precision.
    """
    edges, sign = _edges(lower, upper, breakpoints)
    panels = _room(edges, panels)
    f, args, shape = _converted(f, edges, args)
    value, error, evaluations, status = _adaptive((edges, f, args), panels=panels, solve=solve)
    return Integral(sign * value.reshape(shape), error.reshape(shape), evaluations, status)


def integrate_graded(
    f: Callable[[Array, Any], Inexact[Array, "..."]],
    lower: Float[ArrayLike, ""],
    upper: Float[ArrayLike, ""],
    args: Any = None,
    *,
    breakpoints: Float[ArrayLike, " m"] | None = None,
    levels: int = 2,
    solve: Solve = Solve(),
) -> Integral:
    """The integral of f(x, args) from `lower` to `upper` on fixed panels, finer towards the breakpoints.

    It compiles in a fraction of the time of `integrate`, is as smooth in everything as f, and as differentiable; its
    error is estimated as well, but nothing is done about it. Safe under `vmap`.

    Arguments:
        f, lower, upper, args, breakpoints: as of `integrate`.
        levels: panels from the middle of an interval to either end, each a quarter as wide in tau as the last.
        solve: tolerances above which `status` is MAX_STEPS.

    Returns:
        `Integral`.

    Raises:
        ValueError: for levels below 1.
        RuntimeError: in single precision.
    """
    if levels < 1:
        raise ValueError(f"integrate_graded: levels must be at least 1, got {levels}")
    edges, sign = _edges(lower, upper, breakpoints)
    f, args, shape = _converted(f, edges, args)
    rising = np.pi / 2 * np.concatenate([[0.0], 0.25 ** np.arange(levels - 1, -1, -1.0)])
    marks = np.concatenate([rising, np.pi - rising[-2::-1]])
    count, each = edges.size - 1, marks.size - 1
    slots = Panels(
        jnp.asarray(np.repeat(np.arange(count), each)),
        jnp.asarray(np.tile(marks[:-1], count)),
        jnp.asarray(np.tile(marks[1:], count)),
    )
    value, error = (jnp.sum(each, axis=0) for each in sums(edges, f, args, slots))
    status = outcome(jax.lax.stop_gradient(value), error, solve)
    evaluations = 15 * each * jnp.sum(jnp.diff(edges) > 0)
    return Integral(sign * value.reshape(shape), error.reshape(shape), evaluations, status)


def integrate_to_each(
    f: Callable[[Array, Any], Inexact[Array, "..."]],
    lower: Float[ArrayLike, ""],
    uppers: Float[ArrayLike, " k"],
    args: Any = None,
    *,
    breakpoints: Float[ArrayLike, " m"] | None = None,
    panels: int | None = None,
    solve: Solve = Solve(),
) -> Integral:
    """The integrals of f(x, args) from `lower` to each of `uppers`, from one set of panels.

    On each panel f is the polynomial through its 15 values, whose integral is known up to any point: all integrals
    together cost little more than one. First derivatives, forward and reverse, with respect to `uppers`, `args` and
    whatever f closes over; not with respect to `lower` and breakpoints.

    Arguments:
        f, args, breakpoints, panels, solve: as of `integrate`.
        lower: common lower limit; below it integrals are zero.
        uppers: upper limits, shape (k,), in any order.

    Returns:
        `Integral` with `value` (k, ...), and `error`, of the integral to the largest limit, (...).

    Raises:
        ValueError, RuntimeError: as `integrate`.
    """
    uppers = jnp.maximum(jnp.asarray(uppers, dtype=float), lower)
    edges, _ = jax.lax.stop_gradient(_edges(lower, jnp.max(uppers), breakpoints))
    panels = _room(edges, panels)
    f, args, shape = _converted(f, edges, args)
    slots, _, error, evaluations, status = choose(edges, f, args, panels, solve)
    x, jacobian = nodes(edges, slots)
    values = at(f, x, args) * jacobian[..., None]
    frozen = jax.lax.stop_gradient(uppers)
    begin, end, half = ends(edges, slots)
    local = (tau(edges, slots, frozen) - slots.left[None]) / jnp.where(half > 0, half, 1.0)[None] - 1
    local = jnp.where(frozen[:, None] >= end[None], 1.0, jnp.clip(local, -1.0, 1.0))
    local = jnp.where(frozen[:, None] <= begin[None], -1.0, local)  # nothing of a panel that is still ahead
    coefficients = jnp.einsum("dj,njc->dnc", _LEGENDRE, values)
    value = jnp.einsum("dkn,dnc->kc", _legendre_integrals(local), coefficients)
    # the limits move the value by f there, whose own derivatives need not exist
    slope = jax.lax.stop_gradient(at(f, frozen, args))
    boundary = slope * (uppers - frozen)[:, None]
    boundary = jnp.where((frozen > lower)[:, None], boundary, 0.0)
    return Integral((value + boundary).reshape(-1, *shape), error.reshape(shape), evaluations + uppers.size, status)


def _edges(lower: ArrayLike, upper: ArrayLike, breakpoints: ArrayLike | None) -> tuple[Float[Array, " m"], Array]:
    """Ends of the intervals in rising order, those that coincide in value equal in derivative too, and the sign."""
    lower, upper = jnp.asarray(lower, dtype=float), jnp.asarray(upper, dtype=float)
    sign = jnp.where(upper < lower, -1.0, 1.0)
    low, high = jnp.where(upper < lower, upper, lower), jnp.where(upper < lower, lower, upper)
    inner = jnp.zeros(0) if breakpoints is None else jnp.ravel(jnp.asarray(breakpoints, dtype=float))
    edges = jnp.concatenate([low[None], jnp.sort(jnp.clip(inner, low, high)), high[None]])
    same = _SAME * (jnp.abs(low) + jnp.abs(high))
    edges = jnp.where(edges >= high - same, high, edges)
    apart = jnp.diff(edges) > same
    first = jax.lax.cummax(jnp.where(apart, jnp.arange(1, edges.size), 0))
    return edges[jnp.concatenate([jnp.zeros(1, dtype=first.dtype), first])], sign


def _room(edges: Array, panels: int | None) -> int:
    """The number of panels: as given, checked, or by default."""
    if panels is not None and panels < edges.size:
        raise ValueError(f"quadrature: panels must be at least {edges.size} for these breakpoints, got {panels}")
    return edges.size + _SPARE if panels is None else panels


def _converted(f: Callable, edges: Array, args: Any) -> tuple[Callable, Any, tuple[int, ...]]:
    """f with all that it closes over visible to derivatives, `args` as arrays, and the shape of f."""
    require_double_precision("an accurate integral")
    args = _strong(args)
    f = eqx.filter_closure_convert(f, edges[0], args)
    return f, args, eqx.filter_eval_shape(f, edges[0], args).shape


def _strong(tree: Any) -> Any:
    """Every floating-point or complex leaf as an array of its own type, whatever form it came in."""

    def strong(leaf):
        number = isinstance(leaf, float | complex | np.generic | np.ndarray | jax.Array)
        inexact = number and jnp.issubdtype(jnp.result_type(leaf), jnp.inexact)
        return jnp.asarray(leaf, dtype=jnp.result_type(leaf)) if inexact else leaf

    return jax.tree.map(strong, tree)


def _legendre_integrals(t: Float[Array, "..."]) -> Float[Array, "15 ..."]:
    """Integrals of the Legendre polynomials of degrees 0 to 14 from -1 to t: (P_(k+1) - P_(k-1))/(2k + 1)."""
    p = [jnp.ones_like(t), t]
    for k in range(1, 15):
        p.append(((2 * k + 1) * t * p[k] - k * p[k - 1]) / (k + 1))
    return jnp.stack([t + 1, *((p[k + 1] - p[k - 1]) / (2 * k + 1) for k in range(1, 15))])


@eqx.filter_custom_jvp
def _adaptive(operands: tuple[Array, Callable, Any], *, panels: int, solve: Solve) -> tuple[Array, Array, Array, Array]:
    """Value, error, evaluations and status, for operands (edges, f, args)."""
    edges, f, args = operands
    return choose(edges, f, args, panels, solve)[1:]


@_adaptive.def_jvp
def _adaptive_jvp(primals, tangents, *, panels, solve):
    (operands,), (change,) = primals, tangents
    edges, f, args = _strong(operands)
    slots, _, error, evaluations, status = choose(edges, f, args, panels, solve)
    rule = lambda edges, f, args: jnp.sum(sums(edges, f, args, slots)[0], axis=0)
    value, slope = eqx.filter_jvp(rule, (edges, f, args), change)
    return (value, error, evaluations, status), (slope, jnp.zeros_like(error), None, None)
