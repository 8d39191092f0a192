"""Dynamics: the magnetization from one time to others, with what is to be known at each of them."""

from collections.abc import Callable
from typing import Any, NamedTuple

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Float, Int, PyTree

from jaxspin.core import Solve
from jaxspin.micromagnetics.llg import magnetization_rate
from jaxspin.micromagnetics.precession_step import PrecessionStep
from jaxspin.micromagnetics.system import System, averages, energies, total_moment
from jaxspin.micromagnetics.vectors import unit_vectors
from jaxspin.micromagnetics.waveforms import Waveform
from jaxspin.numerics.ode import integrate

Observe = Callable[[System, Float[Array, "S nx ny nz 3"], Float[Array, ""]], Any]
"""What a user wants to know of a state: a function of (system, m, time)."""

DEFAULT = Solve(rtol=1e-6, atol=1e-6, max_steps=1_000_000)
METHOD = PrecessionStep()


class Evolution(eqx.Module):
    """What `evolve` returns; n times, S sublattices. Times that were not reached hold inf.

    `times` (n,) [s]; `averages` (n, S, 3), <m> of each sublattice over the magnetic cells; `moment` (n, 3) [A m2];
    `energies`, by name of the term (n,) [J]; `snapshots` (n, S, nx, ny, nz, 3) or None; `observed`, what `observe`
    returned, with a leading axis n; `final`, the state after the last step, which ended at the time `reached` [s], also
    where the run failed; `status`, a `core.Status`; `steps` taken or refused, and `evaluations` of the field.
    """

    times: Float[Array, " n"]
    averages: Float[Array, "n S 3"]
    moment: Float[Array, "n 3"]
    energies: dict[str, Float[Array, " n"]]
    snapshots: Float[Array, "n S nx ny nz 3"] | None
    observed: PyTree
    final: Float[Array, "S nx ny nz 3"]
    reached: Float[Array, ""]
    status: Int[Array, ""]
    steps: Int[Array, ""]
    evaluations: Int[Array, ""]

    @property
    def energy(self) -> Float[Array, " n"]:
        """Total energy [J]."""
        return sum(self.energies.values(), start=jnp.zeros_like(self.times))


class Record(eqx.Module):
    """What is kept at a save time."""

    snapshots: bool = eqx.field(static=True)
    observe: Observe | None

    def __call__(self, time: Array, m: Array, system: System) -> dict[str, Any]:
        return {
            "averages": averages(system, m),
            "moment": total_moment(system, m),
            "energies": energies(system, m, time),
            "snapshots": m if self.snapshots else None,
            "observed": None if self.observe is None else self.observe(system, m, time),
        }


class Motion(NamedTuple):
    """Of a state of unit vectors: its `rate(system, state, time)` [1/s] and the `magnetization(state)` of all
    sublattices.
    """

    rate: Callable[[System, Array, Array], Array]
    magnetization: Callable[[Array], Array]


def _itself(m: Array) -> Array:
    return m


_MAGNETIZATION = Motion(magnetization_rate, _itself)


def evolve(
    system: System,
    m0: Float[Array, "S nx ny nz 3"],
    times: Float[ArrayLike, " n"],
    *,
    dt: Float[ArrayLike, ""] | None = None,
    method: diffrax.AbstractSolver = METHOD,
    solve: Solve = DEFAULT,
    snapshots: bool = False,
    observe: Observe | None = None,
) -> Evolution:
    """Solve the equation of motion from `m0` at times[0] on, and say what was at each of `times`.

    Steps adapt to the tolerance of `solve` (root-mean-square error of m per step), ending at the jumps of every
    waveform in the system, or are all `dt`; lengths are renormalised after each. Pure: works under `jit`, `vmap`
    and `grad`. Reverse mode keeps about sqrt(2 solve.max_steps) states and recomputes the others, so lower
    `solve.max_steps` to what is needed before differentiating.

    Arguments:
        system: the magnet.
        m0: unit vectors inside the mask.
        times: increasing [s].
        dt: constant step [s].
        method: a diffrax solver; `diffrax.Tsit5()` needs fewer steps at tolerances far below 1e-6.
        solve: tolerances, budget of steps, direction of differentiation, meter.
        snapshots: keep the whole state at every time.
        observe: a function of (system, m, time), evaluated at every time; a module-level one is compiled once.

    Returns:
        `Evolution`; `status` is MAX_STEPS, DIVERGED (also: the step fell below rounding) or NOT_FINITE where it failed.

    Raises:
        ValueError: for times that do not increase, an m0 of another shape or not finite, dt <= 0.
    """
    times, m0 = jnp.asarray(times, dtype=float), jnp.asarray(m0, dtype=float)
    demand_run(system, m0, times, dt)
    dt = None if dt is None else jnp.asarray(dt, dtype=float)  # a number would be compiled in
    return followed(_MAGNETIZATION, system, system.normalised(m0), times, dt, method, solve, Record(snapshots, observe))


@eqx.filter_jit
def followed(
    motion: Motion,
    system: System,
    start: Array,
    times: Float[Array, " n"],
    dt: Float[Array, ""] | None,
    method: diffrax.AbstractSolver,
    solve: Solve,
    record: Record,
) -> Evolution:
    """What `evolve` returns, for any state of unit vectors from which the magnetization follows."""
    run = integrate(
        lambda time, state, system: motion.rate(system, state, time),
        start,
        t0=times[0],
        t1=times[-1],
        args=system,
        saveat=times,
        dt0=dt,
        solve=solve,
        project=unit_vectors,
        breaks=waveform_breaks(system) if dt is None else None,
        method=method,
        observe=lambda time, state, system: record(time, motion.magnetization(state), system),
    )
    return Evolution(
        times=times, final=motion.magnetization(run.last), reached=run.reached, status=run.status, steps=run.steps,
        evaluations=evaluations_per_step(method) * run.steps, **run.y,
    )  # fmt: skip


def evaluations_per_step(method: diffrax.AbstractSolver) -> int:
    """Evaluations of the field in a step of an explicit Runge-Kutta method."""
    tableau = getattr(method, "tableau", None)
    if not isinstance(tableau, diffrax.ButcherTableau):
        return 1
    return tableau.num_stages - (1 if tableau.fsal else 0)


def waveform_breaks(system: System) -> Float[Array, " k"] | None:
    """Times at which any waveform of the system jumps [s], sorted."""
    is_waveform = lambda part: isinstance(part, Waveform)
    found = [part.breaks() for part in jax.tree.leaves(system, is_leaf=is_waveform) if is_waveform(part)]
    joined = jnp.concatenate([jnp.zeros(0), *found])
    return jnp.sort(joined) if joined.size else None


def demand_run(system: System, m0: Array, times: Array, dt: Any) -> None:
    """Raise `ValueError` for times that do not increase, an m0 of another shape or not finite, dt <= 0."""
    expected = (len(system.sublattices), *system.mesh.shape, 3)
    if m0.shape != expected:
        raise ValueError(f"evolve: m0 must have the shape {expected} (sublattices, nx, ny, nz, 3), got {m0.shape}")
    if times.ndim != 1 or times.shape[0] < 2:
        raise ValueError(f"evolve: expected at least two times [s], the first that of m0, got the shape {times.shape}")
    if not isinstance(times, Tracer) and not np.all(np.diff(times) > 0):
        raise ValueError("evolve: times must increase [s]")
    if not isinstance(m0, Tracer) and not np.all(np.isfinite(m0)):
        raise ValueError(f"evolve: m0 holds {int(np.sum(~np.isfinite(m0)))} values that are not finite")
    if dt is not None and not isinstance(dt, Tracer) and not dt > 0:
        raise ValueError(f"evolve: dt must be > 0 s, got {dt}")
