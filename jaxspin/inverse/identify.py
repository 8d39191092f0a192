"""What the data cannot tell, by name: the null directions of the Jacobian in words a physicist would use."""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxspin.inverse.result import FitResult


@dataclasses.dataclass(frozen=True)
class NullDirection:
    """A combination of parameters that changes no prediction: weights in scaled coordinates, and a line of text."""

    weights: dict[str, float]
    text: str


def null_directions(result: "FitResult") -> list[NullDirection]:
    """Every direction that the data, without priors, leave open, as few parameters in each as can be."""
    laplace, space = result.optimum.laplace, result.problem.space
    basis = _sparse(np.asarray(laplace.directions)[np.asarray(laplace.unseen)])
    logarithmic = {n: b.lower >= 0 or b.upper <= 0 for n, b in zip(space.free, space.bijections, strict=True)}
    coordinate = {}
    for name, unit in zip(space.free, laplace.unit, strict=True):
        size = f"({float(unit):.3g} {space.quantity(name).unit})".replace(" 1)", ")")
        coordinate[name] = f"log {name}" if logarithmic[name] else f"{name}/{size}"
    found = []
    for row in basis:
        weights = {name: float(w) for name, w in zip(space.free, row, strict=True) if abs(w) > 0.02}
        combination = " ".join(f"{w:+.2f} {coordinate[name]}" for name, w in weights.items())
        found.append(NullDirection(weights, f"{_sentence(weights, logarithmic)} [{combination} is undetermined]"))
    return found


def _sentence(weights: dict[str, float], logarithmic: dict[str, bool]) -> str:
    names = list(weights)
    if len(names) == 1:
        return f"{names[0]}: no datum depends on it"
    listed = " and ".join([", ".join(names[:-1]), names[-1]])
    first, *rest = weights.values()
    if len(names) == 2 and all(logarithmic[name] for name in names) and abs(abs(first) - abs(rest[0])) < 0.02:
        return f"{listed}: only their {'product' if first * rest[0] < 0 else 'ratio'} is determined"
    return f"{listed}: only {len(names) - 1} of their {len(names)} combinations are determined"


def _sparse(rows: np.ndarray) -> np.ndarray:
    """A basis of the same space with as many zeros as elimination gives, each row of length one, leading sign +.

    Several null directions come out of a singular value decomposition in an arbitrary mixture; Gauss-Jordan
    elimination with full pivoting separates, say, one undetermined product from another.
    """
    rows = rows.copy()
    for i in range(len(rows)):
        best, column = np.unravel_index(np.argmax(np.abs(rows[i:])), rows[i:].shape)
        rows[[i, i + best]] = rows[[i + best, i]]
        rows[i] /= rows[i, column]
        for j in range(len(rows)):
            if j != i:
                rows[j] -= rows[j, column] * rows[i]
    for row in rows:
        row /= np.linalg.norm(row)
        row *= np.sign(row[np.argmax(np.abs(row) > 0.1)])
    return rows
