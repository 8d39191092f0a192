"""Pumped currents: the energy integral of equation (6), its truncation, and a whole range of Fermi energies at once."""

import math
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Float, Int

from jaxspin.core import Solve, Status, require_double_precision, worst
from jaxspin.numerics import fermi, quadrature
from jaxspin.systems.spin_pump.parameters import Ring
from jaxspin.systems.spin_pump.ring import flux, resonances, total_transmissions

PRECISE = Solve(rtol=1e-14, atol=1e-10)
"""Tolerance of the energy integrals [gamma]."""
_UNKNOWN = 12  # photons where the drive is not known when their number must be: enough for drive/frequency = 2
_SOME = 1e-3  # of the sum of both directions, that panels resolve beside their difference
_PEAKS = 6  # photons up to which resonances get breakpoints: beyond, they are weak
_EDGE = 2.0  # of the band
_SPINS = np.array([1.0, -1.0])


class PumpedCurrents(eqx.Module):
    """dc currents of both spins, from left to right [e gamma/h], and how good they are.

    `charge` up + down, `spin` up - down; `error` of the energy integrals, an estimate; `evaluations` of the integrand;
    `status` as `core.Status`: MAX_STEPS where the integral did not reach its tolerance or the drive needs more
    sidebands.
    """

    up: Float[Array, "..."]
    down: Float[Array, "..."]
    error: Float[Array, ""]
    evaluations: Int[Array, ""]
    status: Int[Array, ""]

    @property
    def charge(self) -> Float[Array, "..."]:
        """I_up + I_down [e gamma/h]."""
        return self.up + self.down

    @property
    def spin(self) -> Float[Array, "..."]:
        """I_up - I_down [e gamma/h]."""
        return self.up - self.down


def pumped_currents(
    ring: Ring,
    *,
    n_max: int | None = None,
    solve: Solve = PRECISE,
    integrate: Callable[..., quadrature.Integral] = quadrature.integrate,
) -> PumpedCurrents:
    """The pumped currents of equations (5) and (6), without a bias.

    Differentiable, forward and reverse, with respect to every parameter. At zero temperature the integral ends at the
    Fermi energy, at finite temperature where the leads are empty; one goes over into the other smoothly.

    Arguments:
        ring: one point; `jax.vmap` for more.
        n_max: largest number of photons. By default what `harmonics_needed` tells, 12 where the ring is traced.
        solve: absolute tolerance of the energy integrals [gamma], and their budget of rounds.
        integrate: `quadrature.integrate`, which adapts, or `quadrature.integrate_graded`, which compiles faster.

    Raises:
        ValueError: for n_max below what the drive needs, outside `jit` and `vmap` (inside, `status` says so).
        RuntimeError: in single precision.
    """
    return _compiled(ring, n_max=_truncation(ring, n_max, solve.atol), solve=solve, integrate=integrate)


def currents_against_fermi_energy(
    ring: Ring,
    fermi_energies: Float[ArrayLike, " k"],
    *,
    n_max: int | None = None,
    solve: Solve = PRECISE,
) -> PumpedCurrents:
    """Pumped currents at zero temperature for many Fermi energies, from one integral over the band.

    First derivatives with respect to the Fermi energies and every parameter.

    Arguments:
        ring: its Fermi energy is not used, its temperature must be 0.
        fermi_energies: [gamma], shape (k,), in any order.
        n_max, solve: as of `pumped_currents`.

    Returns:
        `PumpedCurrents` with `up` and `down` (k,). Where the temperature is traced and not 0, `status` is NO_SOLUTION.

    Raises:
        ValueError: for a temperature other than 0, and as `pumped_currents`.
    """
    if not isinstance(ring.temperature, Tracer) and float(ring.temperature) != 0:
        raise ValueError(
            f"currents_against_fermi_energy: the temperature must be 0, got {ring.temperature}; "
            "use jax.vmap(pumped_currents)"
        )
    n_max = _truncation(ring, n_max, solve.atol)
    full = eqx.tree_at(lambda ring: ring.fermi_energy, ring, jnp.asarray(2 * _EDGE))  # every state counts in full

    def of_spin(spin):
        phi = flux(ring, spin)
        breakpoints = singularities(ring, phi, n_max)
        return quadrature.integrate_to_each(
            occupied,
            -_EDGE,
            jnp.clip(jnp.asarray(fermi_energies, dtype=float), -_EDGE, _EDGE),
            (full, phi, n_max),
            breakpoints=breakpoints,
            solve=solve,
        )

    currents = _currents(jax.vmap(of_spin)(_SPINS), ring, n_max, solve)
    cold = worst(currents.status, jnp.where(ring.temperature == 0, Status.OK, Status.NO_SOLUTION))
    return eqx.tree_at(lambda currents: currents.status, currents, cold)


def harmonics_needed(
    drive: Float[ArrayLike, ""], frequency: Float[ArrayLike, ""], tolerance: float = PRECISE.atol
) -> Int[Array, ""]:
    """How many photons n_max pumped currents good to `tolerance` [e gamma/h] must allow; 200 at most.

    What n_max leaves out is of order [x^(n_max + 1)/(n_max + 1)!]^2 with x = drive/frequency: measured against much
    larger n_max for x from 0.1 to 10, where a tenth of the tolerance is a safe bound.
    """
    x = jax.lax.stop_gradient(jnp.abs(jnp.asarray(drive, dtype=float)) / jnp.asarray(frequency, dtype=float))
    n = np.arange(1.0, 201.0)
    size = 2 * ((n + 1) * jnp.log(x) - jax.lax.lgamma(n + 2))
    matters = ~(size < math.log(tolerance / 10))  # True for NaN
    return jnp.max(jnp.where(matters, jnp.arange(1, 201) + 1, 1)).clip(1, 200)


def _truncation(ring: Ring, n_max: int | None, tolerance: float) -> int:
    """n_max as given, checked where the ring is known; otherwise what it needs."""
    require_double_precision("a pumped current")
    if n_max is not None and n_max < 1:
        raise ValueError(f"pumped current: n_max must be at least 1, got {n_max}")
    needed = harmonics_needed(ring.drive, ring.frequency, tolerance)
    if isinstance(needed, Tracer):
        return _UNKNOWN if n_max is None else n_max
    if n_max is not None and n_max < int(needed):
        raise ValueError(
            f"pumped current: n_max = {n_max} is too small for drive/frequency = {ring.drive / ring.frequency:.3g}: "
            f"errors below {tolerance:g} need n_max = {int(needed)}"
        )
    return int(needed) if n_max is None else n_max


@eqx.filter_custom_jvp
def _pumped(ring: Ring, *, n_max: int, solve: Solve, integrate: Callable[..., quadrature.Integral]) -> PumpedCurrents:
    """`pumped_currents`, whose derivatives are always taken forwards: cheaper for so few parameters, in either mode."""
    return _integrated(ring, n_max, solve, integrate)


@_pumped.def_jvp
def _pumped_jvp(primals, tangents, *, n_max, solve, integrate):
    leaves, tree = jax.tree.flatten(primals[0])
    changes = jax.tree.leaves(tangents[0], is_leaf=lambda leaf: leaf is None)

    def currents(leaves):
        found = _integrated(jax.tree.unflatten(tree, leaves), n_max, solve, integrate)
        return (found.up, found.down), found

    slopes, found = jax.jacfwd(currents, has_aux=True)(leaves)
    total = [sum(s * t for s, t in zip(row, changes, strict=True) if t is not None) for row in slopes]
    change: Any = (*total, jnp.zeros_like(found.error), None, None)
    return found, PumpedCurrents(*change)


_compiled = eqx.filter_jit(_pumped)


def _integrated(ring: Ring, n_max: int, solve: Solve, integrate: Callable[..., quadrature.Integral]) -> PumpedCurrents:
    thermal = fermi.thermal_breakpoints(ring.fermi_energy, ring.temperature)

    def of_spin(spin):
        phi = flux(ring, spin)
        breakpoints = jnp.concatenate([thermal, singularities(ring, phi, n_max)])
        upper = jnp.clip(thermal[-1], -_EDGE, _EDGE)
        return integrate(occupied, -_EDGE, upper, (ring, phi, n_max), breakpoints=breakpoints, solve=solve)

    return _currents(jax.vmap(of_spin)(_SPINS), ring, n_max, solve)


def singularities(ring: Ring, phi: Float[Array, ""], n_max: int) -> Float[Array, " m"]:
    """Breakpoints [gamma] of energy integrals at a total flux phi [flux quanta], up to n_max photons.

    Band edges of all sidebands, where transmissions have square roots; level and bound states, where they peak.
    """
    photons = jnp.arange(1, n_max + 1) * ring.frequency
    few = photons[:_PEAKS]
    level, (below, above) = resonances(ring, phi)
    edges = [photons - _EDGE, _EDGE - photons]
    return jnp.concatenate([*edges, level - few, level[None], level + few, below + few, above - few])


def occupied(energy: Float[Array, ""], at: tuple[Ring, Float[Array, ""], int]) -> Float[Array, "2"]:
    """The integrand of equation (6): occupation times what goes to the right less what goes to the left, and their sum.

    `at`: ring, total flux and n_max. Of the sum only a thousandth: it makes the panels resolve what may cancel in the
    difference, while its derivatives do not.
    """
    ring, phi, n_max = at
    right, left = total_transmissions(ring, phi, energy, n_max)
    occupation = fermi.occupation(energy, ring.fermi_energy, ring.temperature)
    return occupation * jnp.stack([right - left, _SOME * (right + left)])


def _currents(found: quadrature.Integral, ring: Ring, n_max: int, solve: Solve) -> PumpedCurrents:
    """The currents of two integrals, spin up and down."""
    up, down = found.value[..., 0]
    enough = harmonics_needed(ring.drive, ring.frequency, solve.atol) <= n_max
    status = worst(*found.status, jnp.where(enough, Status.OK, Status.MAX_STEPS))
    return PumpedCurrents(up, down, jnp.max(found.error[:, 0]), jnp.sum(found.evaluations), status)
