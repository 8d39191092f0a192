"""Dynamics under stiff exchange between two sublattices: the motion of each pair split off, long-range fields frozen.

Exchange fields of 10 to 500 T turn the two moments of a cell about each other far faster than anything else moves them.
Under w = -J m_1.m_2 alone, with p_i = gamma_i/(1 + alpha_i^2) J/M_i, both rotate about Omega = p_2 m_1 + p_1 m_2, which
is constant without damping (it is the total angular momentum), and damping closes or opens their angle as
tan(theta/2) ~ exp(-(alpha_1 p_1 + alpha_2 p_2) t). Each of these two flows is exact; they follow one another as
half - whole - half (Strang), and so do the pair and everything else: second order in the step, stable at any J.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from jaxspin.micromagnetics.demagnetization import Demagnetization
from jaxspin.micromagnetics.evolve import Evolution, Observe, demand_run
from jaxspin.micromagnetics.fixed_steps import equal_steps, run_steps
from jaxspin.micromagnetics.llg import rate_in_field
from jaxspin.micromagnetics.sublattice import stacked
from jaxspin.micromagnetics.sublattice_exchange import SublatticeExchange
from jaxspin.micromagnetics.system import System, effective_field, torque_field
from jaxspin.micromagnetics.vectors import cross, dot, unit_vectors


def evolve_split(
    system: System,
    m0: Float[Array, "2 nx ny nz 3"],
    times: Float[ArrayLike, " n"],
    *,
    dt: float,
    substeps: int = 1,
    slow: type | tuple[type, ...] = Demagnetization,
    snapshots: bool = False,
    observe: Observe | None = None,
) -> Evolution:
    """`evolve` for two sublattices, with the homogeneous exchange between them solved exactly in every cell.

    A step of `dt` holds `substeps` of: half a pair rotation, a Runge-Kutta step (order 4) of all other terms, half a
    pair rotation. The terms of the types `slow` are evaluated once a step and extrapolated linearly in time from the
    last two. Second order in dt where waveforms are continuous: give a pulse a rise. Works under `jit`, `vmap`, `grad`.

    Arguments:
        system: with one `SublatticeExchange` or more; two sublattices.
        m0: unit vectors inside the mask.
        times: equally spaced, concrete [s].
        dt: largest step [s]; shortened so that steps end at the times.
        substeps: of the local terms in each step.
        slow: types of energy terms to be frozen between steps.
        snapshots, observe: as in `evolve`.

    Returns:
        `Evolution`; `steps` of length dt, `evaluations` of the slow terms (one a step). The local terms are evaluated
        4 `substeps` times a step.

    Raises:
        ValueError: for a system that has not two sublattices, times that are not equally spaced, dt <= 0, substeps < 1.
    """
    m0 = jnp.asarray(m0, dtype=float)
    if len(system.sublattices) != 2:
        raise ValueError(f"evolve_split: expected two sublattices, got {len(system.sublattices)}; use evolve")
    if substeps < 1:
        raise ValueError(f"evolve_split: substeps must be at least 1, got {substeps}")
    demand_run(system, m0, jnp.asarray(times, dtype=float), dt)
    count, step = equal_steps(times, dt)
    types = slow if isinstance(slow, tuple) else (slow,)
    return _run(system, m0, jnp.asarray(times, dtype=float), count, step, substeps, types, snapshots, observe)


@eqx.filter_jit
def _run(system, m0, times, count, dt, substeps, slow, snapshots, observe) -> Evolution:
    frozen = _with_terms(system, [term for term in system.terms if isinstance(term, slow)])
    local = _with_terms(
        system, [_without_coupling(term) for term in system.terms if not isinstance(term, slow)], system.torques
    )
    J = pair_coupling(system)
    h = dt / substeps

    def rate(m, time, B):
        return rate_in_field(system, m, B + effective_field(local, m, time) + torque_field(local, m, time))

    def substep(m, time, now, slope, offset):
        """Between times offset and offset + h of a step; the frozen field is now + slope (t - start of the step)."""
        m = pair_flow(system, m, J, h / 2)
        at = lambda t: now + slope * (offset + t)
        k1 = rate(m, time, at(0.0))
        k2 = rate(unit_vectors(m + h / 2 * k1), time + h / 2, at(h / 2))
        k3 = rate(unit_vectors(m + h / 2 * k2), time + h / 2, at(h / 2))
        k4 = rate(unit_vectors(m + h * k3), time + h, at(h))
        m = unit_vectors(m + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4))
        return pair_flow(system, m, J, h / 2)

    def advance(carry, time, number):
        m, before = carry
        now = effective_field(frozen, m, time)
        slope = jnp.where(number > 0, (now - before) / dt, 0.0)
        inner = lambda m, k: (substep(m, time + k * h, now, slope, k * h), None)
        m, _ = jax.lax.scan(inner, m, jnp.arange(substeps))
        return m, now

    m0 = system.normalised(m0)
    return run_steps(
        advance, (m0, jnp.zeros_like(m0)), system, times, count, dt,
        snapshots=snapshots, observe=observe, evaluations=1,
    )  # fmt: skip


def pair_coupling(system: System) -> Float[Array, "x y z"]:
    """J [J/m3] of all homogeneous exchange between the two sublattices, w = -J m_1.m_2."""
    zero = jnp.zeros((1, 1, 1))
    return sum(
        (stacked(term.coupling, 1, "A_0")[0] for term in system.terms if isinstance(term, SublatticeExchange)),
        start=zero,
    )


def pair_flow(
    system: System, m: Float[Array, "2 nx ny nz 3"], coupling: Float[Array, "x y z"], time: Float[ArrayLike, ""]
) -> Float[Array, "2 nx ny nz 3"]:
    """The two moments of every cell after `time` [s] under w = -J m_1.m_2 alone, J = `coupling` [J/m3]."""
    alpha = system.damping
    p = system.gyromagnetic_ratio / (1 + alpha**2) * coupling[None] * system.inverse_magnetization
    k = alpha * p
    m = _closed(m, k, time / 2)
    m = _turned(m, p, time)
    return _closed(m, k, time / 2)


def _turned(m: Array, p: Array, time: ArrayLike) -> Array:
    """Both rotate about Omega = p_2 m_1 + p_1 m_2 (Rodrigues), with sin(x)/x safe at Omega = 0."""
    omega = (p[1, ..., None] * m[0] + p[0, ..., None] * m[1])[None] * time
    square = dot(omega, omega)
    angle = jnp.sqrt(jnp.where(square > 0, square, 1.0))
    sine = jnp.where(square > 0, jnp.sin(angle) / angle, 1.0)
    versine = jnp.where(square > 0, (1 - jnp.cos(angle)) / angle**2, 0.5)
    once = cross(jnp.broadcast_to(omega, m.shape), m)
    return m + sine * once + versine * cross(jnp.broadcast_to(omega, m.shape), once)


def _closed(m: Array, k: Array, time: ArrayLike) -> Array:
    """Each moment turns towards the other, in their plane, by its share k_i/(k_1 + k_2) of the change of their angle.

    With psi the supplement of the angle, tan(psi/2) = |m_1 + m_2|/|m_1 - m_2| grows as exp((k_1 + k_2) t).
    """
    total = k[0] + k[1]
    plus, minus = m[0] + m[1], m[0] - m[1]
    up, down = dot(plus, plus)[..., 0], dot(minus, minus)[..., 0]
    moves = (up > 0) & (down > 0)  # neither exactly parallel nor antiparallel
    s, d = jnp.sqrt(jnp.where(moves, up, 1.0)), jnp.sqrt(jnp.where(moves, down, 1.0))
    change = 2 * (jnp.arctan2(s * jnp.exp(total * time), d) - jnp.arctan2(s, d))  # of psi
    share = k / jnp.where(total == 0, 1.0, total)[None]
    angle = jnp.where(moves[None], share * change[None], 0.0)[..., None]
    sine = (s * d / 2)[None, ..., None]  # of the angle between them
    other = m[::-1]
    along = (other - dot(m, other) * m) / sine
    return m * jnp.cos(angle) + along * jnp.sin(angle)


def _with_terms(system: System, terms: list, torques: tuple = ()) -> System:
    return System(system.mesh, system.sublattices, terms, torques)


def _without_coupling(term):
    """The same term, its homogeneous exchange taken out: what remains is the gradient part."""
    if not isinstance(term, SublatticeExchange):
        return term
    return SublatticeExchange(jnp.zeros_like(term.homogeneous), term.gradient, term.lattice_constant, term.pair)
