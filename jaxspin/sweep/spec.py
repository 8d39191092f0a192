"""What a sweep is, as plain numbers and text: two sweeps with equal specifications have equal results."""

import hashlib
import json
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import jax
import numpy as np

from jaxspin import __version__
from jaxspin.core import Solve, Task
from jaxspin.sweep.grid import Grid
from jaxspin.sweep.layout import Layout

FORMAT = 1


def specification(task: Task, grid: Grid, layout: Layout, seed: int) -> dict[str, Any]:
    """Everything that decides the numbers of a sweep, as a tree that JSON can hold."""
    spec = {
        "format": FORMAT,
        "task": task.name,
        "identity": task.identity,
        "solve": solve_options(task.solve),
        **grid.describe(),
        "dims": list(grid.dims),
        "shape": list(grid.shape),
        "chunk": list(layout.chunk),
        "outputs": {name: output.unit for name, output in task.outputs.items()},
        "seed": seed,
        "precision": str(jax.numpy.zeros(()).dtype),
    }
    return json.loads(json.dumps(spec, default=_plain, allow_nan=False))


def solve_options(solve: Solve) -> dict[str, float]:
    """The options of a solver that change its results."""
    return {"rtol": solve.rtol, "atol": solve.atol, "max_steps": solve.max_steps}


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray | jax.Array):
        return np.asarray(value).tolist()
    raise TypeError(f"a task's identity holds {type(value).__name__}; expected numbers, texts, lists and mappings")


def digest(spec: Mapping[str, Any]) -> str:
    """SHA-256 of a specification, in hexadecimal."""
    return hashlib.sha256(canonical(spec).encode()).hexdigest()


def canonical(spec: Mapping[str, Any]) -> str:
    """A specification as JSON text that is the same for equal specifications."""
    return json.dumps(spec, sort_keys=True, ensure_ascii=False)


def differences(stored: Any, wanted: Any, key: str = "") -> list[str]:
    """One phrase `key: stored, not wanted` for every dotted key in which two trees differ."""
    if isinstance(stored, dict) and isinstance(wanted, dict):
        found = []
        for name in sorted(stored.keys() | wanted.keys()):
            inner = f"{key}.{name}" if key else name
            found += differences(stored.get(name, "nothing"), wanted.get(name, "nothing"), inner)
        return found
    return [] if stored == wanted else [f"{key}: {_short(stored)} there, {_short(wanted)} asked for"]


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def provenance() -> dict[str, Any]:
    """Who computes: time, versions, device, host, and the state of the git repository around the working directory."""
    return {
        "began": datetime.now(UTC).isoformat(timespec="seconds"),
        "jaxspin": __version__,
        "jax": jax.__version__,
        "python": platform.python_version(),
        "device": ", ".join(sorted({device.device_kind for device in jax.local_devices()})),
        "host": platform.node(),
        "git": _git_state(),
    }


def _git_state() -> str:
    try:
        commit = _git("rev-parse", "HEAD")
        return commit + (" with changes" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return "no repository"


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True, timeout=10).stdout.strip()
