"""Six free layers that switch at the smallest current with H_DMI >= 20 Oe and M_s >= 30 emu/cc.

    python experiments/ferrimagnet/design.py [--out results/ferrimagnet] [--readme]

The designs of design.toml under other bounds, for two laws fitted to the published films, against those films; how the
optimum moves with the K_eff asked for; and what becomes of it over the errors of the fit.
"""

import argparse
import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)

from matplotlib.figure import Figure  # noqa: E402

from jaxspin import inverse, io  # noqa: E402
from jaxspin.cli.designing import design_arguments  # noqa: E402
from jaxspin.core import Status, replace  # noqa: E402
from jaxspin.plot import style  # noqa: E402
from jaxspin.plot.style import DATA, shades  # noqa: E402
from jaxspin.systems import ferrimagnet as fm  # noqa: E402
from jaxspin.systems import load  # noqa: E402
from jaxspin.systems.ferrimagnet.constants import OERSTED  # noqa: E402

HERE = Path(__file__).parent
LAWS = {"as fitted above": (), "n and H_0 free": ("theta_exponent", "bias_field")}
LIKELIEST = "n and H_0 free"
LAYERS = (1.0e-9, 0.7e-9)  # of the film with delta = 0.07, and of sample C
SHOWN = {"j_c": (1e10, "1e10 A/m²"), "H_DMI": (OERSTED, "Oe"), "M_net": (1e3, "emu/cc"), "K_eff": (1e3, "kJ/m³")}
DRAWS, MEMBERS = 2000, 32


@dataclasses.dataclass(frozen=True)
class Question:
    """The design of design.toml, with other parameters, layers and bounds."""

    model: Any
    arguments: dict[str, Any]

    @classmethod
    def read(cls) -> "Question":
        run = io.read_run(HERE / "design.toml")
        model = load(run.model.system)
        return cls(model, design_arguments(run, model))

    def ask(
        self, params: Any, layer: float, step: float, limits: dict[str, float], **more: Any
    ) -> inverse.DesignResult:
        """The best film for these parameters, layers [m], largest step and lower limits."""
        bounds = {name: (-step, step) if name.startswith("step") else b for name, b in self.arguments["bounds"].items()}
        known = dict(self.arguments["subject_to"])
        wanted = {name: inverse.Limit(lower=limits.get(name, known[name].lower)) for name in known}
        start = replace(self.arguments["controls"], {"layer_thickness": layer})
        changed = {"params": params, "controls": start, "bounds": bounds, "subject_to": wanted}
        return inverse.design(self.model, **(self.arguments | changed | more))


def paper_film(params: Any, layer: float) -> Any:
    """The paper's steepest film, delta = 0.07, as this law sees it."""
    return fm.observe(params, fm.GradientFilm(delta=0.07, layer_thickness=layer))


def row(law: str, layer: float, told: str, result: inverse.DesignResult, params: Any) -> dict[str, Any]:
    """One design for the result file and the table."""
    film = jax.tree.map(float, {name: result.observables[name] for name in SHOWN})
    references = {name: float(paper_film(params, t)["j_c"]) for name, t in (("0.07", 1e-9), ("C", 0.7e-9))}
    return {
        "law": law,
        "layer": layer,
        "bounds": told,
        "status": Status(int(result.status)).name,
        "film": film,
        "shares": np.asarray(result.controls.shares).tolist(),
        "gain": {name: value / film["j_c"] for name, value in references.items()},
        "active": list(result.active),
        "violated": result.violated,
        "multipliers": {name: float(side.sensitivity) for name, side in result.sides.items() if bool(side.active)},
        "residual": float(result.residual),
        "starts": f"{int((np.asarray(result.attempts.status) == Status.OK).sum())} of {result.attempts.status.size}",
        "flat": result.flat_directions if int(result.status) == Status.OK else [],
    }


def designs(question: Question, laws: dict[str, Any]) -> list[dict[str, Any]]:
    """Every law, layer and bound in turn: one compilation."""
    found = []
    for law, fit in laws.items():
        least = float(paper_film(fit.params, 1e-9)["K_eff"])
        for layer in LAYERS:
            for step, K in ((0.07, 2e4), (0.10, least), (0.10, 2e4)):
                told = f"steps to {step:.2f}, K_eff ≥ {K / 1e3:.0f} kJ/m³"
                result = question.ask(fit.params, layer, step, {"K_eff": K})
                found.append(row(law, layer, told, result, fit.params))
    return found


def trade_off(question: Question, params: Any) -> dict[str, list[float]]:
    """Smallest j_c against the K_eff asked for, in layers of 1 nm, and what the multipliers say of its slope."""
    found: dict[str, list[float]] = {"K_eff": [], "j_c": [], "slope": []}
    for least in np.linspace(3e4, 13e4, 21):
        result = question.ask(params, LAYERS[0], 0.10, {"K_eff": float(least)})
        if int(result.status) == Status.OK:
            found["K_eff"].append(float(least))
            found["j_c"].append(float(result.objective))
            found["slope"].append(float(result.sides["K_eff lower"].sensitivity))
    return found


def robust(question: Question, fit: inverse.FitResult) -> list[dict[str, Any]]:
    """The nominal design, and one for every member of a posterior sample, judged on other draws of the posterior."""
    judges = inverse.draw(fit, jax.random.key(1), DRAWS)
    sample = inverse.draw(fit, jax.random.key(2), MEMBERS)
    observe = jax.jit(jax.vmap(lambda params, film: question.model.observe(params, film).values, in_axes=(0, None)))
    limits = {"K_eff": 2e4}
    results = {
        "for the best fit": question.ask(fit.params, LAYERS[0], 0.10, limits),
        f"for {MEMBERS} draws": question.ask(fit.params, LAYERS[0], 0.10, limits, robust_over=inverse.Average(sample)),
    }
    rows = []
    for name, result in results.items():
        seen = observe(judges, result.controls)
        least = {"H_DMI": 20 * OERSTED, "M_net": 30e3, "K_eff": 2e4}
        kept = {limit: np.asarray(seen[limit]) >= bound for limit, bound in least.items()}
        j_c = np.asarray(seen["j_c"])
        rows.append(
            {
                "design": name,
                "status": Status(int(result.status)).name,
                "shares": np.asarray(result.controls.shares).tolist(),
                "violated": result.violated,
                "kept": {limit: float(mask.mean()) for limit, mask in kept.items()},
                "all": float(np.all(list(kept.values()), axis=0).mean()),
                "j_c": np.nanquantile(j_c, [0.16, 0.5, 0.84]).tolist(),
            }
        )
    return rows


def _in(name: str, value: float) -> str:
    unit, written = SHOWN[name]
    return f"{value / unit:.3g} {written}"


def _missed(each: dict[str, Any]) -> str:
    return "; ".join(f"{name.split()[0]} by {_in(name.split()[0], by)}" for name, by in each["violated"].items())


def _profile(shares: list[float]) -> str:
    return ", ".join(f"{100 * share:.1f}" for share in shares)


def markdown(results: dict[str, Any]) -> str:
    """The tables of README.md."""
    cells = []
    for each in results["designs"]:
        told, gain = ", ".join(name.replace("_", " ") for name in each["active"]), ""
        if each["status"] == "OK":
            gain = f"{each['gain']['0.07']:.2f}, {each['gain']['C']:.2f}"
        else:
            told = f"**cannot be met**: nearest misses {_missed(each)}"
        film = [_in(name, each["film"][name]) for name in SHOWN]
        asked = [each["law"], f"{each['layer'] * 1e9:g} nm", each["bounds"]]
        cells.append([*asked, *film, gain, _profile(each["shares"]), told])
    header = ["law", "layers", "bounds", *SHOWN, "j_c of 0.07 and C, over this", "Tb shares (%)", "active"]
    papers = [[each["law"], each["film"], *(_in(name, each[name]) for name in SHOWN)] for each in results["paper"]]
    spread = []
    for each in results["robust"]:
        low, median, high = (f"{value / 1e10:.3g}" for value in each["j_c"])
        shares = [f"{100 * share:.0f} %" for share in (*each["kept"].values(), each["all"])]
        none = f"**no film found that keeps all limits for all of them**: nearest misses {_missed(each)}"
        status = "optimum" if each["status"] == "OK" else none
        spread.append([each["design"], status, *shares, f"{median} ({low} to {high})", _profile(each["shares"])])
    named = "; ".join(sorted({line for each in results["designs"] for line in each["flat"]})) or "none"
    return "\n\n".join(
        [
            "### The paper's films, as the laws see them",
            io.markdown_table(["law", "film", *SHOWN], papers),
            "### Six free layers: smallest j_c at H_DMI ≥ 20 Oe and M_s ≥ 30 emu/cc, Co-rich",
            io.markdown_table(header, cells),
            f"Directions in which an optimum could be moved at no cost: {named}.",
            "### Over the errors of the fit",
            f"Law *{LIKELIEST}*, layers of 1 nm, steps to 0.10, K_eff ≥ 20 kJ/m³; judged by {DRAWS} other draws: the "
            "share that keeps each limit and all three, and j_c in 1e10 A/m² (median, 16 to 84 %).",
            io.markdown_table(["designed", "", "H_DMI", "M_net", "K_eff", "all", "j_c", "Tb shares (%)"], spread),
        ]
    )


def figure(results: dict[str, Any]) -> Figure:
    """Profiles of the designs with layers of 1 nm; the smallest j_c against the K_eff asked for."""
    chosen = [each for each in results["designs"] if each["law"] == LIKELIEST and each["layer"] == LAYERS[0]]
    with style():
        figure = Figure(figsize=(9.5, 3.6))
        left, right = figure.subplots(1, 2)
        edges = np.arange(7.0)
        left.stairs(100 * (0.13 + 0.07 * np.arange(6)), edges, color=DATA, lw=1.0, ls="--", label="paper, δ = 0.07")
        for each, colour in zip(chosen, shades(len(chosen)), strict=True):
            j_c = each["film"]["j_c"] / 1e10
            left.stairs(
                100 * np.array(each["shares"]), edges, color=colour, lw=1.6, label=f"{each['bounds']}: {j_c:.3g}"
            )
        left.set(xlabel="z (nm)", ylabel="Tb share (%)")
        left.legend(title=r"$j_c$ ($10^{10}$ A/m$^2$)", loc="upper left")
        left.set_ylim(0, 85)
        line = results["trade_off"]
        K, j_c, slope = (np.array(line[name]) for name in ("K_eff", "j_c", "slope"))
        right.plot(K / 1e3, j_c / 1e10, "o-", color=shades(3)[1], label="designs, steps to 0.10")
        for k, j, s in zip(K, j_c, slope, strict=True):
            around = np.array([k - 2e3, k + 2e3])
            right.plot(around / 1e3, (j + s * (around - k)) / 1e10, color=DATA, lw=0.9, zorder=3)
        right.plot([], [], color=DATA, lw=0.9, label="slope by the multiplier")
        for each in results["paper"]:
            if each["law"] == LIKELIEST and each["film"] != "C":
                right.plot(
                    each["K_eff"] / 1e3, each["j_c"] / 1e10, "s", color=DATA, mfc="none", label="paper, δ = 0.07"
                )
        right.set(xlabel=r"least $K_\mathrm{eff}$ (kJ/m$^3$)", ylabel=r"smallest $j_c$ ($10^{10}$ A/m$^2$)")
        right.legend(loc="upper left")
    return figure


def run_designs(published: Any, fit: inverse.FitResult, out: Path, readme: bool) -> None:
    """Everything, with what is printed and written; `published` is the `run.Published` that `fit` was made of."""
    question = Question.read()
    laws = {}
    for law, freed in LAWS.items():
        more = dict(published.arguments)
        more["free"] = (*more["free"], *freed)
        laws[law] = inverse.fit(published.model, data=published.data, **more) if freed else fit
    paper = [
        {"law": law, "film": film} | {name: float(paper_film(each.params, t)[name]) for name in SHOWN}
        for law, each in laws.items()
        for film, t in (("δ = 0.07", 1e-9), ("C", 0.7e-9))
    ]
    results = {
        "paper": paper,
        "designs": designs(question, laws),
        "trade_off": trade_off(question, laws[LIKELIEST].params),
        "robust": robust(question, laws[LIKELIEST]),
    }
    text = markdown(results)
    print(text)
    out.mkdir(parents=True, exist_ok=True)
    io.write_text(out / "designs.json", json.dumps(results, indent=1) + "\n")
    io.write_text(out / "designs.md", text + "\n")
    figure(results).savefig(out / "designs.png")
    if readme:
        io.fill_page(HERE / "README.md", text, "design.py")
    print(f"\nwrote designs.json, designs.md, designs.png in {out}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", type=Path, default=Path("results/ferrimagnet"), help="folder for the results")
    parser.add_argument("--readme", action="store_true", help="write the tables into the README of this experiment")
    given = parser.parse_args()
    from run import Published

    begin = time.perf_counter()
    films = Published.read(HERE / "run.toml")
    run_designs(films, films.fit(), given.out, given.readme)
    print(f"{time.perf_counter() - begin:.0f} s")
