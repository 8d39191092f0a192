"""What is measured on a graded CoTb film, as one model: `MODEL`."""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array

from jaxspin.core import ForwardModel, Material, Observable, Observables, Solve, observables
from jaxspin.systems.ferrimagnet.composition import (
    anisotropy_field,
    compensation,
    effective_anisotropy,
    net_magnetization,
)
from jaxspin.systems.ferrimagnet.domain_wall import dmi_constant, h_dmi
from jaxspin.systems.ferrimagnet.nucleation import droplet_field
from jaxspin.systems.ferrimagnet.parameters import CoTb, Film, GradientFilm
from jaxspin.systems.ferrimagnet.spin_orbit_torque import h_dl_efficiency, theta_dl
from jaxspin.systems.ferrimagnet.switching import (
    coherent_critical_current,
    critical_current,
    switching_efficiency,
    vanishing_field,
)

_ALLOY = ("compensation", "layering_shift")
_MAGNETIZATION = ("m_co", *_ALLOY)
_ANISOTROPY = (*_MAGNETIZATION, "anisotropy")
_TORQUE = ("theta_slope", "theta_exponent")
_DMI = (*_ANISOTROPY, "stiffness", "dmi_slope")
_BIAS = (*_DMI, "dmi_bias", "bias_field")
_NUCLEATION = (*_DMI, "attempt_time", "nucleation_softness")
_DEPINNING = (*_BIAS, *_TORQUE, "pinning_pressure", "pinning_energy", "attempt_time")

OBSERVABLES = {
    "M_net": Observable("A/m", r"M_\mathrm{net}", "net magnetization, positive when Co-rich", _MAGNETIZATION),
    "x_M": Observable("1", r"x_M", "mean Tb share at which a stack so layered is compensated", _ALLOY),
    "K_eff": Observable("J/m^3", r"K_\mathrm{eff}", "effective perpendicular anisotropy", _ANISOTROPY),
    "H_k": Observable("A/m", r"H_k", "anisotropy field", _ANISOTROPY),
    "theta_DL": Observable("1", r"\theta_\mathrm{DL}", "damping-like spin-torque angle", _TORQUE),
    "xi": Observable("m", r"\xi", "damping-like field per current density", (*_MAGNETIZATION, *_TORQUE)),
    "D": Observable("J/m^2", r"D", "interfacial-type DMI constant of the gradient", ("dmi_slope",)),
    "H_DMI": Observable("A/m", r"H_\mathrm{DMI}", "DMI field in a wall", _DMI),
    "H_vanish": Observable("A/m", r"H_\mathrm{vanish}", "field along x at which the current loop vanishes", _BIAS),
    "H_nucleation": Observable(
        "A/m",
        r"H_\mathrm{nuc}",
        "field along z that nucleates a droplet",
        (*_DMI, "attempt_time", "nucleation_softness"),
    ),
    "j_c": Observable("A/m^2", r"j_c", "critical current density of depinning", _DEPINNING),
    "j_c_coherent": Observable("A/m^2", r"j_c^\mathrm{coh}", "critical current density, coherent", (*_BIAS, *_TORQUE)),
    "efficiency": Observable("A/J", r"j_c/(t K_\mathrm{eff})", "critical current per anisotropy energy", _DEPINNING),
}


def observe(params: CoTb, film: Film, *, solve: Solve | None = None, key: Array | None = None) -> Observables:
    """Every observable of one film, in SI units. Closed forms: `solve` and `key` are not used.

    The status is NOT_FINITE where a pole is hit: compensation (H_DL, H_k, H_DMI), no torque or no moment along x
    (j_c), and where K_eff < 0, a film magnetized in its plane.
    """
    predict = {
        "M_net": net_magnetization,
        "x_M": compensation,
        "K_eff": effective_anisotropy,
        "H_k": anisotropy_field,
        "theta_DL": theta_dl,
        "xi": h_dl_efficiency,
        "D": dmi_constant,
        "H_DMI": h_dmi,
        "H_vanish": vanishing_field,
        "H_nucleation": droplet_field,
        "j_c": critical_current,
        "j_c_coherent": coherent_critical_current,
        "efficiency": switching_efficiency,
    }
    return observables({name: jnp.asarray(f(params, film)) for name, f in predict.items()})


_ZHENG_2021: dict[str, Any] = {
    "m_co": 1.1e6,
    "compensation": 0.29,
    "layering_shift": 1.25,
    "anisotropy": 2.5e5,
    "stiffness": 1.1e-11,
    "theta_slope": 0.17,
    "theta_exponent": 0.0,
    "dmi_slope": 3.3e-15,
    "dmi_bias": 0.7,
    "bias_field": 0.0,
    "pinning_pressure": 950.0,
    "pinning_energy": 1.6e-19,
    "attempt_time": 1e-9,
    "nucleation_softness": 0.007,
}

# Between the published films, off compensation, and not 6 nm thick, where the exponent of theta_DL cannot be seen.
_EXAMPLE: dict[str, Any] = {"delta": 0.06, "layer_thickness": 0.8e-9}

MODEL = ForwardModel(
    name="ferrimagnet",
    title="Graded CoTb ferrimagnet: torque, DMI field and switching current from the composition gradient",
    parameters=CoTb,
    controls=GradientFilm,
    observables=OBSERVABLES,
    observe=observe,
    materials={
        "CoTb": Material(
            build=lambda: CoTb(**_ZHENG_2021),
            source="rounded from the global fit (experiments/ferrimagnet) to Zheng et al., Nat. Commun. 12, 4555 "
            "(2021); pinning energy, attempt time and nucleation softness are assumptions that no value there tests",
        )
    },
    example=lambda: GradientFilm(**_EXAMPLE),
    citation="""@article{zheng2021field,
  title = {Field-free spin-orbit torque-induced switching of perpendicular magnetization in a ferrimagnetic layer
           with vertical composition gradient},
  author = {Zheng, Zhenyi and others},
  journal = {Nature Communications},
  volume = {12},
  pages = {4555},
  year = {2021},
  doi = {10.1038/s41467-021-24854-7},
}""",
)
