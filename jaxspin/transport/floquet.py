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
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Complex, Float

from jaxspin.numerics.small_matrices import product
from jaxspin.transport.driven_sites import Lattice, Rest, continued_fraction, kept_sites
from jaxspin.transport.drives import Driven
from jaxspin.transport.static import broadening, demand_open, lead_self_energies, through


class Sidebands(NamedTuple):
    """What there is to know of a driven network at one energy; M = 2 n_max + 1 sidebands n = -n_max ... n_max.

    `energies` (M,) E_n [energy]; `sigmas` the self-energy of every lead at every E_n, (M, m, m) each [energy];
    `columns` the Green function from the orbitals of every lead at sideband 0 to all n orbitals at sideband n,
    (M, n, m) each [1/energy].
    """

    energies: Float[Array, " M"]
    sigmas: list[Complex[Array, "M m m"]]
    columns: list[Complex[Array, "M n m"]]


def sideband_transmission(driven: Driven, energy: Float[ArrayLike, ""], *, n_max: int) -> Float[Array, "M leads leads"]:
    """T^(n)_ab(E), entry (n_max + n, a, b): from lead b at energy E to lead a at E + n Omega.

    The diagonal is the reflection, where closed channels count as reflected: the sum over n and a is the number of
    orbitals that lead b is attached to, at any n_max.

    Arguments:
        driven: network and drives.
        energy: of the electron that comes in [energy]; `jax.vmap` for a spectrum.
        n_max: largest number of photons; `truncation` finds it. M = 2 n_max + 1.

    Raises:
        ValueError: for n_max below the largest harmonic, and, outside `jit` and `vmap`, where a lead carries no wave or
            sidebands beyond n_max carry more than 1e-4; the value needed is named.
    """
    demand_open(driven.network, energy)
    demand_sidebands(driven, energy, n_max, 1e-4)
    return transmission_at(driven, jnp.asarray(energy, dtype=float), n_max)


@eqx.filter_jit
def transmission_at(driven: Driven, energy: Float[Array, ""], n_max: int) -> Float[Array, "M leads leads"]:
    """`sideband_transmission` without its errors."""
    network = driven.network
    at = _solve(driven, energy, n_max)
    rows = [at.place[network.rows(lead.sites)] for lead in network.leads]
    gammas = [broadening(sigma) for sigma in at.sigmas]
    leads = range(len(rows))

    def entry(a, b):
        green = _take(at.columns[b], rows[a], 1)
        total = through(gammas[a], green, gammas[b][n_max])
        if a == b:  # S = -1 + ... at n = 0
            elastic = gammas[b].shape[-1] + 2 * jnp.trace(gammas[b][n_max] @ green[n_max]).imag
            total = total + jnp.where(np.arange(-n_max, n_max + 1) == 0, elastic, 0.0)
        return total

    return jnp.stack([jnp.stack([entry(a, b) for b in leads], axis=-1) for a in leads], axis=-2)


@eqx.filter_jit
def sidebands(driven: Driven, energy: Float[ArrayLike, ""], n_max: int) -> Sidebands:
    """Self-energies and Green functions of all sidebands, for an electron that comes in at `energy` by any lead.

    Arguments as of `sideband_transmission`.

    Raises:
        ValueError: for n_max below the largest harmonic of the drives.
    """
    at = _solve(driven, jnp.asarray(energy, dtype=float), n_max)
    return Sidebands(at.energies, at.sigmas, [column[:, at.place] for column in at.columns])


@eqx.filter_jit
def sideband_weights(driven: Driven, energy: Float[Array, ""], n_max: int) -> Float[Array, " M"]:
    """How much of the sidebands the driven sites see, about the probability that is lost without them.

    sum_b |V| Tr[Gamma_b G_n0^dagger G_n0] over the kept sites, with |V| the largest row sum of the drives.
    """
    network = driven.network
    keep = network.rows(kept_sites(driven))
    strength = 2 * jnp.max(jnp.sum(jnp.abs(driven.couplings(driven.sites)), axis=(0, 2)))
    at = sidebands(driven, energy, n_max)
    gammas = [broadening(sigma[n_max]) for sigma in at.sigmas]
    reached = [
        through(jnp.eye(len(keep), dtype=complex), column[:, keep], gamma)
        for column, gamma in zip(at.columns, gammas, strict=True)
    ]
    return strength * sum(reached[1:], reached[0])


def truncation(driven: Driven, energies: Float[ArrayLike, " k"] | None = None, *, tolerance: float = 1e-10) -> int:
    """The smallest n_max beyond which sidebands carry less than `tolerance`, by `sideband_weights`.

    Arguments:
        driven: network and drives, concrete: not under `jit`, since n_max is a shape.
        energies: of the electrons that come in [energy]; by default 65 in the band of every lead, closer at its edges.
        tolerance: on probabilities.

    Raises:
        ValueError: where 512 sidebands are not enough.
        TypeError: under `jit`.
    """
    if any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(driven)):
        raise TypeError("truncation: n_max is a shape and must be known before jit; find it outside, or give it")
    if energies is None:
        bands = [np.asarray(lead.bands(driven.network.orbitals)) for lead in driven.network.leads]
        half = 0.5 - 0.5 * np.cos(np.pi * (np.arange(65) + 0.5) / 65)
        energies = np.concatenate([band.min() + (band.max() - band.min()) * half for band in bands])
    energies = jnp.atleast_1d(jnp.asarray(energies, dtype=float))
    n_max = max(16, 2 * driven.harmonics)
    while n_max <= 512:
        weights = np.asarray(_largest_weights(driven, energies, n_max))
        both = weights[n_max:] + weights[n_max::-1]
        beyond = np.append(np.cumsum(both[::-1])[::-1][1:], 0.0)  # of all sidebands after n
        if both[-1] < 1e-3 * tolerance or n_max == 512:
            enough = np.flatnonzero(beyond < tolerance)[0]
            return int(max(enough, driven.harmonics))
        n_max *= 2
    raise ValueError(f"Floquet truncation: 512 sidebands do not hold this drive to {tolerance:g}")


def demand_sidebands(driven: Driven, energy: Float[ArrayLike, "..."], n_max: int, tolerance: float) -> None:
    """Raise `ValueError` if, of concrete numbers, sidebands beyond n_max carry more than the tolerance."""
    if any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves((driven, energy))):
        return
    needed = truncation(driven, jnp.ravel(jnp.asarray(energy, dtype=float)), tolerance=tolerance)
    if n_max < needed:
        raise ValueError(
            f"Floquet truncation: n_max = {n_max} is too small for this drive; n_max = {needed} is needed for "
            f"probabilities to {tolerance:g}"
        )


@eqx.filter_jit
def _largest_weights(driven, energies, n_max):
    return jnp.max(jax.vmap(lambda energy: sideband_weights(driven, energy, n_max))(energies), axis=0)


class _Solved(NamedTuple):
    """As `Sidebands`, but row i of the network is row `place[i]` of the columns."""

    energies: Float[Array, " M"]
    sigmas: list[Complex[Array, "M m m"]]
    columns: list[Complex[Array, "M n m"]]
    place: np.ndarray


def _solve(driven: Driven, energy: Float[Array, ""], n_max: int) -> _Solved:
    if n_max < driven.harmonics:
        raise ValueError(
            f"Floquet truncation: n_max = {n_max} is too small for a drive with harmonic {driven.harmonics}; "
            f"n_max = {driven.harmonics} is the least, and `truncation` finds the value needed"
        )
    network, keep = driven.network, kept_sites(driven)
    lattice = Lattice(n_max, driven.harmonics)
    energies = energy + lattice.orders * driven.frequency
    sigmas = jax.vmap(lambda e: lead_self_energies(network, e))(energies)
    rest = Rest(network, network.rows(keep), energies, sigmas)
    inside, middle = lattice.inside, slice(lattice.zero, lattice.zero + 1)
    column = continued_fraction(rest.dot, driven.couplings(keep), lattice)[inside]
    into, direct, out = rest.into(middle), rest.direct(middle), rest.out[inside]
    here = np.asarray(lattice.orders == 0)[inside, None, None]

    def entering(lead):
        ends = rest.place[network.rows(lead.sites)]
        return product(out, product(column, _take(into, ends, 2))) + jnp.where(here, _take(direct, ends, 2), 0.0)

    columns = [entering(lead) for lead in network.leads]
    return _Solved(energies[inside], [sigma[inside] for sigma in sigmas], columns, rest.place)


def _take(array: Array, rows: np.ndarray, axis: int) -> Array:
    """Rows along an axis, by a slice where they are neighbours: it fuses, a gather does not."""
    if np.array_equal(rows, rows[0] + np.arange(len(rows))):
        return jax.lax.slice_in_dim(array, int(rows[0]), int(rows[0]) + len(rows), axis=axis)
    return jnp.take(array, rows, axis=axis)
