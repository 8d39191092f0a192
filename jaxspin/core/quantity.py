"""A physical quantity as a module field: unit, bounds, scale, symbol and meaning, written once.

A parameter type declares its fields with `quantity`; everything that needs to know about a parameter
(fits, axis labels, `--help`, docs tables) reads it from here with `quantities`.
"""

import dataclasses
import difflib
import math
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike

_KEY = "jaxspin.quantity"
Module = typing.TypeVar("Module")


@dataclasses.dataclass(frozen=True)
class Quantity:
    """What is known about a number before its value: unit, allowed range, typical size, symbol, meaning.

    `unit` is a string pint understands ("A/m", "J/m^2", "rad", "1" for a pure number); `bounds` are the
    exclusive limits (lower, upper) in that unit; `scale` is a typical size in that unit, the step on which
    the quantity matters; `symbol` is its TeX symbol without dollars.
    """

    unit: str
    bounds: tuple[float, float]
    scale: float
    symbol: str
    doc: str

    def __post_init__(self) -> None:
        lower, upper = self.bounds
        if not lower < upper:
            raise ValueError(
                f"quantity {self.symbol}: bounds must be (lower, upper) with lower < upper, got {self.bounds}"
            )
        if not (self.scale > 0 and math.isfinite(self.scale)):
            raise ValueError(f"quantity {self.symbol}: scale must be positive and finite, got {self.scale}")

    @property
    def label(self) -> str:
        """Axis label: the TeX symbol with its unit."""
        return f"${self.symbol}$" if self.unit == "1" else f"${self.symbol}$ ({self.unit})"


def _as_float(value: ArrayLike) -> Array:
    return jnp.asarray(value, dtype=float)


def quantity(
    unit: str,
    *,
    bounds: tuple[float, float] = (-math.inf, math.inf),
    scale: float = 1.0,
    symbol: str,
    doc: str,
    default: Any = dataclasses.MISSING,
) -> Any:
    """Declare a field of a parameter or controls module that holds a physical quantity.

    Arguments are those of `Quantity`; `default` is the field's default value in `unit`. The value given to
    the constructor is converted to a floating-point array.
    """
    known = {} if default is dataclasses.MISSING else {"default": default}
    return eqx.field(converter=_as_float, metadata={_KEY: Quantity(unit, bounds, scale, symbol, doc)}, **known)


def quantities(module: Any) -> dict[str, Quantity]:
    """Every quantity of a module (instance or type) by dotted name, in order of declaration."""
    found: dict[str, Quantity] = {}
    hints = typing.get_type_hints(module) if isinstance(module, type) else {}
    for field in dataclasses.fields(module):
        if _KEY in field.metadata:
            found[field.name] = field.metadata[_KEY]
            continue
        inner = hints.get(field.name) if isinstance(module, type) else getattr(module, field.name)
        if isinstance(inner, types.UnionType | types.GenericAlias):
            continue
        if dataclasses.is_dataclass(inner):
            found |= {f"{field.name}.{name}": known for name, known in quantities(inner).items()}
    return found


def check_names(module: Any, names: Iterable[str]) -> None:
    """Raise `KeyError` with a suggestion if a dotted name is no quantity of the module."""
    known = quantities(module)
    for name in names:
        if name not in known:
            raise KeyError(unknown_name("parameter", name, known))


def unknown_name(what: str, name: str, known: Iterable[str]) -> str:
    """One line that says what is unknown, the nearest known names, and all that is allowed."""
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"unknown {what} {name!r}{hint} (allowed: {', '.join(known)})"


def _get(module: Any, name: str) -> Any:
    for part in name.split("."):
        module = getattr(module, part)
    return module


def select(module: Any, names: Iterable[str]) -> dict[str, Array]:
    """Values of the named quantities, by dotted name, each in its declared unit."""
    names = list(names)
    check_names(module, names)
    return {name: _get(module, name) for name in names}


def replace(module: Module, values: Mapping[str, ArrayLike]) -> Module:
    """The same module with the named quantities (dotted names) set to new values, each in its declared unit."""
    names = list(values)
    check_names(module, names)
    return eqx.tree_at(
        lambda tree: [_get(tree, name) for name in names], module, [_as_float(values[name]) for name in names]
    )


def outside_bounds(module: Any) -> list[str]:
    """One line for every quantity whose (concrete) value is not inside its bounds; empty where all is well."""
    lines = []
    for name, known in quantities(module).items():
        value = _get(module, name)
        lower, upper = known.bounds
        inside = bool(jnp.all((value >= lower) & (value <= upper) & jnp.isfinite(value)))
        if not inside:
            lines.append(f"{name} = {value} {known.unit} is outside its bounds ({lower:g}, {upper:g}) {known.unit}")
    return lines
