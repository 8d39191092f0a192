"""Atomic orbitals as real tensors: vectors for p, traceless symmetric matrices for d.

An orbital is f(r) = v.r or f(r) = r.Q.r times a function of |r|, so that rotations, angular momentum and two-centre
integrals are tensor algebra, with no Euler angles and no tables of angles.
"""

import numpy as np

_X, _Y, _Z = np.eye(3)


def _pair(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    product = np.outer(a, b) + np.outer(b, a)
    return product / np.linalg.norm(product)


P = {"px": _X, "py": _Y, "pz": _Z}
"""p orbitals as unit vectors."""

D = {
    "dxz": _pair(_X, _Z),
    "dyz": _pair(_Y, _Z),
    "dz2": np.diag([-1.0, -1.0, 2.0]) / np.sqrt(6),
    "dxy": _pair(_X, _Y),
    "dx2-y2": np.diag([1.0, -1.0, 0.0]) / np.sqrt(2),
}
"""d orbitals as traceless symmetric matrices of Frobenius norm 1."""

_EPSILON = np.array([np.cross(axis, np.eye(3)) for axis in np.eye(3)])  # (E_a)_bc = epsilon_abc


def angular_momentum(orbitals: tuple[str, ...]) -> np.ndarray:
    """L = -i r x nabla (in hbar) between orbitals of one shell on one atom: shape (3, n, n), axes x, y, z."""
    if orbitals[0] in P:
        basis = [P[name] for name in orbitals]
        return np.array([[[-1j * bra @ axis @ ket for ket in basis] for bra in basis] for axis in _EPSILON])
    basis = [D[name] for name in orbitals]
    return np.array(
        [[[-1j * np.sum(bra * (axis @ ket - ket @ axis)) for ket in basis] for bra in basis] for axis in _EPSILON]
    )


def rotation(orbitals: tuple[str, ...], turn: np.ndarray) -> np.ndarray:
    """How orbitals of one shell transform under an orthogonal matrix `turn` (3, 3): (n, n), columns are the images."""
    if orbitals[0] in P:
        basis = [P[name] for name in orbitals]
        return np.array([[bra @ turn @ ket for ket in basis] for bra in basis])
    basis = [D[name] for name in orbitals]
    return np.array([[np.sum(bra * (turn @ ket @ turn.T)) for ket in basis] for bra in basis])


def turn_about_z(angle: float) -> np.ndarray:
    """The rotation by an angle [rad] about z, (3, 3)."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


LAYER = ("dxz", "dyz", "pz-", "px-", "py-", "dz2", "dxy", "dx2-y2", "pz+", "px+", "py+")
"""The eleven orbitals of an MX2 layer in the order of Fang et al.: five odd under the mirror z -> -z, six even.

p+- is (upper + lower)/sqrt(2) or (upper - lower)/sqrt(2), whichever makes p_x-, p_y-, p_z- odd and the others even.
"""

PARITY = np.array([-1, -1, -1, -1, -1, 1, 1, 1, 1, 1, 1])
"""Mirror parity of the orbitals of `LAYER` under z -> -z."""

ON_METAL = np.array([name[0] == "d" for name in LAYER])
"""Which orbitals of `LAYER` sit on the metal."""


def _atomic() -> np.ndarray:
    columns = np.zeros((11, 11))
    for column, name in enumerate(LAYER):
        if name in D:
            columns[list(D).index(name), column] = 1
            continue
        component = list(P).index(name[:2])
        lower = PARITY[column] * (-1 if name[:2] == "pz" else 1)  # the mirror also turns p_z over
        columns[[5 + component, 8 + component], column] = np.array([1, lower]) / np.sqrt(2)
    return columns


ATOMIC = _atomic()
"""Orbitals of `LAYER` as columns over the atomic ones: d of M in the order of `D`, p of upper X, p of lower X."""


def _over_shells(d: np.ndarray, p: np.ndarray) -> np.ndarray:
    """An operator on M, and the same one on both X, between the orbitals of `LAYER`."""
    atoms = np.zeros((11, 11), dtype=d.dtype)
    atoms[:5, :5], atoms[5:8, 5:8], atoms[8:, 8:] = d, p, p
    return ATOMIC.T @ atoms @ ATOMIC


def layer_rotation(turn: np.ndarray) -> np.ndarray:
    """How `LAYER` transforms under an orthogonal matrix (3, 3) that keeps the layers apart: (11, 11)."""
    return _over_shells(rotation(tuple(D), turn), rotation(tuple(P), turn))


def layer_angular_momentum() -> tuple[np.ndarray, np.ndarray]:
    """L (hbar) of the metal's d shell, and of both chalcogens' p shells, between orbitals of `LAYER`: (3, 11, 11)."""
    nothing_d, nothing_p = np.zeros((5, 5), dtype=complex), np.zeros((3, 3), dtype=complex)
    d, p = angular_momentum(tuple(D)), angular_momentum(tuple(P))
    return (
        np.array([_over_shells(axis, nothing_p) for axis in d]),
        np.array([_over_shells(nothing_d, axis) for axis in p]),
    )
