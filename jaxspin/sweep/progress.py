"""Progress of a sweep on the terminal: points done and failed, rate, and time left."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from jaxspin.core import Status


class Progress:
    """Counts points; shows them where there is a bar."""

    def __init__(self, bar: Any = None):
        self._bar, self._failed = bar, 0

    def add(self, points: int, status: np.ndarray) -> None:
        """So many points more are stored, with these statuses."""
        if self._bar is None:
            return
        self._failed += int((status != Status.OK).sum())
        if self._failed:
            self._bar.set_postfix_str(f"{self._failed} failed", refresh=False)
        self._bar.update(points)


@contextmanager
def meter(shown: bool, what: str, total: int, done: int) -> Iterator[Progress]:
    """A meter for the block, on stderr."""
    if not shown or done == total:
        yield Progress()
        return
    from tqdm import tqdm

    with tqdm(total=total, initial=done, desc=what, unit="point", unit_scale=True, dynamic_ncols=True) as bar:
        yield Progress(bar)
