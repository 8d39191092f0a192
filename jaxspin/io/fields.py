"""Magnetization as labelled arrays of xarray with units, and as files that ParaView opens (VTK image data, .vti)."""

import base64
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from jaxspin.io.tables import write_text

if TYPE_CHECKING:
    from jaxspin.micromagnetics.mesh import Mesh

AXES = ("x", "y", "z")


def field_view(
    mesh: "Mesh",
    values: Float[ArrayLike, "..."],
    *,
    name: str = "m",
    unit: str = "1",
    times: Float[ArrayLike, " n"] | None = None,
    sublattices: Sequence[str] | None = None,
) -> Any:
    """A `xarray.DataArray` of a field on a mesh, with coordinates in metres and seconds.

    Arguments:
        mesh: of the field.
        values: ([n,] S, nx, ny, nz[, 3]): states, snapshots with their times, or numbers a cell.
        name, unit: of the field.
        times: of snapshots, the leading axis [s].
        sublattices: their names; 0, 1, ... without.

    Raises:
        ValueError: for values that do not fit the mesh and times.
        ImportError: without xarray, with the line that installs it.
    """
    values = np.asarray(values)
    dims = ["time"] * (times is not None) + ["sublattice", *AXES]
    lead = len(dims) - 3
    vector = values.ndim == len(dims) + 1 and values.shape[-1:] == (3,)
    if values.shape[lead : lead + 3] != mesh.shape or values.ndim != len(dims) + vector:
        raise ValueError(f"field_view: values of shape {values.shape} are no ({', '.join(dims)}[, 3]) on {mesh.shape}")
    count = values.shape[lead - 1]
    coordinates: dict[str, Any] = {"sublattice": list(range(count) if sublattices is None else sublattices)}
    for axis, label in enumerate(AXES):
        line = mesh.cell[axis] * (np.arange(mesh.shape[axis]) + 0.5)
        coordinates[label] = (label, line, {"units": "m"})
    if times is not None:
        coordinates["time"] = ("time", np.asarray(times), {"units": "s"})
    if vector:
        dims.append("component")
        coordinates["component"] = list(AXES)
    return _xarray().DataArray(values, coordinates, dims, name=name, attrs={"units": unit})


def write_vti(
    path: str | os.PathLike[str],
    mesh: "Mesh",
    fields: Mapping[str, Float[ArrayLike, "nx ny nz *item"]],
    *,
    origin: Sequence[float] = (0.0, 0.0, 0.0),
) -> None:
    """Write fields as cell data of a VTK image file (XML, binary).

    Arguments:
        path: ending in .vti.
        mesh: its grid.
        fields: by name, a number or a vector of three in each cell; one sublattice of m is `m[s]`.
        origin: corner of the grid where x, y and z are least [m].

    Raises:
        ValueError: for a field of another grid.
    """
    extent = " ".join(f"0 {n}" for n in mesh.shape)
    order = {"little": "LittleEndian", "big": "BigEndian"}[sys.byteorder]
    lines = [
        '<?xml version="1.0"?>',
        f'<VTKFile type="ImageData" version="1.0" byte_order="{order}" header_type="UInt64">',
        f'<ImageData WholeExtent="{extent}" Origin="{_joined(origin)}" Spacing="{_joined(mesh.cell)}">',
        f'<Piece Extent="{extent}">',
        "<CellData>",
    ]
    for name, values in fields.items():
        array = np.asarray(values, dtype=float)
        if array.shape not in (mesh.shape, (*mesh.shape, 3)):
            raise ValueError(
                f"write_vti: {name!r} has the shape {array.shape}; expected {mesh.shape} or {(*mesh.shape, 3)}"
            )
        rows = np.swapaxes(array, 0, 2)  # x runs fastest
        data = base64.b64encode(np.uint64(array.nbytes).tobytes()) + base64.b64encode(
            np.ascontiguousarray(rows).tobytes()
        )
        components = 3 if array.ndim == 4 else 1
        lines.append(
            f'<DataArray type="Float64" Name={quoteattr(name)} NumberOfComponents="{components}" format="binary">'
            f"{data.decode()}</DataArray>"
        )
    lines += ["</CellData>", "</Piece>", "</ImageData>", "</VTKFile>"]
    write_text(path, "\n".join(lines) + "\n")


def _joined(numbers: Sequence[float]) -> str:
    return " ".join(repr(float(number)) for number in numbers)


def _xarray() -> Any:
    try:
        return importlib.import_module("xarray")
    except ImportError:
        raise ImportError("field_view needs xarray: pip install 'jaxspin[sweep]'") from None
