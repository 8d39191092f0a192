"""Transition-metal dichalcogenide layers: spin splitting from differentiable tight-binding models.

Energies in eV, wave vectors k (n, 2) in 1/angstrom, spin <sigma> in [-1, 1]. `model(name, material)` makes a `Model`;
`eleven_band(params)` and `three_band(params)` make it from parameters that can be fitted.
"""

from jaxspin.systems.tmdc.bands import (
    bands,
    bands_and_spin,
    curvatures,
    density_of_states,
    effective_mass,
    eigenstates,
    orbital_weights,
    spin,
    velocities,
)
from jaxspin.systems.tmdc.eleven_band import (
    ElevenBand,
    eleven_band,
)
from jaxspin.systems.tmdc.fields import (
    dyakonov_perel_rate,
    out_of_plane_field,
    precession,
    strained,
    zeeman,
)
from jaxspin.systems.tmdc.hamiltonian import (
    Model,
    hamiltonian,
    joined,
    velocity,
)
from jaxspin.systems.tmdc.k_dot_p import (
    Dirac,
    dirac,
    dirac_bands,
)
from jaxspin.systems.tmdc.models import (
    KINDS,
    materials,
    model,
    parameters,
)
from jaxspin.systems.tmdc.observables import (
    MODEL,
    Place,
    observe,
)
from jaxspin.systems.tmdc.optics import (
    circular_dichroism,
)
from jaxspin.systems.tmdc.published import (
    citation,
    table,
)
from jaxspin.systems.tmdc.slater_koster import (
    SlaterKoster,
    slater_koster,
)
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
from jaxspin.systems.tmdc.symmetry import (
    SymmetryReport,
    Violation,
    check_symmetry,
)
from jaxspin.systems.tmdc.tabulated import (
    from_pythtb,
    tabulated,
)
from jaxspin.systems.tmdc.three_band import (
    ThreeBand,
    three_band,
)
from jaxspin.systems.tmdc.topology import (
    ValleyChern,
    berry_curvature,
    chern_number,
    valley_chern_number,
)

__all__ = [
    "AtK",
    "Dirac",
    "Edges",
    "ElevenBand",
    "KINDS",
    "K_point",
    "MODEL",
    "M_point",
    "Model",
    "Place",
    "SlaterKoster",
    "Splitting",
    "SymmetryLaw",
    "SymmetryReport",
    "ThreeBand",
    "ValleyChern",
    "Violation",
    "at_K",
    "bands",
    "bands_and_spin",
    "berry_curvature",
    "check_symmetry",
    "chern_number",
    "circular_dichroism",
    "citation",
    "curvatures",
    "density_of_states",
    "dirac",
    "dirac_bands",
    "dyakonov_perel_rate",
    "edges",
    "effective_mass",
    "eigenstates",
    "eleven_band",
    "from_pythtb",
    "gamma_k_path",
    "hamiltonian",
    "joined",
    "materials",
    "model",
    "observe",
    "orbital_weights",
    "out_of_plane_field",
    "parameters",
    "precession",
    "slater_koster",
    "spin",
    "splitting",
    "strained",
    "symmetry_law",
    "table",
    "tabulated",
    "three_band",
    "valley_chern_number",
    "velocities",
    "velocity",
    "zeeman",
]
