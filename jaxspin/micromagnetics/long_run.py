"""Long runs in parts: progress after each, a checkpoint on disk, and a restart from it."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from jaxspin.core import Status
from jaxspin.micromagnetics.evolve import Evolution, evolve
from jaxspin.micromagnetics.system import System


def evolve_in_parts(
    system: System,
    m0: Float[Array, "S nx ny nz 3"],
    times: Float[ArrayLike, " n"],
    checkpoint: str | os.PathLike[str],
    *,
    every: int = 100,
    progress: Callable[[float, Evolution], None] | None = None,
    **options: Any,
) -> Evolution:
    """`evolve` over `every` intervals at a time; what was found is written to a file after each part.

    A run that was stopped, at any moment, goes on from the file when it is called again with the same arguments; one
    that failed ends with its status, the state it reached saved. Not under `jit` or `vmap`.

    Arguments:
        system, m0, times: as in `evolve`.
        checkpoint: file (.npz), written under another name and then renamed.
        every: intervals between times in a part.
        progress: called with the fraction done and the part after each part.
        options: of `evolve`: dt, method, solve, snapshots, observe.

    Returns:
        `Evolution` of the whole run (up to the part that failed).

    Raises:
        ValueError: if the file belongs to a run of other parameters, start or times.
    """
    times, path = np.asarray(times, dtype=float), Path(checkpoint)
    identity = _identity(system, m0, times)
    shape = jax.eval_shape(lambda m: evolve(system, m, times[:2], **options), jnp.asarray(m0, dtype=float))
    structure = jax.tree.structure(shape)
    parts, done = [], 0
    if path.exists():
        whole, done = _read(path, identity, structure)
        parts = [whole]
    while done < len(times) - 1 and (not parts or int(parts[-1].status) == Status.OK):
        end = min(done + every, len(times) - 1)
        start = parts[-1].final if parts else jnp.asarray(m0, dtype=float)
        part = evolve(system, start, times[done : end + 1], **options)
        parts, done = [_joined([*parts, part])], end
        _write(path, identity, parts[0], done)
        if progress is not None:
            progress(done / (len(times) - 1), part)
    return parts[0]


def _joined(parts: list[Evolution]) -> Evolution:
    """Records one after the other, without the first time of the second, which is the last of the first."""
    if len(parts) == 1:
        return parts[0]
    first, second = parts
    joined = jax.tree.map(lambda a, b: jnp.concatenate([a, b[1:]]) if a.ndim else b, first, second)
    counts = lambda run: (run.final, run.steps, run.evaluations)
    total = (second.final, first.steps + second.steps, first.evaluations + second.evaluations)
    return eqx.tree_at(counts, joined, total)


def _identity(system: System, m0: Array, times: np.ndarray) -> str:
    digest = hashlib.sha256()
    for leaf in jax.tree.leaves((system, m0, times)):
        digest.update(np.ascontiguousarray(leaf).tobytes())
    digest.update(repr(jax.tree.structure(system)).encode())
    return digest.hexdigest()


def _write(path: Path, identity: str, run: Evolution, done: int) -> None:
    leaves: dict[str, Any] = {f"leaf{k}": np.asarray(leaf) for k, leaf in enumerate(jax.tree.leaves(run))}
    partial = path.with_name(path.name + ".part")
    with partial.open("wb") as file:
        np.savez(file, identity=identity, done=done, **leaves)
    partial.replace(path)


def _read(path: Path, identity: str, structure: Any) -> tuple[Evolution, int]:
    with np.load(path) as stored:
        if str(stored["identity"]) != identity:
            raise ValueError(f"{path}: holds a run of other parameters, start or times; name another file or remove it")
        leaves = [jnp.asarray(stored[f"leaf{k}"]) for k in range(structure.num_leaves)]
        return jax.tree.unflatten(structure, leaves), int(stored["done"])
