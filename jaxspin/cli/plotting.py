"""`jaxspin plot`: figures of a sweep that was stored."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from jaxspin.cli.progress import meter

if TYPE_CHECKING:
    import xarray as xr

Held = Annotated[list[str] | None, Parameter(negative=())]


def plot(
    store: Path,
    *,
    out: Path = Path("."),
    observables: str | None = None,
    x: str | None = None,
    y: str | None = None,
    at: Held = None,
) -> int:
    """Draw the observables of a sweep, done or not: writes DIR/OBSERVABLE.png for each.

    Two inputs make a map, or a family of curves where one of them takes few values; one makes a curve; of more, those
    not drawn are held at their middle, or where --at says. Points that failed or are still missing are marked.

    Parameters
    ----------
    store
        Folder of the sweep.
    out
        Folder for the figures.
    observables
        Names with commas between; all of them if not given.
    x
        Input along the horizontal axis; alone, as curves where another input takes few values.
    y
        Input along the vertical axis; with --x, a map.
    at
        Hold an input at the value nearest to this, like --at T="300 K"; may be repeated.
    """
    from jaxspin.cli.folder import output_folder
    from jaxspin.io import ConfigError
    from jaxspin.plot.style import matplotlib
    from jaxspin.plot.sweeps import view_figure
    from jaxspin.plot.views import choose_view, observable_names
    from jaxspin.sweep import StoreError, open_store

    try:
        matplotlib()
        sweep = open_store(store)
    except (ImportError, StoreError) as error:
        raise ConfigError(str(error)) from None
    if out.resolve().is_relative_to(store.resolve()):
        raise ConfigError(f"--out {out}: this is inside the store {store}; expected a folder elsewhere")
    names = _names(observables) or observable_names(sweep)
    try:
        views = {name: choose_view(sweep, name, x, y, _held(sweep, at or ())) for name in names}
    except (KeyError, ValueError) as error:
        raise ConfigError(f"{store}: {error.args[0]}") from None
    with output_folder(out) as folder, meter(f"drawing {store}"):
        for name, view in views.items():
            view_figure(view).savefig(folder / _file(name))
    for name in views:
        print(f"wrote {out / _file(name)}")
    return 0


def _names(written: str | None) -> list[str]:
    return [name.strip() for name in (written or "").split(",") if name.strip()]


def _file(name: str) -> str:
    return re.sub(r"[^\w .+-]|^\.", "_", name) + ".png"


def _held(sweep: "xr.Dataset", settings: Iterable[str]) -> dict[str, float]:
    """Values of the inputs to hold, each in the unit of its axis. Raises `KeyError`, `ConfigError` or `UnitError`."""
    from jaxspin.core import unknown_name
    from jaxspin.io import ConfigError, UnitError, parse
    from jaxspin.plot.views import input_names

    held = {}
    for setting in settings:
        name, equals, value = (part.strip() for part in setting.partition("="))
        if not (name and equals):
            raise ConfigError(f"--at {setting}: expected NAME=VALUE, like T='300 K'")
        if name not in input_names(sweep):
            raise KeyError(unknown_name("axis", name, input_names(sweep)))
        try:
            held[name] = parse(value, sweep[name].attrs.get("units", "1"))
        except UnitError as error:
            raise UnitError(f"--at {name}: {error}") from None
    return held
