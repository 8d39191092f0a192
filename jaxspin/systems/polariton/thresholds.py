"""Where spin symmetry breaks: the pitchfork at zero field, the saddle nodes that replace it in a field, their curve.

On its half, a fixed point with s_x/|s| = -y, 0 < y < 1, sits at the pump

    p(y) = [1/y + g (g - a) y + e q/r]/a,    q = sqrt(1 + g^2 y^2),    r = sqrt(1 - y^2),

with e = +|delta| for states opposed to the field and -|delta| for aligned ones (`fixed_points`, with x = -y). So the
bifurcation diagram is the graph of an explicit function, a fold is its extremum, and the pitchfork its end y = 1. An
extremum lies where e equals

    E(y) = (1 - g (g - a) y^2) r^3 q/((1 + g^2) y^3).

For a, g > 0 and e > 0 there is exactly one: the pair born there is the paper's bistability. For e < 0 there are two or
none, and only if the pitchfork is subcritical: the hysteresis of the aligned branch, which ends in a cusp.
"""

import enum

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Bool, Float, Int

from jaxspin.core import Solve
from jaxspin.numerics import bifurcation
from jaxspin.systems.polariton.bracketing import bracketed_root, polished
from jaxspin.systems.polariton.parameters import Condensate
from jaxspin.systems.polariton.pseudospin import rate

_WEAKEST = 1e-18  # below it, a fold in a supercritical condensate is the pitchfork to within 1e-12


class Pitchfork(enum.IntEnum):
    """How spin symmetry breaks as the pump rises at zero field."""

    NONE = 0
    SUPERCRITICAL = 1
    SUBCRITICAL = 2


class Folds(eqx.Module):
    """Saddle nodes in a field, by pump: where the opposed pair is born, the aligned pair, and where the latter ends.

    `p` (3,): pumps, infinite where there is no such fold; `y` (3,): -s_x/|s| there; `exists` (3,).
    """

    p: Float[Array, "3"]
    y: Float[Array, "3"]
    exists: Bool[Array, "3"]


def critical_occupation(c: Condensate) -> Float[Array, ""]:
    """Pseudospin s_c = (1 + g^2)/a at which the linearly polarized state of larger occupation loses stability."""
    return (1 + c.g**2) / jnp.abs(c.a)


@jax.jit
def critical_pump(c: Condensate) -> Float[Array, ""]:
    """Pump p_c = (1 - a g + g^2)/a of the pitchfork at zero field; p and delta of `c` are not used.

    Infinite where no symmetry breaks: for a g <= 0, since then the state of larger occupation stays stable. For a < 0
    and g < 0, which is the same condensate rotated by half a turn about z, a counts as |a|.
    """
    breaks = c.a * c.g > 0
    return jnp.where(breaks, (1 - c.a * c.g + c.g**2) / jnp.abs(jnp.where(breaks, c.a, 1.0)), jnp.inf)


def pitchfork_kind(c: Condensate) -> Int[Array, ""]:
    """How symmetry breaks at p_c, as a `Pitchfork`: supercritical for g (g - a) < 1, that is a > g - 1/g if g > 0."""
    kind = jnp.where(c.g * (c.g - c.a) < 1, Pitchfork.SUPERCRITICAL, Pitchfork.SUBCRITICAL)
    return jnp.where(c.a * c.g > 0, kind, Pitchfork.NONE).astype(jnp.int32)


@jax.jit
def folds(c: Condensate) -> Folds:
    """All saddle nodes at the field c.delta, with implicit derivatives; c.p is not used. None for a g <= 0.

    At zero field a supercritical condensate has the pitchfork in place of the first.
    """
    a, g, field = jnp.abs(c.a), jnp.abs(c.g), jnp.abs(c.delta)
    breaks = c.a * c.g > 0
    a, g = jnp.where(breaks, a, 1.0), jnp.where(breaks, g, 1.0)
    bend = g * (g - a)
    subcritical = bend > 1
    first = 1 / jnp.sqrt(jnp.where(subcritical, bend, 4.0))  # fold at zero field, |E| > 0 from there to y = 1
    e = jnp.maximum(field, _WEAKEST) * jnp.array([1.0, -1.0, -1.0])
    frozen = jax.lax.stop_gradient((g, bend, e))
    low, high = _half_tangent(jax.lax.stop_gradient(first))[None], jnp.ones(1)
    cusp, _ = bracketed_root(lambda t: _cusp(frozen, t), low, high)
    t, found = bracketed_root(
        lambda t: _excess(frozen, *_sides(t)),
        jnp.concatenate([jnp.zeros(1), low, cusp]),
        jnp.concatenate([high, cusp, high]),
    )
    y, r = _sides(t)
    angle = polished(_excess_at, jnp.arctan2(r, y), (g, bend, e), steps=3)
    y, r = jnp.cos(angle), jnp.sin(angle)
    exists = breaks & found & (subcritical | jnp.array([True, False, False]))
    weak = field < _WEAKEST
    sign = jnp.array([1.0, -1.0, -1.0])
    field_term = jnp.where(weak, 0.0, sign * field * jnp.sqrt(1 + (g * y) ** 2) / jnp.where(r > 0, r, 1.0))
    p = (1 / y + bend * y + field_term) / a
    # without a field: the pitchfork itself, where the first and the last fold end
    pitchfork = weak & jnp.stack([~subcritical, jnp.array(False), jnp.array(True)])
    p = jnp.where(pitchfork, critical_pump(c), p)
    return Folds(jnp.where(exists, p, jnp.inf), jnp.where(exists, jnp.where(pitchfork, 1.0, y), 0.0), exists)


def fold_pump(c: Condensate) -> Float[Array, ""]:
    """Pump p_f(delta) above which a state opposed to the field exists: the fold of the paper's figures 2 and 3.

    At zero field it is p_c of a supercritical, 2 sqrt(g (g - a))/a of a subcritical condensate; p_f - p_c grows as
    |delta|^(2/3). Infinite for a g <= 0. c.p is not used. All other folds are in `folds`.
    """
    return folds(c).p[0]


@jax.jit
def fold_curve(c: Condensate, y: Float[ArrayLike, " n"]) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    """The whole curve of folds in the (delta, p) plane of a condensate with a, g > 0, by its explicit parametrization.

    Arguments:
        c: the condensate; its p and delta are not used.
        y: -s_x/|s| in (0, 1), shape (n,).

    Returns:
        e and p, shape (n,): the opposed pair is born where |delta| = e > 0; where |delta| = -e > 0 the aligned branch
        of a subcritical condensate turns. Both meet the pitchfork as y -> 1.
    """
    y = jnp.asarray(y, dtype=float)
    bend = c.g * (c.g - c.a)
    q, r = jnp.sqrt(1 + (c.g * y) ** 2), jnp.sqrt(1 - y**2)
    e = (1 - bend * y**2) * r**3 * q / ((1 + c.g**2) * y**3)
    return e, (1 / y + bend * y + e * q / r) / c.a


def continue_branch(
    c: Condensate,
    s: Float[ArrayLike, "3"],
    *,
    step: float = 0.02,
    points: int = 200,
    solve: Solve = Solve(),
) -> bifurcation.Branch:
    """Follow fixed points through folds from `s` at the pump c.p, by pseudo-arclength in (s, p).

    Arguments:
        c: the condensate, at the pump to start from.
        s: a fixed point at c.p or near one, shape (3,).
        step: arclength between points, negative to start towards lower pumps.
        points: how many.
        solve: tolerances of the corrector.

    Returns:
        `Branch`: `state` (points, 3), `control` the pump (points,), `growth` the largest real part of the eigenvalues
        of J (points,), unstable where > 0, and statuses.
    """
    return bifurcation.continue_branch(
        _rate_at_pump, jnp.asarray(s, dtype=float), c.p, c, step=step, points=points, solve=solve
    )


def _rate_at_pump(s: Float[Array, "3"], p: Array, c: Condensate) -> Float[Array, "3"]:
    return rate(eqx.tree_at(lambda c: c.p, c, p), s)


def _excess(args: tuple[Array, Array, Array], y: Array, r: Array) -> Array:
    """r^3 (1 - bend y^2) - e (1 + g^2) y^3/q, which has the sign of E(y) - e, given (g, bend, e)."""
    g, bend, e = args
    return r**3 * (1 - bend * y**2) - e * (1 + g**2) * y**3 / jnp.sqrt(1 + (g * y) ** 2)


def _excess_at(angle: Array, args: tuple[Array, Array, Array]) -> Array:
    return _excess(args, jnp.cos(angle), jnp.sin(angle))


def _cusp(args: tuple[Array, Array, Array], t: Array) -> Array:
    """Sign of d|E|/dy where bend y^2 > 1: 2/(bend z - 1) - 1/(1 + g^2 z) - 3 z/(1 - z), z = y^2, without fractions."""
    g, bend, _ = args
    y, r = _sides(t)
    z = y**2
    q2, above = 1 + g**2 * z, bend * z - 1
    return 2 * q2 * r**2 - above * r**2 - 3 * z * above * q2


def _sides(t: Array) -> tuple[Array, Array]:
    """(y, sqrt(1 - y^2)) at t = tan(latitude/2)."""
    scale = 1 / (1 + t**2)
    return 2 * t * scale, (1 - t) * (1 + t) * scale


def _half_tangent(y: Array) -> Array:
    """The t of `_sides` at y."""
    return y / (1 + jnp.sqrt(1 - y**2))
