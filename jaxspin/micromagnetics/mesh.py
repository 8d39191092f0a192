"""The mesh: a regular grid of cells, periodic where asked, with a mask of magnetic cells and numbered regions. SI."""

import math
from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Bool, Float, Int


class Mesh(eqx.Module):
    """Regular cells filling [0, n d] along each axis; one cell along an axis makes it a lower-dimensional problem.

    Arguments:
        shape: (nx, ny, nz), static.
        cell: (dx, dy, dz) [m], static.
        periodic: by axis, static.
        mask: bool (nx, ny, nz), where there is magnetic material; all cells without it.
        regions: int (nx, ny, nz), numbers that `by_region` turns into parameters.

    Raises:
        ValueError: for a shape or cell that is not positive and finite, a mask or regions of another shape, and a
            mask that holds no cell.
    """

    shape: tuple[int, int, int] = eqx.field(static=True)
    cell: tuple[float, float, float] = eqx.field(static=True)
    periodic: tuple[bool, bool, bool] = eqx.field(static=True)
    mask: Bool[Array, "nx ny nz"] | None
    regions: Int[Array, "nx ny nz"] | None

    def __init__(
        self,
        shape: Sequence[int],
        cell: Sequence[float],
        periodic: Sequence[bool] = (False, False, False),
        mask: Bool[ArrayLike, "nx ny nz"] | None = None,
        regions: Int[ArrayLike, "nx ny nz"] | None = None,
    ):
        for what, value in (("shape", shape), ("cell", cell), ("periodic", periodic)):
            if len(value) != 3:
                raise ValueError(f"mesh: {what} needs three values, for x, y and z, got {tuple(value)}")
        self.shape = (int(shape[0]), int(shape[1]), int(shape[2]))
        self.cell = (float(cell[0]), float(cell[1]), float(cell[2]))
        self.periodic = (bool(periodic[0]), bool(periodic[1]), bool(periodic[2]))
        self.mask = None if mask is None else jnp.asarray(mask, dtype=bool)
        self.regions = None if regions is None else jnp.asarray(regions, dtype=int)

    def __check_init__(self) -> None:
        if min(self.shape) < 1:
            raise ValueError(f"mesh: its shape needs at least one cell along each axis, got {self.shape}")
        if not all(math.isfinite(size) and size > 0 for size in self.cell):
            raise ValueError(f"mesh: the sizes of a cell must be > 0 m, got {self.cell}")
        for what, value in (("mask", self.mask), ("regions", self.regions)):
            if value is not None and value.shape != self.shape:
                raise ValueError(f"mesh: its {what} must have the shape {self.shape} of the mesh, got {value.shape}")
        if self.mask is not None and not isinstance(self.mask, Tracer) and not np.any(np.asarray(self.mask)):
            raise ValueError("mesh: the mask holds no cell; expected at least one True")

    @property
    def cell_volume(self) -> float:
        """[m3]."""
        return self.cell[0] * self.cell[1] * self.cell[2]

    @property
    def size(self) -> tuple[float, float, float]:
        """Extent of the whole grid along x, y and z [m]."""
        nx, ny, nz = self.shape
        dx, dy, dz = self.cell
        return nx * dx, ny * dy, nz * dz

    @property
    def magnetic(self) -> Bool[Array, "nx ny nz"]:
        """The mask, all True where none was given."""
        return jnp.ones(self.shape, dtype=bool) if self.mask is None else self.mask

    def centres(self) -> Float[Array, "nx ny nz 3"]:
        """Positions of the centres of the cells [m]."""
        lines = [d * (jnp.arange(n, dtype=float) + 0.5) for n, d in zip(self.shape, self.cell, strict=True)]
        return jnp.stack(jnp.meshgrid(*lines, indexing="ij"), axis=-1)


def by_region(regions: Int[Array, "nx ny nz"], values: Float[ArrayLike, " k"]) -> Float[Array, "nx ny nz"]:
    """A parameter field from one value for each region number 0, 1, ..., k - 1; differentiable in `values`.

    Raises:
        ValueError: if a (concrete) region number has no value.
    """
    values = jnp.asarray(values, dtype=float)
    if not isinstance(regions, Tracer) and (np.min(regions) < 0 or np.max(regions) >= values.shape[0]):
        raise ValueError(
            f"by_region: regions run from {np.min(regions)} to {np.max(regions)}, "
            f"but {values.shape[0]} values were given"
        )
    return values[regions]
