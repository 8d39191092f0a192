"""A planar Hall bar in its simplest form, R = R_PHE sin 2(phi + phi_0) tanh(B/B_s) + R_0, as a system of its own."""

import equinox as eqx
import jax.numpy as jnp

from jaxspin.core import ForwardModel, Material, Observable, observables, quantity


class Bar(eqx.Module):
    R_PHE: float = quantity("ohm", bounds=(0.0, 10.0), scale=0.1, symbol=r"R_\mathrm{PHE}", doc="planar Hall effect")
    phi_0: float = quantity("rad", bounds=(-1.0, 1.0), scale=0.1, symbol=r"\varphi_0", doc="offset of the angle")
    R_0: float = quantity("ohm", bounds=(-10.0, 10.0), scale=0.1, symbol="R_0", doc="offset of the resistance")
    B_s: float = quantity("T", bounds=(0.0, 10.0), scale=0.01, symbol="B_s", doc="saturation field")


class Scan(eqx.Module):
    phi: float = quantity("rad", bounds=(-10.0, 10.0), scale=0.1, symbol=r"\varphi", doc="angle of the field")
    I: float = quantity("A", bounds=(0.0, 1.0), scale=1e-3, symbol="I", doc="current")
    B: float = quantity("T", bounds=(-5.0, 5.0), scale=0.01, symbol="B", doc="flux density", default=1.0)


def observe(params, controls, *, solve=None, key=None):
    shape = jnp.sin(2 * (controls.phi + params.phi_0)) * jnp.tanh(controls.B / params.B_s)
    R = params.R_PHE * shape + params.R_0
    return observables({"R": R, "V": controls.I * R, "shape": shape})


MODEL = ForwardModel(
    name="toy",
    title="Planar Hall effect of a bar",
    parameters=Bar,
    controls=Scan,
    observables={
        "R": Observable("ohm", "R", "Hall resistance", ("R_PHE", "phi_0", "R_0", "B_s")),
        "V": Observable("V", "V", "Hall voltage", ("R_PHE", "phi_0", "R_0", "B_s")),
        "shape": Observable("1", "s", "angular dependence", ("phi_0", "B_s")),
    },
    observe=observe,
    materials={
        "wide bar": Material(lambda: Bar(R_PHE=0.1, phi_0=0.0, R_0=0.0, B_s=0.01), "made up for tests"),
        "narrow bar": Material(lambda: Bar(R_PHE=0.5, phi_0=0.1, R_0=0.0, B_s=0.01), "made up for tests"),
    },
    example=lambda: Scan(phi=0.3, I=1e-3),
    citation="@misc{toy, title = {A toy}}",
)
