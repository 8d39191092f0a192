"""The driven sites alone, in Floquet space: the rest of the network eliminated, the sidebands a continued fraction."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from jaxspin.numerics.small_matrices import inverse, product
from jaxspin.transport.drives import Driven
from jaxspin.transport.network import Network, connected
from jaxspin.transport.static import spread


def kept_sites(driven: Driven) -> tuple[int, ...]:
    """The driven sites, and those that without them no path connects with a lead: their levels would be poles."""
    network, sites = driven.network, set(driven.sites)
    if network.bonds is not None:
        bonds = tuple(pair for pair in network.bonds if not sites & set(pair))
        ends = {site for lead in network.leads for site in lead.sites} - sites
        sites |= set(range(network.sites)) - connected(ends, bonds)
    return tuple(sorted(sites))


class Lattice:
    """Sidebands in groups of as many as there are harmonics, so that only neighbouring groups couple.

    Group 0 begins with sideband 0; there are as many groups above it as below, enough for n_max. Of their sidebands
    those beyond n_max stay uncoupled: whatever n_max is, nothing is lost to sidebands that are not reported.
    """

    def __init__(self, n_max: int, harmonics: int):
        self.size = harmonics
        self.groups = -(-n_max // harmonics)
        self.zero = self.groups * harmonics
        self.orders = np.arange(-self.zero, self.zero + harmonics)
        self.inside = slice(self.zero - n_max, self.zero + n_max + 1)
        self.coupled = (np.abs(self.orders) <= n_max).reshape(-1, harmonics)


class Rest:
    """The sites that are not kept, eliminated: matrices (M, ., .), one for every sideband.

    Rows are in another order here: first the kept (D), then the others (R); row i of the network is row `place[i]`.
    With A = E_n - H - Sigma: `dot` = A_DD - A_DR A_RR^-1 A_RD; `out` = (1, -A_RR^-1 A_RD) leads from the kept rows to
    all, `into` = (1, -A_DR A_RR^-1) from all to the kept, `direct` is A_RR^-1 among all.
    """

    def __init__(
        self,
        network: Network,
        kept: np.ndarray,
        energies: Float[Array, " M"],
        sigmas: Sequence[Complex[Array, "M m m"]],
    ):
        n, d = network.hamiltonian.shape[0], len(kept)
        order = np.concatenate([kept, np.setdiff1d(np.arange(n), kept)])
        self.place = np.argsort(order)
        system = energies[:, None, None] * jnp.eye(n)[None] - network.hamiltonian[order][:, order][None]
        for lead, sigma in zip(network.leads, sigmas, strict=True):
            system = system - spread(sigma, self.place[network.rows(lead.sites)], n)
        system = jax.lax.optimization_barrier(system)
        self.green = jax.lax.optimization_barrier(inverse(system[:, d:, d:]))
        self.coupling = system[:, :d, d:]
        one = jnp.broadcast_to(jnp.eye(d, dtype=complex), (len(system), d, d))
        out = -product(self.green, system[:, d:, :d])
        self.out = jax.lax.optimization_barrier(jnp.concatenate([one, out], axis=1))
        self.dot = system[:, :d, :d] + product(self.coupling, out)

    def into(self, which: slice) -> Complex[Array, "k d n"]:
        into = -product(self.coupling[which], self.green[which])
        d = into.shape[1]
        return jnp.concatenate([jnp.broadcast_to(jnp.eye(d), (len(into), d, d)), into], axis=2)

    def direct(self, which: slice) -> Complex[Array, "k n n"]:
        d = self.coupling.shape[1]
        return jnp.pad(self.green[which], ((0, 0), (d, 0), (d, 0)))


def continued_fraction(
    dots: Complex[Array, "M d d"], couplings: Complex[Array, "harmonics d d"], lattice: Lattice
) -> Complex[Array, "M d d"]:
    """Green function F_n0 from sideband 0 to every sideband n among the kept rows [1/energy].

    Solves W_j F_j = delta_j0 + C F_(j-1) + C^dagger F_(j+1) over groups j of sidebands: from both ends inwards
    R_j = (W_j - C^dagger R_(j+1))^-1 C, then outwards F_j = R_j F_(j-1).
    """
    d, size, groups = dots.shape[-1], lattice.size, lattice.groups
    order = size * d
    up, within = _group_couplings(couplings)
    blocks = dots.reshape(2 * groups + 1, size, d, d)
    eye = np.eye(size)
    coupled = np.repeat(lattice.coupled, d, axis=1).astype(float)
    diagonal = jnp.einsum("jaxy,ab->jaxby", blocks, eye).reshape(2 * groups + 1, order, order)
    diagonal = diagonal - within[None] * (coupled[:, :, None] * coupled[:, None, :])
    # both ends at once: axis 1 is above, below
    both_ends = lambda each: jnp.stack([each[:groups:-1], each[:groups]], axis=1)
    out = jnp.stack([up, up.conj().T])
    back = jnp.stack([up.conj().T, up])

    def inwards(reply, step):
        own, rows = step
        reply = product(inverse(own - product(back, reply)), rows[:, :, None] * out)
        return reply, reply

    start = jnp.zeros((2, order, order), dtype=complex)
    reply, replies = jax.lax.scan(inwards, start, (both_ends(diagonal), both_ends(jnp.asarray(coupled))))
    middle = inverse(diagonal[groups] - product(back[0], reply[0]) - product(back[1], reply[1]))[:, :d]

    def outwards(column, reply):
        column = product(reply, column)
        return column, column

    _, columns = jax.lax.scan(outwards, jnp.stack([middle, middle]), replies, reverse=True)
    every = jnp.concatenate([columns[:, 1], middle[None], columns[::-1, 0]])
    return every.reshape((2 * groups + 1) * size, d, d)


def _group_couplings(
    couplings: Complex[Array, "harmonics d d"],
) -> tuple[Complex[Array, "order order"], Complex[Array, "order order"]]:
    """Drive from a group of sidebands to the next one up, and within a group."""
    size, d, _ = couplings.shape
    zero = jnp.zeros((d, d), dtype=complex)
    harmonic = lambda k: couplings[k - 1] if 1 <= k <= size else zero
    up = jnp.block([[harmonic(a + size - b) for b in range(size)] for a in range(size)])
    lower = jnp.block([[harmonic(a - b) for b in range(size)] for a in range(size)])
    return up, lower + lower.conj().T
