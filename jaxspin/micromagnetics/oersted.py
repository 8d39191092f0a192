"""The Oersted field of a given current: of a long straight strip, and of any current density on a mesh. SI units."""

from collections.abc import Callable
from itertools import product
from typing import TYPE_CHECKING

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from jaxspin.micromagnetics.mesh import Mesh
from jaxspin.micromagnetics.newell import asinh_ratio, atan_ratio
from jaxspin.micromagnetics.term import EnergyTerm
from jaxspin.micromagnetics.waveforms import Waveform
from jaxspin.micromagnetics.zeeman import Zeeman

if TYPE_CHECKING:
    from jaxspin.micromagnetics.system import System

MU_0_OVER_4PI = 1.0e-7
"""mu_0/(4 pi) [T m/A], to nine digits."""


class OerstedField(EnergyTerm):
    """w = -M.B(x) waveform(t): Zeeman energy in the field of a current, which is reversed with the current.

    Arguments:
        flux_density: B at full current, (nx, ny, nz, 3) [T], from `strip_field` or `current_field`.
        waveform: of the current in time, see `waveforms`.
    """

    zeeman: Zeeman

    def __init__(
        self,
        flux_density: Float[ArrayLike, "nx ny nz 3"],
        waveform: Waveform | Callable[[Array], Array] | None = None,
    ):
        self.zeeman = Zeeman(jnp.asarray(flux_density), waveform)

    def field(
        self, m: Float[Array, "S nx ny nz 3"], system: "System", time: Float[ArrayLike, ""] = 0.0
    ) -> Float[Array, "S nx ny nz 3"]:
        """B [T], the same on all sublattices."""
        return self.zeeman.field(m, system, time)

    def energy_density(
        self, m: Float[Array, "S nx ny nz 3"], system: "System", time: Float[ArrayLike, ""] = 0.0
    ) -> Float[Array, "nx ny nz"]:
        """[J/m3]."""
        return self.zeeman.energy_density(m, system, time)


def strip_field(
    positions: Float[Array, "... 3"],
    current_density: Float[ArrayLike, ""],
    width: Float[ArrayLike, ""],
    thickness: Float[ArrayLike, ""],
    centre: Float[ArrayLike, "3"],
) -> Float[Array, "... 3"]:
    """B of an infinite strip along x that carries a uniform current density [T]; at an edge of the strip, its limit.

    Biot and Savart integrated over the rectangle: H_y - i H_z = (j/2 pi) int int dA/(i (w - w')), w = y + i z.

    Arguments:
        positions: where [m].
        current_density: j along +x [A/m2].
        width, thickness: of the strip along y and z [m].
        centre: of the strip [m]; its x does not matter.
    """
    middle = jnp.reshape(jnp.asarray(centre, dtype=float), (1,) * (positions.ndim - 1) + (3,))
    apart = positions - middle
    total_y, total_z = jnp.zeros(apart.shape[:-1]), jnp.zeros(apart.shape[:-1])
    for a, b in product((-0.5, 0.5), repeat=2):
        u, v = apart[..., 1] - a * width, apart[..., 2] - b * thickness
        sign = 1.0 if a == b else -1.0
        # -int int z/(y^2 + z^2) and int int y/(y^2 + z^2) over the strip, at its corners
        total_y = total_y - sign * _corner(u, v)
        total_z = total_z + sign * _corner(v, u)
    scale = 2 * MU_0_OVER_4PI * jnp.asarray(current_density)
    return jnp.stack([jnp.zeros_like(total_y), scale * total_y, scale * total_z], axis=-1)


def _corner(u: Float[Array, "..."], v: Float[Array, "..."]) -> Float[Array, "..."]:
    """The function whose mixed derivative is v/(u^2 + v^2): (u/2) ln(u^2 + v^2) + v atan(u/v)."""
    square = u * u + v * v
    logarithm = jnp.log(jnp.where(square > 0, square, 1.0))
    return u / 2 * logarithm + v * jnp.arctan(u / jnp.where(v == 0, 1.0, v))


def current_field(mesh: Mesh, current_density: Float[ArrayLike, "nx ny nz 3"]) -> Float[Array, "nx ny nz 3"]:
    """B at the centres of cells of the current in all cells [T], each cell's uniform, open along every axis.

    The current should close or leave the mesh where its field does not matter. Linear and differentiable in the
    current; build outside `jit`, where the kernel is computed.

    Arguments:
        mesh: its cells; periodic copies are not summed.
        current_density: j [A/m2].
    """
    j = jnp.asarray(current_density, dtype=float)
    lengths = tuple(2 * n for n in mesh.shape)
    places = [
        np.where(np.arange(2 * n) < n, np.arange(2 * n), np.arange(2 * n) - 2 * n) * h
        for n, h in zip(mesh.shape, mesh.cell, strict=True)
    ]
    apart = np.stack(np.meshgrid(*places, indexing="ij"))
    kernel = jnp.asarray(
        np.stack(
            [np.fft.rfftn(_attraction(np.roll(apart, -axis, axis=0), np.roll(mesh.cell, -axis))) for axis in range(3)],
            axis=-1,
        )
    )
    waves = jnp.fft.rfftn(j, s=lengths, axes=(0, 1, 2))
    field = jnp.fft.irfftn(jnp.cross(waves, kernel), s=lengths, axes=(0, 1, 2))
    nx, ny, nz = mesh.shape
    return MU_0_OVER_4PI * field[:nx, :ny, :nz]


def _attraction(apart: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """Integral of x/r^3 over a brick, r to a point `apart` from its centre [m]: the attraction of a prism."""
    total = np.zeros(apart.shape[1:])
    for corner in product((-0.5, 0.5), repeat=3):
        x, y, z = (a - c * h for a, c, h in zip(apart, corner, cell, strict=True))
        r = np.sqrt(x * x + y * y + z * z)
        sign = np.prod(np.sign(corner))
        total += sign * (y * asinh_ratio(z, x, y) + z * asinh_ratio(y, z, x) - x * atan_ratio(y * z, x * r))
    return total
