"""Masks from shapes, images and functions; the Oersted field against Biot and Savart, Ampere and each other."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.micromagnetics import shapes
from jaxspin.micromagnetics.mesh import Mesh, by_region
from jaxspin.micromagnetics.oersted import OerstedField, current_field, strip_field
from jaxspin.micromagnetics.sublattice import Sublattice
from jaxspin.micromagnetics.system import System

NM = 1e-9
MESH = Mesh((40, 30, 2), (1 * NM, 1 * NM, 2 * NM))


def test_areas() -> None:
    """Counted cells against areas, to the cells that an outline cuts."""
    count = lambda mask: int(jnp.sum(mask)) / 2
    assert count(shapes.box(MESH, (10 * NM, 6 * NM))) == 60
    assert count(shapes.ellipse(MESH, (20 * NM, 20 * NM))) == pytest.approx(np.pi * 100, abs=8)
    assert count(shapes.cross(MESH, 24 * NM, 8 * NM)) == 2 * 24 * 8 - 64
    assert count(shapes.box(MESH, (10 * NM, 6 * NM), angle=np.pi / 2) ^ shapes.box(MESH, (6 * NM, 10 * NM))) == 0
    triangle = shapes.polygon(MESH, [(0, 0), (20 * NM, 0), (0, 20 * NM)])
    assert count(triangle) == pytest.approx(200, abs=11)  # the hypotenuse cuts 20 cells
    ball = shapes.from_function(
        MESH, lambda r: jnp.sum((r - jnp.array([20 * NM, 15 * NM, 2 * NM])) ** 2) < (5 * NM) ** 2
    )
    np.testing.assert_array_equal(ball, shapes.ellipse(MESH, (10 * NM,) * 3))


def test_image_regions_and_grains() -> None:
    """An image's first row is at the largest y; later regions lie on top; grains are the nearest seeds."""
    image = np.zeros((3, 4))
    image[0, 1] = 1.0
    mask = np.asarray(shapes.from_image(MESH, image))
    assert mask[10:20, 20:].all()
    assert mask.sum() == 10 * 10 * 2
    with pytest.raises(ValueError, match="rows, columns"):
        shapes.from_image(MESH, np.zeros((3, 4, 3)))
    numbers = shapes.regions(shapes.box(MESH, (20 * NM, 20 * NM)), shapes.box(MESH, (4 * NM, 4 * NM)))
    values = by_region(numbers, jnp.array([1.0, 2.0, 3.0]))
    assert [int(jnp.sum(values == v)) / 2 for v in (2.0, 3.0)] == [400 - 16, 16]
    ring = Mesh((40, 1, 1), (NM,) * 3, (True, False, False))
    grains = np.asarray(shapes.voronoi(ring, [(4 * NM, 0, 0), (24 * NM, 0, 0)]))[:, 0, 0]
    np.testing.assert_array_equal(grains, ([0] * 14 + [1] * 20 + [0] * 6))


def test_strip_is_a_wire_from_afar_and_obeys_ampere() -> None:
    """Far away mu_0 I/(2 pi r); around the strip the circulation of B is mu_0 I, inside it curl B = mu_0 j."""
    j, width, thickness = 1e12, 200 * NM, 6 * NM
    current = j * width * thickness
    r = 1e-3
    far = strip_field(jnp.array([[0.0, 0.0, r]]), j, width, thickness, (0.0, 0.0, 0.0))[0]
    np.testing.assert_allclose(far, [0, -2e-7 * current / r, 0], rtol=1e-6, atol=1e-20)
    h, at = 0.01 * NM, jnp.array([0.0, 30 * NM, 1 * NM])
    shifted = at[None] + h * jnp.array([[0, 1.0, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]])
    B = strip_field(shifted, j, width, thickness, (0.0, 0.0, 0.0))
    curl = (B[0, 2] - B[1, 2] - B[2, 1] + B[3, 1]) / (2 * h)
    np.testing.assert_allclose(curl, 4e-7 * np.pi * j, rtol=1e-6)  # differences of 1e-5 of the field


def test_current_of_cells_against_the_strip() -> None:
    """A long bar of current in the mesh: in its middle the field of an infinite strip, to (width/length)^2."""
    mesh = Mesh((121, 8, 6), (10 * NM, 2 * NM, 1.5 * NM))
    current = np.zeros((*mesh.shape, 3))
    current[:, 2:6, 1:3, 0] = 1e12
    found = np.asarray(current_field(mesh, current))[60]
    wanted = np.asarray(strip_field(mesh.centres()[60], 1e12, 8 * NM, 3 * NM, (0.0, 8 * NM, 3 * NM)))
    np.testing.assert_allclose(found, wanted, atol=2e-4 * np.abs(wanted).max())


def test_oersted_term_follows_the_current() -> None:
    """Its field is that of the current times the waveform, its energy -M.B."""
    mesh = Mesh((2, 2, 1), (NM,) * 3)
    B = jnp.full((2, 2, 1, 3), 0.01)
    term = OerstedField(B, lambda t: 2 * t)
    system = System(mesh, Sublattice(1e6, 0.1), term)
    m = system.uniform((0.0, 0.0, 1.0))
    np.testing.assert_allclose(term.field(m, system, 3.0), 0.06, rtol=1e-12)
    np.testing.assert_allclose(term.energy_density(m, system, 3.0), -6e4, rtol=1e-12)
