"""One or two macrospins under field and current: sublattices, effective fields, Landau-Lifshitz-Gilbert equation.

Signs. dm_i/dt = -gamma_i mu0 m_i x H_i + alpha_i m_i x dm_i/dt with the effective field

    H_i = H + 2 K_i/(mu0 M_i) m_z z - lambda M_j m_j + H_DL,i m_i x p + H_FL,i p,

    H_DL,i = hbar theta_DL,i j/(2 e mu0 M_i t), H_FL,i likewise.

So a positive damping-like efficiency drives m_i towards +p at j > 0 (as in mumax3, OOMMF and cmtj; magnum.np has the
opposite sign), and a positive field-like one acts like a field along +p. lambda > 0 couples antiparallel.
"""

from typing import Protocol

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from jaxspin.core import quantity
from jaxspin.systems.ferrimagnet.constants import ELEMENTARY_CHARGE, HBAR, MU_0
from jaxspin.systems.ferrimagnet.drive import Drive

GYROMAGNETIC_RATIO_PER_G = 8.79410005e10
"""mu_B/hbar [rad/(s T)], CODATA 2018: gamma = g mu_B/hbar."""

Moments = Float[Array, "sublattices 3"]
PerSublattice = Float[Array, " sublattices"]


class Sublattice(eqx.Module):
    """One magnetic sublattice, or a whole ferromagnet. K is the effective anisotropy: it includes the film's shape."""

    M: Float[Array, ""] = quantity(
        "A/m", bounds=(0.0, 3e6), scale=1e5, symbol=r"M", doc="saturation magnetization of the sublattice"
    )
    K: Float[Array, ""] = quantity(
        "J/m^3", bounds=(-1e7, 1e7), scale=1e4, symbol=r"K", doc="effective uniaxial anisotropy, > 0: z is easy"
    )
    alpha: Float[Array, ""] = quantity(
        "1", bounds=(0.0, 2.0), scale=0.01, symbol=r"\alpha", doc="Gilbert damping", default=0.02
    )
    g: Float[Array, ""] = quantity(
        "1", bounds=(0.1, 10.0), scale=0.1, symbol=r"g", doc="g-factor, gamma = g mu_B/hbar", default=2.0023193
    )
    theta_DL: Float[Array, ""] = quantity(
        "1",
        bounds=(-10.0, 10.0),
        scale=0.05,
        symbol=r"\theta_\mathrm{DL}",
        doc="damping-like efficiency, > 0: drives the sublattice towards +p",
        default=0.0,
    )
    theta_FL: Float[Array, ""] = quantity(
        "1",
        bounds=(-10.0, 10.0),
        scale=0.05,
        symbol=r"\theta_\mathrm{FL}",
        doc="field-like efficiency, > 0: acts like a field along +p",
        default=0.0,
    )

    @property
    def gamma(self) -> Float[Array, ""]:
        """Gyromagnetic ratio [rad/(s T)]."""
        return self.g * GYROMAGNETIC_RATIO_PER_G

    @property
    def spin_density(self) -> Float[Array, ""]:
        """Angular momentum density s = M/gamma [J s/m^3]."""
        return self.M / self.gamma


class Magnet(Protocol):
    """What the equations of motion need: the sublattices, their coupling and the film thickness [m]."""

    @property
    def t(self) -> Float[Array, ""]: ...
    @property
    def sublattices(self) -> tuple[Sublattice, ...]: ...
    def exchange_field(self, m: Moments) -> Moments: ...
    def exchange_energy(self, m: Moments) -> Float[Array, ""]: ...


class Ferromagnet(eqx.Module):
    """A single macrospin in a film of thickness t."""

    spin: Sublattice
    t: Float[Array, ""] = quantity("m", bounds=(1e-10, 1e-6), scale=1e-9, symbol=r"t", doc="film thickness")

    @property
    def sublattices(self) -> tuple[Sublattice, ...]:
        """The one sublattice."""
        return (self.spin,)

    def exchange_field(self, m: Moments) -> Moments:
        """None [A/m]."""
        return jnp.zeros_like(m)

    def exchange_energy(self, m: Moments) -> Float[Array, ""]:
        """None [J/m^3]."""
        return jnp.zeros((), m.dtype)


class TwoSublattice(eqx.Module):
    """A ferrimagnet in a film of thickness t: two sublattices, exchange field -lambda M_j m_j on sublattice i."""

    first: Sublattice
    second: Sublattice
    exchange: Float[Array, ""] = quantity(
        "1",
        bounds=(-1e4, 1e4),
        scale=10.0,
        symbol=r"\lambda",
        doc="inter-sublattice exchange: field -lambda M_j m_j on sublattice i, > 0: antiparallel",
    )
    t: Float[Array, ""] = quantity("m", bounds=(1e-10, 1e-6), scale=1e-9, symbol=r"t", doc="film thickness")

    @property
    def sublattices(self) -> tuple[Sublattice, ...]:
        """Both sublattices."""
        return (self.first, self.second)

    def exchange_field(self, m: Moments) -> Moments:
        """Field of each sublattice on the other [A/m], shape (2, 3)."""
        return -self.exchange * (_per_sublattice(self, "M")[:, None] * m)[::-1]

    def exchange_energy(self, m: Moments) -> Float[Array, ""]:
        """mu0 lambda M_1 M_2 m_1.m_2 [J/m^3]."""
        return MU_0 * self.exchange * self.first.M * self.second.M * (m[0] @ m[1])

    def rigid(self) -> Ferromagnet:
        """The antiparallel limit lambda -> infinity as one macrospin along m_1.

        M = M_1 - M_2, K = K_1 + K_2, gamma = M/ds, alpha = as/ds, theta_DL = theta_1 + theta_2, theta_FL = theta_1 -
        theta_2, with ds = s_1 - s_2, as = alpha_1 s_1 + alpha_2 s_2, s_i = M_i/gamma_i. M, gamma and alpha carry signs
        that are negative on the far side of their compensation; alpha diverges where ds = 0 and gamma = 0 where M = 0.
        Its error grows as the angle between the sublattices, (H_K + H + H_DL)/(lambda M).
        """
        a, b = self.first, self.second
        net, ds = a.M - b.M, a.spin_density - b.spin_density
        spin = Sublattice(
            M=net,
            K=a.K + b.K,
            alpha=(a.alpha * a.spin_density + b.alpha * b.spin_density) / ds,
            g=net / ds / GYROMAGNETIC_RATIO_PER_G,
            theta_DL=a.theta_DL + b.theta_DL,
            theta_FL=a.theta_FL - b.theta_FL,
        )
        return Ferromagnet(spin, self.t)


def collinear(magnet: Magnet) -> Moments:
    """The easy-axis state with the first sublattice along +z: unit vectors, shape (sublattices, 3)."""
    first = jnp.array([0.0, 0.0, 1.0])
    return jnp.stack([first, -first][: len(magnet.sublattices)])


def normalized(m: Float[Array, "*batch 3"]) -> Float[Array, "*batch 3"]:
    """Unit vectors along m."""
    return m / jnp.linalg.norm(m, axis=-1, keepdims=True)


def net_moment(magnet: Magnet, m: Float[Array, "*batch sublattices 3"]) -> Float[Array, "*batch 3"]:
    """Net magnetization sum_i M_i m_i [A/m]."""
    return jnp.einsum("i,...ix->...x", _per_sublattice(magnet, "M"), m)


def torque_fields(magnet: Magnet, j: Float[ArrayLike, ""]) -> tuple[PerSublattice, PerSublattice]:
    """H_DL and H_FL of each sublattice at current density j [A/m^2], both in A/m, shape (sublattices,)."""
    per_angle = HBAR * jnp.asarray(j) / (2 * ELEMENTARY_CHARGE * MU_0 * _per_sublattice(magnet, "M") * magnet.t)
    return per_angle * _per_sublattice(magnet, "theta_DL"), per_angle * _per_sublattice(magnet, "theta_FL")


def effective_field(magnet: Magnet, drive: Drive, m: Moments, t: Float[ArrayLike, ""] = 0.0) -> Moments:
    """Effective field on each sublattice at time t, torques included [A/m], shape (sublattices, 3)."""
    h_k = 2 * _per_sublattice(magnet, "K") / (MU_0 * _per_sublattice(magnet, "M"))
    h_dl, h_fl = torque_fields(magnet, drive.current(t))
    anisotropy = (h_k * m[:, 2])[:, None] * jnp.array([[0.0, 0.0, 1.0]])
    p = drive.p[None]
    spin_orbit = h_dl[:, None] * _cross(m, p) + h_fl[:, None] * p
    return drive.field(t)[None] + anisotropy + magnet.exchange_field(m) + spin_orbit


def energy(magnet: Magnet, drive: Drive, m: Moments, t: Float[ArrayLike, ""] = 0.0) -> Float[Array, ""]:
    """Energy density at time t [J/m^3]: Zeeman, anisotropy (zero along z) and exchange. Torques have no energy.

    -1/(mu0 M_i) de/dm_i is the effective field without torques. Constant in time at alpha = j = 0 and constant H.
    """
    zeeman = -MU_0 * net_moment(magnet, m) @ drive.field(t)
    anisotropy = _per_sublattice(magnet, "K") @ (1 - m[:, 2] ** 2)
    return zeeman + anisotropy + magnet.exchange_energy(m)


def rate(magnet: Magnet, drive: Drive, m: Moments, t: Float[ArrayLike, ""] = 0.0) -> Moments:
    """dm_i/dt [1/s] of the Landau-Lifshitz-Gilbert equation, solved for the rate (see the signs above)."""
    alpha = _per_sublattice(magnet, "alpha")
    gamma = MU_0 * _per_sublattice(magnet, "gamma") / (1 + alpha**2)
    precession = _cross(m, effective_field(magnet, drive, m, t))
    return -gamma[:, None] * (precession + alpha[:, None] * _cross(m, precession))


def field_scale(magnet: Magnet, drive: Drive) -> PerSublattice:
    """The largest field each sublattice can feel [A/m]: the unit in which residuals are of order one."""
    h_k = 2 * _per_sublattice(magnet, "K") / (MU_0 * _per_sublattice(magnet, "M"))
    h_dl, h_fl = torque_fields(magnet, drive.j)
    exchange = jnp.linalg.norm(magnet.exchange_field(collinear(magnet)), axis=-1)
    scale = jnp.abs(h_k) + exchange + jnp.linalg.norm(drive.H) + jnp.abs(h_dl) + jnp.abs(h_fl)
    return jax.lax.stop_gradient(scale)


def _per_sublattice(magnet: Magnet, name: str) -> PerSublattice:
    return jnp.stack([getattr(sublattice, name) for sublattice in magnet.sublattices])


def _cross(a: Float[Array, "#n 3"], b: Float[Array, "#n 3"]) -> Float[Array, "n 3"]:
    return jnp.cross(a, b)
