"""Draws from what a fit knows: a sample of parameters for robust designs."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, PRNGKeyArray

from jaxspin.core import unknown_name
from jaxspin.inverse.result import FitResult


def draw(result: FitResult, key: PRNGKeyArray, count: int, dataset: str | None = None) -> Any:
    """`count` parameter modules from the Laplace covariance of a fit: one module, every leaf with a leading axis.

    Gaussian in the unconstrained coordinates, so that every member lies inside the bounds and positive quantities are
    log-normal. Parameters at a bound and directions that nothing determines keep their fitted value. `dataset`: whose
    parameters (default: the first's). Works under `jit`.
    """
    space = result.problem.space
    name = dataset or result.problem.data[0].name
    if name not in space.start:
        raise KeyError(unknown_name("dataset", name, space.start))
    return _draw(result, key, count, name)


@eqx.filter_jit
def _draw(result: FitResult, key: Array, count: int, dataset: str) -> Any:
    slopes = result.problem.space.slopes(result.values)
    safe = jnp.where(slopes > 0, slopes, 1.0)
    moves = (slopes[:, None] > 0) & (slopes[None, :] > 0)
    covariance = jnp.where(moves, result.covariance / (safe[:, None] * safe[None, :]), 0.0)
    size, axes = jnp.linalg.eigh(covariance)
    normal = jax.random.normal(key, (count, size.size))
    steps = (normal * jnp.sqrt(jnp.maximum(size, 0.0))[None]) @ axes.T
    member = lambda step: result.problem.space.modules(result.problem.space.values(result.u + step))[dataset]
    return jax.vmap(member)(steps)
