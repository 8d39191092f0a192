"""How far a prediction lies from a measurement: Gaussian errors, and limits as censored observations.

A measured value contributes -2 log L = z² with z = (prediction - value)/sigma. A limit says only on which side of
`value` the truth lies, through an instrument of width `sigma`: L = Phi(z) for "truth > value" and Phi(-z) for
"truth < value" (the Tobit likelihood, Tobin, Econometrica 26, 24 (1958)). Both are written as squares of residuals, so
that least squares applies: r = z, or r = sqrt(-2 log Phi(±z)).
"""

import math

import jax
import jax.numpy as jnp
from jax.scipy.special import erfc
from jaxtyping import Array, Float, Int

_FAR = 30.0
_LOG_SQRT_TWO_PI = 0.5 * math.log(2 * math.pi)


@jax.custom_jvp
def limit_residual(z: Float[Array, "..."]) -> Float[Array, "..."]:
    """sqrt(-2 log Phi(z)): |z| where a limit is violated (z << 0), exp(-z²/4) and less where it is met.

    `z`: signed distance inside the limit in units of sigma. Exact to rounding in both tails, as is its derivative.
    """
    return jnp.exp(0.5 * _log_deviance(z)[0])


@limit_residual.defjvp
def _limit_residual_jvp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (z,), (dz,) = primals, tangents
    log_deviance, log_hazard = _log_deviance(z)
    # dr/dz = -phi/(Phi r), as one exponential because phi and r underflow together
    return jnp.exp(0.5 * log_deviance), -jnp.exp(log_hazard - 0.5 * log_deviance) * dz


def _log_deviance(z: Array) -> tuple[Array, Array]:
    """log(-2 log Phi) and log(phi/Phi), from the smaller tail Q(|z|) of the normal distribution."""
    z = jnp.minimum(z, 1e3)  # where all is zero, but z² does not overflow
    distance = jnp.abs(z)
    near, far = jnp.minimum(distance, _FAR), jnp.maximum(distance, _FAR)
    mills = jnp.log(0.5 * erfc(near / math.sqrt(2))) + 0.5 * near**2 + _LOG_SQRT_TWO_PI
    series = jnp.log1p(far**-2 * (-1 + far**-2 * (3 + far**-2 * (-15 + far**-2 * 105)))) - jnp.log(far)
    log_ratio = jnp.where(distance < _FAR, mills, series)  # log(Q/phi)
    log_density = -0.5 * z**2 - _LOG_SQRT_TWO_PI
    log_tail = log_density + log_ratio
    # met: -log Phi = -log(1 - Q), whose logarithm is log Q once Q is lost beside 1; violated: -log Q
    tail = jnp.exp(jnp.minimum(log_tail, -math.log(2)))
    visible = jnp.maximum(tail, 1e-20)
    met = jnp.where(tail > 1e-20, jnp.log(-jnp.log1p(-visible)), log_tail)
    violated = jnp.log(-jnp.minimum(log_tail, -math.log(2)))
    log_deviance = math.log(2) + jnp.where(z > 0, met, violated)
    return log_deviance, jnp.where(z > 0, log_density - jnp.log1p(-tail), -log_ratio)


def _limit_information(z: Array) -> Array:
    """-d² log Phi/dz² = h (h + z) with the hazard h = phi/Phi; 1 - 1/z² + 6/z⁴ far on the violated side."""
    near, far = jnp.maximum(z, -_FAR), jnp.minimum(z, -_FAR)
    hazard = jnp.exp(_log_deviance(near)[1])
    return jnp.where(z < -_FAR, 1 - far**-2 + 6 * far**-4, hazard * (hazard + near))


def residuals(
    predicted: Float[Array, " n"], value: Float[Array, " n"], sigma: Float[Array, " n"], limit: Int[Array, " n"] | None
) -> Float[Array, " n"]:
    """Residuals whose squares sum to -2 log L, up to its constant: (prediction - value)/sigma, or that of a limit.

    `predicted`, `value`, `sigma` in the observable's unit; `limit`: 0 measured, +1 "truth > value", -1 "truth < value"
    (None: all measured, which compiles to much less).
    """
    z = (predicted - value) / sigma
    if limit is None:
        return z
    return jnp.where(limit == 0, z, limit_residual(jnp.where(limit < 0, -z, z)))


def information(
    predicted: Float[Array, " n"], value: Float[Array, " n"], sigma: Float[Array, " n"], limit: Int[Array, " n"] | None
) -> Float[Array, " n"]:
    """Curvature of -log likelihood with respect to the prediction: 1/sigma², and between 0 and that for a limit."""
    if limit is None:
        return jnp.broadcast_to(sigma**-2, predicted.shape)
    z = (predicted - value) / sigma
    return jnp.where(limit == 0, 1.0, _limit_information(jnp.where(limit < 0, -z, z))) / sigma**2
