"""A design as a value: model, what may vary and how far, what is to be small or large, and limits to keep.

A free name is a quantity of the controls or of the parameters (prefix `controls.` or `parameters.` where both have it).
Every design is over a sample of parameters with a leading axis; an ordinary one has a sample of one.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from jaxspin.core import Differentiate, ForwardModel, Observables, Quantity, Solve, Status, replace, select
from jaxspin.inverse.data import is_concrete

Scalar = Float[Array, ""]
Function = Callable[[Observables, Any, Any], Scalar]
"""(observables, parameters, controls) -> a number."""

HOMES = ("controls", "parameters")


def _number(value: Any) -> Array | None:
    return None if value is None else jnp.asarray(value, dtype=float)


class Limit(eqx.Module):
    """A constraint lower <= q <= upper, either side optional, on an observable or on any function of the design.

    `lower`, `upper`: in the observable's unit. `of`: function (observables, parameters, controls) -> scalar; without
    it, q is the observable that the limit is named after. `scale`: what counts as a large change of q (by default
    |limit|, or the size of q at the start where the limit is zero). `unit`: of a function, for reports.
    """

    lower: Array | None = eqx.field(default=None, converter=_number)
    upper: Array | None = eqx.field(default=None, converter=_number)
    of: Function | None = eqx.field(default=None, static=True)
    scale: Array | None = eqx.field(default=None, converter=_number)
    unit: str | None = eqx.field(default=None, static=True)

    def __check_init__(self) -> None:
        if self.lower is None and self.upper is None:
            raise ValueError("Limit: needs lower, upper, or both")
        both = [each for each in (self.lower, self.upper) if each is not None]
        if is_concrete(*both) and not all(bool(jnp.isfinite(each)) for each in both):
            raise ValueError(f"Limit: must be finite, got lower={self.lower}, upper={self.upper}")
        if len(both) == 2 and is_concrete(*both) and not bool(both[0] < both[1]):
            raise ValueError(f"Limit: needs lower < upper, got ({both[0]:g}, {both[1]:g})")
        if self.scale is not None and is_concrete(self.scale) and not bool(self.scale > 0):
            raise ValueError(f"Limit: scale must be positive, got {self.scale:g}")


class Average(eqx.Module):
    """Robust design: the objective is its mean over a `sample` of parameters; limits hold for every member."""

    sample: Any


class WorstCase(eqx.Module):
    """Robust design: the objective is its worst value over a `sample` of parameters; limits hold for every member."""

    sample: Any


@dataclasses.dataclass(frozen=True)
class Variable:
    """A free quantity: the name it was given, whose it is, its dotted name there, and what is known of it."""

    name: str
    home: str
    inner: str
    known: Quantity


class DesignProblem(eqx.Module):
    """What `design` solves. `sign`: +1 to minimise, -1 to maximise. `members`: parameters with a leading axis."""

    model: ForwardModel = eqx.field(static=True)
    members: Any
    controls: Any
    free: tuple[Variable, ...] = eqx.field(static=True)
    lower: Float[Array, " n"]
    upper: Float[Array, " n"]
    objective: str | Function = eqx.field(static=True)
    sign: float = eqx.field(static=True)
    limits: dict[str, Limit]
    worst_case: bool = eqx.field(static=True)
    robust: bool = eqx.field(static=True)
    solve: Solve
    key: PRNGKeyArray | None

    @property
    def names(self) -> tuple[str, ...]:
        """Free quantities, as they were named."""
        return tuple(variable.name for variable in self.free)

    @property
    def label(self) -> str:
        """Name of the objective."""
        return self.objective if isinstance(self.objective, str) else getattr(self.objective, "__name__", "objective")

    @property
    def unit(self) -> str:
        """Unit of the objective; of a function, not known."""
        return self.model.observables[self.objective].unit if isinstance(self.objective, str) else ""

    def limit_unit(self, name: str) -> str:
        """Unit of a limited quantity; of a function, as stated."""
        limit = self.limits[name]
        return self.model.observables[name].unit if limit.of is None else limit.unit or ""

    @property
    def width(self) -> Float[Array, " n"]:
        """Step of each free quantity that matters: its scale, or its range where that is smaller."""
        scale = jnp.asarray([variable.known.scale for variable in self.free])
        return jnp.minimum(scale, self.upper - self.lower)

    def initial(self) -> Float[Array, " n"]:
        """Free quantities at the start, in their units."""
        homes = {"controls": self.controls, "parameters": jax.tree.map(lambda leaf: leaf[0], self.members)}
        return jnp.stack([select(homes[v.home], [v.inner])[v.inner] for v in self.free])

    def modules(self, values: Float[Array, " n"]) -> tuple[Any, Any]:
        """Members (leading axis) and controls with the free quantities at `values`."""
        own = {home: {} for home in HOMES}
        for variable, value in zip(self.free, values, strict=True):
            own[variable.home][variable.inner] = value
        return jax.vmap(lambda member: replace(member, own["parameters"]))(self.members), replace(
            self.controls, own["controls"]
        )

    def look(
        self, members: Any, controls: Any
    ) -> tuple[Float[Array, " s"], Float[Array, "s k"], Bool[Array, ""], Observables]:
        """Objective and limited quantities of every member, whether the model was solved for all, all observables.

        With derivatives in forward mode: there are fewer free quantities than limits and members.
        """
        solve = dataclasses.replace(self.solve, differentiate=Differentiate.forward, progress=False)

        def one(params: Any) -> tuple[Array, Array, Array, Observables]:
            seen = self.model.observe(params, controls, solve=solve, key=self.key)
            value = seen[self.objective] if isinstance(self.objective, str) else self.objective(seen, params, controls)
            found = [
                seen[name] if limit.of is None else limit.of(seen, params, controls)
                for name, limit in self.limits.items()
            ]
            # one observable at a pole does not matter where another is asked for; those used are looked at by value
            solved = (seen.status == Status.OK) | (seen.status == Status.NOT_FINITE)
            stacked = jnp.stack([jnp.asarray(each, dtype=float) for each in found]) if found else jnp.zeros(0)
            return jnp.asarray(value, dtype=float), stacked, solved, seen

        value, found, solved, seen = jax.vmap(one)(members)
        return value, found, jnp.all(solved), seen

    def slack(self, found: Float[Array, "s k"]) -> dict[tuple[str, str], Float[Array, " s"]]:
        """By how much every member keeps each side of each limit, in the unit of its quantity; negative if broken."""
        sides = {}
        for column, (name, limit) in enumerate(self.limits.items()):
            if limit.lower is not None:
                sides[name, "lower"] = found[:, column] - limit.lower
            if limit.upper is not None:
                sides[name, "upper"] = limit.upper - found[:, column]
        return sides

    def sizes(self, found: Float[Array, " k"]) -> dict[tuple[str, str], Scalar]:
        """Scale of each side of each limit; `found`: typical sizes of the limited quantities."""
        sides = {}
        for column, (name, limit) in enumerate(self.limits.items()):
            for side in ("lower", "upper"):
                edge = getattr(limit, side)
                if edge is not None:
                    size = jnp.where(edge != 0, jnp.abs(edge), found[column])
                    sides[name, side] = jnp.where(size > 0, size, 1.0) if limit.scale is None else limit.scale
        return sides

    def summary(self, objective: Float[Array, " s"]) -> Scalar:
        """The objective of the sample from those of its members."""
        return self.sign * jnp.max(self.sign * objective) if self.worst_case else jnp.mean(objective)


class Scales(eqx.Module):
    """What the solver's numbers of order one are multiples of."""

    origin: Float[Array, " n"]
    width: Float[Array, " n"]
    objective: Float[Array, ""]
    limits: dict[tuple[str, str], Float[Array, ""]]
