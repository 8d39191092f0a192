"""What is measured on the spin pump, as one model: `MODEL`."""

import functools
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxspin.core import ForwardModel, Material, Observable, Observables, Solve, observables, quantity
from jaxspin.numerics import quadrature
from jaxspin.systems.spin_pump.parameters import Ring
from jaxspin.systems.spin_pump.pumping import pumped_currents
from jaxspin.systems.spin_pump.ring import transmission

_PHOTONS = 12
_FIXED = functools.partial(quadrature.integrate_graded, levels=3)
_TOLERANCE = Solve(rtol=1e-14, atol=1e-7)
# The estimate is far above the true error, 1e-11 and less, except where peaks are not resolved at all.


class Device(eqx.Module):
    """The sample: what measurements of pumped currents against flux determine."""

    level: Float[Array, ""] = quantity(
        "1", bounds=(-1.0, 1.0), scale=0.05, symbol=r"\varepsilon_0/\gamma", doc="mean level of the dot"
    )
    coupling: Float[Array, ""] = quantity(
        "1", bounds=(0.02, 1.0), scale=0.05, symbol=r"V_0/\gamma", doc="hopping between dot and ring"
    )
    drive: Float[Array, ""] = quantity(
        "1", bounds=(0.0, 2.0), scale=0.02, symbol=r"v/\gamma", doc="amplitude of the level's oscillation"
    )
    phi_so: Float[Array, ""] = quantity(
        "1",
        bounds=(-0.5, 0.5),
        scale=0.05,
        symbol=r"\phi_\mathrm{SO}/\phi_0",
        doc="spin-orbit phase as a flux of opposite sign for either spin, in flux quanta",
    )


class WorkingPoint(eqx.Module):
    """The conditions of a measurement."""

    fermi_energy: Float[Array, ""] = quantity(
        "1", bounds=(-2.0, 2.0), scale=0.05, symbol=r"E_F/\gamma", doc="Fermi energy of both leads"
    )
    phi_ab: Float[Array, ""] = quantity(
        "1",
        bounds=(-1.0, 1.0),
        scale=0.05,
        symbol=r"\phi_\mathrm{AB}/\phi_0",
        doc="magnetic flux through the ring, in flux quanta",
    )
    frequency: Float[Array, ""] = quantity(
        "1", bounds=(0.02, 2.0), scale=0.05, symbol=r"\hbar\Omega/\gamma", doc="photon energy", default=0.2
    )
    temperature: Float[Array, ""] = quantity(
        "1", bounds=(0.0, 1.0), scale=0.02, symbol=r"k_BT/\gamma", doc="temperature of both leads", default=0.0
    )
    asymmetry: Float[Array, ""] = quantity(
        "1", bounds=(-0.95, 0.95), scale=0.1, symbol="a", doc="asymmetry of the dot's couplings", default=0.0
    )


_ALL = ("level", "coupling", "drive", "phi_so")

OBSERVABLES = {
    "I_up": Observable("1", r"I_\uparrow", "pumped current of spin up, in units of e gamma/h", _ALL),
    "I_down": Observable("1", r"I_\downarrow", "pumped current of spin down, in units of e gamma/h", _ALL),
    "I_charge": Observable("1", "I", "pumped charge current I_up + I_down, in units of e gamma/h", _ALL),
    "I_spin": Observable("1", r"I_s", "pumped spin current I_up - I_down, in units of e gamma/h", _ALL),
    "ratio": Observable("1", r"I_s/I", "ratio of spin and charge current", _ALL),
    "T": Observable(
        "1", "T", "transmission at rest at the Fermi energy, mean of both spins", ("level", "coupling", "phi_so")
    ),
}


def ring(params: Device, at: WorkingPoint) -> Ring:
    """The ring that a device is at a working point."""
    return Ring(
        fermi_energy=at.fermi_energy,
        phi_ab=at.phi_ab,
        phi_so=params.phi_so,
        level=params.level,
        drive=params.drive,
        frequency=at.frequency,
        coupling=params.coupling,
        temperature=at.temperature,
        asymmetry=at.asymmetry,
    )


def observe(params: Device, at: WorkingPoint, *, solve: Solve | None = None, key: Array | None = None) -> Observables:
    """Every observable at one working point. On fixed panels, with 12 photons: `solve` and `key` are not used.

    The status is MAX_STEPS where the estimated error of a current exceeds 1e-7 e gamma/h, or 12 photons do not suffice
    for that (drive/frequency > 2.8), and NOT_FINITE where no charge current flows at all.
    """
    pump = ring(params, at)
    found = pumped_currents(pump, n_max=_PHOTONS, solve=_TOLERANCE, integrate=_FIXED)
    spins = jnp.array([1.0, -1.0])
    values = {
        "I_up": found.up,
        "I_down": found.down,
        "I_charge": found.charge,
        "I_spin": found.spin,
        "ratio": found.spin / found.charge,
        "T": (transmission(pump, at.fermi_energy, spins[0]) + transmission(pump, at.fermi_energy, spins[1])) / 2,
    }
    return observables(values, found.status)


_RAMOS_2014: dict[str, Any] = {"level": 0.0, "coupling": 0.25, "drive": 0.07, "phi_so": 0.1}
_ON_THE_SLOPE: dict[str, Any] = {"fermi_energy": 0.05, "phi_ab": 0.2}

MODEL = ForwardModel(
    name="spin_pump",
    title="Single-parameter spin pump: a driven ring with flux and spin-orbit phase",
    parameters=Device,
    controls=WorkingPoint,
    observables=OBSERVABLES,
    observe=observe,
    materials={
        "Ramos": Material(
            build=lambda: Device(**_RAMOS_2014),
            source="Ramos, Foa Torres, Orellana and Apel: V_0, v and Omega of the text, phi_SO of figures 3(a, c); "
            "the level, which is not given, is 0",
        )
    },
    example=lambda: WorkingPoint(**_ON_THE_SLOPE),
    citation="""@article{ramos2014single,
  title = {Single-parameter spin-pumping in driven metallic rings with spin-orbit coupling},
  author = {Ramos, J. P. and Foa Torres, L. E. F. and Orellana, P. A. and Apel, V. M.},
  journal = {Journal of Applied Physics},
  volume = {115},
  pages = {124507},
  year = {2014},
}""",
)
