"""The standard problems of micromagnetics, recomputed: table *published | ours | deviation* and figures.

    python experiments/micromagnetics/run.py [--out results/micromagnetics] [--readme] [--only SP3 DMI ...] [--full]

Each problem writes its numbers to --out as soon as it ends, and the table is made of all that are there: stopped, the
same command with --only goes on. --full takes finer cells too: 2.5 nm in dynamics, 0.5 nm in the disk, 30 to a cube.
"""

import argparse
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)

import dynamics  # noqa: E402
import figures  # noqa: E402
import statics  # noqa: E402

from jaxspin import io  # noqa: E402

HERE = Path(__file__).parent


def problems(full: bool) -> dict[str, Callable[[], tuple[list[dict[str, Any]], dict[str, Any]]]]:
    """By name, in the order of the table."""
    size = {"5 nm": 5.0, "2.5 nm": 2.5} if full else {"5 nm": 5.0}
    found = {"SP2": statics.problem_2, "SP3": partial(statics.problem_3, (10, 20, 30) if full else (10, 20))}
    for field in (1, 2):
        found |= {f"SP4-{field}, {name}": partial(dynamics.problem_4, field, h) for name, h in size.items()}
    found |= {f"SP5, {name}": partial(dynamics.problem_5, h) for name, h in size.items()}
    found |= {"DMI-1D": statics.dmi_1d, "DMI-2D, 1 nm": statics.dmi_2d}
    found |= {"DMI-2D, 0.5 nm": partial(statics.dmi_2d, 0.5)} if full else {}
    return found | {"FMR": dynamics.resonance}


def table(rows: list[dict[str, Any]]) -> str:
    """*published | ours | deviation*, computed."""
    cells = [
        [
            row["problem"],
            row["what"],
            f"{row['published']:.8g}",
            f"{row['ours']:.8g}",
            f"{row['ours'] - row['published']:+.2g}",
        ]
        for row in rows
    ]
    return io.markdown_table(["problem", "quantity", "published", "ours", "deviation"], cells)


def main(out: Path, readme: bool, only: list[str], full: bool) -> None:
    """Run what was asked for, then print and write what is known."""
    out.mkdir(parents=True, exist_ok=True)
    for name, solve in problems(full).items():
        if only and not any(name.startswith(each) for each in only):
            continue
        begin = time.perf_counter()
        rows, found = solve()
        kept = {"rows": rows, "found": found, "seconds": time.perf_counter() - begin}
        io.write_text(out / f"{name}.json", json.dumps(kept, default=_plain) + "\n")
        print(f"{name}: {kept['seconds']:.0f} s", flush=True)
    known = {name: out / f"{name}.json" for name in problems(True) if (out / f"{name}.json").exists()}
    results = {name: json.loads(path.read_text()) for name, path in known.items()}
    text = table([row for each in results.values() for row in each["rows"]])
    print("\n" + text)
    io.write_text(out / "table.md", text + "\n")
    if readme:
        io.fill_page(HERE / "README.md", text, "run.py")
    for name, draw in figures.FIGURES.items():
        figure = draw({key: each["found"] for key, each in results.items()})
        if figure is not None:
            figure.savefig(out / f"{name}.png")


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, (np.ndarray, np.generic, jax.Array)) else str(value)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", type=Path, default=Path("results/micromagnetics"), help="folder for the results")
    parser.add_argument("--readme", action="store_true", help="write the table into the README of this experiment")
    parser.add_argument("--only", nargs="*", default=[], help="names, or how they begin: SP2 SP3 SP4 SP5 DMI FMR")
    parser.add_argument("--full", action="store_true", help="also the finest cells")
    given = parser.parse_args()
    main(given.out, given.readme, given.only, given.full)
