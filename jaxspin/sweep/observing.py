"""A forward model as the task of a sweep: any of its parameters and controls may vary, all others are held."""

from collections.abc import Iterable, Mapping
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, PRNGKeyArray

from jaxspin.core import (
    ForwardModel,
    Observables,
    Quantity,
    Solve,
    Task,
    outside_bounds,
    quantities,
    replace,
    select,
    unknown_name,
)

_HOMES: tuple[str, ...] = ("parameters", "controls")


class _Point(eqx.Module):
    """The model at one point: named values put into the held parameters and controls."""

    params: Any
    controls: Any
    model: ForwardModel = eqx.field(static=True)
    outputs: tuple[str, ...] = eqx.field(static=True)

    def __call__(self, values: Mapping[str, Array], *, solve: Solve, key: PRNGKeyArray) -> Observables:
        modules = {"parameters": self.params, "controls": self.controls}
        for name, value in values.items():
            home, inner = resolve(self.model, name)
            modules[home] = replace(modules[home], {inner: value})
        seen = self.model.observe(modules["parameters"], modules["controls"], solve=solve, key=key)
        return Observables({name: seen[name] for name in self.outputs}, seen.status)


def observe(
    model: ForwardModel,
    params: Any = None,
    controls: Any = None,
    *,
    observables: Iterable[str] | None = None,
    solve: Solve = Solve(),
) -> Task:
    """The task of evaluating a model: its inputs are the names of its parameters and controls.

    `params`, `controls`: what is held where nothing varies it; by default the first reference material, and the model's
    example. `observables`: which to keep, all by default. A name that is both a parameter and a control is written
    `parameters.name` or `controls.name`. Raises `KeyError` for an unknown observable, `ValueError` for held values
    outside their bounds.
    """
    params = model.material(next(iter(model.materials))) if params is None else params
    controls = model.example() if controls is None else controls
    names = tuple(model.observables) if observables is None else tuple(observables)
    for name in names:
        if name not in model.observables:
            raise KeyError(unknown_name("observable", name, model.observables))
    for module in (params, controls):
        for fault in outside_bounds(module)[:1]:
            raise ValueError(fault)
    held = zip(_HOMES, (params, controls), strict=True)
    identity = {home: {n: np.asarray(v).tolist() for n, v in _held(module).items()} for home, module in held}
    return Task(
        name=model.name,
        point=_Point(params, controls, model, names),
        inputs=inputs(model),
        outputs={name: model.observables[name] for name in names},
        identity=identity,
        solve=solve,
    )


def _held(module: Any) -> dict[str, jax.Array]:
    return select(module, quantities(module))


def inputs(model: ForwardModel) -> dict[str, Quantity]:
    """What may vary, by name: plain where only parameters or only controls have it, and always with its home."""
    known = dict(zip(_HOMES, (quantities(model.parameters), quantities(model.controls)), strict=True))
    parameters, controls = known.values()
    plain = {
        name: quantity
        for name, quantity in (parameters | controls).items()
        if (name in parameters) != (name in controls)
    }
    return plain | {f"{home}.{name}": quantity for home in _HOMES for name, quantity in known[home].items()}


def resolve(model: ForwardModel, name: str) -> tuple[str, str]:
    """Where a name of `inputs` lives: ("parameters" or "controls", its dotted name there)."""
    home, _, inner = name.partition(".")
    if home in _HOMES and inner:
        return home, inner
    return ("parameters" if name in quantities(model.parameters) else "controls"), name
