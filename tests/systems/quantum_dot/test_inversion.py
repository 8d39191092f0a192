"""From a magnetoconductance curve to spin-orbit and dephasing time: right errors, and what such a curve cannot tell."""

import importlib.util
import pathlib
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin import inverse
from jaxspin.cli import main
from jaxspin.core import Status
from jaxspin.systems import quantum_dot as qd

FOLDER = pathlib.Path(__file__).parents[3] / "experiments" / "quantum_dot"


@pytest.fixture(scope="module")
def experiment():
    """The experiment's module of that name."""
    spec = importlib.util.spec_from_file_location("quantum_dot_inversion", FOLDER / "inversion.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def exact(experiment, truth, temperatures):
    """Noiseless data with the errors of the noisy ones."""
    conditions = experiment.settings(temperatures)
    column = experiment.curve(truth, conditions), experiment.noise(truth, conditions)
    return inverse.Dataset.from_columns(conditions, {"magnetoconductance": column})


@pytest.mark.slow
def test_the_command_line_fits_a_table_of_fields_and_conductances(tmp_path):
    """Three standard errors of both; sigma in the run file is that of the table, so chi2 is its number of freedoms."""
    assert main(["fit", str(FOLDER / "run.toml"), "--out", str(tmp_path)]) == 0
    result = inverse.load(tmp_path / "fit.json", qd.MODEL)
    truth = {"tau_so": 4.0, "tau_phi": 0.5}
    for name, value in truth.items():
        found = result[name]
        assert abs(float(found.value) - value) < 3 * float(found.stderr)
        assert float(found.stderr) < 0.05 * value
    assert abs(float(result.chi2) - int(result.dof)) < 4 * np.sqrt(2 * int(result.dof))


@pytest.mark.slow
def test_weak_coupling_at_one_temperature_is_no_more_than_dephasing(experiment):
    """To first order in a^2/N only 2 pi hbar/(tau_phi Delta) + 4 a^2 enters <dG>: equal terms, equal weights."""
    truth = experiment.device(tau_so=1e4, tau_phi=250.0)  # both terms 5e-3 at 0.1 K
    result = inverse.fit(qd.MODEL, truth, exact(experiment, truth, (0.1,)), free=experiment.FREE)
    (direction,) = inverse.null_directions(result)
    assert direction.text.startswith("tau_so and tau_phi: only their product is determined")
    weights = np.array([direction.weights[name] for name in experiment.FREE])
    np.testing.assert_allclose(weights, np.array([1, -1]) / np.sqrt(2), atol=0.01)
    rates = truth.at(qd.Setting(temperature=0.1, n1=3, n2=3))
    np.testing.assert_allclose(4 * rates.a**2, rates.dephasing, rtol=0.1)
    assert np.all(np.isinf(np.asarray(result.stderr)))


@pytest.mark.slow
def test_errors_are_calibrated(experiment):
    """300 noisy copies at two temperatures: 95 % intervals hold the truth as often, pulls are unit normal."""
    n = 300
    found = experiment.calibration(n=n)
    assert np.all(np.asarray(found.status) == Status.OK)
    for name, fraction in found.fraction.items():
        assert abs(fraction - found.level) < 3 * found.standard_error, name
    pulls = np.asarray((found.values - found.truth[None]) / found.stderr)
    # 3/sqrt(n) of the mean of n unit normal numbers, and 3/sqrt(2 n) of their spread
    np.testing.assert_allclose(pulls.mean(axis=0), 0.0, atol=3 / np.sqrt(n))
    np.testing.assert_allclose(pulls.std(axis=0), 1.0, atol=3 / np.sqrt(2 * n))


@pytest.mark.slow
def test_the_data_choose_the_kind_of_coupling(experiment):
    for row in experiment.choice(seeds=3):
        assert row["right"] == 3
        assert row["log_odds"][0] > 5
        other = next(kind for kind in experiment.RIVALS if kind != row["truth"])
        assert row["left_out"][row["truth"]] < row["left_out"][other]
        assert abs(row["left_out"][row["truth"]] - 1) < 4 * np.sqrt(2 / row["dof"])


def test_the_two_kinds_of_coupling_make_different_curves(experiment):
    """The best uniform coupling misses a gate-tuned curve by many standard errors: what evidence rests on."""
    conditions = experiment.settings()
    truth = experiment.curve(experiment.device(), conditions)
    sigma = experiment.noise(experiment.device(), conditions)
    uniform, dephasing = (each.ravel() for each in np.meshgrid(np.geomspace(0.1, 1e3, 25), np.geomspace(0.05, 5, 25)))
    rivals = jax.vmap(lambda u, p: experiment.device(tau_so=experiment.NONE, tau_so_uniform=u, tau_phi=p))
    seen = jax.vmap(experiment.curve, in_axes=(0, None))(rivals(uniform, dephasing), conditions)
    assert float(jnp.min(jnp.sum((seen - truth[None]) ** 2, axis=1))) / sigma**2 > 500
