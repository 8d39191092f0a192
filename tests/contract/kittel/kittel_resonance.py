"""A system of one's own: ferromagnetic resonance of a film magnetized in its plane (Kittel 1948)."""

import jax.numpy as jnp
from equinox import Module
from jaxtyping import Array, Float

from jaxspin.core import ForwardModel, Material, Observable, Observables, observables, quantity

MU_B_OVER_H = 13.996244936e9  # Bohr magneton over Planck's constant [Hz/T]


class Film(Module):
    """Parameters of the film."""

    g: Float[Array, ""] = quantity("1", bounds=(1.0, 4.0), scale=0.1, symbol="g", doc="spectroscopic g-factor")
    B_eff: Float[Array, ""] = quantity(
        "T", bounds=(0.0, 5.0), scale=0.1, symbol=r"B_\mathrm{eff}", doc="effective magnetization mu0 M_eff"
    )


class Field(Module):
    """Condition of one measurement."""

    B: Float[Array, ""] = quantity("T", bounds=(0.0, 20.0), scale=0.1, symbol="B", doc="field in the film plane")


def observe(film: Film, at: Field, *, solve=None, key=None) -> Observables:
    """Resonance frequency f [Hz]: f = g mu_B/h sqrt(B (B + mu0 M_eff))."""
    return observables({"f": film.g * MU_B_OVER_H * jnp.sqrt(at.B * (at.B + film.B_eff))})


MODEL = ForwardModel(
    name="kittel",
    title="Ferromagnetic resonance of a thin film",
    parameters=Film,
    controls=Field,
    observables={"f": Observable("Hz", "f", "resonance frequency", ("g", "B_eff"))},
    observe=observe,
    materials={"permalloy": Material(lambda: Film(g=2.11, B_eff=1.0), "textbook values for Ni80Fe20")},
    example=lambda: Field(B=0.1),
    citation="@article{kittel1948, title = {On the theory of ferromagnetic resonance absorption}, year = {1948}}",
)
