"""Where a simulation or fit of a run file begins: parameters, priors, and conditions to simulate, for a model."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from jaxspin.core import ForwardModel, Quantity, Solve, outside_bounds, quantities, replace, unknown_name
from jaxspin.io.measured import check_controls, read_quantity
from jaxspin.io.runfile import Range, Run, Written


class GaussianPrior(NamedTuple):
    """mean and sigma in the parameter's unit."""

    mean: float
    sigma: float


class UniformPrior(NamedTuple):
    """lower and upper end in the parameter's unit."""

    lower: float
    upper: float


def starting_point(run: Run, model: ForwardModel) -> dict[str, Any]:
    """Parameters to begin with, by dataset name: the reference material with the run file's values in it.

    The name "" holds those of no particular dataset. Raises `ConfigError` for an unknown material or parameter, a
    unit that does not fit, and a value outside its bounds.
    """
    material = run.model.material if run.model.material is not None else next(iter(model.materials))
    if material not in model.materials:
        raise run.fault("model.material", unknown_name("material", material, model.materials))
    reference = model.material(material)
    known = quantities(reference)
    shared, own = {}, {str(data.name): {} for data in run.data}
    for name, written in run.parameters.items():
        key = f"parameters.{name}"
        inner = check_parameter(run, key, model, name)
        values = own[name.rpartition("/")[0]] if "/" in name else shared
        values[inner] = read_quantity(run, key, written, known[inner].unit)
    starts = {"": replace(reference, shared)}
    starts |= {dataset: replace(reference, shared | values) for dataset, values in own.items()}
    for start in starts.values():
        for fault in outside_bounds(start)[:1]:
            raise run.fault(f"parameters.{fault.split(' = ')[0]}", f"the start {fault}")
    return starts


def check_parameter(run: Run, key: str, model: ForwardModel, name: str) -> str:
    """The parameter that a name `parameter` or `dataset/parameter` means; `ConfigError` if there is none."""
    dataset, slash, inner = name.rpartition("/")
    datasets, known = [str(data.name) for data in run.data], quantities(model.parameters)
    if slash and dataset not in datasets:
        raise run.fault(key, unknown_name("dataset", dataset, datasets))
    if inner not in known:
        raise run.fault(key, unknown_name("parameter", inner, known))
    return inner


def read_priors(run: Run, model: ForwardModel) -> dict[str, GaussianPrior | UniformPrior]:
    """Priors by parameter name. Raises `ConfigError`: unknown parameters, units, sigma <= 0, lower >= upper."""
    priors: dict[str, GaussianPrior | UniformPrior] = {}
    for name, choice in run.fit.prior.items():
        key = f"fit.prior.{name}"
        unit = quantities(model.parameters)[check_parameter(run, key, model, name)].unit
        tree = {field.name: getattr(choice, field.name) for field in dataclasses.fields(choice)}
        given = {k: read_quantity(run, f"{key}.{k}", v, unit) for k, v in tree.items() if v is not None}
        prior = GaussianPrior(**given) if "mean" in given else UniformPrior(**given)
        if isinstance(prior, GaussianPrior) and not prior.sigma > 0:
            raise run.fault(f"{key}.sigma", f"{choice.sigma!r} is not allowed; expected a positive number")
        if isinstance(prior, UniformPrior) and not prior.lower < prior.upper:
            raise run.fault(key, f"lower {choice.lower!r} is not below upper {choice.upper!r}")
        priors[name] = prior
    return priors


def check_fit(run: Run, model: ForwardModel) -> None:
    """Raise `ConfigError` if the run file has nothing to fit, or its free and tied names do not exist."""
    if not run.data:
        raise run.fault("data", "missing; a fit needs at least one [[data]] table")
    if not run.fit.free:
        raise run.fault("fit.free", f"names no parameter; expected some of: {', '.join(quantities(model.parameters))}")
    for number, name in enumerate(run.fit.free):
        check_parameter(run, f"fit.free.{number}", model, name)
    for follower, leader in run.fit.tie.items():
        for name in (follower, leader):
            check_parameter(run, f"fit.tie.{follower}", model, name)


def read_solve(run: Run) -> Solve:
    """Solver options. Raises `ConfigError` for values that are not allowed."""
    given = {name: value for name, value in dataclasses.asdict(run.solve).items() if value is not None}
    try:
        return Solve(**given)
    except ValueError as error:
        raise run.fault("solve", error) from None


def simulated_conditions(run: Run, model: ForwardModel) -> dict[str, Float[np.ndarray, " n"]]:
    """Controls of every condition that `[simulate]` asks for: all combinations, the last control running fastest.

    Raises `ConfigError`: unknown or missing controls, units, values outside their bounds.
    """
    known, key = quantities(model.controls), "simulate.controls"
    for number, name in enumerate(run.simulate.observables):
        if name not in model.observables:
            raise run.fault(f"simulate.observables.{number}", unknown_name("observable", name, model.observables))
    check_controls(run, key, model, run.simulate.controls)
    written = run.simulate.controls.items()
    axes = {name: read_axis(run, f"{key}.{name}", values, known[name]) for name, values in written}
    count = math.prod(len(values) for values in axes.values())
    if not 1 <= count <= 10_000_000:
        raise run.fault(key, f"{count} conditions; expected 1 to 10000000")
    return {name: axis.ravel() for name, axis in zip(axes, np.meshgrid(*axes.values(), indexing="ij"), strict=True)}


def read_axis(
    run: Run, key: str, written: Written | tuple[Written, ...] | Range, known: Quantity
) -> Float[np.ndarray, " n"]:
    """Values of an axis, one, listed, or over a range, in the unit of its quantity.

    Raises `ConfigError`: no values, units, a logarithmic range that is not positive, values outside the bounds.
    """
    if isinstance(written, Range):
        start, stop = read_ends(run, key, written, known)
        if written.points is None or not 2 <= written.points <= 1_000_000:
            raise run.fault(f"{key}.points", f"{written.points} is not allowed; expected 2 to 1000000")
        values = (np.geomspace if written.spacing == "log" else np.linspace)(start, stop, written.points)
    else:
        every = written if isinstance(written, tuple) else (written,)
        if not every:
            raise run.fault(key, "names no value; expected at least one")
        values = np.array([read_quantity(run, key, each, known.unit) for each in every])
        _check_bounds(run, key, values, known)
    return values


def read_ends(run: Run, key: str, written: Range, known: Quantity) -> tuple[float, float]:
    """Start and stop of a range in the unit of its quantity. Raises `ConfigError` as `read_axis`."""
    start = read_quantity(run, f"{key}.start", written.start, known.unit)
    stop = read_quantity(run, f"{key}.stop", written.stop, known.unit)
    if written.spacing == "log" and not min(start, stop) > 0:
        raise run.fault(key, f"a range with spacing 'log' cannot reach {min(start, stop):g}; expected positive ends")
    _check_bounds(run, key, np.array([start, stop]), known)
    return start, stop


def _check_bounds(run: Run, key: str, values: Float[np.ndarray, " n"], known: Quantity) -> None:
    low, high = known.bounds
    for value in values[(values < low) | (values > high)][:1]:
        unit = "" if known.unit == "1" else f" {known.unit}"
        raise run.fault(key, f"{value:g}{unit} is outside the bounds ({low:g}, {high:g}){unit}")


def conditions(model: ForwardModel, controls: Mapping[str, Float[np.ndarray, " n"]]) -> Any:
    """The model's controls with a leading axis n on every leaf; controls not given have their default."""
    count = max((len(values) for values in controls.values()), default=1)
    defaults = {
        field.name: np.full(count, float(field.default))
        for field in dataclasses.fields(model.controls)
        if field.name in quantities(model.controls) and field.default is not dataclasses.MISSING
    }
    return replace(model.example(), defaults | dict(controls))
