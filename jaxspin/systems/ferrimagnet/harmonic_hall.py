"""Harmonic Hall voltages by the quasi-static response of the equilibrium to the current.

With a current I sin(wt) slow against the magnetization, V(t) = I sin(wt) R_xy(m_eq(I sin wt)). To first order in I
the voltage has the amplitude I R_xy at w, and (I^2/2) dR_xy/dI as the amplitude of -cos(2wt): R_2w = (I/2) dR_xy/dI.
The derivative is taken through the equilibrium, so one energy serves every geometry.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, PRNGKeyArray

from jaxspin.core import ForwardModel, Observable, Observables, Solve, observables
from jaxspin.systems.ferrimagnet.hall_bar import MATERIALS, AngleScan, HallBar
from jaxspin.systems.ferrimagnet.hall_equilibrium import equilibrium


def applied_field(bar: HallBar, controls: AngleScan) -> Float[Array, "3"]:
    """True field vector [T] in the frame of the bar (x: current, z: film normal): offsets B_0, phi_0, B_x0, B_y0."""
    phi, theta = controls.phi_H + bar.phi_0, controls.theta_H
    direction = jnp.stack([jnp.sin(theta) * jnp.cos(phi), jnp.sin(theta) * jnp.sin(phi), jnp.cos(theta)])
    return (controls.B + bar.B_0) * direction + jnp.stack([bar.B_x0, bar.B_y0, jnp.zeros(())])


def hall_resistance(bar: HallBar, m: Float[Array, "3"], current: Float[ArrayLike, ""] = 0.0) -> Float[Array, ""]:
    """R_xy = R_AHE m_z + 2 R_PHE m_x m_y + R_0 + heating [ohm] at the instantaneous current [A].

    The heat of the current makes (2 I/I_ref) (R_th m_x + 2 R_pn m_x m_y + R_20): anomalous and planar Nernst effect
    and an offset, written so that each R is the size of its part of R_2w at I_ref.
    """
    planar = 2 * m[0] * m[1]
    heating = 2 * (bar.R_th * m[0] + bar.R_pn * planar + bar.R_20) * current / bar.I_ref
    return bar.R_AHE * m[2] + bar.R_PHE * planar + bar.R_0 + heating


def harmonic_hall(
    bar: HallBar,
    controls: AngleScan,
    *,
    solve: Solve = Solve(),
    key: PRNGKeyArray | None = None,
) -> Observables:
    """First and second harmonic of the Hall voltage of a bar at one field and current.

    The magnetization sits in the absolute minimum of its free energy, so hysteresis is not represented.

    Arguments:
        bar: the film, with resistances in ohm, fields in T, angles in rad.
        controls: one field vector and peak current; `jax.vmap` over a module with array leaves for a scan.
        solve: tolerances of the equilibrium.
        key: not used.

    Returns:
        `Observables`: amplitudes V_1w of sin(wt) and V_2w of -cos(2wt) [V, peak for a peak current], and the same over
        the current, R_1w and R_2w [ohm]. Status NO_SOLUTION where the film has no stable direction.
        Sources: Hayashi et al., PRB 89, 144425 (2014); Avci et al., PRB 90, 224427 (2014).
    """
    del key
    B = applied_field(bar, controls)

    def response(current):
        state = equilibrium(bar, B, current, solve=solve)
        return hall_resistance(bar, state.m, current), state.status

    R_1w, slope, status = jax.jvp(response, (jnp.zeros_like(bar.I_ref),), (jnp.ones_like(bar.I_ref),), has_aux=True)
    R_2w = 0.5 * controls.I * slope
    return observables(
        {"V_1w": controls.I * R_1w, "V_2w": controls.I * R_2w, "R_1w": R_1w, "R_2w": R_2w},
        status,
    )


_DIRECTION = ("B_k", "B_u", "phi_u", "phi_0", "B_0", "B_x0", "B_y0")
_FIRST = ("R_AHE", "R_PHE", "R_0", *_DIRECTION)
_SECOND = ("R_AHE", "R_PHE", *_DIRECTION, "B_DL", "B_FL", "R_th", "R_pn", "R_20", "I_ref")

_EXAMPLE: dict[str, Any] = {"phi_H": 0.7, "B": 0.02, "I": 15e-3, "theta_H": 1.4}

HARMONIC_HALL = ForwardModel(
    name="ferrimagnet.harmonic_hall",
    title="Harmonic Hall voltages of a magnetic film under spin-orbit torque",
    parameters=HallBar,
    controls=AngleScan,
    observables={
        "V_1w": Observable("V", r"V_{1\omega}", "first harmonic Hall voltage, amplitude of sin(wt)", _FIRST),
        "V_2w": Observable("V", r"V_{2\omega}", "second harmonic Hall voltage, amplitude of -cos(2wt)", _SECOND),
        "R_1w": Observable("ohm", r"R_{1\omega}", "first harmonic Hall resistance, V_1w/I", _FIRST),
        "R_2w": Observable("ohm", r"R_{2\omega}", "second harmonic Hall resistance, V_2w/I", _SECOND),
    },
    observe=harmonic_hall,
    materials=MATERIALS,
    example=lambda: AngleScan(**_EXAMPLE),
    citation="""@article{avci2014harmonic,
  author = {Avci, Can Onur and Garello, Kevin and Gabureac, Mihai and Ghosh, Abhijit and Fuhrer, Andreas and
            Alvarado, Santos F. and Gambardella, Pietro},
  title = {Interplay of spin-orbit torque and thermoelectric effects in ferromagnet/normal-metal bilayers},
  journal = {Physical Review B},
  volume = {90},
  pages = {224427},
  year = {2014},
  doi = {10.1103/PhysRevB.90.224427},
}""",
)
