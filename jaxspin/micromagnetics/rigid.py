"""Two sublattices held rigidly antiparallel: the slow dynamics of a ferrimagnet, without its exchange mode.

With m_1 = n, m_2 = -n and s_i = M_i/gamma_i, the sum of both equations of motion is

    ds dn/dt = -n x T + as n x dn/dt,    T = M_1 B_1 - M_2 B_2,    ds = s_1 - s_2,    as = alpha_1 s_1 + alpha_2 s_2,

regular at both compensation points. It drops the canting of the pair, and with it the inertia of an antiferromagnet:
good while everything is slow against the exchange mode (J |ds|/(s_1 s_2), or gamma sqrt(2 B_e B_k) at ds = 0); compare
with `evolve` or `evolve_split` before trusting it near angular compensation.
"""

import diffrax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from jaxspin.core import Solve
from jaxspin.micromagnetics.evolve import DEFAULT, METHOD, Evolution, Motion, Observe, Record, demand_run, followed
from jaxspin.micromagnetics.system import System, effective_field, torque_field
from jaxspin.micromagnetics.vectors import cross


def antiparallel(n: Float[Array, "nx ny nz 3"]) -> Float[Array, "2 nx ny nz 3"]:
    """m_1 = n, m_2 = -n."""
    return jnp.stack([n, -n])


def rigid_rate(
    system: System, n: Float[Array, "nx ny nz 3"], time: Float[ArrayLike, ""] = 0.0
) -> Float[Array, "nx ny nz 3"]:
    """dn/dt = -(ds n x T + as n x (n x T))/(ds^2 + as^2) [1/s] of a rigidly antiparallel pair."""
    m = antiparallel(n)
    M = system.saturation_magnetization
    B = M[..., None] * (effective_field(system, m, time) + torque_field(system, m, time))
    s = M / system.gyromagnetic_ratio
    ds, total = s[0] - s[1], jnp.sum(system.damping * s, axis=0)
    square = ds**2 + total**2
    inverse = jnp.where(square > 0, 1 / jnp.where(square > 0, square, 1.0), 0.0)
    turning = cross(n, B[0] - B[1])
    return -inverse[..., None] * (ds[..., None] * turning + total[..., None] * cross(n, turning))


def evolve_rigid(
    system: System,
    n0: Float[Array, "nx ny nz 3"],
    times: Float[ArrayLike, " n"],
    *,
    dt: Float[ArrayLike, ""] | None = None,
    method: diffrax.AbstractSolver = METHOD,
    solve: Solve = DEFAULT,
    snapshots: bool = False,
    observe: Observe | None = None,
) -> Evolution:
    """`evolve` of two sublattices with m_1 = n and m_2 = -n at all times; the exchange between them limits no step.

    Arguments:
        system: with two sublattices; all its terms and torques act.
        n0: direction of the first sublattice, unit vectors inside the mask.
        times, dt, method, solve, snapshots, observe: as in `evolve`.

    Returns:
        `Evolution` of both sublattices.

    Raises:
        ValueError: as `evolve`, and for a system that has not two sublattices.
    """
    if len(system.sublattices) != 2:
        raise ValueError(f"evolve_rigid: expected two sublattices, got {len(system.sublattices)}")
    times, n0 = jnp.asarray(times, dtype=float), jnp.asarray(n0, dtype=float)
    demand_run(system, antiparallel(n0), times, dt)
    dt = None if dt is None else jnp.asarray(dt, dtype=float)
    return followed(_PAIR, system, system.normalised(n0[None])[0], times, dt, method, solve, Record(snapshots, observe))


_PAIR = Motion(rigid_rate, antiparallel)
