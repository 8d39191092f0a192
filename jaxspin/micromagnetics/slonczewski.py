"""Slonczewski's spin-transfer torque of a current through the plane."""

from collections.abc import Callable

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from jaxspin.micromagnetics.spin_orbit_torque import HBAR_OVER_2E
from jaxspin.micromagnetics.sublattice import VectorLike, stacked
from jaxspin.micromagnetics.system import System
from jaxspin.micromagnetics.torque import Torque
from jaxspin.micromagnetics.vectors import cross, dot
from jaxspin.micromagnetics.waveforms import Waveform, as_waveform


class SlonczewskiTorque(Torque):
    """B = beta [eps (m x p) + eps' p], beta = hbar j/(e M_s t), eps = P L^2/((L^2 + 1) + (L^2 - 1) m.p).

    As in mumax3 and OOMMF: j > 0 drives m towards +p.

    Arguments:
        current_density: j [A/m2], a number or a field (nx, ny, nz).
        thickness: t [m].
        polarization: p, the fixed layer, (3,) or (nx, ny, nz, 3), unit vector.
        efficiency: P.
        asymmetry: Lambda >= 1.
        field_like: eps'.
        waveform: of the current in time, see `waveforms`.
    """

    current_density: Array
    thickness: Array
    polarization: Array
    efficiency: Array
    asymmetry: Array
    field_like: Array
    waveform: Waveform

    def __init__(
        self,
        current_density: ArrayLike,
        thickness: ArrayLike,
        polarization: VectorLike,
        efficiency: ArrayLike,
        asymmetry: ArrayLike = 1.0,
        field_like: ArrayLike = 0.0,
        *,
        waveform: Waveform | Callable[[Array], Array] | None = None,
    ):
        self.current_density = jnp.asarray(current_density, dtype=float)
        self.thickness = jnp.asarray(thickness, dtype=float)
        self.polarization = jnp.asarray(polarization, dtype=float)
        self.efficiency = jnp.asarray(efficiency, dtype=float)
        self.asymmetry = jnp.asarray(asymmetry, dtype=float)
        self.field_like = jnp.asarray(field_like, dtype=float)
        self.waveform = as_waveform(waveform)

    def field(
        self, m: Float[Array, "S nx ny nz 3"], system: System, time: Float[ArrayLike, ""] = 0.0
    ) -> Float[Array, "S nx ny nz 3"]:
        """B [T]."""
        current = stacked(self.current_density, 1, "current density") * self.waveform(jnp.asarray(time))
        beta = (2 * HBAR_OVER_2E * current / self.thickness * system.inverse_magnetization)[..., None]
        p = stacked(self.polarization, 1, "polarization", (3,))
        square = self.asymmetry**2
        eps = self.efficiency * square / (square + 1 + (square - 1) * dot(m, p))
        return beta * (eps * cross(m, p) + self.field_like * p)
