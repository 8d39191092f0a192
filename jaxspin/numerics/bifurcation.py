"""Where steady states appear, split or start to oscillate, and the branches between.

Each bifurcation is the root of an *extended* system: the steady state, the condition on its Jacobian J and a
normalisation, all at once. So the critical control is an implicit function of the arguments and has exact derivatives,
forward and reverse; no simulation is bisected. (Govaerts, Numerical Methods for Bifurcations of Dynamical Equilibria,
SIAM 2000; pitchfork: Werner and Spence, SIAM J. Numer. Anal. 21, 388.)

In all of them `residual(state, control, args)` is of order one and has the shape of `state`; `control` is a scalar.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, ArrayLike, Float, Int, PyTree

from jaxspin.core import Solve, Status, worst
from jaxspin.numerics.fixed_point import steady_state

Residual = Callable[[Any, Array, Any], Any]


class Fold(eqx.Module):
    """A saddle node (`fold`) or `pitchfork`: state, null vector of J (unit length at the guess), control, status."""

    state: PyTree[Array]
    null: PyTree[Array]
    control: Float[Array, ""]
    status: Int[Array, ""]


class Hopf(eqx.Module):
    """A Hopf point: state, real and imaginary part of the mode, angular frequency (> 0), control, status."""

    state: PyTree[Array]
    mode: tuple[PyTree[Array], PyTree[Array]]
    frequency: Float[Array, ""]
    control: Float[Array, ""]
    status: Int[Array, ""]


class Branch(eqx.Module):
    """Steady states along a branch: n states, controls, eigenvalue of J with largest real part, statuses."""

    state: PyTree[Array]
    control: Float[Array, " n"]
    growth: Float[Array, " n"]
    status: Int[Array, " n"]


@eqx.filter_jit
def fold(
    residual: Residual,
    state: PyTree[Array],
    control: Float[ArrayLike, ""],
    args: PyTree = None,
    *,
    solve: Solve = Solve(),
) -> Fold:
    """Saddle-node bifurcation near (`state`, `control`): F = 0, J v = 0, <l, v> = 1, for F, J, v, control.

    The null direction starts from the weakest singular vector of J at the guess. NO_SOLUTION where none is near.
    """
    f, y, unravel = _flat(residual, state, args)
    control = jnp.asarray(control, dtype=y.dtype)
    weakest = _weakest(f, y, control)

    def extended(unknown, _):
        y, v, c = unknown
        force, jv = _push(f, y, v, c)
        return force, jv, weakest @ v - 1

    root = steady_state(extended, (y, weakest, control), solve=solve)
    y, v, c = root.state
    return Fold(unravel(y), unravel(v), c, root.status)


@eqx.filter_jit
def pitchfork(
    residual: Residual,
    state: PyTree[Array],
    control: Float[ArrayLike, ""],
    args: PyTree = None,
    *,
    solve: Solve = Solve(),
) -> Fold:
    """Pitchfork near (`state`, `control`), where a symmetric state starts to break its symmetry.

    Solves F + b w = 0, <w, y - y0> = 0, J v = 0, <w, v> = 1 with w the weakest singular vector of J at the guess y0,
    which must be symmetric (w is then antisymmetric and b = 0). NO_SOLUTION where b stays: that is an imperfect
    pitchfork, whose saddle node `fold` finds.
    """
    f, y0, unravel = _flat(residual, state, args)
    control = jnp.asarray(control, dtype=y0.dtype)
    weakest = _weakest(f, y0, control)

    def extended(unknown, _):
        y, v, c, b = unknown
        force, jv = _push(f, y, v, c)
        return force + b * weakest, jv, weakest @ v - 1, weakest @ (y - y0)

    root = steady_state(extended, (y0, weakest, control, jnp.zeros_like(control)), solve=solve)
    y, v, c, b = root.state
    asymmetric = jnp.where(jnp.abs(b) > jnp.sqrt(solve.atol), Status.NO_SOLUTION, Status.OK)
    return Fold(unravel(y), unravel(v), c, worst(root.status, asymmetric))


@eqx.filter_jit
def hopf(
    residual: Residual,
    state: PyTree[Array],
    control: Float[ArrayLike, ""],
    args: PyTree = None,
    *,
    solve: Solve = Solve(),
) -> Hopf:
    """Hopf bifurcation near (`state`, `control`), where dy/dt = F starts to oscillate: J (p + iq) = i w (p + iq).

    Starts from the complex pair nearest the imaginary axis at the guess. NO_SOLUTION where none is near, or where
    w -> 0 (a fold). `frequency` is in units of the residual.
    """
    f, y, unravel = _flat(residual, state, args)
    control = jnp.asarray(control, dtype=y.dtype)
    y_guess, c_guess = jax.lax.stop_gradient((y, control))
    w, modes = jnp.linalg.eig(jax.jacfwd(f)(y_guess, c_guess))
    nearest = jnp.argmin(jnp.where(w.imag > 0, jnp.abs(w.real) / jnp.where(w.imag > 0, w.imag, 1), jnp.inf))
    p0, q0, w0 = modes[:, nearest].real, modes[:, nearest].imag, w[nearest].imag

    def extended(unknown, _):
        y, p, q, c, w = unknown
        force, jp = _push(f, y, p, c)
        _, jq = _push(f, y, q, c)
        # <p0 + i q0, p + i q> = 1 fixes length and phase of the mode
        return force, jp + w * q, jq - w * p, p0 @ p + q0 @ q - 1, p0 @ q - q0 @ p

    root = steady_state(extended, (y, p0, q0, control, w0), solve=solve)
    y, p, q, c, w = root.state
    still = jnp.where(jnp.abs(w) < jnp.sqrt(solve.atol), Status.NO_SOLUTION, Status.OK)
    return Hopf(unravel(y), (unravel(p), unravel(q)), w, c, worst(root.status, still))


@eqx.filter_jit
def continue_branch(
    residual: Residual,
    state: PyTree[Array],
    control: Float[ArrayLike, ""],
    args: PyTree = None,
    *,
    step: Float[ArrayLike, ""],
    points: int,
    scale: Float[ArrayLike, ""] = 1.0,
    solve: Solve = Solve(),
) -> Branch:
    """Follow a branch of steady states through its folds by pseudo-arclength continuation.

    Each point lies `step` further along the tangent of the curve (y, control / scale); a step that fails is retried at
    half the length from the same point (which then appears again, with its status), a good one grows back to |step|.
    Derivatives are those at fixed arclength: take those of critical controls from `fold`, `pitchfork`, `hopf`.

    Arguments:
        residual, args: as in `fold`.
        state, control: a steady state, or a guess near one at that control.
        step: arclength between points, negative to start towards decreasing control.
        points: how many points to return, the first at `control`.
        scale: what counts as one unit of control.
        solve: tolerances of every corrector.
    """
    f, y, unravel = _flat(residual, state, args)
    control = jnp.asarray(control, dtype=y.dtype)
    first = steady_state(lambda y, _: f(y, control), y, solve=solve)
    here = jnp.append(first.state, control / scale)

    def along(point: Float[Array, " n+1"]) -> Float[Array, " n"]:
        return f(point[:-1], point[-1] * scale)

    def tangent(point: Float[Array, " n+1"], previous: Float[Array, " n+1"]) -> Float[Array, " n+1"]:
        # bordered by the previous tangent, the system stays regular through a fold and keeps its direction
        bordered = jnp.concatenate([jax.jacfwd(along)(point), previous[None]])
        direction = jnp.linalg.solve(bordered, jnp.zeros_like(point).at[-1].set(1.0))
        return direction / jnp.linalg.norm(direction)

    def advance(carry, _):
        point, direction, length = carry
        guess = point + length * direction
        root = steady_state(lambda z, _: jnp.append(along(z), direction @ (z - guess)), guess, solve=solve)
        good = root.status == Status.OK
        point = jnp.where(good, root.state, point)
        direction = jnp.where(good, tangent(point, direction), direction)
        length = jnp.where(good, jnp.minimum(2 * length, jnp.abs(step)), length / 2)
        return (point, direction, length), (point, root.status)

    onwards = jnp.zeros_like(here).at[-1].set(jnp.sign(jnp.asarray(step, here.dtype)))
    start = (here, tangent(here, onwards), jnp.asarray(jnp.abs(step), here.dtype))
    _, (rest, statuses) = jax.lax.scan(advance, start, length=points - 1)
    curve = jnp.concatenate([here[None], rest])
    growth = jax.vmap(lambda z: jnp.max(jnp.linalg.eigvals(jax.jacfwd(f)(z[:-1], z[-1] * scale)).real))(curve)
    return Branch(jax.vmap(unravel)(curve[:, :-1]), curve[:, -1] * scale, growth, jnp.append(first.status, statuses))


def _flat(residual: Residual, state: PyTree, args: PyTree) -> tuple[Callable[[Array, Array], Array], Array, Callable]:
    """The residual of a flat state and the control, the flat state, and the way back."""
    y, unravel = ravel_pytree(jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype=float), state))
    return lambda y, c: ravel_pytree(residual(unravel(y), c, args))[0], y, unravel


def _weakest(f: Callable[[Array, Array], Array], y: Array, control: Array) -> Float[Array, " n"]:
    """Right singular vector of J with the least singular value, at the guess: fixed, without derivative."""
    y, control = jax.lax.stop_gradient((y, control))
    jacobian = jax.lax.stop_gradient(jax.jacfwd(f)(y, control))
    return jnp.linalg.svd(jacobian)[2][-1]


def _push(f: Callable[[Array, Array], Array], y: Array, v: Array, c: Array) -> tuple[Array, Array]:
    """F and J v."""
    return jax.jvp(lambda y: f(y, c), (y,), (v,))
