"""A network at rest: Green function, scattering matrix, transmission, densities, currents through bonds.

G = (E - H - Sigma)^-1 with Sigma the sum of the leads' retarded self-energies, Gamma_a = i (Sigma_a - Sigma_a^dagger);
S_ab = -1 + i Gamma_a^(1/2) G Gamma_b^(1/2) (Fisher and Lee, Phys. Rev. B 23, 6851 (1981)) among all the orbitals that a
lead is attached to, so that S is unitary at every energy; closed channels only reflect, with -1. hbar = e = 1.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Complex, Float

from jaxspin.numerics.small_matrices import inverse, product
from jaxspin.transport.network import Network
from jaxspin.transport.square_root import square_root


def transmission(network: Network, energy: Float[ArrayLike, ""]) -> Float[Array, "leads leads"]:
    """T_ab = Tr[Gamma_a G Gamma_b G^dagger]: from lead b to lead a, summed over channels.

    The diagonal is the reflection, where closed channels count as reflected: every row and every column adds up to the
    number of orbitals that its lead is attached to.

    Arguments:
        network: with its leads.
        energy: [energy]; `jax.vmap` for a spectrum.

    Raises:
        ValueError: outside `jit` and `vmap`, where a lead carries no wave at this energy.
    """
    demand_open(network, energy)
    return transmission_of(network, jnp.asarray(energy, dtype=float))


def channel_transmission(
    network: Network, energy: Float[ArrayLike, ""]
) -> Float[Array, "leads orbitals leads orbitals"]:
    """T_(a s, b s') from orbital s' in lead b to orbital s in lead a, summed over the sites of a lead.

    Orbitals of a site are channels of their own where no lead mixes them: a spin that the leads conserve.

    Raises:
        ValueError: as `transmission`.
    """
    demand_open(network, energy)
    return _channel_transmission(network, jnp.asarray(energy, dtype=float))


def scattering_matrix(network: Network, energy: Float[ArrayLike, ""]) -> Complex[Array, "c c"]:
    """S among the orbitals of lead 0, lead 1, ...; unitary, see the top of this page for closed channels.

    Raises:
        ValueError: as `transmission`.
    """
    demand_open(network, energy)
    return scattering_matrix_of(network, jnp.asarray(energy, dtype=float))


@jax.jit
def green_function(network: Network, energy: Float[ArrayLike, ""]) -> Complex[Array, "n n"]:
    """Retarded G = (E - H - Sigma(E))^-1 of all sites and orbitals [1/energy]."""
    return inverse(effective_inverse(network, lead_self_energies(network, energy), energy))


@jax.jit
def local_density_of_states(network: Network, energy: Float[ArrayLike, ""]) -> Float[Array, "n"]:
    """-Im G_ii/pi of every orbital [1/energy]."""
    return -jnp.diagonal(green_function(network, energy)).imag / jnp.pi


@jax.jit
def bond_currents(network: Network, energy: Float[ArrayLike, ""]) -> Float[Array, "leads n n"]:
    """Current per energy from orbital j to orbital i, entry (b, i, j), of all states that come in by lead b [e/h].

    2 Im[H_ij (G Gamma_b G^dagger)_ji]; its sum over i leads from j into the network, so it balances at every site
    that has no lead.
    """
    sigmas = lead_self_energies(network, energy)
    green = inverse(effective_inverse(network, sigmas, energy))

    def arriving(lead, sigma):
        spread = green[:, network.rows(lead.sites)]
        states = spread @ broadening(sigma) @ spread.conj().T
        return 2 * (network.hamiltonian * states.T).imag

    return jnp.stack([arriving(lead, sigma) for lead, sigma in zip(network.leads, sigmas, strict=True)])


def lead_self_energies(network: Network, energy: Float[ArrayLike, ""]) -> list[Complex[Array, "m m"]]:
    """Retarded self-energy of every lead, on its own sites [energy]."""
    return [lead.self_energy(energy, network.orbitals) for lead in network.leads]


def broadening(sigma: Complex[Array, "*batch m m"]) -> Complex[Array, "*batch m m"]:
    """Gamma = i (Sigma - Sigma^dagger), the rate at which a lead empties its sites [energy]."""
    return 1j * (sigma - jnp.swapaxes(sigma, -1, -2).conj())


def effective_inverse(
    network: Network, sigmas: Sequence[Complex[Array, "m m"]], energy: Float[ArrayLike, ""]
) -> Complex[Array, "n n"]:
    """E - H - Sigma, whose inverse is the retarded Green function [energy]."""
    n = network.hamiltonian.shape[0]
    total = energy * jnp.eye(n) - network.hamiltonian
    for lead, sigma in zip(network.leads, sigmas, strict=True):
        total = total - spread(sigma, network.rows(lead.sites), n)
    return jnp.asarray(total)


def spread(block: Complex[Array, "*batch m m"], rows: np.ndarray, n: int) -> Complex[Array, "*batch n n"]:
    """A block among some rows as a matrix among all n, zero elsewhere."""
    m = len(rows)
    batch = ((0, 0),) * (block.ndim - 2)
    if np.array_equal(rows, rows[0] + np.arange(m)):  # padding fuses, a gather does not
        return jnp.pad(block, (*batch, *((rows[0], n - rows[0] - m),) * 2))
    place = np.full(n, m)
    place[rows] = np.arange(m)
    return jnp.pad(block, (*batch, (0, 1), (0, 1)))[..., place[:, None], place[None, :]]


def demand_open(network: Network, energy: Float[ArrayLike, "..."]) -> None:
    """Raise `ValueError` if a lead has no band at a concrete energy; its edges count as inside."""
    if isinstance(energy, Tracer) or any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(network.leads)):
        return
    for number, lead in enumerate(network.leads):
        bands = np.asarray(lead.bands(network.orbitals))
        slack = 1e-9 * np.max(np.abs(bands))
        values = np.ravel(np.asarray(energy))[:, None]
        closed = ~np.any((values >= bands[:, 0] - slack) & (values <= bands[:, 1] + slack), axis=1)
        if np.any(closed):
            raise ValueError(
                f"lead {number} carries no wave at energy {values[closed][0, 0]:g}: its bands lie between "
                f"{bands[:, 0].min():g} and {bands[:, 1].max():g}"
            )


def _lead_green(network: Network, energy: Float[Array, ""]):
    """Broadenings of the leads, and the Green function among their sites, block (a, b) from b to a."""
    sigmas = lead_self_energies(network, energy)
    n = network.hamiltonian.shape[0]
    rows = [network.rows(lead.sites) for lead in network.leads]
    ends = np.concatenate(rows)
    system = effective_inverse(network, sigmas, energy)
    small = 2 * len(ends) >= n
    columns = inverse(system)[:, ends] if small else jnp.linalg.solve(system, jnp.asarray(np.eye(n)[:, ends] + 0j))
    blocks = [
        [columns[a][:, b] for b in np.split(np.arange(len(ends)), np.cumsum([len(r) for r in rows])[:-1])] for a in rows
    ]
    return [broadening(sigma) for sigma in sigmas], blocks


@jax.jit
def transmission_of(network: Network, energy: Float[Array, ""]) -> Float[Array, "leads leads"]:
    """`transmission` without its errors."""
    gammas, green = _lead_green(network, energy)
    leads = range(len(gammas))
    entry = lambda a, b: reflection(gammas[a], green[a][a]) if a == b else through(gammas[a], green[a][b], gammas[b])
    return jnp.stack([jnp.stack([entry(a, b) for b in leads]) for a in leads])


@jax.jit
def _channel_transmission(network, energy):
    scattering = scattering_matrix_of(network, energy)
    sizes = [len(lead.sites) * network.orbitals for lead in network.leads]
    orbital = np.concatenate([np.arange(size) % network.orbitals for size in sizes])
    lead = np.repeat(np.arange(len(sizes)), sizes)
    member = (lead[:, None] * network.orbitals + orbital[:, None]) == np.arange(len(sizes) * network.orbitals)
    member = jnp.asarray(member, dtype=float)
    total = member.T @ (scattering.real**2 + scattering.imag**2) @ member
    return total.reshape((len(sizes), network.orbitals) * 2)


@jax.jit
def scattering_matrix_of(network: Network, energy: Float[Array, ""]) -> Complex[Array, "c c"]:
    """`scattering_matrix` without its errors."""
    gammas, green = _lead_green(network, energy)
    roots = [square_root(gamma) for gamma in gammas]
    leads = range(len(roots))
    blocks = [[1j * roots[a] @ green[a][b] @ roots[b] for b in leads] for a in leads]
    return jnp.block(blocks) - jnp.eye(sum(root.shape[-1] for root in roots))


def through(
    into: Complex[Array, "*batch m m"], green: Complex[Array, "*batch m k"], out_of: Complex[Array, "*batch k k"]
) -> Float[Array, "*batch"]:
    """Tr[Gamma_a G Gamma_b G^dagger]: transmission from lead b to lead a by the Green function between them."""
    return jnp.sum(product(product(into, green), out_of) * green.conj(), axis=(-2, -1)).real


def reflection(gamma: Complex[Array, "m m"], green: Complex[Array, "m m"]) -> Float[Array, ""]:
    """Tr[S_aa S_aa^dagger] = m + 2 Im Tr[Gamma G] + Tr[Gamma G Gamma G^dagger]."""
    return gamma.shape[-1] + 2 * jnp.trace(gamma @ green).imag + through(gamma, green, gamma)
