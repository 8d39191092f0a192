"""Exact ensembles: conductances by key, their mean, variance and covariance, all with standard errors.

The same key is the same random numbers (U or H, X, A_1, A_2) whatever the parameters, so that differences and
derivatives with respect to a, b, x, x_so, epsilon and dephasing go through the samples (see `draws`). Samples that
share X, A_1 and A_2 depend on each other weakly, and standard errors are those of such groups. Conductances in e^2/h,
energies in Delta.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from jaxspin.numerics import ensemble_statistics as statistics
from jaxspin.numerics.ensemble_statistics import Estimate
from jaxspin.systems.quantum_dot.cavity import Cavity, coherent_conductance, conductance, scattering_matrix
from jaxspin.systems.quantum_dot.channel_average import averaged_conductance, averaged_product, probabilities
from jaxspin.systems.quantum_dot.draws import check_sampling, draws, group_size
from jaxspin.systems.quantum_dot.parameters import Dot
from jaxspin.systems.quantum_dot.perturbation import is_coherent, spins_decouple


class Ensemble(NamedTuple):
    """Mean [e^2/h] and variance [(e^2/h)^2] of the conductance, each a value with its standard error."""

    mean: Estimate
    variance: Estimate


def sample_conductance(
    dot: Dot, key: PRNGKeyArray, n: int, M: int, method: str = "circular", *, share: int | None = None
) -> Float[Array, " n"]:
    """Conductances of n random dots, equations (4)-(7), with dephasing as in `cavity.conductance`.

    Arguments:
        dot: the dot, scalar fields (`jax.vmap` maps; every element then sees the same random numbers).
        key: random key.
        n: number of samples, >= 2.
        M: orbital channels of U, or levels of H; >= N + 2 and >= dephasing, and large against N, x^2, a^2, b, epsilon
            and dephasing to mean anything.
        method: "circular" (equation (5)) or "hamiltonian".
        share: samples that share X, A_1, A_2, consecutive ones; by default n/32, at most 16.

    Returns:
        Conductances [e^2/h], shape (n,).

    Raises:
        ValueError: for n < 2, M < N + 2 or < dephasing, an unknown method, share < 1, fields of the dot that are no
            scalars; and for M = N + 2 with spin-orbit coupling a in the circular construction, where no pair A_1, A_2
            exists.
    """
    check_sampling("sample_conductance", dot, n, M, method, share)
    return _conductances(dot, key, n, M, method, group_size(n, share), spins_decouple(dot), is_coherent(dot))


def sample_ensemble(
    dot: Dot, key: PRNGKeyArray, n: int, M: int, method: str = "circular", *, share: int | None = None
) -> Ensemble:
    """<G> and var G with standard errors. Arguments and errors raised are those of `sample_conductance`.

    Without dephasing each draw is averaged over the assignment of channels to leads (see `channel_average`): errors are
    some N times smaller for the variance, and shrink for the mean too.
    """
    check_sampling("sample_ensemble", dot, n, M, method, share)
    group = group_size(n, share)
    if not is_coherent(dot):
        samples = sample_conductance(dot, key, n, M, method, share=share)
        return Ensemble(statistics.mean(samples, group), statistics.variance(samples, group))
    first, _, both = _averaged_moments((dot,), key, n, M, method, group, spins_decouple(dot))
    return Ensemble(statistics.mean(first, group), statistics.covariance_of_moments(first, first, both, group))


def sample_covariance(
    dot: Dot, other: Dot, key: PRNGKeyArray, n: int, M: int, method: str = "circular", *, share: int | None = None
) -> Estimate:
    """cov[G, G'] [(e^2/h)^2] of two dots that differ in x, b, a, epsilon, with its standard error.

    Both see the same random numbers: one dot whose parameters are changed. Arguments and errors raised as by
    `sample_conductance`, and `ValueError` for dots with different channels.
    """
    for each in (dot, other):
        check_sampling("sample_covariance", each, n, M, method, share)
    if (dot.n1, dot.n2) != (other.n1, other.n2):
        raise ValueError(
            f"sample_covariance: both dots need the same channels, got (n1, n2) = {dot.n1, dot.n2} and "
            f"{other.n1, other.n2}"
        )
    group, decoupled = group_size(n, share), spins_decouple(dot) and spins_decouple(other)
    if is_coherent(dot) and is_coherent(other):
        first, second, both = _averaged_moments((dot, other), key, n, M, method, group, decoupled)
        return statistics.covariance_of_moments(first, second, both, group)
    here, there = (_conductances(each, key, n, M, method, group, decoupled, False) for each in (dot, other))
    return statistics.covariance(here, there, group)


def _moments(cavities: tuple[Cavity, ...], n1: int, N: int) -> tuple[Array, Array, Array]:
    """G, G' and G G' of one draw of two coherent dots (or of one), averaged over the assignment of channels."""

    # all solved as one batch, see `cavity.conductance`
    together = jax.tree.map(lambda *each: jnp.concatenate(each), *cavities)
    P = jax.vmap(lambda each: probabilities(scattering_matrix(each), N))(together)
    P = jnp.sum(P.reshape(len(cavities), -1, N, N), axis=1)
    here, there = P[0], P[-1]
    return averaged_conductance(here, n1), averaged_conductance(there, n1), averaged_product(here, there, n1)


@partial(jax.jit, static_argnums=(2, 3, 4, 5, 6, 7))
def _conductances(
    dot: Dot, key: PRNGKeyArray, n: int, M: int, method: str, share: int, decoupled: bool, coherent: bool
) -> Float[Array, " n"]:
    solve = coherent_conductance if coherent else conductance
    return draws(lambda cavities: solve(cavities[0], dot.n1), (dot,), key, n, M, method, share, decoupled)


@partial(jax.jit, static_argnums=(2, 3, 4, 5, 6))
def _averaged_moments(
    dots: tuple[Dot, ...], key: PRNGKeyArray, n: int, M: int, method: str, share: int, decoupled: bool
) -> tuple[Array, Array, Array]:
    n1, N = dots[0].n1, dots[0].N
    return draws(lambda cavities: _moments(cavities, n1, N), dots, key, n, M, method, share, decoupled)
