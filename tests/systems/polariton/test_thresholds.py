"""Thresholds against the published closed forms, simulation-free bifurcation solvers, and counted fixed points."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jaxspin.core import Solve, Status
from jaxspin.numerics import bifurcation
from jaxspin.systems.polariton import (
    Condensate,
    Pitchfork,
    condensation_pump,
    continue_branch,
    critical_occupation,
    critical_pump,
    fixed_points,
    fold_curve,
    fold_pump,
    folds,
    pitchfork_kind,
    rate,
)

PAPER = {"a": 2.28, "g": 0.1}
SUBCRITICAL = {"a": 1.0, "g": 3.0}
counts = jax.jit(
    lambda pumps, a, g, delta: jax.vmap(lambda p: jnp.sum(fixed_points(Condensate(p, a, g, delta)).exists))(pumps)
)
fold_pump_gradient = jax.jit(jax.grad(fold_pump))


def at_pump(s, p, c):
    return rate(eqx.tree_at(lambda c: c.p, c, p), s)


def five_points(f, c, name, h):
    at = lambda shift: f(eqx.tree_at(lambda c: getattr(c, name), c, getattr(c, name) + shift * h))
    return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h)


def test_numbers_of_the_paper():
    """p_c and s_c at a = 2.28, g = 0.1; the subcritical example a = 1, g = 3 and its fold without a field."""
    c = Condensate(p=0.0, **PAPER)
    assert abs(float(critical_pump(c)) - 0.342982456) < 1e-9
    assert abs(float(critical_occupation(c)) - 0.442982456) < 1e-9
    assert int(pitchfork_kind(c)) == Pitchfork.SUPERCRITICAL
    assert abs(float(fold_pump(Condensate(p=0.0, delta=0.1, **PAPER))) - 0.501017202) < 1e-9
    c = Condensate(p=0.0, **SUBCRITICAL)
    assert int(pitchfork_kind(c)) == Pitchfork.SUBCRITICAL
    assert abs(float(critical_pump(c)) - 7.0) < 1e-14
    assert abs(float(fold_pump(c)) - 2 * np.sqrt(6)) < 1e-14


def test_stability_is_lost_at_the_critical_pump():
    """The Jacobian of s_+ = (-(p + g), 0, 0) becomes singular there and nowhere else."""
    p_c = float(critical_pump(Condensate(p=0.0, **PAPER)))
    for p, stable in ((p_c - 1e-9, True), (p_c + 1e-9, False)):
        points = fixed_points(Condensate(p=p, **PAPER))
        linear = np.argmin(np.asarray(points.s[:, 0]) + 9 * (np.abs(points.s[:, 2]) > 1e-3))
        assert bool(points.stable[linear]) == stable


@pytest.mark.parametrize(("a", "g"), [(2.28, 0.0), (2.28, -0.1), (0.0, 0.1), (-1.0, 0.1)])
def test_no_symmetry_breaking_is_said_and_is_no_error(a, g):
    c = Condensate(p=0.5, a=a, g=g, delta=0.1)
    assert int(pitchfork_kind(c)) == Pitchfork.NONE
    assert float(critical_pump(c)) == float(fold_pump(c)) == np.inf
    assert not np.any(folds(c).exists)


@pytest.mark.parametrize("delta", [1e-3, 0.1, 1.0])
def test_fold_pump_is_the_saddle_node_of_the_extended_system(delta):
    """An independent method: Newton's method on F = 0, J v = 0 in the three components of s."""
    c = Condensate(p=0.0, delta=delta, **PAPER)
    p_f = fold_pump(c)
    above = fixed_points(eqx.tree_at(lambda c: c.p, c, p_f + 1e-5))
    guess = jnp.mean(above.s[3:5], axis=0)
    found = bifurcation.fold(at_pump, guess, p_f + 1e-5, c, solve=Solve(rtol=1e-13, atol=1e-13))
    assert int(found.status) == Status.OK
    assert abs(float(found.control - p_f)) < 1e-11


@given(st.floats(0.2, 8.0), st.floats(0.05, 4.0), st.floats(1e-3, 1.0))
def test_two_states_appear_or_vanish_at_every_fold_and_nowhere_else(a, g, delta):
    """Counted just below and above each fold, and on a grid of pumps.

    Besides, a state leaves the empty one where the growth of either linear mode changes sign, at p = -+|Im ...|.
    """
    c = Condensate(p=0.0, a=a, g=g, delta=delta)
    p, births = np.asarray(folds(c).p), np.array([1.0, -1.0]) * float(condensation_pump(c))
    there = p[np.isfinite(p)]
    assume(np.min(np.diff(np.sort(there)), initial=1) > 1e-5)
    close = np.where(np.isfinite(p), p, 1.0)[:, None] + 1e-8 * (1 + np.abs(there[0])) * np.array([-1, 1])[None]
    pumps = np.concatenate([close.ravel(), np.linspace(-2 * g, 40.0, 400)])
    counted = np.asarray(counts(pumps, a, g, delta))
    expected = 1 + np.sum(pumps[:, None] > births, axis=1)
    expected += 2 * (pumps > p[0]) + 2 * (pumps > p[1]) - 2 * (pumps > p[2])
    assert np.array_equal(counted, expected)


def test_the_fold_grows_as_the_field_to_two_thirds():
    """p_f - p_c = C |delta|^(2/3) of the imperfect pitchfork; the next term is of relative order delta^(2/3)."""
    p_c = float(critical_pump(Condensate(p=0.0, **PAPER)))
    gap = [float(fold_pump(Condensate(p=0.0, delta=d, **PAPER))) - p_c for d in (1e-6, 8e-6)]
    assert abs(gap[1] / gap[0] - 4) < 1e-3
    assert float(fold_pump(Condensate(p=0.0, **PAPER))) == p_c


@pytest.mark.parametrize("numbers", [PAPER, SUBCRITICAL])
def test_the_fold_curve_holds_every_fold(numbers):
    e, p = fold_curve(Condensate(p=0.0, **numbers), jnp.linspace(0.3, 0.99, 8))
    for e_i, p_i in zip(e, p, strict=True):
        found = folds(Condensate(p=0.0, delta=jnp.abs(e_i), **numbers)).p
        assert float(jnp.min(jnp.abs((found[:1] if e_i > 0 else found[1:]) - p_i))) < 1e-11


def test_continuation_passes_the_fold_and_stays_on_the_fixed_points():
    c = Condensate(p=0.7, delta=0.1, **PAPER)
    start = fixed_points(c)
    opposed = start.s[np.flatnonzero(start.stable & ~start.aligned)[0]]
    branch = continue_branch(c, opposed, step=-0.01, points=60)
    assert int(jnp.max(branch.status)) == Status.OK
    turn = int(jnp.argmin(branch.control))
    # the fold lies within a step of the turn, where p is stationary
    assert 0 <= float(branch.control[turn] - fold_pump(c)) < 1e-3
    assert np.all(np.asarray(branch.growth[: turn - 1]) < 0)
    assert np.all(np.asarray(branch.growth[turn + 2 :]) > 0)
    for p, s in zip(branch.control[::10], branch.state[::10], strict=True):
        known = fixed_points(Condensate(p=p, delta=0.1, **PAPER)).s
        assert float(jnp.min(jnp.linalg.norm(known - s[None], axis=1))) < 1e-9


@pytest.mark.parametrize(
    "c", [Condensate(p=0.0, delta=0.1, **PAPER), Condensate(p=0.0, delta=0.3, a=1.7, g=0.6)], ids=["paper", "other"]
)
def test_derivatives_of_the_fold_agree_with_differences(c):
    exact = fold_pump_gradient(c)
    for name in ("a", "g", "delta"):
        numeric = five_points(fold_pump, c, name, 1e-4)
        assert abs(getattr(exact, name) - numeric) < 1e-7 * (1 + abs(numeric)), name
    assert float(exact.p) == 0


def test_derivatives_of_the_critical_pump_agree_with_differences():
    c = Condensate(p=0.0, **PAPER)
    exact = jax.grad(critical_pump)(c)
    for name in ("a", "g"):
        assert abs(getattr(exact, name) - five_points(critical_pump, c, name, 1e-4)) < 1e-10
    assert float(exact.delta) == float(exact.p) == 0
