"""Walking downhill from many starts at once, and giving up those that cannot win."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optimistix as optx
from jaxtyping import Array, Bool, Float, Int

from jaxspin.core import Status
from jaxspin.inverse.methods import Method
from jaxspin.inverse.problem import Problem

_ALL = 8  # so many starts are all followed to the end
_FINALISTS = 4


class Descent(eqx.Module):
    """Where minimisations from s starts ended.

    `status`: OK converged; MAX_STEPS the budget ran out, or it was given up while behind better starts; NO_SOLUTION
    chi2 would not fall any more. `history`: chi2 before each step, padded with NaN.
    """

    u: Float[Array, "s n"]
    chi2: Float[Array, " s"]
    status: Int[Array, " s"]
    steps: Int[Array, " s"]
    history: Float[Array, "s max_steps"]


class _Walk(eqx.Module):
    """All starts on their way: solver states, whether each has stopped, and the step at which the first one did."""

    u: Float[Array, "s n"]
    state: Any
    chi2: Float[Array, " s"]
    status: Int[Array, " s"]
    stopped: Bool[Array, " s"]
    steps: Int[Array, " s"]
    history: Float[Array, "s max_steps"]


def descend(method: Method, problem: Problem, u: Float[Array, "s n"]) -> Descent:
    """Minimise chi2 from each of the coordinates `u`, all in one batch.

    Of more than 8, the best quarter by chi2 takes a few steps, and the best 4 of those go on to the end; the first
    start is always among them, so that many starts are never worse than one. Once one has converged, those behind it
    have as many steps again. Pure: works under `jit` and `vmap`; no derivative in reverse mode.
    """
    solver, objective, tags = method.solver(), method.objective, frozenset()
    value, chi2 = eqx.filter_eval_shape(objective, u[0], problem)
    begin = lambda u: solver.init(objective, u, problem, {}, value, chi2, tags)
    _, fixed = eqx.partition(begin(u[0]), eqx.is_array)
    count = len(u)

    def one_step(u: Array, moving: Any) -> tuple:
        u, state, chi2 = solver.step(objective, u, problem, {}, eqx.combine(moving, fixed), tags)
        converged, result = solver.terminate(objective, u, problem, {}, state, tags)
        failed = (result != optx.RESULTS.successful) | ~jnp.all(jnp.isfinite(u))
        status = jnp.where(failed, Status.NO_SOLUTION, jnp.where(converged, Status.OK, Status.MAX_STEPS))
        return u, eqx.filter(state, eqx.is_array), chi2, status.astype(jnp.int32), converged | failed

    def going(walk: _Walk, most: int) -> Bool[Array, " s"]:
        converged = walk.status == Status.OK
        leader = jnp.argmin(jnp.where(converged, walk.chi2, jnp.inf))
        behind = (walk.chi2 >= walk.chi2[leader]) & (walk.steps > 2 * walk.steps[leader] + 5) & jnp.any(converged)
        return ~walk.stopped & (walk.steps < most) & ~behind

    def advance(walk: _Walk, most: int) -> _Walk:
        def step(carry: tuple[_Walk, Array]) -> tuple[_Walk, Array]:
            walk, active = carry
            u, state, chi2, status, stopped = jax.vmap(one_step)(walk.u, walk.state)
            now = jnp.arange(method.max_steps)[None] == walk.steps[:, None]
            history = jnp.where(now, chi2[:, None], walk.history)
            new = _Walk(u, state, chi2, status, stopped, walk.steps + 1, history)
            keep = lambda new, old: jnp.where(active.reshape(-1, *[1] * (new.ndim - 1)), new, old)
            walk = jax.tree.map(keep, new, walk)
            return walk, going(walk, most)

        return jax.lax.while_loop(lambda carry: jnp.any(carry[1]), step, (walk, going(walk, most)))[0]

    walk = _Walk(
        u=u,
        state=jax.vmap(lambda u: eqx.filter(begin(u), eqx.is_array))(u),
        chi2=jnp.full(count, jnp.inf),
        status=jnp.full(count, Status.MAX_STEPS, dtype=jnp.int32),
        stopped=jnp.zeros(count, dtype=bool),
        steps=jnp.zeros(count, dtype=int),
        history=jnp.full((count, method.max_steps), jnp.nan),
    )
    if count <= _ALL:
        walk = advance(walk, method.max_steps)
    else:
        chi2 = jax.vmap(lambda u: problem.chi2(u, method.differentiate))(u)
        walk = eqx.tree_at(lambda walk: walk.chi2, walk, chi2)
        steps = max(5, method.max_steps // 20)
        walk = _only_best(walk, max(_ALL, count // 4), lambda some: advance(some, steps))
        walk = _only_best(walk, _FINALISTS, lambda some: advance(some, method.max_steps))
    return Descent(walk.u, walk.chi2, walk.status, walk.steps, walk.history)


def _only_best(walk: _Walk, count: int, advance: Callable[[_Walk], _Walk]) -> _Walk:
    """Advance the first start, and of the others those with the smallest chi2; `count` in all."""
    rank = jnp.where(jnp.isfinite(walk.chi2), walk.chi2, jnp.inf).at[0].set(-jnp.inf)
    _, best = jax.lax.top_k(-rank, count)
    some = advance(jax.tree.map(lambda leaf: leaf[best], walk))
    return jax.tree.map(lambda all, some: all.at[best].set(some), walk, some)
