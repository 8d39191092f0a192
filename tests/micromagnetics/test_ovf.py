"""OVF files: what is written is read again, in every version and representation; every fault names file and line."""

import struct
from pathlib import Path

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jaxspin.micromagnetics.mesh import Mesh
from jaxspin.micromagnetics.ovf import OvfError, read_ovf, write_ovf

FINITE = st.floats(-1e30, 1e30, allow_nan=False)
SIZES = st.tuples(*[st.integers(1, 4)] * 3)
MESH = Mesh((2, 3, 2), (1e-9, 2e-9, 3e-9))


@given(
    values=SIZES.flatmap(lambda shape: arrays.arrays(float, (*shape, 3), elements=FINITE)),
    cell=st.tuples(*[st.floats(1e-10, 1e-7)] * 3),
    origin=st.tuples(*[st.floats(-1e-6, 1e-6)] * 3),
    version=st.sampled_from([1, 2]),
    representation=st.sampled_from(["text", "binary 4", "binary 8"]),
)
def test_round_trip(tmp_path_factory, values, cell, origin, version, representation) -> None:
    """Exact in text and 8 bytes, to the last digit of single precision in 4 bytes."""
    path = tmp_path_factory.mktemp("ovf") / "m.ovf"
    mesh = Mesh(values.shape[:3], cell)
    options = {"version": version, "representation": representation, "origin": origin, "title": "a title"}
    write_ovf(path, values, mesh, units=("A/m",) * 3, **options)
    found = read_ovf(path, mesh)
    stored = values.astype(np.float32).astype(float) if representation == "binary 4" else values
    np.testing.assert_array_equal(found.values, stored)
    assert found.cell == mesh.cell
    np.testing.assert_allclose(found.origin, origin, atol=1e-22)
    assert (found.title, found.units) == ("a title", ("A/m",) * 3)


def test_any_number_of_components(tmp_path: Path) -> None:
    """Version 2 holds two-sublattice states as six components, with labels of several words."""
    values = np.random.default_rng(0).standard_normal((*MESH.shape, 6))
    labels = tuple(f"Co {axis}" for axis in "xyz") + tuple(f"Tb_{axis}" for axis in "xyz")
    write_ovf(tmp_path / "two.ovf", values, MESH, labels=labels, units=("1",) * 6)
    found = read_ovf(tmp_path / "two.ovf")
    np.testing.assert_array_equal(found.values, values)
    assert found.labels == labels


def test_file_of_another_program(tmp_path: Path) -> None:
    """Version 1 made by hand: comments, other case, a multiplier, nanometres, big-endian numbers, x fastest."""
    head = """# OOMMF: rectangular mesh v1.0
## a comment
# Segment count: 1
# Begin: Segment
# Begin: Header
# Title: relaxed ## remark
# Desc: time 1e-9
# MeshUnit: nm
# xbase: 2.5
# ybase: 2.5
# zbase: 1.5
# xstepsize: 5
# ystepsize: 5
# zstepsize: 3
# xnodes: 2
# ynodes: 1
# znodes: 2
# meshtype: Rectangular
# valueunit: A/m
# valuemultiplier: 8e5
# End: Header
# Begin: Data Binary 4
"""
    numbers = [1, 0, 0, 0, 1, 0, 0, 0, 1, -1, 0, 0]
    data = struct.pack(">13f", 1234567.0, *numbers)
    (tmp_path / "m.omf").write_bytes(head.encode() + data + b"\n# End: Data Binary 4\n# End: Segment\n")
    found = read_ovf(tmp_path / "m.omf")
    assert found.cell == pytest.approx((5e-9, 5e-9, 3e-9))
    assert found.origin == pytest.approx((0, 0, 0), abs=1e-20)
    assert (found.title, found.units) == ("relaxed", ("A/m",) * 3)
    np.testing.assert_array_equal(found.values[1, 0, 0], [0, 8e5, 0])
    np.testing.assert_array_equal(found.values[0, 0, 1], [0, 0, 8e5])


def test_mask_from_zeros(tmp_path: Path) -> None:
    """Cells of zero field are outside the mask."""
    values = np.ones((*MESH.shape, 3))
    values[1, 2, 0] = 0
    write_ovf(tmp_path / "m.ovf", values, MESH)
    mask = np.asarray(read_ovf(tmp_path / "m.ovf").mesh().magnetic)
    assert mask.sum() == mask.size - 1
    assert not mask[1, 2, 0]


FAULTS = {
    "no OVF file": lambda b: (b"hello\n" + b, 1),
    "truncated: 34 of 36 numbers of 8 bytes follow": lambda b: (b[: b.index(b"# End: Data") - 10], 27),
    "the file ends here; expected '# Begin: Data'": lambda b: (b[:200], None),
    "data of type 'binary 16'": lambda b: (b.replace(b"Binary 8", b"Binary 16"), 27),
    "meshtype is 'irregular'": lambda b: (b.replace(b"meshtype: rectangular", b"meshtype: irregular"), 27),
    "the header's ynodes is 'missing'": lambda b: (b.replace(b"ynodes: 3", b"nodes: 3"), 27),
    "the header's xnodes is '0'": lambda b: (b.replace(b"xnodes: 2", b"xnodes: 0"), 27),
    "the sizes of a cell must be > 0": lambda b: (b.replace(b"xstepsize: 1e-09", b"xstepsize: -1e-09"), 27),
    "expected '# End: Data' after 24 numbers": lambda b: (
        b.replace(b"xnodes: 2", b"xnodes: 4").replace(b"ynodes: 3", b"ynodes: 1"),
        None,
    ),
    "the check value is": lambda b: (
        b.replace(struct.pack("<d", 123456789012345.0), struct.pack(">d", 123456789012345.0)),
        27,
    ),
    "1 of 36 numbers are not finite": lambda b: (b.replace(struct.pack("<d", 7.5), struct.pack("<d", np.nan)), 27),
}


@pytest.mark.parametrize("message", FAULTS)
def test_faults_of_binary_files(tmp_path: Path, message: str) -> None:
    """One line with file, line and what was expected."""
    values = np.ones((*MESH.shape, 3))
    values[0, 0, 0, 0] = 7.5
    path = tmp_path / "m.ovf"
    write_ovf(path, values, MESH)
    broken, line = FAULTS[message](path.read_bytes())
    path.write_bytes(broken)
    with pytest.raises(OvfError) as fault:
        read_ovf(path)
    assert message in str(fault.value)
    assert f"m.ovf, line {'' if line is None else line}" in str(fault.value)
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"1.0 2.0 3.0\n", b"1.0 2.0\n", "line 28: expected 3 numbers, got 2"),
        (b"1.0 2.0 3.0\n", b"1.0 2.0 three\n", "line 28: expected a number, got 'three'"),
        (b"1.0 2.0 3.0\n", b"1.0 2.0 nan\n", "line 28: expected a finite number, got 'nan'"),
        (b"1.0 2.0 3.0\n", b"", "line 39: the data end after 33 of 36 numbers"),
    ],
)
def test_faults_of_text_files(tmp_path: Path, old: bytes, new: bytes, message: str) -> None:
    """The line with the fault."""
    values = np.ones((*MESH.shape, 3))
    values[0, 0, 0] = 1, 2, 3
    path = tmp_path / "m.ovf"
    write_ovf(path, values, MESH, representation="text")
    path.write_bytes(path.read_bytes().replace(old, new))
    with pytest.raises(OvfError, match=message):
        read_ovf(path)


def test_wrong_grid_and_bad_values(tmp_path: Path) -> None:
    """The mesh that is asked for, and fields that cannot be written."""
    path, values = tmp_path / "m.ovf", np.ones((*MESH.shape, 3))
    write_ovf(path, values, MESH)
    with pytest.raises(OvfError, match=r"its grid has \(2, 3, 2\) cells, expected \(3, 2, 2\)"):
        read_ovf(path, Mesh((3, 2, 2), MESH.cell))
    with pytest.raises(OvfError, match="its cells measure"):
        read_ovf(path, Mesh(MESH.shape, (1e-9, 2e-9, 4e-9)))
    with pytest.raises(OvfError, match="cannot be read"):
        read_ovf(tmp_path / "none.ovf")
    with pytest.raises(ValueError, match="must have the shape"):
        write_ovf(path, values[:1], MESH)
    with pytest.raises(ValueError, match="1 values are not finite"):
        write_ovf(path, np.where(np.arange(36).reshape(values.shape) == 3, np.nan, values), MESH)
    with pytest.raises(ValueError, match="version 1 holds vectors"):
        write_ovf(path, values[..., :1], MESH, version=1, labels=("a",), units=("1",))
