"""The figures and every stated number of the paper on giant g-factors, recomputed, and a honeycomb beyond it.

    python experiments/polariton/run.py [--out results/polariton] [--readme] [--points 101] [--workers 1]

Prints the table *published | ours | deviation*; writes figures, maps (g_eff.zarr, probability_101.zarr), results.json
and tables.md to --out, and with --readme the tables into README.md beside this file. Stopped during the map, the same
command goes on where it was.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)

import figures  # noqa: E402
import honeycomb  # noqa: E402
import maps  # noqa: E402
import statements  # noqa: E402

from jaxspin import io  # noqa: E402
from jaxspin.core import Status  # noqa: E402

HERE = Path(__file__).parent


def on_the_map(factor: Any, chance: Any) -> list[statements.Row]:
    """What the text says of figure 3 as a whole."""
    stable, fold = maps.states(chance)
    p, P, error = chance["p"].values, chance["P"].values, chance["stderr"].values
    above = p[:, None] > fold[None]
    count = int(((stable == 2) == above).sum())
    single = P[stable == 1]
    strong = factor["g_eff"].where(factor["p"] < factor["p_f"])
    best = factor.isel(strong.argmax(...))
    undecided = int((chance["status"].values != Status.OK).sum())
    mean = float(P[above].mean())
    return [
        statements.said(
            "fig. 3(b)",
            "the fold brings the stable state with anti-aligned field",
            f"two stable states above p_f(δ), one below, at {count} of {P.size} points",
            count == P.size,
        ),
        statements.said(
            "p. 4, fig. 3(b)",
            "P = 1 wherever a single configuration is stable",
            f"{single.mean():.4f} on average over {single.size} points; {mean:.3f} over the {above.sum()} others",
            bool((single == 1).all()),
        ),
        statements.said(
            "fig. 3(b)",
            "200 realizations a point",
            f"standard error up to {error.max():.3f}; {undecided} points with undecided realizations",
            undecided == 0,
        ),
        statements.said(
            "p. 4, fig. 3",
            "best where bifurcation is close: enhancement with certain direction",
            f"largest g_eff on the map with a single stable state: {float(best['g_eff']):.0f} at "
            f"p = {float(best['p']):.2f}, δ = {float(best['delta']):.3f}",
            float(best["p_f"] - best["p"]) < 0.02,
        ),
    ]


def of_the_lattice(comb: dict[str, Any]) -> list[statements.Row]:
    """The gap that the paper expects for lattices."""
    i = len(comb["p"]) - 1
    share = (comb["gap"][i] - comb["delta"]) / (comb["field"][i] - comb["delta"])
    enlarged = comb["gap"][i] / comb["delta"]
    return [
        statements.number("p. 4", "self-induced splitting of excitations in units of a s_z (α₂ = 0)", 1.0, share),
        statements.said(
            "p. 1, 4",
            "the enhanced field opens a topological gap in lattices",
            f"honeycomb, a = {honeycomb.A:g}, g = {honeycomb.G:g}, δ = {honeycomb.FIELD:g}: C = "
            f"{round(comb['chern'][0]):d} at p = {comb['p'][0]:.2f}, {round(comb['chern'][i]):d} from "
            f"{comb['p'][np.argmax(np.abs(comb['chern']) > 0.5)]:.2f} on; at p = {comb['p'][i]:.2f} the gap is "
            f"{enlarged:.0f} δ",
            abs(comb["chern"][i]) > 0.5,
        ),
    ]


def markdown(rows: list[statements.Row], beginnings: list[statements.Row]) -> str:
    """The tables of README.md."""
    numbers, words = [row for row in rows if "published" in row], [row for row in rows if "holds" in row]
    cells = []
    for row in numbers:
        error = f" ± {row['stderr']:.3f}" if "stderr" in row else ""
        ours = f"{row['ours']:.3f}{error}" if error else f"{row['ours']:.9g}"
        cells.append([row["where"], row["what"], f"{row['published']:.9g}", ours, f"{row['deviation']:.1e}"])
    told = [[row["where"], row["what"], row["ours"], "yes" if row["holds"] else "**no**"] for row in words]
    starts = [[row["start"], *(f"{value:.3f} ± {error:.3f}" for value, error in row["P"])] for row in beginnings]
    return "\n\n".join(
        [
            "### Published | ours | deviation",
            io.markdown_table(["in the paper", "quantity", "published", "ours", "deviation"], cells),
            "### Statements without one number",
            io.markdown_table(["in the paper", "it says", "ours", "reproduced"], told),
            f"### Probability of the aligned state for other beginnings, δ = {statements.FIELD:g}",
            io.markdown_table(["start", "p = 0.52", "p = 0.6", "p = 0.8"], starts),
        ]
    )


def main(out: Path, readme: bool, points: int, workers: int) -> None:
    """Everything, in order, with what is printed."""
    begin = time.perf_counter()
    out.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {"realizations": maps.REALIZATIONS, "radius": maps.RADIUS}
    found["g_eff"] = maps.g_factor_map(out)
    found["P"] = maps.probability_map(out, points, workers)
    found["honeycomb"] = honeycomb.results()
    rows = [*statements.rows(), *on_the_map(found["g_eff"], found["P"]), *of_the_lattice(found["honeycomb"])]
    beginnings = statements.beginnings()
    text = markdown(rows, beginnings)
    print("\n" + text)

    comb = {
        name: np.asarray(value).tolist() for name, value in found["honeycomb"].items() if name not in ("bands", "close")
    }
    results = {"statements": rows, "beginnings": beginnings, "honeycomb": comb}
    io.write_text(out / "results.json", json.dumps(results, indent=1, default=float) + "\n")
    io.write_text(out / "tables.md", text + "\n")
    if readme:
        io.fill_page(HERE / "README.md", text, "run.py")
    for name, draw in figures.FIGURES.items():
        draw(found).savefig(out / f"{name}.png")
    written = ", ".join(["results.json", "tables.md", *(f"{name}.png" for name in figures.FIGURES)])
    print(f"\nwrote {written} in {out} ({time.perf_counter() - begin:.0f} s)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", type=Path, default=Path("results/polariton"), help="folder for the results")
    parser.add_argument("--readme", action="store_true", help="write the tables into the README of this experiment")
    parser.add_argument("--points", type=int, default=101, help="points along each axis of the map of probabilities")
    parser.add_argument("--workers", type=int, default=1, help="processes that share that map")
    given = parser.parse_args()
    main(given.out, given.readme, given.points, given.workers)
