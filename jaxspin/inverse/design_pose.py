"""From what `design` is asked to a `DesignProblem`: names found, bounds and limits checked."""

from collections.abc import Iterable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PRNGKeyArray

from jaxspin.core import ForwardModel, Solve, quantities, replace, select, unknown_name
from jaxspin.inverse.data import is_concrete
from jaxspin.inverse.design_problem import HOMES, Average, DesignProblem, Function, Limit, Variable, WorstCase


def pose_design(
    model: ForwardModel,
    params: Any,
    controls: Any,
    objective: str | Function,
    sign: float,
    free: Iterable[str],
    bounds: Mapping[str, tuple[Any, Any]] | None,
    subject_to: Mapping[str, Limit] | None,
    robust_over: Any,
    solve: Solve,
    key: PRNGKeyArray | None,
) -> DesignProblem:
    """The problem that `design` solves, all names and bounds checked; arguments and errors as there."""
    for given, wanted, what in ((params, model.parameters, "params"), (controls, model.controls, "controls")):
        if not isinstance(given, wanted):
            raise TypeError(f"design: {what} must be {wanted.__name__}, got {type(given).__name__}")
    names = (free,) if isinstance(free, str) else tuple(free)
    if not names:
        raise ValueError("design: free names nothing that may vary")
    found = [find_variable(model, name) for name in names]
    for variable in found:
        if sum((v.home, v.inner) == (variable.home, variable.inner) for v in found) > 1:
            raise ValueError(f"design: free quantity {variable.name!r} is named twice")
    if isinstance(objective, str) and objective not in model.observables:
        raise KeyError(unknown_name("objective", objective, model.observables))
    limits = dict(subject_to or {})
    for name, limit in limits.items():
        if not isinstance(limit, Limit):
            raise TypeError(f"design: subject_to[{name!r}] must be a Limit, got {type(limit).__name__}")
        if limit.of is None and name not in model.observables:
            raise KeyError(unknown_name("limited observable", name, model.observables))
    members, robust = _members(model, params, robust_over)
    edges = {find_variable(model, name): pair for name, pair in (bounds or {}).items()}
    homes = {"controls": controls, "parameters": params}
    free_of = {(v.home, v.inner): v for v in found}
    for variable in edges:
        if (variable.home, variable.inner) not in free_of:
            raise ValueError(f"design: bounds on {variable.name!r}, which does not vary (free: {', '.join(names)})")
    pairs = {(v.home, v.inner): pair for v, pair in edges.items()}
    lower, upper = zip(
        *(_edges(v, pairs.get((v.home, v.inner)), select(homes[v.home], [v.inner])[v.inner]) for v in found),
        strict=True,
    )
    for variable in found:  # a free parameter has one value for all members
        if variable.home == "parameters":
            shared = jnp.broadcast_to(
                select(params, [variable.inner])[variable.inner], jax.tree.leaves(members)[0].shape[:1]
            )
            members = replace(members, {variable.inner: shared})
    return DesignProblem(
        model,
        members,
        controls,
        tuple(found),
        jnp.stack(lower),
        jnp.stack(upper),
        objective,
        sign,
        limits,
        isinstance(robust_over, WorstCase),
        robust,
        solve,
        key,
    )


def find_variable(model: ForwardModel, name: str) -> Variable:
    """The quantity that a name means; `KeyError` if there is none, or two."""
    known = {"controls": quantities(model.controls), "parameters": quantities(model.parameters)}
    home, _, inner = name.partition(".")
    if home in HOMES and inner in known[home]:
        return Variable(name, home, inner, known[home][inner])
    homes = [home for home in HOMES if name in known[home]]
    if len(homes) == 2:
        raise KeyError(f"{name!r} is a control and a parameter: say controls.{name} or parameters.{name}")
    if not homes:
        raise KeyError(unknown_name("free quantity", name, [*known["controls"], *known["parameters"]]))
    return Variable(name, homes[0], name, known[homes[0]][name])


def _members(model: ForwardModel, params: Any, robust_over: Any) -> tuple[Any, bool]:
    if robust_over is None:
        return jax.tree.map(lambda leaf: jnp.asarray(leaf)[None], params), False
    sample = robust_over.sample if isinstance(robust_over, Average | WorstCase) else robust_over
    if not isinstance(sample, model.parameters):
        raise TypeError(
            f"design: robust_over must be a sample of {model.parameters.__name__} (see `draw`), bare or in Average or "
            f"WorstCase; got {type(sample).__name__}"
        )
    lengths = {jnp.shape(leaf)[:1] for leaf in jax.tree.leaves(sample)}
    if len(lengths) != 1 or lengths in ({()}, {(0,)}):
        raise ValueError(f"design: every leaf of the sample needs the same leading length, got {sorted(lengths)}")
    return sample, True


def _edges(variable: Variable, pair: tuple[Any, Any] | None, start: Array) -> tuple[Array, Array]:
    """Bounds of a variable: those given, within those declared."""
    known, unit = variable.known, "" if variable.known.unit == "1" else f" {variable.known.unit}"
    given = (None, None) if pair is None else tuple(pair)
    if len(given) != 2:
        raise ValueError(f"design: bounds of {variable.name} must be (lower, upper), got {pair}")
    if jnp.ndim(start):
        raise ValueError(f"design: {variable.name} has shape {jnp.shape(start)}: only scalars vary")
    low, high = (jnp.asarray(d if g is None else g, dtype=float) for g, d in zip(given, known.bounds, strict=True))
    if is_concrete(low, high):
        if not bool(low < high):
            raise ValueError(f"design: bounds of {variable.name} need lower < upper, got ({low:g}, {high:g}){unit}")
        if not (float(low) >= known.bounds[0] and float(high) <= known.bounds[1]):
            raise ValueError(
                f"design: bounds of {variable.name} ({low:g}, {high:g}){unit} leave those allowed, "
                f"({known.bounds[0]:g}, {known.bounds[1]:g}){unit}"
            )
        rounding = 1e-12 * float(np.maximum(abs(low), abs(high))) if np.isfinite([low, high]).all() else 0.0
        if is_concrete(start) and not (float(low) - rounding <= float(start) <= float(high) + rounding):
            raise ValueError(
                f"design: the start {variable.name} = {start:g}{unit} is outside its bounds ({low:g}, {high:g}){unit}"
            )
    return low, high
