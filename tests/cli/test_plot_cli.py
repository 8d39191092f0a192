"""`jaxspin plot`: figures of a stored sweep from the command line, and how it refuses."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from jaxspin.cli import main

pytest.importorskip("zarr", reason="stores need the extra jaxspin[sweep]")
from jaxspin import sweep
from jaxspin.core import Observable, Quantity, Task, observables


def field(values, *, solve, key):
    """A resonance field and a line width; infinite at zero frequency."""
    f, T, alpha = values["f"], values["T"], values["film.alpha"]
    return observables({"H_res": f / 35.2e3 * (1 + T / 1e4), "dH:mode": alpha / f * 1e9})


TASK = Task(
    "toy",
    field,
    {
        "f": Quantity("Hz", (0, 1e12), 1e9, "f", "frequency"),
        "T": Quantity("K", (0, 1e3), 1e2, "T", "temperature"),
        "film.alpha": Quantity("1", (0, 1), 1e-2, r"\alpha", "damping"),
    },
    {
        "H_res": Observable("A/m", r"H_\mathrm{res}", "resonance field", ("f", "T")),
        "dH:mode": Observable("A/m", r"\Delta H", "line width", ("f", "film.alpha")),
    },
    {"toy": 1},
)


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """Two sweeps of the toy: every combination of three inputs, one frequency being zero; and scattered points."""
    folder = tmp_path_factory.mktemp("stores")
    axes = {
        "f": np.linspace(0, 2e10, 6),
        "T": np.array([100.0, 200.0, 300.0]),
        "film.alpha": np.geomspace(1e-3, 0.1, 5),
    }
    sweep.run(TASK, sweep.product(axes), folder / "grid")
    sweep.run(
        TASK, sweep.sobol({"f": (1e9, 1e10), "T": (4.0, 300.0), "film.alpha": (1e-3, 1e-2)}, 64), folder / "sobol"
    )
    return folder


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def written(folder="."):
    return sorted(path.name for path in Path(folder).iterdir())


@pytest.mark.parametrize("kind", ["grid", "sobol"])
def test_every_observable_of_a_store_is_drawn(stores, kind, capsys):
    """Without --out into the folder we are in, under names that are safe for files."""
    before = sorted(stores.rglob("*"))
    assert main(["plot", str(stores / kind)]) == 0
    assert written() == ["H_res.png", "dH_mode.png"]
    assert set(capsys.readouterr().out.splitlines()) == {"wrote H_res.png", "wrote dH_mode.png"}
    assert sorted(stores.rglob("*")) == before


def test_one_observable_along_chosen_axes_with_the_rest_held(stores, capsys):
    arguments = ["--observables", "H_res", "--x", "f", "--at", "T=260 K", "--at", "film.alpha=0.01", "--out", "a/b"]
    assert main(["plot", str(stores / "grid"), *arguments]) == 0
    assert written("a/b") == ["H_res.png"]
    assert capsys.readouterr().out == "wrote a/b/H_res.png\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--observables", "H_rez"], "unknown observable 'H_rez'; did you mean 'H_res'"),
        (["--x", "alpha"], "unknown axis 'alpha'; did you mean 'film.alpha'"),
        (["--at", "temperature=3 K"], "unknown axis 'temperature'"),
        (["--at", "T"], "--at T: expected NAME=VALUE"),
        (["--at", "T=300"], "--at T: '300' has no unit: expected a number with a unit like 'K'"),
        (["--at", "T=3 mT"], "--at T: unit 'mT' does not fit"),
        (["--at", "T=900 K"], "T = 900 K is not in the sweep, which goes from 100 K to 300 K"),
        (["--x", "T", "--y", "T"], "two different axes"),
        (["--out", "{store}/figures"], "this is inside the store"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(stores, arguments, words, capsys):
    store = str(stores / "grid")
    before = sorted(stores.rglob("*"))
    assert main(["plot", store, *(each.format(store=store) for each in arguments)]) == 2
    shown = capsys.readouterr()
    assert words in shown.err
    assert (shown.out, shown.err.count("\n")) == ("", 1)
    assert written() == []
    assert sorted(stores.rglob("*")) == before


def test_what_is_no_store_is_refused(capsys):
    Path("folder").mkdir()
    for name in ("folder", "nowhere"):
        assert main(["plot", name]) == 2
        shown = capsys.readouterr().err
        assert name in shown
        assert shown.count("\n") == 1


def test_a_damaged_chunk_is_one_line(stores, tmp_path, capsys):
    """The data of an observable cut short: the checksum tells, and the sweep is the one to mend it."""
    shutil.copytree(stores / "grid", tmp_path / "damaged")
    for chunk in (tmp_path / "damaged" / "H_res" / "c").rglob("*"):
        if chunk.is_file():
            chunk.write_bytes(chunk.read_bytes()[:-7])
    assert main(["plot", "damaged"]) == 2
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1
    assert "damaged: 'H_res' cannot be read" in shown
    assert written() == ["damaged"]


def test_without_matplotlib_one_line_says_how_to_get_it(stores, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "cmcrameri", None)
    assert main(["plot", str(stores / "grid")]) == 2
    assert capsys.readouterr().err == (
        "jaxspin: error: figures need matplotlib and cmcrameri: pip install 'jaxspin[plot]'\n"
    )
    assert written() == []
