"""The ring with a driven quantum dot: its parameters, in the paper's reduced units.

Energies in units of the hopping gamma of the chain, whose band is [-2, 2]; hbar = 1; fluxes in flux quanta.
"""

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float

from jaxspin.core import demand, quantities, quantity


class Ring(eqx.Module):
    """The paper's pump: a chain ... -1, 0, 1 ..., and a dot between sites -1 and 1 whose level oscillates.

        epsilon_d(t) = level + drive cos(frequency t),    V_L = V_0 (1 + asymmetry) exp(2 pi i (phi_ab + sigma phi_so)),
        V_R = V_0 (1 - asymmetry),    sigma = +1 (up), -1 (down),

    equations (2) to (4). The level is not given in the paper; 0 is the natural choice. Fluxes default to those of its
    figures 3(a, c), the Fermi energy to the middle of the band. Leaves may have any common shape under `jax.vmap`.

    Raises `ValueError` for numbers that are not finite, a frequency that is not positive, a temperature below zero.
    """

    fermi_energy: Float[Array, ""] = quantity(
        "1", bounds=(-2.0, 2.0), scale=0.1, symbol=r"E_F/\gamma", doc="Fermi energy of both leads", default=0.0
    )
    phi_ab: Float[Array, ""] = quantity(
        "1",
        bounds=(-1.0, 1.0),
        scale=0.1,
        symbol=r"\phi_\mathrm{AB}/\phi_0",
        doc="magnetic flux through the ring, in flux quanta",
        default=0.2,
    )
    phi_so: Float[Array, ""] = quantity(
        "1",
        bounds=(-1.0, 1.0),
        scale=0.1,
        symbol=r"\phi_\mathrm{SO}/\phi_0",
        doc="spin-orbit phase as a flux of opposite sign for either spin, in flux quanta",
        default=0.1,
    )
    level: Float[Array, ""] = quantity(
        "1", bounds=(-2.0, 2.0), scale=0.1, symbol=r"\varepsilon_0/\gamma", doc="mean level of the dot", default=0.0
    )
    drive: Float[Array, ""] = quantity(
        "1", bounds=(0.0, 4.0), scale=0.05, symbol=r"v/\gamma", doc="amplitude of the level's oscillation", default=0.07
    )
    frequency: Float[Array, ""] = quantity(
        "1", bounds=(0.0, 4.0), scale=0.1, symbol=r"\hbar\Omega/\gamma", doc="photon energy of the drive", default=0.2
    )
    coupling: Float[Array, ""] = quantity(
        "1", bounds=(0.0, 2.0), scale=0.1, symbol=r"V_0/\gamma", doc="hopping between dot and ring", default=0.25
    )
    temperature: Float[Array, ""] = quantity(
        "1", bounds=(0.0, 1.0), scale=0.02, symbol=r"k_BT/\gamma", doc="temperature of both leads", default=0.0
    )
    asymmetry: Float[Array, ""] = quantity(
        "1",
        bounds=(-1.0, 1.0),
        scale=0.1,
        symbol="a",
        doc="(|V_L| - |V_R|)/(|V_L| + |V_R|) of the dot's two couplings; 0 in the paper",
        default=0.0,
    )

    def __check_init__(self) -> None:
        demand(self, quantities(self), np.isfinite, "must be finite")
        demand(self, ("frequency",), lambda value: value > 0, "must be > 0")
        demand(self, ("temperature",), lambda value: value >= 0, "must be >= 0")
