"""Spin, orbital weights, velocities, masses and the density of states, against finite differences and sum rules."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.numerics import brillouin
from jaxspin.systems import tmdc

MODEL = tmdc.model("fang-11", "WSe2")
K_POINTS = jnp.array([[0.3, 0.2], [0.55, -0.1]])


def levels(k):
    return tmdc.eigenstates(MODEL, k).energies


def test_spin_lies_out_of_the_plane_and_is_full_except_where_even_and_odd_orbitals_mix():
    spins = tmdc.spin(MODEL, K_POINTS)
    assert spins.shape == (2, 22, 3)
    assert jnp.all(spins[..., :2] == 0)  # exactly: the mirror forbids it
    assert jnp.all(jnp.abs(spins[..., 2]) <= 1 + 1e-12)
    top = tmdc.edges(MODEL, tmdc.K_point(MODEL)[None]).valence_spin[0, :, 2]
    assert top[0] > 0.99
    assert top[1] < -0.97


def test_orbital_weights_sum_to_one_and_tell_what_the_paper_tells():
    """At Gamma the valence band is d_z2 with p_z, at K d_x2-y2 and d_xy with p_x and p_y (the paper's figure 4)."""
    K = tmdc.K_point(MODEL)
    weights = tmdc.orbital_weights(MODEL, jnp.stack([jnp.zeros(2), K]))
    np.testing.assert_allclose(sum(weights.values()), 1.0, rtol=1e-12)
    valence = {name: weight[:, 13] for name, weight in weights.items()}
    assert valence["dz2"][0] > 0.6
    assert valence["dz2"][0] + valence["pz+"][0] > 0.9  # spin-orbit coupling mixes in some of the odd orbitals
    assert valence["dxy"][1] + valence["dx2-y2"][1] > 0.7
    assert valence["dz2"][1] + valence["pz+"][1] < 1e-3


def test_velocities_are_the_slopes_of_the_bands():
    step = 1e-5
    ahead, behind = (jnp.stack([tmdc.bands(MODEL, K_POINTS + d[None]) for d in s * np.eye(2)]) for s in (step, -step))
    slopes = jnp.moveaxis((ahead - behind) / (2 * step), 0, -1)
    # truncation step^2 times a third derivative of order 1e3 eV angstrom^3, rounding 1e-14/1e-5
    np.testing.assert_allclose(tmdc.velocities(MODEL, K_POINTS), slopes, atol=1e-6)


def test_curvatures_are_the_bends_of_the_bands():
    k, direction, step = K_POINTS[0], np.array([0.6, 0.8]), 1e-3
    shifts = step * np.array([[-2], [-1], [0], [1], [2]]) * direction
    e = levels(k[None] + shifts)
    numeric = (-e[0] + 16 * e[1] - 30 * e[2] + 16 * e[3] - e[4]) / (12 * step**2)
    # truncation step^4 times a sixth derivative up to 1e5 eV angstrom^6, rounding 1e-14/1e-6
    np.testing.assert_allclose(tmdc.curvatures(MODEL, k, direction), numeric, atol=1e-5)


def test_masses_at_K_are_isotropic_and_of_the_published_size():
    """Warwick's density-functional valence mass at K is 0.425 for WSe2 (reference numbers); 11 bands come near."""
    K = tmdc.K_point(MODEL)
    along, across = tmdc.effective_mass(MODEL, K, [1.0, 0.0]), tmdc.effective_mass(MODEL, K, [0.0, 1.0])
    np.testing.assert_allclose(along[:, 6:8], across[:, 6:8], rtol=1e-9)
    assert -0.55 < along[0, 6] < -0.35
    assert along[0, 7] > 0


@pytest.mark.slow
def test_the_density_of_states_counts_every_state_and_none_in_the_gap():
    k = (brillouin.mesh(6, 6) @ MODEL.reciprocal).reshape(-1, 2)
    energies = jnp.linspace(-12.0, 8.0, 2001)
    density = tmdc.density_of_states(MODEL, energies, k, 0.05)
    total = jnp.sum(density) * (energies[1] - energies[0])
    np.testing.assert_allclose(total, 22, rtol=1e-6)  # all levels lie ten widths inside the range
    edge = float(tmdc.edges(MODEL, tmdc.K_point(MODEL)[None]).valence[0, 0])
    assert jnp.interp(jnp.array(edge + 0.7), energies, density) < 1e-6


@pytest.mark.parametrize("n", [3, 2050])
def test_many_wave_vectors_are_solved_in_chunks_that_do_not_show(n):
    k = np.random.default_rng(2).uniform(-1, 1, (n, 2))
    model = tmdc.model("liu-nn-gga", "MoS2")
    last = np.linalg.eigvalsh(tmdc.hamiltonian(model, k[-1])).ravel()
    np.testing.assert_allclose(tmdc.bands(model, k)[-1], np.sort(last), atol=1e-12)
