"""Measured data of a run file as plain arrays: controls and observed values by name, in the model's units."""

import dataclasses
from collections.abc import Collection, Mapping

import numpy as np
from jaxtyping import Float, Int

from jaxspin.core import ForwardModel, Quantity, quantities, unknown_name
from jaxspin.io.calibration import Calibration, calibrate, unit_of
from jaxspin.io.runfile import Column, DataChoice, Observed, Plain, Run, Written
from jaxspin.io.tables import Table, read_table
from jaxspin.io.units import UnitError, factor, parse, split

LIMITS = {"": 0, "=": 0, ">": 1, "<": -1}


@dataclasses.dataclass(frozen=True)
class Readings:
    """Values of one observable in its unit, with standard deviation, at the conditions `rows`.

    `limit` is 0 for a measured value, +1 where the truth is above it, -1 where it is below.
    """

    rows: Int[np.ndarray, " m"]
    value: Float[np.ndarray, " m"]
    sigma: Float[np.ndarray, " m"]
    limit: Int[np.ndarray, " m"]


@dataclasses.dataclass(frozen=True)
class Measured:
    """A dataset: controls by name, each of shape (n,), and the readings of each observable."""

    name: str
    controls: Mapping[str, Float[np.ndarray, " n"]]
    observed: Mapping[str, Readings]


def read_data(run: Run, model: ForwardModel) -> tuple[Measured, ...]:
    """Every dataset of a run file, for `model`.

    Raises `ConfigError` (a key, a unit) or `TableError` (a cell): unknown controls and observables, units that do not
    fit, sigmas that are not positive, controls outside their bounds.
    """
    calibrations = {name: calibrate(run, name) for name in run.calibration}
    return tuple(
        _Reader(run, model, calibrations, f"data.{number}", choice).read() for number, choice in enumerate(run.data)
    )


@dataclasses.dataclass(frozen=True)
class _Reader:
    """One dataset of a run file on its way to arrays."""

    run: Run
    model: ForwardModel
    calibrations: Mapping[str, Calibration]
    key: str
    choice: DataChoice

    def read(self) -> Measured:
        """The arrays."""
        table = self._kept(read_table(self.choice.file))
        read = self._wide if self.choice.layout == "wide" else self._long
        return Measured(str(self.choice.name), self._controls(table), read(table))

    def _kept(self, table: Table) -> Table:
        """The rows that `where` keeps."""
        keep = np.ones(len(table), dtype=bool)
        for column, (lowest, highest) in self.choice.where.items():
            numbers = table.numbers(column)
            keep &= (numbers >= lowest) & (numbers <= highest)
        if not keep.any():
            raise self.run.fault(f"{self.key}.where", f"keeps no row of {table.source}")
        cells = {name: tuple(np.array(column, dtype=object)[keep]) for name, column in table.columns.items()}
        return Table(table.source, cells, tuple(np.array(table.rows)[keep].tolist()))

    def _controls(self, table: Table) -> dict[str, Float[np.ndarray, " n"]]:
        known, key = quantities(self.model.controls), f"{self.key}.controls"
        check_controls(self.run, key, self.model, self.choice.controls)
        controls = {}
        for name, source in self.choice.controls.items():
            values = self._control(table, f"{key}.{name}", source, known[name].unit)
            _check_inside(self.run, f"{key}.{name}", table, source, values, known[name])
            controls[name] = values
        return controls

    def _control(self, table: Table, key: str, source: Column | Written, unit: str) -> Float[np.ndarray, " n"]:
        if not isinstance(source, Column):
            return np.full(len(table), read_quantity(self.run, key, source, unit))
        scale = self._scale(key, source)
        if source.calibration is None:
            scale *= unit_of(self.run, key, table, source.column, source.unit, unit)
            return scale * table.numbers(source.column)
        calibration = self.calibrations[source.calibration]
        scale *= unit_of(self.run, key, table, source.column, source.unit, calibration.x_unit)
        x = scale * table.numbers(source.column)
        low, high = calibration.span
        if not ((x >= low) & (x <= high)).all():
            row = int(np.argmin((x >= low) & (x <= high)))
            what = f"{x[row]:g} {calibration.x_unit} is outside the calibration {calibration.name!r}"
            raise table.fault(row, source.column, f"{what}; expected {low:g} to {high:g} {calibration.x_unit}")
        try:
            return factor(calibration.y_unit, unit) * calibration(x)
        except UnitError as error:
            raise self.run.fault(f"calibration.{calibration.name}.y.unit", error) from None

    def _scale(self, key: str, source: Column | Observed) -> float:
        if not (source.gain and source.factor):
            raise self.run.fault(
                f"{key}.{'gain' if source.factor else 'factor'}", "0 is not allowed; expected another number"
            )
        return source.factor / source.gain

    def _wide(self, table: Table) -> dict[str, Readings]:
        readings = {}
        for name, source in self.choice.observed.items():
            key = f"{self.key}.observed.{name}"
            if name not in self.model.observables:
                raise self.run.fault(key, unknown_name("observable", name, self.model.observables))
            divisor, per_unit = self._divisor(table, f"{key}.per", source.per)
            expected = self.model.observables[name].unit
            if per_unit != "1":
                expected = f"({expected}) * ({per_unit})"
            scale = self._scale(key, source) / divisor
            cell = unit_of(self.run, key, table, source.column, source.unit, expected)
            sigma = self._sigma(table, f"{key}.sigma", source.sigma, source.unit or table.unit(source.column) or "1")
            readings[name] = Readings(
                np.arange(len(table)),
                scale * cell * table.numbers(source.column),
                np.abs(scale * cell) * sigma,
                np.zeros(len(table), dtype=int),
            )
        return readings

    def _divisor(
        self, table: Table, key: str, per: Column | Written | None
    ) -> tuple[Float[np.ndarray, " n"] | float, str]:
        """By what to divide an observed column, and in which unit."""
        if per is None:
            return 1.0, "1"
        if isinstance(per, Column):
            if per.calibration is not None:
                raise self.run.fault(f"{key}.calibration", "not possible here; expected a column without calibration")
            unit = per.unit or table.unit(per.column) or "1"
            scale = self._scale(key, per) * unit_of(self.run, key, table, per.column, per.unit, unit)
            values = scale * table.numbers(per.column)
            if not values.all():
                raise table.fault(
                    int(np.argmin(values != 0)), per.column, "0 cannot be divided by; expected another number"
                )
            return values, unit
        try:
            unit = split(per)[1] or "1"
            value = parse(per, unit)
        except UnitError as error:
            raise self.run.fault(key, error) from None
        if not value:
            raise self.run.fault(key, "0 cannot be divided by; expected another number")
        return value, unit

    def _sigma(self, table: Table, key: str, sigma: Plain | Written, unit: str) -> Float[np.ndarray, " n"] | float:
        """Standard deviation of the recorded cells, in the unit of the cells."""
        if isinstance(sigma, Plain):
            values = unit_of(self.run, key, table, sigma.column, sigma.unit, unit) * table.numbers(sigma.column)
            if not (values > 0).all():
                row = int(np.argmin(values > 0))
                raise table.fault(row, sigma.column, f"sigma = {values[row]:g} {unit}; expected a positive number")
            return values
        value = read_quantity(self.run, key, sigma, unit)
        if not value > 0:
            raise self.run.fault(key, f"{sigma!r} is not allowed; expected a positive number with {unit!r}")
        return value

    def _long(self, table: Table) -> dict[str, Readings]:
        names, units, known = table.text("observable"), table.text("unit"), self.model.observables
        values, sigmas = table.numbers("value"), table.numbers("sigma")
        limits = table.text("limit") if "limit" in table.columns else ("=",) * len(table)
        entries: dict[str, list[tuple[int, float, float, int]]] = {}
        for row, (name, unit, limit) in enumerate(zip(names, units, limits, strict=True)):
            if name not in known:
                raise table.fault(row, "observable", unknown_name("observable", name, known))
            if limit not in LIMITS:
                raise table.fault(row, "limit", f"{limit!r} is not allowed; expected '=', '>' or '<'")
            if not sigmas[row] > 0:
                raise table.fault(row, "sigma", f"{sigmas[row]:g} is not allowed; expected a positive number")
            try:
                scale = factor(unit, known[name].unit)
            except UnitError as error:
                raise table.fault(row, "unit", f"{error} for {name}") from None
            entries.setdefault(name, []).append((row, scale * values[row], scale * sigmas[row], LIMITS[limit]))
        return {name: Readings(*map(np.array, zip(*each, strict=True))) for name, each in entries.items()}


def read_quantity(run: Run, key: str, written: Written, unit: str) -> float:
    """A quantity of a run file in `unit`; `ConfigError` naming the key if it does not fit."""
    try:
        return parse(written, unit)
    except UnitError as error:
        raise run.fault(key, error) from None


def check_controls(run: Run, key: str, model: ForwardModel, given: Collection[str]) -> None:
    """Raise `ConfigError` for a control that does not exist, or one without default that is not given."""
    known = quantities(model.controls)
    for name in given:
        if name not in known:
            raise run.fault(f"{key}.{name}", unknown_name("control", name, known))
    optional = {field.name for field in dataclasses.fields(model.controls) if field.default is not dataclasses.MISSING}
    missing = [name for name in known if name not in given and name not in optional]
    if missing:
        raise run.fault(key, f"missing {', '.join(missing)}; expected all of: {', '.join(known)}")


def _check_inside(
    run: Run, key: str, table: Table, source: Column | Written, values: Float[np.ndarray, " n"], known: Quantity
) -> None:
    low, high = known.bounds
    inside = (values >= low) & (values <= high)
    if not inside.all():
        row = int(np.argmin(inside))
        what = f"{values[row]:g} {known.unit} is outside the bounds ({low:g}, {high:g}) {known.unit}"
        raise table.fault(row, source.column, what) if isinstance(source, Column) else run.fault(key, what)
