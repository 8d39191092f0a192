"""Energy barriers: the path of least energy between two states, by an elastic band whose top image climbs. SI units.

Images m_0, ..., m_n of the magnet move across the path down the gradient of the energy and are kept at equal distances
along it; the highest goes uphill along the path, to the saddle itself (Bessarab, Uzdin and Jonsson, Comput. Phys.
Commun. 196, 335 (2015); Henkelman, Uberuaga and Jonsson, J. Chem. Phys. 113, 9901 (2000)). Distances weigh each cell
with its M_s, so that the gradient of the energy is -B.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Int

from jaxspin.core import Status
from jaxspin.micromagnetics.system import System, effective_field, energy
from jaxspin.micromagnetics.vectors import cross, dot, tangent

_SPRING = 0.2  # of the difference of its two distances, that an image moves along the path in a step: stable below 1


class Barrier(NamedTuple):
    """`barrier` [J], highest image over the first; `energies` (n,) and `path` (n, S, nx, ny, nz, 3) of all images;
    `saddle`, the highest; `torque` [T], the largest field left across the path; `status`; `steps`.
    """

    barrier: Float[Array, ""]
    energies: Float[Array, " n"]
    path: Float[Array, "n S nx ny nz 3"]
    saddle: Float[Array, "S nx ny nz 3"]
    torque: Float[Array, ""]
    status: Int[Array, ""]
    steps: Int[Array, ""]


def straight_path(
    start: Float[Array, "S nx ny nz 3"],
    end: Float[Array, "S nx ny nz 3"],
    images: int,
    *,
    around: Float[ArrayLike, "3"],
) -> Float[Array, "n S nx ny nz 3"]:
    """Every moment on the great circle from start to end, at the same pace; opposite ones about the axis `around`."""
    axis = jnp.broadcast_to(jnp.reshape(jnp.asarray(around, dtype=float), (1, 1, 1, 1, 3)), start.shape)
    normal = cross(start, end)
    opposite = dot(start, end) < -1 + 1e-9
    normal = jnp.where(opposite, axis - dot(axis, start) * start, normal)
    square = dot(normal, normal)
    normal = normal / jnp.sqrt(jnp.where(square > 0, square, 1.0))
    angle = jnp.arctan2(jnp.where(opposite, 0.0, jnp.sqrt(dot(cross(start, end), cross(start, end)))), dot(start, end))
    turned = lambda s: jnp.cos(s * angle) * start + jnp.sin(s * angle) * cross(normal, start)
    return jax.vmap(turned)(jnp.linspace(0.0, 1.0, images))


def energy_barrier(
    system: System,
    path: Float[Array, "n S nx ny nz 3"],
    *,
    time: Float[ArrayLike, ""] = 0.0,
    tolerance: float = 1e-5,
    max_steps: int = 20_000,
) -> Barrier:
    """The barrier on the path of least energy near a given one, whose ends stay as they are.

    The derivative of barrier and energies with respect to everything in `system` is that at fixed states, exact where
    the ends are minima and the highest image is the saddle; states have none.

    Arguments:
        system: the magnet; torques that are no gradient are left out.
        path: first guess, three images or more, unit vectors inside the mask; the ends are minima from `relax`. For
            reversal by a wall, a guess in which a wall moves: descent cannot leave a symmetric path.
        time: at which fields are taken [s].
        tolerance: largest field across the path, and along it at the saddle, at the end [T].
        max_steps: budget.

    Returns:
        `Barrier`; status MAX_STEPS where the budget ran out, NOT_FINITE for a path that is not finite.

    Raises:
        ValueError: for fewer than three images or states of another shape.
    """
    path = jnp.asarray(path, dtype=float)
    expected = (len(system.sublattices), *system.mesh.shape, 3)
    if path.ndim != 6 or path.shape[1:] != expected or len(path) < 3:
        raise ValueError(f"energy_barrier: the path must have the shape (n >= 3, *{expected}), got {path.shape}")
    time = jnp.asarray(time, dtype=float)
    fixed = jax.lax.stop_gradient((system, path, time))
    images, torque, steps = _descended(*fixed, tolerance, max_steps)
    status = jnp.where(torque <= tolerance, Status.OK, Status.MAX_STEPS)
    status = jnp.where(jnp.isfinite(torque), status, Status.NOT_FINITE).astype(jnp.int32)
    energies = jax.lax.map(lambda m: energy(system, m, time), images)
    top = jnp.argmax(energies[1:-1]) + 1
    return Barrier(energies[top] - energies[0], energies, images, images[top], torque, status, steps)


@eqx.filter_jit
def _descended(
    system: System, path: Array, time: Array, tolerance: float, max_steps: int
) -> tuple[Array, Array, Array]:
    """Images at the end, largest field that should vanish, steps."""
    M_s = system.saturation_magnetization[..., None]
    product = lambda a, b: jnp.sum(M_s * a * b)

    def moves(images: Array) -> tuple[Array, Array, Array]:
        """Of the inner images: the field that acts across the path or uphill, and the shift along it."""
        heights = jax.lax.map(lambda m: energy(system, m, time), images)
        climbing = jnp.argmax(heights[1:-1])

        def move(number: Array) -> tuple[Array, Array]:
            before, m, after = (images[number + shift] for shift in (0, 1, 2))
            left, right = tangent(m, m - before), tangent(m, after - m)
            down, here, up = (heights[number + shift] for shift in (0, 1, 2))
            # the side that is higher, or both by their height at an extremum, lest the path kinks
            large, small = jnp.maximum(abs(up - here), abs(here - down)), jnp.minimum(abs(up - here), abs(here - down))
            mixed = jnp.where(up > down, large * right + small * left, small * right + large * left)
            scale = jnp.where(large > 0, large, 1.0)
            along = jnp.where(
                (up > here) & (here > down), right, jnp.where((up < here) & (here < down), left, mixed / scale)
            )
            along = jnp.where(product(along, along) > 0, along, left + right)
            along = along / jnp.sqrt(product(along, along) + 1e-300)
            B = tangent(m, effective_field(system, m, time))
            share = product(B, along)
            top = number == climbing
            pull = jnp.sqrt(product(after - m, after - m)) - jnp.sqrt(product(m - before, m - before))
            return B - jnp.where(top, 2.0, 1.0) * share * along, jnp.where(top, 0.0, _SPRING * pull) * along

        acting, along = jax.lax.map(move, jnp.arange(len(images) - 2))
        return acting, along, jnp.sqrt(jnp.max(jnp.sum(acting**2, axis=-1)))

    def step(carry: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        images, _, count = carry
        acting, along, left = moves(images)
        inner = jax.vmap(system.normalised)(images[1:-1] + acting / stiffness + along)
        return jnp.concatenate([images[:1], inner, images[-1:]]), left, count + 1

    stiffness = 0.6 * _stiffness(system, path[len(path) // 2], time)  # a step of 2 over the largest is the limit
    busy = lambda carry: (carry[1] > tolerance) & (carry[2] < max_steps)
    first = (jax.vmap(system.normalised)(path), jnp.asarray(jnp.inf), jnp.asarray(0))
    return jax.lax.while_loop(busy, step, first)


def _stiffness(system: System, m: Array, time: Array) -> Array:
    """The largest curvature of the energy over M_s [T], by the power method from a random state."""
    v = jax.random.normal(jax.random.key(0), m.shape) * dot(m, m)
    size = jnp.max(jnp.sqrt(jnp.sum(effective_field(system, m, time) ** 2, axis=-1)))

    def again(_: int, v: Array) -> Array:
        change = jax.jvp(lambda m: effective_field(system, m, time), (m,), (v,))[1]
        return change / jnp.sqrt(jnp.sum(change**2) + 1e-300)

    v = jax.lax.fori_loop(0, 30, again, v)
    change = jax.jvp(lambda m: effective_field(system, m, time), (m,), (v,))[1]
    return 1.2 * (jnp.sqrt(jnp.sum(change**2)) + size) + 1e-12
