"""Every number and law that the text of the paper states, against what the equations give without its closed forms.

Rows: place in the paper, what it says, published value (or None), ours, and the deviation ours - published, or for a
statement without a number what was found and whether it holds.
"""

import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from maps import RADIUS, A, G

from jaxspin.systems import polariton
from jaxspin.systems.polariton import Condensate

SUPER, SUB = {"a": A, "g": G}, {"a": 1.0, "g": 3.0}  # figures 1(b), 2, 3; figure 1(c)
FIELD = 0.1  # figure 2(b)
MANY = 4000  # realizations: the standard error is below 0.008
Row = dict[str, Any]


def condensate(p: Array, delta: Array | float = 0.0, *, a: Array | float = A, g: Array | float = G) -> Condensate:
    """A condensate of figures 2 and 3, unless said."""
    return Condensate(p=p, a=a, g=g, delta=delta)


@jax.jit
def linear_is_stable(c: Condensate) -> Array:
    """Whether the linearly polarized state of larger occupation is stable, from the list of all fixed points."""
    found = polariton.fixed_points(c)
    return jnp.any(found.stable & (jnp.abs(found.s[:, 2]) < 1e-9) & (found.s[:, 0] < 0))


@jax.jit
def has_broken(c: Condensate) -> Array:
    """Whether there is an elliptically polarized fixed point at zero field."""
    found = polariton.fixed_points(c)
    return jnp.any(found.exists & (jnp.abs(found.s[:, 2]) > 1e-7))


def where_it_ends(holds: Any, low: float, high: float) -> float:
    """The last number at which `holds`, by halving: true at `low`, false at `high`."""
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if bool(holds(middle)) else (low, middle)
    return low


def thresholds() -> list[Row]:
    """Pitchfork and folds at zero field, from existence and stability of all fixed points alone."""
    p_c = where_it_ends(lambda p: linear_is_stable(condensate(p)), 0.0, 1.0)
    p_sub = where_it_ends(lambda p: linear_is_stable(condensate(p, **SUB)), 0.0, 20.0)
    p_fold = where_it_ends(lambda p: ~has_broken(condensate(p, **SUB)), 0.0, 6.0)
    length = lambda p, **of: float(jnp.max(jnp.linalg.norm(polariton.fixed_points(condensate(p, **of)).s, axis=1)))
    occupied = length(p_c), length(p_sub, **SUB)
    close = lambda p: bool(has_broken(condensate(p * (1 - 1e-3))))
    a, g = (values.ravel() for values in np.meshgrid(np.linspace(0.05, 6.0, 60), np.linspace(0.05, 4.0, 60)))
    below = (1 - a * g + g**2) / a
    below = below - 1e-6 * (1 + np.abs(below))
    seen = jax.jit(jax.vmap(lambda p, a, g: has_broken(Condensate(p, a, g))))(below, a, g)
    agree = int(np.sum(np.asarray(seen) == (a < g - 1 / g)))
    p_test = np.linspace(-0.05, 3.0, 62)
    other = jax.vmap(lambda p: polariton.fixed_points(condensate(p, a=A, g=-G)))(p_test)
    linear = np.abs(np.asarray(other.s[..., 2])) < 1e-9
    other_is_stable = np.asarray(other.stable & linear & (other.s[..., 0] > 0)).any(axis=1).mean()
    sup, sub = "a = 2.28, g = 0.1", "a = 1, g = 3"
    return [
        number("p. 2", f"p_c = (1 - ag + g²)/a, {sup}", (1 - A * G + G**2) / A, p_c),
        number("p. 2", f"s_c = (1 + g²)/a, {sup}", (1 + G**2) / A, occupied[0]),
        number("p. 2, fig. 1(c)", f"p_c, {sub}", 7.0, p_sub),
        number("p. 2, fig. 1(c)", f"s_c, {sub}", 10.0, occupied[1]),
        number("eq. (5), fig. 1(c)", f"fold at which (5) has its first real root, {sub}", 2 * np.sqrt(6.0), p_fold),
        said(
            "p. 2, fig. 1(a)",
            "supercritical if a > g - 1/g, subcritical otherwise",
            f"elliptical states below p_c where it says so at {agree} of {a.size} points of the (g, a) plane",
            agree == a.size,
        ),
        said(
            "fig. 1(b, c)",
            f"{sup} supercritical, {sub} subcritical",
            f"elliptical states just below p_c: {'yes' if close(p_c) else 'none'}; at p = 6.99: "
            + ("yes" if bool(has_broken(condensate(6.99, **SUB))) else "none"),
            not close(p_c) and bool(has_broken(condensate(6.99, **SUB))),
        ),
        said(
            "p. 2",
            "g < 0: the more populated state always remains the only stable linearly polarized one",
            f"at g = -0.1 stable at {100 * other_is_stable:.0f} % of 62 pumps up to 3",
            other_is_stable == 1,
        ),
    ]


def fixed_point_laws() -> list[Row]:
    """Equations (4) and (5), and the linearly polarized states, against all fixed points."""
    rows = []
    for name, of, pumps in (("fig. 1(b)", SUPER, (0.36, 3.0)), ("fig. 1(c)", SUB, (4.91, 20.0))):
        p = jnp.linspace(*pumps, 200)
        found = jax.jit(jax.vmap(lambda p, of=of: polariton.fixed_points(condensate(p, **of))))(p)
        elliptical = found.stable & (found.s[..., 2] > 1e-7)
        state = jnp.take_along_axis(found.s, jnp.argmax(elliptical, axis=1)[:, None, None], axis=1)[:, 0]
        s, (a, g) = jnp.linalg.norm(state, axis=1), of.values()
        residual = (a / g - 1) * s**2 - (a / g - 2) * p * s - (p**2 + 1)
        u = p - s
        z = s / g * jnp.sqrt((g**2 - u**2) / (1 + u**2))
        off = jnp.max(jnp.abs(jnp.stack([state[:, 0] - u * s / g, state[:, 1] - u * z, state[:, 2] - z])))
        worst = max(float(jnp.max(jnp.abs(residual) / (1 + p**2))), float(off))
        rows.append(number(f"eqs. (4), (5), {name}", "largest residual of the elliptical state", 0.0, worst))
    return rows


def response() -> list[Row]:
    """Field enhancement below, at and above the threshold."""
    p_c, s_c = (1 - A * G + G**2) / A, (1 + G**2) / A
    linear = jax.jit(jax.vmap(lambda p: polariton.g_linear(condensate(p))))
    total = jax.jit(jax.vmap(lambda p, d: polariton.g_eff(condensate(p, d))))
    p = jnp.linspace(-0.05, p_c - 1e-3, 200)
    exact = jnp.max(jnp.abs(linear(p) * (p_c - p) / s_c - 1))
    weak = jnp.max(jnp.abs(total(p, jnp.full_like(p, 1e-9)) * (p_c - p) / s_c - 1))
    eps = 1e-6
    above = float((linear(jnp.array([p_c + eps]))[0] - 1) * eps / s_c)
    points = polariton.fixed_points(condensate(7.0 - eps, **SUB))
    row = int(jnp.argmax(points.exists & ~points.stable & points.aligned & (points.s[:, 2] > 1e-9)))
    unstable = float(polariton.susceptibility(condensate(7.0 - eps, **SUB), points.s[row])) * eps / 10.0
    hundred = where_it_ends(lambda d: linear(jnp.array([p_c + d]))[0] >= 100, 1e-4, 0.1)
    fold = jax.jit(lambda d: polariton.fold_pump(condensate(0.0, d)))
    at_fold = lambda d: float(polariton.g_eff(condensate(fold(d) - 1e-9, d)))
    field = where_it_ends(lambda d: at_fold(d) >= 100, 1e-6, 0.1)
    monostable = float(polariton.g_eff(condensate(0.5, FIELD)))
    return [
        number("eq. (7)", "(1 + χ)(p_c - p)/s_c at all p < p_c", 1.0, 1 + float(exact)),
        number("eq. (7)", "the same by the exact states at δ = 1e-9", 1.0, 1 + float(weak)),
        number("p. 3", "χ (p - p_c)/s_c at p → p_c from above: the halved law", 0.5, above),
        number("p. 3, fig. 1(c)", "χ (p_c - p)/s_c of the unstable states, subcritical: negative", -0.5, unstable),
        said(
            "p. 3",
            "close to p_c up to hundred-fold increase of the Zeeman field",
            f"1 + χ ≥ 100 from p_c - {s_c / 100:.4f} to p_c + {hundred:.4f}",
            hundred > 0,
        ),
        said(
            "p. 5",
            "g_eff exceeds one hundred",
            f"total, with one stable state only: at the fold for δ ≤ {field:.5f} (p = {float(fold(field)):.4f})",
            field > 1e-5,
        ),
        said(
            "p. 4, fig. 3(a)",
            "an order of magnitude even away from the divergence",
            f"total g_eff = {monostable:.2f} at p = 0.5, δ = 0.1, just below the fold",
            8 < monostable < 13,
        ),
        said(
            "p. 4, fig. 3",
            "with one stable state, far from small δ: about few units",
            f"at the fold {at_fold(0.2):.1f} for δ = 0.2, {at_fold(0.3):.1f} for 0.3, {at_fold(1.0):.1f} for 1",
            1 < at_fold(0.3) < 10,
        ),
    ]


def excitations() -> list[Row]:
    """Effective field on excitations against that on the pseudospin, figure 2(b)."""
    both = jax.jit(lambda c: (polariton.excitations(c).frequency_z, polariton.g_eff(c) * c.delta))
    ratio = lambda c: float(np.divide(*map(float, both(c))))
    fold = lambda d: polariton.fold_pump(condensate(0.0, d))
    strong = [ratio(condensate(p, FIELD)) for p in (1.0, 10.0, 100.0)]
    fields = (0.03, 0.1, 0.3, 1.0, 3.0)
    near = [ratio(condensate(fold(d), d)) for d in fields]
    off = np.abs(np.array(near) - 1)
    return [
        number("p. 4", "Ω_z/(g_eff δ) at strong pumping, p = 100, δ = 0.1", 1.0, strong[2]),
        said(
            "p. 4, fig. 2(b)",
            "Ω_z ≈ g_eff δ at strong pumping, not near the fold",
            f"ratio {near[1]:.3f} at the fold, {strong[0]:.3f} at p = 1, {strong[1]:.4f} at p = 10",
            abs(near[1] - 1) > abs(strong[0] - 1) > abs(strong[1] - 1),
        ),
        said(
            "p. 4",
            "the mismatch near the fold vanishes quickly as δ grows",
            "ratio at the fold " + ", ".join(f"{r:.3f} (δ = {d:g})" for r, d in zip(near, fields, strict=True)),
            bool((np.diff(off[1:]) < 0).all()),
        ),
    ]


def shares(p: float, delta: float, radius: float) -> tuple[float, float]:
    """Probability of the aligned state and its standard error; the same directions each time."""
    found = _shares(p, delta, radius)
    return float(found.value), float(found.stderr)


@jax.jit
def _shares(p: Array, delta: Array, radius: Array) -> polariton.Probability:
    return polariton.aligned_probability(condensate(p, delta), jax.random.key(7), MANY, radius)


def probability() -> list[Row]:
    """Limits of the probability, figure 3(b)."""
    p = np.array([0.6, 0.6, 0.6, 0.6, 1.0, 2.0, 4.0, 0.49, 0.51, 0.55, 0.8])
    delta = np.array([0.0, 1e-4, 1e-3, 1e-2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1])
    value, stderr = np.array([shares(*each, RADIUS) for each in zip(p, delta, strict=True)]).T
    tell = lambda rows: ", ".join(f"{value[i]:.3f}" for i in rows)
    falls = lambda rows: all(value[i] - value[j] > -2 * stderr[i] for i, j in itertools.pairwise(rows))
    rising = (7, 8, 9, 10, 4)
    return [
        number("p. 4", "either state with equal probability at δ = 0 (p = 0.6)", 0.5, value[0], stderr[0]),
        number("p. 4", "P → 0.5 as δ → 0 (p = 0.6, δ = 1e-4)", 0.5, value[1], stderr[1]),
        number("p. 4", "P → 0.5 as p → ∞ (p = 4, δ = 0.1)", 0.5, value[6], stderr[6]),
        said(
            "p. 4, fig. 3(b)",
            "converging to that",
            f"{tell((3, 2, 1))} at δ = 0.01, 1e-3, 1e-4 (p = 0.6); {tell((4, 5, 6))} at p = 1, 2, 4 (δ = 0.1)",
            falls((3, 2, 1)) and falls((4, 5, 6)),
        ),
        said(
            "p. 4, fig. 3(b)",
            "P = 1 with one stable state; above the fold continuously declining",
            f"{tell(rising)} at p = 0.49, 0.51, 0.55, 0.8, 1 (δ = 0.1, fold at 0.501)",
            value[7] == 1 and falls(rising),
        ),
    ]


def beginnings() -> list[Row]:
    """The probability for other beginnings than those of the map, of which the paper says nothing (δ = 0.1)."""
    pumps = (0.52, 0.6, 0.8)
    rows = [
        {"start": f"|s| = {radius:g}", "P": [shares(p, FIELD, radius) for p in pumps]}
        for radius in (1e-6, 1e-3, 1e-2, 0.1, 1.0)
    ]
    for noise, duration in ((1e-6, 40.0), (1e-4, 30.0), (1e-2, 20.0)):
        seeded = jax.jit(
            lambda p, noise=noise, duration=duration: polariton.aligned_probability_from_vacuum(
                condensate(p, FIELD), jax.random.key(8), MANY, noise, duration
            )
        )
        found = [seeded(p) for p in pumps]
        seen = [(float(each.value), float(each.stderr)) for each in found]
        rows.append({"start": f"vacuum, ν = {noise:g}", "P": seen})
    return rows


def number(where: str, what: str, published: float, ours: float, stderr: float | None = None) -> Row:
    """A row with a published number."""
    row = {"where": where, "what": what, "published": published, "ours": float(ours), "deviation": ours - published}
    return row | ({} if stderr is None else {"stderr": float(stderr)})


def said(where: str, what: str, found: str, holds: Any) -> Row:
    """A row of a statement without a number."""
    return {"where": where, "what": what, "ours": found, "holds": bool(holds)}


def rows() -> list[Row]:
    """All rows, in the order of the paper."""
    return [*thresholds(), *fixed_point_laws(), *response(), *excitations(), *probability()]
