"""Switching by spin-orbit torque alone: figure 5, the table that shows a toggle, and what makes polarity decide.

    python experiments/ferrimagnet/switching.py [--out results/ferrimagnet] [--readme]

Two-sublattice micromagnetics of a model film (the paper's own parameters are not public): the window of currents in
which a square toggles; the paper's two pulses on a Hall cross, 64 ns in all; the 2 x 2 table of final states (start
+-z, current +-j) without and with each of four terms that break the mirror y -> -y; and the loop's offset in H_x that
each of them makes. Every pulse is kept in OUT/switching_runs once computed: a stopped run goes on where it was.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)

from switching_figures import cross_figure, loop_figure, window_figure  # noqa: E402
from switching_runs import (  # noqa: E402
    CELL,
    EXCHANGE,
    FILM,
    LENGTH,
    OFF,
    ON,
    SIDE,
    SQUARE,
    WIDTH,
    Case,
    figure_five,
    four,
    hall_cross,
    outcome,
    pulse_all,
    table_of,
    two,
)  # fmt: skip

from jaxspin import io  # noqa: E402
from jaxspin.micromagnetics.mesh import Mesh  # noqa: E402
from jaxspin.micromagnetics.symmetry import check_switching_symmetry  # noqa: E402
from jaxspin.systems.ferrimagnet import simulation as sim  # noqa: E402

HERE = Path(__file__).parent

CURRENTS = (3.0e12, 3.5e12, 3.65e12, 3.7e12, 3.8e12, 4.3e12)  # A/m2
STIFF = 19.0  # T
BELOW, TOGGLE, ABOVE = 3.5e12, 3.7e12, 4.3e12
BREAKING = {  # parameter of the film, sizes, unit for the table
    "H_x": ("field_x", (0.005, 0.02, 0.05), 1e-3, "mT"),
    "p_z/p_y": ("polarization_z", (0.05, 0.15, 0.4), 1.0, ""),
    "tilt in yz": ("axis_tilt", (np.deg2rad(1), np.deg2rad(3), np.deg2rad(8)), np.deg2rad(1), "°"),
    "dK/dy": ("anisotropy_slope", (0.05, 0.15, 0.4), 1.0, "of K"),
}
FIELDS = (-0.2, -0.12, -0.08, -0.05, -0.025, 0.0, 0.025, 0.05, 0.08, 0.12, 0.2)  # T, of the loop
CROSS_CURRENT = 3.6e12
SAID, EARLY = (0.0, 20e-9, 32e-9, 52e-9, 63.9e-9), 20e-12  # s
CROSS_CELLS = (3e-9, 6e-9)  # m; what is drawn is the first


def plain_tables(store: Path) -> list[list[str]]:
    """The 2 x 2 table at each of three currents."""
    rows = []
    cases = pulse_all([case for j in (BELOW, TOGGLE, ABOVE) for case in four(j)], store)
    for j in (BELOW, TOGGLE, ABOVE):
        table = table_of(cases, j, ())
        rows.append([f"{j / 1e12:.1f}", *(f"{value:+.2f}" for value in table.ravel()), outcome(table)])
    return rows


def stiff_row(window: dict[Case, np.ndarray], store: Path) -> list[list[str]]:
    """Final <m_z> from +z at every current, at the exchange field used here and at a larger one."""
    changes = (("exchange_field", STIFF),)
    stiff = pulse_all([Case(j, changes=changes) for j in CURRENTS], store)
    return [
        [f"{exchange:g} T", *(f"{found[Case(j, changes=change)][-1]:+.2f}" for j in CURRENTS)]
        for exchange, change, found in ((EXCHANGE, (), window), (STIFF, changes, stiff))
    ]


def verdict(film: sim.SwitchingFilm) -> tuple[str, str]:
    """What the mirrors say of a film, and which term breaks the one that makes it toggle."""
    found = check_switching_symmetry(sim.magnet(film, SQUARE, 1e12, sim.one_pulse(ON)), times=(ON / 2,))
    return found.verdict, ", ".join(found.broken_by) or "nothing"


def breaking_tables(store: Path) -> list[list[str]]:
    """What each term does to the table, at each size, below and above the oscillation threshold."""
    changes = {
        (name, size): ((parameter, size),) for name, (parameter, sizes, *_) in BREAKING.items() for size in sizes
    }
    cases = pulse_all([case for j in (TOGGLE, ABOVE) for change in changes.values() for case in two(j, change)], store)
    rows = []
    for (name, size), change in changes.items():
        _, _, unit, symbol = BREAKING[name]
        said, by = verdict(Case(TOGGLE, changes=change).film())
        seen = [outcome(table_of(cases, j, change)) for j in (TOGGLE, ABOVE)]
        rows.append([f"{name} = {size / unit:.3g} {symbol}".strip(), said, by, *seen])
    return rows


def polarity(table: np.ndarray) -> float:
    """+1 where +j leaves +z and -j leaves -z from either start, -1 the other way round, 0 for a toggle."""
    return float(np.mean(np.clip(table[:, 0] - table[:, 1], -2, 2)) / 2)


def loops(store: Path) -> dict[str, Any]:
    """Polarity against H_x for the film as it is and with each term at its largest size, at the toggling current."""
    added: dict[str, tuple[tuple[str, float], ...]] = {"none": ()}
    added |= {
        f"{name} = {sizes[-1] / unit:.3g} {symbol}".strip(): ((parameter, sizes[-1]),)
        for name, (parameter, sizes, unit, symbol) in BREAKING.items()
        if name != "H_x"
    }
    with_field = lambda change, H: (*change, ("field_x", H))
    cases = pulse_all(
        [case for change in added.values() for H in FIELDS for case in two(TOGGLE, with_field(change, H))], store
    )
    curves = {
        name: [polarity(table_of(cases, TOGGLE, with_field(change, H))) for H in FIELDS]
        for name, change in added.items()
    }
    return {"fields": FIELDS, "polarity": curves, "offset": {name: offset(curve) for name, curve in curves.items()}}


def offset(curve: list[float]) -> float | None:
    """Centre of the fields between which polarity does not decide [T], None if it decides the same way throughout."""
    values, H = np.asarray(curve), np.asarray(FIELDS)
    up, down = H[values > 0.5], H[values < -0.5]
    if not (up.size and down.size):
        return None
    inner = (up.min(), down.max()) if up.mean() > down.mean() else (up.max(), down.min())
    return float(np.mean(inner))


def cross_numbers(mesh: Mesh, times: np.ndarray, m_z: np.ndarray, m: np.ndarray) -> dict[str, Any]:
    """Tilt at rest, where the reversal starts, and when the wall passes the middle of the bar [s]."""
    inside = np.asarray(mesh.magnetic)[:, :, 0]
    up = np.where(inside, m[..., 2], np.inf)
    early = int(np.searchsorted(times, EARLY))
    lowest = np.unravel_index(np.argmin(up[early]), inside.shape)
    around = np.pad(inside, 1)[lowest[0] : lowest[0] + 3, lowest[1] : lowest[1] + 3]
    first = times < 2e-9
    reached = np.stack([np.asarray(sim.wall_positions(mesh, jnp.asarray(frame[..., 2]))) for frame in m[first]])
    rows = np.flatnonzero(inside[0])  # of the bar along x
    at = {"lower edge": rows[0], "axis": rows[len(rows) // 2], "upper edge": rows[-1]}
    return {
        "m_z": [float(m_z[np.argmin(np.abs(times - t))]) for t in SAID],
        "tilt": float(sim.edge_tilt(mesh, jnp.asarray(m[0]))),
        "theory": float(FILM.tilt_near_edge(mesh.cell[0] / 2)),
        "nucleated": float(times[int(np.argmax((up < 0).any(axis=(1, 2))))]),
        "where": [float((index + 0.5) * mesh.cell[0]) for index in lowest],
        "on_outline": not bool(around.all()),
        "halfway": {name: _crossing(times[first], reached[:, row], LENGTH / 2) for name, row in at.items()},
    }


def _crossing(times: np.ndarray, values: np.ndarray, level: float) -> float:
    """The first time at which values pass the level, by straight lines; NaN if they never do."""
    after = int(np.argmax(values > level))
    if after == 0:
        return float("nan")
    part = (level - values[after - 1]) / (values[after] - values[after - 1])
    return float(times[after - 1] + part * (times[after] - times[after - 1]))


def main(out: Path, readme: bool) -> None:
    """Compute, print, draw, write."""
    store = out / "switching_runs"
    window = pulse_all([Case(j) for j in CURRENTS], store)
    window_figure(window).savefig(_made(out) / "switching_window.png")
    plain = plain_tables(store)
    print(io.markdown_table(PLAIN, plain), flush=True)
    broken = breaking_tables(store)
    print(io.markdown_table(BROKEN, broken), flush=True)
    loop = loops(store)
    stiff = stiff_row(window, store)
    print(io.markdown_table(WINDOW, stiff), flush=True)
    loop_figure(loop).savefig(out / "switching_loops.png")
    crosses = {}
    for cell in CROSS_CELLS:
        mesh = hall_cross(cell)
        times, m_z, m = figure_five(mesh, CROSS_CURRENT, store)
        crosses[f"{1e9 * cell:.0f} nm"] = cross_numbers(mesh, times, m_z, m)
        if cell == CROSS_CELLS[0]:
            cross_figure(1e9 * times, m_z, m, mesh).savefig(out / "switching_cross.png")
    found = {"plain": plain, "window": stiff, "breaking": broken, "loop": loop, "cross": crosses}
    io.write_text(out / "switching.json", json.dumps(found, indent=1) + "\n")
    text = page(plain, stiff, broken, loop, crosses)
    print(text)
    if readme:
        io.fill_page(HERE / "README.md", text, "switching.py")


WINDOW = ["exchange field", *(f"{j / 1e12:g}" for j in CURRENTS)]
PLAIN = ["j (1e12 A/m²)", "+z, +j", "+z, -j", "-z, +j", "-z, -j", "what it is"]
BROKEN = ["term", "symmetry check", "broken by", f"{TOGGLE / 1e12:.1f}e12 A/m²", f"{ABOVE / 1e12:.1f}e12 A/m²"]


def page(plain: Any, stiff: Any, broken: Any, loop: Any, crosses: dict[str, dict[str, Any]]) -> str:
    """The README's section."""
    columns = map(cross_column, crosses.values())
    said, _ = verdict(FILM)
    lines = [
        "### Final <m_z> of the first sublattice: a toggle\n\n"
        f"Pulse of {1e9 * ON:.1f} ns, {1e9 * OFF:.1f} ns of rest, square of "
        f"{SIDE} x {SIDE} cells of {1e9 * CELL:.0f} nm. The symmetry check says: **{said}**.",
        io.markdown_table(PLAIN, plain),
        "### From +z at every current (1e12 A/m²), and with a larger exchange field",
        io.markdown_table(WINDOW, stiff),
        "### With one term that breaks the mirror",
        io.markdown_table(BROKEN, broken),
        "### Offset of the loop in H_x",
        io.markdown_table(
            ["term", *(f"{1e3 * H:+.0f} mT" for H in FIELDS), "offset (mT)"],
            [
                [
                    name,
                    *(f"{value:+.2f}" for value in curve),
                    "none seen" if loop["offset"][name] is None else f"{1e3 * loop['offset'][name]:+.0f}",
                ]
                for name, curve in loop["polarity"].items()
            ],
        ),
        f"### The two pulses on the cross\n\n{1e9 * LENGTH:.0f} nm long, {1e9 * WIDTH:.0f} nm wide, from rest next to "
        f"+z, {CROSS_CURRENT / 1e12:g}e12 A/m².",
        io.markdown_table(["cells of", *crosses], [list(row) for row in zip(CROSS_ROWS, *columns, strict=True)]),
    ]
    return "\n\n".join(lines)


def cross_column(numbers: dict[str, Any]) -> list[str]:
    """What there is to say of the cross in one mesh, below its heading."""
    x, y = (1e9 * value for value in numbers["where"])
    place = "on the outline" if numbers["on_outline"] else "inside"
    return [
        ", ".join(f"{value:+.3f}" for value in numbers["m_z"]),
        f"{numbers['tilt']:.4f}",
        f"{numbers['theory']:.4f}",
        f"({x:.1f}, {y:.1f}) nm, {place}",
        *(f"{1e12 * time:.0f}" for time in (numbers["nucleated"], *numbers["halfway"].values())),
    ]


CROSS_ROWS = (
    "<m_z> at " + ", ".join(f"{1e9 * t:.0f}" for t in SAID) + " ns",
    "edge tilt at rest, half a cell from the edge",
    "the same of a straight edge, closed form",
    f"lowest m_z {1e12 * EARLY:.0f} ps after the onset, at",
    "first cell past the plane (ps)",
    "half of the bar reversed along its lower edge (ps)",
    "half of the bar reversed along its axis (ps)",
    "half of the bar reversed along its upper edge (ps)",
)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--out", type=Path, default=Path("results/ferrimagnet"), help="folder for figures and runs")
    parser.add_argument("--readme", action="store_true", help="write the tables into the README of this experiment")
    given = parser.parse_args()
    main(given.out, given.readme)
