"""Droplet nucleation: the elliptic mean, plateau and knee, tilted loops, and H_DMI read back from them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ellipe

from jaxspin.core import Status, replace
from jaxspin.systems.ferrimagnet import MODEL, GradientFilm, droplet_field, h_dmi, nucleation, tilted_loop
from jaxspin.systems.ferrimagnet.constants import BOLTZMANN, MU_0, OERSTED
from jaxspin.systems.ferrimagnet.nucleation import edge_field, mean_wall_field, nucleation_field, threshold_field

fields = st.floats(1e-3, 1e5)
mean_wall_fields = jax.jit(jax.vmap(mean_wall_field, in_axes=(None, 0)))
threshold = jax.jit(threshold_field)


@pytest.fixture
def params():
    return MODEL.material("CoTb")


def with_field(h_x, **design):
    return GradientFilm(delta=0.07, h_x=h_x, **design)


@given(fields, fields)
@settings(max_examples=100, deadline=None)
def test_mean_equals_the_elliptic_integral(a, b):
    exact = 2 / np.pi * (a + b) * ellipe(4 * a * b / (a + b) ** 2)
    assert float(mean_wall_field(a, b)) == pytest.approx(exact, rel=1e-12)
    assert float(mean_wall_field(-a, b)) == float(mean_wall_field(a, -b)) == float(mean_wall_field(a, b))


@pytest.mark.parametrize(("a", "b"), [(1.0, 0.0), (0.0, 1.0), (1.0, 0.3), (1.0, 0.999), (1.0, 1.0), (1.0, 4.0)])
def test_mean_equals_the_average_over_directions(a, b):
    alpha = (np.arange(200_000) + 0.5) * 2 * np.pi / 200_000
    average = np.mean(np.sqrt((a * np.cos(alpha) + b) ** 2 + (a * np.sin(alpha)) ** 2))
    assert float(mean_wall_field(a, b)) == pytest.approx(average, rel=1e-9)  # the kink at a = b costs 1/n^2


@pytest.mark.parametrize("b", [0.0, 0.5, 1.0 - 1e-9, 1.0, 1.0 + 1e-9, 3.0])
def test_derivative_of_the_mean_is_right_at_the_knee_too(b):
    """At H_x = H_DMI, k^2 = 1 and dE/dk^2 is infinite, but the mean's derivative is 2/pi: by angular average too."""
    slopes = jax.grad(mean_wall_field, argnums=(0, 1))(1.0, b)
    alpha = (np.arange(200_000) + 0.5) * 2 * np.pi / 200_000
    length = np.hypot(np.cos(alpha) + b, np.sin(alpha))
    assert float(slopes[1]) == pytest.approx(np.mean((np.cos(alpha) + b) / length), abs=1e-5)
    assert float(slopes[0]) == pytest.approx(np.mean((1 + b * np.cos(alpha)) / length), abs=1e-5)
    if b == 1.0:
        assert float(slopes[1]) == pytest.approx(2 / np.pi, rel=1e-9)


def test_no_field_at_all_has_value_and_derivative_zero():
    assert float(mean_wall_field(0.0, 0.0)) == 0
    assert all(float(slope) == 0 for slope in jax.grad(mean_wall_field, argnums=(0, 1))(0.0, 0.0))


def test_nucleation_field_is_where_the_barrier_equals_p_times_kT():
    sigma, M_s, t, p, T = 5e-5, 3e4, 6e-9, 11.5, 300.0
    H = float(nucleation_field(sigma, M_s, t, p, T))
    radius = np.linspace(1e-10, 1e-6, 400_001)
    energy = 2 * np.pi * radius * t * sigma - 2 * np.pi * radius**2 * t * MU_0 * M_s * H
    # top of the barrier by brute force
    assert energy.max() == pytest.approx(p * BOLTZMANN * T, rel=1e-6)
    assert float(nucleation_field(-1e-6, M_s, t, p, T)) == 0


def test_plateau_below_the_dmi_field_and_fall_above(params):
    H_dmi = float(h_dmi(params, with_field(0.0)))
    along = jax.jit(lambda h: droplet_field(params, with_field(h)))
    fall = lambda u: 1 - float(along(u * H_dmi) / along(0.0))
    # the mean grows by (H_x/2 H_DMI)^2 below the knee, 1/16 at half of it, and by nearly 1/2 from 1.5 to 2 H_DMI
    assert fall(0.5) < 0.2 * (fall(2.0) - fall(1.5))
    slope = jax.vmap(jax.grad(along))(H_dmi * jnp.asarray([0.1, 0.9, 1.1, 2.0]))
    assert jnp.all(slope < 0)
    # the knee: the slope changes fastest at H_x = H_DMI (its second derivative has a logarithmic peak there)
    u = jnp.linspace(0.5, 1.5, 101)
    curvature = jax.jit(jax.vmap(jax.grad(jax.grad(lambda h: mean_wall_field(1.0, h)))))(u)
    assert float(u[jnp.argmax(curvature)]) == pytest.approx(1.0, abs=0.011)


def test_edges_see_the_field_with_opposite_signs(params):
    H_dmi = h_dmi(params, with_field(0.0))
    assert float(edge_field(params, with_field(0.0))) == pytest.approx(float(droplet_field(params, with_field(0.0))))
    right, left = (float(edge_field(params, with_field(sign * 0.5 * H_dmi))) for sign in (1, -1))
    assert right < float(droplet_field(params, with_field(0.0))) < left


def test_tilted_loop_solves_its_own_equation_and_means_cosine_along_the_normal(params):
    film = GradientFilm(delta=0.07)
    angles = jnp.asarray([-1.0, 0.0, 0.4, 1.0])
    loops = jax.jit(jax.vmap(lambda angle: tilted_loop(params, film, angle)))(angles)
    assert loops.status.tolist() == [Status.OK] * 4
    np.testing.assert_allclose(loops.H_c, loops.H_sw * jnp.cos(angles), rtol=1e-12)
    np.testing.assert_allclose(loops.H_n, loops.H_sw * jnp.sin(angles), rtol=1e-12, atol=1e-9)
    again = [float(droplet_field(params, with_field(h))) for h in loops.H_n]
    np.testing.assert_allclose(loops.H_c, again, rtol=1e-9)
    assert float(loops.H_sw[1]) == pytest.approx(float(droplet_field(params, film)))
    assert float(loops.H_c[0]) == pytest.approx(float(loops.H_c[3]))


@pytest.mark.slow
def test_tilted_loop_has_implicit_derivatives(params):
    film = GradientFilm(delta=0.07)
    f = jax.jit(lambda K: tilted_loop(replace(params, {"anisotropy": K}), film, 0.6).H_sw)
    K = float(params.anisotropy)
    step = 1e-4 * K
    numeric = (8 * (f(K + step) - f(K - step)) - (f(K + 2 * step) - f(K - 2 * step))) / (12 * step)
    assert float(jax.grad(f)(K)) == pytest.approx(float(numeric), rel=1e-6)
    assert float(jax.jacfwd(f)(K)) == pytest.approx(float(jax.grad(f)(K)), rel=1e-9)


@given(st.floats(8.0, 60.0), st.floats(50.0, 500.0), st.floats(1e-4, 2e-3))
@settings(max_examples=20, deadline=None)
def test_threshold_gives_back_the_dmi_field_of_synthetic_loops(H_dmi, H_c0, b):
    H_n = jnp.linspace(0.0, 150.0, 31) * OERSTED
    mean = mean_wall_fields(H_dmi * OERSTED, H_n) / OERSTED
    H_c = H_c0 * OERSTED * (1 - b * mean) ** 2
    assert float(threshold(H_n, H_c)) / OERSTED == pytest.approx(H_dmi, rel=1e-6)


def test_threshold_is_unbiased_under_noise_and_differentiable():
    H_n = jnp.linspace(0.0, 150.0, 31) * OERSTED
    mean = mean_wall_fields(23.0 * OERSTED, H_n) / OERSTED
    H_c = 200.0 * OERSTED * (1 - 1e-3 * mean) ** 2
    noise = np.random.default_rng(3).normal(size=(200, 31))
    noisy = H_c[None] * (1 + 1e-3 * noise)
    found = jax.jit(jax.vmap(threshold_field, in_axes=(None, 0)))(H_n, noisy) / OERSTED
    slopes = jax.jit(jax.grad(threshold_field, argnums=1))(H_n, H_c)
    assert jnp.all(jnp.isfinite(slopes))
    # spread predicted by the derivative: sigma^2 = sum of (slope sigma_i)^2; 200 samples know it to 5 %
    predicted = float(jnp.sqrt(jnp.sum((slopes * 1e-3 * H_c) ** 2))) / OERSTED
    assert float(jnp.std(found)) == pytest.approx(predicted, rel=0.25)
    assert float(jnp.mean(found)) == pytest.approx(23.0, abs=4 * predicted / np.sqrt(200) + 0.1)


def test_droplet_needs_no_dmi(params):
    film = GradientFilm(delta=0.0)
    assert np.isfinite(float(droplet_field(params, film)))
    slopes = jax.grad(lambda film: droplet_field(params, film))(film)
    assert all(np.isfinite(float(leaf)) for leaf in jax.tree.leaves(slopes))
    assert nucleation.tilted_loop(params, film, 0.3).status == Status.OK
