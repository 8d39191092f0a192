"""The store: nothing is trusted that is not whole, nothing is mixed, and any interleaving of deaths ends the same."""

import errno
import hashlib
import json
import os
import shutil

import numpy as np
import pytest
import xarray
import zarr.storage._local as local_store
from hypothesis import given
from hypothesis import strategies as st
from rectangles import Table, rectangle

from jaxspin import sweep
from jaxspin.core import Solve, Status


def fingerprint(store):
    files = [file for file in sorted(store.rglob("*")) if file.is_file() and file.name != "zarr.json"]
    return {str(f.relative_to(store)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def test_a_store_opens_as_a_labelled_dataset(task, grid, table, tmp_path):
    ours = sweep.run(task, grid, tmp_path / "map.zarr", chunk=7, place=table)
    theirs = xarray.open_zarr(tmp_path / "map.zarr")
    xarray.testing.assert_identical(ours.compute(), theirs.compute())
    assert theirs["area"].dims == ("width", "height")
    assert theirs["area"].attrs == {"units": "m^2", "symbol": "A", "long_name": "area"}
    assert theirs["width"].attrs["units"] == "m"
    np.testing.assert_array_equal(theirs["sum"], theirs["width"].values[:, None] + theirs["height"].values)
    assert theirs["status"].sel(width=9.0).values.tolist() == [Status.MAX_STEPS] * 7
    (session,) = theirs.attrs["sessions"]
    assert {"jaxspin", "jax", "device", "host", "git", "began"} <= session.keys()


def test_in_memory_is_the_same(task, grid, table, tmp_path):
    stored, kept = (
        sweep.run(task, grid, tmp_path / "map.zarr", chunk=7, place=table),
        sweep.run(task, grid, place=table),
    )
    for name in kept.variables:
        np.testing.assert_array_equal(stored[name], kept[name])
        assert stored[name].attrs == kept[name].attrs


def test_scattered_points_carry_their_coordinates(task, table, tmp_path):
    grid = sweep.sobol({"width": (1.0, 2.0), "height": (0.1, 10.0)}, 50, log=("height",))
    sweep.run(task, grid, tmp_path / "map.zarr", chunk=8, place=table)
    opened = xarray.open_zarr(tmp_path / "map.zarr")
    assert set(opened.coords) == {"width", "height"}
    np.testing.assert_array_equal(opened["area"], opened["width"] * opened["height"])


def test_twice_is_once(task, grid, table, tmp_path):
    sweep.run(task, grid, tmp_path / "map.zarr", chunk=7, place=table)
    before = fingerprint(tmp_path / "map.zarr")
    sweep.run(task, grid, tmp_path / "map.zarr", place=table)  # the chunk is that of the store
    assert table.computed == grid.size
    assert fingerprint(tmp_path / "map.zarr") == before


def test_failed_points_are_computed_again_when_asked(task, grid, table, tmp_path):
    table.patience = 1000
    first = sweep.run(task, grid, tmp_path / "map.zarr", chunk=7, place=table, retry=None)[
        "status"
    ].values  # Solve() allows many steps: nothing fails
    assert (first == Status.OK).all()
    hasty = type(task)(**{**vars(task), "solve": Solve(max_steps=10)})
    once = sweep.run(hasty, grid, tmp_path / "hasty.zarr", chunk=7, place=table)
    assert int((once["status"] == Status.MAX_STEPS).sum()) == 14
    table.computed = 0
    again = sweep.run(hasty, grid, tmp_path / "hasty.zarr", place=table, retry=Solve(max_steps=1000))
    assert table.computed == 14
    assert (again["status"] == Status.OK).all()
    np.testing.assert_array_equal(again["area"], again["width"].values[:, None] * again["height"].values)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"grid": {"width": np.arange(1.0, 10.0)}}, "axes.width"),
        ({"seed": 1}, "seed: 0 there, 1 asked for"),
        ({"task": {"identity": {"version": 2}}}, "identity.version: 1 there, 2 asked for"),
        ({"task": {"solve": Solve(rtol=1e-3)}}, "solve.rtol"),
        ({"chunk": 14}, "chunk"),
    ],
)
def test_another_sweep_is_refused(task, grid, table, tmp_path, change, says):
    sweep.run(task, grid, tmp_path / "map.zarr", chunk=7, place=table)
    before = fingerprint(tmp_path / "map.zarr")
    other = type(task)(**{**vars(task), **change.get("task", {})})
    axes = sweep.product({**grid.axes, **change.get("grid", {})})
    with pytest.raises(sweep.StoreError, match=f"holds another sweep .*{says}"):
        sweep.run(
            other, axes, tmp_path / "map.zarr", chunk=change.get("chunk"), seed=change.get("seed", 0), place=table
        )
    assert fingerprint(tmp_path / "map.zarr") == before


def test_a_directory_that_is_something_else_is_left_alone(task, grid, table, tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(sweep.StoreError, match="holds something else"):
        sweep.run(task, grid, tmp_path, place=table)
    with pytest.raises(sweep.StoreError, match="is a file"):
        sweep.run(task, grid, tmp_path / "thesis.tex", place=table)
    with pytest.raises(sweep.StoreError, match="does not exist"):
        sweep.open_store(tmp_path / "nowhere")
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_damaged_description_is_told(task, grid, table, tmp_path):
    sweep.run(task, grid, tmp_path / "map.zarr", chunk=7, place=table)
    description = tmp_path / "map.zarr" / "zarr.json"
    tree = json.loads(description.read_text())
    tree["attributes"]["spec"] = tree["attributes"]["spec"].replace('"seed": 0', '"seed": 1')
    description.write_text(json.dumps(tree))
    with pytest.raises(sweep.StoreError, match="wrong digest"):
        sweep.open_store(tmp_path / "map.zarr")


def test_a_missing_array_is_told(task, grid, table, tmp_path):
    sweep.run(task, grid, tmp_path / "map.zarr", chunk=7, place=table)
    shutil.rmtree(tmp_path / "map.zarr" / "status")
    with pytest.raises(sweep.StoreError, match="the array 'status' is missing"):
        sweep.run(task, grid, tmp_path / "map.zarr", place=table)


def test_damaged_coordinates_are_mended(task, grid, table, tmp_path):
    sweep.run(task, grid, tmp_path / "map.zarr", chunk=7, place=table)
    before = fingerprint(tmp_path / "map.zarr")
    (tmp_path / "map.zarr" / "width" / "c" / "0").write_bytes(b"nonsense")
    sweep.run(task, grid, tmp_path / "map.zarr", place=table)
    assert fingerprint(tmp_path / "map.zarr") == before
    assert table.computed == grid.size


class Killed(BaseException):
    """A death at a chosen moment."""


class Reaper:
    """Kills at the n-th file written: before it, in the middle of it, or just after it."""

    def __init__(self, moments):
        self.moments, self.written = moments, 0

    def put(self, original):
        def put(path, value, exclusive=False):
            self.written += 1
            moment = self.moments.get(self.written)
            if moment == "middle":
                path.parent.mkdir(parents=True, exist_ok=True)
                path.with_suffix(".0.partial").write_bytes(b"half")
            if moment in ("before", "middle"):
                raise Killed
            size = original(path, value, exclusive)
            if moment == "after":
                raise Killed
            return size

        return put


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    store = tmp_path_factory.mktemp("calm") / "map.zarr"
    small = sweep.product({"width": np.arange(1.0, 7.0), "height": [1.0, 2.0]})
    sweep.run(rectangle(), small, store, chunk=4, place=Table())
    return rectangle(), small, fingerprint(store)


@given(deaths=st.lists(st.tuples(st.integers(1, 12), st.sampled_from(["before", "middle", "after"])), max_size=6))
def test_any_interleaving_of_deaths_and_reruns_ends_in_the_same_store(undisturbed, tmp_path_factory, deaths):
    task, grid, calm = undisturbed
    store = tmp_path_factory.mktemp("killed") / "map.zarr"
    original = local_store._put
    for number, moment in deaths:
        local_store._put = Reaper({number: moment}).put(original)
        try:
            sweep.run(task, grid, store, chunk=4, place=Table())
        except Killed:
            pass
        finally:
            local_store._put = original
    sweep.run(task, grid, store, chunk=4, place=Table())
    assert fingerprint(store) == calm
    shutil.rmtree(store)


def test_a_full_disk_is_told_and_costs_only_what_was_not_written(task, grid, table, tmp_path, monkeypatch):
    original = local_store._put

    def full(path, value, exclusive=False):
        if "status/c/5" in str(path):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return original(path, value, exclusive)

    with monkeypatch.context() as patched:
        patched.setattr(local_store, "_put", full)
        with pytest.raises(sweep.StoreError, match=r"the disk is full.*the same command goes on"):
            sweep.run(task, grid, tmp_path / "map.zarr", chunk=7, place=table)
    assert int((sweep.open_store(tmp_path / "map.zarr")["status"] >= 0).sum()) == 35
    table.computed = 0
    done = sweep.run(task, grid, tmp_path / "map.zarr", place=table)
    assert table.computed == 35
    assert (done["status"] >= 0).all()
