"""Models from files and from PythTB have the bands of a plain sum over cells, and those of what was written."""

from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin import io
from jaxspin.systems import tmdc

KNOWN = tmdc.joined(tmdc.model("fang-11", "WSe2"))
K = np.random.default_rng(3).uniform(-2, 2, (12, 2))  # 1/angstrom


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("wannier") / "wse2_hr.dat"
    path.write_text(io.hr_text(np.asarray(KNOWN.cells), np.asarray(KNOWN.blocks[0])))
    return path


def sum_over_cells(table, lattice, k):
    """Bands by NumPy alone."""
    phases = np.exp(1j * k @ (table.cells[:, :2] @ lattice).T)
    return np.linalg.eigvalsh(np.einsum("kr,rmn->kmn", phases, table.blocks))


def test_a_hr_file_has_the_bands_and_spins_of_the_model_it_came_from(written):
    table, lattice = io.read_wannier(written), np.asarray(KNOWN.lattice)
    model = tmdc.tabulated(lattice, table.cells, table.blocks, 14, KNOWN.states[0], KNOWN.positions[0])
    own = np.asarray(tmdc.bands(model, K))
    np.testing.assert_allclose(own, sum_over_cells(table, lattice, K), rtol=0, atol=1e-10)
    np.testing.assert_allclose(own, tmdc.bands(KNOWN, K), rtol=0, atol=1e-10)
    np.testing.assert_allclose(tmdc.spin(model, K), tmdc.spin(KNOWN, K), rtol=0, atol=1e-9)  # 1e-14 eV over 1e-5 eV


def test_pythtb_has_the_same_bands_of_the_same_file(written):
    pythtb = pytest.importorskip("pythtb", reason="PythTB is not installed")
    lattice = np.eye(3)
    lattice[:2, :2] = KNOWN.lattice
    rows = "\n".join(" ".join(map(repr, row)) for row in lattice.tolist())
    (written.parent / "wse2.win").write_text(f"begin unit_cell_cart\nang\n{rows}\nend unit_cell_cart\n")
    (written.parent / "wse2_centres.xyz").write_text("22\n\n" + "X 0 0 0\n" * 22)
    tb = pythtb.w90(str(written.parent), "wse2").model()
    table = io.read_wannier(written)
    model = tmdc.tabulated(lattice, table.cells, table.blocks, 14)
    for k, own in zip(K[:4], np.asarray(tmdc.bands(model, K[:4])), strict=True):
        reduced = np.append(np.asarray(KNOWN.lattice) @ k / (2 * np.pi), 0.0)
        np.testing.assert_allclose(own, tb.solve_one(reduced), rtol=0, atol=1e-10)


def kane_mele(per=(0, 1)):
    """What `from_pythtb` reads of a `tb_model`: graphene with a staggered potential and spin-orbit coupling."""
    one, sigma_z = np.eye(2), np.diag([1.0, -1.0])
    around = ((1, 0), (-1, 1), (0, -1))
    return SimpleNamespace(
        _per=list(per),
        _nspin=2,
        _site_energies=np.array([0.3 * one, -0.3 * one]),
        _hoppings=[[one, 0, 1, np.array(cell)] for cell in ((0, 0), (-1, 0), (0, -1))]
        + [[sign * 0.06j * sigma_z, i, i, np.array(cell)] for i, sign in ((0, 1), (1, -1)) for cell in around],
        get_lat=lambda: np.array([[1.0, 0.0], [0.5, np.sqrt(3) / 2]]),
        get_orb=lambda: np.array([[1 / 3, 1 / 3], [2 / 3, 2 / 3]]),
    )


def test_a_pythtb_model_with_spin():
    """Kane and Mele, Phys. Rev. Lett. 95, 226801 (2005): levels +-(lambda_v -+ 3 sqrt(3) lambda_SO) at K and K'."""
    model = tmdc.from_pythtb(kane_mele(), 2)
    corner = 2 * np.pi * np.linalg.inv(kane_mele().get_lat()) @ np.array([2 / 3, 1 / 3])
    levels = np.array([0.3 - 3 * np.sqrt(3) * 0.06, 0.3 + 3 * np.sqrt(3) * 0.06])
    for k in (corner, -corner):
        found = tmdc.bands(model, jnp.array([k]))[0]
        np.testing.assert_allclose(found, np.sort(np.concatenate([levels, -levels])), rtol=0, atol=1e-12)
    states, spins = model.states[0], tmdc.spin(model, jnp.array([corner]))[0, :, 2]
    assert states == (("1", 1), ("2", 1), ("1", -1), ("2", -1))
    np.testing.assert_allclose(jnp.abs(spins), 1.0, atol=1e-12)


def test_real_pythtb_objects_too():
    pythtb = pytest.importorskip("pythtb", reason="PythTB is not installed")
    ours = kane_mele()
    tb = pythtb.tb_model(2, 2, ours.get_lat(), ours.get_orb(), nspin=2)
    tb.set_onsite(list(ours._site_energies))
    for amplitude, i, j, cell in ours._hoppings:
        tb.set_hop(amplitude, i, j, cell)
    model = tmdc.from_pythtb(tb, 2)
    reduced = K @ ours.get_lat().T / (2 * np.pi)
    np.testing.assert_allclose(tmdc.bands(model, K), tb.solve_all(reduced).T, rtol=0, atol=1e-10)
    np.testing.assert_allclose(tmdc.bands(model, K), tmdc.bands(tmdc.from_pythtb(ours, 2), K), rtol=0, atol=1e-12)


def test_cells_out_of_the_plane_are_summed():
    block = np.ones((1, 1))
    cells = np.array([[0, 0, 0], [0, 0, 1], [0, 0, -1], [1, 0, 0], [-1, 0, 0]])
    model = tmdc.tabulated(np.diag([3.0, 3.0, 20.0]), cells, np.repeat(block[None], 5, axis=0) * np.eye(2), 1)
    np.testing.assert_allclose(tmdc.bands(model, np.zeros((1, 2))), [[5.0, 5.0]], rtol=1e-14)


@pytest.mark.parametrize(
    ("lattice", "shape", "message"),
    [
        (np.ones((3, 3)), (1, 2, 2), "in the plane"),
        (np.eye(2), (1, 2, 3), "got"),
        (np.eye(2), (2, 2, 2), "got"),
    ],
)
def test_shapes_that_do_not_fit(lattice, shape, message):
    with pytest.raises(ValueError, match=message):
        tmdc.tabulated(lattice, np.zeros((1, 2), int), np.zeros(shape), 1)


def test_a_hopping_without_its_partner():
    with pytest.raises(ValueError, match="no block at cell"):
        tmdc.tabulated(np.eye(2), np.array([[0, 0], [1, 0]]), np.ones((2, 2, 2)), 1)


def test_a_chain_is_no_layer():
    with pytest.raises(ValueError, match="periodic along its first two"):
        tmdc.from_pythtb(kane_mele(per=(0,)), 2)
