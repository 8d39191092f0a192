"""The protocol between systems and everything that uses them: a forward model, its observables, its failures."""

import dataclasses
import enum
from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from jaxspin.core.quantity import unknown_name


class Status(enum.IntEnum):
    """Outcome of one calculation, as data: an integer that survives `vmap`, storage and comparison.

    An `IntEnum` and not diffrax's RESULTS, so that core needs no solver library and a status can be written
    to a file; `numerics` translates.
    """

    OK = 0
    MAX_STEPS = 1
    NO_SOLUTION = 2
    NO_SWITCHING = 3
    DIVERGED = 4
    NOT_FINITE = 5

    @property
    def advice(self) -> str:
        """What happened and what to try, in one line."""
        return _ADVICE[self]


_ADVICE = {
    Status.OK: "solved",
    Status.MAX_STEPS: "the step budget ran out: raise Solve(max_steps=...) or loosen rtol",
    Status.NO_SOLUTION: "no root or equilibrium was found: start nearer, or check that one exists at these parameters",
    Status.NO_SWITCHING: "the state does not switch in the range asked for",
    Status.DIVERGED: "the solution diverged: tighten rtol, or check the signs of damping and gain",
    Status.NOT_FINITE: "the result is not finite: the parameters sit on a pole of the model (compensation, zero field)",
}


def worst(*statuses: Int[Array, "..."] | Status) -> Int[Array, "..."]:
    """The gravest of several statuses, element by element."""
    combined = jnp.asarray(int(Status.OK), dtype=jnp.int32)
    for status in statuses:
        combined = jnp.maximum(combined, jnp.asarray(status, dtype=jnp.int32))
    return combined


def check(statuses: Int[Array, "..."]) -> None:
    """Raise `RuntimeError` with advice if any (concrete) status is not OK."""
    for status in Status:
        failed = int(jnp.sum(statuses == status))
        if status is not Status.OK and failed:
            raise RuntimeError(f"{failed} of {statuses.size} points failed ({status.name}): {status.advice}")


class Observables(eqx.Module):
    """What a model predicts: arrays by name, and a status. `observables["xi"]` is the array of that name."""

    values: dict[str, Array]
    status: Int[Array, "..."]

    def __getitem__(self, name: str) -> Array:
        if name not in self.values:
            raise KeyError(unknown_name("observable", name, self.values))
        return self.values[name]

    def checked(self) -> "Observables":
        """Itself, or `RuntimeError` with advice if any point failed or is not finite. Not under `jit` or `vmap`."""
        check(self.status)
        return self


def observables(values: Mapping[str, Array], *statuses: Int[Array, "..."] | Status) -> Observables:
    """Bundle named scalar arrays; the status becomes NOT_FINITE where any of them is not finite."""
    finite = jnp.all(jnp.stack([jnp.all(jnp.isfinite(jax.lax.stop_gradient(value))) for value in values.values()]))
    return Observables(dict(values), worst(jnp.where(finite, Status.OK, Status.NOT_FINITE), *statuses))


@dataclasses.dataclass(frozen=True)
class Observable:
    """A predicted quantity: unit, TeX symbol, meaning, and the dotted names of the parameters it depends on."""

    unit: str
    symbol: str
    doc: str
    depends_on: tuple[str, ...]

    @property
    def label(self) -> str:
        """Axis label: the TeX symbol with its unit."""
        return f"${self.symbol}$" if self.unit == "1" else f"${self.symbol}$ ({self.unit})"


@dataclasses.dataclass(frozen=True)
class Material:
    """A reference set of parameters and where its numbers come from.

    `build` makes the parameters when they are asked for, so that they have the precision set by then.
    """

    build: Callable[[], Any]
    source: str


@dataclasses.dataclass(frozen=True, eq=False)
class ForwardModel:
    """A system as a value: types of its parameters and controls, the pure function between, reference materials.

    `observe(params, controls, *, solve, key) -> Observables` takes one point (scalar leaves) and is pure, so that
    `jit`, `vmap` and `grad` apply. `example()` makes a controls value at which every observable is defined.
    `citation` is a BibTeX entry.
    """

    name: str
    title: str
    parameters: type[eqx.Module]
    controls: type[eqx.Module]
    observables: Mapping[str, Observable]
    observe: Callable[..., Observables]
    materials: Mapping[str, Material]
    example: Callable[[], Any]
    citation: str

    def material(self, name: str) -> Any:
        """Parameters of a reference material; `KeyError` names those that exist."""
        if name not in self.materials:
            raise KeyError(unknown_name("material", name, self.materials))
        return self.materials[name].build()
