"""The models against the published numbers, against closed forms, and their bad input."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.systems import tmdc
from jaxspin.systems.tmdc import orbitals, spin_orbit

# valence splitting, conduction splitting, gap, E_VB(K) - E_VB(Gamma), each as last printed digit: meV, meV, meV, meV
NOTES = {
    "liu-nn-gga": {
        "MoS2": (146, 0, 1590, 66),
        "MoSe2": (182, 0, 1345, 347),
        "WS2": (422, 0, 1595, 259),
        "WSe2": (456, 0, 1312, 551),
    },
    "liu-tnn-gga": {
        "MoS2": (146, 0, 1585, 71),
        "MoSe2": (182, 0, 1338, 354),
        "WS2": (422, 0, 1595, 259),
        "WSe2": (456, 0, 1313, 550),
    },
    "fang-11": {
        "MoS2": (144, -7.4, 1729, -27),
        "MoSe2": (176, -33.9, 1461, 238),
        "WS2": (462, 1.6, 1696, 270),
        "WSe2": (495, -7.2, 1386, 505),
    },
}


@pytest.mark.parametrize("name", NOTES)
def test_energies_at_K_are_the_published_ones_to_their_last_digit(name):
    for material, expected in NOTES[name].items():
        found = 1e3 * np.array(tmdc.at_K(tmdc.model(name, material)))
        digits = 1 if name == "fang-11" else 0  # of the conduction splitting
        assert round(found[0]) == expected[0], material
        assert round(found[1], digits) == expected[1], material
        assert round(found[2]) == expected[2], material
        assert round(found[3]) == expected[3], material


def test_three_orbitals_cannot_split_the_conduction_band_at_K():
    for name in ("liu-nn-gga", "liu-tnn-gga", "liu-tnn-lda"):
        assert abs(tmdc.at_K(tmdc.model(name, "WSe2")).conduction_splitting) < 1e-12


def test_third_neighbours_have_the_wrong_valence_splitting_midway():
    model = tmdc.model("liu-tnn-gga", "WSe2")
    smallest = 1e3 * float(jnp.min(tmdc.splitting(model, tmdc.gamma_k_path(model, 101)).valence))
    assert round(smallest) == -221


def liu(p, kx, ky):
    """The closed form of Liu et al., PRB 88, 085433 (2013), up to third neighbours: spin up."""
    a, b, s = kx * p.a / 2, np.sqrt(3) * ky * p.a / 2, np.sqrt(3)
    sin, cos = np.sin, np.cos
    V0 = p.eps1 + 2 * p.t0 * (2 * cos(a) * cos(b) + cos(2 * a))
    V0 += 2 * p.r0 * (2 * cos(3 * a) * cos(b) + cos(2 * b)) + 2 * p.u0 * (2 * cos(2 * a) * cos(2 * b) + cos(4 * a))
    V1 = -2 * s * p.t2 * sin(a) * sin(b) + 2 * (p.r1 + p.r2) * sin(3 * a) * sin(b)
    V1 += -2 * s * p.u2 * sin(2 * a) * sin(2 * b)
    V1 += 2j * p.t1 * sin(a) * (2 * cos(a) + cos(b)) + 2j * (p.r1 - p.r2) * sin(3 * a) * cos(b)
    V1 += 2j * p.u1 * sin(2 * a) * (2 * cos(2 * a) + cos(2 * b))
    V2 = 2 * p.t2 * (cos(2 * a) - cos(a) * cos(b)) - 2 / s * (p.r1 + p.r2) * (cos(3 * a) * cos(b) - cos(2 * b))
    V2 += 2 * p.u2 * (cos(4 * a) - cos(2 * a) * cos(2 * b))
    V2 += 2j * s * p.t1 * cos(a) * sin(b) + 2j / s * sin(b) * (p.r1 - p.r2) * (cos(3 * a) + 2 * cos(b))
    V2 += 2j * s * p.u1 * cos(2 * a) * sin(2 * b)
    V11 = p.eps2 + (p.t11 + 3 * p.t22) * cos(a) * cos(b) + 2 * p.t11 * cos(2 * a)
    V11 += 4 * p.r11 * cos(3 * a) * cos(b) + 2 * (p.r11 + s * p.r12) * cos(2 * b)
    V11 += (p.u11 + 3 * p.u22) * cos(2 * a) * cos(2 * b) + 2 * p.u11 * cos(4 * a)
    V12 = s * (p.t22 - p.t11) * sin(a) * sin(b) + 4 * p.r12 * sin(3 * a) * sin(b)
    V12 += s * (p.u22 - p.u11) * sin(2 * a) * sin(2 * b)
    V12 += 4j * p.t12 * sin(a) * (cos(a) - cos(b)) + 4j * p.u12 * sin(2 * a) * (cos(2 * a) - cos(2 * b))
    V22 = p.eps2 + (3 * p.t11 + p.t22) * cos(a) * cos(b) + 2 * p.t22 * cos(2 * a)
    V22 += 2 * p.r11 * (2 * cos(3 * a) * cos(b) + cos(2 * b)) + 2 / s * p.r12 * (4 * cos(3 * a) * cos(b) - cos(2 * b))
    V22 += (3 * p.u11 + p.u22) * cos(2 * a) * cos(2 * b) + 2 * p.u22 * cos(4 * a)
    H = np.array([[V0, V1, V2], [np.conj(V1), V11, V12], [np.conj(V2), np.conj(V12), V22]])
    return H + p.lambda_M * np.array([[0, 0, 0], [0, 0, 1j], [0, -1j, 0]])


def test_real_space_blocks_sum_to_the_closed_form_of_the_three_band_model():
    params = tmdc.parameters("liu-tnn-gga", "WSe2")
    model = tmdc.three_band(params)
    for k in np.random.default_rng(0).uniform(-2, 2, (4, 2)):
        np.testing.assert_allclose(tmdc.hamiltonian(model, k)[0], liu(params, *k), atol=1e-13)


def test_the_first_element_of_the_eleven_band_model_is_that_of_its_paper():
    # Fang et al.: eps + 2 t cos k.a1 + 2 t2 (cos k.a2 + cos k.a3), with t2 = t_11/4 + 3 t_22/4 by threefold rotation
    params = tmdc.parameters("fang-11", "MoS2")
    k = np.array([0.3, 0.7])
    a1, a2 = params.a * np.array([[1, 0], [-0.5, np.sqrt(3) / 2]])
    turned = params.t1_1_1 / 4 + 3 * params.t1_2_2 / 4
    expected = params.eps1 + 2 * params.t1_1_1 * np.cos(k @ a1)
    expected += 2 * turned * (np.cos(k @ a2) + np.cos(k @ (a1 + a2)))
    found = tmdc.hamiltonian(tmdc.joined(tmdc.eleven_band(params)), k)[0, 0, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_angular_momentum_obeys_its_algebra():
    for shell in (tuple(orbitals.P), tuple(orbitals.D)):
        x, y, z = orbitals.angular_momentum(shell)
        l = (len(shell) - 1) // 2
        np.testing.assert_allclose(x @ y - y @ x, 1j * z, atol=1e-14)
        np.testing.assert_allclose(x @ x + y @ y + z @ z, l * (l + 1) * np.eye(len(shell)), atol=1e-14)


def test_rotations_are_generated_by_angular_momentum():
    turn = orbitals.turn_about_z(0.7)
    for shell in (tuple(orbitals.P), tuple(orbitals.D)):
        expected = jax.scipy.linalg.expm(-0.7j * orbitals.angular_momentum(shell)[2])
        np.testing.assert_allclose(orbitals.rotation(shell, turn), expected, atol=1e-14)


def test_spin_orbit_levels_are_those_of_total_angular_momentum_and_sectors_are_all_of_it():
    metal, chalcogen = orbitals.layer_angular_momentum()
    # j = 5/2 six times, 3/2 four times, and 12 states of X; on both X: j = 3/2 eight times, 1/2 four times
    expected = {0: [-1.5] * 4 + [0.0] * 12 + [1.0] * 6, 1: [-1.0] * 4 + [0.0] * 10 + [0.5] * 8}
    both = np.zeros((22, 22), dtype=complex)
    for index, L in enumerate((metal, chalcogen)):
        matrix = spin_orbit.dot_spin(L)
        np.testing.assert_allclose(np.linalg.eigvalsh(matrix), expected[index], atol=1e-13)
        both += (0.3, 0.7)[index] * matrix
    first, second = spin_orbit.sectors(orbitals.PARITY)
    assert np.max(np.abs(both[np.ix_(first, second)])) < 1e-15  # nothing couples the two sectors
    np.testing.assert_allclose(spin_orbit.layer_coupling(0.3, 0.7)[0], both[np.ix_(first, first)], atol=1e-15)


def test_joining_sectors_keeps_bands_and_spins():
    model = tmdc.model("fang-11", "WS2")
    k = np.random.default_rng(1).uniform(-1, 1, (5, 2))
    for split, whole in zip(tmdc.bands_and_spin(model, k), tmdc.bands_and_spin(tmdc.joined(model), k), strict=True):
        np.testing.assert_allclose(whole, split, atol=1e-9)


def test_unknown_names_are_answered_with_the_known_ones():
    with pytest.raises(KeyError, match=r"unknown material 'TiS2'.*MoS2, MoSe2, WS2, WSe2"):
        tmdc.model("fang-11", "TiS2")
    with pytest.raises(KeyError, match=r"unknown model 'fang'.*liu-nn-gga"):
        tmdc.model("fang", "MoS2")
    with pytest.raises(KeyError, match=r"unknown table"):
        tmdc.table("nobody")


def test_tables_cite_their_source():
    for kind in tmdc.KINDS.values():
        if kind.table != "jaxspin11":
            assert "20" in tmdc.citation(kind.table)
    assert set(tmdc.materials("liu-nn-gga")) == {"MoS2", "MoSe2", "MoTe2", "WS2", "WSe2", "WTe2"}


def rebuilt(model, **changes):
    fields = {name: getattr(model, name) for name in ("lattice", "cells", "blocks", "positions", "states", "occupied")}
    return tmdc.Model(**(fields | changes))


def test_a_hamiltonian_that_is_not_hermitian_is_refused_with_the_place():
    model = tmdc.model("liu-nn-gga", "MoS2")
    with pytest.raises(ValueError, match=r"not Hermitian: element \(0, 1\) at cell"):
        rebuilt(model, blocks=model.blocks.at[0, 1, 0, 1].add(0.1))
    with pytest.raises(ValueError, match=r"no block at cell .* the Hermitian partner"):
        rebuilt(model, blocks=model.blocks[:, :-1], cells=model.cells[:-1])
    with pytest.raises(ValueError, match="cells must have shape"):
        rebuilt(model, cells=model.cells[:-1])
    with pytest.raises(ValueError, match="occupied must lie between 1 and 2"):
        rebuilt(model, occupied=3)
