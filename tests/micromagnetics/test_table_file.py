"""ODT tables: what is written is read again; faults name file and line."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jaxspin.micromagnetics.table_file import OdtError, read_odt, write_evolution, write_odt

NUMBERS = st.lists(st.floats(-1e300, 1e300, allow_nan=False), min_size=1, max_size=5)


@given(values=NUMBERS)
def test_round_trip(tmp_path_factory, values: list[float]) -> None:
    """Every digit, names of several words, units that are missing."""
    path = tmp_path_factory.mktemp("odt") / "run.odt"
    columns = {"time": np.arange(len(values)) * 1e-12, "energy Exchange": np.array(values)}
    write_odt(path, columns, {"time": "s"}, title="a run")
    found = read_odt(path)
    assert list(found.columns) == list(columns)
    assert all(np.array_equal(found.columns[name], columns[name]) for name in columns)
    assert found.units == {"time": "s", "energy Exchange": ""}
    assert found.title == "a run"


def test_evolution(tmp_path: Path) -> None:
    """Columns of two sublattices, with units."""
    run = SimpleNamespace(
        times=np.array([0.0, 1e-12]), averages=np.arange(12.0).reshape(2, 2, 3), moment=np.ones((2, 3)),
        energies={"Zeeman": np.array([1.0, 2.0])},
    )  # fmt: skip
    write_evolution(tmp_path / "run.odt", run)
    found = read_odt(tmp_path / "run.odt")
    assert list(found.columns)[:4] == ["time", "m_x1", "m_y1", "m_z1"]
    np.testing.assert_array_equal(found.columns["m_z2"], [5.0, 11.0])
    assert (found.units["time"], found.units["m_x1"], found.units["moment_x"], found.units["energy Zeeman"]) == (
        "s",
        "1",
        "A m^2",
        "J",
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("# ODT 1.0", "# OVF", "line 1: no ODT file"),
        ("1.0 2.0", "1.0", "line 6: 1 numbers; expected 2"),
        ("1.0 2.0", "1.0 two", "line 6: expected a number, got 'two'"),
        ("1.0 2.0", "1.0 nan", "line 6: expected a finite number"),
        ("# Table End\n", "", "line 6: the file ends here"),
        ("{b}", "{a}", "column 'a' occurs twice"),
    ],
)
def test_faults(tmp_path: Path, old: str, new: str, message: str) -> None:
    """One line with file and line."""
    path = tmp_path / "run.odt"
    write_odt(path, {"a": [1.0], "b": [2.0]})
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(OdtError, match=message):
        read_odt(path)


def test_bad_columns(tmp_path: Path) -> None:
    """What cannot be a table."""
    for columns, message in (
        ({}, "equal length"),
        ({"a": [1.0], "b": [1.0, 2.0]}, "equal length"),
        ({"a": [np.inf]}, "finite"),
    ):
        with pytest.raises(ValueError, match=message):
            write_odt(tmp_path / "run.odt", columns)
