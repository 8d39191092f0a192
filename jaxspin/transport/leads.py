"""Semi-infinite leads and their retarded self-energies: single chains in closed form, wires by their surface.

Energies and hoppings share one unit, free to choose; hbar = e = 1. A lead is a pytree: everything is differentiable in
its energies and hoppings.
"""

from typing import TypeAlias

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Complex, Float, Inexact

from jaxspin.transport.surface import surface_self_energy

_EDGE = 1e-15


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
    """A lead with a cell of many orbitals, attached to many sites: H_jj = cell, H_(j,j+1) = hopping, j = 1, 2, ...

    Arguments:
        sites: the sites of the network it is attached to, static; m = sites times orbitals a site, site after site.
        cell: Hamiltonian of a cell, (m, m) [energy].
        hopping: from cell j + 1 to cell j, so outward to inward, (m, m) [energy].
        coupling: from cell 1 to the network's sites, as `hopping` by default.

    Raises:
        ValueError: for matrices of another shape than (m, m), or a cell that is not Hermitian.
    """

    sites: tuple[int, ...] = eqx.field(static=True)
    cell: Complex[Array, "m m"]
    hopping: Complex[Array, "m m"]
    coupling: Complex[Array, "m m"]

    def __init__(
        self,
        sites: tuple[int, ...],
        cell: Inexact[ArrayLike, "m m"],
        hopping: Inexact[ArrayLike, "m m"],
        coupling: Inexact[ArrayLike, "m m"] | None = None,
    ):
        self.sites = tuple(int(site) for site in sites)
        self.cell, self.hopping = (jnp.asarray(matrix, dtype=complex) for matrix in (cell, hopping))
        self.coupling = self.hopping if coupling is None else jnp.asarray(coupling, dtype=complex)

    def __check_init__(self) -> None:
        name, m = f"wire at sites {_brief(self.sites)}", self.cell.shape[-1]
        for what, matrix in (("cell", self.cell), ("hopping", self.hopping), ("coupling", self.coupling)):
            if matrix.shape != (m, m):
                raise ValueError(f"{name}: {what} must be a square matrix of the cell's order {m}, got {matrix.shape}")
        if not isinstance(self.cell, Tracer):
            demand_hermitian(f"{name}: the Hamiltonian of its cell", np.asarray(self.cell))

    def self_energy(self, energy: Float[ArrayLike, ""], orbitals: int) -> Complex[Array, "m m"]:
        """Retarded self-energy on the sites it is attached to [energy]; see `surface_self_energy` for its accuracy."""
        bulk = surface_self_energy(jnp.asarray(energy, dtype=float), self.cell, self.hopping)
        m = self.cell.shape[-1]
        surface = jnp.linalg.solve(energy * jnp.eye(m) - self.cell - bulk, self.coupling.conj().T)
        return self.coupling @ surface

    def bands(self, orbitals: int) -> Float[Array, "m 2"]:
        """Lowest and highest energy of every band, from 257 wave vectors [energy]."""
        k = jnp.linspace(0, 2 * jnp.pi, 257)
        forward = jnp.exp(1j * k)[:, None, None] * self.hopping
        energies = jnp.linalg.eigvalsh(self.cell + forward + jnp.swapaxes(forward, 1, 2).conj())
        return jnp.stack([jnp.min(energies, axis=0), jnp.max(energies, axis=0)], axis=-1)


Lead: TypeAlias = Chain | Wire


def decaying_root(x: Float[Array, "..."]) -> Complex[Array, "..."]:
    """The root w = x - i sqrt(1 - x^2) of w + 1/w = 2 x: outgoing for |x| <= 1, of modulus below 1 for |x| > 1.

    At |x| = 1 itself the derivative is taken to be that of the real part, and the square root to be 1e-15, less than
    any that a rounded x next to it has: a uniform chain, whose Green function diverges there, stays finite.
    """
    size = jnp.abs(x)
    inside, outside = size < 1, size > 1
    # (1 - |x|)(1 + |x|) keeps the digits that 1 - x^2 loses at the edges
    wave = jnp.where(inside, jnp.sqrt(jnp.where(inside, (1 - size) * (1 + size), 1.0)), _EDGE)
    decay = jnp.sqrt(jnp.where(outside, (size - 1) * (size + 1), 1.0))
    bound = jnp.sign(x) / (size + decay)
    return jnp.where(outside, bound + 0j, x - 1j * wave)


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
