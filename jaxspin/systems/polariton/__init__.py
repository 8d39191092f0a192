"""Polariton condensates that break spin symmetry: fixed points, thresholds, giant effective g-factor, excitations.

Functions of a condensate take `c`, a `Condensate` with scalar fields; `jax.vmap` maps them.
"""

from jaxspin.systems.polariton.parameters import HBAR, Condensate, Physical
from jaxspin.systems.polariton.pseudospin import Motion, jacobian, rate, simulate
from jaxspin.systems.polariton.spinor import SpinorMotion, pseudospin, simulate_spinor, spinor, spinor_rate

__all__ = [
    "HBAR",
    "Condensate",
    "Motion",
    "Physical",
    "SpinorMotion",
    "jacobian",
    "pseudospin",
    "rate",
    "simulate",
    "simulate_spinor",
    "spinor",
    "spinor_rate",
]
