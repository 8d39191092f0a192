"""Motion of the pseudospin: the Stokes equations (3), their Jacobian, trajectories.

With s = |s|, in reduced units,

    ds_x/dtau = (p - s) s_x - g s - (a s_z + delta) s_y
    ds_y/dtau = (p - s) s_y + s_z + (a s_z + delta) s_x
    ds_z/dtau = (p - s) s_z - s_y.

The pump feeds all components alike, g > 0 pulls towards -x (the linear polarization of smaller loss), and the
pseudospin precesses about (-1, 0, a s_z + delta). The equations are differentiable everywhere but at s = 0.
"""

import diffrax
import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Float, Int

from jaxspin.core import Solve, check
from jaxspin.numerics import ode
from jaxspin.systems.polariton.parameters import Condensate

PRECISE = Solve(rtol=1e-12, atol=1e-13)
"""Tolerances of trajectories: equal to the spinor's to 1e-9 after a hundred time units."""


Rows = tuple[tuple[Array, Array, Array], ...]
"""A 3 x 3 matrix, or as many as there are elements in its entries."""


class Motion(eqx.Module):
    """A trajectory in reduced units: times `t` (n,), pseudospins `s` (n, 3), `core.Status`, steps taken."""

    t: Float[Array, " n"]
    s: Float[Array, "n 3"]
    status: Int[Array, ""]
    steps: Int[Array, ""]

    def checked(self) -> "Motion":
        """Itself, or `RuntimeError` with advice if the integration failed. Not under `jit` or `vmap`."""
        check(self.status)
        return self


def length(s: Float[Array, "*batch 3"]) -> Float[Array, "*batch"]:
    """|s|, with derivative zero where s = 0."""
    square = jnp.sum(s**2, axis=-1)
    empty = square == 0
    return jnp.where(empty, 0.0, jnp.sqrt(jnp.where(empty, 1.0, square)))


def rate(c: Condensate, s: Float[Array, "3"]) -> Float[Array, "3"]:
    """ds/dtau of the pseudospin s, both in reduced units, shape (3,): equations (3)."""
    x, y, z = s
    total = length(s)
    gain, field = c.p - total, c.a * z + c.delta
    return jnp.stack([gain * x - c.g * total - field * y, gain * y + z + field * x, gain * z - y])


def jacobian(c: Condensate, s: Float[Array, "3"]) -> Float[Array, "3 3"]:
    """d(rate)/ds at s != 0, shape (3, 3)."""
    return jnp.stack([jnp.stack(row) for row in jacobian_rows(c, *s)])


def jacobian_rows(c: Condensate, x: Array, y: Array, z: Array) -> Rows:
    """The entries of `jacobian` at (x, y, z), row by row and elementwise: many points at once, no small matrix."""
    total = jnp.sqrt(x**2 + y**2 + z**2)
    gain, field = c.p - total, c.a * z + c.delta
    n_x, n_y, n_z = x / total, y / total, z / total
    return (
        (gain - (x + c.g) * n_x, -(x + c.g) * n_y - field, -(x + c.g) * n_z - c.a * y),
        (field - y * n_x, gain - y * n_y, 1 + c.a * x - y * n_z),
        (-z * n_x, -1 - z * n_y, gain - z * n_z),
    )


def simulate(
    c: Condensate,
    s0: Float[ArrayLike, "3"],
    times: Float[ArrayLike, " n"],
    *,
    method: diffrax.AbstractSolver = ode.EXPLICIT,
    solve: Solve = PRECISE,
) -> Motion:
    """Motion of the pseudospin from `s0` at tau = 0.

        motion = simulate(Condensate(p=0.6, a=2.28, g=0.1, delta=0.1), [1e-3, 0, 0], jnp.linspace(0, 100, 201))

    Arguments:
        c: the condensate.
        s0: pseudospin at tau = 0, reduced, shape (3,); from s0 = 0 nothing starts.
        times: increasing reduced times >= 0, shape (n,).
        method: a diffrax solver.
        solve: tolerances per step on s, budget of steps, direction of differentiation, meter.

    Returns:
        `Motion` in reduced units; where `status` is not OK (`.checked()` raises), times not reached hold inf.

    Raises:
        ValueError: for times that do not increase from 0 on.
    """
    times = check_times(times)
    start = jnp.asarray(s0, dtype=float)
    path = ode.integrate(_stokes, start, t0=0.0, t1=times[-1], args=c, saveat=times, method=method, solve=solve)
    return Motion(times, path.y, path.status, path.steps)


def check_times(times: Float[ArrayLike, " n"]) -> Float[Array, " n"]:
    """The times as an array, or `ValueError` unless they are finite, not negative, increasing and end after zero."""
    times = jnp.asarray(times, dtype=float)
    if times.ndim != 1 or times.size == 0:
        raise ValueError(f"times must be a list of at least one number, got shape {times.shape}")
    if not isinstance(times, Tracer):
        known = np.asarray(times)
        if not (np.all(np.isfinite(known)) and known[0] >= 0 and known[-1] > 0 and np.all(np.diff(known) > 0)):
            raise ValueError("times must be finite, start at 0 or later, and increase")
    return times


def _stokes(t: Array, s: Float[Array, "3"], c: Condensate) -> Float[Array, "3"]:
    return rate(c, s)
