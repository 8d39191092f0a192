"""Lattices and atoms: reciprocal vectors, strain, structure files, atoms that overlap."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.planewave.crystal import Crystal, from_ase, read_structure
from jaxspin.planewave.units import BOHR_ANGSTROM

LATTICE = np.array([[6.0, 0, 0], [-3.0, 5.2, 0], [0.5, 0, 20.0]])
PAIR = Crystal(LATTICE, ("Mo", "S"), [[0, 0, 0.5], [1 / 3, 2 / 3, 0.6]])


def test_reciprocal_vectors_are_dual():
    np.testing.assert_allclose(PAIR.lattice @ PAIR.reciprocal.T, 2 * np.pi * np.eye(3), atol=1e-12)
    np.testing.assert_allclose(PAIR.volume, abs(np.linalg.det(LATTICE)), rtol=1e-14)


def test_strain_moves_atoms_and_lattice_alike_and_the_volume_by_its_trace():
    strain = jnp.asarray([[0.01, 0.002, 0], [0.002, -0.03, 0], [0, 0, 0.0]])
    bent = PAIR.strained(strain)
    np.testing.assert_allclose(bent.cartesian, PAIR.cartesian @ (np.eye(3) + strain), rtol=1e-13)
    slope = jax.grad(lambda e: PAIR.strained(e * jnp.eye(3)).volume)(0.0)
    np.testing.assert_allclose(slope, 3 * PAIR.volume, rtol=1e-12)


def test_a_structure_file_comes_back(tmp_path):
    ase = pytest.importorskip("ase")
    atoms = ase.Atoms(PAIR.species, cell=LATTICE * BOHR_ANGSTROM, scaled_positions=PAIR.positions, pbc=True)
    atoms.write(tmp_path / "POSCAR", format="vasp")
    for crystal in (from_ase(atoms), read_structure(tmp_path / "POSCAR")):
        assert crystal.species == PAIR.species
        np.testing.assert_allclose(crystal.lattice, LATTICE, atol=1e-9)
        np.testing.assert_allclose(crystal.positions, PAIR.positions, atol=1e-9)


@pytest.mark.parametrize(
    ("lattice", "positions", "message"),
    [
        (LATTICE, [[0, 0, 0], [0.99, 0.99, 0.99]], r"atoms 0 \(Mo\) and 1 \(S\) overlap: 0\.2"),
        (LATTICE / 10, [[0, 0, 0], [0.5, 0.5, 0.5]], "overlap"),
        (LATTICE * np.array([1, 1, 0]), [[0, 0, 0], [0.5, 0.5, 0.5]], "span no volume"),
        (LATTICE, [[0, 0, 0]], r"positions \(2, 3\)"),
    ],
)
def test_impossible_crystals_are_refused(lattice, positions, message):
    with pytest.raises(ValueError, match=message):
        Crystal(lattice, ("Mo", "S"), positions)
