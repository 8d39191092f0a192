"""Lattices of condensates against one condensate, rings in real space, and the topology of polaritons without pump."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.core import Solve
from jaxspin.numerics import brillouin
from jaxspin.systems.polariton import Condensate, jacobian
from jaxspin.systems.polariton.lattice import (
    CHAIN,
    HONEYCOMB,
    KAGOME,
    SQUARE,
    Lattice,
    Network,
    UniformState,
    bogoliubov,
    excitation_bands,
    excitation_topology,
    graph,
    rate,
    simulate_graph,
    tunnelling,
    uniform_state,
)

STABLE = Condensate(p=0.8, a=1.0, g=0.9, delta=0.02)  # below p_c = 0.91; the lattice is stable at every k
GUESS = jnp.array([[1.0, -0.9]])  # linearly polarized along y
settled = jax.jit(uniform_state)
bands = jax.jit(excitation_bands)
topology = jax.jit(excitation_topology, static_argnums=(2, 3))


@pytest.fixture(scope="module")
def honeycomb():
    network = Network(STABLE, HONEYCOMB, 18.0, 12.0)
    return network, settled(network).checked()


def in_order(values):
    return np.sort_complex(np.round(np.asarray(values), 9))


def test_sites_without_coupling_are_single_condensates():
    """Frequencies of one site: the three of the pseudospin, omega = i lambda, and the free phase at zero; at any k."""
    network = Network(STABLE, CHAIN, 0.0, 0.0, a_2=0.3)
    state = settled(network, GUESS).checked()
    one = 1j * np.linalg.eigvals(np.asarray(jacobian(STABLE, state.s[0])))
    expected = in_order(np.append(one, 0.0))
    found = bands(network, state, jnp.array([[0.0], [0.2], [0.5], [0.7]]))
    for row in np.asarray(found):
        # zero is a simple eigenvalue, so it and the others are kept to rounding times the condition of L, about 1e2
        np.testing.assert_allclose(in_order(row), expected, atol=1e-9)


def test_a_uniform_state_stays_and_keeps_its_phase_mode(honeycomb):
    """The residual is that of a root; the phase mode has frequency and damping zero at k = 0, whatever mu."""
    network, state = honeycomb
    stay = rate(network, state.phi) + 1j * state.mu * state.phi
    assert float(jnp.max(jnp.abs(stay))) < 1e-11
    at_zero = np.asarray(bands(network, state, jnp.zeros((1, 2))))[0]
    assert np.min(np.abs(at_zero)) < 1e-9  # as above
    assert abs(float(state.mu)) > 1.0  # coupling lowers the condensate by three links: it is no trivial zero


def test_coupling_that_keeps_polarization_leaves_the_pseudospin_of_one_condensate(honeycomb):
    """On a honeycomb the polarization dependent parts of three links cancel at k = 0: s knows no lattice."""
    _, state = honeycomb
    alone = settled(Network(STABLE, CHAIN, 0.0, 0.0), GUESS).checked()
    np.testing.assert_allclose(state.s, np.broadcast_to(alone.s, (2, 3)), atol=1e-10)


def test_excitations_come_in_mirrored_pairs(honeycomb):
    """omega(k) = -conj(omega(-k))."""
    network, state = honeycomb
    k = jnp.array([[0.13, 0.31]])
    here, there = bands(network, state, k)[0], bands(network, state, -k)[0]
    np.testing.assert_allclose(in_order(here), in_order(-there.conj()), atol=1e-8)


def test_bands_of_a_chain_are_those_of_a_ring_in_real_space():
    """A ring of n sites has the excitations of the chain at k = m/n, all found in one matrix without any k."""
    n = 4
    ring = Lattice(
        vectors=((float(n), 0.0),),
        positions=tuple((float(i), 0.0) for i in range(n)),
        links=tuple((i, (i + 1) % n, (int(i + 1 == n),)) for i in range(n)),
    )
    one, many = (Network(STABLE, lattice, 0.7, 0.4, a_2=-0.2) for lattice in (CHAIN, ring))
    state = settled(one, GUESS).checked()
    whole = UniformState(jnp.tile(state.phi, (n, 1)), state.mu, state.status)
    assert float(jnp.max(jnp.abs(rate(many, whole.phi) + 1j * whole.mu * whole.phi))) < 1e-10
    chain = bands(one, state, jnp.arange(n)[:, None] / n)
    found = bands(many, whole, jnp.zeros((1, 1)))
    # k and -k have equal frequencies, and a double eigenvalue is split by the root of rounding times the norm
    np.testing.assert_allclose(in_order(chain.ravel()), in_order(found.ravel()), atol=1e-7)


def test_bogoliubov_matrix_is_the_linearised_motion_of_a_graph():
    """Central differences of the nonlinear rate of a bent molecule, against L on (u, conj u), at any phi and mu."""
    network = Network(STABLE, graph([(0, 0), (1, 0), (1.5, 0.8)], [(0, 1), (1, 2)]), 0.5, 0.2, a_2=0.1)
    phi, u = jax.random.normal(jax.random.key(0), (2, 3, 2)) + 1j * jax.random.normal(jax.random.key(1), (2, 3, 2))
    mu, h, move = 0.7, 1e-5, jax.jit(rate)
    change = (move(network, phi + h * u) - move(network, phi - h * u)) / (2 * h) + 1j * mu * u
    L = jax.jit(bogoliubov)(network, UniformState(phi, jnp.array(mu), jnp.array(0)), jnp.zeros(0))
    along = -1j * L @ jnp.concatenate([u.ravel(), u.ravel().conj()])
    np.testing.assert_allclose(along[:6], change.ravel(), atol=1e-8)
    np.testing.assert_allclose(along[6:], change.ravel().conj(), atol=1e-8)


@pytest.mark.slow
def test_simulation_arrives_at_the_state_found_directly(honeycomb):
    """The slowest mode damps at 0.1 or more, e^-15 by the end; integration is kept to 1e-8 a step."""
    network, state = honeycomb
    path = simulate_graph(network, state.phi * 0.9 + 0.01, [150.0], solve=Solve(rtol=1e-8, atol=1e-10))
    turned = path[-1] * jnp.exp(-1j * jnp.angle(jnp.sum(state.phi.conj() * path[-1])))
    np.testing.assert_allclose(turned, state.phi, atol=1e-5)


@pytest.mark.parametrize("lattice", [CHAIN, SQUARE, HONEYCOMB, KAGOME], ids=["chain", "square", "honeycomb", "kagome"])
def test_coupling_is_hermitian_periodic_and_of_equal_lengths(lattice):
    network = Network(STABLE, lattice, 1.2, 0.7)
    dimension = len(lattice.vectors)
    k = jnp.array([0.17, 0.43])[:dimension]
    T = tunnelling(network, k)
    np.testing.assert_allclose(T, T.conj().T, atol=1e-15)
    np.testing.assert_allclose(T, tunnelling(network, k + 1.0), atol=1e-13)
    vectors = np.array(lattice.vectors)
    for i, j, cell in lattice.links:
        step = np.array(lattice.positions[j]) + np.array(cell) @ vectors - np.array(lattice.positions[i])
        assert np.linalg.norm(step) == pytest.approx(1.0, abs=1e-14)
    neighbours = np.bincount([end for i, j, _ in lattice.links for end in (i, j)])
    assert set(neighbours) == {{CHAIN: 2, SQUARE: 4, HONEYCOMB: 3, KAGOME: 4}[lattice]}


@functools.partial(jax.jit, static_argnums=0)
def passive(lattice, J_L, J_T, zeeman):
    """Frames of the lattice without pump, interaction and splitting epsilon, in a Zeeman splitting."""
    network = Network(STABLE, lattice, J_L, J_T)
    field = zeeman / 2 * jnp.diag(jnp.tile(jnp.array([1.0, -1.0]), lattice.sites))
    return brillouin.hermitian(jax.vmap(jax.vmap(lambda k: tunnelling(network, k) + field))(brillouin.mesh(24, 24)))


def test_graphene_of_polaritons_without_splittings_has_dirac_points():
    """w = +-|1 + exp(2 pi i k_1) + exp(2 pi i k_2)|, twice, as in graphene; zero at (1/3, -1/3)."""
    w, _, _ = passive(HONEYCOMB, 1.0, 1.0, 0.0)
    k = brillouin.mesh(24, 24)
    size = jnp.abs(1 + jnp.exp(2j * jnp.pi * k[..., 0]) + jnp.exp(2j * jnp.pi * k[..., 1]))
    np.testing.assert_allclose(w.real, jnp.stack([-size, -size, size, size], axis=-1), atol=1e-12)
    assert float(jnp.min(jnp.abs(w))) < 1e-12


@pytest.mark.parametrize("zeeman", [0.2, -0.2])
def test_polariton_topological_insulator(zeeman):
    """Nalitov, Solnyshkov and Malpuech: the gap of the honeycomb has |C| = 2, of the sign of the field."""
    w, right, _ = passive(HONEYCOMB, 1.2, 0.8, zeeman)
    assert float(jnp.min(w[..., 2].real - w[..., 1].real)) > 0.1
    assert float(brillouin.chern_number(right[..., :2])) == pytest.approx(2 * np.sign(zeeman), abs=1e-9)


def test_a_square_of_single_sites_has_no_topology():
    w, right, _ = passive(SQUARE, 1.2, 0.8, 0.3)
    assert float(jnp.min(w[..., 1].real - w[..., 0].real)) > 0.2
    assert float(brillouin.chern_number(right[..., :1])) == pytest.approx(0, abs=1e-9)


def test_kagome_bands_change_sign_with_the_field():
    """Time reversal: C(-field) = -C(field), for each gap."""
    _, up, _ = passive(KAGOME, 1.2, 0.8, 0.5)
    _, down, _ = passive(KAGOME, 1.2, 0.8, -0.5)
    found = [[float(brillouin.chern_number(right[..., :m])) for m in range(1, 6)] for right in (up, down)]
    np.testing.assert_allclose(found[0], -np.array(found[1]), atol=1e-9)
    assert max(abs(value) for value in found[0]) > 0.5


def test_the_condensate_enlarges_the_topological_gap(honeycomb):
    """Below p_c a field of 0.02 opens a gap of |C| = 2 that is 26 times as wide, in a lattice that is stable.

    Excitations far above the condensate see its mean field (1/2)(alpha_1 |psi_+|^2 + alpha_2 |psi_-|^2) with exchange,
    alpha_1 twice: a splitting of delta + (2 a + a_2) s_z. At the Dirac points the kinetic energy is J = 15 and all else
    is of order 1, so the gap is that splitting up to (1/15)^2 of order one: 2 % leaves a factor of five.
    """
    network, state = honeycomb
    found = topology(network, state, 2, 24)
    splitting = STABLE.delta + 2 * STABLE.a * state.s[0, 2]
    assert float(found.direct) == pytest.approx(float(splitting), rel=0.02)
    assert float(found.direct / STABLE.delta) > 25
    assert float(found.gap) > 0.4  # between any two k: a true gap
    assert float(found.chern) == pytest.approx(-2, abs=1e-8)  # of the bands above; +2 below, as without condensate
    assert float(found.growth) < 1e-10


@pytest.mark.slow
def test_pumping_turns_a_trivial_gap_into_a_topological_one():
    """The splitting epsilon of linear polarizations gaps the lattice trivially in weak fields; pumping inverts it."""
    chern = []
    for p in (-0.2, 0.8):
        network = Network(Condensate(p=p, a=1.0, g=0.9, delta=0.002), HONEYCOMB, 18.0, 12.0)
        found = topology(network, settled(network).checked(), 2, 24)
        assert float(found.direct) > 0.02
        assert float(found.growth) < 1e-10
        chern.append(float(found.chern))
    np.testing.assert_allclose(chern, [0, -2], atol=1e-8)


def test_bad_lattices_are_refused():
    with pytest.raises(ValueError, match=r"names a site outside 0\.\.0"):
        Lattice(vectors=(), positions=((0.0, 0.0),), links=((0, 1, ()),))
    with pytest.raises(ValueError, match="needs a cell of 1 integers"):
        Lattice(vectors=((1.0, 0.0),), positions=((0.0, 0.0),), links=((0, 0, ()),))
    with pytest.raises(ValueError, match="ties a site to itself"):
        graph([(0, 0)], [(0, 0)])
    network = Network(STABLE, CHAIN, 1.0, 1.0)
    with pytest.raises(ValueError, match="two dimensions"):
        excitation_topology(network, settled(network, GUESS), 1)
