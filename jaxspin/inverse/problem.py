"""A fit as a value: model, space of free parameters, data, priors; and the residuals it asks to make small."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from jaxspin.core import Differentiate, ForwardModel, Solve, unknown_name
from jaxspin.inverse import likelihood
from jaxspin.inverse.data import Dataset, Measurement
from jaxspin.inverse.transforms import Gaussian, Space


class Problem(eqx.Module):
    """Everything a fit minimises: chi2 = sum of squared residuals of all datasets, limits and Gaussian priors.

    Residuals are ordered by dataset, then observable (alphabetically), then entry; priors come last. `censored` is
    false where it is known that there are no limits.
    """

    model: ForwardModel = eqx.field(static=True)
    space: Space
    data: tuple[Dataset, ...]
    priors: dict[str, Gaussian]
    solve: Solve
    key: PRNGKeyArray | None
    censored: bool = eqx.field(static=True, default=True)

    def __check_init__(self) -> None:
        for dataset in self.data:
            if not isinstance(dataset.conditions, self.model.controls):
                raise TypeError(
                    f"dataset {dataset.name!r}: conditions must be {self.model.controls.__name__}, "
                    f"got {type(dataset.conditions).__name__}"
                )
            for name in dataset.measurements:
                if name not in self.model.observables:
                    raise KeyError(unknown_name(f"observable of {self.model.name}", name, self.model.observables))

    def observe(
        self, params: Any, conditions: Any, differentiate: Differentiate
    ) -> tuple[dict[str, Float[Array, " n"]], Int[Array, " n"]]:
        """All observables and the status at every condition, with derivatives that may be taken in one direction."""
        # the meter of a single solve would print inside every step of a fit
        solve = dataclasses.replace(self.solve, differentiate=differentiate, progress=False)
        seen = jax.vmap(lambda point: self.model.observe(params, point, solve=solve, key=self.key))(conditions)
        return seen.values, seen.status

    def measurements(self) -> list[tuple[str, str, Measurement]]:
        """(dataset, observable, measurement) in the order of the residuals."""
        return [(data.name, name, data.measurements[name]) for data in self.data for name in sorted(data.measurements)]

    def observed(self) -> Measurement:
        """All measurements end to end, in the order of the residuals."""
        return jax.tree.map(lambda *parts: jnp.concatenate(parts), *[m for _, _, m in self.measurements()])

    def predict(
        self, values: Float[Array, " n"], differentiate: Differentiate
    ) -> tuple[Float[Array, " N"], dict[str, Int[Array, "..."]]]:
        """What the model predicts for every measurement, in the order of the residuals; and its status per dataset."""
        modules, predicted, status = self.space.modules(values), [], {}
        for data in self.data:
            seen, status[data.name] = self.observe(modules[data.name], data.conditions, differentiate)
            predicted += [seen[name][data.measurements[name].rows] for name in sorted(data.measurements)]
        return jnp.concatenate(predicted), status

    def prior_residuals(self, values: Float[Array, " n"]) -> Float[Array, " k"]:
        """(p - mean)/sigma of every Gaussian prior."""
        pulls = [(self.space.lookup(values, name) - g.mean) / g.sigma for name, g in sorted(self.priors.items())]
        return jnp.stack(pulls) if pulls else jnp.zeros(0)

    def residuals(self, u: Float[Array, " n"], differentiate: Differentiate) -> Float[Array, " M"]:
        """Residuals at unconstrained coordinates; their squares sum to chi2."""
        values = self.space.values(u)
        predicted, _ = self.predict(values, differentiate)
        return jnp.concatenate([self.distances(predicted), self.prior_residuals(values)])

    def distances(self, predicted: Float[Array, " N"]) -> Float[Array, " N"]:
        """Residuals of data and limits, given what is predicted for them."""
        seen = self.observed()
        return likelihood.residuals(predicted, seen.value, seen.sigma, seen.limit if self.censored else None)

    def information(self, predicted: Float[Array, " N"]) -> Float[Array, " N"]:
        """Curvature of -log likelihood with respect to each prediction."""
        seen = self.observed()
        return likelihood.information(predicted, seen.value, seen.sigma, seen.limit if self.censored else None)

    def chi2(self, u: Float[Array, " n"], differentiate: Differentiate = Differentiate.reverse) -> Float[Array, ""]:
        """Sum of squared residuals at unconstrained coordinates."""
        return jnp.sum(self.residuals(u, differentiate) ** 2)

    def dof(self) -> Int[Array, ""]:
        """Degrees of freedom: measured values + Gaussian priors - free parameters; limits do not count."""
        return jnp.sum(self.observed().limit == 0) + len(self.priors) - len(self.space.free)

    def fixing(self, name: str, value: Float[Array, ""]) -> "Problem":
        """The same problem with one free parameter held at `value`."""
        space = self.space.without(name, value)
        return Problem(self.model, space, self.data, self.priors, self.solve, self.key, self.censored)

    def split(self, vector: Float[Array, " N"]) -> dict[str, dict[str, Float[Array, " m"]]]:
        """A vector in the order of the residuals, by dataset and observable (priors left out)."""
        parts: dict[str, dict[str, Any]] = {data.name: {} for data in self.data}
        begin = 0
        for dataset, name, measurement in self.measurements():
            end = begin + measurement.value.shape[-1]
            parts[dataset][name] = vector[..., begin:end]
            begin = end
        return parts


def as_start(start: Any, data: tuple[Dataset, ...]) -> Mapping[str, Any]:
    """Parameters of each dataset: the one module given, or a mapping that names every dataset."""
    if not isinstance(start, Mapping):
        return {each.name: start for each in data}
    for each in data:
        if each.name not in start:
            raise KeyError(unknown_name("dataset in start", each.name, start))
    return {each.name: start[each.name] for each in data}
