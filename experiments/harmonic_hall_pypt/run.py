"""Harmonic Hall scans of a Py/Pt bar: fit all ten fields, compare with what was published, say what remains.

    python experiments/harmonic_hall_pypt/run.py [--out results/harmonic_hall_pypt] [--readme]

Fits run.toml (every reading taken as settled) and settling.toml (lock-ins read before they have settled), applies the
author's own procedure to the data and to the fitted model, and repeats the fit without each field in turn. Prints the
tables, writes fits, tables and figures to --out, and with --readme the tables into README.md beside this file.
"""

import argparse
import dataclasses
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np

jax.config.update("jax_enable_x64", True)

import figures  # noqa: E402
from published import PUBLISHED, WRITTEN, Extracted, extract  # noqa: E402

from jaxspin import inverse, io  # noqa: E402
from jaxspin.cli.fitting import fit_arguments  # noqa: E402
from jaxspin.core import ForwardModel  # noqa: E402
from jaxspin.systems import load  # noqa: E402
from jaxspin.systems.ferrimagnet import SteppedScan, stepped_scan  # noqa: E402

HERE = Path(__file__).parent
GAIN = -70.0  # of the second harmonic, see run.toml


@dataclasses.dataclass(frozen=True)
class Fit:
    """A run file, and the fit it asks for."""

    model: ForwardModel
    arguments: dict[str, Any]
    result: inverse.FitResult

    @classmethod
    def of(cls, run_file: Path, out: Path) -> "Fit":
        """Fit the run file and save the result."""
        run = io.read_run(run_file)
        model = load(run.model.system)
        arguments = fit_arguments(run, model)
        result = inverse.fit(model, **arguments)
        result.save(out / f"{run_file.stem}.json")
        return cls(model, arguments, result)

    def without(self, fields: np.ndarray, **changed: Any) -> inverse.FitResult:
        """The same fit blind to some nominal fields [T]: their errors are made huge, so that no shape changes."""

        def widen(data: inverse.Dataset, m: inverse.Measurement) -> inverse.Measurement:
            B = np.asarray(data.conditions.B)[np.asarray(m.rows)]
            return eqx.tree_at(
                lambda m: m.sigma, m, m.sigma * np.where(np.isclose(B[:, None], fields).any(1), 1e6, 1.0)
            )

        blinded = [
            dataclasses.replace(data, measurements={name: widen(data, m) for name, m in data.measurements.items()})
            for data in self.arguments["data"]
        ]
        return inverse.fit(self.model, **self.arguments | {"data": blinded} | changed)


@dataclasses.dataclass(frozen=True)
class Scans:
    """All 1230 readings: stage angle [rad] and its last step, nominal field [T], magnet current [A], voltages [V]."""

    angle: np.ndarray
    step: np.ndarray
    reading: np.ndarray
    current: np.ndarray
    B: np.ndarray
    V_1w: np.ndarray
    V_2w: np.ndarray
    usable: np.ndarray

    @classmethod
    def read(cls) -> "Scans":
        """From the table beside this file, with the calibration of run.toml."""
        table = io.read_table(HERE / "sample_a.csv")
        names = ("angle_deg", "step_deg", "reading", "magnet_current_A", "V1w_X_V", "V2w_X_V", "clipped")
        angle, step, reading, current, V_1w, V_2w, clipped = (table.numbers(name) for name in names)
        magnet = io.read_table(HERE / "magnet_calibration.csv")
        trials = np.mean([magnet.numbers(f"field_mT_trial{n}") for n in (1, 2, 3)], axis=0)
        B = 1e-3 * np.polyval(np.polyfit(magnet.numbers("magnet_current_A"), trials, 1), current)
        usable = (clipped == 0) & (angle > 0)
        return cls(np.radians(angle), np.radians(step), reading, current, B, V_1w, V_2w / GAIN, usable)

    def predicted(self, fit: inverse.FitResult) -> dict[str, np.ndarray]:
        """What the settling model says every reading should be."""
        controls = SteppedScan(self.angle, self.B, np.full_like(self.B, 15e-3), self.step, self.reading)
        seen = jax.jit(jax.vmap(stepped_scan, in_axes=(None, 0)))(fit.params_of("first"), controls).checked()
        return {name: np.asarray(value) for name, value in seen.values.items()}


def main() -> None:
    """Everything, in order."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("results/harmonic_hall_pypt"))
    parser.add_argument("--readme", action="store_true", help="write the tables into the README of this experiment")
    given = parser.parse_args()
    out = given.out
    out.mkdir(parents=True, exist_ok=True)
    static, settling = Fit.of(HERE / "run.toml", out), Fit.of(HERE / "settling.toml", out)
    scans = Scans.read()
    seen = scans.predicted(settling.result)
    measured = extract(scans.angle, scans.B, scans.V_1w, scans.V_2w, scans.usable)
    modelled = extract(scans.angle, scans.B, seen["V_1w"], seen["V_2w"], scans.usable)
    fields = np.unique(scans.B)
    spread = jackknife(settling.result, [settling.without(fields[[n]]) for n in range(fields.size)])

    text = "\n\n".join(
        (
            "### Published | ours | deviation\n\n"
            + comparison(static.result, settling.result, spread, measured, modelled),
            "### All parameters of the settling fit\n\n" + parameters(settling.result, spread),
            "### The field offset\n\n" + offsets(settling, fields),
            "### What remains\n\n" + remainder(scans, seen),
        )
    )
    print(static.result.report(), settling.result.report(), text, sep="\n\n")
    draw(out, scans, seen, settling.result, measured, modelled)
    io.write_text(out / "tables.md", text + "\n")
    if given.readme:
        io.fill_page(HERE / "README.md", text, "run.py")


def jackknife(full: inverse.FitResult, subsets: list[inverse.FitResult]) -> dict[str, float]:
    """Error of each parameter from leaving out one field at a time: what the residuals have in common within a scan
    counts, as it does not in the standard error of independent readings."""
    values, n = np.array([subset.values for subset in subsets]), len(subsets)
    error = np.sqrt((n - 1) / n * np.sum((values - values.mean(axis=0)) ** 2, axis=0))
    return dict(zip(full.names, error.tolist(), strict=True))


def comparison(
    static: inverse.FitResult,
    settling: inverse.FitResult,
    spread: dict[str, float],
    measured: Extracted,
    modelled: Extracted,
) -> str:
    """The table: published, the two fits, and the author's procedure on the data and on the fitted model."""
    quantities = {
        "R_PHE": ("R_PHE", "R_PHE (ohm)", 1.0, 1.0, 5),
        "offset": ("phi_0", "angle offset (deg)", 180 / np.pi, 1.0, 2),
        "B_FL": ("B_FL", "B_FL (1e-5 T)", 1e5, 1e5, 2),
        "B_DL": ("B_DL", "B_DL (1e-5 T) at R_AHE = 8 ohm", 1e5, 1e5, 2),
    }
    rows = []
    for key, (name, label, scale, his_scale, digits) in quantities.items():
        cells = []
        for fit, dotted in ((static, name), (settling, f"bar.{name}")):
            found = fit.parameters[dotted]
            sigma = max(float(found.stderr), spread.get(dotted, 0.0))
            value = scale * float(found.value)
            cells += [f"{value:.{digits}f} ± {scale * sigma:.{digits}f}", deviation(value, his_scale * PUBLISHED[key])]
        same = [f"{getattr(each, key) * his_scale:.{digits}f}" for each in (measured, modelled)]
        rows.append([label, WRITTEN[key], *cells, *same])
    header = ["", "published", "static fit", "deviation", "settling fit", "deviation"]
    return io.markdown_table([*header, "his procedure on the data", "his procedure on the settling fit"], rows)


def deviation(ours: float, published: float) -> str:
    """Ours less published, in per cent of the size published."""
    return f"{100 * (ours - published) / abs(published):+.1f} %"


def parameters(fit: inverse.FitResult, spread: dict[str, float]) -> str:
    """All fitted parameters, with both kinds of error."""
    rows = [
        [name, f"{float(p.value):.4g}", f"{float(p.stderr):.1g}", f"{spread[name]:.1g}", p.unit]
        for name, p in fit.parameters.items()
    ]
    quality = f"\n\nχ²/dof = {float(fit.chi2):.0f}/{int(fit.dof)}, with the sigma stated in settling.toml."
    return io.markdown_table(["parameter", "value", "standard error", "jackknife over fields", "unit"], rows) + quality


def offsets(fit: Fit, fields: np.ndarray) -> str:
    """B_0 and what depends on it, as the lowest fields are left out, practically without prior, or held at zero."""
    free, held = 10e-3, 1e-9  # T, width of the prior
    rows = []
    for lowest, width in ((0, free), (1, free), (2, free), (4, free), (2, held)):
        found = fit.without(fields[:lowest], prior={"bar.B_0": inverse.Gaussian(0.0, width)})
        used = np.concatenate([np.asarray(c.sigma) for each in found.residuals.values() for c in each.values()]) < 1e-3
        values = {name.removeprefix("bar."): float(p.value) for name, p in found.parameters.items()}
        rows.append(
            [
                f"{1e3 * fields[lowest]:.0f} mT and more",
                f"{1e3 * values['B_0']:.2f}" if width == free else "held at 0",
                f"{1e5 * values['B_FL']:.2f}",
                f"{1e5 * values['B_DL']:.2f}",
                f"{1e3 * values['B_u']:.3f}",
                f"{np.degrees(values['phi_u']):.1f}",
                f"{float(found.chi2) / (used.sum() - len(values)):.2f}",
            ]
        )
    header = ["fields", "B_0 (mT)", "B_FL (1e-5 T)", "B_DL (1e-5 T)", "B_u (mT)", "phi_u (deg)", "χ²/dof"]
    return io.markdown_table(header, rows)


def remainder(scans: Scans, seen: dict[str, np.ndarray]) -> str:
    """Root mean square of what the settling fit leaves, scan by scan, with the size of the signal."""
    rows = []
    for current in np.unique(scans.current):
        here = (scans.current == current) & (scans.angle > 0)
        good = here & scans.usable
        first, second = (scans.V_1w - seen["V_1w"])[here], (scans.V_2w - seen["V_2w"])[good]
        rows.append(
            [
                f"{current:.1f}",
                f"{1e6 * first.std():.1f}",
                f"{100 * first.std() / scans.V_1w[here].std():.2f} %",
                f"{1e9 * second.std():.0f}",
                f"{100 * second.std() / scans.V_2w[good].std():.0f} %",
                f"{here.sum() - good.sum()}",
            ]
        )
    header = ["magnet (A)", "V_1w (µV)", "of signal", "V_2w (nV)", "of signal", "V_2w rows left out as clipped"]
    return io.markdown_table(header, rows)


def draw(
    out: Path,
    scans: Scans,
    seen: dict[str, np.ndarray],
    fit: inverse.FitResult,
    measured: Extracted,
    modelled: Extracted,
) -> None:
    """Both figures."""
    columns = {
        "$V_{1\\omega}$": (scans.V_1w, seen["V_1w"], scans.angle > 0),
        "$V_{2\\omega}$": (scans.V_2w, seen["V_2w"], scans.usable),
    }
    figures.scans(out / "scans.png", np.degrees(scans.angle), scans.current, columns)
    bar = fit.params_of("first").bar
    slope = float(bar.R_PHE * bar.B_FL) * 15e-3
    figures.straight_line(out / "straight_line.png", measured, modelled, float(bar.B_0), slope)


if __name__ == "__main__":
    main()
