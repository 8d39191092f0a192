"""Equilibria: minimisation of the energy on the spheres of all cells, with implicit derivatives."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import lineax
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Float, Int

from jaxspin.core import Status
from jaxspin.micromagnetics.llg import largest_torque
from jaxspin.micromagnetics.system import System, effective_field, energy
from jaxspin.micromagnetics.vectors import tangent

_MEMORY = 8  # pairs of L-BFGS
_TRIALS = 20  # halvings of a step before the direction is given up
_ROUNDING = 64  # times the rounding of the energy: what a step may seem to raise it by


class Equilibrium(eqx.Module):
    """`m`, its `energy` [J], the largest `torque` |m x B| [T], `status`, number of `iterations` and `evaluations`."""

    m: Float[Array, "S nx ny nz 3"]
    energy: Float[Array, ""]
    torque: Float[Array, ""]
    status: Int[Array, ""]
    iterations: Int[Array, ""]
    evaluations: Int[Array, ""]


def relax(
    system: System,
    m0: Float[Array, "S nx ny nz 3"],
    *,
    time: Float[ArrayLike, ""] = 0.0,
    tolerance: float = 1e-6,
    max_iterations: int = 20_000,
) -> Equilibrium:
    """A minimum of the energy near `m0`; torques that are no gradient are left out, fields are those at `time`.

    L-BFGS on the product of spheres with a line search, so that the energy never rises; each sublattice enters with its
    own M_s, so ferrimagnets and antiferromagnets are no exception. The derivatives of `m` with respect to everything in
    `system`, forward and reverse, first order, come from one linear solve on the tangent space of the equilibrium (not
    through the iterations; `m0` has none). They need a stable equilibrium without zero modes.

    Arguments:
        system: the magnet.
        m0: where to start, unit vectors inside the mask.
        time: at which fields are taken [s].
        tolerance: largest |m x B| at the end [T].
        max_iterations: budget.

    Returns:
        `Equilibrium`; status MAX_STEPS where the budget ran out, NO_SOLUTION where rounding stopped the descent above
        the tolerance, NOT_FINITE for a state that is not finite.

    Raises:
        ValueError: for an m0 of another shape or not finite.
    """
    m0 = jnp.asarray(m0, dtype=float)
    expected = (len(system.sublattices), *system.mesh.shape, 3)
    if m0.shape != expected:
        raise ValueError(f"relax: m0 must have the shape {expected} (sublattices, nx, ny, nz, 3), got {m0.shape}")
    if not isinstance(m0, Tracer) and not np.all(np.isfinite(m0)):
        raise ValueError(f"relax: m0 holds {int(np.sum(~np.isfinite(m0)))} values that are not finite")
    return _relaxed(system, m0, jnp.asarray(time, dtype=float), jnp.asarray(tolerance), jnp.asarray(max_iterations))


@eqx.filter_jit
def _relaxed(system: System, m0: Array, time: Array, tolerance: Array, budget: Array) -> Equilibrium:
    m, counts = _descend(system, jax.lax.stop_gradient(m0), time, tolerance, budget)
    torque = jax.lax.stop_gradient(largest_torque(system, m, time))
    failure = jnp.where(counts[0] < budget, Status.NO_SOLUTION, Status.MAX_STEPS)
    status = jnp.where(torque <= tolerance, Status.OK, failure)
    status = jnp.where(jnp.isfinite(torque), status, Status.NOT_FINITE).astype(jnp.int32)
    return Equilibrium(m, energy(system, m, time), torque, status, counts[0], counts[1])


@eqx.filter_custom_jvp
def _descend(system: System, m0: Array, time: Array, tolerance: Array, budget: Array) -> tuple[Array, Array]:
    scale = jnp.max(system.saturation_magnetization)
    weight = (system.saturation_magnetization / scale)[..., None]
    volume = scale * system.mesh.cell_volume

    def value_and_slope(m: Array) -> tuple[Array, Array, Array]:
        """Energy and its tangent gradient, both over max M_s V [T], and the largest |m x B| [T]."""
        B = tangent(m, effective_field(system, m, time))
        return energy(system, m, time) / volume, -weight * B, jnp.sqrt(jnp.max(jnp.sum(B**2, axis=-1)))

    def direction(m: Array, g: Array, moves: Array, changes: Array, products: Array) -> Array:
        """Two loops of L-BFGS, newest first; pairs that were never filled have product 0 and change nothing."""
        inverses = jnp.where(products > 0, 1 / jnp.where(products > 0, products, 1.0), 0.0)

        def down(q: Array, pair: tuple[Array, ...]) -> tuple[Array, Array]:
            move, change, inverse = pair
            factor = inverse * _inner(move, q)
            return q - factor * change, factor

        def up(q: Array, pair: tuple[Array, ...]) -> tuple[Array, None]:
            move, change, inverse, factor = pair
            return q + move * (factor - inverse * _inner(change, q)), None

        q, factors = jax.lax.scan(down, g, (moves, changes, inverses))
        square = _inner(changes[0], changes[0])
        q = q * jnp.where(products[0] > 0, products[0] / jnp.where(square > 0, square, 1.0), _first_step(g))
        q, _ = jax.lax.scan(up, q, (moves, changes, inverses, factors), reverse=True)
        return -tangent(m, q)

    def search(m, value, g, d):
        """Halve the step along d until the energy has fallen enough, or, within rounding, the slope has."""
        slope = _inner(g, d)
        noise = _ROUNDING * jnp.finfo(m.dtype).eps * (jnp.abs(value) + _inner(weight, weight) ** 0.5)

        def trial(carry):
            length, *_, count, _ = carry
            new = system.normalised(m + length * d)
            new_value, new_g, torque = value_and_slope(new)
            enough = new_value <= value + 1e-4 * length * slope
            flatter = jnp.abs(_inner(new_g, tangent(new, d))) <= 0.9 * jnp.abs(slope)
            accept = enough | ((new_value <= value + noise) & flatter)
            return jnp.where(accept, length, length / 2), new, new_value, new_g, torque, count + 1, accept

        start = (jnp.ones((), m.dtype), m, value, g, jnp.zeros((), m.dtype), 0, False)
        go_on = lambda carry: ~carry[-1] & (carry[-2] < _TRIALS)
        return jax.lax.while_loop(go_on, trial, start)

    def step(carry):
        m, value, g, torque, moves, changes, products, count, evaluations, _ = carry
        d = direction(m, g, moves, changes, products)
        downhill = _inner(g, d) < -1e-10 * jnp.sqrt(_inner(g, g) * _inner(d, d))
        d = jnp.where(downhill, d, -g * _first_step(g))
        d = d * jnp.minimum(1.0, 1.0 / jnp.sqrt(jnp.max(jnp.sum(d**2, axis=-1)) + 1e-300))  # at most about a radian
        _, new, new_value, new_g, new_torque, trials, accept = search(m, value, g, d)
        move, change = tangent(new, new - m), new_g - tangent(new, g)
        product = _inner(move, change)
        keep = accept & (product > 1e-12 * jnp.sqrt(_inner(move, move) * _inner(change, change)))
        push = lambda history, item: jnp.concatenate([item[None], history[:-1]])
        carried = jax.vmap(lambda v: tangent(new, v))
        filled = jnp.any(products > 0)
        # a failed search forgets the past; a second one in a row, with nothing to forget, is the end
        moves = jnp.where(keep, push(carried(moves), move), jnp.where(accept, carried(moves), 0.0))
        changes = jnp.where(keep, push(carried(changes), change), jnp.where(accept, carried(changes), 0.0))
        products = jnp.where(keep, push(products, product), jnp.where(accept, products, 0.0))
        pick = lambda a, b: jnp.where(accept, a, b)
        return (
            pick(new, m), pick(new_value, value), pick(new_g, g), pick(new_torque, torque), moves, changes, products,
            count + 1, evaluations + trials, ~accept & ~filled,
        )  # fmt: skip

    def busy(carry):
        torque, count, stuck = carry[3], carry[7], carry[9]
        return (torque > tolerance) & (count < budget) & ~stuck

    m0 = system.normalised(m0)
    value, g, torque = value_and_slope(m0)
    history = jnp.zeros((_MEMORY, *m0.shape), m0.dtype)
    products = jnp.zeros(_MEMORY, m0.dtype)
    found = jax.lax.while_loop(busy, step, (m0, value, g, torque, history, history, products, 0, 1, False))
    return found[0], jnp.stack([jnp.asarray(found[7]), jnp.asarray(found[8])])


@_descend.def_jvp
def _implicit(primals: Any, tangents: Any):
    system, m0, time, tolerance, budget = primals
    d_system, _, d_time, _, _ = tangents
    m, counts = _descend(system, m0, time, tolerance, budget)
    slope = lambda system, time: tangent_gradient(system, m, time)
    _, change = eqx.filter_jvp(slope, (system, time), (d_system, d_time))
    return (m, counts), (-solve_tangent(system, m, time, change), None)


def tangent_gradient(
    system: System, m: Float[Array, "S nx ny nz 3"], time: Float[ArrayLike, ""] = 0.0
) -> Float[Array, "S nx ny nz 3"]:
    """dw/dm projected on the tangent space, -M_s [B - (m.B) m] [J/m3]: zero at an equilibrium."""
    return -system.saturation_magnetization[..., None] * tangent(m, effective_field(system, m, time))


def hessian_product(
    system: System, m: Float[Array, "S nx ny nz 3"], v: Float[Array, "S nx ny nz 3"], time: Float[ArrayLike, ""] = 0.0
) -> Float[Array, "S nx ny nz 3"]:
    """Second derivative of the energy density on the sphere applied to v [J/m3]: P H P v + M_s (m.B) P v, symmetric."""
    v = tangent(m, v)
    B, change = jax.jvp(lambda m: effective_field(system, m, time), (m,), (v,))
    Ms = system.saturation_magnetization[..., None]
    return Ms * (jnp.sum(m * B, axis=-1, keepdims=True) * v - tangent(m, change))


def solve_tangent(
    system: System, m: Float[Array, "S nx ny nz 3"], time: Float[ArrayLike, ""], b: Float[Array, "S nx ny nz 3"]
) -> Float[Array, "S nx ny nz 3"]:
    """Tangent v with `hessian_product`(v) = b, by conjugate gradients; m is a stable equilibrium."""
    scale = jnp.max(system.saturation_magnetization)  # fills the directions along m, so that the operator is regular

    def apply(v: Array) -> Array:
        return hessian_product(system, m, v, time) + scale * (v - tangent(m, v))

    operator = lineax.FunctionLinearOperator(apply, jax.eval_shape(lambda: b), lineax.positive_semidefinite_tag)
    return tangent(m, lineax.linear_solve(operator, tangent(m, b), _RelativeCG(), throw=False).value)


class _RelativeCG(lineax.AbstractLinearSolver):
    """Conjugate gradients to a residual relative to |b| as a whole: b holds exact zeros, and any unit."""

    inner: lineax.CG = lineax.CG(rtol=0.0, atol=1e-11, max_steps=20_000)

    def init(self, operator, options):
        return self.inner.init(operator, options)

    def compute(self, state, vector, options):
        size = jnp.max(jnp.abs(vector))
        size = jnp.where(size > 0, size, 1.0)
        solution, result, stats = self.inner.compute(state, vector / size, options)
        return solution * size, result, stats

    def transpose(self, state, options):
        return self.inner.transpose(state, options)

    def conj(self, state, options):
        return self.inner.conj(state, options)

    def assume_full_rank(self):
        return True


def _inner(a: Array, b: Array) -> Array:
    return jnp.sum(a * b)


def _first_step(g: Array) -> Array:
    """Turns the steepest cell by a tenth of a radian."""
    return 0.1 / (jnp.sqrt(jnp.max(jnp.sum(g**2, axis=-1))) + 1e-300)
