"""Does a Hamiltonian have the symmetry of the layer? D3h and time reversal, tested on energies and spins.

Only what can be measured is compared, so that any model can be tested, of whatever orbitals: a symmetry g demands
E(g k) = E(k) for every band and <sigma>(g k) = det(g) g <sigma>(k), time reversal E(-k) = E(k) and -<sigma>.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxspin.systems.tmdc.bands import bands_and_spin
from jaxspin.systems.tmdc.hamiltonian import Model
from jaxspin.systems.tmdc.orbitals import turn_about_z


class Violation(NamedTuple):
    """How far a model is from a symmetry: its name, the largest difference of energy [eV] and of spin, and the k of the
    former [1/angstrom]."""

    symmetry: str
    energy: float
    spin: float
    k: tuple[float, float]


class SymmetryReport(NamedTuple):
    """Violations of time reversal, C3, sigma_v and sigma_h, and the tolerances above which they count."""

    violations: tuple[Violation, ...]
    energy_tolerance: float
    spin_tolerance: float

    @property
    def violated(self) -> tuple[str, ...]:
        """Names of the symmetries that the model lacks."""
        return tuple(
            v.symmetry for v in self.violations if v.energy > self.energy_tolerance or v.spin > self.spin_tolerance
        )

    def __str__(self) -> str:
        lines = [
            f"{v.symmetry:14s} {'violated' if v.symmetry in self.violated else 'holds':8s} "
            f"energy {v.energy:.1e} eV, spin {v.spin:.1e}, worst at k = ({v.k[0]:.3f}, {v.k[1]:.3f}) 1/angstrom"
            for v in self.violations
        ]
        return "\n".join(lines)


def check_symmetry(
    model: Model, points: int = 24, *, energy_tolerance: float = 1e-9, spin_tolerance: float = 1e-6
) -> SymmetryReport:
    """Compare bands and spins at `points` pseudorandom k with those at their images under time reversal and D3h.

    Spins are compared where a band is apart from its neighbours by 1 meV. Not under `jit`: the report is for reading.
    """
    rng = np.random.default_rng(0)
    k = rng.uniform(-0.5, 0.5, (points, 2)) @ np.asarray(model.reciprocal)
    a1 = np.asarray(model.lattice[0]) / np.linalg.norm(model.lattice[0])
    # the mirror of sigma_v is perpendicular to a_1: it holds the bonds M-X
    sigma_v = np.eye(3) - 2 * np.pad(np.outer(a1, a1), (0, 1))
    energies, spins = bands_and_spin(model, jnp.asarray(k))
    gaps = np.pad(np.diff(np.asarray(energies), axis=1), ((0, 0), (1, 1)), constant_values=np.inf)
    apart = np.minimum(gaps[:, 1:], gaps[:, :-1]) > 1e-3

    def violation(name: str, of_k: np.ndarray, of_spin: np.ndarray) -> Violation:
        images = bands_and_spin(model, jnp.asarray(k @ of_k.T))
        energy = np.max(np.abs(np.asarray(images[0] - energies)), axis=1)
        turned: Float[Array, "n b"] = jnp.max(jnp.abs(images[1] - spins @ of_spin.T), axis=-1)
        worst = int(np.argmax(energy))
        spin = float(np.max(np.where(apart, np.asarray(turned), 0.0)))
        return Violation(name, float(energy[worst]), spin, (float(k[worst, 0]), float(k[worst, 1])))

    turn, sigma_h = turn_about_z(2 * np.pi / 3), np.diag([1.0, 1.0, -1.0])
    return SymmetryReport(
        (
            violation("time reversal", -np.eye(2), -np.eye(3)),
            violation("C3", turn[:2, :2], turn),
            violation("sigma_v", sigma_v[:2, :2], -sigma_v),  # spin is axial: a mirror acts on it as det(g) g = -g
            violation("sigma_h", np.eye(2), -sigma_h),
        ),
        energy_tolerance,
        spin_tolerance,
    )
