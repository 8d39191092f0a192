"""Networks at rest: exact transmissions, conservation, gauge invariance, layers, bias and temperature, bad input."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxspin.numerics.fermi import occupation
from jaxspin.transport import (
    Chain,
    Network,
    Wire,
    bond_currents,
    channel_transmission,
    flux_phase,
    gauge_transformed,
    green_function,
    landauer_currents,
    layered_transmission,
    layers,
    local_density_of_states,
    network,
    peierls_phase,
    scattering_matrix,
    spin_phase,
    transmission,
)

ANGLES = st.lists(st.floats(-10, 10), min_size=5, max_size=5)


def random_network(seed, orbitals=1):
    """Five sites, all of which hop to all others, with complex amplitudes, and three leads."""
    rng = np.random.default_rng(seed)
    n = 5 * orbitals
    matrix = rng.standard_normal((n, n)) + 1j * rng.standard_normal((n, n))
    return Network(jnp.asarray(matrix + matrix.conj().T) / 2, [Chain(0), Chain(2, 1.5, 0.8), Chain(4, 1.2)], orbitals)


def resonant_level(level, coupling):
    return network([level], [], [Chain(0, coupling=coupling), Chain(0, coupling=coupling)])


def test_a_level_between_two_chains_is_a_resonance():
    # Sigma = V^2 (E - i sqrt(4 - E^2))/2 from each chain: T = Gamma^2/((E - level - 2 Re Sigma)^2 + Gamma^2)
    energies = np.array([-1.99, -0.5, 0.1, 1.3])
    level, v = 0.1, 0.4
    gamma = v**2 * np.sqrt(4 - energies**2)
    exact = gamma**2 / ((energies - level - v**2 * energies) ** 2 + gamma**2)
    got = [transmission(resonant_level(level, v), energy)[1, 0] for energy in energies]
    np.testing.assert_allclose(got, exact, rtol=1e-13)


@pytest.mark.parametrize("energy", [0.0, 1.0, 2 - 1e-9, 2 - 1e-14, -2 + 1e-12])
def test_a_uniform_chain_transmits_everything_up_to_its_band_edges(energy):
    chain = network([0.0] * 3, [(1, 0, 1.0), (2, 1, 1.0)], [Chain(0), Chain(2)])
    np.testing.assert_allclose(transmission(chain, energy), [[0, 1], [1, 0]], atol=1e-12)


@settings(max_examples=15)
@given(seed=st.integers(0, 10**6), energy=st.floats(-1.9, 1.9), angles=ANGLES)
def test_random_networks_conserve_current_and_do_not_see_the_gauge(seed, energy, angles):
    net = random_network(seed)
    t = transmission(net, energy)
    np.testing.assert_allclose(jnp.sum(t, axis=0), 1, atol=1e-11)
    np.testing.assert_allclose(jnp.sum(t, axis=1), 1, atol=1e-11)
    np.testing.assert_allclose(transmission(gauge_transformed(net, np.array(angles)), energy), t, atol=1e-11)
    s = scattering_matrix(net, energy)
    np.testing.assert_allclose(s @ s.conj().T, np.eye(3), atol=1e-11)
    np.testing.assert_allclose(jnp.abs(s) ** 2, t, atol=1e-11)


@pytest.mark.parametrize("energy", [2.0, -2.0, 2 - 1e-15, 2 + 1e-12, 2.7])
def test_the_scattering_matrix_is_unitary_at_and_beyond_band_edges(energy):
    # the second lead is open to 3, so only the first closes
    net = random_network(3)
    s = jax.jit(scattering_matrix)(net, energy)
    np.testing.assert_allclose(s @ s.conj().T, np.eye(3), atol=1e-11)
    if abs(energy) > 2:
        np.testing.assert_allclose(s[0], [-1, 0, 0], atol=1e-15)


def test_reversing_the_field_transposes_the_transmission():
    net = random_network(5)
    reverse = Network(net.hamiltonian.conj(), net.leads)
    np.testing.assert_allclose(transmission(reverse, 0.3), transmission(net, 0.3).T, atol=1e-13)


def test_currents_through_bonds_balance_at_every_site_and_add_up_to_the_transmission():
    net = random_network(7)
    currents = bond_currents(net, 0.4)
    leaving = jnp.sum(currents, axis=1)  # (lead, site j)
    t = transmission(net, 0.4)
    np.testing.assert_allclose(leaving[:, jnp.array([1, 3])], 0, atol=1e-12)
    np.testing.assert_allclose(currents, -jnp.swapaxes(currents, 1, 2), atol=1e-12)
    # at lead 2's site what does not go on into the network leaves by the lead
    np.testing.assert_allclose(leaving[0, 4], -t[2, 0], atol=1e-12)
    np.testing.assert_allclose(leaving[0, 0], t[1, 0] + t[2, 0], atol=1e-12)


def test_the_density_of_states_of_a_chain_is_that_of_the_infinite_one():
    chain = network([0.0] * 3, [(1, 0, 1.0), (2, 1, 1.0)], [Chain(0), Chain(2)])
    exact = 1 / (np.pi * np.sqrt(4 - 0.7**2))
    np.testing.assert_allclose(local_density_of_states(chain, 0.7), exact, rtol=1e-13)
    np.testing.assert_allclose(
        green_function(chain, 0.7)[0, 2], np.exp(-2j * np.arccos(0.35)) / (1j * np.sqrt(4 - 0.49))
    )


def test_spin_turns_by_the_angle_of_every_hopping():
    angle, axis = 0.3, np.array([0.0, 1.0, 0.0])
    turn = spin_phase(angle, axis)
    net = network([0.0] * 4, [(i + 1, i, turn) for i in range(3)], [Chain(0), Chain(3)], orbitals=2)
    t = channel_transmission(net, 0.5)
    stays, flips = np.cos(3 * angle) ** 2, np.sin(3 * angle) ** 2
    np.testing.assert_allclose(t[1, :, 0], [[stays, flips], [flips, stays]], atol=1e-13)
    np.testing.assert_allclose(jnp.sum(t, axis=(1, 3)), transmission(net, 0.5), atol=1e-12)
    np.testing.assert_allclose(spin_phase(0.2), np.diag(np.exp([0.2j, -0.2j])), atol=1e-15)
    np.testing.assert_allclose(turn @ turn.conj().T, np.eye(2), atol=1e-15)


def test_a_field_gives_every_loop_its_flux_and_a_flux_its_period():
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [1.5, 2.0], [0.3, 1.0]])
    area = 0.5 * abs(sum(a[0] * b[1] - a[1] * b[0] for a, b in zip(corners, np.roll(corners, -1, 0), strict=True)))
    loop = np.prod([peierls_phase(a, b, 0.13) for a, b in zip(corners, np.roll(corners, -1, 0), strict=True)])
    np.testing.assert_allclose(loop, np.exp(2j * np.pi * 0.13 * area), atol=1e-14)

    def ring(flux):
        hop = [(1, 0, 1.0), (2, 1, 1.0), (3, 2, 0.7), (0, 3, 0.7 * flux_phase(flux))]
        return transmission(network([0.1, 0.0, 0.2, -0.3], hop, [Chain(0), Chain(2)]), 0.4)[1, 0]

    np.testing.assert_allclose(ring(0.3), ring(1.3), atol=1e-13)
    np.testing.assert_allclose(ring(0.3), ring(-0.3), atol=1e-13)  # two leads
    assert abs(ring(0.3) - ring(0.0)) > 1e-2


def strip(length, width, seed=0):
    rng = np.random.default_rng(seed)
    site = lambda x, y: x * width + y
    hop = [(site(x + 1, y), site(x, y), -1.0) for x in range(length - 1) for y in range(width)]
    hop += [(site(x, y + 1), site(x, y), -np.exp(0.1j * x)) for x in range(length) for y in range(width - 1)]
    cell = -(np.eye(width, k=1) + np.eye(width, k=-1))
    last = range((length - 1) * width, length * width)
    return network(
        list(rng.uniform(-1, 1, length * width)), hop, [Wire(range(width), cell, -1.0), Wire(last, cell, -1.0)]
    )


def test_layers_agree_with_the_whole():
    net = strip(6, 3)
    for energy in (-2.0, 0.3):
        np.testing.assert_allclose(
            layered_transmission(layers(net), energy), transmission(net, energy)[1, 0], rtol=1e-12
        )
    with pytest.raises(ValueError, match=r"layers: .* must have one size"):
        layers(Network(random_network(0).hamiltonian, random_network(0).leads[:2]))


def test_wide_leads_conserve_current_and_do_not_see_the_gauge():
    net = strip(4, 3)
    t = transmission(net, 0.3)
    np.testing.assert_allclose(jnp.sum(t, axis=0), 3, atol=1e-12)
    other = gauge_transformed(net, np.random.default_rng(1).uniform(-3, 3, 12))
    np.testing.assert_allclose(transmission(other, 0.3), t, atol=1e-12)


def test_a_small_bias_measures_the_transmission():
    net = resonant_level(0.1, 0.4)
    small = landauer_currents(net, jnp.array([0.3 + 5e-5, 0.3 - 5e-5]))
    np.testing.assert_allclose(small.value[1] / 1e-4, transmission(net, 0.3)[1, 0], rtol=1e-7)  # bias squared


@pytest.mark.slow
def test_bias_and_heat_drive_the_integral_of_the_transmission():
    net = resonant_level(0.1, 0.4)
    energies = np.linspace(-2, 2, 4001)[1:-1]  # the trapezoidal rule errs by (step)^(3/2) at the edges
    t = jax.vmap(lambda e: transmission(net, e)[1, 0])(energies)
    for mu, kt in (([0.5, -0.4], [0.1, 0.1]), ([0.2, 0.2], [0.3, 0.01])):
        current = landauer_currents(net, jnp.array(mu), jnp.array(kt))
        window = occupation(energies, mu[0], kt[0]) - occupation(energies, mu[1], kt[1])
        np.testing.assert_allclose(current.value[1], np.trapezoid(t * window, energies), rtol=2e-5)
        np.testing.assert_allclose(current.value[0], -current.value[1], rtol=1e-10)
        assert current.status == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Network(jnp.array([[0, 1.0], [2.0, 0]]), [Chain(0)]), "must be Hermitian: between orbitals 0 and 1"),
        (lambda: network([0.0], [], [Chain(3)]), "lead 0: site 3 is out of range, the network has sites 0 to 0"),
        (lambda: network([0.0, 0.0], [(0, 5, 1.0)], [Chain(0)]), "hopping .0, 5.: site 5 is out of range"),
        (lambda: network([0.0, 0.0], [(1, 1, 1.0)], [Chain(0)]), "does not hop to itself"),
        (lambda: network([0.0, 0.0], [], [Chain(0)]), "no path of bonds leads from site 1 to a lead"),
        (lambda: network([0.0], [], []), "at least one lead"),
        (lambda: network([1j], [], [Chain(0)]), "must be Hermitian"),
        (lambda: network([np.eye(3)], [], [Chain(0)], orbitals=2), "must be a number or a matrix .2, 2."),
        (
            lambda: network([0.0, 0.0], [(0, 1, 1.0)], [Wire([0], np.eye(2), 1.0)]),
            "lead 0: its coupling must have 1 rows",
        ),
        (lambda: network([np.nan], [], [Chain(0)]), "must be finite"),
        (lambda: transmission(resonant_level(0.0, 1.0), 2.5), "lead 0 carries no wave at energy 2.5: .* -2 and 2"),
    ],
)
def test_networks_that_are_none_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
