"""What is measured on a spin-bifurcating condensate, as one model: `MODEL`."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxspin.core import ForwardModel, Material, Observable, Observables, Solve, Status, observables, quantity
from jaxspin.systems.polariton.excitations import excitations_of
from jaxspin.systems.polariton.parameters import Condensate
from jaxspin.systems.polariton.pseudospin import length
from jaxspin.systems.polariton.response import aligned_state, susceptibility
from jaxspin.systems.polariton.thresholds import critical_pump, fold_pump


class Microcavity(eqx.Module):
    """The sample: what a measurement of polarization against pump determines."""

    a: Float[Array, ""] = quantity(
        "1", bounds=(0.0, 100.0), scale=0.5, symbol="a", doc="spin-anisotropic interaction (alpha_1 - alpha_2)/eta"
    )
    g: Float[Array, ""] = quantity(
        "1", bounds=(0.0, 20.0), scale=0.05, symbol="g", doc="loss anisotropy gamma/epsilon of the linear polarizations"
    )
    delta: Float[Array, ""] = quantity(
        "1",
        bounds=(-20.0, 20.0),
        scale=0.05,
        symbol=r"\delta",
        doc="Zeeman splitting Delta/epsilon at the field whose control `field` is 1",
    )


class Drive(eqx.Module):
    """The conditions of a measurement."""

    p: Float[Array, ""] = quantity(
        "1", bounds=(-20.0, 100.0), scale=0.2, symbol="p", doc="effective pump (W - Gamma)/epsilon"
    )
    field: Float[Array, ""] = quantity(
        "1",
        bounds=(-100.0, 100.0),
        scale=1.0,
        symbol=r"B/B_1",
        doc="magnetic field relative to the one at which the splitting is `delta`",
        default=1.0,
    )


_ALL = ("a", "g", "delta")

OBSERVABLES = {
    "p_c": Observable("1", "p_c", "critical pump of the pitchfork at zero field", ("a", "g")),
    "p_f": Observable("1", "p_f", "pump at which the opposed state appears in a fold", _ALL),
    "S_0": Observable("1", "s", "occupation |s|, in units of epsilon/eta", _ALL),
    "S_1": Observable("1", "s_x", "Stokes parameter s_x, in units of epsilon/eta", _ALL),
    "S_2": Observable("1", "s_y", "Stokes parameter s_y, in units of epsilon/eta", _ALL),
    "S_3": Observable("1", "s_z", "Stokes parameter s_z, in units of epsilon/eta", _ALL),
    "dcp": Observable("1", r"\rho_c", "degree of circular polarization s_z/s", _ALL),
    "g_eff": Observable("1", r"g_\mathrm{eff}", "total effective g-factor (a s_z + delta)/delta", _ALL),
    "g_linear": Observable("1", r"1+\chi", "linear effective g-factor at zero field", ("a", "g")),
    "Omega": Observable("1", r"\Omega", "frequency of excitations, in units of epsilon/hbar", _ALL),
    "Omega_z": Observable("1", r"\Omega_z", "effective field on excitations along z, in the same unit", _ALL),
    "damping": Observable("1", r"\gamma_p", "damping of their precession, in the same unit", _ALL),
    "relaxation": Observable("1", r"\Gamma_p", "rate of their purely relaxing mode, in the same unit", _ALL),
}


def observe(params: Microcavity, drive: Drive, *, solve: Solve | None = None, key: Array | None = None) -> Observables:
    """Every observable of the state aligned with the field. Exact roots: `solve` and `key` are not used.

    The status is NO_SOLUTION where no aligned state is stable (below the condensation threshold), and NOT_FINITE at a
    bifurcation, for g = 0 (no symmetry breaks) and without a field above p_c (g_eff).
    """
    c = Condensate(p=drive.p, a=params.a, g=params.g, delta=params.delta * drive.field)
    # with and without the field in one batch, which halves the time of compilation
    fields = jnp.stack([c.delta, jnp.zeros_like(c.delta)])
    states = jax.vmap(lambda delta: aligned_state(Condensate(c.p, c.a, c.g, delta)))(fields)
    exists, s = states.exists[0], jnp.where(states.exists[:, None], states.s, 1.0)
    s, s_bare = s
    modes = excitations_of(c, s)
    total = length(s)
    values = {
        "p_c": critical_pump(c),
        "p_f": fold_pump(c),
        "S_0": total,
        "S_1": s[0],
        "S_2": s[1],
        "S_3": s[2],
        "dcp": s[2] / total,
        "g_eff": 1 + c.a * s[2] / c.delta,
        "g_linear": jnp.where(states.exists[1], 1 + susceptibility(Condensate(c.p, c.a, c.g), s_bare), jnp.nan),
        "Omega": modes.frequency,
        "Omega_z": modes.frequency_z,
        "damping": modes.damping,
        "relaxation": modes.relaxation,
    }
    return observables(values, jnp.where(exists, Status.OK, Status.NO_SOLUTION))


_BOCHIN_2024: dict[str, Any] = {"a": 2.28, "g": 0.1, "delta": 0.1}
_ABOVE_THRESHOLD: dict[str, Any] = {"p": 0.6}

MODEL = ForwardModel(
    name="polariton",
    title="Polariton condensate: spin bifurcation and giant effective g-factor",
    parameters=Microcavity,
    controls=Drive,
    observables=OBSERVABLES,
    observe=observe,
    materials={
        "Bochin 2024": Material(
            build=lambda: Microcavity(**_BOCHIN_2024),
            source="Bochin, Chestnov and Nalitov: a and g of figures 1(b), 2 and 3, the field of figure 2(b)",
        )
    },
    example=lambda: Drive(**_ABOVE_THRESHOLD),
    citation="""@article{bochin2024giant,
  title = {Giant effective g-factor due to spin bifurcations in polariton condensates},
  author = {Bochin, A. and Chestnov, I. and Nalitov, A.},
  journal = {arXiv:2405.01941},
  year = {2024},
}""",
)
