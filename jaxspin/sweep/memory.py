"""Results of a sweep in memory, for sweeps that need no store."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from jaxspin.core import Task
from jaxspin.sweep.extras import xarray
from jaxspin.sweep.grid import Grid, Product
from jaxspin.sweep.layout import Layout
from jaxspin.sweep.spec import canonical
from jaxspin.sweep.store import NOT_COMPUTED, columns_of, labels, status_labels


class Memory:
    """Columns of a sweep as flat arrays, in the order of the design; used like a `Store`."""

    def __init__(self, task: Task, grid: Grid, layout: Layout):
        self.layout, self._task, self._grid = layout, task, grid
        self._columns = {name: np.full(grid.size, np.nan) for name in columns_of(task, grid)}
        self._columns["status"] = np.full(grid.size, NOT_COMPUTED, dtype=np.int8)

    def write(self, number: int, columns: Mapping[str, np.ndarray]) -> None:
        """Keep the points of one chunk."""
        index = self.layout.index(number)
        for name, column in self._columns.items():
            column[index] = columns[name]

    def read_chunk(self, number: int) -> dict[str, np.ndarray] | None:
        """All columns of one chunk, flat; None if it is not computed."""
        read = {name: column[self.layout.index(number)] for name, column in self._columns.items()}
        return None if (read["status"] == NOT_COMPUTED).any() else read

    def missing(self) -> list[int]:
        """Numbers of the chunks that are not there."""
        status = self._columns["status"]
        return [n for n in range(self.layout.count) if (status[self.layout.index(n)] == NOT_COMPUTED).any()]

    def dataset(self, spec: Mapping[str, Any]) -> Any:
        """The results as `xarray.Dataset`, labelled as those of a store."""
        task, grid, dims = self._task, self._grid, self._grid.dims
        shaped = lambda name: self._columns[name].reshape(grid.shape)
        data = {name: (dims, shaped(name), labels(known)) for name, known in task.outputs.items()}
        data["status"] = (dims, shaped("status"), status_labels())
        if isinstance(grid, Product):
            axes = {name: (name, values, labels(task.inputs[name])) for name, values in grid.axes.items()}
        else:
            axes = {name: (dims, shaped(name), labels(task.inputs[name])) for name in grid.names}
        attributes = {"title": f"sweep of {task.name} over {', '.join(grid.names)}", "system": task.name}
        return xarray().Dataset(data, axes, attributes | {"seed": spec["seed"], "spec": canonical(spec)})
