"""How far a prediction lies from a measurement: Gaussian errors, and limits as censored observations.

A measured value contributes -2 log L = z² with z = (prediction - value)/sigma. A limit says only on which side of
`value` the truth lies, through an instrument of width `sigma`: L = Phi(z) for "truth > value" and Phi(-z) for
"truth < value" (the Tobit likelihood, Tobin, Econometrica 26, 24 (1958)). Both are written as squares of residuals, so
that least squares applies: r = z, or r = sqrt(-2 log Phi(±z)).
"""

import math

import jax
import jax.numpy as jnp
from jax.scipy.special import log_ndtr, ndtr
from jaxtyping import Array, Float, Int

_FAR = 10.0
_LOG_SQRT_TWO_PI = 0.5 * math.log(2 * math.pi)


@jax.custom_jvp
def limit_residual(z: Float[Array, "..."]) -> Float[Array, "..."]:
    """sqrt(-2 log Phi(z)): |z| where a limit is violated (z << 0), exp(-z²/4) and less where it is met.

    `z`: signed distance inside the limit in units of sigma. Exact to rounding in both tails, as is its derivative.
    """
    near = jnp.clip(z, -jnp.inf, _FAR)
    # -log Phi = -log1p(-Q) keeps the digits of a small tail Q that log(1 - Q) loses
    deviance = -2 * jnp.where(near > 0, jnp.log1p(-ndtr(-jnp.clip(near, 0, None))), log_ndtr(jnp.clip(near, None, 0.0)))
    far = jnp.exp(0.5 * (math.log(2) + log_ndtr(-jnp.clip(z, _FAR, None))))
    return jnp.where(z > _FAR, far, jnp.sqrt(deviance))


@limit_residual.defjvp
def _limit_residual_jvp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (z,), (dz,) = primals, tangents
    return limit_residual(z), _slope(z) * dz


def _slope(z: Array) -> Array:
    """dr/dz = -phi/(Phi r), taken in logarithms beyond z = 10, where phi, and then r, underflow."""
    near, far = jnp.clip(z, None, _FAR), jnp.clip(z, _FAR, None)
    hazard = jnp.exp(_log_density(near) - log_ndtr(near))
    tail = jnp.exp(_log_density(far) - 0.5 * (math.log(2) + log_ndtr(-far)))
    return -jnp.where(z > _FAR, tail, hazard / limit_residual(near))


def _log_density(z: Array) -> Array:
    return -0.5 * z**2 - _LOG_SQRT_TWO_PI


def _limit_information(z: Array) -> Array:
    """-d² log Phi/dz² = h (h + z) with the hazard h = phi/Phi; 1 - 1/z² + 6/z⁴ far on the violated side."""
    near, far = jnp.clip(z, -30.0, None), jnp.clip(z, None, -30.0)
    hazard = jnp.exp(_log_density(near) - log_ndtr(near))
    return jnp.where(z < -30, 1 - far**-2 + 6 * far**-4, hazard * (hazard + near))


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
