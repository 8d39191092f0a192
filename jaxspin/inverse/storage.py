"""One JSON file that holds a whole fit: for people and scripts at the top, for `load` below.

Strict JSON: numbers that are not finite are the strings "inf", "-inf" and "nan", which `float` reads back. Functions
(callable ties) and the model cannot be stored and are given again to `load`.
"""

import dataclasses
import json
import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from jaxspin.core import Differentiate, ForwardModel, Solve, Status, quantities, replace, select
from jaxspin.inverse.data import Dataset, Measurement
from jaxspin.inverse.json_file import write_json
from jaxspin.inverse.laplace import Laplace, Optimum
from jaxspin.inverse.problem import Problem
from jaxspin.inverse.result import FitResult, Parameter, Starts
from jaxspin.inverse.transforms import Bijection, Gaussian, Space, Tie
from jaxspin.inverse.uncertainty import intervals

FORMAT = "jaxspin.fit/1"


def save(result: FitResult, path: str | os.PathLike[str]) -> Path:
    """Write a fit to one JSON file, at once or not at all. Returns the path."""
    return write_json(path, document(result))


def document(result: FitResult) -> dict[str, Any]:
    """What `save` writes, as JSON values."""
    problem, space = result.problem, result.problem.space
    held = intervals(result)
    parameters = {
        name: _parameter(p) | {"interval95": [plain(held[name].lower), plain(held[name].upper)]}
        for name, p in result.parameters.items()
    }
    return {
        "format": FORMAT,
        "model": problem.model.name,
        "status": Status(int(result.status)).name,
        "chi2": plain(result.chi2),
        "dof": int(result.dof),
        "reduced_chi2": plain(result.reduced_chi2),
        "p_value": plain(result.p_value),
        "parameters": parameters,
        "tied": {name: _parameter(p) for name, p in result.tied.items()},
        "undetermined": result.null_directions,
        "correlation": plain(result.correlation),
        "covariance": plain(result.covariance),
        "residuals": {
            dataset: {
                name: {"unit": problem.model.observables[name].unit} | _fields(comparison)
                for name, comparison in found.items()
            }
            for dataset, found in result.residuals.items()
        },
        "starts": _fields(result.starts) | {"status": [Status(int(each)).name for each in result.starts.status]},
        "history": plain(result.history),
        "steps": int(result.steps),
        "gradient_norm": plain(result.gradient_norm),
        "edm": plain(result.edm),
        "problem": {
            "free": list(space.free),
            "bounds": [[plain(b.lower), plain(b.upper), b.scale] for b in space.bijections],
            "tie": [[name, target if isinstance(target, str) else None] for name, target in space.tie],
            "prior": {name: {"mean": plain(g.mean), "sigma": plain(g.sigma)} for name, g in problem.priors.items()},
            "start": {dataset: _module(module) for dataset, module in space.start.items()},
            "conditions": {data.name: _module(data.conditions) for data in problem.data},
            "solve": _fields(problem.solve) | {"differentiate": problem.solve.differentiate.name},
            "key": None if problem.key is None else _key(problem.key),
        },
        "u": plain(result.u),
        "model_status": {name: plain(status) for name, status in result.optimum.model_status.items()},
        "residual_vector": plain(result.optimum.residual),
        "laplace": _fields(result.optimum.laplace),
    }


def load(
    path: str | os.PathLike[str],
    model: ForwardModel,
    *,
    start: Any = None,
    tie: Mapping[str, Callable[[Any], Any]] | None = None,
) -> FitResult:
    """Read a fit saved by `FitResult.save`.

    `model`: the model that was fitted. `start`: parameters that supply whatever is no quantity (default: the model's
    first reference material); conditions take that from `model.example()`. `tie`: the callable ties of the fit.
    Raises `ValueError` naming the file where it is no fit of this model.
    """
    try:
        saved = json.loads(Path(path).read_text())
    except (ValueError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not a JSON file ({error})") from None
    if not isinstance(saved, dict) or saved.get("format") != FORMAT:
        raise ValueError(f"{path}: not a fit saved by jaxspin (format must be {FORMAT!r})")
    if saved["model"] != model.name:
        raise ValueError(f"{path}: a fit of {saved['model']!r}, not of {model.name!r}")
    problem = _problem(saved, model, start, dict(tie or {}), path)
    comparisons = [saved["residuals"][dataset][name] for dataset, name, _ in problem.measurements()]
    joined = lambda what: jnp.concatenate([array(each[what]) for each in comparisons])
    optimum = Optimum(
        predicted=joined("predicted"),
        band=joined("band"),
        residual=array(saved["residual_vector"]),
        model_status={name: array(status).astype(jnp.int32) for name, status in saved["model_status"].items()},
        laplace=Laplace(**{name: array(value) for name, value in saved["laplace"].items()}),
    )
    status = lambda name: jnp.asarray(Status[name], dtype=jnp.int32)
    starts = {name: array(value) for name, value in saved["starts"].items() if name != "status"}
    return FitResult(
        problem=problem,
        u=array(saved["u"]),
        values=jnp.stack([array(saved["parameters"][name]["value"]) for name in problem.space.free]),
        chi2=array(saved["chi2"]),
        dof=jnp.asarray(saved["dof"]),
        status=status(saved["status"]),
        steps=jnp.asarray(saved["steps"]),
        history=array(saved["history"]),
        starts=Starts(status=jnp.stack([status(name) for name in saved["starts"]["status"]]), **starts),
        optimum=optimum,
    )


def _problem(
    saved: dict[str, Any], model: ForwardModel, start: Any, tie: dict[str, Tie], path: str | os.PathLike[str]
) -> Problem:
    stated = saved["problem"]
    if start is None:
        if not model.materials:
            raise ValueError(f"{path}: model {model.name!r} has no reference material, so load needs start=")
        start = next(iter(model.materials.values())).build()
    for name, target in stated["tie"]:
        if target is None and name not in tie:
            raise ValueError(f"{path}: {name!r} was tied by a function, which load needs again: tie={{{name!r}: ...}}")
    fill = lambda module, values: replace(module, {name: array(value) for name, value in values.items()})
    example = model.example()
    data = []
    for dataset, columns in stated["conditions"].items():
        conditions = fill(example, columns)
        measured = {
            name: Measurement(*(array(each[what]) for what in ("rows", "observed", "sigma", "limit")))
            for name, each in saved["residuals"][dataset].items()
        }
        data.append(Dataset(conditions, measured, dataset))
    space = Space(
        start={dataset: fill(start, values) for dataset, values in stated["start"].items()},
        free=tuple(stated["free"]),
        bijections=tuple(Bijection(*(float(number) for number in each)) for each in stated["bounds"]),
        tie=tuple((name, tie[name] if target is None else target) for name, target in stated["tie"]),
    )
    prior = {name: Gaussian(array(g["mean"]), array(g["sigma"])) for name, g in stated["prior"].items()}
    solve = Solve(**stated["solve"] | {"differentiate": Differentiate[stated["solve"]["differentiate"]]})
    key = stated["key"] and jax.random.wrap_key_data(
        jnp.asarray(stated["key"]["data"], "uint32"), impl=stated["key"]["impl"]
    )
    censored = any(m.censored for each in data for m in each.measurements.values())
    return Problem(model, space, tuple(data), prior, solve, key, censored)


def _parameter(p: Parameter) -> dict[str, Any]:
    flags = {name: bool(getattr(p, name)) for name in ("at_bound", "undetermined", "from_prior")}
    return {"value": plain(p.value), "stderr": plain(p.stderr), "unit": p.unit, "start": plain(p.start)} | flags


def _module(module: Any) -> dict[str, Any]:
    return {name: plain(value) for name, value in select(module, quantities(module)).items()}


def _fields(module: Any) -> dict[str, Any]:
    found = {field.name: getattr(module, field.name) for field in dataclasses.fields(module)}
    return {
        name: value if isinstance(value, bool) else plain(value)
        for name, value in found.items()
        if not hasattr(value, "name")
    }


def _key(key: Array) -> dict[str, Any]:
    key = key if jnp.issubdtype(key.dtype, jax.dtypes.prng_key) else jax.random.wrap_key_data(key)
    return {"impl": str(jax.random.key_impl(key)), "data": jax.random.key_data(key).tolist()}


def plain(value: Any) -> Any:
    """Numbers, lists and strings for JSON; what is not finite becomes "inf", "-inf" or "nan"."""
    value = np.asarray(value).tolist()
    if isinstance(value, list):
        return [plain(each) for each in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def array(value: Any) -> Array:
    """The array that `plain` was given: boolean, integer or floating."""
    found = np.asarray(value)
    return jnp.asarray(found.astype(float) if found.dtype.kind in "US" else found)
