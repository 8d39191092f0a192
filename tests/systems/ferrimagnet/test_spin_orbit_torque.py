"""Torque of the gradient: conversion between xi and theta_DL, oddness, and what compensation does to each."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxspin.core import Status, replace
from jaxspin.systems.ferrimagnet import MODEL, GradientFilm, h_dl_efficiency, net_magnetization, observe, theta_dl
from jaxspin.systems.ferrimagnet.constants import OERSTED
from jaxspin.systems.ferrimagnet.spin_orbit_torque import damping_like_angle, damping_like_field


@pytest.fixture
def params():
    return MODEL.material("CoTb")


def reversed_film(**design):
    return GradientFilm(delta=-0.07, x_bottom=0.48, **design)


def test_conversion_of_the_published_efficiency():
    # 3.2 Oe per 1e10 A/m^2 in 6 nm: theta = 5.8e-7 M_s with M_s in A/m, to its two digits
    assert float(damping_like_angle(3.2 * OERSTED / 1e10, 1.0, 6e-9)) == pytest.approx(5.8e-7, abs=0.05e-7)


@given(st.floats(1e-3, 1.0), st.floats(1e3, 1e6), st.floats(1e-9, 1e-7))
@settings(max_examples=30, deadline=None)
def test_field_and_angle_are_inverse(theta, M_s, t):
    xi = damping_like_field(theta, 1.0, M_s, t)
    assert float(damping_like_angle(xi, M_s, t)) == pytest.approx(theta, rel=1e-12)


def test_no_gradient_no_torque(params):
    film = GradientFilm(delta=0.0)
    assert theta_dl(params, film) == 0
    assert h_dl_efficiency(params, film) == 0


def test_torque_grows_with_the_gradient_and_reverses_with_it(params):
    deltas = jnp.linspace(0.0, 0.07, 8)
    theta = jax.vmap(lambda delta: theta_dl(params, GradientFilm(delta=delta)))(deltas)
    assert jnp.all(jnp.diff(theta) > 0)
    assert float(theta_dl(params, reversed_film())) == pytest.approx(-float(theta[-1]))
    assert float(h_dl_efficiency(params, reversed_film())) == pytest.approx(
        -float(h_dl_efficiency(params, GradientFilm(delta=0.07)))
    )


def test_published_torques(params):
    assert float(theta_dl(params, GradientFilm(delta=0.07))) == pytest.approx(0.061, abs=0.006)
    assert float(h_dl_efficiency(params, GradientFilm(delta=0.06))) * 1e10 / OERSTED == pytest.approx(3.2, abs=0.3)


def test_angle_passes_compensation_where_the_field_diverges(params):
    films = [GradientFilm(delta=0.07, x_bottom=x) for x in np.linspace(0.05, 0.25, 41)]
    M = np.array([float(net_magnetization(params, film)) for film in films])
    theta = np.array([float(theta_dl(params, film)) for film in films])
    xi = np.array([float(h_dl_efficiency(params, film)) for film in films])
    assert M[0] > 0 > M[-1]
    assert np.ptp(theta) < 1e-15
    # xi M_s is the same in all: the field diverges as 1/M_s
    np.testing.assert_allclose(xi * np.abs(M), xi[0] * M[0], rtol=1e-9)
    at_compensation = replace(params, {"layering_shift": 0.0, "compensation": 0.25})
    pole = observe(at_compensation, GradientFilm(delta=0.0, x_bottom=0.25))
    assert int(pole.status) == Status.NOT_FINITE
    assert float(pole["theta_DL"]) == 0


@pytest.mark.parametrize(("exponent", "power"), [(-1.0, -1), (0.0, 0), (1.0, 1)])
def test_thickness_exponent_tells_difference_law_from_gradient_law(params, exponent, power):
    law = replace(params, {"theta_exponent": exponent})
    thin, thick = GradientFilm(delta=0.07, layer_thickness=0.7e-9), GradientFilm(delta=0.07, layer_thickness=1.4e-9)
    assert float(theta_dl(law, thick) / theta_dl(law, thin)) == pytest.approx(2.0**power)
