"""Every limit that the text states, against the inverses of equations (9) and (10) rather than (13) and (14).

Rows: place in the paper, what it says, published value, ours, and the deviation ours - published; or, for a statement
without a number, what was found and whether it holds. Averages are in units of N_1 N_2/N^2 e^2/h, variances of its
square.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from jaxspin.systems import quantum_dot as qd
from jaxspin.systems.quantum_dot import Dot

Row = dict[str, Any]
N1, N2 = 8, 12
UNIT = N1 * N2 / (N1 + N2) ** 2
# far beyond every other rate, so that corrections (of order N/a^2, N/x^2, N a^2/b^2) are 1e-6 or less
COUPLED, ORBITAL, ZEEMAN = 1e4, 1e4, 1e9
RANDOM = 2000


def dot(**fields: float) -> Dot:
    """The dot of all statements, strengths as given."""
    return Dot(N1, N2, **fields)


@jax.jit
def correction(given: Dot) -> Any:
    """<dG> from the cooperon alone."""
    return -given.N * jnp.einsum("mnmn->", qd.cooperon(given, given)).real


@jax.jit
def covariance(given: Dot, other: Dot) -> Any:
    """cov G from diffuson and cooperon."""
    return given.N**2 * sum(jnp.sum(jnp.abs(ladder(given, other)) ** 2) for ladder in (qd.diffuson, qd.cooperon))


def variance(given: Dot) -> Any:
    """var G."""
    return covariance(given, given)


def mirrored(given: Dot) -> Dot:
    """The dot at -x."""
    return eqx.tree_at(lambda d: d.x, given, -given.x)


def number(where: str, what: str, published: float, ours: Any) -> Row:
    """A row with a published number."""
    return {"where": where, "what": what, "published": published, "ours": float(ours), "deviation": ours - published}


def said(where: str, what: str, ours: str, holds: bool) -> Row:
    """A row without one."""
    return {"where": where, "what": what, "ours": ours, "holds": bool(holds)}


def limits() -> list[Row]:
    """Weak localization, antilocalization, and how symmetries reduce the variance."""
    strong, both = {"a": COUPLED}, {"a": COUPLED, "b": ZEEMAN}
    rows = [
        number("fig. 2, refs. 18, 19", "⟨δG⟩ without spin-orbit coupling and field", -2, correction(dot())),
        number("fig. 2, refs. 18, 19", "var G without spin-orbit coupling and field", 8, variance(dot())),
        number("refs. 18, 19", "⟨δG⟩, large x", 0, correction(dot(x=ORBITAL))),
        number("refs. 18, 19", "var G, large x", 4, variance(dot(x=ORBITAL))),
        number("p. 3", "⟨δG⟩, a² ≫ N: antilocalization", 1, correction(dot(**strong))),
        number("p. 3", "var G, a² ≫ N", 2, variance(dot(**strong))),
        number("p. 3", "⟨δG⟩, a² ≫ N and b² ≫ N², N a²", 0, correction(dot(**both))),
        number("p. 3", "var G, a² ≫ N and b² ≫ N², N a²", 1, variance(dot(**both))),
        number(
            "p. 3",
            "var G(a² ≫ N)/var G(a² ≫ N, b² ≫ N²): the additional factor",
            2,
            variance(dot(**strong)) / variance(dot(**both)),
        ),
    ]
    far = dot(x=ORBITAL, **both)
    difference = 2 * (variance(far) - covariance(far, mirrored(far))) / variance(far)
    rows.append(number("p. 3", "⟨(G(x) − G(−x))²⟩/var G, a, b and x² ≫ N all strong", 2, difference))
    for name, fields in {"spin-orbit coupling alone": {"a": 1.3}, "a field b alone": {"b": 3.0}}.items():
        one = dot(x=2.0, **fields)
        unequal = 2 * (variance(one) - covariance(one, mirrored(one)))
        rows.append(number("p. 3", f"⟨(G(x) − G(−x))²⟩ with {name} (x = 2)", 0, unequal))
    return rows


def dephasing() -> list[Row]:
    """The phenomenological replacement of N in the ladders, and not in front of them."""
    given, wide = dot(x=0.5, a=1.0, b=2.0, dephasing=10.0), Dot(13, 17, x=0.5, a=1.0, b=2.0)
    prefactors = N1 * N2 / (N1 + N2), 13 * 17 / 30
    ratio = [float(value(given)) / float(value(wide)) for value in (qd.weak_localization, qd.variance)]
    return [
        number(
            "p. 4",
            "⟨δG⟩(N = 20, dephasing 10)/⟨δG⟩(N = 30), prefactors divided out",
            1,
            ratio[0] / (prefactors[0] / prefactors[1]),
        ),
        number("p. 4", "the same of var G", 1, ratio[1] / (prefactors[0] / prefactors[1]) ** 2),
    ]


def closed_forms() -> list[Row]:
    """Equations (13) and (14) against the inverses, and the uniform coupling of refs. 11, 12."""
    draw = 3 * np.random.default_rng(0).normal(size=(RANDOM, 7))
    here = jax.vmap(lambda v: Dot(N1, N2, v[0], v[1], v[2], v[3], v[6] ** 2))(draw)
    there = jax.vmap(lambda v: Dot(N1, N2, v[4], v[1], v[5], -v[3], v[6] ** 2))(draw)
    mean = jnp.max(jnp.abs(jax.vmap(correction)(here) * UNIT / jax.jit(qd.weak_localization)(here) - 1))
    cov = jnp.max(jnp.abs(jax.vmap(covariance)(here, there) * UNIT**2 / jax.jit(qd.covariance)(here, there) - 1))
    uniform = jax.vmap(lambda v: Dot(N1, N2, v[0], b=v[2], x_so=v[1]))(draw)
    highest = float(jnp.max(jax.vmap(correction)(uniform)))
    return [
        number("eq. (13)", f"largest relative deviation from the inverse, {RANDOM} random parameters", 0, mean),
        number("eq. (14)", "the same, different x, b and energy", 0, cov),
        said(
            "p. 3, ref. 12",
            "no positive ⟨δG⟩ with uniform coupling",
            f"largest of {RANDOM} random ones: {highest:.2e}",
            highest < 1e-12,
        ),
        said(
            "fig. 2",
            "curves ordered by a, from a = 0 at the bottom (left) and at the top (right)",
            "at x = 0 to 4, N = 2 to 40",
            ordered(),
        ),
    ]


def ordered() -> bool:
    """Whether <dG> rises and var G falls with a, everywhere in the range of figure 2."""
    holds = True
    for n in (1, 5, 20):
        curves = [Dot(n, n, x=jnp.linspace(0, 4, 81), a=a) for a in (0.0, 0.3, 0.5, 1.0, COUPLED)]
        mean, var = (np.stack([value(each) for each in curves]) for value in (qd.weak_localization, qd.variance))
        holds &= bool(np.all(np.diff(mean, axis=0) > 0) and np.all(np.diff(var, axis=0) < 0))
    return holds


def rows() -> list[Row]:
    """All of them."""
    return [*limits(), *dephasing(), *closed_forms()]
