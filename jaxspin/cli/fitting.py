"""`jaxspin fit`: parameters from the measurements that a run file names."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jaxspin.cli.opening import Settings, open_run
from jaxspin.cli.progress import meter

if TYPE_CHECKING:
    from jaxspin.core import ForwardModel
    from jaxspin.inverse import FitResult
    from jaxspin.io import Run


def fit(
    run_file: Path,
    *,
    out: Path,
    starts: int | None = None,
    seed: int | None = None,
    method: str | None = None,
    material: str | None = None,
    set: Settings = None,
) -> int:
    """Fit the data of a run file: writes DIR/fit.json, figures and the run file as resolved, and prints the report.

    Parameters
    ----------
    run_file
        Run file (TOML).
    out
        Folder for the results; it appears when all is done.
    starts
        Number of starting points, the first being that of the run file.
    seed
        Seed of the other starting points.
    method
        levenberg-marquardt, adam or lbfgs.
    material
        Reference material to start from.
    set
        Override a key of the run file, like --set parameters.R_AHE="7 ohm"; may be repeated.
    """
    options = {"fit.starts": starts, "fit.seed": seed, "fit.method": method, "model.material": material}
    run, model = open_run(run_file, set, options)
    from jaxspin.cli.folder import output_folder
    from jaxspin.core import Status
    from jaxspin.inverse import FitError
    from jaxspin.io import calibrate, run_text, write_text

    arguments = fit_arguments(run, model)
    calibrations = [calibrate(run, name) for name in run.calibration]
    with output_folder(out) as folder:
        try:
            with meter(f"fitting {model.name}"):
                result = _fit(model, arguments)
        except FitError as error:
            result = error.result
            print(f"jaxspin: {error}", file=sys.stderr)
        result.save(folder / "fit.json")
        write_text(folder / "run.toml", run_text(run, out))
        _draw(result, folder)
        written = sorted(file.name for file in folder.iterdir())
    print(result.report())
    print(*(f"\n  calibration {each}" for each in calibrations), sep="")
    print(f"wrote {', '.join(written)} in {out}")
    return 0 if int(result.status) == Status.OK else 1


def fit_arguments(run: "Run", model: "ForwardModel") -> dict[str, Any]:
    """Arguments of `inverse.fit` that a run file describes. Raises `ConfigError` or `TableError`."""
    import jax

    from jaxspin.inverse import Dataset, Gaussian, Measurement, Uniform
    from jaxspin.inverse.fit import pose
    from jaxspin.io import GaussianPrior, check_fit, conditions, read_data, read_priors, read_solve, starting_point

    check_fit(run, model)
    start, solve, key = starting_point(run, model), read_solve(run), jax.random.key(run.fit.seed)
    prior = {
        name: Gaussian(known.mean, known.sigma) if isinstance(known, GaussianPrior) else Uniform(*known)
        for name, known in read_priors(run, model).items()
    }
    data = []
    for each in read_data(run, model):
        seen = {name: Measurement(r.rows, r.value, r.sigma, r.limit) for name, r in each.observed.items()}
        data.append(Dataset(conditions(model, each.controls), seen, each.name))
    try:
        pose(model, start, data, run.fit.free, run.fit.tie, prior, solve, key)
    except (KeyError, ValueError) as error:
        raise run.fault("fit", error.args[0]) from None
    return {
        "start": start,
        "data": data,
        "free": run.fit.free,
        "tie": run.fit.tie,
        "prior": prior,
        "method": _method(run.fit.method),
        "starts": run.fit.starts,
        "key": key,
        "solve": solve,
    }


def _method(name: str) -> Any:
    from jaxspin import inverse

    return {"levenberg-marquardt": inverse.LevenbergMarquardt, "adam": inverse.Adam, "lbfgs": inverse.LBFGS}[name]()


def _fit(model: "ForwardModel", arguments: dict[str, Any]) -> "FitResult":
    from jaxspin.inverse import fit

    return fit(model, **arguments)


def _draw(result: "FitResult", folder: Path) -> None:
    """Write the figures, or say how to get them where matplotlib is not installed."""
    from jaxspin.plot import correlation_figure, fit_figure

    try:
        for name, draw in {"fit": fit_figure, "correlations": correlation_figure}.items():
            draw(result).savefig(folder / f"{name}.png")
    except ImportError as error:
        print(f"jaxspin: no figures: {error}", file=sys.stderr)
