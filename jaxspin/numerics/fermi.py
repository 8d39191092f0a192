"""Fermi's distribution down to zero temperature, and where integrals over it change.

Energies, chemical potentials mu and temperatures k_B T >= 0 in one unit. At T = 0 the distribution is a step, exactly,
and integrals by `quadrature.integrate` with `thermal_breakpoints` go over into it smoothly.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

_COLD = 1e-100  # k_B T below this is zero: 1/T^2 must not overflow in derivatives
_TAIL = 40.0  # in units of k_B T: exp(-40) is 4e-18


def occupation(
    energy: Float[ArrayLike, "..."], mu: Float[ArrayLike, "..."], temperature: Float[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """Fermi's distribution 1/(1 + exp((energy - mu)/temperature)); at T = 0: 1 below mu, 1/2 at mu, 0 above."""
    energy, mu, temperature = (jnp.asarray(each, dtype=float) for each in (energy, mu, temperature))
    warm = temperature > _COLD
    smooth = jax.nn.sigmoid((mu - energy) / jnp.where(warm, temperature, 1.0))
    return jnp.where(warm, smooth, (1 + jnp.sign(mu - energy)) / 2)


def thermal_breakpoints(mu: Float[ArrayLike, ""], temperature: Float[ArrayLike, ""]) -> Float[Array, "3"]:
    """Energies, shape (3,), between and beyond which Fermi's distribution is smooth or constant to rounding.

    The last is where an integral over occupied states may end.
    """
    mu, temperature = jnp.asarray(mu, dtype=float), jnp.asarray(temperature, dtype=float)
    width = _TAIL * jnp.where(temperature > _COLD, temperature, 0.0)
    return jnp.stack([mu - width, mu, mu + width])
