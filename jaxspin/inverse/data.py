"""Measured data: conditions, what was observed there with its error, and limits as censored observations."""

from collections.abc import Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Float, Int

from jaxspin.core import quantities, unknown_name


def is_concrete(*arrays: Any) -> bool:
    """Whether values can be looked at: none is traced by `jit`, `vmap` or `grad`."""
    return not any(isinstance(array, Tracer) for array in arrays)


class Measurement(eqx.Module):
    """One observable, measured (or bounded) at some of the conditions.

    `rows`: index of the condition of each entry. `value`, `sigma`: in the observable's unit; `sigma` is one standard
    deviation, entry by entry. `limit`: 0 where the value was measured, +1 where the truth is above `value`, -1 where
    it is below (for a limit `sigma` is the width over which the instrument would begin to see it).
    """

    rows: Int[Array, " m"]
    value: Float[Array, " m"]
    sigma: Float[Array, " m"]
    limit: Int[Array, " m"]

    def __init__(
        self,
        rows: ArrayLike | Sequence[int] | None,
        value: ArrayLike | Sequence[float],
        sigma: ArrayLike | Sequence[float],
        limit: ArrayLike | Sequence[int] = 0,
    ):
        """`rows=None` means one entry per condition, in order; `sigma` and `limit` may be single numbers."""
        self.value = jnp.atleast_1d(jnp.asarray(value, dtype=float))
        count = self.value.shape[-1]
        self.rows = jnp.arange(count) if rows is None else jnp.atleast_1d(jnp.asarray(rows, dtype=int))
        self.sigma = _spread(jnp.asarray(sigma, dtype=float), count)
        self.limit = _spread(jnp.asarray(limit, dtype=int), count)

    @property
    def censored(self) -> bool:
        """Whether there are limits among the values, as far as can be known (true under tracing)."""
        return not is_concrete(self.limit) or bool(np.any(np.asarray(self.limit)))

    def fault(self) -> str | None:
        """One line saying what is wrong with the concrete numbers, or None."""
        count = self.value.shape[-1]
        for what in ("rows", "sigma", "limit"):
            if getattr(self, what).shape != (count,):
                return f"{what} has shape {getattr(self, what).shape}, but there are {count} values"
        tests = {
            "value": (self.value, np.isfinite, "must be a finite number"),
            "sigma": (self.sigma, lambda s: np.isfinite(s) & (s > 0), "must be a positive, finite number"),
            "limit": (self.limit, lambda c: np.isin(c, (-1, 0, 1)), "must be 0, +1 (above) or -1 (below)"),
        }
        for what, (array, passes, rule) in tests.items():
            if is_concrete(array) and not np.all(good := passes(np.asarray(array))):
                entry = int(np.argmin(good))
                row = int(self.rows[entry]) if is_concrete(self.rows) else entry
                return f"row {row}: {what} = {array[entry]} {rule}"
        return None


def _spread(array: Array, count: int) -> Array:
    return jnp.broadcast_to(array, (count,)) if array.ndim == 0 else array


class Dataset(eqx.Module):
    """Measurements of one film, device or scan: the conditions, with a leading axis n, and what was seen there.

    `conditions`: the model's controls, each leaf of shape (n, ...). `measurements`: by observable name.
    `name`: how fits and tables call it. Raises `ValueError` with one line naming dataset, observable and row.
    """

    conditions: Any
    measurements: dict[str, Measurement]
    name: str = eqx.field(static=True, default="data")

    def __check_init__(self) -> None:
        if "/" in self.name:
            raise ValueError(
                f"dataset {self.name!r}: a name may not contain '/', which separates dataset and parameter"
            )
        if not self.measurements:
            raise ValueError(f"dataset {self.name!r} has no measurements")
        count = self.size
        for name, measurement in self.measurements.items():
            if fault := measurement.fault():
                raise ValueError(f"dataset {self.name!r}, {name}, {fault}")
            rows = measurement.rows
            if is_concrete(rows) and rows.size and not (int(rows.min()) >= 0 and int(rows.max()) < count):
                bad = int(rows[np.argmax(np.asarray((rows < 0) | (rows >= count)))])
                raise ValueError(
                    f"dataset {self.name!r}, {name}, row {bad}: there are conditions 0 to {count - 1} only"
                )

    @property
    def size(self) -> int:
        """Number of conditions."""
        shapes = {jnp.shape(leaf)[:1] for leaf in jax.tree.leaves(self.conditions) if eqx.is_array_like(leaf)}
        if len(shapes) != 1 or () in shapes:
            found = {name: jnp.shape(getattr_dotted(self.conditions, name)) for name in quantities(self.conditions)}
            raise ValueError(f"dataset {self.name!r}: every condition needs the same leading length, got {found}")
        return shapes.pop()[0]

    @classmethod
    def from_columns(
        cls,
        conditions: Any,
        observed: Mapping[str, tuple[ArrayLike, ArrayLike] | Measurement],
        *,
        limits: Mapping[str, ArrayLike | Sequence[int]] | None = None,
        name: str = "data",
    ) -> "Dataset":
        """A dataset from columns of a table.

        `conditions`: controls whose leaves are columns of length n, or single numbers that hold for all rows.
        `observed`: observable name -> (values, sigma), one value a row (sigma may be a single number), or a
        `Measurement` for an observable seen at some rows only. `limits`: observable name -> column of 0 (measured),
        +1 (truth above the value) or -1 (below).
        """
        limits = dict(limits or {})
        for unknown in set(limits) - set(observed):
            raise KeyError(unknown_name("observable in limits", unknown, observed))
        measurements = {
            key: column if isinstance(column, Measurement) else Measurement(None, *column, limit=limits.get(key, 0))
            for key, column in observed.items()
        }
        counts = [m.value.shape[-1] for key, m in measurements.items() if not isinstance(observed[key], Measurement)]
        counts += [jnp.shape(leaf)[0] for leaf in jax.tree.leaves(conditions) if jnp.ndim(leaf)]
        count = max(counts, default=1)
        spread = jax.tree.map(lambda leaf: _spread(jnp.asarray(leaf), count), conditions)
        return cls(spread, measurements, name)

    def with_values(self, values: Mapping[str, Float[Array, " m"]]) -> "Dataset":
        """The same dataset with other measured values (for synthetic data, and to `vmap` fits over data)."""
        for name in values:
            if name not in self.measurements:
                raise KeyError(unknown_name("observable", name, self.measurements))
        return eqx.tree_at(lambda data: [data.measurements[name].value for name in values], self, list(values.values()))


def getattr_dotted(module: Any, name: str) -> Any:
    """Value of a dotted field name."""
    for part in name.split("."):
        module = getattr(module, part)
    return module


def as_datasets(data: Dataset | Sequence[Dataset] | Mapping[str, Dataset]) -> tuple[Dataset, ...]:
    """One dataset, several, or several by name, as a tuple with distinct names."""
    if isinstance(data, Dataset):
        return (data,)
    if isinstance(data, Mapping):
        return tuple(Dataset(each.conditions, each.measurements, name) for name, each in data.items())
    names = [each.name for each in data]
    if not names:
        raise ValueError("no dataset to fit")
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{names.count(name)} datasets are called {name!r}: give each its own name")
    return tuple(data)
