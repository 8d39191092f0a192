"""Random matrices: symmetry of every draw, exact eigenphase statistics, moments of elements; and their statistics.

Statistical assertions allow a number of standard errors of the sample itself, at fixed keys.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from jaxspin.numerics import ensemble_statistics as statistics
from jaxspin.numerics import random_matrix as rm

CIRCULAR = {1: rm.coe, 2: rm.cue, 4: rm.cse}
GAUSSIAN = {1: rm.goe, 2: rm.gue, 4: rm.gse}
DRAWS = 20_000


def draw(sampler, n, count=DRAWS, seed=0):
    return np.asarray(jax.jit(jax.vmap(lambda key: sampler(key, n)))(jax.random.split(jax.random.key(seed), count)))


@pytest.fixture(scope="module")
def pairs():
    """Two levels of each circular ensemble, by beta."""
    return {beta: draw(sampler, 2) for beta, sampler in CIRCULAR.items()}


@pytest.fixture(scope="module")
def larger():
    """Forty matrices of seven levels of each ensemble."""
    return {sampler.__name__: draw(sampler, 7, 40, 3) for sampler in (*CIRCULAR.values(), *GAUSSIAN.values())}


def dual(q):
    """sigma_y Q^T sigma_y with the matrices written out."""
    sigma = np.kron(np.eye(q.shape[-1] // 2), [[0, -1j], [1j, 0]])
    return sigma @ np.swapaxes(q, -1, -2) @ sigma


def test_circular_draws_are_unitary_and_obey_time_reversal(larger):
    for name in ("coe", "cue", "cse"):
        u = larger[name]
        one = np.eye(u.shape[-1])
        assert np.abs(u @ np.swapaxes(u, 1, 2).conj() - one).max() < 1e-13
    assert np.abs(larger["coe"] - np.swapaxes(larger["coe"], 1, 2)).max() < 1e-13
    assert np.abs(larger["cse"] - dual(larger["cse"])).max() < 1e-13
    np.testing.assert_array_equal(dual(larger["cse"][0]), rm.dual(larger["cse"][0]))


def test_gaussian_draws_are_hermitian_and_obey_time_reversal(larger):
    for name in ("goe", "gue", "gse"):
        assert np.abs(larger[name] - np.swapaxes(larger[name], 1, 2).conj()).max() < 1e-14
    assert np.isrealobj(larger["goe"])
    assert np.abs(larger["gse"] - dual(larger["gse"])).max() < 1e-14


@pytest.mark.parametrize("beta", [1, 2, 4])
def test_eigenphase_spacing_of_two_levels(pairs, beta):
    """The joint density |e^i phi - e^i phi'|^beta makes P(s) ~ sin(s/2)^beta for the smaller gap s in (0, pi)."""
    phases = np.sort(np.angle(np.linalg.eigvals(pairs[beta])), axis=1)
    apart = phases[:, -1] - phases[:, 0]  # of quaternions every level is double
    s = np.minimum(apart, 2 * np.pi - apart)
    exact = {
        1: lambda s: 1 - np.cos(s / 2),
        2: lambda s: (s - np.sin(s)) / np.pi,
        4: lambda s: (6 * s - 8 * np.sin(s) + np.sin(2 * s)) / (6 * np.pi),
    }
    assert stats.kstest(s, exact[beta]).pvalue > 0.01
    for other in {1, 2, 4} - {beta}:  # the test is sharp: other ensembles are excluded
        assert stats.kstest(s, exact[other]).pvalue < 1e-10


@pytest.mark.parametrize("beta", [1, 2, 4])
def test_phases_are_uniform(pairs, beta):
    """Without the phases that make R positive, QR gives unitary matrices that are not of Haar measure."""
    phases = np.angle(np.linalg.eigvals(pairs[beta])).ravel()[:: 2 if beta == 4 else 1]
    assert stats.kstest(phases[::2], stats.uniform(-np.pi, 2 * np.pi).cdf).pvalue > 0.01


def test_elements_of_haar_matrices_have_the_exact_moments(pairs):
    """CUE: |U_11|^2 uniform in n = 2. COE: |U_11|^2 has density (1/2) (1 - y)^-1/2, <|U_11|^2> = 2/(n + 1)."""
    assert stats.kstest(np.abs(pairs[2][:, 0, 0]) ** 2, "uniform").pvalue > 0.01
    assert stats.kstest(np.abs(pairs[2][:, 1, 0]) ** 2, "uniform").pvalue > 0.01
    assert stats.kstest(np.abs(pairs[1][:, 0, 0]) ** 2, lambda y: 1 - np.sqrt(1 - y)).pvalue > 0.01
    assert stats.kstest(np.abs(pairs[1][:, 1, 1]) ** 2, lambda y: 1 - np.sqrt(1 - y)).pvalue > 0.01


@pytest.mark.parametrize("beta", [1, 2, 4])
def test_gaussian_level_spacing_of_two_levels(beta):
    """Wigner's surmise, exact for n = 2: the gap of eigenvalues has density ~ s^beta exp(-beta s^2/8)."""
    w = np.linalg.eigvalsh(draw(GAUSSIAN[beta], 2, seed=1))
    s = w[:, -1] - w[:, 0]
    assert stats.kstest(beta * s**2 / 4, stats.chi2(beta + 1).cdf).pvalue > 0.01


def test_antisymmetric_sets_are_orthogonal_and_isotropic():
    """n = 3 has three independent elements, a point uniform on the sphere of n^2/2, each so uniform on a line."""
    A = draw(lambda key, n: rm.antisymmetric(key, n, 2), 3, 4000)
    assert np.abs(A + np.swapaxes(A, 2, 3)).max() < 1e-14
    np.testing.assert_allclose(np.einsum("naij,nbij->nab", A, A), np.tile(9 * np.eye(2), (4000, 1, 1)), atol=1e-13)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        for one in (A[:, 0], A[:, 1]):
            assert stats.kstest(one[:, i, j] / np.sqrt(4.5), stats.uniform(-1, 2).cdf).pvalue > 0.01


@pytest.mark.parametrize("sampler", [rm.coe, rm.cue, rm.cse, rm.goe, rm.gue, rm.gse, rm.antisymmetric])
def test_sizes_without_a_matrix_are_refused(sampler):
    with pytest.raises(ValueError, match=f"{sampler.__name__}: .* 1"):
        sampler(jax.random.key(0), 0)
    with pytest.raises(ValueError, match="got count=2"):
        rm.antisymmetric(jax.random.key(0), 2, 2)


def test_statistics_of_independent_samples():
    """Exponential samples: variance 1, kurtosis 9, so that the variance has the error sqrt((9 - 1)/n)."""
    n = 20_000
    x, y = np.asarray(jax.random.exponential(jax.random.key(0), (2, n), dtype=float))
    mean, variance = statistics.mean(x), statistics.variance(x)
    assert float(mean.value) == pytest.approx(x.mean(), rel=1e-14)
    assert float(mean.error) == pytest.approx(x.std(ddof=1) / np.sqrt(n), rel=1e-12)
    assert float(variance.value) == pytest.approx(x.var(ddof=1), rel=1e-12)
    assert float(variance.error) == pytest.approx(np.sqrt(8 / n), rel=0.1)
    assert abs(float(variance.value) - 1) < 3 * float(variance.error)
    both = statistics.covariance(x, x + 2 * y)
    assert float(both.value) == pytest.approx(np.cov(x, x + 2 * y)[0, 1], rel=1e-12)
    assert abs(float(both.value) - 1) < 3 * float(both.error)


def test_errors_are_calibrated_for_groups_that_share_random_numbers():
    """Four samples a group share half of their variance; 500 repetitions of 100 groups: errors to 5 %."""
    groups, share, repetitions = 100, 4, 500
    shared, own = jax.random.split(jax.random.key(1))
    x = jax.random.normal(shared, (repetitions, groups, 1), dtype=float)
    x = (x + jax.random.normal(own, (repetitions, groups, share), dtype=float)).reshape(repetitions, -1)
    both = jax.jit(jax.vmap(lambda one: [(f(one, share), f(one)) for f in (statistics.mean, statistics.variance)]))(x)
    for grouped, naive in both:
        scatter = float(jnp.std(grouped.value))
        assert float(jnp.mean(grouped.error)) == pytest.approx(scatter, rel=0.1)
        assert float(jnp.mean(naive.error)) < 0.9 * scatter


def test_conditional_moments_give_the_same_covariance_with_less_error():
    """x = u + v with v averaged over: cov(x, x) = var u + var v; only the mean over v is drawn."""
    u = np.asarray(jax.random.normal(jax.random.key(2), (4000,), dtype=float)) + 100
    found = statistics.covariance_of_moments(u, u, u**2 + 3.0)
    assert abs(float(found.value) - 4) < 3 * float(found.error)
    assert float(found.error) == pytest.approx(np.sqrt(2 / 4000), rel=0.1)


def test_too_few_samples():
    with pytest.raises(ValueError, match="at least 2 samples, got 1"):
        statistics.mean(jnp.ones(1))
    with pytest.raises(ValueError, match="group must be at least 1"):
        statistics.variance(jnp.ones(4), 0)
    assert np.isinf(statistics.variance(jnp.arange(3.0)).error)
    assert np.isinf(statistics.mean(jnp.arange(8.0), 8).error)
    assert float(statistics.mean(jnp.array([0.0, 2.0])).error) == pytest.approx(1.0)
