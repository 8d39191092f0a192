"""Walls in motion, against closed forms: Walker's field, spin-orbit torque on ferrimagnets and antiferromagnets."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.core import Solve, Status
from jaxspin.micromagnetics import (
    Exchange,
    InterfacialDMI,
    Mesh,
    SpinOrbitTorque,
    Sublattice,
    SublatticeExchange,
    System,
    UniaxialAnisotropy,
    Zeeman,
    evolve,
    evolve_rigid,
)

GAMMA = 1.760859630e11
HBAR_OVER_2E = 1.054571817e-34 / (2 * 1.602176634e-19)
pytestmark = pytest.mark.slow


def neel_wall(system, width, chirality):
    """m_z = tanh, up on the right, in the middle of a rod."""
    x = system.mesh.centres()[..., 0] - system.mesh.size[0] / 2
    return jnp.stack([chirality / jnp.cosh(x / width), 0 * x, jnp.tanh(x / width)], -1)


def position(run, length):
    """Of the wall [m]: m_z is up on its right."""
    return length / 2 * (1 - np.asarray(run.averages[:, 0, 2]))


@pytest.mark.parametrize("spin", [(1.0, 1.0), (4.0 / 3.0, 1.0)], ids=["away from", "at angular compensation"])
def test_a_wall_driven_by_spin_orbit_torque(spin):
    # v = (pi Delta/2) T/sqrt(as^2 + (ds T Delta/D_tot)^2), T = sum hbar theta_i j/(2 e t), for a rigid pair
    n, h, t, j, theta, D = 300, 1e-9, 6e-9, 0.5e12, 0.1, 0.15e-3
    M = np.array([4e5, 3e5])
    gamma = 8.794e10 * np.array(spin)
    s = M / gamma
    alpha = 0.1
    A_tot, K_tot, D_tot = 10e-12, 1e5, 2 * D
    width = np.sqrt(A_tot / K_tot)
    system = System(
        Mesh((n, 1, 1), (h, 3e-9, t)),
        [Sublattice(M[0], alpha, gamma[0]), Sublattice(M[1], alpha, gamma[1])],
        [
            Exchange(5e-12),
            UniaxialAnisotropy(5e4),
            InterfacialDMI(D),
            SublatticeExchange.from_coupling(-19 * 4e5),
        ],
        SpinOrbitTorque(j, t, theta),
    )
    n0 = neel_wall(system, width, -1.0)
    times = np.linspace(0, 3e-10, 16)
    run = evolve_rigid(system, n0, times, solve=Solve(rtol=1e-6, atol=1e-6, max_steps=1_000_000))
    assert run.status == Status.OK
    where = position(run, n * h)
    speed = np.polyfit(times[6:], where[6:], 1)[0]
    T = 2 * HBAR_OVER_2E * theta * j / t
    ds, total = s[0] - s[1], alpha * s.sum()
    exact = np.pi * width / 2 * T / np.sqrt(total**2 + (ds * T * width / D_tot) ** 2)
    assert abs(speed) == pytest.approx(exact, rel=0.02)  # cells of a tenth of the width, 0.5 %; wall not quite rigid


def test_walker_breakdown_of_a_bloch_wall():
    # a hard axis K_h along x: H_W = alpha H_N/2 with mu_0 H_N = 2 K_h/M_s; below it v = gamma Delta B/alpha
    Ms, alpha, A, K, hard = 8e5, 0.1, 1e-11, 4e5, 5e4
    mesh = Mesh((300, 1, 1), (1e-9, 1e-9, 1e-9))
    walker = alpha * (2 * hard / Ms) / 2

    def speed(B, duration):
        terms = [Exchange(A), UniaxialAnisotropy(K), UniaxialAnisotropy(-hard, (1.0, 0.0, 0.0)), Zeeman((0, 0, B))]
        system = System(mesh, Sublattice(Ms, alpha), terms)
        m = neel_wall(system, np.sqrt(A / K), 1.0)
        bloch = jnp.stack([0 * m[..., 0], m[..., 0], m[..., 2]], -1)[None]
        times = np.linspace(0, duration, 31)
        run = evolve(system, bloch, times, solve=Solve(rtol=1e-5, atol=1e-5, max_steps=1_000_000))
        assert run.status == Status.OK
        where = position(run, 300e-9)
        return -np.polyfit(times[10:], where[10:], 1)[0]

    below = speed(0.9 * walker, 1.5e-9)
    # the wall narrows by its tilt phi, sin 2 phi = 0.9: Delta = sqrt(A/(K + K_h sin^2 phi))
    phi = np.arcsin(0.9) / 2
    exact = GAMMA * np.sqrt(A / (K + hard * np.sin(phi) ** 2)) * 0.9 * walker / alpha
    assert below == pytest.approx(exact, rel=0.02)
    above = speed(1.2 * walker, 1.5e-9)
    assert above < 0.8 * below


def test_an_antiferromagnetic_wall_of_the_mumax_plus_set():
    # M_s 4e5, A 10, A_12 -5, A_0 -20 pJ/m, K 64 kJ/m3, D 0.11 mJ/m2, alpha 0.1, t 2 nm: v = pi Delta T/(2 as), far
    # below the spin-wave velocity; width sqrt((2A - A_12)/(2K))
    n, h, t, j, theta, Ms, alpha = 200, 1e-9, 2e-9, 0.1e12, 0.1, 4e5, 0.1
    width = np.sqrt((2 * 10e-12 + 5e-12) / (2 * 64e3))
    system = System(
        Mesh((n, 1, 1), (h, 1e-9, t)),
        [Sublattice(Ms, alpha)] * 2,
        [
            Exchange(10e-12),
            UniaxialAnisotropy(64e3),
            InterfacialDMI(0.11e-3),
            SublatticeExchange(-20e-12, -5e-12, 0.35e-9),
        ],
        SpinOrbitTorque(j, t, theta),
    )
    n0 = neel_wall(system, width, -1.0)
    times = np.linspace(0, 6e-11, 13)
    run = evolve_rigid(system, n0, times, solve=Solve(rtol=1e-6, atol=1e-6, max_steps=1_000_000))
    where = position(run, n * h)
    speed = abs(np.polyfit(times[5:], where[5:], 1)[0])
    T = 2 * HBAR_OVER_2E * theta * j / t
    assert speed == pytest.approx(np.pi * width / 2 * T / (alpha * 2 * Ms / GAMMA), rel=0.02)
