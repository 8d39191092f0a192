"""Coherent switching: the current at which the equilibrium of the macrospin ends in a fold."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Int

from jaxspin.core import Solve, Status, check, worst
from jaxspin.numerics import bifurcation
from jaxspin.systems.ferrimagnet.constants import ELEMENTARY_CHARGE, HBAR
from jaxspin.systems.ferrimagnet.drive import Drive
from jaxspin.systems.ferrimagnet.macrospin import Magnet, Moments, collinear, field_scale
from jaxspin.systems.ferrimagnet.trajectory import relax, torque_residual

_STEP = 0.05  # arclength between points of the branch, in units of |m| = 1 and of `current_scale`
_POINTS = 64


class SwitchingPoint(eqx.Module):
    """Where the equilibrium ends: current density `j` [A/m^2], state `m` (sublattices, 3) there, `core.Status`."""

    j: Float[Array, ""]
    m: Moments
    status: Int[Array, ""]

    def checked(self) -> "SwitchingPoint":
        """Itself, or `RuntimeError` with advice if no fold was found. Not under `jit` or `vmap`."""
        check(self.status)
        return self


def current_scale(magnet: Magnet) -> Float[Array, ""]:
    """Current density at which H_DL equals the anisotropy field: 4 e K t/(hbar theta_DL), with sums over sublattices.

    In A/m^2, positive. It does not depend on M, and stays finite at compensation.
    """
    K = jnp.sum(jnp.stack([sublattice.K for sublattice in magnet.sublattices]))
    theta = jnp.sum(jnp.stack([sublattice.theta_DL for sublattice in magnet.sublattices]))
    return jnp.abs(4 * ELEMENTARY_CHARGE * K * magnet.t / (HBAR * theta))


def fold_field(H_k: Float[ArrayLike, ""], H_x: Float[ArrayLike, ""]) -> Float[Array, ""]:
    """Damping-like field [A/m] at which a ferromagnet switches under a field H_x along the current, with p = y.

    With m in the xz plane at an angle theta from z, towards H_x, balance is |H_DL| = (H_k sin theta - H_x) cos theta
    and the fold its maximum. So |H_DL| = H_k (s - h) sqrt(1 - s^2), s = (h + sqrt(h^2 + 8))/4, h = H_x/H_k: Lee et al.,
    Appl. Phys. Lett. 102, 112410 (2013). For small h this is H_k/2 - H_x/sqrt 2 + H_x^2/(8 H_k); at h = 1 it vanishes.
    That is the polarity which H_x assists (from +z: j < 0 for H_x > 0); -H_x gives the other.

    Arguments: anisotropy field H_k [A/m] and field H_x [A/m], |H_x| <= H_k.
    """
    H_k = jnp.asarray(H_k)
    h = H_x / H_k
    s = (h + jnp.sqrt(h**2 + 8)) / 4
    return H_k * (s - h) * jnp.sqrt(1 - s**2)


def fold_current(
    magnet: Magnet,
    drive: Drive | None = None,
    start: Float[ArrayLike, "sublattices 3"] | None = None,
    *,
    polarity: Float[ArrayLike, ""] = 1.0,
    solve: Solve = Solve(),
) -> SwitchingPoint:
    """Current density at which the equilibrium that `start` relaxes to ceases to exist, for any field and p.

    The branch is followed from j = 0 by continuation up to its first turn, and the fold there solved for, so j has
    exact derivatives with respect to magnet and drive, forward and reverse, by the implicit function theorem. This is
    the switching current of slow ramps at zero temperature, wherever damping keeps the branch stable up to its fold
    (p along z gives an instability to precession instead, and NO_SOLUTION here).

    Arguments:
        magnet: with a damping-like efficiency and an anisotropy that are not zero.
        drive: field H and polarization p; its `j` and time shapes are ignored.
        start: initial directions, the first sublattice up by default.
        polarity: > 0 raises the current from zero, < 0 lowers it; the result has its sign.
        solve: tolerances.

    Returns:
        `SwitchingPoint`; NO_SOLUTION where the branch does not turn.
    """
    drive = Drive() if drive is None else Drive(H=drive.H, p=drive.p)
    rest = relax(magnet, drive, collinear(magnet) if start is None else start, solve=solve)
    unit = jax.lax.stop_gradient(current_scale(magnet))
    at_unit = eqx.tree_at(lambda drive: drive.j, drive, unit)
    arguments = (magnet, drive, field_scale(magnet, at_unit), unit)
    frozen = jax.lax.stop_gradient(arguments)
    branch = bifurcation.continue_branch(
        _residual, rest.m, 0.0, frozen, step=_STEP * jnp.sign(polarity), points=_POINTS, solve=solve
    )
    current = jnp.abs(branch.control)
    turn = jnp.argmax(current[1:-1] - jnp.maximum(current[:-2], current[2:]) >= 0) + 1
    turned = current[turn] >= jnp.maximum(current[turn - 1], current[turn + 1])
    fold = bifurcation.fold(_residual, branch.state[turn], branch.control[turn], arguments, solve=solve)
    lost = jnp.where(turned, Status.OK, Status.NO_SOLUTION)
    return SwitchingPoint(fold.control * unit, fold.state, worst(rest.status, lost, fold.status))


def _residual(m: Moments, j: Array, args: tuple[Magnet, Drive, Array, Any]) -> Moments:
    magnet, drive, scale, unit = args
    return torque_residual(magnet, eqx.tree_at(lambda drive: drive.j, drive, j * unit), m, scale)
