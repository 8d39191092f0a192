"""What varies in a fit, and in which coordinates: bijections from bounds, priors, free and tied names.

Everything is optimised in unconstrained coordinates u of order one. A parameter p with bounds (a, b) and scale s is

    p = s u                   no finite bound
    p = a + s exp(u)          bounded below      (b - s exp(-u) where bounded above)
    p = a + (b - a)/(1 + exp(-u))   bounded on both sides

so no step can leave the bounds, and sizes of 1e5 A/m and 1e-4 J/m² meet on equal terms.
"""

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxspin.core import Quantity, quantities, replace, select, unknown_name
from jaxspin.inverse.data import is_concrete

Tie = str | Callable[[Any], Any]


def _number(value: Any) -> Array:
    return jnp.asarray(value, dtype=float)


class Gaussian(eqx.Module):
    """Prior knowledge `mean` ± `sigma`, in the parameter's unit: one more residual (p - mean)/sigma."""

    mean: Float[Array, ""] = eqx.field(converter=_number)
    sigma: Float[Array, ""] = eqx.field(converter=_number)

    def __check_init__(self) -> None:
        if is_concrete(self.mean, self.sigma) and not (self.sigma > 0 and jnp.isfinite(self.mean + self.sigma)):
            raise ValueError(f"Gaussian prior: needs a finite mean and sigma > 0, got {self.mean} ± {self.sigma}")


@dataclasses.dataclass(frozen=True)
class Uniform:
    """Prior knowledge that the parameter lies between `lower` and `upper`, in its unit: narrows the bounds."""

    lower: float
    upper: float

    def __post_init__(self) -> None:
        if not self.lower < self.upper:
            raise ValueError(f"Uniform prior: needs lower < upper, got ({self.lower}, {self.upper})")


@dataclasses.dataclass(frozen=True)
class Bijection:
    """The map between a bounded parameter and its unconstrained coordinate (formulas above)."""

    lower: float
    upper: float
    scale: float

    @classmethod
    def of(cls, known: Quantity, prior: "Gaussian | Uniform | None" = None) -> "Bijection":
        """From a quantity's metadata, narrowed by a uniform prior."""
        lower, upper = known.bounds
        if isinstance(prior, Uniform):
            lower, upper = max(lower, prior.lower), min(upper, prior.upper)
        return cls(float(lower), float(upper), float(known.scale))

    @property
    def bounded(self) -> tuple[bool, bool]:
        """Whether there is a finite lower, and upper, bound."""
        return math.isfinite(self.lower), math.isfinite(self.upper)

    @property
    def width(self) -> float:
        """The distance to a bound that counts as touching it is measured in this: scale, or the range if smaller."""
        return min(self.scale, self.upper - self.lower)

    def value(self, u: Float[Array, ""]) -> Float[Array, ""]:
        """Parameter, in its unit, at coordinate u."""
        match self.bounded:
            case (False, False):
                return self.scale * u
            case (True, False):
                return self.lower + self.scale * jnp.exp(u)
            case (False, True):
                return self.upper - self.scale * jnp.exp(-u)
            case _:
                return self.lower + (self.upper - self.lower) * jax.nn.sigmoid(u)

    def coordinate(self, p: Float[Array, ""]) -> Float[Array, ""]:
        """Coordinate of a parameter strictly inside its bounds."""
        match self.bounded:
            case (False, False):
                return p / self.scale
            case (True, False):
                return jnp.log((p - self.lower) / self.scale)
            case (False, True):
                return -jnp.log((self.upper - p) / self.scale)
            case _:
                return jnp.log((p - self.lower) / (self.upper - p))

    def slope(self, p: Float[Array, ""]) -> Float[Array, ""]:
        """dp/du, in the parameter's unit; zero at a bound."""
        match self.bounded:
            case (False, False):
                return jnp.full_like(p, self.scale)
            case (True, False):
                return p - self.lower
            case (False, True):
                return self.upper - p
            case _:
                return (p - self.lower) * (self.upper - p) / (self.upper - self.lower)


class Space(eqx.Module):
    """Free parameters of a fit, and the parameter modules (one per dataset) that their values make.

    A free or tied name is dotted, and shared by all datasets unless prefixed `dataset/`. Ties are applied in order,
    after the free values are in place.
    """

    start: dict[str, Any]
    free: tuple[str, ...] = eqx.field(static=True)
    bijections: tuple[Bijection, ...] = eqx.field(static=True)
    tie: tuple[tuple[str, Tie], ...] = eqx.field(static=True)

    def modules(self, values: Float[Array, " n"]) -> dict[str, Any]:
        """Parameters of each dataset when the free ones have `values` (in their units)."""
        made = {}
        for dataset, module in self.start.items():
            own = {}
            for name, value in zip(self.free, values, strict=True):
                home, _, inner = name.rpartition("/")
                if home == dataset or (not home and f"{dataset}/{name}" not in self.free):
                    own[inner] = value
            made[dataset] = replace(module, own)
        for name, target in self.tie:
            home, _, inner = name.rpartition("/")
            for dataset in [home] if home else list(made):
                made[dataset] = replace(made[dataset], {inner: self._tied(made, dataset, target)})
        return made

    def _tied(self, made: Mapping[str, Any], dataset: str, target: Tie) -> Array:
        if callable(target):
            return target(made[dataset])
        home, _, inner = target.rpartition("/")
        return select(made[home or dataset], [inner])[inner]

    def lookup(self, values: Float[Array, " n"], name: str) -> Array:
        """Value of a qualified name, free, tied or fixed (of the first dataset where it differs between them)."""
        if name in self.free:
            return values[self.free.index(name)]
        home, _, inner = name.rpartition("/")
        return select(self.modules(values)[home or next(iter(self.start))], [inner])[inner]

    def initial(self) -> Float[Array, " n"]:
        """Values of the free parameters in the start, in their units."""
        return self._stack(_of_start(self.start, name) for name in self.free)

    def values(self, u: Float[Array, " n"]) -> Float[Array, " n"]:
        """Free parameters, in their units, at unconstrained coordinates."""
        return self._stack(b.value(x) for b, x in zip(self.bijections, u, strict=True))

    def coordinates(self, values: Float[Array, " n"]) -> Float[Array, " n"]:
        """Unconstrained coordinates of free parameters strictly inside their bounds."""
        return self._stack(b.coordinate(p) for b, p in zip(self.bijections, values, strict=True))

    def slopes(self, values: Float[Array, " n"]) -> Float[Array, " n"]:
        """dp/du of each free parameter."""
        return self._stack(b.slope(p) for b, p in zip(self.bijections, values, strict=True))

    def quantity(self, name: str) -> Quantity:
        """Unit, bounds, scale, symbol and meaning of a qualified name."""
        return quantities(next(iter(self.start.values())))[name.rpartition("/")[2]]

    def without(self, name: str, value: Float[Array, ""]) -> "Space":
        """The same space with one free parameter held at `value`."""
        home, _, inner = name.rpartition("/")
        start = {d: replace(m, {inner: value}) if home in ("", d) else m for d, m in self.start.items()}
        kept = [i for i, each in enumerate(self.free) if each != name]
        return Space(start, tuple(self.free[i] for i in kept), tuple(self.bijections[i] for i in kept), self.tie)

    @staticmethod
    def _stack(scalars: Iterable[Array]) -> Float[Array, " n"]:
        return jnp.stack([jnp.asarray(s, dtype=float) for s in scalars]) if (scalars := list(scalars)) else jnp.zeros(0)


def _of_start(start: Mapping[str, Any], name: str) -> Array:
    home, _, inner = name.rpartition("/")
    return select(start[home or next(iter(start))], [inner])[inner]


def space(
    start: Mapping[str, Any],
    free: Iterable[str],
    tie: Mapping[str, Tie] | None,
    prior: Mapping[str, Gaussian | Uniform] | None,
) -> Space:
    """Check names, bounds and shapes of what is asked for, and build the `Space` of a fit.

    `start`: parameters by dataset name. Raises `KeyError` for a name that does not exist, with the nearest that does,
    and `ValueError` naming parameter, value, unit and bounds for a start that is not strictly inside them.
    """
    free, tie, prior = (free,) if isinstance(free, str) else tuple(free), dict(tie or {}), dict(prior or {})
    if not free:
        raise ValueError("free names no parameter: there is nothing to fit")
    targets = [target for target in tie.values() if isinstance(target, str)]
    for what, names in {"free parameter": free, "tied parameter": (*tie, *targets), "parameter": prior}.items():
        for name in names:
            _check_name(start, what, name)
    for name in free:
        if free.count(name) > 1:
            raise ValueError(f"free parameter {name!r} is named twice")
        if name in tie:
            raise ValueError(f"parameter {name!r} is both free and tied: leave it out of one of them")
        if jnp.ndim(_of_start(start, name)):
            raise ValueError(
                f"free parameter {name!r} has shape {jnp.shape(_of_start(start, name))}: only scalars vary"
            )
    for name, belief in prior.items():
        if name not in free and not (name in tie and isinstance(belief, Gaussian)):
            raise ValueError(f"prior on {name!r}, which does not vary (free: {', '.join(free)})")
    made = Space(dict(start), free, (), tuple(tie.items()))
    bijections = tuple(Bijection.of(made.quantity(name), prior.get(name)) for name in free)
    for name, b in zip(free, bijections, strict=True):
        value, unit = _of_start(start, name), _written(made.quantity(name).unit)
        if not b.lower < b.upper:
            raise ValueError(
                f"uniform prior on {name} leaves no room inside the bounds {made.quantity(name).bounds}{unit}"
            )
        if is_concrete(value) and not (b.lower < float(value) < b.upper):
            raise ValueError(
                f"start: {name} = {value:g}{unit} must lie strictly between {b.lower:g} and {b.upper:g}{unit}"
            )
        belief = prior.get(name)
        if isinstance(belief, Gaussian) and is_concrete(belief.mean) and not (b.lower < float(belief.mean) < b.upper):
            raise ValueError(
                f"prior: mean of {name} = {belief.mean:g}{unit} must lie strictly between "
                f"{b.lower:g} and {b.upper:g}{unit}"
            )
    made = Space(made.start, free, bijections, made.tie)
    _check_bounds(made.modules(made.initial()) if tie else made.start)
    return made


def _check_name(start: Mapping[str, Any], what: str, name: str) -> None:
    home, _, inner = name.rpartition("/")
    if home and home not in start:
        raise KeyError(unknown_name(f"dataset in {what} {name!r}:", home, start))
    known = quantities(next(iter(start.values())))
    if inner not in known:
        raise KeyError(unknown_name(what, inner, known))


def _check_bounds(modules: Mapping[str, Any]) -> None:
    """Raise `ValueError` if any quantity, free, tied or fixed, is outside its bounds where that can be known."""
    checked = set()
    for dataset, module in modules.items():
        if id(module) in checked:
            continue
        checked.add(id(module))
        for name, known in quantities(module).items():
            value, (lower, upper) = select(module, [name])[name], known.bounds
            if is_concrete(value) and not np.all((np.asarray(value) >= lower) & (np.asarray(value) <= upper)):
                raise ValueError(
                    f"start of dataset {dataset!r}: {name} = {value}{_written(known.unit)} is outside "
                    f"its bounds ({lower:g}, {upper:g}){_written(known.unit)}"
                )


def _written(unit: str) -> str:
    """A unit as it follows a number; nothing for a pure number."""
    return "" if unit == "1" else f" {unit}"
