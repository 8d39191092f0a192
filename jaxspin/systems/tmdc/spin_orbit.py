"""Atomic spin-orbit coupling lambda L.S in full, and the mirror symmetry that splits it into two sectors.

The mirror z -> -z acts on spin as -i sigma_z. Its eigenvalue is the parity of the orbital times the sign of s_z, so
that an even orbital with spin up mixes with an odd one with spin down, and with no other kind: the 22 states of a layer
with mirror symmetry fall into two sets of eleven, exchanged by time reversal.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from jaxspin.systems.tmdc.orbitals import PARITY, layer_angular_momentum

SIGMA = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
"""Pauli matrices, axes x, y, z."""


def dot_spin(L: np.ndarray) -> np.ndarray:
    """L.S (hbar^2) over states ordered as spin up of every orbital, then spin down: (3, n, n) -> (2n, 2n)."""
    return np.sum([np.kron(sigma / 2, component) for sigma, component in zip(SIGMA, L, strict=True)], axis=0)


def sectors(parity: np.ndarray) -> np.ndarray:
    """Indices of the states of the two mirror sectors, (2, n): even up with odd down, then even down with odd up."""
    n = len(parity)
    up, down = np.arange(n), n + np.arange(n)
    return np.array([np.where(parity > 0, up, down), np.where(parity > 0, down, up)])


def _in_sectors(matrix: np.ndarray, parity: np.ndarray) -> np.ndarray:
    return np.array([matrix[np.ix_(chosen, chosen)] for chosen in sectors(parity)])


_METAL, _CHALCOGEN = (_in_sectors(dot_spin(L), PARITY) for L in layer_angular_momentum())


def layer_coupling(lambda_M: Float[Array, ""], lambda_X: Float[Array, ""]) -> Complex[Array, "2 11 11"]:
    """lambda_M L.S on the five d and lambda_X L.S on the three p of each X, in both mirror sectors [eV].

    j = 5/2 of d is raised by lambda_M and j = 3/2 lowered by 3/2 lambda_M; j = 3/2 of p is raised by lambda_X/2 and
    j = 1/2 lowered by lambda_X. Fang et al., Phys. Rev. B 92, 205108 (2015).
    """
    return lambda_M * jnp.asarray(_METAL) + lambda_X * jnp.asarray(_CHALCOGEN)
