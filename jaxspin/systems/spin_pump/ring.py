"""Transmission of the ring, at rest and between sidebands, from a scalar continued fraction.

The chain without the dot has the Green function lambda^|j - k|/r with lambda = (E - i sqrt(4 - E^2))/2 and
r = E - 2 lambda; the dot sees the self-energy Sigma_d = N/r, N = |V_L|^2 + |V_R|^2 + 2 Re(V_L^* V_R) lambda^2. With
E_n = E + n Omega, sidebands above and below the incoming one are eliminated in turn,

    F_n = r_n/Y_n,    Y_n = r_n (E_n - level) - N_n - r_n (drive/2)^2 F_(n+1)    (n > 0; n < 0 likewise),
    X = r_0 (E - level) - N_0 - r_0 (drive/2)^2 (F_1 + F_(-1)).

Where a sideband propagates, r = 2 i Gamma and |lambda| = 1: out of and into the dot lead two ways each, which interfere
to the strength g = |V_L|^2 + |V_R|^2 + 2 Re(V_L V_R^* lambda^2) for an electron that goes to the right, and with V_L^*
for one that goes to the left. Equation (7) of the paper becomes

    T^(n) = 4 Gamma_n Gamma_0 g_n g_0 |(drive/2)^n F_1 ... F_(n-1)/(X Y_n)|^2,    T^(0) = |1 + g_0/X|^2.

Nothing here diverges at band edges, where r = 0.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Complex, Float

from jaxspin.systems.spin_pump.parameters import Ring


class SidebandTransmissions(NamedTuple):
    """Probabilities T^(n)(E) that an electron crosses the ring and absorbs n photons, n = -n_max ... n_max."""

    right_from_left: Float[Array, " M"]
    left_from_right: Float[Array, " M"]


@jax.jit
def transmission(ring: Ring, energy: Float[ArrayLike, ""], spin: Float[ArrayLike, ""] = 1) -> Float[Array, ""]:
    """Transmission of the ring at rest, the same in both directions; zero outside the band [-2, 2].

    Arguments:
        ring: its drive and frequency are not used.
        energy: of the electron [gamma].
        spin: +1 (up) or -1 (down).
    """
    at = _sidebands(ring, flux(ring, spin), jnp.asarray(energy, dtype=float)[None])
    return _elastic(at.free, at.ways, at.gamma)[0, 0]


def sideband_transmissions(
    ring: Ring, energy: Float[ArrayLike, ""], spin: Float[ArrayLike, ""], n_max: int
) -> SidebandTransmissions:
    """T^(n)(E) of equation (7) in both directions; closed sidebands count nothing.

    Arguments:
        ring: the driven ring; Fermi energy and temperature are not used.
        energy: of the incoming electron, in the band [-2, 2] [gamma].
        spin: +1 (up) or -1 (down).
        n_max: largest number of photons, at least 1; `harmonics_needed` tells how many matter. M = 2 n_max + 1.

    Returns:
        `SidebandTransmissions`: `right_from_left` and `left_from_right`, each (M,).

    Raises:
        ValueError: for n_max below 1, and an energy outside the band (zeros under `jit` and `vmap`).
    """
    if n_max < 1:
        raise ValueError(f"sideband_transmissions: n_max must be at least 1, got {n_max}")
    if not isinstance(energy, Tracer) and bool(np.any(np.abs(np.asarray(energy)) > 2)):
        raise ValueError(f"sideband_transmissions: the leads carry no wave at energy {energy}; their band is [-2, 2]")
    at, outer = _around(ring, flux(ring, spin), jnp.asarray(energy, dtype=float), n_max)

    def inwards(reply, n):
        inverse, reply = _eliminated(at, ring, n, reply)
        return reply, ((ring.drive / 2) ** 2 * _square(inverse), (ring.drive / 2) ** 2 * _square(reply))

    reply, (last, passed) = jax.lax.scan(inwards, jnp.zeros(2, dtype=complex), outer)
    # outwards again: the steps up to F_(n-1), and the last one
    spread = jnp.cumprod(jnp.concatenate([jnp.ones((1, 2)), passed[:0:-1]]), axis=0) * last[::-1]
    arrives = jnp.concatenate([spread[::-1, 1], jnp.zeros(1), spread[:, 0]])
    elastic, entering = _incoming(at, ring, n_max, reply)
    total = (at.gamma * arrives)[:, None] * at.ways * entering[None]
    total = jnp.where(np.arange(-n_max, n_max + 1)[:, None] == 0, elastic[None], total)
    return SidebandTransmissions(total[:, 0], total[:, 1])


def total_transmissions(ring: Ring, phi: Float[Array, ""], energy: Float[Array, ""], n_max: int) -> Float[Array, "2"]:
    """Sums over n of T^(n)(E) at a total flux phi, from left to right and back, shape (2,).

    What leaves by sideband n or farther out follows from what leaves by n + 1, in the same pass as F_n.
    """
    at, outer = _around(ring, phi, energy, n_max)

    def inwards(carry, n):
        reply, beyond = carry
        inverse, reply = _eliminated(at, ring, n, reply)
        here, on = (ring.drive / 2) ** 2 * jnp.stack([at.gamma[n] * _square(inverse), _square(reply)])
        return (reply, here[:, None] * at.ways[n] + on[:, None] * beyond), None

    (reply, beyond), _ = jax.lax.scan(inwards, (jnp.zeros(2, dtype=complex), jnp.zeros((2, 2))), outer)
    elastic, entering = _incoming(at, ring, n_max, reply)
    return elastic + entering * jnp.sum(beyond, axis=0)


def flux(ring: Ring, spin: Float[ArrayLike, ""]) -> Float[Array, ""]:
    """The flux phi_AB + sigma phi_SO that a spin feels, in flux quanta."""
    return ring.phi_ab + jnp.asarray(spin, dtype=float) * ring.phi_so


def resonances(ring: Ring, phi: Float[Array, ""]) -> tuple[Float[Array, ""], Float[Array, "2"]]:
    """Energies of the dot's level as it is seen in the band, and of the states bound to it below and above [gamma].

    In the band, Re Sigma_d moves the level to level/(1 + |V_L V_R| cos(2 pi phi)). Bound states, with
    E = lambda + 1/lambda, are the zeros of X at -1 < lambda < 0 and 0 < lambda < 1. The drive moves them by
    (drive/2)^2 Re(F_1 + F_(-1)) to lowest order and lets them decay a little: the sharpest peaks of all transmissions,
    some photons away from them.
    """
    own, mixed = _couplings(ring, phi)[:2]

    def binding(lam):  # lambda^2 X, positive at lambda = 0 and negative at +-1
        return (1 - lam**2) * (1 + lam**2 - ring.level * lam) - lam**2 * (own + mixed * lam**2)

    def halve(_, ends):
        inner, outer = ends
        lam = (inner + outer) / 2
        return jnp.where(binding(lam) > 0, lam, inner), jnp.where(binding(lam) > 0, outer, lam)

    lam, _ = jax.lax.fori_loop(0, 52, halve, (jnp.zeros(2), jnp.array([-1.0, 1.0])))
    lam = jax.lax.stop_gradient(lam)
    lam = lam - binding(lam) / (-ring.level - (2 * own * lam - 3 * ring.level * lam**2 + 4 * (1 + mixed) * lam**3))
    energy, r = lam + 1 / lam, 1 / lam - lam
    beside = _sidebands(ring, phi, energy[:, None] + jnp.array([[1.0, -1.0]]) * ring.frequency)
    moved = (ring.drive / 2) ** 2 * jnp.sum((beside.r * _reciprocal(beside.free)).real, axis=1)
    slope = energy / r * (energy - ring.level) + r + 2 * mixed * lam**2 / r  # dX/dE
    return ring.level / (1 + mixed / 2), energy + r * moved / slope


class _Sidebands(NamedTuple):
    """The module's equations at some energies: r, `free` X without a drive, 2 `gamma`, `ways` g right and left."""

    r: Complex[Array, "..."]
    free: Complex[Array, "..."]
    gamma: Float[Array, "..."]
    ways: Float[Array, "... 2"]


def _sidebands(ring: Ring, phi: Float[Array, ""], energies: Float[Array, "..."]) -> _Sidebands:
    own, mixed, turned = _couplings(ring, phi)
    square = (2 - energies) * (2 + energies)
    inside, edge = square > 0, square == 0
    size = jnp.where(edge, 0.0, jnp.sqrt(jnp.where(edge, 1.0, jnp.abs(square))))
    gamma = jnp.where(inside, size, 0.0)
    growth = jnp.where(inside, 0.0, jnp.sign(energies) * size)  # the retarded branch outside
    r = jax.lax.complex(growth, gamma)
    lam2 = jax.lax.complex((energies * (energies - growth)) / 2 - 1, -energies * gamma / 2)
    ways = jnp.stack([own + mixed * lam2.real - turned * lam2.imag, own + mixed * lam2.real + turned * lam2.imag], -1)
    return _Sidebands(r, r * (energies - ring.level) - own - mixed * lam2, gamma, ways)


def _couplings(ring: Ring, phi: Float[Array, ""]) -> tuple[Array, Array, Array]:
    """|V_L|^2 + |V_R|^2, and real and imaginary part of 2 V_L V_R^*."""
    left, right = ring.coupling * (1 + ring.asymmetry), ring.coupling * (1 - ring.asymmetry)
    angle = 2 * jnp.pi * phi
    return left**2 + right**2, 2 * left * right * jnp.cos(angle), 2 * left * right * jnp.sin(angle)


def _around(ring: Ring, phi: Float[Array, ""], energy: Float[Array, ""], n_max: int) -> tuple[_Sidebands, np.ndarray]:
    """The sidebands -n_max ... n_max, and the positions (n_max, 2) of n and -n, from the outermost inwards."""
    energies = energy + np.arange(-n_max, n_max + 1) * ring.frequency
    return _sidebands(ring, phi, energies), np.stack([np.arange(2 * n_max, n_max, -1), np.arange(n_max)], axis=1)


def _eliminated(at: _Sidebands, ring: Ring, n: Array, reply: Complex[Array, "2"]) -> tuple[Array, Array]:
    """1/Y_n and F_n of two sidebands, from the F of those beyond."""
    r = at.r[n]
    inverse = _reciprocal(at.free[n] - r * (ring.drive / 2) ** 2 * reply)
    return inverse, r * inverse


def _incoming(at: _Sidebands, ring: Ring, middle: int, reply: Complex[Array, "2"]) -> tuple[Array, Array]:
    """T^(0), and the factor 2 Gamma_0 g_0/|X|^2 of the others, in both directions."""
    X = at.free[middle] - at.r[middle] * (ring.drive / 2) ** 2 * jnp.sum(reply)
    gamma, ways = at.gamma[middle], at.ways[middle]
    return _elastic(X[None], ways[None], gamma[None])[0], gamma * _square(_reciprocal(X)) * ways


def _elastic(X: Complex[Array, "n"], ways: Float[Array, "n 2"], gamma: Float[Array, "n"]) -> Float[Array, "n 2"]:
    """|1 + g/X|^2 in the band; a level that couples to nothing (X = 0) does not count."""
    amplitude = 1 + ways * _reciprocal(X)[:, None]
    return jnp.where(gamma[:, None] > 0, _square(amplitude), 0.0)


def _reciprocal(z: Complex[Array, "..."]) -> Complex[Array, "..."]:
    """1/z, and 0 at z = 0."""
    square = _square(z)
    return z.conj() * jnp.where(square > 0, 1 / jnp.where(square > 0, square, 1.0), 0.0)


def _square(z: Complex[Array, "..."]) -> Float[Array, "..."]:
    return z.real**2 + z.imag**2
