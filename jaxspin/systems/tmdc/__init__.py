"""Transition-metal dichalcogenide layers: spin splitting from differentiable tight-binding models.

Energies in eV, wave vectors k (n, 2) in 1/angstrom, spin <sigma> in [-1, 1]. `model(name, material)` makes a `Model`;
`eleven_band(params)` and `three_band(params)` make it from parameters that can be fitted.
"""

from jaxspin.systems.tmdc.bands import (
    bands,
    bands_and_spin,
    curvature,
    density_of_states,
    effective_mass,
    eigenstates,
    orbital_weights,
    spin,
    velocities,
)
from jaxspin.systems.tmdc.eleven_band import ElevenBand, eleven_band
from jaxspin.systems.tmdc.hamiltonian import Model, hamiltonian, joined, velocity
from jaxspin.systems.tmdc.models import KINDS, materials, model, parameters
from jaxspin.systems.tmdc.splitting import (
    AtK,
    Edges,
    K_point,
    M_point,
    Splitting,
    SymmetryLaw,
    at_K,
    edges,
    gamma_k_path,
    splitting,
    symmetry_law,
)
from jaxspin.systems.tmdc.three_band import ThreeBand, three_band

__all__ = [
    "KINDS",
    "AtK",
    "Edges",
    "ElevenBand",
    "K_point",
    "M_point",
    "Model",
    "Splitting",
    "SymmetryLaw",
    "ThreeBand",
    "at_K",
    "bands",
    "bands_and_spin",
    "curvature",
    "density_of_states",
    "edges",
    "effective_mass",
    "eigenstates",
    "eleven_band",
    "gamma_k_path",
    "hamiltonian",
    "joined",
    "materials",
    "model",
    "orbital_weights",
    "parameters",
    "spin",
    "splitting",
    "symmetry_law",
    "three_band",
    "velocities",
    "velocity",
]
