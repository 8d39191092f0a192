"""Chunks on their way: what is to be computed, and a place that computes it."""

import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Protocol

import numpy as np
from jaxtyping import Int

from jaxspin.core import Solve
from jaxspin.sweep.compute import Machine, Work

Columns = dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True, eq=False)
class Job:
    """Points to compute for one chunk, by their numbers."""

    chunk: int
    index: Int[np.ndarray, " n"]


class Place(Protocol):
    """Where a sweep is computed: yields the columns of every job, in any order."""

    def solve(self, work: Work, options: Solve, jobs: list[Job]) -> Iterator[tuple[Job, Columns]]: ...


@dataclasses.dataclass(frozen=True)
class Here:
    """Compute in this process, on all its devices."""

    def solve(self, work: Work, options: Solve, jobs: list[Job]) -> Iterator[tuple[Job, Columns]]:
        """Columns of the jobs, in their order."""
        # in a thread, since Ctrl-C cannot interrupt a wait for a device
        with one_thread() as aside:
            machine = aside.submit(Machine, work, options).result()
            yield from in_turn(machine, jobs, aside)


def in_turn(machine: Machine, jobs: list[Job], aside: ThreadPoolExecutor) -> Iterator[tuple[Job, Columns]]:
    """Columns of the jobs, in their order; the devices work on the next job while this process handles one."""
    ahead = None
    for job in jobs:
        behind, ahead = ahead, (job, aside.submit(machine.start, job.index).result())
        if behind is not None:
            yield behind[0], aside.submit(machine.collect, behind[1]).result()
    if ahead is not None:
        yield ahead[0], aside.submit(machine.collect, ahead[1]).result()


@contextmanager
def one_thread() -> Iterator[ThreadPoolExecutor]:
    """One thread; left at once when the block is interrupted, without waiting for what it does."""
    pool = ThreadPoolExecutor(1)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()
