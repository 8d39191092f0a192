"""The same networks in time: leads cut to a finite length, occupied states propagated step by step.

Independent of Floquet theory and of self-energies. The states of the whole at rest, filled up to a chemical potential,
see the drive from t = 0 on. In the basis of these states the network moves by phases, and only the driven rows mix; the
two motions alternate by a composition of fourth order (Yoshida, Phys. Lett. A 150, 262 (1990)). Results hold until
waves come back from the ends of the leads. hbar = 1: times in 1/energy.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float

from jaxspin.numerics.fermi import occupation
from jaxspin.transport.drives import Driven
from jaxspin.transport.leads import Chain, Lead
from jaxspin.transport.network import Network

_CUBE = 2 ** (1 / 3)
_STAGES = np.array([1, -_CUBE, 1]) / (2 - _CUBE)


class Evolution(NamedTuple):
    """What flows and sits at the end of every step: `time` (steps,), `currents` (steps, leads) into the leads
    [energy e/hbar], `density` (steps, n) of every orbital of the network."""

    time: Float[Array, " steps"]
    currents: Float[Array, "steps leads"]
    density: Float[Array, "steps n"]


@eqx.filter_jit
def evolve(
    driven: Driven,
    mu: Float[ArrayLike, ""],
    temperature: Float[ArrayLike, ""],
    *,
    length: int,
    periods: int,
    steps: int,
) -> Evolution:
    """Currents and densities from t = 0, where the drive begins, over some of its periods.

    Arguments:
        driven: network and drives.
        mu, temperature: of the states filled at t < 0 [energy].
        length: cells kept of every lead; a wave of velocity v is back after 2 length/v.
        periods: how long, in periods of the drive.
        steps: of time per period; the error falls with its fourth power.
    """
    network = driven.network
    whole, first = finite_leads(network, length)
    energies, states = jnp.linalg.eigh(whole)
    filled = jnp.diag(jnp.sqrt(occupation(energies, mu, temperature)) + 0j)
    rows = network.rows(driven.sites)
    couplings = driven.couplings(driven.sites)
    inner, n = states[rows], network.hamiltonian.shape[0]
    step = 2 * jnp.pi / driven.frequency / steps
    orders = jnp.arange(1, driven.harmonics + 1)

    def stage(carry, part):
        amplitudes, time = carry
        turn = jnp.exp(-0.5j * part * step * energies)[:, None]
        half = jnp.einsum("k,kij->ij", jnp.exp(-1j * orders * driven.frequency * (time + part * step / 2)), couplings)
        levels, modes = jnp.linalg.eigh(half + half.conj().T)
        kick = (modes * (jnp.exp(-1j * part * step * levels) - 1)[None, :]) @ modes.conj().T
        amplitudes = turn * amplitudes
        amplitudes = turn * (amplitudes + inner.conj().T @ (kick @ (inner @ amplitudes)))
        return (amplitudes, time + part * step), None

    def advance(carry, _):
        (amplitudes, time), _ = jax.lax.scan(stage, carry, jnp.asarray(_STAGES))
        network_part = states[:n] @ amplitudes
        flow = []
        for lead, cell in zip(network.leads, first, strict=True):
            coupling = whole[cell][:, network.rows(lead.sites)]
            outside, inside = states[cell] @ amplitudes, network_part[network.rows(lead.sites)]
            flow.append(2 * jnp.sum(outside.conj() * (coupling @ inside)).imag)
        return (amplitudes, time), Evolution(time, jnp.stack(flow), jnp.sum(jnp.abs(network_part) ** 2, axis=1))

    return jax.lax.scan(advance, (filled, jnp.zeros(())), None, length=periods * steps)[1]


def finite_leads(network: Network, length: int) -> tuple[Complex[Array, "N N"], list[np.ndarray]]:
    """Hamiltonian of the network with `length` cells of every lead after it, and the rows of their first cells."""
    n = network.hamiltonian.shape[0]
    cells = [_cell(lead, network.orbitals) for lead in network.leads]
    sizes = [cell[0].shape[0] for cell in cells]
    total = n + length * sum(sizes)
    whole = jnp.zeros((total, total), dtype=complex).at[:n, :n].set(network.hamiltonian)
    start, first = n, []
    for lead, (own, hopping, coupling), m in zip(network.leads, cells, sizes, strict=True):
        chain = jnp.kron(jnp.eye(length), own)
        onwards = jnp.kron(jnp.eye(length, k=1), hopping)
        end = start + length * m
        whole = whole.at[start:end, start:end].set(chain + onwards + onwards.conj().T)
        rows, cell = network.rows(lead.sites), np.arange(start, start + m)
        whole = whole.at[rows[:, None], cell[None, :]].set(coupling)
        whole = whole.at[cell[:, None], rows[None, :]].set(coupling.conj().T)
        first.append(cell)
        start = end
    return whole, first


def _cell(lead: Lead, orbitals: int) -> tuple[Complex[Array, "m m"], Complex[Array, "m m"], Complex[Array, "k m"]]:
    """Cell, hopping inwards and coupling of a lead."""
    if isinstance(lead, Chain):
        matrix = lambda value: jnp.diag(jnp.broadcast_to(value, (orbitals,)) + 0j)
        return matrix(lead.onsite), matrix(lead.hopping), matrix(lead.coupling)
    hopping = lead.hopping * jnp.eye(len(lead.cell)) if lead.hopping.shape == () else lead.hopping
    return lead.cell, hopping, lead.coupling
