"""Noise of driven currents, thermal, shot and photon-assisted, at any frequency.

P_ab(omega) = integral dt e^(i omega t) <{dI_a(t), dI_b(0)}>/2, averaged over the time origin within a period:
two-sided, 2 k_B T G in equilibrium. It is a sum over pairs of scattering states, at E and at E + omega + q Omega, of
matrix elements of the currents through the contacts. With the velocities of every sideband's own energy it is exact at
any frequency, where the formula of Moskalets and Buettiker (Phys. Rev. B 70, 245305 (2004)) is for omega = 0.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float

from jaxspin.core import Solve
from jaxspin.numerics.fermi import occupation, thermal_breakpoints
from jaxspin.numerics.quadrature import Integral, integrate
from jaxspin.transport.currents import sideband_edges
from jaxspin.transport.drives import Driven
from jaxspin.transport.floquet import sidebands
from jaxspin.transport.square_root import square_root
from jaxspin.transport.static import broadening

_QUADRATURE = Solve(rtol=1e-7, atol=1e-9, max_steps=200)


def current_noise(
    driven: Driven,
    potentials: Float[ArrayLike, "..."],
    temperature: Float[ArrayLike, "..."] = 0.0,
    frequency: Float[ArrayLike, ""] = 0.0,
    *,
    n_max: int,
    breakpoints: Float[ArrayLike, " m"] | None = None,
    panels: int = 192,
    solve: Solve = _QUADRATURE,
) -> Integral:
    """P_ab of the currents into leads a and b, symmetric in time order [energy e^2/h].

    Arguments:
        driven: network and drives; with a drive of amplitude zero, the noise of a network at rest.
        potentials, temperature: of all leads, or of every one (leads,) [energy].
        frequency: omega of the noise [energy].
        n_max: largest number of photons.
        breakpoints: energies of sharp resonances [energy].
        panels, solve: of `numerics.quadrature.integrate`.

    Returns:
        `Integral` with `value` (leads, leads), complex and Hermitian; real at omega = 0.
    """
    network = driven.network
    count = len(network.leads)
    mu, kt = (jnp.broadcast_to(jnp.asarray(each, dtype=float), (count,)) for each in (potentials, temperature))
    omega = jnp.asarray(frequency, dtype=float)
    bands = jnp.concatenate([lead.bands(network.orbitals) for lead in network.leads])
    shifts = jnp.concatenate([jnp.zeros(1), omega + driven.frequency * jnp.arange(-n_max, n_max + 1)])
    steps = jax.vmap(thermal_breakpoints)(mu, kt)
    shifted = jnp.ravel(jnp.ravel(steps)[:, None] - shifts[None, :])
    marks = jnp.concatenate([sideband_edges(driven, breakpoints), shifted])

    def integrand(energy, args):
        driven, mu, kt, omega = args
        return noise_spectrum(driven, energy, mu, kt, omega, n_max)

    panels = max(panels, 2 * (marks.size + 2))
    args = (driven, mu, kt, omega)
    return integrate(integrand, jnp.min(bands), jnp.max(bands), args, breakpoints=marks, panels=panels, solve=solve)


@eqx.filter_jit
def noise_spectrum(
    driven: Driven,
    energy: Float[Array, ""],
    mu: Float[Array, " leads"],
    temperature: Float[Array, " leads"],
    omega: Float[Array, ""],
    n_max: int,
) -> Complex[Array, "leads leads"]:
    """The integrand of `current_noise`: pairs of a state at `energy` with those at energy + omega + q Omega."""
    network = driven.network
    sizes = [len(lead.sites) * network.orbitals for lead in network.leads]
    of_lead = np.repeat(np.arange(len(sizes)), sizes)
    photons = jnp.arange(-n_max, n_max + 1)

    def filling(energy):
        return occupation(energy, mu, temperature)[of_lead]

    one = _contacts(driven, energy, n_max)
    full = filling(energy)[:, None]

    def pairs(q):
        other = energy + omega + q * driven.frequency
        # sideband m of the pair is m - q of the other state
        shift = lambda part: _shifted(part, q, n_max)
        two = [tuple(shift(part) for part in pair) for pair in _contacts(driven, other, n_max)]
        elements = jnp.stack([_element(*pair) for pair in zip(one, two, strict=True)])
        empty = 1 - filling(other)[None, :]
        weight = (full * empty + (1 - full) * (1 - empty)) / 2
        return jnp.einsum("aij,bij,ij->ab", elements, elements.conj(), weight + 0j)

    return jnp.sum(jax.vmap(pairs)(photons), axis=0)


def _contacts(
    driven: Driven, energy: Float[Array, ""], n_max: int
) -> list[tuple[Complex[Array, "M k c"], Complex[Array, "M k c"]]]:
    """Amplitudes at every contact of all scattering states: on the network's side, and on the lead's times coupling."""
    network = driven.network
    at = sidebands(driven, energy, n_max)
    roots = [square_root(broadening(sigma[n_max])) for sigma in at.sigmas]
    here = (np.arange(-n_max, n_max + 1) == 0)[:, None, None]
    contacts = []
    for a, lead in enumerate(network.leads):
        rows = network.rows(lead.sites)
        inside = [column[:, rows] @ root for column, root in zip(at.columns, roots, strict=True)]
        outside = [at.sigmas[a] @ amplitude for amplitude in inside]
        outside[a] = outside[a] + jnp.where(here, roots[a][None], 0.0)
        contacts.append((jnp.concatenate(inside, axis=-1), jnp.concatenate(outside, axis=-1)))
    return contacts


def _element(first, second) -> Complex[Array, "c c"]:
    """<first| I |second> = -i (outside^dagger inside' - inside^dagger outside'), summed over sidebands and rows."""
    (inside, outside), (inside_2, outside_2) = first, second
    return -1j * (
        jnp.einsum("mki,mkj->ij", outside.conj(), inside_2) - jnp.einsum("mki,mkj->ij", inside.conj(), outside_2)
    )


def _shifted(part: Complex[Array, "M k c"], q: Array, n_max: int) -> Complex[Array, "M k c"]:
    """Entry m is that of sideband m - q, zero beyond n_max."""
    padded = jnp.pad(part, ((n_max, n_max), (0, 0), (0, 0)))
    return jax.lax.dynamic_slice_in_dim(padded, n_max - q, 2 * n_max + 1, axis=0)
