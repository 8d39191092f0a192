"""The model of graded films: poles are reported, and gradients hold close to compensation too."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.core import Status, quantities, replace, select
from jaxspin.systems.ferrimagnet import MODEL, GradientFilm, observe

OBSERVE = jax.jit(observe)


@pytest.fixture
def params():
    return MODEL.material("CoTb")


def test_published_values_of_the_reference_film(params):
    """Values of Zheng et al. (2021), all within 20 %: the material is rounded from a fit that leaves up to 16 %."""
    seen = OBSERVE(params, GradientFilm(delta=0.07)).checked()
    oersted = 1000 / (4 * np.pi)
    for name, value in {"H_DMI": 23 * oersted, "H_vanish": -20 * oersted, "j_c": 9e10, "theta_DL": 0.061}.items():
        assert float(seen[name]) == pytest.approx(value, rel=0.2), name
    assert 0 < float(seen["M_net"]) < 50e3


@pytest.mark.parametrize(
    ("film", "what"),
    [
        ({"delta": 0.0}, "no torque: j_c is infinite"),
        ({"delta": 0.15}, "K_eff < 0: the film is magnetized in its plane"),
        ({"delta": 0.0, "x_bottom": 0.29}, "compensation"),
    ],
)
def test_poles_are_reported_and_never_silent(params, film, what):
    assert int(OBSERVE(params, GradientFilm(**film)).status) == Status.NOT_FINITE, what


def test_other_observables_survive_where_one_diverges(params):
    homogeneous = OBSERVE(params, GradientFilm(delta=0.0))
    assert float(homogeneous["theta_DL"]) == float(homogeneous["xi"]) == float(homogeneous["H_DMI"]) == 0
    assert np.isinf(homogeneous["j_c"])
    assert float(homogeneous["M_net"]) > 0


def test_reversing_the_gradient_turns_torque_dmi_and_bias_and_nothing_else(params):
    up = OBSERVE(params, GradientFilm(delta=0.07)).values
    down = OBSERVE(params, GradientFilm(delta=-0.07, x_bottom=0.48)).values
    for name, value in up.items():
        sign = -1 if name in ("theta_DL", "xi", "D", "H_DMI", "H_vanish") else 1
        # M_net is a difference that cancels to a hundredth, so rounding is a hundred times larger here
        assert float(down[name]) == pytest.approx(sign * float(value), rel=1e-11), name


@pytest.mark.slow
def test_gradients_close_to_compensation(params):
    """At 10 emu/cc a step of 1e-3 x_M would cross a tenth of the way to the pole, so steps are a fraction of it."""
    film, known = GradientFilm(delta=0.07), quantities(params)
    values = jnp.stack(list(select(params, known).values()))

    def outputs(values):
        moved = replace(params, dict(zip(known, values, strict=True)))
        return jnp.stack(list(observe(moved, film).values.values()))

    f = jax.jit(outputs)
    exact, reverse, typical = (
        jax.jit(jax.jacfwd(outputs))(values),
        jax.jit(jax.jacrev(outputs))(values),
        np.abs(f(values)),
    )
    for i, (name, quantity) in enumerate(known.items()):
        step = 1e-3 * min(abs(float(values[i])) or quantity.scale, quantity.scale)
        at = lambda shift, i=i, step=step: f(values.at[i].add(shift * step))
        numeric = np.asarray((8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * step))
        slope = np.asarray(exact[:, i])
        np.testing.assert_allclose(reverse[:, i], slope, rtol=1e-9, atol=1e-12 * np.max(np.abs(slope)), err_msg=name)
        # rounding of a cancelling M_net, 1e-14 of each observable, over the step
        assert np.all(np.abs(slope - numeric) <= 1e-6 * np.abs(numeric) + 1e-13 * typical / step), name


def test_no_second_compilation_for_other_films(params):
    traces = []

    @jax.jit
    def traced(film):
        traces.append(1)
        return observe(params, film)

    traced(GradientFilm(delta=0.07))
    traced(GradientFilm(delta=0.06, layer_thickness=1.5e-9, layers=4, h_x=100.0))
    assert len(traces) == 1
