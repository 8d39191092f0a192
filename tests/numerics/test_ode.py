"""Integration against exact solutions and exact derivatives, in SI-sized time, on a manifold, and failing."""

import jax
import jax.numpy as jnp
import pytest

from jaxspin.core import Differentiate, Solve, Status
from jaxspin.numerics import ode

PICOSECOND = 1e-12
TIGHT = Solve(rtol=1e-11, atol=1e-13)


def _decay(t, y, k):
    return -k * y


def _rotation(t, y, omega):
    return jnp.cross(jnp.array([0.0, 0.0, omega]), y)


def _switched(t, y, on):
    return jnp.where((t > on) & (t < on + 1e-3), 1.0, 0.0) * jnp.ones_like(y)


@pytest.mark.parametrize(
    ("method", "direction"),
    [(ode.EXPLICIT, Differentiate.forward), (ode.EXPLICIT, Differentiate.reverse), (ode.STIFF, Differentiate.forward)],
    ids=["explicit, forward", "explicit, reverse", "stiff, forward"],
)
def test_decay_in_picoseconds_and_its_derivative(method, direction):
    """y = exp(-k t), dy/dk = -t exp(-k t); local error 1e-9, global a few times that."""
    solve = Solve(differentiate=direction)

    def end(k):
        return ode.integrate(_decay, jnp.ones(1), t0=0.0, t1=PICOSECOND, args=k, solve=solve, method=method).y[0]

    k = 1 / PICOSECOND
    derivative = jax.jit((jax.jacfwd if direction is Differentiate.forward else jax.grad)(end))(k)
    assert end(k) == pytest.approx(float(jnp.exp(-1.0)), rel=1e-8)
    assert derivative == pytest.approx(float(-PICOSECOND * jnp.exp(-1.0)), rel=1e-7)


def test_saved_times_include_both_ends_and_interpolate_exactly():
    """A rotation stays on its circle; saved points come from a 7th-order interpolant, then the projection."""
    ts = jnp.linspace(0.0, 7 * PICOSECOND, 50)
    unit = lambda y: y / jnp.linalg.norm(y)
    run = ode.integrate(
        _rotation, jnp.array([1.0, 0.0, 0.0]), t0=0.0, t1=ts[-1], args=3e12, saveat=ts, solve=TIGHT, project=unit
    )
    angle = 3e12 * ts
    expected = jnp.stack([jnp.cos(angle), jnp.sin(angle), jnp.zeros_like(ts)], axis=1)
    assert run.status == Status.OK
    assert jnp.max(jnp.abs(run.y - expected)) < 1e-8
    assert jnp.max(jnp.abs(jnp.linalg.norm(run.y, axis=1) - 1)) < 1e-14


def test_constant_steps_have_the_order_of_the_method():
    """Dopri8: halving the step divides the error by 2^8; the projection must not spoil it."""
    unit = lambda y: y / jnp.linalg.norm(y)

    def error(dt):
        run = ode.integrate(_rotation, jnp.array([1.0, 0, 0]), t0=0.0, t1=8.0, args=1.0, dt0=dt, project=unit)
        return jnp.linalg.norm(run.y - jnp.array([jnp.cos(8.0), jnp.sin(8.0), 0.0]))

    assert 7.0 < jnp.log2(error(1.0) / error(0.5)) < 10.0


def test_no_step_jumps_over_a_break():
    """A pulse of 1e-3 at 0.7 in an otherwise resting system is invisible to step control, unless announced."""
    run = ode.integrate(_switched, jnp.zeros(1), t0=0.0, t1=1.0, args=0.7, breaks=jnp.array([0.7, 0.701]))
    assert run.y[0] == pytest.approx(1e-3, rel=1e-6)


def test_breaks_and_constant_steps_exclude_each_other():
    with pytest.raises(ValueError, match="breaks need adaptive steps"):
        ode.integrate(_decay, jnp.ones(1), t0=0.0, t1=1.0, args=1.0, dt0=0.1, breaks=jnp.array([0.5]))


def test_failures_are_data_under_vmap():
    """y' = k y^2 blows up at t = 1/k; a budget of two steps does not suffice for anyone."""
    blow_up = lambda t, y, k: k * y**2
    run = jax.vmap(lambda k: ode.integrate(blow_up, jnp.ones(1), t0=0.0, t1=1.0, args=k, solve=Solve(max_steps=1000)))
    first, second = run(jnp.array([0.5, 2.0])).status
    assert first == Status.OK
    assert second != Status.OK
    starved = ode.integrate(_decay, jnp.ones(1), t0=0.0, t1=1.0, args=100.0, solve=Solve(max_steps=2))
    assert starved.status == Status.MAX_STEPS


def test_states_may_be_pytrees():
    harmonic = lambda t, y, args: {"x": y["p"], "p": -y["x"]}
    y = ode.integrate(harmonic, {"x": 1.0, "p": 0.0}, t0=0.0, t1=2.0).y
    assert y["x"] == pytest.approx(float(jnp.cos(2.0)), abs=1e-8)
    assert y["p"] == pytest.approx(float(-jnp.sin(2.0)), abs=1e-8)


def test_equal_problems_are_compiled_once():
    traces = []

    def counted(t, y, k):
        traces.append(k)
        return -k * y

    solve = lambda k: ode.integrate(counted, jnp.ones(1), t0=0.0, t1=1.0, args=jnp.asarray(k))
    solve(1.0)
    first = len(traces)
    solve(2.0)
    assert len(traces) == first


def test_single_precision_is_refused_early():
    with jax.enable_x64(False), pytest.raises(RuntimeError, match="rtol = 1e-09 needs double precision"):
        ode.integrate(_decay, jnp.ones(1), t0=0.0, t1=1.0, args=1.0)
