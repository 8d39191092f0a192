"""A small convex quadratic program whose constraints may be broken at a price: the step of `sequential_quadratic`.

    minimise  d.B d/2 + g.d + nu sum(s)   over d, s      lower <= d <= upper,   A d + c + s >= 0,   s >= 0

With the price nu it always has a solution; s vanishes where A d + c >= 0 can be met at a multiplier below nu. Solved by
Mehrotra's predictor-corrector interior-point method (SIAM J. Optim. 2, 575 (1992)), dense, in one loop that maps.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

_ITERATIONS = 50
_GAP = 1e-15  # mean complementarity at which the program counts as solved, for data of order one
_REACH = 0.995  # fraction of the way to the nearest bound


class Solution(eqx.Module):
    """Step d, and the multiplier of each constraint, between 0 and nu."""

    d: Float[Array, " n"]
    multipliers: Float[Array, " m"]


class _Point(eqx.Module):
    """Step d, the slacks of all inequalities, (A d + c + s, s, d - lower, upper - d), and their multipliers."""

    d: Float[Array, " n"]
    slack: Float[Array, " k"]
    price: Float[Array, " k"]


def solve_elastic(
    B: Float[Array, "n n"],
    g: Float[Array, " n"],
    A: Float[Array, "m n"],
    c: Float[Array, " m"],
    lower: Float[Array, " n"],
    upper: Float[Array, " n"],
    nu: Float[Array, ""],
) -> Solution:
    """The program above: B positive definite, lower < upper finite, nu > 0. Pure: works under `jit` and `vmap`."""
    m, n = A.shape
    middle, half = (lower + upper) / 2, (upper - lower) / 2
    met = A @ middle + c
    room = jnp.maximum(jnp.abs(met), jnp.abs(A) @ half) + 1e-6
    s = jnp.maximum(-met, 0.0) + room
    # all products alike to begin with: those of the box like those of the constraints
    level = jnp.maximum(nu / 2 * jnp.max(room, initial=0.0), jnp.max(jnp.abs(g) * half) + 1e-6)
    paid = jnp.full_like(c, nu / 2)
    first = _Point(
        middle, jnp.concatenate([met + s, s, half, half]), jnp.concatenate([paid, paid, level / half, level / half])
    )
    split = lambda each: jnp.split(each, (m, 2 * m, 2 * m + n))

    def residual(p: _Point) -> Array:
        lam, _, below, above = split(p.price)
        return B @ p.d + g - A.T @ lam - below + above

    def reach(p: _Point, move: _Point) -> Array:
        """Longest step, at most 1, that keeps everything positive."""
        value, change = jnp.stack([p.slack, p.price]), jnp.stack([move.slack, move.price])
        return jnp.minimum(
            1.0, jnp.min(jnp.where(change < 0, -_REACH * value / jnp.where(change < 0, change, 1.0), 1.0))
        )

    def plus(p: _Point, move: _Point, length: Array) -> _Point:
        return jax.tree.map(lambda a, b: a + length * b, p, move)

    def improve(carry: tuple[_Point, Array, Array]) -> tuple[_Point, Array, Array]:
        p, count, _ = carry
        stiffness = p.price / p.slack
        hw, hs, hl, hu = split(stiffness)
        joint = hw + hs
        factor = jnp.linalg.cholesky(B + (A.T * (hw * hs / joint)[None]) @ A + jnp.diag(hl + hu))
        off = residual(p)

        def newton(wanted: Array) -> _Point:
            """The step that changes every product slack * price by `wanted`, to first order."""
            pull = wanted / p.slack
            qw, qs, ql, qu = split(pull)
            right = A.T @ ((hs * qw - hw * qs) / joint) + ql - qu - off
            d = jax.scipy.linalg.cho_solve((factor, True), right)
            s = (qw + qs - hw * (A @ d)) / joint
            slack = jnp.concatenate([A @ d + s, s, d, -d])
            return _Point(d, slack, pull - stiffness * slack)

        products = p.slack * p.price
        now = jnp.mean(products)
        affine = newton(-products)
        tried = plus(p, affine, reach(p, affine))
        centring = jnp.clip(jnp.mean(tried.slack * tried.price) / now, 0.0, 1.0) ** 3
        move = newton(centring * now - products - affine.slack * affine.price)
        new = plus(p, move, reach(p, move))
        sound = jnp.all(jnp.isfinite(new.slack) & jnp.isfinite(new.price))
        new = jax.tree.map(lambda a, b: jnp.where(sound, a, b), new, p)
        gap = jnp.mean(new.slack * new.price)
        size = 1 + jnp.max(jnp.abs(B) @ jnp.abs(new.d) + jnp.abs(g) + jnp.abs(A.T) @ new.price[:m])
        solved = (gap < _GAP) & (jnp.max(jnp.abs(residual(new))) < 1e-12 * size) | (gap < 1e-4 * _GAP)
        return new, count + 1, sound & ~solved

    start = (first, jnp.asarray(0), jnp.asarray(True))
    found, _, _ = jax.lax.while_loop(lambda carry: carry[2] & (carry[1] < _ITERATIONS), improve, start)
    # interior points come close to the bounds that hold them; where the price exceeds the slack, they are meant
    _, _, left, right = split(found.price > found.slack)
    d = jnp.where(left, lower, jnp.where(right, upper, found.d))
    return Solution(d, jnp.minimum(found.price[:m], nu))
