"""`jaxspin simulate`: tables of what a model predicts."""

import dataclasses
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jaxspin.cli.opening import Settings, open_run
from jaxspin.cli.progress import meter

if TYPE_CHECKING:
    import numpy as np

    from jaxspin.core import ForwardModel
    from jaxspin.io import Run


def simulate(run_file: Path, *, out: Path | None = None, material: str | None = None, set: Settings = None) -> int:
    """Predict the observables of a run file, at its [simulate] conditions or else at those of its data.

    Parameters
    ----------
    run_file
        Run file (TOML).
    out
        Folder for one CSV table a dataset, and the run file as resolved; without it, tables go to stdout.
    material
        Reference material to start from.
    set
        Override a key of the run file, like --set parameters.R_AHE="7 ohm"; may be repeated.
    """
    run, model = open_run(run_file, set, {"model.material": material})
    from jaxspin.cli.folder import output_folder
    from jaxspin.io import run_text, table_text, write_text

    wanted = _wanted(run, model)
    if out is None:
        predictions = _predict_all(run, model, wanted)
        for name, each in predictions.items():
            print(f"# {model.name}, {name}", table_text(each.columns, each.units), sep="\n", end="")
        return _verdict(predictions)
    with output_folder(out) as folder:
        predictions = _predict_all(run, model, wanted)
        for name, each in predictions.items():
            write_text(folder / _file(name), table_text(each.columns, each.units))
        write_text(folder / "run.toml", run_text(run, out))
    for name in predictions:
        print(f"wrote {out / _file(name)}")
    return _verdict(predictions)


@dataclasses.dataclass(frozen=True)
class _Prediction:
    """Columns of the points that were solved, their units, and how many were not, by status."""

    columns: "Mapping[str, np.ndarray]"
    units: Mapping[str, str]
    failed: Mapping[Any, int]


def _file(name: str) -> str:
    return re.sub(r"[^\w .+-]|^\.", "_", name) + ".csv"


def _wanted(run: "Run", model: "ForwardModel") -> "dict[str, tuple[Any, Mapping[str, np.ndarray]]]":
    """Parameters and controls to simulate, by name of the table."""
    from jaxspin.io import read_data, simulated_conditions, starting_point

    starts = starting_point(run, model)
    if run.simulate.controls or not run.data:
        return {"simulation": (starts[""], simulated_conditions(run, model))}
    return {each.name: (starts[each.name], each.controls) for each in read_data(run, model)}


def _predict_all(run: "Run", model: "ForwardModel", wanted: Mapping[str, Any]) -> dict[str, _Prediction]:
    with meter(f"simulating {model.name}"):
        return {name: _predict(run, model, params, controls) for name, (params, controls) in wanted.items()}


def _predict(run: "Run", model: "ForwardModel", params: Any, controls: "Mapping[str, np.ndarray]") -> _Prediction:
    import equinox as eqx
    import jax
    import numpy as np

    from jaxspin.core import Status, quantities
    from jaxspin.io import conditions, read_solve

    solve, key = read_solve(run), jax.random.key(run.fit.seed)
    observe = eqx.filter_jit(jax.vmap(lambda point: model.observe(params, point, solve=solve, key=key)))
    seen = observe(conditions(model, controls))
    status = np.asarray(seen.status)
    names = run.simulate.observables or tuple(model.observables)
    columns = dict(controls) | {name: np.asarray(seen[name]) for name in names}
    units = {name: known.unit for name, known in quantities(model.controls).items()}
    units |= {name: known.unit for name, known in model.observables.items()}
    failed = {kind: int((status == kind).sum()) for kind in Status if kind is not Status.OK and (status == kind).any()}
    return _Prediction({name: column[status == Status.OK] for name, column in columns.items()}, units, failed)


def _verdict(predictions: Mapping[str, _Prediction]) -> int:
    """Exit code; failed points are named on stderr, since they are left out of the tables."""
    for name, each in predictions.items():
        for status, count in each.failed.items():
            print(f"jaxspin: {name}: {count} points left out ({status.name}): {status.advice}", file=sys.stderr)
    return int(any(each.failed for each in predictions.values()))
