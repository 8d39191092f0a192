"""What a design returns: the optimum, what holds it there, and what moving anything would change."""

import os
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
from jaxtyping import Array, Bool, Float, Int

from jaxspin.core import Observables, Status
from jaxspin.inverse.data import is_concrete
from jaxspin.inverse.design_problem import DesignProblem, Scales


class Side(eqx.Module):
    """One side of a limit or bound at the optimum.

    `value`: of the limited quantity (of a sample, that of the member nearest to the limit); `limit` and `slack` (how
    far inside; negative if broken) in the same `unit`. `sensitivity`: d objective / d limit, the Lagrange multiplier in
    units of the objective per unit of the limit, with the sign of the change; zero unless `active`.
    """

    value: Float[Array, ""]
    limit: Float[Array, ""]
    slack: Float[Array, ""]
    scale: Float[Array, ""]
    active: Bool[Array, ""]
    sensitivity: Float[Array, ""]
    unit: str = eqx.field(static=True)
    bound: bool = eqx.field(static=True, default=False)


class Attempts(eqx.Module):
    """Every start: where it began and the objective there, where and how it ended; and which was best."""

    initial: Float[Array, "s n"]
    begun: Float[Array, " s"]
    values: Float[Array, "s n"]
    violation: Float[Array, " s"]
    status: Int[Array, " s"]
    steps: Int[Array, " s"]
    best: Int[Array, ""]
    objectives: Float[Array, " s"] | None = None


class DesignResult(eqx.Module):
    """The outcome of `design`, as data: arrays with static names, so that designs can be compiled and mapped.

    `values`: the n free quantities at the optimum, in their units. `objective`: in its unit. `observables`: at the
    optimum, of every member where the design is robust. `sides`: every limit and bound, by "name lower", "name upper".
    `sensitivities`: d objective / d fixed quantity by name, with the design following (envelope theorem); of a sample,
    for the same shift of all members. `residual`: of the optimality conditions, dimensionless; `violation`: the largest
    of a limit, in its scale; `status`: `core.Status`, NO_SOLUTION where the limits cannot be met. `multipliers`,
    `scales`: of the solver's own dimensionless problem.
    """

    problem: DesignProblem
    values: Float[Array, " n"]
    objective: Float[Array, ""]
    observables: Observables
    sides: dict[str, Side]
    sensitivities: dict[str, Array]
    residual: Float[Array, ""]
    violation: Float[Array, ""]
    status: Int[Array, ""]
    attempts: Attempts
    multipliers: Float[Array, " m"]
    scales: Scales

    @property
    def names(self) -> tuple[str, ...]:
        """Free quantities, in the order of `values`."""
        return self.problem.names

    @property
    def params(self) -> Any:
        """Parameters at the optimum; of a robust design, the sample."""
        members, _ = self.problem.modules(self.values)
        return members if self.problem.robust else jax.tree.map(lambda leaf: leaf[0], members)

    @property
    def controls(self) -> Any:
        """Controls at the optimum."""
        return self.problem.modules(self.values)[1]

    @property
    def active(self) -> tuple[str, ...]:
        """Limits and bounds that the optimum touches."""
        return tuple(name for name, side in self.sides.items() if bool(side.active))

    @property
    def violated(self) -> dict[str, float]:
        """By how much each broken limit is broken, in its unit."""
        broken = {name: -float(side.slack / side.scale) for name, side in self.sides.items() if not side.bound}
        return {name: -float(self.sides[name].slack) for name, share in broken.items() if share > 1e-6}

    def __getitem__(self, name: str) -> Float[Array, ""]:
        return self.values[self.names.index(name)]

    @property
    def flat_directions(self) -> list[str]:
        """One line for each direction in which the optimum could be moved at no cost; empty where it stands alone."""
        from jaxspin.inverse.degenerate import flat_directions

        return [direction.text for direction in flat_directions(self)]

    def checked(self) -> "DesignResult":
        """Itself, or `DesignError` with advice if no optimum was found. Not under `jit` or `vmap`."""
        from jaxspin.inverse.design_report import failure

        if int(self.status) != Status.OK:
            raise DesignError(failure(self), self)
        return self

    def report(self) -> str:
        """The optimum, what is active, what limits and fixed quantities are worth, and how sure it is."""
        from jaxspin.inverse.design_report import report

        return report(self)

    def __str__(self) -> str:
        return self.report() if eqx.is_array(self.values) and is_concrete(self.values) else repr(self)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write everything to one JSON file, at once or not at all. Returns the path."""
        from jaxspin.inverse.design_report import save

        return save(self, path)


class DesignError(RuntimeError):
    """No start of a design found an optimum; `result` holds what there is."""

    def __init__(self, message: str, result: DesignResult):
        super().__init__(message)
        self.result = result
