"""Currents and densities of occupied states: Landauer's at rest, pumped ones and their harmonics under a drive.

Leads are in equilibrium, with Fermi functions f_b. Currents are positive *into* a lead, in (energy unit) e/h, for one
spin where the network has one. All of them are integrals of what one electron does that comes in by lead b at energy E:
`spectral_current` at rest, `pumped_spectrum` and `current_harmonic` under a drive.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float

from jaxspin.core import Solve
from jaxspin.numerics.fermi import occupation, thermal_breakpoints
from jaxspin.numerics.quadrature import Integral, integrate
from jaxspin.transport.drives import Driven
from jaxspin.transport.floquet import sidebands, transmission_at, truncation
from jaxspin.transport.network import Network
from jaxspin.transport.static import broadening, transmission_of

_QUADRATURE = Solve(rtol=1e-9, atol=1e-11, max_steps=200)


def landauer_currents(
    network: Network,
    potentials: Float[ArrayLike, " leads"],
    temperature: Float[ArrayLike, "..."] = 0.0,
    *,
    breakpoints: Float[ArrayLike, " m"] | None = None,
    panels: int = 96,
    solve: Solve = _QUADRATURE,
) -> Integral:
    """I_a = integral of sum_b T_ab (f_b - f_a): current into every lead at any bias and temperature.

    Arguments:
        network: at rest.
        potentials: chemical potential of every lead [energy].
        temperature: k_B T of all leads, or of every one (leads,) [energy].
        breakpoints: energies of sharp resonances [energy]; band edges and potentials are known already.
        panels, solve: of `numerics.quadrature.integrate`.

    Returns:
        `Integral` with `value` (leads,) [energy e/h], an error estimate and a status.
    """
    return occupied(
        spectral_current,
        network,
        potentials,
        temperature,
        network,
        breakpoints=breakpoints,
        panels=panels,
        solve=solve,
    )


def pumped_currents(
    driven: Driven,
    potentials: Float[ArrayLike, "..."],
    temperature: Float[ArrayLike, "..."] = 0.0,
    *,
    n_max: int | None = None,
    breakpoints: Float[ArrayLike, " m"] | None = None,
    panels: int = 96,
    solve: Solve = _QUADRATURE,
) -> Integral:
    """The dc current into every lead, photon-assisted where there is a bias, pumped where there is none.

    I_a = integral of sum_(n b) T^(n)_ab(E) f_b(E) - T^(n)_ba(E) f_a(E).

    Arguments:
        driven: network and drives.
        potentials: chemical potential of all leads, or of every one (leads,) [energy].
        temperature: k_B T of all leads, or of every one (leads,) [energy].
        n_max: largest number of photons, by default `truncation(driven)`, which cannot be found under `jit`.
        breakpoints: energies of sharp resonances [energy]; edges of bands and their sidebands are known already.
        panels, solve: of `numerics.quadrature.integrate`.

    Returns:
        `Integral` with `value` (leads,) [energy e/h], an error estimate and a status.

    Raises:
        TypeError: under `jit` without n_max.
    """
    photons = truncation(driven) if n_max is None else n_max
    return occupied(
        eqx.Partial(pumped_spectrum, n_max=photons),
        driven.network,
        potentials,
        temperature,
        driven,
        breakpoints=sideband_edges(driven, breakpoints),
        panels=panels,
        solve=solve,
    )


def occupied(
    spectrum: Callable[[Any, Float[Array, ""]], Array],
    network: Network,
    potentials: Float[ArrayLike, "..."],
    temperature: Float[ArrayLike, "..."] = 0.0,
    args: Any = None,
    *,
    breakpoints: Float[ArrayLike, " m"] | None = None,
    panels: int = 96,
    solve: Solve = _QUADRATURE,
) -> Integral:
    """The integral of sum_b spectrum(args, E)[..., b] f_b(E) over the bands of the leads: a sum over occupied states.

    Such as densities from `density_harmonic` and ac currents from `current_harmonic`, with their numbers fixed by
    `equinox.Partial` and the driven network as `args`. Compiled once for every spectrum. Other arguments as of
    `landauer_currents`.
    """
    count = len(network.leads)
    mu, kt = (jnp.broadcast_to(jnp.asarray(each, dtype=float), (count,)) for each in (potentials, temperature))
    more = jnp.zeros(0) if breakpoints is None else jnp.ravel(jnp.asarray(breakpoints, dtype=float))
    return _occupied(spectrum, network, mu, kt, args, more, panels, solve)


@eqx.filter_jit
def _occupied(spectrum, network, mu, kt, args, more, panels, solve) -> Integral:
    bands = jnp.concatenate([lead.bands(network.orbitals) for lead in network.leads])
    steps = jax.vmap(thermal_breakpoints)(mu, kt)
    bottom = jnp.min(bands)
    top = jnp.clip(jnp.max(steps), bottom, jnp.max(bands))
    marks = jnp.concatenate([jnp.ravel(bands), jnp.ravel(steps), more])

    def integrand(energy, given):
        args, mu, kt = given
        return jnp.tensordot(spectrum(args, energy), occupation(energy, mu, kt), axes=1)

    panels = max(panels, 2 * (marks.size + 2))
    return integrate(integrand, bottom, top, (args, mu, kt), breakpoints=marks, panels=panels, solve=solve)


def spectral_current(network: Network, energy: Float[Array, ""]) -> Float[Array, "leads leads"]:
    """Current into lead a of an electron that comes in by lead b, entry (a, b): T_ab off, minus what leaves on it."""
    return _balance(transmission_of(network, energy))


def pumped_spectrum(driven: Driven, energy: Float[Array, ""], n_max: int) -> Float[Array, "leads leads"]:
    """As `spectral_current`, under a drive: summed over sidebands."""
    return _balance(jnp.sum(transmission_at(driven, energy, n_max), axis=0))


@eqx.filter_jit
def current_harmonic(
    driven: Driven, energy: Float[ArrayLike, ""], order: int, n_max: int
) -> Complex[Array, "leads leads"]:
    """I_l of the current I(t) = sum_l I_l e^(-i l Omega t) into lead a of an electron that comes in by lead b.

    Through the bonds between the lead and the network, with the leads' self-energies at every sideband: nothing is
    taken to be constant over a photon's energy. I_(-l) is the conjugate of I_l.

    Arguments:
        driven: network and drives.
        energy: of the electron that comes in [energy].
        order: l >= 0, at most 2 n_max.
        n_max: largest number of photons.
    """
    at = sidebands(driven, energy, n_max)
    network = driven.network
    rows = [network.rows(lead.sites) for lead in network.leads]
    gammas = [broadening(sigma[n_max]) for sigma in at.sigmas]
    count = 2 * n_max + 1 - order

    def entry(a, b):
        inside = at.columns[b][:, rows[a]]  # amplitudes on the network's side of the contact
        outside = at.sigmas[a] @ inside  # and on the lead's, times the coupling
        if a == b:
            here = (np.arange(-n_max, n_max + 1) == 0)[:, None, None]
            outside = outside + jnp.where(here, jnp.eye(len(rows[a]))[None], 0.0)
        pair = lambda ket, bra: jnp.sum((ket[order:] @ gammas[b]) * bra[:count].conj())
        return -1j * (pair(inside, outside) - pair(outside, inside))

    leads = range(len(rows))
    return jnp.stack([jnp.stack([entry(a, b) for b in leads]) for a in leads])


@eqx.filter_jit
def density_harmonic(driven: Driven, energy: Float[ArrayLike, ""], order: int, n_max: int) -> Complex[Array, "n leads"]:
    """n_l of the density n(t) = sum_l n_l e^(-i l Omega t) of every orbital per energy, of states from every lead.

    `order` 0 is the average over time. Arguments as of `current_harmonic`; sum it with `occupied` [1/energy].
    """
    at = sidebands(driven, energy, n_max)
    count = 2 * n_max + 1 - order

    def of(column, sigma):
        return jnp.sum((column[order:] @ broadening(sigma[n_max])) * column[:count].conj(), axis=(0, 2)) / (2 * jnp.pi)

    return jnp.stack([of(*pair) for pair in zip(at.columns, at.sigmas, strict=True)], axis=-1)


def sideband_edges(driven: Driven, more: Float[ArrayLike, " m"] | None = None, photons: int = 4) -> Float[Array, " k"]:
    """Band edges of all leads, shifted by up to some photons, and more energies: where sidebands open [energy]."""
    network = driven.network
    edges = jnp.concatenate([jnp.ravel(lead.bands(network.orbitals)[jnp.array([0, -1])]) for lead in network.leads])
    shifts = driven.frequency * jnp.arange(-photons, photons + 1)
    shifted = jnp.ravel(edges[:, None] + shifts[None, :])
    return shifted if more is None else jnp.concatenate([shifted, jnp.ravel(jnp.asarray(more, dtype=float))])


def _balance(transmissions: Float[Array, "leads leads"]) -> Float[Array, "leads leads"]:
    off = transmissions * (1 - jnp.eye(len(transmissions)))
    return off - jnp.diag(jnp.sum(off, axis=0))
