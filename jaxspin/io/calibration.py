"""Calibration tables: a polynomial y(x), such as field against magnet current, by least squares."""

import dataclasses

import numpy as np
from jaxtyping import Float

from jaxspin.io.runfile import CalibrationChoice, Plain, Run
from jaxspin.io.tables import Table, read_table
from jaxspin.io.units import UnitError, factor


@dataclasses.dataclass(frozen=True)
class Calibration:
    """y = sum of coefficients[k] x^k, with x and y in their own units; `rms` is the scatter about it, in y's unit.

    `span` is the range of x that was calibrated.
    """

    name: str
    x_unit: str
    y_unit: str
    coefficients: tuple[float, ...]
    rms: float
    span: tuple[float, float]

    def __call__(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """y, in its unit, at x in its unit."""
        return np.polynomial.polynomial.polyval(x, self.coefficients)

    def __str__(self) -> str:
        powers = (f"{c:+.6g}" + (f" x^{k}" if k > 1 else " x" if k else "") for k, c in enumerate(self.coefficients))
        return f"{self.name}: y[{self.y_unit}] = {' '.join(powers)} with x[{self.x_unit}], rms {self.rms:.2g}"


def unit_of(run: Run, key: str, table: Table, column: str, unit: str | None, expected: str) -> float:
    """What makes a cell of a column a value in `expected`: from the unit given in the run file, or in the header.

    Raises `ConfigError` where there is no unit, it does not fit, or header and run file disagree.
    """
    header = table.unit(column)
    if unit is None and header is None and expected != "1":
        raise run.fault(f"{key}.unit", f"missing, also in the header of {table.source}; expected e.g. {expected!r}")
    try:
        wanted = factor(unit if unit is not None else header if header is not None else "1", expected)
    except UnitError as error:
        where = f"{key}.unit" if unit is not None else f"{table.source}, header {table.header(column)!r}"
        raise run.fault(where, error) from None
    if unit is not None and header is not None:
        try:
            agrees = np.isclose(factor(header, unit), 1.0, rtol=1e-9)
        except UnitError:
            agrees = not _is_unit(header)  # the brackets held a remark
        if not agrees:
            raise run.fault(
                f"{key}.unit", f"{unit!r} contradicts the header {table.header(column)!r} of {table.source}"
            )
    return wanted


def _is_unit(text: str) -> bool:
    try:
        factor(text, text)
    except UnitError:
        return False
    return True


def calibrate(run: Run, name: str) -> Calibration:
    """Fit the calibration of that name. Raises `ConfigError` or `TableError` where its table cannot determine it."""
    choice: CalibrationChoice = run.calibration[name]
    key = f"calibration.{name}"
    table = read_table(choice.file)
    x_unit, x = _values(run, f"{key}.x", table, choice.x.unit, (choice.x.column,))
    many = (choice.y.column,) if isinstance(choice.y, Plain) else choice.y.columns
    y_unit, y = _values(run, f"{key}.y", table, choice.y.unit, many)
    distinct = len(np.unique(x))
    if not 1 <= choice.degree < distinct:
        raise run.fault(f"{key}.degree", f"{choice.degree} is not allowed; expected 1 to {distinct - 1} ({distinct} x)")
    x = np.broadcast_to(x, y.shape).ravel()
    fitted = np.polynomial.Polynomial.fit(x, y.ravel(), choice.degree)
    rms = float(np.sqrt(np.mean((fitted(x) - y.ravel()) ** 2)))
    coefficients = tuple(float(c) for c in fitted.convert().coef)
    return Calibration(name, x_unit, y_unit, coefficients, rms, (float(x.min()), float(x.max())))


def _values(
    run: Run, key: str, table: Table, unit: str | None, columns: tuple[str, ...]
) -> tuple[str, Float[np.ndarray, "columns n"]]:
    """The unit of columns and their numbers in it."""
    if not columns:
        raise run.fault(f"{key}.columns", "names no column; expected at least one")
    unit = unit if unit is not None else table.unit(columns[0])
    if unit is None:
        raise run.fault(f"{key}.unit", f"missing, also in the header of {table.source}; expected e.g. 'mT'")
    scales = [unit_of(run, key, table, column, unit, unit) for column in columns]
    return unit, np.array([scale * table.numbers(column) for scale, column in zip(scales, columns, strict=True)])
