"""Physical and reduced parameters convert exactly, and bad numbers are refused by name."""

import dataclasses
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jaxspin.core import quantities, select
from jaxspin.systems.polariton import Condensate, Physical

GOOD = {"W": 0.2, "Gamma": 0.1, "eta": 0.01, "epsilon": 0.05, "gamma": 0.005, "alpha_1": 0.02, "Delta": 0.004}


@given(
    reduced=st.tuples(*[st.floats(-5.0, 5.0)] * 4),
    units=st.tuples(st.floats(0.01, 1.0), st.floats(1e-3, 0.1), st.floats(6.0, 10.0), st.floats(-0.1, 0.1)),
)
def test_reduced_to_physical_and_back_is_the_identity(reduced, units):
    c = Condensate(*reduced)
    epsilon, eta, Gamma, alpha_2 = units
    back = c.physical(epsilon=epsilon, eta=eta, Gamma=Gamma, alpha_2=alpha_2).reduced
    # one rounding of the largest number that enters each difference: Gamma/epsilon <= 1000, alpha_2/eta <= 100
    for name, size in {"p": 1000.0, "a": 100.0, "g": 5.0, "delta": 5.0}.items():
        assert abs(getattr(back, name) - getattr(c, name)) <= 4e-16 * size


def test_physical_to_reduced_and_back_is_the_identity():
    physical = Physical(**GOOD, alpha_2=-0.002)
    back = physical.reduced.physical(
        epsilon=physical.epsilon, eta=physical.eta, Gamma=physical.Gamma, alpha_2=physical.alpha_2
    )
    for name in quantities(physical):
        np.testing.assert_allclose(getattr(back, name), getattr(physical, name), rtol=4e-16 * 4, err_msg=name)


def test_reduced_numbers_are_those_of_the_paper():
    """Ratios written after equation (3)."""
    found = select(Physical(**GOOD).reduced, ["p", "a", "g", "delta"])
    assert {name: round(float(value), 12) for name, value in found.items()} == {"p": 2, "a": 2, "g": 0.1, "delta": 0.08}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Gamma": 0.0}, r"Gamma \(decay rate of polaritons\) must be > 0 meV, got 0"),
        ({"Gamma": -0.1}, r"Gamma .* must be > 0"),
        ({"eta": 0.0}, r"eta .* must be > 0"),
        ({"epsilon": -1.0}, r"epsilon .* must be > 0"),
        ({"W": -0.1}, r"W .* must be >= 0"),
        ({"gamma": math.nan}, r"gamma .* must be finite"),
        ({"Delta": math.inf}, r"Delta .* must be finite"),
    ],
)
def test_bad_physical_numbers_are_refused_by_name_and_range(change, message):
    with pytest.raises(ValueError, match=message):
        Physical(**GOOD | change)


@pytest.mark.parametrize("name", ["p", "a", "g", "delta"])
def test_numbers_that_are_not_finite_are_refused(name):
    good = {"p": 0.5, "a": 2.28, "g": 0.1, "delta": 0.1}
    with pytest.raises(ValueError, match=f"Condensate: {name} .* must be finite, got nan"):
        Condensate(**good | {name: math.nan})


def test_parameters_are_made_under_vmap_and_are_frozen():
    pumps = jnp.linspace(0.0, 1.0, 3)
    assert jax.vmap(lambda p: Condensate(p=p, a=1.0, g=0.1).p)(pumps).shape == (3,)
    with pytest.raises(dataclasses.FrozenInstanceError):
        Condensate(p=1.0, a=1.0, g=0.1).p = 2.0


def test_a_condensate_of_known_numbers_is_made_inside_jit():
    """Numbers that are not traced are checked there too."""
    a, bad = jnp.asarray([2.28, jnp.nan])  # strongly typed, which nothing converts
    assert float(jax.jit(lambda p: Condensate(p=p, a=a, g=0.1))(0.5).a) == 2.28
    with pytest.raises(ValueError, match="must be finite"):
        jax.jit(lambda p: Condensate(p=p, a=bad, g=0.1))(0.5)
