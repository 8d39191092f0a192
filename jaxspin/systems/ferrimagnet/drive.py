"""What acts on a macrospin: a magnetic field and a current, each with its shape in time."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from jaxspin.core import quantity


class Constant(eqx.Module):
    """On at all times: shape(t) = 1."""

    def __call__(self, t: Float[ArrayLike, ""]) -> Float[Array, ""]:
        return jnp.ones_like(jnp.asarray(t, dtype=float))

    @property
    def breaks(self) -> Float[Array, " k"]:
        """Times where integration must not step across."""
        return jnp.zeros(0)


class Pulse(eqx.Module):
    """One pulse with raised-cosine edges: 0, rising over `rise`, 1, falling over `rise`, 0.

    `width` is the full width at half maximum, `start` where the rise begins. The edges are smooth so that derivatives
    with respect to all three exist.
    """

    width: Float[Array, ""] = quantity(
        "s", bounds=(0.0, 1.0), scale=1e-9, symbol=r"\tau_p", doc="full width at half maximum of the pulse"
    )
    start: Float[Array, ""] = quantity(
        "s", bounds=(-1.0, 1.0), scale=1e-9, symbol=r"t_0", doc="when the pulse begins to rise", default=0.0
    )
    rise: Float[Array, ""] = quantity(
        "s", bounds=(0.0, 1.0), scale=1e-11, symbol=r"\tau_r", doc="duration of each edge", default=1e-11
    )

    def __call__(self, t: Float[ArrayLike, ""]) -> Float[Array, ""]:
        since = jnp.asarray(t) - self.start
        return _edge(since / self.rise) - _edge((since - self.width) / self.rise)

    @property
    def breaks(self) -> Float[Array, " k"]:
        """Where the edges begin and end."""
        return self.start + jnp.sort(jnp.stack([0 * self.rise, self.rise, self.width, self.width + self.rise]))


class Ramp(eqx.Module):
    """Linear from 0 at `start` to 1 after `duration`, then held."""

    duration: Float[Array, ""] = quantity(
        "s", bounds=(0.0, 1.0), scale=1e-9, symbol=r"\tau_r", doc="how long the ramp takes"
    )
    start: Float[Array, ""] = quantity(
        "s", bounds=(-1.0, 1.0), scale=1e-9, symbol=r"t_0", doc="when the ramp begins", default=0.0
    )

    def __call__(self, t: Float[ArrayLike, ""]) -> Float[Array, ""]:
        return jnp.clip((t - self.start) / self.duration, 0.0, 1.0)

    @property
    def breaks(self) -> Float[Array, " k"]:
        """Where the slope jumps."""
        return self.start + jnp.stack([0 * self.duration, self.duration])


class Sine(eqx.Module):
    """shape(t) = sin(2 pi f t + phase), a current or field of alternating sign."""

    frequency: Float[Array, ""] = quantity("Hz", bounds=(0.0, 1e15), scale=1e9, symbol=r"f", doc="frequency")
    phase: Float[Array, ""] = quantity(
        "rad", bounds=(-10.0, 10.0), scale=1.0, symbol=r"\varphi_0", doc="phase at t = 0", default=0.0
    )

    def __call__(self, t: Float[ArrayLike, ""]) -> Float[Array, ""]:
        return jnp.sin(2 * jnp.pi * self.frequency * t + self.phase)

    @property
    def breaks(self) -> Float[Array, " k"]:
        """None: a sine has no edges."""
        return jnp.zeros(0)


class Drive(eqx.Module):
    """Field H(t) = `H` field_shape(t), current density j(t) = `j` current_shape(t), spin polarization `p`.

    The current flows along x and its spins point along p, y by default. The frame is that of the film: z is the normal
    and the easy axis; for an easy axis tilted from the normal, rotate H and p into its frame. A shape is any module
    that maps a time [s] to a number and lists in `breaks` the times [s] that integration must not step across.
    """

    H: Float[Array, "3"] = quantity(
        "A/m", bounds=(-1e8, 1e8), scale=1e4, symbol=r"\mathbf{H}", doc="magnetic field", default=(0.0, 0.0, 0.0)
    )
    j: Float[Array, ""] = quantity(
        "A/m^2", bounds=(-1e14, 1e14), scale=1e11, symbol=r"j", doc="current density along x", default=0.0
    )
    p: Float[Array, "3"] = quantity(
        "1",
        bounds=(-1.0, 1.0),
        scale=1.0,
        symbol=r"\mathbf{p}",
        doc="unit vector of the spin polarization at j > 0",
        default=(0.0, 1.0, 0.0),
    )
    field_shape: Callable[[Any], Array] = Constant()
    current_shape: Callable[[Any], Array] = Constant()

    def field(self, t: Float[ArrayLike, ""]) -> Float[Array, "3"]:
        """Field at time t [A/m]."""
        return self.H * self.field_shape(t)

    def current(self, t: Float[ArrayLike, ""]) -> Float[Array, ""]:
        """Current density at time t [A/m^2]."""
        return self.j * self.current_shape(t)

    @property
    def breaks(self) -> Float[Array, " k"]:
        """Times [s] where field or current start, stop or jump, increasing."""
        return jnp.sort(jnp.concatenate([self.field_shape.breaks, self.current_shape.breaks]))  # pyright: ignore


def _edge(x: Float[Array, ""]) -> Float[Array, ""]:
    return jnp.sin(jnp.pi / 2 * jnp.clip(x, 0.0, 1.0)) ** 2
