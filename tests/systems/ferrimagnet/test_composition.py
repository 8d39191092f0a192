"""Composition of graded stacks: what Zheng et al. (2021) state about compensation, sign and slope, and exact sums."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxspin.core import replace
from jaxspin.systems.ferrimagnet import MODEL, GradientFilm, composition, effective_anisotropy, net_magnetization
from jaxspin.systems.ferrimagnet.constants import MU_0

shares = st.floats(0.02, 0.6)
steps = st.floats(-0.05, 0.05)
counts = st.integers(1, 20)


@pytest.fixture
def params():
    return MODEL.material("CoTb")


def homogeneous(x):
    return GradientFilm(delta=0.0, x_bottom=x)


def test_homogeneous_films_are_compensated_at_the_published_share(params):
    assert float(params.compensation) == pytest.approx(0.29, abs=0.01)
    x_m = float(params.compensation)
    assert abs(float(net_magnetization(params, homogeneous(x_m)))) < 1e-9 * float(params.m_co)
    assert net_magnetization(params, homogeneous(x_m - 0.01)) > 0 > net_magnetization(params, homogeneous(x_m + 0.01))


def test_the_linear_law_alone_makes_the_steepest_film_tb_rich_and_the_layering_shift_mends_it(params):
    film = GradientFilm(delta=0.07)
    assert float(composition.mean_composition(film)) == pytest.approx(0.305)
    without_shift = replace(params, {"layering_shift": 0.0})
    assert net_magnetization(without_shift, film) < 0  # against the paper, which reports Co-rich Hall loops
    assert net_magnetization(params, film) > 0


def test_every_published_film_is_co_rich_and_the_steepest_below_50_emu_per_cc(params):
    deltas = jnp.linspace(0.0, 0.07, 15)
    M = jax.vmap(lambda delta: net_magnetization(params, GradientFilm(delta=delta)))(deltas)
    assert jnp.all(M > 0)
    assert jnp.all(jnp.diff(M) < 0)
    assert M[-1] < 50e3
    chord = M[0] + (M[-1] - M[0]) * deltas / deltas[-1]
    # "about linearly": Fig. 1d is a straight line by eye, so a tenth of the range is the most the law may bend
    assert jnp.max(jnp.abs(M - chord)) < 0.1 * (M[0] - M[-1])


@given(shares, steps, counts)
@settings(max_examples=50, deadline=None)
def test_moments_of_a_stack_equal_the_sums_over_its_layers(x_bottom, delta, count):
    film = GradientFilm(delta=delta, x_bottom=x_bottom, layers=count)
    layers = x_bottom + delta * np.arange(count)
    assert float(composition.mean_composition(film)) == pytest.approx(float(layers.mean()), abs=1e-12)
    assert float(composition.composition_variance(film)) == pytest.approx(float(layers.var()), abs=1e-12)
    assert float(composition.composition_difference(film)) == pytest.approx(float(layers[-1] - layers[0]), abs=1e-12)


@given(shares, steps, counts)
@settings(max_examples=50, deadline=None)
def test_growing_a_stack_upside_down_changes_no_magnetization_and_no_anisotropy(x_bottom, delta, count):
    params = MODEL.material("CoTb")
    film = GradientFilm(delta=delta, x_bottom=x_bottom, layers=count)
    turned = dataclasses.replace(film, delta=-film.delta, x_bottom=film.x_bottom + (film.layers - 1) * film.delta)
    for f in (net_magnetization, effective_anisotropy, composition.compensation):
        scale = float(params.m_co) if f is net_magnetization else 1e6
        assert float(f(params, turned)) == pytest.approx(float(f(params, film)), rel=1e-9, abs=1e-12 * scale)
    for odd in (composition.composition_difference, composition.composition_gradient):
        assert float(odd(turned)) == pytest.approx(-float(odd(film)))


def test_anisotropy_equals_the_energy_of_the_layers_one_by_one(params):
    """Independent route: rotate the stack from z into the plane, each layer in its own demagnetizing field."""
    film, x_m = GradientFilm(delta=0.05), float(composition.compensation(params, GradientFilm(delta=0.05)))
    layers = np.asarray(composition.layer_compositions(film, 6))
    M = float(params.m_co) * (1 - layers / x_m)
    energy_z = np.mean(MU_0 / 2 * M**2) - float(params.anisotropy)
    assert float(effective_anisotropy(params, film)) == pytest.approx(-energy_z, rel=1e-12)
    assert float(net_magnetization(params, film)) == pytest.approx(M.mean(), rel=1e-12)


def test_homogeneous_films_are_perpendicular_over_the_published_range(params):
    for x in (0.13, 0.2, 0.29, 0.4, 0.44):
        assert effective_anisotropy(params, homogeneous(x)) > 0, x


def test_perpendicular_order_ends_when_the_gradient_is_too_steep(params):
    deltas = jnp.linspace(0.07, 0.15, 9)
    K = jax.vmap(lambda delta: effective_anisotropy(params, GradientFilm(delta=delta)))(deltas)
    assert K[0] > 0 > K[-1]


def test_layers_from_the_bottom():
    shares = composition.layer_compositions(GradientFilm(delta=0.07), 6)
    np.testing.assert_allclose(shares, [0.13, 0.20, 0.27, 0.34, 0.41, 0.48], rtol=1e-12)


def test_sublattices_are_opposite_shares_of_the_net_moment(params):
    films = jax.vmap(lambda delta: GradientFilm(delta=delta))(jnp.linspace(-0.02, 0.07, 4))
    co, tb = jax.vmap(composition.sublattice_magnetizations, in_axes=(None, 0))(params, films)
    net = jax.vmap(net_magnetization, in_axes=(None, 0))(params, films)
    assert jnp.all((co > 0) & (tb > 0))
    np.testing.assert_allclose(co - tb, net, rtol=1e-12)
    # at x_M = 0.29 an atom of Tb outweighs one of Co by (1 - x_M)/x_M
    single = GradientFilm(delta=0.0, x_bottom=0.5)
    co, tb = composition.sublattice_magnetizations(params, single)
    assert float(tb / co) == pytest.approx((1 - float(params.compensation)) / float(params.compensation))
