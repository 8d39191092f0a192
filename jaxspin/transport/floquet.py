"""Driven networks in Floquet space: Green functions between sidebands, and sideband-resolved transmission.

An electron that comes in at energy E leaves at E_n = E + n Omega. With G_n0 the Green function from sideband 0 to n,
T^(n)_ab(E) = Tr[Gamma_a(E_n) G_n0,ab Gamma_b(E) G_n0,ab^dagger] is the probability to get from lead b to lead a with n
photons absorbed (Moskalets and Buettiker, Phys. Rev. B 66, 205320 (2002)). hbar = e = 1; energies in any one unit.

Only few sites are driven. The rest of the network and the leads enter as a self-energy at every sideband's energy; what
is left is a block-tridiagonal chain of sidebands over the driven sites, solved from both ends as a matrix continued
fraction. The cost is n_max times (sites^3 + driven^3).
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float

from jaxspin.transport.drives import Driven
from jaxspin.transport.inverse import inverse
from jaxspin.transport.network import connected
from jaxspin.transport.static import broadening, demand_open, effective_inverse, lead_self_energies, through


class Sidebands(NamedTuple):
    """What there is to know of a driven network at one energy; M = 2 n_max + 1 sidebands n = -n_max ... n_max.

    `energies` (M,) E_n; `sigmas` self-energy of every lead at every E_n, (M, m, m) each; `columns` the Green function
    from the sites of every lead at sideband 0 to all sites at sideband n, (M, sites * orbitals, m) each.
    """

    energies: Float[Array, " M"]
    sigmas: list[Complex[Array, "M m m"]]
    columns: list[Complex[Array, "M n m"]]


def sideband_transmission(driven: Driven, energy: Float[ArrayLike, ""], *, n_max: int) -> Float[Array, "M leads leads"]:
    """T^(n)_ab(E), entry (n_max + n, a, b): from lead b at energy E to lead a at E + n Omega.

    The diagonal is the reflection, where closed channels count as reflected: the sum over n and a is the number of
    orbitals that lead b is attached to.

    Arguments:
        driven: network and drives.
        energy: of the electron that comes in [energy]; `jax.vmap` for a spectrum.
        n_max: largest number of photons; `truncation` finds it. M = 2 n_max + 1.

    Raises:
        ValueError: for n_max below the largest harmonic, and, outside `jit` and `vmap`, where a lead carries no wave.
    """
    demand_open(driven.network, energy)
    return _sideband_transmission(driven, jnp.asarray(energy, dtype=float), n_max)


@eqx.filter_jit
def _sideband_transmission(driven: Driven, energy: Float[Array, ""], n_max: int) -> Float[Array, "M leads leads"]:
    network = driven.network
    at = sidebands(driven, energy, n_max)
    rows = [network.rows(lead.sites) for lead in network.leads]
    gammas = [broadening(sigma) for sigma in at.sigmas]
    leads = range(len(rows))

    def entry(a, b):
        green = at.columns[b][:, rows[a]]
        total = through(gammas[a], green, gammas[b][n_max])
        if a == b:  # S = -1 + ... at n = 0
            elastic = gammas[b].shape[-1] + 2 * jnp.trace(gammas[b][n_max] @ green[n_max]).imag
            total = total + jnp.where(np.arange(-n_max, n_max + 1) == 0, elastic, 0.0)
        return total

    return jnp.stack([jnp.stack([entry(a, b) for b in leads], axis=-1) for a in leads], axis=-2)


def sidebands(driven: Driven, energy: Float[Array, ""], n_max: int) -> Sidebands:
    """Self-energies and Green functions of all sidebands, for an electron that comes in at `energy` by any lead.

    Raises:
        ValueError: for n_max below the largest harmonic of the drives.
    """
    if n_max < driven.harmonics:
        raise ValueError(
            f"Floquet truncation: n_max = {n_max} is too small for a drive with harmonic {driven.harmonics}; "
            "`truncation` finds the value needed"
        )
    network, keep = driven.network, kept_sites(driven)
    lattice = _Lattice(n_max, driven.harmonics)
    energies = energy + lattice.orders * driven.frequency
    sigmas = jax.vmap(lambda e: lead_self_energies(network, e))(energies)
    system = jax.vmap(lambda e, sigma: effective_inverse(network, sigma, e))(energies, sigmas)
    rest = _Rest(system, network.rows(keep))
    column = continued_fraction(rest.dot, driven.couplings(keep), lattice)[lattice.inside]
    here = np.asarray(lattice.orders == 0)[lattice.inside, None, None]

    def entering(lead):
        ends = network.rows(lead.sites)
        spread = rest.out[lattice.inside] @ (column @ rest.into[lattice.zero][:, ends])
        return spread + jnp.where(here, rest.green[lattice.zero][:, ends], 0.0)

    return Sidebands(
        energies[lattice.inside],
        [sigma[lattice.inside] for sigma in sigmas],
        [entering(lead) for lead in network.leads],
    )


def kept_sites(driven: Driven) -> tuple[int, ...]:
    """The driven sites, and those that without them no path connects with a lead: their levels would be poles."""
    network, sites = driven.network, set(driven.sites)
    if network.bonds is not None:
        bonds = tuple(pair for pair in network.bonds if not sites & set(pair))
        ends = {site for lead in network.leads for site in lead.sites} - sites
        sites |= set(range(network.sites)) - connected(ends, bonds)
    return tuple(sorted(sites))


class _Lattice:
    """Sidebands in groups of as many as there are harmonics, so that only neighbouring groups couple.

    Group 0 begins with sideband 0; there are as many groups above it as below, enough for n_max.
    """

    def __init__(self, n_max: int, harmonics: int):
        self.size = harmonics
        self.groups = -(-n_max // harmonics)
        self.zero = self.groups * harmonics
        self.orders = np.arange(-self.zero, self.zero + harmonics)
        self.inside = slice(self.zero - n_max, self.zero + n_max + 1)


class _Rest:
    """The sites that are not kept, eliminated: matrices (M, ., .), one for every sideband.

    With A = E_n - H - Sigma in blocks of kept (D) and other (R) rows: `dot` A_DD - A_DR A_RR^-1 A_RD, `out` and `into`
    the factors (1, -A_RR^-1 A_RD) and (1, -A_DR A_RR^-1) that lead from and to all rows, `green` A_RR^-1 among all rows.
    """

    def __init__(self, system: Complex[Array, "M n n"], kept: np.ndarray):
        n, d = system.shape[-1], len(kept)
        others = np.setdiff1d(np.arange(n), kept)
        order = np.argsort(np.concatenate([kept, others]))
        block = lambda rows, columns: system[:, rows[:, None], columns[None, :]]
        green = inverse(block(others, others))
        out, into = -green @ block(others, kept), -block(kept, others) @ green
        one = jnp.broadcast_to(jnp.eye(d, dtype=complex), (len(system), d, d))
        self.dot = block(kept, kept) + block(kept, others) @ out
        self.out = jnp.concatenate([one, out], axis=1)[:, order]
        self.into = jnp.concatenate([one, into], axis=2)[:, :, order]
        self.green = jnp.pad(green, ((0, 0), (d, 0), (d, 0)))[:, order][:, :, order]


def continued_fraction(
    dots: Complex[Array, "M d d"], couplings: Complex[Array, "harmonics d d"], lattice: _Lattice
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
    diagonal = jnp.einsum("jaxy,ab->jaxby", blocks, eye).reshape(2 * groups + 1, order, order) - within
    # both ends at once: axis 1 is above, below
    steps = jnp.stack([diagonal[:groups:-1], diagonal[:groups]], axis=1)
    out = jnp.stack([up, up.conj().T])
    back = jnp.stack([up.conj().T, up])

    def inwards(reply, own):
        reply = inverse(own - back @ reply) @ out
        return reply, reply

    reply, replies = jax.lax.scan(inwards, jnp.zeros((2, order, order), dtype=complex), steps)
    middle = inverse(diagonal[groups] - back[0] @ reply[0] - back[1] @ reply[1])[:, :d]

    def outwards(column, reply):
        column = reply @ column
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
