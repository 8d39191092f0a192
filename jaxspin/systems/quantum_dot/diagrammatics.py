"""Averages to leading order in 1/N: diffuson, cooperon, weak localization and the covariance of conductances.

The sum over ladders of equation (8) is D = (M - tr R x R'*)^-1, a matrix of order four on the spins of S and of S'*. In
the limit M -> infinity, with energies in units of Delta and gamma the mean dephasing of the two settings,

    D^-1 = N + gamma - 2 pi i (epsilon - epsilon') + i b.sigma x 1 - i 1 x b'.sigma* + a^2 + a'^2
           - a a' (sigma_x x sigma_x* + sigma_y x sigma_y*) + (1/2) (xi x 1 - 1 x xi')^2,    xi = x + x_so sigma_z.

The second factor holds complex conjugates, that is transposes, of spin matrices: this is what the paper's "backwards
multiplication" stands for. X, A_1 and A_2 belong to one dot, of which field and gate are changed, hence a a' where the
paper has a^2. In the cooperon S'* runs backwards, which, after the rotation T = 1 x sigma_2, makes it the diffuson with
a dot in the opposite field: x' -> -x', b' -> -b'.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float

from jaxspin.numerics.small_matrices import inverse_by_sweeps
from jaxspin.systems.quantum_dot.parameters import AbstractDot

X_AXIS = np.array([1.0, 0.0, 0.0])
# where the entries s, t, z and the four couplings stand in a ladder's matrix: rows and columns (s, p, q, z)
_PLACES = np.zeros((7, 4, 4))
_PLACES[0, 0, 0] = _PLACES[1, 1, 1] = _PLACES[1, 2, 2] = _PLACES[2, 3, 3] = 1
_PLACES[3, 1, 0] = _PLACES[4, 3, 2] = 1
_PLACES[3, 0, 1] = _PLACES[4, 2, 3] = -1
_PLACES[5, 0, 3] = _PLACES[5, 3, 0] = _PLACES[6, 1, 2] = _PLACES[6, 2, 1] = 1
_PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])


def mean_conductance(dot: AbstractDot) -> Float[Array, "..."]:
    """Average conductance <G> [e^2/h], equation (13): 2 N_1 N_2/N and the weak localization correction; elementwise."""
    return 2 * contacts(dot) + weak_localization(dot)


def weak_localization(dot: AbstractDot) -> Float[Array, "..."]:
    """Quantum correction <dG> to the average conductance [e^2/h]; elementwise, negative without spin-orbit coupling.

    Equation (13), with uniform spin-orbit coupling besides: it adds 2 x_so^2 to the decay of the two triplets with both
    spins parallel, and 4 x x_so splits them. Dephasing adds to N in the cooperon and not in the prefactor.
    """
    singlet = dot.N + dot.dephasing + 2 * dot.x**2
    parallel = singlet + 2 * dot.a**2 + 2 * dot.x_so**2
    split, zeeman = (4 * dot.x * dot.x_so) ** 2, 4 * dot.b**2
    mixed = (2 * singlet * parallel - parallel**2 + split + zeeman) / (
        singlet * (parallel**2 - split) + zeeman * parallel
    )
    return -contacts(dot) * (1 / (singlet + 4 * dot.a**2) + mixed)


def variance(dot: AbstractDot) -> Float[Array, "..."]:
    """Variance of the conductance at zero temperature [(e^2/h)^2], equation (14); elementwise."""
    return covariance(dot, dot)


def covariance(dot: AbstractDot, other: AbstractDot) -> Float[Array, "..."]:
    """Covariance of a dot's conductances at two settings, zero temperature [(e^2/h)^2], equation (14); elementwise.

    The settings may differ in everything but the contacts: field, gate (a, x_so), energy, dephasing.

    Raises:
        ValueError: where the two have different contacts.
    """
    F_D, F_C = (jnp.sum(jnp.abs(inverse_by_sweeps(rates)) ** 2, axis=(-2, -1)) for rates in ladders(dot, other))
    return contacts(dot) ** 2 * (F_D + F_C)


def contacts(dot: AbstractDot) -> Float[Array, ""]:
    """tr Lambda^2 = N_1 N_2/N, half of the classical conductance [e^2/h]."""
    return jnp.asarray(dot.n1 * dot.n2 / dot.N)


def ladders(dot: AbstractDot, other: AbstractDot) -> tuple[Complex[Array, "... 4 4"], Complex[Array, "... 4 4"]]:
    """D^-1 and C^-1 of two settings with b along x, in the basis (s, p, q, z) where they are simplest; elementwise.

    s = (uu + dd)/sqrt 2, z = (uu - dd)/sqrt 2, p = i (ud + du)/sqrt 2, q = i (ud - du)/sqrt 2 with the spins of S and
    S'*, up and down along z; in the cooperon, after T, s is the singlet. But for the energies all entries are real.
    """
    if isinstance(dot.n1, int) and (dot.n1, dot.n2) != (other.n1, other.n2):
        raise ValueError(
            "both settings need the same contacts: got N_1, N_2 = "
            f"{dot.n1}, {dot.n2} for one and {other.n1}, {other.n2} for the other"
        )
    return _ladder(dot, other), _ladder(dot, reversed_field(other))


def reversed_field(dot: AbstractDot) -> AbstractDot:
    """The dot in the opposite magnetic field: x -> -x, b -> -b."""
    return eqx.tree_at(lambda d: (d.x, d.b), dot, (-dot.x, -dot.b))


def _ladder(dot: AbstractDot, other: AbstractDot) -> Complex[Array, "... 4 4"]:
    energy, x = dot.epsilon - other.epsilon, dot.x - other.x
    common = dot.N + (dot.dephasing + other.dephasing) / 2 - 2j * jnp.pi * energy + x**2 / 2
    unlike, alike = dot.x_so - other.x_so, dot.x_so + other.x_so  # as both spins are equal, or opposite
    diagonal = [
        common + unlike**2 / 2 + (dot.a - other.a) ** 2,
        common + alike**2 / 2 + dot.a**2 + other.a**2,
        common + unlike**2 / 2 + (dot.a + other.a) ** 2,
    ]
    off = [dot.b - other.b, dot.b + other.b, x * unlike, x * alike]
    return jnp.tensordot(jnp.stack(jnp.broadcast_arrays(*diagonal, *off), axis=-1), _PLACES, axes=1)


def diffuson(
    dot: AbstractDot,
    other: AbstractDot,
    *,
    axis: Float[ArrayLike, "3"] = X_AXIS,
    other_axis: Float[ArrayLike, "3"] | None = None,
) -> Complex[Array, "2 2 2 2"]:
    """D of equations (8) and (9), for fields b in any direction, by inversion of the matrix of order four.

    The average of S of the channels k, l and spins mu, nu times the conjugate of S' of the primed ones is
    delta_kk' delta_ll' D[mu, nu, mu', nu'] + delta_kl' delta_lk' C[mu, nu, mu', nu'], with C by `cooperon`. Scalar
    fields.

    Arguments:
        dot, other: the settings of S and S'.
        axis: unit vector along which `dot.b` points, z being normal to the plane.
        other_axis: the same for `other.b`; `axis` by default.
    """
    fields = axis, axis if other_axis is None else other_axis
    matrix = inverse_by_sweeps(_pair(dot, other, *fields, spins=_PAULI.conj(), sign=-1))
    return jnp.einsum("mMnN->mnMN", matrix.reshape(2, 2, 2, 2))


def cooperon(
    dot: AbstractDot,
    other: AbstractDot,
    *,
    axis: Float[ArrayLike, "3"] = X_AXIS,
    other_axis: Float[ArrayLike, "3"] | None = None,
) -> Complex[Array, "2 2 2 2"]:
    """T C T of equations (8) and (10), as `diffuson` gives D. S'* runs backwards here, which takes the place of T."""
    fields = axis, axis if other_axis is None else other_axis
    matrix = inverse_by_sweeps(_pair(dot, other, *fields, spins=_PAULI, sign=1))
    return jnp.einsum("mNnM->mnMN", matrix.reshape(2, 2, 2, 2))


def _pair(
    dot: AbstractDot, other: AbstractDot, axis: ArrayLike, other_axis: ArrayLike, *, spins: np.ndarray, sign: int
) -> Complex[Array, "4 4"]:
    """The inverse of a ladder; `spins` are the Pauli matrices of its second factor, `sign` that of what links both."""
    one = np.eye(2)
    zeeman = jnp.kron(_along(dot.b, axis, _PAULI), one) - jnp.kron(one, _along(other.b, other_axis, spins))
    xi, xi_other = dot.x * one + dot.x_so * _PAULI[2], other.x * one + other.x_so * spins[2]
    orbital = (jnp.kron(xi @ xi, one) + jnp.kron(one, xi_other @ xi_other)) / 2 + sign * jnp.kron(xi, xi_other)
    flips = sum(jnp.kron(_PAULI[j], spins[j]) for j in (0, 1))
    number = dot.N + (dot.dephasing + other.dephasing) / 2 - 2j * jnp.pi * (dot.epsilon - other.epsilon)
    number = number + dot.a**2 + other.a**2
    return number * np.eye(4) + 1j * zeeman + orbital + sign * dot.a * other.a * flips


def _along(b: Array, axis: ArrayLike, spins: np.ndarray) -> Complex[Array, "2 2"]:
    return b * jnp.tensordot(jnp.asarray(axis, dtype=complex), spins, axes=1)
