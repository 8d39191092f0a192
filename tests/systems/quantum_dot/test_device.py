"""From the laboratory to reduced units and back; the gate; the model's observables at a setting."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jaxspin.core import replace
from jaxspin.systems import quantum_dot as qd
from jaxspin.systems.quantum_dot import Device, Dot, Setting, SpinOrbitLengths

GAAS = qd.MODEL.material("GaAs dot")
H, HBAR, E, K_B, MU_B, M_E = (
    6.62607015e-34,
    1.054571817e-34,
    1.602176634e-19,
    1.380649e-23,
    9.2740100783e-24,
    9.1093837e-31,
)
at = jax.jit(lambda device, setting: device.at(setting))


def test_reduced_numbers_are_those_of_the_definitions_in_si_units():
    """Definitions as the paper prints them, every constant in SI; ours are rounded to 7 digits or more."""
    setting = Setting(B_perp=0.3, B_parallel=250.0, temperature=0.2, n1=3, n2=4, energy=1.5)
    dot = at(GAAS, setting)
    area, mass = 8e-12, 0.067 * M_E
    spacing = 2 * np.pi * HBAR**2 / (mass * area)
    L = np.sqrt(area / np.pi)
    expected = {
        "x": np.sqrt(np.pi / 4 * E**2 * L**4 * (0.3e-3) ** 2 / (HBAR * 8e-12 * spacing)),
        "a": np.sqrt(2 * np.pi * HBAR / (4e-9 * spacing)),
        "b": np.pi * -0.44 * MU_B * 0.25 / spacing,
        "epsilon": 1.5e-6 * E / spacing,
        "dephasing": 2 * np.pi * HBAR / (0.5e-9 / 0.2 * spacing),
        "x_so": np.sqrt(H / (20e-9 * spacing)),
    }
    for name, value in expected.items():
        assert float(getattr(dot, name)) == pytest.approx(value, rel=3e-7), name
    assert float(GAAS.kT_over_spacing(0.2)) == pytest.approx(K_B * 0.2 / spacing, rel=3e-7)
    assert float(GAAS.spacing) == pytest.approx(spacing / E * 1e6, rel=3e-7)


rates = st.floats(1e-3, 30)


@given(x=st.floats(-10, 10), b=st.floats(-20, 20), epsilon=st.floats(-5, 5), a=rates, gamma=rates, x_so=rates)
def test_reduced_to_physical_and_back(x, b, epsilon, a, gamma, x_so):
    dot = Dot(3, 5, x, a, b, epsilon, gamma, x_so)
    device, setting = GAAS.reproducing(dot, 0.15)
    again = device.dot(setting)
    assert (again.n1, again.n2) == (3, 5)
    for field in dataclasses.fields(dot)[2:]:
        np.testing.assert_allclose(getattr(again, field.name), getattr(dot, field.name), rtol=1e-13, atol=1e-15)


def test_no_rate_is_an_infinite_time_and_no_dephasing_at_zero_temperature():
    device, setting = GAAS.reproducing(Dot(3, 5, 1.0), 0.15)
    assert all(np.isinf(float(time)) for time in (device.tau_so, device.tau_so_uniform, device.tau_phi))
    back = device.dot(setting)
    assert (float(back.a), float(back.x_so), float(back.dephasing)) == (0, 0, 0)
    assert float(at(GAAS, Setting(temperature=0.0)).dephasing) == 0


def test_dephasing_follows_its_power_of_the_temperature():
    device = replace(GAAS, {"p": 1.7})
    rates = [float(at(device, Setting(temperature=T)).dephasing) for T in (0.1, 0.4)]
    assert rates[1] / rates[0] == pytest.approx(4**1.7, rel=1e-12)


def test_a_gate_over_half_the_dot_and_over_all_of_it():
    """Equations (2) and (3) of the paper's example: Rashba coupling, 1/lambda = 1/mean -+ 1/(2 lambda_s)."""
    mean, spread, area, tau = 6.0, 8.0, np.pi * 1.2**2, 5.0
    bare, gated = 1 / (1 / mean - 0.5 / spread), 1 / (1 / mean + 0.5 / spread)
    symplectic, uniform = SpinOrbitLengths(bare, bare, gated, gated).times(area, tau)
    assert float(uniform) == pytest.approx(5e-3 * (mean / 1.2) ** 4, rel=1e-12)
    rest = 2 * (1.2 / mean) ** 2 / (5e-3 * (mean / 1.2) ** 4)  # note 15
    assert 1 / float(symplectic) == pytest.approx((1.2 / spread) ** 2 / 5e-3 + rest, rel=1e-12)
    for coverage, length in ((0.0, bare), (1.0, gated)):
        covered, same = SpinOrbitLengths(bare, bare, gated, gated, coverage).times(area, tau)
        assert float(same) == pytest.approx(5e-3 * (length / 1.2) ** 4, rel=1e-12)
        # a gate that covers nothing or everything is far the weaker tool, which is the point of the paper
        assert float(covered) > 5 * float(symplectic)
    slope = jax.grad(lambda f: SpinOrbitLengths(bare, bare, gated, gated, f).times(area, tau)[0])(0.3)
    assert np.isfinite(float(slope))
    assert slope != 0


def test_observables_are_those_of_the_reduced_dot():
    setting = Setting(B_perp=0.05, B_parallel=40.0, temperature=0.2, n1=3, n2=4)
    seen = jax.jit(qd.observe)(GAAS, setting).checked()
    dot, kT = GAAS.dot(setting), GAAS.kT_over_spacing(0.2)
    moved = lambda x: Dot(3, 4, x, dot.a, dot.b, 0.0, dot.dephasing, dot.x_so)
    thermal = jax.jit(qd.thermal_covariance)
    var = thermal(dot, dot, kT)
    expected = {
        "G": qd.mean_conductance(dot),
        "dG": qd.weak_localization(dot),
        "magnetoconductance": qd.weak_localization(dot) - qd.weak_localization(moved(0.0)),
        "var_G": var,
        "rms_G": jnp.sqrt(var),
        "asymmetry": 2 * (var - thermal(dot, moved(-dot.x), kT)),
    }
    assert set(expected) | {"B_c"} == set(seen.values)
    for name, value in expected.items():
        np.testing.assert_allclose(seen[name], value, rtol=1e-9, err_msg=name)
    away = moved(dot.x + seen["B_c"] / GAAS.field_scale)
    np.testing.assert_allclose(thermal(dot, away, kT), var / 2, rtol=1e-10)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Setting(temperature=-0.1), r"temperature .* must be >= 0 K, got -0\.1"),
        (lambda: Setting(n1=0.5), r"n1 .* must be >= 1, got 0\.5"),
        (lambda: Setting(B_perp=np.nan), r"B_perp .* must be finite mT"),
        (
            lambda: Device(area=8.0, tau_so=-1.0, tau_so_uniform=1.0, tau_phi=1.0, tau_erg=1.0),
            r"tau_so .* must be > 0 ns",
        ),
        (
            lambda: Device(area=8.0, tau_so=1.0, tau_so_uniform=1.0, tau_phi=0.0, tau_erg=1.0),
            r"tau_phi .* must be > 0 ns",
        ),
        (
            lambda: Device(area=np.inf, tau_so=1.0, tau_so_uniform=1.0, tau_phi=1.0, tau_erg=1.0),
            r"area .* must be finite",
        ),
        (lambda: SpinOrbitLengths(0.0, 1.0, 1.0, 1.0), r"lambda_x .* must not be zero um"),
        (lambda: SpinOrbitLengths(1.0, 1.0, 2.0, 2.0, 1.2), r"coverage .* must lie in \[0, 1\], got 1\.2"),
        (lambda: GAAS.dot(Setting(n1=2.5, n2=3)), r"must be integers >= 1, got 2\.5"),
    ],
)
def test_bad_input_is_named(build, message):
    with pytest.raises(ValueError, match=message):
        build()
