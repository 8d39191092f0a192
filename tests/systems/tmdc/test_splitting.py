"""Signed splittings: what symmetry demands of them everywhere, and their derivatives."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxspin.core import replace
from jaxspin.systems import tmdc

MODELS = {name: tmdc.model(name, "WSe2") for name in ("liu-nn-gga", "liu-tnn-gga", "fang-11")}
names = pytest.mark.parametrize("name", MODELS)
wave_numbers = st.floats(-1.5, 1.5, allow_nan=False)


@names
def test_no_splitting_from_gamma_to_M(name):
    model = MODELS[name]
    k = jnp.linspace(-1, 1, 21)[:, None] * tmdc.M_point(model)[None]
    for signed in tmdc.splitting(model, k):
        assert jnp.max(jnp.abs(signed)) < 1e-10


@names
@settings(max_examples=15)
@given(kx=wave_numbers, ky=wave_numbers)
def test_kramers_and_D3h_at_any_k(name, kx, ky):
    # one batch: k, -k (time reversal), its C3 image, and its image in the mirror x -> -x
    k, c, s = np.array([kx, ky]), -0.5, np.sqrt(3) / 2
    k = np.array([k, -k, np.array([[c, -s], [s, c]]) @ k, [-kx, ky]])
    model = MODELS[name]
    energies, spins = tmdc.bands_and_spin(model, k)
    np.testing.assert_allclose(energies[1:], np.broadcast_to(energies[0], energies[1:].shape), atol=1e-12)
    assert np.all(np.asarray(spins[..., :2]) == 0)
    split = tmdc.splitting(model, k)
    for signed, other in zip(split, tmdc.edges(model, k)[2:], strict=True):
        # the sign is that of <s_z>, and means nothing where the two partners touch or have no spin of their own
        if abs(signed[0]) > 1e-9 and abs(other[0, 0, 2]) > 1e-6:
            np.testing.assert_allclose(signed, signed[0] * np.array([1, -1, 1, -1]), atol=1e-12)


def test_the_first_valence_splitting_of_the_line_to_K_is_slightly_negative():
    """The paper's figure 4: first slightly negative, then rising to the value at K."""
    model = MODELS["fang-11"]
    valence = np.asarray(tmdc.splitting(model, tmdc.gamma_k_path(model, 51)).valence)
    assert -5e-3 < valence[:12].min() < -1e-4
    assert np.all(np.diff(valence[12:]) > 0)
    np.testing.assert_allclose(valence[-1], tmdc.at_K(model).valence_splitting, rtol=1e-12)


def test_the_law_of_the_paper_holds_best_for_nearest_neighbours():
    # rms of higher harmonics: 1 % for nearest neighbours, up to 13 % for eleven bands (physics notes)
    near = tmdc.symmetry_law(MODELS["liu-nn-gga"], [0.3, 0.6, 0.9])["valence"]
    full = tmdc.symmetry_law(MODELS["fang-11"], [0.3, 0.6, 0.9])["valence"]
    assert jnp.max(near.deviation) < 0.01
    assert 0.02 < jnp.max(full.deviation) < 0.13
    assert jnp.max(full.alpha) < 1e-12
    # beta at |k| is close to the splitting towards K there, where sin 3 theta = 1
    towards_K = jnp.array([[0.3, 0.0], [0.6, 0.0], [0.9, 0.0]])
    np.testing.assert_allclose(near.beta, tmdc.splitting(MODELS["liu-nn-gga"], towards_K).valence, rtol=0.02)


def test_an_electric_field_gives_the_law_its_alpha():
    model = tmdc.out_of_plane_field(MODELS["fang-11"], 0.5)
    law = tmdc.symmetry_law(model, [0.2], angles=12)["valence"]
    assert law.alpha[0] > 1e-5


def test_at_K_counts_the_valence_splitting_as_positive_in_either_valley():
    model = MODELS["fang-11"]
    turned = eqx.tree_at(
        lambda m: m.cells, model, -model.cells
    )  # the crystal turned by 180 degrees: K and K' exchanged
    assert tmdc.splitting(turned, tmdc.K_point(turned)[None]).valence[0] < 0
    for found, expected in zip(tmdc.at_K(turned), tmdc.at_K(model), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-12)


FIELDS = ("lambda_M", "lambda_X", "eps6", "t1_7_8", "t5_9_6")
PARAMETERS = tmdc.parameters("fang-11", "WSe2")


def seen(values, place):
    """Signed splittings, and the sums of the bands by pairs, at a place from Gamma (0) to K (1)."""
    model = tmdc.eleven_band(replace(PARAMETERS, dict(zip(FIELDS, values, strict=True))))
    k = (place * tmdc.K_point(model))[None]
    split = jnp.stack(tmdc.splitting(model, k))[:, 0]
    # at Gamma all bands are Kramers pairs: the sum of a pair has a derivative, as have the signed splittings
    return jnp.concatenate([split, tmdc.bands(model, k).reshape(11, 2).sum(axis=1)])


@pytest.fixture(scope="module")
def compiled():
    return jax.jit(seen), jax.jit(jax.jacfwd(seen)), jax.jit(jax.jacrev(seen))


@pytest.mark.parametrize("place", [0.0, 0.56, 1.0], ids=["Gamma", "midway", "K"])
def test_gradients_agree_with_finite_differences_at_degenerate_points_too(place, compiled):
    found, forward, reverse = compiled
    values, step = jnp.stack([getattr(PARAMETERS, field) for field in FIELDS]), 1e-4
    at = lambda n, shift: found(values.at[n].add(shift * step), place)
    slopes = [(8 * (at(n, 1) - at(n, -1)) - (at(n, 2) - at(n, -2))) / (12 * step) for n in range(len(FIELDS))]
    exact = forward(values, place)
    assert jnp.all(jnp.isfinite(exact))
    # five points: truncation of order step^4/(gap of 10 meV)^4 = 1e-8, rounding 1e-14/1e-4
    np.testing.assert_allclose(exact, jnp.stack(slopes, axis=1), atol=1e-6)
    np.testing.assert_allclose(reverse(values, place), exact, atol=1e-10)


def test_bad_input_is_refused():
    model = MODELS["liu-nn-gga"]
    with pytest.raises(ValueError, match=r"at least 2 points, got n = 1"):
        tmdc.gamma_k_path(model, 1)
    with pytest.raises(ValueError, match=r"k must have shape \(n, 2\)"):
        tmdc.bands(model, jnp.zeros(2))
    silent = tmdc.Model(
        model.lattice, model.cells, model.blocks[:1], model.positions[:1], ((("a", 0), ("b", 0), ("c", 0)),), 1
    )
    with pytest.raises(ValueError, match="needs a model with spin"):
        tmdc.splitting(silent, jnp.zeros((1, 2)))
