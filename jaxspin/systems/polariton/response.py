"""Response to a magnetic field: susceptibility, and the two effective g-factors of the paper.

The field that acts on the pseudospin is a s_z + delta. Its ratio to delta is the *total* g-factor `g_eff` (figure 3),
its derivative at delta -> 0, 1 + chi, the *linear* one `g_linear` (figure 1, equation (7)). They agree for small fields
below p_c, and differ above, where s_z stays finite as delta -> 0.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.core import Tracer
from jaxtyping import Array, Bool, Float

from jaxspin.systems.polariton.fixed_points import condensation_pump, fixed_points
from jaxspin.systems.polariton.parameters import Condensate
from jaxspin.systems.polariton.pseudospin import jacobian
from jaxspin.systems.polariton.thresholds import critical_occupation, critical_pump


class AlignedState(eqx.Module):
    """The stable state aligned with the field that has the largest occupation: `s` (3,), zero unless it `exists`."""

    s: Float[Array, "3"]
    exists: Bool[Array, ""]


@jax.jit
def aligned_state(c: Condensate) -> AlignedState:
    """The stable fixed point with sign(s_z) = sign(delta), at delta = 0 the limit delta -> +0.

    Where there are two (the hysteresis of a subcritical condensate), the one of larger |s|: it is the one that a pump
    rising from below leads to.
    """
    points = fixed_points(c)
    candidates = points.aligned & points.stable
    # rows come by descending |s|, so the first is the most populated
    row = jnp.argmax(candidates)
    exists = candidates[row]
    return AlignedState(jnp.where(exists, points.s[row], 0.0), exists)


def g_eff(c: Condensate) -> Float[Array, ""]:
    """Total effective g-factor (a s_z + delta)/delta of the aligned state (figure 3 of the paper).

    At delta = 0 its limit: 1 + chi where s_z = 0, infinite where symmetry is broken. NaN under `jit` or `vmap` where no
    aligned state is stable.

    Raises:
        ValueError: outside `jit` and `vmap`, where no aligned state is stable: below the condensation threshold.
    """
    return demand_condensate(c, total_g_factor(c))


def g_linear(c: Condensate) -> Float[Array, ""]:
    """Linear effective g-factor 1 + chi of the aligned state at zero field; c.delta is not used.

    Equal to s_c/(p_c - p) below p_c, equation (7); just above a supercritical p_c it falls from s_c/(2 (p - p_c)).
    NaN and errors as in `g_eff`.
    """
    return demand_condensate(_without_field(c), linear_g_factor(c))


@jax.jit
def susceptibility(c: Condensate, s: Float[Array, "3"]) -> Float[Array, ""]:
    """chi = a ds_z/ddelta of the fixed point s at the field c.delta, by the implicit derivative: equation (6).

    Negative on the unstable states of the subcritical pitchfork; diverges at every fold and pitchfork.
    """
    first, second, third = jacobian(c, s).T
    torque = jnp.stack([s[1], -s[0], jnp.zeros(())])
    normal = jnp.cross(first, second)  # Cramer's rule
    return c.a * (normal @ torque) / (normal @ third)


def susceptibility_laws(c: Condensate) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """The asymptotic laws of chi at p -> p_c: of the linearly polarized state s_+, and of the elliptical pair.

    s_c/(p_c - p), which is exactly 1 + chi at every p < p_c, and s_c/(2 (p - p_c)), negative for the unstable pair
    below a subcritical p_c.
    """
    distance = critical_pump(c) - c.p
    return critical_occupation(c) / distance, -critical_occupation(c) / (2 * distance)


def demand_condensate(c: Condensate, value: Float[Array, "..."]) -> Float[Array, "..."]:
    """The value, or `ValueError` if it is concrete and NaN because no aligned state is stable."""
    if not isinstance(value, Tracer) and bool(jnp.any(jnp.isnan(value))):
        least = float(condensation_pump(c))
        if float(c.p) <= least:
            raise ValueError(f"no condensate: p = {float(c.p):g} is not above the threshold of condensation, {least:g}")
        raise ValueError(
            f"no stable state aligned with the field at p = {float(c.p):g}, a = {float(c.a):g}, g = {float(c.g):g}, "
            f"delta = {float(c.delta):g}"
        )
    return value


@jax.jit
def total_g_factor(c: Condensate) -> Float[Array, ""]:
    """`g_eff` without the error: NaN where no aligned state is stable."""
    state = aligned_state(c)
    z, none = state.s[2], c.delta == 0
    s = jnp.where(state.exists, state.s, 1.0)
    limit = jnp.where(z == 0, 1 + susceptibility(c, s), jnp.inf)
    total = jnp.where(none, limit, (c.a * z + c.delta) / jnp.where(none, 1.0, c.delta))
    return jnp.where(state.exists, total, jnp.nan)


@jax.jit
def linear_g_factor(c: Condensate) -> Float[Array, ""]:
    """`g_linear` without the error: NaN where no aligned state is stable."""
    bare = _without_field(c)
    state = aligned_state(bare)
    s = jnp.where(state.exists, state.s, 1.0)
    return jnp.where(state.exists, 1 + susceptibility(bare, s), jnp.nan)


def _without_field(c: Condensate) -> Condensate:
    return eqx.tree_at(lambda c: c.delta, c, jnp.zeros_like(c.delta))
