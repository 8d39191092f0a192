"""The Hamiltonian construction: S = 1 - 2 pi i W^dagger (E - H - H' + i pi W W^dagger)^-1 W, with H of the GOE.

H has M orbital levels, as many as U has channels in `scattering`; the two constructions agree for M >> N (Brouwer,
Frahm and Beenakker, Waves in Random Media 9, 91 (1999)). Energies in units of Delta, E = epsilon.
"""

import math

import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from jaxspin.systems.quantum_dot.cavity import Cavity
from jaxspin.systems.quantum_dot.parameters import Dot


def broadening(N: int, M: int) -> float:
    """sigma = pi W^2 [Delta]: the coupling of the leads to their N levels that makes the contacts ideal.

    In the self-consistent Born approximation with elements of H of variance v, levels without a lead have the width
    sigma = v [(M - N)/sigma + N/2 sigma], where <S> = 0 demands pi W^2 = sigma: sigma^2 = v (M - N/2). The scale is set
    by the escape into N channels, N_C = N + 2 x^2: v = (M - 3N/4)/pi^2. For energies and b the same holds up to a
    relative correction N/8M.
    """
    return math.sqrt((M - N / 2) * (M - 3 * N / 4)) / math.pi


def hamiltonian(dot: Dot, H: Float[Array, "M M"], perturbation: Complex[Array, "m m"]) -> Cavity:
    """The dot of one H and one block of `perturbation.generator`.

    Dephasing adds i hbar/2 tau_phi to the energy.

    Arguments:
        dot: the dot, scalar fields.
        H: matrix of the Gaussian orthogonal ensemble as `random_matrix.goe` draws it, (M, M).
        perturbation: -2 pi i H'/Delta, of M levels with spin or without, (m, m).
    """
    N, M = dot.N, H.shape[0]
    spin = perturbation.shape[0] // M
    m, c = M * spin, N * spin
    sigma = broadening(N, M)
    closed = jnp.kron(H * (math.sqrt(M - 3 * N / 4) / math.pi), jnp.eye(spin))
    energy = dot.epsilon + 1j * dot.dephasing / (4 * math.pi)
    leads = jnp.eye(m, c)
    shift = energy * jnp.eye(m) + 1j * sigma * (leads @ leads.T)
    coupling = math.sqrt(2 * sigma) * leads.astype(complex)
    return Cavity(
        direct=jnp.eye(c, dtype=complex),
        leave=coupling.T,
        inside=shift - closed - perturbation * (1j / (2 * math.pi)),
        enter=-1j * coupling,
        loss=dot.dephasing / (2 * math.pi),
    )
