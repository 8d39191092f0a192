"""Zeeman energy in a field that may vary in space and time."""

from collections.abc import Callable

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from jaxspin.micromagnetics.sublattice import VectorLike, stacked
from jaxspin.micromagnetics.system import System
from jaxspin.micromagnetics.term import EnergyTerm
from jaxspin.micromagnetics.waveforms import Waveform, as_waveform


class Zeeman(EnergyTerm):
    """w = -sum_s M_s m_s.B(x, t), with B(x, t) = field(x) waveform(t); several terms add up.

    Arguments:
        field: (3,) or (nx, ny, nz, 3) [T].
        waveform: a function of time [s], see `waveforms`; 1 at all times without it.
    """

    external: Array
    waveform: Waveform

    def __init__(self, field: VectorLike, waveform: Waveform | Callable[[Array], Array] | None = None):
        self.external = jnp.asarray(field, dtype=float)
        self.waveform = as_waveform(waveform)

    def field(
        self, m: Float[Array, "S nx ny nz 3"], system: System, time: Float[ArrayLike, ""] = 0.0
    ) -> Float[Array, "S nx ny nz 3"]:
        """B [T], the same on all sublattices."""
        B = stacked(self.external, 1, "external field", (3,)) * self.waveform(jnp.asarray(time))
        return jnp.broadcast_to(B, m.shape)

    def energy_density(
        self, m: Float[Array, "S nx ny nz 3"], system: System, time: Float[ArrayLike, ""] = 0.0
    ) -> Float[Array, "nx ny nz"]:
        """[J/m3]."""
        moment = jnp.sum(system.saturation_magnetization[..., None] * m, axis=0)
        B = stacked(self.external, 1, "external field", (3,))[0] * self.waveform(jnp.asarray(time))
        return -jnp.sum(moment * B, axis=-1)
