"""Zhang and Li's spin-transfer torque of a current in the plane."""

from collections.abc import Callable

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from jaxspin.micromagnetics.exchange import bonds
from jaxspin.micromagnetics.sublattice import PerSublattice, VectorLike, as_parameter, stacked
from jaxspin.micromagnetics.system import System
from jaxspin.micromagnetics.torque import Torque
from jaxspin.micromagnetics.vectors import cross
from jaxspin.micromagnetics.waveforms import Waveform, as_waveform
from jaxspin.numerics.stencil import central_difference, mean_bond

BOHR_MAGNETON_OVER_E = 9.2740100783e-24 / 1.602176634e-19
"""[m2/s]"""


class ZhangLiTorque(Torque):
    """-(u.grad) m + xi m x (u.grad) m in Gilbert's equation: B = -(m x w + xi w)/gamma, w = (u.grad) m.

    Textures drift along u, the way of the electrons: u = -`drift_velocity(...)` for a current along +x.

    Arguments:
        velocity: u [m/s], (3,) or (nx, ny, nz, 3).
        nonadiabaticity: xi, a number or field, or a tuple with one for each sublattice.
        waveform: of the current in time, see `waveforms`.
    """

    velocity: Array
    nonadiabaticity: Array | tuple[Array, ...]
    waveform: Waveform

    def __init__(
        self,
        velocity: VectorLike,
        nonadiabaticity: PerSublattice,
        *,
        waveform: Waveform | Callable[[Array], Array] | None = None,
    ):
        self.velocity = jnp.asarray(velocity, dtype=float)
        self.nonadiabaticity = as_parameter(nonadiabaticity)
        self.waveform = as_waveform(waveform)

    def field(
        self, m: Float[Array, "S nx ny nz 3"], system: System, time: Float[ArrayLike, ""] = 0.0
    ) -> Float[Array, "S nx ny nz 3"]:
        """B [T]."""
        u = stacked(self.velocity, 1, "velocity", (3,)) * self.waveform(jnp.asarray(time))
        w = jnp.zeros_like(m)
        for axis, h, exists in bonds(system.mesh, jnp.ones((1, 1, 1, 1)), mean_bond):
            slope = central_difference(m, exists[..., None], axis + 1, periodic=system.mesh.periodic[axis])
            w = w + u[..., axis : axis + 1] * slope / (2 * h)
        xi = stacked(self.nonadiabaticity, len(m), "xi")[..., None]
        return -(cross(m, w) + xi * w) / system.gyromagnetic_ratio[..., None]


def drift_velocity(
    current_density: ArrayLike, polarization: ArrayLike, saturation_magnetization: ArrayLike
) -> Float[Array, "..."]:
    """u = P mu_B j/(e M_s) [m/s] from j [A/m2], P and M_s [A/m]; 72.36 m/s at P = 1, 1e12 A/m2, 8e5 A/m."""
    return BOHR_MAGNETON_OVER_E * jnp.asarray(polarization) * current_density / saturation_magnetization
