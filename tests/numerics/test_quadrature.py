"""Adaptive integrals against closed forms: resonances, band edges, thermal windows, and their derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jaxspin.core import Solve, Status
from jaxspin.numerics import fermi, gauss_kronrod, quadrature

LOWER, CENTRE = -2.0, 0.3
PRECISE = Solve(atol=1e-10, rtol=1e-14)
BREAKPOINTS = jnp.array([2.0, CENTRE, -2.0, 7.0])  # in no order, one outside


def resonance_and_band(x, width):
    """A Lorentzian of unit area at CENTRE, and the velocity in a band with edges at +-2."""
    inside = jnp.abs(x) < 2
    return jnp.stack(
        [
            width / jnp.pi / ((x - CENTRE) ** 2 + width**2),
            jnp.where(inside, jnp.sqrt(jnp.where(inside, 4 - x**2, 1)), 0),
        ]
    )


def exact(width, upper):
    """Both integrals from LOWER."""
    lorentzian = np.arctan((upper - CENTRE) / width) - np.arctan((LOWER - CENTRE) / width)
    semicircle = upper / 2 * np.sqrt(4 - upper**2) + 2 * np.arcsin(upper / 2) + np.pi
    return np.array([lorentzian / np.pi, semicircle])


@jax.jit
def integral(width, upper, lower=LOWER, breakpoints=BREAKPOINTS):
    return quadrature.integrate(resonance_and_band, lower, upper, width, breakpoints=breakpoints, solve=PRECISE)


forward = jax.jit(jax.jacfwd(lambda width, upper: integral(width, upper).value, argnums=(0, 1)))
reverse = jax.jit(jax.jacrev(lambda width, upper: integral(width, upper).value, argnums=(0, 1)))


def test_rules_are_exact_for_polynomials_of_their_degrees():
    for degree in range(0, 23, 2):
        kronrod = gauss_kronrod.KRONROD @ gauss_kronrod.NODES**degree
        assert kronrod == pytest.approx(2 / (degree + 1), rel=1e-14)
        if degree <= 12:
            assert gauss_kronrod.GAUSS @ gauss_kronrod.NODES**degree == pytest.approx(2 / (degree + 1), rel=1e-14)
    np.testing.assert_array_equal(gauss_kronrod.NODES, -gauss_kronrod.NODES[::-1])


@pytest.mark.parametrize(("width", "most"), [(1.0, 200), (1e-2, 600), (1.2e-4, 700), (1e-6, 1100)])
def test_resonances_and_band_edges_are_resolved_with_few_evaluations(width, most):
    found = integral(width, 1.1)
    assert int(found.status) == Status.OK
    error = np.abs(found.value - exact(width, 1.1))
    assert np.all(error < 1e-10)  # the tolerance
    assert np.all(error <= found.error + 4e-16)
    assert int(found.evaluations) <= most


@given(
    width=st.floats(1e-5, 1.0), upper=st.floats(-2.0, 2.0), where=st.lists(st.floats(-3.0, 3.0), min_size=3, max_size=3)
)
def test_useless_breakpoints_change_nothing_and_the_error_estimate_holds(width, upper, where):
    found = integral(width, upper, LOWER, jnp.array([*where, 2.0]))
    assert int(found.status) == Status.OK
    assert np.all(np.abs(found.value - exact(width, upper)) < 1e-10)


@pytest.mark.parametrize("upper", [CENTRE, CENTRE + 1e-15, 1.1, 2.0])
def test_derivatives_are_those_of_the_integral_in_both_modes(upper):
    width = 1.2e-4
    slopes = forward(width, upper)
    for one, other in zip(slopes, reverse(width, upper), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-11)
    ends = [end - CENTRE for end in (upper, LOWER)]
    by_width = [-end / (width**2 + end**2) / np.pi for end in ends]
    # the rule is good to 1e-10 of the natural size of this derivative, 1/width
    assert float(slopes[0][0]) == pytest.approx(by_width[0] - by_width[1], abs=1e-10 / width)
    by_upper = [width / np.pi / ((upper - CENTRE) ** 2 + width**2), np.sqrt(4 - upper**2)]
    np.testing.assert_allclose(slopes[1], by_upper, rtol=1e-9, atol=1e-9)


def test_limits_in_either_order():
    np.testing.assert_allclose(integral(1e-2, LOWER, 1.1).value, -exact(1e-2, 1.1), atol=1e-10)
    np.testing.assert_array_equal(integral(1e-2, 0.5, 0.5).value, 0.0)


@pytest.mark.slow
def test_second_derivatives():
    curvature = jax.jit(jax.grad(jax.grad(lambda upper: integral(1.0, upper).value[1])))(1.1)
    assert float(curvature) == pytest.approx(-1.1 / np.sqrt(4 - 1.1**2), rel=1e-9)


def test_what_the_integrand_closes_over_and_where_breakpoints_lie_is_differentiated():
    @jax.jit
    @jax.value_and_grad
    def moved(shift):
        band = lambda x, _: jnp.exp(shift * x) * resonance_and_band(x + shift, 1.0)[1]
        return quadrature.integrate(band, -3.0, 3.0, breakpoints=jnp.stack([-2 - shift, 2 - shift])).value

    value = lambda shift: moved(0.4 + shift)[0]
    numeric = (8 * (value(1e-3) - value(-1e-3)) - (value(2e-3) - value(-2e-3))) / 12e-3
    assert float(moved(0.4)[1]) == pytest.approx(float(numeric), rel=1e-9)


@pytest.mark.slow
def test_complex_integrands_and_any_shape():
    k = np.array([[1.0, 2.0], [3.0, 40.0]])
    found = jax.jit(lambda k: quadrature.integrate(lambda x, k: jnp.exp(1j * k * x), 0.0, 1.0, k))(k)
    np.testing.assert_allclose(found.value, (np.exp(1j * k) - 1) / (1j * k), atol=1e-11)
    assert found.error.shape == (2, 2)


def test_an_integral_that_does_not_converge_says_so():
    wild = lambda x, offset: offset + jnp.sin(1 / (jnp.abs(x) + 1e-6))
    few = jax.jit(lambda offset: quadrature.integrate(wild, -1.0, 1.0, offset, panels=8, solve=PRECISE).status)
    assert int(few(0.0)) == Status.MAX_STEPS
    assert int(few(jnp.nan)) == Status.NOT_FINITE
    with pytest.raises(ValueError, match="panels must be at least 5"):
        quadrature.integrate(wild, -1.0, 1.0, breakpoints=jnp.zeros(3), panels=2)


def test_integrals_to_many_limits_from_one_set_of_panels():
    width, rng = 1.2e-4, np.random.default_rng(0)
    uppers = rng.permutation(np.concatenate([np.linspace(-2, 2, 41), [CENTRE]]))
    weights = rng.uniform(0.5, 1.5, uppers.size)

    @jax.jit
    def total(width, uppers):
        to_each = lambda width, uppers: quadrature.integrate_to_each(
            resonance_and_band, LOWER, uppers, width, breakpoints=BREAKPOINTS, solve=PRECISE
        )
        weighted = lambda width, uppers: weights @ to_each(width, uppers).value.sum(axis=1)
        return to_each(width, uppers), jax.grad(weighted, (0, 1))(width, uppers)

    found, (by_width, by_limits) = total(width, uppers)
    assert int(found.status) == Status.OK
    np.testing.assert_allclose(found.value, exact(width, uppers).T, atol=1e-10)
    assert int(found.evaluations) < 900  # of one integral, and one for each limit
    integrand = jax.vmap(resonance_and_band, (0, None))(jnp.asarray(uppers), width).sum(axis=1)
    np.testing.assert_allclose(by_limits, np.where(uppers > LOWER, weights * integrand, 0.0), rtol=1e-9, atol=1e-12)
    ends = np.stack([uppers - CENTRE, np.full(42, LOWER - CENTRE)])
    slopes = -ends / (width**2 + ends**2) / np.pi
    assert float(by_width) == pytest.approx(weights @ (slopes[0] - slopes[1]), abs=1e-8 / width)
    np.testing.assert_array_equal(total(width, np.full(42, -5.0))[0].value, 0.0)


def test_graded_panels_resolve_the_same_at_a_fixed_cost():
    graded = jax.jit(
        lambda width, upper: quadrature.integrate_graded(
            resonance_and_band, LOWER, upper, width, breakpoints=BREAKPOINTS, levels=4, solve=Solve(atol=1e-5)
        )
    )
    for width in (1.0, 1e-2, 1e-3):
        found = graded(width, 1.1)
        assert int(found.status) == Status.OK
        off = np.abs(found.value - exact(width, 1.1))
        assert np.all(off < 1e-10)  # of 15 points; the estimate, from 7 of them, is far above: 1e-6
        assert np.all(off <= found.error + 1e-14)
        assert int(found.evaluations) == 15 * 8 * 2
    assert int(graded(1e-8, 1.1).status) == Status.MAX_STEPS
    with pytest.raises(ValueError, match="levels must be at least 1, got 0"):
        quadrature.integrate_graded(resonance_and_band, LOWER, 1.0, 1.0, levels=0)


def linear_response(mu, temperature):
    """Integral of x f(x) from -1: (mu^2 - 1)/2 + (pi T)^2/6, to exp(-(1 + mu)/T)."""
    occupied = lambda x, at: x * fermi.occupation(x, *at)
    breakpoints = fermi.thermal_breakpoints(mu, temperature)
    upper = breakpoints[-1]
    return quadrature.integrate(occupied, -1.0, upper, (mu, temperature), breakpoints=breakpoints, solve=PRECISE)


@jax.jit
def thermal(mu, temperature):
    """The integral, and its derivatives with respect to both."""

    def value(at):
        found = linear_response(*at)
        return found.value, found

    (_, found), slopes = jax.value_and_grad(value, has_aux=True)((mu, temperature))
    return found, slopes


@pytest.mark.parametrize("temperature", [0.0, 1e-120, 1e-9, 1e-4, 0.02])
def test_thermal_integrals_go_over_into_a_step(temperature):
    found, slopes = thermal(0.3, temperature)
    assert int(found.status) == Status.OK
    sommerfeld = (0.3**2 - 1) / 2 + (np.pi * temperature) ** 2 / 6  # exact, up to the bottom's exp(-65)
    assert float(found.value) == pytest.approx(sommerfeld, abs=1e-10)
    assert float(slopes[0]) == pytest.approx(0.3, abs=1e-8)
    # (x - mu)/T, hence the derivative by T, is lost to rounding of x in the end: 40 steps of 2e-16/T each way
    rounding = 1e-13 / temperature if temperature > 1e-100 else 0.0
    assert float(slopes[1]) == pytest.approx(np.pi**2 * temperature / 3, abs=1e-8 + rounding)


def test_the_distribution_itself():
    assert fermi.occupation(jnp.array([-1.0, 0.0, 1.0]), 0.0, 0.0).tolist() == [1.0, 0.5, 0.0]
    assert float(fermi.occupation(1.0, 0.0, 0.5)) == pytest.approx(1 / (1 + np.exp(2.0)), rel=1e-14)
