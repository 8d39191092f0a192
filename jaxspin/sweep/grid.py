"""Designs: which points a sweep visits. Any point follows from its number, so that millions are never built at once.

    product({"delta": np.linspace(0.01, 0.07, 256), "layer_thickness": np.geomspace(0.5e-9, 2e-9, 256)})
    sobol({"delta": (0.01, 0.07), "layer_thickness": (0.5e-9, 2e-9)}, 4096, log=("layer_thickness",))

Names are those of a task's inputs (a model's parameters and controls), numbers are in their declared units.
"""

import abc
import dataclasses
import hashlib
import math
import warnings
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np
from jaxtyping import ArrayLike, Float, Int

from jaxspin.core import unknown_name
from jaxspin.sweep.permutation import permuted, uniform

Points = dict[str, Float[np.ndarray, " n"]]

_LISTED = 64  # values of an axis that are written out in a specification; of more, a digest


@dataclasses.dataclass(frozen=True, eq=False)
class Grid(abc.ABC):
    """A numbered set of points, in the row-major order of its dimensions.

    `coordinates` are the values along each dimension, by name; designs without axes have the one dimension "point".
    """

    @property
    @abc.abstractmethod
    def names(self) -> tuple[str, ...]:
        """What varies."""

    @property
    @abc.abstractmethod
    def dims(self) -> tuple[str, ...]:
        """Names of the dimensions."""

    @property
    @abc.abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Length of each dimension."""

    @abc.abstractmethod
    def points(self, index: Int[np.ndarray, " n"]) -> Points:
        """Values of each name at the points of these numbers."""

    @abc.abstractmethod
    def describe(self) -> dict[str, Any]:
        """The design as plain numbers, texts, lists and mappings: equal for equal designs only."""

    @abc.abstractmethod
    def extent(self) -> dict[str, tuple[float, float]]:
        """The smallest and largest value of each name."""

    @property
    def size(self) -> int:
        """How many points there are."""
        return math.prod(self.shape)


@dataclasses.dataclass(frozen=True, eq=False)
class Product(Grid):
    """Every combination of the values of its axes, the last axis running fastest."""

    axes: dict[str, Float[np.ndarray, " n"]]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.axes)

    @property
    def dims(self) -> tuple[str, ...]:
        return tuple(self.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(values) for values in self.axes.values())

    def points(self, index: Int[np.ndarray, " n"]) -> Points:
        places = np.unravel_index(index, self.shape)
        return {name: values[place] for (name, values), place in zip(self.axes.items(), places, strict=True)}

    def describe(self) -> dict[str, Any]:
        return {"design": "product", "axes": {name: _written(values) for name, values in self.axes.items()}}

    def extent(self) -> dict[str, tuple[float, float]]:
        return {name: (float(values.min()), float(values.max())) for name, values in self.axes.items()}


@dataclasses.dataclass(frozen=True, eq=False)
class Zipped(Grid):
    """Points listed one by one: the k-th takes the k-th value of every column."""

    columns: dict[str, Float[np.ndarray, " n"]]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.columns)

    @property
    def dims(self) -> tuple[str, ...]:
        return ("point",)

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(next(iter(self.columns.values()))),)

    def points(self, index: Int[np.ndarray, " n"]) -> Points:
        return {name: values[index] for name, values in self.columns.items()}

    def describe(self) -> dict[str, Any]:
        return {"design": "zip", "axes": {name: _written(values) for name, values in self.columns.items()}}

    def extent(self) -> dict[str, tuple[float, float]]:
        return {name: (float(values.min()), float(values.max())) for name, values in self.columns.items()}


@dataclasses.dataclass(frozen=True, eq=False)
class _Scattered(Grid):
    """Points scattered over a box; names in `log` are even in their logarithm."""

    ranges: dict[str, tuple[float, float]]
    count: int
    seed: int
    log: tuple[str, ...]
    _design: ClassVar[str]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.ranges)

    @property
    def dims(self) -> tuple[str, ...]:
        return ("point",)

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.count,)

    def points(self, index: Int[np.ndarray, " n"]) -> Points:
        found = {}
        for (name, (lower, upper)), fraction in zip(self.ranges.items(), self._fractions(index).T, strict=True):
            if name in self.log:
                found[name] = lower * np.exp(math.log(upper / lower) * fraction)
            else:
                found[name] = lower + (upper - lower) * fraction
        return found

    def describe(self) -> dict[str, Any]:
        axes = {name: {"from": a, "to": b, "log": name in self.log} for name, (a, b) in self.ranges.items()}
        return {"design": self._design, "axes": axes, "points": self.count, "design_seed": self.seed}

    def extent(self) -> dict[str, tuple[float, float]]:
        return dict(self.ranges)

    @abc.abstractmethod
    def _fractions(self, index: Int[np.ndarray, " n"]) -> Float[np.ndarray, "n names"]:
        """Points of the unit cube."""


@dataclasses.dataclass(frozen=True, eq=False)
class Sobol(_Scattered):
    """Scrambled Sobol points (scipy.stats.qmc): any 2^k of them, taken in order, fill the box evenly."""

    _design = "sobol"

    def _fractions(self, index: Int[np.ndarray, " n"]) -> Float[np.ndarray, "n names"]:
        from scipy.stats import qmc

        if not len(index):
            return np.zeros((0, len(self.ranges)))
        first, last = int(index.min()), int(index.max())
        sequence = qmc.Sobol(len(self.ranges), rng=self.seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that this piece is no power of two: the whole decides
            if first:
                sequence.fast_forward(first)
            return sequence.random(last - first + 1)[index - first]


@dataclasses.dataclass(frozen=True, eq=False)
class LatinHypercube(_Scattered):
    """One point in each of n equal slices along every axis (McKay et al., Technometrics 21, 239 (1979))."""

    _design = "latin-hypercube"

    def _fractions(self, index: Int[np.ndarray, " n"]) -> Float[np.ndarray, "n names"]:
        columns = []
        for axis in range(len(self.ranges)):
            cell = permuted(index, self.count, seed=(self.seed, 2 * axis))
            columns.append((cell + uniform(index, seed=(self.seed, 2 * axis + 1))) / self.count)
        return np.stack(columns, axis=1)


def product(axes: Mapping[str, Float[ArrayLike, " n"]]) -> Product:
    """Every combination of the axes' values (in declared units), the last axis running fastest.

    Raises `ValueError` for an axis that is empty, not one-dimensional or not finite.
    """
    return Product(_checked(axes))


def zipped(columns: Mapping[str, Float[ArrayLike, " n"]]) -> Zipped:
    """Points listed one by one (in declared units). Raises `ValueError` as `product`, and for unequal lengths."""
    checked = _checked(columns)
    lengths = {name: len(values) for name, values in checked.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"grid: columns of unequal length {lengths}; expected one value a point in each")
    return Zipped(checked)


def sobol(ranges: Mapping[str, tuple[float, float]], points: int, *, seed: int = 0, log: Iterable[str] = ()) -> Sobol:
    """Scrambled Sobol points in the box of `ranges` (lower, upper; in declared units), even in the logarithm of `log`.

    Raises `ValueError` for an empty range, no points, and a range with `log` that is not positive.
    """
    return Sobol(*_checked_box(ranges, points, log, 2**30), seed, tuple(log))


def latin_hypercube(
    ranges: Mapping[str, tuple[float, float]], points: int, *, seed: int = 0, log: Iterable[str] = ()
) -> LatinHypercube:
    """A Latin hypercube of `points` in the box of `ranges`; arguments and errors as those of `sobol`."""
    return LatinHypercube(*_checked_box(ranges, points, log, 2**62), seed, tuple(log))


def _checked(axes: Mapping[str, ArrayLike]) -> dict[str, np.ndarray]:
    if not axes:
        raise ValueError("grid: no axis; expected at least one name with its values")
    checked = {}
    for name, values in axes.items():
        array = np.array(values, dtype=np.float64)
        if array.ndim != 1 or not array.size:
            raise ValueError(f"grid: axis {name!r} has shape {array.shape}; expected a list of at least one number")
        if not np.isfinite(array).all():
            raise ValueError(f"grid: axis {name!r} holds {array[~np.isfinite(array)][0]}; expected finite numbers")
        checked[name] = array
    return checked


def _checked_box(
    ranges: Mapping[str, tuple[float, float]], points: int, log: Iterable[str], most: int
) -> tuple[dict[str, tuple[float, float]], int]:
    if not ranges:
        raise ValueError("grid: no axis; expected at least one name with (lower, upper)")
    if not 1 <= points <= most:
        raise ValueError(f"grid: {points} points; expected 1 to {most}")
    for name in log:
        if name not in ranges:
            raise ValueError(f"grid: {unknown_name('axis in log', name, ranges)}")
    for name, (lower, upper) in ranges.items():
        if not (math.isfinite(lower) and math.isfinite(upper) and lower < upper):
            raise ValueError(f"grid: axis {name!r} runs from {lower} to {upper}; expected finite lower < upper")
        if name in log and not lower > 0:
            raise ValueError(f"grid: axis {name!r} begins at {lower}; a logarithmic axis needs positive values")
    return {name: (float(lower), float(upper)) for name, (lower, upper) in ranges.items()}, points


def _written(values: Float[np.ndarray, " n"]) -> Any:
    """Values as a list, or where there are many as their number, ends and digest."""
    if len(values) <= _LISTED:
        return values.tolist()
    digest = hashlib.sha256(np.ascontiguousarray(values, dtype="<f8").tobytes()).hexdigest()
    return {"count": len(values), "first": float(values[0]), "last": float(values[-1]), "sha256": digest}
