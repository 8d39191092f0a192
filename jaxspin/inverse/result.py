"""What a fit returns: values with errors and units, how well the data are met, and what the data leave open."""

import importlib
import os
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from jaxspin.core import ForwardModel, Quantity, Status, unknown_name
from jaxspin.inverse.data import is_concrete
from jaxspin.inverse.laplace import Optimum
from jaxspin.inverse.problem import Problem


class Starts(eqx.Module):
    """Every start of a fit: values it began and ended with, chi2 there, `core.Status`, steps; and which was best."""

    initial: Float[Array, "s n"]
    values: Float[Array, "s n"]
    chi2: Float[Array, " s"]
    status: Int[Array, " s"]
    steps: Int[Array, " s"]
    best: Int[Array, ""]


class Parameter(eqx.Module):
    """A fitted parameter: value and standard error in `unit`, the start, and what its error rests on."""

    value: Float[Array, ""]
    stderr: Float[Array, ""]
    start: Float[Array, ""]
    at_bound: Bool[Array, ""]
    undetermined: Bool[Array, ""]
    from_prior: Bool[Array, ""]
    unit: str = eqx.field(static=True)


class Comparison(eqx.Module):
    """Measured against predicted, entry by entry, in the observable's unit; `residual` is weighted (dimensionless).

    `rows`: index of the condition. `band`: standard error of the prediction from the fitted parameters.
    `limit`: 0 measured, +1 truth above `observed`, -1 below.
    """

    rows: Int[Array, " m"]
    observed: Float[Array, " m"]
    sigma: Float[Array, " m"]
    limit: Int[Array, " m"]
    predicted: Float[Array, " m"]
    band: Float[Array, " m"]
    residual: Float[Array, " m"]


class FitResult(eqx.Module):
    """The outcome of `fit`, as data: arrays with static names, so that fits can be compiled and mapped.

    `u`, `values`: the n free parameters at the optimum, in unconstrained coordinates and in their units. `chi2` counts
    measured values, limits (their deviance) and Gaussian priors; `dof` = measured + Gaussian priors - n. `status`:
    `core.Status` (OK where the gradient vanishes as far as sigma can tell: `edm` small). `history`: chi2 at each step
    of the best start, padded with NaN. `optimum`: predictions and the Laplace expansion. Properties that speak of names
    (`parameters`, `residuals`, `null_directions`) and `report`, `save`, `plot` want one fit, not a batch.
    """

    problem: Problem
    u: Float[Array, " n"]
    values: Float[Array, " n"]
    chi2: Float[Array, ""]
    dof: Int[Array, ""]
    status: Int[Array, ""]
    steps: Int[Array, ""]
    history: Float[Array, " max_steps"]
    starts: Starts
    optimum: Optimum

    @property
    def names(self) -> tuple[str, ...]:
        """Free parameters, in the order of every array here; `dataset/name` where one varies for that dataset alone."""
        return self.problem.space.free

    @property
    def quantities(self) -> dict[str, Quantity]:
        """Unit, bounds, scale, symbol and meaning of every free parameter."""
        return {name: self.problem.space.quantity(name) for name in self.names}

    @property
    def units(self) -> tuple[str, ...]:
        """Unit of every free parameter."""
        return tuple(known.unit for known in self.quantities.values())

    @property
    def stderr(self) -> Float[Array, " n"]:
        """Standard errors from the given sigma; infinite where the data (and priors) do not determine a parameter."""
        return self.optimum.laplace.stderr

    @property
    def covariance(self) -> Float[Array, "n n"]:
        """Laplace covariance in the parameters' units, within the directions that are determined."""
        return self.optimum.laplace.covariance

    @property
    def correlation(self) -> Float[Array, "n n"]:
        """Correlations; NaN with a parameter that is undetermined or at a bound."""
        laplace = self.optimum.laplace
        usable = jnp.isfinite(laplace.stderr) & ~laplace.at_bound & (laplace.stderr > 0)
        size = jnp.where(usable, laplace.stderr, jnp.nan)
        return laplace.covariance / (size[..., :, None] * size[..., None, :])

    @property
    def edm(self) -> Float[Array, ""]:
        """Estimated distance to the minimum: how far chi2 would still fall if it were quadratic."""
        return self.optimum.laplace.edm

    @property
    def gradient_norm(self) -> Float[Array, ""]:
        """Norm of the gradient of chi2 in unconstrained coordinates at the optimum."""
        return jnp.linalg.norm(self.optimum.laplace.gradient, axis=-1)

    @property
    def reduced_chi2(self) -> Float[Array, ""]:
        """chi2/dof; NaN without degrees of freedom."""
        return jnp.where(self.dof > 0, self.chi2 / jnp.maximum(self.dof, 1), jnp.nan)

    @property
    def p_value(self) -> Float[Array, ""]:
        """Probability of a chi2 this large or larger if model, sigma and priors are right; NaN without dof."""
        tail = jax.scipy.special.gammaincc(jnp.maximum(self.dof, 1) / 2, self.chi2 / 2)
        return jnp.where(self.dof > 0, tail, jnp.nan)

    @property
    def params(self) -> Any:
        """The model's parameters at the optimum (of the first dataset, where they differ between datasets)."""
        return self.params_of(self.problem.data[0].name)

    def params_of(self, dataset: str) -> Any:
        """The model's parameters at the optimum as that dataset has them."""
        modules = self.problem.space.modules(self.values)
        if dataset not in modules:
            raise KeyError(unknown_name("dataset", dataset, modules))
        return modules[dataset]

    @property
    def parameters(self) -> dict[str, Parameter]:
        """The free parameters by name."""
        laplace, start = self.optimum.laplace, self.problem.space.initial()
        columns = (self.values, laplace.stderr, start, laplace.at_bound, laplace.undetermined, laplace.from_prior)
        return {
            name: Parameter(*(column[i] for column in columns), unit=unit)
            for i, (name, unit) in enumerate(zip(self.names, self.units, strict=True))
        }

    @property
    def tied(self) -> dict[str, Parameter]:
        """Tied parameters by name, their errors propagated from the free ones."""
        space = self.problem.space
        names = [name for name, _ in space.tie]
        if not names:
            return {}
        known, spread, start = _looked_up(self, tuple(names))
        no = jnp.asarray(False)
        return {
            name: Parameter(known[i], spread[i], start[i], no, jnp.isinf(spread[i]), no, unit=space.quantity(name).unit)
            for i, name in enumerate(names)
        }

    def __getitem__(self, name: str) -> Parameter:
        found = self.parameters | self.tied
        if name not in found:
            raise KeyError(unknown_name("fitted parameter", name, found))
        return found[name]

    @property
    def at_bound(self) -> tuple[str, ...]:
        """Names of parameters stuck at a bound."""
        return tuple(name for name, stuck in zip(self.names, self.optimum.laplace.at_bound, strict=True) if stuck)

    @property
    def null_directions(self) -> list[str]:
        """One line for each direction in parameter space that the data (without priors) cannot determine."""
        from jaxspin.inverse.identify import null_directions

        return [direction.text for direction in null_directions(self)]

    @property
    def residuals(self) -> dict[str, dict[str, Comparison]]:
        """Measured against predicted, by dataset and observable."""
        predicted, band = self.problem.split(self.optimum.predicted), self.problem.split(self.optimum.band)
        residual, table = self.problem.split(self.optimum.residual), {}
        for dataset, name, m in self.problem.measurements():
            found = (predicted[dataset][name], band[dataset][name], residual[dataset][name])
            table.setdefault(dataset, {})[name] = Comparison(m.rows, m.value, m.sigma, m.limit, *found)
        return table

    def checked(self) -> "FitResult":
        """Itself, or `FitError` with advice if it did not converge. Not under `jit` or `vmap`."""
        from jaxspin.inverse.report import failure

        if int(self.status) != Status.OK:
            raise FitError(failure(self), self)
        return self

    def report(self) -> str:
        """Table of values, errors, correlations, what is at a bound or undetermined, and how good the fit is."""
        from jaxspin.inverse.report import report

        return report(self)

    def __str__(self) -> str:
        return self.report() if eqx.is_array(self.values) and is_concrete(self.values) else repr(self)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write everything to one JSON file, at once or not at all. Returns the path."""
        from jaxspin.inverse.storage import save

        return save(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str], model: ForwardModel, **given: Any) -> "FitResult":
        """Read a saved fit of `model`; see `jaxspin.inverse.load`."""
        from jaxspin.inverse.storage import load

        return load(path, model, **given)

    def plot(self, **given: Any) -> Any:
        """Figure of data, prediction with its band, and residuals (needs the `plot` extra)."""
        # by name, at call time: figures are made above this layer
        return importlib.import_module("jaxspin.plot.figures").fit_figure(self, **given)


@eqx.filter_jit
def _looked_up(result: FitResult, names: tuple[str, ...]) -> tuple[Array, Array, Array]:
    """Values, standard errors and start of tied parameters."""
    space = result.problem.space
    look = lambda values: jnp.stack([space.lookup(values, name) for name in names])
    spread = result.optimum.laplace.spread(jax.jacfwd(look)(result.values))
    return look(result.values), spread, look(space.initial())


class FitError(RuntimeError):
    """No start of a fit converged; `result` holds what there is."""

    def __init__(self, message: str, result: FitResult):
        super().__init__(message)
        self.result = result
