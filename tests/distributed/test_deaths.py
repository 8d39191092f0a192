"""A sweep survives any death: whatever is killed or damaged, the same command ends in the same bits."""

import json
import os
import shutil
import socket
import subprocess
import time

import chaotic_map
import numpy as np
import psutil
import pytest
from sweep_processes import PATIENCE, chunks_done, ended, fingerprint, kill_group, wait_for_chunks

from jaxspin import sweep


def workers_of(process):
    """Dask's worker processes below a command."""
    below = psutil.Process(process.pid).children(recursive=True)
    return [each for each in below if "spawn_main" in " ".join(each.cmdline())]


def test_a_killed_worker_costs_nothing_but_time(sweeps, undisturbed):
    """1: SIGKILL of a worker mid-chunk. Its chunk goes to another worker; the command does not even fail."""
    running = sweeps.start("map.zarr", "--workers", 2)
    wait_for_chunks(sweeps.folder / "map.zarr", 1, running)
    workers_of(running)[0].kill()
    code, out, err = ended(running)
    assert code == 0, err
    assert "96 of 96 points done" in out
    assert fingerprint(sweeps.folder / "map.zarr") == undisturbed


@pytest.mark.parametrize("options", [(), ("--workers", 2)], ids=["one process", "two workers"])
def test_a_killed_client_group_resumes(sweeps, undisturbed, options):
    """2: SIGKILL of the client and all its workers. What was stored is kept, the rest is computed."""
    store = sweeps.folder / "map.zarr"
    running = sweeps.start("map.zarr", *options)
    wait_for_chunks(store, 2, running)
    kill_group(running)
    ended(running)
    before = {file: file.stat().st_mtime_ns for file in chunks_done(store)}
    assert 2 <= len(before) < 12
    assert sweeps.finish("map.zarr")[0] == 0
    assert all(file.stat().st_mtime_ns == time for file, time in before.items())  # not computed again
    assert fingerprint(store) == undisturbed


def start_cluster(sweeps, **worker):
    """A Dask scheduler with one worker (and its own environment), as processes; the file that tells where it is."""
    file = sweeps.folder / "scheduler.json"
    where = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", file)
    scheduler = sweeps.program("distributed.cli.dask_scheduler", *where)
    begin = time.monotonic()
    while not file.exists():
        assert scheduler.poll() is None, scheduler.communicate()
        assert time.monotonic() - begin < PATIENCE
        time.sleep(0.05)
    options = ("--scheduler-file", file, "--nthreads", "1", "--no-dashboard")
    sweeps.program("distributed.cli.dask_worker", *options, **worker)
    return file, scheduler


def test_a_worker_without_jax_is_told_in_one_line(sweeps):
    """Bad input: nothing is computed, and the store is empty but valid."""
    broken = sweeps.folder / "broken" / "jax"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ImportError('there is no jax here')")
    file, _ = start_cluster(sweeps, PYTHONPATH=str(broken.parent))
    code, out, err = sweeps.finish("map.zarr", "--scheduler-file", file)
    assert (code, out) == (2, "")
    assert "cannot compute (there is no jax here); install jaxspin where it runs" in err
    assert len(err.splitlines()) == 1, err
    assert int((sweep.open_store(sweeps.folder / "map.zarr")["status"] >= 0).sum()) == 0


@pytest.mark.slow
def test_a_killed_scheduler_is_told_in_one_line(sweeps, undisturbed):
    """3: SIGKILL of the scheduler. Exit code 1, one line, no traceback; the same command resumes elsewhere."""
    file, scheduler = start_cluster(sweeps)
    running = sweeps.start("map.zarr", "--scheduler-file", file)
    wait_for_chunks(sweeps.folder / "map.zarr", 1, running)
    scheduler.kill()
    code, _, err = ended(running)
    assert code == 1
    assert "Traceback" not in err
    assert [line for line in err.splitlines() if line.startswith("jaxspin: error: the scheduler was lost")]
    assert len(err.splitlines()) == 1, err
    assert sweeps.finish("map.zarr")[0] == 0
    assert fingerprint(sweeps.folder / "map.zarr") == undisturbed


def compute(store):
    """A small sweep of the toy system in this process."""
    grid = sweep.product({"r": np.linspace(3.5, 3.8, 6), "x": np.linspace(0.1, 0.9, 4)})
    return sweep.run(sweep.observe(chaotic_map.MODEL), grid, store, chunk=4)


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    """Store of that sweep, and its fingerprint."""
    store = tmp_path_factory.mktemp("calm") / "map.zarr"
    compute(store)
    return store, fingerprint(store)


@pytest.mark.parametrize("array", ["end", "status"])
@pytest.mark.parametrize("damage", ["truncated", "emptied", "deleted", "one bit flipped"])
def test_a_damaged_chunk_is_computed_again(calm, array, damage):
    """4: a chunk that is not what was written is never trusted."""
    store, before = calm
    file = store / array / "c" / "3" / "0"
    raw = file.read_bytes()
    match damage:
        case "truncated":
            file.write_bytes(raw[: len(raw) // 2])
        case "emptied":
            file.write_bytes(b"")
        case "deleted":
            file.unlink()
        case _:
            file.write_bytes(raw[:10] + bytes([raw[10] ^ 4]) + raw[11:])
    assert fingerprint(store) != before
    compute(store)
    assert fingerprint(store) == before


def test_another_sweep_is_refused(sweeps):
    """5: a store of another specification is left alone, and the differing keys are named."""
    quick = ("--set", "sweep.controls.turns=10")
    assert sweeps.finish("map.zarr", *quick)[0] == 0
    before = fingerprint(sweeps.folder / "map.zarr")
    code, out, err = sweeps.finish("map.zarr", *quick, "--set", "sweep.seed=4", "--set", "solve.rtol=1e-5")
    assert (code, out) == (2, "")
    assert "seed: 3 there, 4 asked for" in err
    assert "solve.rtol: 1e-09 there, 1e-05 asked for" in err
    assert len(err.splitlines()) == 1
    assert fingerprint(sweeps.folder / "map.zarr") == before


def holder(sweeps, process, but=None):
    """Process that holds the lock of a store, as soon as it is another than `but`."""
    note = sweeps.folder / "map.zarr" / "status" / ".writer.json"
    begin, found = time.monotonic(), but
    while found == but:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() - begin < PATIENCE
        time.sleep(0.05)
        found = json.loads(note.read_text())["pid"] if note.exists() else but
    return found


def test_a_second_client_is_refused_naming_the_first(sweeps):
    """6: one writer at a time."""
    endless = ("map.zarr", "--set", "sweep.controls.turns=1e9")
    first = sweeps.start(*endless)
    assert holder(sweeps, first) == first.pid
    code, _, err = sweeps.finish(*endless)
    assert first.poll() is None
    assert code == 2
    assert f"process {first.pid}," in err
    assert socket.gethostname() in err
    assert len(err.splitlines()) == 1
    kill_group(first)
    ended(first)
    third = sweeps.start(*endless)  # the death of its holder released the lock
    assert holder(sweeps, third, but=first.pid) == third.pid


def hosts(sweeps, store):
    """The two processes of a `jax.distributed` job on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        coordinator = f"127.0.0.1:{probe.getsockname()[1]}"
    job = ("--coordinator", coordinator, "--processes", 2)
    return [sweeps.start(store, *job, "--process", number) for number in (0, 1)]


def test_two_hosts_compute_what_one_does(sweeps, undisturbed):
    """7: `jax.distributed` on two processes with gloo."""
    first, second = map(ended, hosts(sweeps, "map.zarr"))
    assert (first[0], second[0]) == (0, 0), first[2] + second[2]
    assert "96 of 96 points done" in first[1]
    assert second[1] == ""  # one voice for the job
    assert fingerprint(sweeps.folder / "map.zarr") == undisturbed


@pytest.mark.slow
def test_a_killed_host_ends_the_job_in_bounded_time(sweeps, undisturbed):
    """7: SIGKILL of one of two hosts. The other ends by itself, and any number of hosts goes on."""
    first, second = hosts(sweeps, "map.zarr")
    wait_for_chunks(sweeps.folder / "map.zarr", 2, first)
    second.kill()
    begin = time.monotonic()
    code, _, _ = ended(first)
    assert code != 0
    assert time.monotonic() - begin < 60
    assert sweeps.finish("map.zarr")[0] == 0
    assert fingerprint(sweeps.folder / "map.zarr") == undisturbed


def test_two_devices_equal_one(sweeps, undisturbed):
    """8: a chunk split over two (pretended) devices has the numbers of one, to 1e-14."""
    two = "--xla_force_host_platform_device_count=2"
    code, _, err = sweeps.finish("map.zarr", XLA_FLAGS=f"{os.environ.get('XLA_FLAGS', '')} {two}")
    assert code == 0, err
    assert fingerprint(sweeps.folder / "map.zarr") == undisturbed


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 256 kB of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "none", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("cannot mount a small disk here")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_full_disk_leaves_a_valid_store(sweeps, undisturbed, small_disk):
    """Bad input: exit code 2 and one line; when there is room again, the same command goes on."""
    (small_disk / "ballast").write_bytes(bytes(160_000))
    store = small_disk / "map.zarr"
    code, _, err = sweeps.finish(store, "--set", "sweep.chunk=1")
    assert code == 2
    assert "the disk is full" in err
    assert len(err.splitlines()) == 1
    stored = len(chunks_done(store))
    assert 0 < stored < 96
    assert int((sweep.open_store(store)["status"] >= 0).sum()) == stored
    (small_disk / "ballast").unlink()
    shutil.copytree(store, sweeps.folder / "moved.zarr")
    assert sweeps.finish("moved.zarr", "--set", "sweep.chunk=1")[0] == 0
    assert int((sweep.open_store(sweeps.folder / "moved.zarr")["status"] == 0).sum()) == 96
