"""Energy barriers against closed forms: coherent rotation in a field, reversal by a wall; derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.core import Status
from jaxspin.micromagnetics.anisotropy import UniaxialAnisotropy
from jaxspin.micromagnetics.elastic_band import energy_barrier, straight_path
from jaxspin.micromagnetics.exchange import Exchange
from jaxspin.micromagnetics.mesh import Mesh
from jaxspin.micromagnetics.sublattice import Sublattice
from jaxspin.micromagnetics.system import System
from jaxspin.micromagnetics.zeeman import Zeeman

NM = 1e-9
K, M_S, A = 1e5, 8e5, 1e-11
PARTICLE = Mesh((1, 1, 1), (4 * NM, 5 * NM, 6 * NM))


def particle(K, B) -> System:
    """A single domain with its easy axis and a field along z."""
    return System(
        PARTICLE, Sublattice(M_S, 0.1), [UniaxialAnisotropy(K), Zeeman(jnp.stack([jnp.zeros(()), jnp.zeros(()), B]))]
    )


def barrier(K, B):
    """From +z to -z, along a path bent out of its plane."""
    system = particle(K, B)
    ends = system.uniform((0.0, 0.0, 1.0)), system.uniform((0.0, 0.0, -1.0))
    path = straight_path(*ends, 7, around=(0.2, 1.0, 0.0))
    return energy_barrier(system, path, tolerance=1e-7)


def test_single_domain_and_its_derivatives() -> None:
    """K V (1 + B/B_K)^2 from the state along the field, with B_K = 2 K/M_s; slopes follow by differentiation."""
    V, B = PARTICLE.cell_volume, jnp.asarray(0.05)
    found = barrier(K, B)
    assert found.status == Status.OK
    exact = lambda K, B: K * V * (1 + B * M_S / (2 * K)) ** 2
    # the saddle is stationary: a torque of 1e-7 T, 4e-7 of B_K, leaves a relative error of its square
    np.testing.assert_allclose(found.barrier, exact(K, B), rtol=1e-12)
    slopes = jax.grad(lambda K, B: barrier(K, B).barrier, argnums=(0, 1))(K, B)
    np.testing.assert_allclose(slopes, jax.grad(exact, argnums=(0, 1))(K, B), rtol=3e-6)


@pytest.mark.slow
def test_reversal_by_a_wall() -> None:
    """A long wire reverses by a wall that travels through it: 4 sqrt(A K) times its section, far below K V."""
    n, h = 60, 2 * NM
    mesh = Mesh((n, 1, 1), (h, 3 * NM, 3 * NM))
    system = System(mesh, Sublattice(M_S, 0.1), [Exchange(A), UniaxialAnisotropy(K)])
    x = np.asarray(mesh.centres())[:, 0, 0, 0]
    places = np.linspace(-4, 4 + n * h / (10 * NM), 15) * 10 * NM  # of the wall, of width sqrt(A/K) = 10 nm
    angle = 2 * np.arctan(np.exp((places[:, None] - x[None]) / (10 * NM)))
    angle[0], angle[-1] = 0.0, np.pi
    path = np.stack([np.sin(angle), np.zeros_like(angle), np.cos(angle)], axis=-1)[:, None, :, None, None, :]
    found = energy_barrier(system, jnp.asarray(path), tolerance=1e-4, max_steps=3000)
    wall = 4 * np.sqrt(A * K) * 9 * NM**2
    # cells of a fifth of the wall's width: (h/width)^2/12 = 0.3 %; ends at 6 widths repel by exp(-12)
    np.testing.assert_allclose(found.barrier, wall, rtol=5e-3)
    assert found.barrier < 0.35 * K * mesh.cell_volume * n


def test_path_must_fit() -> None:
    """Two images have no saddle between them."""
    system = particle(K, jnp.asarray(0.0))
    ends = jnp.stack([system.uniform((0.0, 0.0, 1.0)), system.uniform((0.0, 0.0, -1.0))])
    with pytest.raises(ValueError, match="n >= 3"):
        energy_barrier(system, ends)
