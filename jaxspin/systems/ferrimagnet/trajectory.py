"""Macrospin trajectories under pulses, ramps and alternating drives, and relaxation to equilibrium."""

from typing import Any

import diffrax
import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Int

from jaxspin.core import Solve, Status, check, worst
from jaxspin.numerics import ode
from jaxspin.numerics.fixed_point import settle, steady_state
from jaxspin.systems.ferrimagnet.drive import Drive
from jaxspin.systems.ferrimagnet.macrospin import (
    Magnet,
    Moments,
    collinear,
    effective_field,
    field_scale,
    net_moment,
    normalized,
    rate,
)


class Motion(eqx.Module):
    """A trajectory: times `t` [s], unit vectors `m` (n, sublattices, 3), net magnetization `net` (n, 3) [A/m].

    `status` is a `core.Status`, `steps` how many steps it took.
    """

    t: Float[Array, " n"]
    m: Float[Array, "n sublattices 3"]
    net: Float[Array, "n 3"]
    status: Int[Array, ""]
    steps: Int[Array, ""]

    @property
    def m1(self) -> Float[Array, "n 3"]:
        """Unit vectors of the first sublattice."""
        return self.m[..., 0, :]

    @property
    def m2(self) -> Float[Array, "n 3"]:
        """Unit vectors of the second sublattice."""
        return self.m[..., 1, :]

    @property
    def neel(self) -> Float[Array, "n 3"]:
        """Neel vector (m_1 - m_2)/2."""
        return (self.m1 - self.m2) / 2

    def checked(self) -> "Motion":
        """Itself, or `RuntimeError` with advice if the integration failed. Not under `jit` or `vmap`."""
        check(self.status)
        return self


class Equilibrium(eqx.Module):
    """A state of rest: unit vectors `m` (sublattices, 3) and a `core.Status`."""

    m: Moments
    status: Int[Array, ""]

    def checked(self) -> "Equilibrium":
        """Itself, or `RuntimeError` with advice if none was found. Not under `jit` or `vmap`."""
        check(self.status)
        return self


def simulate(
    magnet: Magnet,
    drive: Drive | None = None,
    *,
    duration: Float[ArrayLike, ""],
    start: Float[ArrayLike, "sublattices 3"] | None = None,
    times: int | Float[Array, " n"] = 201,
    dt: Float[ArrayLike, ""] | None = None,
    method: diffrax.AbstractSolver = ode.EXPLICIT,
    solve: Solve = Solve(),
) -> Motion:
    """Motion of a macrospin or of two coupled sublattices under `drive`, from t = 0 to `duration`.

        film = TwoSublattice(Sublattice(M=5e5, K=5e4, theta_DL=0.1), Sublattice(M=4e5, K=5e4), exchange=30, t=6e-9)
        motion = simulate(film, Drive(H=(8e3, 0, 0), j=2e12, current_shape=Pulse(width=1e-9)), duration=3e-9)

    |m_i| = 1 is kept to rounding: every step ends with a normalisation. Steps adapt to `solve` unless `dt` is given,
    and none steps over an edge of the drive.

    Cost of the exchange between sublattices: an explicit step must resolve gamma mu0 lambda M, which takes about ten
    steps a nanosecond and tesla of exchange field, whatever the tolerance (2000 steps, 0.1 s of one core, a nanosecond
    at 200 T). `method=ode.STIFF` is implicit: its steps cost some four times more and follow the slow motion once the
    exchange mode has died out; at rtol 1e-6 it wins above 500 T, at 1e-9 it does not. `simulate(magnet.rigid(), ...)`
    has no exchange mode at all; its error is that of a rigid antiparallel pair.

    Arguments:
        magnet: `Ferromagnet` or `TwoSublattice`.
        drive: field, current and their shapes in time; none by default.
        duration: how long [s].
        start: initial directions, shape (sublattices, 3), of any length; the first sublattice up by default.
        times: how many equidistant times to return, both ends included, or the times themselves [s].
        dt: constant step [s].
        method: `ode.EXPLICIT`, `ode.STIFF`, or any diffrax solver.
        solve: tolerances per step on m, budget of steps, direction of differentiation, meter.

    Returns:
        `Motion`; where `status` is not OK (`.checked()` raises), times that were not reached hold inf.
    """
    drive = Drive() if drive is None else drive
    m0 = collinear(magnet) if start is None else normalized(jnp.asarray(start, dtype=float))
    if isinstance(times, int):
        times = jnp.linspace(0.0, 1.0, times) * duration
    trajectory = ode.integrate(
        _llg,
        m0,
        t0=0.0,
        t1=duration,
        args=(magnet, drive),
        saveat=times,
        dt0=dt,
        solve=solve,
        project=normalized,
        breaks=drive.breaks if dt is None and drive.breaks.size else None,
        method=method,
    )
    return Motion(times, trajectory.y, net_moment(magnet, trajectory.y), trajectory.status, trajectory.steps)


def relax(
    magnet: Magnet,
    drive: Drive | None = None,
    start: Float[ArrayLike, "sublattices 3"] | None = None,
    *,
    t: Float[ArrayLike, ""] = 0.0,
    solve: Solve = Solve(),
) -> Equilibrium:
    """Equilibrium that overdamped motion reaches from `start` with the drive held at its value at time t.

    The motion -m x (m x H_eff), without precession, finds the basin; Newton's method then solves m x H_eff = 0, so
    derivatives with respect to magnet and drive are those of the implicit function theorem and `start` has none.
    A start on the exact top of a barrier stays there: tilt it.

    Returns `Equilibrium`; NO_SOLUTION where the motion does not come to rest, as under a current that makes it rotate.
    """
    drive = Drive() if drive is None else drive
    m0 = collinear(magnet) if start is None else normalized(jnp.asarray(start, dtype=float))
    scale = field_scale(magnet, drive)
    rest = settle(_overdamped, m0, (magnet, drive, scale, t), project=normalized)
    root = steady_state(_torque_residual, rest, (magnet, drive, scale, t), solve=solve)
    strayed = jnp.any(jnp.sum(root.state * rest, axis=-1) < 0.99)
    return Equilibrium(root.state, worst(root.status, jnp.where(strayed, Status.NO_SOLUTION, Status.OK)))


def torque_residual(
    magnet: Magnet, drive: Drive, m: Moments, scale: Float[Array, " sublattices"], t: Any = 0.0
) -> Moments:
    """m_i x H_i/scale_i + (|m_i|^2 - 1) m_i/2: zero exactly where each |m_i| = 1 and feels no torque.

    The torque is normal to m and the second term along it, so its Jacobian is regular wherever the equilibrium is.
    """
    field = effective_field(magnet, drive, m, t) / scale[:, None]
    return jnp.cross(m, field) + (jnp.sum(m**2, axis=-1, keepdims=True) - 1) * m / 2


def _llg(t: Array, m: Moments, args: tuple[Magnet, Drive]) -> Moments:
    return rate(*args, m, t)


def _overdamped(m: Moments, args: tuple[Magnet, Drive, Array, Any]) -> Moments:
    magnet, drive, scale, t = args
    field = effective_field(magnet, drive, m, t) / scale[:, None]
    return -jnp.cross(m, jnp.cross(m, field))


def _torque_residual(m: Moments, args: tuple[Magnet, Drive, Array, Any]) -> Moments:
    magnet, drive, scale, t = args
    return torque_residual(magnet, drive, m, scale, t)
