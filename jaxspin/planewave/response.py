"""Derivatives through self-consistency, by the implicit function theorem: nothing is unrolled.

The filled orbitals X of a ground state solve P H[X] X = 0, with P the projector on all others. A change of the model
moves them by the solution of P (H - E) dX + P dV[dX] X = -P dH X, where dV is the change of the Hartree and
exchange-correlation potential that the moving orbitals cause (Sternheimer's equations: Baroni et al., Rev. Mod. Phys.
73, 515 (2001)). The operator on the left is the Hessian of the energy: real, symmetric and positive,
so conjugate gradients solve it, and the same solution serves forward and reverse mode. Only the space of all filled
orbitals matters: degeneracies among them do not. Hartree atomic units.
"""

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Complex, Float

from jaxspin.planewave.basis import Basis
from jaxspin.planewave.density import density, symmetrised
from jaxspin.planewave.eigensolver import precondition
from jaxspin.planewave.energy import effective_potential
from jaxspin.planewave.ground_state import GroundState
from jaxspin.planewave.hamiltonian import Hamiltonian, hamiltonian, product, to_grid, to_waves
from jaxspin.planewave.model import KohnSham


def self_consistent_density(
    model: KohnSham, basis: Basis, state: GroundState, *, tolerance: float = 1e-7, max_steps: int = 200
) -> Float[Array, "n1 n2 n3"]:
    """The density of a ground state as a differentiable function of its model [1/bohr^3].

    Its value is `state.density`; its derivatives, forward and reverse (first order), are those of the self-consistent
    density with respect to everything in the model: positions, lattice (at a fixed set of waves), spin-orbit strength,
    coefficients of the pseudopotentials. One derivative costs less than finding the ground state, in reverse mode with
    respect to all of them together.

    With `energies_of` follow energies of bands, splittings and gaps; for the total energy alone the orbitals may stay
    fixed (`forces`, `stress`, or `total_energy` of `state.orbitals`).

    A basis reduced by symmetry knows only changes that keep that symmetry.

    Arguments:
        model: of the ground state.
        basis: of the ground state.
        state: self-consistent, with filled bands: no smearing.
        tolerance: residual of the linear equations relative to their right-hand side.
        max_steps: of conjugate gradients; where they do not suffice, derivatives are NaN.

    Raises:
        ValueError: for a model with smearing.
        RuntimeError: where the state is not self-consistent.
    """
    orbitals = self_consistent_orbitals(model, basis, state, tolerance=tolerance, max_steps=max_steps)
    found = _filled_density(model, basis, orbitals)
    # the value of `state`, from which `found` differs by the tolerance of self-consistency
    return jax.lax.stop_gradient(state.density) + (found - jax.lax.stop_gradient(found))


def self_consistent_orbitals(
    model: KohnSham, basis: Basis, state: GroundState, *, tolerance: float = 1e-7, max_steps: int = 200
) -> Complex[Array, "k bands spins waves"]:
    """The filled orbitals of a ground state as a differentiable function of its model.

    Their derivatives, forward and reverse (first order), hold what is orthogonal to all filled orbitals: enough for
    whatever depends only on the space that these span, such as density, energy, forces and stress; not for one orbital
    by itself. The derivative of a force is a second derivative of the energy.

    Arguments:
        model, basis, state: as of `self_consistent_density`.
        tolerance: residual of the linear equations relative to their right-hand side.
        max_steps: of conjugate gradients; where they do not suffice, derivatives are NaN.

    Raises:
        ValueError: for a model with smearing.
        RuntimeError: where the state is not self-consistent.
    """
    if model.smearing is not None:
        raise ValueError("derivatives through self-consistency need filled bands; the model has a smearing")
    state.checked()
    filled = model.electrons * model.spins // 2
    orbitals = jax.lax.stop_gradient(state.orbitals[:, :filled])
    n = jax.lax.stop_gradient(state.density)
    return _orbitals(model, basis=basis, n=n, orbitals=orbitals, tolerance=tolerance, max_steps=max_steps)


@eqx.filter_custom_jvp
def _orbitals(model: KohnSham, *, basis: Basis, n: Array, orbitals: Array, tolerance: float, max_steps: int) -> Array:
    return orbitals


@_orbitals.def_jvp
def _orbitals_jvp(
    primals: Any, tangents: Any, *, basis: Basis, n: Array, orbitals: Array, tolerance: float, max_steps: int
) -> tuple[Array, Array]:
    (model,), (change,) = primals, tangents
    moving = jax.tree.map(lambda t, leaf: None if t is None else leaf, change, model, is_leaf=lambda t: t is None)
    still = jax.lax.stop_gradient(eqx.filter(model, eqx.is_array))
    whole = eqx.combine(still, eqx.filter(model, eqx.is_array, inverse=True))
    return orbitals, _response(whole, basis, n, orbitals, moving, change, tolerance, max_steps)


def _filled_density(model: KohnSham, basis: Basis, orbitals: Array) -> Array:
    return density(model, basis, orbitals, jnp.full(orbitals.shape[:2], 2.0 / model.spins))


def _response(
    model: KohnSham, basis: Basis, n: Array, orbitals: Array, moving: Any, change: Any, tolerance: float, max_steps: int
) -> Array:
    """The change of the filled orbitals with a change of the model; linear in it."""
    spins = model.spins
    points = math.prod(basis.grid)
    h = hamiltonian(model, basis, effective_potential(model, n))
    every = jnp.arange(len(orbitals))

    def acted(moving: Any) -> Array:
        """H X at fixed orbitals, with the potential of the density that they have in the changed model."""
        changed = eqx.combine(moving, model)
        potential = effective_potential(changed, _filled_density(changed, basis, orbitals))
        here = hamiltonian(changed, basis, potential)
        return jax.lax.map(lambda each: here.at(each[0])(each[1]), (every, orbitals))

    # derivatives bring rubbish to the padding of the waves, which the projector takes out as well
    outside = lambda x: project(x, orbitals, basis.mask)
    rest = outside(jax.jvp(acted, (moving,), (change,))[1])
    subspace = jax.lax.map(lambda each: _matrix(h.at(each[0]), each[1]), (every, orbitals))
    fields = jax.lax.map(lambda each: to_grid(each[0], each[1], basis.grid), (orbitals, basis.index))
    volume = model.crystal.volume
    # weights of the k points make the operator symmetric
    weights = basis.weights * 2 / spins

    def hessian(x: Array) -> Array:
        moved = jax.lax.map(lambda each: to_grid(each[0], each[1], basis.grid), (x, basis.index))
        overlap = jnp.einsum("k,kbsxyz->xyz", weights, 2 * (fields.conj() * moved).real)
        change = symmetrised(overlap * (points**2 / volume), basis)
        potential = jax.jvp(lambda n: effective_potential(model, n), (n,), (change,))[1]

        def at(each: tuple[Array, ...]) -> Array:
            k, x, psi, moved, matrix, index = each
            here: Hamiltonian = h.at(k)
            local = to_waves(here.potential[None, None] * moved + potential[None, None] * psi, index)
            rows = x.reshape(len(x), -1)
            return here.from_local(local, x) - product(matrix.T, rows).reshape(x.shape)

        out = jax.lax.map(at, (every, x, fields, moved, subspace, basis.index))
        return outside(out) * weights[:, None, None, None]

    def conditioned(x: Array) -> Array:
        def at(each: tuple[Array, Array, Array, Array]) -> Array:
            x, psi, kinetic, weight = each
            energy = jnp.tile(kinetic, spins)
            flat = precondition(x.reshape(len(x), -1), psi.reshape(len(x), -1), energy)
            return flat.reshape(x.shape) / weight

        return outside(jax.lax.map(at, (outside(x), orbitals, h.kinetic, weights)))

    real, complex_ = _as_real, _as_complex
    solved = jax.lax.custom_linear_solve(
        lambda x: real(hessian(complex_(x))),
        real(-rest * weights[:, None, None, None]),
        lambda matvec, b: _conjugate_gradients(
            matvec, b, lambda x: real(conditioned(complex_(x))), tolerance, max_steps
        ),
        symmetric=True,
    )
    return complex_(solved)


def project(
    x: Complex[Array, "k b s w"], orbitals: Complex[Array, "k b s w"], mask: Bool[Array, "k w"]
) -> Complex[Array, "k b s w"]:
    """What of x is orthogonal to the orbitals at the same k, without padding."""

    def at(each: tuple[Array, Array]) -> Array:
        x, psi = (rows.reshape(len(rows), -1) for rows in each)
        return (x - product(product(x, psi.conj().T), psi)).reshape(each[0].shape)

    return jax.lax.map(at, (jnp.where(mask[:, None, None, :], x, 0), orbitals))


def _matrix(h: Hamiltonian, x: Array) -> Array:
    """<x_i|H|x_j>."""
    flat = x.reshape(len(x), -1)
    return product(flat.conj(), h(x).reshape(len(x), -1).T)


def _as_real(x: Complex[Array, "..."]) -> Float[Array, "2 ..."]:
    return jnp.stack([x.real, x.imag])


def _as_complex(x: Float[Array, "2 ..."]) -> Complex[Array, "..."]:
    return jax.lax.complex(x[0], x[1])


def _conjugate_gradients(matvec: Any, b: Array, conditioned: Any, tolerance: float, max_steps: int) -> Array:
    """Preconditioned conjugate gradients; NaN where the steps do not suffice."""
    goal = tolerance**2 * jnp.vdot(b, conditioned(b))

    def going(carry: tuple) -> Array:
        *_, gamma, step = carry
        return (gamma > goal) & (step < max_steps)

    def advance(carry: tuple) -> tuple:
        x, r, p, gamma, step = carry
        ap = matvec(p)
        alpha = gamma / jnp.vdot(p, ap)
        x, r = x + alpha * p, r - alpha * ap
        z = conditioned(r)
        new = jnp.vdot(r, z)
        return x, r, z + new / gamma * p, new, step + 1

    z = conditioned(b)
    x, _, _, gamma, _ = jax.lax.while_loop(going, advance, (jnp.zeros_like(b), b, z, jnp.vdot(b, z), jnp.array(0)))
    return jnp.where(gamma > goal, jnp.nan, x)
