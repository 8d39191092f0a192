"""Spin splitting: signed over the zone, at K, and the symmetry law of the paper's equation (1)."""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from jaxspin.systems.tmdc.bands import Eigenstates, eigenstates, spin_of
from jaxspin.systems.tmdc.hamiltonian import Model


class Splitting(NamedTuple):
    """Signed spin splitting of the uppermost valence and of the lowermost conduction band [eV].

    E(spin up) - E(spin down): the sign tells the spin orientation, as in the paper's figure 4.
    """

    valence: Float[Array, " n"]
    conduction: Float[Array, " n"]


class AtK(NamedTuple):
    """Energies at K [eV]. The conduction splitting is positive where its lower state has the other spin than the top
    valence state (W compounds), negative where it has the same; `valence_K_minus_Gamma` is E_VB(K) - E_VB(Gamma)."""

    valence_splitting: Float[Array, ""]
    conduction_splitting: Float[Array, ""]
    gap: Float[Array, ""]
    valence_K_minus_Gamma: Float[Array, ""]


class SymmetryLaw(NamedTuple):
    """Equation (1) of the paper at wave numbers k, Delta = sqrt(alpha^2 + beta^2 sin^2(3 theta)), for one band [eV].

    theta is measured from Gamma-M. `beta` has the sign of the splitting towards K. `deviation`: root mean square of
    what the law leaves over, relative to that of the splitting: the weight of higher harmonics.
    """

    alpha: Float[Array, " n"]
    beta: Float[Array, " n"]
    deviation: Float[Array, " n"]


def K_point(model: Model) -> Float[Array, "2"]:
    """The corner K of the zone [1/angstrom]: (4 pi/(3 a), 0) for a_1 = a x, whether a_2 is at 60 or at 120 degrees."""
    a1, a2 = model.lattice
    b1, b2 = model.reciprocal
    return (2 * b1 + jnp.where(a1 @ a2 < 0, -1.0, 1.0) * b2) / 3


def M_point(model: Model) -> Float[Array, "2"]:
    """The middle of the zone's edge that lies perpendicular to a_1 [1/angstrom]: b_2/2."""
    return model.reciprocal[1] / 2


def gamma_k_path(model: Model, n: int) -> Float[Array, "n 2"]:
    """n wave vectors on the straight line from Gamma to K, both included [1/angstrom].

    Raises:
        ValueError: for n < 2.
    """
    if n < 2:
        raise ValueError(f"gamma_k_path: a path from Gamma to K needs at least 2 points, got n = {n}")
    return jnp.linspace(0.0, 1.0, n)[:, None] * K_point(model)[None]


class Edges(NamedTuple):
    """The two partners of the uppermost valence and of the lowermost conduction band: energies [eV] and <sigma>.

    With mirror symmetry the partners are the edges of the two sectors; without, the two bands next to the gap.
    """

    valence: Float[Array, "n 2"]
    conduction: Float[Array, "n 2"]
    valence_spin: Float[Array, "n 2 3"]
    conduction_spin: Float[Array, "n 2 3"]


@jax.jit
def edges(model: Model, k: Float[ArrayLike, "n 2"]) -> Edges:
    """The band edges at wave vectors k (n, 2) [1/angstrom]. Raises `ValueError` for a model without spin."""
    if not model.spins.all():
        raise ValueError("edges: spin splitting needs a model with spin; this one has states without")
    return edges_of(model, eigenstates(model, k))


def edges_of(model: Model, states: Eigenstates) -> Edges:
    """`edges`, given the eigenstates."""
    energies, vectors = states
    spins = jax.vmap(lambda vectors: spin_of(model, vectors))(vectors)
    top, bottom = model.occupied - 1, model.occupied
    if energies.shape[1] == 2:
        return Edges(energies[:, :, top], energies[:, :, bottom], spins[:, :, top], spins[:, :, bottom])
    pairs = ([top, top - 1], [bottom + 1, bottom])
    return Edges(*(values[:, 0, jnp.array(pair)] for values in (energies, spins) for pair in pairs))


def signed(found: Edges) -> Splitting:
    """E(up) - E(down) of both pairs, up being the partner of the larger s_z [eV]."""

    def difference(energies: Float[Array, "n 2"], spins: Float[Array, "n 2 3"]) -> Float[Array, " n"]:
        return jnp.where(spins[:, 0, 2] >= spins[:, 1, 2], 1.0, -1.0) * (energies[:, 0] - energies[:, 1])

    return Splitting(difference(found.valence, found.valence_spin), difference(found.conduction, found.conduction_spin))


@jax.jit
def splitting(model: Model, k: Float[ArrayLike, "n 2"]) -> Splitting:
    """E(up) - E(down) of the uppermost valence and lowermost conduction band at k (n, 2) [1/angstrom], in eV.

    Raises:
        ValueError: for k of another shape, and for a model without spin.
    """
    return signed(edges(model, k))


@jax.jit
def at_K(model: Model) -> AtK:
    """Splittings, gap at K, and the height of K above Gamma [eV]; the valence splitting counts as positive."""
    found = edges(model, jnp.stack([K_point(model), jnp.zeros(2)]))
    split, top = signed(found), jnp.max(found.valence, axis=1)
    orientation = jnp.where(split.valence[0] < 0, -1.0, 1.0)
    return AtK(
        valence_splitting=orientation * split.valence[0],
        conduction_splitting=orientation * split.conduction[0],
        gap=jnp.min(found.conduction[0]) - top[0],
        valence_K_minus_Gamma=top[0] - top[1],
    )


@functools.partial(jax.jit, static_argnames="angles")
def symmetry_law(model: Model, k: Float[ArrayLike, " n"], angles: int = 96) -> dict[str, SymmetryLaw]:
    """alpha(k) and beta(k) of the paper's equation (1), of the "valence" and of the "conduction" band.

    Arguments: wave numbers k (n,) [1/angstrom]; `angles`, how many theta of the full circle are used, a multiple of 12.
    alpha is the splitting towards M, where the law leaves it alone (zero in D3h); beta fits the squares at all angles.
    """
    k = jnp.asarray(k, dtype=float)
    theta = 2 * jnp.pi * jnp.arange(angles) / angles
    to_M = M_point(model) / jnp.linalg.norm(M_point(model))
    to_K = K_point(model) / jnp.linalg.norm(K_point(model))
    directions = (
        jnp.cos(theta)[:, None] * to_M[None] + jnp.sin(theta)[:, None] * to_K[None]
    )  # theta = 30 degrees: K or K'
    points = (k[:, None, None] * directions[None]).reshape(-1, 2)
    harmonic = jnp.sin(3 * theta)[None] ** 2

    def law(signed: Float[Array, " points"]) -> SymmetryLaw:
        signed = signed.reshape(-1, angles)
        alpha = jnp.abs(signed[:, :1])
        excess = jnp.sum((signed**2 - alpha**2) * harmonic, axis=1) / jnp.sum(harmonic**2)
        beta = jnp.sqrt(jnp.maximum(excess, 0.0))
        left = jnp.abs(signed) - jnp.sqrt(alpha**2 + beta[:, None] ** 2 * harmonic)
        size = jnp.sqrt(jnp.mean(signed**2, axis=1))
        deviation = jnp.sqrt(jnp.mean(left**2, axis=1)) / jnp.where(size > 0, size, 1.0)
        return SymmetryLaw(alpha[:, 0], jnp.sign(signed[:, angles // 4]) * beta, deviation)

    found = splitting(model, points)
    return {"valence": law(found.valence), "conduction": law(found.conduction)}
