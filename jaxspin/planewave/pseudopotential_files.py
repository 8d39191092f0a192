"""Readers of pseudopotential tables: CP2K's GTH text (with or without spin-orbit part) and ABINIT's HGH files.

Hartree atomic units in the files as inside.
"""

import math
from collections.abc import Iterator
from os import PathLike
from pathlib import Path

import numpy as np

from jaxspin.planewave.pseudopotential import MOST, Pseudopotential, pseudopotential, symmetric

_SYMBOLS = [
    "H",
    "He",
    "Li",
    "Be",
    "B",
    "C",
    "N",
    "O",
    "F",
    "Ne",
    "Na",
    "Mg",
    "Al",
    "Si",
    "P",
    "S",
    "Cl",
    "Ar",
    "K",
    "Ca",
    "Sc",
    "Ti",
    "V",
    "Cr",
    "Mn",
    "Fe",
    "Co",
    "Ni",
    "Cu",
    "Zn",
    "Ga",
    "Ge",
    "As",
    "Se",
    "Br",
    "Kr",
    "Rb",
    "Sr",
    "Y",
    "Zr",
    "Nb",
    "Mo",
    "Tc",
    "Ru",
    "Rh",
    "Pd",
    "Ag",
    "Cd",
    "In",
    "Sn",
    "Sb",
    "Te",
    "I",
    "Xe",
    "Cs",
    "Ba",
    "La",
    "Ce",
    "Pr",
    "Nd",
    "Pm",
    "Sm",
    "Eu",
    "Gd",
    "Tb",
    "Dy",
    "Ho",
    "Er",
    "Tm",
    "Yb",
    "Lu",
    "Hf",
    "Ta",
    "W",
    "Re",
    "Os",
    "Ir",
    "Pt",
    "Au",
    "Hg",
    "Tl",
    "Pb",
    "Bi",
    "Po",
    "At",
    "Rn",
]


class _Lines:
    """The lines of a file as lists of words, from a place on; every error says the file and the line."""

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(path)
        self.number = 0
        self._lines = iter(self.path.read_text(encoding="utf-8").splitlines())

    def fault(self, what: str) -> ValueError:
        return ValueError(f"{self.path}, line {self.number}: {what}")

    def __iter__(self) -> Iterator[list[str]]:
        for line in self._lines:
            self.number += 1
            words = line.split("#")[0].split()
            if words:
                yield words

    def next(self, what: str, least: int = 1) -> list[str]:
        for words in self:
            if len(words) < least:
                raise self.fault(f"expected {what}, at least {least} words, got {' '.join(words)!r}")
            return words
        raise self.fault(f"the file ends where {what} should be")

    def numbers(self, words: list[str], what: str) -> list[float]:
        try:
            return [float(word.lower().replace("d", "e")) for word in words]
        except ValueError:
            raise self.fault(f"expected {what} as numbers, got {' '.join(words)!r}") from None

    def count(self, word: str, what: str, most: int) -> int:
        if not word.isdigit() or int(word) > most:
            raise self.fault(f"expected {what}, an integer from 0 to {most}, got {word!r}")
        return int(word)

    def triangle(self, words: list[str], n: int, what: str) -> np.ndarray:
        """An upper triangle of n rows, the first of which begins in `words`; the others stand in lines of their own."""
        values = self.numbers(words, what)
        while len(values) < n * (n + 1) // 2:
            values += self.numbers(self.next(what), what)
        if len(values) > n * (n + 1) // 2:
            raise self.fault(f"{what} has {n * (n + 1) // 2} numbers for {n} projectors, got {len(values)}")
        return symmetric(values)


def read_cp2k(path: str | PathLike[str], element: str, name: str) -> Pseudopotential:
    """A pseudopotential from a file in CP2K's format, such as its data/GTH_POTENTIALS or data/GTH_SOC_POTENTIALS.

    Arguments:
        path: of the file.
        element: chemical symbol.
        name: or alias of the entry, such as "GTH-PBE-q6".

    Raises:
        KeyError: where the file has no such entry; names those of the element, or the elements.
        ValueError: with file and line, where the text breaks the format; for core corrections.
    """
    lines = _Lines(path)
    entries: dict[str, list[str]] = {}
    for words in lines:
        if words[0] not in _SYMBOLS or len(words) < 2 or _is_number(words[1]):
            continue
        entries.setdefault(words[0], []).append(words[1])
        if words[0] == element and name in words[1:]:
            return _cp2k_entry(lines, element, name)
    if element in entries:
        raise KeyError(f"{lines.path}: no {name!r} for {element} (known: {', '.join(entries[element])})")
    raise KeyError(f"{lines.path}: no entry for {element!r} (known elements: {', '.join(entries)})")


def _cp2k_entry(lines: _Lines, element: str, name: str) -> Pseudopotential:
    charge = sum(lines.count(word, "electrons of a shell", 99) for word in lines.next("electrons by shell"))
    r_local, count, *c = lines.next("range and coefficients of the local part", 2)
    coefficients = lines.numbers(c, "the local coefficients")
    if len(coefficients) != lines.count(count, "the number of local coefficients", 4):
        raise lines.fault(f"{count} local coefficients announced, got {len(coefficients)}")
    first = lines.next("the number of channels")
    if not first[0].isdigit() or first[1:] not in ([], ["SOC"]):
        raise lines.fault(f"{' '.join(first)!r} is not supported: only GTH potentials without core correction are")
    with_spin_orbit = len(first) > 1
    channels = []
    for l in range(lines.count(first[0], "the number of channels", 4)):
        radius, count, *words = lines.next(f"the projectors for l = {l}", 2)
        n = lines.count(count, "the number of projectors", MOST)
        h = lines.triangle(words, n, f"h_ij for l = {l}")
        k = np.zeros((n, n))
        if with_spin_orbit and l > 0 and n > 0:
            k = lines.triangle(lines.next(f"k_ij for l = {l}"), n, f"k_ij for l = {l}")
        channels.append((lines.numbers([radius], "a radius")[0], h, k))
    [r_local] = lines.numbers([r_local], "the local range")
    return pseudopotential(element, charge, r_local, coefficients, channels, f"{element}-{name}")


def read_hgh(path: str | PathLike[str]) -> Pseudopotential:
    """A pseudopotential from one of ABINIT's HGH files: pspcod 3 (diagonal coefficients) or 10 (whole triangles).

    For pspcod 3 the off-diagonal coefficients follow from orthogonality, Eqs. (20) to (28) of Hartwigsen, Goedecker,
    Hutter, Phys. Rev. B 58, 3641 (1998).

    Raises:
        ValueError: with file and line, where the text breaks the format.
    """
    lines = _Lines(path)
    lines.next("the title")
    number, charge = lines.numbers(lines.next("atomic number and charge", 2)[:2], "atomic number and charge")
    if not 1 <= number <= len(_SYMBOLS):
        raise lines.fault(f"atomic number {number:g} is out of range, 1 to {len(_SYMBOLS)}")
    code, _, highest = (
        int(word) for word in lines.numbers(lines.next("pspcod, pspxc, lmax", 3)[:3], "pspcod, pspxc, lmax")
    )
    if code not in (3, 10) or not 0 <= highest <= 3:
        raise lines.fault(f"expected pspcod 3 or 10 and lmax from 0 to 3, got {code} and {highest}")
    element = _SYMBOLS[int(number) - 1]
    read = _diagonal_entry if code == 3 else _whole_entry
    r_local, coefficients, channels = read(lines, highest)
    return pseudopotential(element, round(charge), r_local, coefficients, channels, Path(path).stem)


def _diagonal_entry(lines: _Lines, highest: int):
    """rloc c1 c2 c3 c4, then by channel r h11 h22 h33 and, for l > 0, k11 k22 k33; zeros fill up."""
    r_local, *c = _leading_numbers(lines, lines.next("rloc and c1 to c4"))
    channels = []
    for l in range(highest + 1):
        radius, *h = _leading_numbers(lines, lines.next(f"projectors for l = {l}"))
        k = _leading_numbers(lines, lines.next(f"spin-orbit part for l = {l}")) if l > 0 else []
        h, k = (np.array([*row[:3], *[0.0] * (3 - len(row))]) for row in (h, k))
        n = max([i + 1 for i in range(3) if h[i] or k[i]], default=0)
        channels.append((radius, _orthogonal(h, l)[:n, :n], _orthogonal(k, l)[:n, :n]))
    while channels and len(channels[-1][1]) == 0:
        channels.pop()
    return r_local, c[:4], channels


def _whole_entry(lines: _Lines, highest: int):
    """rloc n c1 ...; number of channels; by channel r n and the triangle of h, for l > 0 that of k."""
    r_local, count, *c = _leading_numbers(lines, lines.next("rloc, number of c, c", 2))
    [number] = _leading_numbers(lines, lines.next("the number of channels"))[:1]
    if number > highest + 1:
        raise lines.fault(f"{number:g} channels announced, but lmax is {highest}")
    channels = []
    for l in range(int(number)):
        words = lines.next(f"projectors for l = {l}", 2)
        n = lines.count(words[1], "the number of projectors", MOST)
        radius, *first = _leading_numbers(lines, words)
        triangles = [_rows(lines, first[1:], n, f"h_ij for l = {l}")]
        if l > 0:
            triangles.append(_rows(lines, None, n, f"k_ij for l = {l}"))
        h, k = (*triangles, np.zeros((n, n)))[:2]
        channels.append((radius, h, k))
    return r_local, c[: int(count)], channels


def _rows(lines: _Lines, first: list[float] | None, n: int, what: str) -> np.ndarray:
    """An upper triangle with a line for each row, remarks behind the numbers."""
    values: list[float] = []
    for i in range(n):
        row = first if first is not None and i == 0 else _leading_numbers(lines, lines.next(what))
        if len(row) < n - i:
            raise lines.fault(f"row {i + 1} of {what} needs {n - i} numbers, got {len(row)}")
        values += row[: n - i]
    return symmetric(values)


def _leading_numbers(lines: _Lines, words: list[str]) -> list[float]:
    """The numbers that a line begins with; ABINIT puts remarks behind them."""
    numbers = []
    for word in words:
        if not _is_number(word):
            break
        numbers.append(float(word.lower().replace("d", "e")))
    if not numbers:
        raise lines.fault(f"expected numbers, got {' '.join(words)!r}")
    return numbers


def _orthogonal(diagonal: np.ndarray, l: int) -> np.ndarray:
    """The matrix of coefficients whose diagonal is published, Eqs. (20) to (28); l = 3 has one projector."""
    if l > 2:
        return np.diag(diagonal)
    r = math.sqrt
    of_22 = (-r(3 / 5) / 2, -r(5 / 7) / 2, -r(7 / 9) / 2)[l]
    of_33 = ((r(5 / 21) / 2, -r(100 / 63) / 2), (r(35 / 11) / 6, -14 / r(11) / 6), (r(63 / 143) / 2, -9 / r(143)))[l]
    _, second, third = diagonal
    upper = np.array([[0, of_22 * second, of_33[0] * third], [0, 0, of_33[1] * third], [0, 0, 0]])
    return np.diag(diagonal) + upper + upper.T


def _is_number(word: str) -> bool:
    try:
        float(word.lower().replace("d", "e"))
    except ValueError:
        return False
    return True
