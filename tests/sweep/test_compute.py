"""Computing points: what `run` returns is what the function gives, whatever the batches, keys, costs and failures."""

import importlib
import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from rectangles import LENGTH, rectangle

from jaxspin import sweep
from jaxspin.core import Observable, Observables, Solve, Status, observables, replace
from jaxspin.sweep import compute
from jaxspin.systems import load


@pytest.fixture(scope="module")
def cotb():
    return load("ferrimagnet")


def test_a_map_of_a_model_is_what_vmap_gives(cotb):
    grid = sweep.product({"delta": np.linspace(0.03, 0.07, 5), "anisotropy": np.linspace(2e5, 3e5, 3)})
    film = replace(cotb.example(), {"layer_thickness": 0.9e-9})
    names = ["H_DMI", "theta_DL"]
    found = sweep.run(sweep.observe(cotb, controls=film, observables=names), grid, chunk=4)
    params = cotb.material("CoTb")

    def point(delta, anisotropy):
        return cotb.observe(replace(params, {"anisotropy": anisotropy}), replace(film, {"delta": delta}))

    direct = jax.jit(jax.vmap(jax.vmap(point, (None, 0)), (0, None)))(grid.axes["delta"], grid.axes["anisotropy"])
    for name in names:
        np.testing.assert_allclose(found[name], direct[name], rtol=1e-13)
    assert found["H_DMI"].attrs["units"] == "A/m"
    assert found["anisotropy"].attrs["units"] == "J/m^3"


def _random(values, *, solve, key):
    return observables({"area": jax.random.normal(key) + 0 * values["width"], "sum": values["height"]})


def test_random_keys_belong_to_points_not_to_chunks(grid):
    task = rectangle(point=_random)
    pieces = [sweep.run(task, grid, seed=5, chunk=chunk)["area"].values for chunk in (3, 7, 70)]
    np.testing.assert_array_equal(pieces[0], pieces[1])
    np.testing.assert_array_equal(pieces[0], pieces[2])
    expected = jax.vmap(lambda k: jax.random.normal(jax.random.fold_in(jax.random.key(5), k)))(jnp.arange(70))
    np.testing.assert_array_equal(pieces[0].ravel(), expected)
    assert not np.array_equal(pieces[0], sweep.run(task, grid, seed=6)["area"].values)


def _poles(values, *, solve, key):
    bad = values["width"] > 8
    area = jnp.where(bad, jnp.inf, values["width"] * values["height"])
    slow = (values["height"] > 3) & (solve.max_steps < 1000)
    return Observables({"area": area, "sum": values["width"]}, jnp.where(slow, Status.MAX_STEPS, Status.OK))


def test_a_bad_corner_is_data(grid):
    found = sweep.run(rectangle(point=_poles, solve=Solve(max_steps=10)), grid)
    high, wide = found["height"].values > 3, found["width"].values[:, None] > 8
    expected = np.where(high, Status.MAX_STEPS, np.where(wide, Status.NOT_FINITE, Status.OK))
    np.testing.assert_array_equal(found["status"], np.broadcast_to(expected, found["status"].shape))
    again = sweep.run(rectangle(point=_poles, solve=Solve(max_steps=10)), grid, retry=Solve(max_steps=10**4))
    assert set(np.unique(again["status"])) == {Status.OK, Status.NOT_FINITE}


def test_points_of_similar_cost_are_solved_together(grid, monkeypatch):
    """Batches of 16 in the order of cost give what one batch gives, in the order of the design."""
    monkeypatch.setattr(compute, "_ALIKE", {"cpu": 16})
    plain = sweep.run(rectangle(), grid)
    sorted_by_cost = sweep.run(rectangle(cost=lambda values: -values["width"]), grid)
    np.testing.assert_array_equal(plain["area"], sorted_by_cost["area"])
    machine = compute.Machine(compute.Work(rectangle(cost=lambda v: v["width"]), grid, 0, 70), Solve())
    assert machine.batch == 16
    order = machine._order(grid.points(np.arange(70)))
    assert np.all(np.diff(grid.points(order)["width"]) >= 0)


def test_batches_shrink_to_the_memory_there_is(grid, monkeypatch):
    plain = sweep.run(rectangle(), grid)
    monkeypatch.setattr(compute, "memory_available", lambda: 4 * 400.0)
    machine = compute.Machine(compute.Work(rectangle(), grid, 0, 70), Solve())
    assert 1 <= machine.batch < 35
    np.testing.assert_array_equal(sweep.run(rectangle(), grid)["area"], plain["area"])


def test_held_values_may_be_anything_and_swept_ones_need_not_be(cotb):
    task = sweep.observe(cotb, observables=["D"])
    assert task.inputs["delta"].unit == "1"
    assert task.inputs["controls.delta"] == task.inputs["delta"]
    assert task.inputs["parameters.anisotropy"].unit == "J/m^3"


@pytest.mark.parametrize(
    ("axes", "error", "says"),
    [
        ({"detla": [0.01]}, KeyError, "did you mean 'delta'"),
        ({"delta": [0.01, 0.5]}, ValueError, "outside its bounds"),
        ({"layer_thickness": [1.0]}, ValueError, r"from 1 to 1 m, outside its bounds \(1e-10, 1e-07\) m"),
    ],
)
def test_designs_that_do_not_suit_the_model_are_told(cotb, axes, error, says):
    with pytest.raises(error, match=says):
        sweep.run(cotb, sweep.product(axes))


def test_unknown_observables_and_impossible_columns_are_told(cotb):
    with pytest.raises(KeyError, match="unknown observable 'xii'"):
        sweep.observe(cotb, observables=["xii"])
    with pytest.raises(ValueError, match="cannot name a column"):
        rectangle(outputs={"a/b": Observable("1", "a", "a", ())})
    with pytest.raises(ValueError, match="also an output"):
        sweep.run(rectangle(inputs={"area": LENGTH}), sweep.product({"area": [1.0]}))


def test_without_the_extra_the_call_says_how_to_get_it(grid, monkeypatch):
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(ImportError, match=r"pip install 'jaxspin\[sweep\]'"):
        sweep.run(rectangle(), grid)


@pytest.mark.slow
def test_a_million_points_need_no_more_memory_than_their_results_in_flight(tmp_path):
    """Peak memory of 10^6 points, 16 MB of results on disk, exceeds that of 65536 by less than 60 MB."""
    code = (
        "import resource, sys, jax; jax.config.update('jax_enable_x64', True);"
        "import numpy as np; from jaxspin import sweep; from rectangles import rectangle;"
        "side, store = int(sys.argv[1]), sys.argv[2];"
        "axis = np.linspace(1, 2, side);"
        "sweep.run(rectangle(), sweep.product({'width': axis, 'height': axis}), store, chunk=16384);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    )
    here = {"PYTHONPATH": os.pathsep.join([os.path.dirname(__file__), *filter(None, [os.environ.get("PYTHONPATH")])])}
    peaks = []
    for side in (256, 1000):
        command = [sys.executable, "-c", code, str(side), str(tmp_path / f"{side}.zarr")]
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ | here, check=True)
        peaks.append(int(done.stdout))
    assert importlib.import_module("xarray").open_zarr(tmp_path / "1000.zarr")["area"].size == 10**6
    assert peaks[1] - peaks[0] < 60, peaks
