"""Computing points on the devices at hand: shard_map over devices, vmap over points, one compilation for all chunks."""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, NamedSharding
from jax.sharding import PartitionSpec as P
from jaxtyping import Float, Int

from jaxspin.core import Solve, Status, Task
from jaxspin.sweep.grid import Grid, Product

_OF_MEMORY = 0.25  # share of a device's memory that one batch may take
_ALIKE = {"cpu": 64, "gpu": 1024}  # points a device solves together where their cost varies


@dataclasses.dataclass(frozen=True, eq=False)
class Work:
    """What to compute: a task at the points of a grid, in chunks of `points`, with random keys from `seed`."""

    task: Task
    grid: Grid
    seed: int
    points: int


class Machine:
    """A task compiled for the devices of a mesh; `compute` then takes points by their numbers.

    Points are solved in batches: a whole chunk, or as much of it as fits into a quarter of the memory; where the task
    knows that costs differ, in small batches of similar cost, since vmapped adaptive solvers all wait for the slowest.
    The size of a batch changes results by rounding only. `devices`: those of this process, or in a `jax.distributed`
    job those of all processes, which then must call `compute` together, each with points of its own.
    """

    def __init__(self, work: Work, solve: Solve, devices: Sequence[Any] | None = None):
        self.work = work
        devices = list(jax.local_devices() if devices is None else devices)
        mesh = jax.make_mesh((len(devices),), ("points",), axis_types=(AxisType.Auto,), devices=devices)
        self._sharding = NamedSharding(mesh, P("points"))
        self._hosts = len({device.process_index for device in devices})
        self._local = len(devices) // self._hosts
        self._arrays, static = eqx.partition(work.task.point, eqx.is_array)
        self._run = jax.jit(
            jax.shard_map(
                _batch(work, solve, static),
                mesh=mesh,
                in_specs=(P(), P("points"), P("points")),
                out_specs=P("points"),
                check_vma=False,  # solvers mix values that are and are not the same on all devices
            )
        )
        alike = _ALIKE.get(devices[0].platform, 1024) * self._local
        wanted = min(work.points, alike) if work.task.cost else work.points
        self.batch, self._compiled = self._compile(-(-wanted // self._local) * self._local)

    def _compile(self, batch: int) -> tuple[int, Any]:
        """The largest batch of at most `batch` points whose memory is allowed, and its executable."""
        while True:
            values = {name: self._abstract(batch, float) for name in self.work.grid.names}
            compiled = self._run.lower(self._arrays, values, self._abstract(batch, np.uint32)).compile()
            needed, allowed = _memory_of(compiled), _OF_MEMORY * memory_available()
            if needed <= allowed or batch == self._local:
                return batch, compiled
            fewer = int(batch * allowed / needed) // self._local * self._local
            batch = max(self._local, min(fewer, batch // 2 // self._local * self._local))

    def _abstract(self, batch: int, kind: Any) -> jax.ShapeDtypeStruct:
        kind = jnp.zeros((), kind).dtype
        return jax.ShapeDtypeStruct((batch * self._hosts,), kind, sharding=self._sharding)

    def compute(self, index: Int[np.ndarray, " n"]) -> dict[str, np.ndarray]:
        """Outputs, status (int8) and, for designs without axes, coordinates of the points of these numbers."""
        return self.collect(self.start(index))

    def start(self, index: Int[np.ndarray, " n"]) -> "Started":
        """Have the devices solve the points of these numbers, without waiting for them."""
        values = self.work.grid.points(index)
        order = self._order(values)
        solved = []
        for begin in self._begins(len(index)):
            some = slice(begin, begin + self.batch) if order is None else order[begin : begin + self.batch]
            inside = {name: self._put(column[some], float) for name, column in values.items()}
            solved.append(self._compiled(self._arrays, inside, self._put(index[some], np.uint32)))
        return Started(values, order, solved)

    def collect(self, started: "Started") -> dict[str, np.ndarray]:
        """What `compute` returns, once the devices have it."""
        count = len(next(iter(started.values.values())))
        columns = {}
        for name in started.solved[0]:
            pieces = [_own_part(piece[name]) for piece in started.solved]
            joined = (pieces[0] if len(pieces) == 1 else np.concatenate(pieces))[:count]
            columns[name] = joined
            if started.order is not None:
                columns[name] = np.empty_like(joined)
                columns[name][started.order] = joined
        return columns if isinstance(self.work.grid, Product) else started.values | columns

    def _begins(self, count: int) -> range:
        # all hosts run the same number of batches, however many points each of them has
        return range(0, self.work.points if self._hosts > 1 else count, self.batch)

    def _order(self, values: Mapping[str, np.ndarray]) -> Int[np.ndarray, " n"] | None:
        if self.work.task.cost is None:
            return None
        return np.argsort(np.asarray(jax.vmap(self.work.task.cost)(values)), kind="stable")

    def _put(self, column: np.ndarray, kind: Any) -> jax.Array:
        """A column on the devices, its points repeated until they fill a batch."""
        column = column.astype(jnp.zeros((), kind).dtype, copy=False)
        if len(column) < self.batch:
            column = np.resize(column, self.batch)  # of nothing: zeros
        return jax.make_array_from_process_local_data(self._sharding, column)


class Started(NamedTuple):
    """Points on their way: their values, the order in which they are solved (None: as they are), and the batches."""

    values: dict[str, np.ndarray]
    order: Int[np.ndarray, " n"] | None
    solved: list[dict[str, jax.Array]]


def _batch(work: Work, solve: Solve, static: Any) -> Any:
    """The function that solves a batch of points on one device."""
    outputs, seed = tuple(work.task.outputs), work.seed

    def batch(arrays: Any, values: Mapping[str, Float[jax.Array, " n"]], index: Int[jax.Array, " n"]) -> Any:
        point, root = eqx.combine(arrays, static), jax.random.key(seed)

        def one(values: Mapping[str, jax.Array], number: jax.Array) -> dict[str, jax.Array]:
            seen = point(values, solve=solve, key=jax.random.fold_in(root, number))
            columns = {name: jnp.asarray(seen[name], dtype=float) for name in outputs}
            finite = jnp.all(jnp.isfinite(jnp.stack(list(columns.values()))))
            status = jnp.asarray(seen.status, dtype=jnp.int8)
            return columns | {"status": jnp.where(finite | (status != Status.OK), status, jnp.int8(Status.NOT_FINITE))}

        return jax.vmap(one)(values, index)

    return batch


def _own_part(array: jax.Array) -> np.ndarray:
    """The part of an array that lies on devices of this process."""
    if array.is_fully_addressable:
        return np.asarray(array)
    shards = sorted(array.addressable_shards, key=lambda shard: shard.index[0].start or 0)
    return np.concatenate([np.asarray(shard.data) for shard in shards])


def _memory_of(compiled: Any) -> int:
    """Bytes that an executable needs on a device, as its compiler says; 0 where it does not say."""
    analysis = compiled.memory_analysis()
    if analysis is None:
        return 0
    return analysis.temp_size_in_bytes + analysis.argument_size_in_bytes + analysis.output_size_in_bytes


def memory_available() -> float:
    """Bytes of memory of a device: its own, or for a CPU its share of what the machine has free."""
    stats = jax.local_devices()[0].memory_stats() or {}
    if "bytes_limit" in stats:
        return float(stats["bytes_limit"])
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):  # not every system tells
        free = 4 * 2**30
    return free / jax.local_device_count()
