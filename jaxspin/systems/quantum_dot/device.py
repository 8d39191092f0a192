"""A dot in the laboratory: nanoseconds, square micrometres, millitesla and kelvin, to and from reduced units."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from jaxspin.core import demand, quantities, quantity
from jaxspin.systems.quantum_dot.parameters import AbstractDot, Dot

PLANCK = 4.135667696
"""Planck constant 2 pi hbar [ueV ns], CODATA 2018 (exact), as are the next two."""
HBAR = 658.2119569
"""Reduced Planck constant [ueV ps]."""
BOLTZMANN = 86.17333262
"""Boltzmann constant [ueV/K]."""
BOHR_MAGNETON = 0.05788381806
"""Bohr magneton [ueV/mT], CODATA 2018."""
FLUX_PER_AREA = 1.519267447
"""e/hbar [1/(mT um^2)]."""
LEVELS = 0.4787764
"""2 pi hbar^2/m_e [ueV um^2]."""


class Setting(eqx.Module):
    """What is set in an experiment. Channel numbers are real here, since theory at leading order takes any.

    Raises `ValueError` for numbers that are not finite, fewer than one channel and a negative temperature.
    """

    B_perp: Float[Array, "..."] = quantity(
        "mT", bounds=(-1e5, 1e5), scale=1.0, symbol=r"B_\perp", doc="magnetic field normal to the dot", default=0.0
    )
    B_parallel: Float[Array, "..."] = quantity(
        "mT", bounds=(-1e5, 1e5), scale=100.0, symbol=r"B_\parallel", doc="magnetic field in its plane", default=0.0
    )
    temperature: Float[Array, "..."] = quantity(
        "K", bounds=(0.0, 100.0), scale=0.1, symbol="T", doc="temperature of the electrons", default=0.0
    )
    n1: Float[Array, "..."] = quantity(
        "1", bounds=(1.0, 1e4), scale=1.0, symbol="N_1", doc="orbital channels of contact 1", default=1.0
    )
    n2: Float[Array, "..."] = quantity(
        "1", bounds=(1.0, 1e4), scale=1.0, symbol="N_2", doc="orbital channels of contact 2", default=1.0
    )
    energy: Float[Array, "..."] = quantity(
        "ueV",
        bounds=(-1e6, 1e6),
        scale=1.0,
        symbol=r"\varepsilon",
        doc="Fermi energy, moved by a gate; matters to covariances of two settings",
        default=0.0,
    )

    def __check_init__(self) -> None:
        demand(self, quantities(self), np.isfinite, "must be finite")
        demand(self, ("n1", "n2"), lambda value: value >= 1, "must be >= 1")
        demand(self, ("temperature",), lambda value: value >= 0, "must be >= 0")


class ContinuousDot(AbstractDot):
    """A `Dot` with real channel numbers: enough for all closed forms, and a fit may vary them."""

    n1: Any
    n2: Any
    x: Array
    a: Array
    b: Array
    epsilon: Array
    dephasing: Array
    x_so: Array


class Device(eqx.Module):
    """A dot of a two-dimensional electron gas. Very long spin-orbit times (1e9 ns) mean none.

    The spin-orbit times are those of equations (2) and (3), a^2 = 2 pi hbar/(tau_so Delta) and, so that both loosen
    the triplets alike, x_so^2 = 2 pi hbar/(tau_so_uniform Delta); `SpinOrbitLengths` estimates them. Dephasing follows
    tau_phi(T) = tau_phi (T/1 K)^-p.

    Raises `ValueError` for times, area, mass and c that are not positive, and g and p that are not finite.
    """

    area: Float[Array, ""] = quantity("um^2", bounds=(0.0, 1e4), scale=1.0, symbol="A", doc="area of the dot")
    tau_so: Float[Array, ""] = quantity(
        "ns",
        bounds=(0.0, np.inf),
        scale=1.0,
        symbol=r"\tau_\mathrm{so}",
        doc="spin-orbit time of coupling that varies in the dot (symplectic), equation (3)",
    )
    tau_so_uniform: Float[Array, ""] = quantity(
        "ns",
        bounds=(0.0, np.inf),
        scale=1.0,
        symbol=r"\tau_\mathrm{so}^\mathrm{u}",
        doc="spin-orbit time of uniform coupling (unitary), equation (2)",
    )
    tau_phi: Float[Array, ""] = quantity(
        "ns", bounds=(0.0, np.inf), scale=0.1, symbol=r"\tau_\phi", doc="dephasing time at 1 K"
    )
    tau_erg: Float[Array, ""] = quantity(
        "ps",
        bounds=(0.0, np.inf),
        scale=1.0,
        symbol=r"\tau_\mathrm{erg}",
        doc="time to cross the dot, which sets the scale of the perpendicular field",
    )
    g: Float[Array, ""] = quantity(
        "1", bounds=(-100.0, 100.0), scale=0.1, symbol="g", doc="g-factor of the electrons in the plane", default=-0.44
    )
    p: Float[Array, ""] = quantity(
        "1", bounds=(-1.0, 5.0), scale=0.5, symbol="p", doc="power of 1/T that the dephasing time follows", default=1.0
    )
    mass: Float[Array, ""] = quantity(
        "1", bounds=(0.0, 10.0), scale=0.01, symbol="m^*/m_e", doc="effective mass over the electron's", default=0.067
    )
    c: Float[Array, ""] = quantity(
        "1",
        bounds=(0.0, 100.0),
        scale=0.1,
        symbol="c",
        doc="factor in x^2 = c (e B L^2/hbar)^2 hbar/(tau_erg Delta); pi/4 in a disordered disc of radius L",
        default=np.pi / 4,
    )

    def __check_init__(self) -> None:
        positive = ("area", "tau_so", "tau_so_uniform", "tau_phi", "tau_erg", "mass", "c")
        demand(self, positive, lambda value: value > 0, "must be > 0")
        demand(self, ("area", "mass", "c", "tau_erg", "g", "p"), np.isfinite, "must be finite")

    @property
    def spacing(self) -> Float[Array, ""]:
        """Spin-degenerate mean level spacing Delta = 2 pi hbar^2/(m* A) [ueV]."""
        return LEVELS / (self.mass * self.area)

    @property
    def field_scale(self) -> Float[Array, ""]:
        """Perpendicular field at which x = 1 [mT], for a disc of this area, pi L^2 = A."""
        return jnp.sqrt(self.tau_erg * self.spacing / (self.c * HBAR)) * jnp.pi / (self.area * FLUX_PER_AREA)

    def kT_over_spacing(self, temperature: Float[ArrayLike, "..."]) -> Float[Array, "..."]:
        """Temperature [K] in units of Delta/k."""
        return BOLTZMANN * jnp.asarray(temperature) / self.spacing

    def at(self, setting: Setting) -> ContinuousDot:
        """The dot in reduced units at a setting; elementwise in the setting."""
        return ContinuousDot(
            n1=setting.n1,
            n2=setting.n2,
            x=setting.B_perp / self.field_scale,
            a=jnp.sqrt(PLANCK / (self.tau_so * self.spacing)),
            b=jnp.pi * self.g * BOHR_MAGNETON * setting.B_parallel / self.spacing,
            epsilon=setting.energy / self.spacing,
            dephasing=PLANCK / (self.tau_phi * self.spacing) * _power(setting.temperature, self.p),
            x_so=jnp.sqrt(PLANCK / (self.tau_so_uniform * self.spacing)),
        )

    def dot(self, setting: Setting) -> Dot:
        """The same as a `Dot`, for sampling too: raises `ValueError` where channel numbers are not whole."""
        found = self.at(setting)
        whole = {name: _whole(getattr(found, name)) for name in ("n1", "n2")}
        rest = {name: getattr(found, name) for name in ("x", "a", "b", "epsilon", "dephasing", "x_so")}
        return Dot(**whole, **rest)

    def reproducing(self, dot: AbstractDot, temperature: Float[ArrayLike, ""]) -> tuple["Device", Setting]:
        """The device and setting that are this dot at that temperature [K]: the inverse of `at`.

        What reduced units leave open, area, mass, tau_erg, c, g and p, is this device's. Times are infinite where the
        dot has no such rate; the temperature must not be zero where it dephases, nor g where b is not zero.
        """
        temperature = jnp.asarray(temperature, dtype=float)
        times = [PLANCK / (rate * self.spacing) for rate in (dot.a**2, dot.x_so**2, dot.dephasing)]
        times[2] = jnp.where(jnp.isinf(times[2]), jnp.inf, times[2] * _power(temperature, self.p))
        device = eqx.tree_at(lambda d: (d.tau_so, d.tau_so_uniform, d.tau_phi), self, times)
        zeeman = jnp.pi * self.g * BOHR_MAGNETON / self.spacing
        setting = Setting(
            B_perp=dot.x * self.field_scale,
            B_parallel=jnp.where(dot.b == 0, 0.0, dot.b / zeeman),
            temperature=temperature,
            n1=dot.n1,
            n2=dot.n2,
            energy=dot.epsilon * self.spacing,
        )
        return device, setting


class SpinOrbitLengths(eqx.Module):
    """Spin-orbit lengths of Hamiltonian (1), and a gate that changes them over part of the dot (figure 1).

    Lengths may be negative (the paper's note 13). Raises `ValueError` for a length of zero or coverage outside [0, 1].
    """

    lambda_x: Float[Array, ""] = quantity("um", scale=1.0, symbol=r"\lambda_x", doc="spin-orbit length, uncovered part")
    lambda_y: Float[Array, ""] = quantity("um", scale=1.0, symbol=r"\lambda_y", doc="spin-orbit length, uncovered part")
    gated_x: Float[Array, ""] = quantity("um", scale=1.0, symbol=r"\lambda_x'", doc="the same under the gate")
    gated_y: Float[Array, ""] = quantity("um", scale=1.0, symbol=r"\lambda_y'", doc="the same under the gate")
    coverage: Float[Array, ""] = quantity(
        "1", bounds=(0.0, 1.0), scale=0.1, symbol="f", doc="share of the dot's area under the gate", default=0.5
    )

    def __check_init__(self) -> None:
        lengths = ("lambda_x", "lambda_y", "gated_x", "gated_y")
        demand(self, lengths, lambda value: (value != 0) & ~np.isnan(value), "must not be zero")
        demand(self, ("coverage",), lambda value: (value >= 0) & (value <= 1), "must lie in [0, 1]")

    def times(self, area: Float[ArrayLike, ""], tau_erg: Float[ArrayLike, ""]) -> tuple[Array, Array]:
        """tau_so and tau_so_uniform [ns] of a dot of this area [um^2] and tau_erg [ps]: estimates, without factors.

        tau_so_uniform = tau_erg (lambda_x lambda_y/L^2)^2 of the mean inverse lengths, equation (2). tau_so =
        tau_erg (lambda_s/L)^2, equation (3), with 1/lambda_s twice the standard deviation of the inverse length, which
        is the paper's difference where the gate covers half, and zero where it covers nothing or all; its square is
        averaged over x and y. To that rate the small symplectic rest of the uniform part is added (note 15).
        """
        L2, tau = jnp.asarray(area) / jnp.pi, jnp.asarray(tau_erg) / 1000
        bare = 1 / jnp.stack([self.lambda_x, self.lambda_y])
        gated = 1 / jnp.stack([self.gated_x, self.gated_y])
        mean = (1 - self.coverage) * bare + self.coverage * gated
        spread2 = 4 * self.coverage * (1 - self.coverage) * (gated - bare) ** 2
        uniform = (L2 * mean[0] * mean[1]) ** 2 / tau
        symplectic = L2 * jnp.mean(spread2) / tau + uniform * L2 * jnp.sum(mean**2)
        return 1 / symplectic, 1 / uniform


def _power(temperature: Array, p: Array) -> Array:
    """(T/1 K)^p, zero at T = 0 whatever p: no dephasing there."""
    warm = temperature > 0
    return jnp.where(warm, jnp.where(warm, temperature, 1.0) ** p, 0.0)


def _whole(count: Array) -> Any:
    number = float(count)
    return int(number) if number.is_integer() else number
