"""Where random beginnings end: reference numbers, an independent integration, symmetry, and what is not decided."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from jaxspin.core import Status
from jaxspin.systems.polariton import Condensate, fixed_points
from jaxspin.systems.polariton.probability import aligned_probability, directions, ends_of

C = Condensate(p=0.6, a=2.28, g=0.1, delta=0.1)
KEY = jax.random.key(7)
SPHERE = directions(KEY, 2000)
together = jax.jit(jax.vmap(ends_of))  # compiled once, for four condensates with 2000 realisations each


def four(pumps, deltas, starts):
    return together(
        jax.vmap(lambda p, delta: Condensate(p=p, a=2.28, g=0.1, delta=delta))(jnp.array(pumps), jnp.array(deltas)),
        jnp.stack(starts),
    )


def test_reference_probabilities_of_four_radii():
    """Another program's numbers, three digits: 2000 realisations within three standard errors (0.01 each)."""
    reference = np.array([0.936, 0.789, 0.748, 0.747])
    found = four([0.6] * 4, [0.1] * 4, [radius * SPHERE for radius in (1e-6, 1e-3, 0.1, 1.0)])
    assert np.all(np.abs(found.value - reference) < 3 * np.asarray(found.stderr) + 5e-4)
    np.testing.assert_allclose(found.stderr, np.sqrt(reference * (1 - reference) / 2000), rtol=0.1)
    assert np.all(np.asarray(found.status) == Status.OK)
    np.testing.assert_allclose(jnp.sum(found.ends, axis=1), 1.0, atol=1e-12)


@pytest.mark.slow
def test_ends_are_those_of_an_adaptive_integration():
    """scipy's DOP853 at rtol 1e-9 over 300 time units, one by one, ends within 1e-3 of a stable state."""
    starts = np.asarray(0.1 * directions(jax.random.key(3), 25))

    def stokes(_, s):
        x, y, z = s
        gain, field = 0.6 - np.sqrt(x * x + y * y + z * z), 2.28 * z + 0.1
        return [gain * x - 0.1 * (0.6 - gain) - field * y, gain * y + z + field * x, gain * z - y]

    arrived = np.array([solve_ivp(stokes, (0, 300), s, "DOP853", rtol=1e-9, atol=1e-11).y[:, -1] for s in starts])
    points = jax.jit(fixed_points)(C)
    stable = np.flatnonzero(points.exists & points.stable)
    distance = np.linalg.norm(arrived[:, None] - np.asarray(points.s)[None, stable], axis=-1)
    assert np.max(np.min(distance, axis=1)) < 1e-3
    counts = np.bincount(stable[np.argmin(distance, axis=1)], minlength=7)
    found = four([0.6] * 4, [0.1] * 4, [np.tile(starts, (80, 1))] * 4)
    np.testing.assert_allclose(found.ends[0], counts / 25, atol=1e-12)


def test_a_field_reversed_changes_nothing():
    """delta, s_y, s_z -> -delta, -s_y, -s_z is a symmetry: the mirrored starts end aligned exactly as often."""
    here = 0.1 * SPHERE
    there = here * jnp.array([[1.0, -1.0, -1.0]])
    found = four([0.6, 0.6, 0.7, 0.7], [0.1, -0.1, 0.05, -0.05], [here, there, here, there])
    np.testing.assert_allclose(found.ends[0], found.ends[1], atol=1e-12)
    np.testing.assert_allclose(found.ends[2], found.ends[3], atol=1e-12)


def test_one_state_below_the_fold_two_above_and_a_fair_choice_without_field():
    """p_f(0.1) = 0.501017: certainty at 0.4, and at 0.5 where transients are longest. At delta = 0, one half."""
    found = four([0.4, 0.5, 0.55, 0.6], [0.1, 0.1, 0.1, 0.0], [0.1 * SPHERE] * 4)
    np.testing.assert_array_equal(found.value[:2], 1.0)
    np.testing.assert_array_equal(found.undecided, 0.0)
    assert np.all((found.stderr[:2] > 0) & (found.stderr[:2] < 1e-3))
    assert 0.6 < found.value[2] < 1.0
    assert abs(found.value[3] - 0.5) < 3 * found.stderr[3]


@pytest.mark.slow
def test_ends_that_are_empty_and_starts_that_stay():
    """Below threshold all end empty. On the unstable s_y = s_z = 0 at delta = 0 a trajectory stays, and is reported."""
    line = jnp.tile(jnp.array([[-0.5, 0.0, 0.0]]), (2000, 1))
    half = line.at[:500].set(SPHERE[:500])
    found = four([-0.3, 0.9, 0.9, 0.9], [0.1, 0.0, 0.0, 0.0], [0.1 * SPHERE, line, half, SPHERE])
    assert (float(found.ends[0, 6]), float(found.value[0])) == (1.0, 0.0)
    assert list(found.status) == [Status.OK, Status.NO_SOLUTION, Status.MAX_STEPS, Status.OK]
    np.testing.assert_allclose(found.undecided, [0.0, 1.0, 0.75, 0.0], atol=1e-12)
    assert np.isnan(found.value[1])
    assert abs(found.value[2] - 0.5) < 3 * found.stderr[2]
    assert found.stderr[2] > 1.8 * found.stderr[3]  # of 500, not of 2000


def test_a_count_has_the_derivative_zero_and_not_an_error():
    """Traced only: reverse mode would refuse the loop if it saw it."""
    value = lambda p: aligned_probability(Condensate(p=p, a=2.28, g=0.1, delta=0.1), KEY, 10, 0.1).value
    jaxpr = jax.make_jaxpr(jax.grad(value))(0.6)
    assert jaxpr.out_avals[0].shape == ()
