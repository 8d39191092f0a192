"""`jaxspin design` as a user meets it. The toy: V = I R, R = R_PHE sin 2(phi + phi_0) tanh(B/B_s) + R_0."""

import json
import math
from pathlib import Path

import pytest

from jaxspin.cli import main
from jaxspin.io import read_run

DESIGN = """
[model]
system = "toy"
material = "narrow bar"

[parameters]
R_0 = "0.1 ohm"

[design]
maximise = "V"
free = ["phi", "I"]
starts = 2

[design.bounds]
phi = ["0 deg", "90 deg"]
I = ["0.1 mA", "2 mA"]

[design.constraints]
R = { upper = "400 mohm" }

[design.controls]
phi = "10 deg"
I = "1 mA"
"""


@pytest.fixture
def here(toy, tmp_path, monkeypatch):
    (tmp_path / "run.toml").write_text(DESIGN)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_design_finds_the_largest_voltage_and_writes_all(here, capsys):
    """R <= 0.4 ohm binds, and I at its bound of 2 mA: V = 0.8 mV, dV/dI = 0.4 ohm, dV/d limit = 2 mA."""
    assert main(["design", "run.toml", "--out", "results"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    for words in (
        "maximise     V = 0.0008 V",
        "active, d V/d limit = 0.002 V per ohm",
        "wrote design.json, run.toml in",
    ):
        assert words in shown.out
    saved = json.loads(Path("results/design.json").read_text())
    assert saved["status"] == "OK"
    assert saved["objective"]["value"] == pytest.approx(8e-4, rel=1e-9)
    assert saved["active"] == ["I upper", "R upper"]
    assert saved["limits"]["R upper"]["sensitivity"] == pytest.approx(2e-3, rel=1e-6)
    assert saved["bounds"]["I upper"]["sensitivity"] == pytest.approx(0.4, rel=1e-6)
    assert 0.5 * math.sin(2 * (saved["variables"]["phi"]["value"] + 0.1)) + 0.1 == pytest.approx(0.4, rel=1e-9)

    assert read_run("results/run.toml").design == read_run("run.toml").design
    assert main(["design", "results/run.toml", "--out", "again", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(Path("again/design.json").read_text()) == saved

    # between 0 and 90 deg, R is nowhere below 0.1 - 0.5 sin 0.2 = 0.67 mohm
    assert main(["design", "run.toml", "--out", "no", "--set", 'design.constraints.R.upper="-10 mohm"']) == 1
    shown = capsys.readouterr()
    assert "the limits cannot be met together within the bounds" in shown.err
    assert "nearest: R upper -0.01 ohm is missed by 0.010665 ohm" in shown.err
    assert "BROKEN" in shown.out
    assert json.loads(Path("no/design.json").read_text())["status"] == "NO_SOLUTION"


BAD = {
    "no objective": ('maximise = "V"', "", "run.toml: design: neither is given; expected one of minimise and maximise"),
    "two objectives": ("maximise", 'minimise = "R"\nmaximise', "run.toml: design: both are given; expected one of"),
    "unknown objective": ('"V"', '"Vv"', "run.toml: design.maximise: unknown observable 'Vv'; did you mean 'V'?"),
    "nothing free": ('["phi", "I"]', "[]", "run.toml: design.free: names nothing; expected some of: phi, I, B, R_PHE"),
    "unknown free": ('"phi",', '"phy",', "run.toml: design.free.0: unknown quantity 'phy'; did you mean 'phi'?"),
    "bounds not free": ("I = [", "B = [", "run.toml: design.bounds.B: 'B' does not vary (design.free: phi, I)"),
    "unit": ('"2 mA"]', '"2 mT"]', "run.toml: design.bounds.I.upper: unit 'mT' does not fit: expected a unit like 'A'"),
    "no unit": ('"2 mA"]', "2]", "run.toml: design.bounds.I.upper: '2.0' has no unit"),
    "reversed": ('["0 deg", "90 deg"]', '["9 deg", "1 deg"]', "design.bounds.phi: lower '9 deg' is not below upper"),
    "one end": ('["0 deg", "90 deg"]', '["9 deg"]', "design.bounds.phi: ['9 deg'] is not allowed; expected [lower, up"),
    "outside": ('"2 mA"]', '"2 A"]', "design.bounds.I: (0.0001, 2) A leaves the allowed range (0, 1) A"),
    "start": ('"10 deg"', '"100 deg"', "design.bounds.phi: the start 1.74533 rad is outside (0, 1.5708) rad"),
    "unknown limit": ("R = { u", "Q = { u", "run.toml: design.constraints.Q: unknown observable 'Q'"),
    "limit unit": ("400 mohm", "400 mV", "run.toml: design.constraints.R.upper: unit 'mV' does not fit"),
    "empty limit": ('{ upper = "400 mohm" }', "{}", "design.constraints.R: has no end; expected lower, upper, or both"),
    "unknown control": ('I = "1 mA"', 'J = "1 mA"', "run.toml: design.controls.J: unknown control 'J'"),
    "starts": ("starts = 2", "starts = 0", "run.toml: design.starts: 0 is not allowed; expected 1 or more"),
    "unknown key": ("starts = 2", "stars = 2", "run.toml: design.stars: unknown key 'stars'; did you mean 'starts'?"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_input_is_one_line_and_writes_nothing(here, capsys, kind):
    old, new, told = BAD[kind]
    assert old in DESIGN
    (here / "run.toml").write_text(DESIGN.replace(old, new, 1))
    assert main(["design", "run.toml", "--out", "results"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("jaxspin: error: ")
    assert told in shown.err
    assert shown.err.count("\n") == 1
    assert [each.name for each in here.iterdir()] == ["run.toml"]


def test_a_free_control_without_start_begins_in_the_middle_of_its_bounds(here, toy):
    from jaxspin.io import read_design

    (here / "run.toml").write_text(DESIGN.replace('phi = "10 deg"\n', ""))
    plan = read_design(read_run("run.toml"), toy)
    assert float(plan.controls.phi) == pytest.approx(math.pi / 4)
    assert float(plan.params.R_0) == 0.1
    assert plan.limits == {"R": (None, pytest.approx(0.4))}
