"""A crystal: lattice and atoms, from arrays or from a structure file.

Hartree atomic units: lengths in bohr, reciprocal lengths in 1/bohr. Vectors are rows.
"""

from itertools import product
from os import PathLike
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float

from jaxspin.planewave.units import BOHR_ANGSTROM

_CLOSEST = 1.0
"""Atoms nearer than this [bohr] overlap: the shortest bond there is, of H2, has 1.4."""


def _real(value: Any) -> Array:
    return jnp.asarray(value, dtype=float)


class Crystal(eqx.Module):
    """A periodic arrangement of atoms; differentiable in `lattice` and `positions`.

    Arguments:
        lattice: primitive translations as rows, shape (3, 3) [bohr].
        species: chemical symbol of each atom.
        positions: fractional coordinates, shape (n, 3): the Cartesian ones are `positions @ lattice`.

    Raises:
        ValueError: for shapes that do not fit, a lattice without volume, atoms that overlap (nearer than 1 bohr).
    """

    lattice: Float[Array, "3 3"] = eqx.field(converter=_real)
    species: tuple[str, ...] = eqx.field(static=True, converter=tuple)
    positions: Float[Array, "n 3"] = eqx.field(converter=_real)

    def __check_init__(self) -> None:
        if self.lattice.shape != (3, 3) or self.positions.shape != (len(self.species), 3):
            raise ValueError(
                f"Crystal: lattice must be (3, 3) and positions ({len(self.species)}, 3) for {len(self.species)} "
                f"species, got {self.lattice.shape} and {self.positions.shape}"
            )
        if isinstance(self.lattice, Tracer) or isinstance(self.positions, Tracer):
            return
        lattice, positions = np.asarray(self.lattice), np.asarray(self.positions)
        if not abs(np.linalg.det(lattice)) > 1e-6 * np.prod(np.linalg.norm(lattice, axis=1)):
            raise ValueError(f"Crystal: the lattice vectors span no volume: {lattice.tolist()} bohr")
        distance, i, j = _nearest(lattice, positions)
        if distance < _CLOSEST:
            raise ValueError(
                f"Crystal: atoms {i} ({self.species[i]}) and {j} ({self.species[j]}) overlap: {distance:.3g} bohr "
                f"apart, at least {_CLOSEST:g} bohr is allowed; check that positions are fractional, lengths in bohr"
            )

    @property
    def cartesian(self) -> Float[Array, "n 3"]:
        """Positions of the atoms [bohr]."""
        return self.positions @ self.lattice

    @property
    def reciprocal(self) -> Float[Array, "3 3"]:
        """Primitive translations of the reciprocal lattice as rows, 2 pi included [1/bohr]."""
        return 2 * jnp.pi * jnp.linalg.inv(self.lattice).T

    @property
    def volume(self) -> Float[Array, ""]:
        """Volume of the cell [bohr^3]."""
        return jnp.abs(jnp.linalg.det(self.lattice))

    def strained(self, strain: Float[Array, "3 3"]) -> "Crystal":
        """The crystal with every vector r at (1 + strain) r; strain is symmetric, shape (3, 3), without unit."""
        return Crystal(self.lattice @ (jnp.eye(3) + strain).T, self.species, self.positions)


def from_ase(atoms: Any) -> Crystal:
    """A crystal from an `ase.Atoms`, whose lengths are in angstrom.

    Raises:
        ValueError: as `Crystal`; where the cell lacks a direction.
    """
    return Crystal(
        np.asarray(atoms.cell) / BOHR_ANGSTROM, tuple(atoms.get_chemical_symbols()), atoms.get_scaled_positions()
    )


def read_structure(path: str | PathLike[str]) -> Crystal:
    """A crystal from a file that ASE reads: POSCAR, CIF, XSF and many others.

    Raises:
        ImportError: without ASE, with the line that installs it.
        FileNotFoundError: where there is no such file.
        ValueError: as `Crystal`.
    """
    try:
        from ase.io import read
    except ImportError as error:
        raise ImportError("reading a structure file needs ASE: pip install 'jaxspin[planewave]'") from error
    return from_ase(read(str(path)))


def _nearest(lattice: np.ndarray, positions: np.ndarray) -> tuple[float, int, int]:
    """The shortest distance between two atoms, or an atom and its own image, and which they are."""
    offsets = np.array(list(product((-1, 0, 1), repeat=3)))
    apart = positions[:, None, :] - positions[None, :, :]
    apart = apart - np.round(apart)
    distances = np.linalg.norm((apart[:, :, None, :] + offsets) @ lattice, axis=-1)
    distances[np.arange(len(positions)), np.arange(len(positions)), len(offsets) // 2] = np.inf
    i, j, _ = np.unravel_index(np.argmin(distances), distances.shape)
    return float(distances.min()), int(i), int(j)
