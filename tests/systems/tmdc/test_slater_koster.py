"""Two-centre hoppings against Slater and Koster's table, and layers built from them; the Dirac model at K."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.systems import tmdc
from jaxspin.systems.tmdc.slater_koster import hopping_dd, hopping_pd, hopping_pp

L, M, N = 2 / 7, 3 / 7, 6 / 7  # direction cosines
DIRECTION = jnp.array([L, M, N])
D = ("dxz", "dyz", "dz2", "dxy", "dx2-y2")


def test_p_d_integrals_are_those_of_the_table():
    # Slater and Koster, PR 94, 1498 (1954), table I: E(x,xy), E(x,yz), E(x,x2-y2), E(z,3z2-r2)
    V, W, s = 1.3, -0.7, np.sqrt(3)
    found = hopping_pd(DIRECTION, jnp.array(V), jnp.array(W))
    element = lambda p, d: found["xyz".index(p), D.index(d)]
    np.testing.assert_allclose(element("x", "dxy"), s * L**2 * M * V + M * (1 - 2 * L**2) * W)
    np.testing.assert_allclose(element("x", "dyz"), s * L * M * N * V - 2 * L * M * N * W)
    np.testing.assert_allclose(element("x", "dx2-y2"), s / 2 * L * (L**2 - M**2) * V + L * (1 - L**2 + M**2) * W)
    expected = N * (N**2 - (L**2 + M**2) / 2) * V + s * N * (L**2 + M**2) * W
    np.testing.assert_allclose(element("z", "dz2"), expected)


def test_d_d_integrals_are_those_of_the_table():
    # the same table: E(xy,xy), E(xy,yz), E(3z2-r2,3z2-r2)
    V, W, U = 1.1, -0.4, 0.2
    found = hopping_dd(DIRECTION, jnp.array(V), jnp.array(W), jnp.array(U))
    element = lambda p, q: found[D.index(p), D.index(q)]
    expected = 3 * L**2 * M**2 * V + (L**2 + M**2 - 4 * L**2 * M**2) * W + (N**2 + L**2 * M**2) * U
    np.testing.assert_allclose(element("dxy", "dxy"), expected)
    expected = 3 * L * M**2 * N * V + L * N * (1 - 4 * M**2) * W + L * N * (M**2 - 1) * U
    np.testing.assert_allclose(element("dxy", "dyz"), expected)
    r = L**2 + M**2
    expected = (N**2 - r / 2) ** 2 * V + 3 * N**2 * r * W + 3 / 4 * r**2 * U
    np.testing.assert_allclose(element("dz2", "dz2"), expected)


def test_p_p_integrals_are_those_of_the_table():
    found = hopping_pp(DIRECTION, jnp.array(1.2), jnp.array(-0.3))
    np.testing.assert_allclose(found[0, 0], 1.2 * L**2 - 0.3 * (1 - L**2))
    np.testing.assert_allclose(found[0, 2], L * N * (1.2 + 0.3))


def test_two_centre_layers_have_the_symmetry_and_a_spin_splitting_of_the_known_size():
    model = tmdc.model("silva-guillen-sk", "WSe2")
    assert tmdc.check_symmetry(model).violated == ()
    assert 0.3 < tmdc.at_K(model).valence_splitting < 0.6  # 0.456 eV by first principles; 2 lambda_M = 0.50


@pytest.mark.slow
def test_strain_turns_bonds():
    """A shear along the mirror's lines keeps time reversal and sigma_h, and breaks C3; no strain is no change."""
    params = tmdc.parameters("roldan-sk", "MoS2")
    same = tmdc.slater_koster(params, jnp.zeros((2, 2)))
    np.testing.assert_allclose(same.blocks, tmdc.slater_koster(params).blocks, atol=1e-12)
    sheared = tmdc.slater_koster(params, jnp.array([[0.0, 0.01], [0.01, 0.0]]))
    assert tmdc.check_symmetry(sheared).violated == ("C3", "sigma_v")


def test_a_rotation_is_no_strain():
    params = tmdc.parameters("roldan-sk", "MoS2")
    c, s = np.cos(0.3), np.sin(0.3)
    turn = np.array([[c, -s], [s, c]])
    turned = tmdc.slater_koster(params, jnp.asarray(turn - np.eye(2)))
    k = np.array([[0.4, 0.1]])
    np.testing.assert_allclose(tmdc.bands(turned, k @ turn.T), tmdc.bands(tmdc.slater_koster(params), k), atol=1e-12)


def test_the_dirac_model_has_the_edges_and_the_slope_of_the_full_one():
    model = tmdc.model("fang-11", "MoS2")
    constants = tmdc.dirac(model)
    corner = tmdc.at_K(model)
    gap = constants.conduction - constants.valence
    np.testing.assert_allclose(gap[0], corner.gap - jnp.minimum(corner.conduction_splitting, 0), atol=1e-2)
    np.testing.assert_allclose(constants.valence[0] - constants.valence[1], corner.valence_splitting, rtol=1e-12)
    # Xiao et al., PRL 108, 196802 (2012): a t = 3.193 x 1.10 = 3.51 eV angstrom for MoS2
    np.testing.assert_allclose(constants.velocity, 3.5, rtol=0.2)
    at_K = tmdc.dirac_bands(constants, jnp.zeros((1, 2)))[0]
    np.testing.assert_allclose(at_K, jnp.stack([constants.valence, constants.conduction], axis=1), rtol=1e-12)
    other = tmdc.dirac_bands(constants, jnp.zeros((1, 2)), valley=-1)[0]
    np.testing.assert_allclose(other, at_K[::-1], rtol=1e-12)
