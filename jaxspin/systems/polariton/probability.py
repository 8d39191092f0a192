"""Which steady state a condensate ends on, started at random: probability of the one aligned with the field.

Every realisation follows the Stokes equations (3) with constant Runge-Kutta steps until it is caught by a stable fixed
point s*. Caught means proven: with J the Jacobian at s* and J^T P + P J = -1, V = x^T P x falls along x = s - s*
wherever 2 |P| |N(x)| < |x|, and |N(x)| <= K |x|^2 bounds the rest of equations (3). A realisation inside the largest
ellipsoid of constant V that fits in this ball can never leave. Those near a separatrix are followed until they
fall to a side.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from jaxspin.core import Status
from jaxspin.systems.polariton.fixed_points import FixedPoints, fixed_points
from jaxspin.systems.polariton.parameters import Condensate
from jaxspin.systems.polariton.pseudospin import jacobian, length

_TURN = 0.3  # step length in units of the fastest rate: decides like steps ten times shorter
_BLOCK = 64  # steps between looks at who has been caught
_LONGEST = 2000.0  # reduced time after which a realisation counts as undecided
_EMPTY = 1e-9  # a pseudospin below this is empty, where the empty state is stable


class Probability(eqx.Module):
    """Share of realisations that end on the aligned state, from random beginnings.

    `value`: aligned/decided realisations. `stderr`: its standard error, the width of the Bernoulli posterior with
    Jeffreys' prior, so not zero where all agree. `ends` (7,): share of realisations on each row of `fixed_points(c)`;
    their sum falls short of one by `undecided`. `status`: MAX_STEPS if any is undecided (a limit cycle, or a start on
    the separatrix itself), NO_SOLUTION (value NaN) if all are.
    """

    value: Float[Array, ""]
    stderr: Float[Array, ""]
    ends: Float[Array, "7"]
    undecided: Float[Array, ""]
    status: Int[Array, ""]


def aligned_probability(c: Condensate, key: PRNGKeyArray, n: int, radius: Float[Array, ""] | float) -> Probability:
    """Probability of ending with sign(s_z) = sign(delta), from directions uniform on the sphere |s| = radius.

    It depends on the radius, and tends to 1 as log(1/radius) grows wherever the field acts on the growing condensate:
    there is no limit of weak noise (`stochastic.aligned_probability_from_vacuum` starts from noise instead). Maps over
    parameter sets with one key compare the same realisations at each, so differences are less noisy than values.
    A count has no derivative: those of the result are zero.

        jax.vmap(lambda p: aligned_probability(Condensate(p=p, a=2.28, g=0.1, delta=0.1), key, 200, 1e-3))(pumps)

    Arguments:
        c: the condensate.
        key: random key.
        n: number of realisations.
        radius: |s| at the start, reduced, > 0.

    Raises:
        RuntimeError: in single precision.
        ValueError: for n < 1.
    """
    if n < 1:
        raise ValueError(f"aligned_probability: n must be at least 1 realisation, got {n}")
    radius = jnp.asarray(radius, dtype=float)
    return ends_of(c, radius * directions(key, n))


def directions(key: PRNGKeyArray, n: int) -> Float[Array, "n 3"]:
    """n unit vectors uniform on the sphere."""
    vectors = jax.random.normal(key, (n, 3), dtype=float)
    return vectors / jnp.linalg.norm(vectors, axis=-1, keepdims=True)


def ends_of(c: Condensate, s: Float[Array, "n 3"]) -> Probability:
    """Where the pseudospins s (n, 3) end, as shares of the n; derivatives zero."""
    c, s = jax.lax.stop_gradient((c, s))
    points = fixed_points(c)
    row = _follow(c, points, s)
    counts = jnp.sum(row[:, None] == jnp.arange(7)[None], axis=0)
    n, decided = s.shape[0], jnp.sum(counts)
    aligned = jnp.sum(jnp.where(points.aligned, counts, 0))
    yes, no = aligned + 0.5, decided - aligned + 0.5
    partial = jnp.where(decided == n, Status.OK, Status.MAX_STEPS)
    return Probability(
        value=jnp.where(decided > 0, aligned / decided, jnp.nan),
        stderr=jnp.sqrt(yes * no / ((yes + no) ** 2 * (yes + no + 1))),
        ends=counts / n,
        undecided=(n - decided) / n,
        status=jnp.where(decided == 0, Status.NO_SOLUTION, partial).astype(jnp.int32),
    )


def _follow(c: Condensate, points: FixedPoints, s: Float[Array, "n 3"]) -> Int[Array, " n"]:
    """Row of the stable fixed point that catches each pseudospin, 7 where none does in time."""
    size = jnp.maximum(jnp.max(jnp.linalg.norm(s, axis=-1)), jnp.maximum(c.p, 0.0) + jnp.abs(c.g))
    dt = _TURN / (1 + jnp.abs(c.g) + jnp.abs(c.p) + (1 + jnp.abs(c.a)) * size + jnp.abs(c.delta))
    shapes, levels = jax.vmap(_trap, in_axes=(None, 0))(c, points.s[:6])
    levels = jnp.where(points.exists[:6] & points.stable[:6], levels, -jnp.inf)

    def caught(row: Int[Array, " n"], s: Float[Array, "3 n"]) -> Int[Array, " n"]:
        for k in range(6):
            x = s - points.s[k][:, None]
            row = jnp.where((row == 7) & (jnp.sum(x * (shapes[k] @ x), axis=0) < levels[k]), k, row)
        empty = points.stable[6] & (jnp.sum(s**2, axis=0) < _EMPTY**2)
        return jnp.where((row == 7) & empty, 6, row)

    def block(carry):
        row, s, t = carry
        s = jax.lax.fori_loop(0, _BLOCK, lambda _, s: _runge_kutta(c, s, dt), s)
        return caught(row, s), s, t + _BLOCK * dt

    def busy(carry):
        row, _, t = carry
        return jnp.any(row == 7) & (t < _LONGEST)

    start = caught(jnp.full(s.shape[:1], 7), s.T), s.T, jnp.zeros(())
    return jax.lax.while_loop(busy, block, start)[0]


def _trap(c: Condensate, star: Float[Array, "3"]) -> tuple[Float[Array, "3 3"], Float[Array, ""]]:
    """P of the Lyapunov function at a fixed point, and the level of V below which no trajectory leaves."""
    J, one = jacobian(c, star), jnp.eye(3)
    P = -jnp.linalg.solve(jnp.kron(J.T, one) + jnp.kron(one, J.T), one.ravel()).reshape(3, 3)
    widths = jnp.linalg.eigvalsh(P)
    total = length(star)
    # second derivatives within |x| < |s*|/2: of |s| s_i at most 2, of g |s| at most 2 g/|s*|, of a s_z (s_x, s_y) a
    K = (2 + 2 * jnp.abs(c.g) / total + jnp.abs(c.a)) / 2
    ball = jnp.minimum(1 / (2 * widths[2] * K), total / 2)
    return P, widths[0] * ball**2


def _runge_kutta(c: Condensate, s: Float[Array, "3 n"], dt: Float[Array, ""]) -> Float[Array, "3 n"]:
    k1 = _rates(c, s)
    k2 = _rates(c, s + dt / 2 * k1)
    k3 = _rates(c, s + dt / 2 * k2)
    k4 = _rates(c, s + dt * k3)
    return s + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def _rates(c: Condensate, s: Float[Array, "3 n"]) -> Float[Array, "3 n"]:
    """Equations (3), with realisations along the last axis: one fused loop, where `vmap` of `rate` makes many."""
    x, y, z = s
    total = jnp.sqrt(x**2 + y**2 + z**2)
    gain, field = c.p - total, c.a * z + c.delta
    return jnp.stack([gain * x - c.g * total - field * y, gain * y + z + field * x, gain * z - y])
