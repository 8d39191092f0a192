"""Runs of equal steps: times that divide into them, and the loop that saves between them."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Float

from jaxspin.core import Status
from jaxspin.micromagnetics.evolve import Evolution, Observe, Record
from jaxspin.micromagnetics.system import System


def equal_steps(times: Float[ArrayLike, " n"], dt: float) -> tuple[int, Float[Array, ""]]:
    """How many steps of at most dt fit between two of the (equally spaced, concrete) times, and their length [s].

    Raises:
        ValueError: for traced times, times that are not equally spaced, and dt that is not positive.
    """
    if isinstance(times, Tracer):
        raise ValueError("equal steps: times must be concrete, since their number of steps is compiled in")
    intervals = np.diff(np.asarray(times, dtype=float))
    if not (intervals.size and np.allclose(intervals, intervals[0], rtol=1e-6, atol=0)):
        raise ValueError("equal steps: times must be equally spaced [s]")
    if not dt > 0:
        raise ValueError(f"equal steps: dt must be > 0 s, got {dt}")
    interval = float(intervals.mean())
    count = max(1, int(np.ceil(interval / dt * (1 - 1e-9))))
    return count, jnp.asarray(interval / count)


def run_steps(
    step: Callable[[Any, Array, Array], Any],
    carry: Any,
    system: System,
    times: Float[ArrayLike, " n"],
    count: int,
    dt: Float[Array, ""],
    *,
    snapshots: bool,
    observe: Observe | None,
    evaluations: int,
) -> Evolution:
    """Apply step(carry, time, number) `count` times between saves; carry[0] is m. Reverse mode keeps saved states."""
    times = jnp.asarray(times, dtype=float)
    record = Record(snapshots, observe)

    def one(number: Array, carry: Any) -> Any:
        return step(carry, times[0] + number * dt, number)

    @jax.checkpoint
    def interval(carry: Any, first: Array) -> tuple[Any, Any]:
        carry, _ = jax.lax.scan(lambda carry, k: (one(first + k, carry), None), carry, jnp.arange(count))
        return carry, record(times[0] + (first + count) * dt, carry[0], system)

    start = record(times[0], carry[0], system)
    saves = times.shape[0] - 1
    carry, later = jax.lax.scan(interval, carry, count * jnp.arange(saves))
    kept = jax.tree.map(lambda first, rest: jnp.concatenate([first[None], rest]), start, later)
    m = carry[0]
    status = jnp.where(jnp.all(jnp.isfinite(m)), Status.OK, Status.NOT_FINITE).astype(jnp.int32)
    steps = jnp.asarray(saves * count, dtype=jnp.int32)
    return Evolution(
        times=times, final=m, reached=times[-1], status=status, steps=steps, evaluations=evaluations * steps, **kept
    )
