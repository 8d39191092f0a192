"""Quantum transport through tight-binding networks, at rest and under periodic drives. Knows no paper.

Energies in any one unit; hbar = e = 1: currents in (energy unit) e/h, times in hbar/(energy unit).
"""

from jaxspin.transport.adiabatic import adiabatic_current
from jaxspin.transport.currents import (
    current_harmonic,
    density_harmonic,
    landauer_currents,
    occupied,
    pumped_currents,
    pumped_spectrum,
    sideband_edges,
    spectral_current,
)
from jaxspin.transport.drives import Drive, Driven, hopping_drive, level_drive
from jaxspin.transport.floquet import (
    Sidebands,
    sideband_transmission,
    sideband_weights,
    sidebands,
    transmission_at,
    truncation,
)
from jaxspin.transport.kwant import from_kwant
from jaxspin.transport.layers import Layers, layered_transmission, layers
from jaxspin.transport.leads import Chain, Lead, Wire
from jaxspin.transport.network import Network, network
from jaxspin.transport.noise import current_noise, noise_spectrum
from jaxspin.transport.phases import flux_phase, gauge_transformed, peierls_phase, spin_phase
from jaxspin.transport.static import (
    bond_currents,
    channel_transmission,
    green_function,
    local_density_of_states,
    scattering_matrix,
    transmission,
)
from jaxspin.transport.time_domain import Evolution, evolve

__all__ = [
    "Chain",
    "Drive",
    "Driven",
    "Evolution",
    "Layers",
    "Lead",
    "Network",
    "Sidebands",
    "Wire",
    "adiabatic_current",
    "bond_currents",
    "channel_transmission",
    "current_harmonic",
    "current_noise",
    "density_harmonic",
    "evolve",
    "flux_phase",
    "from_kwant",
    "gauge_transformed",
    "green_function",
    "hopping_drive",
    "landauer_currents",
    "layered_transmission",
    "layers",
    "level_drive",
    "local_density_of_states",
    "network",
    "noise_spectrum",
    "occupied",
    "peierls_phase",
    "pumped_currents",
    "pumped_spectrum",
    "scattering_matrix",
    "sideband_edges",
    "sideband_transmission",
    "sideband_weights",
    "sidebands",
    "spectral_current",
    "spin_phase",
    "transmission",
    "transmission_at",
    "truncation",
]
