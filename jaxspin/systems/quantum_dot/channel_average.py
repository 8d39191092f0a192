"""Conductance averaged over the assignment of the channels to the two leads, within one scattering matrix.

The ensembles do not change when the N orbital channels are permuted. Averages over all permutations, exact, therefore
replace G and G G' of one assignment by conditional means that fluctuate much less: <G> from the probability of return,
covariances from sums over pairs of channels. Coherent dots only: equation (4) needs unitarity. Conductances in e^2/h.
"""

import jax.numpy as jnp
from jaxtyping import Array, Complex, Float


def probabilities(S: Complex[Array, "c c"], N: int) -> Float[Array, "N N"]:
    """P_ij = sum over spins of |S_ij|^2 between the N orbital channels; the spin is the fastest index of S."""
    spin = S.shape[0] // N
    return jnp.sum(jnp.abs(S.reshape(N, spin, N, spin)) ** 2, axis=(1, 3))


def averaged_conductance(P: Float[Array, "N N"], n1: int) -> Float[Array, ""]:
    """Mean conductance over the choices of n1 of the N channels as lead 1: n1 n2 (2N - tr P)/N(N - 1)."""
    N = P.shape[0]
    return n1 * (N - n1) / (N * (N - 1)) * (2 * N - jnp.trace(P))


def averaged_product(P: Float[Array, "N N"], P_other: Float[Array, "N N"], n1: int) -> Float[Array, ""]:
    """Mean of G G' over the choices of n1 of the N channels as lead 1, the same choice for both dots.

    With equation (4), G = 2 N_1 N_2/N - g with g = sum_ij Lambda_i P_ij Lambda_j. The products of two and four Lambda
    are averaged: with sum Lambda = 0 and Lambda^2 = s Lambda + p, where s = (N_2 - N_1)/N and p = N_1 N_2/N^2, those of
    two, three and four different channels are e2 = -p/(N - 1), e3 = -2 s e2/(N - 2), e4 = -3 (s e3 + p e2)/(N - 3).
    """
    N = P.shape[0]
    s, p = (N - 2 * n1) / N, n1 * (N - n1) / N**2
    e2 = -p / (N - 1)
    e3 = -2 * s * e2 / max(N - 2, 1)  # where there are no three or four different channels their sums vanish
    e4 = -3 * (s * e3 + p * e2) / max(N - 3, 1)
    d, d_other = jnp.diagonal(P), jnp.diagonal(P_other)
    Q, Q_other = _off_diagonal(P), _off_diagonal(P_other)
    r, r_other = jnp.sum(Q, axis=1), jnp.sum(Q_other, axis=1)
    D, D_other, q, q_other = jnp.sum(d), jnp.sum(d_other), jnp.sum(r), jnp.sum(r_other)
    returns = s**2 * (p - e2) * (d @ d_other) + (s**2 * e2 + p**2) * D * D_other
    mixed = (p * e2 + s * e3) * (D * q_other + D_other * q)
    mixed = mixed + 2 * s * (s * e2 - e3) * (d @ r_other + d_other @ r)
    same, shared = jnp.sum(Q * Q_other), r @ r_other
    once = shared - same
    passes = 2 * same * (s**2 * e2 + p**2) + 4 * once * (s * e3 + p * e2) + (q * q_other - 4 * once - 2 * same) * e4
    classical = 2 * N * p
    g = classical - averaged_conductance(P, n1)
    g_other = classical - averaged_conductance(P_other, n1)
    return classical**2 - classical * (g + g_other) + returns + mixed + passes


def _off_diagonal(P: Float[Array, "N N"]) -> Float[Array, "N N"]:
    symmetric = (P + P.T) / 2
    return symmetric - jnp.diag(jnp.diagonal(symmetric))
