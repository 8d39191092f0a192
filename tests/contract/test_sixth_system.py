"""A sixth system costs one file and one entry point: contract, fit and command line take it untouched."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest

HERE = pathlib.Path(__file__).parent


@pytest.fixture
def run(tmp_path):
    """Runs a module in a Python that has the package `kittel_resonance` installed."""
    site = tmp_path / "site"
    shutil.copytree(HERE / "kittel", site, ignore=shutil.ignore_patterns("__pycache__"))
    about = site / "kittel_resonance-0.1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: kittel_resonance\nVersion: 0.1\n")
    (about / "entry_points.txt").write_text("[jaxspin.systems]\nkittel = kittel_resonance:MODEL\n")
    environment = os.environ | {"PYTHONPATH": str(site), "JAX_ENABLE_X64": "1"}

    def run(*command):
        return subprocess.run(
            [sys.executable, "-m", *command], capture_output=True, text=True, check=False, env=environment, cwd=tmp_path
        )

    return run


def test_it_passes_the_contract_untouched(run):
    suite = [str(HERE / "test_contract.py"), "--confcutdir", str(HERE.parent), "-p", "no:cacheprovider"]
    outcome = run("pytest", *suite, "-k", "kittel", "--rootdir", str(HERE.parent.parent))
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "13 passed" in outcome.stdout, outcome.stdout


def test_the_command_line_lists_and_fits_it_untouched(run, tmp_path):
    rng = np.random.default_rng(3)
    field = np.linspace(0.02, 0.4, 20)
    frequency = 2.05 * 13.996244936 * np.sqrt(field * (field + 0.95)) + rng.normal(0, 0.01, 20)
    np.savetxt(
        tmp_path / "resonance.csv",
        np.column_stack([1e3 * field, frequency]),
        delimiter=",",
        header="field_mT,f_GHz",
        comments="",
    )
    shutil.copy(HERE / "kittel" / "run.toml", tmp_path)
    listed = run("jaxspin", "list", "--json")
    assert "kittel" in listed.stdout, listed.stderr
    fitted = run("jaxspin", "fit", "run.toml", "--out", "result")
    assert fitted.returncode == 0, fitted.stderr
    result = json.loads((tmp_path / "result" / "fit.json").read_text())
    for name, truth in {"g": 2.05, "B_eff": 0.95}.items():
        found = result["parameters"][name]
        assert abs(found["value"] - truth) < 4 * found["stderr"], found
    assert result["parameters"]["B_eff"]["unit"] == "T"
    assert result["status"] == "OK"


def test_the_command_line_sweeps_it_untouched(run, tmp_path):
    pytest.importorskip("zarr", reason="sweeps need the extra jaxspin[sweep]")
    (tmp_path / "map.toml").write_text(
        """[model]
        system = "kittel"

        [sweep.axes]
        B = { start = "20 mT", stop = "400 mT", points = 9 }
        g = [2.0, 2.1]"""
    )
    swept = run("jaxspin", "sweep", "map.toml", "--store", "map.zarr", "--json")
    assert swept.returncode == 0, swept.stderr
    assert json.loads(swept.stdout)["done"] == 18
