"""The printed table, and one file that holds everything."""

import json
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from toy_models import DECAY, FILM, Current, Decay, Film, Time

from jaxspin.inverse import Dataset, Gaussian, fit, load, profile

T = np.linspace(0.0, 1.0, 25)


@pytest.fixture(scope="module")
def result():
    rng = np.random.default_rng(0)
    scans = {
        name: Dataset.from_columns(
            Time(T),
            {"signal": (2 * np.exp(-3 * T) + floor + 0.02 * rng.normal(size=T.size), 0.02)},
            limits={"signal": np.where(T > 0.9, -1, 0)},
        )
        for name, floor in {"one": 0.1, "two": -0.1}.items()
    }
    return fit(
        DECAY,
        Decay(1.0, 1.0),
        scans,
        free=["amplitude", "rate", "one/floor"],
        tie={"two/floor": lambda p: p.floor},
        prior={"amplitude": Gaussian(2.0, 0.5)},
        key=jax.random.key(3),
    )


@pytest.fixture(scope="module")
def undetermined():
    x = np.linspace(0, 1, 8)
    data = Dataset.from_columns(Current(x), {"H_DL": (0.2 * x, 0.01)})
    return fit(FILM, Film(0.3, 1.4e5), data, free=["xi", "M_s"])


def test_the_table_says_everything(result, undetermined):
    text = str(result)
    for part in (
        "Fit of decay to one, two",
        "OK",
        "limits",
        "1 Gaussian priors",
        "chi2 / dof",
        "p-value",
        "amplitude",
        "1/s",
        "one/floor",
        "tied",
        "Correlations above 0.1",
        "rate, one/floor",
    ):
        assert part in text
    assert "Model and data disagree" in text  # the second floor is wrongly held at zero
    assert "undetermined" in str(undetermined)
    assert "± inf" in str(undetermined)


def test_a_saved_fit_comes_back_whole(result, tmp_path):
    path = result.save(tmp_path / "fit.json")
    again = load(path, DECAY, tie={"two/floor": result.problem.space.tie[0][1]})
    assert jax.tree.structure(again) == jax.tree.structure(result)
    for (where, a), b in zip(jax.tree.leaves_with_path(result), jax.tree.leaves(again), strict=True):
        assert a.dtype == b.dtype, where
        if jnp.issubdtype(a.dtype, jax.dtypes.prng_key):
            a, b = jax.random.key_data(a), jax.random.key_data(b)
        np.testing.assert_array_equal(a, b, err_msg=jax.tree_util.keystr(where))
    assert str(again) == str(result)
    np.testing.assert_array_equal(profile(again, "rate", points=3).chi2, profile(result, "rate", points=3).chi2)


def test_the_file_is_strict_json_with_what_scripts_look_for(undetermined, tmp_path):
    path = undetermined.save(tmp_path / "fit.json")
    saved = json.loads(path.read_text(), parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert set(saved["parameters"]) == {"xi", "M_s"}
    assert saved["parameters"]["M_s"]["unit"] == "A/m"
    assert math.isinf(float(saved["parameters"]["M_s"]["stderr"]))
    assert saved["parameters"]["xi"]["undetermined"] is True
    assert saved["status"] == "OK"
    assert saved["dof"] == 6
    assert saved["chi2"] == float(undetermined.chi2)
    assert saved["undetermined"][0].startswith("xi and M_s: only their ratio")
    assert [p.name for p in tmp_path.iterdir()] == ["fit.json"]


def test_nothing_is_left_behind_when_saving_fails(undetermined, tmp_path):
    target = tmp_path / "fit.json"
    target.mkdir()
    with pytest.raises(OSError, match=r"fit\.json"):
        undetermined.save(target)
    assert [p.name for p in tmp_path.iterdir()] == ["fit.json"]


def test_what_cannot_be_loaded_is_said(result, undetermined, tmp_path):
    path = result.save(tmp_path / "fit.json")
    with pytest.raises(ValueError, match="'two/floor' was tied by a function, which load needs again"):
        load(path, DECAY)
    with pytest.raises(ValueError, match="a fit of 'decay', not of 'film'"):
        load(path, FILM)
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(ValueError, match=r"other\.json: not a fit saved by jaxspin"):
        load(tmp_path / "other.json", DECAY)
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(ValueError, match=r"broken\.json: not a JSON file"):
        load(tmp_path / "broken.json", DECAY)
