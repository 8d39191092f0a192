"""The spinor of one condensate in reduced units, phi = sqrt(eta/epsilon) psi, without its common phase.

    dphi_+-/dtau = (1/2) (p - s -+ i (a s_z + delta)) phi_+- + (1/2) (i - g) phi_-+,    s = phi^dagger sigma phi/2.

What noise and neighbours act on; the pseudospin of phi obeys equations (3).
"""

import jax.numpy as jnp
from jaxtyping import Array, Complex

from jaxspin.systems.polariton.parameters import Condensate


def drift(c: Condensate, phi: Complex[Array, "2"]) -> Complex[Array, "2"]:
    """dphi/dtau, shape (2,)."""
    occupation = phi.real**2 + phi.imag**2
    field = c.a * (occupation[0] - occupation[1]) / 2 + c.delta
    gain = c.p - jnp.sum(occupation) / 2
    return ((gain - 1j * field * jnp.array([1.0, -1.0])) * phi + (1j - c.g) * phi[::-1]) / 2


def linear_growth(c: Condensate) -> Complex[Array, "2 2"]:
    """The matrix A of dphi/dtau = A phi in an almost empty condensate."""
    off = 1j - c.g
    return jnp.stack([jnp.stack([c.p - 1j * c.delta, off]), jnp.stack([off, c.p + 1j * c.delta])]) / 2
