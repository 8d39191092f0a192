"""Leads: closed self-energies in and out of the band, wires against their modes, what they refuse."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.transport import Chain, Wire
from jaxspin.transport.surface import mode_self_energy, surface_self_energy

EDGES = (0.1, -0.1, 1e-3, -1e-3, 1e-6, -1e-6, 1e-9, -1e-9)
CELL = -(np.eye(4, k=1) + np.eye(4, k=-1))
surface = jax.jit(surface_self_energy)


def test_a_chain_is_exact_to_rounding_at_any_distance_from_its_edges():
    # sqrt(4 - E^2) by extended precision; relative to each part, so that cancellation would show
    for edge in (-2.0, 2.0):
        energies = np.array([edge * (1 - distance) for distance in (*EDGES, 0.5, 1e-13, -1e-13, -2.0)])
        sigma = np.array([Chain(0).self_energy(energy, 1)[0, 0] for energy in energies])
        e = energies.astype(np.longdouble)
        inside = np.abs(e) < 2
        root = np.sqrt(np.abs((2 - np.abs(e)) * (2 + np.abs(e))))
        real = np.where(inside, e / 2, 2 * np.sign(e) / (np.abs(e) + root)).astype(float)
        np.testing.assert_allclose(sigma.real, real, rtol=1e-15)
        np.testing.assert_allclose(sigma.imag, np.where(inside, -root / 2, 0).astype(float), rtol=1e-15)


def test_a_chain_depends_on_the_size_of_its_hoppings_and_on_its_onsite_energy():
    lead = Chain(0, hopping=-0.5j, coupling=0.3, onsite=0.2)
    whole = Chain(0).self_energy((0.6 - 0.2) / 0.5, 1)
    np.testing.assert_allclose(lead.self_energy(0.6, 1), whole * 0.3**2 / 0.5, rtol=1e-14)
    split = Chain(0, onsite=jnp.array([0.3, -0.3])).self_energy(0.1, 2)
    np.testing.assert_allclose(jnp.diag(split)[0], Chain(0).self_energy(-0.2, 1)[0, 0], rtol=1e-14)
    assert split[0, 1] == 0


def test_the_derivative_of_a_chain_is_finite_everywhere():
    slope = lambda energy: jax.jvp(lambda e: Chain(0).self_energy(e, 1)[0, 0], (energy,), (1.0,))[1]
    for energy in (0.0, 2.0, -2.0, 3.0):
        assert jnp.isfinite(slope(energy))
    step = 1e-6
    for energy in (0.7, 2.5):
        numeric = (Chain(0).self_energy(energy + step, 1) - Chain(0).self_energy(energy - step, 1)) / (2 * step)
        np.testing.assert_allclose(slope(energy), numeric[0, 0], rtol=1e-8)  # rounding 1e-16/step, curvature step^2


@pytest.mark.parametrize("distance", EDGES)
def test_a_wire_by_its_surface_agrees_with_its_modes_near_a_band_edge(distance):
    modes = np.linalg.eigvalsh(CELL)
    for edge in (modes[0] - 2, modes[1] - 2, modes[2] + 2):
        energy = edge - distance
        general = surface(energy, CELL + 0j, -np.eye(4) + 0j)
        closed = mode_self_energy(energy, CELL + 0j, jnp.asarray(1.0))
        # the edge sits at a rounded energy: Sigma moves by rounding/sqrt(distance), as do its corrections
        np.testing.assert_allclose(general, closed, atol=1e-14 + 3e-15 / np.sqrt(abs(distance)))


@pytest.mark.parametrize("energy", [0.0, np.sqrt(2.0), 1.0])
def test_a_wire_is_accurate_where_decimation_meets_the_levels_of_a_piece(energy):
    general = surface(energy, np.zeros((2, 2)) + 0j, np.eye(2) + 0j)
    np.testing.assert_allclose(general, Chain(0).self_energy(energy, 2), atol=1e-11)


def test_a_wire_at_the_very_edge_is_finite_and_near():
    edge = np.linalg.eigvalsh(CELL)[1] + 2
    general = surface(edge, CELL + 0j, -np.eye(4) + 0j)
    # the square root of the decimation's absorption, 1e-12, or 1e-9 as here, less what the corrections remove
    np.testing.assert_allclose(general, mode_self_energy(edge, CELL + 0j, jnp.asarray(1.0)), atol=3e-5)


def test_a_wire_with_any_hopping_obeys_its_own_recursion_and_absorbs():
    rng = np.random.default_rng(1)
    cell = rng.standard_normal((3, 3)) + 1j * rng.standard_normal((3, 3))
    cell = cell + cell.conj().T
    hopping = rng.standard_normal((3, 3)) + 1j * rng.standard_normal((3, 3))
    for energy in (-1.0, 0.3, 2.0):
        sigma = np.asarray(surface(energy, cell, hopping))
        again = hopping @ np.linalg.inv(energy * np.eye(3) - cell - sigma) @ hopping.conj().T
        np.testing.assert_allclose(sigma, again, atol=1e-12)
        assert np.linalg.eigvalsh(1j * (sigma - sigma.conj().T)).min() > -1e-11


@pytest.mark.slow
def test_derivatives_of_a_wire_agree_between_its_two_forms_and_with_differences():
    direction = np.random.default_rng(2).standard_normal((4, 4))
    direction = direction + direction.T + 0j
    general = lambda s: surface(0.3 + s, CELL + s * direction, -(1 + 0.3 * s) * np.eye(4) + 0j)
    closed = lambda s: mode_self_energy(0.3 + s, CELL + s * direction, 1 + 0.3 * s)
    slope = jax.jvp(closed, (0.0,), (1.0,))[1]
    np.testing.assert_allclose(jax.jvp(general, (0.0,), (1.0,))[1], slope, atol=1e-12)
    np.testing.assert_allclose(slope, (closed(1e-5) - closed(-1e-5)) / 2e-5, atol=1e-7)  # curvature times 1e-10
    size = lambda function: jax.grad(lambda s: jnp.sum(jnp.abs(function(s)) ** 2))(0.0)
    np.testing.assert_allclose(size(general), size(closed), rtol=1e-11)


def test_the_derivative_of_modes_is_exact_where_they_are_degenerate():
    # a cell of zeros, changed by what mixes its modes; differences of the general form, which knows no modes
    direction = np.array([[0.2, 0.5], [0.5, -0.4]]) + 0j
    zero, step = jnp.zeros((2, 2), dtype=complex), 1e-4
    closed = jax.jvp(lambda s: mode_self_energy(0.3, zero + s * direction, jnp.asarray(1.0)), (0.0,), (1.0,))[1]
    ends = [surface(0.3, zero + s * direction, np.eye(2) + 0j) for s in (step, -step)]
    np.testing.assert_allclose(closed, (ends[0] - ends[1]) / (2 * step), atol=1e-8)  # step^2


def test_bands():
    np.testing.assert_allclose(Chain(0, 0.5, onsite=jnp.array([0.1, -0.1])).bands(2), [[-0.9, 1.1], [-1.1, 0.9]])
    np.testing.assert_allclose(Wire([0], [[0.1]], [[0.5]]).bands(1), [[-0.9, 1.1]], atol=1e-15)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Chain(0, hopping=0.0), "chain at site 0: its hopping must differ from 0"),
        (lambda: Wire([0, 1], [[0, 1], [2, 0]], np.eye(2)), "wire at sites .0, 1.: .* must be Hermitian"),
        (lambda: Wire([0, 1], np.eye(2), np.eye(3)), "square matrices of one order"),
        (lambda: Wire([0], np.eye(2), np.eye(2), np.eye(3)), "its coupling must be"),
        (lambda: Wire([0], np.eye(1), 0.0), "its hopping must differ from 0"),
    ],
)
def test_leads_that_are_none_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
