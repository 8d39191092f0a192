"""Figures 2, 3 and 4 of the paper on spin splitting in MoS2, MoSe2, WS2 and WSe2, and its numbers by every model.

    python experiments/tmdc/run.py [--out results/tmdc] [--readme] [--points 121]

Prints the tables *published | each model | deviation*; writes figures and tables.md to --out, and with --readme the
tables into README.md beside this file. The fit behind `jaxspin-11` is `refit.py`.
"""

import argparse
import time
from pathlib import Path

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)

import figures  # noqa: E402

from jaxspin import io  # noqa: E402
from jaxspin.systems import tmdc  # noqa: E402

HERE = Path(__file__).parent
MATERIALS = ("MoS2", "MoSe2", "WS2", "WSe2")
MODELS = ("liu-nn-gga", "liu-tnn-gga", "fang-11", "jaxspin-11")
NAMES = {
    "valence": ("valence splitting at K (meV)", "valence_splitting", 1e3, "{:.0f}"),
    "K_minus_Gamma": ("E_VB(K) - E_VB(Γ) (meV)", "valence_K_minus_Gamma", 1e3, "{:.0f}"),
    "conduction": ("conduction splitting at K (meV)", "conduction_splitting", 1e3, "{:.1f}"),
    "gap": ("gap at K (eV)", "gap", 1.0, "{:.3f}"),
}
SIGNED = {"valence": "{:+.0f}", "K_minus_Gamma": "{:+.0f}", "conduction": "{:+.1f}", "gap": "{:+.3f}"}


def corners() -> dict[tuple[str, str, str], float]:
    """`first_principles.csv` by code, material and quantity, in the units there."""
    table = io.read_table(HERE / "first_principles.csv")
    keys = list(zip(table.text("code"), table.text("material"), strict=True))
    return {
        (*key, name): table.number(name, row, table.text(name)[row])
        for row, key in enumerate(keys)
        for name in NAMES
        if table.text(name)[row]
    }


def at_K(names: tuple[str, ...], reference: str, models: dict) -> str:
    """Numbers at K: the reference, and every model with its deviation from it."""
    known, rows = corners(), []
    for name in names:
        title, attribute, scale, shown = NAMES[name]
        for material in MATERIALS:
            goal = known[reference, material, name]
            cells = [title, material, shown.format(goal)]
            for label in MODELS:
                own = scale * float(getattr(tmdc.at_K(models[label, material]), attribute))
                cells.append(f"{shown.format(own)} ({SIGNED[name].format(own - goal)})")
            rows.append(cells)
    return io.markdown_table(["quantity", "", reference, *MODELS], rows)


def along_gamma_k(models: dict) -> str:
    """Root mean square deviation of signed splittings from GPAW at the points of `gamma_k.csv`."""
    path, rows = io.read_table(HERE / "gamma_k.csv"), []
    for material in MATERIALS:
        here = np.array(path.text("material")) == material
        x = path.numbers("x")[here]
        cells = [material]
        for label in MODELS:
            model = models[label, material]
            found = tmdc.splitting(model, x[:, None] * np.asarray(tmdc.K_point(model)))
            orientation = np.sign(np.asarray(found.valence)[-1])
            off = [
                1e3 * orientation * np.asarray(getattr(found, name)) - path.numbers(name)[here]
                for name in ("valence", "conduction")
            ]
            cells.append(" / ".join(f"{np.sqrt(np.mean(each**2)):.1f}" for each in off))
        rows.append(cells)
    return io.markdown_table(["valence / conduction, rms (meV)", *MODELS], rows)


def main(out: Path, readme: bool, points: int) -> None:
    """Tables, then figures, with what is printed."""
    begin = time.perf_counter()
    out.mkdir(parents=True, exist_ok=True)
    models = {(label, material): tmdc.model(label, material) for label in MODELS for material in MATERIALS}
    text = "\n\n".join(
        [
            "### Published | each model (deviation)",
            at_K(("valence", "K_minus_Gamma"), "published", models),
            "### What the paper gives no number for: GPAW | each model (deviation)",
            at_K(("conduction", "gap"), "GPAW", models),
            "### Along Γ-K: root mean square deviation from GPAW, valence / conduction",
            along_gamma_k(models),
        ]
    )
    print(text)
    (out / "tables.md").write_text(text + "\n", encoding="utf-8")
    if readme:
        io.fill_page(HERE / "README.md", text, "run.py")
    fitted = {material: models["jaxspin-11", material] for material in MATERIALS}
    for name, figure in figures.all_figures(fitted, io.read_table(HERE / "gamma_k.csv"), points):
        figure.savefig(out / f"{name}.png")
        print(f"{name}: {time.perf_counter() - begin:.0f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("results/tmdc"), help="folder for the results")
    parser.add_argument("--readme", action="store_true", help="write the tables into the README of this experiment")
    parser.add_argument("--points", type=int, default=121, help="points along each axis of the maps")
    given = parser.parse_args()
    main(given.out, given.readme, given.points)
