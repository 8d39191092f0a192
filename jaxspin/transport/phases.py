"""Phases of hoppings: magnetic flux (Peierls), spin-orbit coupling (U(1) and SU(2)), and changes of gauge.

A flux of 1 is a flux quantum, h/e. A hopping from `start` to `end` is the amplitude t = <end|H|start>.
"""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float

from jaxspin.transport.leads import Wire
from jaxspin.transport.network import Network


def flux_phase(flux: Float[ArrayLike, "..."]) -> Complex[Array, "..."]:
    """exp(2 pi i flux): the factor of one hopping of a loop threaded by a flux, counted along the hopping."""
    return jnp.exp(2j * jnp.pi * jnp.asarray(flux))


def peierls_phase(
    start: Float[ArrayLike, "2"], end: Float[ArrayLike, "2"], field: Float[ArrayLike, ""]
) -> Complex[Array, ""]:
    """exp(2 pi i integral of A) along a straight hopping in a uniform field, A = (field/2) (-y, x).

    Arguments:
        start, end: positions (x, y).
        field: flux quanta per area; a loop anticlockwise gains 2 pi times the flux through it.
    """
    (x, y), (u, v) = jnp.asarray(start), jnp.asarray(end)
    return flux_phase(jnp.asarray(field) / 2 * (x * v - y * u))


def spin_phase(
    angle: Float[ArrayLike, ""], axis: Sequence[float] | Float[Array, "3"] = (0.0, 0.0, 1.0)
) -> Complex[Array, "2 2"]:
    """exp(i angle axis.sigma): the factor of a hopping with spin-orbit coupling, (2, 2) for spin up and down.

    Along z, U(1): spin up gains +angle, spin down -angle. Other axes: SU(2), for a Rashba coupling the axis is normal
    to the hopping and to the electric field.

    Arguments:
        angle: [rad].
        axis: a unit vector.
    """
    x, y, z = jnp.asarray(axis, dtype=float)
    pauli = jnp.array([[z, x - 1j * y], [x + 1j * y, -z]])
    angle = jnp.asarray(angle)
    return jnp.cos(angle) * jnp.eye(2) + 1j * jnp.sin(angle) * pauli


def gauge_transformed(network: Network, angles: Float[ArrayLike, " sites"]) -> Network:
    """The same network with states of site i multiplied by exp(i angles[i]): phases of hoppings move, fluxes stay.

    Leads keep their own states, so that every transmission, current and density stays the same.
    """
    turn = jnp.exp(1j * jnp.repeat(jnp.asarray(angles), network.orbitals))
    turned = turn[:, None] * network.hamiltonian * turn.conj()[None, :]
    leads = [
        Wire(lead.sites, lead.cell, lead.hopping, turn[network.rows(lead.sites)][:, None] * lead.coupling)
        if isinstance(lead, Wire)
        else lead  # the self-energy of a chain has no phase
        for lead in network.leads
    ]
    return eqx.tree_at(lambda net: (net.hamiltonian, net.leads), network, (turned, tuple(leads)))
