"""Spin, orbital weights and density of states of states that are known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.planewave.basis import plane_waves
from jaxspin.planewave.crystal import Crystal
from jaxspin.planewave.density_of_states import density_of_states
from jaxspin.planewave.kpoints import IDENTITY, monkhorst_pack
from jaxspin.planewave.projections import Shell, atomic_orbitals, orbital_weights
from jaxspin.planewave.spin_texture import polarised, spin

PAIR = Crystal(np.diag([9.0, 9.0, 14.0]), ("W", "Se"), [[0, 0, 0.4], [0.5, 0.5, 0.6]])
SHELLS = (Shell("W", 2, 1.1), Shell("Se", 1, 1.0))


own_orbitals = jax.jit(lambda q: atomic_orbitals(PAIR, q, SHELLS))
unit_rows = lambda rows: rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def basis():
    return plane_waves(PAIR, 4.0, monkhorst_pack(PAIR, (2, 1, 1), operations=IDENTITY))


def spinor(direction):
    """The eigenvector of sigma along a unit vector with eigenvalue 1."""
    x, y, z = direction
    vector = np.array([1 + z, x + 1j * y])
    return vector / np.linalg.norm(vector)


@pytest.mark.parametrize("direction", [(1, 0, 0), (0, 1, 0), (0.48, -0.6, 0.64)])
def test_spin_of_a_product_state_is_its_direction(direction):
    waves = np.random.default_rng(1).normal(size=(2, 7)) @ np.diag(np.ones(7))
    waves = (waves[0] + 1j * waves[1]) / np.linalg.norm(waves)
    orbitals = jnp.asarray(spinor(direction)[None, :, None] * waves)
    np.testing.assert_allclose(spin(orbitals)[0], direction, atol=1e-14)


def test_states_of_one_energy_are_sorted_by_spin():
    # three states: two of one energy, mixed up; sigma_z is +1, -1 among them after sorting
    waves = np.eye(3)[:, None, :] * np.array([[1, 0], [0, 1], [0, 1]])[:, :, None]
    c, s = np.cos(0.4), np.sin(0.4)
    mixed = np.array([[c, s * 1j, 0], [s * 1j, c, 0], [0, 0, 1]])
    orbitals = jnp.einsum("ij,jsw->isw", mixed, waves)
    np.testing.assert_allclose(spin(orbitals)[0, 2], c**2 - s**2, rtol=1e-12)
    sorted_ = polarised(orbitals, [0.1, 0.1 + 1e-9, 0.2])
    np.testing.assert_allclose(spin(sorted_)[:, 2], [1, -1, -1], atol=1e-12)
    np.testing.assert_allclose(jnp.einsum("isw,jsw->ij", sorted_.conj(), sorted_), np.eye(3), atol=1e-12)


def test_spin_needs_spinors():
    with pytest.raises(ValueError, match="of two components, got 1"):
        spin(jnp.zeros((3, 1, 5), complex))


def test_an_atomic_orbital_is_made_of_itself(basis):
    # far atoms hardly overlap: exp(-|R|^2/4 s^2), |R| = 6.95 bohr, s <= 1.1: 5e-5, times polynomials
    q = basis.wave_vectors(PAIR)
    functions = np.stack(
        [unit_rows(np.where(mask[None], own_orbitals(k), 0)) for k, mask in zip(q, basis.mask, strict=True)]
    )
    found = orbital_weights(PAIR, basis, jnp.asarray(functions[:, :, None, :]), SHELLS)
    assert found.names[2] == (0, "d_z2")
    assert found.names[-1] == (1, "p_x")
    for share in np.asarray(found.values):
        np.testing.assert_allclose(share, np.eye(8), atol=2e-3)
    np.testing.assert_allclose(found.of((0,), "d_xy", "d_x2-y2")[:, 0], 1, atol=2e-3)
    np.testing.assert_allclose(np.sum(found.values, axis=-1), 1, atol=1e-9)  # complete within their span
    with pytest.raises(KeyError, match="d_z2 of atom 0"):
        found.of((1,), "d_z2")


def test_orbitals_are_normalised_and_lie_along_their_axes(basis):
    q = basis.wave_vectors(PAIR)[0]
    functions = np.where(basis.mask[:1], own_orbitals(q), 0)
    # beyond 4 hartree, q^2 s^2 = 9.7 for W, lies 1.5 % of q^6 exp(-q^2 s^2), the most of all
    np.testing.assert_allclose(np.sum(np.abs(functions) ** 2, axis=1), 1, atol=0.02)
    # <q_z^2> of p_z is three times that of p_x, by <cos^2> = 3/5 and 1/5
    squares = np.sum(np.abs(functions[5:]) ** 2 * np.asarray(q)[None, :, 2] ** 2, axis=1)
    np.testing.assert_allclose(squares[1] / squares[[0, 2]], 3, rtol=0.02)


def test_density_of_states_counts_states_and_differentiates():
    bands = jnp.asarray([[-0.2, 0.1], [-0.25, 0.15]])
    weights = jnp.asarray([0.3, 0.7])
    energy = jnp.linspace(-0.6, 0.6, 601)
    states = density_of_states(energy, bands, weights, 0.02)
    below = energy < 0
    np.testing.assert_allclose(jnp.sum(jnp.where(below, states, 0)) * 0.002, 2, rtol=1e-5)
    shares = jnp.stack([jnp.full((2, 2), 0.25), jnp.full((2, 2), 0.75)], axis=-1)
    by_orbital = density_of_states(energy, bands, weights, 0.02, shares=shares)
    np.testing.assert_allclose(by_orbital[:, 0], states / 4, rtol=1e-12)
    slope = jax.grad(lambda shift: density_of_states(energy[200:201], bands + shift, weights, 0.02)[0])(0.0)
    step = 1e-5
    up, down = (density_of_states(energy[200:201], bands + s, weights, 0.02)[0] for s in (step, -step))
    np.testing.assert_allclose(slope, (up - down) / (2 * step), rtol=1e-6)
