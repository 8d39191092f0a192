"""Solvers every system shares: trajectories, steady states, bifurcations, eigenvalues. All differentiable.

Imports core, diffrax and jax; knows no physics.
"""

from jaxspin.numerics import bifurcation, brillouin, fixed_point, linear_algebra, ode

__all__ = ["bifurcation", "brillouin", "fixed_point", "linear_algebra", "ode"]
