"""One sweep on the devices of several hosts at once, as one `jax.distributed` job.

Every process runs the same program. A batch is one array over all devices of all hosts, of which each process holds
and writes its own part only, so a map need not fit into the memory of any of them.
"""

import dataclasses
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import jax
import numpy as np
from jax.experimental import multihost_utils

from jaxspin.core import Solve, Task
from jaxspin.sweep.compute import Machine, Work
from jaxspin.sweep.grid import Grid
from jaxspin.sweep.jobs import Columns, Job, one_thread
from jaxspin.sweep.layout import Layout
from jaxspin.sweep.places import ClusterError
from jaxspin.sweep.store import Store, StoreError, attach, open_for_writing

_HEARTBEAT = 10  # seconds without a sign of life after which a process counts as dead and the job ends


@dataclasses.dataclass(frozen=True)
class Hosts:
    """Compute on all devices of the `jax.distributed` job that this process has joined."""

    @classmethod
    def join(cls, coordinator: str, processes: int | None = None, process: int | None = None) -> "Hosts":
        """Join a job: `coordinator` is HOST:PORT of process 0, or "auto" where SLURM or MPI tells.

        Raises `ValueError` for numbers that do not fit, `RuntimeError` where there is nothing to join. Must come before
        the first calculation of the process.
        """
        if coordinator == "auto":
            jax.distributed.initialize(heartbeat_timeout_seconds=_HEARTBEAT)
            return cls()
        if processes is None or process is None or not 0 <= process < processes:
            raise ValueError(f"process {process} of {processes}; expected 0 <= process < processes")
        jax.distributed.initialize(coordinator, processes, process, heartbeat_timeout_seconds=_HEARTBEAT)
        return cls()

    def solve(self, work: Work, options: Solve, jobs: list[Job]) -> Iterator[tuple[Job, Columns]]:
        """Columns of this process's share of the jobs, which all processes must have listed alike."""
        count, own = jax.process_count(), jax.process_index()
        multihost_utils.sync_global_devices("jaxspin: listed")  # nobody writes before everybody has looked
        with one_thread() as aside:
            machine = aside.submit(Machine, work, options, jax.devices()).result()
            for begin in range(0, len(jobs), count):
                mine = jobs[begin + own] if begin + own < len(jobs) else None
                index = np.zeros(0, dtype=int) if mine is None else mine.index
                columns = aside.submit(machine.compute, index).result()
                if mine is not None:
                    yield mine, columns


@contextmanager
def join_writing(path: Path, task: Task, grid: Grid, chunks: Layout, seed: int) -> Iterator[Store]:
    """`open_for_writing` by process 0 for all processes, which write their own chunks; it ends when all are done.

    Raises `ClusterError` where another process is lost, unless the runtime notices first and ends this one.
    """
    with _told(), ExitStack() as stack:
        if jax.process_index() == 0:
            try:
                store = stack.enter_context(open_for_writing(path, task, grid, chunks, seed))
            except BaseException:
                _agreed(False)
                raise
            _agreed(True)
        elif _agreed(True):
            store = attach(path, task, grid, chunks)
        else:
            raise StoreError(f"{path}: process 0 could not open it, see its message")
        yield store
        multihost_utils.sync_global_devices("jaxspin: written")


def _agreed(mine: bool) -> bool:
    """What process 0 says."""
    return bool(multihost_utils.broadcast_one_to_all(np.array(mine)))


@contextmanager
def _told() -> Iterator[None]:
    """What the runtime raises when another process is lost, as one line."""
    try:
        yield
    except jax.errors.JaxRuntimeError as error:
        reason = str(error).partition("\n")[0][:120]
        raise ClusterError(f"another process of the job was lost ({reason}); the same command goes on") from None
