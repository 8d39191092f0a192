"""Equilibria: walls, edges and loops against closed forms, the minimiser on ferrimagnets, implicit derivatives."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.core import Status
from jaxspin.micromagnetics import (
    Exchange,
    InterfacialDMI,
    Mesh,
    Sublattice,
    SublatticeExchange,
    System,
    UniaxialAnisotropy,
    hysteresis,
    relax,
)

A, D, K, MS = 13e-12, 3e-3, 0.4e6, 0.86e6  # the DMI standard problem


ROD = Mesh((100, 1, 1), (1e-9, 1e-9, 1e-9))


def rod(h, D=D):
    """100 cells of size h, as cells of 1 nm with A/h^2 and D/h as they are in h: all share one compilation."""
    terms = [Exchange(A * (1e-9 / h) ** 2), UniaxialAnisotropy(K), InterfacialDMI(D * 1e-9 / h)]
    return System(ROD, Sublattice(MS, 0.1), terms)


def ferrimagnet(D=0.25e-3, K=5e4, n=40, h=2e-9):
    mesh = Mesh((n, 1, 1), (h, 3e-9, 6e-9))
    terms = [
        Exchange(5e-12),
        UniaxialAnisotropy(K),
        InterfacialDMI(D),
        SublatticeExchange.from_coupling(-19 * 4e5, -5e-12),
    ]
    return System(mesh, [Sublattice(4e5, 0.1), Sublattice(3e5, 0.1)], terms)


def edge(system, start):
    """m_x in the last cells, extrapolated to the edge: second order."""
    m = relax(system, start, tolerance=1e-9).m[0, :, 0, 0, 0]
    return (15 * m[-1] - 10 * m[-2] + 3 * m[-3]) / 8


def test_the_signed_edge_tilt_of_the_dmi_problem():
    # 100 nm is many wall widths: sin(tilt) = D/(2 sqrt(A K)) = 0.6578 at the +x edge for m_z = +1, ours positive
    exact = D / (2 * np.sqrt(A * K))
    assert exact == pytest.approx(0.6578, abs=1e-4)
    coarse, fine = (float(edge(s, s.uniform((0, 0, 1.0)))) - exact for s in (rod(2e-9), rod(1e-9)))
    assert abs(fine) < 2e-3
    assert coarse / fine > 3  # second order
    down = rod(2e-9)
    assert float(edge(down, down.uniform((0, 0, -1.0)))) == pytest.approx(-(exact + coarse), abs=1e-6)


@pytest.mark.slow
def test_the_edge_of_a_rigid_pair_tilts_by_the_sums():
    # rigid limit: sin = D_tot/(2 sqrt(A_tot K_tot)) = 0.2041 with D_tot = 2 D, A_tot = 2 A - A_12, K_tot = 2 K. A wrong
    # condition at the edge (A_12 left out of it, or a sign) would keep every symmetry, not this number
    system = ferrimagnet()
    found = relax(system, system.uniform((0, 0, 1.0), (0, 0, -1.0)), tolerance=1e-8)
    m = found.m[0, :, 0, 0, 0]
    exact = 0.5e-3 / (2 * np.sqrt(15e-12 * 1e5))
    assert float((15 * m[-1] - 10 * m[-2] + 3 * m[-3]) / 8) == pytest.approx(exact, rel=5e-3)
    assert float(jnp.max(jnp.abs(found.m[0] + found.m[1]))) < 5e-3


def test_wall_width_and_energy():
    # sigma = 4 sqrt(A K) - pi |D|, m_z = tanh(x/sqrt(A/K)) for a Neel wall in the middle of a long rod
    small = 1e-3
    system = rod(1e-9, D=small)
    x = system.mesh.centres()[:, 0, 0, 0] - 50e-9
    width = np.sqrt(A / K)
    # D > 0 (Rohart-Thiaville) wants m_x < 0 where m_z rises along +x
    start = jnp.stack([-1 / jnp.cosh(x / width), 0 * x, jnp.tanh(x / width)], -1)[None, :, None, None]
    wall = relax(system, system.normalised(start), tolerance=1e-6)
    uniform = relax(system, system.uniform((0, 0, 1.0)), tolerance=1e-6)
    sigma = float(wall.energy - uniform.energy) / 1e-18
    assert sigma == pytest.approx(4 * np.sqrt(A * K) - np.pi * small, rel=2e-3)
    inside = slice(40, 60)
    fitted = np.polyfit(np.asarray(x)[inside], np.arctanh(np.asarray(wall.m[0, inside, 0, 0, 2])), 1)[0]
    assert 1 / fitted == pytest.approx(width, rel=5e-3)  # (h/width)^2/12 = 0.3 %


def test_the_minimiser_takes_a_ferrimagnet_from_noise_to_a_domain():
    system = ferrimagnet()
    m0 = system.normalised(jnp.asarray(np.random.default_rng(1).normal(size=(2, 40, 1, 1, 3))))
    found = relax(system, m0, tolerance=1e-6)
    assert found.status == Status.OK
    assert found.torque <= 1e-6
    assert found.iterations < 1000
    np.testing.assert_allclose(jnp.linalg.norm(found.m, axis=-1), 1, atol=1e-14)
    # energies never rise: stopping earlier leaves more
    path = [float(relax(system, m0, tolerance=1e-6, max_iterations=n).energy) for n in (1, 2, 4, 8, 16, 32)]
    assert all(later <= earlier for earlier, later in itertools.pairwise(path))
    assert relax(system, m0, max_iterations=3).status == Status.MAX_STEPS
    with pytest.raises(ValueError, match="m0 must have the shape"):
        relax(system, m0[:1])


def test_equilibrium_has_implicit_derivatives_with_respect_to_every_parameter_field():
    start = ferrimagnet().uniform((0, 0, 1.0), (0, 0, -1.0))
    m_x = lambda p: relax(ferrimagnet(p["D"] * 1e-3, p["K"] * 1e4), start, tolerance=1e-10).m[0, -1, 0, 0, 0]
    both = jax.jit(jax.value_and_grad(m_x))
    p = {"D": jnp.asarray(0.25), "K": jnp.asarray(np.linspace(4.5, 5.5, 40)[:, None, None])}
    slope = both(p)[1]

    def difference(direction):
        """Along `direction`, of order 4: error some (0.1/5)^4 of truncation, 1e-10/(0.1 slope) of the minimiser."""
        moved = lambda h: float(both(jax.tree.map(lambda x, v: x + h * v, p, direction))[0])
        return (8 * (moved(0.1) - moved(-0.1)) - (moved(0.2) - moved(-0.2))) / 1.2

    nothing = jax.tree.map(jnp.zeros_like, p)
    along_D = {**nothing, "D": jnp.asarray(0.05)}
    assert 0.05 * float(slope["D"]) == pytest.approx(difference(along_D), rel=1e-5)
    for cell in (30, 39):
        along_K = {**nothing, "K": nothing["K"].at[cell].set(1.0)}
        assert float(slope["K"][cell, 0, 0]) == pytest.approx(difference(along_K), rel=1e-5, abs=5e-9)


def test_a_stoner_wohlfarth_particle_switches_where_it_should():
    # field at 45 degrees to the easy axis: h_sw = 1/2 of the anisotropy field
    system = System(Mesh((1, 1, 1), (3e-9,) * 3), Sublattice(8e5, 0.1), UniaxialAnisotropy(1e5))
    strength = np.array([0.1, -0.1, -0.45, -0.49, -0.51, -0.55]) * 2e5 / 8e5
    loop = hysteresis(system, system.uniform((0, 0, 1.0)), strength[:, None] * np.array([1, 0, 1]) / np.sqrt(2))
    assert jnp.all(loop.status == Status.OK)
    np.testing.assert_array_equal(loop.averages[:, 0, 2] > 0, [True, True, True, True, False, False])
