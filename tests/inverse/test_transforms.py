"""Bijections keep every step inside the bounds; names find their place; wrong names are answered with the nearest."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_models import Decay, Film, Line

from jaxspin.inverse import Gaussian, Uniform
from jaxspin.inverse.transforms import Bijection, space

BOUNDS = [(-math.inf, math.inf), (2.0, math.inf), (-math.inf, -3.0), (-1.0, 5.0)]


@pytest.mark.parametrize("bounds", BOUNDS)
@given(u=st.floats(-12, 12), scale=st.floats(1e-6, 1e6))
def test_coordinates_invert_and_stay_inside(bounds, u, scale):
    b = Bijection(*bounds, scale)
    p = b.value(jnp.asarray(u))
    assert b.lower <= p <= b.upper
    if b.lower < p < b.upper:
        # near a bound at distance d the value holds p in units of eps |p|, the coordinate in eps |p|/d
        distance = min(float(p) - b.lower, b.upper - float(p), scale)
        assert b.coordinate(p) == pytest.approx(u, abs=1e-12 + 1e-14 * abs(float(p)) / distance)
        assert b.slope(p) == pytest.approx(float(jax.grad(b.value)(u)), rel=1e-6 + 1e-14 * abs(float(p)) / distance)


@pytest.mark.parametrize("bounds", BOUNDS)
def test_a_step_of_any_size_stays_inside(bounds):
    b = Bijection(*bounds, 1.0)
    for u in (-1e5, -50.0, 50.0, 1e5):
        assert b.lower <= float(b.value(jnp.asarray(u))) <= b.upper


def test_shared_own_and_tied_names_find_their_place():
    start = {"a": Line(1.0, 2.0, 3.0), "b": Line(10.0, 20.0, 30.0)}
    made = space(start, ["slope", "a/offset"], {"b/offset": "a/offset", "curvature": lambda p: 2 * p.slope}, None)
    modules = made.modules(jnp.asarray([5.0, 7.0]))
    assert [float(x) for x in (modules["a"].slope, modules["a"].offset, modules["a"].curvature)] == [5, 7, 10]
    assert [float(x) for x in (modules["b"].slope, modules["b"].offset, modules["b"].curvature)] == [5, 7, 10]
    np.testing.assert_allclose(made.initial(), [1.0, 2.0])
    assert made.lookup(jnp.asarray([5.0, 7.0]), "b/offset") == 7


def test_a_name_of_one_dataset_overrides_the_shared_one():
    start = {"a": Line(1.0, 2.0), "b": Line(1.0, 2.0)}
    modules = space(start, ["offset", "b/offset"], None, None).modules(jnp.asarray([3.0, 4.0]))
    assert (modules["a"].offset, modules["b"].offset) == (3.0, 4.0)


def test_a_uniform_prior_narrows_the_bounds():
    made = space({"a": Film(0.2, 1e5)}, ["xi"], None, {"xi": Uniform(0.1, 0.5)})
    assert (made.bijections[0].lower, made.bijections[0].upper) == (0.1, 0.5)


@pytest.mark.parametrize(
    ("arguments", "error", "line"),
    [
        ((["rat"], None, None), KeyError, "unknown free parameter 'rat'; did you mean 'rate'?"),
        ((["rate"], {"flor": "rate"}, None), KeyError, "unknown tied parameter 'flor'; did you mean 'floor'?"),
        ((["rate"], {"floor": "rates"}, None), KeyError, "unknown tied parameter 'rates'; did you mean 'rate'?"),
        ((["rate"], None, {"amplitud": Gaussian(1, 1)}), KeyError, "did you mean 'amplitude'?"),
        ((["scn/rate"], None, None), KeyError, "did you mean 'scan'?"),
        ((["rate", "rate"], None, None), ValueError, "free parameter 'rate' is named twice"),
        ((["rate"], {"rate": "floor"}, None), ValueError, "'rate' is both free and tied"),
        ((["rate"], None, {"floor": Gaussian(0, 1)}), ValueError, "prior on 'floor', which does not vary (free: rate)"),
        ((["rate"], None, {"rate": Uniform(60, 70)}), ValueError, "leaves no room inside the bounds (0.0, 50.0) 1/s"),
        ((["rate"], None, {"rate": Uniform(5, 9)}), ValueError, "rate = 1 1/s must lie strictly between 5 and 9 1/s"),
        ((["rate"], None, {"rate": Gaussian(-1, 1)}), ValueError, "mean of rate = -1 1/s must lie strictly between 0"),
        ((["rate"], {"amplitude": lambda p: -p.rate}, None), ValueError, "amplitude = -1.0 V is outside its bounds"),
        (([], None, None), ValueError, "there is nothing to fit"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(arguments, error, line):
    with pytest.raises(error) as caught:
        space({"scan": Decay(2.0, 1.0)}, *arguments)
    assert line in caught.value.args[0]
    assert "\n" not in caught.value.args[0]


def test_a_start_outside_its_bounds_names_parameter_value_unit_and_bounds():
    with pytest.raises(ValueError, match=r"start: rate = 60 1/s must lie strictly between 0 and 50 1/s"):
        space({"scan": Decay(2.0, 60.0)}, ["rate"], None, None)
    with pytest.raises(
        ValueError, match=r"start of dataset 'scan': rate = 60.0 1/s is outside its bounds \(0, 50\) 1/s"
    ):
        space({"scan": Decay(2.0, 60.0)}, ["amplitude"], None, None)


@pytest.mark.parametrize("prior", [lambda: Gaussian(1.0, 0.0), lambda: Gaussian(math.nan, 1.0), lambda: Uniform(2, 1)])
def test_impossible_priors_are_refused(prior):
    with pytest.raises(ValueError, match="prior: needs"):
        prior()
