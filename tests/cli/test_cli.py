"""The command line as a user meets it: what it prints and writes, and how it refuses."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from jaxspin import __version__
from jaxspin.cli import main
from jaxspin.cli.folder import output_folder
from jaxspin.io import read_run, read_table

TRUTH = {"R_PHE": 0.3, "phi_0": 0.05, "R_0": -0.02}


def test_list_and_info(toy, capsys):
    assert main(["list"]) == 0
    assert "Planar Hall effect of a bar" in capsys.readouterr().out
    assert main(["list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["toy"] == {"title": "Planar Hall effect of a bar"}
    assert main(["info", "toy"]) == 0
    page = capsys.readouterr().out
    for word in (
        "R_PHE",
        "ohm",
        "(0, 10)",
        "planar Hall effect",
        "Hall voltage",
        "wide bar",
        "made up for tests",
        "required",
    ):
        assert word in page
    assert main(["info", "toy", "--json"]) == 0
    tree = json.loads(capsys.readouterr().out)
    assert tree["parameters"]["R_PHE"] == {
        "symbol": r"R_\mathrm{PHE}",
        "unit": "ohm",
        "bounds": [0.0, 10.0],
        "scale": 0.1,
        "doc": "planar Hall effect",
        "default": 0.1,
    }
    assert (tree["controls"]["I"]["default"], tree["controls"]["B"]["default"]) == (None, 1.0)
    assert tree["observables"]["V"]["unit"] == "V"
    assert tree["materials"]["narrow bar"]["values"]["R_PHE"] == 0.5


def test_a_broken_system_does_not_hide_the_others(toy, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules["jaxspin.systems"].REGISTRY, "broken", "no_such_module:MODEL")
    assert main(["list"]) == 0
    shown = capsys.readouterr().out
    assert "Planar Hall effect" in shown
    assert "cannot be loaded: ModuleNotFoundError" in shown
    assert main(["info", "broken"]) == 2
    assert "system 'broken' cannot be loaded" in capsys.readouterr().err


def test_cite_version_and_help(toy, capsys):
    assert main(["cite", "toy"]) == 0
    assert "@misc{toy" in (shown := capsys.readouterr().out)
    assert "@software{jaxspin" in shown
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == __version__
    assert main(["--help"]) == 0
    assert "simulate" in capsys.readouterr().out
    assert main(["fit", "--help"]) == 0
    assert "--starts" in capsys.readouterr().out


def test_doctor_is_content_here(capsys):
    assert main(["doctor"]) == 0
    shown = capsys.readouterr().out
    assert "float64" in shown
    assert "computes right" in shown


@pytest.mark.parametrize("fault", ["version", "canary"])
def test_doctor_refuses_a_bad_machine(fault, monkeypatch, capsys):
    from jaxspin.numerics import canaries

    birds = [canaries.Canary("sums", fault != "canary", "3 of 5 wrong")]
    monkeypatch.setattr(canaries, "known_bad", lambda _: "wrong numbers" if fault == "version" else None)
    monkeypatch.setattr(canaries, "run_canaries", lambda: birds)
    assert main(["doctor"]) == 1
    assert "FAULT" in capsys.readouterr().out


def test_fit_finds_the_truth_and_writes_all(folder, capsys):
    """Three parameters from 80 voltages of 2 uV noise: each within 4 of its own standard errors of the truth."""
    assert main(["fit", "run.toml", "--out", "results/first", "--starts", "2"]) == 0
    shown = capsys.readouterr()
    assert "wrote correlations.png, fit.json, fit.png, run.toml in results/first" in shown.out
    assert shown.err == ""
    saved = json.loads(Path("results/first/fit.json").read_text())
    for name, value in TRUTH.items():
        found = saved["parameters"][name]
        assert abs(found["value"] - value) < 4 * found["stderr"]
    assert saved["parameters"]["phi_0"]["unit"] == "rad"
    assert saved["dof"] == 77
    assert {each.name for each in folder.iterdir()} == {"run.toml", "scan.csv", "results"}
    assert [each.name for each in Path("results").iterdir()] == ["first"]


def test_the_resolved_run_file_repeats_the_fit(folder, capsys):
    assert main(["fit", "run.toml", "--out", "a", "--set", "parameters.R_PHE=0.2 ohm", "--material", "narrow bar"]) == 0
    resolved = read_run("a/run.toml")
    assert (resolved.model.material, resolved.parameters["R_PHE"]) == ("narrow bar", "0.2 ohm")
    assert main(["fit", "a/run.toml", "--out", "b"]) == 0
    first, second = (json.loads(Path(each, "fit.json").read_text()) for each in "ab")
    assert first["parameters"] == second["parameters"]


def test_a_fit_that_does_not_converge_says_so_and_is_kept(folder, capsys, monkeypatch):
    import functools

    from jaxspin import inverse

    monkeypatch.setattr(inverse, "LevenbergMarquardt", functools.partial(inverse.LevenbergMarquardt, max_steps=1))
    assert main(["fit", "run.toml", "--out", "results"]) == 1
    assert "did not converge" in capsys.readouterr().err
    assert json.loads(Path("results/fit.json").read_text())["status"] != "OK"


def test_without_matplotlib_the_fit_is_still_written(folder, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main(["fit", "run.toml", "--out", "results"]) == 0
    assert "pip install 'jaxspin[plot]'" in capsys.readouterr().err
    assert sorted(each.name for each in Path("results").iterdir()) == ["fit.json", "run.toml"]


def test_simulate_at_the_data_and_on_a_grid(folder, capsys):
    """The prediction of the toy by its own formula, with tanh(B/B_s) = 1 to double precision at the default B = 1 T."""
    assert (
        main(["simulate", "run.toml", "--out", "predicted", "--set", 'parameters={R_PHE="0.3 ohm", phi_0="0 rad"}'])
        == 0
    )
    table = read_table("predicted/scan.csv")
    expected = table.numbers("I") * 0.3 * np.sin(2 * table.numbers("phi"))
    np.testing.assert_allclose(table.numbers("V"), expected, rtol=1e-12, atol=1e-18)
    assert table.unit("V") == "V"
    capsys.readouterr()
    grid = 'simulate={controls={phi=["0 deg", "45 deg"], I="1 mA"}, observables=["R"]}'
    assert main(["simulate", "run.toml", "--set", grid]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["# toy, simulation", "phi (rad),I (A),R (ohm)"]
    assert [float(line.split(",")[2]) for line in lines[2:]] == pytest.approx([0.0, 0.1], abs=1e-15)


BAD = {
    "missing column": ("scan.csv", "angle,", "angel,", "scan.csv: unknown column 'angle'; did you mean 'angel'?"),
    "non-numeric cell": (
        "scan.csv",
        "\n18,2,",
        "\n18,two,",
        "scan.csv, row 7, column 'current': 'two' is not a number",
    ),
    "NaN": (
        "scan.csv",
        "\n9,1,",
        "\n9,nan,",
        "scan.csv, row 4, column 'current': 'nan' is not finite: expected a finite",
    ),
    "ragged row": ("scan.csv", "\n9,1,", "\n9,", "scan.csv, row 4: 2 cells; expected 3 (angle, current, V)"),
    "unit": (
        "run.toml",
        '"deg"',
        '"mT"',
        "run.toml: data.0.controls.phi.unit: unit 'mT' does not fit: expected a unit",
    ),
    "no unit": (
        "run.toml",
        '"2 uV"',
        "2",
        "run.toml: data.0.observed.V.sigma: '2.0' has no unit: expected a number with",
    ),
    "unknown parameter": (
        "run.toml",
        "[fit]",
        '[parameters]\nR_PHI = "1 ohm"\n[fit]',
        "run.toml: parameters.R_PHI: unknown parameter 'R_PHI'; did you mean 'R_PHE'? (allowed: R_PHE, phi_0",
    ),
    "start out of bounds": (
        "run.toml",
        "[fit]",
        '[parameters]\nR_PHE = "-1 ohm"\n[fit]',
        "run.toml: parameters.R_PHE: the start R_PHE = -1.0 ohm is outside its bounds (0, 10) ohm",
    ),
    "start on a bound": (
        "run.toml",
        "[fit]",
        '[parameters]\nR_PHE = "0 ohm"\n[fit]',
        "run.toml: fit: start: R_PHE = 0 ohm must lie strictly between 0 and 10 ohm",
    ),
    "unknown key": (
        "run.toml",
        "[fit]",
        "[fitt]",
        "run.toml: fitt: unknown key 'fitt'; did you mean 'fit'? (allowed: model",
    ),
    "unknown system": (
        "run.toml",
        '"toy"',
        '"toi"',
        "run.toml: model.system: unknown system 'toi'; did you mean 'toy'?",
    ),
    "no TOML": ("run.toml", "[model]", "[model", "run.toml: Expected ']' at the end of a table declaration (at line 2"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_input_is_one_line_and_writes_nothing(folder, capsys, kind):
    file, old, new, told = BAD[kind]
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1))
    assert main(["fit", "run.toml", "--out", "deep/results"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("jaxspin: error: ")
    assert told in shown.err
    assert shown.err.count("\n") == 1
    assert sorted(each.name for each in folder.iterdir()) == ["run.toml", "scan.csv"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["fit", "none.toml", "--out", "o"],
            "none.toml: cannot be read (No such file or directory); expected a run file",
        ),
        (["fit", "run.toml"], "out"),
        (["fit", "run.toml", "--out", "scan.csv"], "--out scan.csv: this is a file; expected a folder"),
        (["fit", "run.toml", "--out", "o", "--starts", "many"], "starts"),
        (["fit", "run.toml", "--out", "o", "--starts", "0"], "run.toml: fit.starts: 0 is not allowed"),
        (["fit", "run.toml", "--out", "o", "--set", "fit.starts"], "--set fit.starts: expected KEY=VALUE"),
        (
            ["fit", "run.toml", "--out", "o", "--set", "fit.stats=3"],
            "fit.stats: unknown key 'stats'; did you mean 'starts'?",
        ),
        (["fit", "run.toml", "--out", "o", "--set", "data.1.name=b"], "data.1.name: unknown entry '1' (allowed: 0)"),
        (["info", "toi"], "unknown system 'toi'; did you mean 'toy'?"),
        (["fitt"], "fitt"),
        (["list", "--jsn"], "--jsn"),
    ],
)
def test_bad_arguments_are_one_line(folder, capsys, arguments, told):
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert told in shown.err
    assert shown.err.startswith("jaxspin: error: ")
    assert shown.err.count("\n") == 1
    assert sorted(each.name for each in folder.iterdir()) == ["run.toml", "scan.csv"]


def test_an_interrupted_fit_leaves_nothing(folder, capsys, monkeypatch):
    from jaxspin import inverse

    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(inverse, "fit", interrupted)
    assert main(["fit", "run.toml", "--out", "results"]) == 130
    assert "interrupted" in capsys.readouterr().err
    assert sorted(each.name for each in folder.iterdir()) == ["run.toml", "scan.csv"]


def test_ctrl_c_ends_the_process_with_130(folder):
    """The signal comes in the middle of a fit: the code a shell expects, no traceback, no draft folder left."""
    code = f"""
        import os, signal, sys, time
        signal.signal(signal.SIGINT, signal.default_int_handler)  # as in a terminal: jobs in the background ignore it
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from jaxspin import inverse, systems
        systems.REGISTRY["toy"] = "toy_system:MODEL"
        inverse.fit = lambda *_, **__: (os.kill(os.getpid(), signal.SIGINT), time.sleep(60))
        from jaxspin.cli import main
        sys.argv = ["jaxspin", "fit", "run.toml", "--out", "results"]
        sys.exit(main())
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 130
    assert done.stderr == "\njaxspin: interrupted, nothing written\n"
    assert sorted(each.name for each in folder.iterdir()) == ["run.toml", "scan.csv"]


def test_an_output_folder_keeps_what_it_did_not_write(tmp_path):
    out = tmp_path / "results"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    (out / "fit.json").write_text("old")
    with output_folder(out) as draft:
        (draft / "fit.json").write_text("new")
    assert {each.name: each.read_text() for each in out.iterdir()} == {"notes.txt": "mine", "fit.json": "new"}


def run_in_a_shell(*arguments, cwd):
    command = [sys.executable, "-m", "jaxspin", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


def test_as_a_process(tmp_path):
    """The exit code and the single line as a shell sees them, without a traceback."""
    (tmp_path / "run.toml").write_text('[model]\nsystem = "ferrimagnet"\n[parameters]\nno_such = "1 T"\n')
    done = run_in_a_shell("fit", "run.toml", "--out", "results", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("jaxspin: error: run.toml: ")
    assert [each.name for each in tmp_path.iterdir()] == ["run.toml"]


def test_help_does_not_load_jax(tmp_path):
    code = "import sys; from jaxspin.cli import main; main(['--help']); sys.exit('jax' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_reproduce_runs_the_script_of_a_checkout_with_its_options(tmp_path, monkeypatch, capfd):
    (tmp_path / "jaxspin").mkdir()
    folder = tmp_path / "experiments" / "paper"
    folder.mkdir(parents=True)
    says = '"""Figure 1.\n\n    python experiments/paper/run.py [--out DIR]\n"""\n'
    (folder / "run.py").write_text(f"{says}import sys\nprint(sys.argv[1:])\nsys.exit(3)\n")
    (folder / "figures.py").write_text('"""Not a command of its own."""\n')
    monkeypatch.chdir(folder)
    assert main(["reproduce"]) == 0
    assert capfd.readouterr().out == "paper/run  Figure 1.\n"
    assert main(["reproduce", "paper", "--out", "DIR"]) == 3
    assert capfd.readouterr().out == "['--out', 'DIR']\n"
    assert main(["reproduce", "paper/figures"]) == 2
    assert "there are paper/run" in capfd.readouterr().err
