"""Relativistic plane-wave density-functional theory with derivatives through self-consistency; knows no paper.

Hartree atomic units: lengths in bohr, energies in hartree (`HARTREE_EV`, `BOHR_ANGSTROM`). A model (`KohnSham`: what),
a basis (`plane_waves`: in which waves and at which k) and an algorithm (`SelfConsistency`: how) make a `ground_state`.
"""

from jaxspin.planewave.bands import BandStructure, band_structure, energies_of, path, states
from jaxspin.planewave.basis import Basis, plane_waves
from jaxspin.planewave.continuation import carried_over
from jaxspin.planewave.coulomb import Layer, Periodic
from jaxspin.planewave.crystal import Crystal, from_ase, read_structure
from jaxspin.planewave.density_of_states import density_of_states
from jaxspin.planewave.energy import Energies, effective_potential, total_energy
from jaxspin.planewave.ewald import ewald_energy
from jaxspin.planewave.exchange_correlation import LDA_PADE, LDA_PW92, PBE, Functional
from jaxspin.planewave.forces import forces, stress
from jaxspin.planewave.ground_state import GroundState, SelfConsistency, ground_state
from jaxspin.planewave.kpoints import IDENTITY, KPoints, Operations, monkhorst_pack, symmetry_operations
from jaxspin.planewave.mixing import Anderson
from jaxspin.planewave.model import KohnSham
from jaxspin.planewave.projections import OrbitalWeights, Shell, orbital_weights
from jaxspin.planewave.pseudopotential import Pseudopotential, pseudopotential, tabulated
from jaxspin.planewave.pseudopotential_files import read_cp2k, read_hgh
from jaxspin.planewave.pulay import Boundary, boundary
from jaxspin.planewave.response import self_consistent_density, self_consistent_orbitals
from jaxspin.planewave.second_variation import Spinors, second_variation
from jaxspin.planewave.smearing import Cold, FermiDirac, Gaussian
from jaxspin.planewave.spin_texture import polarised, spin
from jaxspin.planewave.units import BOHR_ANGSTROM, HARTREE_EV

__all__ = [
    "BOHR_ANGSTROM",
    "HARTREE_EV",
    "IDENTITY",
    "LDA_PADE",
    "LDA_PW92",
    "PBE",
    "Anderson",
    "BandStructure",
    "Basis",
    "Boundary",
    "Cold",
    "Crystal",
    "Energies",
    "FermiDirac",
    "Functional",
    "Gaussian",
    "GroundState",
    "KPoints",
    "KohnSham",
    "Operations",
    "Layer",
    "OrbitalWeights",
    "Periodic",
    "Pseudopotential",
    "SelfConsistency",
    "Shell",
    "Spinors",
    "band_structure",
    "boundary",
    "carried_over",
    "density_of_states",
    "effective_potential",
    "energies_of",
    "ewald_energy",
    "forces",
    "from_ase",
    "ground_state",
    "monkhorst_pack",
    "orbital_weights",
    "path",
    "plane_waves",
    "polarised",
    "pseudopotential",
    "read_cp2k",
    "read_hgh",
    "read_structure",
    "second_variation",
    "self_consistent_density",
    "self_consistent_orbitals",
    "spin",
    "states",
    "stress",
    "symmetry_operations",
    "tabulated",
    "total_energy",
]
