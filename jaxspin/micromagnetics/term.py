"""Energy terms: what each must offer, and its effective field by automatic differentiation."""

import abc
from typing import TYPE_CHECKING

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

if TYPE_CHECKING:
    from jaxspin.micromagnetics.system import System


class EnergyTerm(eqx.Module):
    """A term of the energy. `m` is (S, nx, ny, nz, 3), unit vectors inside the mask and zero outside."""

    @abc.abstractmethod
    def energy_density(
        self, m: Float[Array, "S nx ny nz 3"], system: "System", time: Float[ArrayLike, ""]
    ) -> Float[Array, "nx ny nz"]:
        """[J/m3], of all sublattices together, zero outside the mask. An energy between cells is shared by them."""

    @abc.abstractmethod
    def field(
        self, m: Float[Array, "S nx ny nz 3"], system: "System", time: Float[ArrayLike, ""]
    ) -> Float[Array, "S nx ny nz 3"]:
        """B_s = -(1/M_s) dw/dm_s [T], the fast hand-written form; a new term may return `field_by_gradient`.

        What stands outside the mask does not matter.
        """

    @property
    def name(self) -> str:
        """Of the energy in tables."""
        return type(self).__name__


def field_by_gradient(
    term: EnergyTerm, m: Float[Array, "S nx ny nz 3"], system: "System", time: Float[ArrayLike, ""] = 0.0
) -> Float[Array, "S nx ny nz 3"]:
    """B_s = -(1/(M_s V)) dE/dm_s [T] by automatic differentiation of the energy density; zero outside the mask."""
    gradient = jax.grad(lambda m: jnp.sum(term.energy_density(m, system, time)))(m)
    return -system.inverse_magnetization[..., None] * gradient
