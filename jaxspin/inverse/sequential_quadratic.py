"""Minimise f(y) with c(y) >= 0 in a box, from first derivatives: sequential quadratic programming.

The exact penalty function f + nu sum max(0, -c) is lowered step by step: each step minimises a quadratic model of the
Lagrangian under the linearised constraints in a trust region, broken constraints at the price nu (S l1 QP: Fletcher,
Practical Methods of Optimization, 2nd ed., section 14.4), with a second-order correction where curvature of the
constraints spoils a step, and Powell's damped BFGS matrix for the curvature.

Why not an augmented Lagrangian in unconstrained coordinates, as fits use: an optimum may lie *on* a bound, which no
logit reaches; here bounds are those of every step, met exactly, and their multipliers are finite. Multipliers come
with the step, so there is one loop and one compilation, and one evaluation (values and Jacobian) a step.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from jaxspin.core import Status
from jaxspin.inverse.quadratic_program import solve_elastic

_PRICE, _DEAREST = 10.0, 1e8  # of a broken constraint: to begin with, and before the problem counts as infeasible
_WIDEST = 10.0  # trust region, in scaled coordinates
_STALLS = 4
_LOOSE = 1e-5  # optimality residual that still counts where rounding or solver noise allows no further step


class SequentialQuadratic(eqx.Module):
    """How to solve a design: at most `max_steps` evaluations, until the optimality residual is below `tolerance`.

    The residual is dimensionless: the largest component of the projected gradient of the Lagrangian, of broken
    constraints and of complementarity, in the scales of objective, constraints and variables.
    """

    max_steps: int = eqx.field(default=400, static=True)
    tolerance: float = eqx.field(default=1e-9, static=True)


class Outcome(eqx.Module):
    """Where s minimisations ended: point, multipliers of c, optimality residual, largest violation, status, steps."""

    y: Float[Array, "s n"]
    f: Float[Array, " s"]
    multipliers: Float[Array, "s m"]
    residual: Float[Array, " s"]
    violation: Float[Array, " s"]
    status: Int[Array, " s"]
    steps: Int[Array, " s"]


class _Local(eqx.Module):
    """Values and first derivatives at y; `sound` where all of them are finite and the model was solved."""

    y: Float[Array, " n"]
    f: Float[Array, ""]
    c: Float[Array, " m"]
    g: Float[Array, " n"]
    A: Float[Array, "m n"]
    sound: Bool[Array, ""]

    def merit(self, nu: Array) -> Array:
        return jnp.where(self.sound, self.f + nu * jnp.sum(jnp.maximum(-self.c, 0.0)), jnp.inf)


class _Search(eqx.Module):
    """State of the loop. `bent`: what curvature added to the constraints of the step just refused, zero otherwise."""

    here: _Local
    B: Float[Array, "n n"]
    nu: Float[Array, ""]
    radius: Float[Array, ""]
    bent: Float[Array, " m"]
    correcting: Bool[Array, ""]
    promised: Float[Array, ""]
    updated: Bool[Array, ""]
    multipliers: Float[Array, " m"]
    residual: Float[Array, ""]
    status: Int[Array, ""]
    stopped: Bool[Array, ""]
    stalls: Int[Array, ""]
    steps: Int[Array, ""]


Evaluate = Callable[[Float[Array, " n"]], tuple[Float[Array, ""], Float[Array, " m"], Bool[Array, ""]]]


def minimise(
    evaluate: Evaluate,
    starts: Float[Array, "s n"],
    lower: Float[Array, " n"],
    upper: Float[Array, " n"],
    method: SequentialQuadratic,
) -> Outcome:
    """Minimise f with c >= 0 and lower <= y <= upper (finite or not), where `evaluate(y)` gives f, c and soundness.

    From every start at once, in one loop that ends when all have stopped.

    y, f and c should be scaled to order one. Points where the evaluation is not sound are stepped around. Pure: works
    under `jit` and `vmap`. Status: OK; NO_SOLUTION where the constraints cannot be met near the point of least
    violation, or nothing can be gained though the residual is large; MAX_STEPS; NOT_FINITE where the start is
    not sound.
    """

    def local(y: Array) -> _Local:
        def twice(y: Array) -> tuple[Array, tuple[Array, Bool[Array, ""]]]:
            f, c, sound = evaluate(y)
            value = jnp.concatenate([f[None], c])
            return value, (value, sound)

        jacobian, (value, sound) = jax.jacfwd(twice, has_aux=True)(y)
        sound = sound & jnp.all(jnp.isfinite(value)) & jnp.all(jnp.isfinite(jacobian))
        value, jacobian = jnp.where(sound, value, 0.0), jnp.where(sound, jacobian, 0.0)
        return _Local(y, value[0], value[1:], jacobian[0], jacobian[1:], sound)

    def step(search: _Search) -> _Search:
        here, nu, radius = search.here, search.nu, search.radius
        first = search.steps == 0
        low, high = jnp.maximum(lower - here.y, -radius), jnp.minimum(upper - here.y, radius)
        quadratic = solve_elastic(search.B, here.g, here.A, here.c + search.bent, low, high, nu)
        d = jnp.where(first, 0.0, quadratic.d)
        lam = jnp.where(search.correcting | first, search.multipliers, quadratic.multipliers)
        residual = _residual(here, lam, lower, upper)
        left = jnp.sum(jnp.maximum(-(here.c + search.bent + here.A @ d), 0.0))
        modelled = here.merit(nu) - (here.f + here.g @ d + d @ search.B @ d / 2 + nu * left)
        promised = jnp.where(search.correcting, search.promised, modelled)

        there = local(jnp.clip(here.y + d, lower, upper))
        gain = here.merit(nu) - there.merit(nu)
        rounding = 16 * jnp.finfo(d.dtype).eps * jnp.maximum(1.0, jnp.abs(here.merit(nu)))
        good = there.sound & ((gain > 1e-4 * promised) | (jnp.abs(gain) <= rounding) & (promised <= rounding))
        accept = first | good & (promised > 0)
        ratio = gain / jnp.where(promised > 0, promised, 1.0)

        length = jnp.max(jnp.abs(d))
        pressed = length > 0.9 * radius
        # a refused step is tried once more with what it taught about the curvature of the constraints
        retry = ~accept & there.sound & ~search.correcting
        bent = jnp.where(retry, there.c - here.c - here.A @ d, 0.0)
        shrunk = jnp.where(there.sound, 0.5, 0.2) * jnp.minimum(length, radius)
        grown = jnp.where((ratio > 0.75) & pressed, jnp.minimum(2 * radius, _WIDEST), radius)
        kept = jnp.where(ratio < 0.25, 0.5 * radius, grown)
        after = jnp.where(accept, kept, jnp.where(retry, radius, shrunk))

        # the price must exceed every multiplier; one that is paid in full inside the trust region is too low
        broken = jnp.max(-here.c, initial=0.0) > method.tolerance
        worse = jnp.max(-there.c, initial=0.0) > 0.9 * jnp.max(-here.c, initial=0.0)
        paid = (jnp.max(lam, initial=0.0) > 0.9 * nu) & broken & (~pressed | worse) & ~first
        dearer = jnp.where(paid & (nu < _DEAREST), 10 * nu, nu)

        # where rounding hides what a step gains, a few more steps still sharpen the multipliers
        stalled = (promised <= rounding) & ~first & (dearer == nu)
        stalls = jnp.where(search.correcting, search.stalls, jnp.where(stalled, search.stalls + 1, 0))
        at_end = (stalls > _STALLS) | (radius < 1e-13)
        solved = (residual <= method.tolerance) & ~first
        lost = first & ~there.sound
        done = solved | at_end | lost
        fine = solved | (residual <= _LOOSE) & ~broken
        status = jnp.where(fine, Status.OK, jnp.where(done, Status.NO_SOLUTION, Status.MAX_STEPS))
        status = jnp.where(lost, Status.NOT_FINITE, status).astype(jnp.int32)

        B, updated = _curvature(search, here, there, lam)
        moved = jax.tree.map(lambda new, old: jnp.where(accept & ~(done & ~first), new, old), there, here)
        return _Search(
            here=moved,
            B=jnp.where(first, search.B, B),
            nu=dearer,
            radius=jnp.where(first, radius, after),
            bent=bent,
            correcting=retry,
            promised=promised,
            updated=search.updated | updated & ~first,
            multipliers=lam,
            residual=residual,
            status=status,
            stopped=done,
            stalls=stalls,
            steps=search.steps + 1,
        )

    n, m = starts.shape[1], jax.eval_shape(evaluate, starts[0])[1].size
    none = jnp.zeros(m)
    blank = _Local(starts[0], jnp.zeros(()), none, jnp.zeros(n), jnp.zeros((m, n)), jnp.asarray(True))
    search = _Search(
        here=blank,
        B=jnp.eye(n),
        nu=jnp.asarray(_PRICE),
        radius=jnp.ones(()),
        bent=none,
        correcting=jnp.asarray(False),
        promised=jnp.zeros(()),
        updated=jnp.asarray(False),
        multipliers=none,
        residual=jnp.asarray(jnp.inf),
        status=jnp.asarray(Status.MAX_STEPS, dtype=jnp.int32),
        stopped=jnp.asarray(False),
        stalls=jnp.asarray(0),
        steps=jnp.asarray(0),
    )

    def advance(searches: _Search) -> _Search:
        going = ~searches.stopped & (searches.steps < method.max_steps)
        keep = lambda new, old: jnp.where(going.reshape(-1, *[1] * (new.ndim - 1)), new, old)
        return jax.tree.map(keep, jax.vmap(step)(searches), searches)

    begin = jax.vmap(lambda y: eqx.tree_at(lambda s: s.here.y, search, y))(starts)
    end = jax.lax.while_loop(lambda s: jnp.any(~s.stopped & (s.steps < method.max_steps)), advance, begin)
    violation = jnp.max(-end.here.c, initial=0.0, axis=1)
    return Outcome(end.here.y, end.here.f, end.multipliers, end.residual, violation, end.status, end.steps)


def _residual(here: _Local, lam: Array, lower: Array, upper: Array) -> Array:
    """How far the Karush-Kuhn-Tucker conditions are from holding."""
    slope = here.g - here.A.T @ lam
    size = jnp.maximum(1.0, jnp.max(jnp.abs(here.g)))
    downhill = here.y - jnp.clip(here.y - slope / size, lower, upper)
    loose = jnp.max(jnp.abs(jnp.minimum(lam / size, here.c)), initial=0.0)
    return jnp.maximum(jnp.max(jnp.abs(downhill)), jnp.maximum(loose, jnp.max(-here.c, initial=0.0)))


def _curvature(search: _Search, here: _Local, there: _Local, lam: Array) -> tuple[Array, Array]:
    """The BFGS matrix with what this step says about the Lagrangian, and whether it was changed."""
    s = there.y - here.y
    change = there.g - here.g - (there.A - here.A).T @ lam
    size, along = s @ s, s @ change
    # the first time, begin from a multiple of the unit matrix that has the curvature just seen
    guess = jnp.where((along > 0) & (size > 0), (change @ change) / jnp.where(along > 0, along, 1.0), 1.0)
    B = jnp.where(search.updated, search.B, jnp.clip(guess, 1e-3, 1e3) * jnp.eye(s.size))
    pull = B @ s
    old = s @ pull
    share = jnp.where(along >= 0.2 * old, 1.0, 0.8 * old / jnp.where(old > along, old - along, 1.0))
    damped = share * change + (1 - share) * pull
    usable = there.sound & (size > 1e-24) & (old > 0)
    old, new = jnp.where(usable, old, 1.0), jnp.where(usable, s @ damped, 1.0)
    after = B - jnp.outer(pull, pull) / old + jnp.outer(damped, damped) / new
    usable &= jnp.all(jnp.isfinite(after)) & (new > 0)
    return jnp.where(usable, after, search.B), usable
