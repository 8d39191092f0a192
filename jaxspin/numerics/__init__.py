"""Solvers every system shares: trajectories, steady states, bifurcations, integrals, random matrices.

Imports core, diffrax and jax; knows no physics.
"""

from jaxspin.numerics import bifurcation, brillouin, fermi, fixed_point, linear_algebra, ode, quadrature, random_matrix

__all__ = ["bifurcation", "brillouin", "fermi", "fixed_point", "linear_algebra", "ode", "quadrature", "random_matrix"]
