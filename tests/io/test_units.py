"""Units: known conversions, round trips, and refusal of what does not fit."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jaxspin.io import UnitError, factor, parse

KINDS = ["A/m", "T", "rad", "1", "ohm", "V", "A", "m", "J/m^2", "A/m^2", "m/s", "Hz", "rad/s", "kg", "K"]
NUMBERS = st.floats(-1e20, 1e20).filter(lambda x: x == 0 or abs(x) > 1e-20)


@pytest.mark.parametrize(
    ("written", "unit", "value"),
    [
        ("3.2 Oe", "A/m", 3.2 * 1000 / (4 * math.pi)),
        ("1 kOe", "A/m", 1e6 / (4 * math.pi)),
        ("3.2 Oe/(1e10 A/m^2)", "m", 3.2e-10 * 1000 / (4 * math.pi)),
        ("50 emu/cc", "A/m", 50e3),
        ("50 emu/cm^3", "A/m", 50e3),
        ("10 G", "T", 1e-3),
        ("39.6 mT", "T", 0.0396),
        ("0.15 mJ/m^2", "J/m^2", 1.5e-4),
        ("1 erg/cm^2", "J/m^2", 1e-3),
        ("-1.79 deg", "rad", math.radians(-1.79)),
        ("−1.79°", "rad", math.radians(-1.79)),
        ("8e10 A·m⁻²", "A/m^2", 8e10),
        ("8.0 Ω", "ohm", 8.0),
        ("5 µm", "m", 5e-6),
        ("5 μm", "m", 5e-6),
        ("5eV", "J", 5 * 1.602176634e-19),
        ("50 %", "1", 0.5),
        ("0.3", "1", 0.3),
        (0.3, "1", 0.3),
        (3, "1", 3.0),
    ],
)
def test_known_values(written, unit, value):
    """Definitions of Oe, emu, G and the SI prefixes; 1e-14 allows a few roundings in the chain of factors."""
    assert parse(written, unit) == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize(
    ("written", "unit", "told"),
    [
        ("3.2", "A/m", "'3.2' has no unit: expected a number with a unit like 'A/m'"),
        (3.2, "A/m", "'3.2' has no unit: expected a number with a unit like 'A/m'"),
        ("0.3", "rad", "'0.3' has no unit: expected a number with a unit like 'rad'"),
        ("10 mT", "A/m", "expected a unit like 'A/m'; a flux density is no field strength: give H = B/mu0"),
        ("10 Oe", "T", "expected a unit like 'T'; a field strength is no flux density: give B = mu0 H"),
        ("1 GHz", "rad/s", "a frequency is no angular frequency"),
        ("3 deg", "1", "unit 'deg' does not fit: expected a pure number"),
        ("3 parsnip", "m", "'parsnip' is no unit"),
        ("20 degC", "K", "temperatures in K"),
        ("metre", "m", "'metre' is no quantity"),
        ("nan m", "m", "is no quantity"),
        ("1e400 m", "m", "is not finite"),
        ("1e308 km", "m", "is not finite"),
        (math.nan, "1", "not finite"),
        (10**400, "1", "not finite"),
        (True, "1", "is no quantity"),
        (None, "1", "is no quantity"),
        ("1 m^(9^9^9)", "m", "is no unit"),
        ("1 9^9^9^9", "1", "is no unit"),
        ("1 m⁹⁹⁹⁹", "m", "is no unit"),
        ("1 m/0", "m", "is no unit"),
    ],
)
def test_refusals_say_what_is_expected(written, unit, told):
    with pytest.raises(UnitError) as caught:
        parse(written, unit)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@given(NUMBERS, st.sampled_from([*KINDS, "kOe", "emu/cc", "mT", "nm", "deg", "uV", "MA/cm^2"]))
def test_a_number_in_its_own_unit_comes_back_exactly(number, unit):
    assert parse(f"{number!r} {unit}", unit) == number


@given(
    NUMBERS, st.sampled_from([("Oe", "kA/m"), ("deg", "mrad"), ("emu/cc", "A/m"), ("G", "mT"), ("mJ/m^2", "erg/cm^2")])
)
def test_there_and_back(number, units):
    there, back = units
    assert parse(f"{number!r} {there}", back) * factor(back, there) == pytest.approx(number, rel=1e-14, abs=0)


@pytest.mark.parametrize("given_unit", KINDS)
@pytest.mark.parametrize("expected", KINDS)
def test_only_the_same_kind_fits(given_unit, expected):
    """Every pair of these units is of different kinds, angles and pure numbers, H and B, omega and f included."""
    if given_unit == expected:
        assert factor(given_unit, expected) == 1.0
    else:
        with pytest.raises(UnitError):
            factor(given_unit, expected)


@given(st.one_of(st.text(max_size=40), st.from_regex(r"[0-9.]{0,3} ?[a-zA-Z0-9*/^()+\- ]{0,20}", fullmatch=True)))
@example("1 (((((")
@example("1 m**-")
@example("1 .real")
@example("1 __import__('os')")
def test_any_text_is_a_number_or_a_refusal(text):
    for unit in ("A/m", "1"):
        try:
            number, told = parse(text, unit), ""
        except UnitError as error:
            number, told = 0.0, str(error)
        assert math.isfinite(number)
        assert "\n" not in told
