"""Hysteresis loops: equilibria in a sequence of fields, each found from the one before."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Int

from jaxspin.micromagnetics.relax import relax
from jaxspin.micromagnetics.system import System, averages, total_moment
from jaxspin.micromagnetics.zeeman import Zeeman


class Hysteresis(eqx.Module):
    """A loop: `fields` (n, 3) [T], `averages` (n, S, 3), `moment` (n, 3) [A m2], `status` (n,), last state `final`."""

    fields: Float[Array, "n 3"]
    averages: Float[Array, "n S 3"]
    moment: Float[Array, "n 3"]
    status: Int[Array, " n"]
    final: Float[Array, "S nx ny nz 3"]


@eqx.filter_jit
def hysteresis(
    system: System,
    m0: Float[Array, "S nx ny nz 3"],
    fields: Float[ArrayLike, "n 3"],
    *,
    tolerance: float = 1e-5,
    max_iterations: int = 20_000,
) -> Hysteresis:
    """Relax in one uniform field after another, added to the terms of the system.

    An equilibrium that is unstable by symmetry alone is kept: tilt the field by a degree, or start from a tilted state.
    Works under `jit` and `vmap`; derivatives of the moments are those of each equilibrium at fixed start.

    Arguments:
        system: the magnet.
        m0: where to start.
        fields: [T], in the order in which they are applied.
        tolerance, max_iterations: of each equilibrium, see `relax`.

    Returns:
        `Hysteresis`.
    """
    fields = jnp.asarray(fields, dtype=float)

    def one(m: Array, field: Array) -> tuple[Array, tuple[Array, Array, Array]]:
        there = System(system.mesh, system.sublattices, (*system.terms, Zeeman(field)), system.torques)
        found = relax(there, m, tolerance=tolerance, max_iterations=max_iterations)
        return found.m, (averages(system, found.m), total_moment(system, found.m), found.status)

    final, (mean, moment, status) = jax.lax.scan(one, jnp.asarray(m0, dtype=float), fields)
    return Hysteresis(fields, mean, moment, status, final)
