"""A single-parameter spin pump: a ring with flux and spin-orbit phase, and a driven quantum dot in one arm.

Energies and temperatures in units of the hopping gamma of the leads, whose band is [-2, 2]; hbar = 1; currents in
e gamma/h, positive from left to right; fluxes in flux quanta.
"""

from jaxspin.systems.spin_pump.networks import driven_ring, multi_level_ring, two_dot_ring
from jaxspin.systems.spin_pump.observables import MODEL, Device, WorkingPoint, observe
from jaxspin.systems.spin_pump.parameters import Ring
from jaxspin.systems.spin_pump.pumping import (
    PumpedCurrents,
    currents_against_fermi_energy,
    harmonics_needed,
    pumped_currents,
)
from jaxspin.systems.spin_pump.ring import SidebandTransmissions, resonances, sideband_transmissions, transmission

__all__ = [
    "MODEL",
    "Device",
    "PumpedCurrents",
    "Ring",
    "SidebandTransmissions",
    "WorkingPoint",
    "currents_against_fermi_energy",
    "driven_ring",
    "harmonics_needed",
    "multi_level_ring",
    "observe",
    "pumped_currents",
    "resonances",
    "sideband_transmissions",
    "transmission",
    "two_dot_ring",
]
