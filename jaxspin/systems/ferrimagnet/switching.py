"""Current-induced switching: critical currents, coherent and by depinning, and Hall loops against current."""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from jaxspin.systems.ferrimagnet.coherent import fold_field
from jaxspin.systems.ferrimagnet.composition import (
    anisotropy_field,
    effective_anisotropy,
    net_magnetization,
    thickness,
)
from jaxspin.systems.ferrimagnet.constants import BOLTZMANN, MU_0
from jaxspin.systems.ferrimagnet.domain_wall import film_wall_cosine, in_plane_bias
from jaxspin.systems.ferrimagnet.parameters import CoTb, Film
from jaxspin.systems.ferrimagnet.spin_orbit_torque import damping_like_field, h_dl_efficiency, theta_dl


def coherent_current(
    theta: Float[ArrayLike, ""],
    M_s: Float[ArrayLike, ""],
    t: Float[ArrayLike, ""],
    H_k: Float[ArrayLike, ""],
    H_x: Float[ArrayLike, ""],
) -> Float[Array, ""]:
    """Coherent switching current at zero temperature, where H_DL reaches the fold of the macrospin [A/m^2].

    (2 e mu0 M_s t/(hbar theta)) (H_k/2 - H_x/sqrt 2) for H_x << H_k (Lee et al., Appl. Phys. Lett. 102, 112410
    (2013)); exact here for |H_x| < H_k. Arguments: angle theta [1], M_s [A/m], thickness t [m], anisotropy field H_k
    and in-plane field H_x [A/m].
    """
    return fold_field(H_k, H_x) / damping_like_field(theta, 1.0, M_s, t)


def creep_factor(
    energy: Float[ArrayLike, ""], T: Float[ArrayLike, ""], duration: Float[ArrayLike, ""], tau_0: Float[ArrayLike, ""]
) -> Float[Array, ""]:
    """Depinning field of a drive that lasts `duration`, relative to the one at zero temperature.

    The creep barrier E ((H_dep/H)^(1/4) - 1) is crossed within the time tau when it equals k_B T ln(tau/tau_0)
    (Jeudy et al., Phys. Rev. Lett. 117, 057201 (2016)). Arguments: energy E [J], T [K], times [s].
    """
    return (1 + BOLTZMANN * jnp.asarray(T) * jnp.log(duration / jnp.asarray(tau_0)) / energy) ** -4


def depinning_field(params: CoTb, film: Film) -> Float[Array, ""]:
    """Field along z that depins a wall within the film's `duration` [A/m]: P/(2 mu0 M_s), thermally reduced.

    The pinning pressure is a property of the wall, so the field grows as 1/M_s towards compensation, like coercivity.
    """
    M_s = jnp.abs(net_magnetization(params, film))
    return (
        params.pinning_pressure
        / (2 * MU_0 * M_s)
        * creep_factor(params.pinning_energy, film.temperature, film.duration, params.attempt_time)
    )


def wall_drive(params: CoTb, film: Film) -> Float[Array, ""]:
    """Drive on the film's walls per current density, (pi/2) xi <cos Phi>/H_dep [m^2/A].

    Its sign is the polarity of the current loop: of the torque times that of the field along x, applied and bias.
    """
    return jnp.pi / 2 * h_dl_efficiency(params, film) * film_wall_cosine(params, film) / depinning_field(params, film)


def critical_current(params: CoTb, film: Film) -> Float[Array, ""]:
    """Critical current density for domain-wall depinning, (pi/2) xi j_c |cos Phi| = H_dep [A/m^2].

    Infinite where the torque or the wall's moment along x vanishes: in homogeneous films and at `vanishing_field`.
    """
    return 1 / jnp.abs(wall_drive(params, film))


def coherent_critical_current(params: CoTb, film: Film) -> Float[Array, ""]:
    """Critical current density of coherent reversal under applied field and bias [A/m^2]: an upper bound here.

    Some hundred times the depinning current, since a pulse of 0.1 ms at room temperature nucleates and moves walls.
    """
    M_s = jnp.abs(net_magnetization(params, film))
    H_x = jnp.abs(film.h_x + in_plane_bias(params, film))
    theta = jnp.abs(theta_dl(params, film))
    return coherent_current(theta, M_s, thickness(film), anisotropy_field(params, film), H_x)


def vanishing_field(params: CoTb, film: Film) -> Float[Array, ""]:
    """Applied field along x at which the current loop vanishes [A/m]: minus the in-plane bias.

    Zero in a mirror-symmetric film; -H_DMI in effective single-loop models (`CoTb.dmi_bias` = 1).
    """
    return -in_plane_bias(params, film)


def switching_efficiency(params: CoTb, film: Film) -> Float[Array, ""]:
    """j_c/(t K_eff) [A/J], the paper's figure of merit: smaller is better."""
    return critical_current(params, film) / (thickness(film) * effective_anisotropy(params, film))


def _switched(drive: Float[Array, "..."], width: float) -> Float[Array, "..."]:
    """Share of the film whose threshold lies below the drive: log-logistic about 1, zero for drives <= 0."""
    forward = drive > 0
    return jnp.where(forward, 1 / (1 + jnp.where(forward, drive, 1.0) ** (-1 / width)), 0.0)


def hall_loop(
    params: CoTb,
    film: Film,
    current: Float[Array, " n"],
    *,
    amplitude: Float[ArrayLike, ""] = 1.0,
    width: float = 0.1,
) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    """Anomalous Hall resistance after pulses of rising and of falling current, between -max|j| and max|j|.

    A smooth loop: parts of the film switch at thresholds spread log-logistically about j_c, and only those that the
    largest current reaches take part, so the loop shrinks to nothing where j_c diverges.

    Arguments: current densities [A/m^2], shape (n,); amplitude, R_AHE of the saturated film [ohm, or any unit];
    width, relative spread of the thresholds.
    Returns: rising and falling branch, shape (n,), in the unit of `amplitude`.
    """
    per_current = wall_drive(params, film)
    strength, height = jnp.abs(per_current), jnp.asarray(amplitude) * jnp.sign(per_current)
    all_switched = _switched(strength * jnp.max(jnp.abs(current)), width)
    rising = 2 * _switched(strength * current, width) - all_switched
    falling = all_switched - 2 * _switched(-strength * current, width)
    return height * rising, height * falling
