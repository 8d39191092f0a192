"""Hartree atomic units inside; what is needed to come in and go out (CODATA 2022)."""

HARTREE_EV = 27.211386245981
"""One hartree in eV."""

BOHR_ANGSTROM = 0.529177210544
"""One bohr in angstrom."""
