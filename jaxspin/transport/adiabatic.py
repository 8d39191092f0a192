"""The pump in the limit of a slow drive, by the scattering matrix of every instant (Brouwer, PRB 58, R10135 (1998))."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from jaxspin.transport.drives import Driven
from jaxspin.transport.static import scattering_matrix_of


@eqx.filter_jit
def adiabatic_current(driven: Driven, energy: Float[ArrayLike, ""], *, points: int = 64) -> Float[Array, " leads"]:
    """dc current into every lead at zero temperature and bias, to first order in the frequency [energy e/h].

    I_a is the average over a period of Im sum_(c in a) (dS/dt S^dagger)_cc, up to sign: with S of the network at the
    Hamiltonian of that instant. It vanishes where only one parameter moves.

    Arguments:
        driven: network and drives.
        energy: the common chemical potential [energy].
        points: instants in a period; the error falls exponentially.
    """
    network = driven.network
    sizes = [len(lead.sites) * network.orbitals for lead in network.leads]
    period = 2 * jnp.pi / driven.frequency

    def scattering(time):
        frozen = eqx.tree_at(lambda net: net.hamiltonian, network, driven.hamiltonian(time))
        return scattering_matrix_of(frozen, jnp.asarray(energy, dtype=float))

    def leaving(time):
        s, rate = jax.jvp(scattering, (time,), (jnp.ones_like(time),))
        each = -jnp.sum(rate * s.conj(), axis=1).imag
        return jnp.stack([jnp.sum(part) for part in jnp.split(each, np.cumsum(sizes)[:-1])])

    return jnp.mean(jax.vmap(leaving)(jnp.arange(points) * period / points), axis=0)
