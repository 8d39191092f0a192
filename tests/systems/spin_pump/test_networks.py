"""The ring's relatives by the general engine: what pumps, what does not, and the same currents as the ring's own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin import transport
from jaxspin.core import Solve, replace
from jaxspin.systems import spin_pump
from jaxspin.systems.spin_pump import Ring

ENERGIES = jnp.linspace(-1.9, 1.9, 15)


def net(driven, n_max=5):
    """Sum over n of T_RL^(n) - T_LR^(n) at some energies."""
    found = jax.vmap(lambda energy: transport.transmission_at(driven, energy, n_max))(ENERGIES)
    return jnp.sum(found[..., 1, 0] - found[..., 0, 1], axis=1)


ring_net = jax.jit(lambda ring, couplings: net(spin_pump.driven_ring(ring, arm=2, lead_couplings=couplings)))
dots_net = jax.jit(lambda ring, phase: net(spin_pump.two_dot_ring(ring, phase=phase)))
levels_net = jax.jit(lambda ring, offsets: net(spin_pump.multi_level_ring(ring, offsets, parities=(1, -1))))


def test_a_longer_ring_with_other_leads_pumps_only_with_flux():
    still = replace(Ring(phi_ab=0.0, phi_so=0.0), {"level": 0.1})
    for couplings in ((1.0, 1.0), (0.8, 0.8)):
        assert np.max(np.abs(ring_net(still, couplings))) < 1e-13
        assert np.max(np.abs(ring_net(Ring(level=0.1), couplings))) > 1e-4
    # without a flux, different leads alone do it: parity is broken, and the drive makes up for the rest
    assert np.max(np.abs(ring_net(still, (1.0, 0.6)))) > 1e-6


def test_two_parameters_pump_without_a_flux():
    ring = Ring(phi_ab=0.0, phi_so=0.0)
    # Two dots, one in either arm, are mirror images of themselves: only a flux tells left from right.
    assert np.max(np.abs(dots_net(ring, 0.0))) < 1e-13
    assert np.max(np.abs(dots_net(ring, 1.0))) < 1e-13
    assert np.max(np.abs(dots_net(Ring(), 0.0) - dots_net(Ring(), 1.0))) > 1e-4


def test_a_far_second_level_leaves_the_first_alone():
    one = jax.jit(lambda ring: net(spin_pump.driven_ring(ring)))(Ring())
    far = levels_net(Ring(), jnp.array([0.0, 1e4]))
    np.testing.assert_allclose(far, one, atol=1e-4)  # of order V_0^2/1e4
    assert np.max(np.abs(levels_net(Ring(), jnp.array([0.0, 0.1])) - one)) > 1e-3


@pytest.mark.slow
def test_the_engine_pumps_the_same_currents():
    solve = Solve(rtol=1e-14, atol=1e-9)
    found = transport.pumped_currents(spin_pump.driven_ring(Ring(), 1), 0.0, n_max=5, panels=200, solve=solve)
    ours = spin_pump.pumped_currents(Ring())
    np.testing.assert_allclose(found.value, [-ours.up, ours.up], atol=1e-8)
