"""Quantum transport through tight-binding networks, at rest and under periodic drives. Knows no paper.

Energies in any one unit; hbar = e = 1: currents in (energy unit) e/h, times in hbar/(energy unit).
"""

from jaxspin.transport.drives import Drive, Driven, hopping_drive, level_drive
from jaxspin.transport.floquet import (
    Sidebands,
    sideband_transmission,
    sideband_weights,
    sidebands,
    transmission_at,
    truncation,
)
from jaxspin.transport.leads import Chain, Lead, Wire
from jaxspin.transport.network import Network, network
from jaxspin.transport.static import (
    bond_currents,
    channel_transmission,
    green_function,
    local_density_of_states,
    scattering_matrix,
    transmission,
)

__all__ = [
    "Chain",
    "Drive",
    "Driven",
    "Lead",
    "Network",
    "Sidebands",
    "Wire",
    "bond_currents",
    "channel_transmission",
    "green_function",
    "hopping_drive",
    "level_drive",
    "local_density_of_states",
    "network",
    "scattering_matrix",
    "sideband_transmission",
    "sideband_weights",
    "sidebands",
    "transmission",
    "transmission_at",
    "truncation",
]
