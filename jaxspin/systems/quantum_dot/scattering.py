"""The circular construction, equations (5)-(7): S = P U (1 - Q^dagger R Q U)^-1 P^dagger.

U, of the circular orthogonal ensemble, has M orbital channels; the first N of them are the leads, the other M - N are
closed on themselves by R = exp[(2 pi i/M Delta)(epsilon - H')]. The results mean something for M >> N.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex

from jaxspin.numerics.matrix_functions import exponential, product
from jaxspin.systems.quantum_dot.cavity import Cavity
from jaxspin.systems.quantum_dot.parameters import Dot
from jaxspin.systems.quantum_dot.perturbation import Fields, generator, size


def evolution(dot: Dot, fields: Fields, M: int, *, decoupled: bool = False) -> Complex[Array, "k m m"]:
    """R of equation (6): unitary, shape (1, 2(M - N), 2(M - N)), or (2, M - N, M - N) for `decoupled` spins.

    Dephasing does not enter here. Arguments: the dot (scalar fields), X and A_j of size M - N, and M.
    """
    perturbation = generator(dot, fields, decoupled=decoupled) / M
    norm = size(dot, fields.X.shape[0], M) / M
    phase = jnp.exp(2j * jnp.pi * dot.epsilon / M)
    R = jax.vmap(lambda each: exponential(each, norm))(perturbation)
    # squaring doubles the rounding error each time: one Newton step makes R unitary to the last digit again
    return phase * (1.5 * R - 0.5 * product(R, product(R.conj().swapaxes(1, 2), R)))


def circular(dot: Dot, U: Complex[Array, "M M"], R: Complex[Array, "m m"]) -> Cavity:
    """The dot of one U and one block of `evolution`, which may be shared by many U.

    S = U_11 + U_12 (R^-1 - U_22)^-1 U_21: equation (5) without the inverse of a product. Dephasing multiplies R by
    exp(-dephasing/2M), the imaginary part i hbar/2 tau_phi of the energy.

    Arguments:
        dot: the dot, scalar fields.
        U: symmetric unitary matrix of the M orbital channels, the leads first, (M, M).
        R: unitary matrix of the M - N others, with spin or without, (m, m).
    """
    N, M = dot.N, U.shape[0]
    spin = R.shape[0] // (M - N)
    U = jnp.kron(U, jnp.eye(spin))
    c = N * spin
    lossless = R.conj().T
    decay = jnp.minimum(dot.dephasing / M, 300.0)  # all is lost long before, and exp must not overflow
    return Cavity(
        direct=U[:c, :c],
        leave=U[:c, c:],
        inside=jnp.exp(decay / 2) * lossless - U[c:, c:],
        enter=U[c:, :c],
        loss=jnp.expm1(decay),
    )
