"""A system whose points take time and chance: the logistic map x -> r x (1 - x), iterated from a random start."""

import equinox as eqx
import jax
import jax.numpy as jnp

from jaxspin.core import ForwardModel, Material, Observable, Observables, Status, quantity


class Map(eqx.Module):
    r: float = quantity("1", bounds=(0.0, 4.0), scale=1.0, symbol="r", doc="growth rate")


class Start(eqx.Module):
    x: float = quantity("1", bounds=(0.0, 1.0), scale=0.1, symbol="x_0", doc="where to begin, without its noise")
    length: float = quantity("m", bounds=(0.0, 1.0), scale=1e-9, symbol="l", doc="a length", default=1e-9)
    turns: float = quantity("1", bounds=(0.0, 1e9), scale=1e3, symbol="n", doc="number of iterations", default=1e4)


def observe(params, controls, *, solve=None, key=None):
    noise = 0.01 * jax.random.uniform(key)
    advance = lambda _, x: params.r * x * (1 - x)
    x = jax.lax.fori_loop(0, controls.turns.astype(int), advance, 0.9 * controls.x + noise)
    # the corner of large r and x fails, unless it may take many steps
    budget = 3000 if solve is None else solve.max_steps
    failed = (params.r > 3.9) & (controls.x > 0.8) & (budget <= 100_000)
    return Observables(
        {"end": jnp.where(failed, jnp.nan, x), "volume": controls.length**3 * x},
        jnp.where(failed, Status.MAX_STEPS, Status.OK).astype(jnp.int32),
    )


MODEL = ForwardModel(
    name="chaotic_map",
    title="Logistic map",
    parameters=Map,
    controls=Start,
    observables={
        "end": Observable("1", "x_n", "where it ends", ("r",)),
        "volume": Observable("m^3", "V", "with a unit", ("r",)),
    },
    observe=observe,
    materials={"chaos": Material(lambda: Map(r=3.7), "made up for tests")},
    example=lambda: Start(x=0.3),
    citation="@misc{map, title = {A map}}",
)
