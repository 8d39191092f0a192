"""Semi-infinite leads and their retarded self-energies: single chains in closed form, wires by their surface.

Energies and hoppings share one unit, free to choose; hbar = e = 1. A lead is a pytree: everything is differentiable in
its energies and hoppings.
"""

from collections.abc import Sequence
from typing import TypeAlias

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Complex, Float, Inexact

from jaxspin.transport.chain_root import decaying_root
from jaxspin.transport.surface import mode_self_energy, surface_self_energy


class Chain(eqx.Module):
    """One semi-infinite chain for every orbital of one site: H = sum_j onsite |j><j| + hopping (|j><j+1| + h.c.).

    Arguments:
        site: the site of the network it is attached to, static.
        hopping: along the chain, () or (orbitals,) [energy]; its sign and phase do not matter.
        coupling: between the site and the chain's first site, as `hopping` by default.
        onsite: energy of the chain's sites, () or (orbitals,), such as a Zeeman splitting [energy].

    Raises:
        ValueError: for a hopping of zero.
    """

    site: int = eqx.field(static=True)
    hopping: Inexact[Array, "..."]
    coupling: Inexact[Array, "..."]
    onsite: Float[Array, "..."]

    def __init__(
        self,
        site: int,
        hopping: Inexact[ArrayLike, "..."] = 1.0,
        coupling: Inexact[ArrayLike, "..."] | None = None,
        onsite: Float[ArrayLike, "..."] = 0.0,
    ):
        self.site = int(site)
        self.hopping = jnp.asarray(hopping)
        self.coupling = self.hopping if coupling is None else jnp.asarray(coupling)
        self.onsite = jnp.asarray(onsite, dtype=float)

    def __check_init__(self) -> None:
        if not isinstance(self.hopping, Tracer) and np.any(np.asarray(self.hopping) == 0):
            raise ValueError(f"chain at site {self.site}: its hopping must differ from 0, or it carries no wave")

    @property
    def sites(self) -> tuple[int, ...]:
        """The sites it is attached to."""
        return (self.site,)

    def self_energy(self, energy: Float[ArrayLike, ""], orbitals: int) -> Complex[Array, "m m"]:
        """Retarded self-energy on the site it is attached to, m = orbitals [energy].

        With x = (E - onsite)/(2 |hopping|): |coupling|^2/|hopping| times x - i sqrt(1 - x^2) inside the band and the
        decaying real branch outside, both exact to rounding at any distance from the edges.
        """
        hopping = jnp.abs(self.hopping)
        x = (jnp.asarray(energy) - self.onsite) / (2 * hopping)
        wave = jnp.abs(self.coupling) ** 2 / hopping * decaying_root(x)
        return jnp.diag(jnp.broadcast_to(wave, (orbitals,)))

    def bands(self, orbitals: int) -> Float[Array, "orbitals 2"]:
        """Lowest and highest energy of every band [energy]."""
        half = 2 * jnp.abs(self.hopping)
        edges = jnp.stack(jnp.broadcast_arrays(self.onsite - half, self.onsite + half), axis=-1)
        return jnp.broadcast_to(edges, (orbitals, 2))


class Wire(eqx.Module):
    """A lead with a cell of m orbitals, attached to many sites: H_jj = cell, H_(j,j+1) = hopping, j = 1, 2, ...

    Arguments:
        sites: the sites of the network it is attached to, static; k = sites times orbitals a site, site after site.
        cell: Hamiltonian of a cell, (m, m) [energy].
        hopping: from cell j + 1 to cell j, so outward to inward, (m, m), or a number that multiplies 1 [energy]: the
            self-energy is then closed and exact at band edges.
        coupling: from cell 1 to the network's sites, (k, m), as `hopping` by default.

    Raises:
        ValueError: for matrices of other shapes, a cell that is not Hermitian, a hopping of zero.
    """

    sites: tuple[int, ...] = eqx.field(static=True)
    cell: Complex[Array, "m m"]
    hopping: Complex[Array, "m m"] | Complex[Array, ""]
    coupling: Complex[Array, "k m"]

    def __init__(
        self,
        sites: Sequence[int],
        cell: Inexact[ArrayLike, "m m"],
        hopping: Inexact[ArrayLike, "m m"] | Inexact[ArrayLike, ""],
        coupling: Inexact[ArrayLike, "k m"] | None = None,
    ):
        self.sites = tuple(int(site) for site in sites)
        self.cell, self.hopping = (jnp.asarray(matrix, dtype=complex) for matrix in (cell, hopping))
        full = self.hopping * jnp.eye(self.cell.shape[-1]) if self.hopping.shape == () else self.hopping
        self.coupling = full if coupling is None else jnp.asarray(coupling, dtype=complex)

    def __check_init__(self) -> None:
        name, m = f"wire at sites {_brief(self.sites)}", self.cell.shape[-1]
        if self.cell.shape != (m, m) or self.hopping.shape not in ((), (m, m)):
            raise ValueError(
                f"{name}: cell and hopping must be square matrices of one order, or the hopping a number, got "
                f"{self.cell.shape} and {self.hopping.shape}"
            )
        if self.coupling.ndim != 2 or self.coupling.shape[1] != m:
            raise ValueError(f"{name}: its coupling must be (orbitals of the sites, {m}), got {self.coupling.shape}")
        if not isinstance(self.cell, Tracer):
            demand_hermitian(f"{name}: the Hamiltonian of its cell", np.asarray(self.cell))
        if not isinstance(self.hopping, Tracer) and not np.any(np.asarray(self.hopping)):
            raise ValueError(f"{name}: its hopping must differ from 0, or it carries no wave")

    def self_energy(self, energy: Float[ArrayLike, ""], orbitals: int) -> Complex[Array, "k k"]:
        """Retarded self-energy on the sites it is attached to [energy]; see `surface_self_energy` for its accuracy."""
        energy, back = jnp.asarray(energy, dtype=float), self.coupling.conj().T
        if self.hopping.shape == ():
            bulk = mode_self_energy(energy, self.cell, jnp.abs(self.hopping))
            # V g V^dagger = Sigma for the wire's own hopping t, so g = Sigma/|t|^2
            return self.coupling @ bulk @ back / jnp.abs(self.hopping) ** 2
        bulk = surface_self_energy(energy, self.cell, self.hopping)
        return self.coupling @ jnp.linalg.solve(energy * jnp.eye(len(bulk)) - self.cell - bulk, back)

    def bands(self, orbitals: int) -> Float[Array, "m 2"]:
        """Lowest and highest energy of every band, from 257 wave vectors [energy]."""
        k = jnp.linspace(0, 2 * jnp.pi, 257)
        hopping = self.hopping * jnp.eye(self.cell.shape[-1]) if self.hopping.shape == () else self.hopping
        forward = jnp.exp(1j * k)[:, None, None] * hopping[None]
        energies = jnp.linalg.eigvalsh(self.cell[None] + forward + jnp.swapaxes(forward, 1, 2).conj())
        return jnp.stack([jnp.min(energies, axis=0), jnp.max(energies, axis=0)], axis=-1)


Lead: TypeAlias = Chain | Wire


def _brief(sites: tuple[int, ...]) -> str:
    return str(sites) if len(sites) <= 4 else f"{sites[0]}, {sites[1]}, ... {sites[-1]}"


def demand_hermitian(name: str, matrix: np.ndarray) -> None:
    """Raise `ValueError` naming the worst pair of orbitals unless the concrete matrix is Hermitian to rounding."""
    if not np.all(np.isfinite(matrix)):
        raise ValueError(f"{name} must be finite")
    excess = np.abs(matrix - matrix.conj().T)
    if np.max(excess, initial=0.0) > 1e-10 * max(1.0, float(np.max(np.abs(matrix)))):
        i, j = np.unravel_index(np.argmax(excess), excess.shape)
        raise ValueError(
            f"{name} must be Hermitian: between orbitals {i} and {j} it has {matrix[i, j]:.6g} one way and "
            f"{matrix[j, i]:.6g} the other, not its conjugate"
        )
