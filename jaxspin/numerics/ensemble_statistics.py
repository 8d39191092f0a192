"""Means, variances and covariances of random samples, each with its standard error: a variance of a variance, too.

Errors come from influence functions: the estimate changes by psi_i/n when sample i is given more weight, and the error
is that of the mean of the psi_i. Samples that share random numbers are told by `group`: each `group` consecutive ones
may depend on each other in any way (`psi` is then summed over a group first), different groups are independent.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float


class Estimate(NamedTuple):
    """A number estimated from samples: its value and its standard error, in the unit of the value.

    `error` is infinite where there are too few independent groups to tell: one for a mean, three for second moments.
    """

    value: Float[Array, ""]
    error: Float[Array, ""]


def mean(samples: Float[Array, " n"], group: int = 1) -> Estimate:
    """Mean of samples (n,). Raises `ValueError` for fewer than two samples, or groups smaller than one."""
    _check(samples.shape[0], group)
    value = jnp.mean(samples)
    return Estimate(value, _error(samples - value, group, 2))


def variance(samples: Float[Array, " n"], group: int = 1) -> Estimate:
    """Variance of samples (n,), unbiased for independent ones; errors raised as by `mean`."""
    return covariance(samples, samples, group)


def covariance(samples: Float[Array, " n"], others: Float[Array, " n"], group: int = 1) -> Estimate:
    """Covariance of pairs (n,), (n,), unbiased for independent pairs; errors raised as by `mean`."""
    return covariance_of_moments(samples, others, samples * others, group)


def covariance_of_moments(
    first: Float[Array, " n"], second: Float[Array, " n"], both: Float[Array, " n"], group: int = 1
) -> Estimate:
    """cov(x, y) = <xy> - <x><y> where each draw i knows the conditional averages of x, y and xy, not only one value.

    Averaging over a symmetry of the ensemble within each draw (Rao and Blackwell) leaves the covariance what it is and
    shrinks its error. Unbiased for independent draws; errors raised as by `mean`.

    Arguments:
        first: <x> given draw i, (n,).
        second: <y> given draw i, (n,).
        both: <xy> given draw i, (n,), in the unit of x y.
        group: number of consecutive draws that may depend on each other.
    """
    n = first.shape[0]
    _check(n, group)
    # about constants near the means: large means must not cancel
    x, y = jnp.mean(first), jnp.mean(second)
    dx, dy = first - x, second - y
    about = both - x * second - y * first + x * y
    value = jnp.mean(about) + jnp.sum(dx * dy) / (n * (n - 1))
    return Estimate(value, _error(about - jnp.mean(about), group, 4))


def _error(influence: Float[Array, " n"], group: int, fewest: int) -> Float[Array, ""]:
    """Standard error of the mean of what sums to zero."""
    n = influence.shape[0]
    groups = -(-n // group)
    if groups < fewest:
        return jnp.asarray(jnp.inf, dtype=influence.dtype)
    sums = jnp.sum(jnp.pad(influence, (0, groups * group - n)).reshape(groups, group), axis=1)
    return jnp.sqrt(jnp.sum(sums**2) * groups / (groups - 1)) / n


def _check(n: int, group: int) -> None:
    if n < 2:
        raise ValueError(f"statistics need at least 2 samples, got {n}")
    if group < 1:
        raise ValueError(f"group must be at least 1 sample, got {group}")
