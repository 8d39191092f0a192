"""The derivative of the energy with respect to the cutoff, against ground states at other cutoffs.

Simple cubic selenium, a small cell; spheres of some 100 waves at each k are rough, which is the error of either side.
"""

import numpy as np
import pytest

from jaxspin.planewave.basis import plane_waves
from jaxspin.planewave.crystal import Crystal
from jaxspin.planewave.exchange_correlation import LDA_PADE
from jaxspin.planewave.forces import stress
from jaxspin.planewave.ground_state import ground_state
from jaxspin.planewave.kpoints import monkhorst_pack
from jaxspin.planewave.model import KohnSham
from jaxspin.planewave.pseudopotential import tabulated
from jaxspin.planewave.pulay import boundary

SELENIUM = Crystal(5.6 * np.eye(3), ("Se",), [[0, 0, 0]])


@pytest.mark.slow
def test_the_waves_at_the_cutoff_tell_how_the_energy_falls_with_it():
    pytest.importorskip("spglib")
    from jaxspin.planewave.smearing import Gaussian

    def solved(cutoff, scale=1.0):
        crystal = Crystal(scale * SELENIUM.lattice, SELENIUM.species, SELENIUM.positions)
        model = KohnSham(crystal, (tabulated("Se", "PADE"),), LDA_PADE, smearing=Gaussian(0.02))
        basis = plane_waves(crystal, cutoff, monkhorst_pack(crystal, (4, 4, 4), shift=(0.5, 0.5, 0.5)))
        return model, basis, ground_state(model, basis).checked()

    energy = lambda *by: float(solved(*by)[2].energies.total)
    found = boundary(*solved(8.0))
    wanted = (energy(8.8) - energy(7.2)) / 1.6
    np.testing.assert_allclose(found.cutoff, wanted, rtol=0.15)  # 4 x 4 x 4 spheres of some 300 waves
    model, basis, state = solved(8.0)
    whole = np.trace(np.asarray(stress(model, basis, state) + found.stress)) * float(model.crystal.volume)
    constant = (energy(8.0, 1.02) - energy(8.0, 0.98)) / 0.04
    np.testing.assert_allclose(whole, constant, atol=0.15 * abs(np.trace(found.stress) * float(model.crystal.volume)))
