"""What is calculated: a crystal, its pseudopotentials, a functional, spin-orbit coupling. Hartree atomic units."""

import dataclasses

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from jaxspin.core import require_double_precision
from jaxspin.planewave.coulomb import Coulomb, Periodic
from jaxspin.planewave.crystal import Crystal
from jaxspin.planewave.exchange_correlation import PBE, Functional
from jaxspin.planewave.pseudopotential import Pseudopotential
from jaxspin.planewave.smearing import Smearing


class KohnSham(eqx.Module):
    """Kohn-Sham density-functional theory of a crystal; differentiable in the crystal, pseudopotentials and spin_orbit.

    Arguments:
        crystal: lattice and atoms.
        pseudopotentials: one for each element, in any order.
        functional: of exchange and correlation.
        spin_orbit: strength of the spin-orbit coupling, 1 in nature: the orbitals are spinors; None for
            scalar-relativistic orbitals without spin.
        smearing: of the occupations, for metals; None fills whole bands.
        coulomb: the interaction of charges: `Periodic()`, or `Layer()` without images along z.

    Raises:
        ValueError: for an element without a pseudopotential or with two; a crystal that is not a `Layer`.
        RuntimeError: in single precision.
    """

    crystal: Crystal
    pseudopotentials: tuple[Pseudopotential, ...]
    functional: Functional = eqx.field(default=PBE, static=True)
    spin_orbit: Float[Array, ""] | None = eqx.field(
        default=None, converter=lambda s: None if s is None else jnp.asarray(s, dtype=float)
    )
    smearing: Smearing | None = None
    coulomb: Coulomb = Periodic()

    def __check_init__(self) -> None:
        require_double_precision("plane-wave density-functional theory")
        elements = [pseudo.element for pseudo in self.pseudopotentials]
        for element in set(self.crystal.species):
            if elements.count(element) != 1:
                raise ValueError(
                    f"KohnSham: {element} needs exactly one pseudopotential, got {elements.count(element)} "
                    f"(given: {', '.join(elements)}); see tabulated, read_cp2k and read_hgh"
                )
        self.coulomb.check(self.crystal)

    def with_spin_orbit(self, strength: Float[ArrayLike, ""] | None = 1.0) -> "KohnSham":
        """The same model with spinors and this strength of the spin-orbit coupling, or None for no spin."""
        return dataclasses.replace(self, spin_orbit=strength)

    @property
    def spins(self) -> int:
        """Components of an orbital: 1, or 2 for spinors."""
        return 1 if self.spin_orbit is None else 2

    @property
    def charges(self) -> tuple[int, ...]:
        """Charge of the core of every atom."""
        charge = {pseudo.element: pseudo.charge for pseudo in self.pseudopotentials}
        return tuple(charge[element] for element in self.crystal.species)

    @property
    def electrons(self) -> int:
        """Valence electrons per cell."""
        return sum(self.charges)
