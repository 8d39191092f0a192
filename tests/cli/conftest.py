"""The toy system, and a folder with a run file and noisy data of it."""

import importlib

import numpy as np
import pytest

TRUTH = {"R_PHE": 0.3, "phi_0": 0.05, "R_0": -0.02}
RUN = """
[model]
system = "toy"
material = "wide bar"

[fit]
free = ["R_PHE", "phi_0", "R_0"]

[[data]]
name = "scan"
file = "scan.csv"

[data.controls]
phi = { column = "angle", unit = "deg" }
I = { column = "current", unit = "mA" }

[data.observed]
V = { column = "V", unit = "uV", sigma = "2 uV" }
"""


@pytest.fixture
def toy(monkeypatch, request):
    """The toy model, to be found by name too."""
    monkeypatch.syspath_prepend(request.config.rootpath / "tests" / "cli")
    monkeypatch.setitem(importlib.import_module("jaxspin.systems").REGISTRY, "toy", "toy_system:MODEL")
    return importlib.import_module("toy_system").MODEL


@pytest.fixture
def folder(tmp_path, toy, monkeypatch):
    """Where we are: run.toml and scan.csv, V = I R with 2 uV of noise at 40 angles and 2 currents."""
    rng = np.random.default_rng(7)
    angle, current = (each.ravel() for each in np.meshgrid(np.linspace(0, 351, 40), [1.0, 2.0], indexing="ij"))
    R = TRUTH["R_PHE"] * np.sin(2 * (np.radians(angle) + TRUTH["phi_0"])) + TRUTH["R_0"]
    V = 1e3 * current * R + rng.normal(0, 2, angle.size)
    rows = "\n".join(f"{a:g},{i:g},{v:.6g}" for a, i, v in zip(angle, current, V, strict=True))
    (tmp_path / "scan.csv").write_text("angle,current,V\n" + rows + "\n")
    (tmp_path / "run.toml").write_text(RUN)
    monkeypatch.chdir(tmp_path)
    return tmp_path
