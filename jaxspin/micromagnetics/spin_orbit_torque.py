"""Spin-orbit torque of a current in the plane: damping-like and field-like, on every sublattice."""

from collections.abc import Callable

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from jaxspin.micromagnetics.sublattice import PerSublattice, VectorLike, as_parameter, stacked
from jaxspin.micromagnetics.system import System
from jaxspin.micromagnetics.torque import Torque
from jaxspin.micromagnetics.vectors import cross
from jaxspin.micromagnetics.waveforms import Waveform, as_waveform

HBAR_OVER_2E = 1.054571817e-34 / (2 * 1.602176634e-19)
"""[V s]"""


class SpinOrbitTorque(Torque):
    """B_s = hbar j/(2 e M_s t) [theta_DL (m x p) + theta_FL p] on each sublattice; p = n x j/|j| unless given.

    For a current along +x and n = +z the polarisation p is +y; theta_DL > 0 drives m towards +p (see `torque`).

    | code | its damping-like term for positive parameters | ours |
    |---|---|---|
    | mumax3, mumax+, OOMMF | drives m towards +p | the same p |
    | magnum.np (SOT term) | drives m towards -p | -p |

    Arguments:
        current_density: j [A/m2], a number, or a field (nx, ny, nz) of its size.
        thickness: t [m] of the layer that takes up the angular momentum.
        damping_like: theta_DL, a number or field, or a tuple with one for each sublattice.
        field_like: theta_FL, likewise.
        direction: of the current, (3,) or (nx, ny, nz, 3), any length.
        normal: n, from the source of the spin current towards the magnet, unit vector.
        polarization: p, (3,) or (nx, ny, nz, 3), instead of n x direction; may have a p_z.
        waveform: of the current in time, see `waveforms`.
    """

    current_density: Array
    thickness: Array
    damping_like: Array | tuple[Array, ...]
    field_like: Array | tuple[Array, ...]
    polarization: Array
    waveform: Waveform

    def __init__(
        self,
        current_density: ArrayLike,
        thickness: ArrayLike,
        damping_like: PerSublattice,
        field_like: PerSublattice = 0.0,
        *,
        direction: VectorLike = (1.0, 0.0, 0.0),
        normal: VectorLike = (0.0, 0.0, 1.0),
        polarization: VectorLike | None = None,
        waveform: Waveform | Callable[[Array], Array] | None = None,
    ):
        self.current_density = jnp.asarray(current_density, dtype=float)
        self.thickness = jnp.asarray(thickness, dtype=float)
        self.damping_like = as_parameter(damping_like)
        self.field_like = as_parameter(field_like)
        if polarization is None:
            turned = cross(jnp.asarray(normal, dtype=float), jnp.asarray(direction, dtype=float))
            square = jnp.sum(turned**2, axis=-1, keepdims=True)
            self.polarization = turned / jnp.sqrt(jnp.where(square > 0, square, 1.0))
        else:
            self.polarization = jnp.asarray(polarization, dtype=float)
        self.waveform = as_waveform(waveform)

    def field(
        self, m: Float[Array, "S nx ny nz 3"], system: System, time: Float[ArrayLike, ""] = 0.0
    ) -> Float[Array, "S nx ny nz 3"]:
        """B [T]."""
        current = stacked(self.current_density, 1, "current density") * self.waveform(jnp.asarray(time))
        strength = HBAR_OVER_2E * current / self.thickness * system.inverse_magnetization
        p = stacked(self.polarization, 1, "polarization", (3,))
        damping_like = strength * stacked(self.damping_like, len(m), "theta_DL")
        field_like = strength * stacked(self.field_like, len(m), "theta_FL")
        return damping_like[..., None] * cross(m, jnp.broadcast_to(p, (1, *p.shape[1:]))) + field_like[..., None] * p


def spin_hall_angle(
    efficiency: ArrayLike, saturation_magnetization: ArrayLike, thickness: ArrayLike
) -> Float[Array, "..."]:
    """theta = (2 e/hbar) M_s t xi from an efficiency xi = B/j [T m2/A], M_s [A/m] and t [m]."""
    return jnp.asarray(saturation_magnetization) * thickness * efficiency / HBAR_OVER_2E
