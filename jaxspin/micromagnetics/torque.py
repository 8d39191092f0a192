"""Torques that are no gradient of an energy, each as an effective field.

The convention, stated once: the equation of motion is

    dm/dt = -gamma/(1 + alpha^2) [m x B + alpha m x (m x B)],    B = sum of energy terms + sum of torques,

which is Gilbert's equation with the same B. A torque enters as a field [T]: a *field-like* one B_FL p acts as a field
along p; a *damping-like* one B_DL (m x p) drives m towards +p for B_DL > 0.
"""

import abc
from typing import TYPE_CHECKING

import equinox as eqx
from jaxtyping import Array, ArrayLike, Float

if TYPE_CHECKING:
    from jaxspin.micromagnetics.system import System


class Torque(eqx.Module):
    """A torque as an effective field that depends on m. `m` is (S, nx, ny, nz, 3)."""

    @abc.abstractmethod
    def field(
        self, m: Float[Array, "S nx ny nz 3"], system: "System", time: Float[ArrayLike, ""]
    ) -> Float[Array, "S nx ny nz 3"]:
        """[T], added to the field of the energy terms; what stands outside the mask does not matter."""
