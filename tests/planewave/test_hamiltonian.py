"""Waves, Hamiltonian and eigensolver against explicit matrices and algebra, on a crystal with a few dozen waves."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.planewave.basis import good_size, plane_waves
from jaxspin.planewave.crystal import Crystal
from jaxspin.planewave.eigensolver import Bands
from jaxspin.planewave.exchange_correlation import LDA_PADE
from jaxspin.planewave.hamiltonian import (
    angular_momentum_dot_spin,
    coupling,
    hamiltonian,
    product,
    solid_harmonics,
)
from jaxspin.planewave.kpoints import IDENTITY, monkhorst_pack
from jaxspin.planewave.model import KohnSham
from jaxspin.planewave.pseudopotential import pseudopotential, tabulated
from jaxspin.planewave.scf import solve_bands
from jaxspin.planewave.second_variation import second_variation

SOFT = pseudopotential("Se", 4, 0.7, [-2.0], [(0.8, [[1.5]], [[0.0]]), (0.7, [[0.6]], [[0.2]])])
CRYSTAL = Crystal(np.array([[5.0, 0, 0], [0.3, 4.6, 0], [0, 0.2, 5.5]]), ("Se",), [[0.1, 0.2, 0.3]])
MODEL = KohnSham(CRYSTAL, (SOFT,), LDA_PADE)


@pytest.fixture(scope="module")
def basis():
    return plane_waves(CRYSTAL, 3.0, monkhorst_pack(CRYSTAL, (2, 1, 1), operations=IDENTITY))


@pytest.fixture(scope="module")
def potential(basis):
    smooth = np.fft.fftn(np.random.default_rng(0).normal(size=basis.grid))
    h, k, l = np.meshgrid(*(np.fft.fftfreq(n, 1 / n) for n in basis.grid), indexing="ij")
    return jnp.asarray(np.fft.ifftn(smooth * np.exp(-(h**2 + k**2 + l**2) / 4)).real * 3)


assembled = eqx.filter_jit(hamiltonian)


def explicit(model, basis, potential, k):
    """<G|H|G'> with spin the fastest, by its definition: sums over the grid and over projectors."""
    h = jax.tree.map(np.asarray, assembled(model, basis, potential).at(k))
    waves = int(np.asarray(basis.mask[k]).sum())
    miller = np.asarray(basis.miller[k])[:waves]
    r = np.stack(np.meshgrid(*(np.arange(n) / n for n in basis.grid), indexing="ij"), axis=-1).reshape(-1, 3)
    phases = np.exp(2j * np.pi * r @ miller.T)
    local = phases.conj().T @ (np.asarray(potential).ravel()[:, None] * phases) / len(r)
    p = np.kron(h.projectors[:, :waves].T, np.eye(model.spins))
    matrix = np.kron(local + np.diag(h.kinetic[:waves]), np.eye(model.spins))
    return matrix + p @ h.coupling @ p.conj().T


@pytest.fixture(scope="module")
def solve(basis, potential):
    """The lowest 6 of 8 spinor bands at both k points from a start: one compilation."""
    model = MODEL.with_spin_orbit(1.0)
    solved = eqx.filter_jit(
        lambda start, tolerance, steps: solve_bands(model, basis, potential, start, 6, tolerance, steps)
    )
    return lambda start, tolerance, steps: solved(start, jnp.array(tolerance), jnp.array(steps))


def test_the_lowest_bands_are_those_of_the_explicit_matrix(basis, potential, solve):
    # LOBPCG to a residual of 1e-8: energies are right to its square; 1e-10 leaves room for rounding
    random = np.random.default_rng(1).normal(size=(2, 8, 2, basis.waves))
    found = solve(random * np.asarray(basis.mask)[:, None, None, :] + 0j, 1e-8, 100)
    assert found.residuals[:, :6].max() < 1e-8
    for k in range(2):
        exact = np.linalg.eigvalsh(explicit(MODEL.with_spin_orbit(1.0), basis, potential, k))
        np.testing.assert_allclose(found.energies[k, :6], exact[:6], atol=1e-10)
        flat = np.asarray(found.orbitals[k]).reshape(8, -1)
        np.testing.assert_allclose(flat.conj() @ flat.T, np.eye(8), atol=1e-10)
        # padding stays empty
        assert not np.any(np.abs(found.orbitals[k])[..., ~np.asarray(basis.mask[k])])


def test_converged_bands_stay_what_they_are(basis, potential, solve):
    # the start is exact, so every search direction vanishes: nothing may turn into NaN
    start = np.zeros((2, 8, 2, basis.waves), complex)
    for k in range(2):
        vectors = np.linalg.eigh(explicit(MODEL.with_spin_orbit(1.0), basis, potential, k))[1][:, :8]
        start[k, ..., : len(vectors) // 2] = vectors.T.reshape(8, -1, 2).transpose(0, 2, 1)
    found = solve(start, 0.0, 5)
    assert np.all(np.isfinite(found.orbitals))
    assert found.residuals.max() < 1e-9


def test_second_variation_in_all_bands_is_the_whole_basis(basis, potential):
    strong = MODEL.with_spin_orbit(3.0)
    waves = basis.mask.sum(axis=1)
    energies, orbitals = np.full((2, basis.waves), 1e3), np.zeros((2, basis.waves, 1, basis.waves), complex)
    for k, n in enumerate(waves):
        energies[k, :n], vectors = np.linalg.eigh(explicit(MODEL, basis, potential, k))
        orbitals[k, :n, 0, :n] = vectors.T
    bands = Bands(jnp.asarray(orbitals), jnp.asarray(energies), jnp.zeros((2, basis.waves)), jnp.zeros(2, int))
    found = second_variation(strong, basis, bands)
    for k, n in enumerate(waves):
        exact = np.linalg.eigvalsh(explicit(strong, basis, potential, k))
        np.testing.assert_allclose(found.energies[k, : 2 * n], exact, atol=1e-9)


def test_time_reversal_pairs_the_states_of_opposite_waves(basis, potential):
    # at k = 0 the spinor Hamiltonian commutes with time reversal: every level is double (Kramers)
    matrix = explicit(MODEL.with_spin_orbit(1.0), basis, potential, 0)
    np.testing.assert_allclose(matrix, matrix.conj().T, atol=1e-12)
    levels = np.linalg.eigvalsh(matrix)
    np.testing.assert_allclose(levels[::2], levels[1::2], atol=1e-11)


@pytest.mark.parametrize("l", [0, 1, 2, 3])
def test_spin_orbit_levels_of_a_channel(l):
    # L.S has l/2 on j = l + 1/2 and -(l + 1)/2 on j = l - 1/2
    levels = np.linalg.eigvalsh(angular_momentum_dot_spin(l))
    exact = [-(l + 1) / 2] * (2 * l) + [l / 2] * (2 * l + 2)
    np.testing.assert_allclose(levels, exact, atol=1e-12)


def test_angular_momentum_turns_the_harmonics_that_are_used():
    # i L_z Y = dY/d(phi), of functions as of the coefficients
    q = jnp.array([0.3, -0.7, 0.5])
    around = jnp.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 0]])  # z x q
    harmonics, rates = jax.jvp(jax.jit(lambda a: solid_harmonics((q + a * around @ q)[None])), (0.0,), (1.0,))
    for l in (1, 2, 3):
        lz = angular_momentum_dot_spin(l)[::2, ::2] * 2
        # L_z Y_a = sum_b Y_b <b|L_z|a>
        np.testing.assert_allclose(1j * lz.T @ np.asarray(harmonics[l][:, 0]), rates[l][:, 0], atol=1e-12)


def test_solid_harmonics_are_orthonormal_on_the_sphere():
    # an average over 200 000 random directions: standard errors 1/sqrt(N) of numbers of order one, five of them allowed
    q = np.random.default_rng(0).normal(size=(200_000, 3))
    q = jnp.asarray(q / np.linalg.norm(q, axis=1, keepdims=True))
    every = np.concatenate(jax.jit(solid_harmonics)(q))
    overlap = 4 * np.pi * every @ every.T / len(q)
    np.testing.assert_allclose(overlap, np.eye(16), atol=5 * 3 / np.sqrt(len(q)))


def test_coupling_of_two_species_is_hermitian_and_in_blocks():
    crystal = Crystal(np.eye(3) * 12, ("Mo", "S", "S"), [[0, 0, 0], [0.4, 0, 0], [0, 0.4, 0]])
    model = KohnSham(crystal, (tabulated("S", "PBE"), tabulated("Mo", "PBE")), spin_orbit=1.0)
    matrix = np.asarray(eqx.filter_jit(coupling)(model))
    # S: 2 s, 2 p (the second for spin-orbit coupling only); Mo: 2 s, 2 p, 2 d
    assert matrix.shape == (2 * (2 * (2 + 6) + 18),) * 2
    np.testing.assert_allclose(matrix, matrix.conj().T, atol=1e-14)
    np.testing.assert_allclose(matrix[:16, :16], matrix[16:32, 16:32])
    assert not np.any(matrix[:16, 16:])


def test_complex_product_by_three_real_ones():
    a, b = np.random.default_rng(0).normal(size=(2, 5, 5, 2)) @ np.array([1, 1j])
    np.testing.assert_allclose(jax.jit(product)(a, b), a @ b, atol=1e-14)


@pytest.mark.parametrize(("least", "good"), [(7, 8), (11, 12), (13, 15), (97, 100), (150, 150)])
def test_grid_sizes_have_small_factors(least, good):
    assert good_size(least) == good


def test_strain_keeps_the_waves_and_moves_their_vectors(basis):
    stretched = CRYSTAL.strained(jnp.diag(jnp.array([0.1, 0.0, 0.0])))
    factor = jnp.array([1 / 1.1, 1, 1])
    np.testing.assert_allclose(
        basis.wave_vectors(stretched), basis.wave_vectors(CRYSTAL) @ jnp.diag(factor), atol=1e-12
    )


def test_an_element_without_pseudopotential_is_named():
    with pytest.raises(ValueError, match="Mo needs exactly one pseudopotential, got 0"):
        dataclasses.replace(MODEL, crystal=Crystal(np.eye(3) * 6, ("Mo",), [[0, 0, 0]]))


def test_a_cutoff_or_grid_that_cannot_be_is_refused():
    mesh = monkhorst_pack(CRYSTAL, (1, 1, 1), operations=IDENTITY)
    with pytest.raises(ValueError, match="cutoff must be positive"):
        plane_waves(CRYSTAL, -1.0, mesh)
    with pytest.raises(ValueError, match="cannot hold the waves"):
        plane_waves(CRYSTAL, 3.0, mesh, grid=(4, 4, 4))
