"""A sign of life on the terminal while a long calculation runs."""

import contextlib
import sys
import threading
import time
from collections.abc import Iterator


@contextlib.contextmanager
def meter(what: str, delay: float = 1.0) -> Iterator[None]:
    """Show `what` and the seconds gone on stderr, from `delay` seconds on; silent where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()
    thread = threading.Thread(target=_tick, args=(what, delay, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _tick(what: str, delay: float, done: threading.Event) -> None:
    begin, wait = time.monotonic(), delay
    while not done.wait(wait):
        wait = 0.2
        sys.stderr.write(f"\r{what} ... {time.monotonic() - begin:.0f} s")
        sys.stderr.flush()
    if wait != delay:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
