"""Domain wall of a graded film: width, energy, DMI field, and the angle its moment takes in an in-plane field."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from jaxspin.systems.ferrimagnet.composition import (
    composition_gradient,
    effective_anisotropy,
    net_magnetization,
    thickness,
)
from jaxspin.systems.ferrimagnet.constants import BOLTZMANN, MU_0
from jaxspin.systems.ferrimagnet.parameters import CoTb, Film

_ANGLES = np.linspace(0.0, 2 * np.pi, 256, endpoint=False)


def wall_width(A: Float[ArrayLike, ""], K_eff: Float[ArrayLike, ""]) -> Float[Array, ""]:
    """Wall width parameter Delta = sqrt(A/K_eff) [m] from A [J/m] and K_eff [J/m^3]."""
    return jnp.sqrt(jnp.asarray(A) / K_eff)


def wall_energy(A: Float[ArrayLike, ""], K_eff: Float[ArrayLike, ""]) -> Float[Array, ""]:
    """Energy of a Bloch wall per area, sigma_0 = 4 sqrt(A K_eff) [J/m^2]."""
    return 4 * jnp.sqrt(jnp.asarray(A) * K_eff)


def dmi_field(D: Float[ArrayLike, ""], M_s: Float[ArrayLike, ""], Delta: Float[ArrayLike, ""]) -> Float[Array, ""]:
    """Effective field of the DMI in a wall, H_DMI = D/(mu0 M_s Delta) [A/m], from D [J/m^2], M_s [A/m], Delta [m]."""
    return jnp.asarray(D) / (MU_0 * M_s * Delta)


@jax.custom_jvp
def _mean_cosine(field: Float[Array, ""], shape: Float[Array, ""]) -> Float[Array, ""]:
    """Mean of cos Phi with the weight exp(field cos Phi - shape cos^2 Phi), both energies in k_B T."""
    return _mean(1, field, shape)


@_mean_cosine.defjvp
def _mean_cosine_jvp(primals: tuple, tangents: tuple) -> tuple[Array, Array]:
    """By the moments, d<c>/dfield = <c^2> - <c>^2 and d<c>/dshape = <c><c^2> - <c^3>: one pass for all directions."""
    one, two, three = (_mean(power, *primals) for power in (1, 2, 3))
    return one, (two - one**2) * tangents[0] + (one * two - three) * tangents[1]


def _mean(power: int, field: Float[Array, ""], shape: Float[Array, ""]) -> Float[Array, ""]:
    cosine = jnp.asarray(np.cos(_ANGLES), dtype=field.dtype)
    return jnp.sum(jax.nn.softmax(field * cosine - shape * cosine**2) * cosine**power)


def wall_cosine(
    H: Float[ArrayLike, ""],
    M_s: Float[ArrayLike, ""],
    A: Float[ArrayLike, ""],
    Delta: Float[ArrayLike, ""],
    t: Float[ArrayLike, ""],
    T: Float[ArrayLike, ""],
) -> Float[Array, ""]:
    """Thermal mean of cos Phi in a wall under a field along its normal; Phi = 0 is a Neel wall, pi/2 a Bloch wall.

    Arguments: field H [A/m], net magnetization M_s [A/m], stiffness A [J/m], width Delta [m], thickness t [m],
    temperature T [K].

    The wall's energy per area is 2 K_w Delta cos^2 Phi - pi Delta mu0 M_s H cos Phi, its shape anisotropy
    K_w = mu0 M_s^2 N/2 with N = t ln 2/(pi Delta) in a thin film (Tarasenko et al., J. Magn. Magn. Mater. 189, 19
    (1998)). At rest cos Phi = pi mu0 M_s H/(4 K_w), at most 1: a kink. In a nearly compensated film that energy is
    of the order of k_B T in a piece of wall as long as a Bloch line is wide, sqrt(A/K_w); the Boltzmann mean over
    such a piece is smooth and tends to the kinked law as T -> 0. Accurate while H's energy is below some 1000 k_B T.
    """
    K_w = MU_0 * jnp.asarray(M_s) ** 2 * t * jnp.log(2.0) / (2 * jnp.pi * Delta)
    per_kT = jnp.sqrt(A / K_w) * t * Delta / (BOLTZMANN * jnp.asarray(T))
    return _mean_cosine(per_kT * jnp.pi * MU_0 * M_s * H, per_kT * 2 * K_w)


def dmi_constant(params: CoTb, film: Film) -> Float[Array, ""]:
    """Interfacial-type DMI constant of the gradient, D = d (delta/t_layer) [J/m^2]; odd in delta."""
    return params.dmi_slope * composition_gradient(film)


def film_wall_width(params: CoTb, film: Film) -> Float[Array, ""]:
    """Wall width parameter Delta of a film [m]."""
    return wall_width(params.stiffness, effective_anisotropy(params, film))


def h_dmi(params: CoTb, film: Film) -> Float[Array, ""]:
    """DMI field in a wall [A/m], with the sign of the gradient; droplet nucleation measures its modulus."""
    M_s = jnp.abs(net_magnetization(params, film))
    return dmi_field(dmi_constant(params, film), M_s, film_wall_width(params, film))


def in_plane_bias(params: CoTb, film: Film) -> Float[Array, ""]:
    """Bias field along x [A/m], zeta H_DMI + H_0: what offsets a current loop in H_x.

    No vertical gradient, with DMI and torques of any size, makes one: the mirror y -> -y maps +z to -z at the same
    current. Both terms are put by hand, as in effective single-loop models. H_0 may stand for exchange bias, remanence
    or misalignment; a bias that reverses with the gradient, as measured, for an easy axis tilted in the yz plane or a
    lateral gradient that came with the growth.
    """
    return params.dmi_bias * h_dmi(params, film) + params.bias_field


def film_wall_cosine(params: CoTb, film: Film) -> Float[Array, ""]:
    """Thermal mean of cos Phi in the walls of a film under its applied field and in-plane bias."""
    return wall_cosine(
        film.h_x + in_plane_bias(params, film),
        jnp.abs(net_magnetization(params, film)),
        params.stiffness,
        film_wall_width(params, film),
        thickness(film),
        film.temperature,
    )
