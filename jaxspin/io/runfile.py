"""Run files: what to simulate or fit, from which tables, as TOML text and as typed objects.

Quantities are text with a unit ("8.0 ohm"); they stay text here and are read against a model in `start` and
`measured`. Paths in a run file are relative to it.
"""

import dataclasses
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import tomli_w

from jaxspin.core import unknown_name
from jaxspin.io.schema import ConfigError, Tree, structure, unstructure

Written = str | float
"""A quantity as a person writes it: text with a unit, or a pure number."""


@dataclasses.dataclass(frozen=True)
class ModelChoice:
    """Which system, and the reference material to start from (its first, if none is named)."""

    system: str
    material: str | None = None


@dataclasses.dataclass(frozen=True)
class PriorChoice:
    """What is known beforehand: a Gaussian (mean, sigma), or a uniform prior between lower and upper."""

    mean: Written | None = None
    sigma: Written | None = None
    lower: Written | None = None
    upper: Written | None = None


@dataclasses.dataclass(frozen=True)
class FitChoice:
    """What varies and how to find it. `tie = {a = "b"}`: a follows b. A name `dataset/parameter` is of one dataset."""

    free: tuple[str, ...] = ()
    tie: Mapping[str, str] = dataclasses.field(default_factory=dict)
    prior: Mapping[str, PriorChoice] = dataclasses.field(default_factory=dict)
    method: Literal["levenberg-marquardt", "adam", "lbfgs"] = "levenberg-marquardt"
    starts: int = 1
    seed: int = 0


@dataclasses.dataclass(frozen=True)
class SolveChoice:
    """Options of the solvers: see `core.Solve`."""

    rtol: float | None = None
    atol: float | None = None
    max_steps: int | None = None


@dataclasses.dataclass(frozen=True)
class Column:
    """A column of numbers: factor * cell / gain is a value in `unit` (that of the header, if none is given).

    With a `calibration` that value is its x, and the calibration's y is meant.
    """

    column: str
    unit: str | None = None
    factor: float = 1.0
    gain: float = 1.0
    calibration: str | None = None


@dataclasses.dataclass(frozen=True)
class Plain:
    """A column of numbers in a unit (that of the header, if none is given)."""

    column: str
    unit: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Observed:
    """A measured column with its error: (factor * cell / gain) / per.

    `sigma` is one standard deviation of the cell as recorded, so gain, factor and per apply to it too.
    """

    column: str
    sigma: Written | Plain
    unit: str | None = None
    factor: float = 1.0
    gain: float = 1.0
    per: Written | Column | None = None


@dataclasses.dataclass(frozen=True)
class Columns:
    """Columns of repeated readings of one quantity."""

    columns: tuple[str, ...]
    unit: str | None = None


@dataclasses.dataclass(frozen=True)
class CalibrationChoice:
    """A polynomial y(x) fitted to a table by least squares."""

    file: str
    x: Plain
    y: Plain | Columns
    degree: int = 1


@dataclasses.dataclass(frozen=True)
class DataChoice:
    """A table of measurements and what its columns mean.

    Layout "wide": a row is a condition, `observed` names the measured columns. Layout "long": a row is one value, with
    columns observable, value, sigma, unit and (optional) limit: "=", ">" (the truth is above) or "<". `where` keeps
    the rows in which a column lies between two numbers.
    """

    file: str
    controls: Mapping[str, Column | Written]
    name: str | None = None
    layout: Literal["wide", "long"] = "wide"
    observed: Mapping[str, Observed] = dataclasses.field(default_factory=dict)
    where: Mapping[str, tuple[float, ...]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Range:
    """Values from start to stop, evenly spaced or in equal ratios (log); no points where a design draws its own."""

    start: Written
    stop: Written
    points: int | None = None
    spacing: Literal["linear", "log"] = "linear"


@dataclasses.dataclass(frozen=True)
class SweepChoice:
    """What to map over which design.

    `of`: the model's observables; or the fit of this run file, repeated on synthetic data (bootstrap) or with the
    parameters of the axes held (profile). `design`: how axes combine; scattered ones take ranges and `points`.
    `controls` are those held fixed.
    """

    of: Literal["observables", "bootstrap", "profile"] = "observables"
    design: Literal["product", "zip", "sobol", "latin-hypercube"] = "product"
    axes: Mapping[str, Written | tuple[Written, ...] | Range] = dataclasses.field(default_factory=dict)
    points: int | None = None
    controls: Mapping[str, Written] = dataclasses.field(default_factory=dict)
    observables: tuple[str, ...] = ()
    chunk: int | None = None
    seed: int = 0


@dataclasses.dataclass(frozen=True)
class SimulateChoice:
    """Conditions to simulate: every combination of the controls' values; all observables, if none is named."""

    controls: Mapping[str, Written | tuple[Written, ...] | Range] = dataclasses.field(default_factory=dict)
    observables: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class LimitChoice:
    """A limit on an observable: lower, upper, or both."""

    lower: Written | None = None
    upper: Written | None = None


@dataclasses.dataclass(frozen=True)
class DesignChoice:
    """What to make small or large, and how.

    One of `minimise` and `maximise` names an observable; `free` names controls and parameters (prefixed `controls.`
    or `parameters.` where both have one); `bounds` are pairs [lower, upper]; `constraints` limit observables;
    `controls` are those of the start, and may leave out free ones that have bounds.
    """

    minimise: str | None = None
    maximise: str | None = None
    free: tuple[str, ...] = ()
    bounds: Mapping[str, tuple[Written, ...]] = dataclasses.field(default_factory=dict)
    constraints: Mapping[str, LimitChoice] = dataclasses.field(default_factory=dict)
    controls: Mapping[str, Written] = dataclasses.field(default_factory=dict)
    starts: int = 8
    seed: int = 0


@dataclasses.dataclass(frozen=True)
class Run:
    """A run file. `source` is its name in messages; paths of tables in it can be opened from where we are."""

    model: ModelChoice
    parameters: Mapping[str, Written] = dataclasses.field(default_factory=dict)
    fit: FitChoice = FitChoice()
    solve: SolveChoice = SolveChoice()
    simulate: SimulateChoice = SimulateChoice()
    design: DesignChoice = DesignChoice()
    sweep: SweepChoice = SweepChoice()
    calibration: Mapping[str, CalibrationChoice] = dataclasses.field(default_factory=dict)
    data: tuple[DataChoice, ...] = ()
    source: str = dataclasses.field(default="run file", compare=False)

    def fault(self, key: str, what: object) -> ConfigError:
        """The error to raise about one key."""
        return ConfigError(f"{self.source}: {key}: {what}")


def read_run(path: str | os.PathLike[str], overrides: Mapping[str, str] | None = None) -> Run:
    """Read a run file; `overrides` are dotted keys with values as typed on a command line.

    Raises `ConfigError`: not TOML, an unknown or missing key, a value of the wrong kind.
    """
    path = Path(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = "not UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise ConfigError(f"{path}: cannot be read ({reason}); expected a run file in TOML") from None
    return parse_run(text, source=str(path), folder=path.parent, overrides=overrides)


def parse_run(
    text: str,
    *,
    source: str = "run file",
    folder: str | os.PathLike[str] = ".",
    overrides: Mapping[str, str] | None = None,
) -> Run:
    """The run that TOML text describes, its paths relative to `folder`. Raises `ConfigError` as `read_run` does."""
    try:
        tree = tomllib.loads(text)
        for key, value in (overrides or {}).items():
            _override(tree, key, key.split("."), _typed(value))
        run = structure(Run, tree)
    except (ValueError, RecursionError) as error:
        reason = "tables are nested too deeply" if isinstance(error, RecursionError) else error
        raise ConfigError(f"{source}: {' '.join(str(reason).split())}") from None
    return _checked(dataclasses.replace(_moved(run, lambda file: os.path.normpath(Path(folder, file))), source=source))


def run_text(run: Run, folder: str | os.PathLike[str] = ".") -> str:
    """The run as TOML text, for a run file in `folder`: `parse_run` gives the same run back."""
    return tomli_w.dumps(unstructure(_moved(run, lambda file: Path(os.path.relpath(file, folder)).as_posix())))


def _moved(run: Run, move: Any) -> Run:
    """The run with every path of a table passed through `move`."""
    return dataclasses.replace(
        run,
        data=tuple(dataclasses.replace(each, file=move(each.file)) for each in run.data),
        calibration={name: dataclasses.replace(each, file=move(each.file)) for name, each in run.calibration.items()},
    )


def _typed(text: str) -> Any:
    """A value typed on a command line: TOML where it is TOML, else text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text


def _override(tree: Tree | list, key: str, path: list[str], value: Any) -> None:
    """Set one key of a freshly read tree; names that are already there may contain dots."""
    if isinstance(tree, list):
        numbers = [str(number) for number in range(len(tree))]
        if path[0] not in numbers:
            raise ConfigError(f"{key}: {unknown_name('entry', path[0], numbers)}")
        inner, rest = tree[int(path[0])], path[1:]
    else:
        lengths = range(len(path), 0, -1)
        size = next((length for length in lengths if ".".join(path[:length]) in tree), 1)
        name, rest = ".".join(path[:size]), path[size:]
        if not rest:
            tree[name] = value
            return
        inner = tree.setdefault(name, {})
    if not rest or not isinstance(inner, dict | list):
        raise ConfigError(f"{key}: cannot be set; expected the dotted key of a value")
    _override(inner, key, rest, value)


def _checked(run: Run) -> Run:
    """The run with names for all its data, or `ConfigError` where keys contradict each other."""
    if run.fit.starts < 1:
        raise run.fault("fit.starts", f"{run.fit.starts} is not allowed; expected 1 or more")
    for key, seed in {"fit.seed": run.fit.seed, "sweep.seed": run.sweep.seed, "design.seed": run.design.seed}.items():
        if not 0 <= seed < 2**32:
            raise run.fault(key, f"{seed} is not allowed; expected 0 to {2**32 - 1}")
    for name, prior in run.fit.prior.items():
        given = {field.name for field in dataclasses.fields(prior) if getattr(prior, field.name) is not None}
        if given not in ({"mean", "sigma"}, {"lower", "upper"}):
            raise run.fault(f"fit.prior.{name}", f"got {sorted(given)}; expected mean and sigma, or lower and upper")
    named = [dataclasses.replace(each, name=each.name or Path(each.file).stem) for each in run.data]
    names = [str(each.name) for each in named]
    for number, each in enumerate(named):
        key = f"data.{number}"
        if names.count(names[number]) > 1 or "/" in names[number]:
            raise run.fault(f"{key}.name", f"{each.name!r} is not allowed; expected a name of its own, without '/'")
        if (each.layout == "wide") != bool(each.observed):
            rule = "the observed columns" if each.layout == "wide" else "none: in layout 'long' the file names them"
            raise run.fault(f"{key}.observed", f"{len(each.observed)} columns; expected {rule}")
        for name, bounds in each.where.items():
            if len(bounds) != 2 or not bounds[0] <= bounds[1]:
                raise run.fault(f"{key}.where.{name}", f"{list(bounds)} is not allowed; expected [lowest, highest]")
        for name, column in each.controls.items():
            calibration = column.calibration if isinstance(column, Column) else None
            if calibration is not None and calibration not in run.calibration:
                raise run.fault(
                    f"{key}.controls.{name}.calibration", unknown_name("calibration", calibration, run.calibration)
                )
    return dataclasses.replace(run, data=tuple(named))
