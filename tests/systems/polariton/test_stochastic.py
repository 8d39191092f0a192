"""Noise of the gain: the Ornstein-Uhlenbeck process below threshold, and who wins when only noise begins."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from jaxspin.systems.polariton import Condensate, pseudospin, rate, spinor
from jaxspin.systems.polariton.amplitude import drift, linear_growth
from jaxspin.systems.polariton.stochastic import (
    aligned_probability_from_vacuum,
    noise_strength,
    simulate_noise,
    vacuum_coherence,
)

numbers = st.floats(-2.0, 2.0)
BELOW = Condensate(p=-0.4, a=2.28, g=0.1, delta=0.3)


@settings(max_examples=20)
@given(st.tuples(numbers, numbers, numbers, numbers), st.tuples(numbers, numbers, numbers))
def test_reduced_spinor_gives_the_stokes_equations(reduced, s):
    c, phi = Condensate(*reduced), spinor(jnp.array(s))
    along = jax.jvp(pseudospin, (phi,), (drift(c, phi),))[1]
    np.testing.assert_allclose(along, rate(c, pseudospin(phi)), atol=1e-12)


def test_without_noise_it_is_the_deterministic_motion():
    """Heun's method is of second order: halving the step quarters the error."""
    c, phi0 = Condensate(p=0.6, a=2.28, g=0.1, delta=0.1), spinor(jnp.array([0.1, 0.2, -0.3]))
    stokes = jax.jit(lambda s: rate(c, s))
    start = np.asarray(pseudospin(phi0))
    exact = solve_ivp(lambda _, s: np.asarray(stokes(s)), (0, 5), start, "DOP853", rtol=1e-10, atol=1e-12).y[:, -1]
    errors = [
        float(jnp.linalg.norm(pseudospin(simulate_noise(c, jax.random.key(0), 0.0, [5.0], phi0, step=h))[-1] - exact))
        for h in (0.02, 0.01)
    ]
    assert errors[0] < 1e-3
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.1)


def test_stationary_occupation_is_that_of_the_linear_process():
    """nu = 1e-8: saturation shifts the mean by 1e-7. 2000 realisations, 40 time units (e^-10 of the start)."""
    nu = 1e-8
    run = jax.jit(jax.vmap(lambda key: simulate_noise(BELOW, key, nu, [40.0])[-1]))
    phi = run(jax.random.split(jax.random.key(1), 2000))
    outer = np.asarray(phi[:, :, None] * phi[:, None, :].conj())
    expected = np.asarray(vacuum_coherence(BELOW, nu))
    occupation = np.trace(outer, axis1=1, axis2=2).real
    error = occupation.std() / np.sqrt(2000)
    assert error < 0.03 * occupation.mean()
    assert abs(occupation.mean() - np.trace(expected).real) < 3 * error
    for part in (np.real, np.imag):  # polarization of the vacuum: gain prefers -x, the field turns it
        coherence = part(outer[:, 0, 1])
        assert abs(coherence.mean() - part(expected[0, 1])) < 3 * coherence.std() / np.sqrt(2000)


def test_vacuum_coherence_balances_growth_and_noise():
    """A N + N A^dagger = -nu, and without field nu/(|p| - g) + nu/(|p| + g) in total."""
    N, A = vacuum_coherence(BELOW, 0.3), linear_growth(BELOW)
    np.testing.assert_allclose(A @ N + N @ A.conj().T, -0.3 * np.eye(2), atol=1e-14)
    plain = vacuum_coherence(Condensate(p=-0.4, a=2.28, g=0.1), 0.3)
    assert float(jnp.trace(plain).real) == pytest.approx(0.3 / 0.3 + 0.3 / 0.5, rel=1e-12)


@pytest.mark.slow
def test_weaker_noise_chooses_the_aligned_state_more_often():
    """The field acts on the growing condensate for a time log(1/nu): P rises towards one."""
    c = Condensate(p=0.6, a=2.28, g=0.1, delta=0.1)
    run = jax.jit(lambda nu: aligned_probability_from_vacuum(c, jax.random.key(2), 400, nu, 60.0))
    found = [run(nu) for nu in (1e-5, 1e-8, 1e-12)]
    values, errors = ([float(getattr(one, name)) for one in found] for name in ("value", "stderr"))
    for k in (0, 1):
        assert values[k + 1] - values[k] > -2 * np.hypot(errors[k], errors[k + 1])
    assert values[2] - values[0] > 3 * np.hypot(errors[0], errors[2])
    again = run(1e-8)
    assert float(again.value) == values[1]


def test_noise_strength_of_a_physical_condensate():
    """eta W/epsilon^2 with W = Gamma + p epsilon."""
    physical = Condensate(p=0.6, a=2.28, g=0.1).physical(epsilon=0.05, eta=0.001, Gamma=0.1)
    assert float(noise_strength(physical)) == pytest.approx(0.001 * 0.13 / 0.0025, rel=1e-12)


@pytest.mark.parametrize("times", [[], [0.0], [1.0, 1.0], [-1.0, 2.0], [1.0, float("inf")]])
def test_bad_times_are_refused(times):
    with pytest.raises(ValueError, match="times must"):
        simulate_noise(BELOW, jax.random.key(0), 0.0, times)
