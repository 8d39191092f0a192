"""How electrons fill the bands: fixed, or smeared by Gauss, Fermi-Dirac or Marzari-Vanderbilt (cold).

A smearing is a value; `occupy` finds the Fermi level, whose derivatives follow from charge conservation by the implicit
function theorem. Hartree atomic units: energies and widths in hartree.
"""

import abc
import math
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.core import Tracer
from jaxtyping import Array, Float

_BISECTIONS = 60


class Smearing(eqx.Module):
    """A smeared step as a function of x = (mu - energy)/width, and the energy -T S that makes the total variational."""

    width: eqx.AbstractVar[Float[Array, ""]]

    def __check_init__(self) -> None:
        if not isinstance(self.width, Tracer) and not self.width > 0:
            raise ValueError(f"{type(self).__name__}: the width must be positive, got {self.width} hartree")

    @abc.abstractmethod
    def step(self, x: Float[Array, "..."]) -> Float[Array, "..."]:
        """Occupation of a state, 0 far above the Fermi level (x -> -inf), 1 far below."""

    @abc.abstractmethod
    def entropy(self, x: Float[Array, "..."]) -> Float[Array, "..."]:
        """-T S of a state in units of the width: its derivative is -x times that of `step`."""


def _width(value: float) -> Array:
    return jnp.asarray(value, dtype=float)


class FermiDirac(Smearing):
    """Electrons at temperature `width` = k_B T [hartree]."""

    width: Float[Array, ""] = eqx.field(converter=_width)

    def step(self, x: Float[Array, "..."]) -> Float[Array, "..."]:
        return jax.nn.sigmoid(x)

    def entropy(self, x: Float[Array, "..."]) -> Float[Array, "..."]:
        # f ln f + (1 - f) ln(1 - f) with ln f = -softplus(-x)
        f = jax.nn.sigmoid(x)
        return -f * jax.nn.softplus(-x) - (1 - f) * jax.nn.softplus(x)


class Gaussian(Smearing):
    """Levels broadened by exp(-x^2); `width` [hartree]."""

    width: Float[Array, ""] = eqx.field(converter=_width)

    def step(self, x: Float[Array, "..."]) -> Float[Array, "..."]:
        return (1 + jax.scipy.special.erf(x)) / 2

    def entropy(self, x: Float[Array, "..."]) -> Float[Array, "..."]:
        return -jnp.exp(-(x**2)) / (2 * math.sqrt(math.pi))


class Cold(Smearing):
    """Cold smearing, whose energy misses that without smearing in third order only; `width` [hartree].

    Marzari, Vanderbilt, De Vita, Payne, Phys. Rev. Lett. 82, 3296 (1999). Occupations may exceed 1 a little.
    """

    width: Float[Array, ""] = eqx.field(converter=_width)

    def step(self, x: Float[Array, "..."]) -> Float[Array, "..."]:
        y = x - 1 / math.sqrt(2)
        return (1 + jax.scipy.special.erf(y)) / 2 + jnp.exp(-(y**2)) / math.sqrt(2 * math.pi)

    def entropy(self, x: Float[Array, "..."]) -> Float[Array, "..."]:
        y = x - 1 / math.sqrt(2)
        return y * jnp.exp(-(y**2)) / math.sqrt(2 * math.pi)


class Filling(NamedTuple):
    """Occupations (k, bands), the Fermi level and the energy -T S of smearing [hartree]."""

    occupations: Float[Array, "k bands"]
    fermi_level: Float[Array, ""]
    entropy: Float[Array, ""]


def occupy(
    smearing: Smearing | None,
    energies: Float[Array, "k bands"],
    weights: Float[Array, " k"],
    electrons: float,
    per_state: int = 2,
) -> Filling:
    """Fill bands with electrons.

    Arguments:
        smearing: None fills the lowest bands, alike at every k: an insulator.
        energies: of the bands, ascending, shape (k, bands) [hartree].
        weights: of the k points, sum 1.
        electrons: per cell.
        per_state: electrons that a state holds: 2 without spin, 1 for spinors.

    Returns:
        `Filling`: occupations between 0 and `per_state`. Without smearing the Fermi level is the middle of the gap, or
        the top of the highest band where none is empty.

    Raises:
        ValueError: without smearing, where the electrons do not fill whole bands; where there are too few bands.
    """
    bands = energies.shape[1]
    if electrons > per_state * bands or (smearing is not None and electrons >= per_state * bands):
        raise ValueError(
            f"occupy: {electrons:g} electrons need more than {bands} bands of {per_state}; calculate more bands"
        )
    if smearing is None:
        return _filled(energies, electrons, per_state)
    mu = fermi_level(smearing, energies, weights, electrons, per_state)
    x = (mu - energies) / smearing.width
    entropy = per_state * smearing.width * jnp.sum(weights[:, None] * smearing.entropy(x))
    return Filling(per_state * smearing.step(x), mu, entropy)


def fermi_level(
    smearing: Smearing,
    energies: Float[Array, "k bands"],
    weights: Float[Array, " k"],
    electrons: float,
    per_state: int = 2,
) -> Float[Array, ""]:
    """The Fermi level at which the smeared bands hold the electrons [hartree]; arguments as those of `occupy`."""

    def excess(mu: Array) -> Array:
        return per_state * jnp.sum(weights[:, None] * smearing.step((mu - energies) / smearing.width)) - electrons

    def bisect(function, start: Array) -> Array:
        reach = 10 * smearing.width
        low, high = jnp.min(energies) - reach, jnp.max(energies) + reach

        def halve(_, bracket):
            low, high = bracket
            middle = (low + high) / 2
            above = function(middle) > 0
            return jnp.where(above, low, middle), jnp.where(above, middle, high)

        low, high = jax.lax.fori_loop(0, _BISECTIONS, halve, jax.lax.stop_gradient((low, high)))
        return (low + high) / 2

    tangent_solve = lambda linear, b: b / linear(jnp.ones_like(b))
    return jax.lax.custom_root(excess, jnp.mean(energies), bisect, tangent_solve)


def _filled(energies: Float[Array, "k bands"], electrons: float, per_state: int) -> Filling:
    filled = electrons / per_state
    if filled != int(filled):
        raise ValueError(
            f"occupy: {electrons:g} electrons do not fill whole bands of {per_state}: no insulator; choose a smearing, "
            "such as Gaussian(width=0.005)"
        )
    filled = int(filled)
    bands = energies.shape[1]
    top = jnp.max(energies[:, filled - 1])
    fermi = top if filled == bands else (top + jnp.min(energies[:, filled])) / 2
    occupied = jnp.where(jnp.arange(bands) < filled, float(per_state), 0.0)
    return Filling(jnp.broadcast_to(occupied, energies.shape), fermi, jnp.zeros(()))
