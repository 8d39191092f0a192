"""Switching by current: polarity and its reversals, the vanishing loop, thermal activation, smoothness."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxspin.core import replace
from jaxspin.systems.ferrimagnet import (
    MODEL,
    GradientFilm,
    coherent_critical_current,
    critical_current,
    h_dl_efficiency,
    hall_loop,
    vanishing_field,
)
from jaxspin.systems.ferrimagnet.constants import BOLTZMANN, ELEMENTARY_CHARGE, HBAR, MU_0, OERSTED
from jaxspin.systems.ferrimagnet.domain_wall import film_wall_cosine
from jaxspin.systems.ferrimagnet.switching import (
    coherent_current,
    creep_factor,
    depinning_field,
    switching_efficiency,
    wall_drive,
)

CURRENT = jnp.linspace(-30e10, 30e10, 241)


@pytest.fixture
def params():
    return MODEL.material("CoTb")


def film(h_x=0.0, **design):
    return GradientFilm(**({"delta": 0.07} | design), h_x=h_x)


def inverse(h_x=0.0):
    return film(h_x, delta=-0.07, x_bottom=0.48)


def height(params, film):
    """Signed opening of the loop at zero current: falling minus rising branch; positive for the +H_x loops of A..C."""
    rising, falling = hall_loop(params, film, CURRENT)
    middle = len(CURRENT) // 2
    return float(falling[middle] - rising[middle]) / 2


def test_critical_current_satisfies_the_depinning_balance(params):
    j_c = critical_current(params, film())
    drive = jnp.pi / 2 * h_dl_efficiency(params, film()) * j_c * jnp.abs(film_wall_cosine(params, film()))
    assert float(drive) == pytest.approx(float(depinning_field(params, film())), rel=1e-12)


def test_net_magnetization_leaves_the_balance_to_the_wall_angle(params):
    """H_dep and xi both grow as 1/M_s: with the wall held, j_c = 2 e t P/(pi hbar theta |cos Phi|)."""
    factor = creep_factor(params.pinning_energy, 300.0, 1e-4, params.attempt_time)
    theta = params.theta_slope * 0.35
    cosine = film_wall_cosine(params, film())
    expected = 2 * ELEMENTARY_CHARGE * 6e-9 * params.pinning_pressure * factor / (np.pi * HBAR * theta * cosine)
    assert float(critical_current(params, film())) == pytest.approx(float(expected), rel=1e-9)


def test_loop_vanishes_at_minus_the_bias_and_reverses_there(params):
    H = float(vanishing_field(params, film()))
    assert H < 0
    assert abs(height(params, film(H))) < 1e-6
    assert abs(height(params, film(H + 100 * OERSTED))) > 0.5
    assert height(params, film(H + 100 * OERSTED)) == pytest.approx(-height(params, film(H - 100 * OERSTED)), rel=1e-6)
    assert float(critical_current(params, film(H + 1.0))) > 1e3 * float(critical_current(params, film(H + 8e3)))


def test_in_a_mirror_symmetric_film_the_loop_vanishes_without_field(params):
    symmetric = replace(params, {"dmi_bias": 0.0, "bias_field": 0.0})
    assert abs(height(symmetric, film(0.0))) < 1e-12
    for H in (50 * OERSTED, 100 * OERSTED):
        assert height(symmetric, film(H)) == pytest.approx(-height(symmetric, film(-H)))
        assert abs(height(symmetric, film(H))) > 0.5


def test_polarity_as_published(params):
    """Fig. 3b and 4b: opposite at +-100 Oe; reversed with the gradient; the zero-field loops.

    At zero field torque and bias both reverse with the gradient, so the two films have the *same* polarity, as "the
    zero-field loop is like those at negative field" for the inverse film says, and against "always opposite".
    """
    for one, sign in ((film, 1), (inverse, -1)):
        assert np.sign(height(params, one(100 * OERSTED))) == -np.sign(height(params, one(-100 * OERSTED)))
        assert np.sign(height(params, one(100 * OERSTED))) == sign * np.sign(height(params, film(100 * OERSTED)))
        assert np.sign(height(params, one(0.0))) == np.sign(height(params, one(sign * 100 * OERSTED)))
    assert np.sign(height(params, film())) == np.sign(height(params, inverse()))
    assert float(vanishing_field(params, inverse())) > 0 > float(vanishing_field(params, film()))


def test_branches_are_saturated_odd_images_of_each_other(params):
    rising, falling = hall_loop(params, film(100 * OERSTED), CURRENT, amplitude=0.7)
    np.testing.assert_allclose(falling, -rising[::-1], atol=1e-12)
    np.testing.assert_allclose(rising[jnp.asarray([0, -1])], falling[jnp.asarray([0, -1])], atol=1e-12)
    assert jnp.max(jnp.abs(rising)) <= 0.7


def test_the_loop_crosses_zero_at_the_critical_current(params):
    point = film(100 * OERSTED)
    j_c = float(critical_current(params, point))
    rising, _ = hall_loop(params, point, jnp.linspace(-20 * j_c, 20 * j_c, 20_001), width=0.02)
    crossing = jnp.linspace(-20 * j_c, 20 * j_c, 20_001)[jnp.argmin(jnp.abs(rising))]
    assert abs(float(crossing)) == pytest.approx(j_c, rel=0.002)  # the grid of currents


def test_creep_barrier_equals_the_thermal_energy_available():
    E, T, tau, tau_0 = 1.5e-19, 300.0, 1e-4, 1e-9
    h = float(creep_factor(E, T, tau, tau_0))
    assert E * (h**-0.25 - 1) == pytest.approx(BOLTZMANN * T * np.log(tau / tau_0), rel=1e-12)
    assert float(creep_factor(E, T, tau_0, tau_0)) == 1


@given(st.floats(1e-9, 1.0), st.floats(4.0, 600.0))
@settings(max_examples=30, deadline=None)
def test_longer_and_hotter_needs_less_field(duration, T):
    E, tau_0 = 1.5e-19, 1e-10
    base = float(creep_factor(E, T, duration, tau_0))
    assert float(creep_factor(E, T, 10 * duration, tau_0)) < base
    assert float(creep_factor(E, 1.1 * T, duration, tau_0)) < base


def test_published_order_of_the_samples(params):
    """A and B need more than 10e10 A/m^2, the base film less, sample C least."""
    base, thin = critical_current(params, film()), critical_current(params, film(layer_thickness=0.7e-9))
    assert float(thin) < float(base) < 10e10
    for high in (film(delta=0.06), film(layer_thickness=1.5e-9)):
        assert float(critical_current(params, high)) > 10e10


def test_coherent_switching_needs_far_more(params):
    ratio = float(coherent_critical_current(params, film()) / critical_current(params, film()))
    assert 30 < ratio < 1000


def test_coherent_current_tends_to_the_published_closed_form():
    theta, M_s, t, H_k = 0.06, 1e4, 6e-9, 2e6
    unit = 2 * ELEMENTARY_CHARGE * MU_0 * M_s * t / (HBAR * theta)
    for H_x in (0.0, 1e-3 * H_k, -1e-3 * H_k):
        closed = unit * (H_k / 2 - H_x / np.sqrt(2))
        # the next term of the fold is of order (H_x/H_k)^2
        assert float(coherent_current(theta, M_s, t, H_k, H_x)) == pytest.approx(closed, rel=2e-6)


def test_efficiency_is_current_per_thickness_and_anisotropy(params):
    values = MODEL.observe(params, film())
    expected = float(values["j_c"]) / (6e-9 * float(values["K_eff"]))
    assert float(switching_efficiency(params, film())) == pytest.approx(expected, rel=1e-12)


def test_loops_are_differentiable_everywhere(params):
    f = jax.jit(lambda h: jnp.stack(hall_loop(params, film(h), CURRENT)))
    slope = jax.jit(jax.jacfwd(f))
    for h in (0.0, float(vanishing_field(params, film())), 8e3, -8e3):
        assert jnp.all(jnp.isfinite(slope(h))), h
    step = 1.0
    numeric = (8 * (f(4e3 + step) - f(4e3 - step)) - (f(4e3 + 2 * step) - f(4e3 - 2 * step))) / (12 * step)
    np.testing.assert_allclose(slope(4e3), numeric, rtol=1e-6, atol=1e-12)


def test_drive_maps_over_films(params):
    fields = jnp.linspace(-1e4, 1e4, 7)
    mapped = jax.jit(jax.vmap(lambda h: wall_drive(params, film(h))))(fields)
    single = jnp.stack([wall_drive(params, film(h)) for h in fields])
    np.testing.assert_allclose(mapped, single, rtol=1e-12)
