"""`jaxspin sweep`: a map of a model, or of its fit, over a design; the same command goes on after any death."""

import contextlib
import json as json_format
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jaxspin.cli.opening import Settings, open_run

if TYPE_CHECKING:
    from jaxspin.core import ForwardModel, Solve, Task
    from jaxspin.io import Run
    from jaxspin.sweep import Grid

_FAILED, _LOST = 3, 1
_LISTED = 10  # failed points that are listed


def sweep(
    run_file: Path,
    *,
    store: Path,
    workers: int | None = None,
    scheduler_file: Path | None = None,
    coordinator: str | None = None,
    processes: int | None = None,
    process: int | None = None,
    retry_failed: bool = False,
    json: bool = False,
    set: Settings = None,
) -> int:
    """Compute the [sweep] of a run file into a Zarr store; the same command again computes what is missing.

    Exit code 0: every point is done. 3: some points failed. 1: the cluster was lost. 2: bad input. 130: interrupted.

    Parameters
    ----------
    run_file
        Run file (TOML).
    store
        Directory of the results, new or of the same sweep.
    workers
        Compute in that many processes of this machine, one a device.
    scheduler_file
        Compute on the workers of a running Dask scheduler.
    coordinator
        Join a jax.distributed job: HOST:PORT of its first process, or "auto" under SLURM or MPI.
    processes
        How many processes that job has (not with "auto").
    process
        Which of them this one is, from 0 (not with "auto").
    retry_failed
        Compute failed points again with tighter tolerances and a larger step budget.
    json
        Print a machine-readable summary.
    set
        Override a key of the run file, like --set sweep.chunk=1024; may be repeated.
    """
    run, model = open_run(run_file, set, {})
    from jaxspin.io import ConfigError
    from jaxspin.sweep import ClusterError

    if sum(each is not None for each in (workers, scheduler_file, coordinator)) > 1:
        raise ConfigError("--workers, --scheduler-file and --coordinator exclude each other; expected one of them")
    began = time.monotonic()
    place = _place(workers, scheduler_file, coordinator, processes, process)  # joining a job comes before any jax
    task = sweep_task(run, model)
    grid = sweep_grid(run, task)
    try:
        _compute(run, task, grid, store, place, _tighter(task.solve) if retry_failed else None)
    except ClusterError as error:
        print(f"jaxspin: error: {error}", file=sys.stderr, flush=True)
        if coordinator is not None:
            os._exit(_LOST)  # a regular end would wait for the process that is lost
        return _LOST
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"what is done is in {store}, the same command goes on") from None
    if coordinator is not None and not _is_first():
        return 0
    summary = _summary(store, time.monotonic() - began)
    print(json_format.dumps(summary, indent=2) if json else _written(summary))
    return _FAILED if summary["failed"] else 0


def sweep_task(run: "Run", model: "ForwardModel") -> "Task":
    """The task that a run file sweeps. Raises `ConfigError` or `TableError`."""
    from jaxspin.core import unknown_name
    from jaxspin.io import check_axes, held_controls, read_solve, starting_point
    from jaxspin.sweep import inputs, observe

    if run.sweep.of != "observables":
        return _fit_task(run, model)
    for number, name in enumerate(run.sweep.observables):
        if name not in model.observables:
            raise run.fault(f"sweep.observables.{number}", unknown_name("observable", name, model.observables))
    check_axes(run, inputs(model))
    names, params = run.sweep.observables or None, starting_point(run, model)[""]
    return observe(model, params, held_controls(run, model), observables=names, solve=read_solve(run))


def _fit_task(run: "Run", model: "ForwardModel") -> "Task":
    """The fit of a run file as a task: repeated on synthetic data, or with parameters held."""
    from jaxspin.cli.fitting import fit_arguments
    from jaxspin.inverse import bootstrap, fit, profile_map

    arguments = fit_arguments(run, model)
    result = fit(model, **arguments)
    if run.sweep.of == "bootstrap":
        return bootstrap(result)
    for name in run.sweep.axes:
        if name not in result.names:
            raise run.fault(f"sweep.axes.{name}", f"is not free in [fit]; expected some of: {', '.join(result.names)}")
    return profile_map(result, tuple(run.sweep.axes))


def sweep_grid(run: "Run", task: "Task") -> "Grid":
    """The design of a run file. Raises `ConfigError`."""
    import numpy as np

    from jaxspin.io import sweep_axes, sweep_box
    from jaxspin.sweep import latin_hypercube, product, sobol, zipped

    choice = run.sweep
    if choice.chunk is not None and choice.chunk < 1:
        raise run.fault("sweep.chunk", f"{choice.chunk} is not allowed; expected 1 or more points")
    if choice.of == "bootstrap":
        if choice.axes or choice.points is None or choice.points < 1:
            raise run.fault("sweep.points", "a bootstrap needs points = its number of replicas, and no axes")
        return product({"replica": np.arange(choice.points)})
    if choice.design in ("product", "zip"):
        return {"product": product, "zip": zipped}[choice.design](sweep_axes(run, task.inputs))
    box = sweep_box(run, task.inputs)
    scattered = {"sobol": sobol, "latin-hypercube": latin_hypercube}[choice.design]
    return scattered(box.ranges, box.points, seed=choice.seed, log=box.log)


def _place(
    workers: int | None,
    scheduler_file: Path | None,
    coordinator: str | None,
    processes: int | None,
    process: int | None,
) -> Any:
    from jaxspin.io import ConfigError
    from jaxspin.sweep import Here, Hosts, Processes, Scheduler

    if coordinator is not None:
        try:
            return Hosts.join(coordinator, processes, process)
        except (RuntimeError, ValueError) as error:
            raise ConfigError(f"--coordinator {coordinator}: {error}") from None
    if scheduler_file is not None:
        if not scheduler_file.is_file():
            raise ConfigError(f"--scheduler-file {scheduler_file}: does not exist; expected what the scheduler wrote")
        return Scheduler(scheduler_file)
    if workers is None:
        return Here()
    if workers < 1:
        raise ConfigError(f"--workers {workers} is not allowed; expected 1 or more")
    return Processes(workers)


def _tighter(solve: "Solve") -> "Solve":
    """Options for points that failed: a tenth of the tolerance, ten times the steps."""
    from jaxspin.core import Solve

    return Solve(rtol=max(solve.rtol / 10, 1e-13), atol=solve.atol / 10, max_steps=10 * solve.max_steps)


def _compute(run: "Run", task: "Task", grid: "Grid", store: Path, place: Any, retry: "Solve | None") -> None:
    from jaxspin.io import ConfigError
    from jaxspin.sweep import BusyError, StoreError, WorkerError
    from jaxspin.sweep import run as run_sweep

    shown = sys.stderr.isatty()
    seed, chunk = run.sweep.seed, run.sweep.chunk
    try:
        with _only_ours_on_stdout():
            run_sweep(task, grid, store, seed=seed, chunk=chunk, place=place, retry=retry, progress=shown)
    except (StoreError, BusyError, WorkerError, ImportError) as error:
        raise ConfigError(str(error)) from None
    except ValueError as error:
        raise run.fault("sweep", error) from None


@contextlib.contextmanager
def _only_ours_on_stdout() -> Iterator[None]:
    """What libraries print below Python's own streams goes to stderr: gloo greets its peers on stdout."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def _is_first() -> bool:
    """Whether this process speaks for its job."""
    import jax

    return jax.process_index() == 0


def _summary(store: Path, seconds: float) -> dict[str, Any]:
    """Points, failures by status, and the first failed points."""
    import numpy as np

    from jaxspin.core import Status
    from jaxspin.sweep import open_store

    dataset = open_store(store)
    status = dataset["status"].values
    failed = {kind: int((status == kind).sum()) for kind in Status if kind is not Status.OK}
    first = np.argwhere(status != Status.OK)[:_LISTED]
    listed = []
    for place in first:
        here = dataset.isel(dict(zip(dataset["status"].dims, place.tolist(), strict=True)))
        names = sorted(here.coords, key=[*dataset["status"].dims, *here.coords].index)
        listed.append({name: float(here[name]) for name in names} | {"status": Status(int(here["status"])).name})
    return {
        "store": str(store),
        "points": int(status.size),
        "done": int((status == Status.OK).sum()),
        "failed": {kind.name: count for kind, count in failed.items() if count},
        "first_failed": listed,
        "units": {str(name): coordinate.attrs["units"] for name, coordinate in dataset.coords.items()},
        "seconds": round(seconds, 3),
    }


def _written(summary: dict[str, Any]) -> str:
    from jaxspin.core import Status

    lines = [f"{summary['done']} of {summary['points']} points done in {summary['store']} ({summary['seconds']:.1f} s)"]
    for name, count in summary["failed"].items():
        lines.append(f"  {count} failed ({name}): {Status[name].advice}")
    for point in summary["first_failed"]:
        units = {name: "" if unit == "1" else f" {unit}" for name, unit in summary["units"].items()}
        where = ", ".join(f"{name} = {point[name]:.6g}{units[name]}" for name in point if name != "status")
        lines.append(f"    {where}: {point['status']}")
    if len(summary["first_failed"]) < sum(summary["failed"].values()):
        lines.append("    ...")
    return "\n".join(lines)
