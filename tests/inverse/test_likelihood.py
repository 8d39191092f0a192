"""Limits as censored observations, against scipy's normal distribution in both tails."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats
from scipy.special import log_ndtr

from jaxspin.inverse.likelihood import information, limit_residual, residuals

# beyond z = 37 the tail 1 - Phi(z) underflows in double precision, where scipy's logarithm ends
Z = np.concatenate([-np.geomspace(1e4, 1e-3, 60), np.linspace(0, 36, 73)])


def test_squared_residual_is_minus_two_log_phi():
    # the logarithm of the far tail is held to eps z²/2
    error = np.abs(limit_residual(jnp.asarray(Z)) / np.sqrt(-2 * log_ndtr(Z)) - 1)
    assert np.all(error < 1e-12)


@pytest.mark.parametrize("derivative", [jax.jvp, jax.grad], ids=["forward", "reverse"])
def test_slope_is_the_exact_one_in_both_tails(derivative):
    exact = -np.exp(stats.norm.logpdf(Z) - log_ndtr(Z)) / np.sqrt(-2 * log_ndtr(Z))
    if derivative is jax.jvp:
        slope = jax.jvp(limit_residual, (jnp.asarray(Z),), (jnp.ones(Z.size),))[1]
    else:
        slope = jax.vmap(jax.grad(limit_residual))(jnp.asarray(Z))
    # the exponent z²/2 up to 700 (or the difference of two of 5e7, at z = -1e4) costs digits in the comparison itself
    tolerance = 1e-12 + 4e-16 * Z**2
    assert np.all(np.abs(slope / exact - 1) < tolerance)


def test_no_value_or_derivative_is_ever_nan():
    z = jnp.asarray([-1e150, -1e6, -40.0, -30.0, -1e-9, 0.0, 1e-9, 9.4, 30.0, 38.0, 60.0, 1e3, 1e150])
    slope = jax.grad(limit_residual)
    for function in (limit_residual, slope, jax.grad(slope)):
        assert jnp.all(jnp.isfinite(jax.jit(jax.vmap(function))(z)))


def test_far_outside_a_limit_is_like_a_measurement_and_far_inside_nothing():
    assert limit_residual(jnp.asarray(-1e4)) == pytest.approx(1e4, rel=1e-6)  # r² = z² + 2 log |z| + log 2 pi
    assert limit_residual(jnp.asarray(8.0)) < 1e-6


def test_information_is_the_curvature_of_log_phi():
    z, one = np.linspace(-29.0, 8.0, 60), jnp.ones(60)
    hazard = np.exp(stats.norm.logpdf(z) - log_ndtr(z))
    # h + z ~ 1/|z| loses z² of the 16 digits
    found = information(jnp.asarray(z), 0 * one, one, jnp.ones(60, dtype=int))
    np.testing.assert_allclose(found, hazard * (hazard + z), rtol=1e-9)
    far = information(jnp.asarray([-29.999, -30.001, -1e8]), 0 * one[:3], one[:3], jnp.ones(3, dtype=int))
    # the series stops before 50/z⁶ = 7e-8
    np.testing.assert_allclose(far, [1 - 1 / 900 + 6 / 810000] * 2 + [1.0], rtol=3e-7)


def test_likelihood_of_measured_values_and_both_kinds_of_limit():
    predicted, value = jnp.asarray([1.0, 2.0, 3.0]), jnp.asarray([1.3, 1.5, 2.0])
    sigma, limit = jnp.asarray([0.2, 0.5, 0.4]), jnp.asarray([0, 1, -1])
    above, below = stats.norm.logcdf((2.0 - 1.5) / 0.5), stats.norm.logcdf((2.0 - 3.0) / 0.4)
    expected = [((1.0 - 1.3) / 0.2) ** 2, -2 * above, -2 * below]
    np.testing.assert_allclose(residuals(predicted, value, sigma, limit) ** 2, expected, rtol=1e-12)
