"""Physical constants in SI (CODATA 2018, exact where the SI makes them so) and the oersted."""

import math

MU_0 = 1.25663706212e-6
"""Vacuum permeability [T m/A]."""

HBAR = 1.054571817e-34
"""Reduced Planck constant [J s]."""

ELEMENTARY_CHARGE = 1.602176634e-19
"""Elementary charge [C]."""

BOLTZMANN = 1.380649e-23
"""Boltzmann constant [J/K]."""

OERSTED = 1000 / (4 * math.pi)
"""One oersted in A/m."""
