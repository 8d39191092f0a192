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

# jax sums the tail for |z| > 20 to the third term; the next, relative, is 105/z⁸ (10 more from other roundings)
SERIES = np.where(np.abs(Z) > 19.9, 115 / np.maximum(np.abs(Z), 1) ** 8, 0)


def test_squared_residual_is_minus_two_log_phi():
    error = np.abs(limit_residual(jnp.asarray(Z)) / np.sqrt(-2 * log_ndtr(Z)) - 1)
    assert np.all(error < 1e-12 + SERIES)


@pytest.mark.parametrize("derivative", [jax.jvp, jax.grad], ids=["forward", "reverse"])
def test_slope_is_the_exact_one_in_both_tails(derivative):
    exact = -np.exp(stats.norm.logpdf(Z) - log_ndtr(Z)) / np.sqrt(-2 * log_ndtr(Z))
    if derivative is jax.jvp:
        slope = jax.jvp(limit_residual, (jnp.asarray(Z),), (jnp.ones(Z.size),))[1]
    else:
        slope = jax.vmap(jax.grad(limit_residual))(jnp.asarray(Z))
    # the exponent z²/2 up to 700 (or the difference of two of 5e7, at z = -1e4) costs digits in the comparison itself
    tolerance = 1e-12 + 4e-16 * Z**2 + SERIES
    assert np.all(np.abs(slope / exact - 1) < tolerance)


def test_no_value_or_derivative_is_ever_nan():
    for z in (-1e150, -1e6, -40.0, 0.0, 9.999999, 10.0, 10.000001, 38.0, 60.0, 1e3, 1e150):
        assert jnp.isfinite(limit_residual(jnp.asarray(z)))
        assert jnp.isfinite(jax.grad(limit_residual)(z))
        assert jnp.isfinite(jax.grad(jax.grad(limit_residual))(z)) or abs(z) > 1e100


def test_far_outside_a_limit_is_like_a_measurement_and_far_inside_nothing():
    assert limit_residual(jnp.asarray(-1e4)) == pytest.approx(1e4, rel=1e-6)  # r² = z² + 2 log |z| + log 2 pi
    assert limit_residual(jnp.asarray(8.0)) < 1e-6


def test_information_is_the_curvature_of_log_phi():
    z, one, limit = jnp.linspace(-25.0, 8.0, 50), jnp.ones(50), jnp.ones(50, dtype=int)
    curvature = -jax.vmap(jax.grad(jax.grad(jax.scipy.special.log_ndtr)))(z)
    # z = -25 loses (z h)/(h + z)h = z² of the 16 digits
    np.testing.assert_allclose(information(z, 0 * one, one, limit), curvature, rtol=1e-9)
    far = information(jnp.asarray([-29.999, -30.001, -1e8]), 0 * one[:3], one[:3], limit[:3])
    np.testing.assert_allclose(far, [1 - 1 / 900 + 6 / 810000] * 2 + [1.0], rtol=1e-6)


def test_likelihood_of_measured_values_and_both_kinds_of_limit():
    predicted, value = jnp.asarray([1.0, 2.0, 3.0]), jnp.asarray([1.3, 1.5, 2.0])
    sigma, limit = jnp.asarray([0.2, 0.5, 0.4]), jnp.asarray([0, 1, -1])
    above, below = stats.norm.logcdf((2.0 - 1.5) / 0.5), stats.norm.logcdf((2.0 - 3.0) / 0.4)
    expected = [((1.0 - 1.3) / 0.2) ** 2, -2 * above, -2 * below]
    np.testing.assert_allclose(residuals(predicted, value, sigma, limit) ** 2, expected, rtol=1e-12)
