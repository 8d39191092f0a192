"""A tight-binding model as real-space matrices: the common type of every Hamiltonian of this room.

H(k) = sum_R H_R exp(i k.R). States that no term couples are kept apart in sectors (for a layer with mirror symmetry two
of eleven states rather than one of 22), which makes spin exact and diagonalisation four times cheaper.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Complex, Float, Int

from jaxspin.numerics.brillouin import bloch

State = tuple[str, int]
"""A basis state: the name of its orbital and its spin, +1 or -1 along z (0 for a model without spin)."""


class Model(eqx.Module):
    """A tight-binding model in two dimensions.

    `lattice` (2, 2): primitive vectors as rows [angstrom]. `cells` (r, 2): lattice points R, in units of these.
    `blocks` (s, r, m, m): <0, i|H|R, j> in each of s sectors [eV]. `positions` (s, m, 3): where the states sit
    [angstrom]. `states`: the basis of each sector. `occupied`: how many bands of each sector are filled.

    Raises `ValueError` where shapes do not fit, or H is not Hermitian: H_R and the adjoint of H_-R must agree.
    """

    lattice: Float[Array, "2 2"]
    cells: Int[Array, "r 2"]
    blocks: Complex[Array, "s r m m"]
    positions: Float[Array, "s m 3"]
    states: tuple[tuple[State, ...], ...] = eqx.field(static=True)
    occupied: int = eqx.field(static=True)

    def __check_init__(self) -> None:
        s, r, m, _ = self.blocks.shape
        expected = {"cells": (r, 2), "positions": (s, m, 3), "lattice": (2, 2)}
        for name, shape in expected.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"Model: {name} must have shape {shape}, got {getattr(self, name).shape}")
        if len(self.states) != s or any(len(sector) != m for sector in self.states):
            raise ValueError(f"Model: states must name {s} x {m} states, got {[len(each) for each in self.states]}")
        if not 0 < self.occupied < m:
            raise ValueError(f"Model: occupied must lie between 1 and {m - 1}, got {self.occupied}")
        if not isinstance(self.blocks, Tracer) and not isinstance(self.cells, Tracer):
            _demand_hermitian(np.asarray(self.cells), np.asarray(self.blocks))

    @property
    def spins(self) -> np.ndarray:
        """Spin of every state, +1, -1 or 0: (s, m)."""
        return np.array([[spin for _, spin in sector] for sector in self.states])

    @property
    def orbitals(self) -> np.ndarray:
        """Name of the orbital of every state: (s, m)."""
        return np.array([[orbital for orbital, _ in sector] for sector in self.states])

    @property
    def reciprocal(self) -> Float[Array, "2 2"]:
        """Reciprocal lattice vectors as rows, b_i.a_j = 2 pi delta_ij [1/angstrom]."""
        return 2 * jnp.pi * jnp.linalg.inv(self.lattice).T


def _demand_hermitian(cells: np.ndarray, blocks: np.ndarray) -> None:
    where = {tuple(cell): index for index, cell in enumerate(cells.tolist())}
    for (n1, n2), index in where.items():
        if (-n1, -n2) not in where:
            raise ValueError(f"Model: no block at cell {(-n1, -n2)}, the Hermitian partner of {(n1, n2)}")
        partner = np.conj(np.swapaxes(blocks[:, where[-n1, -n2]], -1, -2))
        error = np.abs(blocks[:, index] - partner)
        scale = max(1.0, float(np.max(np.abs(blocks), initial=0.0)))
        if np.all(np.isfinite(blocks)) and np.max(error) > 1e-5 * scale:
            _, i, j = np.unravel_index(np.argmax(error), error.shape)
            raise ValueError(
                f"Model: not Hermitian: element ({i}, {j}) at cell {(n1, n2)} differs by {np.max(error):.3g} eV from "
                f"the conjugate of element ({j}, {i}) at cell {(-n1, -n2)}"
            )


@jax.jit
def hamiltonian(model: Model, k: Float[ArrayLike, "2"]) -> Complex[Array, "s m m"]:
    """H(k) of every sector at one k [1/angstrom], in eV; periodic in k, phases by lattice points."""
    reduced = model.lattice @ jnp.asarray(k, dtype=float) / (2 * jnp.pi)
    return jax.vmap(lambda blocks: bloch(blocks, model.cells, reduced))(model.blocks)


def along(model: Model, k: Float[ArrayLike, "2"], direction: Float[ArrayLike, "2"]) -> Complex[Array, "2 s m m"]:
    """First and second derivative of H along a direction (2,) at one k [1/angstrom], in eV angstrom, eV angstrom^2."""
    ends = model.cells.astype(float) @ model.lattice
    far = 1j * (ends @ jnp.asarray(direction, dtype=float))
    phase = jnp.exp(1j * (ends @ jnp.asarray(k, dtype=float)))
    return jnp.tensordot(jnp.stack([far * phase, far**2 * phase]), model.blocks, axes=((1,), (1,)))


def velocity(model: Model, k: Float[ArrayLike, "2"]) -> Complex[Array, "2 s m m"]:
    """hbar times the velocity operator, dH/dk - i [r, H] with r diagonal in the states: components x, y [eV angstrom].

    The second term makes it independent of the choice of unit cell; H in the phases of `hamiltonian`.
    """
    slopes = jnp.stack([along(model, k, axis)[0] for axis in np.eye(2)])
    r = jnp.moveaxis(model.positions[..., :2], -1, 0)
    return slopes + 1j * (r[..., None, :] - r[..., :, None]) * hamiltonian(model, k)[None]


Bonds = list[tuple[tuple[int, int], np.ndarray]]
"""Lattice points R with matrices over the orbitals, <0, i|H|R, j>."""


def linear_basis(bonds: list[Bonds]) -> tuple[np.ndarray, np.ndarray]:
    """Cells (r, 2) and matrices (p, r, n, n) of p energies, given the bonds that each stands for.

    A Hamiltonian is linear in its energies: one product of a vector with this constant makes it.
    """
    cells = sorted({cell for each in bonds for cell, _ in each})
    n = len(bonds[0][0][1])
    basis = np.zeros((len(bonds), len(cells), n, n))
    for index, each in enumerate(bonds):
        for cell, matrix in each:
            basis[index, cells.index(cell)] += matrix
    return np.array(cells), basis


@jax.jit
def joined(model: Model) -> Model:
    """The same model with all sectors in one, for terms that couple them: spin up states first, then spin down."""
    s, _, m, _ = model.blocks.shape
    if s == 1:
        return model
    states = [state for sector in model.states for state in sector]
    order = sorted(range(s * m), key=lambda n: (-states[n][1], n % m))
    whole = jax.vmap(lambda blocks: jax.scipy.linalg.block_diag(*blocks), in_axes=1)(model.blocks)
    return Model(
        lattice=model.lattice,
        cells=model.cells,
        blocks=whole[None][:, :, jnp.array(order)][..., jnp.array(order)],
        positions=model.positions.reshape(1, s * m, 3)[:, jnp.array(order)],
        states=(tuple(states[n] for n in order),),
        occupied=s * model.occupied,
    )
