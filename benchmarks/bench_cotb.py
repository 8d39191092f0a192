"""The published CoTb films: cost of a gradient, of many starts and of the first fit; and of importing jaxspin.

    python benchmarks/bench_cotb.py

Ratios to a peer or to the forward evaluation, measured in one run; compilation is timed apart.
"""

import subprocess
import sys
import time
from pathlib import Path

import jax

jax.config.update("jax_enable_x64", True)

from bench_fit import measure, show  # noqa: E402

from jaxspin import io  # noqa: E402
from jaxspin.cli.fitting import fit_arguments  # noqa: E402
from jaxspin.systems import load  # noqa: E402

RUN_FILE = Path(__file__).parents[1] / "experiments" / "ferrimagnet" / "run.toml"


def import_seconds(module: str, repeats: int = 5) -> float:
    """Best time of a fresh Python that imports one module, start-up of Python included."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
        times.append(time.perf_counter() - begin)
    return min(times)


if __name__ == "__main__":
    run = io.read_run(RUN_FILE)
    model = load(run.model.system)
    arguments = fit_arguments(run, model)
    given = {name: arguments[name] for name in ("tie", "prior", "solve")}
    show("published CoTb films", measure(model, arguments["start"], arguments["data"], arguments["free"], **given))
    ours, theirs = import_seconds("jaxspin, jax"), import_seconds("jax")
    print(f"\nimport jaxspin and jax {ours:.2f} s, import jax {theirs:.2f} s, ratio {ours / theirs:.2f} (wanted: 1.5)")
