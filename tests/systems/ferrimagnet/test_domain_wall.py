"""The wall's DMI field and angle against an energy minimised by brute force, and its symmetries."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxspin.core import replace
from jaxspin.systems.ferrimagnet import MODEL, GradientFilm, dmi_constant, h_dmi, in_plane_bias, vanishing_field
from jaxspin.systems.ferrimagnet.constants import BOLTZMANN, MU_0
from jaxspin.systems.ferrimagnet.domain_wall import dmi_field, wall_cosine, wall_energy, wall_width

WALL = {"M_s": 3e4, "A": 1e-11, "Delta": 1.2e-8, "t": 6e-9}


@pytest.fixture
def params():
    return MODEL.material("CoTb")


def shape_anisotropy():
    return MU_0 * WALL["M_s"] ** 2 / 2 * WALL["t"] * np.log(2) / (np.pi * WALL["Delta"])


def test_wall_width_and_energy_minimise_the_energy_of_a_profile():
    """Integrate A theta'^2 + K sin^2 theta over tan(theta/2) = exp(z/w) for many widths w."""
    A, K = 1.1e-11, 7e4
    z = np.linspace(-4e-7, 4e-7, 40_001)
    w = np.linspace(0.5, 2.0, 301) * np.sqrt(A / K)
    sine = 1 / np.cosh(z[None] / w[:, None])  # sin(theta) = sech(z/w) and theta' = sech(z/w)/w
    energy = np.sum(A * sine**2 / w[:, None] ** 2 + K * sine**2, axis=1) * (z[1] - z[0])
    best = np.argmin(energy)
    assert float(wall_width(A, K)) == pytest.approx(w[best], rel=0.005)  # the grid of widths has steps of 0.5 %
    assert float(wall_energy(A, K)) == pytest.approx(energy[best], rel=1e-4)


def test_dmi_field_turns_the_wall_as_an_applied_field_does():
    """A wall gains pi D by DMI and pi Delta mu0 M_s H in a field along its normal: equal at H = H_DMI."""
    D = 6e-7
    H = float(dmi_field(D, WALL["M_s"], WALL["Delta"]))
    assert np.pi * WALL["Delta"] * MU_0 * WALL["M_s"] * H == pytest.approx(np.pi * D, rel=1e-12)


@pytest.mark.parametrize("H", [-3e3, -500.0, 0.0, 200.0, 1500.0, 8000.0])
def test_cold_wall_sits_at_the_minimum_of_its_energy(H):
    angle = np.linspace(-np.pi, np.pi, 200_001)
    K_w = shape_anisotropy()
    energy = 2 * K_w * WALL["Delta"] * np.cos(angle) ** 2 - np.pi * WALL["Delta"] * MU_0 * WALL["M_s"] * H * np.cos(
        angle
    )
    rest = np.cos(angle[np.argmin(energy)]) if H else 0.0  # two mirror-image Bloch walls without field
    assert rest == pytest.approx(np.clip(np.pi * MU_0 * WALL["M_s"] * H / (4 * K_w), -1, 1), abs=1e-4)
    # at 3 K a piece of wall is frozen to about k_B T over its stiffness: a few per cent, worst at the kink
    assert float(wall_cosine(H, T=3.0, **WALL)) == pytest.approx(rest, abs=0.06)


@pytest.mark.parametrize(("H", "T"), [(300.0, 300.0), (1500.0, 300.0), (1500.0, 77.0), (-700.0, 500.0)])
def test_warm_wall_is_the_boltzmann_mean(H, T):
    angle = (np.arange(20_000) + 0.5) * 2 * np.pi / 20_000
    K_w = shape_anisotropy()
    length = np.sqrt(WALL["A"] / K_w)
    area_energy = 2 * K_w * WALL["Delta"] * np.cos(angle) ** 2 - np.pi * WALL["Delta"] * MU_0 * WALL[
        "M_s"
    ] * H * np.cos(angle)
    weight = np.exp(-area_energy * length * WALL["t"] / (BOLTZMANN * T))
    assert float(wall_cosine(H, T=T, **WALL)) == pytest.approx(np.sum(weight * np.cos(angle)) / weight.sum(), abs=1e-12)


cosine_at = jax.jit(lambda H, T: wall_cosine(H, T=T, **WALL))
slope_at = jax.jit(jax.grad(lambda H, T: wall_cosine(H, T=T, **WALL)))


@given(st.floats(-5e4, 5e4), st.floats(50.0, 600.0))
@settings(max_examples=40, deadline=None)
def test_wall_cosine_is_odd_bounded_and_follows_the_field(H, T):
    cosine = float(cosine_at(H, T))
    assert float(cosine_at(-H, T)) == pytest.approx(-cosine, abs=1e-12)
    assert abs(cosine) <= 1
    slope = float(slope_at(H, T))
    assert slope >= 0
    assert np.isfinite(slope)


def test_dmi_follows_the_gradient(params):
    base, inverse = GradientFilm(delta=0.07), GradientFilm(delta=-0.07, x_bottom=0.48)
    thin, none = GradientFilm(delta=0.07, layer_thickness=0.7e-9), GradientFilm(delta=0.0)
    assert float(h_dmi(params, none)) == 0
    assert float(h_dmi(params, inverse)) == pytest.approx(-float(h_dmi(params, base)))
    assert float(dmi_constant(params, thin) / dmi_constant(params, base)) == pytest.approx(1 / 0.7)
    deltas = jnp.linspace(0.0, 0.07, 8)
    H = jax.vmap(lambda delta: h_dmi(params, GradientFilm(delta=delta)))(deltas)
    assert jnp.all(jnp.diff(H) > 0)  # the inset of Fig. 3d
    # a thousandth of the DMI at which walls cost nothing
    K = float(params.anisotropy)
    assert float(dmi_constant(params, base)) < 0.01 * 4 / np.pi * np.sqrt(float(params.stiffness) * K)


def test_a_mirror_symmetric_film_has_no_bias_whatever_its_dmi(params):
    symmetric = replace(params, {"dmi_bias": 0.0, "bias_field": 0.0, "dmi_slope": 1e-13})
    film = GradientFilm(delta=0.07)
    assert float(h_dmi(symmetric, film)) > 0
    assert float(in_plane_bias(symmetric, film)) == 0
    assert float(vanishing_field(symmetric, film)) == 0


def test_bias_that_follows_the_gradient_and_bias_that_does_not(params):
    film, inverse = GradientFilm(delta=0.07), GradientFilm(delta=-0.07, x_bottom=0.48)
    single_loop = replace(params, {"dmi_bias": 1.0, "bias_field": 0.0})
    assert float(vanishing_field(single_loop, film)) == pytest.approx(-float(h_dmi(single_loop, film)))
    assert float(vanishing_field(single_loop, inverse)) == pytest.approx(-float(vanishing_field(single_loop, film)))
    offset = replace(params, {"dmi_bias": 0.0, "bias_field": 300.0})
    assert float(vanishing_field(offset, film)) == float(vanishing_field(offset, inverse)) == -300.0
