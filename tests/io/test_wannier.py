"""Wannier90 files: what is read equals PythTB and a plain sum over cells; what is wrong is told with its line."""

import numpy as np
import pytest

from jaxspin.io import WannierError, hr_text, read_wannier

N = 3
CELLS = np.array([[-1, 0, 0], [0, -1, 0], [0, 0, 0], [0, 1, 0], [1, 0, 0]])
FIRST = 5  # the line of the first matrix element: a remark, two counts, one line of degeneracies


def hermitian_blocks(cells=CELLS, n=N, seed=0):
    """Random hopping matrices with H(-R) = H(R)^dagger."""
    rng = np.random.default_rng(seed)
    row = {tuple(cell): i for i, cell in enumerate(cells)}
    raw = rng.normal(size=(len(cells), n, n)) + 1j * rng.normal(size=(len(cells), n, n))
    return np.array([raw[i] + raw[row[tuple(-cell)]].conj().T for i, cell in enumerate(cells)])


def hamiltonian(table, k):
    """The sum over cells by NumPy alone."""
    return sum(np.exp(2j * np.pi * (k @ cell)) * block for cell, block in zip(table.cells, table.blocks, strict=True))


def hr_lines(degeneracy=1):
    lines = hr_text(CELLS, hermitian_blocks()).splitlines()
    lines[3] = " ".join([str(degeneracy)] * len(CELLS))
    return lines


def tb_lines(blocks, centres, lattice):
    """A `_tb.dat` in the layout of Wannier90."""
    lines = [
        "made by hand",
        *(" ".join(map(repr, map(float, row))) for row in lattice),
        str(N),
        str(len(CELLS)),
        "1 1 1 1 1",
    ]
    for cell, block in zip(CELLS, blocks, strict=True):
        lines += ["", " ".join(map(str, cell))]
        lines += [
            f"{m + 1} {n + 1} {float(block[m, n].real)!r} {float(block[m, n].imag)!r}"
            for n in range(N)
            for m in range(N)
        ]
    for cell in CELLS:
        lines += ["", " ".join(map(str, cell))]
        for n in range(N):
            for m in range(N):
                at = centres[m] if m == n and not cell.any() else np.zeros(3)
                lines.append(f"{m + 1} {n + 1} " + " ".join(f"{float(x)!r} 0.0" for x in at))
    return lines


@pytest.fixture
def written(tmp_path):
    def write(lines, name="mos2_hr.dat"):
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n")
        return path

    return write


def fault(path):
    with pytest.raises(WannierError) as caught:
        read_wannier(path)
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(str(path), "FILE")


def test_what_is_written_is_read(written):
    table = read_wannier(written(hr_lines()))
    np.testing.assert_array_equal(table.cells, CELLS)
    np.testing.assert_allclose(table.blocks, hermitian_blocks(), rtol=0, atol=1e-14)  # 14 decimals
    assert table.lattice is None
    assert table.centres is None


def test_degeneracies_divide(written):
    once, twice = (read_wannier(written(hr_lines(d))) for d in (1, 2))
    np.testing.assert_allclose(twice.blocks, once.blocks / 2, rtol=1e-15)


def test_orbitals_may_come_in_any_order(written):
    lines = hr_lines()
    block = slice(FIRST - 1 + 2 * N * N, FIRST - 1 + 3 * N * N)
    lines[block] = lines[block][::-1]
    np.testing.assert_array_equal(read_wannier(written(lines)).blocks, read_wannier(written(hr_lines())).blocks)


def test_many_cells_fill_several_lines_of_degeneracies(written):
    cells = np.array([(i, j, 0) for i in range(-3, 4) for j in range(-2, 3)])  # 35 cells, 15 a line
    blocks = hermitian_blocks(cells, 2)
    table = read_wannier(written(hr_text(cells, blocks).splitlines()))
    np.testing.assert_allclose(table.blocks, blocks, rtol=0, atol=1e-14)


def test_a_tb_file_gives_lattice_and_centres_too(written):
    lattice = np.array([[3.19, 0.0, 0.0], [-1.595, 2.7626, 0.0], [0.0, 0.0, 20.0]])
    centres = np.random.default_rng(1).normal(size=(N, 3))
    table = read_wannier(written(tb_lines(hermitian_blocks(), centres, lattice), "mos2_tb.dat"))
    np.testing.assert_array_equal(table.lattice, lattice)
    np.testing.assert_array_equal(table.centres, centres)
    np.testing.assert_array_equal(table.blocks, hermitian_blocks())


def test_pythtb_reads_the_same(written, tmp_path):
    pythtb = pytest.importorskip("pythtb", reason="PythTB is not installed")
    path = written(hr_lines())
    vectors = "1 0 0\n0 1 0\n0 0 1"
    (tmp_path / "mos2.win").write_text(f"begin unit_cell_cart\nang\n{vectors}\nend unit_cell_cart\n")
    (tmp_path / "mos2_centres.xyz").write_text(f"{N}\n\n" + "X 0 0 0\n" * N)
    theirs = pythtb.w90(str(tmp_path), "mos2").model()
    table = read_wannier(path)
    for k in np.random.default_rng(2).random((20, 3)):
        ours = np.linalg.eigvalsh(hamiltonian(table, k))
        np.testing.assert_allclose(ours, theirs.solve_one(k), rtol=0, atol=1e-10)


def cut(lines):
    del lines[-4:]


def too_many(lines):
    lines.append(lines[-1])


def word(lines):
    lines[20] = lines[20].replace(lines[20].split()[-1], "x.5")


def missing_cell(lines):
    lines[2] = "4"
    lines[3] = "1 1 1 1"
    del lines[-N * N :]


def not_hermitian(lines):
    lines[FIRST] = lines[FIRST][:25] + f"{7.0:20.14f}{0.0:20.14f}"


def orbital_twice(lines):
    lines[FIRST] = lines[FIRST - 1]


def orbital_outside(lines):
    lines[FIRST] = lines[FIRST][:15] + "    9    1" + lines[FIRST][25:]


def cell_twice(lines):
    begin = FIRST - 1
    lines[begin + N * N : begin + 2 * N * N] = lines[begin : begin + N * N]


def cell_changes(lines):
    lines[FIRST] = "    5" + lines[FIRST][5:]


def unequal_degeneracies(lines):
    lines[3] = "2 1 1 1 1"


def no_origin(lines):
    del lines[FIRST - 1 + 2 * N * N : FIRST - 1 + 3 * N * N]
    lines[2], lines[3] = "4", "1 1 1 1"


def few_degeneracies(lines):
    lines[3] = "1 1 1"


def not_finite(lines):
    lines[FIRST] = lines[FIRST][:25] + " nan 0.0"


def no_count(lines):
    lines[1] = "three"


FAULTS = {
    cut: f"FILE, line {FIRST + 40}: the file ends after 41 of 45 lines of matrix elements (R_1 R_2 R_3 m n Re Im); "
    "is it truncated?",
    too_many: f"FILE, line {FIRST + 45}: lines that 5 lattice vectors and 3 Wannier functions do not need: 1; "
    "do the counts at the top fit?",
    missing_cell: f"FILE, line {FIRST}: cell (-1, 0, 0) has no Hermitian partner (1, 0, 0) in the file",
    orbital_twice: f"FILE, line {FIRST + 1}: the element of orbitals (1, 1) occurs twice for one cell",
    orbital_outside: f"FILE, line {FIRST + 1}: orbitals (9, 1): expected integers from 1 to 3",
    cell_twice: f"FILE, line {FIRST + 9}: cell (-1, 0, 0) occurs twice, first at line {FIRST}",
    cell_changes: f"FILE, line {FIRST + 1}: the cell changes after 1 of 9 matrix elements",
    unequal_degeneracies: f"FILE, line {FIRST}: cell (-1, 0, 0) and its partner (1, 0, 0) have degeneracies 2 and 1",
    no_origin: f"FILE, line {FIRST + 35}: no cell up to here is (0, 0, 0), which holds the energies on site",
    no_count: "FILE, line 2: 'three' is not the number of Wannier functions; expected one positive integer",
}


@pytest.mark.parametrize("spoil", FAULTS, ids=lambda spoil: spoil.__name__)
def test_a_fault_is_told_with_its_line(written, spoil):
    lines = hr_lines()
    spoil(lines)
    assert fault(written(lines)) == FAULTS[spoil]


@pytest.mark.parametrize(
    ("spoil", "start"),
    [
        (word, "FILE, line 21: '"),
        (not_finite, f"FILE, line {FIRST + 1}: '"),
        (few_degeneracies, "FILE, line 5: '"),
        (not_hermitian, f"FILE, line {FIRST + 1}: cell (-1, 0, 0), orbitals (2, 1) is "),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_a_fault_that_shows_the_line(written, spoil, start):
    lines = hr_lines()
    spoil(lines)
    assert fault(written(lines)).startswith(start)


def test_files_that_are_none(written, tmp_path):
    assert fault(tmp_path / "absent") == "FILE: cannot be read (No such file or directory)"
    assert fault(written([])) == "FILE, line 0: the file ends here; expected a remark on the next line"
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    assert fault(binary) == "FILE: not UTF-8 text; expected a _hr.dat or _tb.dat of Wannier90"


def test_a_tb_file_that_lost_an_empty_line(written):
    lines = tb_lines(hermitian_blocks(), np.zeros((N, 3)), np.eye(3))
    del lines[7]
    assert fault(written(lines)) == "FILE, line 8: '-1 0 0' where an empty line is expected before a cell"
    lines = tb_lines(hermitian_blocks(), np.zeros((N, 3)), np.eye(3))
    assert fault(written(lines[:-3])).endswith(
        f"the file ends after {N * N - 3} of {N * N} lines of matrix elements "
        "of position (m n and three complex numbers); is it truncated?"
    )
