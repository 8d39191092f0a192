"""The layers from first principles: plane-wave density-functional theory with spin-orbit coupling.

Lengths in angstrom, energies in eV, wave vectors as fractions of the reciprocal lattice vectors: K = (1/3, 1/3),
M = (1/2, 0). What the paper did by full-potential waves (WIEN2k, PBE) is done here by pseudopotentials (GTH-PBE).
"""

from collections.abc import Callable
from os import PathLike
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from jaxspin.planewave.bands import states
from jaxspin.planewave.basis import Basis, plane_waves
from jaxspin.planewave.continuation import carried_over
from jaxspin.planewave.crystal import Crystal
from jaxspin.planewave.eigensolver import Bands
from jaxspin.planewave.exchange_correlation import FUNCTIONALS
from jaxspin.planewave.ground_state import GroundState, SelfConsistency, ground_state
from jaxspin.planewave.kpoints import monkhorst_pack
from jaxspin.planewave.model import KohnSham
from jaxspin.planewave.projections import OrbitalWeights, Shell, orbital_weights
from jaxspin.planewave.pseudopotential import tabulated
from jaxspin.planewave.second_variation import second_variation
from jaxspin.planewave.spin_texture import spin
from jaxspin.planewave.units import BOHR_ANGSTROM, HARTREE_EV
from jaxspin.systems.tmdc import published
from jaxspin.systems.tmdc.splitting import AtK, Edges, Splitting, signed

GAMMA, M, K = (0.0, 0.0), (0.5, 0.0), (1 / 3, 1 / 3)
"""Corners of paths, as fractions of the reciprocal lattice vectors."""

_TABLES = {"PBE": "PBE", "LDA_PADE": "PADE"}  # functional -> pseudopotentials made for it
_SHELLS = {"Mo": (2, 0.9), "W": (2, 1.0), "S": (1, 1.1), "Se": (1, 1.2)}  # valence shell: l, range [bohr]
_BAND_STEPS = 200


class Layer(eqx.Module):
    """A monolayer MX2: elements, lattice constant `a` and distance `d` of the planes of M and X [angstrom]."""

    metal: str = eqx.field(static=True)
    chalcogen: str = eqx.field(static=True)
    a: Float[Array, ""] = eqx.field(converter=lambda x: jnp.asarray(x, dtype=float))
    d: Float[Array, ""] = eqx.field(converter=lambda x: jnp.asarray(x, dtype=float))

    def strained(self, strain: Float[ArrayLike, ""]) -> "Layer":
        """The layer with its lattice constant a (1 + strain), d as it is."""
        return Layer(self.metal, self.chalcogen, self.a * (1 + strain), self.d)


def layer(material: str) -> Layer:
    """The relaxed structure of Zhu et al., Table I. Raises `KeyError` for an unknown material."""
    row = published.entry("zhu2011", material)
    return Layer(*published.elements(material), row["a"], row["d"])


class Setting(eqx.Module):
    """How the layers are calculated.

    Arguments:
        cutoff: of the plane waves [hartree]; 30 gives splittings to 0.5 meV.
        mesh: k points along either reciprocal lattice vector.
        height: of the cell, layer and vacuum together [angstrom].
        functional: "PBE" or "LDA_PADE".
        tolerance: of self-consistency.
        band_tolerance: residual of the bands next to the gap [hartree]; their energies err by its square.
    """

    cutoff: float = eqx.field(default=30.0, static=True)
    mesh: int = eqx.field(default=6, static=True)
    height: float = eqx.field(default=16.0, static=True)
    functional: str = eqx.field(default="PBE", static=True)
    tolerance: float = eqx.field(default=1e-7, static=True)
    band_tolerance: float = eqx.field(default=1e-5, static=True)

    def __check_init__(self) -> None:
        if self.functional not in _TABLES:
            raise ValueError(f"Setting: functional must be one of {', '.join(_TABLES)}, got {self.functional!r}")


PAPER = Setting()
"""The setting of the tables: 30 hartree, 6 x 6, cells of 16 angstrom, PBE."""


def crystal(of: Layer, height: float) -> Crystal:
    """The layer in a cell of some height [angstrom], M in the middle; differentiable in a and d."""
    half = of.a / 2
    zero = jnp.zeros(())
    rows = [[of.a, zero, zero], [-half, jnp.sqrt(3.0) * half, zero], [zero, zero, jnp.asarray(height)]]
    lattice = jnp.stack([jnp.stack(row) for row in rows]) / BOHR_ANGSTROM
    third, middle = jnp.asarray(1 / 3), jnp.asarray(0.5)
    places = [[zero, zero, middle], *([third, 2 * third, middle + side * of.d / height] for side in (1, -1))]
    positions = jnp.stack([jnp.stack(place) for place in places])
    return Crystal(lattice, (of.metal, of.chalcogen, of.chalcogen), positions)


def kohn_sham(of: Layer, setting: Setting, spin_orbit: Float[ArrayLike, ""] | None = None) -> KohnSham:
    """The model: without spin, or spinors with a strength of spin-orbit coupling, 1 in nature."""
    pseudos = tuple(tabulated(element, _TABLES[setting.functional]) for element in (of.metal, of.chalcogen))
    return KohnSham(crystal(of, setting.height), pseudos, FUNCTIONALS[setting.functional], spin_orbit)


class Solution(NamedTuple):
    """A layer's scalar-relativistic ground state, whose potential its spinor bands are calculated in.

    Self-consistent spin-orbit coupling changes splittings of these layers by less than 0.1 meV.
    """

    layer: Layer
    setting: Setting
    basis: Basis
    ground: GroundState


def solve(
    of: Layer,
    setting: Setting = PAPER,
    *,
    start: Solution | None = None,
    checkpoint: str | PathLike[str] | None = None,
    progress: Callable[[Any], object] = lambda _: None,
) -> Solution:
    """The self-consistent density of a layer; not under `jit`.

    Arguments:
        of: its structure.
        setting: cutoff, mesh, functional.
        start: of a similar structure of the same elements at the same setting, to start from.
        checkpoint: a file from which a killed run goes on.
        progress: called after every step, such as `print`.

    Raises:
        RuntimeError: with advice, where it does not become self-consistent.
    """
    model = kohn_sham(of, setting)
    basis = plane_waves(model.crystal, setting.cutoff, monkhorst_pack(model.crystal, (setting.mesh, setting.mesh, 1)))
    near = None
    if start is not None and start.basis.grid == basis.grid and len(start.basis.kpoints) == len(basis.kpoints):
        near = carried_over(start.ground, kohn_sham(start.layer, setting), start.basis, model, basis)
    ground = ground_state(
        model,
        basis,
        SelfConsistency(tolerance=setting.tolerance),
        start=near,
        checkpoint=checkpoint,
        progress=progress,
    )
    return Solution(of, setting, basis, ground.checked())


class SpinorBands(NamedTuple):
    """Bands with spin-orbit coupling at wave vectors k: energies [eV], <sigma>, shares of atomic orbitals.

    `scalar`: the energies without that coupling; `occupied` of `energies` are filled, half as many of `scalar`.
    """

    k: Float[np.ndarray, "k 2"]
    energies: Float[Array, "k bands"]
    spins: Float[Array, "k bands 3"]
    weights: OrbitalWeights
    scalar: Float[Array, "k scalars"]
    occupied: int


def spinor_bands(
    of: Solution,
    k: Float[ArrayLike, "k 2"],
    *,
    strength: float = 1.0,
    empty: int = 4,
    progress: Callable[[int, int], object] = lambda done, of: None,
) -> SpinorBands:
    """Bands with spin-orbit coupling in the self-consistent potential, in the whole basis; one k after the other.

    Arguments:
        of: the ground state.
        k: fractions of the reciprocal lattice vectors, shape (k, 2).
        strength: of spin-orbit coupling, 1 in nature.
        empty: bands above the gap.
        progress: called with the k points done and their number.

    Raises:
        RuntimeError: where the eigensolver does not reach the tolerance.
    """
    model = kohn_sham(of.layer, of.setting, strength)
    scalar = model.with_spin_orbit(None)

    def at(here: Basis) -> _At:
        found = states(model, here, of.ground.density, model.electrons + empty, **_solver(of))
        alone = states(scalar, here, of.ground.density, (model.electrons + empty) // 2, **_solver(of))
        return found.energies, found.orbitals, alone.energies, jnp.maximum(_worst(found), _worst(alone))

    return _collected(of, k, at, progress)


def coupled_bands(
    of: Solution,
    k: Float[ArrayLike, "k 2"],
    *,
    strength: float = 1.0,
    scalars: int = 36,
    empty: int = 6,
    progress: Callable[[int, int], object] = lambda done, of: None,
) -> SpinorBands:
    """As `spinor_bands`, by spin-orbit coupling among a number of `scalars`, bands without it: faster.

    With 36 of them the valence splitting at K of WSe2 is 461.8 meV, 464.9 in the whole basis.
    """
    model = kohn_sham(of.layer, of.setting, strength)
    scalar = model.with_spin_orbit(None)

    def at(here: Basis) -> _At:
        alone = states(scalar, here, of.ground.density, scalars, **_solver(of))
        coupled = second_variation(model, here, alone)
        last = model.electrons + empty
        return coupled.energies[:, :last], coupled.orbitals(alone, 0, last), alone.energies, _worst(alone)

    return _collected(of, k, at, progress)


_At = tuple[Array, Array, Array, Array]


def _solver(of: Solution) -> dict[str, Any]:
    return {"tolerance": of.setting.band_tolerance, "max_steps": _BAND_STEPS}


def _worst(bands: Bands) -> Array:
    return jnp.max(bands.residuals)


def _collected(
    of: Solution, k: Float[ArrayLike, "k 2"], at: Callable[[Basis], _At], progress: Callable[[int, int], object]
) -> SpinorBands:
    """Energies, spins and weights at every k; all share a number of waves, so that everything compiles once."""
    k = np.atleast_2d(np.asarray(k, dtype=float))
    place = crystal(of.layer, of.setting.height)
    line = of.basis.at(np.column_stack([k, np.zeros(len(k))]), place)
    shells = tuple(Shell(element, *_SHELLS.get(element, (1, 1.0))) for element in (of.layer.metal, of.layer.chalcogen))
    found = []
    for number in range(len(k)):
        here = line.only(number)
        energies, orbitals, scalar, residual = at(here)
        if not residual <= of.setting.band_tolerance:
            raise RuntimeError(
                f"bands at k = {k[number].tolist()}: residual {float(residual):.1e} hartree, wanted: "
                f"{of.setting.band_tolerance:.1e}; loosen Setting(band_tolerance=...)"
            )
        shares = orbital_weights(place, here, orbitals, shells)
        found.append((energies * HARTREE_EV, spin(orbitals), scalar * HARTREE_EV, shares.values))
        progress(number + 1, len(k))
    energies, spins, scalar, values = (jnp.concatenate(each) for each in zip(*found, strict=True))
    electrons = kohn_sham(of.layer, of.setting).electrons
    return SpinorBands(k, energies, spins, OrbitalWeights(shares.names, values), scalar, electrons)


def edges(of: SpinorBands) -> Edges:
    """The pairs of bands below and above the gap, upper one first: as of a tight-binding model."""
    top, bottom = of.occupied - 1, of.occupied
    pairs = ([top, top - 1], [bottom + 1, bottom])
    return Edges(*(values[:, np.array(pair)] for values in (of.energies, of.spins) for pair in pairs))


def splitting(of: SpinorBands) -> Splitting:
    """E(up) - E(down) of both edges [eV]."""
    return signed(edges(of))


class WithoutSpinOrbit(NamedTuple):
    """Gap at K and E_VB(K) - E_VB(Gamma) without spin-orbit coupling [eV]."""

    gap: Float[Array, ""]
    valence_K_minus_Gamma: Float[Array, ""]


def at_K_without_spin_orbit(of: SpinorBands) -> WithoutSpinOrbit:
    """From bands whose first k point is K and whose second is Gamma."""
    top = of.occupied // 2 - 1
    return WithoutSpinOrbit(of.scalar[0, top + 1] - of.scalar[0, top], of.scalar[0, top] - of.scalar[1, top])


def at_K(of: SpinorBands) -> AtK:
    """Energies at K [eV] from bands whose first k point is K and whose second is Gamma."""
    found = edges(of)
    split, top = signed(found), jnp.max(found.valence, axis=1)
    orientation = jnp.where(split.valence[0] < 0, -1.0, 1.0)
    return AtK(
        valence_splitting=orientation * split.valence[0],
        conduction_splitting=orientation * split.conduction[0],
        gap=jnp.min(found.conduction[0]) - top[0],
        valence_K_minus_Gamma=top[0] - top[1],
    )
