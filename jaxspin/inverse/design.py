"""Design: the parameters and controls that make an observable smallest or largest, within bounds and limits.

result = design(model, params, controls, minimise="j_c", free=["delta", "x_bottom"], bounds={"delta": (0.0, 0.1)},
                subject_to={"H_DMI": Limit(lower=1600.0), "M_net": Limit(lower=3e4)})
print(result)
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from jaxspin.core import (
    ForwardModel,
    Solve,
    Status,
    quantities,
    replace,
    require_double_precision,
    select,
)
from jaxspin.inverse import sequential_quadratic
from jaxspin.inverse.design_pose import pose_design
from jaxspin.inverse.design_problem import HOMES, DesignProblem, Function, Limit, Scales
from jaxspin.inverse.design_result import Attempts, DesignResult, Side
from jaxspin.inverse.sequential_quadratic import Outcome, SequentialQuadratic

_METHOD = SequentialQuadratic()
_TOUCHING = 1e-6  # slack, in the scale of a limit or of a variable, below which it is active
_KEPT = 1e-6  # a limit broken by less, in its scale, counts as kept
_REACH = 3.0  # scales around the start that starts fill where a variable has no bounds


def design(
    model: ForwardModel,
    params: Any,
    controls: Any,
    *,
    minimise: str | Function | None = None,
    maximise: str | Function | None = None,
    free: Iterable[str],
    bounds: Mapping[str, tuple[Any, Any]] | None = None,
    subject_to: Mapping[str, Limit] | None = None,
    robust_over: Any = None,
    starts: int = 8,
    key: PRNGKeyArray | None = None,
    method: SequentialQuadratic = _METHOD,
    solve: Solve = Solve(),
) -> DesignResult:
    """Minimise or maximise one number over some parameters and controls, keeping bounds and limits.

    `minimise` or `maximise`: an observable, or a function (observables, parameters, controls) -> scalar. `free`: names
    of controls and parameters that vary, prefixed `controls.` or `parameters.` where both have one. `bounds`: name ->
    (lower, upper) in its unit, None for the bound declared with the quantity; an optimum may lie on them.
    `subject_to`: observable -> `Limit`, or any name -> `Limit(of=function)`. `robust_over`: a batch of parameters with
    a leading axis (see `draw`), bare or as `Average` for the mean of the objective, as `WorstCase` for its worst value;
    limits then hold for every member. `starts`: the first is the one given, the others fill the box of
    bounds (3 scales around the first where a bound is infinite) evenly, from an offset drawn with `key` (0 by default),
    which also feeds random models.

    Returns the best local optimum found, with active limits and what moving them, or any fixed quantity, would change.
    A problem without solution has `status` NO_SOLUTION; `checked()` raises.

    Works under `jit` and `vmap` over array values of parameters, controls, bounds and limits. Derivatives of
    `result.objective` are exact, by the envelope theorem, forward and (where `observe` allows it) reverse; the
    location of the optimum counts as a constant. Raises `KeyError` for unknown or ambiguous names, `ValueError` for
    bounds and starts that do not fit, `TypeError` for the wrong modules.
    """
    require_double_precision("design")
    objective, sign = (minimise, 1.0) if minimise is not None else (maximise, -1.0)
    if objective is None or (minimise is not None and maximise is not None):
        raise ValueError("design: give one of minimise and maximise, an observable or a function")
    if starts < 1:
        raise ValueError(f"design: starts={starts} must be at least 1")
    key = jax.random.key(0) if key is None else key
    problem = pose_design(model, params, controls, objective, sign, free, bounds, subject_to, robust_over, solve, key)
    return solve_design(problem, method, starts)


def _scaled(
    problem: DesignProblem, scales: Scales, members: Any, controls: Any, worst: Array | None
) -> tuple[Array, Array, Array, tuple]:
    """Objective and constraints of order one, to be minimised and to be >= 0; soundness; and what they were made of.

    `worst`: upper bound on every member's objective, a variable of the worst-case problem (epigraph form).
    """
    value, found, solved, seen = problem.look(members, controls)
    slack = problem.slack(found)
    rows = [slack[side] / scales.limits[side] for side in slack]
    scaled = problem.sign * value / scales.objective
    rows += [] if worst is None else [worst - scaled]
    c = jnp.concatenate(rows) if rows else jnp.zeros(0)
    return jnp.mean(scaled) if worst is None else worst, c, solved, (value, slack, seen)


def scaled_problem(result: DesignResult) -> tuple[Callable[[Array], tuple[Array, Array]], Float[Array, " n"]]:
    """Objective and constraints as the solver sees them, functions of the free quantities alone; and the optimum."""
    problem, scales = result.problem, result.scales
    worst = problem.sign * result.objective / scales.objective if problem.worst_case else None

    def evaluate(y: Array) -> tuple[Array, Array]:
        members, controls = problem.modules(scales.origin + scales.width * y)
        return _scaled(problem, scales, members, controls, worst)[:2]

    return evaluate, (result.values - scales.origin) / scales.width


@eqx.filter_jit
def solve_design(problem: DesignProblem, method: SequentialQuadratic, starts: int) -> DesignResult:
    """`design` after its checks: compiled once for each model, objective, set of names and kind of limits."""
    frozen = jax.tree.map(lambda leaf: jax.lax.stop_gradient(leaf) if eqx.is_inexact_array(leaf) else leaf, problem)
    begin = _spread_starts(frozen, starts)
    begun, scales = _measure(frozen, begin)
    epigraph, n = problem.worst_case, scales.origin.size
    low, high = ((edge - scales.origin) / scales.width for edge in (frozen.lower, frozen.upper))

    def evaluate(y: Array) -> tuple[Array, Array, Array]:
        members, controls = frozen.modules(scales.origin + scales.width * y[:n])
        return _scaled(frozen, scales, members, controls, y[n] if epigraph else None)[:3]

    first = (begin - scales.origin[None]) / scales.width[None]
    if epigraph:
        unbounded = jnp.asarray([jnp.inf])
        first = jnp.concatenate([first, jnp.nan_to_num(problem.sign * begun / scales.objective)[:, None]], axis=1)
        low, high = jnp.concatenate([low, -unbounded]), jnp.concatenate([high, unbounded])
    ended = sequential_quadratic.minimise(evaluate, first, low, high, method)
    best = _best(ended)
    y, lam = ended.y[best], ended.multipliers[best]
    within = lambda y: jnp.clip(scales.origin + scales.width * y[:n], frozen.lower, frozen.upper)
    found = jax.vmap(within)(ended.y)
    attempts = Attempts(begin, begun, found, ended.violation, ended.status, ended.steps, best)
    return _expand(problem, scales, found[best], y[n] if epigraph else None, lam, ended, attempts)


def _spread_starts(problem: DesignProblem, starts: int) -> Float[Array, "s n"]:
    """Values of all starts: the given one first, then a Kronecker sequence of a random offset.

    It fills a box evenly; its steps are powers of 1/phi, phi^(n+1) = phi + 1 (Roberts, "The unreasonable
    effectiveness of quasirandom sequences", 2018).
    """
    own, lower, upper = problem.initial(), problem.lower, problem.upper
    own = jnp.clip(own, lower, upper)
    if starts == 1:
        return own[None]
    assert problem.key is not None, "several starts need a key"
    phi = 2.0
    for _ in range(50):
        phi = (1 + phi) ** (1 / (own.size + 1))
    steps = np.arange(1, starts)[:, None] * phi ** -np.arange(1.0, own.size + 1)
    offset = jax.random.uniform(jax.random.fold_in(problem.key, 0), own.shape)
    fraction = (jnp.asarray(steps) + offset[None]) % 1.0
    reach = _REACH * problem.width
    bounded = jnp.isfinite(lower) & jnp.isfinite(upper)
    low = jnp.where(bounded, lower, jnp.maximum(lower, own - reach))
    high = jnp.where(bounded, upper, jnp.minimum(upper, own + reach))
    return jnp.concatenate([own[None], low[None] + fraction * (high - low)[None]])


def _measure(problem: DesignProblem, begin: Float[Array, "s n"]) -> tuple[Float[Array, " s"], Scales]:
    """The objective at every start, and scales from the sizes met there."""

    def at(values: Array) -> tuple[Array, Array]:
        members, controls = problem.modules(values)
        objective, found, solved, _ = problem.look(members, controls)
        return jnp.where(solved, problem.summary(objective), jnp.nan), jnp.max(jnp.abs(found), axis=0)

    begun, found = jax.vmap(at)(begin)
    limits = problem.sizes(jax.vmap(_typical, in_axes=1)(found))
    return begun, Scales(begin[0], problem.width, _typical(begun), limits)


def _typical(values: Float[Array, " s"]) -> Array:
    """The smallest size that is neither zero nor infinite, of those not below 0.1 % of their geometric mean; else 1.

    The smallest, since where starts lie near a pole their values say nothing about an optimum.
    """
    usable = jnp.isfinite(values) & (values != 0)
    sizes = jnp.abs(jnp.where(usable, values, 1.0))
    mean = jnp.exp(jnp.sum(jnp.log(sizes)) / jnp.maximum(jnp.sum(usable), 1))
    smallest = jnp.min(jnp.where(usable & (sizes >= 1e-3 * mean), sizes, jnp.inf))
    return jnp.where(jnp.isfinite(smallest), smallest, 1.0)


def _best(ended: Outcome) -> Array:
    """The start that ended lowest among the solved; else among those that keep the limits; else the least violation."""
    kept = ended.violation <= _KEPT
    finite = jnp.isfinite(ended.f) & (ended.status != Status.NOT_FINITE)
    group = jnp.where(ended.status == Status.OK, 0, jnp.where(kept, 1, 2))
    group = jnp.where(finite, group, 3)
    rank = jnp.where(group < 2, ended.f, ended.violation)
    return jnp.argmin(jnp.where(group == jnp.min(group), rank, jnp.inf))


def _expand(
    problem: DesignProblem,
    scales: Scales,
    values: Float[Array, " n"],
    worst: Array | None,
    lam: Float[Array, " m"],
    ended: Outcome,
    attempts: Attempts,
) -> DesignResult:
    """Everything there is to know at the optimum, from one Jacobian of the Lagrangian in all quantities at once."""
    fixed, shift = _quantities(problem, values)

    def lagrangian(shift: dict[str, Any]) -> tuple[Array, tuple]:
        members, controls = problem.modules(values)
        members = jax.vmap(lambda member: _shifted(member, shift["parameters"]))(members)
        controls = _shifted(controls, shift["controls"])
        f, c, _, (value, slack, seen) = _scaled(problem, scales, members, controls, worst)
        return f - lam @ c, (f - lam @ (c - jax.lax.stop_gradient(c)), value, slack, seen)

    slope, (f, value, slack, seen) = jax.jacfwd(lagrangian, has_aux=True)(shift)
    unit = problem.sign * scales.objective  # of the objective as it was asked for
    sides, row, members = {}, 0, value.size
    for (name, side), each in slack.items():
        own = lam[row : row + members] / scales.limits[name, side]
        row += members
        edge = getattr(problem.limits[name], side)
        direction = 1.0 if side == "lower" else -1.0
        touches = jnp.min(each) <= _TOUCHING * scales.limits[name, side]
        sides[f"{name} {side}"] = Side(
            value=edge + direction * jnp.min(each),
            limit=edge,
            slack=jnp.min(each),
            scale=scales.limits[name, side],
            active=touches,
            sensitivity=direction * unit * jnp.sum(own),
            unit=problem.limit_unit(name),
        )
    moved, correction = [], jnp.zeros(())
    for i, variable in enumerate(problem.free):
        pull = slope[variable.home][variable.inner]
        moved.append(pull * scales.width[i])
        for side, edge, gap in (
            ("lower", problem.lower[i], values[i] - problem.lower[i]),
            ("upper", problem.upper[i], problem.upper[i] - values[i]),
        ):
            touches = gap <= _TOUCHING * scales.width[i]
            own = jnp.where(touches, jax.lax.stop_gradient(pull), 0.0)
            correction += jnp.where(touches, own * (edge - jax.lax.stop_gradient(edge)), 0.0)
            sides[f"{variable.name} {side}"] = Side(
                value=values[i],
                limit=edge,
                slack=gap,
                scale=scales.width[i],
                active=touches,
                sensitivity=unit * own,
                unit=variable.known.unit,
                bound=True,
            )
    total = problem.summary(value)
    envelope = unit * (f + correction)
    objective = jax.lax.stop_gradient(total) + envelope - jax.lax.stop_gradient(envelope)
    best = attempts.best
    violation, status = ended.violation[best], ended.status[best]
    finite = jnp.isfinite(total) & (status != Status.NOT_FINITE)
    status = jnp.where(finite, status, Status.NOT_FINITE).astype(jnp.int32)
    return DesignResult(
        problem=problem,
        values=values,
        objective=objective,
        observables=seen if problem.robust else jax.tree.map(lambda leaf: leaf[0], seen),
        sides=sides,
        sensitivities={name: unit * slope[home][inner] for name, (home, inner) in fixed.items()},
        residual=ended.residual[best],
        violation=violation,
        status=status,
        attempts=Attempts(
            attempts.initial,
            attempts.begun,
            attempts.values,
            attempts.violation,
            attempts.status,
            attempts.steps,
            best,
            objectives=unit * ended.f,
        ),
        multipliers=lam,
        scales=scales,
    )


def _quantities(problem: DesignProblem, values: Array) -> tuple[dict[str, tuple[str, str]], dict[str, Any]]:
    """Fixed quantities by name (prefixed where two share one), and a shift of zero for every quantity."""
    known = {"controls": quantities(problem.model.controls), "parameters": quantities(problem.model.parameters)}
    free = {(variable.home, variable.inner) for variable in problem.free}
    fixed = {}
    for home, other in zip(HOMES, reversed(HOMES), strict=True):
        for inner in known[home]:
            if (home, inner) not in free:
                fixed[f"{home}.{inner}" if inner in known[other] else inner] = (home, inner)
    members, controls = problem.modules(values)
    one = {"controls": controls, "parameters": jax.tree.map(lambda leaf: leaf[0], members)}
    shift = {home: {name: jnp.zeros_like(v) for name, v in select(one[home], known[home]).items()} for home in HOMES}
    return fixed, shift


def _shifted(module: Any, shift: Mapping[str, Array]) -> Any:
    return replace(module, {name: value + shift[name] for name, value in select(module, shift).items()})
