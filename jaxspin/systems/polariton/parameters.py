"""The parameters of a spin-bifurcating condensate, reduced (`Condensate`) and physical (`Physical`).

Reduced units are those of the paper: s = eta S/epsilon, tau = epsilon t/hbar. The pseudospin S = psi^dagger sigma psi/2
has length |S| = S_0, half the occupation, and components (S_x, S_y, S_z) = (S_1, S_2, S_3), the Stokes parameters.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from jaxspin.core import demand, quantities, quantity

HBAR = 0.6582119569
"""Reduced Planck constant [meV ps], CODATA 2018 (exact)."""


class Condensate(eqx.Module):
    """A condensate in reduced units: the four numbers its pseudospin depends on, equations (3) of the paper.

    Raises `ValueError` for numbers that are not finite.
    """

    p: Float[Array, ""] = quantity(
        "1", bounds=(-1e3, 1e3), scale=0.1, symbol="p", doc="effective pump (W - Gamma)/epsilon"
    )
    a: Float[Array, ""] = quantity(
        "1", bounds=(-1e3, 1e3), scale=1.0, symbol="a", doc="spin-anisotropic interaction (alpha_1 - alpha_2)/eta"
    )
    g: Float[Array, ""] = quantity(
        "1", bounds=(-1e2, 1e2), scale=0.1, symbol="g", doc="loss anisotropy gamma/epsilon; symmetry breaks for a g > 0"
    )
    delta: Float[Array, ""] = quantity(
        "1",
        bounds=(-1e2, 1e2),
        scale=0.1,
        symbol=r"\delta",
        doc="Zeeman splitting Delta/epsilon of the magnetic field",
        default=0.0,
    )

    def __check_init__(self) -> None:
        demand(self, quantities(self), np.isfinite, "must be finite")

    def physical(
        self,
        *,
        epsilon: Float[ArrayLike, ""],
        eta: Float[ArrayLike, ""],
        Gamma: Float[ArrayLike, ""],
        alpha_2: Float[ArrayLike, ""] = 0.0,
    ) -> "Physical":
        """The same condensate in physical units [meV], given the four numbers that reduced units leave open."""
        epsilon, eta, Gamma, alpha_2 = (jnp.asarray(value, dtype=float) for value in (epsilon, eta, Gamma, alpha_2))
        return Physical(
            W=Gamma + self.p * epsilon,
            Gamma=Gamma,
            eta=eta,
            epsilon=epsilon,
            gamma=self.g * epsilon,
            alpha_1=alpha_2 + self.a * eta,
            alpha_2=alpha_2,
            Delta=self.delta * epsilon,
        )


class Physical(eqx.Module):
    """A condensate in physical units: every rate and energy in meV (a rate in 1/ps times `HBAR`), times in ps.

    Raises `ValueError` for numbers that are not finite, and unless Gamma, eta and epsilon are positive.
    """

    W: Float[Array, ""] = quantity(
        "meV", bounds=(0.0, 1e3), scale=0.1, symbol="W", doc="rate of stimulated scattering from the reservoir"
    )
    Gamma: Float[Array, ""] = quantity(
        "meV", bounds=(0.0, 1e3), scale=0.1, symbol=r"\Gamma", doc="decay rate of polaritons"
    )
    eta: Float[Array, ""] = quantity(
        "meV", bounds=(0.0, 1e3), scale=0.01, symbol=r"\eta", doc="gain saturation per pseudospin"
    )
    epsilon: Float[Array, ""] = quantity(
        "meV", bounds=(0.0, 1e3), scale=0.05, symbol=r"\varepsilon", doc="energy splitting of the linear polarizations"
    )
    gamma: Float[Array, ""] = quantity(
        "meV", bounds=(-1e3, 1e3), scale=0.01, symbol=r"\gamma", doc="difference of their loss rates"
    )
    alpha_1: Float[Array, ""] = quantity(
        "meV", bounds=(-1e3, 1e3), scale=0.01, symbol=r"\alpha_1", doc="interaction of polaritons of the same spin"
    )
    alpha_2: Float[Array, ""] = quantity(
        "meV",
        bounds=(-1e3, 1e3),
        scale=0.01,
        symbol=r"\alpha_2",
        doc="interaction of polaritons of opposite spin",
        default=0.0,
    )
    Delta: Float[Array, ""] = quantity(
        "meV", bounds=(-1e3, 1e3), scale=0.01, symbol=r"\Delta", doc="Zeeman splitting", default=0.0
    )

    def __check_init__(self) -> None:
        demand(self, quantities(self), np.isfinite, "must be finite")
        demand(self, ("Gamma", "eta", "epsilon"), lambda value: value > 0, "must be > 0")
        demand(self, ("W",), lambda value: value >= 0, "must be >= 0")

    @property
    def reduced(self) -> Condensate:
        """The same condensate in reduced units."""
        return Condensate(
            p=(self.W - self.Gamma) / self.epsilon,
            a=(self.alpha_1 - self.alpha_2) / self.eta,
            g=self.gamma / self.epsilon,
            delta=self.Delta / self.epsilon,
        )

    @property
    def time_unit(self) -> Float[Array, ""]:
        """Time per reduced time, hbar/epsilon [ps]."""
        return HBAR / self.epsilon

    @property
    def pseudospin_unit(self) -> Float[Array, ""]:
        """Pseudospin S per reduced pseudospin s, epsilon/eta."""
        return self.epsilon / self.eta
