"""Networks from finalised Kwant systems; needs `pip install kwant` only to make those."""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from jaxspin.transport.leads import Wire
from jaxspin.transport.network import Network


def from_kwant(system: Any, *, params: Mapping[str, Any] | None = None) -> Network:
    """The network of a finalised Kwant system with leads (Groth et al., New J. Phys. 16, 063065 (2014)).

    Its sites keep their order; every lead becomes a `Wire`. Numbers are copied: derivatives are those with respect to
    the network's arrays, not to Kwant's parameters.

    Arguments:
        system: `kwant.Builder.finalized()`, with leads, and one number of orbitals for all sites.
        params: of its onsite and hopping functions.

    Raises:
        ValueError: for sites with different numbers of orbitals, and as `Network`.
    """
    matrix, rows, _ = system.hamiltonian_submatrix(params=params, return_norb=True)
    if len(set(rows)) != 1:
        raise ValueError(f"from_kwant: every site must have the same number of orbitals, got {sorted(set(rows))}")
    orbitals = int(rows[0])
    leads = []
    for lead, interface in zip(system.leads, system.lead_interfaces, strict=True):
        cell = np.asarray(lead.cell_hamiltonian(params=params))
        outward = np.asarray(lead.inter_cell_hopping(params=params))  # (m, k): from a cell's first k orbitals
        hopping = np.zeros_like(cell)
        hopping[: outward.shape[1]] = outward.conj().T
        if np.array_equal(hopping, hopping[0, 0] * np.eye(len(cell))):
            hopping = hopping[0, 0]  # cells hop by a number: exact at band edges
        cell = (cell + cell.conj().T) / 2  # Hermitian to the last digit
        leads.append(Wire([int(site) for site in interface], cell, hopping, outward.conj().T))
    return Network(jnp.asarray(matrix), leads, orbitals)
