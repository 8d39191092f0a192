"""`jaxspin sweep`: what it prints, its exit codes, and one clear line for every bad input."""

import json

import numpy as np
import pytest

pytest.importorskip("zarr", reason="sweeps need the extra jaxspin[sweep]")

from jaxspin.cli import main
from jaxspin.sweep import open_store

RUN = """
[model]
system = "toy"

[sweep]
observables = ["R", "V"]

[sweep.axes]
phi = { start = "-90 deg", stop = "90 deg", points = 5 }
R_PHE = ["0.1 ohm", "300 mohm"]

[sweep.controls]
I = "2 mA"
"""


@pytest.fixture
def sweep(tmp_path, toy, monkeypatch, capsys):
    """Runs the command on a run file; gives exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*options, text=RUN):
        (tmp_path / "run.toml").write_text(text)
        code = main(["sweep", "run.toml", "--store", "map.zarr", *options])
        return code, *capsys.readouterr()

    return run


def test_a_sweep_is_a_labelled_map(sweep):
    code, out, _ = sweep()
    assert code == 0
    assert "10 of 10 points done in map.zarr" in out
    found = open_store("map.zarr")
    assert found["V"].dims == ("phi", "R_PHE")
    np.testing.assert_allclose(found["phi"], np.radians([-90, -45, 0, 45, 90]))
    np.testing.assert_allclose(found["R_PHE"], [0.1, 0.3])
    np.testing.assert_allclose(found["V"], 2e-3 * found["R"], rtol=1e-14)
    np.testing.assert_allclose(found["R"].sel(R_PHE=0.3), 0.3 * np.sin(2 * found["phi"]), atol=1e-15)


def test_twice_is_once_and_json_is_json(sweep):
    sweep()
    code, out, _ = sweep("--json")
    summary = json.loads(out)
    assert code == 0
    assert (summary["points"], summary["done"], summary["failed"]) == (10, 10, {})


def test_failed_points_are_listed_and_tried_again(sweep):
    text = RUN.replace('R_PHE = ["0.1 ohm", "300 mohm"]', 'B_s = ["0 T", "10 mT"]').replace(
        "[sweep.controls]", '[sweep.controls]\nB = "0 T"'
    )
    code, out, _ = sweep(text=text)  # tanh(0/0)
    assert code == 3
    assert "5 of 10 points done" in out
    assert "5 failed (NOT_FINITE): the result is not finite" in out
    assert "phi = -1.5708 rad, B_s = 0 T: NOT_FINITE" in out
    code, out, _ = sweep("--retry-failed", "--json", text=text)
    assert code == 3
    assert json.loads(out)["failed"] == {"NOT_FINITE": 5}
    assert json.loads(out)["first_failed"][0]["B_s"] == 0.0


def test_scattered_and_zipped_designs(sweep):
    box = "[sweep.axes]\nphi = { start = '0 rad', stop = '1 rad' }\n"
    box += "B_s = { start = '1 mT', stop = '1 T', spacing = 'log' }"
    head, tail = RUN.split("[sweep.axes]")[0], "\n[sweep.controls]\nI = '2 mA'\n"
    for number, design in enumerate(("sobol", "latin-hypercube")):
        text = head.replace("[sweep]", f"[sweep]\ndesign = '{design}'\npoints = 16") + box + tail
        code = main_with(sweep, text, f"{number}.zarr")
        assert code == 0
        found = open_store(f"{number}.zarr")
        assert found["B_s"].sizes == {"point": 16}
        assert int((found["B_s"] < 0.0316).sum()) == 8  # half of them below the geometric middle
    zipped = (
        head.replace("[sweep]", "[sweep]\ndesign = 'zip'")
        + "[sweep.axes]\nphi = ['1 deg', '2 deg']\nB_s = ['1 mT', '2 mT']"
        + tail
    )
    assert main_with(sweep, zipped, "zip.zarr") == 0
    np.testing.assert_allclose(open_store("zip.zarr")["B_s"], [1e-3, 2e-3])


def main_with(sweep, text, store):
    """Exit code with another store."""
    from pathlib import Path

    Path("other.toml").write_text(text)
    return main(["sweep", "other.toml", "--store", store])


def test_a_bootstrap_and_a_profile_of_the_fit(folder, capsys):
    run = folder / "run.toml"
    fit = run.read_text()
    run.write_text(fit + "\n[sweep]\nof = 'bootstrap'\npoints = 200\n")
    assert main(["sweep", "run.toml", "--store", "boot.zarr"]) == 0
    spread = float(open_store("boot.zarr")["R_PHE"].std())
    run.write_text(
        fit
        + "\n[sweep]\nof = 'profile'\n[sweep.axes]\nR_PHE = { start = '0.25 ohm', stop = '0.35 ohm', points = 101 }\n"
    )
    assert main(["sweep", "run.toml", "--store", "profile.zarr"]) == 0
    profile = open_store("profile.zarr")
    inside = profile["R_PHE"].values[profile["chi2"].values < float(profile["chi2"].min()) + 1]
    # the same standard error twice; 200 replicas know it to 5 %, the grid to a step
    assert np.ptp(inside) / 2 == pytest.approx(spread, rel=0.2, abs=1e-3)
    assert main(["sweep", "run.toml", "--store", "x.zarr", "--set", "sweep.axes={B_s=['1 T']}"]) == 2
    assert "is not free in [fit]" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            ["--set", "sweep.axes.phy={start='0 rad',stop='1 rad',points=3}"],
            "sweep.axes.phy: unknown axis 'phy'; did you mean 'phi'",
        ),
        (["--set", "sweep.axes.phi=[]"], "sweep.axes.phi: names no value; expected at least one"),
        (["--set", "sweep.axes={}"], "sweep.axes: names no axis"),
        (["--set", "sweep.axes.phi={start='0 T',stop='1 T',points=3}"], "sweep.axes.phi.start: unit 'T' does not fit"),
        (["--set", "sweep.axes.phi=[3]"], "sweep.axes.phi: '3.0' has no unit"),
        (["--set", "sweep.axes.phi=['11 rad']"], "sweep.axes.phi: 11 rad is outside the bounds (-10, 10) rad"),
        (["--set", "sweep.axes.phi={start='0 rad',stop='1 rad'}"], "sweep.axes.phi.points: None is not allowed"),
        (["--set", "sweep.axes.phi={start='0 rad',stop='1 rad',points=3,spacing='log'}"], "expected positive ends"),
        (["--set", "sweep.observables=['Q']"], "sweep.observables.0: unknown observable 'Q'"),
        (["--set", "sweep.chunk=0"], "sweep.chunk: 0 is not allowed"),
        (["--set", "sweep.points=3"], "sweep.points: has no meaning for design 'product'"),
        (["--set", "sweep.design='sobol'"], "sweep.points: None is not allowed"),
        (["--set", "sweep.controls.phi='1 rad'"], "sweep.controls.phi: is also an axis"),
        (["--set", "sweep.controls={}"], "sweep.controls: missing I"),
        (["--set", "sweep.controls.I='2 V'"], "sweep.controls.I: unit 'V' does not fit"),
        (["--workers", "0"], "--workers 0 is not allowed"),
        (["--workers", "2", "--scheduler-file", "f.json"], "exclude each other"),
        (["--scheduler-file", "f.json"], "--scheduler-file f.json: does not exist"),
        (["--coordinator", "localhost:1"], "process None of None"),
    ],
)
def test_bad_input_is_told_in_one_line(sweep, options, says, tmp_path):
    code, out, err = sweep(*options)
    assert (code, out) == (2, "")
    assert says in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "map.zarr").exists()


def test_a_directory_that_is_something_else_is_left_alone(sweep, tmp_path):
    (tmp_path / "map.zarr").mkdir()
    (tmp_path / "map.zarr" / "notes.txt").write_text("precious")
    code, _, err = sweep()
    assert code == 2
    assert "map.zarr: holds something else than a sweep" in err
    assert [file.name for file in (tmp_path / "map.zarr").iterdir()] == ["notes.txt"]


def test_an_interrupt_keeps_what_is_done(sweep, monkeypatch):
    from jaxspin.sweep.compute import Machine

    original, calls = Machine.collect, []

    def interrupted(machine, started):
        calls.append(started)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return original(machine, started)

    with monkeypatch.context() as patched:
        patched.setattr(Machine, "collect", interrupted)
        code, _, err = sweep("--set", "sweep.chunk=2")
    assert code == 130
    assert "interrupted, what is done is in map.zarr, the same command goes on" in err
    assert sweep("--set", "sweep.chunk=2")[0] == 0
