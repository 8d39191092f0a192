"""Chunks computed by Dask. Needs the extra `cluster`; `places` is what one asks for it by.

Dask brings the engine: workers may come, go and die; a chunk whose worker died goes to another. Workers only compute:
the process that called `run` writes, so that a dying worker leaves nothing half-written.
"""

import contextlib
import logging
import os
from collections.abc import Callable, Iterator
from typing import Any

import cloudpickle
import jax
import numpy as np
from distributed import (
    Client,
    KilledWorker,
    Nanny,
    SpecCluster,
    TimeoutError,
    WorkerPlugin,
    as_completed,
    get_worker,
)
from distributed import Scheduler as DaskScheduler
from distributed.client import FutureCancelledError
from distributed.comm.core import CommClosedError
from jaxtyping import Int

from jaxspin import __version__
from jaxspin.core import Solve
from jaxspin.sweep.compute import Machine, Work
from jaxspin.sweep.jobs import Columns, Job
from jaxspin.sweep.places import ClusterError, WorkerError

_RETRIES = 3  # a chunk whose computation raised is tried again so often
_AHEAD = 3  # chunks in work or waiting, for each worker
_PATIENCE = 60.0  # seconds to wait for a first worker


class Bench(WorkerPlugin):
    """What lies ready on every worker: the work, compiled there when the first chunk arrives.

    `payload` is the pickled work, since it must not be opened before the worker has our precision.
    """

    def __init__(self, name: str, payload: bytes, double: bool):
        self.name, self._payload, self._double = name, payload, double
        self._machine: Machine | None = None

    def compute(self, index: Int[np.ndarray, " n"]) -> Columns:
        """Columns of the points of these numbers."""
        if self._machine is None:
            jax.config.update("jax_enable_x64", self._double)
            self._machine = Machine(*cloudpickle.loads(self._payload))
        return self._machine.compute(index)


def _compute(name: str, index: Int[np.ndarray, " n"]) -> Columns:
    bench = get_worker().plugins[name]
    assert isinstance(bench, Bench)
    return bench.compute(index)


def on_processes(count: int, work: Work, options: Solve, jobs: list[Job]) -> Iterator[tuple[Job, Columns]]:
    """Columns of the jobs as they come, from `count` processes of this machine (no more than there are jobs)."""
    count = min(count, len(jobs))
    with _quiet(), _local_cluster(count) as cluster, _connected(lambda: Client(cluster)) as client:
        yield from _solve(client, work, options, jobs, count)


def on_scheduler(file: str, work: Work, options: Solve, jobs: list[Job]) -> Iterator[tuple[Job, Columns]]:
    """Columns of the jobs as they come, from the workers of a scheduler."""
    with _quiet(), _connected(lambda: Client(scheduler_file=file, timeout=10)) as client:
        yield from _solve(client, work, options, jobs, 1)


def _solve(client: Client, work: Work, options: Solve, jobs: list[Job], workers: int) -> Iterator[tuple[Job, Columns]]:
    with _told():
        client.wait_for_workers(workers, timeout=_PATIENCE)
        _examine(client)
        name = f"jaxspin-{os.getpid()}-{os.urandom(4).hex()}"
        payload = cloudpickle.dumps((work, options))
        client.register_plugin(Bench(name, payload, jax.config.read("jax_enable_x64")), name=name)
        waiting, busy, inside = iter(jobs), as_completed(), {}
        try:
            while True:
                for job in _next(waiting, _AHEAD * _workers(client) - len(inside)):
                    future = client.submit(_compute, name, job.index, retries=_RETRIES, pure=False)
                    inside[future] = job
                    busy.add(future)
                if not inside:
                    return
                future = next(busy)
                yield inside.pop(future), future.result()
        finally:
            with contextlib.suppress(Exception):
                client.cancel(list(inside), force=True)
                client.unregister_worker_plugin(name)


def _workers(client: Client) -> int:
    return max(1, len(client.scheduler_info(n_workers=-1)["workers"]))


def _next(jobs: Iterator[Job], count: int) -> list[Job]:
    return [job for _, job in zip(range(max(0, count)), jobs, strict=False)]


def _examine(client: Client) -> None:
    """Raise `WorkerError` if a worker lacks JAX or has other versions than ours."""
    # `eval` is everywhere: a function of ours would not arrive on a worker without jaxspin
    asked = "(__import__('jax').__version__, __import__('jaxspin').__version__)"
    answers: Any = client.run(eval, asked, on_error="return")
    for address, answer in answers.items():
        if isinstance(answer, BaseException):
            raise WorkerError(f"worker {address} cannot compute ({_line(answer)}); install jaxspin where it runs")
        if tuple(answer) != (jax.__version__, __version__):
            raise WorkerError(
                f"worker {address} has jax {answer[0]} and jaxspin {answer[1]}, here are {jax.__version__} and "
                f"{__version__}; install the same versions"
            )


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """What Dask raises when a cluster is lost, as one line."""
    try:
        yield
    except (CommClosedError, FutureCancelledError) as error:
        raise ClusterError(f"the scheduler was lost ({_line(error)}); the same command goes on") from None
    except KilledWorker as error:
        raise ClusterError(f"a chunk killed every worker that tried it ({_line(error)}): too little memory?") from None
    except TimeoutError as error:
        raise ClusterError(f"no worker came within {_PATIENCE:.0f} s ({_line(error)})") from None


@contextlib.contextmanager
def _connected(connect: Callable[[], Client]) -> Iterator[Client]:
    try:
        client = connect()
    except (OSError, TimeoutError, ValueError, KeyError) as error:
        raise ClusterError(f"no scheduler answers ({_line(error)}); is it running?") from None
    try:
        yield client
    finally:
        with contextlib.suppress(Exception):
            client.close(timeout=2)


def _line(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else text[:197] + "..."


@contextlib.contextmanager
def _local_cluster(count: int) -> Iterator[Any]:
    """Workers of this machine in processes of their own, each with one device."""
    gpus = [str(device.local_hardware_id) for device in jax.local_devices() if device.platform == "gpu"]
    workers = {}
    for number in range(count):
        own = {"CUDA_VISIBLE_DEVICES": gpus[number % len(gpus)]} if gpus else {}
        options = {"nthreads": 1, "env": own, "memory_limit": 0, "host": "127.0.0.1", "silence_logs": logging.CRITICAL}
        workers[number] = {"cls": Nanny, "options": options}
    scheduler = {"cls": DaskScheduler, "options": {"host": "127.0.0.1", "port": 0, "dashboard": False}}
    silent: Any = logging.CRITICAL
    with SpecCluster(workers, scheduler, silence_logs=silent) as cluster:
        yield cluster


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Dask's loggers silent inside the block: what matters is raised."""
    # each has a level of its own, so silencing their parent is not enough
    loggers = [logging.getLogger(name) for name in logging.root.manager.loggerDict if name.startswith("distributed")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
