"""Graded CoTb ferrimagnets: composition, torque, DMI, nucleation, switching; macrospin dynamics; harmonic Hall effect.

Functions of a film take `(params, film)`: a `CoTb` and a `GradientFilm` or `LayeredFilm`, both with scalar fields;
`jax.vmap` maps them.
"""

from jaxspin.systems.ferrimagnet.coherent import fold_current
from jaxspin.systems.ferrimagnet.composition import anisotropy_field, effective_anisotropy, net_magnetization
from jaxspin.systems.ferrimagnet.domain_wall import dmi_constant, h_dmi, in_plane_bias
from jaxspin.systems.ferrimagnet.drive import Drive, Pulse
from jaxspin.systems.ferrimagnet.hall_bar import AngleScan, HallBar
from jaxspin.systems.ferrimagnet.harmonic_hall import HARMONIC_HALL, harmonic_hall
from jaxspin.systems.ferrimagnet.layered import LAYERED, LayeredFilm
from jaxspin.systems.ferrimagnet.lock_in import simulated_lock_in
from jaxspin.systems.ferrimagnet.macrospin import Ferromagnet, Sublattice, TwoSublattice
from jaxspin.systems.ferrimagnet.nucleation import droplet_field, threshold_field, tilted_loop
from jaxspin.systems.ferrimagnet.observables import MODEL, observe
from jaxspin.systems.ferrimagnet.parameters import CoTb, GradientFilm
from jaxspin.systems.ferrimagnet.resonance import modes
from jaxspin.systems.ferrimagnet.spin_orbit_torque import h_dl_efficiency, theta_dl
from jaxspin.systems.ferrimagnet.stepped_scan import STEPPED_SCAN, BarOnBench, Bench, SteppedScan, stepped_scan
from jaxspin.systems.ferrimagnet.switching import (
    coherent_critical_current,
    critical_current,
    hall_loop,
    vanishing_field,
)
from jaxspin.systems.ferrimagnet.trajectory import relax, simulate

__all__ = [
    "HARMONIC_HALL",
    "LAYERED",
    "MODEL",
    "STEPPED_SCAN",
    "AngleScan",
    "BarOnBench",
    "Bench",
    "CoTb",
    "Drive",
    "Ferromagnet",
    "GradientFilm",
    "HallBar",
    "LayeredFilm",
    "Pulse",
    "SteppedScan",
    "Sublattice",
    "TwoSublattice",
    "anisotropy_field",
    "coherent_critical_current",
    "critical_current",
    "dmi_constant",
    "droplet_field",
    "effective_anisotropy",
    "fold_current",
    "h_dl_efficiency",
    "h_dmi",
    "hall_loop",
    "harmonic_hall",
    "in_plane_bias",
    "modes",
    "net_magnetization",
    "observe",
    "relax",
    "simulate",
    "simulated_lock_in",
    "stepped_scan",
    "theta_dl",
    "threshold_field",
    "tilted_loop",
    "vanishing_field",
]
