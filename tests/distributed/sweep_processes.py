"""Sweeps as real processes: a toy system that they find by its entry point, and ways to start, watch and kill them."""

import contextlib
import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

RUN = """
[model]
system = "chaotic_map"

[sweep]
chunk = 8
seed = 3

[sweep.axes]
r = { start = 3.6, stop = 3.8, points = 12 }
x = { start = 0.1, stop = 0.9, points = 8 }

[sweep.controls]
turns = 2e6
"""
"""96 points in 12 chunks; a chunk takes some tenths of a second."""

PATIENCE = 120.0


class Sweeps:
    """Sweeps of one run file, each a process; all that are left are killed at the end."""

    def __init__(self, folder: Path):
        self.folder, self._running = folder, []
        packages = folder / "packages"
        about = packages / "chaotic_map-0.dist-info"
        about.mkdir(parents=True)
        (packages / "chaotic_map.py").write_text(Path(__file__).with_name("chaotic_map.py").read_text())
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: chaotic-map\nVersion: 0\n")
        (about / "entry_points.txt").write_text("[jaxspin.systems]\nchaotic_map = chaotic_map:MODEL\n")
        (folder / "run.toml").write_text(RUN)
        self.environment = os.environ | {"PYTHONPATH": str(packages), "JAX_PLATFORMS": "cpu", "PYTHONUNBUFFERED": "1"}

    def program(self, *arguments: object, **more: str) -> subprocess.Popen:
        """A Python program as a process group of its own."""
        process = subprocess.Popen(
            [sys.executable, "-m", *map(str, arguments)],
            cwd=self.folder,
            env=self.environment | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._running.append(process)
        return process

    def start(self, store: str, *options: object, **more: str) -> subprocess.Popen:
        """`jaxspin sweep run.toml --store STORE OPTIONS`, running."""
        return self.program("jaxspin", "sweep", "run.toml", "--store", store, *options, **more)

    def finish(self, store: str, *options: object, **more: str) -> tuple[int, str, str]:
        """The same, to its end: exit code, stdout, stderr."""
        return ended(self.start(store, *options, **more))

    def kill_all(self) -> None:
        for process in self._running:
            kill_group(process)
            process.communicate()


def ended(process: subprocess.Popen) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a process, in bounded time."""
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


def kill_group(process: subprocess.Popen) -> None:
    """SIGKILL to a process and all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def wait_for_chunks(store: Path, count: int, process: subprocess.Popen) -> None:
    """Until so many chunks are stored. Fails if the process ends before, which would make the test say nothing."""
    begin = time.monotonic()
    while len(chunks_done(store)) < count:
        assert process.poll() is None, f"ended too early: {process.communicate()}"
        assert time.monotonic() - begin < PATIENCE, "no chunk came in time"
        time.sleep(0.02)


def chunks_done(store: Path) -> list[Path]:
    """Files of the chunks of `status`, which are written last."""
    return [file for file in (store / "status" / "c").rglob("*") if re.fullmatch(r"\d+", file.name) and file.is_file()]


def fingerprint(store: Path) -> dict[str, str]:
    """Content of every file of a store but its descriptions, which log who computed: equal for equal results."""
    files = [f for f in sorted(store.rglob("*")) if f.is_file() and f.name[0] != "." and f.name != "zarr.json"]
    return {str(f.relative_to(store)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}
