"""Ensembles against exact averages at finite N, against each other, and against leading order; their derivatives.

At a = b = x = 0 a dot is two copies of a COE matrix of N channels, whatever M; the other circular ensembles are drawn
directly. Statistical assertions allow three standard errors of the sample, at fixed keys.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.core import replace
from jaxspin.numerics import ensemble_statistics, random_matrix
from jaxspin.systems.quantum_dot import Dot, ladder_weak_localization, variance, weak_localization
from jaxspin.systems.quantum_dot.channel_average import probabilities
from jaxspin.systems.quantum_dot.perturbation import draw_fields
from jaxspin.systems.quantum_dot.sampling import sample_conductance, sample_covariance, sample_ensemble
from jaxspin.systems.quantum_dot.scattering import evolution

KEY = jax.random.key(11)
COUNT, M = 3200, 40
DOT = Dot(n1=2, n2=1, x=0.5, a=1.0, b=1.0)
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


@pytest.mark.parametrize("beta", [1, pytest.param(2, marks=pytest.mark.slow), 4])
def test_circular_ensembles_have_their_exact_averages(beta):
    """10^5 draws of N = 3 and N = 6 channels, five (N_1, N_2) for each beta; of a Kramers pair one level counts."""
    for N, first in ((3, (1, 2)), (6, (1, 2, 3))):
        draw = jax.vmap(lambda key, N=N: probabilities(CIRCULAR[beta](key, N), N))
        P = jax.jit(lambda key, draw=draw: jax.lax.map(draw, jax.random.split(key, (20, 5000))))(KEY)
        P = P.reshape(-1, N, N) / (2 if beta == 4 else 1)
        for n1 in first:
            g = jnp.sum(P[:, n1:, :n1], axis=(1, 2))
            mean, spread = exact(n1, N - n1, beta)
            assert within(ensemble_statistics.mean(g), mean)
            assert within(ensemble_statistics.variance(g), spread)


@pytest.mark.slow
def test_dot_without_perturbation_is_twice_the_orthogonal_ensemble():
    """Exact at any M: plain samples and those averaged over channels, whose error is smaller."""
    mean, spread = exact(2, 1, 1)
    G = sample_conductance(Dot(n1=2, n2=1), KEY, COUNT, M)
    assert np.all((G > 0) & (G < 2))
    plain = ensemble_statistics.mean(G, 16)
    assert within(plain, 2 * mean)
    assert within(ensemble_statistics.variance(G, 16), 4 * spread)
    found = sample_ensemble(Dot(n1=2, n2=1), KEY, COUNT, M)
    assert within(found.mean, 2 * mean)
    assert within(found.variance, 4 * spread)
    assert float(found.mean.error) < float(plain.error)


def test_circular_and_hamiltonian_constructions_agree():
    """One-point averages of the same dot; what the constructions leave open is of order 1/M."""
    circular, hamiltonian = (sample_ensemble(DOT, KEY, COUNT, M, method) for method in ("circular", "hamiltonian"))
    for one, other in zip(circular, hamiltonian, strict=True):
        error = np.hypot(one.error, other.error)
        assert abs(float(one.value - other.value)) < 3 * error + 0.25 / M
        assert error < 0.02 * float(one.value)
    strong = abs(float(circular.mean.value) - 2 * exact(2, 1, 1)[0])
    assert strong > 10 * float(circular.mean.error)  # the perturbation is felt


@pytest.mark.slow
def test_covariance_of_a_dot_with_itself_is_its_variance_and_less_at_other_parameters():
    found = sample_covariance(DOT, DOT, KEY, COUNT, M)
    of_one = sample_ensemble(DOT, KEY, COUNT, M).variance
    assert float(found.value) == pytest.approx(float(of_one.value), rel=1e-10)
    apart = sample_covariance(DOT, replace(DOT, {"x": -0.5, "epsilon": 1.0}), KEY, COUNT, M)
    assert 0 < float(apart.value) < float(found.value) - 5 * float(found.error)


def test_derivatives_go_through_the_samples():
    """Reverse mode against central differences of the same samples: errors h^2 d3G/6 of about 1e-8."""
    names = ("x", "a", "b", "epsilon", "x_so")

    def G(p):
        return sample_conductance(Dot(2, 1, **dict(zip(names, p, strict=True))), KEY, 4, 10)

    both = jax.jit(jax.value_and_grad(lambda p: jnp.sum(G(p) * jnp.arange(1.0, 5.0))))
    point, h = np.array([0.5, 0.8, 0.6, 0.2, 0.3]), 1e-4
    _, slope = both(point)
    for k, step in enumerate(h * np.eye(5)):
        difference = (both(point + step)[0] - both(point - step)[0]) / (2 * h)
        assert float(slope[k]) == pytest.approx(float(difference), abs=2e-6)
        assert abs(float(slope[k])) > 1e-3


@pytest.mark.slow
def test_sampled_derivatives_are_those_of_the_ladder_and_forwards_as_backwards():
    """d<G>/d(x, a, b) at N_1 = N_2 = 5, M = 60 against the ladder at the same M, which lacks what is of order 1/N.

    Three standard errors, from ten independent ensembles, and 2/N of the derivative: -1.1/N, -0.8/N and +0.3/N were
    seen with 2560 draws. At this point nothing cancels: at a = 0.6 the derivative in b is 1e-3, below the error. The
    ladder differs by 1/M, here 15 % of the smallest, from the closed form.
    """
    M, N = 60, 10
    base, point = Dot(5, 5), {"x": 0.7, "a": 1.5, "b": 3.0}  # made outside of jit, or its dephasing would be traced

    def sampled(values, key, n=128):
        return sample_ensemble(replace(base, values), key, n, M, share=16).mean.value

    def ladder(values, keys):
        dot = replace(base, values)
        return ladder_weak_localization(evolution(dot, draw_fields(keys, M - N, M), M)[0], M, 5, 5)

    slopes = jax.jit(lambda keys: jax.lax.map(lambda key: jax.jacfwd(sampled)(point, key), keys))
    found = slopes(jax.random.split(KEY, 10))
    expected = jax.jit(jax.jacfwd(ladder))(point, jax.random.split(KEY))
    closed = jax.grad(lambda values: weak_localization(Dot(5, 5, **values)))(point)
    backward = jax.jit(jax.grad(lambda values: sampled(values, jax.random.split(KEY, 10)[0])))(point)
    for name, slope in found.items():
        assert float(backward[name]) == pytest.approx(float(slope[0]), rel=1e-9)
        error, wanted = np.std(slope, ddof=1) / 10**0.5, float(expected[name])
        allowed = 3 * error + 2 / N * abs(wanted)
        assert abs(np.mean(slope) - wanted) < allowed < 0.7 * abs(wanted)
        assert wanted == pytest.approx(float(closed[name]), rel=0.2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, 10), "n must be at least 2 samples, got 1"),
        ((10, 4), "M must be at least N \\+ 2 = 5 for N = 3 channels, got 4"),
        ((10, 5), "M >= N \\+ 3 = 6, got 5"),
        ((10, 9, "circula"), "unknown method 'circula'; did you mean 'circular'"),
    ],
)
def test_bad_input(arguments, message):
    for sample in (sample_conductance, sample_ensemble, lambda *given: sample_covariance(DOT, *given)):
        with pytest.raises(ValueError, match=message):
            sample(DOT, KEY, *arguments)


def test_other_bad_input():
    with pytest.raises(ValueError, match="share must be at least 1"):
        sample_conductance(DOT, KEY, 10, 10, share=0)
    with pytest.raises(ValueError, match=r"x must be a scalar, got shape \(2,\)"):
        sample_conductance(replace(DOT, {"x": np.ones(2)}), KEY, 10, 10)
    with pytest.raises(ValueError, match=r"M must be at least the dephasing, 20\.0"):
        sample_conductance(Dot(2, 1, dephasing=20.0), KEY, 10, 10)
    with pytest.raises(ValueError, match="same channels"):
        sample_covariance(DOT, Dot(1, 2), KEY, 10, 10)


@pytest.mark.slow
def test_mapped_dots_see_the_same_random_numbers():
    xs = jnp.array([0.0, 0.5])
    mapped = jax.vmap(lambda x: sample_conductance(Dot(2, 1, x=x, a=0.4), KEY, 64, 10))(xs)
    for x, found in zip(xs, mapped, strict=True):
        np.testing.assert_allclose(found, sample_conductance(Dot(2, 1, x=x, a=0.4), KEY, 64, 10), atol=1e-11)


@pytest.mark.slow
def test_dephased_dots_tend_to_coherent_and_to_classical_ones():
    """Of strong dephasing, 1 << rate << M, what is left is the series resistance and N/(N + rate) of the fluctuations.

    The expansion parameter of the closed forms is 1/(N + rate), small here. At finite M, fluctuations are larger by
    about rate/M (0.5 at M = 40, 0.1 at M = 160 were seen), since a dot that is left after M/rate of its M levels is
    not chaotic: at rate > M nothing else remains, and dephasing has no meaning.
    """
    M, n, rate = 100, 128, 20.0
    coherent, barely, strong = (
        sample_conductance(Dot(2, 1, a=0.4, dephasing=each), KEY, n, M, share=4) for each in (0.0, 1e-9, rate)
    )
    np.testing.assert_allclose(coherent, barely, atol=1e-7)
    expected = Dot(2, 1, a=0.4, dephasing=rate)
    mean, quantum = ensemble_statistics.mean(strong, 4), float(weak_localization(expected))
    assert abs(float(mean.value) - 4 / 3 - quantum) < 3 * float(mean.error) + rate / M * abs(quantum)
    assert np.std(strong) == pytest.approx(float(variance(expected)) ** 0.5, rel=3 / (2 * n) ** 0.5 + rate / M)
    assert np.std(strong) < 0.3 * np.std(coherent)
