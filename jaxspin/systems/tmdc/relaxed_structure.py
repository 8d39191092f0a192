"""Structures that minimise the energy from first principles, by its gradients; how splittings follow strain.

Lengths in angstrom, energies in eV.
"""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxspin.planewave.bands import energies_of, states
from jaxspin.planewave.basis import Basis
from jaxspin.planewave.energy import total_energy
from jaxspin.planewave.ground_state import GroundState
from jaxspin.planewave.pulay import boundary
from jaxspin.planewave.response import self_consistent_density, self_consistent_orbitals
from jaxspin.planewave.units import HARTREE_EV
from jaxspin.systems.tmdc.first_principles import GAMMA, PAPER, K, Layer, Setting, Solution, crystal, kohn_sham, solve

# Stiffness that a minimisation starts from [eV/angstrom^2]: of a, from elastic constants of MoS2; of d, from the
# frequency of its breathing mode, 405/cm.
_STIFFNESS = np.diag([19.0, 39.0])
_MOST = 0.05  # step [angstrom]


class Gradient(NamedTuple):
    """Energy of a cell [eV] and its derivatives with respect to a and d at constant cutoff [eV/angstrom]."""

    energy: float
    a: float
    d: float


def gradient(of: Solution) -> Gradient:
    """By Hellmann and Feynman, with the waves that enter at the cutoff as a grows (Pulay)."""
    slope = _slope(of.layer, of.setting, of.basis, of.ground.orbitals, of.ground.occupations)
    edge = boundary(kohn_sham(of.layer, of.setting), of.basis, of.ground)
    volume = float(crystal(of.layer, of.setting.height).volume)
    pulay = float(edge.stress[0, 0] + edge.stress[1, 1]) * volume / float(of.layer.a)
    energy = float(of.ground.energies.total)
    return Gradient(*(HARTREE_EV * each for each in (energy, float(slope.a) + pulay, float(slope.d))))


@eqx.filter_jit
def _slope(of: Layer, setting: Setting, basis: Basis, orbitals: Array, occupations: Array) -> Layer:
    energy = lambda of: total_energy(kohn_sham(of, setting), basis, orbitals, occupations).total
    return jax.grad(energy)(of)


class Relaxation(NamedTuple):
    """The relaxed solution, and a [angstrom], d [angstrom], energy [eV], its slopes [eV/angstrom] at every step."""

    solution: Solution
    steps: Float[np.ndarray, "steps 5"]


def relaxed(
    start: Layer,
    setting: Setting = PAPER,
    *,
    tolerance: float = 0.02,
    max_steps: int = 8,
    progress: Callable[[str], object] = lambda _: None,
) -> Relaxation:
    """The structure of lowest energy at constant cutoff, by quasi-Newton steps on gradients (BFGS).

    Arguments:
        start: where to begin.
        setting: cutoff and mesh; the cutoff should be 30 hartree or more, below which the correction for waves that
            enter at the cutoff is large.
        tolerance: of the slopes [eV/angstrom]; 0.02 leaves 0.001 angstrom in a.
        max_steps: ground states at most.
        progress: called with a line of text after each.

    Raises:
        RuntimeError: where it does not get there, or a ground state is not found.
    """
    x, inverse = np.array([float(start.a), float(start.d)]), np.linalg.inv(_STIFFNESS)
    solution: Solution | None = None
    rows, before = [], None
    for number in range(max_steps):
        here = Layer(start.metal, start.chalcogen, *x)
        solution = solve(here, setting, start=solution)
        found = gradient(solution)
        slope = np.array([found.a, found.d])
        rows.append([*x, found.energy, *slope])
        progress(
            f"{number}: a = {x[0]:.4f}, d = {x[1]:.4f} angstrom, E = {found.energy:.5f} eV, "
            f"slopes {slope[0]:+.4f}, {slope[1]:+.4f} eV/angstrom"
        )
        if np.all(np.abs(slope) < tolerance):
            return Relaxation(solution, np.array(rows))
        if before is not None:
            inverse = _updated(inverse, x - before[0], slope - before[1])
        before = x, slope
        x = x + np.clip(-inverse @ slope, -_MOST, _MOST)
    raise RuntimeError(f"relaxed: slopes {slope} eV/angstrom after {max_steps} steps: start nearer or raise max_steps")


def _updated(inverse: np.ndarray, s: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The BFGS estimate of the inverse stiffness after a step s that changed the slopes by y."""
    if s @ y <= 0:
        return inverse
    left = np.eye(len(s)) - np.outer(s, y) / (s @ y)
    return left @ inverse @ left.T + np.outer(s, s) / (s @ y)


def relaxed_planes(
    start: Layer,
    setting: Setting = PAPER,
    *,
    near: Solution | None = None,
    tolerance: float = 0.01,
    max_steps: int = 6,
    progress: Callable[[str], object] = lambda _: None,
) -> Solution:
    """The layer whose d has the lowest energy at the lattice constant given, by the slope of the energy.

    Arguments:
        start: a, and d to begin with.
        setting: cutoff and mesh; 20 hartree is enough, as d does not change the set of waves.
        near: of a similar structure at the same setting, to start from.
        tolerance: of the slope [eV/angstrom]; 0.01 leaves 0.0003 angstrom.
        max_steps: ground states at most.
        progress: called with a line of text after each.

    Raises:
        RuntimeError: where it does not get there, or a ground state is not found.
    """
    d, stiffness, before = float(start.d), _STIFFNESS[1, 1], None
    for number in range(max_steps):
        near = solve(Layer(start.metal, start.chalcogen, start.a, jnp.asarray(d)), setting, start=near)
        slope = HARTREE_EV * float(
            _slope(near.layer, setting, near.basis, near.ground.orbitals, near.ground.occupations).d
        )
        progress(f"{number}: a = {float(start.a):.4f}, d = {d:.4f} angstrom, slope {slope:+.4f} eV/angstrom")
        if abs(slope) < tolerance:
            return near
        if before is not None and (slope - before[1]) * (d - before[0]) > 0:
            stiffness = (slope - before[1]) / (d - before[0])
        before = d, slope
        d -= float(np.clip(slope / stiffness, -_MOST, _MOST))
    raise RuntimeError(f"relaxed_planes: slope {slope:+.4f} eV/angstrom after {max_steps} steps: raise max_steps")


def d_at_rest(of: Solution) -> Callable[[Float[Array, ""]], Float[Array, ""]]:
    """The d of lowest energy as a differentiable function of a [angstrom], next to a solution relaxed in d.

    Its value is that of `of`. Its first derivative is -(d2E/da dd)/(d2E/dd2) by the implicit function theorem, with
    second derivatives of the energy by linear response; the set of waves moves with the lattice.
    """
    ground = dataclasses.replace(of.ground, history=of.ground.history[-1:])
    rest = eqx.filter_jit(_at_rest)
    return lambda a: rest(a, of=of.layer, setting=of.setting, basis=of.basis, ground=ground)


@eqx.filter_custom_jvp
def _at_rest(a: Array, *, of: Layer, setting: Setting, basis: Basis, ground: GroundState) -> Array:
    return of.d


@_at_rest.def_jvp
def _at_rest_jvp(
    primals: tuple, tangents: tuple, *, of: Layer, setting: Setting, basis: Basis, ground: GroundState
) -> tuple[Array, Array]:
    (change,) = tangents

    def slope(layer: Layer) -> Array:
        orbitals = self_consistent_orbitals(kohn_sham(layer, setting), basis, ground)
        return _slope(layer, setting, basis, orbitals, ground.occupations[:, : orbitals.shape[1]]).d

    along = lambda toward: jax.jvp(slope, (of,), (toward,))[1]
    zero, one = jnp.zeros(()), jnp.ones(())
    mixed, stiffness = (along(Layer(of.metal, of.chalcogen, *way)) for way in ((one, zero), (zero, one)))
    return of.d, -mixed / stiffness * change


class Edge(eqx.Module):
    """Energies next to the gap [eV]: the pair below it at K (lower, upper) and the pair above; tops at Gamma.

    `valence_Gamma`: the uppermost filled state at Gamma; `conduction_Q`: the lowest empty one midway between Gamma
    and K, where the other valley is.
    """

    valence: Float[Array, "2"]
    conduction: Float[Array, "2"]
    valence_Gamma: Float[Array, ""]
    conduction_Q: Float[Array, ""]

    @property
    def splitting(self) -> Float[Array, ""]:
        """Of the valence band at K."""
        return self.valence[1] - self.valence[0]

    @property
    def gap(self) -> Float[Array, ""]:
        """At K."""
        return self.conduction[0] - self.valence[1]

    @property
    def directness(self) -> Float[Array, "2"]:
        """How far the valence band at K lies above Gamma, and the conduction band at K below Q."""
        return jnp.stack([self.valence[1] - self.valence_Gamma, self.conduction_Q - self.conduction[0]])


Q = (0.18, 0.18)
"""Near the second conduction valley: 0.54 of the way from Gamma to K."""


def edge(of: Solution, strength: float = 1.0, q: tuple[float, float] = Q) -> Callable[[Layer, Array], Edge]:
    """Energies next to the gap as a differentiable function of the structure and of the spin-orbit strength.

    Their values are those of `of`; first derivatives, forward or reverse, go through self-consistency by the implicit
    function theorem, all from one linear response. The set of waves moves with the lattice.
    """
    setting, filled = of.setting, kohn_sham(of.layer, of.setting).electrons
    places = np.array([(*point, 0.0) for point in (K, GAMMA, q)])
    at = of.basis.at(places, crystal(of.layer, setting.height))
    tight = {"tolerance": 1e-7, "max_steps": 200}
    orbitals = states(kohn_sham(of.layer, setting, strength), at, of.ground.density, filled + 2, **tight).orbitals
    # what is compiled must not depend on the number of steps
    ground = dataclasses.replace(of.ground, history=of.ground.history[-1:])
    return lambda layer, strength: _edge(layer, strength, setting, of.basis, ground, at, orbitals[:, filled - 2 :])


@eqx.filter_jit
def _edge(
    layer: Layer, strength: Array, setting: Setting, basis: Basis, ground: GroundState, at: Basis, orbitals: Array
) -> Edge:
    density = self_consistent_density(kohn_sham(layer, setting), basis, ground)
    e = HARTREE_EV * energies_of(kohn_sham(layer, setting, strength), at, density, orbitals)
    # at Gamma the pairs are degenerate: their average has the derivative
    return Edge(e[0, :2], e[0, 2:], jnp.mean(e[1, :2]), e[2, 2])
