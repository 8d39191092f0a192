"""Solvers every system shares: trajectories, steady states, bifurcations, integrals. All differentiable.

Imports core, diffrax and jax; knows no physics.
"""

from jaxspin.numerics import bifurcation, brillouin, fermi, fixed_point, linear_algebra, ode, quadrature

__all__ = ["bifurcation", "brillouin", "fermi", "fixed_point", "linear_algebra", "ode", "quadrature"]
