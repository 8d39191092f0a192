"""`jaxspin design`: the best film or device within bounds and limits that a run file states."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jaxspin.cli.opening import Settings, open_run
from jaxspin.cli.progress import meter

if TYPE_CHECKING:
    from jaxspin.core import ForwardModel
    from jaxspin.io import Run


def design(
    run_file: Path,
    *,
    out: Path,
    starts: int | None = None,
    seed: int | None = None,
    material: str | None = None,
    json: bool = False,
    set: Settings = None,
) -> int:
    """Find the optimum that the [design] of a run file asks for: writes DIR/design.json, the run file, and the report.

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
    material
        Reference material to start from.
    json
        Print design.json instead of the report.
    set
        Override a key of the run file, like --set design.constraints.H_DMI.lower="10 Oe"; may be repeated.
    """
    options = {"design.starts": starts, "design.seed": seed, "model.material": material}
    run, model = open_run(run_file, set, options)
    arguments = design_arguments(run, model)
    from jaxspin import inverse
    from jaxspin.cli.folder import output_folder
    from jaxspin.core import Status
    from jaxspin.io import run_text, write_text

    with output_folder(out) as folder:
        with meter(f"designing with {model.name}"):
            result = inverse.design(model, **arguments)
        result.save(folder / "design.json")
        write_text(folder / "run.toml", run_text(run, out))
        written = sorted(file.name for file in folder.iterdir())
        text = (folder / "design.json").read_text()
    solved = int(result.status) == Status.OK
    if not solved:
        from jaxspin.inverse.design_report import failure

        print(f"jaxspin: {failure(result)}", file=sys.stderr)
    print(text if json else f"{result.report()}\nwrote {', '.join(written)} in {out}", end="" if json else "\n")
    return 0 if solved else 1


def design_arguments(run: "Run", model: "ForwardModel") -> dict[str, Any]:
    """Arguments of `inverse.design` that a run file describes. Raises `ConfigError`."""
    import jax

    from jaxspin.inverse import Limit
    from jaxspin.io import read_design, read_solve

    plan = read_design(run, model)
    return {
        "params": plan.params,
        "controls": plan.controls,
        "maximise" if plan.maximise else "minimise": plan.objective,
        "free": plan.free,
        "bounds": plan.bounds,
        "subject_to": {name: Limit(lower=lower, upper=upper) for name, (lower, upper) in plan.limits.items()},
        "starts": run.design.starts,
        "key": jax.random.key(run.design.seed),
        "solve": read_solve(run),
    }
