"""Writes kwant_reference.json: transmissions by Kwant, to which test_kwant.py compares.

    python tests/transport/make_kwant_reference.py

Needs Kwant, nothing of jaxspin. Kwant 1.5.0 has no wheels; its source builds with gcc against numpy < 2.
Disorder is a formula of the site, so that every program makes the same system. Systems are built by the functions below
and `energies` are away from band edges.
"""

import json
import math
import pathlib
import platform

import kwant
import numpy as np
import scipy

SIGMA_X = np.array([[0, 1], [1, 0]], dtype=complex)
SIGMA_Y = np.array([[0, -1j], [1j, 0]])
ONE = np.eye(2)


def disorder(x, y):
    """A number in [-1, 1) that looks random: of the site alone."""
    return 2 * math.modf(1e4 * abs(math.sin(12.9898 * x + 78.233 * y + 0.5)))[0] - 1


def chain_leads(lat, system, left, right):
    for end, direction in ((left, -1), (right, 1)):
        lead = kwant.Builder(kwant.TranslationalSymmetry((direction, 0)))
        lead[lat(end, 0)] = 0.0
        lead[lat(end, 0), lat(end + 1, 0)] = 1.0
        system.attach_lead(lead)


def ring(flux=0.2, level=0.1, coupling=0.25):
    """Sites -1, 0, 1 of the lower arm at y = 0, a dot at (0, 1), flux on the bond between site -1 and the dot."""
    lat = kwant.lattice.square(norbs=1)
    system = kwant.Builder()
    for x in (-1, 0, 1):
        system[lat(x, 0)] = 0.0
    system[lat(0, 1)] = level
    system[lat(0, 0), lat(-1, 0)] = system[lat(1, 0), lat(0, 0)] = 1.0
    system[lat(-1, 0), lat(0, 1)] = coupling * np.exp(2j * np.pi * flux)
    system[lat(1, 0), lat(0, 1)] = coupling
    chain_leads(lat, system, -1, 1)
    return system.finalized()


def double_ring(flux=(0.2, 0.35)):
    """Two squares in a row, sites x = 0 ... 4: upper sites at x = 1, 3, each square with a flux of its own."""
    lat = kwant.lattice.square(norbs=1)
    system = kwant.Builder()
    for x in range(5):
        system[lat(x, 0)] = 0.1 * disorder(x, 0)
    for x in (1, 3):
        system[lat(x, 1)] = 0.3 * disorder(x, 1)
    for x in range(4):
        system[lat(x + 1, 0), lat(x, 0)] = 1.0
    for x, phi in zip((1, 3), flux, strict=True):
        system[lat(x - 1, 0), lat(x, 1)] = 0.5 * np.exp(2j * np.pi * phi)
        system[lat(x + 1, 0), lat(x, 1)] = 0.7
    chain_leads(lat, system, 0, 4)
    return system.finalized()


def strip(length=8, width=5, rashba=0.3, strength=1.0, field=0.02):
    """Spin-1/2 square lattice with on-site disorder, Rashba coupling and a Zeeman field along x, in the leads too."""
    lat = kwant.lattice.square(norbs=2)
    along = -(ONE - 1j * rashba * SIGMA_Y)
    across = -(ONE + 1j * rashba * SIGMA_X)

    def fill(builder, xs, amplitude):
        for x in xs:
            for y in range(width):
                builder[lat(x, y)] = amplitude * disorder(x, y) * ONE + field * SIGMA_X
            for y in range(width - 1):
                builder[lat(x, y + 1), lat(x, y)] = across

    system = kwant.Builder()
    fill(system, range(length), strength)
    for x in range(length - 1):
        for y in range(width):
            system[lat(x + 1, y), lat(x, y)] = along
    for direction, x in ((-1, 0), (1, length - 1)):
        lead = kwant.Builder(kwant.TranslationalSymmetry((direction, 0)))
        fill(lead, [x], 0.0)
        for y in range(width):
            lead[lat(x + 1, y), lat(x, y)] = along
        system.attach_lead(lead)
    return system.finalized()


SYSTEMS = {
    "ring": (ring, [-1.7, -0.6, 0.0, 0.1, 0.9, 1.9]),
    "double_ring": (double_ring, [-1.7, -0.6, 0.0, 0.1, 0.9, 1.9]),
    "strip": (strip, [-3.1, -2.0, -0.9, 0.15, 1.3, 2.6]),
}


def transmissions(system, energies):
    """Transmission from lead 0 to 1 and back at every energy."""
    smatrices = [kwant.smatrix(system, energy) for energy in energies]
    return [[s.transmission(1, 0), s.transmission(0, 1)] for s in smatrices]


def main():
    made = {
        "provenance": {
            "program": f"Kwant {kwant.__version__}",
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "python": platform.python_version(),
            "script": "tests/transport/make_kwant_reference.py",
            "columns": ["transmission from lead 0 to 1", "from 1 to 0"],
        }
    }
    for name, (build, energies) in SYSTEMS.items():
        made[name] = {"energies": energies, "transmissions": transmissions(build(), energies)}
    path = pathlib.Path(__file__).with_name("kwant_reference.json")
    path.write_text(json.dumps(made, indent=1) + "\n")


if __name__ == "__main__":
    main()
