"""Chaotic quantum dots: figure 2 with the exact ensemble, every limit of the text, and the inversion of a measurement.

    python experiments/quantum_dot/run.py [--out results/quantum_dot] [--readme]

Prints the tables; writes figures, results.json, ensembles.json and tables.md to --out, and with --readme the tables
into README.md beside this file. Stopped during the ensembles, the same command goes on where it was.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import jax

jax.config.update("jax_enable_x64", True)

import ensembles  # noqa: E402
import figures  # noqa: E402
import inversion  # noqa: E402
import numpy as np  # noqa: E402
import statements  # noqa: E402

from jaxspin import io  # noqa: E402

HERE = Path(__file__).parent


def stated(rows: list[statements.Row]) -> str:
    """The table *published | ours | deviation*, and statements without a number."""
    numbers, words = [row for row in rows if "published" in row], [row for row in rows if "holds" in row]
    cells = [
        [row["where"], row["what"], f"{row['published']:g}", f"{row['ours']:.9g}", f"{row['deviation']:.1e}"]
        for row in numbers
    ]
    told = [[row["where"], row["what"], row["ours"], "yes" if row["holds"] else "**no**"] for row in words]
    return "\n\n".join(
        [
            "### Published | ours | deviation",
            io.markdown_table(["in the paper", "quantity", "published", "ours", "deviation"], cells),
            "### Statements without one number",
            io.markdown_table(["in the paper", "it says", "ours", "reproduced"], told),
        ]
    )


def drawn(points: list[dict[str, Any]]) -> str:
    """Figure 2 in numbers: the ensemble beside the closed form, at N = 20."""
    cells = [
        [
            "∞" if row["a"] == "inf" else f"{row['a']:g}",
            f"{row['x']:g}",
            *(
                cell
                for name in ("weak", "variance")
                for cell in (f"{row[f'{name}_closed']:.3f}", f"{row[name]:.3f} ± {row[f'{name}_error']:.3f}")
            ),
        ]
        for row in points
    ]
    header = ["a", "x", "⟨δG⟩ (13)", "ensemble", "var G (14)", "ensemble"]
    return "### Figure 2, N₁ = N₂ = 10, in units of N₁N₂/N² and its square\n\n" + io.markdown_table(header, cells)


def inverted(calibration: Any, distinct: list[dict[str, Any]], choices: list[dict[str, Any]]) -> str:
    """Calibration, where the times cannot be told apart, and which coupling the data prefer."""
    deviation = np.asarray((calibration.values - calibration.truth[None]) / calibration.stderr)
    cells = [
        [
            name,
            f"{calibration.truth[j]:g} ns",
            f"{100 * np.mean(calibration.stderr[:, j]) / calibration.truth[j]:.2g} %",
            f"{100 * calibration.fraction[name]:.1f} ± {100 * calibration.standard_error:.1f} %",
            f"{deviation[:, j].mean():+.2f} ± {len(deviation) ** -0.5:.2f}",
            f"{deviation[:, j].std():.2f} ± {(2 * len(deviation)) ** -0.5:.2f}",
        ]
        for j, name in enumerate(calibration.names)
    ]
    header = ["parameter", "truth", "standard error", "95 % intervals that hold it", "mean pull", "spread of pulls"]
    parts = [
        f"### Inversion: {len(deviation)} synthetic curves, two temperatures, 2 % noise",
        io.markdown_table(header, cells),
    ]

    size = lambda value: f"{100 * value:.2g} %" if np.isfinite(value) else "∞"
    cells = []
    for row in distinct:
        shown = [size(each) for key in ("one", "both") for each in row[key]["stderr"]]
        said = "; ".join(row["one"]["null"]) or f"correlation {row['one']['correlation']:+.6f}"
        cells.append([f"{row['tau_so']:g}", *shown, said])
    header = ["τ_so (ns)", "τ_so, 0.1 K alone", "τ_φ", "τ_so, both", "τ_φ", "the report of the fit at 0.1 K alone"]
    parts += [
        "### Where the two times become indistinguishable (τ_φ = τ_so/4 at 0.1 K)",
        io.markdown_table(header, cells),
    ]

    cells = [
        [
            row["truth"],
            f"{row['right']} of {row['copies']}",
            f"{row['log_odds'][0]:.0f} / {row['log_odds'][1]:.0f}",
            *(f"{row['left_out'][kind]:.2f}" for kind in inversion.RIVALS),
            *(f"{row['chi2'][kind] / row['dof']:.2f}" for kind in inversion.RIVALS),
        ]
        for row in choices
    ]
    header = ["data from coupling that is", "evidence prefers the truth", "log odds (worst / median)"]
    header += [f"left-out χ² per datum, {kind}" for kind in inversion.RIVALS]
    header += [f"χ²/dof, {kind}" for kind in inversion.RIVALS]
    parts += ["### Gate-tuned or uniform?", io.markdown_table(header, cells)]
    return "\n\n".join(parts)


def main(out: Path, readme: bool) -> None:
    """Everything, in order, with what is printed."""
    begin = time.perf_counter()
    out.mkdir(parents=True, exist_ok=True)
    rows = statements.rows()
    found: dict[str, Any] = {
        "ensembles": ensembles.all_rows(out),
        "calibration": inversion.calibration(),
        "distinguishability": inversion.distinguishability(),
        "example": inversion.example(),
    }
    choices = inversion.choice()
    text = "\n\n".join(
        [
            stated(rows),
            drawn(found["ensembles"]["figure 2"]),
            ensembles.tables(found["ensembles"]),
            inverted(found["calibration"], found["distinguishability"], choices),
        ]
    )
    print("\n" + text)
    results = {"statements": rows, "distinguishability": found["distinguishability"], "choice": choices}
    io.write_text(out / "results.json", json.dumps(results, indent=1, default=float) + "\n")
    io.write_text(out / "tables.md", text + "\n")
    if readme:
        io.fill_page(HERE / "README.md", text, "run.py")
    for name, draw in figures.FIGURES.items():
        draw(found).savefig(out / f"{name}.png")
    print(
        f"\nwrote results.json, tables.md, {', '.join(figures.FIGURES)} in {out} ({time.perf_counter() - begin:.0f} s)"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", type=Path, default=Path("results/quantum_dot"), help="folder for the results")
    parser.add_argument("--readme", action="store_true", help="write the tables into the README of this experiment")
    given = parser.parse_args()
    main(given.out, given.readme)
