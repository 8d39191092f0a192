"""The shape of chi2 at its minimum: Laplace covariance, bounds that are touched, directions the data cannot determine.

Near the optimum -log L = chi2/2 is quadratic in the parameters p, with the Fisher matrix J^T W J: J the Jacobian of
the predictions, W the curvature of each measurement's likelihood. Its inverse is the covariance. The singular vectors
of W^(1/2) J in *scaled* coordinates (log p for positive parameters, p/scale otherwise) say which combinations of
parameters the data know: a vanishing singular value is a direction that changes no prediction.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from jaxspin.core import Differentiate
from jaxspin.inverse.problem import Problem

_TOUCHING = 1e-4  # of a parameter's scale (or range) from its bound
_WEAKEST = 1e-3  # a direction known to worse than a factor exp(1000), or 1000 scales, is unknown
_SHARE = 1e-2  # component of a unit vector below which a parameter takes no part in it


class Laplace(eqx.Module):
    """Quadratic approximation of chi2 at the optimum, for n free parameters.

    `covariance`: in the parameters' units, within the determined directions, zero for parameters at a bound.
    `stderr`: infinite where undetermined; for a parameter at a bound, the distance into the allowed range at which
    chi2 has risen by 1. `unit`: what one scaled coordinate means in the parameter's unit (its value, or its scale).
    `directions`: orthonormal rows in scaled coordinates; those marked `unseen` change no datum. `unfixed`: the rows
    that neither data nor priors fix, the others zero. `at_bound`, `undetermined` (even with priors), `from_prior` (by
    nothing else): which parameters are so. `gradient`: of chi2 in unconstrained coordinates. `pull`, `curvature`:
    first and half of the second derivative of chi2 in each parameter alone. `edm`: how far chi2 would still fall if
    it were quadratic.
    """

    covariance: Float[Array, "n n"]
    stderr: Float[Array, " n"]
    unit: Float[Array, " n"]
    directions: Float[Array, "n n"]
    unseen: Bool[Array, " n"]
    unfixed: Float[Array, "n n"]
    at_bound: Bool[Array, " n"]
    undetermined: Bool[Array, " n"]
    from_prior: Bool[Array, " n"]
    gradient: Float[Array, " n"]
    pull: Float[Array, " n"]
    curvature: Float[Array, " n"]
    edm: Float[Array, ""]

    def spread(self, jacobian: Float[Array, "m n"]) -> Float[Array, " m"]:
        """Standard error of quantities with this Jacobian (their units per parameter unit), by J C J^T.

        Infinite where a quantity changes along a direction that nothing determines.
        """
        variance = jnp.sum((jacobian @ self.covariance) * jacobian, axis=1)
        steps = jacobian * self.unit[None, :]
        leak, size = jnp.linalg.norm(steps @ self.unfixed.T, axis=1), jnp.linalg.norm(steps, axis=1)
        return jnp.where(leak > 1e-4 * size, jnp.inf, jnp.sqrt(jnp.maximum(variance, 0.0)))


class Optimum(eqx.Module):
    """Predictions, residuals and model status at the optimum, in the order of the residuals, and their `Laplace`."""

    predicted: Float[Array, " N"]
    band: Float[Array, " N"]
    residual: Float[Array, " M"]
    model_status: dict[str, Int[Array, "..."]]
    laplace: Laplace


def expand(problem: Problem, u: Float[Array, " n"]) -> Optimum:
    """Expand chi2 to second order at `u`, in the parameters themselves, with one forward-mode Jacobian."""
    values = problem.space.values(u)

    def predict(values: Array) -> tuple[Array, tuple]:
        predicted, status = problem.predict(values, Differentiate.forward)
        return predicted, (predicted, status)

    jacobian, (predicted, status) = jax.jacfwd(predict, has_aux=True)(values)
    residual, slope = jax.jvp(problem.distances, (predicted,), (jnp.ones_like(predicted),))
    weight = problem.information(predicted)
    pull, pull_jacobian = problem.prior_residuals(values), jax.jacfwd(problem.prior_residuals)(values)
    from_data = jnp.sqrt(weight)[:, None] * jacobian
    gradient = (residual * slope) @ jacobian + pull @ pull_jacobian
    laplace = _laplace(problem, values, from_data, pull_jacobian, gradient)
    return Optimum(predicted, laplace.spread(jacobian), jnp.concatenate([residual, pull]), status, laplace)


def _laplace(problem: Problem, values: Array, data: Array, prior: Array, gradient: Array) -> Laplace:
    """From the weighted Jacobians of data and priors, and half the gradient of chi2, all with respect to `values`."""
    space, both = problem.space, jnp.concatenate([data, prior])
    curvature = jnp.sum(both**2, axis=0)
    at_bound = _at_bound(problem, values, curvature, gradient)
    free = ~at_bound
    unit = jnp.stack(
        [
            jnp.abs(p) if b.lower >= 0 or b.upper <= 0 else jnp.maximum(jnp.abs(p), b.scale)
            for p, b in zip(values, space.bijections, strict=True)
        ]
    )
    unit = jnp.where(unit > 0, unit, 1.0)
    size, modes, unfixed = _singular(both, unit, free)
    directions, unseen = _singular(data, unit, free)[1:] if len(prior) else (modes, unfixed)
    known = jnp.where(unfixed, 0.0, 1 / jnp.where(unfixed, 1.0, size))
    root = modes * known[:, None]
    scaled = jnp.where(free[:, None] & free[None, :], root.T @ root, 0.0)
    covariance = scaled * unit[:, None] * unit[None, :]
    unfixed = jnp.where(unfixed[:, None], modes, 0.0)
    undetermined = free & (jnp.linalg.norm(unfixed, axis=0) > _SHARE)
    open_to_data = free & (jnp.linalg.norm(jnp.where(unseen[:, None], directions, 0.0), axis=0) > _SHARE)
    stderr = jnp.where(at_bound, rise(2 * gradient, curvature, 1.0), jnp.sqrt(jnp.diagonal(covariance)))
    return Laplace(
        covariance=covariance,
        stderr=jnp.where(undetermined, jnp.inf, stderr),
        unit=unit,
        directions=directions,
        unseen=unseen,
        unfixed=unfixed,
        at_bound=at_bound,
        undetermined=undetermined,
        from_prior=open_to_data & ~undetermined,
        gradient=2 * gradient * space.slopes(values),
        pull=2 * gradient,
        curvature=curvature,
        edm=gradient @ covariance @ gradient,
    )


def rise(pull: Float[Array, " n"], curvature: Float[Array, " n"], by: float | Array) -> Float[Array, " n"]:
    """Distance d from a bound, into the allowed range, at which chi2 has risen: |pull| d + curvature d² = by."""
    slope = 0.5 * jnp.abs(pull)
    root = slope + jnp.sqrt(slope**2 + by * curvature)
    return jnp.where(root > 0, by / jnp.where(root > 0, root, 1.0), jnp.inf)


def _singular(jacobian: Array, unit: Array, free: Array) -> tuple[Array, Array, Array]:
    """Singular values, right singular vectors (rows) in scaled coordinates, and which of them leave no mark."""
    scaled = jnp.where(free[None, :], jacobian * unit[None, :], 0.0)
    scaled = jnp.where(jnp.isfinite(scaled), scaled, 0.0)
    largest = jnp.max(jnp.linalg.norm(scaled, axis=0), initial=0.0)
    # parameters at a bound get a singular value of their own, so that they mix with no direction; and n rows more
    # make the decomposition square enough where there are fewer data than parameters
    aside = jnp.diag(jnp.where(free, 0.0, jnp.where(largest > 0, largest, 1.0)))
    _, size, modes = jnp.linalg.svd(jnp.concatenate([scaled, aside]), full_matrices=False)
    rounding = 10 * jnp.sqrt(jnp.finfo(size.dtype).eps)
    return size, modes, size <= jnp.maximum(rounding * size[0], _WEAKEST)


def _at_bound(problem: Problem, values: Array, curvature: Array, gradient: Array) -> Array:
    """Parameters that touch a bound, which chi2 pushes against, and which the coordinate u no longer moves."""
    touching = []
    for p, g, b in zip(values, gradient, problem.space.bijections, strict=True):
        low = (p - b.lower < _TOUCHING * b.width) & (g >= 0)
        high = (b.upper - p < _TOUCHING * b.width) & (g <= 0)
        touching.append(low | high)
    return jnp.stack(touching) & (problem.space.slopes(values) ** 2 * curvature < 1)
