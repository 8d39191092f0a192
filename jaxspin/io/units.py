"""Units at the border: text such as "3.2 Oe" or "0.15 mJ/m^2" becomes a number in the unit a quantity declares.

Inside jaxspin there are plain arrays; pint checks and converts where numbers come in, and is loaded only then.
Oersted means the field strength 1000/(4 pi) A/m and emu/cc the magnetization 1000 A/m, as magneticians use them.
"""

import functools
import math
import re
import sys
from typing import Any

_NUMBER = re.compile(r"\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(.*)", re.ASCII | re.DOTALL)
_TYPOGRAPHY = str.maketrans("−·×Ωμ⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-**Ωµ+-0123456789")
_SUPERSCRIPT = re.compile(r"(?<![⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹])(?=[⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹])")

# A unit needs these characters only, and plain powers of at most two digits: `9^9^9` must not be computed.
_UNIT = re.compile(r"[\w\s.+\-*/^()%°]{0,80}")
_POWER = re.compile(r"\^|\*\*")
_PLAIN_POWER = re.compile(r"(?:\^|\*\*)\s*(\()?\s*[+-]?\d{1,2}(?:\.\d+)?\s*(?(1)\))(?=\s*[*/)]|\s|$)", re.ASCII)

# pint's own oersted and gauss are the Gaussian ones, of other dimensions, and cannot be redefined reliably (its cache
# keeps the old dimension), so they get names of their own.
_DEFINITIONS = (
    f"field_oersted = {1000 / (4 * math.pi)!r} * ampere / meter",
    "density_gauss = 1e-4 * tesla",
    "emu = 1e-3 * ampere * meter ** 2",
)
_OERSTED = re.compile(r"(?<![A-Za-z])([nuµmkM]?)(?:Oe|oersted)(?![A-Za-z])")
_GAUSS = re.compile(r"(?<![A-Za-z])([nuµmkM]?)(?:G|gauss)(?![A-Za-z])")


class UnitError(ValueError):
    """A number without its unit, an unknown unit, or one that does not fit; the message is one line."""


@functools.cache
def _registry() -> Any:
    import pint

    registry = pint.UnitRegistry()
    for definition in _DEFINITIONS:
        registry.define(definition)
    return registry


def _quantity(unit: str) -> Any:
    """The unit as a pint quantity, since a unit may carry a number: Oe/(1e10 A/m^2)."""
    text = _SUPERSCRIPT.sub("^", unit).translate(_TYPOGRAPHY).strip()
    if not _UNIT.fullmatch(text) or len(_POWER.findall(text)) != len(_PLAIN_POWER.findall(text)):
        raise UnitError(f"{_short(unit)} is no unit")
    text = _GAUSS.sub(r"\1density_gauss", _OERSTED.sub(r"\1field_oersted", text))
    registry = _registry()
    try:
        quantity = registry.Quantity(registry.parse_expression(text or "1"))
        size = quantity.to_root_units().magnitude
        only_multiplies = math.isfinite(size) and size > 0 and quantity._is_multiplicative
    except Exception:  # pint answers a malformed expression with any of a dozen exceptions
        raise UnitError(f"{_short(unit)} is no unit") from None
    if not only_multiplies:
        raise UnitError(f"{_short(unit)} is no unit that only multiplies (temperatures in K)")
    return quantity


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")


def _angle(quantity: Any) -> float:
    """Power of the radian: to pint an angle is a pure number, to us it is not (nor is rad/s a frequency in Hz)."""
    return quantity.to_root_units().units._units.get("radian", 0)


_HINTS = {
    ("T", "A/m"): "; a flux density is no field strength: give H = B/mu0 (1 mT is 10 Oe in vacuum)",
    ("A/m", "T"): "; a field strength is no flux density: give B = mu0 H (10 Oe is 1 mT in vacuum)",
    ("Hz", "rad/s"): "; a frequency is no angular frequency: give omega = 2 pi f",
    ("rad/s", "Hz"): "; an angular frequency is no frequency: give f = omega/(2 pi)",
}


def _same_kind(given: Any, wanted: Any) -> bool:
    return given.dimensionality == wanted.dimensionality and _angle(given) == _angle(wanted)


def named(unit: str) -> str:
    """How to call a unit in a message: `a pure number`, or `a unit like 'A/m'`."""
    return "a pure number" if unit == "1" else f"a unit like {unit!r}"


def factor(unit: str, expected: str) -> float:
    """By what to multiply a number in `unit` to have it in `expected`.

    Raises `UnitError` if either is no unit or they are of different kinds. An angle and a pure number are different
    kinds; so are B in tesla and H in A/m, and rad/s and Hz.
    """
    given, wanted = _quantity(unit), _quantity(expected)
    if not _same_kind(given, wanted):
        kinds = _HINTS.items()
        hints = [hint for (a, b), hint in kinds if _same_kind(given, _quantity(a)) and _same_kind(wanted, _quantity(b))]
        raise UnitError(f"unit {_short(unit)} does not fit: expected {named(expected)}{''.join(hints)}")
    exact = float((given / wanted).to_root_units().magnitude)
    rounded = float(f"{exact:.12g}")  # pint makes 1 cm^3 1.0000000000000002e-6 m^3
    return rounded if math.isclose(rounded, exact, rel_tol=1e-15) else exact


def split(written: Any) -> tuple[float, str]:
    """Number and unit of a quantity as a person wrote it: "3.2 Oe" is (3.2, "Oe"), 0.3 is (0.3, "").

    Raises `UnitError` for what is no number with a unit.
    """
    if isinstance(written, int | float) and not isinstance(written, bool):
        if not abs(written) <= sys.float_info.max:
            raise UnitError("a number that is not finite: expected a finite number")
        return float(written), ""
    match = _NUMBER.fullmatch(written.replace("−", "-")) if isinstance(written, str) else None
    if match is None:
        raise UnitError(f"{_short(str(written))} is no quantity: expected a number and its unit, like '1.5 mT'")
    if not math.isfinite(float(match[1])):
        raise UnitError(f"{_short(str(written))} is not finite: expected a finite number")
    return float(match[1]), match[2].strip()


def parse(written: Any, expected: str) -> float:
    """The number, in the unit `expected`, that a person wrote: "3.2 Oe", "-1.79 deg", or 0.3 for a pure number.

    Raises `UnitError` for anything else: a bare number where a unit is needed, an unknown unit or one of another
    kind, a number that is not finite.
    """
    number, unit = split(written)
    if not unit and expected != "1":
        raise UnitError(f"{_short(str(written))} has no unit: expected a number with {named(expected)}")
    converted = number * factor(unit, expected)
    if not math.isfinite(converted):
        raise UnitError(f"{_short(str(written))} is not finite: expected a finite number")
    return converted
