"""Published closed forms of the second-harmonic Hall resistance: limits of `harmonic_hall`, each of one geometry.

All are R_2w, the amplitude of -cos(2wt) over the peak current, with B_DL and B_FL (Oersted field included) at that
peak current: the convention of `harmonic_hall` with I = I_ref. A paper that writes twice these expressions means
dR_xy/dI times the amplitude, or fields at another current.
"""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from jaxspin.systems.ferrimagnet.hall_bar import HallBar

Scalar = Float[ArrayLike, ""]


def beyond_anisotropy_field(bar: HallBar, B_x: Scalar) -> Float[Array, ""]:
    """R_2w [ohm] of a perpendicular film saturated by a field B_x [T] along the current, |B_x| > B_k.

    sgn(B_x) [(R_AHE/2) B_DL/(|B_x| - B_k) + R_PHE B_FL/|B_x| + R_th] + R_20: eq. (1) of the graded-CoTb paper, which
    keeps the first term and the offset. Exact without in-plane anisotropy.
    """
    B = jnp.abs(jnp.asarray(B_x))
    torque = 0.5 * bar.R_AHE * bar.B_DL / (B - bar.B_k) + bar.R_PHE * bar.B_FL / B
    return jnp.sign(jnp.asarray(B_x)) * (torque + bar.R_th) + bar.R_20


def in_plane_rotation(bar: HallBar, phi: Scalar, B: Scalar) -> Float[Array, ""]:
    """R_2w [ohm] of an easy-plane film (B_k < 0) at azimuth phi [rad] of a field B [T] in the plane.

    (R_AHE/2) B_DL/(B - B_k) cos(phi) + R_PHE (2 cos^3 phi - cos phi) B_FL/B + R_th cos(phi) + R_pn sin(2 phi) + R_20:
    Avci et al., PRB 90, 224427 (2014), eq. (6), times 1/2 where fields are quoted at the peak current. Exact without
    in-plane anisotropy.
    """
    c = jnp.cos(jnp.asarray(phi))
    damping_like = 0.5 * bar.R_AHE * bar.B_DL / (B - bar.B_k) * c
    field_like = bar.R_PHE * (2 * c**3 - c) * bar.B_FL / B
    return damping_like + field_like + bar.R_th * c + bar.R_pn * jnp.sin(2 * jnp.asarray(phi)) + bar.R_20


def low_field_ratios(bar: HallBar, up: bool = True) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Ratios B_x, B_y = -2 (dR_2w/dB_{x,y})/(d^2 R_1w/dB_{x,y}^2) [T] of a perpendicular film at low in-plane field.

    With r = R_PHE/R_AHE and s = +1 for magnetization up, -1 for down,
    B_x = s (B_DL + 2 r B_FL) and B_y = -(B_FL + 2 r B_DL).
    Hayashi et al., PRB 89, 144425 (2014), eq. (22) and (23), in this frame (spin polarization along y).
    """
    s, r = _sign(up), bar.R_PHE / bar.R_AHE
    return s * (bar.B_DL + 2 * r * bar.B_FL), -(bar.B_FL + 2 * r * bar.B_DL)


def fields_from_ratios(
    B_x: Scalar, B_y: Scalar, r: Scalar, up: bool = True
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """B_DL and B_FL [T] from `low_field_ratios` [T], with the planar Hall correction for r = R_PHE/R_AHE.

    B_DL = (s B_x + 2 r B_y)/(1 - 4 r^2), B_FL = -(B_y + 2 r s B_x)/(1 - 4 r^2): Hayashi et al., eq. (24). Both
    diverge at r = 1/2, where the two fields cannot be told apart.
    """
    s, r, B_x, B_y = _sign(up), jnp.asarray(r), jnp.asarray(B_x), jnp.asarray(B_y)
    return (s * B_x + 2 * r * B_y) / (1 - 4 * r**2), -(B_y + 2 * r * s * B_x) / (1 - 4 * r**2)


def _sign(up: bool) -> float:
    return 1.0 if up else -1.0
