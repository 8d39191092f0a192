"""Quantities are declared once and found by dotted name; select and replace are inverse to each other."""

import dataclasses
import math

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import Array, Float

from jaxspin.core import Quantity, outside_bounds, quantities, quantity, replace, select


class Layer(eqx.Module):
    M_s: Float[Array, ""] = quantity(
        "A/m", bounds=(0, math.inf), scale=1e5, symbol="M_s", doc="saturation magnetization"
    )
    label: str = eqx.field(default="free layer", static=True)


class Stack(eqx.Module):
    theta: Float[Array, ""] = quantity("1", bounds=(-1, 1), scale=0.1, symbol=r"\theta", doc="spin Hall angle")
    free: Layer
    pinned: Layer


def stack(theta=0.1, free=1e5, pinned=8e5):
    return Stack(theta, Layer(free), Layer(pinned))


def test_dotted_names_of_type_and_instance_agree():
    assert list(quantities(Stack)) == ["theta", "free.M_s", "pinned.M_s"] == list(quantities(stack()))
    assert quantities(Stack)["free.M_s"].unit == "A/m"


@given(st.floats(-0.99, 0.99), st.floats(1.0, 1e7))
def test_replace_then_select_returns_the_values_and_touches_nothing_else(theta, magnetization):
    changed = replace(stack(), {"theta": theta, "pinned.M_s": magnetization})
    assert select(changed, ["theta", "pinned.M_s"]) == {"theta": theta, "pinned.M_s": magnetization}
    assert select(changed, ["free.M_s"]) == {"free.M_s": 1e5}


def test_replace_is_differentiable_and_maps():
    torque = lambda theta: (lambda s: s.theta * s.free.M_s)(replace(stack(), {"theta": theta}))
    assert jax.grad(torque)(0.2) == 1e5
    assert jnp.array_equal(jax.vmap(torque)(jnp.array([0.1, 0.2])), jnp.array([1e4, 2e4]))


def test_unknown_name_gives_one_line_with_the_nearest():
    with pytest.raises(
        KeyError, match=r"unknown parameter 'free.M'; did you mean 'free.M_s'\? \(allowed: theta, "
    ) as caught:
        replace(stack(), {"free.M": 1.0})
    assert "\n" not in str(caught.value)


def test_values_outside_bounds_are_named_with_unit_and_bounds():
    assert outside_bounds(stack()) == []
    (line,) = outside_bounds(stack(free=-3.0))
    assert line == "free.M_s = -3.0 A/m is outside its bounds (0, inf) A/m"
    assert len(outside_bounds(stack(theta=math.nan))) == 1


def test_label_has_symbol_and_unit():
    assert quantities(Stack)["free.M_s"].label == "$M_s$ (A/m)"
    assert quantities(Stack)["theta"].label == r"$\theta$"


@pytest.mark.parametrize("wrong", [{"bounds": (1.0, 1.0)}, {"bounds": (2.0, 1.0)}, {"scale": 0.0}, {"scale": math.inf}])
def test_a_quantity_that_makes_no_sense_is_refused(wrong):
    sound = Quantity("A/m", (0.0, 1.0), 1.0, "M", "magnetization")
    with pytest.raises(ValueError, match="quantity M"):
        dataclasses.replace(sound, **wrong)
