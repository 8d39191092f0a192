"""Tight-binding networks: a Hermitian matrix over sites and orbitals, with leads attached to some sites.

Energies in any one unit; hbar = e = 1. Orbital a of site i is row i * orbitals + a of the Hamiltonian; for a spin,
orbitals = 2 with up first.
"""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Complex, Inexact

from jaxspin.core import require_double_precision
from jaxspin.transport.leads import Lead, Wire, demand_hermitian

Bonds = tuple[tuple[int, int], ...]


class Network(eqx.Module):
    """A network of sites with leads, a pytree; `network` builds one from sites and bonds.

    Arguments:
        hamiltonian: (n, n) Hermitian, n = sites times orbitals [energy].
        leads: `Chain` and `Wire` values, in the order in which results list them.
        orbitals: orbitals of every site, static.
        bonds: pairs of sites that hop, static; found from the numbers of a concrete Hamiltonian if not given.

    Raises:
        ValueError: for a Hamiltonian that is not square or not Hermitian, a lead attached to a site out of range, and
            a site that no path of bonds connects with a lead.
        RuntimeError: in single precision.
    """

    hamiltonian: Complex[Array, "n n"]
    leads: tuple[Lead, ...]
    orbitals: int = eqx.field(static=True)
    bonds: Bonds | None = eqx.field(static=True)

    def __init__(
        self,
        hamiltonian: Inexact[Array, "n n"],
        leads: Sequence[Lead],
        orbitals: int = 1,
        bonds: Bonds | None = None,
    ):
        require_double_precision("a transport network")
        self.hamiltonian = jnp.asarray(hamiltonian, dtype=complex)
        self.leads = tuple(leads)
        self.orbitals = orbitals
        self.bonds = _bonds_of(hamiltonian, orbitals) if bonds is None else bonds

    def __check_init__(self) -> None:
        shape = self.hamiltonian.shape
        if len(shape) != 2 or shape[0] != shape[1] or shape[0] % self.orbitals:
            raise ValueError(
                f"network: the Hamiltonian must be square, with {self.orbitals} orbitals a site, got {shape}"
            )
        if not self.leads:
            raise ValueError("network: expected at least one lead")
        if not isinstance(self.hamiltonian, Tracer):
            demand_hermitian("network: the Hamiltonian", np.asarray(self.hamiltonian))
        for number, lead in enumerate(self.leads):
            _demand_sites(f"lead {number}", lead.sites, self.sites)
            rows = len(lead.sites) * self.orbitals
            if isinstance(lead, Wire) and lead.coupling.shape[0] != rows:
                raise ValueError(
                    f"lead {number}: its coupling must have {rows} rows, for {len(lead.sites)} sites of "
                    f"{self.orbitals} orbitals, got {lead.coupling.shape}"
                )
        if self.bonds is not None:
            reached = connected({site for lead in self.leads for site in lead.sites}, self.bonds)
            lonely = sorted(set(range(self.sites)) - reached)
            if lonely:
                raise ValueError(f"network: no path of bonds leads from site {lonely[0]} to a lead; connect or drop it")

    @property
    def sites(self) -> int:
        """Number of sites."""
        return self.hamiltonian.shape[0] // self.orbitals

    def rows(self, sites: Sequence[int]) -> np.ndarray:
        """The rows of the Hamiltonian that belong to some sites, in their order."""
        return (np.asarray(sites, dtype=int)[:, None] * self.orbitals + np.arange(self.orbitals)).ravel()


def network(
    onsite: Sequence[Inexact[ArrayLike, "..."]] | Inexact[Array, "..."],
    hoppings: Sequence[tuple[int, int, Inexact[ArrayLike, "..."]]],
    leads: Sequence[Lead],
    *,
    orbitals: int = 1,
) -> Network:
    """A network from its sites and bonds.

    Arguments:
        onsite: energy of every site: a number, or an (orbitals, orbitals) matrix, each [energy].
        hoppings: (i, j, t): from site j to site i, t <i|H|j> a number (times the unit matrix) or an
            (orbitals, orbitals) matrix [energy]; its conjugate is added. Several for one pair of sites add up.
        leads: attached to the sites.
        orbitals: of every site; 2 for a spin.

    Raises:
        ValueError: for a site out of range, a hopping from a site to itself, a block of another shape; as `Network`.
    """
    count = len(onsite)
    for i, j, _ in hoppings:
        _demand_sites(f"hopping ({i}, {j})", (i, j), count)
        if i == j:
            raise ValueError(f"hopping ({i}, {j}): a site does not hop to itself; use its onsite energy")
    to, start = (np.array([pair[end] for pair in hoppings], dtype=int) for end in (0, 1))
    blocks = jnp.zeros((count, count, orbitals, orbitals), dtype=complex)
    if hoppings:
        blocks = blocks.at[to, start].add(_blocks([t for _, _, t in hoppings], orbitals))
    # the conjugate as a whole, so that the Hamiltonian is Hermitian to the last digit
    blocks = blocks + jnp.transpose(blocks, (1, 0, 3, 2)).conj()
    blocks = blocks.at[np.arange(count), np.arange(count)].add(_blocks(onsite, orbitals))
    hamiltonian = jnp.transpose(blocks, (0, 2, 1, 3)).reshape(count * orbitals, count * orbitals)
    bonds = tuple(sorted({(min(i, j), max(i, j)) for i, j, _ in hoppings}))
    return Network(hamiltonian, leads, orbitals, bonds)


def connected(start: set[int], bonds: Bonds) -> set[int]:
    """The sites that paths of bonds reach from some others, which are among them."""
    reached, edge = set(start), set(start)
    neighbours: dict[int, set[int]] = {}
    for i, j in bonds:
        neighbours.setdefault(i, set()).add(j)
        neighbours.setdefault(j, set()).add(i)
    while edge:
        edge = {near for site in edge for near in neighbours.get(site, ())} - reached
        reached |= edge
    return reached


def _blocks(
    values: Sequence[Inexact[ArrayLike, "..."]] | Inexact[Array, "..."], orbitals: int
) -> Complex[Array, "k o o"]:
    """Numbers times the unit matrix, and matrices, in one array; by numpy where all are concrete, which is faster."""
    for value in values:
        if np.shape(value) not in ((), (orbitals, orbitals)):
            raise ValueError(
                f"network: a block must be a number or a matrix {(orbitals, orbitals)}, got {np.shape(value)}"
            )
    if any(isinstance(value, Tracer) for value in values):
        eye = jnp.eye(orbitals)
        return jnp.stack([jnp.asarray(v, dtype=complex) * (eye if np.shape(v) == () else 1) for v in values])
    eye = np.eye(orbitals)
    return jnp.asarray(np.stack([np.asarray(v, dtype=complex) * (eye if np.shape(v) == () else 1) for v in values]))


def _bonds_of(hamiltonian: Inexact[Array, "n n"], orbitals: int) -> Bonds | None:
    if isinstance(hamiltonian, Tracer) or np.ndim(hamiltonian) != 2 or np.shape(hamiltonian)[0] % orbitals:
        return None
    n = np.shape(hamiltonian)[0] // orbitals
    blocks = np.abs(np.asarray(hamiltonian)).reshape(n, orbitals, n, orbitals).max(axis=(1, 3), initial=0.0)
    return tuple((int(i), int(j)) for i, j in zip(*np.nonzero(np.triu(blocks, 1)), strict=True))


def _demand_sites(what: str, sites: Sequence[int], count: int) -> None:
    for site in sites:
        if not 0 <= site < count:
            raise ValueError(f"{what}: site {site} is out of range, the network has sites 0 to {count - 1}")
