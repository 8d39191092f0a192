"""Run files: what they mean, in SI; faults told by key; and that any mutation is read or refused in one line."""

import copy
import math
import tomllib

import numpy as np
import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jaxspin.io import (
    ConfigError,
    GaussianPrior,
    TableError,
    calibrate,
    check_fit,
    conditions,
    parse_run,
    read_data,
    read_priors,
    read_run,
    read_solve,
    run_text,
    simulated_conditions,
    starting_point,
)


def read_everything(run, model):
    check_fit(run, model)
    return starting_point(run, model), read_priors(run, model), read_solve(run), read_data(run, model)


def test_what_a_run_file_means(folder, toy):
    """Every number by hand: degrees, gains, the straight line of the calibration, V/I, limits."""
    start, priors, solve, (scan, published) = read_everything(read_run(folder / "run.toml"), toy)
    assert float(start["scan"].R_PHE) == 0.2
    assert float(start["scan"].B_s) == 0.01
    assert priors == {"phi_0": GaussianPrior(pytest.approx(math.radians(1)), pytest.approx(math.radians(0.5)))}
    assert solve.max_steps == 500
    assert (scan.name, published.name) == ("scan", "published")
    # the row at 270 degrees lies outside `where`; the calibration is 40 mT/A exactly, its two trials differ by 2 mT
    np.testing.assert_allclose(scan.controls["phi"], np.radians([0, 45, 90]), rtol=1e-15)
    np.testing.assert_allclose(scan.controls["B"], [0.02, 0.02, -0.02], rtol=1e-12)
    np.testing.assert_allclose(scan.controls["I"], 2e-3, rtol=1e-15)
    np.testing.assert_allclose(scan.observed["V"].value, [1e-6, 4e-4, 1e-6], rtol=1e-14)
    np.testing.assert_allclose(scan.observed["V"].sigma, 0.5e-6, rtol=1e-14)
    np.testing.assert_allclose(scan.observed["R"].value, [5e-4, 0.2, 5e-4], rtol=1e-14)
    np.testing.assert_allclose(scan.observed["R"].sigma, [2.5e-4, 2.5e-4, 3e-4], rtol=1e-14)
    np.testing.assert_allclose(published.observed["R"].value, [0.15, 0.3], rtol=1e-14)
    np.testing.assert_array_equal(published.observed["R"].limit, [0, -1])
    np.testing.assert_array_equal(published.observed["shape"].limit, [1])
    np.testing.assert_array_equal(published.observed["shape"].rows, [2])
    # controls without a column keep their default
    np.testing.assert_array_equal(conditions(toy, published.controls).B, np.ones(3))


def test_calibration_is_the_least_squares_polynomial(folder):
    """Against numpy's normal polynomial fit of the pooled readings, in the table's own units."""
    rng = np.random.default_rng(1)
    x, trials = np.linspace(-1, 1, 9), []
    for _ in range(3):
        trials.append(40 * x + 0.05 + 2 * x**3 + rng.normal(0, 0.2, 9))
    rows = "\n".join(",".join(map(repr, map(float, row))) for row in zip(x, *trials, strict=True))
    (folder / "magnet.csv").write_text("current,up,down,again\n" + rows + "\n")
    overrides = {"calibration.magnet.y.columns": '["up", "down", "again"]', "calibration.magnet.degree": "3"}
    found = calibrate(read_run(folder / "run.toml", overrides), "magnet")
    expected = np.polyfit(np.tile(x, 3), np.concatenate(trials), 3)[::-1]
    np.testing.assert_allclose(found.coefficients, expected, rtol=1e-9)
    assert found.rms == pytest.approx(0.2, rel=0.4)  # 27 readings, 4 coefficients: 1 sigma of the rms is 14 %


def test_overrides_are_typed_and_reach_dotted_names(folder, toy):
    run = read_run(
        folder / "run.toml",
        {
            "parameters.R_PHE": "7 ohm",
            "fit.starts": "4",
            "data.0.controls.I": "1 mA",
            "fit.free": '["R_0"]',
            "fit.tie": "{}",
        },
    )
    assert float(starting_point(run, toy)[""].R_PHE) == 7.0
    assert (run.fit.starts, run.fit.free, dict(run.fit.tie)) == (4, ("R_0",), {})
    np.testing.assert_allclose(read_data(run, toy)[0].controls["I"], 1e-3)


def test_parameters_of_one_dataset(folder, toy):
    starts = starting_point(read_run(folder / "run.toml", {"parameters.scan/R_0": "3 ohm"}), toy)
    assert {name: float(each.R_0) for name, each in starts.items()} == {"": 0.0, "scan": 3.0, "published": 0.0}


def test_simulated_conditions_are_all_combinations(toy):
    run = parse_run(
        """
        [model]
        system = "toy"
        [simulate.controls]
        phi = { start = "0 deg", stop = "180 deg", points = 3 }
        I = "1 mA"
        B = ["10 mT", "20 mT"]
        """
    )
    found = simulated_conditions(run, toy)
    np.testing.assert_allclose(found["phi"], np.repeat([0, math.pi / 2, math.pi], 2), atol=1e-15)
    np.testing.assert_allclose(found["B"], np.tile([0.01, 0.02], 3))
    assert found["I"].shape == (6,)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "R_PHE = ",
            "R_PHI = ",
            "parameters.R_PHI: unknown parameter 'R_PHI'; did you mean 'R_PHE'?",
        ),
        ('"0.2 ohm"', '"0.2 V"', "parameters.R_PHE: unit 'V' does not fit: expected a unit like 'ohm'"),
        ('"0.2 ohm"', "0.2", "parameters.R_PHE: '0.2' has no unit: expected a number with a unit like 'ohm'"),
        ('"0.2 ohm"', '"20 ohm"', "parameters.R_PHE: the start R_PHE = 20.0 ohm is outside its bounds (0, 10) ohm"),
        ('"0.2 ohm"', "true", "parameters.R_PHE: True is not allowed; expected text or a finite number"),
        (
            "[parameters]",
            "[parameter]",
            "parameter: unknown key 'parameter'; did you mean 'parameters'?",
        ),
        ('system = "toy"\n', "", "model.system: missing; expected text"),
        ("wide bar", "wide baa", "model.material: unknown material 'wide baa'; did you mean 'wide bar'?"),
        ("starts = 2", "start = 2", "fit.start: unknown key 'start'; did you mean 'starts'?"),
        ("starts = 2", "starts = 0", "fit.starts: 0 is not allowed; expected 1 or more"),
        ("starts = 2", "starts = 1.5", "fit.starts: 1.5 is not allowed; expected a whole number"),
        (
            "starts = 2",
            'method = "newton"',
            "fit.method: 'newton' is not allowed; expected one of",
        ),
        ('"R_PHE", "phi_0"', '"R_PHE", "phi_1"', "fit.free.1: unknown parameter 'phi_1'; did you mean 'phi_0'?"),
        ('R_0 = "R_PHE"', 'R_0 = "R_HE"', "fit.tie.R_0: unknown parameter 'R_HE'; did you mean 'R_PHE'?"),
        (', sigma = "0.5 deg"', "", "fit.prior.phi_0: got ['mean']; expected mean and sigma, or lower and upper"),
        ('"0.5 deg"', '"-0.5 deg"', "fit.prior.phi_0.sigma: '-0.5 deg' is not allowed; expected a positive"),
        ('"0.5 deg"', '"0.5 mT"', "fit.prior.phi_0.sigma: unit 'mT' does not fit: expected a unit like 'rad'"),
        ("max_steps = 500", "max_steps = 0", "solve: Solve: max_steps must be at least 1"),
        ('"magnet"', '"magnat"', "data.0.controls.B.calibration: unknown calibration 'magnat'; did you mean 'magnet'?"),
        ('"A" }\ny', '"mT" }\ny', "data.0.controls.B.unit: unit 'A' does not fit: expected a unit like 'mT'"),
        ('unit = "mT" }', 'unit = "V" }', "calibration.magnet.y.unit: unit 'V' does not fit: expected a unit like 'T'"),
        (
            'unit = "mT" }',
            'unit = "mT" }\ndegree = 3',
            "calibration.magnet.degree: 3 is not allowed; expected 1 to 2",
        ),
        (
            'unit = "deg" }\nB',
            'unit = "mT" }\nB',
            "data.0.controls.phi.unit: unit 'mT' does not fit: expected",
        ),
        ('"angle", unit = "deg" }', '"angle" }', "data.0.controls.phi.unit: missing, also in the header of"),
        ('I = "2 mA"\n', "", "data.0.controls: missing I; expected all of: phi, I, B"),
        ("phi = { column", "psi = { column", "data.0.controls.psi: unknown control 'psi'; did you mean 'phi'?"),
        ('I = "2 mA"', 'I = "2 A"', "data.0.controls.I: 2 A is outside the bounds (0, 1) A"),
        ("[0, 180]", "[180, 0]", "data.0.where.angle: [180.0, 0.0] is not allowed; expected [lowest, highest]"),
        ("[0, 180]", "[100, 110]", "data.0.where: keeps no row of"),
        ("gain = 100", "gain = 0", "data.0.observed.V.gain: 0 is not allowed"),
        ('unit = "uV"', 'unit = "mT"', "data.0.observed.V.unit: unit 'mT' does not fit: expected a unit like 'V'"),
        (
            'sigma = "50 uV"',
            'sigma = "0 uV"',
            "data.0.observed.V.sigma: '0 uV' is not allowed; expected a positive",
        ),
        (
            ', sigma = "50 uV"',
            "",
            "data.0.observed.V.sigma: missing; expected text or a finite number or",
        ),
        ('per = "2 mA"', 'per = "2 mT"', "data.0.observed.R.unit: unit 'uV' does not fit"),
        ("V = { column", "U = { column", "data.0.observed.U: unknown observable 'U' (allowed: R, V, shape)"),
        ('name = "scan"', 'name = "a/b"', "data.0.name: 'a/b' is not allowed; expected a name of its own, without '/'"),
        ('name = "scan"', 'name = "published"', "data.0.name: 'published' is not allowed; expected a name of its own"),
        ("[model]", "[model", "Expected"),
    ],
)
def test_faults_are_told_by_key(folder, toy, run_text_, old, new, told):
    assert old in run_text_
    (folder / "run.toml").write_text(run_text_.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        read_everything(read_run(folder / "run.toml"), toy)
    assert str(caught.value).startswith(f"{folder / 'run.toml'}: ")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("scan.csv", "40000", "n/a", "row 3, column 'V': 'n/a' is not a number"),
        ("scan.csv", "0.06", "-0.06", "row 4, column 'dV': sigma = -60 uV; expected a positive number"),
        (
            "scan.csv",
            "45,0.5",
            "45,1.5",
            "row 3, column 'current': 1.5 A is outside the calibration 'magnet'; expected",
        ),
        ("scan.csv", "angle", "angel", "unknown column 'angle'; did you mean 'angel'?"),
        (
            "published.csv",
            "shape",
            "shade",
            "row 4, column 'observable': unknown observable 'shade'; did you mean 'shape'?",
        ),
        (
            "published.csv",
            "mohm",
            "mV",
            "row 2, column 'unit': unit 'mV' does not fit: expected a unit like 'ohm'",
        ),
        ("published.csv", "<", "<=", "row 3, column 'limit': '<=' is not allowed; expected '=', '>' or '<'"),
        ("published.csv", ",10,", ",0,", "row 2, column 'sigma': 0 is not allowed; expected a positive"),
        ("published.csv", ",45\nR", ",4500\nR", "row 2, column 'phi': 78.5398 rad is outside the bounds (-10, 10) rad"),
        ("magnet.csv", "41,39", "41,", "row 4, column 'down': the cell is empty"),
    ],
)
def test_faults_in_tables_are_told_by_cell(folder, toy, file, old, new, told):
    path = folder / file
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(TableError) as caught:
        read_everything(read_run(folder / "run.toml"), toy)
    assert str(path) in str(caught.value)
    assert told in str(caught.value)


def test_header_and_run_file_may_not_contradict_each_other(folder, toy, run_text_):
    table = folder / "scan.csv"
    table.write_text(table.read_text().replace("angle,", "angle (rad),").replace(",V,", ",V (lock-in X),"))
    with pytest.raises(ConfigError, match=r"data.0.controls.phi.unit: 'deg' contradicts the header 'angle \(rad\)'"):
        read_everything(read_run(folder / "run.toml"), toy)
    (folder / "run.toml").write_text(run_text_.replace('column = "angle", unit = "deg"', 'column = "angle"'))
    table.write_text(table.read_text().replace("\n45,", "\n0.5,").replace("\n90,", "\n1.5,"))
    np.testing.assert_array_equal(read_data(read_run(folder / "run.toml"), toy)[0].controls["phi"][:3], [0, 0.5, 1.5])


def test_a_run_comes_back_from_its_text(folder, monkeypatch):
    monkeypatch.chdir(folder)
    run = read_run("run.toml")
    assert run.data[0].file == "scan.csv"
    assert parse_run(run_text(run)) == run
    assert parse_run(run_text(run, "results/first"), folder="results/first") == run


LEAVES = st.one_of(
    st.text(max_size=8),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.lists(st.one_of(st.text(max_size=3), st.floats()), max_size=3),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
    st.sampled_from(["1 mT", "1 ohm", "-1 A", "1e400 V", "R_PHE", "scan/R_0", "scan.csv", "long", "deg"]),
)


def spots(tree, path=()):
    """Every place in a tree of tables and lists."""
    for name, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        yield (*path, name)
        if isinstance(value, dict | list):
            yield from spots(value, (*path, name))


def read_or_refuse(text, folder, model):
    """One line if the run is refused, and a run that comes back from its text if it is not."""
    try:
        run = parse_run(text, source="run.toml", folder=folder)
    except ConfigError as error:
        assert "\n" not in str(error)  # noqa: PT017
        return
    assert parse_run(run_text(run, folder), folder=folder) == run
    try:
        read_everything(run, model)
    except (ConfigError, TableError) as error:
        assert "\n" not in str(error)  # noqa: PT017


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_changed_value_or_key_is_read_or_refused(folder, toy, run_text_, data):
    tree = tomllib.loads(run_text_)
    for _ in range(data.draw(st.integers(1, 3))):
        changed = copy.deepcopy(tree)
        path = data.draw(st.sampled_from(sorted(spots(changed), key=str)))
        inner = changed
        for step in path[:-1]:
            inner = inner[step]
        match data.draw(st.sampled_from(["change", "remove", "rename"])):
            case "change":
                inner[path[-1]] = data.draw(LEAVES)
            case "rename" if isinstance(inner, dict):
                inner[data.draw(st.text(max_size=5))] = inner.pop(path[-1])
            case _:
                inner.pop(path[-1])
        tree = changed
        if not list(spots(tree)):
            break
    read_or_refuse(tomli_w.dumps(tree), folder, toy)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_changed_text_is_read_or_refused(folder, toy, run_text_, data):
    text = run_text_
    for _ in range(data.draw(st.integers(1, 4))):
        begin = data.draw(st.integers(0, len(text)))
        end = min(len(text), begin + data.draw(st.integers(0, 6)))
        text = text[:begin] + data.draw(st.one_of(st.text(max_size=4), st.text('"[]{}=.\n1', max_size=4))) + text[end:]
    read_or_refuse(text, folder, toy)
