"""Critical current and DMI field over steepness and thickness of the gradient, 256 x 256 films of six layers.

    python experiments/ferrimagnet/maps.py [--out results/ferrimagnet] [--readme]

Computes map.toml into OUT/map.zarr (what is there already is not computed again), draws both maps with the published
films marked, and prints what the map says of those films; with --readme into README.md, too.
"""

import argparse
from pathlib import Path
from typing import Any

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)


from jaxspin import io, sweep  # noqa: E402
from jaxspin.cli.sweeping import sweep_grid, sweep_task  # noqa: E402
from jaxspin.core import Status  # noqa: E402
from jaxspin.plot import style, sweep_figure  # noqa: E402
from jaxspin.systems import load  # noqa: E402
from jaxspin.systems.ferrimagnet.constants import OERSTED  # noqa: E402

HERE = Path(__file__).parent
FILMS = {  # delta, thickness of a layer [m], published j_c [A/m^2] and H_DMI [Oe] (Zheng et al. 2021; > : a limit)
    "0.07, 6 nm": (0.07, 1.0e-9, "about 9e10", "about 23"),
    "A: 0.06, 6 nm": (0.06, 1.0e-9, "> 1e11", ""),
    "B: 0.07, 9 nm": (0.07, 1.5e-9, "> 1e11", ""),
    "C: 0.07, 4.2 nm": (0.07, 0.7e-9, "about 7.5e10", "about 40"),
}


def compute(out: Path) -> Any:
    """The map as an xarray dataset."""
    run = io.read_run(HERE / "map.toml")
    task = sweep_task(run, load(run.model.system))
    return sweep.run(task, sweep_grid(run, task), out / "map.zarr", progress=True)


def figures(found: Any) -> dict[str, Any]:
    """Both maps, with the published films marked."""
    drawn = {}
    for name in ("j_c", "H_DMI"):
        with style():
            drawn[f"map_{name}"] = figure = sweep_figure(found, name, x="delta", y="layer_thickness")
            axes = figure.axes[0]
            for label, (delta, thickness, *_) in FILMS.items():
                axes.plot(delta, 1e9 * thickness, "o", color="white", markeredgecolor="black")
                axes.annotate(
                    label.partition(":")[0] if ":" in label else "",
                    (delta, 1e9 * thickness),
                    (-9, 3),
                    textcoords="offset points",
                    color="white",
                )
    return drawn


def table(found: Any) -> str:
    """Published films against the map, as Markdown."""
    lines = ["| film | j_c published (A/m2) | map | H_DMI published (Oe) | map |", "|---|---|---|---|---|"]
    for label, (delta, thickness, j_c, h_dmi) in FILMS.items():
        here = found.interp(delta=delta, layer_thickness=thickness)
        lines.append(f"| {label} | {j_c} | {float(here['j_c']):.2g} | {h_dmi} | {float(here['H_DMI']) / OERSTED:.3g} |")
    return "\n".join(lines)


def main(out: Path, readme: bool) -> None:
    """The map, its figures, its table."""
    found = compute(out).load()
    text = f"{table(found)}\n\n{summary(found)}"
    print(text)
    for name, figure in figures(found).items():
        figure.savefig(out / f"{name}.png")
    if readme:
        io.fill_page(HERE / "README.md", text, "maps.py")


def summary(found: Any) -> str:
    """How the map came out, and its best film."""
    failed = int((found["status"] != Status.OK).sum())
    switchable = found["j_c"].where(found["H_DMI"] >= 20 * OERSTED)
    best = switchable.argmin(...)
    place = found.isel(best)
    share, delta, layer = float(np.isfinite(switchable).mean()), float(place["delta"]), float(place["layer_thickness"])
    return (
        f"{found['status'].size} films, {failed} failed. Of those with H_DMI of 20 Oe or more ({share:.0%} of all),\n"
        f"delta = {delta:.4f} with layers of {1e9 * layer:.2f} nm switches at the smallest current, "
        f"{float(place['j_c']):.2g} A/m2."
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", type=Path, default=Path("results/ferrimagnet"), help="folder for the results")
    parser.add_argument("--readme", action="store_true", help="write the table into the README of this experiment")
    given = parser.parse_args()
    main(given.out, given.readme)
