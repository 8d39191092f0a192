"""Fits against closed forms, scipy, published values and each other."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import scipy.optimize
import scipy.stats
from toy_models import DECAY, FILM, LINE, MISRA, WAVE, Current, Decay, Film, Line, Misra, Time, Wave

from jaxspin.core import Differentiate, Solve, Status
from jaxspin.inverse import (
    LBFGS,
    Adam,
    Dataset,
    FitError,
    Gaussian,
    LevenbergMarquardt,
    Measurement,
    Optax,
    Uniform,
    fit,
)
from jaxspin.inverse.fit import pose, prior_ranges, solve_problem, spread_starts

X = np.linspace(-1.0, 2.0, 12)
T = np.linspace(0.0, 1.0, 25)


def line_data(seed=0, name="data"):
    rng = np.random.default_rng(seed)
    sigma = rng.uniform(0.05, 0.3, X.size)
    return Dataset.from_columns(Current(X), {"y": (1.5 * X - 0.4 + sigma * rng.normal(size=X.size), sigma)}, name=name)


def decay_data(seed=0, sigma=0.02):
    noise = sigma * np.random.default_rng(seed).normal(size=T.size)
    return Dataset.from_columns(Time(T), {"signal": (2 * np.exp(-3 * T) + 0.1 + noise, sigma)})


def lstsq(design, value, sigma):
    """Solution and covariance of weighted linear least squares, by numpy."""
    weighted = design / sigma[:, None]
    return np.linalg.lstsq(weighted, value / sigma, rcond=None)[0], np.linalg.inv(weighted.T @ weighted)


NAMES = ["amplitude", "rate", "floor"]


def test_a_line_has_the_solution_and_covariance_of_linear_least_squares():
    data = line_data()
    m = data.measurements["y"]
    result = fit(LINE, Line(0.1, 0.1), data, free=["slope", "offset", "curvature"])
    exact, covariance = lstsq(np.stack([X, np.ones_like(X), X**2], axis=1), np.asarray(m.value), np.asarray(m.sigma))
    # it stops once chi2 could fall by 1e-10 only: values within 1e-5 sigma; the covariance does not depend on them
    assert np.all(np.abs(result.values - exact) < 1e-5 * result.stderr)
    np.testing.assert_allclose(result.covariance, covariance, rtol=1e-9)
    np.testing.assert_allclose(result.stderr, np.sqrt(np.diag(covariance)), rtol=1e-9)
    assert result.dof == X.size - 3
    assert result.p_value == pytest.approx(scipy.stats.chi2.sf(float(result.chi2), X.size - 3), rel=1e-9)


def test_misra1a_of_the_nist_reference_datasets():
    # NIST StRD, Misra1a (Misra, 1978): certified to 11 digits from both of its starts
    x = [77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0]
    y = [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78]
    scatter = 1.0187876330e-01  # certified residual standard deviation, so that our errors are theirs
    data = Dataset.from_columns(Time(np.asarray(x)), {"y": (np.asarray(y), scatter)})
    for start in (Misra(500.0, 1e-4), Misra(250.0, 5e-4)):
        result = fit(MISRA, start, data, free=["b1", "b2"])
        certified = np.asarray([2.3894212918e02, 5.5015643181e-04])
        errors = np.asarray([2.7070075241e00, 7.2668688436e-06])
        assert np.all(np.abs(result.values - certified) < 1e-5 * errors)
        np.testing.assert_allclose(result.stderr, errors, rtol=1e-6)
        assert result.chi2 * scatter**2 == pytest.approx(1.2455138894e-01, rel=1e-9)


def test_limits_have_the_censored_likelihood_of_scipy():
    rng, sigma = np.random.default_rng(3), 0.3
    value = 1.5 * X - 0.4 + sigma * rng.normal(size=X.size)
    limit = np.where(value > 1.5, 1, np.where(value < -1.0, -1, 0))
    value = np.clip(value, -1.0, 1.5)  # the instrument saturates at both ends
    assert set(limit) == {-1, 0, 1}
    data = Dataset.from_columns(Current(X), {"y": (value, sigma)}, limits={"y": limit})

    def minus_two_log(p):
        z = (p[0] * X + p[1] - value) / sigma
        return np.sum(np.where(limit == 0, z**2, -2 * scipy.stats.norm.logcdf(np.where(limit < 0, -z, z))))

    peer = scipy.optimize.minimize(
        minus_two_log, [1.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12}
    )
    result = fit(LINE, Line(1.0, 0.0), data, free=["slope", "offset"])
    assert result.chi2 == pytest.approx(peer.fun, abs=1e-8)
    assert np.all(np.abs(result.values - peer.x) < 1e-4 * result.stderr)
    # prediction linear in parameters and u = p (scale 1): the covariance is twice the inverse Hessian, limits included
    hessian = jax.jit(jax.hessian(result.problem.chi2))(result.u)
    np.testing.assert_allclose(result.covariance, 2 * np.linalg.inv(hessian), rtol=1e-8)
    assert result.dof == np.sum(limit == 0) - 2  # limits do not count


@pytest.mark.parametrize("differentiate", list(Differentiate))
def test_derivatives_of_chi2_with_limits_priors_and_ties_are_those_of_central_differences(differentiate):
    data = Dataset.from_columns(
        Time(T), {"signal": (np.exp(-T), 0.1)}, limits={"signal": np.random.default_rng(0).integers(-1, 2, T.size)}
    )
    prior = {"amplitude": Gaussian(2.2, 0.1), "rate": Uniform(0.5, 9.0)}
    problem = pose(DECAY, Decay(2.0, 1.0), data, ["amplitude", "rate"], {"floor": lambda p: 0.1 * p.rate}, prior)
    chi2 = jax.jit(lambda u: problem.chi2(u, differentiate))
    u, h = problem.space.coordinates(problem.space.initial()), 1e-5
    derivative = jax.jacfwd if differentiate is Differentiate.forward else jax.grad
    central = np.stack([(chi2(u + h * e) - chi2(u - h * e)) / (2 * h) for e in jnp.eye(2)])
    # truncation h² f'''/6 ~ 1e-10 f, rounding eps f/h ~ 1e-11 f
    np.testing.assert_allclose(jax.jit(derivative(chi2))(u), central, rtol=1e-7)


def test_a_global_fit_is_the_joint_fit():
    scans = [line_data(1, "one"), line_data(2, "two")]
    result = fit(LINE, Line(1.0, 0.0), scans, free=["slope", "one/offset", "two/offset"])
    m = [scan.measurements["y"] for scan in scans]
    zero, one = np.zeros_like(X), np.ones_like(X)
    design = np.stack([np.tile(X, 2), np.concatenate([one, zero]), np.concatenate([zero, one])], axis=1)
    exact, covariance = lstsq(design, np.concatenate([a.value for a in m]), np.concatenate([a.sigma for a in m]))
    assert np.all(np.abs(result.values - exact) < 1e-5 * result.stderr)
    np.testing.assert_allclose(result.covariance, covariance, rtol=1e-9)
    assert result.params_of("two").offset == result["two/offset"].value


def test_ties_are_the_reduced_model_and_carry_errors():
    data = line_data()
    m = data.measurements["y"]
    tie = {"offset": lambda p: -0.5 * p.slope, "curvature": "offset"}
    result = fit(LINE, Line(1.0, 0.0), data, free=["slope"], tie=tie)
    exact, covariance = lstsq((X - 0.5 - 0.5 * X**2)[:, None], np.asarray(m.value), np.asarray(m.sigma))
    assert abs(result.values[0] - exact[0]) < 1e-5 * result.stderr[0]
    np.testing.assert_allclose(result.covariance, covariance, rtol=1e-9)
    assert result["curvature"].value == pytest.approx(-0.5 * float(result.values[0]))
    assert result["curvature"].stderr == pytest.approx(0.5 * float(result.stderr[0]))


def test_a_gaussian_prior_multiplies_gaussians():
    data = line_data()
    m = data.measurements["y"]
    alone, covariance = lstsq(np.stack([X, np.ones_like(X)], axis=1), np.asarray(m.value), np.asarray(m.sigma))
    precision = np.linalg.inv(covariance)
    prior = np.diag([1 / 0.05**2, 0.0])
    both = np.linalg.inv(precision + prior)
    mean = both @ (precision @ alone + prior @ [1.8, 0.0])
    result = fit(LINE, Line(1.0, 0.0), data, free=["slope", "offset"], prior={"slope": Gaussian(1.8, 0.05)})
    assert np.all(np.abs(result.values - mean) < 1e-5 * result.stderr)
    np.testing.assert_allclose(result.covariance, both, rtol=1e-9)
    assert result.dof == X.size + 1 - 2


def test_films_may_differ_in_what_is_held_fixed():
    scans = [line_data(1, "one"), line_data(2, "two")]
    result = fit(LINE, {"one": Line(1.0, -0.4), "two": Line(1.0, -0.3)}, scans, free=["slope"])
    assert (result.params_of("one").offset, result.params_of("two").offset) == (-0.4, -0.3)
    m = [scan.measurements["y"] for scan in scans]
    value = np.concatenate([m[0].value + 0.4, m[1].value + 0.3])
    exact, _ = lstsq(np.tile(X, 2)[:, None], value, np.concatenate([a.sigma for a in m]))
    assert abs(result.values[0] - exact[0]) < 1e-5 * result.stderr[0]


METHODS = {"L-BFGS": LBFGS(), "Adam": Adam(), "optax": Optax(optax.adam(0.02), 3000)}


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_every_method_finds_the_same_minimum(method):
    data = decay_data()
    reference = fit(DECAY, Decay(1.0, 1.0), data, free=NAMES)
    other = fit(DECAY, Decay(1.0, 1.0), data, free=NAMES, method=method)
    assert other.chi2 == pytest.approx(float(reference.chi2), abs=1e-6)
    assert np.all(np.abs(other.values - reference.values) < 1e-3 * reference.stderr)
    np.testing.assert_allclose(other.stderr, reference.stderr, rtol=1e-3)


def test_levenberg_marquardt_agrees_with_scipy_on_a_nonlinear_fit():
    data = decay_data()
    result = fit(DECAY, Decay(1.0, 1.0), data, free=NAMES)
    y = np.asarray(data.measurements["signal"].value)
    peer, covariance = scipy.optimize.curve_fit(
        lambda t, a, k, c: a * np.exp(-k * t) + c, T, y, [1, 1, 0], sigma=np.full(T.size, 0.02), absolute_sigma=True
    )
    # curve_fit differentiates by differences, to about 1e-7
    assert np.all(np.abs(result.values - peer) < 1e-4 * result.stderr)
    np.testing.assert_allclose(result.covariance, covariance, rtol=1e-5)


def test_vmap_over_data_is_a_loop_over_fits():
    data = [decay_data(seed) for seed in range(4)]
    values = jnp.stack([each.measurements["signal"].value for each in data])
    one = lambda signal: fit(DECAY, Decay(1.0, 1.0), data[0].with_values({"signal": signal}), free=NAMES)
    mapped = jax.jit(jax.vmap(one))(values)
    for i, each in enumerate(data):
        alone = fit(DECAY, Decay(1.0, 1.0), each, free=NAMES)
        # a batch may take another order of additions, hence of steps: both end within 1e-5 sigma of the minimum
        assert np.all(np.abs(mapped.values[i] - alone.values) < 2e-5 * alone.stderr)
        np.testing.assert_allclose(mapped.stderr[i], alone.stderr, rtol=1e-5)
        assert mapped.status[i] == Status.OK
    assert "4 fits of decay, 4 converged" in str(mapped)


def test_a_second_fit_of_the_same_shape_does_not_trace_again(monkeypatch):
    traced = []
    observe = DECAY.observe
    model = DECAY.__class__(**{**vars(DECAY), "observe": lambda *a, **k: traced.append(1) or observe(*a, **k)})
    fit(model, Decay(1.0, 1.0), decay_data(0), free=NAMES)
    first = len(traced)
    fit(model, Decay(1.2, 2.0), decay_data(1), free=NAMES)
    assert first > 0
    assert len(traced) == first


@pytest.mark.slow
def test_many_starts_find_the_minimum_that_one_misses():
    # the frequency of a wave: chi2 has a local minimum every 2 pi/(length of the record)
    rng = np.random.default_rng(0)
    data = Dataset.from_columns(Time(T), {"signal": (np.sin(40 * T) + 0.05 * rng.normal(size=T.size), 0.05)})
    many = fit(WAVE, Wave(1.0, 8.0), data, free=["amplitude", "omega"], starts=64, key=jax.random.key(1))
    assert many.starts.chi2[0] > 10 * many.chi2  # the start given is always followed to its end, a poor minimum
    assert many.starts.steps[0] > 5
    assert many.p_value > 0.01
    assert abs(many["omega"].value - 40) < 4 * many["omega"].stderr
    assert many.starts.chi2.shape == (64,)
    assert many.starts.chi2[many.starts.best] == many.chi2 == jnp.min(many.starts.chi2)
    np.testing.assert_allclose(many.starts.initial[0], [1.0, 8.0])  # the first start is the one given
    assert np.all(many.starts.initial > 0)
    assert many.starts.status[many.starts.best] == Status.OK


def test_starts_fill_uniform_priors_and_surround_gaussian_ones():
    data, prior = decay_data(), {"rate": Uniform(1.0, 9.0), "amplitude": Gaussian(2.0, 0.1)}
    problem = pose(DECAY, Decay(2.0, 3.0), data, NAMES, prior=prior, key=jax.random.key(0))
    own = problem.space.coordinates(problem.space.initial())
    starts = spread_starts(problem, own, prior_ranges(prior), 41)
    amplitude, rate, floor = jax.vmap(problem.space.values)(starts)[1:].T
    # a Latin hypercube of 40 has exactly one point in each fortieth, of which the ends are trimmed by 1 %
    counts = np.histogram((np.asarray(rate) - 1.08) / 7.84, bins=40, range=(0, 1))[0]
    np.testing.assert_array_equal(counts, np.ones(40))
    assert np.all(np.abs(np.log(amplitude / 2.0)) <= 0.1 + 1e-12)
    assert np.all(np.abs(floor) <= 0.3)  # three scales around the start


def test_a_parameter_at_its_bound_is_named_and_gets_a_one_sided_error():
    sigma = 0.1
    data = Dataset.from_columns(Current(np.ones(10)), {"moment": (np.full(10, -0.05), sigma)})
    result = fit(FILM, Film(0.2, 1.0), data, free=["M_s"])
    assert result.at_bound == ("M_s",)
    assert result["M_s"].value == pytest.approx(0.0, abs=1e-3)
    # chi2 = sum (m + 0.05)²/sigma² rises by one at m with 10 (m² + 0.1 m)/sigma² = 1
    assert result["M_s"].stderr == pytest.approx(-0.05 + np.sqrt(0.05**2 + sigma**2 / 10), rel=1e-3)


def test_the_model_may_be_mapped_over_its_start_and_priors():
    data = decay_data()
    run = lambda rate, mean: (
        fit(DECAY, Decay(1.0, rate), data, free=NAMES, prior={"floor": Gaussian(mean, 0.01)}).values
    )
    values = jax.jit(jax.vmap(run))(jnp.asarray([1.0, 2.0]), jnp.asarray([0.1, 0.2]))
    assert values[1, 2] > values[0, 2] + 0.03


def test_failure_is_an_exception_with_one_line_and_the_result():
    with pytest.raises(FitError, match=r"did not converge \(1 MAX_STEPS\): the steps ran out") as error:
        fit(DECAY, Decay(1.0, 1.0), decay_data(), free=NAMES, method=LevenbergMarquardt(max_steps=3))
    assert "\n" not in str(error.value)
    assert error.value.result.status == Status.MAX_STEPS
    assert "MAX_STEPS" in error.value.result.report()


def test_a_prediction_that_is_not_finite_is_failure_not_nan():
    data = Dataset.from_columns(Current(np.asarray([0.0, np.inf])), {"y": ([0.0, 1.0], 0.1)})
    with pytest.raises(FitError, match="not finite") as error:
        fit(LINE, Line(1.0, 0.0), data, free=["slope"])
    assert error.value.result.status == Status.NOT_FINITE
    assert error.value.result.starts.chi2[0] == jnp.inf
    run = jax.jit(jax.vmap(lambda x: fit(LINE, Line(1.0, 0.0), _at(x), free=["slope"]).status))
    statuses = run(jnp.asarray([1.0, np.inf]))
    assert statuses.tolist() == [Status.OK, Status.NOT_FINITE]


def _at(x):
    return Dataset(Current(jnp.stack([0.0 * x, x])), {"y": Measurement(None, [0.0, 1.0], 0.1)})


def test_wrong_arguments_are_named():
    data = line_data()
    with pytest.raises(KeyError, match="unknown free parameter 'slop'; did you mean 'slope'"):
        fit(LINE, Line(1.0, 0.0), data, free=["slop"])
    wrong = Dataset.from_columns(Current(X), {"z": (X, 0.1)})
    with pytest.raises(KeyError, match=r"unknown observable of line 'z' .*allowed: y, twice"):
        fit(LINE, Line(1.0, 0.0), wrong, free=["slope"])
    with pytest.raises(TypeError, match="dataset 'data': conditions must be Current, got Time"):
        fit(LINE, Line(1.0, 0.0), decay_data(), free=["slope"])
    with pytest.raises(ValueError, match=r"starts=4 needs key="):
        fit(LINE, Line(1.0, 0.0), data, free=["slope"], starts=4)
    with pytest.raises(ValueError, match="2 datasets are called 'data'"):
        fit(LINE, Line(1.0, 0.0), [data, data], free=["slope"])
    with pytest.raises(KeyError, match="unknown dataset in start 'data'"):
        fit(LINE, {"other": Line(1.0, 0.0)}, data, free=["slope"])


def test_the_users_direction_of_derivatives_does_not_matter():
    seen = []
    observe = DECAY.observe
    watch = lambda *a, solve, key=None: seen.append(solve.differentiate) or observe(*a, solve=solve, key=key)
    model = DECAY.__class__(**{**vars(DECAY), "observe": watch})
    for method, directions in {
        LevenbergMarquardt(): {Differentiate.forward},
        LBFGS(): {Differentiate.forward, Differentiate.reverse},  # the covariance wants forward mode all the same
    }.items():
        for users in Differentiate:
            seen.clear()
            problem = pose(model, Decay(1.0, 1.0), decay_data(), NAMES, solve=Solve(differentiate=users))
            eqx.filter_eval_shape(solve_problem, problem, (), method, 1)
            assert set(seen) == directions
