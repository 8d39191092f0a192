"""Berry curvature and Chern numbers: Haldane's and Kane and Mele's models as known answers, sum rules of the layers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.numerics import brillouin
from jaxspin.systems import tmdc

T, T2 = 1.0, 0.1
LATTICE = np.array([[1.0, 0.0], [-0.5, np.sqrt(3) / 2]])
CELLS = np.array([(0, 0), (1, 0), (0, 1), (-1, -1), (-1, 0), (0, -1), (1, 1)])


def honeycomb(mass, phase):
    """Haldane, PRL 61, 2015 (1988): A at the origin, B at y/sqrt(3); second neighbours T2 exp(+-i phase)."""
    blocks = np.zeros((7, 2, 2), dtype=complex)
    blocks[0] = [[mass, T], [T, -mass]]
    for cell in ((0, -1), (-1, -1)):  # the other two neighbours B of A
        home, back = CELLS.tolist().index(list(cell)), CELLS.tolist().index([-cell[0], -cell[1]])
        blocks[home, 0, 1] = blocks[back, 1, 0] = T
    for turn in (1, 2, 3):
        blocks[turn] += T2 * np.diag([np.exp(1j * phase), np.exp(-1j * phase)])
        blocks[turn + 3] += T2 * np.diag([np.exp(-1j * phase), np.exp(1j * phase)])
    return blocks


def model(*sectors, spins=(0,)):
    sites = np.array([[0, 0, 0], [0, 1 / np.sqrt(3), 0]])
    return tmdc.Model(
        lattice=jnp.asarray(LATTICE),
        cells=jnp.asarray(CELLS),
        blocks=jnp.asarray(np.array(sectors)),
        positions=jnp.asarray(np.array([sites] * len(sectors))),
        states=tuple((("A", spin), ("B", spin)) for spin in spins),
        occupied=1,
    )


@pytest.mark.parametrize("phase", [np.pi / 2, np.pi / 3])
def test_haldane_phases_change_at_his_boundary(phase):
    boundary = 3 * np.sqrt(3) * T2 * abs(np.sin(phase))
    inside = tmdc.chern_number(model(honeycomb(0.8 * boundary, phase)))
    outside = tmdc.chern_number(model(honeycomb(1.2 * boundary, phase)))
    np.testing.assert_allclose(jnp.abs(inside), [1.0], atol=1e-9)
    np.testing.assert_allclose(outside, [0.0], atol=1e-9)
    opposite = tmdc.chern_number(model(honeycomb(0.8 * boundary, -phase)))
    np.testing.assert_allclose(opposite, -inside, atol=1e-9)


def test_kubo_and_the_lattice_method_agree_on_the_chern_number():
    haldane = model(honeycomb(0.2, np.pi / 2))
    k = (brillouin.mesh(48, 48) @ haldane.reciprocal).reshape(-1, 2)
    area = jnp.linalg.det(haldane.reciprocal) / len(k)
    kubo = jnp.sum(tmdc.berry_curvature(haldane, k), axis=0) * area / (2 * jnp.pi)
    # a sum over a periodic mesh converges exponentially: gap 0.64, hopping 1, 48 points leave less than 1e-4
    np.testing.assert_allclose(kubo, tmdc.chern_number(haldane), atol=1e-4)


def kane_mele(mass):
    """PRL 95, 146802 (2005) without Rashba: Haldane's model with phase +-pi/2 for spin up and down."""
    return model(honeycomb(mass, np.pi / 2), honeycomb(mass, -np.pi / 2), spins=(1, -1))


def test_kane_mele_has_a_spin_chern_number_and_his_gap():
    for mass, spin_chern in ((0.3, 1.0), (0.8, 0.0)):  # boundary 3 sqrt(3) lambda_SO = 0.52
        found = kane_mele(mass)
        up, down = tmdc.chern_number(found)
        np.testing.assert_allclose([up + down, abs(up - down) / 2], [0.0, spin_chern], atol=1e-9)
        edges = tmdc.edges(found, tmdc.K_point(found)[None])
        gap = jnp.min(edges.conduction) - jnp.max(edges.valence)
        np.testing.assert_allclose(gap, abs(2 * mass - 6 * np.sqrt(3) * T2), rtol=1e-12)


@pytest.fixture(scope="module")
def layer():
    return tmdc.model("fang-11", "MoS2")


def test_berry_curvature_is_opposite_in_the_valleys_and_sums_to_zero(layer):
    K = tmdc.K_point(layer)
    at_K, at_minus_K = tmdc.berry_curvature(layer, jnp.stack([K, -K]))
    np.testing.assert_allclose(at_K, -at_minus_K[::-1], rtol=1e-9)  # time reversal exchanges the sectors
    assert jnp.abs(at_K[0]) > 5  # angstrom^2: of the order (a t)^2/gap^2 = 10
    np.testing.assert_allclose(tmdc.chern_number(layer), 0.0, atol=1e-9)
    valleys = tmdc.valley_chern_number(layer, 24)
    np.testing.assert_allclose(jnp.sum(valleys.K), -jnp.sum(valleys.K_prime), atol=1e-12)
    assert abs(jnp.sum(valleys.K)) > 0.2


def test_curvature_is_the_flux_of_a_small_plaquette(layer):
    k, step = jnp.array([1.2, 0.05]), 1e-3
    corners = step * jnp.array([[0, 0], [1, 0], [1, 1], [0, 1]]) + (k - step / 2)[None]

    def frame(k):
        """Filled states as periodic functions, so that the link between two k is <u|u'>."""
        phase = jnp.exp(-1j * (layer.positions[..., :2] @ k))
        vectors = jnp.linalg.eigh(tmdc.hamiltonian(layer, k))[1][..., : layer.occupied]
        return phase[..., None] * vectors

    around = jax.vmap(frame)(corners)
    links = [jnp.linalg.det(around[n].conj().mT @ around[(n + 1) % 4]) for n in range(4)]
    flux = -jnp.angle(links[0] * links[1] * links[2] * links[3]) / step**2
    # the plaquette's mean against its centre: step^2 over the square of the valley's size, 1e-5
    np.testing.assert_allclose(tmdc.berry_curvature(layer, k[None])[0], flux, rtol=1e-4)


def test_valleys_absorb_opposite_circular_polarizations(layer):
    K = tmdc.K_point(layer)
    found = tmdc.circular_dichroism(layer, jnp.stack([K, -K, 0.5 * tmdc.M_point(layer)]))
    np.testing.assert_allclose(jnp.abs(found[:2]), 1.0, atol=1e-12)  # threefold symmetry forbids the other one
    np.testing.assert_allclose(found[0], -found[1, ::-1], atol=1e-12)
    np.testing.assert_allclose(found[2, 0], -found[2, 1], atol=1e-9)
