"""Models from elsewhere: hopping matrices as Wannier90 writes them (`io.read_wannier`), and PythTB's objects."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import ArrayLike, Complex, Float, Int

from jaxspin.systems.tmdc.hamiltonian import Model, State


def tabulated(
    lattice: Float[ArrayLike, "d d"],
    cells: Int[np.ndarray, "r d"],
    blocks: Complex[np.ndarray, "r n n"],
    occupied: int,
    states: Sequence[State] | None = None,
    positions: Float[ArrayLike, "n 3"] | None = None,
) -> Model:
    """A model from hopping matrices <0 m|H|R n>: `tabulated(lattice, table.cells, table.blocks, 14)`.

    Arguments: `lattice`, primitive vectors as rows [angstrom], (2, 2) or (3, 3), the first two in the plane; `cells`
    (r, 2) or (r, 3), of which the third component is summed over, that is k_z = 0; `blocks` (r, n, n) [eV]; `occupied`,
    how many bands are filled; `states`, orbital and spin (+1 or -1) of each, by default numbers without spin;
    `positions` (n, 3) [angstrom], by default all at the origin: they enter velocities and Berry curvature.

    Raises:
        ValueError: for shapes that do not fit, a lattice that is not in the plane, and matrices that are not Hermitian.
    """
    lattice, cells, blocks = np.asarray(lattice, dtype=float), np.asarray(cells), np.asarray(blocks)
    if lattice.shape not in ((2, 2), (3, 3)) or np.any(np.abs(lattice[:2, 2:]) > 1e-6):
        raise ValueError("tabulated: lattice must be (2, 2), or (3, 3) with a_1 and a_2 in the plane [angstrom]")
    if blocks.ndim != 3 or blocks.shape[1] != blocks.shape[2] or cells.ndim != 2 or len(cells) != len(blocks):
        raise ValueError(f"tabulated: cells (r, 2 or 3) and blocks (r, n, n), got {cells.shape} and {blocks.shape}")
    n = blocks.shape[1]
    distinct, row = np.unique(cells[:, :2], axis=0, return_inverse=True)
    together = np.zeros((len(distinct), n, n), dtype=complex)
    np.add.at(together, np.ravel(row), blocks)
    named = tuple((str(i + 1), 0) for i in range(n)) if states is None else tuple(states)
    at = np.zeros((n, 3)) if positions is None else np.asarray(positions, dtype=float)
    return Model(
        lattice=jnp.asarray(lattice[:2, :2]),
        cells=jnp.asarray(distinct),
        blocks=jnp.asarray(together)[None],
        positions=jnp.asarray(at)[None],
        states=(named,),
        occupied=occupied,
    )


def from_pythtb(tb: Any, occupied: int) -> Model:
    """The model of a PythTB object (`tb_model`; energies in eV, lengths in angstrom) that is periodic along a_1, a_2.

    Its orbitals are numbered from 1; with spin, those of spin up come first. `occupied`: how many bands are filled.

    Raises:
        ValueError: for a model of another periodicity.
    """
    if list(tb._per) != [0, 1]:
        raise ValueError(f"from_pythtb: expected a model periodic along its first two vectors, got {list(tb._per)}")
    lattice, at = np.atleast_2d(tb.get_lat()), np.atleast_2d(tb.get_orb())
    spins, n = int(tb._nspin), len(at)
    blocks: dict[tuple[int, ...], np.ndarray] = {}

    def add(cell: Sequence[int], i: int, j: int, amplitude: Any) -> None:
        block = blocks.setdefault(tuple(int(number) for number in cell[:2]), np.zeros((spins, n, spins, n), complex))
        block[:, i, :, j] += np.asarray(amplitude).reshape(spins, spins)

    for i, energy in enumerate(tb._site_energies):
        add((0, 0), i, i, energy)
    for amplitude, i, j, cell in tb._hoppings:
        add(cell, i, j, amplitude)
        add([-number for number in cell], j, i, np.conj(np.transpose(amplitude)))
    states = [(str(i + 1), spin) for spin in ((1, -1) if spins == 2 else (0,)) for i in range(n)]
    positions = np.pad(at @ lattice, ((0, 0), (0, 3 - lattice.shape[1])))
    return tabulated(
        lattice[:2, :2],
        np.array(list(blocks)),
        np.array([block.reshape(spins * n, spins * n) for block in blocks.values()]),
        occupied,
        states,
        np.tile(positions, (spins, 1)),
    )
