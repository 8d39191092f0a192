"""Fit a forward model to data: parameters with honest errors, from one call.

result = fit(model, start, data, free=["theta_DL", "M_s"], tie={"g_b": "g_a"}, prior={"M_s": Gaussian(5e4, 5e3)})
print(result)
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from jaxspin.core import ForwardModel, Solve, Status, require_double_precision
from jaxspin.inverse.data import Dataset, as_datasets, is_concrete
from jaxspin.inverse.descent import descend
from jaxspin.inverse.laplace import Optimum, expand
from jaxspin.inverse.methods import LevenbergMarquardt, Method
from jaxspin.inverse.problem import Problem, as_start
from jaxspin.inverse.result import FitResult, Starts
from jaxspin.inverse.transforms import Gaussian, Tie, Uniform, space

_REACH = 3.0  # starts spread this far in unconstrained coordinates: 3 scales, or a factor of 20
_EDM = 1e-3  # chi2 may be this far above its quadratic minimum (times chi2/dof where that is larger)


def fit(
    model: ForwardModel,
    start: Any,
    data: Dataset | Sequence[Dataset] | Mapping[str, Dataset],
    *,
    free: Iterable[str],
    tie: Mapping[str, Tie] | None = None,
    prior: Mapping[str, Gaussian | Uniform] | None = None,
    method: Method = LevenbergMarquardt(),
    starts: int = 1,
    key: PRNGKeyArray | None = None,
    solve: Solve = Solve(),
) -> FitResult:
    """Parameters that minimise chi2 over one or several datasets, with their Laplace errors.

    `start`: the model's parameters; or, where films differ in what is held fixed, one per dataset by name. `free`:
    dotted names that vary, shared by all datasets unless prefixed `dataset/`. `tie`: name -> another name, or a
    function of the dataset's parameters. `prior`: `Gaussian` (a residual of its own) or `Uniform` (narrows the
    bounds), in the parameter's unit. `starts`: the first is `start`, the others a Latin hypercube drawn with `key`
    inside uniform priors, two sigma around Gaussian ones, else 3 unconstrained units (3 scales, a factor of 20) around
    `start`; of more than 8, only the promising ones are followed to the end (see `descend`). `key` also feeds models
    that average over randomness. `method` chooses the direction of derivatives, whatever `solve` says.

    sigma are taken as true standard deviations: errors are not rescaled by chi2/dof.

    Works under `jit` and `vmap` over array values of `start`, `data` and priors; no derivative in reverse mode. Raises
    `KeyError` for unknown names, `ValueError` for a start outside its bounds and, outside `jit` and `vmap` (where
    `status` tells), `FitError` if no start converged.
    """
    require_double_precision("fit")
    if starts < 1 or (starts > 1 and key is None):
        raise ValueError(
            f"fit: starts={starts} " + ("must be at least 1" if starts < 1 else "needs key=jax.random.key(0)")
        )
    result = solve_problem(pose(model, start, data, free, tie, prior, solve, key), prior_ranges(prior), method, starts)
    return result.checked() if is_concrete(result.status) else result


def pose(
    model: ForwardModel,
    start: Any,
    data: Dataset | Sequence[Dataset] | Mapping[str, Dataset],
    free: Iterable[str],
    tie: Mapping[str, Tie] | None = None,
    prior: Mapping[str, Gaussian | Uniform] | None = None,
    solve: Solve = Solve(),
    key: PRNGKeyArray | None = None,
) -> Problem:
    """The problem that `fit` solves, all names and bounds checked; arguments and errors as there."""
    datasets = as_datasets(data)
    gaussian = {name: belief for name, belief in (prior or {}).items() if isinstance(belief, Gaussian)}
    censored = any(m.censored for each in datasets for m in each.measurements.values())
    return Problem(model, space(as_start(start, datasets), free, tie, prior), datasets, gaussian, solve, key, censored)


def prior_ranges(prior: Mapping[str, Gaussian | Uniform] | None) -> tuple[str, ...]:
    """Names with a uniform prior, whose whole range the starts should fill."""
    return tuple(name for name, belief in (prior or {}).items() if isinstance(belief, Uniform))


@eqx.filter_jit
def solve_problem(problem: Problem, ranges: tuple[str, ...], method: Method, starts: int) -> FitResult:
    """`fit` after its checks: compiled once for each model, set of names and shape of data."""
    own = problem.space.coordinates(problem.space.initial())
    begin = own[None] if starts == 1 else spread_starts(problem, own, ranges, starts)
    ended = descend(method, problem, begin)
    chi2 = jnp.where(jnp.isfinite(ended.chi2), ended.chi2, jnp.inf)
    best = jnp.argmin(chi2)
    u, steps, history = ended.u[best], ended.steps[best], ended.history[best]
    optimum = expand(problem, u)
    lowest, dof = jnp.sum(optimum.residual**2), problem.dof()
    status = _status(optimum, lowest, dof, steps >= method.max_steps)
    each = jnp.where(jnp.isfinite(chi2), ended.status, Status.NOT_FINITE).astype(jnp.int32)
    report = Starts(
        initial=jax.vmap(problem.space.values)(begin),
        values=jax.vmap(problem.space.values)(ended.u),
        chi2=chi2.at[best].set(jnp.where(jnp.isfinite(lowest), lowest, jnp.inf)),
        status=each.at[best].set(status),
        steps=ended.steps,
        best=best,
    )
    return FitResult(problem, u, problem.space.values(u), lowest, dof, status, steps, history, report, optimum)


def _status(optimum: Optimum, chi2: Array, dof: Array, spent: Array) -> Int[Array, ""]:
    """OK where chi2 cannot fall by a noticeable amount any more, whatever made the method stop."""
    converged = optimum.laplace.edm <= _EDM * jnp.maximum(1.0, chi2 / jnp.maximum(dof, 1))
    stopped = jnp.where(converged, Status.OK, jnp.where(spent, Status.MAX_STEPS, Status.NO_SOLUTION))
    finite = jnp.isfinite(chi2) & jnp.isfinite(optimum.laplace.edm)
    return jnp.where(finite, stopped, Status.NOT_FINITE).astype(jnp.int32)


def spread_starts(
    problem: Problem, own: Float[Array, " n"], ranges: tuple[str, ...], starts: int
) -> Float[Array, "s n"]:
    """Coordinates of all starts: `own` first, then a Latin hypercube (McKay et al., Technometrics 21, 239)."""
    space = problem.space
    assert problem.key is not None, "several starts need a key"
    cells, inside = jax.random.uniform(jax.random.fold_in(problem.key, 0), (2, starts - 1, own.size))
    fraction = (jnp.argsort(cells, axis=0) + inside) / (starts - 1)
    columns = []
    for i, (name, b) in enumerate(zip(space.free, space.bijections, strict=True)):
        q = fraction[:, i]
        if name in ranges:
            columns.append(b.coordinate(b.lower + (0.01 + 0.98 * q) * (b.upper - b.lower)))
        elif name in problem.priors:
            belief = problem.priors[name]
            reach = 2 * belief.sigma / b.slope(belief.mean)
            columns.append(b.coordinate(belief.mean) + jnp.minimum(reach, _REACH) * (2 * q - 1))
        else:
            columns.append(own[i] + _REACH * (2 * q - 1))
    return jnp.concatenate([own[None], jnp.stack(columns, axis=1)])
