"""Lets the tests of this folder import their toy task; fixtures of it."""

import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("zarr", reason="sweeps need the extra jaxspin[sweep]")
sys.path.insert(0, str(Path(__file__).parent))

from rectangles import Table, rectangle

from jaxspin import sweep


@pytest.fixture
def task():
    return rectangle()


@pytest.fixture
def grid():
    """10 x 7 points, in chunks of 7 or less."""
    return sweep.product({"width": np.arange(1.0, 11.0), "height": np.linspace(0.5, 3.5, 7)})


@pytest.fixture
def table():
    return Table()
