"""How the charges of a cell interact: with all periodic images, or as those of a layer alone.

One object serves electrons (Hartree), cores and electrons (the long-ranged part of the pseudopotentials) and cores
(Ewald), so that the three belong together: with `Layer` the energy of a neutral layer does not depend on the height of
its cell, polar or not. Hartree atomic units.
"""

import abc

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Float

from jaxspin.planewave.crystal import Crystal
from jaxspin.planewave.ewald import ewald_energy, layer_ewald_energy
from jaxspin.planewave.hartree import coulomb_kernel, layer_kernel


class Coulomb(eqx.Module):
    """The interaction 1/r of charges in a crystal."""

    @abc.abstractmethod
    def kernel(
        self, vectors: Float[Array, "... 3"], crystal: Crystal, width: Float[ArrayLike, ""] = 0.0
    ) -> Float[Array, "..."]:
        """Transform of the interaction of a point charge with a Gaussian one at reciprocal vectors [hartree bohr^3].

        Arguments:
            vectors: reciprocal vectors of `crystal`, shape (..., 3) [1/bohr].
            crystal: the cell.
            width: standard deviation of the Gaussian [bohr]; 0 is a point.
        """

    @abc.abstractmethod
    def of_cores(self, crystal: Crystal, charges: Float[ArrayLike, " n"]) -> Float[Array, ""]:
        """Energy per cell of the atoms' point charges [hartree]."""

    @abc.abstractmethod
    def check(self, crystal: Crystal) -> None:
        """`ValueError` for a (concrete) crystal that has no such interaction."""


class Periodic(Coulomb):
    """With all images, in a background that neutralises each kind of charge."""

    def kernel(
        self, vectors: Float[Array, "... 3"], crystal: Crystal, width: Float[ArrayLike, ""] = 0.0
    ) -> Float[Array, "..."]:
        """4 pi exp(-G^2 w^2/2)/G^2; at G = 0 what is left without 4 pi/G^2, which is -2 pi w^2."""
        g2 = jnp.sum(vectors**2, axis=-1)
        spread = jnp.asarray(width) ** 2
        return jnp.where(g2 > 0, coulomb_kernel(vectors) * jnp.exp(-g2 * spread / 2), -2 * jnp.pi * spread)

    def of_cores(self, crystal: Crystal, charges: Float[ArrayLike, " n"]) -> Float[Array, ""]:
        return ewald_energy(crystal, charges)

    def check(self, crystal: Crystal) -> None:
        return None


class Layer(Coulomb):
    """Without the images along z: a layer in vacuum, exact where it is thinner than half its cell."""

    def kernel(
        self, vectors: Float[Array, "... 3"], crystal: Crystal, width: Float[ArrayLike, ""] = 0.0
    ) -> Float[Array, "..."]:
        """`layer_kernel`, times exp(-G^2 w^2/2)."""
        g2 = jnp.sum(vectors**2, axis=-1)
        return layer_kernel(vectors, crystal) * jnp.exp(-g2 * jnp.asarray(width) ** 2 / 2)

    def of_cores(self, crystal: Crystal, charges: Float[ArrayLike, " n"]) -> Float[Array, ""]:
        return layer_ewald_energy(crystal, charges)

    def check(self, crystal: Crystal) -> None:
        if isinstance(crystal.lattice, Tracer) or isinstance(crystal.positions, Tracer):
            return
        lattice = np.asarray(crystal.lattice)
        if max(np.abs(lattice[2, :2]).max(), np.abs(lattice[:2, 2]).max()) > 1e-9 * np.abs(lattice[2, 2]):
            raise ValueError(
                f"Layer: the third lattice vector must lie along z, the others in the plane, got {lattice}"
            )
        z = np.sort(np.asarray(crystal.positions)[:, 2] % 1)
        vacuum = np.max(np.diff([*z, z[0] + 1]))
        if vacuum <= 0.5:
            raise ValueError(
                f"Layer: the atoms leave {vacuum:.2f} of the cell's height free, more than half is needed: "
                f"raise it above {2 * (1 - vacuum) * lattice[2, 2]:.3g} bohr"
            )
