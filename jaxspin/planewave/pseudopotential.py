"""Separable dual-space Gaussian pseudopotentials with spin-orbit coupling (GTH, HGH), analytic in reciprocal space.

V = V_local(r) + sum_(l i j m) |p_i^l l m> (h_ij^l + k_ij^l L.S) <p_j^l l m| with S = sigma/2. Hartwigsen, Goedecker,
Hutter, Phys. Rev. B 58, 3641 (1998). Hartree atomic units: lengths in bohr, energies in hartree, q in 1/bohr.

Form factors are functions of q^2, so that their derivatives are finite at q = 0 as well.
"""

import json
import math
from collections.abc import Sequence
from importlib import resources
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Float

CHANNELS = 4
"""Angular momenta l = 0 ... 3 that have room for projectors."""

MOST = 3
"""Projectors per angular momentum at most."""


def _real(value: Any) -> Array:
    return jnp.asarray(value, dtype=float)


class Pseudopotential(eqx.Module):
    """The coefficients of one element; differentiable in all of them. Zero where there is no projector.

    Arguments:
        element: chemical symbol.
        charge: of the core, which is the number of valence electrons.
        r_local: range of the local part [bohr].
        c: C_1 ... C_4 of the local part, shape (4,) [hartree].
        radii: r_l of the projectors, shape (4,) [bohr].
        h: scalar coefficients h_ij^l, symmetric, shape (4, 3, 3) [hartree].
        k: spin-orbit coefficients k_ij^l, symmetric, shape (4, 3, 3), none for l = 0 [hartree].
        count: number of projectors for each l.
        name: such as "Mo-GTH-PBE-q14".

    Raises:
        ValueError: for shapes that do not fit, a range that is not positive, a spin-orbit part for l = 0.
    """

    element: str = eqx.field(static=True)
    charge: int = eqx.field(static=True)
    r_local: Float[Array, ""] = eqx.field(converter=_real)
    c: Float[Array, "4"] = eqx.field(converter=_real)
    radii: Float[Array, "4"] = eqx.field(converter=_real)
    h: Float[Array, "4 3 3"] = eqx.field(converter=_real)
    k: Float[Array, "4 3 3"] = eqx.field(converter=_real)
    count: tuple[int, ...] = eqx.field(static=True)
    name: str = eqx.field(static=True, default="")

    def __check_init__(self) -> None:
        shapes = (self.c.shape, self.radii.shape, self.h.shape, self.k.shape, len(self.count))
        if shapes != ((4,), (CHANNELS,), (CHANNELS, MOST, MOST), (CHANNELS, MOST, MOST), CHANNELS):
            raise ValueError(
                f"Pseudopotential {self.name}: c (4,), radii (4,), h and k (4, 3, 3), 4 counts; got {shapes}"
            )
        if any(isinstance(leaf, Tracer) for leaf in (self.r_local, self.radii, self.k)):
            return
        if not self.r_local > 0 or any(n and not r > 0 for n, r in zip(self.count, self.radii, strict=True)):
            raise ValueError(
                f"Pseudopotential {self.name}: ranges must be positive, got r_local = {self.r_local} and radii = "
                f"{self.radii} bohr for {self.count} projectors"
            )
        if np.any(np.asarray(self.k[0])):
            raise ValueError(f"Pseudopotential {self.name}: s projectors have no spin-orbit part, k[0] must be 0")


def pseudopotential(
    element: str,
    charge: int,
    r_local: Float[ArrayLike, ""],
    c: Sequence[float],
    channels: Sequence[tuple[float, Float[ArrayLike, "i i"], Float[ArrayLike, "i i"]]],
    name: str = "",
) -> Pseudopotential:
    """A pseudopotential from its published numbers: `channels` are (r_l, h_ij, k_ij), matrices, for l = 0, 1, ...

    Raises:
        ValueError: as `Pseudopotential`; for more than 4 local coefficients, 4 channels or 3 projectors.
    """
    if len(c) > 4 or len(channels) > CHANNELS or any(np.shape(h)[0] > MOST for _, h, _ in channels):
        raise ValueError(
            f"pseudopotential {name}: at most 4 local coefficients, {CHANNELS} channels, {MOST} projectors"
        )
    radii, h, k = np.zeros(CHANNELS), np.zeros((CHANNELS, MOST, MOST)), np.zeros((CHANNELS, MOST, MOST))
    for l, (radius, scalar, orbit) in enumerate(channels):
        n = np.shape(scalar)[0]
        radii[l], h[l, :n, :n], k[l, :n, :n] = radius, np.reshape(scalar, (n, n)), np.reshape(orbit, (n, n))
    sizes = [np.shape(h)[0] for _, h, _ in channels]
    count = (*sizes, *[0] * (CHANNELS - len(sizes)))
    return Pseudopotential(element, charge, r_local, [*c, *[0.0] * (4 - len(c))], radii, h, k, count, name)


def tabulated(element: str, functional: str = "PBE", charge: int | None = None) -> Pseudopotential:
    """A pseudopotential of the package: of Goedecker, Teter, Hutter with spin-orbit coupling.

    Arguments:
        element: chemical symbol.
        functional: "PBE", or "PADE" for the local-density approximation.
        charge: number of valence electrons; by default the table with most of them.

    Raises:
        KeyError: where there is none; the message names those that exist and the file formats that can be read.
    """
    known = _table()
    stem = f"{element}-GTH-{functional}-q"
    names = [name for name in known if name.startswith(stem)]
    wanted = [n for n in names if charge is None or n == f"{stem}{charge}"]
    if not wanted:
        what = f"{stem}{'*' if charge is None else charge}"
        raise KeyError(
            f"no pseudopotential {what} in the package (known: {', '.join(known)}); "
            "read others with read_cp2k (GTH_SOC_POTENTIALS) or read_hgh (ABINIT's .hgh)"
        )
    name = max(wanted, key=lambda n: known[n]["charge"])
    row = known[name]
    none = lambda each: [0.0] * len(each["h"])
    channels = [(each["r"], symmetric(each["h"]), symmetric(each.get("k", none(each)))) for each in row["channels"]]
    return pseudopotential(element, row["charge"], row["r_local"], row["c"], channels, name)


def symmetric(triangle: Sequence[float]) -> np.ndarray:
    """A symmetric matrix from its upper triangle, row by row."""
    n = math.isqrt(2 * len(triangle))
    matrix = np.zeros((n, n))
    matrix[np.triu_indices(n)] = triangle
    return matrix + np.triu(matrix, 1).T


def _table() -> dict[str, Any]:
    path = resources.files("jaxspin.planewave") / "data" / "gth.json"
    return json.loads(path.read_text(encoding="utf-8"))["potentials"]


def local_form_factor(pseudo: Pseudopotential, q: Float[ArrayLike, "..."]) -> Float[Array, "..."]:
    """Fourier transform of the local potential, integral of V(r) exp(-i q.r), at q [1/bohr], in hartree bohr^3.

    At q = 0 it is `local_average`: the divergence -4 pi Z/q^2 is left out there, which cancels those of the Hartree
    energy and of the ions in a neutral cell. Eq. (6) of Hartwigsen et al.
    """
    return local_of_square(pseudo, jnp.asarray(q, dtype=float) ** 2)


def local_of_square(pseudo: Pseudopotential, q2: Float[ArrayLike, "..."]) -> Float[Array, "..."]:
    """`local_form_factor` as a function of q^2 [1/bohr^2]: its derivative is finite at q = 0."""
    q2 = jnp.asarray(q2, dtype=float)
    x2 = q2 * pseudo.r_local**2
    nonzero = q2 > 0
    coulomb = -4 * jnp.pi * pseudo.charge * jnp.exp(-x2 / 2) / jnp.where(nonzero, q2, 1.0)
    # the finite rest of -4 pi Z exp(-x^2/2)/q^2 at q = 0
    rest = 2 * jnp.pi * pseudo.charge * pseudo.r_local**2
    return jnp.where(nonzero, coulomb, rest) + short_of_square(pseudo, q2)


def short_of_square(pseudo: Pseudopotential, q2: Float[ArrayLike, "..."]) -> Float[Array, "..."]:
    """`local_of_square` without the attraction of the core, a Gaussian charge of width r_local."""
    x2 = jnp.asarray(q2, dtype=float) * pseudo.r_local**2
    c1, c2, c3, c4 = pseudo.c
    bracket = c1 + c2 * (3 - x2) + c3 * (15 - 10 * x2 + x2**2) + c4 * (105 - 105 * x2 + 21 * x2**2 - x2**3)
    return (2 * jnp.pi) ** 1.5 * pseudo.r_local**3 * jnp.exp(-x2 / 2) * bracket


def local_average(pseudo: Pseudopotential) -> Float[Array, ""]:
    """Integral of V_local(r) + Z/r over all space [hartree bohr^3]; times electrons per volume, an energy per atom."""
    return local_of_square(pseudo, 0.0)


def projector_form_factor(pseudo: Pseudopotential, l: int, i: int, q: Float[ArrayLike, "..."]) -> Float[Array, "..."]:
    """4 pi times the integral of r^2 j_l(q r) p_i^l(r), at q [1/bohr], in bohr^(3/2); i = 0, 1, 2.

    The projector in reciprocal space is (-i)^l Y_lm(q) times this; it is normalised: the integral of
    q^2 |form factor|^2/(2 pi)^3 is 1.
    """
    q = jnp.asarray(q, dtype=float)
    return q**l * projector_of_square(pseudo, l, i, q**2)


def projector_of_square(pseudo: Pseudopotential, l: int, i: int, q2: Float[ArrayLike, "..."]) -> Float[Array, "..."]:
    """`projector_form_factor` over q^l, as a function of q^2 [1/bohr^2]: multiply it with a solid harmonic q^l Y_lm(q).

    The integral of r^(2 + l + 2 n) j_l(q r) exp(-r^2/2 s^2) is, with x = q^2 s^2/2,
    sqrt(pi/2) 2^n n! s^(2 n + 2 l + 3) q^l exp(-x) L_n^(l + 1/2)(x), with an associated Laguerre polynomial.
    """
    x = jnp.asarray(q2, dtype=float) * pseudo.radii[l] ** 2 / 2
    a = l + 0.5
    laguerre = (1.0, 1 + a - x, x**2 / 2 - (a + 2) * x + (a + 1) * (a + 2) / 2)[i]
    # p_i^l(r) = sqrt(2) r^(l + 2 i) exp(-r^2/2 s^2)/(s^(l + 2 i + 3/2) sqrt(Gamma(l + 2 i + 3/2))), i from 0
    norm = math.sqrt(2 / math.gamma(l + 2 * i + 1.5))
    integral = math.sqrt(math.pi / 2) * 2**i * math.factorial(i) * pseudo.radii[l] ** (l + 1.5)
    return 4 * math.pi * norm * integral * jnp.exp(-x) * laguerre
