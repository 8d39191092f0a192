"""Failure is data: statuses combine, non-finite values are never returned silently."""

import jax
import jax.numpy as jnp
import pytest

from jaxspin.core import Solve, Status, observables, require_double_precision, worst


def test_the_gravest_status_wins_element_by_element():
    statuses = worst(jnp.array([Status.OK, Status.MAX_STEPS]), Status.OK, jnp.array([Status.NO_SOLUTION, Status.OK]))
    assert statuses.tolist() == [Status.NO_SOLUTION, Status.MAX_STEPS]


def test_a_pole_is_reported_point_by_point_under_vmap():
    points = jax.vmap(lambda x: observables({"inverse": 1 / x}))(jnp.array([1.0, 0.0, 2.0]))
    assert points.status.tolist() == [Status.OK, Status.NOT_FINITE, Status.OK]
    with pytest.raises(RuntimeError, match=r"1 of 3 points failed \(NOT_FINITE\)"):
        points.checked()


def test_sound_observables_pass_the_check_and_are_found_by_name():
    point = observables({"xi": jnp.array(2.0)}).checked()
    assert point["xi"] == 2.0
    with pytest.raises(KeyError, match=r"unknown observable 'x'; did you mean 'xi'\?"):
        point["x"]


def test_every_status_has_advice():
    assert all(status.advice for status in Status)


def test_solve_is_hashable_and_refuses_nonsense():
    assert hash(Solve()) == hash(Solve())
    with pytest.raises(ValueError, match="rtol"):
        Solve(rtol=0.0)
    with pytest.raises(ValueError, match="max_steps"):
        Solve(max_steps=0)


def test_single_precision_is_refused_with_the_remedy():
    require_double_precision("a fold")
    with jax.enable_x64(False), pytest.raises(RuntimeError, match=r"a fold needs double.*JAX_ENABLE_X64"):
        require_double_precision("a fold")
