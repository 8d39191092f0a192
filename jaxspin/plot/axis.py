"""Axes as a physicist reads them: units with prefixes, logarithms where steps are ratios, edges of cells."""

import dataclasses
import math
import re
from typing import Any

import numpy as np
from jaxtyping import Float

from jaxspin.core import Observable, Quantity

_PREFIXES = {-5: "f", -4: "p", -3: "n", -2: "µ", -1: "m", 0: "", 1: "k", 2: "M", 3: "G", 4: "T"}
_PREFIXED = ("V", "A", "T", "ohm", "m", "s", "Hz", "J", "A/m", "J/m^2", "J/m^3")
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_PLAIN = (1e-3, 1e4)  # numbers that are short without a power of ten
_SHORT = 100.0  # span up to which a logarithmic axis needs numbers between the decades
_DECADE = 10.0  # span from which on a logarithmic axis reads better than a linear one


@dataclasses.dataclass(frozen=True)
class Axis:
    """Label of an axis and by what to multiply values: degrees for rad, and prefixes that suit the size.

    `unit` is what the label has in parentheses, empty for a pure number.
    """

    label: str
    scale: float
    unit: str = ""

    @classmethod
    def of(cls, known: Quantity | Observable, values: Float[np.ndarray, "..."]) -> "Axis":
        """Axis for the values of a quantity."""
        unit, power = known.unit, math.floor(_exponent(values) / 3 + 1e-9)
        if unit == "rad":
            return cls._named(known.symbol, 180 / math.pi, "°")
        if unit not in _PREFIXED or power not in _PREFIXES:
            return cls._named(known.symbol, 1.0, typeset(unit))
        return cls._named(known.symbol, 1000.0**-power, _PREFIXES[power] + typeset(unit))

    @classmethod
    def compact(cls, known: Quantity | Observable, values: Float[np.ndarray, "..."]) -> "Axis":
        """Axis for numbers without room for exponents (contours, legends): where no prefix does, a power of ten."""
        axis, power = cls.of(known, values), math.floor(_exponent(values))
        if axis.scale != 1.0 or known.unit in _PREFIXED or -3 < power < 4:
            return axis
        return cls._named(known.symbol, 10.0**-power, f"10{str(power).translate(_SUPERSCRIPTS)} {axis.unit}".rstrip())

    @classmethod
    def _named(cls, symbol: str, scale: float, unit: str) -> "Axis":
        return cls(f"${symbol}$ ({unit})" if unit else f"${symbol}$", scale, unit)

    def tell(self, value: float) -> str:
        """A value with its unit."""
        return f"{self.scale * value:.4g} {self.unit}".rstrip()


def _exponent(values: Float[np.ndarray, "..."]) -> float:
    """Decimal logarithm of the largest magnitude, 0 where there is none."""
    largest = float(np.max(np.abs(values), initial=0.0))
    return math.log10(largest) if largest > 0 and math.isfinite(largest) else 0.0


def typeset(unit: str) -> str:
    """A unit as it is printed: A/m² for A/m^2, nothing for the pure number."""
    raised = re.sub(r"\^(-?\d+)", lambda match: match[1].translate(_SUPERSCRIPTS), unit)
    return "" if unit == "1" else raised.replace("ohm", "Ω").replace("*", "·")


def is_geometric(values: Float[np.ndarray, " n"]) -> bool:
    """Whether positive values span a decade and are spread evenly in their logarithm rather than themselves.

    The median of evenly spread values is the middle of their range: the arithmetic or the geometric one.
    """
    if len(values) < 3:
        return False
    lowest, highest = float(np.min(values)), float(np.max(values))
    if lowest <= 0 or highest < _DECADE * lowest * (1 - 1e-9):
        return False
    arithmetic, geometric = (lowest + highest) / 2, math.sqrt(lowest * highest)
    return float(np.median(values)) < math.sqrt(arithmetic * geometric)


def draw_axis(
    axes: Any, which: str, known: Quantity | Observable, values: Float[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    """Label the "x" or "y" axis of a panel, logarithmic where that suits; returns the values in the unit shown."""
    finite = values[np.isfinite(values)]
    axis = Axis.of(known, finite)
    axes.set(**{f"{which}label": axis.label})
    if is_geometric(finite):
        axes.set(**{f"{which}scale": "log"})
        plain_numbers(getattr(axes, f"{which}axis"), axis.scale * finite)
    return axis.scale * values


def plain_numbers(axis: Any, values: Float[np.ndarray, " n"]) -> None:
    """Write 0.5, 1, 20 rather than powers of ten on a logarithmic matplotlib axis, where they are short."""
    if values.size == 0 or values.min() < _PLAIN[0] or values.max() > _PLAIN[1]:
        return
    between = ("2", "5") if values.max() < _SHORT * values.min() else ()
    axis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set_minor_formatter(lambda value, _: f"{value:g}" if f"{value:.0e}"[0] in between else "")


def cell_edges(centres: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n+1"]:
    """Edges of the cells around increasing centres: half-way between, in the logarithm where they are geometric."""
    if is_geometric(centres):
        return np.exp(_midpoints(np.log(centres)))
    return _midpoints(centres)


def _midpoints(centres: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n+1"]:
    inner = (centres[1:] + centres[:-1]) / 2
    return np.concatenate([[2 * centres[0] - inner[0]], inner, [2 * centres[-1] - inner[-1]]])
