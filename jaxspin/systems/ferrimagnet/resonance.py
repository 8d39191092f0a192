"""Resonance: the linear modes of a macrospin or of two coupled sublattices about an equilibrium."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from jaxspin.systems.ferrimagnet.drive import Drive
from jaxspin.systems.ferrimagnet.macrospin import Magnet, Moments, rate


class Modes(eqx.Module):
    """Linear modes, one a sublattice, by ascending frequency: dm(t) = Re[shape exp((2 pi i f - damping) t)].

    `frequency` f [Hz] and `damping` [1/s] have shape (modes,); `shape` (modes, sublattices, 3) is complex and has unit
    length. A damping below zero is an instability; overdamped modes have f = 0. A mode's linewidth (full, in angular
    frequency) is twice its damping.
    """

    frequency: Float[Array, " modes"]
    damping: Float[Array, " modes"]
    shape: Complex[Array, "modes sublattices 3"]


def modes(magnet: Magnet, drive: Drive, m: Moments, t: float = 0.0) -> Modes:
    """Modes about the equilibrium m, from the Jacobian of the Landau-Lifshitz-Gilbert equation, torques included.

    Frequencies and dampings are differentiable (with m from `relax`, along its shift too) where no two modes coincide;
    `shape` is not.

    Arguments: magnet; drive, held at its value at time t [s]; m, unit vectors at rest, shape (sublattices, 3).
    """
    n = m.shape[0]
    basis = jax.vmap(_tangents)(m)  # (n, 3, 2)
    jacobian = jax.jacfwd(lambda m: rate(magnet, drive, m, t))(m)  # (n, 3, n, 3)
    linear = jnp.einsum("ixa,ixjy,jyb->iajb", basis, jacobian, basis).reshape(2 * n, 2 * n)
    eigenvalues = jnp.linalg.eigvals(linear)
    _, vectors = jnp.linalg.eig(jax.lax.stop_gradient(linear))
    # eigenvalues come as conjugate pairs: the n with the largest imaginary parts, slowest first
    chosen = jnp.lexsort((eigenvalues.real, eigenvalues.imag))[n:]
    shape = jnp.einsum("ixa,iak->kix", basis, vectors.reshape(n, 2, 2 * n))
    return Modes(eigenvalues[chosen].imag / (2 * jnp.pi), -eigenvalues[chosen].real, shape[chosen])


def _tangents(m: Float[Array, "3"]) -> Float[Array, "3 2"]:
    """Two unit vectors normal to m and each other, regular for every m (Duff et al., J. Comput. Graph. Tech. 6, 1)."""
    x, y, z = m
    sign = jnp.where(z < 0, -1.0, 1.0)
    a = -1 / (sign + z)
    b = x * y * a
    return jnp.array([[1 + sign * x**2 * a, b], [sign * b, sign + y**2 * a], [-sign * x, -y]])
