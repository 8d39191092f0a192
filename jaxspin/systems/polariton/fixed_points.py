"""Every fixed point of a condensate, at any pump and field, with its stability: no guess, none missed.

A fixed point other than s = 0 is given by one angle. With n = s/|s|, x = n_x and q = sqrt(1 + g^2 x^2), equations (3)
leave

    |s| = p - g x,    n_y = g x n_z,    q n_z = sigma sqrt(1 - x^2),    sigma = +-1,

and one equation on -1 < x < 1 for each of the halves sigma delta > 0 ("aligned") and sigma delta < 0 ("opposed"):

    G(x) = d(x) + e K(x) = 0,    d = 1 + a p x + g (g - a) x^2,    K = x q/sqrt(1 - x^2),    e = sigma delta.

K is odd and K''' > 0, being the product of x q and 1/sqrt(1 - x^2), whose derivatives up to the third are none of them
negative for x > 0. So e G'' rises from -oo to oo and has one zero; e G' falls before it and rises after it, and has at
most two; these split (-1, 1) into three intervals, in each of which G is monotonic and has at most one root. Each is
bracketed by signs alone, which is why no fixed point is lost. (Squared, G = 0 is a polynomial of degree six in x.)
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from jaxspin.core import require_double_precision
from jaxspin.systems.polariton.bracketing import bracketed_root, polished
from jaxspin.systems.polariton.parameters import Condensate
from jaxspin.systems.polariton.pseudospin import Rows, jacobian_rows

_WEAKEST = 1e-18  # weaker fields split no states that double precision could tell apart; Newton's steps do the rest
_POLISH = 3  # Newton steps from the tolerance of the bracketing to rounding


class FixedPoints(eqx.Module):
    """All fixed points of one condensate; rows that do not `exist` at its parameters hold s = 0.

    `s` (7, 3): pseudospins, reduced. Rows 0-2 are aligned with the field (s_z delta > 0; at delta = 0 the limit
    delta -> +0), rows 3-5 opposed to it, each by descending |s|; row 6 is the empty state s = 0, which always exists.
    `exists`, `stable`, `aligned` (7,): whether it does, is linearly stable, and has sign(s_z) = sign(delta).
    """

    s: Float[Array, "7 3"]
    exists: Bool[Array, "7"]
    stable: Bool[Array, "7"]
    aligned: Bool[Array, "7"]


@jax.jit
def fixed_points(c: Condensate) -> FixedPoints:
    """Every fixed point of the pseudospin, for any p, a, g, delta, whatever their signs.

    For g <= 0 (or a <= 0) too, where no symmetry breaks; below threshold only the empty state exists, and is stable.
    Derivatives, forward, reverse and of higher order, are those of the implicit function theorem; they diverge at a
    bifurcation. Those with respect to delta at delta = 0 are of delta -> +0. Runs on any device: no eigenvalue solver.

    Raises:
        RuntimeError: in single precision.
    """
    require_double_precision("finding every fixed point")
    sign, threshold = jnp.where(c.delta < 0, -1.0, 1.0), condensation_pump(c)
    c = eqx.tree_at(lambda c: c.delta, c, sign * c.delta)  # not |delta|, which has no derivative at 0
    s, exists, stable = jax.vmap(lambda side: _half(c, side))(jnp.array([1.0, -1.0]))
    mirror = jnp.stack([jnp.ones_like(sign), sign, sign])
    return FixedPoints(
        jnp.concatenate([s.reshape(6, 3) * mirror[None], jnp.zeros((1, 3))]),
        jnp.append(exists.ravel(), True),
        jnp.append(stable.ravel(), c.p < threshold),
        jnp.append(exists[0], jnp.zeros(4, dtype=bool)),
    )


def condensation_pump(c: Condensate) -> Float[Array, ""]:
    """Pump above which the empty state is unstable, -|Im sqrt((1 + i g)^2 + delta^2)|; -|g| at zero field.

    From the linear spinor equation, whose occupations grow at rates p +- |Im ...|: the pseudospin's right-hand side has
    no Jacobian at s = 0.
    """
    re, im = 1 - c.g**2 + c.delta**2, 2 * jnp.abs(c.g)
    modulus = jnp.hypot(re, im)
    positive = re > 0
    # of the two forms sqrt((|z| - Re z)/2) = |Im z|/sqrt(2 (|z| + Re z)) the one without cancellation
    direct = jnp.sqrt(jnp.where(positive, 1.0, modulus - re) / 2)
    inverse = im / jnp.sqrt(2 * jnp.where(positive, modulus + re, 1.0))
    return -jnp.where(positive, inverse, direct)


def is_stable(matrix: Rows | Float[Array, "3 3"]) -> Bool[Array, "..."]:
    """Whether all eigenvalues have negative real parts (Routh-Hurwitz)."""
    c2, c1, c0 = characteristic(matrix)
    return (c2 > 0) & (c0 > 0) & (c2 * c1 > c0)


def characteristic(matrix: Rows | Float[Array, "3 3"]) -> tuple[Array, Array, Array]:
    """Coefficients (c2, c1, c0) of det(lambda - matrix) = lambda^3 + c2 lambda^2 + c1 lambda + c0."""
    (a, b, c), (d, e, f), (g, h, i) = matrix
    minors = a * e - b * d + a * i - c * g + e * i - f * h
    determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    return -(a + e + i), minors, -determinant


def _half(c: Condensate, side: Float[Array, ""]) -> tuple[Float[Array, "3 3"], Bool[Array, "3"], Bool[Array, "3"]]:
    """Up to three fixed points with sign(s_z) = side, at c.delta >= 0 and by descending |s|: s, exists, stable."""
    pole, angle, found = _angles(*jax.lax.stop_gradient((c, side * jnp.maximum(c.delta, _WEAKEST))))
    angle = polished(_on_circle, angle, (c, side * c.delta, pole), steps=_POLISH)
    x = pole * jnp.cos(angle)
    total = c.p - c.g * x
    n_z = side * jnp.sin(angle) / jnp.sqrt(1 + (c.g * x) ** 2)
    exists = found & (total > 0)
    total = jnp.where(exists, total, 0.0)
    components = total * x, total * c.g * x * n_z, total * n_z
    stable = exists & is_stable(jacobian_rows(c, *(jnp.where(exists, component, 1.0) for component in components)))
    # |s| = p - g x falls with x for g >= 0
    s, exists, stable = (jnp.where(c.g < 0, rows[::-1], rows) for rows in (jnp.stack(components, 1), exists, stable))
    return s, exists, stable


def _on_circle(angle: Float[Array, "3"], args: tuple[Condensate, Array, Float[Array, "3"]]) -> Float[Array, "3"]:
    """sqrt(1 - x^2) G at x = pole cos(angle), given (c, e, pole).

    Regular at the poles x = +-1 and in a field of zero; a small angle keeps all its digits.
    """
    c, e, pole = args
    x = pole * jnp.cos(angle)
    d = 1 + c.a * c.p * x + c.g * (c.g - c.a) * x**2
    return jnp.sin(angle) * d + e * x * jnp.sqrt(1 + (c.g * x) ** 2)


def _angles(c: Condensate, e: Float[Array, ""]) -> tuple[Float[Array, "3"], Float[Array, "3"], Bool[Array, "3"]]:
    """Roots of G by ascending x, as pole (+-1, the sign of x) and angle from it, and whether they are there; e != 0.

    In t = tan(latitude/2), so that x = 2t/(1 + t^2) and r = sqrt(1 - x^2) = (1 - t^2)/(1 + t^2): rational, and linear
    in the angle from the poles, to which roots crowd in a weak field.
    """
    linear, square = c.a * c.p, c.g * (c.g - c.a)

    def parts(t):
        scale = 1 / (1 + t**2)
        x, r = 2 * t * scale, (1 - t) * (1 + t) * scale
        return x, r, jnp.sqrt(1 + (c.g * x) ** 2)

    def function(t):  # r G
        x, r, q = parts(t)
        return r * (1 + linear * x + square * x**2) + e * x * q

    def slope(t):  # r^3 G'
        x, r, q = parts(t)
        return r**3 * (linear + 2 * square * x) + e * ((2 * q**2 - 1) * r**2 / q + x**2 * q)

    def curvature(t):  # r^5 G''
        x, r, q = parts(t)
        bend = c.g**2 * (1 + 2 * q**2) / q**3 * r**4 + 2 * (2 * q**2 - 1) / q * r**2 + q * (1 + 2 * x**2)
        return r**5 * 2 * square + e * x * bend

    left, right = -jnp.ones(1), jnp.ones(1)
    inflection, _ = bracketed_root(curvature, left, right)
    ends = jnp.concatenate([left, inflection, right])
    turns, turning = bracketed_root(slope, ends[:-1], ends[1:])
    ends = jnp.concatenate([left, jnp.where(turning, turns, inflection), right])
    t, found = bracketed_root(function, ends[:-1], ends[1:])
    x, r, _ = parts(t)
    return jnp.where(x < 0, -1.0, 1.0), jnp.arctan2(r, jnp.abs(x)), found
