"""The demagnetizing tensor of a mesh with its periodic images: a stated number of them, or infinitely many.

Far images make a smooth field: it is summed at Chebyshev nodes of the period and interpolated to the cells. Infinitely
many are the limit of growing boxes of images, whose remainder is a series in known powers of the size of the box
(Euler and Maclaurin), eliminated as Richardson does.
"""

import math
from collections.abc import Sequence

import numpy as np

from jaxspin.micromagnetics.newell import COMPONENTS, NEAR, brick_tensor

NODES = 14  # Chebyshev: the nearest pole lies 7 half-periods from the middle, so the error is 14^-14
LEVELS = (2, 3, 4, 6, 8)  # box sizes of the Richardson limit, in supercells on each side
_CHUNK = 200_000  # offsets evaluated at once: some 50 MB


def tensor_table(
    shape: tuple[int, int, int],
    cell: tuple[float, float, float],
    periodic: tuple[bool, bool, bool],
    images: tuple[int, int, int] | None,
) -> np.ndarray:
    """N between cells of the mesh (0, 0, 0) and (i, j, k), i, j, k >= 0; other signs follow by symmetry.

    Arguments:
        shape, cell, periodic: as of `Mesh`, cell in m.
        images: copies on each side along each periodic axis; None for infinitely many.

    Returns:
        (6, ax, ay, az) the components `newell.COMPONENTS`, with n cells along an open axis and n//2 + 1 along a
        periodic one, whose others are mirror images.
    """
    lines = [h * np.arange(n // 2 + 1 if wraps else n) for n, h, wraps in zip(shape, cell, periodic, strict=True)]
    if not any(periodic):
        return brick_tensor(_grid(lines), cell)
    period = np.array([n * h for n, h in zip(shape, cell, strict=True)])
    near = np.array(
        [math.ceil(NEAR * max(cell) / p) + 1 if wraps else 0 for p, wraps in zip(period, periodic, strict=True)]
    )
    if images is not None:
        counts = np.where(periodic, images, 0)
        near = np.minimum(near, counts)
    found = _summed(lines, _box(near), period, cell)
    each = [_interpolation(line, p, w) for line, p, w in zip(lines, period, periodic, strict=True)]
    nodes, matrices = [nodes for nodes, _ in each], [matrix for _, matrix in each]
    if images is not None:
        far = _summed(nodes, _shell(near, counts), period, cell)
    else:
        far = _limit(nodes, near, period, cell, periodic)
    found += np.einsum("xa,yb,zc,iabc->ixyz", *matrices, far, optimize=True)
    for row, (i, j) in enumerate(COMPONENTS):
        for axis in {i, j} if i != j else ():
            if periodic[axis] and shape[axis] % 2 == 0:  # half a period away on either side: odd components cancel
                np.moveaxis(found[row], axis, 0)[-1] = 0.0
    return found


def _limit(
    nodes: Sequence[np.ndarray],
    near: np.ndarray,
    period: np.ndarray,
    cell: tuple[float, float, float],
    periodic: tuple[bool, bool, bool],
) -> np.ndarray:
    """Sum over all images beyond the near ones, by boxes of about equal sides, each some times as large as the mesh."""
    largest = max(*period, NEAR * max(cell))
    supercell = np.array(
        [2 * round(largest / (2 * p)) + 1 if wraps else 1 for p, wraps in zip(period, periodic, strict=True)]
    )
    first = 1 if sum(periodic) == 2 else 2  # the remainder falls as the size^-1 in two dimensions, ^-2 in one
    sums, inner = [np.zeros((6, *map(len, nodes)))], near
    for level in LEVELS:
        outer = np.where(periodic, level * supercell + supercell // 2, 0)
        sums.append(sums[-1] + _summed(nodes, _shell(inner, outer), period, cell))
        inner = outer
    size = np.array(LEVELS) + 0.5
    powers = np.array([0, *(first + 2 * k for k in range(len(LEVELS) - 1))])
    weights = np.linalg.solve((1 / size[:, None] ** powers).T, np.eye(len(LEVELS))[0])
    return np.einsum("l,l...->...", weights, np.stack(sums[1:]))


def _summed(
    lines: Sequence[np.ndarray], images: np.ndarray, period: np.ndarray, cell: tuple[float, float, float]
) -> np.ndarray:
    """Sum of N over images, at every point of a grid."""
    grid = _grid(lines)
    total = np.zeros((6, *grid.shape[:-1]))
    each = max(1, _CHUNK // (grid.size // 3))
    for start in range(0, len(images), each):
        shifts = (images[start : start + each] * period)[:, None, None, None]
        total += brick_tensor(grid + shifts, cell).sum(axis=1)
    return total


def _interpolation(line: np.ndarray, period: float, wraps: bool) -> tuple[np.ndarray, np.ndarray]:
    """Nodes along an axis, and the matrix from values there to values at the cells."""
    if not wraps or len(line) <= NODES:
        return line, np.eye(len(line))
    angles = (np.arange(NODES) + 0.5) * np.pi / NODES
    orders = np.arange(NODES)
    to_series = 2 / NODES * np.cos(np.outer(orders, angles))
    to_series[0] /= 2
    u = 4 * line / period - 1  # half a period, [0, p/2], on [-1, 1]
    return period / 4 * (1 + np.cos(angles)), np.cos(np.outer(np.arccos(np.clip(u, -1, 1)), orders)) @ to_series


def _box(half: np.ndarray) -> np.ndarray:
    """(images, 3) all n with |n| <= half along each axis."""
    return _grid([np.arange(-count, count + 1) for count in half]).reshape(-1, 3)


def _shell(inner: np.ndarray, outer: np.ndarray) -> np.ndarray:
    """The images of the outer box that are not in the inner one."""
    images = _box(outer)
    return images[np.any(np.abs(images) > inner, axis=1)]


def _grid(lines: Sequence[np.ndarray]) -> np.ndarray:
    return np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1)
