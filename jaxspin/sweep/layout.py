"""How a design is cut into chunks: blocks of its dimensions that hold consecutive points."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

LARGEST = 65536
"""Points of a chunk at most, unless asked for: some megabytes on disk."""

_PARTS = 4  # so many chunks at least, where nothing is asked for: progress, and work for several processes


@dataclasses.dataclass(frozen=True)
class Layout:
    """A grid of `shape` in chunks of shape `chunk`; chunks and points are numbered in row-major order."""

    shape: tuple[int, ...]
    chunk: tuple[int, ...]

    @property
    def chunks(self) -> tuple[int, ...]:
        """Number of chunks along each dimension."""
        return tuple(-(-length // size) for length, size in zip(self.shape, self.chunk, strict=True))

    @property
    def count(self) -> int:
        """Number of chunks."""
        return math.prod(self.chunks)

    @property
    def points(self) -> int:
        """Points of a whole chunk."""
        return math.prod(self.chunk)

    def place(self, number: int) -> tuple[int, ...]:
        """Where a chunk lies in the grid of chunks."""
        return tuple(int(place) for place in np.unravel_index(number, self.chunks))

    def block(self, number: int) -> tuple[slice, ...]:
        """The part of the design that a chunk holds."""
        places = zip(self.place(number), self.chunk, self.shape, strict=True)
        return tuple(slice(place * size, min((place + 1) * size, length)) for place, size, length in places)

    def index(self, number: int) -> Int[np.ndarray, " n"]:
        """Numbers of the points in a chunk, in the order of its block."""
        ranges = np.ix_(*(np.arange(part.start, part.stop) for part in self.block(number)))
        return np.ravel(np.ravel_multi_index(ranges, self.shape))

    def length(self, number: int) -> int:
        """How many points a chunk holds."""
        return math.prod(part.stop - part.start for part in self.block(number))


def default_points(size: int) -> int:
    """Points of a chunk: a quarter of the design, and no more than `LARGEST`."""
    return min(LARGEST, -(-size // _PARTS))


def layout(shape: Sequence[int], points: int | None = None) -> Layout:
    """Cut a design into chunks of at most `points` points, whole rows of its last dimensions as far as they fit.

    Chunks are about equally large, since a smaller one is computed as if it were whole.

    Raises `ValueError` for a number of points below one.
    """
    if points is not None and points < 1:
        raise ValueError(f"chunk: {points} points; expected 1 or more")
    left, chunk = points or default_points(math.prod(shape)), []
    for length in reversed(shape):
        most = max(1, min(length, left))
        chunk.append(-(-length // -(-length // most)))
        left //= chunk[-1]
    return Layout(tuple(shape), tuple(reversed(chunk)))
