"""Figures and statements of the paper on a single-parameter spin pump, recomputed.

    python experiments/spin_pump/run.py [--out results/spin_pump] [--readme]

Prints the tables; writes figures, results.json and tables.md to --out, and with --readme the tables into README.md
beside this file. The optimum and the inversion have their own scripts, design.py and inversion.py.
"""

import argparse
import json
import time
from pathlib import Path

import jax

jax.config.update("jax_enable_x64", True)

import figures  # noqa: E402
import maps  # noqa: E402
import statements  # noqa: E402

from jaxspin import io  # noqa: E402
from jaxspin.core import Status  # noqa: E402

HERE = Path(__file__).parent


def markdown(known: list[statements.Row], claims: dict[str, list[statements.Row]]) -> str:
    """The tables of README.md."""
    numbers = [
        [row["where"], row["what"], f"{row['known']:.9g}", f"{row['ours']:.9g}", f"{row['deviation']:.1e}"]
        for row in known
    ]
    parts = [
        "### Published | ours | deviation: numbers",
        "The paper prints no number of its figures; these are known for its parameters from independent calculations.",
        io.markdown_table(["belongs to", "quantity (e γ/h)", "known", "ours", "deviation"], numbers),
    ]
    for name, rows in claims.items():
        told = [[row["where"], row["what"], row["ours"], "yes" if row["holds"] else "**no**"] for row in rows]
        header = ["in the paper", "published: it says", "ours", "reproduced"]
        parts += [f"### Published | ours | deviation: statements, {name}", io.markdown_table(header, told)]
    return "\n\n".join(parts)


def main(out: Path, readme: bool) -> None:
    """Everything, in order, with what is printed."""
    begin = time.perf_counter()
    out.mkdir(parents=True, exist_ok=True)
    found = maps.maps()
    for name in maps.LEVELS:
        unsolved = int((found[name]["status"] != Status.OK).sum())
        print(f"{name}: map of {found[name]['I'].size} points, {unsolved} fluxes not converged")
    known, claims = statements.known(), {name: statements.claims(found, name) for name in maps.LEVELS}
    text = markdown(known, claims)
    print("\n" + text)
    io.write_text(out / "results.json", json.dumps({"known": known, "claims": claims}, indent=1) + "\n")
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
    parser.add_argument("--out", type=Path, default=Path("results/spin_pump"), help="folder for the results")
    parser.add_argument("--readme", action="store_true", help="write the tables into the README of this experiment")
    given = parser.parse_args()
    main(given.out, given.readme)
