"""Small oscillations against closed forms: Kittel, two sublattices, spin waves; gradients; ringdown."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.micromagnetics.anisotropy import UniaxialAnisotropy
from jaxspin.micromagnetics.demagnetization import VACUUM_PERMEABILITY, Demagnetization
from jaxspin.micromagnetics.eigenmodes import eigenmodes, ringdown
from jaxspin.micromagnetics.exchange import Exchange
from jaxspin.micromagnetics.mesh import Mesh
from jaxspin.micromagnetics.newell import brick_tensor
from jaxspin.micromagnetics.relax import relax
from jaxspin.micromagnetics.sublattice import GYROMAGNETIC_RATIO, Sublattice
from jaxspin.micromagnetics.sublattice_exchange import SublatticeExchange
from jaxspin.micromagnetics.system import System
from jaxspin.micromagnetics.zeeman import Zeeman

NM = 1e-9


def test_kittel_and_its_width() -> None:
    """One brick along x: |lambda|^2 = gamma^2 a b/(1 + alpha^2), Gamma = alpha gamma (a + b)/2 over the same."""
    mesh, Ms, alpha, B = Mesh((1, 1, 1), (100 * NM, 60 * NM, 10 * NM)), 8e5, 0.02, 0.1
    system = System(mesh, Sublattice(Ms, alpha), [Demagnetization(mesh), Zeeman((B, 0.0, 0.0))])
    modes = eigenmodes(system, system.uniform((1.0, 0.0, 0.0)), count=1)
    Nx, Ny, Nz = brick_tensor(np.zeros(3), mesh.cell)[:3]
    a, b = (B + VACUUM_PERMEABILITY * Ms * (N - Nx) for N in (Ny, Nz))
    decay = alpha * GYROMAGNETIC_RATIO * (a + b) / 2 / (1 + alpha**2)
    size = GYROMAGNETIC_RATIO * np.sqrt(a * b / (1 + alpha**2))  # the modulus of a pair of eigenvalues, their product
    np.testing.assert_allclose(modes.decay_rate, decay, rtol=1e-10)
    np.testing.assert_allclose(2 * np.pi * modes.frequency, np.sqrt(size**2 - decay**2), rtol=1e-10)
    np.testing.assert_allclose(modes.linewidth, decay / np.pi, rtol=1e-10)


def ferrimagnet(K=5e4) -> System:
    """Two sublattices, antiparallel along z in a field, one cell."""
    sublattices = [Sublattice(4e5, 0.0, 1.1 * GYROMAGNETIC_RATIO), Sublattice(3e5, 0.0, GYROMAGNETIC_RATIO)]
    terms = [SublatticeExchange.from_coupling(-19 * 4e5), UniaxialAnisotropy(K), Zeeman((0.0, 0.0, 0.3))]
    return System(Mesh((1, 1, 1), (NM,) * 3), sublattices, terms)


def test_two_sublattices_exactly() -> None:
    """The Kittel-like and the exchange mode: eigenvalues of the 2 x 2 matrix of the linearised pair of moments."""
    system = ferrimagnet()
    found = eigenmodes(system, system.uniform((0, 0, 1), (0, 0, -1)), count=2)
    M1, M2, g1, g2 = 4e5, 3e5, 1.1 * GYROMAGNETIC_RATIO, GYROMAGNETIC_RATIO
    lam, H, Hk1, Hk2 = 19 / M2, 0.3, 2 * 5e4 / M1, 2 * 5e4 / M2
    a1, a2 = H + Hk1 + lam * M2, -H + Hk2 + lam * M1
    wanted = np.linalg.eigvals([[g1 * a1, g1 * lam * M2], [-g2 * lam * M1, -g2 * a2]])
    np.testing.assert_allclose(found.frequency, np.sort(np.abs(wanted)) / (2 * np.pi), rtol=1e-8)
    np.testing.assert_allclose(found.decay_rate / found.frequency, 0.0, atol=1e-8)


@pytest.mark.slow
def test_gradient_where_the_equilibrium_stays() -> None:
    """Frequencies of a chain along its axis with respect to a map of K, forward and reverse, against differences."""
    mesh = Mesh((3, 1, 1), (5 * NM,) * 3)

    def frequency(K):
        system = System(mesh, Sublattice(8e5, 0.01), [Exchange(1e-11), UniaxialAnisotropy(K)])
        return eigenmodes(system, system.uniform((0.0, 0.0, 1.0)), count=2).frequency[0]

    K, h = jnp.array([4e4, 5e4, 6e4])[:, None, None], 10.0
    slope = jax.grad(frequency)(K)
    difference = (frequency(K.at[0].add(h)) - frequency(K.at[0].add(-h))) / (2 * h)
    # central differences at a relative step of 2e-4: error of its square
    np.testing.assert_allclose(slope[0, 0, 0], difference, rtol=1e-6)
    along = jax.jvp(frequency, (K,), (jnp.ones_like(K),))[1]
    np.testing.assert_allclose(jnp.sum(slope), along, rtol=1e-10)


@pytest.mark.slow
def test_gradient_of_frequencies() -> None:
    """With respect to K, at an equilibrium that K moves: the implicit derivative of both, against differences."""
    mesh = Mesh((3, 1, 1), (5 * NM,) * 3)

    def frequencies(K):
        tilted = UniaxialAnisotropy(K, (0.0, 0.6, 0.8))
        terms = [Exchange(1e-11), tilted, Zeeman((0.05, 0.0, 0.1))]
        system = System(mesh, Sublattice(8e5, 0.01), terms)
        found = relax(system, system.uniform((0.0, 0.6, 0.8)), tolerance=1e-12)
        modes = eigenmodes(system, found.m, count=2)
        return jnp.concatenate([modes.frequency, modes.decay_rate])

    K = jnp.array([4e4, 5e4, 6e4])[:, None, None]
    h = 10.0
    by_difference = (frequencies(K.at[0].add(h)) - frequencies(K.at[0].add(-h))) / (2 * h)
    along = jax.jvp(frequencies, (K,), (jnp.zeros_like(K).at[0].set(1.0),))[1]
    # equilibria are found to a torque of 1e-12 T, some 1e-11 of the field, which the difference divides by 4e-4
    np.testing.assert_allclose(along, by_difference, rtol=1e-5, atol=1e-5 * np.abs(by_difference).max())


def test_ringdown_has_the_modes() -> None:
    """Two cells kicked uniformly ring at their lowest mode: both methods, to the resolution of the spectrum."""
    mesh = Mesh((2, 1, 1), (5 * NM, 5 * NM, 5 * NM))
    terms = [Exchange(1.3e-11), Demagnetization(mesh), Zeeman((0.1, 0.0, 0.0))]
    system = System(mesh, Sublattice(8e5, 0.008), terms)
    m = system.uniform((1.0, 0.0, 0.0))
    modes = eigenmodes(system, m, count=1)
    rung = ringdown(system, m, (0.0, 1e-14, 0.0), duration=1e-9, samples=200, steps=25)
    frequency, amplitude = rung.spectrum()
    # bins lie 0.25 GHz apart
    assert abs(frequency[np.argmax(amplitude[:, 1])] - modes.frequency[0]) < 0.3e9
    assert np.isfinite(np.asarray(rung.moment)).all()


def test_mask_and_bad_counts() -> None:
    """Only magnetic cells have modes."""
    mask = jnp.array([True, True, False])[:, None, None]
    system = System(Mesh((3, 1, 1), (NM,) * 3, mask=mask), Sublattice(1e6, 0.01), Zeeman((0.0, 0.0, 0.5)))
    m = system.uniform((0.0, 0.0, 1.0))
    modes = eigenmodes(system, m, count=2)
    np.testing.assert_allclose(modes.frequency, GYROMAGNETIC_RATIO * 0.5 / (2 * np.pi) / (1 + 1e-4), rtol=1e-10)
    np.testing.assert_array_equal(modes.shape[:, :, 2], 0)
    with pytest.raises(ValueError, match="count must be 1 to 2"):
        eigenmodes(system, m, count=3)
