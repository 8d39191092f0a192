"""Coulomb kernels: a sheet of dipoles between plates, and alone; a model of a layer.

Geometry: the charge density depends on z only, two Gaussians of opposite sign. Alone, its field vanishes outside and
its energy per area is the integral of E(z)^2/8 pi; periodic images add a field -4 pi P/L (P: dipole per area).
"""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import erf

from jaxspin.planewave.basis import grid_vectors, plane_waves
from jaxspin.planewave.coulomb import Layer, Periodic
from jaxspin.planewave.crystal import Crystal
from jaxspin.planewave.density import atomic_density
from jaxspin.planewave.energy import local_energy
from jaxspin.planewave.exchange_correlation import LDA_PADE
from jaxspin.planewave.hartree import coulomb_kernel, hartree_energy, layer_kernel
from jaxspin.planewave.kpoints import IDENTITY, monkhorst_pack
from jaxspin.planewave.model import KohnSham
from jaxspin.planewave.pseudopotential import tabulated

WIDTH, APART, SURFACE = 0.8, 1.5, 0.02


def sheet(length, points=160):
    crystal = Crystal(np.diag([4.0, 4.0, length]), ("H",), [[0, 0, 0.5]])
    z = (np.arange(points) / points - 0.5) * length
    gauss = lambda z0: np.exp(-((z - z0) ** 2) / (2 * WIDTH**2)) / (WIDTH * np.sqrt(2 * np.pi))
    n = SURFACE * (gauss(APART / 2) - gauss(-APART / 2))
    g = 2 * np.pi * np.fft.fftfreq(points, length / points)
    vectors = np.stack([np.zeros(points), np.zeros(points), g], axis=-1)[None, None]
    return crystal, jnp.asarray(n)[None, None], jnp.asarray(vectors)


def alone():
    """Energy per area by Gauss's law; the field of the pair is a difference of error functions."""
    z = np.linspace(-15, 15, 4001)
    step = lambda z0: erf((z - z0) / (np.sqrt(2) * WIDTH)) / 2
    field = 4 * np.pi * SURFACE * (step(APART / 2) - step(-APART / 2))
    return np.sum(field**2) * (z[1] - z[0]) / (8 * np.pi)


@pytest.mark.parametrize("length", [24.0, 40.0])
def test_a_layer_alone_and_among_its_images(length):
    crystal, n, vectors = sheet(length)
    area = 16.0
    own = hartree_energy(n, layer_kernel(vectors, crystal), crystal.volume) / area
    np.testing.assert_allclose(own, alone(), rtol=1e-9)
    periodic = hartree_energy(n, coulomb_kernel(vectors), crystal.volume) / area
    np.testing.assert_allclose(own - periodic, 2 * np.pi * (SURFACE * APART) ** 2 / length, rtol=1e-8)


def test_kernels_agree_where_waves_are_short_and_are_smooth_at_zero():
    crystal, _, _ = sheet(40.0)
    vectors = jnp.asarray([[1.0, 0.5, 0.3], [0.0, 0.0, 0.0], [0.0, 0.0, 2 * np.pi / 40]])
    cut, whole = layer_kernel(vectors, crystal), coulomb_kernel(vectors)
    np.testing.assert_allclose(cut[0], whole[0], rtol=1e-8)  # exp(-1.1 * 20)
    np.testing.assert_allclose(cut[1], -2 * np.pi * 400)
    np.testing.assert_allclose(cut[2], 2 * whole[2])  # cos(pi) = -1
    slopes = jax.jit(jax.grad(lambda v: jnp.sum(layer_kernel(v, crystal))))(vectors)
    assert bool(jnp.all(jnp.isfinite(slopes)))


def polar(height, up=0.0):
    """Mo above S in a cell of some height, moved up as a whole [bohr]."""
    positions = [[0, 0, 0.5 + (1.2 + up) / height], [0.5, 0.5, 0.5 + (up - 1.2) / height]]
    crystal = Crystal(np.diag([5.0, 5.0, height]), ("Mo", "S"), positions)
    return KohnSham(crystal, (tabulated("Mo", "PADE"), tabulated("S", "PADE")), LDA_PADE)


@eqx.filter_jit
def electrostatic(model, n):
    """What of the energy is of the interaction of charges."""
    kernel = model.coulomb.kernel(grid_vectors(model.crystal, n.shape), model.crystal)
    hartree = hartree_energy(n, kernel, model.crystal.volume)
    return local_energy(model, n) + hartree + model.coulomb.of_cores(model.crystal, model.charges)


def test_all_parts_of_the_energy_belong_to_a_layer_alone():
    # The density of atoms that are moved by 0.3 bohr against the cores: a dipole of 20 x 0.3. Its images cost
    # 2 pi p^2/volume; nothing of the layer's energy depends on the height of the cell. What the grid leaves out of the
    # density, Gaussians of width 1.1, is exp(-(1.1 x 6)^2/2) = 3e-10 of it.
    energies = {}
    for height in (24.0, 30.0):
        model, grid = polar(height), (12, 12, 64)
        basis = plane_waves(model.crystal, 5.0, monkhorst_pack(model.crystal, (1, 1, 1), operations=IDENTITY), grid)
        n = atomic_density(polar(height, 0.3), basis)
        for coulomb in (Periodic(), Layer()):
            energies[type(coulomb), height] = float(electrostatic(dataclasses.replace(model, coulomb=coulomb), n))
    assert energies[Layer, 24.0] == pytest.approx(energies[Layer, 30.0], abs=1e-7)
    for height in (24.0, 30.0):
        images = 2 * np.pi * (20 * 0.3) ** 2 / (25 * height)
        assert energies[Layer, height] - energies[Periodic, height] == pytest.approx(images, abs=1e-7)


@pytest.mark.parametrize(
    ("lattice", "heights", "message"),
    [
        ([[5, 0, 0], [0, 5, 0.2], [0, 0, 20]], (0.5, 0.6, 0.4), "third lattice vector must lie along z"),
        ([[5, 0, 0], [0, 5, 0], [0, 0, 20]], (0.1, 0.4, 0.7), r"0\.40 of the cell's height free.*above 24 bohr"),
    ],
)
def test_a_crystal_that_is_no_layer_is_refused(lattice, heights, message):
    positions = [[0, 0, heights[0]], [0.5, 0.5, heights[1]], [0.5, 0, heights[2]]]
    crystal = Crystal(np.array(lattice, dtype=float), ("Mo", "S", "S"), positions)
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(polar(20.0), crystal=crystal, coulomb=Layer())
