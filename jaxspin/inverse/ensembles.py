"""Many fits as tasks of a sweep: a bootstrap, a map of the profile likelihood, one fit a sample.

A fit is a pure function, so a sweep repeats it like any model: chunk by chunk, on many devices, surviving any death.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PRNGKeyArray

from jaxspin.core import (
    Differentiate,
    ForwardModel,
    Observable,
    Observables,
    Quantity,
    Solve,
    Task,
    observables,
    unknown_name,
)
from jaxspin.inverse.data import Dataset
from jaxspin.inverse.descent import descend
from jaxspin.inverse.fit import pose, solve_problem
from jaxspin.inverse.methods import LevenbergMarquardt, Method
from jaxspin.inverse.problem import Problem
from jaxspin.inverse.result import FitResult

_CHI2 = Observable("1", r"\chi^2", "sum of squared residuals", ())


def column(name: str) -> str:
    """A parameter's name as the name of a column: "A/M_s", the M_s of dataset A, is "A.M_s"."""
    return name.replace("/", ".")


class _Replica(eqx.Module):
    """A fit to data drawn from the prediction of another fit."""

    problem: Problem
    optimum: Array
    predicted: dict[str, dict[str, Array]]
    method: Method = eqx.field(static=True)

    def __call__(self, values: Mapping[str, Array], *, solve: Solve, key: PRNGKeyArray) -> Observables:
        data = []
        for dataset in self.problem.data:
            drawn = {}
            for name, seen in sorted(dataset.measurements.items()):
                key, own = jax.random.split(key)
                noisy = self.predicted[dataset.name][name] + seen.sigma * jax.random.normal(own, seen.sigma.shape)
                drawn[name] = jnp.where(seen.limit == 0, noisy, seen.value)
            data.append(dataset.with_values(drawn))
        space = self.problem.space
        begun = eqx.tree_at(lambda s: s.start, space, space.modules(self.optimum))
        problem = Problem(
            self.problem.model, begun, tuple(data), self.problem.priors, solve, self.problem.key, self.problem.censored
        )
        return _seen(solve_problem(problem, (), self.method, 1))


def bootstrap(result: FitResult, *, method: Method = LevenbergMarquardt()) -> Task:
    """Refit data drawn from a fit's own prediction and sigma (parametric bootstrap): a task with the input `replica`.

    Sweep it over `product({"replica": np.arange(n)})`; each replica has a key of its own. Outputs: the free parameters
    in their units, and chi2. Limits are kept as they are; Gaussian priors too, so the spread is that of the data.
    """
    problem = result.problem
    predicted, _ = problem.predict(result.values, Differentiate.forward)
    replica = Quantity("1", (-0.5, np.inf), 1.0, "k", "number of the replica")
    return Task(
        name=f"bootstrap of {problem.model.name}",
        point=_Replica(problem, result.values, problem.split(predicted), method),
        inputs={"replica": replica},
        outputs=_outputs(result.quantities),
        identity=_identity(problem, result.values) | {"of": "bootstrap"},
        solve=problem.solve,
    )


class _Held(eqx.Module):
    """A fit with some parameters held."""

    problem: Problem
    optimum: Array
    held: tuple[str, ...] = eqx.field(static=True)
    method: Method = eqx.field(static=True)

    def __call__(self, values: Mapping[str, Array], *, solve: Solve, key: PRNGKeyArray) -> Observables:
        old = self.problem
        problem = Problem(old.model, old.space, old.data, old.priors, solve, old.key, old.censored)
        for name in self.held:
            problem = problem.fixing(name, values[column(name)])
        others = [i for i, name in enumerate(old.space.free) if name not in self.held]
        if not others:
            return observables({"chi2": problem.chi2(jnp.zeros(0))})
        ended = descend(self.method, problem, old.space.coordinates(self.optimum)[jnp.asarray(others)][None])
        found = problem.space.values(ended.u[0])
        columns = {column(name): value for name, value in zip(problem.space.free, found, strict=True)}
        return observables({"chi2": ended.chi2[0]} | columns, ended.status[0])


def profile_map(result: FitResult, held: Iterable[str], *, method: Method = LevenbergMarquardt()) -> Task:
    """chi2 minimised over all other parameters, with those of `held` at given values: a task with them as inputs.

    Sweep it over a product of one or two: where chi2 rises by 1 (4) above the minimum, one parameter is one (two)
    standard errors away; 2.30 and 6.18 for two at once. Raises `KeyError` for a name that is not free.
    """
    names = tuple(held)
    for name in names:
        if name not in result.names:
            raise KeyError(unknown_name("free parameter", name, result.names))
    others = {name: known for name, known in result.quantities.items() if name not in names}
    return Task(
        name=f"profile of {result.problem.model.name}",
        point=_Held(result.problem, result.values, names, method),
        inputs={column(name): result.quantities[name] for name in names},
        outputs=_outputs(others),
        identity=_identity(result.problem, result.values) | {"of": "profile", "held": list(names)},
        solve=result.problem.solve,
    )


class _Sample(eqx.Module):
    """The fit of one of many samples."""

    problem: Problem
    data: tuple[Dataset, ...]
    method: Method = eqx.field(static=True)

    def __call__(self, values: Mapping[str, Array], *, solve: Solve, key: PRNGKeyArray) -> Observables:
        data = jax.tree.map(lambda leaf: leaf[values["sample"].astype(int)], self.data)
        old = self.problem
        problem = Problem(old.model, old.space, data, old.priors, solve, old.key, old.censored)
        return _seen(solve_problem(problem, (), self.method, 1))


def sample_fits(
    model: ForwardModel,
    start: Any,
    samples: Sequence[Dataset],
    *,
    free: Iterable[str],
    method: Method = LevenbergMarquardt(),
    solve: Solve = Solve(),
    **beliefs: Any,
) -> Task:
    """One fit a sample: a task with the input `sample`, the number of a dataset in `samples`.

    Arguments and errors as those of `fit` (`beliefs`: its `tie` and `prior`). All samples need the same numbers of
    conditions and measurements, else `ValueError`; pad with entries of huge sigma. Sweep it over
    `product({"sample": np.arange(len(samples))})`. Outputs: the free parameters, and chi2.
    """
    alike = [Dataset(each.conditions, each.measurements) for each in samples]
    shapes = {str(jax.tree.map(jnp.shape, eqx.filter(each, eqx.is_array))) for each in alike}
    if len(shapes) != 1:
        raise ValueError(f"samples have {len(shapes)} different shapes; expected the same conditions and measurements")
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *alike)
    problem = pose(model, start, alike[0], free, solve=solve, **beliefs)
    limits = any(m.censored for each in alike for m in each.measurements.values())
    problem = Problem(model, problem.space, problem.data, problem.priors, solve, problem.key, limits)
    known = {name: problem.space.quantity(name) for name in problem.space.free}
    return Task(
        name=f"fits of {model.name}",
        point=_Sample(problem, (stacked,), method),
        inputs={"sample": Quantity("1", (-0.5, len(alike) - 0.5), 1.0, "k", "number of the sample")},
        outputs=_outputs(known),
        identity=_identity(problem, stacked) | {"of": "samples"},
        solve=solve,
    )


def _seen(result: FitResult) -> Observables:
    columns = {column(name): value for name, value in zip(result.names, result.values, strict=True)}
    return observables({"chi2": result.chi2} | columns, result.status)


def _outputs(known: Mapping[str, Quantity]) -> dict[str, Observable]:
    own = {column(name): Observable(each.unit, each.symbol, each.doc, ()) for name, each in known.items()}
    return {"chi2": _CHI2} | own


def _identity(problem: Problem, more: Any) -> dict[str, Any]:
    """What tells a fit from others: its model, names, and a digest of all its numbers."""
    digest = hashlib.sha256()
    for leaf in jax.tree.leaves(eqx.filter((problem.space, problem.data, problem.priors, more), eqx.is_array)):
        digest.update(np.ascontiguousarray(leaf).tobytes())
    return {"model": problem.model.name, "free": list(problem.space.free), "numbers_sha256": digest.hexdigest()}
