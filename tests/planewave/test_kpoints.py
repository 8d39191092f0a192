"""Meshes of k points: stars, weights, operations."""

import numpy as np
import pytest

from jaxspin.planewave.crystal import Crystal
from jaxspin.planewave.kpoints import IDENTITY, monkhorst_pack, symmetry_operations

pytest.importorskip("spglib")
LAYER = Crystal(
    [[6.03, 0, 0], [-3.015, 3.015 * np.sqrt(3), 0], [0, 0, 36.2]],
    ("Mo", "S", "S"),
    [[0, 0, 0.5], [1 / 3, 2 / 3, 0.582], [1 / 3, 2 / 3, 0.418]],
)
DIAMOND = Crystal(3.37 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]), ("C", "C"), [[0, 0, 0], [0.25, 0.25, 0.25]])


def test_a_dichalcogenide_layer_has_twelve_operations_and_seven_points_of_six_by_six():
    found = monkhorst_pack(LAYER, (6, 6, 1))
    assert found.rotations.shape == (12, 3, 3)  # D3h
    assert found.fractional.shape == (7, 3)
    np.testing.assert_allclose(np.sum(found.weights), 1, rtol=1e-14)
    # stars of Gamma, K, M, three on mirrors, one elsewhere
    np.testing.assert_allclose(np.sort(36 * found.weights), [1, 2, 3, 6, 6, 6, 12], rtol=1e-12)


@pytest.mark.parametrize("crystal", [LAYER, DIAMOND])
@pytest.mark.parametrize(
    ("mesh", "shift"), [((4, 4, 2), (0, 0, 0)), ((3, 3, 3), (0.5, 0.5, 0.5)), ((4, 2, 1), (0, 0, 0))]
)
def test_the_stars_fill_the_mesh(crystal, mesh, shift):
    whole = monkhorst_pack(crystal, mesh, shift=shift, operations=IDENTITY)
    found = monkhorst_pack(crystal, mesh, shift=shift)
    same = lambda a, b: np.all(np.abs(a - b - np.round(a - b)) < 1e-9, axis=-1)
    inverses = [np.linalg.inv(W).T for W in np.asarray(found.rotations)]
    covered = 0
    for k, weight in zip(np.asarray(found.fractional), np.asarray(found.weights), strict=True):
        images = [sign * inverse @ k for sign in (1, -1) for inverse in inverses]
        distinct = [image for n, image in enumerate(images) if not any(same(image, other) for other in images[:n])]
        assert weight * np.prod(mesh) == pytest.approx(len(distinct))
        covered += len(distinct)
    assert covered == np.prod(mesh)
    # time reversal alone
    assert len(whole.weights) in (np.prod(mesh) // 2 + extra for extra in range(5))


def test_operations_map_atoms_onto_atoms():
    rotations, translations = symmetry_operations(DIAMOND)
    assert len(rotations) == 48
    assert np.any(translations)  # nonsymmorphic
    for W, t in zip(rotations, translations, strict=True):
        images = np.asarray(DIAMOND.positions) @ W.T + t
        apart = images[:, None] - np.asarray(DIAMOND.positions)[None]
        assert np.all(np.min(np.max(np.abs(apart - np.round(apart)), axis=-1), axis=1) < 1e-9)


def test_a_mesh_of_no_points_is_refused():
    with pytest.raises(ValueError, match=r"three positive integers, got \(6, 0, 1\)"):
        monkhorst_pack(LAYER, (6, 0, 1))
