"""Pulses and ramps as pure functions of time [s], with parameters that may be differentiated."""

import abc
from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float


def _number(value: ArrayLike) -> Array:
    return jnp.asarray(value, dtype=float)


class Waveform(eqx.Module):
    """A number as a function of time; `breaks` are the times [s] at which it or its slope jumps."""

    @abc.abstractmethod
    def __call__(self, time: Float[Array, ""]) -> Float[Array, ""]:
        """Value at `time` [s]."""

    @abc.abstractmethod
    def breaks(self) -> Float[Array, " k"]:
        """Times [s] at which an integrator should end a step."""


class Constant(Waveform):
    """The same value at all times."""

    value: Array = eqx.field(converter=_number, default=1.0)

    def __call__(self, time: Float[Array, ""]) -> Float[Array, ""]:
        return self.value

    def breaks(self) -> Float[Array, " k"]:
        return jnp.zeros(0)


class Function(Waveform):
    """Any smooth pure function of time, compiled in; what is differentiated needs a `Waveform` of its own."""

    function: Callable[[Array], Array] = eqx.field(static=True)

    def __call__(self, time: Float[Array, ""]) -> Float[Array, ""]:
        return self.function(time)

    def breaks(self) -> Float[Array, " k"]:
        return jnp.zeros(0)


def as_waveform(function: "Waveform | Callable[[Array], Array] | None") -> Waveform:
    """A waveform from what a user gives: itself, a plain function, or None for constant 1."""
    if function is None:
        return Constant()
    return function if isinstance(function, Waveform) else Function(function)


class Pulse(Waveform):
    """`amplitude` from `start` on for `duration`, with linear flanks of length `rise` inside it (0: a step) [s]."""

    start: Array = eqx.field(converter=_number)
    duration: Array = eqx.field(converter=_number)
    rise: Array = eqx.field(converter=_number, default=0.0)
    amplitude: Array = eqx.field(converter=_number, default=1.0)

    def __call__(self, time: Float[Array, ""]) -> Float[Array, ""]:
        since, left = time - self.start, self.start + self.duration - time
        inside = (since >= 0) & (left > 0)
        flank = jnp.where(self.rise > 0, jnp.minimum(since, left) / jnp.where(self.rise > 0, self.rise, 1.0), 1.0)
        return self.amplitude * jnp.where(inside, jnp.clip(flank, 0.0, 1.0), 0.0)

    def breaks(self) -> Float[Array, " k"]:
        end = self.start + self.duration
        return jnp.stack([self.start, self.start + self.rise, end - self.rise, end])


class Ramp(Waveform):
    """From `initial` to `final` linearly between the times `start` and `stop` [s], constant before and after."""

    start: Array = eqx.field(converter=_number)
    stop: Array = eqx.field(converter=_number)
    initial: Array = eqx.field(converter=_number, default=0.0)
    final: Array = eqx.field(converter=_number, default=1.0)

    def __call__(self, time: Float[Array, ""]) -> Float[Array, ""]:
        fraction = jnp.clip((time - self.start) / (self.stop - self.start), 0.0, 1.0)
        return self.initial + (self.final - self.initial) * fraction

    def breaks(self) -> Float[Array, " k"]:
        return jnp.stack([self.start, self.stop])


class Sinusoid(Waveform):
    """cos(2 pi f t + phase), f in Hz."""

    frequency: Array = eqx.field(converter=_number)
    phase: Array = eqx.field(converter=_number, default=0.0)

    def __call__(self, time: Float[Array, ""]) -> Float[Array, ""]:
        return jnp.cos(2 * jnp.pi * self.frequency * time + self.phase)

    def breaks(self) -> Float[Array, " k"]:
        return jnp.zeros(0)


class Sinc(Waveform):
    """sin(2 pi f (t - centre))/(2 pi f (t - centre)): a flat spectrum up to the frequency f [Hz]."""

    frequency: Array = eqx.field(converter=_number)
    centre: Array = eqx.field(converter=_number)

    def __call__(self, time: Float[Array, ""]) -> Float[Array, ""]:
        return jnp.sinc(2 * self.frequency * (time - self.centre))

    def breaks(self) -> Float[Array, " k"]:
        return jnp.zeros(0)


class Steps(Waveform):
    """values[k] from edges[k] until edges[k + 1] [s]; 0 before edges[0], the last value after the last edge."""

    edges: Array = eqx.field(converter=_number)
    values: Array = eqx.field(converter=_number)

    def __check_init__(self) -> None:
        if self.edges.shape != self.values.shape or self.edges.ndim != 1:
            raise ValueError(f"Steps: one value for each edge, got {self.values.shape} for {self.edges.shape}")

    def __call__(self, time: Float[Array, ""]) -> Float[Array, ""]:
        jumps = jnp.diff(self.values, prepend=jnp.zeros(1, self.values.dtype))
        return jnp.sum(jnp.where(time >= self.edges, jumps, 0.0))

    def breaks(self) -> Float[Array, " k"]:
        return self.edges


class PiecewiseLinear(Waveform):
    """Straight lines between values at increasing times [s], constant outside them: a pulse of free shape."""

    times: Array = eqx.field(converter=_number)
    values: Array = eqx.field(converter=_number)

    def __check_init__(self) -> None:
        if self.times.shape != self.values.shape or self.times.ndim != 1:
            raise ValueError(
                f"PiecewiseLinear: one value for each time, got {self.values.shape} for {self.times.shape}"
            )

    def __call__(self, time: Float[Array, ""]) -> Float[Array, ""]:
        return jnp.interp(time, self.times, self.values)

    def breaks(self) -> Float[Array, " k"]:
        return self.times
