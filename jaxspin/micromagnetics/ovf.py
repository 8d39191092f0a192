"""OVF files of OOMMF, versions 1 and 2, on rectangular meshes: text, binary 4 and binary 8.

Format: OOMMF User's Guide, "Vector field file format". Every fault is told with file and line.
"""

import dataclasses
import math
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NoReturn

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from jaxspin.micromagnetics.mesh import Mesh

Representation = Literal["text", "binary 4", "binary 8"]

_CHECKS = {4: 1234567.0, 8: 123456789012345.0}  # the first number of binary data, by which readers know its byte order
_METRES = {"m": 1.0, "mm": 1e-3, "um": 1e-6, "µm": 1e-6, "nm": 1e-9}
_WORDS = re.compile(r'\{([^}]*)\}|"([^"]*)"|(\S+)')  # a list of Tcl: words with blanks stand in braces or quotes


class OvfError(ValueError):
    """An OVF file that cannot be read; the message is one line naming file, line and what is allowed."""


@dataclasses.dataclass(frozen=True)
class OvfField:
    """A field on a regular grid, as an OVF file holds it.

    `values` (nx, ny, nz, d) in `units`; `cell` (dx, dy, dz) [m]; `origin` [m], the corner of the grid at which x, y and
    z are least; one of `labels` and of `units` for each of the d components.
    """

    values: Float[np.ndarray, "nx ny nz d"]
    cell: tuple[float, float, float]
    origin: tuple[float, float, float]
    labels: tuple[str, ...]
    units: tuple[str, ...]
    title: str

    @property
    def shape(self) -> tuple[int, int, int]:
        """(nx, ny, nz)."""
        nx, ny, nz = self.values.shape[:3]
        return nx, ny, nz

    def mesh(self, periodic: Sequence[bool] = (False, False, False)) -> Mesh:
        """A mesh of this grid, whose mask are the cells of a field that is not zero."""
        inside = np.any(self.values != 0, axis=-1)
        return Mesh(self.shape, self.cell, periodic, mask=None if inside.all() else inside)


def read_ovf(path: str | os.PathLike[str], mesh: Mesh | None = None) -> OvfField:
    """Read the field of an OVF file.

    Arguments:
        path: a file of one segment on a rectangular mesh.
        mesh: what the grid must agree with, if given.

    Raises:
        OvfError: for a file that cannot be read, is no OVF 1 or 2, lacks a part of its header, ends early, holds
            numbers that are not finite, or lies on another grid than `mesh`.
    """
    field = _Reader(Path(path)).field()
    if mesh is not None:
        if field.shape != mesh.shape:
            raise OvfError(f"{path}: its grid has {field.shape} cells, expected {mesh.shape}")
        if not np.allclose(field.cell, mesh.cell, rtol=1e-6, atol=0):
            raise OvfError(f"{path}: its cells measure {field.cell} m, expected {mesh.cell} m")
    return field


def write_ovf(
    path: str | os.PathLike[str],
    values: Float[ArrayLike, "nx ny nz d"],
    mesh: Mesh,
    *,
    version: Literal[1, 2] = 2,
    representation: Representation = "binary 8",
    title: str = "m",
    labels: Sequence[str] = ("m_x", "m_y", "m_z"),
    units: Sequence[str] = ("1", "1", "1"),
    origin: Sequence[float] = (0.0, 0.0, 0.0),
) -> None:
    """Write a field to an OVF file; one sublattice of m is `m[s]`.

    Arguments:
        values: field on the mesh; d = 3 components, or any number in version 2.
        mesh: its grid.
        version: of the format; 1 has one unit for all components, no labels, big-endian numbers.
        representation: "text" with all digits of double precision, or numbers of 4 or 8 bytes.
        title, labels, units: of the field; one label and unit a component.
        origin: corner of the grid where x, y and z are least [m].

    Raises:
        ValueError: for values of another grid or not finite, and what the version cannot hold.
    """
    values = np.asarray(values, dtype=float)
    if values.shape[:3] != mesh.shape or values.ndim != 4:
        raise ValueError(f"write_ovf: values must have the shape {(*mesh.shape, 'd')}, got {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError(f"write_ovf: {np.sum(~np.isfinite(values))} values are not finite")
    if version not in (1, 2) or representation not in ("text", "binary 4", "binary 8"):
        raise ValueError(
            "write_ovf: expected version 1 or 2 and representation 'text', 'binary 4' or 'binary 8', "
            f"got {version} and {representation!r}"
        )
    if len(labels) != values.shape[3] or len(units) != values.shape[3]:
        raise ValueError(f"write_ovf: {values.shape[3]} components need as many labels and units")
    if any(re.search(r'[{}"\n#]', word) for word in (*labels, *units)) or re.search(r"[\n#]", title):
        raise ValueError("write_ovf: labels, units and title may not hold quotes, braces, '#' or line breaks")
    if version == 1 and (values.shape[3] != 3 or len(set(units)) != 1):
        raise ValueError("write_ovf: version 1 holds vectors of three components in one unit; use version 2")
    head = _header(values, mesh, version, title, labels, units, origin)
    kind = {"text": "Text", "binary 4": "Binary 4", "binary 8": "Binary 8"}[representation]
    rows = np.transpose(values, (2, 1, 0, 3)).reshape(-1, values.shape[3])  # x runs fastest
    if representation == "text":
        data = "".join(" ".join(map(repr, row)) + "\n" for row in rows.tolist()).encode()
    else:
        size = int(representation[-1])
        numbers = np.concatenate([[_CHECKS[size]], rows.ravel()])
        data = numbers.astype(f"{'>' if version == 1 else '<'}f{size}").tobytes() + b"\n"
    text = "".join(f"# {line}\n" for line in [*head, f"Begin: Data {kind}"]).encode()
    Path(path).write_bytes(text + data + f"# End: Data {kind}\n# End: Segment\n".encode())


def _header(
    values: np.ndarray,
    mesh: Mesh,
    version: int,
    title: str,
    labels: Sequence[str],
    units: Sequence[str],
    origin: Sequence[float],
) -> list[str]:
    first = "OOMMF OVF 2.0" if version == 2 else "OOMMF: rectangular mesh v1.0"
    lines = [first, "Segment count: 1", "Begin: Segment", "Begin: Header", f"Title: {title}", "meshunit: m"]
    lines.append("meshtype: rectangular")
    for name, at, d, n in zip("xyz", origin, mesh.cell, mesh.shape, strict=True):
        lines += [f"{name}base: {float(at) + d / 2!r}", f"{name}stepsize: {d!r}", f"{name}nodes: {n}"]
        lines += [f"{name}min: {float(at)!r}", f"{name}max: {float(at) + n * d!r}"]
    if version == 2:
        lines += [f"valuedim: {values.shape[3]}", f"valuelabels: {_tcl(labels)}", f"valueunits: {_tcl(units)}"]
    else:
        sizes = np.linalg.norm(values, axis=-1)
        lines += [f"valueunit: {units[0]}", "valuemultiplier: 1"]
        lines += [f"ValueRangeMinMag: {float(sizes.min())!r}", f"ValueRangeMaxMag: {float(sizes.max())!r}"]
    return [*lines, "End: Header"]


def _tcl(words: Sequence[str]) -> str:
    return " ".join(word if re.fullmatch(r"\S+", word) else f"{{{word}}}" for word in words)


class _Reader:
    """A file read line by line from the top; faults name the line last taken."""

    def __init__(self, path: Path):
        self.path, self.at, self.line = path, 0, 0
        try:
            self.bytes = path.read_bytes()
        except OSError as error:
            raise OvfError(f"{path}: cannot be read ({error.strerror})") from None

    def fault(self, what: str) -> NoReturn:
        raise OvfError(f"{self.path}, line {self.line}: {what}")

    def take(self, wanted: str) -> str:
        """The next line."""
        if self.at >= len(self.bytes):
            self.fault(f"the file ends here; expected {wanted}")
        end = self.bytes.find(b"\n", self.at)
        end = len(self.bytes) if end < 0 else end
        text, self.at, self.line = self.bytes[self.at : end], end + 1, self.line + 1
        return text.decode("utf-8", errors="replace").strip()

    def field(self) -> OvfField:
        first = self.take("an OVF header").lower()
        if re.fullmatch(r"#\s*oommf\s+ovf\s+2\.0", first):
            version = 2
        elif re.fullmatch(r"#\s*oommf:?\s+(rectangular|irregular)\s+mesh\s+v(0\.99|1\.0|0\.0a0)", first):
            version = 1
        else:
            self.fault("no OVF file; expected '# OOMMF OVF 2.0' or '# OOMMF: rectangular mesh v1.0'")
        head, kind = self.header()
        self.demand(head, "meshtype", "rectangular")
        if int(self.number(head, "segment count", 1)) != 1:
            self.fault(f"{head['segment count']} segments; only files of one are read")
        unit = head.get("meshunit", "m")
        if unit not in _METRES:
            self.fault(f"meshunit {unit!r}; expected one of {', '.join(_METRES)}")
        shape = tuple(self.count(head, f"{axis}nodes") for axis in "xyz")
        cell = tuple(self.number(head, f"{axis}stepsize") * _METRES[unit] for axis in "xyz")
        if not all(d > 0 for d in cell):
            self.fault(f"the sizes of a cell must be > 0 m, got {cell}")
        base = [self.number(head, f"{axis}base", 0.5 * d) * _METRES[unit] for axis, d in zip("xyz", cell, strict=True)]
        count = self.count(head, "valuedim") if version == 2 else 3
        flat = self.data(kind, math.prod(shape) * count, count, ">" if version == 1 else "<")
        flat = flat * self.number(head, "valuemultiplier", 1.0)
        values = np.transpose(flat.reshape(*shape[::-1], count), (2, 1, 0, 3))
        units = tcl_words(head.get("valueunits" if version == 2 else "valueunit", ""))
        labels = tcl_words(head.get("valuelabels", ""))
        x, y, z = (at - d / 2 for at, d in zip(base, cell, strict=True))
        return OvfField(
            np.ascontiguousarray(values),
            (cell[0], cell[1], cell[2]),
            (x, y, z),
            tuple(labels) if len(labels) == count else tuple(f"component_{k}" for k in range(count)),
            tuple(units) if len(units) == count else tuple(units[:1] or ["1"]) * count,
            head.get("title", ""),
        )

    def header(self) -> tuple[dict[str, str], str]:
        """What stands before the data, by lower-case name, and the kind of data."""
        head: dict[str, str] = {}
        while True:
            text = self.take("'# Begin: Data'")
            if not text.startswith("#"):
                self.fault(f"expected a line of the header, which begins with '#', got {text[:40]!r}")
            name, colon, value = text.lstrip("#").split("##")[0].partition(":")
            name, value = " ".join(name.lower().split()), value.strip()
            if not name or text.startswith("##"):
                continue
            if not colon:
                self.fault(f"expected '# name: value', got {text[:60]!r}")
            if name == "begin" and value.lower().startswith("data"):
                return head, " ".join(value.lower().split()[1:])
            if name not in ("begin", "end", "desc"):
                head[name] = value

    def demand(self, head: dict[str, str], name: str, value: str) -> None:
        if head.get(name, "").lower() != value:
            self.fault(f"{name} is {head.get(name, 'missing')!r}; expected {value!r}")

    def number(self, head: dict[str, str], name: str, otherwise: float | None = None) -> float:
        if name not in head and otherwise is not None:
            return otherwise
        try:
            found = float(head.get(name, ""))
        except ValueError:
            found = math.nan
        if not math.isfinite(found):
            self.fault(f"the header's {name} is {head.get(name, 'missing')!r}; expected a number")
        return found

    def count(self, head: dict[str, str], name: str) -> int:
        found = self.number(head, name)
        if found != int(found) or found < 1:
            self.fault(f"the header's {name} is {head[name]!r}; expected a whole number >= 1")
        return int(found)

    def data(self, kind: str, total: int, per_cell: int, order: str) -> np.ndarray:
        """`total` numbers, and the line that ends them."""
        if kind == "text":
            values = self.text(total, per_cell)
        elif kind in ("binary 4", "binary 8"):
            values = self.binary(total, int(kind[-1]), order)
        else:
            self.fault(f"data of type {kind!r}; expected 'text', 'binary 4' or 'binary 8'")
        ending = self.take("'# End: Data'") or self.take("'# End: Data'")
        if not re.match(r"#\s*end:\s*data", ending.lower()):
            self.fault(f"expected '# End: Data' after {total} numbers, got {ending[:40]!r}: the grid is another one")
        return values

    def binary(self, total: int, size: int, order: str) -> np.ndarray:
        wanted = (total + 1) * size
        block = self.bytes[self.at : self.at + wanted]
        if len(block) < wanted:
            held = max(len(block) // size - 1, 0)
            self.fault(f"truncated: {held} of {total} numbers of {size} bytes follow")
        numbers = np.frombuffer(block, dtype=f"{order}f{size}").astype(float)
        if numbers[0] != _CHECKS[size]:
            self.fault(f"the check value is {numbers[0]}, expected {_CHECKS[size]}: another type or byte order")
        if not np.isfinite(numbers).all():
            self.fault(f"{np.sum(~np.isfinite(numbers))} of {total} numbers are not finite")
        self.at += wanted
        return numbers[1:]

    def text(self, total: int, per_cell: int) -> np.ndarray:
        found: list[float] = []
        while len(found) < total:
            line = self.take(f"number {len(found) + 1} of {total}")
            if re.match(r"#\s*end", line.lower()):
                self.fault(f"the data end after {len(found)} of {total} numbers")
            words = line.split("#")[0].split()
            if words and len(words) != per_cell:
                self.fault(f"expected {per_cell} numbers, got {len(words)}")
            for word in words:
                try:
                    found.append(float(word))
                except ValueError:
                    self.fault(f"expected a number, got {word!r}")
                if not math.isfinite(found[-1]):
                    self.fault(f"expected a finite number, got {word!r}")
        return np.array(found)


def tcl_words(text: str) -> list[str]:
    """The words of a list of Tcl, in which OOMMF writes names and units."""
    return ["".join(groups) for groups in _WORDS.findall(text)]
