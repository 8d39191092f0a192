"""`run`: a sweep from its task and design to a labelled dataset, wherever it is computed and however often it died."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np

from jaxspin.core import ForwardModel, Solve, Status, Task
from jaxspin.sweep.compute import Work
from jaxspin.sweep.extras import xarray
from jaxspin.sweep.grid import Grid
from jaxspin.sweep.hosts import Hosts, join_writing
from jaxspin.sweep.jobs import Columns, Here, Job, Place, one_thread
from jaxspin.sweep.memory import Memory
from jaxspin.sweep.observing import observe
from jaxspin.sweep.progress import Progress, meter
from jaxspin.sweep.spec import specification
from jaxspin.sweep.store import Store, layout_for, open_for_writing, open_store

_MOST = 2**32  # points whose numbers fit into the seed of their random key


def run(
    what: Task | ForwardModel,
    grid: Grid,
    store: str | os.PathLike[str] | None = None,
    *,
    seed: int = 0,
    chunk: int | None = None,
    place: Place = Here(),
    retry: Solve | None = None,
    progress: bool = False,
) -> Any:
    """Compute a task at every point of a design; the same call again computes only what is missing.

        grid = product({"delta": np.linspace(0.01, 0.07, 256), "layer_thickness": np.linspace(0.5e-9, 2e-9, 256)})
        maps = run(observe(MODEL, observables=["j_c"]), grid, "map.zarr")
        maps["j_c"].plot()

    Arguments:
        what: a task, or a model for `observe(model)`.
        grid: the design; names and units are those of the task's inputs.
        store: directory of the results, new or of the same sweep; in memory if not given.
        seed: of the random keys; point k gets `fold_in(key(seed), k)`, wherever and whenever it is computed.
        chunk: points a chunk, which is what can get lost; by default a quarter of the design and 65536 at most, or
            what the store has.
        place: `Here()`, `Processes(n)`, `Scheduler(file)` or `Hosts()`.
        retry: compute failed points again with these options.
        progress: show points done, rate and time left on stderr.

    Returns:
        `xarray.Dataset`: outputs over the design with units, and `status` (a `core.Status`; a failed point never stops
        a sweep).

    Raises `KeyError` for a name that is no input, `ValueError` for values outside their bounds, `StoreError` and
    `BusyError` about the store. Not under `jit`; `KeyboardInterrupt` loses the chunks in work and nothing else.
    """
    task = what if isinstance(what, Task) else observe(what)
    check(task, grid)
    xarray()
    path = None if store is None else Path(store)
    chunks = layout_for(path, grid, chunk)
    work = Work(task, grid, seed, chunks.points)
    if path is None and isinstance(place, Hosts):
        raise ValueError("run: a job of several hosts needs a store, since none of them holds the whole result")
    if path is None:
        memory = Memory(task, grid, chunks)
        complete(memory, work, place, retry, progress)
        return memory.dataset(specification(task, grid, chunks, seed))
    opening = join_writing if isinstance(place, Hosts) else open_for_writing
    with opening(path, task, grid, chunks, seed) as opened:
        complete(opened, work, place, retry, progress)
    return open_store(path)


def check(task: Task, grid: Grid) -> None:
    """Raise `KeyError` or `ValueError` if a design does not suit a task: unknown names, values outside bounds."""
    task.check_inputs(grid.names)
    for name in grid.names:
        if name in task.outputs or name in ("status", "point"):
            raise ValueError(f"grid: axis {name!r} is also an output; write parameters.{name} or controls.{name}")
    for name, (low, high) in grid.extent().items():
        known = task.inputs[name]
        lower, upper = known.bounds
        if not (lower <= low and high <= upper):
            unit = "" if known.unit == "1" else f" {known.unit}"
            allowed = f"its bounds ({lower:g}, {upper:g}){unit}"
            raise ValueError(f"grid: axis {name!r} runs from {low:g} to {high:g}{unit}, outside {allowed}")
    if grid.size > _MOST:
        raise ValueError(f"grid: {grid.size} points; expected at most {_MOST}")


def complete(store: Store | Memory, work: Work, place: Place, retry: Solve | None, progress: bool) -> None:
    """Compute the chunks that a store lacks, then, with the options `retry`, the points that failed."""
    layout = store.layout
    missing = store.missing()
    left = sum(layout.length(number) for number in missing)
    with meter(progress, work.task.name, work.grid.size, work.grid.size - left) as shown:
        jobs = [Job(number, layout.index(number)) for number in missing]
        _fill(store, place.solve(work, work.task.solve, jobs) if jobs else (), _whole, shown)
    if retry is None:
        return
    jobs = list(_failed(store))
    points = sum(len(job.index) for job in jobs)
    with meter(progress, f"{work.task.name}, failed points again", points, 0) as shown:
        _fill(store, place.solve(work, retry, jobs) if jobs else (), _merged, shown)


def _fill(
    store: Store | Memory,
    solved: Iterable[tuple[Job, Columns]],
    ready: Callable[[Store | Memory, Job, Columns], Columns],
    shown: Progress,
) -> None:
    """Write what is solved, each chunk while the next one is computed."""
    writing: Future | None = None
    with one_thread() as aside:
        for job, columns in solved:
            if writing is not None:
                writing.result()
            writing = aside.submit(store.write, job.chunk, ready(store, job, columns))
            writing.add_done_callback(lambda _, job=job, columns=columns: shown.add(len(job.index), columns["status"]))
        if writing is not None:
            writing.result()


def _whole(store: Store | Memory, job: Job, columns: Columns) -> Columns:
    return columns


def _merged(store: Store | Memory, job: Job, columns: Columns) -> Columns:
    """A chunk as it is, with the points of a job put in."""
    chunk = store.read_chunk(job.chunk)
    assert chunk is not None, "a chunk vanished while its failed points were computed again"
    inside = np.isin(store.layout.index(job.chunk), job.index)
    for name, column in chunk.items():
        column[inside] = columns[name]
    return chunk


def _failed(store: Store | Memory) -> Iterator[Job]:
    for number in range(store.layout.count):
        chunk = store.read_chunk(number)
        if chunk is not None and (chunk["status"] != Status.OK).any():
            yield Job(number, store.layout.index(number)[chunk["status"] != Status.OK])
