"""Equilibrium direction of a macrospin under field, anisotropy and spin-orbit torque.

Two steps. `ground_state` finds the absolute minimum of the free energy without current; this is the only choice of
branch there is. `equilibrium` then follows that state to a current, as a root of the torque, which also exists where
the damping-like torque derives from no energy, with derivatives by the implicit function theorem.
"""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int

from jaxspin.core import Solve, Status, require_double_precision, worst
from jaxspin.systems.ferrimagnet.hall_bar import HallBar

_MOST_STEPS = 100  # a descent takes 5 to 10
_MOST_NEWTON = 30  # steps from no current to a current; 3 to 5 are usual
_LONGEST = 0.5  # rad, trust radius of a descent step
_CONVERGED = 1e-13  # rad

# The 26 directions with components in (-1, 0, 1): every one comes with its opposite, so that a field always decides.
_STARTS = np.array([n for n in itertools.product((-1.0, 0.0, 1.0), repeat=3) if any(n)])
_STARTS /= np.linalg.norm(_STARTS, axis=1, keepdims=True)


class Equilibrium(eqx.Module):
    """Direction of the magnetization, a unit vector, and the outcome as `core.Status`."""

    m: Float[Array, "3"]
    status: Int[Array, ""]


def anisotropy_tensor(bar: HallBar) -> Float[Array, "3 3"]:
    """A [T] of the anisotropy field A m = B_k m_z z + B_u (m.u) u."""
    u = jnp.stack([jnp.cos(bar.phi_u), jnp.sin(bar.phi_u), jnp.zeros(())])
    return bar.B_k * jnp.diag(jnp.array([0.0, 0.0, 1.0])) + bar.B_u * jnp.outer(u, u)


def free_energy(bar: HallBar, B: Float[Array, "3"], m: Float[Array, "3"]) -> Float[Array, ""]:
    """Free energy over M_s without current, e = -B.m - m.A.m/2 [T]."""
    return -jnp.dot(B, m) - 0.5 * jnp.dot(m, anisotropy_tensor(bar) @ m)


def torque_field(
    bar: HallBar, B: Float[Array, "3"], current: Float[ArrayLike, ""], m: Float[Array, "3"]
) -> Float[Array, "3"]:
    """Field B + A m + (I/I_ref) (B_FL y + B_DL m x y) [T]; in equilibrium m is parallel to it."""
    share = jnp.asarray(current) / bar.I_ref
    m_cross_y = jnp.stack([-m[2], jnp.zeros(()), m[0]])
    y = jnp.array([0.0, 1.0, 0.0])
    return B + anisotropy_tensor(bar) @ m + share * (bar.B_FL * y + bar.B_DL * m_cross_y)


def ground_state(bar: HallBar, B: Float[Array, "3"], *, solve: Solve = Solve()) -> Equilibrium:
    """Absolute minimum of the free energy without current: the branch a scan from saturation follows where there is
    no hysteresis. Where there is (a field below the switching field), the metastable branch is not represented.

    Arguments: the bar; B [T], shape (3,). No derivatives: `equilibrium` has them.
    Returns: `Equilibrium`; MAX_STEPS if the descent did not converge, NO_SOLUTION if it ended on no minimum (a
    degenerate one: no field and no anisotropy in the plane).
    """
    A, B = jax.lax.stop_gradient((anisotropy_tensor(bar), B))
    scale = jnp.linalg.norm(B) + jnp.linalg.norm(A)

    largest = jnp.max(jnp.abs(B))
    along = B / jnp.where(largest > 0, largest, 1.0)  # squares of a tiny field would vanish
    along = along / jnp.maximum(jnp.linalg.norm(along), 1e-300)
    starts = jnp.concatenate([jnp.asarray(_STARTS, B.dtype), along[None]])
    energies = -starts @ B - 0.5 * jnp.einsum("ni,ij,nj->n", starts, A, starts)
    start = starts[jnp.argmin(energies)]

    def newton(m):
        """A step of Newton's method on the sphere, downhill where the energy curves the wrong way; lowest curvature."""
        e = _tangents(m)
        gradient = -e @ (B + A @ m)
        hessian = -e @ A @ e.T + jnp.dot(m, B + A @ m) * jnp.eye(2)
        half, det = 0.5 * jnp.trace(hessian), hessian[0, 0] * hessian[1, 1] - hessian[0, 1] ** 2
        lowest = half - jnp.sqrt(jnp.maximum(half**2 - det, 0.0))
        shift = jnp.maximum(jnp.abs(lowest), 1e-9 * scale) - lowest
        step = -_solve2(hessian + shift * jnp.eye(2), gradient)
        length = jnp.linalg.norm(step)
        step = step * jnp.minimum(1.0, _LONGEST / jnp.maximum(length, 1e-300))
        return _on_sphere(m + step @ e), length, lowest

    def busy(carry):
        _, length, _, count = carry
        return (length > _CONVERGED) & (count < min(solve.max_steps, _MOST_STEPS))

    one = jnp.ones((), B.dtype)
    m, length, lowest, _ = jax.lax.while_loop(
        busy, lambda carry: (*newton(carry[0]), carry[3] + 1), (start, one, one, 0)
    )
    converged = length < 1e-8  # the next Newton step would be below 1e-15
    minimum = lowest > 1e-9 * scale
    status = jnp.where(converged, jnp.where(minimum, Status.OK, Status.NO_SOLUTION), Status.MAX_STEPS)
    return Equilibrium(m, status.astype(jnp.int32))


def equilibrium(
    bar: HallBar,
    B: Float[Array, "3"],
    current: Float[ArrayLike, ""] = 0.0,
    *,
    solve: Solve = Solve(),
) -> Equilibrium:
    """Equilibrium at a field and a current, on the branch of `ground_state`.

    Arguments: the bar; B [T], shape (3,); current [A], small enough that the state is not switched.
    Returns: `Equilibrium`, with derivatives of any order, forward and reverse, in all arguments.
    Raises `RuntimeError` in single precision, in which a response of 1e-5 of the field is lost.
    """
    require_double_precision("the equilibrium of a Hall bar")
    ground = ground_state(bar, B, solve=solve)
    e = _tangents(ground.m)
    scale = jax.lax.stop_gradient(jnp.linalg.norm(B) + jnp.abs(bar.B_k) + jnp.abs(bar.B_u))

    def direction(u):
        """Chart of the sphere about the ground state, which has no poles: u are the two tangent coordinates."""
        return _on_sphere(ground.m + u @ e)

    def torque(u):
        m = direction(u)
        field = torque_field(bar, B, current, m)
        return e @ (field - jnp.dot(field, m) * m) / scale

    def newton(torque, u):
        """Newton's steps to the state at the current; none without current, where the chart is centred on the root."""
        busy = lambda carry: (jnp.max(jnp.abs(torque(carry[0]))) > 1e-13) & (carry[1] < _MOST_NEWTON)
        step = lambda carry: (carry[0] - _solve2(jax.jacfwd(torque)(carry[0]), torque(carry[0])), carry[1] + 1)
        return jax.lax.while_loop(busy, step, (u, 0))[0]

    # `numerics.fixed_point.steady_state` would do; two unknowns solved in closed form compile and run in half the time
    u = jax.lax.custom_root(
        torque, jnp.zeros(2, B.dtype), newton, lambda tangent, b: _solve2(jax.jacfwd(tangent)(jnp.zeros_like(b)), b)
    )
    m = direction(u)
    residual = jax.lax.stop_gradient(jnp.max(jnp.abs(torque(u))))
    follows = jnp.where(residual < 1e-9, Status.OK, Status.NO_SOLUTION)
    return Equilibrium(m, worst(ground.status, follows))


def _tangents(m: Float[Array, "3"]) -> Float[Array, "2 3"]:
    """Two unit vectors that span the plane perpendicular to m."""
    axis = jnp.eye(3, dtype=m.dtype)[jnp.argmin(jnp.abs(m))]
    first = jnp.cross(m, axis)
    first = first / jnp.linalg.norm(first)
    return jax.lax.stop_gradient(jnp.stack([first, jnp.cross(m, first)]))


def _on_sphere(v: Float[Array, "3"]) -> Float[Array, "3"]:
    return v / jnp.linalg.norm(v)


def _solve2(a: Float[Array, "2 2"], b: Float[Array, "2"]) -> Float[Array, "2"]:
    det = a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]
    return jnp.stack([a[1, 1] * b[0] - a[0, 1] * b[1], a[0, 0] * b[1] - a[1, 0] * b[0]]) / det
