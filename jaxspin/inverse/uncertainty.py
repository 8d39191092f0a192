"""How sure a fit is: intervals, profile likelihood, prediction bands, error propagation, and a test of all of it.

Laplace (quadratic chi2) gives the covariance in `FitResult`; here it is carried through the bounds, to predictions and
to any function of the parameters. The profile likelihood needs no quadratic chi2; coverage checks the claim "95 %".
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy.special import ndtri
from jaxtyping import Array, ArrayLike, Bool, Float, Int, PRNGKeyArray

from jaxspin.core import Differentiate, ForwardModel, Solve, Status, unknown_name
from jaxspin.inverse.data import Dataset
from jaxspin.inverse.descent import descend
from jaxspin.inverse.fit import pose, solve_problem
from jaxspin.inverse.identify import NullDirection, null_directions
from jaxspin.inverse.laplace import rise
from jaxspin.inverse.methods import LevenbergMarquardt, Method
from jaxspin.inverse.problem import Problem
from jaxspin.inverse.result import FitResult

__all__ = [
    "Band",
    "Coverage",
    "Interval",
    "NullDirection",
    "Profile",
    "coverage",
    "intervals",
    "null_directions",
    "predict",
    "profile",
    "propagate",
]


class Interval(eqx.Module):
    """A confidence interval, in the parameter's unit."""

    lower: Float[Array, ""]
    upper: Float[Array, ""]


class Band(eqx.Module):
    """A quantity and its standard error, same shape and unit."""

    mean: Float[Array, "..."]
    stderr: Float[Array, "..."]


class Profile(eqx.Module):
    """Profile likelihood of one parameter: chi2 minimised over all others at each of its `values`, and the interval.

    The interval holds where chi2 is less than the minimum + z²; an end that the grid does not reach is the parameter's
    bound (or infinite).
    """

    values: Float[Array, " m"]
    chi2: Float[Array, " m"]
    status: Int[Array, " m"]
    interval: Interval


class Coverage(eqx.Module):
    """How often intervals hold the truth, over n synthetic datasets: `inside` for each dataset and free parameter."""

    inside: Bool[Array, "n k"]
    values: Float[Array, "n k"]
    stderr: Float[Array, "n k"]
    truth: Float[Array, " k"]
    status: Int[Array, " n"]
    level: float = eqx.field(static=True)
    names: tuple[str, ...] = eqx.field(static=True)

    @property
    def fraction(self) -> dict[str, float]:
        """Fraction of the converged fits whose interval holds the truth, by parameter; NaN if none converged."""
        converged = self.status == Status.OK
        share = jnp.sum(self.inside & converged[:, None], axis=0) / jnp.sum(converged)
        return dict(zip(self.names, share.tolist(), strict=True))

    @property
    def standard_error(self) -> float:
        """Binomial standard error of each fraction if the level is true: sqrt(level (1 - level)/n)."""
        return float((self.level * (1 - self.level) / self.status.size) ** 0.5)


def _deviation(level: float) -> Array:
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level}")
    return ndtri(jnp.asarray(0.5 + level / 2))


def intervals(result: FitResult, level: float = 0.95) -> dict[str, Interval]:
    """Confidence intervals of the free parameters by name, from the Laplace covariance.

    Symmetric in the unconstrained coordinate and carried through the bijection, so never outside the bounds. A
    parameter at a bound gets a one-sided interval; an undetermined one gets all its bounds allow.
    """
    return _intervals(result, _deviation(level))


@eqx.filter_jit
def _intervals(result: FitResult, z: Array) -> dict[str, Interval]:
    space, laplace = result.problem.space, result.optimum.laplace
    reach = rise(laplace.pull, laplace.curvature, z**2)
    found = {}
    for i, (name, b) in enumerate(zip(space.free, space.bijections, strict=True)):
        p, u, slope = result.values[i], result.u[i], b.slope(result.values[i])
        step = z * laplace.stderr[i] / jnp.where(slope > 0, slope, 1.0)
        low, high = b.value(u - step), b.value(u + step)
        at_lower = p - b.lower < b.upper - p
        low = jnp.where(laplace.at_bound[i], jnp.where(at_lower, b.lower, p - reach[i]), low)
        high = jnp.where(laplace.at_bound[i], jnp.where(at_lower, p + reach[i], b.upper), high)
        unknown = laplace.undetermined[i]
        low, high = jnp.where(unknown, b.lower, low), jnp.where(unknown, b.upper, high)
        found[name] = Interval(jnp.maximum(low, b.lower), jnp.minimum(high, b.upper))
    return found


def profile(
    result: FitResult,
    name: str,
    values: Float[ArrayLike, " m"] | None = None,
    *,
    points: int = 21,
    level: float = 0.95,
    method: Method = LevenbergMarquardt(),
) -> Profile:
    """Profile likelihood of the free parameter `name`: all others are fitted again at each value, all at once.

    `values`: increasing, in the parameter's unit; by default `points` values over ±3.5 standard errors. Works under
    `jit` and `vmap`.
    """
    if name not in result.names:
        raise KeyError(unknown_name("free parameter", name, result.names))
    given = None if values is None else jnp.asarray(values, dtype=float)
    return _profile(result, name, given, points, _deviation(level), method)


@eqx.filter_jit
def _profile(result: FitResult, name: str, values: Array | None, points: int, z: Array, method: Method) -> Profile:
    i, problem, laplace = result.names.index(name), result.problem, result.optimum.laplace
    b, p, u = problem.space.bijections[i], result.values[i], result.u[i]
    if values is None:
        width = jnp.where(laplace.undetermined[i], 1.0, laplace.stderr[i] / jnp.where(b.slope(p) > 0, b.slope(p), 1.0))
        around = b.value(u + width * jnp.linspace(-3.5, 3.5, points))
        # beside a bound, chi2 is a parabola of the parameter, not of its coordinate
        inward = jnp.where(p - b.lower < b.upper - p, 1.0, -1.0) * rise(laplace.pull, laplace.curvature, 3.5**2)[i]
        aside = jnp.sort(p + inward * jnp.linspace(0.0, 1.0, points))
        values = jnp.where(laplace.at_bound[i], aside, around)
    others = jnp.asarray([j for j in range(len(result.names)) if j != i], dtype=int)

    def refit(value: Array) -> tuple[Array, Array]:
        fixed = problem.fixing(name, value)
        if not others.size:
            return fixed.chi2(jnp.zeros(0)), jnp.asarray(Status.OK, dtype=jnp.int32)
        ended = descend(method, fixed, result.u[others][None])
        return ended.chi2[0], ended.status[0]

    chi2, status = jax.vmap(refit)(values)
    chi2 = jnp.where(jnp.isfinite(chi2), chi2, jnp.inf)
    lowest = jnp.minimum(result.chi2, jnp.min(chi2))
    # sqrt(chi2 - minimum) with the sign of the deviation is a straight line where chi2 is a parabola
    root = jnp.sign(values - p) * jnp.sqrt(chi2 - lowest)
    left, right = values <= p, values >= p
    low = jnp.interp(-z, jnp.where(left, root, jnp.abs(root)), values, left=b.lower)
    high = jnp.interp(z, jnp.where(right, root, -jnp.abs(root)), values, right=b.upper)
    return Profile(values, chi2, status, Interval(low, high))


def predict(result: FitResult, conditions: Any, dataset: str | None = None) -> dict[str, Band]:
    """Every observable at new conditions with the standard error of its prediction, J C J^T, by name.

    `conditions`: controls with a leading axis m on every leaf. `dataset`: whose parameters (default: the first's). The
    error is that of the fitted curve; it does not include measurement noise. Infinite where undetermined.
    """
    name = dataset or result.problem.data[0].name
    if name not in result.problem.space.start:
        raise KeyError(unknown_name("dataset", name, result.problem.space.start))
    return _predict(result, conditions, name)


@eqx.filter_jit
def _predict(result: FitResult, conditions: Any, dataset: str) -> dict[str, Band]:
    def seen(values: Array) -> tuple[dict[str, Array], dict[str, Array]]:
        params = result.problem.space.modules(values)[dataset]
        found, _ = result.problem.observe(params, conditions, Differentiate.forward)
        return found, found

    jacobian, mean = jax.jacfwd(seen, has_aux=True)(result.values)
    return {name: Band(mean[name], result.optimum.laplace.spread(jacobian[name])) for name in mean}


def propagate(result: FitResult, function: Callable[[Any], Array], dataset: str | None = None) -> Band:
    """A function of the parameters (module -> scalar or array) at the optimum, with its standard error."""
    name = dataset or result.problem.data[0].name
    value = lambda values: jnp.asarray(function(result.problem.space.modules(values)[name]), dtype=float)
    mean = value(result.values)
    jacobian = jax.jacfwd(value)(result.values).reshape(mean.size, -1)
    return Band(mean, result.optimum.laplace.spread(jacobian).reshape(mean.shape))


def coverage(
    model: ForwardModel,
    truth: Any,
    conditions: Any,
    sigma: Mapping[str, Float[ArrayLike, "..."]],
    *,
    free: Iterable[str],
    key: PRNGKeyArray,
    n: int = 200,
    level: float = 0.95,
    method: Method = LevenbergMarquardt(),
    solve: Solve = Solve(),
) -> Coverage:
    """Fit n noisy copies of what `truth` predicts, in one vectorised call, and see how often intervals hold the truth.

    `conditions`: controls with a leading axis m. `sigma`: noise of each observable measured, in its unit, one number or
    m of them. Fits start at the truth. A good fraction lies within two `standard_error` of the level.
    """
    exact = Dataset.from_columns(
        conditions, {name: (0.0 * jnp.ones(_length(conditions)), s) for name, s in sigma.items()}
    )
    return _coverage(pose(model, truth, exact, free, solve=solve), key, n, level, method)


def _length(conditions: Any) -> int:
    return max(jnp.shape(leaf)[0] for leaf in jax.tree.leaves(conditions) if jnp.ndim(leaf))


@eqx.filter_jit
def _coverage(problem: Problem, key: PRNGKeyArray, n: int, level: float, method: Method) -> Coverage:
    truth, (data,) = problem.space.initial(), problem.data
    predicted, _ = problem.predict(truth, Differentiate.forward)
    exact = problem.split(predicted)[data.name]

    def once(key: Array) -> tuple[Array, Array, Array, Array]:
        keys = jax.random.split(key, len(exact))
        noisy = {
            name: exact[name] + m.sigma * jax.random.normal(k, m.sigma.shape)
            for k, (name, m) in zip(keys, sorted(data.measurements.items()), strict=True)
        }
        result = solve_problem(eqx.tree_at(lambda p: p.data, problem, (data.with_values(noisy),)), (), method, 1)
        held = intervals(result, level)
        inside = [
            (held[name].lower <= t) & (t <= held[name].upper) for name, t in zip(result.names, truth, strict=True)
        ]
        return jnp.stack(inside), result.values, result.stderr, result.status

    inside, values, stderr, status = jax.vmap(once)(jax.random.split(key, n))
    return Coverage(inside, values, stderr, truth, status, level, problem.space.free)
