"""Plane waves below a cutoff at every k point, and the grid that carries densities and potentials.

The reciprocal vectors are integers, chosen once; the lattice that turns them into wave vectors stays free, so that
strain is differentiable at a fixed set of waves. Hartree atomic units: lengths in bohr, energies in hartree.
"""

import dataclasses
import itertools

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Complex, Float, Int

from jaxspin.planewave.crystal import Crystal
from jaxspin.planewave.kpoints import KPoints

Grid = tuple[int, int, int]


class Basis(eqx.Module):
    """Plane waves exp(i (k + G).r)/sqrt(volume) with |k + G|^2/2 < cutoff; `plane_waves` builds it.

    The number of waves differs between k points; all are padded to a common number (`padded` of the largest), so that k
    is an axis of arrays and crystals that differ little share what is compiled.

    Arguments:
        kpoints: fractional coordinates, shape (k, 3).
        weights: of the k points, sum 1, shape (k,).
        miller: integer coordinates of G, shape (k, waves, 3).
        mask: False where a wave is only padding, shape (k, waves).
        rotations: W of the operations x -> W x + t that reduced the mesh, shape (ops, 3, 3).
        translations: t of the operations, shape (ops, 3).
        images: for each operation of the crystal, where on the flattened grid the rotated G lies, shape (ops, points).
        phases: exp(-i G.t) of each operation, shape (ops, points); zero outside the sphere of the density.
        grid: points of the Fourier grid along each lattice vector, static.
        cutoff: [hartree], static.
    """

    kpoints: Float[Array, "k 3"]
    weights: Float[Array, " k"]
    miller: Int[Array, "k waves 3"]
    mask: Bool[Array, "k waves"]
    rotations: Int[Array, "ops 3 3"]
    translations: Float[Array, "ops 3"]
    images: Int[Array, "ops points"]
    phases: Complex[Array, "ops points"]
    grid: Grid = eqx.field(static=True)
    cutoff: float = eqx.field(static=True)

    @property
    def index(self) -> Int[Array, "k waves"]:
        """Position of each wave on the flattened grid."""
        n1, n2, n3 = self.grid
        h, k, l = jnp.moveaxis(self.miller, -1, 0)
        return ((h % n1) * n2 + k % n2) * n3 + l % n3

    @property
    def waves(self) -> int:
        """Waves per k point, padding included."""
        return self.miller.shape[1]

    def wave_vectors(self, crystal: Crystal) -> Float[Array, "k waves 3"]:
        """k + G, Cartesian [1/bohr]."""
        return (self.kpoints[:, None, :] + self.miller) @ crystal.reciprocal

    def at(self, kpoints: Float[ArrayLike, "k 3"], crystal: Crystal) -> "Basis":
        """The same grid and cutoff with waves at other k points, which need not be a mesh; their weights are equal."""
        points = np.atleast_2d(np.asarray(kpoints, dtype=float))
        miller, mask = _sphere(np.asarray(crystal.reciprocal), points, self.cutoff, self.grid)
        weights = jnp.full(len(points), 1 / len(points))
        return dataclasses.replace(self, kpoints=jnp.asarray(points), weights=weights, miller=miller, mask=mask)

    def only(self, k: int) -> "Basis":
        """The basis at the k-th point alone, padding and all, so that every point has the same shapes."""
        one = slice(k, k + 1)
        return dataclasses.replace(
            self, kpoints=self.kpoints[one], weights=jnp.ones(1), miller=self.miller[one], mask=self.mask[one]
        )


def plane_waves(crystal: Crystal, cutoff: float, kpoints: KPoints, grid: Grid | None = None) -> Basis:
    """The plane waves of a crystal below a cutoff.

    Arguments:
        crystal: fixes which waves there are; needs concrete numbers.
        cutoff: kinetic energy [hartree].
        kpoints: a mesh with the operations that reduced it.
        grid: points of the Fourier grid; by default the smallest with factors 2, 3, 5 that represents every product of
            two waves exactly.

    Raises:
        ValueError: for a cutoff that is not positive or a grid too small for the waves.
    """
    if not cutoff > 0:
        raise ValueError(f"plane_waves: cutoff must be positive, got {cutoff} hartree")
    reciprocal = np.asarray(crystal.reciprocal)
    lengths = np.linalg.norm(np.asarray(crystal.lattice), axis=1)
    reach = 2 * np.sqrt(2 * cutoff) * lengths / (2 * np.pi)  # of a product of two waves
    least = 2 * np.floor(reach).astype(int) + 1
    if grid is None:
        # directions that an operation exchanges share their number of points
        smooth = [good_size(int(n)) for n in least]
        rotations = np.abs(np.asarray(kpoints.rotations))
        grid = _grid([max(smooth[j] for j in range(3) if i == j or rotations[:, i, j].any()) for i in range(3)])
    elif any(n < m / 2 + 1 for n, m in zip(grid, least, strict=True)):
        raise ValueError(
            f"plane_waves: a grid {grid} cannot hold the waves below {cutoff} hartree; {tuple(least)} is exact"
        )
    miller, mask = _sphere(reciprocal, np.asarray(kpoints.fractional), cutoff, grid)
    images, phases = _operations(
        reciprocal, np.asarray(kpoints.rotations), np.asarray(kpoints.translations), 4 * cutoff, grid
    )
    return Basis(
        jnp.asarray(kpoints.fractional),
        jnp.asarray(kpoints.weights),
        miller,
        mask,
        jnp.asarray(kpoints.rotations),
        jnp.asarray(kpoints.translations),
        images,
        phases,
        grid,
        float(cutoff),
    )


def good_size(least: int) -> int:
    """The smallest number with no prime factor above 5 that is not below `least`."""
    for n in itertools.count(least):
        rest = n
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return n
    raise AssertionError


def padded(waves: int) -> int:
    """The smallest number with five leading binary digits, and no others but zeros, that is not below `waves`."""
    step = 2 ** max(0, waves.bit_length() - 5)
    return -(-waves // step) * step


def grid_miller(grid: Grid) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Integer coordinates of the reciprocal vectors of a grid, as three arrays that broadcast to it."""
    h, k, l = (np.fft.fftfreq(n, 1 / n).round().astype(int) for n in grid)
    return h[:, None, None], k[None, :, None], l[None, None, :]


def grid_vectors(crystal: Crystal, grid: Grid) -> Float[Array, "n1 n2 n3 3"]:
    """Reciprocal vectors of a grid, Cartesian [1/bohr]."""
    h, k, l = (jnp.broadcast_to(n, grid) for n in grid_miller(grid))
    return jnp.stack([h, k, l], axis=-1) @ crystal.reciprocal


def _grid(sizes: list[int]) -> Grid:
    return sizes[0], sizes[1], sizes[2]


def _sphere(reciprocal: np.ndarray, kpoints: np.ndarray, cutoff: float, grid: Grid) -> tuple[Array, Array]:
    """Integer vectors with |k + G|^2/2 < cutoff, padded with zeros to a common number, shortest first."""
    box = np.stack(np.broadcast_arrays(*grid_miller(grid)), axis=-1).reshape(-1, 3)
    found = []
    for k in kpoints:
        energy = 0.5 * np.sum(((k + box) @ reciprocal) ** 2, axis=1)
        inside = np.flatnonzero(energy < cutoff)
        found.append(box[inside[np.argsort(energy[inside], kind="stable")]])
    most = padded(max(len(each) for each in found))
    miller = np.stack([np.pad(each, ((0, most - len(each)), (0, 0))) for each in found])
    mask = np.arange(most) < np.array([len(each) for each in found])[:, None]
    return jnp.asarray(miller), jnp.asarray(mask)


def _operations(
    reciprocal: np.ndarray, rotations: np.ndarray, translations: np.ndarray, energy: float, grid: Grid
) -> tuple[Array, Array]:
    """Where each operation x -> W x + t takes the waves of the density: n'(G) = exp(-2 pi i G.t) n(W^T G)."""
    h = np.stack(np.broadcast_arrays(*grid_miller(grid)), axis=-1).reshape(-1, 3)
    # products of two waves lie inside twice the radius; nothing else is populated
    inside = 0.5 * np.sum((h @ reciprocal) ** 2, axis=1) <= energy * (1 + 1e-9)
    images, phases = [], []
    for rotation, translation in zip(rotations, translations, strict=True):
        n1, n2, n3 = np.moveaxis((h @ rotation) % np.array(grid), -1, 0)  # rows: W^T G
        images.append((n1 * grid[1] + n2) * grid[2] + n3)
        phases.append(inside * np.exp(-2j * np.pi * (h @ translation)))
    return jnp.asarray(np.stack(images), dtype=jnp.int32), jnp.asarray(np.stack(phases))
