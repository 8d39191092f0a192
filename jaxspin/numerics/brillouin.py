"""Brillouin zones: meshes, paths, Bloch sums, Berry curvature and Chern numbers, Hermitian or not.

Wave vectors are in units of the reciprocal lattice vectors, k = (k_1, k_2) with period 1, so that a Bloch matrix
H(k) = sum_R H_R exp(2 pi i k.R) is periodic on every mesh. A set of m bands at one k is a frame: right vectors
(columns, (N, m)) and left vectors (rows, (m, N)) with left @ right = 1. Hermitian problems have left = right^dagger.
"""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float, Inexact, Num

from jaxspin.numerics.linear_algebra import eigh

Frames = tuple[Complex[Array, "*batch n"], Complex[Array, "*batch n n"], Complex[Array, "*batch n n"]]
"""Eigenvalues by ascending real part, right vectors (columns), left vectors (rows)."""


def mesh(n1: int, n2: int) -> Float[Array, "n1 n2 2"]:
    """A mesh over the zone, shape (n1, n2, 2): points i/n with the last one left out, which equals the first."""
    k1, k2 = jnp.meshgrid(jnp.arange(n1) / n1, jnp.arange(n2) / n2, indexing="ij")
    return jnp.stack([k1, k2], axis=-1)


def path(corners: Float[ArrayLike, "c d"], points: int) -> Float[Array, "n d"]:
    """Straight lines between corners, `points` on each, and the last corner: shape ((c - 1) points + 1, d)."""
    corners = jnp.asarray(corners, dtype=float)
    along = jnp.arange(points)[None, :, None] / points
    lines = corners[:-1, None] + along * (corners[1:] - corners[:-1])[:, None]
    return jnp.concatenate([lines.reshape(-1, corners.shape[1]), corners[-1:]])


def bloch(blocks: Num[Array, "r n n"], cells: Num[ArrayLike, "r d"], k: Float[Array, " d"]) -> Complex[Array, "n n"]:
    """H(k) = sum_R H_R exp(2 pi i k.R) at one k; H_R takes an amplitude from cell R to the cell at the origin."""
    phase = jnp.exp(2j * jnp.pi * (jnp.asarray(cells, dtype=float) @ k))
    return jnp.tensordot(phase, blocks, axes=1)


def hermitian(matrix: Inexact[Array, "*batch n n"]) -> Frames:
    """Bands and frames of Hermitian matrices; derivatives as those of `linear_algebra.eigh`."""
    w, right = eigh(matrix)
    return w.astype(right.dtype), right, jnp.swapaxes(right, -1, -2).conj()


def biorthogonal(matrix: Inexact[Array, "*batch n n"]) -> Frames:
    """Bands and frames of general matrices, left @ right = 1; meaningless at an exceptional point. On CPU only."""
    w, right = jnp.linalg.eig(matrix)
    order = jnp.lexsort((w.imag, w.real), axis=-1)
    right = jnp.take_along_axis(right, order[..., None, :], axis=-1)
    return jnp.take_along_axis(w, order, axis=-1), right, jnp.linalg.inv(right)


def paraunitary(matrix: Inexact[Array, "*batch n n"]) -> Frames:
    """Bands and frames of bosons: eigenvectors of tau_3 H for a positive definite Bogoliubov matrix H of size n = 2N.

    Colpa's method (Physica A 93, 327 (1978)). tau_3 = diag(1, -1) on the two halves; right^dagger tau_3 right = +-1, so
    that left = +-right^dagger tau_3. The lower half of the bands are the mirrored ones of negative norm. NaN where H is
    not positive definite (a Goldstone mode is on the edge: leave out its k, or use `biorthogonal`).
    """
    half = matrix.shape[-1] // 2
    sign = jnp.concatenate([jnp.ones(half), -jnp.ones(half)])
    metric = jnp.diag(sign)
    lower = jnp.linalg.cholesky(matrix)
    adjoint = jnp.swapaxes(lower, -1, -2).conj()
    w, u = eigh(adjoint @ metric @ lower)  # tau_3 L L^dagger has the eigenvectors tau_3 L u
    right = metric @ (lower @ u) / jnp.sqrt(jnp.abs(w))[..., None, :]
    left = -metric @ jnp.swapaxes(right, -1, -2).conj() @ metric  # bands ascend: the negative ones come first
    return w.astype(right.dtype), right, left


def berry_flux(
    right: Complex[Array, "n1 n2 n m"], left: Complex[Array, "n1 n2 m n"] | None = None
) -> Float[Array, "n1 n2"]:
    """Berry flux of a set of m bands through each plaquette of a periodic mesh, in (-pi, pi].

    The lattice method of Fukui, Hatsugai and Suzuki, J. Phys. Soc. Jpn. 74, 1674 (2005), with determinants for several
    bands and left vectors for matrices that are not Hermitian. With A = i <L|dR>: for the lower band of d.sigma, half
    the solid angle that d spans. Depends neither on phases nor on the basis of the set.
    """
    left = jnp.swapaxes(right, -1, -2).conj() if left is None else left

    def link(axis: int) -> Complex[Array, "n1 n2"]:
        overlap = jnp.linalg.det(left @ jnp.roll(right, -1, axis))
        return overlap / jnp.abs(overlap)

    first, second = link(0), link(1)
    around = first * jnp.roll(second, -1, 0) * jnp.conj(jnp.roll(first, -1, 1) * second)
    return -jnp.angle(around)


def chern_number(
    right: Complex[Array, "n1 n2 n m"], left: Complex[Array, "n1 n2 m n"] | None = None
) -> Float[Array, ""]:
    """Chern number of a set of m bands on a mesh over the zone: an integer to rounding, whatever the mesh.

    The right integer once no plaquette holds a flux near pi: refine the mesh where a gap is small. No derivatives.
    """
    return jnp.sum(berry_flux(right, left)) / (2 * jnp.pi)
