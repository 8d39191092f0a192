"""Ewald's sum: Madelung constants, independence of the splitting, forces and stress."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.planewave.crystal import Crystal
from jaxspin.planewave.ewald import ewald_energy, layer_ewald_energy

energy = jax.jit(ewald_energy)
FCC = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0.0]])
LAYER = Crystal(
    [[6.03, 0, 0], [-3.015, 5.222, 0], [0, 0, 36.2]],
    ("Mo", "S", "S"),
    [[0.01, 0, 0.5], [1 / 3, 2 / 3, 0.582], [1 / 3, 2 / 3, 0.418]],
)
CHARGES = jnp.asarray([14.0, 6.0, 6.0])


# Published constants (Crandall, Delord, J. Phys. A 20, 2279 (1987) and textbooks), by distance of nearest neighbours;
# zincblende by that too.
@pytest.mark.parametrize(
    ("lattice", "second", "madelung"),
    [
        (5.0 * FCC, [0.5, 0.5, 0.5], 1.74756459463318),
        (10.0 * np.eye(3), [0.5, 0.5, 0.5], 1.76267477307099),
        (5.0 * FCC, [0.25, 0.25, 0.25], 1.63805505338879),
    ],
    ids=["NaCl", "CsCl", "ZnS"],
)
def test_madelung_constants(lattice, second, madelung):
    crystal = Crystal(lattice, ("Na", "Cl"), [[0, 0, 0], second])
    nearest = np.linalg.norm(np.asarray(second) @ lattice)
    if second[0] == 0.5 and lattice[0, 0] == 0:  # the middle of the primitive cell is an edge's middle away
        nearest = 5.0
    np.testing.assert_allclose(-energy(crystal, [1.0, -1.0]) * nearest, madelung, rtol=1e-13)


def test_a_point_charge_in_a_background():
    # Wigner's body-centred crystal of electrons: -0.895929255682 Z^2/r_s
    crystal = Crystal(4.0 * np.array([[-1, 1, 1], [1, -1, 1], [1, 1, -1.0]]), ("H",), [[0, 0, 0]])
    r_s = (3 * float(crystal.volume) / (4 * np.pi)) ** (1 / 3)
    np.testing.assert_allclose(energy(crystal, [1.0]) * r_s, -0.895929255682, rtol=1e-11)


def test_the_energy_does_not_depend_on_the_splitting_or_the_origin():
    # eta is 0.192/bohr by default; the layer is half as flat as allowed: the boxes leave room to either side
    wanted = energy(LAYER, CHARGES)
    for eta in (0.175, 0.21):
        np.testing.assert_allclose(energy(LAYER, CHARGES, eta), wanted, rtol=1e-12)
    moved = Crystal(LAYER.lattice, LAYER.species, LAYER.positions + jnp.asarray([[0.3, -0.7, 1.4]]))
    np.testing.assert_allclose(energy(moved, CHARGES), wanted, rtol=1e-12)


def test_a_layer_alone_lacks_the_field_of_its_images():
    # a neutral polar layer: images add a field -4 pi p/volume, which costs 2 pi p^2/volume; the rest decays as
    # exp(-G height), 1e-16 here
    charges, height = jnp.asarray([2.0, -1.5, -0.5]), LAYER.lattice[2, 2]
    alone = jax.jit(layer_ewald_energy)
    dipole = charges @ LAYER.cartesian[:, 2]
    wanted = energy(LAYER, charges) + 2 * jnp.pi * dipole**2 / LAYER.volume
    np.testing.assert_allclose(alone(LAYER, charges), wanted, rtol=1e-11)
    np.testing.assert_allclose(alone(LAYER, charges, 0.4), alone(LAYER, charges, 1.2), rtol=1e-12)
    # of charged layers as well the height of the cell is nothing but a way to write positions
    higher = Crystal(
        LAYER.lattice.at[2, 2].set(1.5 * height),
        LAYER.species,
        0.5 + (LAYER.positions - 0.5) @ jnp.diag(jnp.asarray([1, 1, 1 / 1.5])),
    )
    np.testing.assert_allclose(alone(higher, CHARGES), alone(LAYER, CHARGES), rtol=1e-12)


@pytest.mark.slow
def test_a_supercell_has_twice_the_energy():
    lattice = LAYER.lattice.at[0].multiply(2)
    half = LAYER.positions @ jnp.diag(jnp.asarray([0.5, 1, 1]))
    double = Crystal(lattice, LAYER.species * 2, jnp.concatenate([half, half + jnp.asarray([[0.5, 0, 0]])]))
    np.testing.assert_allclose(energy(double, jnp.tile(CHARGES, 2)), 2 * energy(LAYER, CHARGES), rtol=1e-12)


def test_forces_and_stress_are_differences_and_add_up_to_zero():
    strain = jnp.asarray([[0.02, 0.01, 0], [0.01, -0.03, 0], [0, 0, 0.01]])
    shift = jnp.asarray([[0, 0, 0], [0.01, 0, 0], [0, 0, 0.003]])
    bent = lambda strain, shift: Crystal(LAYER.lattice, LAYER.species, LAYER.positions + shift).strained(strain)
    h = 1e-4
    ahead, behind = (energy(bent(s * strain, s * shift), CHARGES) for s in (h, -h))
    stress, forces = jax.jit(jax.grad(lambda *by: ewald_energy(bent(*by), CHARGES), argnums=(0, 1)))(
        0 * strain, 0 * shift
    )
    np.testing.assert_allclose(np.sum(stress * strain) + np.sum(forces * shift), (ahead - behind) / (2 * h), rtol=1e-6)
    np.testing.assert_allclose(np.sum(forces, axis=0), 0, atol=1e-10)


def test_a_needle_of_a_cell_is_refused():
    with pytest.raises(ValueError, match=r"longest vector is 20 times .* at most 14\.7"):
        ewald_energy(Crystal(np.diag([3.0, 3.0, 60.0]), ("H",), [[0, 0, 0]]), [1.0])
