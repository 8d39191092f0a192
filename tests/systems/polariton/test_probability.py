"""Where random beginnings end: reference numbers, an independent integration, symmetry, and what is not decided."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.core import Solve, Status
from jaxspin.systems.polariton import Condensate, fixed_points, simulate
from jaxspin.systems.polariton.probability import aligned_probability, directions, ends_of

C = Condensate(p=0.6, a=2.28, g=0.1, delta=0.1)
KEY = jax.random.key(7)
ends = jax.jit(ends_of)


def probability(c, radius, n=2000, key=KEY):
    return ends(c, radius * directions(key, n))


@pytest.mark.parametrize(("radius", "reference"), [(1e-6, 0.936), (1e-3, 0.789), (0.1, 0.748), (1.0, 0.747)])
def test_reference_probabilities_of_four_radii(radius, reference):
    """Another program's numbers, three digits: 2000 realisations within three standard errors (0.01 each)."""
    found = probability(C, radius)
    assert abs(float(found.value) - reference) < 3 * float(found.stderr) + 5e-4
    assert float(found.stderr) == pytest.approx(np.sqrt(reference * (1 - reference) / 2000), rel=0.1)
    assert int(found.status) == Status.OK
    assert float(jnp.sum(found.ends)) == pytest.approx(1.0, abs=1e-12)


def test_ends_are_those_of_an_adaptive_integration():
    """diffrax at rtol 1e-8 over 400 time units, realisation by realisation, ends within 1e-3 of the state decided for."""
    starts = 0.1 * directions(jax.random.key(3), 40)
    run = jax.jit(jax.vmap(lambda s0: simulate(C, s0, [400.0], solve=Solve(rtol=1e-8, atol=1e-10)).s[-1]))
    arrived = np.asarray(run(starts))
    points = fixed_points(C)
    stable = np.flatnonzero(points.exists & points.stable)
    distance = np.linalg.norm(arrived[:, None] - np.asarray(points.s)[None, stable], axis=-1)
    assert np.max(np.min(distance, axis=1)) < 1e-3
    counts = np.bincount(stable[np.argmin(distance, axis=1)], minlength=7)
    padded = jnp.tile(starts, (50, 1))  # the shape the other tests have compiled
    np.testing.assert_allclose(ends(C, padded).ends, counts / 40, atol=1e-12)


def test_a_field_reversed_changes_nothing():
    """delta, s_y, s_z -> -delta, -s_y, -s_z is a symmetry: the mirrored starts end aligned exactly as often."""
    starts = 0.1 * directions(KEY, 2000)
    there = ends(Condensate(p=0.6, a=2.28, g=0.1, delta=-0.1), starts * jnp.array([[1.0, -1.0, -1.0]]))
    np.testing.assert_allclose(there.ends, ends(C, starts).ends, atol=1e-12)


def test_one_state_below_the_fold_two_above_and_a_fair_choice_without_field():
    """p_f(0.1) = 0.501017: certainty at 0.4, and at 0.500 where transients are longest. At delta = 0, one half."""
    for p in (0.4, 0.5):
        below = probability(Condensate(p=p, a=2.28, g=0.1, delta=0.1), 0.1)
        assert (float(below.value), float(below.undecided)) == (1.0, 0.0)
        assert 0 < float(below.stderr) < 1e-3
    above = probability(Condensate(p=0.55, a=2.28, g=0.1, delta=0.1), 0.1)
    assert 0.5 < float(above.value) < 1.0
    fair = probability(Condensate(p=0.6, a=2.28, g=0.1, delta=0.0), 0.1)
    assert abs(float(fair.value) - 0.5) < 3 * float(fair.stderr)


def test_below_threshold_all_end_empty():
    found = probability(Condensate(p=-0.3, a=2.28, g=0.1, delta=0.1), 0.1)
    assert float(found.ends[6]) == 1.0
    assert float(found.value) == 0.0


def test_a_start_on_a_saddle_is_reported_as_not_decided():
    """An unstable fixed point is where a trajectory stays: to rounding, so start exactly on s_x < 0 at delta = g = 0.

    There s_y = s_z = 0 is kept exactly, and rounding cannot leave it.
    """
    saddle = Condensate(p=0.9, a=2.28, g=0.1, delta=0.0)
    starts = jnp.tile(jnp.array([[-0.5, 0.0, 0.0]]), (2000, 1))
    found = ends(saddle, starts)
    assert int(found.status) == Status.NO_SOLUTION
    assert float(found.undecided) == 1.0
    assert np.isnan(found.value)


def test_a_map_uses_the_same_realisations_at_every_point_and_falls_with_the_pump():
    pumps = jnp.array([0.52, 0.6, 0.8])
    def value(p):
        found = aligned_probability(Condensate(p=p, a=2.28, g=0.1, delta=0.1), KEY, 500, 0.1)
        return found.value, found

    (values, found), gradient = jax.jit(jax.vmap(jax.value_and_grad(value, has_aux=True)))(pumps)
    one = ends(C, jnp.tile(0.1 * directions(KEY, 500), (4, 1)))
    np.testing.assert_allclose(found.ends[1], one.ends, atol=1e-12)
    assert np.all(np.diff(values) < 0)
    assert np.all(np.asarray(gradient) == 0)  # a count
