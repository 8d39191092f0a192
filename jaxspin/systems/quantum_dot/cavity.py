"""What the circular and the Hamiltonian construction share: S = direct + leave B^-1 enter, and conductances from it.

A dephased dot loses electrons inside, uniformly, at the rate 1/tau_phi, and gets them back without phase memory:
Buettiker's voltage probe in the limit of many weakly coupled channels (Brouwer and Beenakker, Phys. Rev. B 55, 4695
(1997)). Conductances are in e^2/h.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float


class Cavity(NamedTuple):
    """One dot as a linear problem; m is the size of its inside, c = N_1 + N_2 or twice that, spin included.

    `direct` (c, c), `leave` (c, m), `inside` B (m, m), `enter` (m, c). `loss` is such that loss |B^-1 enter e_j|^2 is
    the probability that an electron from channel j is lost to dephasing; zero in a coherent dot.
    """

    direct: Complex[Array, "c c"]
    leave: Complex[Array, "c m"]
    inside: Complex[Array, "m m"]
    enter: Complex[Array, "m c"]
    loss: Float[Array, ""]


def scattering_matrix(cavity: Cavity) -> Complex[Array, "c c"]:
    """S, shape (c, c): unitary without dephasing, subunitary with it."""
    return cavity.direct + cavity.leave @ jnp.linalg.solve(cavity.inside, cavity.enter)


def coherent_conductance(blocks: Cavity, n1: int) -> Float[Array, ""]:
    """tr t t^dagger [e^2/h] from the first n1 orbital channels to the others; dephasing is left out.

    `blocks`: one cavity with spin, or one for each of two spins, along a leading axis.
    """
    c1 = 2 * n1 // blocks.loss.shape[0]

    def transmitted(cavity: Cavity) -> Float[Array, ""]:
        within = jnp.linalg.solve(cavity.inside, cavity.enter[:, :c1])
        return jnp.sum(jnp.abs(cavity.direct[c1:, :c1] + cavity.leave[c1:] @ within) ** 2)

    return jnp.sum(jax.vmap(transmitted)(blocks))


def conductance(blocks: Cavity, n1: int) -> Float[Array, ""]:
    """Conductance [e^2/h] with dephasing: what is transmitted, and the part of what is lost that returns into lead 2.

    G = T_21 + T_2p T_p1/(T_1p + T_2p), where p is the probe, one for both spins. Exact also at, and differentiable
    through, zero dephasing: fluxes to and from the probe are proportional to `loss`, which their ratio does not need.
    `blocks`: as in `coherent_conductance`.
    """
    c1 = 2 * n1 // blocks.loss.shape[0]

    def fluxes(cavity: Cavity) -> tuple[Float[Array, ""], ...]:
        # together, as one batch: separate solves in a loop can block each other on a CPU of few cores (JAX 0.10.1)
        within, back = jnp.linalg.solve(
            jnp.stack([cavity.inside, cavity.inside.T]), jnp.stack([cavity.enter, cavity.leave.T])
        )
        transmitted = cavity.direct[c1:, :c1] + cavity.leave[c1:] @ within[:, :c1]
        probe_to = jnp.sum(jnp.abs(back) ** 2, axis=0)  # over loss, as the next
        to_probe = jnp.sum(jnp.abs(within[:, :c1]) ** 2)
        return jnp.sum(jnp.abs(transmitted) ** 2), to_probe, jnp.sum(probe_to[:c1]), jnp.sum(probe_to[c1:])

    T_21, T_p1, T_1p, T_2p = (jnp.sum(each) for each in jax.vmap(fluxes)(blocks))
    return T_21 + blocks.loss[0] * T_p1 * T_2p / (T_1p + T_2p)
