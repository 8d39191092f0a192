"""The lowest bands of one k point by locally optimal block conjugate gradients.

A. V. Knyazev, SIAM J. Sci. Comput. 23, 517 (2001), with the preconditioner of Teter, Payne, Allan, Phys. Rev. B 40,
12255 (1989). Hartree atomic units.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float, Int

from jaxspin.planewave.hamiltonian import product

_DEPENDENT = 1e-10  # eigenvalue of the overlaps of unit vectors below which a direction is dropped


class Bands(NamedTuple):
    """Orthonormal orbitals, ascending energies, norms of the residuals H psi - E psi [hartree], steps taken."""

    orbitals: Complex[Array, "bands spins waves"]
    energies: Float[Array, " bands"]
    residuals: Float[Array, " bands"]
    steps: Int[Array, ""]


def lowest_bands(
    apply: Callable[[Array], Array],
    kinetic: Float[Array, " waves"],
    start: Complex[Array, "bands spins waves"],
    *,
    wanted: int,
    tolerance: float | Float[Array, ""],
    max_steps: int | Int[Array, ""],
) -> Bands:
    """The lowest eigenvectors of a Hermitian operator, as many as `start` has, of which `wanted` must converge.

    Bands whose residual is below the tolerance take no further part in the search (they still rotate among
    themselves), and directions that depend linearly on others are dropped: no band ever turns into NaN.

    Arguments:
        apply: H, from and to orbitals of one k point.
        kinetic: |k + G|^2/2, for the preconditioner [hartree].
        start: any linearly independent orbitals.
        wanted: bands, from below, whose residuals end the search.
        tolerance: of the residuals [hartree].
        max_steps: the search ends there; the residuals tell.
    """
    shape = start.shape
    m = shape[0]

    def act(rows: Array) -> Array:
        return apply(rows.reshape(-1, *shape[1:])).reshape(len(rows), -1)

    energy = jnp.tile(kinetic, shape[1])

    def going(state: tuple) -> Array:
        *_, norms, step = state
        return (step < max_steps) & jnp.any(norms[:wanted] > tolerance)

    def advance(state: tuple) -> tuple:
        x, hx, p, hp, w, _, _, step = state
        s = jnp.concatenate([x, w, p])
        hs = jnp.concatenate([hx, act(w), hp])
        dagger = s.conj().T
        vectors, values = ritz(product(hs, dagger).T, product(s, dagger).T, m)
        mix = vectors.T
        # the new direction leaves out the old bands
        apart = jnp.pad(mix[:, m:], ((0, 0), (m, 0)))
        both = jnp.concatenate([mix, apart])
        moved, hmoved = product(both, s), product(both, hs)
        x, p, hx, hp = moved[:m], moved[m:], hmoved[:m], hmoved[m:]
        r = hx - values[:, None] * x
        norms = jnp.sqrt(jnp.sum(r.real**2 + r.imag**2, axis=1))
        size = jnp.sqrt(jnp.sum(p.real**2 + p.imag**2, axis=1, keepdims=True))
        # nothing was left out at the start
        keep = (norms > tolerance)[:, None] & (size > 1e-14) & (step >= 0)
        keep = keep / jnp.where(size > 1e-14, size, 1)
        w = precondition(r, x, energy)
        w = unit(w - product(product(w, x.conj().T), x), norms > tolerance)
        return x, hx, p * keep, hp * keep, w, values, norms, step + 1

    # the first round diagonalises H among the start; it counts for nothing
    none = jnp.zeros((m, start[0].size), start.dtype)
    first = unit(start.reshape(m, -1), jnp.ones(m, bool))
    state = (none, none, none, none, first, jnp.zeros(m), jnp.full(m, jnp.inf), jnp.array(-1))
    x, *_, values, norms, step = jax.lax.while_loop(going, advance, state)
    return Bands(x.reshape(shape), values, norms, step)


def precondition(
    residuals: Complex[Array, "bands n"], orbitals: Complex[Array, "bands n"], kinetic: Float[Array, " n"]
) -> Complex[Array, "bands n"]:
    """Residuals with high kinetic energies damped, relative to that of the band: Teter, Payne, Allan, Eq. (5.16)."""
    own = (orbitals.real**2 + orbitals.imag**2) @ kinetic
    x = kinetic[None, :] / (1.5 * jnp.where(own > 0, own, 1.0)[:, None])
    top = 27 + x * (18 + x * (12 + 8 * x))
    return residuals * (top / (top + 16 * x**4))


def unit(rows: Complex[Array, "bands n"], keep: Array) -> Complex[Array, "bands n"]:
    """Rows of norm one; those not kept, or zero, become zero."""
    size = jnp.sqrt(jnp.sum(rows.real**2 + rows.imag**2, axis=1))
    keep = keep & (size > 1e-14)
    return rows * jnp.where(keep, 1 / jnp.where(keep, size, 1), 0)[:, None]


def ritz(matrix: Complex[Array, "n n"], overlap: Complex[Array, "n n"], m: int) -> tuple[Array, Array]:
    """The m lowest eigenvectors (columns) and eigenvalues of a Hermitian pair whose overlap may be singular."""
    sizes, basis = jnp.linalg.eigh(overlap)
    kept = sizes > _DEPENDENT
    basis = basis * jnp.where(kept, 1 / jnp.sqrt(jnp.where(kept, sizes, 1)), 0)[None, :]
    reduced = basis.conj().T @ matrix @ basis
    # dropped directions go above all others
    reduced = reduced + jnp.diag(jnp.where(kept, 0.0, 1e6))
    values, vectors = jnp.linalg.eigh(reduced)
    return basis @ vectors[:, :m], values[:m]
