"""Roots with implicit derivatives, against closed forms; stability; honest failure."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jaxspin.core import Solve, Status
from jaxspin.numerics.fixed_point import settle, stability, steady_state


def _kepler(E, args):
    M, e = args
    return E - e * jnp.sin(E) - M


def _square(y, a):
    return {"x": y["x"] ** 2 - a}


@jax.jit
def _kepler_solution(M, e):
    root = lambda M, e: steady_state(_kepler, M, (M, e)).state
    return root(M, e), jax.jacfwd(root, (0, 1))(M, e), jax.jacrev(root, (0, 1))(M, e)


@given(M=st.floats(-3.0, 3.0), e=st.floats(0.0, 0.9))
def test_kepler_root_and_gradients(M, e):
    """Kepler's equation: dE/dM = 1/(1 - e cos E), dE/de = sin E/(1 - e cos E); Newton ends at rounding."""
    E, *derivatives = _kepler_solution(M, e)
    slope = 1 / (1 - e * np.cos(E))
    assert abs(_kepler(E, (M, e))) < 1e-14
    for dM, de in derivatives:
        assert np.isclose(dM, slope, rtol=1e-12)
        assert np.isclose(de, np.sin(E) * slope, rtol=1e-12, atol=1e-15)


def test_second_derivatives_and_pytrees():
    root = lambda a: steady_state(_square, {"x": jnp.ones(1)}, a).state["x"][0]
    assert root(2.0) == pytest.approx(2**0.5, rel=1e-15)
    assert jax.grad(jax.grad(root))(2.0) == pytest.approx(-(2**-1.5) / 4, rel=1e-12)


def test_derivatives_flow_through_closures():
    root = lambda a: steady_state(lambda y, _: y**3 - a, jnp.asarray(1.0)).state
    assert jax.grad(root)(8.0) == pytest.approx(1 / 12, rel=1e-12)


def test_each_point_of_a_batch_converges_or_fails_on_its_own():
    roots = jax.vmap(lambda a: steady_state(_square, {"x": jnp.ones(1)}, a))(jnp.array([4.0, -1.0, 9.0]))
    assert roots.status.tolist() == [Status.OK, Status.NO_SOLUTION, Status.OK]
    assert jnp.allclose(roots.state["x"][jnp.array([0, 2]), 0], jnp.array([2.0, 3.0]))


def test_a_wild_newton_step_is_shortened():
    """Undamped Newton on arctan diverges from |y| > 1.39."""
    root = steady_state(lambda y, _: jnp.arctan(y), jnp.asarray(5.0))
    assert root.status == Status.OK
    assert abs(root.state) < 1e-12


def test_an_exhausted_budget_is_reported():
    assert steady_state(_square, {"x": jnp.ones(1)}, 2.0, solve=Solve(max_steps=1)).status == Status.MAX_STEPS


def test_a_not_finite_residual_is_no_solution():
    assert steady_state(lambda y, _: jnp.log(y) * jnp.nan, jnp.asarray(1.0)).status == Status.NO_SOLUTION


def test_stability_of_a_damped_oscillator():
    """x'' + 2 k x' + x = 0 has eigenvalues -k +- i sqrt(1 - k^2)."""
    oscillator = lambda y, k: jnp.stack([y[1], -y[0] - 2 * k * y[1]])
    growth = jnp.sort_complex(stability(oscillator, jnp.zeros(2), 0.3))
    assert jnp.allclose(growth, jnp.array([-0.3 - 0.91**0.5 * 1j, -0.3 + 0.91**0.5 * 1j]), rtol=1e-14)


def test_settling_finds_the_basin_however_stiff():
    """y' = y - y^3 falls to the side it starts on, even from the top of the barrier; z' = -1e5 (z - y) follows."""
    rate = lambda y, _: jnp.stack([1e-5 * (y[0] - y[0] ** 3), y[0] - y[1]])
    ends = jax.vmap(lambda y: settle(rate, jnp.stack([y, 1.0]), duration=1e7))(jnp.array([-2.0, -1e-3, 1e-3, 0.7]))
    assert np.allclose(ends[:, 0], [-1, -1, 1, 1], atol=1e-3)
    assert np.allclose(ends[:, 1], ends[:, 0], atol=1e-3)
    assert jax.grad(lambda a: settle(lambda y, a: a - y, jnp.zeros(1), a)[0])(2.0) == 0
