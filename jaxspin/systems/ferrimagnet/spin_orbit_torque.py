"""Damping-like spin-orbit torque of a composition gradient: effective field, efficiency xi, angle theta_DL."""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from jaxspin.systems.ferrimagnet.composition import composition_difference, net_magnetization, thickness
from jaxspin.systems.ferrimagnet.constants import ELEMENTARY_CHARGE, HBAR, MU_0
from jaxspin.systems.ferrimagnet.parameters import CoTb, Film

REFERENCE_THICKNESS = 6e-9
"""Thickness [m] at which `CoTb.theta_slope` is defined: that of the published series."""


def damping_like_field(
    theta: Float[ArrayLike, ""], j: Float[ArrayLike, ""], M_s: Float[ArrayLike, ""], t: Float[ArrayLike, ""]
) -> Float[Array, ""]:
    """Damping-like field H_DL = hbar theta j/(2 e mu0 M_s t) [A/m].

    Arguments: spin-torque angle theta [1], current density j [A/m^2], net magnetization M_s [A/m], thickness t [m].
    With the *net* M_s of two antiparallel sublattices, theta is the sum of theirs: it stays finite at compensation,
    where H_DL diverges.
    """
    return HBAR * jnp.asarray(theta) * j / (2 * ELEMENTARY_CHARGE * MU_0 * M_s * t)


def damping_like_angle(
    xi: Float[ArrayLike, ""], M_s: Float[ArrayLike, ""], t: Float[ArrayLike, ""]
) -> Float[Array, ""]:
    """Spin-torque angle theta = 2 e mu0 M_s t xi/hbar from a measured xi = H_DL/j [m]; inverse of the above."""
    return 2 * ELEMENTARY_CHARGE * MU_0 * jnp.asarray(M_s) * t * xi / HBAR


def theta_dl(params: CoTb, film: Film) -> Float[Array, ""]:
    """Damping-like angle theta_DL = a (x_top - x_bottom) (t/6 nm)^n; zero when homogeneous, odd in delta.

    n = 0 is the estimate of Zheng et al. 2021, theta_top - theta_bottom with theta linear in the Tb share; n = -1 is a
    torque proportional to the gradient; n > 0 one whose spin current is absorbed over a length longer than the film.
    """
    return (
        params.theta_slope
        * composition_difference(film)
        * (thickness(film) / REFERENCE_THICKNESS) ** params.theta_exponent
    )


def h_dl_efficiency(params: CoTb, film: Film) -> Float[Array, ""]:
    """Torque efficiency xi = H_DL/j [m, that is (A/m)/(A/m^2)]; 1 Oe per 1e10 A/m^2 is 7.9577e-9 m."""
    return damping_like_field(theta_dl(params, film), 1.0, jnp.abs(net_magnetization(params, film)), thickness(film))
