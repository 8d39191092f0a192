"""Exchange and correlation of an unpolarised density: local-density (GTH-PADE, PW92) and PBE.

A functional is the energy per volume e(n, sigma) of the density n [1/bohr^3] and sigma = |grad n|^2 [1/bohr^8], in
hartree/bohr^3; the potential is the derivative of the total, by autodiff. Hartree atomic units.

Vacuum needs care: n^(1/3) has no derivative at n = 0, and mixing makes densities slightly negative. Clamping the
density would take charge away and stall self-consistency; instead e is evaluated at (n + sqrt(n^2 + 4 n0^2))/2, which
is smooth, positive and n + n0^2/n where n >> n0 = 1e-10.
"""

import math
from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

_LEAST = 1e-10  # n0 [1/bohr^3]: v_xc there is 5e-4 hartree


class Functional(eqx.Module):
    """An exchange-correlation functional as a value; hashable, so that it may be a static argument of `jit`.

    `needs_gradient`: whether it depends on sigma. `citation`: where it is published.
    """

    name: str = eqx.field(static=True)
    needs_gradient: bool = eqx.field(static=True)
    citation: str = eqx.field(static=True)
    _of: Callable[[Array, Array], Array] = eqx.field(static=True)

    def energy_density(self, n: Float[ArrayLike, "..."], sigma: Float[ArrayLike, "..."] = 0.0) -> Float[Array, "..."]:
        """Energy per volume [hartree/bohr^3] of n [1/bohr^3] and sigma = |grad n|^2 [1/bohr^8].

        Finite with its first and second derivatives for every n, zero and below zero as well.
        """
        n, sigma = jnp.asarray(n, dtype=float), jnp.asarray(sigma, dtype=float)
        # the conjugate root where n < 0: no cancellation
        root = jnp.sqrt(n**2 + 4 * _LEAST**2)
        positive = n > 0
        smooth = jnp.where(positive, (n + root) / 2, 2 * _LEAST**2 / (root - jnp.where(positive, 0.0, n)))
        return self._of(smooth, sigma)


def _pade(n: Array, sigma: Array) -> Array:
    """Goedecker, Teter, Hutter, Phys. Rev. B 54, 1703 (1996), Eq. (1) of the appendix."""
    r = (3 / (4 * jnp.pi * n)) ** (1 / 3)
    above = 0.4581652932831429 + r * (2.217058676663745 + r * (0.7405551735357053 + r * 0.01968227878617998))
    below = r * (1.0 + r * (4.504130959426697 + r * (1.110667363742916 + r * 0.02359291751427506)))
    return -n * above / below


def _slater(n: Array) -> Array:
    """Exchange energy of the homogeneous gas, per volume."""
    return -0.75 * (3 / math.pi) ** (1 / 3) * n ** (4 / 3)


def _perdew_wang(n: Array, amplitude: float) -> Array:
    """Correlation energy per electron, unpolarised: Perdew, Wang, Phys. Rev. B 45, 13244 (1992), Eq. (10)."""
    s = (3 / (4 * jnp.pi * n)) ** (1 / 6)  # sqrt(r_s)
    series = 2 * amplitude * s * (7.5957 + s * (3.5876 + s * (1.6382 + s * 0.49294)))
    return -2 * amplitude * (1 + 0.21370 * s**2) * jnp.log1p(1 / series)


_GAMMA = (1 - math.log(2)) / math.pi**2
_BETA = 0.06672455060314922
_MU = _BETA * math.pi**2 / 3
_KAPPA = 0.804


def _lda(n: Array, sigma: Array) -> Array:
    return _slater(n) + n * _perdew_wang(n, 0.031091)


def _pbe(n: Array, sigma: Array) -> Array:
    """Perdew, Burke, Ernzerhof, Phys. Rev. Lett. 77, 3865 (1996), Eqs. (3), (7), (8), (14)."""
    fermi = (3 * jnp.pi**2 * n) ** (1 / 3)
    s2 = sigma / (2 * fermi * n) ** 2
    enhancement = 1 + _MU * s2 / (1 + _MU * s2 / _KAPPA)
    local = _perdew_wang(n, 0.0310907)
    t2 = sigma * jnp.pi / (16 * fermi * n**2)
    u = t2 * _BETA / _GAMMA / jnp.expm1(-local / _GAMMA)  # A t^2
    # (1 + u)/(1 + u + u^2) without u^2, which is huge in vacuum
    gradient = _GAMMA * jnp.log1p(_BETA / _GAMMA * t2 / (1 + u - u / (1 + u)))
    return _slater(n) * enhancement + n * (local + gradient)


LDA_PADE = Functional("LDA_PADE", False, "Goedecker, Teter, Hutter, Phys. Rev. B 54, 1703 (1996)", _pade)
"""Local-density approximation as the GTH-PADE pseudopotentials want it."""

LDA_PW92 = Functional("LDA_PW92", False, "Perdew, Wang, Phys. Rev. B 45, 13244 (1992)", _lda)
"""Local-density approximation with the correlation of Perdew and Wang."""

PBE = Functional("PBE", True, "Perdew, Burke, Ernzerhof, Phys. Rev. Lett. 77, 3865 (1996)", _pbe)
"""Generalised gradient approximation of Perdew, Burke and Ernzerhof."""

FUNCTIONALS = {functional.name: functional for functional in (LDA_PADE, LDA_PW92, PBE)}
"""Every functional by name."""
