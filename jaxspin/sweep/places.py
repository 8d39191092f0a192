"""Where chunks can be computed besides here: processes of this machine, or the workers of a Dask scheduler."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

from jaxspin.core import Solve
from jaxspin.sweep.compute import Work
from jaxspin.sweep.extras import distributed
from jaxspin.sweep.jobs import Columns, Job


class ClusterError(RuntimeError):
    """The scheduler or all workers were lost; the message is one line."""


class WorkerError(ValueError):
    """A worker cannot compute what we ask for; the message is one line that names it."""


@dataclasses.dataclass(frozen=True)
class Processes:
    """Compute in `count` processes of this machine, one a device: GPUs in turn, where there are any.

    In a script, call `run` under `if __name__ == "__main__":`, since new processes import the script.
    """

    count: int

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"Processes({self.count}): expected 1 or more")

    def solve(self, work: Work, options: Solve, jobs: list[Job]) -> Iterator[tuple[Job, Columns]]:
        """Columns of the jobs as they come."""
        distributed()
        from jaxspin.sweep import cluster

        return cluster.on_processes(self.count, work, options, jobs)


@dataclasses.dataclass(frozen=True)
class Scheduler:
    """Compute on the workers of a running Dask scheduler, found by the file that it wrote (`--scheduler-file`)."""

    file: str | Path

    def solve(self, work: Work, options: Solve, jobs: list[Job]) -> Iterator[tuple[Job, Columns]]:
        """Columns of the jobs as they come."""
        distributed()
        from jaxspin.sweep import cluster

        return cluster.on_scheduler(str(self.file), work, options, jobs)
