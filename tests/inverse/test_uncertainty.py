"""Intervals, profiles, bands and coverage, against linear theory and brute force."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from toy_models import DECAY, FILM, LINE, Current, Decay, Film, Line, Time

from jaxspin.inverse import Dataset, Gaussian, coverage, fit, intervals, null_directions, predict, profile, propagate

X = np.linspace(-1.0, 2.0, 12)
T = np.linspace(0.0, 1.0, 25)
Z95 = scipy.stats.norm.ppf(0.975)


@pytest.fixture(scope="module")
def line():
    rng = np.random.default_rng(5)
    data = Dataset.from_columns(Current(X), {"y": (1.5 * X - 0.4 + 0.2 * rng.normal(size=X.size), 0.2)})
    return fit(LINE, Line(1.0, 0.0), data, free=["slope", "offset"])


@pytest.fixture(scope="module")
def decay():
    noise = 0.1 * np.random.default_rng(2).normal(size=T.size)
    data = Dataset.from_columns(Time(T), {"signal": (2 * np.exp(-3 * T) + noise, 0.1)})
    return fit(DECAY, Decay(1.0, 1.0), data, free=["amplitude", "rate"])


def film_data(sigma=0.01):
    noise = sigma * np.random.default_rng(1).normal(size=X.size)
    return Dataset.from_columns(Current(X), {"H_DL": (0.2 * X + noise, sigma)})


def test_intervals_of_a_linear_model_are_value_plus_minus_z_sigma(line):
    held = intervals(line, 0.95)
    for name, p in line.parameters.items():
        np.testing.assert_allclose(
            [held[name].lower, held[name].upper], [p.value - Z95 * p.stderr, p.value + Z95 * p.stderr], rtol=1e-12
        )


def test_intervals_never_leave_the_bounds(decay):
    huge = intervals(decay, 1 - 1e-12)
    assert 0 <= huge["amplitude"].lower < huge["amplitude"].upper
    assert 0 <= huge["rate"].lower < huge["rate"].upper <= 50


def test_the_profile_of_a_linear_model_is_its_parabola(line):
    p = line["slope"]
    found = profile(line, "slope", points=9)
    # chi2 - chi2_min = ((value - best)/stderr)² exactly; the fit stops within 1e-5 sigma of the best, so that at the
    # ends of the grid, 3.5 sigma away, chi2 may be off by 2 x 3.5 x 1e-5, and the interval by 1e-5 sigma
    np.testing.assert_allclose(found.chi2 - line.chi2, ((found.values - p.value) / p.stderr) ** 2, atol=7e-5)
    ends = jnp.asarray([found.interval.lower, found.interval.upper])
    np.testing.assert_allclose(ends, p.value + jnp.asarray([-Z95, Z95]) * p.stderr, rtol=0, atol=1e-5 * p.stderr)


def test_the_profile_interval_is_where_chi2_has_risen_by_z_squared(decay):
    y = np.asarray(decay.problem.data[0].measurements["signal"].value)

    def lowest(rate):  # the amplitude enters linearly
        shape = np.exp(-rate * T)
        return np.sum((y - shape * (shape @ y) / (shape @ shape)) ** 2) / 0.1**2

    best = float(decay["rate"].value)
    rise = lambda rate: lowest(rate) - lowest(best) - Z95**2
    edges = [scipy.optimize.brentq(rise, best - 2, best), scipy.optimize.brentq(rise, best, best + 2)]
    found = profile(decay, "rate", points=41)
    # linear interpolation of sqrt(chi2 rise) over a grid step of 0.18 sigma: error ~ 0.18²/8 of its (small) curvature
    np.testing.assert_allclose(
        [found.interval.lower, found.interval.upper], edges, atol=1e-3 * decay["rate"].stderr * 5
    )
    # and Laplace agrees with it to first order only: asymmetry of a tenth of sigma at this noise
    held = intervals(decay)["rate"]
    assert abs(held.lower - edges[0]) < 0.2 * decay["rate"].stderr


def test_bands_are_those_of_linear_regression(line):
    x = jnp.linspace(-3.0, 3.0, 5)
    band = predict(line, Current(x))["y"]
    design = np.stack([X, np.ones_like(X)], axis=1) / 0.2
    covariance = np.linalg.inv(design.T @ design)
    rows = np.stack([x, np.ones(5)], axis=1)
    np.testing.assert_allclose(band.stderr, np.sqrt(np.sum(rows @ covariance * rows, axis=1)), rtol=1e-9)
    np.testing.assert_allclose(band.mean, rows @ np.asarray(line.values), rtol=1e-12)
    inside = line.residuals["data"]["y"]
    np.testing.assert_allclose(inside.band, predict(line, Current(X))["y"].stderr, rtol=1e-9)
    np.testing.assert_allclose(inside.residual, (inside.predicted - inside.observed) / inside.sigma, rtol=1e-9)


def test_errors_propagate_to_any_function_of_the_parameters(decay):
    halving = propagate(decay, lambda p: jnp.log(2.0) / p.rate)
    k = decay["rate"]
    np.testing.assert_allclose(halving.stderr, np.log(2) / k.value**2 * k.stderr, rtol=1e-12)
    both = propagate(decay, lambda p: jnp.stack([p.amplitude, p.rate]))
    np.testing.assert_allclose(both.stderr, decay.stderr, rtol=1e-12)


def test_what_only_appears_as_a_ratio_is_said_to_be_undetermined():
    result = fit(FILM, Film(0.3, 1.4e5), film_data(), free=["xi", "M_s", "B"])
    assert result["xi"].stderr == result["M_s"].stderr == jnp.inf
    assert jnp.isfinite(result["B"].stderr)
    (direction,) = null_directions(result)
    assert direction.weights == pytest.approx({"xi": 2**-0.5, "M_s": 2**-0.5}, abs=1e-6)
    assert direction.text == "xi and M_s: only their ratio is determined [+0.71 log xi +0.71 log M_s is undetermined]"
    assert "xi and M_s: only their ratio is determined" in result.report()
    # the ratio itself, and so every prediction, is known
    ratio = propagate(result, lambda p: p.xi / p.M_s)
    assert ratio.stderr / ratio.mean == pytest.approx(0.01 / np.sqrt(np.sum((X - X.mean()) ** 2)) / 0.2, rel=0.1)
    assert jnp.all(jnp.isfinite(predict(result, Current(X))["H_DL"].stderr))
    assert jnp.all(jnp.isinf(predict(result, Current(X))["moment"].stderr))
    held = intervals(result)["xi"]
    assert (held.lower, held.upper) == (0.0, jnp.inf)


def test_a_prior_settles_it_and_the_report_says_so():
    prior = {"M_s": Gaussian(1.1e5, 1e4)}
    result = fit(FILM, Film(0.3, 1.4e5), film_data(), free=["xi", "M_s", "B"], prior=prior)
    assert result["M_s"].stderr == pytest.approx(1e4, rel=1e-6)
    relative = np.hypot(1e4 / 1.1e5, float(propagate(result, lambda p: p.xi / p.M_s).stderr) / 0.2e-5)
    assert result["xi"].stderr / result["xi"].value == pytest.approx(relative, rel=0.02)
    assert bool(result["xi"].from_prior)
    assert bool(result["M_s"].from_prior)
    assert not bool(result["B"].from_prior)
    assert result.report().count("known from the prior only") == 2
    assert len(null_directions(result)) == 1  # of the data alone


def test_two_undetermined_pairs_are_told_apart():
    data = {"one": film_data(), "two": film_data()}
    own = ["one/xi", "one/M_s", "two/xi", "two/M_s"]
    result = fit(FILM, Film(0.3, 1.4e5), data, free=own)
    assert sorted(sorted(each.weights) for each in null_directions(result)) == [own[1::-1], own[:1:-1]]


def test_fewer_data_than_parameters_leave_directions_open():
    data = Dataset.from_columns(Current(np.asarray([2.0])), {"y": ([1.0], 0.1)})
    result = fit(LINE, Line(1.0, 0.0), data, free=["slope", "offset", "curvature"])
    assert np.all(np.isinf(result.stderr))
    assert len(null_directions(result)) == 2
    assert np.isnan(result.p_value)


def test_a_parameter_that_nothing_depends_on():
    result = fit(LINE, Line(1.0, 0.0), film_like_line(), free=["slope", "offset"])
    assert result["offset"].stderr == jnp.inf
    assert null_directions(result)[0].text.startswith("offset: no datum depends on it")


def film_like_line():
    return Dataset.from_columns(Current(X), {"twice": (3 * X, 0.1)})


@pytest.mark.parametrize("truth", [Decay(2.0, 3.0, 0.1)], ids=["decay"])
def test_95_percent_intervals_hold_the_truth_95_percent_of_the_time(truth):
    found = coverage(
        DECAY, truth, Time(T), {"signal": 0.02}, free=["amplitude", "rate", "floor"], key=jax.random.key(0), n=200
    )
    assert jnp.all(found.status == 0)
    # sqrt(0.95 x 0.05/200) = 0.0154: 4 % is 2.6 standard errors, passed by chance in 99 % of seeds by each parameter
    assert found.standard_error == pytest.approx(0.0154, abs=1e-4)
    for name, fraction in found.fraction.items():
        assert abs(fraction - 0.95) <= 0.04, name
    # the errors are those of the scatter of the estimates: a standard deviation of 200 is known to 1/sqrt(400) = 5 %
    np.testing.assert_allclose(jnp.std(found.values, axis=0), jnp.mean(found.stderr, axis=0), rtol=0.15)
    bias = jnp.abs(jnp.mean(found.values, axis=0) - found.truth) / jnp.mean(found.stderr, axis=0)
    assert jnp.all(bias < 3 / np.sqrt(200))


def test_levels_must_be_probabilities(line):
    with pytest.raises(ValueError, match="level must lie between 0 and 1"):
        intervals(line, 95)
    with pytest.raises(KeyError, match="unknown free parameter 'slop'"):
        profile(line, "slop")
