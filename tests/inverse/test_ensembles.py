"""Many fits as tasks: each is the fit it says it is; a bootstrap spreads as Laplace predicts where that is exact."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from toy_models import LINE, Current, Line

from jaxspin.core import Solve, Status
from jaxspin.inverse import Dataset, bootstrap, fit, profile_map, sample_fits

X = np.linspace(0.0, 1.0, 20)
START = Line(slope=1.0, offset=0.0)
FREE = ["slope", "offset"]


def line(slope, seed=0):
    noise = 0.1 * np.random.default_rng(seed).normal(size=X.size)
    return Dataset.from_columns(Current(x=X), {"y": (slope * X + 1 + noise, 0.1)})


@pytest.fixture(scope="module")
def result():
    return fit(LINE, START, line(2.0), free=FREE)


def mapped(task, values):
    """The task at many points, with the keys a sweep would give them."""
    count = len(next(iter(values.values())))
    keys = jax.vmap(lambda k: jax.random.fold_in(jax.random.key(0), k))(jnp.arange(count))
    return jax.jit(jax.vmap(lambda v, key: task.point(v, solve=task.solve, key=key)))(values, keys)


def test_a_bootstrap_of_a_line_spreads_as_its_covariance_says(result):
    """Linear in its parameters, so Laplace is exact; 1000 replicas know a spread to 2.2 %, a mean to 3.2 % of it."""
    seen = mapped(bootstrap(result), {"replica": jnp.arange(1000.0)})
    found = np.stack([seen["slope"], seen["offset"]])
    assert np.all(np.asarray(seen.status) == Status.OK)
    np.testing.assert_allclose(found.std(axis=1), result.stderr, rtol=4 * 0.022)
    assert np.all(np.abs(found.mean(axis=1) - result.values) < 4 * result.stderr / np.sqrt(1000))
    # 18 degrees of freedom: chi2 has mean 18 and variance 36
    assert abs(np.mean(seen["chi2"]) - 18) < 4 * np.sqrt(36 / 1000)


def test_a_profile_of_a_line_is_a_parabola(result):
    slopes = jnp.linspace(1.8, 2.2, 9)
    seen = mapped(profile_map(result, ["slope"]), {"slope": slopes})
    expected = result.chi2 + ((slopes - result.values[0]) / result.stderr[0]) ** 2
    # chi2 is found to the edm at which a descent stops
    np.testing.assert_allclose(seen["chi2"], expected, atol=2e-3)
    both = mapped(profile_map(result, FREE), {"slope": slopes, "offset": jnp.full(9, 1.0)})
    assert np.all(both["chi2"] >= seen["chi2"] - 2e-3)
    assert set(both.values) == {"chi2"}


def test_one_fit_a_sample_is_that_fit():
    samples = [line(slope, seed) for seed, slope in enumerate((1.0, 2.0, 3.0))]
    seen = mapped(sample_fits(LINE, START, samples, free=FREE), {"sample": jnp.arange(3.0)})
    for number, sample in enumerate(samples):
        alone = fit(LINE, START, sample, free=FREE)
        np.testing.assert_allclose([seen["slope"][number], seen["offset"][number]], alone.values, rtol=1e-9)
        np.testing.assert_allclose(seen["chi2"][number], alone.chi2, rtol=1e-9)


def test_different_fits_have_different_identities(result):
    other = fit(LINE, START, line(2.0, seed=1), free=FREE)
    assert bootstrap(result).identity == bootstrap(result).identity
    assert bootstrap(result).identity != bootstrap(other).identity
    assert profile_map(result, ["slope"]).identity != profile_map(result, ["offset"]).identity


def test_what_cannot_be_done_is_told(result):
    with pytest.raises(KeyError, match="unknown free parameter 'slop'; did you mean 'slope'"):
        profile_map(result, ["slop"])
    short = Dataset.from_columns(Current(x=X[:5]), {"y": (X[:5], 0.1)})
    with pytest.raises(ValueError, match="samples have 2 different shapes"):
        sample_fits(LINE, START, [line(1.0), short], free=FREE, solve=Solve())
