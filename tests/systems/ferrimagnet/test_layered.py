"""Stacks of free layers: linear ones are those of the linear model; what of a profile matters, and what does not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxspin.systems.ferrimagnet import LAYERED, MODEL, GradientFilm, LayeredFilm

observe = jax.jit(lambda film: MODEL.observe(MODEL.material("CoTb"), film))
layered = jax.jit(lambda film: LAYERED.observe(LAYERED.material("CoTb"), film))


@given(
    st.floats(1e-3, 0.07).flatmap(lambda size: st.sampled_from([size, -size])),
    st.floats(0.0, 0.2),
    st.floats(4e-10, 1.5e-9),
    st.floats(1e-7, 1e-2),
)
@settings(max_examples=60)
def test_a_linear_stack_is_that_of_the_linear_model(delta, x_bottom, layer, duration):
    """To 1e-12, or to rounding of the sublattices, 1e-15 m_co, where what is left of M_net is small."""
    film = GradientFilm(delta=delta, x_bottom=x_bottom, layer_thickness=layer, duration=duration)
    one, other = observe(film), layered(LayeredFilm.linear(film))
    rounding = 1e-15 * 1.1e6
    rtol = max(1e-12, 10 * rounding / abs(float(one["M_net"])))
    for name, value in one.values.items():
        atol = {"M_net": 10 * rounding, "K_eff": 1e-12 * 1e6}.get(name, 0)
        np.testing.assert_allclose(other[name], value, rtol=rtol, atol=atol, err_msg=name)
    assert int(one.status) == int(other.status)


def test_the_published_film_layer_by_layer():
    """The steepest film: both models agree to 1e-12 in every observable."""
    film = GradientFilm(delta=0.07)
    np.testing.assert_allclose(LayeredFilm.linear(film).shares, [0.13, 0.20, 0.27, 0.34, 0.41, 0.48], rtol=1e-12)
    one, other = observe(film), layered(LayeredFilm.linear(film))
    for name, value in one.values.items():
        np.testing.assert_allclose(other[name], value, rtol=1e-12, err_msg=name)


def stack(shares, layer=0.8e-9):
    steps = {f"step_{i + 1}": step for i, step in enumerate(np.diff(shares))}
    return LayeredFilm(**steps, x_bottom=shares[0], layer_thickness=layer)


def test_moments_are_those_of_the_layers():
    shares = np.array([0.10, 0.18, 0.21, 0.33, 0.30, 0.41])
    film = stack(shares)
    assert float(film.mean_composition) == pytest.approx(shares.mean(), rel=1e-14)
    assert float(film.composition_variance) == pytest.approx(shares.var(), rel=1e-13)
    assert float(film.composition_difference) == pytest.approx(0.31, rel=1e-14)
    assert float(film.composition_gradient) == pytest.approx(np.mean(np.diff(shares) / 0.8e-9))
    assert float(film.thickness) == pytest.approx(4.8e-9)


def test_profiles_of_equal_mean_variance_and_difference_are_one_film_to_the_model():
    """Swapping inner layers changes the profile and none of the three: no observable can tell."""
    shares = np.array([0.10, 0.16, 0.20, 0.29, 0.33, 0.38])
    swapped = shares[[0, 3, 1, 4, 2, 5]]
    one, other = layered(stack(shares)), layered(stack(swapped))
    for name, value in one.values.items():
        np.testing.assert_allclose(other[name], value, rtol=1e-11, err_msg=name)


def test_growing_upside_down_reverses_what_is_odd_in_the_gradient_alone():
    shares = np.array([0.10, 0.18, 0.21, 0.30, 0.33, 0.41])
    up, down = layered(stack(shares)), layered(stack(shares[::-1]))
    for name in ("theta_DL", "xi", "D", "H_DMI"):
        assert float(down[name]) == pytest.approx(-float(up[name]), rel=1e-11), name
    for name in ("M_net", "x_M", "K_eff", "H_k", "j_c"):
        assert float(down[name]) == pytest.approx(float(up[name]), rel=1e-11), name


def test_of_all_profiles_with_one_difference_the_one_flat_inside_is_most_perpendicular():
    """K_eff pays for the variance, smallest where the inner layers are alike: D^2/12 instead of the linear 7 D^2/60."""
    D, x = 0.3, 0.28
    linear, flat = stack(x + D * np.linspace(-0.5, 0.5, 6)), stack(x + D * np.array([-0.5, 0, 0, 0, 0, 0.5]))
    assert float(linear.composition_variance) == pytest.approx(7 * D**2 / 60, rel=1e-12)
    assert float(flat.composition_variance) == pytest.approx(D**2 / 12, rel=1e-12)
    rng = np.random.default_rng(0)
    inner = x + D * rng.uniform(-0.5, 0.5, (50, 4))
    films = jax.vmap(lambda s: LayeredFilm(*jnp.diff(s), x_bottom=s[0]))(
        jnp.asarray(np.concatenate([np.full((50, 1), x - D / 2), inner, np.full((50, 1), x + D / 2)], axis=1))
    )
    assert bool(jnp.all(jax.vmap(lambda film: film.composition_variance)(films) >= flat.composition_variance))
