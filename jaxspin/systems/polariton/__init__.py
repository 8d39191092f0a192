"""Polariton condensates that break spin symmetry: fixed points, thresholds, giant effective g-factor, excitations.

Functions of a condensate take `c`, a `Condensate` with scalar fields; `jax.vmap` maps them.
"""

from jaxspin.systems.polariton.excitations import Excitations, excitations, excitations_of
from jaxspin.systems.polariton.fixed_points import FixedPoints, condensation_pump, fixed_points
from jaxspin.systems.polariton.observables import MODEL, Drive, Microcavity, observe
from jaxspin.systems.polariton.parameters import HBAR, Condensate, Physical
from jaxspin.systems.polariton.probability import Probability, aligned_probability
from jaxspin.systems.polariton.pseudospin import Motion, jacobian, rate, simulate
from jaxspin.systems.polariton.response import (
    AlignedState,
    aligned_state,
    g_eff,
    g_linear,
    susceptibility,
    susceptibility_laws,
)
from jaxspin.systems.polariton.spinor import SpinorMotion, pseudospin, simulate_spinor, spinor, spinor_rate
from jaxspin.systems.polariton.stochastic import aligned_probability_from_vacuum, noise_strength, simulate_noise
from jaxspin.systems.polariton.thresholds import (
    Folds,
    Pitchfork,
    continue_branch,
    critical_occupation,
    critical_pump,
    fold_curve,
    fold_pump,
    folds,
    pitchfork_kind,
)

__all__ = [
    "HBAR",
    "MODEL",
    "AlignedState",
    "Condensate",
    "Drive",
    "Excitations",
    "FixedPoints",
    "Folds",
    "Microcavity",
    "Motion",
    "Physical",
    "Pitchfork",
    "Probability",
    "SpinorMotion",
    "aligned_probability",
    "aligned_probability_from_vacuum",
    "aligned_state",
    "condensation_pump",
    "continue_branch",
    "critical_occupation",
    "critical_pump",
    "excitations",
    "excitations_of",
    "fixed_points",
    "fold_curve",
    "fold_pump",
    "folds",
    "g_eff",
    "g_linear",
    "jacobian",
    "noise_strength",
    "observe",
    "pitchfork_kind",
    "pseudospin",
    "rate",
    "simulate",
    "simulate_noise",
    "simulate_spinor",
    "spinor",
    "spinor_rate",
    "susceptibility",
    "susceptibility_laws",
]
