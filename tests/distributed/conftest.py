"""Lets the tests of this folder import its helpers; sweeps of the toy system, disturbed and not."""

import sys
from pathlib import Path

import pytest

pytest.importorskip("zarr", reason="sweeps need the extra jaxspin[sweep]")
pytest.importorskip("distributed", reason="sweeps on many processes need the extra jaxspin[cluster]")
sys.path.insert(0, str(Path(__file__).parent))

from sweep_processes import Sweeps, fingerprint


@pytest.fixture
def sweeps(tmp_path):
    made = Sweeps(tmp_path)
    yield made
    made.kill_all()


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    """Files of the store of a sweep that nothing disturbed."""
    made = Sweeps(tmp_path_factory.mktemp("undisturbed"))
    code, out, err = made.finish("calm.zarr")
    made.kill_all()
    assert code == 0, err
    assert "96 of 96 points done" in out
    return fingerprint(made.folder / "calm.zarr")
