"""Exchange between two layers of cells through a spacer: bilinear and biquadratic."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from jaxspin.micromagnetics.system import System
from jaxspin.micromagnetics.term import EnergyTerm


class InterlayerExchange(EnergyTerm):
    """Energy per area -J_1 m_a.m_b - J_2 (m_a.m_b)^2 between the layers a and b of cells along z.

    The spacer is the cells between a and b (outside the mask), or nothing if they touch: then take care that no
    exchange bond joins them. Acts between the cells of one sublattice in both layers.

    Arguments:
        bilinear: J_1 [J/m2], > 0 parallel; a number or (nx, ny).
        biquadratic: J_2 [J/m2], likewise; < 0 favours 90 degrees.
        layers: indices a, b along z.
        sublattice: which one couples.
    """

    bilinear: Array
    biquadratic: Array
    layers: tuple[int, int] = eqx.field(static=True)
    sublattice: int = eqx.field(static=True)

    def __init__(
        self, bilinear: ArrayLike, biquadratic: ArrayLike = 0.0, *, layers: tuple[int, int], sublattice: int = 0
    ):
        self.bilinear = jnp.asarray(bilinear, dtype=float)
        self.biquadratic = jnp.asarray(biquadratic, dtype=float)
        self.layers = layers
        self.sublattice = sublattice

    def _in_layer(self, nz: int, layer: int) -> Array:
        return (jnp.arange(nz) == layer).astype(float)

    def field(
        self, m: Float[Array, "S nx ny nz 3"], system: System, time: Float[ArrayLike, ""] = 0.0
    ) -> Float[Array, "S nx ny nz 3"]:
        """B = (J_1 + 2 J_2 m_a.m_b) m_other/(M_s dz) [T]."""
        a, b = self.layers
        first, second = m[self.sublattice, :, :, a], m[self.sublattice, :, :, b]
        strength = (self.bilinear + 2 * self.biquadratic * jnp.sum(first * second, axis=-1)) / system.mesh.cell[2]
        nz = m.shape[3]
        at_a, at_b = (self._in_layer(nz, layer)[None, None, :, None] for layer in (a, b))
        both = at_a * (strength[..., None] * second)[:, :, None] + at_b * (strength[..., None] * first)[:, :, None]
        here = (jnp.arange(m.shape[0]) == self.sublattice).astype(float)[:, None, None, None, None]
        return system.inverse_magnetization[..., None] * here * both[None]

    def energy_density(
        self, m: Float[Array, "S nx ny nz 3"], system: System, time: Float[ArrayLike, ""] = 0.0
    ) -> Float[Array, "nx ny nz"]:
        """[J/m3], half to either layer; a constant where one of the two cells lies outside the mask."""
        a, b = self.layers
        aligned = jnp.sum(m[self.sublattice, :, :, a] * m[self.sublattice, :, :, b], axis=-1)
        per_area = -self.bilinear * aligned - self.biquadratic * aligned**2
        share = (self._in_layer(m.shape[3], a) + self._in_layer(m.shape[3], b)) / (2 * system.mesh.cell[2])
        return per_area[:, :, None] * share[None, None]
