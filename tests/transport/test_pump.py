"""Pumped currents: in time, adiabatic, differentiable, with their harmonics and noise."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.transport import (
    Chain,
    Driven,
    adiabatic_current,
    current_harmonic,
    current_noise,
    density_harmonic,
    evolve,
    level_drive,
    network,
    occupied,
    pumped_currents,
    sideband_edges,
    spin_phase,
    transmission,
    transmission_at,
)

MU, KT = 0.3, 0.2
WIDE = 1.5  # hopping of leads with a band from -3 to 3


def two_drives(frequency=1.0, v=0.5, phase=1.0):
    """A chain of four sites whose inner levels move with a phase between them."""
    hop = [(0, 1, 0.8), (1, 2, 1.0), (2, 3, 0.9)]
    drives = [level_drive(1, v), level_drive(2, v, phase=phase)]
    return Driven(network([0.1, 0.2, -0.1, 0.0], hop, [Chain(0), Chain(3)]), frequency, drives)


def one_dot():
    """A ring with a flux and one driven dot, in leads with a wide band: states bound outside it would leak slowly.

    In leads of hopping 1 there are two, at -2.07 and 2.12; after 15 periods the current is off by 0.7 %, after 30 by
    0.2 %.
    """
    hop = [(1, 0, 1.0), (2, 1, 1.0), (0, 3, 0.8 * np.exp(0.5j * np.pi)), (2, 3, 0.8)]
    leads = [Chain(0, WIDE), Chain(2, WIDE)]
    return Driven(network([0.0, 0.0, 0.0, 0.3], hop, leads), 1.0, level_drive(3, 0.8))


def spin_ring():
    """A triangle with SU(2) spin-orbit phases and a flux, two harmonics of one level."""
    turn = spin_phase(0.6, [0.6, 0.0, 0.8])
    hop = [(1, 0, 0.9 * turn), (2, 1, 0.7 * spin_phase(0.4)), (0, 2, 0.8 * np.exp(1.1j) * np.eye(2))]
    drives = [level_drive(1, 0.6, orbitals=2), level_drive(1, 0.4, phase=0.7, harmonic=2, orbitals=2)]
    return Driven(network([0.2, 0.0, -0.1], hop, [Chain(0, WIDE), Chain(2, WIDE)], orbitals=2), 1.0, drives)


@pytest.mark.slow
@pytest.mark.parametrize(("make", "periods"), [(two_drives, 15), (one_dot, 9), (spin_ring, 9)])
def test_floquet_agrees_with_propagation_in_time(make, periods):
    # 15 periods are 94/gamma, waves come back after 100, in wide leads after 67; the beginning decays with time^-2,
    # mostly alike in both leads
    driven, steps = make(), 32
    motion = evolve(driven, MU, KT, length=100, periods=periods, steps=steps)
    flow = 2 * jnp.pi * jnp.mean(motion.currents.reshape(periods, steps, 2)[-2], axis=0)
    pumped = pumped_currents(driven, MU, KT, n_max=10)
    assert pumped.status == 0
    np.testing.assert_allclose(pumped.value[0], -pumped.value[1], rtol=1e-8)
    np.testing.assert_allclose((flow[1] - flow[0]) / 2, pumped.value[1], rtol=1e-4)


@pytest.mark.parametrize("order", [pytest.param(0, marks=pytest.mark.slow), 1, pytest.param(2, marks=pytest.mark.slow)])
def test_harmonics_of_the_current_feed_the_density(order):
    # sum_a I_a,l = i l Omega N_l, at l = 0 zero; currents in e/h, densities in 1
    driven, energy = two_drives(), jnp.asarray(0.4)
    into = jnp.sum(current_harmonic(driven, energy, order, 8), axis=0)
    held = jnp.sum(density_harmonic(driven, energy, order, 8), axis=0)
    np.testing.assert_allclose(into, 2 * np.pi * 1j * order * held, atol=1e-11)


@pytest.mark.slow
def test_harmonics_and_densities_agree_with_propagation_in_time():
    driven, steps = two_drives(), 32
    motion = evolve(driven, MU, KT, length=100, periods=15, steps=steps)
    last = slice(13 * steps, 14 * steps)
    turn = np.exp(1j * motion.time[last])[:, None]
    first = occupied(eqx.Partial(harmonic_of, order=1), driven.network, MU, KT, driven)
    np.testing.assert_allclose(first.value, 2 * np.pi * np.mean(motion.currents[last] * turn, axis=0), rtol=2e-3)
    density = occupied(eqx.Partial(density_of, order=0), driven.network, MU, KT, driven)
    np.testing.assert_allclose(density.value, np.mean(motion.density[last], axis=0), rtol=2e-3)


def harmonic_of(driven, energy, order):
    return current_harmonic(driven, energy, order, 8)


def density_of(driven, energy, order):
    return density_harmonic(driven, energy, order, 8)


def test_a_slow_pump_is_brouwers():
    # I/Omega at two frequencies, extrapolated to zero: what is left is of second order, 0.1^2 over level widths of 1
    rates = []
    for frequency in (0.05, 0.1):
        driven = two_drives(frequency, v=0.1)
        adiabatic = adiabatic_current(driven, 0.1)
        rates.append(pumped_currents(driven, 0.1, 0.0, n_max=10).value / frequency)
    np.testing.assert_allclose(2 * rates[0] - rates[1], adiabatic / frequency, rtol=3e-2)
    np.testing.assert_allclose(adiabatic[0], -adiabatic[1], rtol=1e-10)
    # one parameter alone encloses no area
    single = eqx.tree_at(lambda d: d.drives[1].amplitude, driven, jnp.zeros((1, 1)) + 0j)
    np.testing.assert_allclose(adiabatic_current(single, 0.1), 0, atol=1e-12)


@pytest.mark.slow
def test_gradients_of_pumped_currents_agree_with_differences():
    def current(p):
        hop = [(1, 0, 1.0), (2, 1, 1.0), (0, 3, p["v0"] * jnp.exp(2j * jnp.pi * p["flux"])), (2, 3, p["v0"])]
        driven = Driven(
            network([0.0, 0.0, 0.0, p["level"]], hop, [Chain(0), Chain(2)]), p["omega"], level_drive(3, p["v"])
        )
        # to the resonance, of half-width 2 V_0^2 sin^2(pi flux)
        return pumped_currents(
            driven, p["mu"], p["kt"], n_max=6, breakpoints=sideband_edges(driven, p["level"][None])
        ).value[1]

    at = {"v0": 0.25, "flux": 0.2, "level": 0.1, "omega": 0.2, "v": 0.1, "mu": 0.05, "kt": 0.02}
    at = {name: jnp.asarray(value) for name, value in at.items()}
    value = jax.jit(current)
    slope = jax.jit(jax.grad(current))(at)
    for name in at:
        step = 1e-4
        moved = [value({**at, name: at[name] + shift}) for shift in (-2 * step, -step, step, 2 * step)]
        numeric = (moved[0] - 8 * moved[1] + 8 * moved[2] - moved[3]) / (12 * step)
        np.testing.assert_allclose(slope[name], numeric, rtol=1e-6, atol=1e-8)  # 1e-12/step of the integral


@pytest.mark.slow
def test_noise_at_rest_is_thermal_and_shot_noise_and_conserved_under_a_drive():
    still = two_drives(v=0.0)
    through = transmission(still.network, 0.1)[1, 0]
    thermal = current_noise(still, 0.1, 1e-3, n_max=1)
    np.testing.assert_allclose(thermal.value, 2e-3 * through * np.array([[1, -1], [-1, 1]]), rtol=1e-3, atol=1e-12)
    shot = current_noise(still, jnp.array([0.105, 0.095]), 0.0, n_max=1)
    np.testing.assert_allclose(shot.value[1, 1], 0.01 * through * (1 - through), rtol=1e-4)
    driven = current_noise(two_drives(), 0.1, 0.02, n_max=6)
    assert driven.status == 0
    np.testing.assert_allclose(jnp.sum(driven.value, axis=0), 0, atol=1e-6)
    assert driven.value[1, 1].real > 0
    quick = current_noise(two_drives(), 0.1, 0.02, 0.3, n_max=6)
    np.testing.assert_allclose(quick.value, quick.value.conj().T, atol=1e-7)


@pytest.mark.slow
def test_gradients_of_sideband_transmission_agree_with_differences():
    def total(p):
        hop = [(1, 0, 1.0), (2, 1, 1.0), (0, 3, p[0] * jnp.exp(2j * jnp.pi * p[1])), (2, 3, p[0])]
        driven = Driven(network([0.0, 0.0, 0.0, p[2]], hop, [Chain(0), Chain(2)]), p[3], level_drive(3, p[4]))
        return jnp.sum(transmission_at(driven, p[5], 6)[:, 1, 0] * jnp.arange(1.0, 14.0))

    at = jnp.array([0.25, 0.2, 0.1, 0.2, 0.3, 0.05])
    slope = jax.jit(jax.grad(total))(at)
    step = 1e-4
    value = jax.jit(jax.vmap(total))
    near = {shift: value(at[None] + shift * step * jnp.eye(6)) for shift in (-2, -1, 1, 2)}
    numeric = (near[-2] - 8 * near[-1] + 8 * near[1] - near[2]) / (12 * step)
    np.testing.assert_allclose(slope, numeric, rtol=1e-6, atol=1e-8)  # rounding 1e-14/step, step^4 over widths^5
