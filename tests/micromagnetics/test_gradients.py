"""Derivatives of trajectories: against finite differences, and the memory that reverse mode takes."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.core import Differentiate, Solve
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


def mean_z(p, differentiate=Differentiate.reverse):
    """<m_z> of the first sublattice after 10 ps, by equal steps: the derivative of what is computed is exact."""
    system = film(p)
    solve = Solve(max_steps=64, differentiate=differentiate)
    return evolve(system, start(system), (0.0, 1e-11), dt=2e-13, solve=solve).averages[-1, 0, 2]


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
NOTHING = jax.tree.map(jnp.zeros_like, PARAMETERS)
DIRECTIONS = [
    *({**NOTHING, name: jnp.ones(())} for name in ("D", "theta", "j")),
    {**NOTHING, "K": jnp.zeros(SHAPE).at[4, 1, 0].set(1.0)},
    {**NOTHING, "K": jnp.asarray(np.random.default_rng(1).normal(size=SHAPE))},
]


def stacked(trees):
    return jax.tree.map(lambda *each: jnp.stack(each), *trees)


def shifted(step):
    """PARAMETERS moved along each of DIRECTIONS."""
    return [jax.tree.map(lambda x, v: x + step * v, PARAMETERS, each) for each in DIRECTIONS]


def test_gradients_of_trajectories_agree_with_differences():
    """With respect to D, theta, j, one cell of K and a map of it: forward mode against central differences."""
    observable = partial(mean_z, differentiate=Differentiate.forward)
    both = jax.jit(jax.vmap(lambda p, direction: jax.jvp(observable, (p,), (direction,))))  # one compilation for all
    values, slopes = both(stacked([*shifted(0.0), *shifted(1e-4), *shifted(-1e-4)]), stacked(3 * DIRECTIONS))
    # central difference of step 1e-4 in numbers of order one: error 1e-8 of truncation, 1e-12 of rounding
    numeric = (values[5:10] - values[10:]) / 2e-4
    assert np.all(np.asarray(numeric) != 0)
    np.testing.assert_allclose(slopes[:5], numeric, rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("observable", [mean_z, split_order], ids=["equal steps", "split"])
def test_adjoint_gradients_agree_with_differences(observable):
    """The same in reverse mode, also of the split integrator."""
    values = jax.jit(jax.vmap(observable))(stacked([*shifted(1e-4), *shifted(-1e-4)]))
    slope = jax.jit(jax.grad(observable))(PARAMETERS)
    exact = [sum(jnp.vdot(slope[name], direction[name]) for name in slope) for direction in DIRECTIONS]
    np.testing.assert_allclose(exact, (values[:5] - values[5:]) / 2e-4, rtol=1e-5)


LAYER = Mesh((10, 10, 1), (3e-9, 3e-9, 6e-9))
MAPS = {**PARAMETERS, "K": jnp.asarray(np.random.default_rng(2).uniform(4, 6, LAYER.shape))}


def final_z(steps, p):
    """Mean m_z of one sublattice, with parameters of order one as above, after some equal steps."""
    terms = [Exchange(5e-12), UniaxialAnisotropy(1e4 * p["K"]), InterfacialDMI(1e-3 * p["D"])]
    torque = SpinOrbitTorque(1e12 * p["j"], 6e-9, p["theta"])
    system = System(LAYER, Sublattice(4e5, 0.1), terms, torque)
    run = evolve(system, system.uniform((1.0, 0, 0.5)), (0.0, steps * 2e-13), dt=2e-13, solve=Solve(max_steps=steps))
    return jnp.mean(run.final[0, ..., 2])


def adjoint(steps):
    """Value and gradient, compiled, and the bytes that it takes."""
    compiled = jax.jit(jax.value_and_grad(partial(final_z, steps))).lower(MAPS).compile()
    return compiled, compiled.memory_analysis().temp_size_in_bytes


@pytest.mark.slow
def test_a_long_adjoint_is_right_and_its_memory_bounded():
    """1000 steps of 4 evaluations in reverse, with respect to D, theta, j and a map of K, against differences.

    Checkpoints grow as the square root of the number of steps.
    """
    compiled, size = adjoint(1000)
    slope = compiled(MAPS)[1]
    nothing = jax.tree.map(jnp.zeros_like, MAPS)
    directions = [{**nothing, name: jnp.ones(())} for name in ("D", "theta", "j")]
    directions.append({**nothing, "K": jnp.asarray(np.random.default_rng(3).normal(size=LAYER.shape))})
    for along in directions:
        ends = [compiled(jax.tree.map(lambda x, v, h=h: x + h * v, MAPS, along))[0] for h in (1e-4, -1e-4)]
        exact = sum(jnp.vdot(slope[name], along[name]) for name in slope)
        # a difference of step 1e-4: 1e-8 of truncation, 1e-11 of rounding
        np.testing.assert_allclose(exact, (ends[0] - ends[1]) / 2e-4, rtol=1e-5)
    state = 10 * 10 * 3 * 8
    assert size < 1000 * state / 5  # storing every step alone, without its stages, would take 1000 states


@pytest.mark.slow
def test_memory_of_an_adjoint_grows_slowly():
    """From 63 steps to 1000, sixteen times as many: at most half of that."""
    assert adjoint(1000)[1] / adjoint(63)[1] < 1000 / 63 / 2
