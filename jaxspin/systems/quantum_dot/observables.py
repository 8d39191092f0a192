"""What is measured on a chaotic dot, as one model: `MODEL`."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from jaxspin.core import ForwardModel, Material, Observable, Observables, Solve, observables
from jaxspin.systems.quantum_dot.correlations import fluctuations
from jaxspin.systems.quantum_dot.device import Device, Setting
from jaxspin.systems.quantum_dot.diagrammatics import contacts, weak_localization

_ALL = ("area", "tau_so", "tau_so_uniform", "tau_phi", "tau_erg", "g", "p", "mass", "c")

OBSERVABLES = {
    "G": Observable("1", r"\langle G\rangle", "average conductance, in units of e^2/h", _ALL),
    "dG": Observable("1", r"\langle\delta G\rangle", "weak localization correction, in units of e^2/h", _ALL),
    "magnetoconductance": Observable(
        "1", r"\langle G(B)-G(0)\rangle", "average change from zero perpendicular field, in units of e^2/h", _ALL
    ),
    "rms_G": Observable("1", r"\delta G", "root mean square of the fluctuations, in units of e^2/h", _ALL),
    "var_G": Observable("1", r"\mathrm{var}\,G", "their variance, in units of (e^2/h)^2", _ALL),
    "asymmetry": Observable(
        "1", r"\langle[G(B)-G(-B)]^2\rangle", "mean square change as B_perp is reversed, in units of (e^2/h)^2", _ALL
    ),
    "B_c": Observable("mT", "B_c", "step of B_perp over which the covariance of G falls to half the variance", _ALL),
}


def observe(params: Device, setting: Setting, *, solve: Solve | None = None, key: Array | None = None) -> Observables:
    """Every observable at one setting, to leading order in 1/N. Closed forms: `solve` and `key` are not used.

    The status is that of the averages, which every number given enters: a fit to them computes no fluctuations.
    """
    dot, kT = params.at(setting), params.kT_over_spacing(setting.temperature)
    correction, at_zero = weak_localization(dot), weak_localization(eqx.tree_at(lambda d: d.x, dot, 0 * dot.x))
    averages = observables(
        {"G": 2 * contacts(dot) + correction, "dG": correction, "magnetoconductance": correction - at_zero}
    )
    seen = fluctuations(dot, kT)
    others = {
        "rms_G": jnp.sqrt(seen.variance),
        "var_G": seen.variance,
        "asymmetry": seen.asymmetry,
        "B_c": seen.correlation_field * params.field_scale,
    }
    return Observables(averages.values | others, averages.status)


# Delta = 0.89 ueV; times of the order of the inverse spacing, so that every symmetry is partly broken
_BALLISTIC: dict[str, Any] = {"area": 8.0, "tau_so": 4.0, "tau_so_uniform": 20.0, "tau_phi": 0.5, "tau_erg": 8.0}
_EXAMPLE: dict[str, Any] = {"B_perp": 0.05, "B_parallel": 50.0, "temperature": 0.3, "n1": 2.0, "n2": 2.0}

MODEL = ForwardModel(
    name="quantum_dot",
    title="Chaotic quantum dot: weak (anti)localization and conductance fluctuations with spin-orbit coupling",
    parameters=Device,
    controls=Setting,
    observables=OBSERVABLES,
    observe=observe,
    materials={
        "GaAs dot": Material(
            build=lambda: Device(**_BALLISTIC),
            source="a ballistic GaAs dot with a gate over part of it: bulk mass and g-factor, an area of the size of "
            "those of the paper's references 7 and 11, and times chosen for illustration",
        )
    },
    example=lambda: Setting(**_EXAMPLE),
    citation="""@article{brouwer2002weak,
  title = {Weak localization and conductance fluctuations of a chaotic quantum dot with tunable spin-orbit coupling},
  author = {Brouwer, P. W. and Cremers, J. N. H. J. and Halperin, B. I.},
  journal = {Physical Review B},
  volume = {65},
  pages = {081302},
  year = {2002},
}""",
)
