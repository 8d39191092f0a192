"""One writer at a time: a lock that its holder's death releases, and that says who holds it."""

import contextlib
import getpass
import json
import os
import platform
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from jaxspin.sweep.extras import filelock


class BusyError(ValueError):
    """Somebody else is writing; the message is one line that names the holder."""


@contextlib.contextmanager
def sole_writer(folder: Path, what: Path) -> Iterator[None]:
    """Hold the lock in `folder` for the block. Raises `BusyError` at once if another process holds it.

    The operating system releases the lock when its holder dies, however it dies.
    """
    lock = filelock().FileLock(folder / ".writer.lock")
    note = folder / ".writer.json"
    try:
        lock.acquire(timeout=0)
    except filelock().Timeout:
        raise BusyError(
            f"{what}: is being written by {_holder(note)}; wait for it to end, or stop it, and run this again"
        ) from None
    try:
        draft = note.with_name(".writer.draft")
        draft.write_text(json.dumps(_self()))
        os.replace(draft, note)
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def _self() -> dict[str, object]:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in some containers
        user = str(os.getuid())
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return {"user": user, "host": platform.node(), "pid": os.getpid(), "since": since}


def _holder(note: Path) -> str:
    try:
        return "{user} on {host}, process {pid}, since {since}".format(**json.loads(note.read_text()))
    except (OSError, ValueError, KeyError):  # it has the lock, but has not yet written its name
        return "another process"
