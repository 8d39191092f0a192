"""A magnetic system: mesh, sublattices, energy terms and torques; its effective field and its energy. SI units."""

from collections import Counter
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Float

from jaxspin.micromagnetics.mesh import Mesh
from jaxspin.micromagnetics.sublattice import Sublattice, stacked
from jaxspin.micromagnetics.term import EnergyTerm
from jaxspin.micromagnetics.torque import Torque
from jaxspin.micromagnetics.vectors import unit_vectors


class System(eqx.Module):
    """A magnet, a pytree: every parameter in it may be traced and differentiated.

    Arguments:
        mesh: the `Mesh`.
        sublattices: one `Sublattice` for a ferromagnet, two for a ferrimagnet or antiferromagnet, any number.
        terms: of the energy.
        torques: that are no gradient of an energy.

    Raises:
        ValueError: for M_s <= 0 inside the mask, damping < 0, gamma <= 0, a parameter that is not finite, and a
            parameter field that does not fit the mesh.
    """

    mesh: Mesh
    sublattices: tuple[Sublattice, ...]
    terms: tuple[EnergyTerm, ...]
    torques: tuple[Torque, ...]

    def __init__(
        self,
        mesh: Mesh,
        sublattices: Sequence[Sublattice] | Sublattice,
        terms: Sequence[EnergyTerm] | EnergyTerm = (),
        torques: Sequence[Torque] | Torque = (),
    ):
        self.mesh = mesh
        self.sublattices = (sublattices,) if isinstance(sublattices, Sublattice) else tuple(sublattices)
        self.terms = (terms,) if isinstance(terms, EnergyTerm) else tuple(terms)
        self.torques = (torques,) if isinstance(torques, Torque) else tuple(torques)

    def __check_init__(self) -> None:
        if not self.sublattices:
            raise ValueError("system: expected at least one sublattice")
        mask = self.mesh.mask  # by NumPy, since a system may be built under jit from concrete parts
        inside = (
            None if isinstance(mask, Tracer) else np.ones(self.mesh.shape, bool) if mask is None else np.asarray(mask)
        )
        for number, sublattice in enumerate(self.sublattices):
            for what, unit, value, allowed, test in (
                ("M_s", "A/m", sublattice.saturation_magnetization, "> 0 inside the mask", np.greater),
                ("damping", "1", sublattice.damping, ">= 0", np.greater_equal),
                ("gamma", "rad/(s T)", sublattice.gyromagnetic_ratio, "> 0", np.greater),
            ):
                _demand_fit(f"sublattice {number}: {what}", value, self.mesh.shape)
                if isinstance(value, Tracer) or inside is None:
                    continue
                values = np.broadcast_to(np.asarray(value), self.mesh.shape)[inside]
                wrong = values[~test(values, 0)]  # NaN passes no test
                if wrong.size:
                    raise ValueError(
                        f"sublattice {number}: {what} must be {allowed} [{unit}], got {wrong[0]} in {wrong.size} cells"
                    )
        for part in (*self.terms, *self.torques):
            for path, leaf in jax.tree_util.tree_leaves_with_path(part):
                if not isinstance(leaf, Tracer) and eqx.is_inexact_array(leaf) and not np.all(np.isfinite(leaf)):
                    place = jax.tree_util.keystr(path).lstrip(".")
                    raise ValueError(
                        f"{type(part).__name__}: {place} holds {int(np.sum(~np.isfinite(leaf)))} values "
                        "that are not finite"
                    )

    @property
    def saturation_magnetization(self) -> Float[Array, "S nx ny nz"]:
        """M_s of each sublattice [A/m], zero outside the mask."""
        values = self._stacked([each.saturation_magnetization for each in self.sublattices], "M_s")
        values = jnp.broadcast_to(values, (len(self.sublattices), *self.mesh.shape))
        return values if self.mesh.mask is None else jnp.where(self.mesh.mask[None], values, 0.0)

    @property
    def inverse_magnetization(self) -> Float[Array, "S nx ny nz"]:
        """1/M_s of each sublattice [m/A], zero outside the mask; broadcastable where M_s is uniform and no mask."""
        values = self._stacked([each.saturation_magnetization for each in self.sublattices], "M_s")
        if self.mesh.mask is None:
            return 1 / values
        inside = self.mesh.mask[None]
        return jnp.where(inside, 1 / jnp.where(inside, values, 1.0), 0.0)

    @property
    def damping(self) -> Float[Array, "S x y z"]:
        """alpha of each sublattice, broadcastable to (S, nx, ny, nz)."""
        return self._stacked([each.damping for each in self.sublattices], "damping")

    @property
    def gyromagnetic_ratio(self) -> Float[Array, "S x y z"]:
        """gamma of each sublattice [rad/(s T)], broadcastable to (S, nx, ny, nz)."""
        return self._stacked([each.gyromagnetic_ratio for each in self.sublattices], "gamma")

    def _stacked(self, values: Sequence[Array], what: str) -> Float[Array, "S x y z"]:
        return stacked(tuple(values), len(self.sublattices), what)

    def uniform(self, *directions: Sequence[float] | Float[Array, "3"]) -> Float[Array, "S nx ny nz 3"]:
        """A uniform state: one direction for each sublattice (or one for all), normalised, zero outside the mask."""
        vectors = jnp.asarray(directions, dtype=float)
        vectors = jnp.broadcast_to(vectors, (len(self.sublattices), 3))
        return self.normalised(jnp.broadcast_to(vectors[:, None, None, None], (len(vectors), *self.mesh.shape, 3)))

    def normalised(self, m: Float[Array, "S nx ny nz 3"]) -> Float[Array, "S nx ny nz 3"]:
        """Unit vectors inside the mask, zero outside; a zero vector stays zero."""
        m = unit_vectors(m)
        return m if self.mesh.mask is None else jnp.where(self.mesh.mask[None, ..., None], m, 0.0)


def effective_field(
    system: System, m: Float[Array, "S nx ny nz 3"], time: Float[ArrayLike, ""] = 0.0
) -> Float[Array, "S nx ny nz 3"]:
    """B_s = -(1/(M_s V)) dE/dm_s of all energy terms [T]; torques are not in it (see `torque_field`)."""
    return sum((term.field(m, system, time) for term in system.terms), start=jnp.zeros_like(m))


def torque_field(
    system: System, m: Float[Array, "S nx ny nz 3"], time: Float[ArrayLike, ""] = 0.0
) -> Float[Array, "S nx ny nz 3"]:
    """Sum of the fields by which torques enter the equation of motion [T]."""
    return sum((torque.field(m, system, time) for torque in system.torques), start=jnp.zeros_like(m))


def energies(
    system: System, m: Float[Array, "S nx ny nz 3"], time: Float[ArrayLike, ""] = 0.0
) -> dict[str, Float[Array, ""]]:
    """Energy of every term by name [J]; a second term of the same name gets the suffix _2."""
    found: dict[str, Array] = {}
    seen: Counter[str] = Counter()
    for term in system.terms:
        seen[term.name] += 1
        name = term.name if seen[term.name] == 1 else f"{term.name}_{seen[term.name]}"
        found[name] = system.mesh.cell_volume * jnp.sum(term.energy_density(m, system, time))
    return found


def energy(system: System, m: Float[Array, "S nx ny nz 3"], time: Float[ArrayLike, ""] = 0.0) -> Float[Array, ""]:
    """Total energy [J]."""
    return sum(energies(system, m, time).values(), start=jnp.zeros((), dtype=m.dtype))


def averages(system: System, m: Float[Array, "S nx ny nz 3"]) -> Float[Array, "S 3"]:
    """<m> of each sublattice over the cells of the mask."""
    return jnp.sum(m, axis=(1, 2, 3)) / jnp.sum(system.mesh.magnetic)


def total_moment(system: System, m: Float[Array, "S nx ny nz 3"]) -> Float[Array, "3"]:
    """Magnetic moment of the whole sample [A m2]."""
    return system.mesh.cell_volume * jnp.sum(system.saturation_magnetization[..., None] * m, axis=(0, 1, 2, 3))


def _demand_fit(what: str, value: Array, shape: tuple[int, int, int]) -> None:
    fits = value.ndim <= 3 and all(n in (1, full) for n, full in zip(value.shape[::-1], shape[::-1], strict=False))
    if not fits:
        raise ValueError(f"{what} has the shape {value.shape}, which does not fit the mesh {shape}")
