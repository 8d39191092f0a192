"""Dephasing by a voltage probe: unitarity behind barriers, the limit of many weak channels, and the shift of N."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.numerics import ensemble_statistics as statistics
from jaxspin.systems.quantum_dot import Dot, weak_localization
from jaxspin.systems.quantum_dot.sampling import sample_conductance as sample_dephased
from jaxspin.systems.quantum_dot.voltage_probe import behind_barrier, probed_conductance, sample_conductance

KEY = jax.random.key(2)


def unitary(n, seed=0):
    real, imag = np.random.default_rng(seed).normal(size=(2, n, n))
    return jnp.asarray(np.linalg.qr(real + 1j * imag)[0])


def test_barriers_keep_unitarity_and_close_channels():
    S = unitary(5)
    half = behind_barrier(S, jnp.array([1.0, 1.0, 0.3, 0.3, 0.0]))
    np.testing.assert_allclose(half @ half.conj().T, np.eye(5), atol=1e-14)
    assert abs(half[4, 4]) == pytest.approx(1, abs=1e-14)
    np.testing.assert_allclose(behind_barrier(S, jnp.ones(5)), S, atol=1e-14)


def test_barrier_is_the_sum_over_reflections():
    """One channel, S = e^i phi: r + t^2 e^i phi (1 - r' e^i phi + ...) with r' = -r."""
    r, phase = np.sqrt(0.4), np.exp(0.7j)
    bounces = r + 0.6 * phase * sum((-r * phase) ** k for k in range(60))
    found = behind_barrier(jnp.array([[phase]]), jnp.array([0.6]))
    assert complex(found[0, 0]) == pytest.approx(bounces, abs=1e-11)


def test_conductance_is_that_of_a_probe_without_current():
    """Solve for the potential of the probe at which it draws no current, potentials 1 and 0 at the leads."""
    T = np.abs(np.asarray(unitary(6))) ** 2
    lead_1, lead_2, probe = slice(0, 2), slice(2, 3), slice(3, 6)
    outgoing = T[lead_1, probe].sum() + T[lead_2, probe].sum()
    potential = T[probe, lead_1].sum() / outgoing
    current = T[lead_2, lead_1].sum() + T[lead_2, probe].sum() * potential
    assert float(probed_conductance(jnp.asarray(T), 2, 1)) == pytest.approx(current, rel=1e-13)


@pytest.mark.slow
def test_many_weak_channels_are_uniform_dephasing():
    """Six channels of transparency 1/4 are near the limit that `sampling` takes; one ballistic channel is not it."""
    dot = Dot(2, 2, dephasing=1.5)
    limit = statistics.mean(sample_dephased(dot, KEY, 6400, 40), 16)
    weak = statistics.mean(sample_conductance(dot, KEY, 6400, 40, 6), 16)
    error = float(np.hypot(limit.error, weak.error))
    assert abs(float(limit.value - weak.value)) < 3 * error + 0.02


@pytest.mark.slow
def test_weak_localization_is_that_of_the_shift_of_N():
    """To leading order: N_1 = N_2 = 5, 10 % of |<dG>| = 0.25, whatever the number of channels of the probe."""
    dot = Dot(5, 5, dephasing=10.0)
    for probe in (10, 20):
        found = statistics.mean(sample_conductance(dot, KEY, 3200, 80, probe), 16)
        correction = float(found.value) - 5
        assert abs(correction - float(weak_localization(dot))) < 0.03 + 3 * float(found.error)
        assert correction < -5 * float(found.error)


@pytest.mark.parametrize("probe", [0, 1.5, True])
def test_probe_needs_channels(probe):
    with pytest.raises(ValueError, match="integer >= 1"):
        sample_conductance(Dot(1, 1, dephasing=0.5), KEY, 4, 10, probe)


def test_other_bad_input():
    for dephasing in (0.0, 2.5):
        with pytest.raises(ValueError, match="needs 0 < dephasing <= 2"):
            sample_conductance(Dot(1, 1, dephasing=dephasing), KEY, 4, 10, 2)
    with pytest.raises(ValueError, match="M must be at least N \\+ 2 = 6"):
        sample_conductance(Dot(1, 1, dephasing=0.5), KEY, 4, 5, 2)
