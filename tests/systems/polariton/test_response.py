"""Effective g-factors: equation (7), the asymptotic laws, published numbers, derivatives close to the bifurcation."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.systems.polariton import (
    Condensate,
    aligned_state,
    condensation_pump,
    critical_occupation,
    critical_pump,
    fixed_points,
    fold_pump,
    g_eff,
    g_linear,
    susceptibility,
    susceptibility_laws,
)
from jaxspin.systems.polariton.response import total_g_factor

PAPER = {"a": 2.28, "g": 0.1}
SUBCRITICAL = {"a": 1.0, "g": 3.0}
P_C = 0.3429824561403509
g_eff_gradient = jax.jit(jax.grad(g_eff))


@pytest.mark.parametrize(("p", "expected"), [(0.3, 4.85646207), (0.5, 10.27824325), (1.0, 22.68437197)])
def test_total_g_factor_at_finite_field(p, expected):
    """Reference numbers of the aligned state at delta = 0.1."""
    assert abs(float(g_eff(Condensate(p=p, delta=0.1, **PAPER))) - expected) < 1e-8
    assert float(g_eff(Condensate(p=p, delta=-0.1, **PAPER))) == float(g_eff(Condensate(p=p, delta=0.1, **PAPER)))


@pytest.mark.parametrize("p", [0.0, 0.2, 0.34, 0.3429])
def test_linear_g_factor_below_threshold_is_equation_7(p):
    """1 + chi = s_c/(p_c - p), exactly; rounding is amplified by 1/(p_c - p)."""
    c = Condensate(p=p, **PAPER)
    assert abs(float(g_linear(c)) / float(critical_occupation(c) / (P_C - p)) - 1) < 1e-13 / (P_C - p)
    assert abs(float(g_eff(c)) / float(g_linear(c)) - 1) < 1e-13 / (P_C - p)


def test_the_field_is_enhanced_a_hundred_fold():
    """The paper's claim, reached at |p - p_c| < s_c/100 = 0.0044 below and half of that above."""
    assert float(g_linear(Condensate(p=P_C - 0.004, **PAPER))) > 100
    assert float(g_linear(Condensate(p=P_C + 0.002, **PAPER))) > 100


@pytest.mark.parametrize("distance", [1e-3, 1e-4, 1e-5])
def test_divergence_is_half_as_strong_above_threshold(distance):
    """chi -> s_c/(2 (p - p_c)); corrections are of relative order p - p_c."""
    c = Condensate(p=P_C + distance, **PAPER)
    _, law = susceptibility_laws(c)
    assert abs((float(g_linear(c)) - 1) / float(law) - 1) < 20 * distance


def test_the_unstable_pair_of_the_subcritical_pitchfork_responds_against_the_field():
    p_c = float(critical_pump(Condensate(p=0.0, **SUBCRITICAL)))
    c = Condensate(p=p_c - 1e-4, **SUBCRITICAL)
    points = fixed_points(c)
    pair = np.flatnonzero(points.aligned & ~points.stable)
    assert len(pair) == 1
    chi = float(susceptibility(c, points.s[pair[0]]))
    assert chi < 0
    assert abs(chi / float(susceptibility_laws(c)[1]) - 1) < 1e-2


def test_susceptibility_is_the_slope_of_the_state_at_any_field():
    c, h = Condensate(p=0.6, delta=0.2, **PAPER), 1e-4
    at = lambda shift: 2.28 * aligned_state(Condensate(p=0.6, delta=0.2 + shift * h, **PAPER)).s[2]
    numeric = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h)
    assert abs(float(susceptibility(c, aligned_state(c).s)) - numeric) < 1e-9


def test_both_g_factors_agree_in_weak_fields_below_threshold_only():
    """s_z is odd in delta, so they differ by delta^2 times chi^3 or so."""
    c = Condensate(p=0.3, delta=1e-6, **PAPER)
    assert abs(float(g_eff(c)) - float(g_linear(c))) < 1e-6
    assert float(g_eff(Condensate(p=0.5, delta=1e-6, **PAPER))) > 1e5
    assert float(g_eff(Condensate(p=0.5, **PAPER))) == np.inf


def test_the_aligned_branch_is_the_one_a_rising_pump_follows():
    """In the aligned hysteresis of a subcritical condensate: of two stable states the weakly polarized, larger one."""
    c = Condensate(p=5.5, delta=0.1, **SUBCRITICAL)
    points = fixed_points(c)
    both = np.asarray(points.s)[np.asarray(points.aligned & points.stable)]
    assert len(both) == 2
    chosen = np.asarray(aligned_state(c).s)
    assert np.linalg.norm(chosen) == max(np.linalg.norm(both, axis=1))
    assert abs(chosen[2]) == min(abs(both[:, 2]))


P_F = float(fold_pump(Condensate(p=0.0, delta=0.1, **PAPER)))


@pytest.mark.parametrize(("p", "delta"), [(0.5, 0.1), (P_F - 1e-4, 0.1), (P_F + 1e-4, 0.1), (P_C, 0.01), (1.2, -0.3)])
def test_derivatives_agree_with_differences_also_close_to_the_bifurcation(p, delta):
    """Five points, 1e-4 of the field apart: truncation 1e-12, rounding 1e-15 g/h, both below 1e-7 of g_eff."""
    c = Condensate(p=p, delta=delta, **PAPER)
    exact, h = g_eff_gradient(c), 2e-3 * abs(delta)
    for name in ("p", "a", "g", "delta"):
        at = lambda shift, name=name: float(
            g_eff(eqx.tree_at(lambda c: getattr(c, name), c, getattr(c, name) + shift * h))
        )
        numeric = (45 * (at(1) - at(-1)) - 9 * (at(2) - at(-2)) + at(3) - at(-3)) / (60 * h)
        assert abs(float(getattr(exact, name)) - numeric) < 1e-7 * (1 + abs(numeric)), name


def test_pumps_without_a_condensate_are_refused_by_name_and_range():
    c = Condensate(p=-0.5, delta=0.1, **PAPER)
    with pytest.raises(ValueError, match=r"p = -0\.5 is not above the threshold of condensation, -0\.0995"):
        g_eff(c)
    with pytest.raises(ValueError, match=r"not above the threshold of condensation, -0\.1"):
        g_linear(c)
    assert np.isnan(total_g_factor(c)), "what jit and vmap return"
    assert not bool(aligned_state(c).exists)


@pytest.mark.parametrize("delta", [0.0, 0.5, 3.0])
def test_the_condensate_appears_at_the_threshold_of_condensation(delta):
    least = float(condensation_pump(Condensate(p=0.0, delta=delta, **PAPER)))
    for p, there in ((least - 1e-6, False), (least + 1e-6, True)):
        assert bool(aligned_state(Condensate(p=p, delta=delta, **PAPER)).exists) == there


@pytest.mark.slow
def test_maps_over_a_plane():
    """Figure 3(a): p and delta as arrays."""
    p, delta = jnp.meshgrid(jnp.linspace(0.0, 1.0, 5), jnp.linspace(0.05, 0.3, 4))
    plane = jax.vmap(jax.vmap(lambda p, d: g_eff(Condensate(p=p, delta=d, **PAPER))))(p, delta)
    assert plane.shape == (4, 5)
    assert np.all(np.diff(np.asarray(plane), axis=1) > 0), "grows with pump"
    assert np.all(np.diff(np.asarray(plane), axis=0) < 0), "falls with field"
