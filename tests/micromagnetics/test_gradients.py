"""Derivatives of trajectories: against finite differences, and the memory that reverse mode takes."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.core import Solve
from jaxspin.micromagnetics import (
    Exchange,
    InterfacialDMI,
    Mesh,
    SpinOrbitTorque,
    Sublattice,
    SublatticeExchange,
    System,
    UniaxialAnisotropy,
    evolve,
)
from jaxspin.micromagnetics.pair_rotation import evolve_split

SHAPE = (5, 3, 1)


def film(p, shape=SHAPE):
    """Parameters of order one: D [1e-3 J/m2], K [1e4 J/m3] a map, theta, j [1e12 A/m2]."""
    mesh = Mesh(shape, (3e-9, 3e-9, 6e-9))
    terms = [
        Exchange(5e-12),
        UniaxialAnisotropy(1e4 * p["K"]),
        InterfacialDMI(1e-3 * p["D"]),
        SublatticeExchange.from_coupling(-19 * 4e5),
    ]
    torque = SpinOrbitTorque(1e12 * p["j"], 6e-9, p["theta"])
    return System(mesh, [Sublattice(4e5, 0.1, 1.1 * 8.8e10), Sublattice(3e5, 0.1, 8.8e10)], terms, torque)


def start(system):
    return system.uniform((0.1, 0, 1.0), (-0.1, 0, -1.0))


def mean_z(p):
    """<m_z> of the first sublattice after 10 ps, by equal steps: the derivative of what is computed is exact."""
    system = film(p)
    run = evolve(system, start(system), (0.0, 1e-11), dt=2e-13, solve=Solve(max_steps=64))
    return run.averages[-1, 0, 2]


def split_order(p):
    """Neel order parameter after 10 ps by the split integrator."""
    system = film(p)
    run = evolve_split(system, start(system), (0.0, 1e-11), dt=5e-13)
    return (run.averages[-1, 0, 2] - run.averages[-1, 1, 2]) / 2


PARAMETERS = {
    "D": jnp.asarray(0.3),
    "K": jnp.asarray(np.random.default_rng(0).uniform(4, 6, SHAPE)),
    "theta": jnp.asarray(0.2),
    "j": jnp.asarray(4.0),
}


@pytest.mark.parametrize(
    "observable", [mean_z, pytest.param(split_order, marks=pytest.mark.slow)], ids=["equal steps", "split"]
)
def test_gradients_of_trajectories_agree_with_differences(observable):
    """With respect to D, theta, j, one cell of K and a map of it: reverse mode against central differences."""
    nothing = jax.tree.map(jnp.zeros_like, PARAMETERS)
    maps = jnp.zeros(SHAPE).at[4, 1, 0].set(1.0), jnp.asarray(np.random.default_rng(1).normal(size=SHAPE))
    directions = [{**nothing, name: jnp.ones(())} for name in ("D", "theta", "j")]
    directions += [{**nothing, "K": each} for each in maps]
    together = jax.tree.map(lambda *each: jnp.stack(each), *directions)
    # central difference of step 1e-4 in numbers of order one: error 1e-8 of truncation, 1e-12 of rounding
    h = jnp.array([1e-4, -1e-4])[:, None]
    moved = jax.tree.map(lambda x, v: x + jnp.reshape(h, (2,) + (1,) * v.ndim) * v, PARAMETERS, together)
    ends = jax.jit(jax.vmap(jax.vmap(observable)))(moved)
    numeric = (ends[0] - ends[1]) / 2e-4
    slope = jax.jit(jax.grad(observable))(PARAMETERS)
    exact = [sum(jnp.vdot(slope[name], direction[name]) for name in slope) for direction in directions]
    assert np.all(np.asarray(numeric) != 0)
    np.testing.assert_allclose(exact, numeric, rtol=1e-5)


def test_memory_of_a_long_adjoint_is_bounded():
    """1000 steps of 4 evaluations on 48 x 48 cells: checkpoints grow as the square root of the number of steps."""
    mesh = Mesh((48, 48, 1), (3e-9, 3e-9, 6e-9))

    def final(steps, K):
        system = System(mesh, Sublattice(4e5, 0.1), [Exchange(5e-12), UniaxialAnisotropy(K)])
        solve = Solve(max_steps=steps)
        run = evolve(system, system.uniform((0.1, 0, 1.0)), (0.0, steps * 2e-13), dt=2e-13, solve=solve)
        return jnp.sum(run.final[0, ..., 2])

    def temporaries(steps):
        compiled = jax.jit(jax.grad(partial(final, steps))).lower(jnp.full(mesh.shape, 5e4)).compile()
        return compiled.memory_analysis().temp_size_in_bytes

    state = 48 * 48 * 3 * 8
    few, many = temporaries(63), temporaries(1000)
    assert many < 1000 * state / 5  # storing every step alone, without its stages, would take 1000 states
    assert many / few < 1000 / 63 / 2
