"""Global fit of the published values of graded CoTb films, and what stands behind it.

    python experiments/ferrimagnet/run.py [--out results/ferrimagnet] [--readme]

Prints the fit and the table *published | ours | deviation*; writes fit.json, tests.json, tables.md, figures to --out,
and with --readme the tables into README.md beside this file. The designs that follow are made by design.py, the maps by
maps.py.
"""

import argparse
import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

jax.config.update("jax_enable_x64", True)

import figures  # noqa: E402
import tables  # noqa: E402
from statements import statements  # noqa: E402

from jaxspin import inverse, io  # noqa: E402
from jaxspin.cli.fitting import fit_arguments  # noqa: E402
from jaxspin.core import ForwardModel, Status, quantities, replace  # noqa: E402
from jaxspin.systems import load  # noqa: E402

HERE = Path(__file__).parent
PATIENT = inverse.LevenbergMarquardt(max_steps=500)
WIDE, NARROW = 1e3, 1e-4  # of a parameter's scale: a prior that leaves it free, one that holds it


@dataclasses.dataclass(frozen=True)
class Published:
    """The published values: table of the file, data of the fit, its other arguments."""

    model: ForwardModel
    table: io.Table
    data: inverse.Dataset
    arguments: dict[str, Any]

    @classmethod
    def read(cls, run_file: Path) -> "Published":
        """From the run file and the table it names."""
        run = io.read_run(run_file)
        model = load(run.model.system)
        arguments = fit_arguments(run, model)
        (data,) = arguments.pop("data")
        return cls(model, io.read_table(run.data[0].file), data, arguments)

    def widened(self, factor: Float[np.ndarray, " rows"]) -> inverse.Dataset:
        """The data with the error of each row multiplied; a row is withheld by a huge factor."""
        measured = {
            name: eqx.tree_at(lambda m: m.sigma, m, m.sigma * jnp.asarray(factor)[m.rows])
            for name, m in self.data.measurements.items()
        }
        return inverse.Dataset(self.data.conditions, measured, self.data.name)

    def rows(self, column: str, value: str) -> np.ndarray:
        """Which rows have that text in that column."""
        return np.array([cell == value for cell in self.table.text(column)])

    def fit(self, data: inverse.Dataset | None = None) -> inverse.FitResult:
        """The fit of the run file, to these or other data."""
        return inverse.fit(self.model, data=data or self.data, **self.arguments)


def held_out(published: Published, film: str) -> list[dict[str, Any]]:
    """Predict a film from all the others: mean and 95 % interval of each of its values."""
    rows = published.rows("film", film)
    fit = published.fit(published.widened(np.where(rows, 1e6, 1.0)))
    found = []
    for name, seen in fit.residuals[published.data.name].items():
        sigma = published.data.measurements[name].sigma
        for i, row in enumerate(seen.rows.tolist()):
            if rows[row]:
                mean, band = float(seen.predicted[i]), float(seen.band[i])
                off = (float(seen.observed[i]) - mean) / np.hypot(band, float(sigma[i]))
                found.append({"row": row, "observable": name, "mean": mean, "stderr": band, "deviation": off})
    return found


def sensitivity(published: Published) -> list[dict[str, Any]]:
    """The fit with other choices for the errors that the paper does not give."""
    about, limit = published.rows("error", "about"), published.rows("error", "limit")
    choices = {
        "as chosen: 10 %": np.ones(len(about)),
        "about values 5 %": np.where(about, 0.5, 1.0),
        "about values 20 %": np.where(about, 2.0, 1.0),
        "limits half as wide": np.where(limit, 0.5, 1.0),
        "limits twice as wide": np.where(limit, 2.0, 1.0),
    }
    return [{"choice": name, **tables.summary(published.fit(published.widened(f)))} for name, f in choices.items()]


def variants(published: Published, fit: inverse.FitResult) -> tuple[list[dict[str, Any]], list[str]]:
    """Other laws tried on the same data, and the directions that no published value determines.

    One problem in which every parameter varies: wide priors free those that a law leaves open, narrow ones hold the
    others. So all laws share one compilation, and its Jacobian tells which combinations the data leave open.
    """
    known, own = quantities(published.model.parameters), dict(published.arguments["prior"])
    laws: dict[str, dict[str, float | None]] = {
        "the fit above": {},
        "torque follows the gradient, n = -1": {"theta_exponent": -1.0},
        "thickness exponent n of the torque free": {"theta_exponent": None},
        "bias H_0 that keeps its sign free": {"bias_field": None},
        "n and H_0 free": {"theta_exponent": None, "bias_field": None},
        "loop vanishes at -H_DMI, zeta = 1": {"dmi_bias": 1.0},
        "no shift of compensation by layering, s = 0": {"layering_shift": 0.0, "compensation": None},
    }
    found, null = [], []
    for law, change in laws.items():
        held = {name: value for name, value in change.items() if value is not None}
        free = (set(fit.names) | {name for name, value in change.items() if value is None}) - set(held)
        start = replace(fit.params, held | ({"compensation": 0.31} if "compensation" in change else {}))
        prior = {
            name: inverse.Gaussian(getattr(start, name), (WIDE if name in free else NARROW) * each.scale)
            for name, each in known.items()
        } | own
        try:
            result = inverse.fit(published.model, start, published.data, free=tuple(known), prior=prior, method=PATIENT)
        except inverse.FitError as error:  # told in the table by its status
            result = error.result
        measured = int(jnp.sum(result.problem.observed().limit == 0))
        dof = measured + len(own) - len(free)
        shown = {name: _plain(result[name]) for name in change if name in free}
        row = {"law": law, "chi2": float(result.chi2), "dof": dof, "parameters": shown}
        row["status"], row["rows"] = Status(int(result.status)).name, tables.comparison(published.table, result)
        found.append(row)
        if not change:
            null = [direction.text for direction in inverse.null_directions(result)]
    return found, null


def _plain(parameter: inverse.Parameter) -> dict[str, Any]:
    return {"value": float(parameter.value), "stderr": float(parameter.stderr), "unit": parameter.unit}


def main(out: Path, readme: bool) -> None:
    """Everything, in order, with what is printed."""
    begin = time.perf_counter()
    published = Published.read(HERE / "run.toml")
    fit = published.fit()
    print(fit.report())
    laws, null = variants(published, fit)
    results = {
        "comparison": tables.comparison(published.table, fit),
        "statements": statements(fit.params),
        "held_out": held_out(published, "C"),
        "variants": laws,
        "null_directions": null,
        "sensitivity": sensitivity(published),
    }
    text = tables.markdown(results, fit, published.table)
    print("\n" + text)

    out.mkdir(parents=True, exist_ok=True)
    fit.save(out / "fit.json")
    io.write_text(out / "tests.json", json.dumps(results, indent=1) + "\n")
    io.write_text(out / "tables.md", text + "\n")
    if readme:
        io.fill_page(HERE / "README.md", text, "run.py")
    for name, draw in figures.FIGURES.items():
        draw(fit).savefig(out / f"{name}.png")
    written = ", ".join(["fit.json", "tests.json", "tables.md", *(f"{name}.png" for name in figures.FIGURES)])
    print(f"\nwrote {written} in {out} ({time.perf_counter() - begin:.0f} s)\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", type=Path, default=Path("results/ferrimagnet"), help="folder for the results")
    parser.add_argument("--readme", action="store_true", help="write the tables into the README of this experiment")
    given = parser.parse_args()
    main(given.out, given.readme)
