"""Results of a sweep on disk: a Zarr 3 group that anything may interrupt at any moment.

A chunk of the design is one file in each array. It appears whole or not at all (written beside, then renamed) and
carries a checksum. Data are written first, `status` last: a point counts as computed only where its status says so and
every file of its chunk is intact. The specification of the sweep and its digest guard against mixing sweeps.
"""

import contextlib
import errno
import glob
import json
import os
import secrets
import shutil
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from jaxspin.core import Observable, Quantity, Status, Task
from jaxspin.sweep.extras import xarray, zarr
from jaxspin.sweep.grid import Grid, Product
from jaxspin.sweep.layout import Layout, layout
from jaxspin.sweep.lock import sole_writer
from jaxspin.sweep.spec import canonical, differences, digest, provenance, specification

NOT_COMPUTED = -1
_MARK = "jaxspin_sweep"
_DRAFT = "draft-" + 8 * "[0-9a-f]"  # how a store is called before it is in its place


class StoreError(ValueError):
    """A store that cannot be used for what is asked; the message is one line."""


class Store:
    """The sweep in a directory, made by `open_for_writing`. `columns` are written in their order, status last."""

    def __init__(self, path: Path, group: Any, layout: Layout, columns: tuple[str, ...]):
        self.path, self.layout, self.columns = path, layout, columns
        # a chunk of nothing but empty values is a result, too: without it, failed points would count as not computed
        self._arrays = {name: group[name].with_config({"write_empty_chunks": True}) for name in columns}

    def write(self, number: int, columns: Mapping[str, np.ndarray]) -> None:
        """Write one chunk: `columns` hold its points in the order of `Layout.index`. Raises `StoreError`: disk full."""
        block = self.layout.block(number)
        shape = tuple(part.stop - part.start for part in block)
        with _disk_told(self.path):
            for name in self.columns:
                array = self._arrays[name]
                array[block] = np.asarray(columns[name], dtype=array.dtype).reshape(shape)

    def read_chunk(self, number: int) -> dict[str, np.ndarray] | None:
        """All columns of one chunk, flat; None if it is not there, not complete, or fails its checksums."""
        place = self.layout.place(number)
        files = [self.path / name / self._arrays[name].metadata.encode_chunk_key(place) for name in self.columns]
        if not all(file.is_file() for file in files):
            return None
        try:
            block = self.layout.block(number)
            read = {name: np.ravel(self._arrays[name][block]) for name in self.columns}
        except (ValueError, RuntimeError, OSError):  # a wrong checksum, a truncated frame, an unreadable file
            return None
        return None if (read["status"] == NOT_COMPUTED).any() else read

    def missing(self) -> list[int]:
        """Numbers of the chunks that are not there, whole and intact."""
        return [number for number in range(self.layout.count) if self.read_chunk(number) is None]


def columns_of(task: Task, grid: Grid) -> tuple[str, ...]:
    """What is known of every point: where it lies (unless the axes say so), the outputs, and last its status."""
    return (*(() if isinstance(grid, Product) else grid.names), *task.outputs, "status")


def is_store(path: Path) -> bool:
    """Whether a directory holds a sweep of ours, as far as its description can be read."""
    try:
        return _MARK in json.loads((path / "zarr.json").read_text())["attributes"]
    except (OSError, ValueError, KeyError, TypeError):
        return False


def stored_specification(path: Path) -> dict[str, Any]:
    """The specification of the sweep in a directory.

    Raises `StoreError` if it holds something else, or a description that does not match its own digest.
    """
    if not path.is_dir():
        raise StoreError(f"{path}: {'is a file' if path.exists() else 'does not exist'}; expected the store of a sweep")
    if not is_store(path):
        raise StoreError(f"{path}: holds something else than a sweep; expected the store of one, or a new directory")
    try:
        attributes = json.loads((path / "zarr.json").read_text())["attributes"]
        spec = json.loads(attributes["spec"])
    except (OSError, ValueError, KeyError) as error:
        raise StoreError(f"{path}: its description cannot be read ({error}); start again in a new directory") from None
    if digest(spec) != attributes.get("spec_sha256"):
        raise StoreError(f"{path}: its description is damaged (wrong digest); start again in a new directory")
    return spec


def layout_for(path: Path | None, grid: Grid, chunk: int | None) -> Layout:
    """The chunks of a store that exists already, unless others are asked for; those of `layout` for a new one."""
    if path is not None and chunk is None and is_store(path):
        stored = stored_specification(path)
        if stored["shape"] == list(grid.shape):
            return Layout(grid.shape, tuple(stored["chunk"]))
    return layout(grid.shape, chunk)


@contextlib.contextmanager
def open_for_writing(path: Path, task: Task, grid: Grid, chunks: Layout, seed: int) -> Iterator[Store]:
    """The store of a sweep, new or to be continued, with nobody else writing to it.

    Raises `StoreError` if the directory holds something else or another sweep (naming what differs), or the disk is
    full; `BusyError` if another process is writing to it.
    """
    spec = specification(task, grid, chunks, seed)
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        _create(path, task, grid, chunks, spec)
    found = differences(stored_specification(path), spec)
    if found:
        raise StoreError(f"{path}: holds another sweep ({'; '.join(found)}); expected the same one, or a new directory")
    for name in (*grid.names, *columns_of(task, grid)):
        if not (path / name / "zarr.json").is_file():
            raise StoreError(f"{path}: the array {name!r} is missing; start again in a new directory")
    with contextlib.ExitStack() as stack:
        with _disk_told(path):
            stack.enter_context(sole_writer(path / "status", path))
            _sweep_up(path)
            group = _log_session(path)
            if isinstance(grid, Product):
                _mend_axes(group, grid)
        yield Store(path, group, chunks, columns_of(task, grid))


def attach(path: Path, task: Task, grid: Grid, chunks: Layout) -> Store:
    """The store of a sweep that another process of the same job has opened for writing."""
    return Store(path, zarr().open_group(path, mode="r+"), chunks, columns_of(task, grid))


def _create(path: Path, task: Task, grid: Grid, chunks: Layout, spec: Mapping[str, Any]) -> None:
    """Make the empty store beside its place and move it there: it appears whole, and only if nobody was faster."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft-{secrets.token_hex(4)}")
    try:
        _write_description(draft, task, grid, chunks, spec)
        os.rename(draft, path)  # on to an empty directory, or to nothing
    except OSError as error:
        if not is_store(path):
            raise _disk_error(path, error) from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write_description(path: Path, task: Task, grid: Grid, chunks: Layout, spec: Mapping[str, Any]) -> None:
    attributes = {
        "title": f"sweep of {task.name} over {', '.join(grid.names)}",
        _MARK: spec["format"],
        "system": task.name,
        "seed": spec["seed"],
        "spec": canonical(spec),
        "spec_sha256": digest(spec),
        "sessions": [],
    }
    scattered = not isinstance(grid, Product)
    if scattered:
        attributes["coordinates"] = " ".join(grid.names)  # how xarray knows them from data
    group = zarr().create_group(path, attributes=attributes)
    for name in grid.names:
        about = labels(task.inputs[name])
        if scattered:
            _array(group, name, grid.shape, chunks.chunk, grid.dims, np.nan, about)
        else:
            size = grid.shape[grid.dims.index(name)]
            _array(group, name, (size,), (size,), (name,), np.nan, about)
    for name, output in task.outputs.items():
        _array(group, name, grid.shape, chunks.chunk, grid.dims, np.nan, labels(output))
    _array(group, "status", grid.shape, chunks.chunk, grid.dims, NOT_COMPUTED, status_labels())
    if isinstance(grid, Product):
        _mend_axes(group, grid)
    _consolidate(path)


def status_labels() -> dict[str, Any]:
    """What the numbers in `status` mean, as CF conventions write it."""
    meanings = ["not_computed", *(status.name.lower() for status in Status)]
    return {
        "flag_values": [NOT_COMPUTED, *map(int, Status)],
        "flag_meanings": " ".join(meanings),
        "long_name": "status",
    }


def labels(known: Quantity | Observable) -> dict[str, Any]:
    """Unit, symbol and meaning of a column, as xarray and CF conventions write them."""
    return {"units": known.unit, "symbol": known.symbol, "long_name": known.doc}


def _array(group: Any, name: str, shape: Any, chunk: Any, dims: Any, empty: float, about: Mapping[str, Any]) -> None:
    codecs = zarr().codecs
    group.create_array(
        name,
        shape=shape,
        chunks=chunk,
        dtype=np.int8 if name == "status" else np.float64,
        fill_value=empty,
        dimension_names=dims,
        compressors=[codecs.ZstdCodec(level=1), codecs.Crc32cCodec()],
        attributes=dict(about),
    )


def _mend_axes(group: Any, grid: Product) -> None:
    """Write the coordinates of the axes, unless they are there and intact."""
    for name, values in grid.axes.items():
        with contextlib.suppress(ValueError, RuntimeError):
            if np.array_equal(group[name][...], values):
                continue
        group[name][...] = values


def _consolidate(path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that Zarr 3 has no standard for it: xarray reads it
        zarr().consolidate_metadata(path)


def _sweep_up(path: Path) -> None:
    """Remove what a writer that was killed left half-written."""
    for draft in path.rglob("*.partial"):
        draft.unlink(missing_ok=True)
    for draft in path.parent.glob(f".{glob.escape(path.name)}.{_DRAFT}"):
        shutil.rmtree(draft, ignore_errors=True)


def _log_session(path: Path) -> Any:
    """Add who computes from now on to the attributes; returns the group."""
    try:
        group = zarr().open_group(path, mode="r+")
        group.attrs["sessions"] = [*group.attrs["sessions"], provenance()]
        return group
    except (ValueError, KeyError) as error:
        raise StoreError(f"{path}: its description cannot be read ({error}); start again in a new directory") from None


@contextlib.contextmanager
def _disk_told(path: Path) -> Iterator[None]:
    """What the operating system refuses inside the block, as one line."""
    try:
        yield
    except OSError as error:
        raise _disk_error(path, error) from None


def _disk_error(path: Path, error: OSError) -> StoreError:
    reason = "the disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else error.strerror
    return StoreError(f"{path}: cannot be written ({reason}); what is there is valid, the same command goes on")


def open_store(path: str | os.PathLike[str]) -> Any:
    """The results of a sweep as a labelled `xarray.Dataset`, read from disk when they are used.

    Dimensions and coordinates are those of the design, with units; `status` is -1 where a point is not computed yet,
    else a `core.Status`. Raises `StoreError` if the directory holds no sweep, `ImportError` where xarray is missing.
    """
    folder = Path(path)
    stored_specification(folder)
    return xarray().open_zarr(folder, chunks=None)
