"""Ordinary differential equations: the one place that calls diffrax."""

import dataclasses
import functools
import sys
from collections.abc import Callable
from typing import Any, Protocol

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Int, PyTree

from jaxspin.core import Differentiate, Solve, Status, require_double_precision

EXPLICIT = diffrax.Dopri8()
"""Explicit Runge-Kutta of order 8: the cheapest at the default tolerances unless a fast mode limits the step."""

STIFF = diffrax.Kvaerno5()
"""Implicit (ESDIRK, order 5, L-stable): for fast modes that have died out but would limit an explicit step."""


class RightHandSide(Protocol):
    """dy/dt = rhs(t, y, args)."""

    def __call__(self, t: Array, y: Any, args: Any, /) -> Any: ...


class Trajectory(eqx.Module):
    """States `y` at times `t`, the outcome as `core.Status`, and the number of steps taken.

    With save times, `t` has shape (n,) and every leaf of `y` a leading axis n; without, both are those of the end.
    `last` is the state after the last accepted step and `reached` its time, also where the integration failed.
    """

    t: Float[Array, "..."]
    y: PyTree[Array]
    status: Int[Array, ""]
    steps: Int[Array, ""]
    last: PyTree[Array]
    reached: Float[Array, ""]


def integrate(
    rhs: RightHandSide,
    y0: PyTree[ArrayLike],
    *,
    t0: Float[ArrayLike, ""],
    t1: Float[ArrayLike, ""],
    args: PyTree = None,
    saveat: Float[Array, " n"] | None = None,
    dt0: Float[ArrayLike, ""] | None = None,
    solve: Solve = Solve(),
    project: Callable[[Any], Any] | None = None,
    breaks: Float[Array, " k"] | None = None,
    method: diffrax.AbstractSolver = EXPLICIT,
    observe: Callable[[Any, Any, Any], Any] | None = None,
) -> Trajectory:
    """Solve dy/dt = rhs(t, y, args) from `y0` at `t0` to `t1`.

    Time is measured in units of t1 - t0 inside, so that SI times of a picosecond meet no absolute tolerance. Steps
    adapt to `solve.rtol` and `solve.atol` (in units of y), or are all `dt0` where that is given. Derivatives run in
    the direction `solve.differentiate`, through the steps taken (discretise, then optimise).

    Arguments:
        rhs: right-hand side, in units of y per unit of t; a module-level function is compiled once.
        y0: initial state, a pytree.
        t0, t1: start and end (t1 > t0).
        args: passed on to `rhs`.
        saveat: increasing times within [t0, t1]; without it only the end state is returned.
        dt0: constant step, same unit as t.
        solve: tolerances, budget of steps, direction of differentiation, meter (shown on a terminal only).
        project: maps a state back onto its manifold (unit length, say) after each accepted step.
        breaks: increasing times at which `rhs` jumps or a pulse starts; a step ends at each, so none is stepped over.
        method: a diffrax solver, `EXPLICIT` or `STIFF` for instance.
        observe: function of (t, y, args) whose results are kept at the save times in place of the states.

    Returns:
        `Trajectory`; `status` is MAX_STEPS, DIVERGED (also: the step fell below rounding) or NOT_FINITE where it
        failed, and unreached times hold inf.

    Raises:
        RuntimeError: in single precision, with a tolerance below its rounding.
    """
    if dt0 is None and solve.rtol < jnp.finfo(jnp.float32).eps:
        require_double_precision(f"integration to rtol = {solve.rtol:g}")
    t0, span = jnp.asarray(t0, dtype=float), jnp.asarray(t1, dtype=float) - t0
    y0 = jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype=jnp.result_type(leaf, float)), y0)
    project = _unchanged if project is None else project
    if dt0 is None:
        smallest = 0.25 * float(jnp.finfo(t0.dtype).eps)  # of the whole span: time stands still there
        controller = diffrax.PIDController(rtol=solve.rtol, atol=solve.atol, dtmin=smallest, force_dtmin=False)
        step = None
        if breaks is not None:
            controller = diffrax.ClipStepSizeController(controller, jump_ts=jax.lax.stop_gradient((breaks - t0) / span))
    elif breaks is not None:
        raise ValueError("integrate: breaks need adaptive steps; leave out dt0, or place breaks on multiples of dt0")
    else:
        controller, step = diffrax.ConstantStepSize(), dt0 / span
    keep = _Kept(project, observe)
    kept = diffrax.SubSaveAt(t1=True, fn=keep)
    if saveat is not None:
        kept = diffrax.SubSaveAt(ts=_reduced_times(saveat, t0, span), fn=keep)
    forward = solve.differentiate is Differentiate.forward
    meter = diffrax.TqdmProgressMeter() if solve.progress and sys.stderr.isatty() else diffrax.NoProgressMeter()
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(_Reduced(rhs)),
        _projected(method, project),
        t0=0.0,
        t1=1.0,
        dt0=step,
        y0=y0,
        args=(t0, span, args),
        saveat=diffrax.SaveAt(subs=[diffrax.SubSaveAt(t1=True), kept]),
        stepsize_controller=controller,
        adjoint=diffrax.ForwardMode() if forward else diffrax.RecursiveCheckpointAdjoint(),
        max_steps=solve.max_steps,
        progress_meter=meter,
        throw=False,
    )
    assert solution.ts is not None  # asked for in `saveat`
    assert solution.ys is not None
    last = jax.tree.map(lambda leaf: leaf[0], solution.ys[0])
    y = solution.ys[1] if saveat is not None else jax.tree.map(lambda leaf: leaf[0], solution.ys[1])
    t = t0 + span if saveat is None else saveat
    steps = jnp.asarray(solution.stats["num_steps"], dtype=jnp.int32)
    return Trajectory(t, y, _status(solution.result, y), steps, last, t0 + span * solution.ts[0][0])


def _reduced_times(saveat: Float[Array, " n"], t0: Array, span: Array) -> Float[Array, " n"]:
    tau = (saveat - t0) / span
    return jnp.where(
        jnp.abs(tau - 1) < 8 * jnp.finfo(tau.dtype).eps, 1.0, tau
    )  # diffrax refuses an end that rounding put past 1


def _unchanged(y: Any) -> Any:
    return y


def _status(result: diffrax.RESULTS, y: PyTree[Array]) -> Int[Array, ""]:
    finite = jnp.all(jnp.stack([jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(y)]))
    success = jnp.where(finite, Status.OK, Status.NOT_FINITE)
    failure = jnp.where(result == diffrax.RESULTS.max_steps_reached, Status.MAX_STEPS, Status.DIVERGED)
    return jnp.where(result == diffrax.RESULTS.successful, success, failure).astype(jnp.int32)


class _Reduced(eqx.Module):
    """The right-hand side in units of the whole time span. A module, so that equal ones share a compilation."""

    rhs: RightHandSide

    def __call__(self, tau: Any, y: Any, args: tuple[Array, Array, Any]) -> Any:
        t0, span, args = args
        return jax.tree.map(lambda rate: rate * span, self.rhs(t0 + tau * span, y, args))


class _Kept(eqx.Module):
    """What is kept at a save time; states between steps are interpolated, so they are put on the manifold again."""

    project: Callable[[Any], Any]
    observe: Callable[[Any, Any, Any], Any] | None

    def __call__(self, tau: Any, y: Any, args: tuple[Array, Array, Any]) -> Any:
        t0, span, args = args
        y = self.project(y)
        return y if self.observe is None else self.observe(t0 + tau * span, y, args)


def _projected(method: diffrax.AbstractSolver, project: Callable[[Any], Any]) -> diffrax.AbstractSolver:
    """The same solver, with every step ending on the manifold."""
    known = {field.name: getattr(method, field.name) for field in dataclasses.fields(method) if field.init}
    return _projected_type(type(method))(**known, project=project)


@functools.cache
def _projected_type(method: type[diffrax.AbstractSolver]) -> type:
    """A subclass, since diffrax asks its solvers for more attributes than a wrapper could pass on.

    The slope kept for the next step is that at the unprojected state: it differs by the local error times the
    Jacobian, one order below the local error itself.
    """

    class Projected(method):
        project: Callable[[Any], Any] = _unchanged

        def step(self, *args, **kwargs):
            y1, error, *rest = super().step(*args, **kwargs)
            # a rate that is not finite means a step too long: shortened, where NaN would stop the controller
            error = jax.tree.map(lambda e: jnp.where(jnp.isfinite(e), e, jnp.inf), error)
            return self.project(y1), error, *rest

    return Projected
