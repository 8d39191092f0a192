"""Coulomb kernels: a sheet of dipoles between plates, and alone.

Geometry: the charge density depends on z only, two Gaussians of opposite sign. Alone, its field vanishes outside and
its energy per area is the integral of E(z)^2/8 pi; periodic images add a field -4 pi P/L (P: dipole per area).
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import erf

from jaxspin.planewave.crystal import Crystal
from jaxspin.planewave.hartree import coulomb_kernel, hartree_energy, layer_kernel

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
