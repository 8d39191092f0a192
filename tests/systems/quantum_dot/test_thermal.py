"""Fluctuations at a temperature against quadrature, limits, and what reversing or moving the field does to them."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.systems import quantum_dot as qd
from jaxspin.systems.quantum_dot import Dot

thermal_covariance = jax.jit(qd.thermal_covariance)
DOT = Dot(2, 3, 0.3, 0.7, 4.0, 0.2, 0.1, 0.5)
OTHER = Dot(2, 3, 0.5, 0.6, -3.0, 0.1, 0.0, 0.2)


@jax.jit
def shifted(energies):
    return qd.covariance(eqx.tree_at(lambda d: d.epsilon, DOT, DOT.epsilon + energies), OTHER)


def test_the_kernel_is_even_normalised_and_smooth_at_zero():
    y = np.linspace(-80, 80, 160_001)
    kernel = np.asarray(qd.thermal_kernel(y))
    assert kernel[80_000] == pytest.approx(1 / 6, rel=1e-15)
    np.testing.assert_array_equal(kernel, qd.thermal_kernel(-y))
    assert np.trapezoid(kernel, y) == pytest.approx(1, rel=1e-12)  # poles at 2 pi i: error exp(-4 pi^2/h)
    # the convolution of two windows -f'(e) = 1/(4 cosh^2(e/2)), at a few differences
    window = 0.25 / np.cosh(y / 2) ** 2
    for shift in (300, 1000, 5000):
        assert np.trapezoid(window[shift:] * window[:-shift], dx=1e-3) == pytest.approx(
            kernel[80_000 + shift], rel=1e-11
        )
    edge = jnp.array([0.4 - 1e-9, 0.4 + 1e-9])  # where the series begins
    assert abs(float(jnp.diff(qd.thermal_kernel(edge))[0])) < 1e-9 * 0.03 * 4 + 1e-13
    slope = jax.grad(qd.thermal_kernel)
    assert float(slope(0.0)) == 0
    assert float(slope(0.1)) == pytest.approx(-0.1 / 30 + 4 * 0.05**3 / 126, rel=1e-3)


@pytest.mark.parametrize("kT", [0.0, 1e-3, 0.03, 0.3, 2.0])
def test_matsubara_sum_is_the_integral_over_two_windows(kT):
    """Trapezoids of step h in y: the nearest pole of cov(y kT) lies at N/(2 pi kT) = 0.4, so the error is exp(-250)."""
    y = np.arange(-60, 60, 0.01)
    integral = np.sum(np.asarray(qd.thermal_kernel(y) * shifted(kT * y))) * 0.01
    np.testing.assert_allclose(thermal_covariance(DOT, OTHER, kT), integral, rtol=1e-10)


def test_limits_of_low_and_high_temperature():
    cold = float(thermal_covariance(DOT, OTHER, 0.0))
    assert cold == pytest.approx(float(qd.covariance(DOT, OTHER)), rel=1e-13)
    # quadratic at first: k has the second moment 2 pi^2/3, so doubling kT = 1e-4 quadruples the change
    changes = [float(thermal_covariance(DOT, OTHER, kT)) - cold for kT in (1e-3, 2e-3)]
    assert changes[1] / changes[0] == pytest.approx(4, rel=1e-3)
    # kT >> N Delta: a sum over independent levels, var T = k(0) int cov, and int |D|^2 d epsilon = tr(D D+) averaged
    simple = Dot(2, 3)
    rate = 5 / (2 * np.pi)
    hot = (6 / 5) ** 2 * 8 / 25 * np.pi * rate / 6 / 300
    assert float(thermal_covariance(simple, simple, 300.0)) == pytest.approx(hot, rel=3e-3)


def test_wide_splittings_need_no_finer_rule():
    """b = 1e4: resonances at +-2 b/2 pi of width N/2 pi, of weight (N/b)^2 next to those that the field leaves."""
    far, single = Dot(2, 3, b=1e4), Dot(2, 3)
    for kT in (0.0, 1.0, 30.0):
        # two independent spins: half the variance
        half = float(thermal_covariance(single, single, kT)) / 2
        assert float(thermal_covariance(far, far, kT)) == pytest.approx(half, rel=1e-5)


def test_dephasing_shifts_n_in_the_ladders_and_not_in_the_prefactor():
    dephased, wide = Dot(5, 5, 0.4, 0.8, 1.0, dephasing=4.0), Dot(7, 7, 0.4, 0.8, 1.0)
    ratio = 2.5 / 3.5
    np.testing.assert_allclose(qd.variance(dephased), ratio**2 * qd.variance(wide), rtol=1e-13)
    np.testing.assert_allclose(qd.weak_localization(dephased), ratio * qd.weak_localization(wide), rtol=1e-14)


@jax.jit
def at_step(dot, step, kT):
    moved = eqx.tree_at(lambda d: d.x, dot, dot.x + step)
    return qd.thermal_covariance(dot, moved, kT) / qd.thermal_variance(dot, kT)


def test_the_covariance_falls_to_half_over_the_correlation_field():
    rng = np.random.default_rng(3)
    for kT in (0.0, 0.1, 5.0):
        size = 10 ** rng.uniform(-2, 1, 5)
        dot = Dot(2, 3, abs(size[0]), *size[1:3], 0.0, *size[3:])
        assert float(at_step(dot, qd.correlation_field(dot, kT), kT)) == pytest.approx(0.5, abs=1e-12)
    # at x = 0, cov = var/(1 + dx^2/2N)^2; far from it only the diffuson is left, and falls as fast
    step = np.sqrt(2 * 5 * (np.sqrt(2) - 1))
    assert float(qd.correlation_field(Dot(2, 3))) == pytest.approx(step, rel=1e-12)
    assert float(qd.correlation_field(Dot(2, 3, 1e3))) == pytest.approx(step, rel=1e-4)


def test_asymmetry_needs_spin_orbit_coupling_and_a_field_in_the_plane():
    """Zero with one of them; 2 var G with both strong and x^2 >> N, as the paper says."""
    for dot in (Dot(2, 3, 2.0, a=1.0), Dot(2, 3, 2.0, b=3.0), Dot(2, 3, 2.0, x_so=1.0)):
        assert abs(float(qd.asymmetry(dot, 0.1))) < 1e-14
    strong = Dot(2, 3, 1e3, a=1e3, b=1e6)
    assert float(qd.asymmetry(strong)) == pytest.approx(
        2 * float(qd.variance(strong)), rel=1e-4
    )  # corrections N/x^2, N a^2/b^2 below 1e-5


@pytest.mark.parametrize("kT", [-0.1, np.nan, np.inf])
@pytest.mark.parametrize("function", [qd.thermal_variance, qd.correlation_field, qd.asymmetry])
def test_temperatures_are_not_negative(function, kT):
    with pytest.raises(ValueError, match=r"kT_over_spacing .* must be >= 0"):
        function(Dot(2, 2), kT)
