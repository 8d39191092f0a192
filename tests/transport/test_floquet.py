"""Driven networks: against a dense Floquet matrix, symmetries, conservation, gauge, truncation, bad input."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxspin.transport import (
    Chain,
    Driven,
    Network,
    gauge_transformed,
    hopping_drive,
    level_drive,
    network,
    sideband_transmission,
    sidebands,
    transmission,
    transmission_at,
    truncation,
)

LEADS = (Chain(0), Chain(2, 1.5, 0.8), Chain(4, 1.2))


def ring(flux, level=0.0, v=0.07, frequency=0.2):
    """A chain of three sites between two leads, and a driven dot beside its middle."""
    hop = [(1, 0, 1.0), (2, 1, 1.0), (0, 3, 0.25 * jnp.exp(2j * jnp.pi * flux)), (2, 3, 0.25)]
    return Driven(network([0.0, 0.0, 0.0, level], hop, [Chain(0), Chain(2)]), frequency, level_drive(3, v))


def of_ring(flux, energy, level, v, frequency, n_max):
    # as arrays: of plain numbers filter_jit would compile each anew
    return _of_ring(*(jnp.asarray(number, dtype=float) for number in (flux, energy, level, v, frequency)), n_max)


@eqx.filter_jit
def _of_ring(flux, energy, level, v, frequency, n_max):
    return transmission_at(ring(flux, level, v, frequency), energy, n_max)


def random_driven(seed, frequency=0.8):
    """Three leads, all five sites coupled, three drives: a level, a hopping with another phase, a second harmonic."""
    rng = np.random.default_rng(seed)
    matrix = rng.standard_normal((5, 5)) + 1j * rng.standard_normal((5, 5))
    drives = [
        level_drive(1, rng.uniform(0.1, 0.4)),
        hopping_drive(3, 1, 0.2 * np.exp(1j * rng.uniform(0, 6)), phase=rng.uniform(0, 6)),
        level_drive([1, 3], 0.15, phase=rng.uniform(0, 6), harmonic=2),
    ]
    return Driven(Network(jnp.asarray(matrix + matrix.conj().T) / 2, LEADS), frequency, drives)


def dense_sidebands(driven, energy, n_max):
    """The Floquet matrix of sidebands -n_max ... n_max, inverted by numpy: columns of sideband 0, (M, n, n)."""
    n, count = driven.network.hamiltonian.shape[0], 2 * n_max + 1
    couplings = np.asarray(driven.couplings(range(driven.network.sites)))
    matrix = np.zeros((count, n, count, n), dtype=complex)
    for p in range(count):
        e = energy + (p - n_max) * float(driven.frequency)
        matrix[p, :, p] = e * np.eye(n) - np.asarray(driven.network.hamiltonian)
        for lead in driven.network.leads:
            matrix[p, lead.site, p, lead.site] -= complex(lead.self_energy(e, 1)[0, 0])
        for k, v in enumerate(couplings, 1):
            if p + k < count:
                matrix[p + k, :, p] -= v
                matrix[p, :, p + k] -= v.conj().T
    return np.linalg.inv(matrix.reshape(count * n, -1)).reshape(count, n, count, n)[:, :, n_max]


@pytest.mark.parametrize("n_max", [pytest.param(6, marks=pytest.mark.slow), 5])
def test_the_continued_fraction_is_the_inverse_of_the_whole_floquet_matrix(n_max):
    driven = random_driven(0)  # groups of two sidebands, from 0 on: -6 ... 7, of which 7, or -6, 6 and 7 are left out
    exact = dense_sidebands(driven, 0.3, n_max)
    got = sidebands(driven, 0.3, n_max)
    for lead, column in zip(LEADS, got.columns, strict=True):
        np.testing.assert_allclose(column[:, :, 0], exact[:, :, lead.site], atol=1e-12)
    single = ring(0.2)
    exact = dense_sidebands(single, 0.3, 4)
    for lead, column in zip(single.network.leads, sidebands(single, 0.3, 4).columns, strict=True):
        np.testing.assert_allclose(column[:, :, 0], exact[:, :, lead.site], atol=1e-13)


def test_the_drives_add_up_to_the_hamiltonian_of_every_instant():
    driven, time = random_driven(1), 1.7
    whole = np.array(driven.network.hamiltonian)
    for drive in driven.drives:
        rows = np.array(drive.sites)
        turn = np.asarray(drive.amplitude) * np.exp(-1j * drive.harmonic * 0.8 * time)
        whole[np.ix_(rows, rows)] += turn + turn.conj().T
    np.testing.assert_allclose(driven.hamiltonian(time), whole, atol=1e-14)
    level = level_drive(0, 0.3, phase=0.5)
    both = Driven(network([0.0], [], [Chain(0)]), 0.4, level).hamiltonian(time)
    np.testing.assert_allclose(both[0, 0], 0.3 * np.cos(0.4 * time + 0.5), rtol=1e-14)


@settings(max_examples=12)
@given(
    seed=st.integers(0, 10**6), energy=st.floats(-1.9, 1.9), angles=st.lists(st.floats(-9, 9), min_size=5, max_size=5)
)
def test_random_pumps_conserve_current_and_do_not_see_the_gauge(seed, energy, angles):
    driven, angles = random_driven(seed), np.array(angles)
    t = transmission_at(driven, jnp.asarray(energy), 6)
    np.testing.assert_allclose(jnp.sum(t, axis=(0, 1)), 1, atol=1e-11)
    turn = np.exp(1j * angles)

    def turned(drive):
        rows = np.array(drive.sites)
        return eqx.tree_at(
            lambda d: d.amplitude, drive, turn[rows][:, None] * drive.amplitude * turn[rows].conj()[None]
        )

    drives = [turned(drive) for drive in driven.drives]
    other = Driven(gauge_transformed(driven.network, angles), driven.frequency, drives)
    np.testing.assert_allclose(transmission_at(other, jnp.asarray(energy), 6), t, atol=1e-11)


@pytest.mark.parametrize("energy", [-2.0, 2.0, -1.0, 0.0, 1.6, 1.9999999, -2 + 1e-14])
@pytest.mark.parametrize("flux", [0.0, 0.2, 0.5])
def test_a_pump_is_unitary_band_edges_included(energy, flux):
    # with frequency 0.2 sidebands of all these energies meet the band edges, or the level, exactly
    t = of_ring(flux, energy, 0.0, 0.07, 0.2, 12)
    np.testing.assert_allclose(jnp.sum(t, axis=(0, 1)), 1, atol=1e-12)


def test_the_symmetries_of_one_drive():
    # T_RL^(n)(E, phi) = T_LR^(n)(E, -phi), and microreversibility T_RL^(n)(E, phi) = T_RL^(-n)(E + n Omega, phi)
    t = of_ring(0.2, 0.3, 0.1, 0.5, 0.2, 12)
    np.testing.assert_allclose(t[:, 1, 0], of_ring(-0.2, 0.3, 0.1, 0.5, 0.2, 12)[:, 0, 1], atol=1e-13)
    for n in (-2, 1, 3):
        back = of_ring(0.2, 0.3 + n * 0.2, 0.1, 0.5, 0.2, 12)
        np.testing.assert_allclose(t[12 + n, 1, 0], back[12 - n, 1, 0], rtol=1e-6)  # the two lattices end elsewhere
    assert jnp.max(jnp.abs(t[:, 1, 0] - t[:, 0, 1])) > 1e-4
    for flux in (0.0, 0.5):
        t = of_ring(flux, 0.3, 0.1, 0.5, 0.2, 12)
        np.testing.assert_allclose(t[:, 1, 0], t[:, 0, 1], atol=1e-13)


def test_a_drive_of_amplitude_zero_is_none():
    t = of_ring(0.2, 0.3, 0.1, 0.0, 0.2, 12)
    np.testing.assert_allclose(t[12], transmission(ring(0.2, 0.1).network, 0.3), atol=1e-13)
    assert jnp.sum(jnp.abs(t)) - jnp.sum(t[12]) == 0


@pytest.mark.slow
def test_a_slow_drive_is_the_average_of_networks_at_rest():
    # sum over n of T^(n) at Omega -> 0 is the time average of |S_RL|^2, up to Omega
    moments = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    still = lambda level: transmission(ring(0.2, level).network, 0.3)[1, 0]
    average = jnp.mean(jax.vmap(still)(0.3 + 0.1 * np.cos(moments)))
    slow = jnp.sum(of_ring(0.2, 0.3, 0.3, 0.1, 1e-3, 140)[:, 1, 0])
    np.testing.assert_allclose(slow, average, rtol=2e-2)


@pytest.mark.parametrize(("v", "least", "most"), [(0.07, 4, 8), (1.0, 17, 24)])
def test_truncation_finds_what_is_needed(v, least, most):
    # v/Omega + 5 ... 12 for 1e-8, where the notes of independent calculations say 18 for v = 1
    assert least <= truncation(ring(0.2, 0.2, v), tolerance=1e-8) <= most


@pytest.mark.slow
def test_what_truncation_finds_is_enough_and_less_is_not():
    n_max = truncation(ring(0.2, 0.2, 1.0), tolerance=1e-8)
    energies = jnp.linspace(-1.9, 1.9, 24)
    net = lambda n: jax.vmap(lambda e: jnp.sum(of_ring(0.2, e, 0.2, 1.0, 0.2, n), axis=0))(energies)
    exact = net(40)
    assert jnp.max(jnp.abs(net(n_max) - exact)) < 1e-7
    assert jnp.max(jnp.abs(net(n_max - 4) - exact)) > 1e-9


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ring(0.2, frequency=0.0), "frequency hbar Omega must be > 0, got 0.0"),
        (lambda: ring(0.2, frequency=-0.1), "frequency hbar Omega must be > 0"),
        (lambda: Driven(ring(0.2).network, 0.2, []), "at least one drive"),
        (lambda: Driven(ring(0.2).network, 0.2, level_drive(7, 0.1)), "drive 0: site 7 is out of range, .* 0 to 3"),
        (lambda: Driven(ring(0.2).network, 0.2, level_drive(1, np.eye(2))), "drive 0: its amplitude must be .1, 1."),
        (lambda: level_drive(0, 0.1, harmonic=0), "its harmonic must be at least 1"),
        (lambda: level_drive([1, 1], 0.1), "its sites must differ"),
        (
            lambda: sideband_transmission(ring(0.2, v=1.0), 0.3, n_max=3),
            r"n_max = 3 is too small .*; n_max = 9 is needed",
        ),
        (lambda: sideband_transmission(random_driven(0), 0.3, n_max=1), "n_max = 1 is too small"),
        (lambda: sidebands(random_driven(0), 0.3, 1), "n_max = 1 is too small for a drive with harmonic 2"),
        (lambda: sideband_transmission(ring(0.2), 3.0, n_max=5), "lead 0 carries no wave at energy 3"),
    ],
)
def test_drives_that_are_none_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_truncation_cannot_be_found_under_jit():
    with pytest.raises(TypeError, match="n_max is a shape"):
        jax.jit(lambda v: truncation(ring(0.2, v=v)))(0.1)
