"""Chaotic quantum dots with tunable spin-orbit coupling: averages, fluctuations and exact ensembles of conductance.

Functions of a dot take a `Dot` in the paper's reduced units; conductances are in e^2/h.
"""

from jaxspin.systems.quantum_dot import voltage_probe
from jaxspin.systems.quantum_dot.correlations import asymmetry, correlation_field
from jaxspin.systems.quantum_dot.device import Device, Setting, SpinOrbitLengths
from jaxspin.systems.quantum_dot.diagrammatics import (
    cooperon,
    covariance,
    diffuson,
    mean_conductance,
    variance,
    weak_localization,
)
from jaxspin.systems.quantum_dot.ladder import ladder_covariance, ladder_weak_localization
from jaxspin.systems.quantum_dot.observables import MODEL, observe
from jaxspin.systems.quantum_dot.parameters import Dot
from jaxspin.systems.quantum_dot.sampling import (
    Ensemble,
    sample_conductance,
    sample_covariance,
    sample_ensemble,
)
from jaxspin.systems.quantum_dot.thermal import thermal_covariance, thermal_kernel, thermal_variance

__all__ = [
    "MODEL",
    "Device",
    "Dot",
    "Ensemble",
    "Setting",
    "SpinOrbitLengths",
    "asymmetry",
    "cooperon",
    "correlation_field",
    "covariance",
    "diffuson",
    "ladder_covariance",
    "ladder_weak_localization",
    "mean_conductance",
    "observe",
    "sample_conductance",
    "sample_covariance",
    "sample_ensemble",
    "thermal_covariance",
    "thermal_kernel",
    "thermal_variance",
    "variance",
    "voltage_probe",
    "weak_localization",
]
