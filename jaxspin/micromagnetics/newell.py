"""The demagnetizing tensor between two equal bricks, averaged over both: H_i = -sum_j N_ij M_j. By NumPy, once a mesh.

Near: the closed form of Newell, Williams and Dunlop, J. Geophys. Res. 98, 9551 (1993), in extended precision, since its
27 terms cancel to R^-6 of their size. Far: the field of a point dipole averaged by a Gauss rule over both bricks, whose
error falls as (h/R)^(2 n). Where one takes over from the other they agree to 1e-15; the error of N is nowhere larger.
"""

from itertools import product

import numpy as np

COMPONENTS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
"""The components (i, j) of N in the order in which tables hold them: xx, yy, zz, xy, xz, yz."""

# nodes that a Gauss rule needs beyond this many longest edges h: relative error (2n + 2)(2n + 1)/2 (2R/h)^(-2n) < 1e-11
_RULES = ((8.0, 6), (30.0, 4), (100.0, 3), (1500.0, 2))
NEAR = _RULES[0][0]
"""Distance in longest edges from which the Gauss rule replaces the closed form."""


def brick_tensor(offsets: np.ndarray, cell: tuple[float, float, float]) -> np.ndarray:
    """N between two equal bricks whose centres lie `offsets` apart.

    Arguments:
        offsets: (..., 3) [m].
        cell: edges of the brick [m].

    Returns:
        (6, ...) the components `COMPONENTS`, dimensionless; at zero offset they are the demagnetizing factors.
    """
    edge = max(cell)
    points = np.reshape(offsets, (-1, 3)) / edge
    h = np.asarray(cell) / edge
    found = np.empty((6, len(points)))
    far = np.linalg.norm(points, axis=1)
    found[:, far < NEAR] = _closed_form(points[far < NEAR], h)
    ends = [start for start, _ in _RULES[1:]] + [np.inf]
    for (start, count), end in zip(_RULES, ends, strict=True):
        within = (far >= start) & (far < end)
        found[:, within] = _averaged_dipole(points[within], h, count)
    return found.reshape(6, *np.shape(offsets)[:-1])


def _closed_form(points: np.ndarray, h: np.ndarray) -> np.ndarray:
    """Newell's f and g, their second differences along x, y and z: -d2x d2y d2z f/(4 pi V)."""
    found = np.zeros((6, len(points)), dtype=np.longdouble)
    at, step = points.astype(np.longdouble), h.astype(np.longdouble)
    for shift in product((-1, 0, 1), repeat=3):
        weight = 8 / (-2) ** sum(map(abs, shift))
        x = (at + step * shift).T
        for row, (i, j) in enumerate(COMPONENTS):
            if i == j:
                found[row] += weight * _f(*x[[i, (i + 1) % 3, (i + 2) % 3]])
            else:
                found[row] += weight * _g(*x[[i, j, 3 - i - j]])
    return found / (4 * np.longdouble(np.pi) * step.prod())


def _f(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Newell's f, even in all: its sixth difference is N_xx."""
    r = np.sqrt(x * x + y * y + z * z)
    return (
        y / 2 * (z * z - x * x) * asinh_ratio(y, x, z)
        + z / 2 * (y * y - x * x) * asinh_ratio(z, x, y)
        - x * y * z * atan_ratio(y * z, x * r)
        + (2 * x * x - y * y - z * z) * r / 6
    )


def _g(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Newell's g, odd in x and in y, even in z: its sixth difference is N_xy."""
    r = np.sqrt(x * x + y * y + z * z)
    return (
        x * y * z * asinh_ratio(z, x, y)
        + y / 6 * (3 * z * z - y * y) * asinh_ratio(x, y, z)
        + x / 6 * (3 * z * z - x * x) * asinh_ratio(y, x, z)
        - z**3 / 6 * atan_ratio(x * y, z * r)
        - z * y * y / 2 * atan_ratio(x * z, y * r)
        - z * x * x / 2 * atan_ratio(y * z, x * r)
        - x * y * r / 3
    )


def asinh_ratio(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """asinh(a/sqrt(b^2 + c^2)); 0 on the axis b = c = 0, where every factor in front vanishes."""
    across = np.sqrt(b * b + c * c)
    return np.arcsinh(np.divide(a, across, out=np.zeros_like(a), where=across > 0))


def atan_ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """atan(a/b); 0 where b = 0, where every factor in front vanishes."""
    return np.arctan(np.divide(a, b, out=np.zeros_like(a), where=b != 0))


def _averaged_dipole(points: np.ndarray, h: np.ndarray, count: int) -> np.ndarray:
    """Mean of V/(4 pi) (delta_ij/r^3 - 3 r_i r_j/r^5) over both bricks: a hat's weight on their difference."""
    nodes, weights = _hat_rule(count)
    found = np.zeros((6, len(points)))
    if not len(points):
        return found
    for at in product(range(count), repeat=3):
        x = (points + h * nodes[list(at)]).T
        inverse = 1 / np.einsum("ik,ik->k", x, x)
        scale = weights[list(at)].prod() * inverse * np.sqrt(inverse)
        slope = 3 * inverse * scale
        for row, (i, j) in enumerate(COMPONENTS):
            found[row] += (scale if i == j else 0.0) - slope * x[i] * x[j]
    return found * h.prod() / (4 * np.pi)


def _hat_rule(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss rule for the weight 1 - |u| on [-1, 1], by the three-term recurrence of its orthogonal polynomials."""
    half, weight = np.polynomial.legendre.leggauss(2 * count + 2)
    u = np.concatenate([(half - 1) / 2, (half + 1) / 2])
    w = np.concatenate([weight, weight]) / 2 * (1 - np.abs(u))
    before, now, norms = np.zeros_like(u), np.ones_like(u), [np.sum(w)]
    for order in range(1, count):
        # the weight is even: p_(k+1) = u p_k - b_k p_(k-1), b_k the ratio of successive norms
        ratio = norms[-1] / norms[-2] if order > 1 else 0.0
        before, now = now, u * now - ratio * before
        norms.append(np.sum(w * now * now))
    beside = np.sqrt(np.divide(norms[1:], norms[:-1]))
    nodes, vectors = np.linalg.eigh(np.diag(beside, 1) + np.diag(beside, -1))
    return nodes, norms[0] * vectors[0] ** 2
