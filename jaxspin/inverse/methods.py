"""How to minimise chi2: Levenberg-Marquardt for least squares, L-BFGS and optax optimisers for large problems.

A method is an immutable object that makes an optimistix solver; `descent.py` steps it.
"""

import abc
from collections.abc import Callable
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
import optimistix as optx
from jaxtyping import Array, Bool, Float, Int

from jaxspin.core import Differentiate
from jaxspin.inverse.problem import Problem

_PATIENCE = 12  # trial steps in a row that may fail to lower chi2


class Method(eqx.Module):
    """A way to minimise: which direction of derivatives it needs, its budget, and an optimistix solver."""

    differentiate: eqx.AbstractClassVar[Differentiate]
    max_steps: eqx.AbstractVar[int]

    @abc.abstractmethod
    def solver(self) -> Any:
        """The optimistix solver, stepped by `descend`."""

    @abc.abstractmethod
    def objective(self, u: Float[Array, " n"], problem: Problem) -> tuple[Array, Float[Array, ""]]:
        """What the solver wants (residuals, or half of chi2), and chi2."""


class _ScalarMethod(Method):
    differentiate: ClassVar[Differentiate] = Differentiate.reverse

    def objective(self, u: Float[Array, " n"], problem: Problem) -> tuple[Array, Float[Array, ""]]:
        chi2 = problem.chi2(u, self.differentiate)
        return 0.5 * chi2, chi2


class LevenbergMarquardt(Method):
    """Damped Gauss-Newton with one forward-mode Jacobian a step: the default, for up to a hundred free parameters.

    Stops when chi2, if it were quadratic, could fall by less than `tolerance` (times chi2 per residual where that
    exceeds 1), which leaves parameters within sqrt(tolerance) standard errors of the minimum. `damping` is the first
    damping relative to the stiffest direction of J^T J; smaller is bolder.
    """

    tolerance: float = 1e-10
    max_steps: int = 100
    damping: float = 1e-2
    differentiate: ClassVar[Differentiate] = Differentiate.forward

    def solver(self) -> Any:
        return DampedGaussNewton(tolerance=self.tolerance, relative_damping=self.damping)

    def objective(self, u: Float[Array, " n"], problem: Problem) -> tuple[Array, Float[Array, ""]]:
        residual = problem.residuals(u, self.differentiate)
        return residual, jnp.sum(residual**2)


class Optax(_ScalarMethod):
    """Any optax optimiser for at most `steps` steps; stops early when nothing changes by more than `rtol`."""

    optimiser: optax.GradientTransformation | optax.GradientTransformationExtraArgs
    max_steps: int
    rtol: float

    def __init__(self, optimiser: Any, steps: int, rtol: float = 1e-9):
        self.optimiser, self.max_steps, self.rtol = optimiser, steps, rtol

    def solver(self) -> Any:
        return optx.OptaxMinimiser(self.optimiser, self.rtol, self.rtol)


class Adam(_ScalarMethod):
    """Adam; its learning rate (in unconstrained coordinates) decays along a cosine to 1e-4 of itself over all steps."""

    learning_rate: float = 0.1
    max_steps: int = 2000
    rtol: float = 1e-9

    def solver(self) -> Any:
        schedule = optax.cosine_decay_schedule(self.learning_rate, self.max_steps, alpha=1e-4)
        return optx.OptaxMinimiser(optax.adam(schedule), self.rtol, self.rtol)


class LBFGS(_ScalarMethod):
    """Limited-memory BFGS: for hundreds of free parameters, where a dense Jacobian is too dear."""

    rtol: float = 1e-7
    atol: float = 1e-7
    max_steps: int = 500

    def solver(self) -> Any:
        return optx.LBFGS(self.rtol, self.atol)


class _Quadratic(eqx.Module):
    """chi2 around a point: value, J^T r, J^T J."""

    chi2: Float[Array, ""]
    gradient: Float[Array, " n"]
    normal: Float[Array, "n n"]


class _Trial(eqx.Module):
    """State of `DampedGaussNewton`: chi2 around the last accepted point, the point to try next and what it promises."""

    around: _Quadratic
    next: Float[Array, " n"]
    promised: Float[Array, ""]
    left: Float[Array, ""]
    damping: Float[Array, ""]
    growth: Float[Array, ""]
    failures: Int[Array, ""]
    first: Bool[Array, ""]
    count: int = eqx.field(static=True)


class DampedGaussNewton(optx.AbstractLeastSquaresSolver):
    """Levenberg-Marquardt as an optimistix solver that keeps only J^T J and J^T r, so that many fit in one batch.

    Damping follows the gain ratio (actual over promised fall of chi2) as in Nielsen, IMM-REP-1999-05, but falls to a
    tenth, not a third, after a good step; it begins at `relative_damping` times the largest diagonal element of J^T J,
    so that the first step suits the data's precision.
    """

    tolerance: float = 1e-10
    relative_damping: float = 1e-2
    rtol: float = 0.0
    atol: float = 0.0
    norm: Callable = optx.max_norm

    def init(self, fn: Any, y: Any, args: Any, options: Any, f_struct: Any, aux_struct: Any, tags: Any) -> _Trial:
        big, one = jnp.asarray(jnp.inf, dtype=y.dtype), jnp.ones((), dtype=y.dtype)
        around = _Quadratic(big, jnp.zeros_like(y), jnp.zeros((y.size, y.size), dtype=y.dtype))
        return _Trial(around, y, one, big, one, 2 * one, jnp.asarray(0), jnp.asarray(True), f_struct.size)

    def step(
        self, fn: Any, y: Any, args: Any, options: Any, state: _Trial, tags: Any
    ) -> tuple[Array, _Trial, Float[Array, ""]]:
        tried = _expand(fn, state.next, args)
        gain = (state.around.chi2 - tried.chi2) / state.promised
        rounding = 8 * jnp.finfo(y.dtype).eps * state.around.chi2
        better = (gain > 1e-4) | (jnp.abs(state.around.chi2 - tried.chi2) <= rounding)
        accept = state.first | (better & jnp.isfinite(tried.chi2))
        y = jnp.where(accept, state.next, y)
        around = jax.tree.map(lambda new, old: jnp.where(accept, new, old), tried, state.around)
        stiffest = jnp.max(jnp.diagonal(around.normal))
        stiffest = jnp.where(stiffest > 0, stiffest, 1.0)
        shrunk = state.damping * jnp.maximum(0.1, 1 - (2 * gain - 1) ** 3)
        damping = jnp.where(accept, shrunk, state.damping * state.growth)
        damping = jnp.where(state.first, self.relative_damping * stiffest, damping)
        # the floor keeps the solve regular along directions that the data do not determine
        floor = 1e-12 * stiffest
        size = jnp.stack([jnp.maximum(damping, floor), floor])
        damped, newton = _solve(around, size)
        later = _Trial(
            around=around,
            next=y - damped,
            promised=2 * around.gradient @ damped - damped @ around.normal @ damped,
            left=around.gradient @ newton,
            damping=damping,
            growth=jnp.where(accept, 2.0, 2 * state.growth),
            failures=jnp.where(accept, 0, state.failures + 1),
            first=jnp.asarray(False),
            count=state.count,
        )
        return y, later, around.chi2

    def terminate(self, fn: Any, y: Any, args: Any, options: Any, state: _Trial, tags: Any) -> tuple[Any, Any]:
        arrived = state.left <= self.tolerance * jnp.maximum(1.0, state.around.chi2 / state.count)
        stalled = (state.failures >= _PATIENCE) | ~jnp.isfinite(state.around.chi2) & ~state.first
        failed = optx.RESULTS.where(stalled, optx.RESULTS.nonlinear_divergence, optx.RESULTS.successful)
        return arrived, failed

    def postprocess(
        self, fn: Any, y: Any, aux: Any, args: Any, options: Any, state: _Trial, tags: Any, result: Any
    ) -> tuple[Any, Any, dict[str, Any]]:
        return y, aux, {}


def _expand(fn: Callable, y: Array, args: Any) -> _Quadratic:
    def twice(y: Array) -> tuple[Array, tuple[Array, Array]]:
        residual, chi2 = fn(y, args)
        return residual, (residual, chi2)

    jacobian, (residual, chi2) = jax.jacfwd(twice, has_aux=True)(y)
    return _Quadratic(chi2, residual @ jacobian, jacobian.T @ jacobian)


def _solve(around: _Quadratic, damping: Float[Array, " k"]) -> Float[Array, "k n"]:
    """(J^T J + damping)^-1 J^T r for several dampings at once, by Cholesky."""
    n = around.gradient.size
    factor = jnp.linalg.cholesky(around.normal[None] + damping[:, None, None] * jnp.eye(n)[None])
    right = jnp.broadcast_to(around.gradient[None, :, None], (damping.size, n, 1))
    return jax.scipy.linalg.cho_solve((factor, True), right)[..., 0]
