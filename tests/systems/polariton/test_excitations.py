"""Excitations against complex eigenvectors, closed forms without field, and the sense in which deviations turn."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.systems.polariton import Condensate, excitations, excitations_of, g_eff, jacobian
from jaxspin.systems.polariton.excitations import isolated_root

PAPER = {"a": 2.28, "g": 0.1}


@pytest.fixture(scope="module")
def random_cases(condensates, points):
    """Condensates in a wide box, their first fixed point that exists, its Jacobian and excitations."""
    row = np.argmax(points.exists, axis=1)
    there = row < 6
    c, s = jax.tree.map(lambda leaf: leaf[there], (condensates, points.s[np.arange(row.size), row]))
    matrices = np.asarray(jax.jit(jax.vmap(jacobian))(c, s))
    return c, s, matrices, jax.tree.map(np.asarray, jax.jit(jax.vmap(excitations_of))(c, s))


def test_numbers_of_the_paper():
    """At delta = 0.1, p = 0.5, on the aligned branch."""
    found = excitations(Condensate(p=0.5, delta=0.1, **PAPER))
    assert abs(float(found.frequency) - 1.080677) < 1e-6
    assert abs(float(found.frequency_z) - 0.792957) < 1e-6


def test_spectrum_and_normal_are_those_of_the_complex_eigenvectors(random_cases):
    """v = u_1 + i u_2 of -gamma_p + i Omega, n = u_2 x u_1: from LAPACK, for stable and unstable fixed points."""
    _, _, matrices, found = random_cases
    oscillating = 0
    for i, matrix in enumerate(matrices):
        w, v = np.linalg.eig(matrix)
        k = np.argmax(w.imag)
        if w[k].imag < 1e-3:
            continue
        oscillating += 1
        expected = [w[k].imag, -w[k].real, -w[np.argmin(np.abs(w.imag))].real]
        measured = [found.frequency[i], found.damping[i], found.relaxation[i]]
        np.testing.assert_allclose(measured, expected, atol=1e-10 / w[k].imag)
        normal = np.cross(v[:, k].imag, v[:, k].real)
        np.testing.assert_allclose(found.normal[i], normal / np.linalg.norm(normal), atol=1e-9 / w[k].imag)
        assert found.frequency_z[i] == found.frequency[i] * found.normal[i, 2]
    assert oscillating > 200


def test_overdamped_spectra_have_no_frequency(random_cases):
    _, _, matrices, found = random_cases
    real = 0
    for i, matrix in enumerate(matrices):
        w = np.linalg.eigvals(matrix)
        if np.any(w.imag != 0):
            continue
        real += 1
        assert found.frequency[i] == found.frequency_z[i] == 0
        w = np.sort(w.real)
        lonely, pair = (w[0], w[1:]) if w[1] - w[0] > w[2] - w[1] else (w[2], w[:2])
        np.testing.assert_allclose([found.relaxation[i], found.damping[i]], [-lonely, -np.mean(pair)], atol=1e-9)
    assert real > 5


def test_deviations_turn_counterclockwise_about_the_effective_field(random_cases):
    """sigma x (J sigma) points along n for any sigma in the plane of the precession."""
    _, _, matrices, found = random_cases
    rng = np.random.default_rng(0)
    for i in np.flatnonzero(found.frequency > 1e-3):
        sigma = (matrices[i] + found.relaxation[i] * np.eye(3)) @ rng.normal(size=3)
        assert abs(found.normal[i] @ sigma) < 1e-8 * np.linalg.norm(sigma) / found.frequency[i]
        assert found.normal[i] @ np.cross(sigma, matrices[i] @ sigma) > 0


def test_below_threshold_without_field_the_closed_form_holds():
    """At s_+ = p + g: relaxation s, damping g, Omega^2 = 1 - a s, which vanishes before p_c where a s = 1 + g^2."""
    for p in (0.0, 0.2, 0.3):
        found, s = excitations(Condensate(p=p, **PAPER)), p + 0.1
        measured = [found.relaxation, found.damping, found.frequency]
        np.testing.assert_allclose(measured, [s, 0.1, np.sqrt(1 - 2.28 * s)], rtol=1e-12)
        np.testing.assert_allclose(found.normal, [-1.0, 0, 0], atol=1e-12)
    assert float(excitations(Condensate(p=0.341, **PAPER)).frequency) == 0


def test_a_reversed_field_reverses_the_effective_field():
    up, down = (excitations(Condensate(p=0.5, delta=delta, **PAPER)) for delta in (0.1, -0.1))
    assert float(up.frequency_z) > 0
    np.testing.assert_allclose(down.frequency_z, -up.frequency_z, rtol=1e-12)
    np.testing.assert_allclose(down.frequency, up.frequency, rtol=1e-12)


def test_at_strong_pumping_excitations_feel_the_field_of_the_condensate():
    """Omega_z -> g_eff delta, as the paper states; the ratio approaches one as 1/p."""
    gaps = []
    for p in (10.0, 20.0):
        c = Condensate(p=p, delta=0.1, **PAPER)
        gaps.append(abs(float(excitations(c).frequency_z) / (float(g_eff(c)) * 0.1) - 1))
    assert gaps[1] < gaps[0] < 0.05


@pytest.mark.slow
def test_derivatives_agree_with_differences():
    """Forward; the contract suite compares both modes."""
    c, h = Condensate(p=0.5, delta=0.1, **PAPER), 1e-4
    stacked = jax.jit(lambda c: jnp.stack(jax.tree.leaves(excitations(c))[:4]))
    forward = jax.jit(jax.jacfwd(stacked))(c)
    for name in ("p", "a", "g", "delta"):
        at = lambda shift, name=name: stacked(eqx.tree_at(lambda c: getattr(c, name), c, getattr(c, name) + shift * h))
        numeric = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h)
        np.testing.assert_allclose(getattr(forward, name), numeric, rtol=1e-7, atol=1e-8)


def test_isolated_root_is_the_farthest_from_the_others():
    for roots in ([-3.0, 1.0, 1.5], [-1.0, -0.9, 2.0], [2.0, 0.1 + 1j, 0.1 - 1j], [-1.0, -5 + 0.1j, -5 - 0.1j]):
        _, c2, c1, c0 = np.poly(roots).real
        centre = np.mean(roots).real
        expected = max((r for r in roots if abs(np.imag(r)) == 0), key=lambda r: abs(r - centre))
        assert abs(float(isolated_root(*map(jnp.asarray, (c2, c1, c0)))) - np.real(expected)) < 1e-13


def test_no_condensate_no_excitations():
    with pytest.raises(ValueError, match="not above the threshold of condensation"):
        excitations(Condensate(p=-1.0, delta=0.1, **PAPER))
