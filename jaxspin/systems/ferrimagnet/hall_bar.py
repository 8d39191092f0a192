"""What a harmonic Hall measurement is made on (`HallBar`) and made at (`AngleScan`), and two reference bars."""

import math
from typing import Any

import equinox as eqx
from jaxtyping import Array, Float

from jaxspin.core import Material, quantity


class HallBar(eqx.Module):
    """A magnetic film with current along x: its anisotropy, its torques, its Hall resistances, its offsets.

    The equilibrium feels B_ext + B_k m_z z + B_u (m.u) u + (I/I_ref) (B_FL y + B_DL m x y) with the spin polarization
    along y. The Hall resistance is R_xy = R_AHE m_z + 2 R_PHE m_x m_y + R_0.
    Only R_AHE B_DL is seen where the film stays in its plane: fix R_AHE then. I_ref sets the current at which B_DL,
    B_FL and R_th are quoted: never free together with them.
    """

    R_AHE: Float[Array, ""] = quantity(
        "ohm", scale=1.0, symbol=r"R_\mathrm{AHE}", doc="anomalous Hall resistance, R_xy at m = z"
    )
    R_PHE: Float[Array, ""] = quantity(
        "ohm", scale=0.1, symbol=r"R_\mathrm{PHE}", doc="planar Hall resistance, R_xy at 45 deg"
    )
    B_k: Float[Array, ""] = quantity(
        "T",
        scale=0.1,
        symbol=r"B_k",
        doc="effective perpendicular anisotropy field, demagnetization included; negative for an easy plane",
    )
    B_u: Float[Array, ""] = quantity("T", scale=1e-3, symbol=r"B_u", doc="in-plane uniaxial anisotropy field")
    phi_u: Float[Array, ""] = quantity(
        "rad", scale=0.1, symbol=r"\varphi_u", doc="angle of the in-plane easy axis from the current"
    )
    B_DL: Float[Array, ""] = quantity(
        "T", scale=1e-5, symbol=r"B_\mathrm{DL}", doc="damping-like field at current I_ref"
    )
    B_FL: Float[Array, ""] = quantity(
        "T",
        scale=1e-5,
        symbol=r"B_\mathrm{FL}",
        doc="field-like field, with the Oersted field, at current I_ref",
    )
    R_th: Float[Array, ""] = quantity(
        "ohm",
        scale=1e-5,
        symbol=r"R_\mathrm{th}",
        doc="thermal (anomalous Nernst) part of R_2w at m = x and current I_ref",
    )
    R_pn: Float[Array, ""] = quantity(
        "ohm",
        scale=1e-5,
        symbol=r"R_\mathrm{pn}",
        doc="planar Nernst effect or leakage of the first harmonic: part of R_2w at 45 deg and current I_ref",
        default=0.0,
    )
    R_0: Float[Array, ""] = quantity(
        "ohm",
        scale=0.1,
        symbol=r"R_0",
        doc="first-harmonic offset (misaligned contacts)",
        default=0.0,
    )
    R_20: Float[Array, ""] = quantity("ohm", scale=1e-5, symbol=r"R_{2,0}", doc="second-harmonic offset", default=0.0)
    phi_0: Float[Array, ""] = quantity(
        "rad",
        scale=0.01,
        symbol=r"\varphi_0",
        doc="true in-plane field angle less the one read on the stage",
        default=0.0,
    )
    B_0: Float[Array, ""] = quantity(
        "T",
        scale=1e-3,
        symbol=r"B_0",
        doc="true field less the calibrated one (remanence)",
        default=0.0,
    )
    B_x0: Float[Array, ""] = quantity(
        "T",
        scale=1e-4,
        symbol=r"B_{x,0}",
        doc="field along the current that stays with the bar (exchange bias, the Earth's)",
        default=0.0,
    )
    B_y0: Float[Array, ""] = quantity(
        "T",
        scale=1e-4,
        symbol=r"B_{y,0}",
        doc="field across the current that stays with the bar",
        default=0.0,
    )
    I_ref: Float[Array, ""] = quantity(
        "A",
        bounds=(1e-9, 10.0),
        scale=1e-3,
        symbol=r"I_\mathrm{ref}",
        doc="current amplitude at which B_DL, B_FL and R_th are quoted; keep it fixed",
        default=1e-3,
    )


class AngleScan(eqx.Module):
    """One reading: field of size B at azimuth phi_H (from the current) and polar angle theta_H, current I sin(wt).

    `I` is the *peak* current, and the voltages are peak amplitudes. With both rms, B_DL, B_FL and R_th become those at
    the peak of a current whose rms is I_ref.
    """

    phi_H: Float[Array, ""] = quantity(
        "rad", bounds=(-100.0, 100.0), scale=0.1, symbol=r"\varphi_H", doc="azimuth of the field as read on the stage"
    )
    B: Float[Array, ""] = quantity("T", bounds=(-30.0, 30.0), scale=0.01, symbol="B", doc="applied field; signed")
    I: Float[Array, ""] = quantity("A", bounds=(0.0, 10.0), scale=1e-3, symbol="I", doc="current amplitude (peak)")
    theta_H: Float[Array, ""] = quantity(
        "rad",
        bounds=(-math.pi, 2 * math.pi),
        scale=0.1,
        symbol=r"\theta_H",
        doc="polar angle of the field from the film normal",
        default=math.pi / 2,
    )


_PY_PT: dict[str, Any] = {
    "R_AHE": 8.0,
    "R_PHE": 0.0837,
    "B_k": -1.0,
    "B_u": 0.9e-3,
    "phi_u": math.radians(62.0),
    "B_DL": 1.02e-5,
    "B_FL": 1.51e-5,
    "R_th": -3.2e-5,
    "R_pn": -9e-6,
    "R_0": -0.035,
    "phi_0": math.radians(-1.79),
    "I_ref": 15e-3,
}

_COTB: dict[str, Any] = {
    "R_AHE": 1.0,
    "R_PHE": 0.05,
    "B_k": 0.3,
    "B_u": 2e-3,
    "phi_u": 0.3,
    "B_DL": 1.6e-3,
    "B_FL": 2e-4,
    "R_th": 1e-4,
    "I_ref": 1e-3,
}

MATERIALS = {
    "Py/Pt bar": Material(
        build=lambda: HallBar(**_PY_PT),
        source="sample A of the public repository scottjqu/pypt-harmonic-hall (Loughborough University, 2022): R_PHE, "
        "phi_0, B_DL, B_FL, thermal term as its author found them, R_AHE and mu0 M_s = 1 T as he assumed them; the "
        "in-plane anisotropy and R_pn as a fit of jaxspin to the same data found them",
    ),
    "CoTb PMA film": Material(
        build=lambda: HallBar(**_COTB),
        source="damping-like field 3.2 Oe per 1e10 A/m^2 of graded CoTb (Zheng et al., Nat. Commun. 12, 4555 (2021)) "
        "at 5e10 A/m^2; resistances, anisotropy field and the other terms are typical values, not measured ones",
    ),
}
