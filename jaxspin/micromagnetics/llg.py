"""The equation of motion of Landau, Lifshitz and Gilbert, in Landau's form."""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from jaxspin.micromagnetics.system import System, effective_field, torque_field
from jaxspin.micromagnetics.vectors import cross


def magnetization_rate(
    system: System, m: Float[Array, "S nx ny nz 3"], time: Float[ArrayLike, ""] = 0.0
) -> Float[Array, "S nx ny nz 3"]:
    """dm/dt = -gamma/(1 + alpha^2) [m x B + alpha m x (m x B)] [1/s], B of all terms and torques."""
    return rate_in_field(system, m, effective_field(system, m, time) + torque_field(system, m, time))


def rate_in_field(
    system: System, m: Float[Array, "S nx ny nz 3"], B: Float[Array, "S nx ny nz 3"]
) -> Float[Array, "S nx ny nz 3"]:
    """The same in a given field B [T]."""
    alpha = system.damping
    prefactor = -system.gyromagnetic_ratio / (1 + alpha**2)
    x, y, z = m[..., 0], m[..., 1], m[..., 2]
    u, v, w = B[..., 0], B[..., 1], B[..., 2]
    a, b, c = y * w - z * v, z * u - x * w, x * v - y * u  # m x B
    # one array is written, from components: the two products of vectors would each write their own
    components = [a + alpha * (y * c - z * b), b + alpha * (z * a - x * c), c + alpha * (x * b - y * a)]
    return jnp.stack([prefactor * component for component in components], axis=-1)


def largest_torque(
    system: System, m: Float[Array, "S nx ny nz 3"], time: Float[ArrayLike, ""] = 0.0
) -> Float[Array, ""]:
    """max |m x B| over cells and sublattices [T], B of the energy terms: how far from equilibrium."""
    torque = cross(m, effective_field(system, m, time))
    return jnp.sqrt(jnp.max(jnp.sum(torque**2, axis=-1)))
