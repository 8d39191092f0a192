"""The toy system of tests/cli, and a run file for it with its tables."""

import importlib
import textwrap
from pathlib import Path

import pytest

RUN = """
[model]
system = "toy"
material = "wide bar"

[parameters]
R_PHE = "0.2 ohm"

[fit]
free = ["R_PHE", "phi_0"]
tie = { R_0 = "R_PHE" }
starts = 2

[fit.prior]
phi_0 = { mean = "1 deg", sigma = "0.5 deg" }

[solve]
max_steps = 500

[calibration.magnet]
file = "magnet.csv"
x = { column = "current", unit = "A" }
y = { columns = ["up", "down"], unit = "mT" }

[[data]]
name = "scan"
file = "scan.csv"
where = { angle = [0, 180] }

[data.controls]
phi = { column = "angle", unit = "deg" }
B = { column = "current", unit = "A", calibration = "magnet" }
I = "2 mA"

[data.observed]
V = { column = "V", unit = "uV", gain = 100, sigma = "50 uV" }
R = { column = "V", unit = "uV", gain = 100, sigma = { column = "dV", unit = "mV" }, per = "2 mA" }

[[data]]
file = "published.csv"
layout = "long"

[data.controls]
phi = { column = "phi", unit = "deg" }
I = 1e-3
"""
TABLES = {
    "magnet.csv": "current,up,down\n-1,-39,-41\n0,1,-1\n1,41,39\n",
    "scan.csv": "angle,current,V,dV\n0,0.5,100,0.05\n45,0.5,40000,0.05\n90,-0.5,100,0.06\n270,0.5,7,0.05\n",
    "published.csv": "observable,value,sigma,unit,limit,phi\n"
    "R,150,10,mohm,=,45\nR,0.3,0.1,ohm,<,45\nshape,0.1,0.2,,>,10\n",
}


@pytest.fixture
def toy(monkeypatch):
    """The toy model, to be found by name too."""
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "cli")
    monkeypatch.setitem(importlib.import_module("jaxspin.systems").REGISTRY, "toy", "toy_system:MODEL")
    return importlib.import_module("toy_system").MODEL


@pytest.fixture(scope="session")
def run_text_():
    return textwrap.dedent(RUN).replace("I = 1e-3", 'I = "1 mA"')


@pytest.fixture
def folder(tmp_path, run_text_):
    """A folder with the run file and its tables."""
    (tmp_path / "run.toml").write_text(run_text_)
    for name, text in TABLES.items():
        (tmp_path / name).write_text(text)
    return tmp_path
