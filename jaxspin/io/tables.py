"""Tables of numbers in CSV files (RFC 4180); every fault is told with its file, row and column.

A header row comes first and may carry units, `H_x (Oe)` or `H_x [Oe]`; blank lines and lines that begin with '#' are
skipped.
"""

import csv
import dataclasses
import io
import math
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from jaxspin.core import unknown_name

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)


class TableError(ValueError):
    """A table that cannot be read; the message is one line naming file, row, column and what is allowed."""


@dataclasses.dataclass(frozen=True)
class Table:
    """Cells of a table as text, by header; `rows` are the line numbers of the file (from 1), for messages.

    A column is asked for by its whole header or by the name before the unit. It is read as numbers only when asked
    for, so that a column of remarks does no harm.
    """

    source: str
    columns: Mapping[str, tuple[str, ...]]
    rows: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def header(self, column: str) -> str:
        """The whole header of a column; `TableError` if there is none of that name, or more than one."""
        if column in self.columns:
            return column
        found = [header for header in self.columns if split_header(header)[0] == column]
        if len(found) > 1:
            raise TableError(f"{self.source}: several columns are called {column!r}; expected one of {found}")
        if not found:
            names = dict.fromkeys(split_header(header)[0] for header in self.columns)
            raise TableError(f"{self.source}: {unknown_name('column', column, names)}")
        return found[0]

    def unit(self, column: str) -> str | None:
        """The unit in a column's header, if there is one."""
        return split_header(self.header(column))[1]

    def text(self, column: str) -> tuple[str, ...]:
        """The cells of a column, without surrounding blanks."""
        return self.columns[self.header(column)]

    def numbers(self, column: str) -> Float[np.ndarray, " row"]:
        """The numbers of a column; `TableError` names the first cell that is no finite number."""
        cells = self.text(column)
        return np.array([self.number(column, row, cell) for row, cell in enumerate(cells)], dtype=float)

    def number(self, column: str, row: int, cell: str) -> float:
        """The number in one cell of row `row` (from 0)."""
        digits = cell.replace("−", "-")
        if not _NUMBER.fullmatch(digits):
            wrong = "is not finite" if _NOT_FINITE.fullmatch(cell) else "is not a number" if cell else "is empty"
            shown = f"{_short(cell)} " if cell else "the cell "
            raise self.fault(row, column, f"{shown}{wrong}: expected a finite number, like 1.5 or -2e-3")
        if not math.isfinite(float(digits)):
            raise self.fault(row, column, f"{_short(cell)} is too large: expected a finite number")
        return float(digits)

    def fault(self, row: int, column: str, what: str) -> TableError:
        """The error to raise about one cell of row `row` (from 0)."""
        return TableError(f"{self.source}, row {self.rows[row]}, column {column!r}: {what}")


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")


def split_header(header: str) -> tuple[str, str | None]:
    """Name and unit of a column header: "H_x (Oe)" is ("H_x", "Oe")."""
    for opening, closing in ("()", "[]"):
        depth = 0
        for position in reversed(range(len(header) if header.endswith(closing) else 0)):
            depth += (header[position] == closing) - (header[position] == opening)
            if depth == 0:
                name = header[:position].strip()
                return (name, header[position + 1 : -1].strip()) if name else (header, None)
    return header, None


def _decoded(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except (OSError, ValueError) as error:  # a path with a zero byte is a ValueError
        raise TableError(f"{path}: cannot be read ({getattr(error, 'strerror', error)})") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = raw.count(b"\n", 0, error.start) + 1
        raise TableError(f"{path}, row {row}: not UTF-8 text; expected a table saved as CSV in UTF-8") from None
    if "\0" in text:
        row = text.count("\n", 0, text.index("\0")) + 1
        raise TableError(f"{path}, row {row}: binary data; expected a table saved as CSV in UTF-8")
    return text


def _records(text: str, source: str) -> Iterator[tuple[int, list[str]]]:
    """Rows of cells with the line each begins on, without comments and blank lines."""
    begin, line, inside = 0, 0, False

    def lines() -> Iterator[str]:
        nonlocal begin, line, inside
        for piece in io.StringIO(text, newline=""):
            line += 1
            if not inside:
                if piece.lstrip().startswith("#"):
                    continue
                begin, inside = line, True
            yield piece

    reader = csv.reader(lines(), strict=True)
    while True:
        inside = False
        try:
            record = next(reader, None)
        except csv.Error as error:
            raise TableError(f"{source}, row {begin}: {error}; expected comma-separated cells (RFC 4180)") from None
        if record is None:
            return
        if any(cell.strip() for cell in record):
            yield begin, [cell.strip() for cell in record]


def read_table(path: str | os.PathLike[str]) -> Table:
    """Read a CSV file.

    Raises `TableError` for a file that is absent, empty or no text, a column without or with a repeated name, and a
    row whose number of cells differs from the header's.
    """
    source = str(path)
    records = _records(_decoded(Path(path)), source)
    top, header = next(records, (0, []))
    if not header:
        raise TableError(f"{source}: the file is empty; expected a header row and at least one row of numbers")
    if len(header) == 1 and (separator := next((c for c in ";\t" if c in header[0]), None)):
        raise TableError(f"{source}, row {top}: cells are separated by {separator!r}; expected commas (RFC 4180)")
    header = [" ".join(cell.split()) for cell in header]
    for position, name in enumerate(header, 1):
        if not name:
            raise TableError(f"{source}, row {top}: column {position} has no name; expected a name in the header row")
        if name in header[: position - 1]:
            raise TableError(f"{source}, row {top}, column {name!r}: the name occurs twice; expected one column a name")
    rows, cells = [], []
    for row, record in records:
        if len(record) != len(header):
            raise TableError(f"{source}, row {row}: {len(record)} cells; expected {len(header)} ({', '.join(header)})")
        rows.append(row)
        cells.append(record)
    if not rows:
        raise TableError(f"{source}: no rows below the header; expected at least one row of numbers")
    return Table(source, dict(zip(header, map(tuple, zip(*cells, strict=True)), strict=True)), tuple(rows))


def table_text(columns: Mapping[str, ArrayLike], units: Mapping[str, str] | None = None) -> str:
    """CSV text of named columns of equal length (n,), units in the header, that `read_table` reads back exactly.

    Raises `TableError` for names that would not come back, columns of unequal length and numbers that are not finite.
    """
    units = units or {}
    arrays = {name: np.asarray(values, dtype=float) for name, values in columns.items()}
    for name, values in arrays.items():
        plain = name == " ".join(name.split()) and split_header(name) == (name, None) and not set(name) & set("\0\t;")
        if not plain or not name or name.startswith(("#", "\ufeff")):
            raise TableError(f"{name!r} cannot name a column; expected a plain name without a unit in brackets")
        if values.ndim != 1 or values.shape != next(iter(arrays.values())).shape or not values.size:
            raise TableError(f"column {name!r} has shape {values.shape}; expected columns of one, equal length")
        if not np.isfinite(values).all():
            row = int(np.argmin(np.isfinite(values)))
            raise TableError(f"row {row + 2}, column {name!r}: {values[row]} is not finite")
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(f"{name} ({units[name]})" if units.get(name, "1") != "1" else name for name in arrays)
    writer.writerows(zip(*([repr(float(value)) for value in values] for values in arrays.values()), strict=True))
    return text.getvalue()


def write_table(
    path: str | os.PathLike[str], columns: Mapping[str, ArrayLike], units: Mapping[str, str] | None = None
) -> None:
    """Write `table_text` to a file, which appears whole or not at all. Raises `TableError` as that does."""
    try:
        write_text(path, table_text(columns, units))
    except TableError as error:
        raise TableError(f"{path}: {error}") from None


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a text file so that it appears whole or not at all."""
    path = Path(path)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with draft.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
