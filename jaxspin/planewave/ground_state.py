"""The self-consistent ground state: what (model), in which waves (basis), how (algorithm). Hartree atomic units."""

from collections.abc import Callable
from os import PathLike
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from jaxspin.core import Status
from jaxspin.planewave.basis import Basis
from jaxspin.planewave.checkpoint import fingerprint, load, save
from jaxspin.planewave.density import atomic_density
from jaxspin.planewave.energy import Energies, effective_potential
from jaxspin.planewave.mixing import Anderson, Past
from jaxspin.planewave.model import KohnSham
from jaxspin.planewave.scf import Step, start_orbitals, step


class SelfConsistency(eqx.Module):
    """How the ground state is sought.

    Arguments:
        tolerance: density that still moves in a step, integral |n_out - n_in|/electrons; the error of the energy is of
            its square, that of eigenvalues [hartree] of its own order.
        max_steps: the search ends there.
        mixing: of the densities.
        empty_bands: besides the filled ones, which make these converge faster.
        band_steps: of the eigensolver in each step.
    """

    tolerance: float = eqx.field(default=1e-7, static=True)
    max_steps: int = eqx.field(default=40, static=True)
    mixing: Anderson = Anderson(damping=0.5)
    empty_bands: int = eqx.field(default=3, static=True)
    band_steps: int = eqx.field(default=3, static=True)

    def __check_init__(self) -> None:
        if not self.tolerance > 0 or min(self.max_steps, self.band_steps) < 1 or self.empty_bands < 0:
            raise ValueError(
                "SelfConsistency: tolerance must be positive, max_steps and band_steps at least 1 "
                f"and empty_bands at least 0; got {self}"
            )


class Iteration(NamedTuple):
    """One line of the history: number, energy [hartree], density that moved, residual of the filled bands [hartree]."""

    number: int
    energy: float
    moved: float
    residual: float

    def __str__(self) -> str:
        return f"{self.number:3d}  E = {self.energy:.9f} Ha  density {self.moved:.1e}  bands {self.residual:.1e}"


class GroundState(eqx.Module):
    """A self-consistent solution, or where the search for it ended: see `status`.

    Where it is not OK, `energies` are NaN and the last iterates are in `history`.

    Arguments:
        density: on the grid [1/bohr^3].
        orbitals: shape (k, bands, spins, waves).
        eigenvalues: of all bands, ascending [hartree]; those of the empty ones are rough.
        occupations: electrons in each orbital, shape (k, bands).
        fermi_level: middle of the gap of an insulator [hartree].
        energies: the terms of the total energy [hartree].
        status: OK, MAX_STEPS or NOT_FINITE.
        history: energy [hartree], density that moved, residual of the bands [hartree] for every step, shape (steps, 3).
    """

    density: Float[Array, "n1 n2 n3"]
    orbitals: Complex[Array, "k bands spins waves"]
    eigenvalues: Float[Array, "k bands"]
    occupations: Float[Array, "k bands"]
    fermi_level: Float[Array, ""]
    energies: Energies
    status: Status = eqx.field(static=True)
    history: Float[np.ndarray, "steps 3"]

    @property
    def advice(self) -> str:
        """What happened and what to try, in one line."""
        return _ADVICE[self.status].format(len(self.history), self.history[-1, 1])

    def checked(self) -> "GroundState":
        """Itself, or `RuntimeError` with advice where it is not self-consistent."""
        if self.status is not Status.OK:
            raise RuntimeError(f"no self-consistent ground state: {self.advice}")
        return self


_ADVICE = {
    Status.OK: "self-consistent after {} steps, density moved by {:.1e}",
    Status.MAX_STEPS: "after {} steps the density still moves by {:.1e}: raise max_steps, lower Anderson(damping=...); "
    "for metals set a smearing, for long metallic cells Anderson(screening=1.0)",
    Status.NOT_FINITE: "not finite after {} steps (density moved by {:.1e}): atoms too close, or coefficients of a "
    "pseudopotential that are out of range",
}

_DEFAULT = SelfConsistency()


def ground_state(
    model: KohnSham,
    basis: Basis,
    algorithm: SelfConsistency = _DEFAULT,
    *,
    start: GroundState | None = None,
    checkpoint: str | PathLike[str] | None = None,
    progress: Callable[[Iteration], object] = lambda _: None,
) -> GroundState:
    """The self-consistent solution of the Kohn-Sham equations; not under `jit` or `grad` (see `response`).

    Arguments:
        model: crystal, pseudopotentials, functional, spin-orbit coupling.
        basis: plane waves and k points.
        algorithm: tolerance, mixing, budget.
        start: the solution of a similar problem in the same basis, from whose density and orbitals to start.
        checkpoint: a file written after every step; where it exists the run goes on from it.
        progress: called with every `Iteration`, such as `print`.

    Raises:
        ValueError: for a cutoff too small for a pseudopotential, an odd number of electrons without spin, more bands
            than waves, a checkpoint of another calculation, a start in another basis.
    """
    _demand_cutoff(model, basis)
    filled = _filled(model)
    bands = filled + algorithm.empty_bands
    wanted = filled if model.smearing is None else filled + algorithm.empty_bands // 2
    if bands > basis.waves * model.spins // 3:
        raise ValueError(
            f"ground_state: {basis.waves} waves per k point are too few for {bands} bands: raise the cutoff"
        )
    n, orbitals = _start(model, basis, algorithm, start, bands)
    past = algorithm.mixing.empty(n)
    lines, done = np.zeros((algorithm.max_steps, 3)), 0
    identity = fingerprint(model, basis, algorithm) if checkpoint else ""
    if checkpoint is not None:
        saved = load(checkpoint, identity, (n, orbitals, past, lines, np.array(done)))
        if saved is not None:
            n, orbitals, past, lines, done = *saved[:-1], int(saved[-1])
    moved = lines[done - 1, 1] if done else 1e-2
    for number in range(done, algorithm.max_steps):
        fine = jnp.array(max(0.1 * moved, 1e-10), dtype=float)
        result = step(model, basis, n, orbitals, wanted, fine, jnp.array(algorithm.band_steps, dtype=int))
        orbitals = result.bands.orbitals
        line = _line(number, result, n, model)
        lines[number], moved = line[1:], line.moved
        progress(line)
        if not np.all(np.isfinite(line)):
            return _result(result, Status.NOT_FINITE, lines[: number + 1])
        if moved < algorithm.tolerance:
            return _result(result, Status.OK, lines[: number + 1])
        if number + 1 < algorithm.max_steps:
            n, past = _mix(algorithm.mixing, n, result.density - n, past, model)
            if checkpoint is not None:
                save(checkpoint, identity, (n, orbitals, past, lines, np.array(number + 1)))
    return _result(result, Status.MAX_STEPS, lines)


def _demand_cutoff(model: KohnSham, basis: Basis) -> None:
    for pseudo in model.pseudopotentials:
        ranges = [float(pseudo.r_local), *(float(r) for r, n in zip(pseudo.radii, pseudo.count, strict=True) if n)]
        least = 1 / (2 * min(ranges) ** 2)  # the wave number 1/range
        if basis.cutoff < least:
            raise ValueError(
                f"ground_state: a cutoff of {basis.cutoff:g} hartree cannot carry the pseudopotential of "
                f"{pseudo.element}, of range {min(ranges):.3g} bohr: raise the cutoff, to {least:.3g} hartree at "
                f"the very least; results converge near {7 * least:.3g}"
            )


def _filled(model: KohnSham) -> int:
    """How many bands the electrons fill."""
    filled, rest = divmod(model.electrons * model.spins, 2)
    if rest and model.smearing is None:
        raise ValueError(
            f"ground_state: {model.electrons} electrons per cell is odd, which leaves a band half filled: without spin "
            "no insulator; double the cell, or set a smearing"
        )
    return filled + rest


def _start(
    model: KohnSham, basis: Basis, algorithm: SelfConsistency, start: GroundState | None, bands: int
) -> tuple[Array, Array]:
    if start is None:
        n = atomic_density(model, basis)
        return n, _first_orbitals(model, basis, n, bands)
    shape = (len(basis.kpoints), bands, model.spins, basis.waves)
    if start.density.shape != basis.grid or start.orbitals.shape != shape:
        raise ValueError(
            f"ground_state: start has density {start.density.shape} and orbitals {start.orbitals.shape}, this basis "
            f"and algorithm need {basis.grid} and {shape}"
        )
    return start.density, jnp.where(basis.mask[:, None, None, :], start.orbitals, 0)


@eqx.filter_jit
def _first_orbitals(model: KohnSham, basis: Basis, n: Array, bands: int) -> Array:
    return start_orbitals(model, basis, effective_potential(model, n), bands)


def _line(number: int, result: Step, n: Array, model: KohnSham) -> Iteration:
    volume = float(model.crystal.volume)
    moved = float(jnp.sum(jnp.abs(result.density - n))) * volume / n.size / model.electrons
    residual = float(jnp.max(jnp.where(result.filling.occupations > 1e-6, result.bands.residuals, 0)))
    return Iteration(number, float(result.energies.total), moved, residual)


@eqx.filter_jit
def _mix(mixing: Anderson, n: Array, residual: Array, past: Past, model: KohnSham) -> tuple[Array, Past]:
    return mixing(n, residual, past, model.crystal)


def _result(result: Step, status: Status, lines: np.ndarray) -> GroundState:
    energies = result.energies
    if status is not Status.OK:
        energies = jax.tree.map(lambda e: jnp.full_like(e, jnp.nan), energies)
    bands, filling = result.bands, result.filling
    return GroundState(
        result.density,
        bands.orbitals,
        bands.energies,
        filling.occupations,
        filling.fermi_level,
        energies,
        status,
        np.array(lines),
    )
