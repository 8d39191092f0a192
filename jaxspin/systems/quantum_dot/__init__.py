"""Chaotic quantum dots with tunable spin-orbit coupling: averages, fluctuations and exact ensembles of conductance.

Functions of a dot take a `Dot` in the paper's reduced units; conductances are in e^2/h.
"""

from jaxspin.systems.quantum_dot.parameters import Dot

__all__ = ["Dot"]
