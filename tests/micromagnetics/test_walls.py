"""Walls in motion, against closed forms: Walker's field, spin-orbit torque on ferrimagnets and antiferromagnets."""

import jax
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
SOLVE = Solve(rtol=1e-5, atol=1e-5, max_steps=1_000_000)


def rod(cells, cell):
    return Mesh((cells, 1, 1), (cell, cell, cell))


def neel_wall(mesh, width, chirality):
    """m_z = tanh, up on the right, in the middle of the rod."""
    x = mesh.centres()[..., 0] - mesh.size[0] / 2
    return jnp.stack([chirality / jnp.cosh(x / width), 0 * x, jnp.tanh(x / width)], -1)


def speed(mesh, run, first):
    """Of the wall [m/s], from the time numbered `first` on; m_z is up on its right."""
    where = mesh.size[0] / 2 * (1 - run.averages[:, 0, 2])
    return jnp.polyfit(run.times[first:], where[first:], 1)[0]


# M_1, M_2, gamma_1, gamma_2, A of each, K of each, D of each, A_0/a^2, A_12, t, j: two ferrimagnets and the
# antiferromagnet of mumax+ (M_s 4e5, A 10, A_12 -5, A_0 -20 pJ/m, K 64 kJ/m3, D 0.11 mJ/m2, alpha 0.1, t 2 nm)
STIFF = -19 * 4e5 / 4
PAIRS = {
    "away from angular compensation": (4e5, 3e5, 8.794e10, 8.794e10, 5e-12, 5e4, 0.15e-3, STIFF, 0.0, 6e-9, 0.5e12),
    "at angular compensation": (4e5, 3e5, 8.794e10 * 4 / 3, 8.794e10, 5e-12, 5e4, 0.15e-3, STIFF, 0.0, 6e-9, 0.5e12),
    "antiferromagnet": (4e5, 4e5, GAMMA, GAMMA, 10e-12, 64e3, 0.11e-3, -20e-12 / 0.35e-9**2, -5e-12, 2e-9, 0.1e12),
}
ALPHA, THETA = 0.1, 0.1


@jax.jit
def driven(pair):
    """Speed of a wall under spin-orbit torque, and how the run ended."""
    M_1, M_2, gamma_1, gamma_2, A, K, D, A_0, A_12, t, j = pair
    mesh = rod(150, 2.5e-9)
    terms = [Exchange(A), UniaxialAnisotropy(K), InterfacialDMI(D), SublatticeExchange(A_0, A_12, 1.0)]
    system = System(
        mesh, [Sublattice(M_1, ALPHA, gamma_1), Sublattice(M_2, ALPHA, gamma_2)], terms, SpinOrbitTorque(j, t, THETA)
    )
    start = neel_wall(mesh, jnp.sqrt((2 * A - A_12) / (2 * K)), -1.0)
    run = evolve_rigid(system, start, jnp.linspace(0, 4e-10, 21), solve=SOLVE)
    return speed(mesh, run, 11), run.status


@pytest.mark.slow
def test_walls_driven_by_spin_orbit_torque():
    """v = (pi Delta/2) T/sqrt(as^2 + (ds T Delta/D_tot)^2), T = sum hbar theta_i j/(2 e t), of a rigid pair."""
    found, status = jax.vmap(driven)(tuple(jnp.asarray(values) for values in zip(*PAIRS.values(), strict=True)))
    assert np.all(np.asarray(status) == Status.OK)
    for v, (M_1, M_2, gamma_1, gamma_2, A, K, D, _, A_12, t, j) in zip(found, PAIRS.values(), strict=True):
        width = np.sqrt((2 * A - A_12) / (2 * K))
        T = 2 * HBAR_OVER_2E * THETA * j / t
        ds, total = M_1 / gamma_1 - M_2 / gamma_2, ALPHA * (M_1 / gamma_1 + M_2 / gamma_2)
        exact = np.pi * width / 2 * T / np.sqrt(total**2 + (ds * T * width / (2 * D)) ** 2)
        # cells of a quarter of the width or less: (h/width)^2/12 = 0.5 %; edges, which tilt, stay ten widths away
        assert abs(float(v)) == pytest.approx(exact, rel=0.01)


def test_walker_breakdown_of_a_bloch_wall():
    """A hard axis K_h along x: H_W = alpha H_N/2 with mu_0 H_N = 2 K_h/M_s; below it v = gamma Delta B/alpha."""
    Ms, alpha, A, K, hard = 8e5, 0.5, 1e-11, 4e5, 5e4
    walker = alpha * (2 * hard / Ms) / 2
    # a wall narrows by its tilt phi towards -x, sin 2 phi = B/B_W, and starts so: Delta^2 = A/(K + K_h sin^2 phi)
    phi = np.arcsin(0.9) / 2
    width = np.sqrt(A / (K + hard * np.sin(phi) ** 2))

    mesh = rod(240, 1e-9)

    @jax.jit
    def run(B):
        z = jnp.asarray([0.0, 0.0, 1.0])
        terms = [Exchange(A), UniaxialAnisotropy(K), UniaxialAnisotropy(-hard, (1.0, 0.0, 0.0)), Zeeman(B * z)]
        m = neel_wall(mesh, width, 1.0)
        bloch = jnp.stack([-m[..., 0] * np.sin(phi), m[..., 0] * np.cos(phi), m[..., 2]], -1)[None]
        system = System(mesh, Sublattice(Ms, alpha), terms)
        # once beyond breakdown, half a turn of phi: pi (1 + alpha^2)/(gamma B_W sqrt(1.2^2 - 1))
        period = np.pi * (1 + alpha**2) / (GAMMA * walker * np.sqrt(0.44))
        found = evolve(system, bloch, jnp.linspace(0, period, 17), solve=SOLVE)
        return -speed(mesh, found, 0), found.status

    (below, above), status = jax.vmap(run)(walker * jnp.array([0.9, 1.2]))
    assert np.all(np.asarray(status) == Status.OK)
    assert float(below) == pytest.approx(GAMMA * width * 0.9 * walker / alpha, rel=0.01)
    assert float(above) < 0.8 * float(below)
