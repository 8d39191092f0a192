"""Ensembles against exact averages at finite N, against each other, and against leading order; their derivatives.

At a = b = x = 0 a dot is two copies of a COE matrix of N channels, whatever M; the other circular ensembles are drawn
directly. Statistical assertions allow three standard errors of the sample, at fixed keys.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.numerics import ensemble_statistics, random_matrix
from jaxspin.systems.quantum_dot import Dot, weak_localization
from jaxspin.systems.quantum_dot.channel_average import averaged_conductance, averaged_product, probabilities
from jaxspin.systems.quantum_dot.sampling import sample_conductance, sample_covariance, sample_ensemble

KEY = jax.random.key(11)
CIRCULAR = {1: random_matrix.coe, 2: random_matrix.cue, 4: random_matrix.cse}


def exact(n1, n2, beta):
    """<g> and var g of a circular ensemble, by Beenakker, Rev. Mod. Phys. 69, 731 (1997), equations (81), (83)."""
    N, d = n1 + n2, 2 / beta
    mean = n1 * n2 / (N - 1 + d)
    variance = 2 * n1 * n2 * (n1 - 1 + d) * (n2 - 1 + d) / beta
    return mean, variance / ((N - 2 + d) * (N - 1 + d) ** 2 * (N - 1 + 2 * d))


def within(estimate, expected, deviations=3.0):
    """Whether an estimate agrees, and says something: an error below a tenth of a quantum."""
    return abs(float(estimate.value) - expected) < deviations * float(estimate.error) < 0.3


@pytest.mark.parametrize("beta", [1, 2, 4])
def test_circular_ensembles_have_their_exact_averages(beta):
    """10^5 draws of N = 3 and N = 6 channels, five (N_1, N_2) for each beta; of a Kramers pair one level counts."""
    for N, first in ((3, (1, 2)), (6, (1, 2, 3))):
        draw = jax.vmap(lambda key, N=N: probabilities(CIRCULAR[beta](key, N), N))
        P = jax.jit(lambda key, draw=draw: jax.lax.map(draw, jax.random.split(key, (20, 5000))))(KEY)
        P = P.reshape(-1, N, N) / (2 if beta == 4 else 1)
        for n1 in first:
            g = jnp.sum(P[:, n1:, :n1], axis=(1, 2))
            mean, variance = exact(n1, N - n1, beta)
            assert within(ensemble_statistics.mean(g), mean)
            assert within(ensemble_statistics.variance(g), variance)


@pytest.mark.parametrize("method", ["circular", "hamiltonian"])
def test_dot_without_perturbation_is_twice_the_orthogonal_ensemble(method):
    """Exact for the circular construction at any M; GOE levels are it up to 1/M, of order 0.01 here."""
    dot = Dot(n1=2, n2=1)
    mean, variance = exact(2, 1, 1)
    found = sample_ensemble(dot, KEY, 6400, 12 if method == "circular" else 40, method)
    allowed = 3 if method == "circular" else 4
    assert within(found.mean, 2 * mean, allowed)
    assert within(found.variance, 4 * variance, allowed)
    G = sample_conductance(dot, KEY, 6400, 12 if method == "circular" else 40, method)
    assert np.all((G > 0) & (G < 2))
    plain = ensemble_statistics.mean(G, 16)
    assert abs(float(plain.value - found.mean.value)) < 3 * float(plain.error)
    assert float(found.mean.error) < float(plain.error)
