"""The massive Dirac model at K, with constants taken from any model of two mirror sectors.

Xiao, Liu, Feng, Xu and Yao, Phys. Rev. Lett. 108, 196802 (2012), with a splitting of the conduction band as well.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from jaxspin.systems.tmdc.bands import eigenstates
from jaxspin.systems.tmdc.hamiltonian import Model, velocity
from jaxspin.systems.tmdc.splitting import K_point


class Dirac(NamedTuple):
    """H = v (tau q_x sigma_x + q_y sigma_y) + E_c(tau s) (1 + sigma_z)/2 + E_v(tau s) (1 - sigma_z)/2.

    q is counted from K (tau = 1) or K' (tau = -1); s = +-1 is the sector, at the band edges the spin. `velocity`:
    hbar v [eV angstrom], a t of Xiao et al.; `valence`, `conduction` (2,): edges E_v and E_c at K for s = +1, -1 [eV].
    """

    velocity: Float[Array, "2"]
    valence: Float[Array, "2"]
    conduction: Float[Array, "2"]


@jax.jit
def dirac(model: Model) -> Dirac:
    """Constants of the massive Dirac model: the edges at K and the interband matrix element of the velocity there.

    Raises:
        ValueError: for a model that is not split into two sectors.
    """
    if len(model.states) != 2:
        raise ValueError(f"dirac needs a model of two mirror sectors, got {len(model.states)}")
    K = K_point(model)
    energies, vectors = eigenstates(model, K[None])
    valence, conduction = vectors[0, :, :, model.occupied - 1], vectors[0, :, :, model.occupied]
    element = jnp.einsum("si,asij,sj->as", conduction.conj(), velocity(model, K), valence)
    strength = jnp.sqrt(jnp.sum(jnp.abs(element) ** 2, axis=0) / 2)  # |<c|v_x|v>| = |<c|v_y|v>| at K
    return Dirac(strength, energies[0, :, model.occupied - 1], energies[0, :, model.occupied])


def dirac_bands(constants: Dirac, q: Float[ArrayLike, "n 2"], valley: int = 1) -> Float[Array, "n 2 2"]:
    """Energies (n, s, band) [eV] of the massive Dirac model at q (n, 2) [1/angstrom] from K (1) or K' (-1).

    Isotropic, and exact to first order in q for the states, to which other bands add part of the mass.
    """
    q = jnp.asarray(q, dtype=float)
    pick = lambda edge: edge[None, ::valley]  # time reversal exchanges the sectors
    middle = (pick(constants.conduction) + pick(constants.valence)) / 2
    half = (pick(constants.conduction) - pick(constants.valence)) / 2
    coupling = pick(constants.velocity) ** 2 * jnp.sum(q**2, axis=1)[:, None]
    height = jnp.sqrt(half**2 + coupling)
    return jnp.stack([middle - height, middle + height], axis=-1)
