"""Steady states, with derivatives by the implicit function theorem, and their stability."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Complex, Float, Int, PyTree

from jaxspin.core import Solve, Status, require_double_precision

_MOST_STEPS = 200  # Newton has converged or is lost long before
_MOST_SETTLING = 5000  # steps after which motion counts as endless
_SHORTEST = 1e-6  # fraction of a Newton step below which the descent is stuck


class Root(eqx.Module):
    """A root `state` and the outcome as `core.Status`; where that is not OK, `state` is the last iterate."""

    state: PyTree[Array]
    status: Int[Array, ""]


@eqx.filter_jit
def steady_state(
    residual: Callable[[Any, Any], Any],
    guess: PyTree[Array],
    args: PyTree = None,
    *,
    solve: Solve = Solve(),
) -> Root:
    """Root y of residual(y, args) near `guess`, by damped Newton steps.

    Converged when the residual is below `solve.atol` or a full Newton step below `solve.rtol` |y| + `solve.atol`, so
    the residual should be of order one. The derivatives of the state with respect to `args`, and to whatever `residual`
    closes over, follow from the implicit function theorem, forward, reverse and to any order; `guess` has none.
    Safe under `vmap`. Where it fails the derivatives mean nothing. A module-level `residual` is compiled once.

    Arguments:
        residual: as many equations as unknowns.
        guess: where to start, a pytree of real arrays.
        args: passed on to `residual`.
        solve: tolerances and budget (at most 200 steps are ever tried).

    Returns:
        `Root`: NO_SOLUTION where the descent got stuck, MAX_STEPS where the budget ran out.

    Raises:
        RuntimeError: in single precision, with a tolerance below its rounding.
    """
    if solve.atol < jnp.finfo(jnp.float32).eps:
        require_double_precision(f"a root to atol = {solve.atol:g}")
    start, unravel = ravel_pytree(jax.lax.stop_gradient(guess))

    def flat(y: Float[Array, " n"]) -> Float[Array, " n"]:
        return ravel_pytree(residual(unravel(y), args))[0]

    def newton(f: Callable[[Array], Array], y: Array) -> tuple[Array, Array]:
        return _damped_newton(f, y, solve)

    def solve_tangent(jvp: Callable[[Array], Array], b: Array) -> Array:
        return jnp.linalg.solve(jax.jacfwd(jvp)(b), b)

    # the status travels as a float, since custom_root wants a tangent for it
    y, status = jax.lax.custom_root(flat, start, newton, solve_tangent, has_aux=True)
    return Root(unravel(y), jax.lax.stop_gradient(status).astype(jnp.int32))


@eqx.filter_jit
def settle(
    rate: Callable[[Any, Any], Any],
    start: PyTree[Array],
    args: PyTree = None,
    *,
    duration: float = 1e6,
    tolerance: float = 1e-3,
    project: Callable[[Any], Any] = lambda y: y,
) -> PyTree[Array]:
    """Where dy/dt = rate(y, args) has come to from `start` after a long time: a guess for `steady_state`.

    Linearly implicit Euler steps, each compared with two of half the length and extrapolated: stable for any
    stiffness, so that steps grow without limit as the motion dies out. Cheap and rough, but it finds the basin.
    The result has no derivatives.

    Arguments:
        rate: of order one in its fastest direction.
        start: initial state, a pytree of real arrays.
        args: passed on to `rate`.
        duration: how long, in units of the fastest time; slower motion than that does not settle.
        tolerance: largest local error of a step.
        project: maps a state back onto its manifold after each step.
    """
    start, args = jax.lax.stop_gradient((start, args))
    y, unravel = ravel_pytree(start)
    f = lambda y: ravel_pytree(rate(unravel(y), args))[0]

    def step(carry):
        y, t, h, count = carry
        slope, jacobian = f(y), jax.jacfwd(f)(y)
        implicit = lambda h, slope: jnp.linalg.solve(jnp.eye(y.size, dtype=y.dtype) - h * jacobian, h * slope)
        whole = y + implicit(h, slope)
        half = y + implicit(h / 2, slope)
        halves = half + implicit(h / 2, f(half))
        error = jnp.max(jnp.abs(halves - whole)) / tolerance
        accept = error < 1  # False for NaN
        new = ravel_pytree(project(unravel(2 * halves - whole)))[0]
        factor = jnp.where(jnp.isfinite(error), jnp.clip(0.8 / jnp.sqrt(error + 1e-12), 0.2, 5.0), 0.2)
        return jnp.where(accept, new, y), jnp.where(accept, t + h, t), h * factor, count + 1

    busy = lambda carry: (carry[1] < duration) & (carry[3] < _MOST_SETTLING)
    zero = jnp.zeros((), y.dtype)
    return unravel(jax.lax.while_loop(busy, step, (y, zero, zero + 0.01, 0))[0])


def stability(rhs: Callable[[Any, Any], Any], state: PyTree[Array], args: PyTree = None) -> Complex[Array, " n"]:
    """Eigenvalues of the Jacobian of `rhs(y, args)` at `state`, in units of 1/t; unstable where a real part is > 0."""
    y, unravel = ravel_pytree(state)
    jacobian = jax.jacfwd(lambda y: ravel_pytree(rhs(unravel(y), args))[0])(y)
    return jnp.linalg.eigvals(jacobian)


def _damped_newton(f: Callable[[Array], Array], y: Float[Array, " n"], solve: Solve) -> tuple[Array, Array]:
    """Root and status (as a float) by Newton steps, each shortened until the *next* Newton step would be shorter.

    This natural monotonicity test (Deuflhard, Newton Methods for Nonlinear Problems, Springer 2004, section 3.3) does
    not depend on how the equations are scaled, so stiff and soft directions may differ by orders of magnitude.
    """
    rtol = max(solve.rtol, 4 * float(jnp.finfo(y.dtype).eps))
    budget = min(solve.max_steps, _MOST_STEPS)

    def step(carry):
        y, r, fraction, count, _ = carry
        factors = jax.scipy.linalg.lu_factor(jax.jacfwd(f)(y))
        newton = -jax.scipy.linalg.lu_solve(factors, r)
        trial = y + fraction * newton
        r_trial = f(trial)
        ahead = -jax.scipy.linalg.lu_solve(factors, r_trial)
        size = 1 + jnp.abs(y)
        better = jnp.linalg.norm(ahead / size) < jnp.linalg.norm(newton / size)  # False for NaN: shortened too
        small = jnp.max(jnp.abs(r)) <= solve.atol  # judged before the step, which then polishes to rounding
        settled = jnp.all(jnp.abs(newton) <= rtol * jnp.abs(y) + solve.atol)
        y, r = jnp.where(better, trial, y), jnp.where(better, r_trial, r)
        fraction = jnp.where(better, jnp.minimum(1.0, 4.0 * fraction), 0.25 * fraction)
        return y, r, fraction, count + 1, settled | small

    def busy(carry):
        _, _, fraction, count, done = carry
        return ~done & (count < budget) & (fraction > _SHORTEST)

    one = jnp.ones((), y.dtype)
    y, _, fraction, _, done = jax.lax.while_loop(busy, step, (y, f(y), one, 0, False))
    failure = jnp.where(fraction > _SHORTEST, Status.MAX_STEPS, Status.NO_SOLUTION)
    return y, jnp.where(done, Status.OK, failure).astype(y.dtype)
