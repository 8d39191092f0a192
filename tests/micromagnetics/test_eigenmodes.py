"""Small oscillations against closed forms: Kittel, two sublattices, spin waves; gradients; ringdown."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.micromagnetics.anisotropy import UniaxialAnisotropy
from jaxspin.micromagnetics.demagnetization import VACUUM_PERMEABILITY, Demagnetization
from jaxspin.micromagnetics.dmi import InterfacialDMI
from jaxspin.micromagnetics.eigenmodes import eigenmodes, ringdown
from jaxspin.micromagnetics.exchange import Exchange
from jaxspin.micromagnetics.mesh import Mesh
from jaxspin.micromagnetics.newell import brick_tensor
from jaxspin.micromagnetics.relax import relax
from jaxspin.micromagnetics.spin_orbit_torque import SpinOrbitTorque
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


def test_gradients_where_the_equilibrium_stays() -> None:
    """Frequencies and widths of a chain along y with respect to D, theta, j and a map of K, against differences.

    Neither D, whose vector is y, nor the torque of a current with p = y moves the state; both change its modes.
    """
    mesh = Mesh((3, 1, 1), (5 * NM,) * 3)
    m = jnp.broadcast_to(jnp.asarray([0.0, 1.0, 0.0]), (1, 3, 1, 1, 3))

    def modes(p):
        terms = [Exchange(1e-11), UniaxialAnisotropy(1e4 * p["K"], (0.0, 1.0, 0.0)), InterfacialDMI(1e-3 * p["D"])]
        torque = SpinOrbitTorque(1e12 * p["j"], 5 * NM, p["theta"])
        found = eigenmodes(System(mesh, Sublattice(8e5, 0.01), terms, torque), m, count=3)
        return 1e-9 * jnp.concatenate([found.frequency, found.decay_rate])

    p = {"D": jnp.asarray(1.0), "theta": jnp.asarray(0.1), "j": jnp.asarray(0.3)}
    p["K"] = jnp.array([4.0, 5.0, 6.0])[:, None, None]
    nothing, h = jax.tree.map(jnp.zeros_like, p), 1e-3
    directions = [{**nothing, name: jnp.ones(())} for name in ("D", "theta", "j")]
    directions += [{**nothing, "K": jnp.zeros((3, 1, 1)).at[0].set(1.0)}]
    moved = [jax.tree.map(lambda x, v, s=s: x + s * v, p, each) for s in (h, -h) for each in directions]
    ends = jax.jit(jax.vmap(modes))(jax.tree.map(lambda *each: jnp.stack(each), *moved)).reshape(2, 4, 6)
    slopes = jax.jit(jax.jacrev(modes))(p)
    exact = jnp.stack([slopes["D"], slopes["theta"], slopes["j"], slopes["K"][:, 0, 0, 0]])
    # central differences at a relative step of 1e-3 or less: error some of its square, relative to the largest
    np.testing.assert_allclose(exact, (ends[0] - ends[1]) / (2 * h), rtol=1e-5, atol=1e-5 * np.abs(exact).max())
    along = jax.jit(lambda p: jax.jvp(modes, (p,), (directions[0],))[1])(p)
    np.testing.assert_allclose(along, exact[0], rtol=1e-9, atol=1e-9)


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
