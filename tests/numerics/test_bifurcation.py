"""Normal forms with known bifurcation points and exact derivatives, forward and reverse; branches through folds."""

import jax
import jax.numpy as jnp
import pytest

from jaxspin.core import Status
from jaxspin.numerics.bifurcation import continue_branch, fold, hopf, pitchfork

EXACT = 1e-12  # Newton ends at rounding, amplified at most by the condition of these small systems


def _solved(find, value, a):
    """The bifurcation and the derivative of `value` of it, forward and reverse, in one compilation."""
    of = lambda a: value(find(a))
    return jax.jit(lambda a: (find(a), jax.jacfwd(of)(a), jax.jacrev(of)(a)))(a)


def _saddle_node(y, c, a):
    return c - a - (y - 0.3 * a) ** 2


def _imperfect(y, c, h):
    """Fold at c = 3 (h/2)^(2/3), y = -(h/2)^(1/3)."""
    return c * y - y**3 + h


def _symmetric(y, c, a):
    """y_0 -> -y_0 symmetric; y_1 = a on the symmetric branch, which splits at c = 1/a."""
    return jnp.stack([(c * y[1] - 1) * y[0] - y[0] ** 3, a - y[1] + y[0] ** 2])


def _brusselator(y, c, A):
    """Steady at (A, c/A); Hopf at c = 1 + A^2 with frequency A."""
    return jnp.stack([A - (c + 1) * y[0] + y[0] ** 2 * y[1], c * y[0] - y[0] ** 2 * y[1]])


def test_saddle_node():
    find = lambda a: fold(_saddle_node, jnp.array([0.5]), a + 0.4, a)
    point, *derivatives = _solved(find, lambda point: jnp.append(point.control, point.state), 0.7)
    assert point.status == Status.OK
    assert point.control == pytest.approx(0.7, rel=EXACT)
    assert point.state[0] == pytest.approx(0.21, abs=1e-10)
    for derivative in derivatives:
        assert jnp.allclose(derivative, jnp.array([1.0, 0.3]), rtol=1e-9)


@pytest.mark.parametrize("h", [0.01, 0.1, 1.0])
def test_fold_of_the_imperfect_pitchfork(h):
    find = lambda h: fold(_imperfect, -((h / 2) ** (1 / 3)) * jnp.ones(1) * 1.2, 3.3 * (h / 2) ** (2 / 3), h)
    point, *derivatives = _solved(find, lambda point: point.control, h)
    assert point.status == Status.OK
    assert point.control == pytest.approx(3 * (h / 2) ** (2 / 3), rel=EXACT)
    for derivative in derivatives:
        assert derivative == pytest.approx((h / 2) ** (-1 / 3), rel=1e-10)


def test_second_derivative_of_a_fold():
    find = lambda h: fold(_imperfect, jnp.array([-0.4]), 0.8, h).control
    assert jax.jit(jax.grad(jax.grad(find)))(0.1) == pytest.approx(-((0.05) ** (-4 / 3)) / 6, rel=1e-9)


def test_pitchfork():
    find = lambda a: pitchfork(_symmetric, jnp.array([0.0, 1.0]) * a, 0.6, a)
    point, *derivatives = _solved(find, lambda point: point.control, 1.25)
    assert point.status == Status.OK
    assert point.control == pytest.approx(0.8, rel=EXACT)
    assert jnp.allclose(jnp.abs(point.null), jnp.array([1.0, 0.0]), atol=1e-12)
    for derivative in derivatives:
        assert derivative == pytest.approx(-0.64, rel=EXACT)


def test_an_imperfect_pitchfork_is_no_pitchfork():
    assert pitchfork(_imperfect, jnp.zeros(1), 0.1, 0.01).status == Status.NO_SOLUTION


def test_brusselator_hopf():
    find = lambda A: hopf(_brusselator, jnp.stack([A, (1.5 + A**2) / A]), 1.5 + A**2, A)
    point, *derivatives = _solved(find, lambda point: jnp.stack([point.control, point.frequency]), 1.3)
    assert point.status == Status.OK
    assert point.control == pytest.approx(1 + 1.3**2, rel=EXACT)
    assert point.frequency == pytest.approx(1.3, rel=EXACT)
    for derivative in derivatives:
        assert jnp.allclose(derivative, jnp.array([2.6, 1.0]), rtol=EXACT)


def test_where_nothing_bifurcates_the_status_says_so():
    straight = lambda y, c, a: y - c
    assert fold(straight, jnp.array([0.1]), 0.0).status != Status.OK
    assert hopf(lambda y, c, a: -jnp.stack([y[0] - c, 2 * y[1]]), jnp.zeros(2), 0.0).status != Status.OK


def test_bifurcations_map_over_parameters():
    h = jnp.array([0.02, 0.1, 0.3])
    find = lambda h: fold(_imperfect, -((h / 2) ** (1 / 3)) * jnp.ones(1), 3 * h, h).control
    controls = jax.jit(jax.vmap(find))(h)
    assert jnp.allclose(controls, 3 * (h / 2) ** (2 / 3), rtol=1e-10)


@pytest.mark.parametrize("step", [-0.05, -0.2])
def test_a_branch_is_followed_through_its_fold(step):
    """c = y^2 - h/y on the branch y < 0: every point lies on it, it turns at the fold, and loses stability there."""
    h = 0.1
    branch = jax.jit(lambda h: continue_branch(_imperfect, jnp.array([-1.3]), 1.6, h, step=step, points=70))(h)
    y = branch.state[:, 0]
    assert jnp.all(branch.status == Status.OK)
    assert jnp.allclose(branch.control, y**2 - h / y, rtol=1e-10)
    turn = int(jnp.argmin(branch.control))
    assert 0 < turn < 69
    # the nearest point is at most step/2 off in y, where c'' = 2 - 2 h/y^3 = 6
    assert 0 <= branch.control[turn] - 3 * (h / 2) ** (2 / 3) < 3 * (step / 2) ** 2 * 1.2
    assert jnp.all(branch.growth[: turn - 1] < 0)
    assert jnp.all(branch.growth[turn + 2 :] > 0)


def test_arclength_between_points_is_the_step():
    branch = continue_branch(_imperfect, jnp.array([-1.3]), 1.6, 0.1, step=-0.01, points=20, scale=2.0)
    curve = jnp.stack([branch.state[:, 0], branch.control / 2.0], axis=1)
    assert jnp.allclose(jnp.linalg.norm(jnp.diff(curve, axis=0), axis=1), 0.01, rtol=1e-4)  # chord against arc
