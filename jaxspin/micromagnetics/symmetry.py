"""Which mirrors and rotations a magnet has, and what they allow spin-orbit torque to do with +z and -z.

An operation R moves a cell from r to R r and turns m as an axial vector, m -> det(R) R m. It is a symmetry if it maps
the outline and all parameter fields onto themselves and commutes with the field of every term and torque. That is
tested on a random state, so that any term, also one of your own, is judged by what it does. A symmetry that exchanges
+z and -z *at the same current* makes final(+z, j) = -final(-z, j): current can only toggle, whatever its strength. To
break all of those is necessary for the polarity of the current to set the state, not sufficient: it takes strength.
"""

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxspin.micromagnetics.mesh import Mesh
from jaxspin.micromagnetics.oersted import OerstedField
from jaxspin.micromagnetics.system import System
from jaxspin.micromagnetics.term import EnergyTerm
from jaxspin.micromagnetics.torque import Torque

_IN_PLANE = {
    "identity": ((1, 0), (0, 1)),
    "mirror x -> -x": ((-1, 0), (0, 1)),
    "mirror y -> -y": ((1, 0), (0, -1)),
    "rotation by 180 deg about z": ((-1, 0), (0, -1)),
    "rotation by 90 deg about z": ((0, -1), (1, 0)),
    "rotation by -90 deg about z": ((0, 1), (-1, 0)),
    "mirror x <-> y": ((0, 1), (1, 0)),
    "mirror x <-> -y": ((0, -1), (-1, 0)),
}
"""Operations of the plane; times z -> z or z -> -z they are all that keep the axis z."""


@dataclasses.dataclass(frozen=True)
class Operation:
    """A mirror or rotation, and what breaks it.

    `matrix` is R, rows of whole numbers; `reverses_z` whether it exchanges m_z = +1 and -1. `broken_by` gives for every
    part of the system that it changes how much, relative to the part's own largest value; `broken_by_reversed` the same
    with the current reversed on one side, so that an empty one means final(R m, -j) = R final(m, j).
    """

    name: str
    matrix: tuple[tuple[int, int, int], ...]
    reverses_z: bool
    broken_by: dict[str, float]
    broken_by_reversed: dict[str, float]


@dataclasses.dataclass(frozen=True)
class SwitchingSymmetry:
    """What `check_switching_symmetry` found: every `Operation` that the mesh admits, and the verdict.

    `driven` are the parts that a reversed current reverses.
    """

    operations: tuple[Operation, ...]
    driven: tuple[str, ...]

    @property
    def toggles_only(self) -> bool:
        """Whether some operation exchanges +z and -z and leaves the system as it is, current and all."""
        return any(each.reverses_z and not each.broken_by for each in self.operations)

    @property
    def blind_to_polarity(self) -> bool:
        """Whether a reversed current does exactly the same to m_z."""
        return any(not each.reverses_z and not each.broken_by_reversed for each in self.operations)

    @property
    def verdict(self) -> str:
        """ "can only toggle"; "polarity does not matter", as with H_z alone; else "polarity sets the state": it may."""
        if self.toggles_only:
            return "can only toggle"
        return "polarity does not matter" if self.blind_to_polarity else "polarity sets the state"

    @property
    def broken_by(self) -> dict[str, float]:
        """What breaks the mirror that would make it a toggle: of the operations that exchange +z and -z and keep up and
        down, the one that changes the torques least. Empty if any operation makes it a toggle.
        """
        if self.toggles_only:
            return {}
        mirrors = [each.broken_by for each in self.operations if each.reverses_z and each.matrix[2][2] > 0]
        torques = lambda broken: sum(size for name, size in broken.items() if name in self.driven)
        return min(mirrors, key=lambda broken: (torques(broken), sum(broken.values())))

    def __str__(self) -> str:
        lines = [f"{self.verdict}:"]
        for each in self.operations:
            if each.reverses_z:
                by = ", ".join(f"{name} ({size:.1e})" for name, size in each.broken_by.items())
                lines.append(
                    f"  {each.name}, which exchanges +z and -z: " + (f"broken by {by}" if by else "a symmetry")
                )
        if self.blind_to_polarity:
            lines.append("  the outcome does not depend on the sign of the current")
        elif any(each.reverses_z and not each.broken_by_reversed for each in self.operations):
            lines.append("  with the current reversed every outcome is reversed")
        return "\n".join(lines)


def check_switching_symmetry(
    system: System, *, times: Sequence[float] = (0.0,), tolerance: float | None = None
) -> SwitchingSymmetry:
    """Apply mirrors and rotations to geometry, parameter fields, polarisation and field; say what the current can do.

    Torques and the Oersted field count as reversed with the current. Needs concrete values: not under `jit`.

    Arguments:
        system: with its torques; a mesh of equal cells and counts along x and y admits rotations by 90 degrees.
        times: at which fields and torques are compared [s]; choose some within every pulse.
        tolerance: differences below it, relative to a part's largest value, count as none; the precision to the power
            of 0.6 without it.

    Raises:
        ValueError: if every torque vanishes at all these times: there is no current then to judge.
    """
    precision = float(jnp.finfo(jnp.asarray(0.0).dtype).eps)
    limit = precision**0.6 if tolerance is None else tolerance
    operations = list(_operations(system.mesh))
    m = np.asarray(_random_state(system))
    turned = np.stack([_moved(m, R, vector=True) for _, R in operations])
    at = jnp.asarray(times, dtype=float)
    before, after = _fields(system, jnp.asarray(m[None]), at), _fields(system, jnp.asarray(turned), at)
    driven = [name for name, part in _parts(system) if isinstance(part, (Torque, OerstedField))]
    if system.torques and not any(np.abs(before[name]).max() > 0 for name in driven):
        raise ValueError(f"check_switching_symmetry: all torques vanish at the times {tuple(times)} s; choose others")
    inside = np.asarray(system.mesh.magnetic)[None, ..., None]
    found = []
    for number, (name, R) in enumerate(operations):
        broken = {what: size for what, size in _scalars_changed(system, R) if size > limit}
        reversed_too = dict(broken)
        for what in before if "mask" not in broken else ():
            wanted = _moved(np.where(inside, before[what][0], 0.0), R, vector=True)
            here = np.where(inside, after[what][number], 0.0)
            scale = np.abs(wanted).max() or 1.0
            for record, sign in ((broken, 1.0), (reversed_too, -1.0 if what in driven else 1.0)):
                size = float(np.abs(sign * here - wanted).max() / scale)
                if size > limit:
                    record[what] = size
        axial = round(np.linalg.det(R)) * R[2, 2]
        rows = tuple((int(a), int(b), int(c)) for a, b, c in R)
        found.append(Operation(name, rows, bool(axial < 0), broken, reversed_too))
    return SwitchingSymmetry(tuple(found), tuple(driven))


def _operations(mesh: Mesh) -> Iterator[tuple[str, np.ndarray]]:
    """Those that map the grid onto itself and keep the axis z."""
    square = mesh.shape[0] == mesh.shape[1] and mesh.periodic[0] == mesh.periodic[1]
    square = square and bool(np.isclose(mesh.cell[0], mesh.cell[1], rtol=1e-9))
    for (name, plane), up in product(_IN_PLANE.items(), (1, -1)):
        R = np.zeros((3, 3), dtype=int)
        R[:2, :2], R[2, 2] = plane, up
        if R[0, 0] != 0 or square:
            yield name if up > 0 else f"{name} and z -> -z".removeprefix("identity and "), R


def _moved(values: np.ndarray, R: np.ndarray, vector: bool) -> np.ndarray:
    """A field (S, nx, ny, nz[, 3]) after the operation: at R r stands what was at r, an axial vector turned."""
    source = np.abs(R).argmax(axis=1)  # the new axis b was the axis source[b]
    values = np.transpose(values, (0, *(1 + source), *range(4, values.ndim)))
    values = np.flip(values, axis=tuple(1 + b for b in range(3) if R[b].sum() < 0))
    return values @ (round(np.linalg.det(R)) * R.T) if vector else values


def _parts(system: System) -> list[tuple[str, EnergyTerm | Torque]]:
    """Terms and torques by name, a second one of a name with the suffix _2."""
    seen: Counter[str] = Counter()
    found = []
    for part in (*system.terms, *system.torques):
        name = type(part).__name__
        seen[name] += 1
        found.append((name if seen[name] == 1 else f"{name}_{seen[name]}", part))
    return found


@eqx.filter_jit
def _fields(
    system: System, states: Float[Array, "k S nx ny nz 3"], times: Float[Array, " t"]
) -> dict[str, Float[Array, "k tS nx ny nz 3"]]:
    """The field of every part in some states, those at further times as further sublattices."""
    at = lambda part, m: jnp.concatenate([part.field(m, system, time) for time in times])
    return {name: jax.vmap(lambda m, part=part: at(part, m))(states) for name, part in _parts(system)}


def _random_state(system: System) -> jax.Array:
    """A state without any symmetry, of a fixed seed."""
    shape = (len(system.sublattices), *system.mesh.shape, 3)
    return system.normalised(jax.random.normal(jax.random.key(0), shape))


def _scalars_changed(system: System, R: np.ndarray) -> Iterator[tuple[str, float]]:
    """How much the operation changes the outline and what sublattices are made of."""
    inside = np.asarray(system.mesh.magnetic)
    changed = float(np.any(_moved(inside[None], R, vector=False) != inside))
    yield "mask", changed
    fields = {"saturation magnetization": system.saturation_magnetization, "damping": system.damping}
    fields["gyromagnetic ratio"] = system.gyromagnetic_ratio
    for name, values in fields.items() if not changed else ():
        whole = np.broadcast_to(np.asarray(values), (len(values), *inside.shape)) * inside
        scale = np.abs(whole).max() or 1.0
        yield name, float(np.abs(_moved(whole, R, vector=False) - whole).max() / scale)
