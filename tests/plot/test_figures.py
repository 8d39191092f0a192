"""Figures show what was measured and fitted, in sensible units, and leave matplotlib as it was."""

import importlib
import subprocess
import sys

import jax.numpy as jnp
import matplotlib as mpl
import numpy as np
import pytest

from jaxspin import inverse
from jaxspin.plot import correlation_figure, fit_figure

NOISE = 5e-3  # ohm
FREE = ("R_PHE", "phi_0", "B_s")


@pytest.fixture(scope="module")
def toy(request):
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(request.config.rootpath / "tests" / "cli")
        yield importlib.import_module("toy_system")


@pytest.fixture(scope="module")
def data(toy):
    """Resistances of the toy with noise at given controls; at limits, a bound the truth keeps by 0.1 ohm."""
    truth = toy.Bar(R_PHE=0.3, phi_0=0.05, R_0=-0.02, B_s=0.012)

    def dataset(name="scan", limit=0, **controls):
        columns = dict(zip(controls, np.broadcast_arrays(*controls.values()), strict=True))
        scan = toy.Scan(**{each: jnp.asarray(column.ravel(), dtype=float) for each, column in columns.items()})
        R = truth.R_PHE * jnp.sin(2 * (scan.phi + truth.phi_0)) * jnp.tanh(scan.B / truth.B_s) + truth.R_0
        noisy = np.asarray(R) + np.random.default_rng(3).normal(0, NOISE, R.shape) - 0.1 * np.asarray(limit)
        return inverse.Dataset(scan, {"R": inverse.Measurement(None, noisy, NOISE, limit)}, name)

    return dataset


@pytest.fixture(scope="module")
def fitted(toy):
    def fit(data, free=("R_PHE", "phi_0")):
        start = toy.Bar(R_PHE=0.2, phi_0=0.0, R_0=-0.02, B_s=0.012)
        return inverse.fit(toy.MODEL, start, data, free=free)

    return fit


def panels(figure):
    return [axes for part in figure.subfigs for axes in part.axes]


def points(axes):
    """What is drawn with markers: x and y of every point."""
    lines = [line for line in axes.lines if line.get_linestyle() == "None" and len(line.get_xdata())]
    return np.concatenate([line.get_xydata() for line in lines])


def test_a_scan_is_drawn_against_its_control_in_degrees_and_milliohm(data, fitted, tmp_path):
    result = fitted(data(phi=np.linspace(0, 6, 41), I=1e-3, B=1.0))
    figure = fit_figure(result)
    upper, lower = panels(figure)
    assert (lower.get_xlabel(), upper.get_ylabel()) == (r"$\varphi$ (°)", "$R$ (mΩ)")
    seen = result.residuals["scan"]["R"]
    np.testing.assert_allclose(points(upper)[:, 0], np.degrees(np.linspace(0, 6, 41)), rtol=1e-12)
    np.testing.assert_allclose(points(upper)[:, 1], 1e3 * seen.observed, rtol=1e-12)
    np.testing.assert_allclose(points(lower)[:, 1], (seen.observed - seen.predicted) / NOISE, rtol=1e-9, atol=1e-9)
    (band,) = upper.collections[-1:]
    assert band.get_label() == "95 %"
    widest = 1e3 * 2 * 1.959964 * float(jnp.max(seen.band))
    heights = np.ptp(band.get_paths()[0].vertices[:, 1])
    assert heights > widest  # it follows the curve
    figure.savefig(tmp_path / "fit.png")
    assert (tmp_path / "fit.png").stat().st_size > 10_000


def test_a_second_control_with_few_values_makes_a_family_of_curves(data, fitted):
    fields = np.array([4e-3, 8e-3, 40e-3])
    result = fitted(data(phi=np.linspace(0, 6, 20), I=1e-3, B=fields[:, None]), FREE)
    upper, _ = panels(fit_figure(result))
    assert upper.get_legend().get_title().get_text() == "$B$ (mT)"
    assert [text.get_text() for text in upper.get_legend().get_texts()] == ["4", "8", "40"]


def test_many_varying_controls_make_a_comparison_with_the_prediction(data, fitted):
    rng = np.random.default_rng(0)
    result = fitted(data(phi=rng.uniform(0, 6, 30), I=rng.uniform(1e-3, 2e-3, 30), B=rng.uniform(4e-3, 4e-2, 30)))
    upper, lower = panels(fit_figure(result))
    assert lower.get_xlabel() == "predicted $R$ (mΩ)"
    seen = result.residuals["scan"]["R"]
    np.testing.assert_allclose(points(upper), 1e3 * np.stack([seen.predicted, seen.observed], axis=1), rtol=1e-12)


def test_single_values_and_limits_share_a_panel(data, fitted):
    films = [data(f"film {n}", [0, 1, -1][n % 3], phi=np.array([0.3 + 0.4 * n]), I=1e-3, B=1.0) for n in range(6)]
    result = fitted(films)
    (axes,) = panels(fit_figure(result))
    assert [label.get_text() for label in axes.get_yticklabels()] == [f"$R$ (film {n})" for n in range(6)]
    markers = [line.get_marker() for line in axes.lines if line.get_marker() != "None"]
    assert markers == ["o", ">", "<", "o", ">", "<"]
    assert {text.get_text() for text in axes.get_legend().get_texts()} == {
        "measured",
        "limit",
        "95 % of the prediction",
    }


def test_undetermined_parameters_do_not_break_figures(data, fitted):
    """At B = 0 the resistance does not depend on R_PHE or phi_0: infinite errors, no band, grey correlations."""
    result = fitted(data(phi=np.linspace(0, 6, 9), I=1e-3, B=0.0), ("R_PHE", "R_0"))
    fit_figure(result).canvas.draw()
    axes = correlation_figure(result).axes[0]
    shown = np.ma.getmaskarray(axes.images[0].get_array())
    np.testing.assert_array_equal(shown, [[True, True], [True, False]])


def test_correlations_are_named_by_symbol(data, fitted):
    result = fitted(data(phi=np.linspace(0, 6, 20), I=1e-3, B=np.array([4e-3, 8e-3, 4e-2])[:, None]), FREE)
    figure = correlation_figure(result)
    axes = figure.axes[0]
    assert [each.get_text() for each in axes.get_yticklabels()] == [r"$R_\mathrm{PHE}$", r"$\varphi_0$", "$B_s$"]
    np.testing.assert_allclose(axes.images[0].get_array(), result.correlation)


def test_the_look_does_not_leak(data, fitted):
    before = dict(mpl.rcParams)
    fit_figure(fitted(data(phi=np.linspace(0, 6, 41), I=1e-3, B=1.0)))
    assert dict(mpl.rcParams) == before


def test_matplotlib_is_loaded_late_and_missed_politely():
    code = (
        "import sys, jaxspin.plot; assert 'matplotlib' not in sys.modules; sys.modules['matplotlib'] = None\n"
        "try: jaxspin.plot.style().__enter__()\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "figures need matplotlib and cmcrameri: pip install 'jaxspin[plot]'"
