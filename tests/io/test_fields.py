"""Fields on meshes: labelled arrays with units, and VTK image files."""

import base64
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest

from jaxspin.io.fields import field_view, write_vti
from jaxspin.micromagnetics.mesh import Mesh

MESH = Mesh((2, 3, 4), (1e-9, 2e-9, 3e-9))


def test_views_have_coordinates_and_units() -> None:
    """A state, snapshots with times, and numbers a cell."""
    m = np.random.default_rng(0).standard_normal((2, 2, *MESH.shape, 3))
    view = field_view(MESH, m, times=[0.0, 1e-9], sublattices=("Co", "Tb"))
    assert view.dims == ("time", "sublattice", "x", "y", "z", "component")
    assert (view.attrs["units"], view["x"].attrs["units"], view["time"].attrs["units"]) == ("1", "m", "s")
    np.testing.assert_allclose(view["y"], [1e-9, 3e-9, 5e-9])
    np.testing.assert_array_equal(view.sel(time=1e-9, sublattice="Tb", component="z"), m[1, 1, ..., 2])
    density = field_view(MESH, m[0, :, ..., 0], name="w", unit="J/m^3")
    assert density.dims == ("sublattice", "x", "y", "z")
    with pytest.raises(ValueError, match="values of shape"):
        field_view(MESH, m)


def test_vti_holds_the_cells(tmp_path: Path) -> None:
    """Decoded by hand: grid in the header, x fastest."""
    m = np.random.default_rng(1).standard_normal((*MESH.shape, 3))
    write_vti(tmp_path / "m.vti", MESH, {"m": m, "M_s & K": m[..., 0]}, origin=(1.0, 0.0, 0.0))
    root = ElementTree.parse(tmp_path / "m.vti").getroot()
    image = root.find("ImageData")
    assert image is not None
    assert image.attrib["WholeExtent"] == "0 2 0 3 0 4"
    assert image.attrib["Spacing"] == "1e-09 2e-09 3e-09"
    arrays = {each.attrib["Name"]: each for each in root.iter("DataArray")}
    for name, values in (("m", m), ("M_s & K", m[..., 0])):
        text = arrays[name].text or ""
        count = np.frombuffer(base64.b64decode(text[:12]), np.uint64)[0]
        data = np.frombuffer(base64.b64decode(text[12:]), float)
        assert count == values.nbytes
        np.testing.assert_array_equal(data.reshape(*MESH.shape[::-1], *values.shape[3:]), np.swapaxes(values, 0, 2))
    with pytest.raises(ValueError, match="'m' has the shape"):
        write_vti(tmp_path / "m.vti", MESH, {"m": m[:1]})
