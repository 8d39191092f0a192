"""Tight-binding files of Wannier90, `_hr.dat` and `_tb.dat`; every fault is told with its file and line.

Both hold <0 m|H|R n> in eV, with the number of equivalent cells that R stands for, so that
H_mn(k) = sum_R exp(2 pi i k.R) <0 m|H|R n> / degeneracy(R), k in reciprocal lattice vectors (Wannier90 user guide,
"seedname_hr.dat", "seedname_tb.dat"). A `_tb.dat` adds the lattice and the matrix elements of position.
"""

import dataclasses
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn

import numpy as np
from jaxtyping import Complex, Float, Int

_PER_LINE = 15  # degeneracies on a line that Wannier90 writes


class WannierError(ValueError):
    """A Wannier90 file that cannot be read; the message is one line naming file, line and what is allowed."""


@dataclasses.dataclass(frozen=True)
class WannierTable:
    """Hopping matrices of a Wannier90 file, degeneracies divided out: H(k) = sum_R blocks_R exp(2 pi i k.R).

    `cells` (r, 3) are the lattice vectors R, `blocks` (r, n, n) their matrices <0 m|H|R n> [eV]. `lattice` (3, 3)
    [angstrom], rows a_1, a_2, a_3, and `centres` (n, 3) [angstrom], the places <0 m|r|0 m> of the orbitals, are those
    of a `_tb.dat`; a `_hr.dat` has neither (None).
    """

    source: str
    cells: Int[np.ndarray, "r 3"]
    blocks: Complex[np.ndarray, "r n n"]
    lattice: Float[np.ndarray, "3 3"] | None = None
    centres: Float[np.ndarray, "n 3"] | None = None


class _Lines:
    """The lines of a file, taken from the top; faults name the line last taken."""

    def __init__(self, path: Path):
        self.source, self.line = str(path), 0
        try:
            self.all = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            raise WannierError(f"{path}: not UTF-8 text; expected a _hr.dat or _tb.dat of Wannier90") from None
        except OSError as error:
            raise WannierError(f"{path}: cannot be read ({error.strerror})") from None
        while self.all and not self.all[-1].strip():
            self.all.pop()

    def fault(self, what: str, line: int | None = None) -> NoReturn:
        raise WannierError(f"{self.source}, line {self.line if line is None else line}: {what}")

    def take(self, what: str) -> list[str]:
        """The words of the next line, which should hold `what`."""
        if self.line == len(self.all):
            self.fault(f"the file ends here; expected {what} on the next line")
        self.line += 1
        return self.all[self.line - 1].split()

    def count(self, what: str) -> int:
        """One positive integer on a line of its own."""
        words = self.take(what)
        if len(words) != 1 or not words[0].isdecimal() or int(words[0]) == 0:
            self.fault(f"{_shown(words)} is not {what}; expected one positive integer")
        return int(words[0])

    def integers(self, what: str) -> list[int]:
        words = self.take(what)
        try:
            return [int(word) for word in words]
        except ValueError:
            self.fault(f"{_shown(words)} is not {what}; expected integers")

    def numbers(self, many: int, what: str) -> list[float]:
        words = self.take(what)
        try:
            values = [float(word) for word in words]
        except ValueError:
            values = []
        if len(values) != many or not np.isfinite(values).all():
            self.fault(f"{_shown(words)} is not {what}; expected {many} finite numbers")
        return values

    def rows(self, many: int, columns: int, what: str) -> Float[np.ndarray, "many columns"]:
        """Many lines of numbers at once; where that fails, one by one, for the line at fault."""
        chosen = self.all[self.line : self.line + many]
        try:
            table = np.array([line.split() for line in chosen], dtype=float)
        except ValueError:
            table = np.empty(0)
        if table.shape == (many, columns) and np.isfinite(table).all():
            self.line += many
            return table
        for done in range(many):
            if self.line == len(self.all):
                self.fault(f"the file ends after {done} of {many} lines of {what}; is it truncated?")
            self.numbers(columns, f"a line of {what}")
        raise AssertionError("every line is right alone, but not together")

    def end(self, after: str) -> None:
        if self.line < len(self.all):
            extra = len(self.all) - self.line
            self.fault(f"lines that {after} do not need: {extra}; do the counts at the top fit?", self.line + 1)


def _shown(words: Sequence[str]) -> str:
    text = " ".join(words)
    return repr(text if len(text) <= 40 else text[:37] + "...")


def read_wannier(path: str | os.PathLike[str], tolerance: float = 1e-5) -> WannierTable:
    """Read a `_hr.dat` or a `_tb.dat` of Wannier90, told apart by their second line.

    `tolerance` [eV]: how far <0 m|H|R n> may be from the conjugate of <0 n|H|-R m>; Wannier90 rounds a `_hr.dat` to
    1e-6 eV. Raises `WannierError` for a file that is absent, truncated or longer than its counts say, words that are no
    finite numbers, orbitals that are missing or repeated, a cell that is missing, repeated or lacks its partner -R, and
    a matrix that is not Hermitian.
    """
    lines = _Lines(Path(path))
    lines.take("a remark")
    spatial = len(lines.all) > 1 and len(lines.all[1].split()) == 3
    lattice = np.array([lines.numbers(3, "a lattice vector") for _ in range(3)]) if spatial else None
    n = lines.count("the number of Wannier functions")
    r = lines.count("the number of lattice vectors")
    degeneracy = _degeneracies(lines, r)
    if not spatial:
        first = lines.line + 1
        table = lines.rows(r * n * n, 7, "matrix elements (R_1 R_2 R_3 m n Re Im)").reshape(r, n * n, 7)
        begins = first + n * n * np.arange(r)
        cells, indices, values = table[:, :, :3], table[:, :, 3:5], table[:, :, 5:]
        moved = np.argwhere((cells != cells[:, :1]).any(axis=2))
        if len(moved):
            block, row = moved[0]
            lines.fault(f"the cell changes after {row} of {n * n} matrix elements", int(begins[block] + row))
        cells = cells[:, 0]
    else:
        cells, indices, values, begins = _blocks(lines, r, n, 4, "matrix elements (m n Re Im)")
    lines_of = begins[:, None] + np.arange(n * n)[None]
    where = _places(lines, indices, lines_of, n)
    cells = _whole(lines, cells, begins)
    blocks = _matrices(values[..., 0] + 1j * values[..., 1], where, n)
    _check_partners(lines, cells, degeneracy, blocks, begins, where, tolerance)
    centres = None
    if spatial:
        positions = _blocks(lines, r, n, 8, "matrix elements of position (m n and three complex numbers)")
        centres = _centres(lines, cells, n, *positions)
    lines.end(f"{r} lattice vectors and {n} Wannier functions")
    return WannierTable(lines.source, cells, blocks / degeneracy[:, None, None], lattice, centres)


def _degeneracies(lines: _Lines, r: int) -> Float[np.ndarray, " r"]:
    found: list[int] = []
    while len(found) < r:
        found += (more := lines.integers(f"{r} degeneracies, {_PER_LINE} a line"))
        if not more or min(more) < 1 or len(found) > r:
            lines.fault(f"{len(found)} degeneracies where {r} positive integers are expected")
    return np.array(found, dtype=float)


def _blocks(lines: _Lines, r: int, n: int, columns: int, what: str):
    """The blocks of a `_tb.dat`: an empty line, the cell, n^2 lines; cells, indices, values, first lines."""
    cells, table, begins = [], [], []
    for _ in range(r):
        if lines.take("an empty line"):
            lines.fault(f"{_shown(lines.all[lines.line - 1].split())} where an empty line is expected before a cell")
        cells.append(lines.numbers(3, "a cell R_1 R_2 R_3"))
        begins.append(lines.line + 1)
        table.append(lines.rows(n * n, columns, what))
    whole = np.array(table)
    return np.array(cells), whole[..., :2], whole[..., 2:], np.array(begins)


def _whole(lines: _Lines, cells: Float[np.ndarray, "r 3"], begins: Int[np.ndarray, " r"]) -> Int[np.ndarray, "r 3"]:
    """Cells as integers, each once."""
    seen: dict[tuple[float, ...], int] = {}
    for cell, line in zip(map(tuple, cells), begins, strict=True):
        if any(number != round(number) for number in cell):
            lines.fault(f"cell {_cell(cell)} is not of integers", int(line))
        if cell in seen:
            lines.fault(f"cell {_cell(cell)} occurs twice, first at line {seen[cell]}", int(line))
        seen[cell] = int(line)
    return cells.astype(int)


def _cell(cell: Iterable[float]) -> str:
    return "(" + ", ".join(f"{number:g}" for number in cell) + ")"


def _places(
    lines: _Lines, indices: Float[np.ndarray, "r m 2"], lines_of: Int[np.ndarray, "r m"], n: int
) -> Int[np.ndarray, "r m"]:
    """Place n (m - 1) + (n - 1) of each element in its flattened matrix; every place once."""
    outside = np.argwhere(((indices < 1) | (indices > n) | (indices != np.round(indices))).any(axis=2))
    if len(outside):
        at = tuple(outside[0])
        lines.fault(f"orbitals {_cell(indices[at])}: expected integers from 1 to {n}", int(lines_of[at]))
    places = (n * (indices[..., 0] - 1) + indices[..., 1] - 1).astype(int)
    for block, line in zip(places, lines_of, strict=True):
        if len(np.unique(block)) < n * n:
            order = np.argsort(block, kind="stable")
            row = int(order[1:][np.diff(block[order]) == 0].min())
            pair = (block[row] // n + 1, block[row] % n + 1)
            lines.fault(f"the element of orbitals {_cell(pair)} occurs twice for one cell", int(line[row]))
    return places


def _matrices(values: Complex[np.ndarray, "r m"], where: Int[np.ndarray, "r m"], n: int) -> np.ndarray:
    blocks = np.empty_like(values)
    np.put_along_axis(blocks, where, values, axis=1)
    return blocks.reshape(-1, n, n)


def _check_partners(
    lines: _Lines,
    cells: Int[np.ndarray, "r 3"],
    degeneracy: Float[np.ndarray, " r"],
    blocks: Complex[np.ndarray, "r n n"],
    begins: Int[np.ndarray, " r"],
    where: Int[np.ndarray, "r m"],
    tolerance: float,
) -> None:
    """H(-R) = H(R)^dagger, with equal degeneracies."""
    row_of = {tuple(cell): row for row, cell in enumerate(cells)}
    if (0, 0, 0) not in row_of:
        lines.fault("no cell up to here is (0, 0, 0), which holds the energies on site")
    for row, cell in enumerate(cells):
        partner = row_of.get(tuple(-cell))
        if partner is None:
            lines.fault(f"cell {_cell(cell)} has no Hermitian partner {_cell(-cell)} in the file", int(begins[row]))
        if degeneracy[partner] != degeneracy[row]:
            both = f"{degeneracy[row]:g} and {degeneracy[partner]:g}"
            lines.fault(f"cell {_cell(cell)} and its partner {_cell(-cell)} have degeneracies {both}", int(begins[row]))
        off = np.abs(blocks[row] - blocks[partner].conj().T)
        if off.max() > tolerance:
            place = int(np.argmax(off))
            pair = np.array(divmod(place, len(off))) + 1
            line = int(begins[row] + np.flatnonzero(where[row] == place)[0])
            lines.fault(
                f"cell {_cell(cell)}, orbitals {_cell(pair)} is {off.max():.3g} eV from its Hermitian partner; "
                f"expected at most {tolerance:g} eV",
                line,
            )


def _centres(
    lines: _Lines,
    cells: Int[np.ndarray, "r 3"],
    n: int,
    again: Float[np.ndarray, "r 3"],
    indices: Float[np.ndarray, "r m 2"],
    values: Float[np.ndarray, "r m 6"],
    begins: Int[np.ndarray, " r"],
) -> Float[np.ndarray, "n 3"]:
    """Diagonal of <0 m|r|0 n>: its real parts for the cell at the origin."""
    moved = np.flatnonzero((again != cells).any(axis=1))
    if len(moved):
        row = moved[0]
        lines.fault(f"cell {_cell(again[row])} where {_cell(cells[row])} is expected", int(begins[row]) - 1)
    where = _places(lines, indices, begins[:, None] + np.arange(n * n)[None], n)
    origin = int(np.flatnonzero((cells == 0).all(axis=1))[0])
    ordered = values[origin][np.argsort(where[origin])].reshape(n, n, 6)
    return np.diagonal(ordered[..., ::2]).T.copy()


def hr_text(
    cells: Int[np.ndarray, "r d"], blocks: Complex[np.ndarray, "r n n"], remark: str = "written by jaxspin"
) -> str:
    """Text of a `_hr.dat` of hopping matrices [eV] that `read_wannier` and other programs read; 14 decimals.

    Cells of fewer than three dimensions are completed with zeros; all degeneracies are one.
    """
    cells, blocks = np.asarray(cells), np.asarray(blocks)
    r, n = blocks.shape[:2]
    whole = np.concatenate([cells, np.zeros((r, 3 - cells.shape[1]), int)], axis=1)
    text = [remark, str(n), str(r)]
    text += ["    1" * min(_PER_LINE, r - first) for first in range(0, r, _PER_LINE)]
    for cell, block in zip(whole, blocks, strict=True):
        start = "".join(f"{int(number):5d}" for number in cell)
        for second in range(n):
            for first in range(n):
                value = block[first, second]
                text.append(f"{start}{first + 1:5d}{second + 1:5d}{value.real:20.14f}{value.imag:20.14f}")
    return "\n".join(text) + "\n"
