"""The condensate with the noise of its gain: spontaneous scattering that seeds it from the vacuum.

In reduced units, phi = sqrt(eta/epsilon) psi, and in the frame that turns with the common phase,

    dphi_+-/dtau = (1/2) (p - s -+ i (a s_z + delta)) phi_+- + (1/2) (i - g) phi_-+ + sqrt(nu) xi_+-,
    <xi_i*(tau) xi_j(tau')> = delta_ij delta(tau - tau'),    s = phi^dagger sigma phi/2.

Gain adds polaritons at the rate W/hbar (1 + |psi_+-|^2) to each spin: the 1 is the noise, nu = eta W/epsilon^2, and the
occupations are normally ordered, zero in vacuum. nu does not depend on phi (the saturation of the noise is left out: it
matters only after the choice is made), so Ito and Stratonovich agree.
"""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float, PRNGKeyArray

from jaxspin.systems.polariton.amplitude import drift, linear_growth
from jaxspin.systems.polariton.parameters import Condensate, Physical
from jaxspin.systems.polariton.probability import Probability, ends_of
from jaxspin.systems.polariton.spinor import pseudospin

_STEP = 0.05  # reduced time; the stochastic Heun method is of weak order 2 for such noise


def noise_strength(physical: Physical) -> Float[Array, ""]:
    """Strength nu = eta W/epsilon^2 of the spontaneous scattering that belongs to the gain W; a pure number."""
    return physical.eta * physical.W / physical.epsilon**2


def vacuum_coherence(c: Condensate, noise: Float[ArrayLike, ""]) -> Complex[Array, "2 2"]:
    """<phi phi^dagger> that the noise keeps up below threshold, shape (2, 2), exact to first order in nu.

    The Ornstein-Uhlenbeck process: A N + N A^dagger + nu = 0. Its trace is twice the mean |s|; in a field A is not
    normal, which adds to it (Petermann's excess noise). Means nothing above threshold.
    """
    A, one = linear_growth(c), jnp.eye(2)
    stationary = jnp.kron(A, one) + jnp.kron(one, A.conj())
    return -jnp.linalg.solve(stationary, (noise * one).ravel().astype(A.dtype)).reshape(2, 2)


def simulate_noise(
    c: Condensate,
    key: PRNGKeyArray,
    noise: Float[ArrayLike, ""],
    times: Float[ArrayLike, " n"],
    phi0: Complex[ArrayLike, "2"] | None = None,
    *,
    step: float = _STEP,
) -> Complex[Array, "n 2"]:
    """One realisation of the noisy spinor, from `phi0` (vacuum) at tau = 0; `vmap` over keys makes an ensemble.

    The stochastic Heun method with constant steps. Differentiable, at a fixed path, in all but key and times.

    Arguments:
        c: the condensate.
        key: random key; the same key is the same path at any parameters (and the same times and step).
        noise: nu, see `noise_strength`; >= 0.
        times: increasing reduced times >= 0, shape (n,), concrete.
        phi0: reduced spinor at tau = 0, vacuum by default.
        step: longest step, reduced time.

    Returns:
        Reduced spinors, shape (n, 2); `pseudospin` makes Stokes vectors of them.

    Raises:
        ValueError: for times that do not increase from 0 on.
    """
    intervals = np.diff(np.asarray(times, dtype=float), prepend=0.0)
    if intervals.ndim != 1 or intervals.size == 0 or not (np.isfinite(intervals).all() and intervals[-1] > 0):
        raise ValueError("times must be a list of at least one finite number, the last above zero")
    if intervals[0] < 0 or np.any(intervals[1:] <= 0):
        raise ValueError("times must start at 0 or later, and increase")
    steps = max(1, math.ceil(float(intervals.max()) / step))
    amplitude = jnp.sqrt(jnp.asarray(noise, dtype=float))

    def advance(phi, given):
        h, key = given

        def heun(phi, key):
            kick = jax.random.normal(key, (2, 2), dtype=float)
            kick = amplitude * jnp.sqrt(h / 2) * jax.lax.complex(kick[0], kick[1])
            slope = drift(c, phi)
            return phi + h / 2 * (slope + drift(c, phi + h * slope + kick)) + kick, None

        phi, _ = jax.lax.scan(heun, phi, jax.random.split(key, steps))
        return phi, phi

    start = jnp.zeros(2, dtype=complex) if phi0 is None else jnp.asarray(phi0, dtype=complex)
    _, path = jax.lax.scan(advance, start, (jnp.asarray(intervals / steps), jax.random.split(key, intervals.size)))
    return path


def aligned_probability_from_vacuum(
    c: Condensate, key: PRNGKeyArray, n: int, noise: Float[ArrayLike, ""], duration: float, *, step: float = _STEP
) -> Probability:
    """Probability of the aligned state when the pump is switched on at tau = 0 and noise alone seeds the condensate.

    A realisation counts for the state in whose basin it is after `duration`, which should be long enough for the
    occupation to have grown, log(1/nu)/(p + |g|) or more, and short before the times in which noise kicks the
    condensate out of a state again. Derivatives are zero, as of any count.

    Arguments:
        c: the condensate.
        key: random key.
        n: number of realisations.
        noise: nu, see `noise_strength`.
        duration: reduced time with noise.
        step: longest step, reduced time.
    """
    c, noise = jax.lax.stop_gradient((c, noise))
    times = np.array([duration], dtype=float)
    last = jax.vmap(lambda key: simulate_noise(c, key, noise, times, step=step)[-1])(jax.random.split(key, n))
    return ends_of(c, pseudospin(last))
