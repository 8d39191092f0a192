"""Geometry of the filled bands: Berry curvature, Chern numbers, valley Chern numbers."""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from jaxspin.numerics import brillouin
from jaxspin.numerics.linear_algebra import eigh
from jaxspin.systems.tmdc.bands import wave_vectors
from jaxspin.systems.tmdc.hamiltonian import Model, hamiltonian, velocity
from jaxspin.systems.tmdc.splitting import K_point


class ValleyChern(NamedTuple):
    """Berry flux of the filled bands over the half zones nearest to K and to K' = -K, over 2 pi, by sector."""

    K: Float[Array, " s"]
    K_prime: Float[Array, " s"]


@jax.jit
def berry_curvature(model: Model, k: Float[ArrayLike, "n 2"]) -> Float[Array, "n s"]:
    """Berry curvature of the filled bands of each sector at k (n, 2) [1/angstrom], in angstrom^2.

    Kubo's sum over filled n and empty m, -2 Im <n|v_x|m><m|v_y|n>/(E_n - E_m)^2 with A = i <n|dn/dk>: finite wherever
    the gap is open, whatever bands touch below it. Positions of the orbitals count: the physical curvature.
    """

    def at(k):
        energies, vectors = eigh(hamiltonian(model, k))
        v = jnp.einsum("sin,asij,sjm->asnm", vectors.conj(), velocity(model, k), vectors)
        filled, empty = slice(None, model.occupied), slice(model.occupied, None)
        gap = energies[:, filled, None] - energies[:, None, empty]
        product = v[0][:, filled, empty] * v[1][:, filled, empty].conj()
        return -2 * jnp.sum(product.imag / gap**2, axis=(1, 2))

    return jax.vmap(at)(wave_vectors(k))


@functools.partial(jax.jit, static_argnames="n")
def chern_number(model: Model, n: int = 24) -> Float[Array, " s"]:
    """Chern number of the filled bands of each sector on an n x n mesh: integers to rounding, right once n is large."""
    k = brillouin.mesh(n, n) @ model.reciprocal
    vectors = jax.vmap(jax.vmap(lambda k: eigh(hamiltonian(model, k))[1]))(k)
    return jax.vmap(brillouin.chern_number, in_axes=2)(vectors[..., : model.occupied])


@functools.partial(jax.jit, static_argnames="n")
def valley_chern_number(model: Model, n: int = 48) -> ValleyChern:
    """Berry flux of the filled bands over each valley's half of the zone, over 2 pi; time reversal makes them opposite.

    The sum over an n x n mesh, halves divided along Gamma-M. Near half an integer only where the gap is small compared
    with the width of the bands.
    """
    k = ((brillouin.mesh(n, n) + 0.5 / n) @ model.reciprocal).reshape(-1, 2)  # symmetric under k -> -k
    a1, a2 = model.lattice
    a2 = jnp.where(a1 @ a2 < 0, a2, a2 - a1)
    around = jnp.stack([a1, a2, -a1 - a2])
    # this sum vanishes on the lines Gamma-M, and has one sign around K and the other one around K'
    odd = lambda k: jnp.sum(jnp.sin(k @ around.T), axis=-1)
    share = (1 + jnp.sign(odd(k)) * jnp.sign(odd(K_point(model)))) / 2
    area = jnp.abs(jnp.linalg.det(model.reciprocal)) / n**2
    flux = berry_curvature(model, k) * area / (2 * jnp.pi)
    return ValleyChern(share @ flux, (1 - share) @ flux)
