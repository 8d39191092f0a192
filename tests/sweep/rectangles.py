"""Sweeps whose points are computed by a table look-up: what is tested here is everything around the computation."""

import numpy as np

from jaxspin.core import Observable, Quantity, Solve, Status, Task, observables


def _point(values, *, solve, key):
    return observables({"area": values["width"] * values["height"], "sum": values["width"] + values["height"]})


LENGTH = Quantity("m", (0.0, 100.0), 1.0, "l", "a length")


def rectangle(**changes):
    """The task of multiplying and adding two lengths."""
    known = {
        "name": "rectangle",
        "point": _point,
        "inputs": {"width": LENGTH, "height": LENGTH},
        "outputs": {
            "area": Observable("m^2", "A", "area", ("width", "height")),
            "sum": Observable("m", "s", "sum", ("width", "height")),
        },
        "identity": {"version": 1},
        "solve": Solve(),
    }
    return Task(**(known | changes))


class Table:
    """A place that computes with numpy: quick, and it counts what it computes. Where width > 8, points fail.

    `patience`: with at least so many steps allowed, they do not.
    """

    def __init__(self, patience=10**9):
        self.computed, self.patience = 0, patience

    def solve(self, work, options, jobs):
        for job in jobs:
            self.computed += len(job.index)
            values = work.grid.points(job.index)
            width, height = values["width"], values["height"]
            failed = (width > 8) & (options.max_steps < self.patience)
            columns = {
                "area": np.where(failed, np.nan, width * height),
                "sum": width + height,
                "status": np.where(failed, Status.MAX_STEPS, Status.OK).astype(np.int8),
            }
            yield job, columns | (values if work.grid.dims == ("point",) else {})
