"""Meshes of k points, reduced by the symmetry of the crystal, and the operations that this needs.

k and positions are fractional: an operation takes the atom at x to W x + t, the density n(G) to
exp(-2 pi i G.t) n(W^T G) and a state at k to one at W^-T k.
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from jaxspin.planewave.crystal import Crystal


class Operations(NamedTuple):
    """Space-group operations x -> W x + t on fractional coordinates: `rotations` (o, 3, 3), `translations` (o, 3)."""

    rotations: Int[np.ndarray, "o 3 3"]
    translations: Float[np.ndarray, "o 3"]


IDENTITY = Operations(np.eye(3, dtype=int)[None], np.zeros((1, 3)))
"""No symmetry but the lattice."""


class KPoints(eqx.Module):
    """Points of the Brillouin zone with weights, and the operations that restore what reducing the mesh left out.

    Arguments:
        fractional: coordinates in units of the reciprocal lattice vectors, shape (k, 3).
        weights: sum 1, shape (k,).
        rotations: W of the operations, shape (o, 3, 3).
        translations: t of the operations, shape (o, 3).
    """

    fractional: Float[Array, "k 3"]
    weights: Float[Array, " k"]
    rotations: Int[Array, "o 3 3"]
    translations: Float[Array, "o 3"]


def symmetry_operations(crystal: Crystal, tolerance: float = 1e-5) -> Operations:
    """The space group of a (concrete) crystal, by spglib.

    Arguments:
        crystal: lattice and atoms.
        tolerance: by how much atoms may miss their images [bohr].

    Raises:
        ImportError: without spglib, with the line that installs it.
        ValueError: where spglib finds no space group.
    """
    try:
        import spglib
    except ImportError as error:
        raise ImportError("symmetry needs spglib: pip install 'jaxspin[planewave]', or give operations") from error
    kinds = sorted(set(crystal.species))
    numbers = [kinds.index(element) + 1 for element in crystal.species]
    cell: Any = (np.asarray(crystal.lattice), np.asarray(crystal.positions), numbers)
    found = spglib.get_symmetry(cell, symprec=tolerance)
    if found is None:
        raise ValueError(f"symmetry_operations: spglib finds no space group within {tolerance} bohr")
    return Operations(np.asarray(found["rotations"], dtype=int), np.asarray(found["translations"], dtype=float))


def monkhorst_pack(
    crystal: Crystal,
    mesh: tuple[int, int, int],
    *,
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0),
    operations: Operations | None = None,
) -> KPoints:
    """A regular mesh (i + shift)/n, one point of every star; k and -k are alike by time reversal.

    Operations that do not map the mesh onto itself are left out.

    Arguments:
        crystal: whose space group reduces the mesh.
        mesh: points along each reciprocal lattice vector.
        shift: in units of the spacing; zero puts Gamma on the mesh.
        operations: those to reduce by, such as `IDENTITY`; by default `symmetry_operations(crystal)`.

    Returns:
        `KPoints`, in the order of the mesh.

    Raises:
        ValueError: for a mesh that is not of positive integers.
        ImportError, ValueError: as `symmetry_operations`.
    """
    if len(mesh) != 3 or any(n != int(n) or n < 1 for n in mesh):
        raise ValueError(f"monkhorst_pack: the mesh must be three positive integers, got {mesh}")
    rotations, translations = symmetry_operations(crystal) if operations is None else operations
    number = np.array(mesh)
    points = np.stack(np.meshgrid(*(np.arange(n) for n in mesh), indexing="ij"), axis=-1).reshape(-1, 3)
    k = (points + shift) / number
    images, kept = [], []
    for each, rotation in enumerate(rotations):
        place = (k @ rotation) * number - shift  # rows: W^T k, which runs over the same star as W^-T k
        if np.allclose(place, np.round(place), atol=1e-6):
            images.append(_index(place, number))
            kept.append(each)
    reversed_place = -k * number - shift
    if np.allclose(reversed_place, np.round(reversed_place), atol=1e-6):
        images += [_index(-(k @ rotations[each]) * number - shift, number) for each in kept]
    star = np.min(images, axis=0)  # the first point of each star stands for it
    first, count = np.unique(star, return_counts=True)
    return KPoints(
        jnp.asarray(_centred(k[first])),
        jnp.asarray(count / len(k)),
        jnp.asarray(rotations[kept]),
        jnp.asarray(translations[kept]),
    )


def _index(place: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Position on the mesh of points given in units of its spacing."""
    i, j, l = np.moveaxis(np.round(place).astype(int) % number, -1, 0)
    return (i * number[1] + j) * number[2] + l


def _centred(k: np.ndarray) -> np.ndarray:
    """Equivalent points with components in (-1/2, 1/2]."""
    return k - np.ceil(k - 0.5 - 1e-9)
