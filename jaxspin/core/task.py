"""What a sweep computes at one point: a pure function of named numbers, with what is known about them."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jaxtyping import Array

from jaxspin.core.model import Observable, Observables
from jaxspin.core.options import Solve
from jaxspin.core.quantity import Quantity, unknown_name


@dataclasses.dataclass(frozen=True, eq=False)
class Task:
    """The calculation that a sweep repeats.

    `point(values, solve=, key=) -> Observables` is pure and takes one point: scalars by the names of `inputs`, in their
    units; it may be a function or a callable pytree, and must return scalars by the names of `outputs`. `identity`
    tells this calculation from any other by plain numbers, texts, lists and mappings: results of tasks that differ in
    it are never mixed. `cost(values)` estimates the relative work of a point, where that varies much: points of similar
    cost are then solved together.
    """

    name: str
    point: Callable[..., Observables]
    inputs: Mapping[str, Quantity]
    outputs: Mapping[str, Observable]
    identity: Mapping[str, Any]
    solve: Solve = Solve()
    cost: Callable[[Any], Array] | None = None

    def __post_init__(self) -> None:
        if not self.outputs:
            raise ValueError(f"task {self.name!r} has no outputs; expected at least one")
        for name in (*self.inputs, *self.outputs):
            if "/" in name or " " in name:  # names of files and of coordinates in a store
                raise ValueError(f"task {self.name!r}: {name!r} cannot name a column; expected no '/' and no blank")

    def check_inputs(self, names: Iterable[str]) -> None:
        """Raise `KeyError` with a suggestion if a name is no input."""
        for name in names:
            if name not in self.inputs:
                raise KeyError(unknown_name("axis", name, self.inputs))
