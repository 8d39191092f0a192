"""The paper's numbers and figures from first principles: plane waves, PBE, spin-orbit coupling.

    python experiments/tmdc/first_principles.py [--out results/tmdc/first_principles] [--readme]
        [--material MoS2 WSe2] [--cutoff 30] [--mesh 6] [--figure-cutoff 20] [--figure-mesh 4] [--skip relax design]

For every material: ground state, energies at K and Gamma (table *published | ours | deviation*), bands along
M-Gamma-K-M and splittings over the zone (figures 2 to 4), relaxed a and d by gradients; a hold-out, MoTe2; and the
biaxial strain at which WSe2 splits most while its gap stays direct. Every result is a file in --out: what is there is
not calculated again, and a killed ground state goes on from its checkpoint.
"""

import argparse
import itertools
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)

import first_principles_figures as figures  # noqa: E402

from jaxspin import io  # noqa: E402
from jaxspin.planewave.kpoints import monkhorst_pack  # noqa: E402
from jaxspin.systems.tmdc import first_principles as fp  # noqa: E402
from jaxspin.systems.tmdc import published  # noqa: E402
from jaxspin.systems.tmdc import relaxed_structure as rs  # noqa: E402

HERE = Path(__file__).parent
MATERIALS = ("MoS2", "MoSe2", "WS2", "WSe2")
HOLD_OUT = "MoTe2"
ROW = "plane waves"  # of first_principles.csv: GTH-PBE with spin-orbit coupling, 30 hartree, 6 x 6, by another code
STAGES = ("numbers", "figures", "relax", "design")
LINE = 12  # k points on each line of figure 2
ZONE = 12  # mesh of figure 3
STRETCH = 0.02  # longest step of the design
CURVE = (-0.02, 0.01)  # strains that it does not come past
SLOPE = 0.05  # eV/angstrom at which a relaxation ends: 0.003 angstrom in a, 0.1 %


def say(*what: Any) -> None:
    """A line of progress with the time."""
    print(time.strftime("%H:%M:%S"), *what, flush=True)


def once(path: Path, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The content of a JSON file, made where it is not there."""
    if not path.exists():
        begin = time.process_time()
        made = make() | {"cpu_seconds": round(time.process_time() - begin)}
        io.write_text(path, json.dumps(made, indent=1) + "\n")
    return json.loads(path.read_text(encoding="utf-8"))


def layer_of(material: str) -> fp.Layer:
    """The paper's structure; of the hold-out, a from the table of Liu et al. (2013) that the package has.

    Its d, half the distance of 3.620 angstrom that we remember from their Table I, could not be looked up here.
    """
    if material == HOLD_OUT:
        return fp.Layer("Mo", "Te", published.entry("liu2013_nn_gga", material)["a"], 3.620 / 2)
    return fp.layer(material)


def ground(material: str, setting: fp.Setting, out: Path) -> fp.Solution:
    """The self-consistent density, with progress and a checkpoint in `out`."""
    jax.clear_caches()  # what was compiled for another material does not fit, and takes memory
    name = f"{material}_{setting.cutoff:g}_{setting.mesh}"
    say(f"{name}: ground state")
    return fp.solve(layer_of(material), setting, checkpoint=out / f"{name}.checkpoint", progress=say)


def lists(arrays: dict[str, Any]) -> dict[str, Any]:
    """Arrays as nested lists, for JSON."""
    return {name: np.asarray(value).tolist() for name, value in arrays.items()}


def numbers(material: str, setting: fp.Setting, out: Path) -> dict[str, Any]:
    """Energies at K and Gamma [eV]: spin-orbit coupling among 36 bands, and in the whole spinor basis."""
    solution = ground(material, setting, out)
    bands = fp.coupled_bands(solution, np.array([fp.K, fp.GAMMA, fp.M, (0.25, 0.0)]))
    edge, without = fp.edges(bands), fp.at_K_without_spin_orbit(bands)
    found = fp.at_K(bands)._asdict() | {f"{name}_0": value for name, value in without._asdict().items()}
    say(material, lists(found))
    whole = fp.spinor_bands(solution, np.array([fp.K, fp.GAMMA]))
    found |= {f"{name}_whole": value for name, value in fp.at_K(whole)._asdict().items()}
    along_M = jnp.max(jnp.abs(edge.valence[1:, 0] - edge.valence[1:, 1]))
    spins = jnp.concatenate([fp.edges(whole).valence_spin[0], fp.edges(whole).conduction_spin[0]])
    found |= {"along_M": along_M, "spins_K": spins, "in_plane_spin": jnp.max(jnp.abs(spins[:, :2]))}
    of = solution.ground
    return lists(found) | {
        "energy": float(of.energies.total),
        "waves": int(jnp.max(jnp.sum(solution.basis.mask, axis=1))),
        "steps": len(of.history),
        "electrons": float(jnp.mean(of.density) * fp.crystal(solution.layer, setting.height).volume),
    }


def lines_and_zone(material: str, setting: fp.Setting, out: Path) -> dict[str, Any]:
    """Bands along M-Gamma-K-M, and next to the gap over the irreducible part of the zone [eV]."""
    solution = ground(material, setting, out)
    corners = np.array([fp.M, fp.GAMMA, fp.K, (0.5, 0.5)])
    steps = np.arange(LINE)[:, None] / LINE
    lines = [a + steps * (b - a) for a, b in itertools.pairwise(corners)]
    k = np.concatenate([*lines, corners[-1:]])
    show = lambda done, of: say(f"{material}: {done} of {of} k points") if done % 10 == 0 else None
    path = fp.coupled_bands(solution, k, progress=show)
    place = fp.crystal(solution.layer, setting.height)
    mesh = monkhorst_pack(place, (ZONE, ZONE, 1))
    zone = fp.coupled_bands(solution, mesh.fractional[:, :2], progress=show)
    edge, names = fp.edges(zone), path.weights.names
    shares = {
        label: path.weights.of(atoms, *orbitals)
        for label, atoms, orbitals in (
            ("X p_z", (1, 2), ("p_z",)),
            ("X p_x + p_y", (1, 2), ("p_x", "p_y")),
            ("M d_z2", (0,), ("d_z2",)),
            ("M d_xy + d_x2-y2", (0,), ("d_xy", "d_x2-y2")),
        )
    }
    assert names[0][0] == 0
    top = path.occupied
    return lists(
        {
            "k": k,
            "energies": path.energies,
            "scalar": path.scalar[:, : top // 2 + 3],
            "spins": path.spins,
            "valence_shares": jnp.stack([share[:, top - 1] for share in shares.values()]),
            "conduction_shares": jnp.stack([share[:, top] for share in shares.values()]),
            "zone_k": zone.k,
            "zone_rotations": mesh.rotations[:, :2, :2],
            "zone_valence": edge.valence,
            "zone_conduction": edge.conduction,
            "zone_valence_spin": edge.valence_spin[..., 2],
            "zone_conduction_spin": edge.conduction_spin[..., 2],
        }
    ) | {"shares": list(shares), "occupied": top, "cutoff": setting.cutoff, "mesh": setting.mesh}


def relaxation(material: str, setting: fp.Setting) -> dict[str, Any]:
    """a and d of lowest energy, by gradients at constant cutoff, from 1 % beside the published ones."""
    paper = layer_of(material)
    start = fp.Layer(paper.metal, paper.chalcogen, 1.01 * paper.a, 0.99 * paper.d)
    found = rs.relaxed(start, setting, tolerance=SLOPE, progress=lambda line: say(material, line))
    of = found.solution.layer
    return {"a": float(of.a), "d": float(of.d), "steps": found.steps.tolist()}


def stretched(strain: float, d: float, setting: fp.Setting, near: fp.Solution | None) -> tuple[dict, fp.Solution]:
    """WSe2 under a biaxial strain, its planes relaxed from `d`: what `design` needs, with slopes per unit of strain."""
    paper = layer_of("WSe2")
    start = fp.Layer("W", "Se", paper.a * (1 + strain), jnp.asarray(d))
    solution = rs.relaxed_planes(start, setting, near=near, progress=lambda line: say(f"strain {strain:+.4f}", line))
    energies, rest = rs.edge(solution), rs.d_at_rest(solution)

    def along(strain: jax.Array) -> tuple[rs.Edge, jax.Array]:
        a = paper.a * (1 + strain)
        d = rest(a)
        return energies(fp.Layer("W", "Se", a, d), jnp.asarray(1.0)), d

    (value, d_now), (slope, d_slope) = jax.jvp(along, (jnp.asarray(strain),), (jnp.ones(()),))
    row = {
        "strain": strain,
        "d": float(d_now),
        "d_slope": float(d_slope),
        "splitting": float(value.splitting),
        "slope": float(slope.splitting),
        "margins": value.directness.tolist(),
        "margin_slopes": slope.directness.tolist(),
        "gap": float(value.gap),
    }
    return row, solution


def design(setting: fp.Setting, out: Path) -> dict[str, Any]:
    """The biaxial strain of WSe2 of largest valence splitting with a direct gap, by gradients; and the curve behind.

    Steps go along the slope of the splitting as far as the linearised margins allow. Slopes go through
    self-consistency and through the relaxation of the planes.
    """
    solution: fp.Solution | None = None

    def calculated(strain: float, d: float) -> dict[str, Any]:
        nonlocal solution
        row, solution = stretched(strain, d, setting, solution)
        return row

    def at(strain: float, near: dict[str, Any] | None) -> dict[str, Any]:
        strain = round(float(strain), 4)
        name = f"strain_WSe2_{setting.cutoff:g}_{setting.mesh}_{1e4 * strain:+.0f}.json"
        d = float(layer_of("WSe2").d) if near is None else near["d"] + near["d_slope"] * (strain - near["strain"])
        row = once(out / name, lambda: calculated(strain, d))
        say(
            "WSe2, strain {strain:+.4f}: d = {d:.4f}, splitting {splitting:.4f} eV, slope {slope:+.3f}, "
            "margins {margins}".format(**row)
        )
        return row

    known, strain, row, settled = [], 0.0, None, False
    for _ in range(10):
        row = at(strain, row)
        known.append(row)
        goal = strain + STRETCH * np.sign(row["slope"])
        for margin, slope in zip(row["margins"], row["margin_slopes"], strict=True):
            if margin + slope * (goal - strain) < 0:
                goal = strain - margin / slope  # where this margin ends
        settled = bool(abs(goal - strain) < 3e-4)
        if settled:
            break
        strain = goal
    assert row is not None
    known += [at(strain, known[0]) for strain in CURVE]
    curve = {point["strain"]: point for point in known}
    return {
        "optimum": row | {"settled": settled},
        "curve": [curve[s] for s in sorted(curve)],
        "cutoff": setting.cutoff,
        "mesh": setting.mesh,
    }


def table_at_K(found: dict[str, dict[str, Any]]) -> str:
    """Published | ours | deviation, and the plane waves of another code."""
    table = io.read_table(HERE / "first_principles.csv")
    keys = list(zip(table.text("code"), table.text("material"), strict=True))
    known = lambda code, material, name: (
        table.number(name, keys.index((code, material)), table.text(name)[keys.index((code, material))])
        if table.text(name)[keys.index((code, material))]
        else None
    )
    rows = []
    for name, title, key, scale, digits in (
        ("valence", "valence splitting at K (meV)", "valence_splitting", 1e3, 1),
        ("conduction", "conduction splitting at K (meV)", "conduction_splitting", 1e3, 1),
        ("K_minus_Gamma", "E_VB(K) - E_VB(Γ) (meV)", "valence_K_minus_Gamma", 1e3, 1),
        ("gap", "gap at K (eV)", "gap", 1.0, 3),
        ("gap_0", "gap at K without spin-orbit coupling (eV)", "gap_0", 1.0, 3),
    ):
        for material, of in found.items():
            ours = scale * of[key]
            cells = [title, material]
            for code in ("published", ROW):
                goal = known(code, material, name)
                cells += ["", ""] if goal is None else [f"{goal:g}", f"{ours - goal:+.{digits}f}"]
            rows.append([*cells[:3], f"{ours:.{digits}f}", *cells[3:]])
    return io.markdown_table(["", "", "published", "ours", "deviation", "plane waves (other code)", "deviation"], rows)


def markdown(
    found: dict[str, dict[str, Any]], hold_out: dict | None, relaxed: dict, best: dict | None, used: str
) -> str:
    """The tables of README.md."""
    parts = ["### From first principles: published | ours | deviation", used, table_at_K(found)]
    meV = lambda of, key: f"{1e3 * of[key]:.1f}"
    whole = ("valence_splitting_whole", "conduction_splitting_whole", "valence_K_minus_Gamma_whole")
    rows = []
    for m, of in found.items():
        cells = [m, *(meV(of, key) for key in whole), f"{1e3 * of['along_M']:.1e}", f"{of['in_plane_spin']:.1e}"]
        cells += [f"{of['energy']:.6f}", f"{of['electrons'] - round(of['electrons']):+.0e}"]
        rows.append([*cells, *(str(of[key]) for key in ("waves", "steps", "cpu_seconds"))])
    head = [
        "",
        "valence splitting",
        "conduction splitting",
        "E_VB(K) - E_VB(Γ)",
        "splitting at Γ and M",
        "in-plane spin at K",
    ]
    head += ["energy (Ha)", "electrons too many", "waves", "steps", "CPU s"]
    parts += ["In the whole spinor basis (meV), and what the calculation was:", io.markdown_table(head, rows)]
    if hold_out is not None:
        goal, ours = 2e3 * published.entry("liu2013_nn_gga", HOLD_OUT)["lambda_M"], 1e3 * hold_out["valence_splitting"]
        cells = [HOLD_OUT, f"{goal:.0f}", f"{ours:.1f}", f"{ours - goal:+.1f}"]
        parts += [
            "### A hold-out: valence splitting at K (meV), published by Liu et al. (2013)",
            f"{hold_out['cutoff']:g} Ha, {hold_out['mesh']} x {hold_out['mesh']}.",
        ]
        parts += [io.markdown_table(["", "published", "ours", "deviation"], [cells])]
    if relaxed:
        rows = []
        for material, of in relaxed.items():
            known = layer_of(material)
            for name, goal in (("a", float(known.a)), ("d", float(known.d))):
                off = 100 * (of[name] / goal - 1)
                rows.append([material, name, f"{goal:.3f}", f"{of[name]:.3f}", f"{off:+.2f} %"])
        parts += ["### Relaxed structures (Å), by gradients"]
        parts += [io.markdown_table(["", "", "published", "ours", "deviation"], rows)]
    if best is not None:
        of = best["optimum"]
        parts += [
            "### A design: biaxial strain of WSe2 for the largest valence splitting with a direct gap",
            f"Strain {100 * of['strain']:+.2f} %{'' if of['settled'] else ' (where the steps ran out)'}: splitting "
            f"{1e3 * of['splitting']:.1f} meV, slope "
            f"{10 * of['slope']:+.2f} meV per percent, d = {of['d']:.3f} Å (relaxed); margins, to Γ "
            f"{1e3 * of['margins'][0]:.1f} meV and to Q {1e3 * of['margins'][1]:.1f} meV "
            f"({best['cutoff']:g} Ha, {best['mesh']} x {best['mesh']}).",
        ]
    return "\n\n".join(parts)


def main(given: argparse.Namespace) -> None:
    """All stages, then tables and figures of what there is."""
    out: Path = given.out
    out.mkdir(parents=True, exist_ok=True)
    paper = fp.Setting(cutoff=given.cutoff, mesh=given.mesh)
    name = lambda stage, material, setting: out / f"{stage}_{material}_{setting.cutoff:g}_{setting.mesh}.json"
    wanted = [stage for stage in STAGES if stage not in given.skip]
    found = {m: once(name("numbers", m, paper), lambda m=m: numbers(m, paper, out)) for m in given.material}
    hold_out = None
    if HOLD_OUT not in given.skip:
        other = fp.Setting(cutoff=given.hold_out_cutoff, mesh=given.hold_out_mesh)
        hold_out = once(name("numbers", HOLD_OUT, other), lambda: numbers(HOLD_OUT, other, out))
        hold_out |= {"cutoff": other.cutoff, "mesh": other.mesh}
    drawn, relaxed, best = {}, {}, None
    if "figures" in wanted:
        coarse = fp.Setting(cutoff=given.figure_cutoff, mesh=given.figure_mesh, band_tolerance=1e-4)
        drawn = {m: once(name("lines", m, coarse), lambda m=m: lines_and_zone(m, coarse, out)) for m in given.material}
    if "relax" in wanted:
        fine = fp.Setting(cutoff=given.cutoff, mesh=given.relax_mesh, tolerance=1e-5)
        relaxed = {m: once(name("relaxed", m, fine), lambda m=m: relaxation(m, fine)) for m in given.material}
    if "design" in wanted and "WSe2" in given.material:
        coarse = fp.Setting(cutoff=given.design_cutoff, mesh=given.design_mesh, tolerance=1e-8)
        best = once(name("design", "WSe2", coarse), lambda: design(coarse, out))
    used = (
        f"{paper.cutoff:g} Ha, {paper.mesh} x {paper.mesh}, cell of {paper.height:g} Å, GTH-PBE; spin-orbit coupling "
        "among 36 bands."
    )
    text = markdown(found, hold_out, relaxed, best, used)
    print(text)
    io.write_text(out / "first_principles.md", text + "\n")
    for title, figure in figures.all_figures(drawn, best):
        figure.savefig(out / f"{title}.png", dpi=200)
    if given.readme:
        io.fill_page(HERE / "README.md", text, "first_principles.py")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    add = parser.add_argument
    add("--out", type=Path, default=Path("results/tmdc/first_principles"), help="folder of results and checkpoints")
    add("--readme", action="store_true", help="write the tables into the README of this experiment")
    add("--material", nargs="+", choices=MATERIALS, default=list(MATERIALS), help="which materials")
    add("--cutoff", type=float, default=30.0, help="of the tables and the relaxation [hartree]")
    add("--mesh", type=int, default=6, help="k points along either direction, of the tables")
    add("--figure-cutoff", type=float, default=20.0, help="of figures 2 to 4 [hartree]")
    add("--figure-mesh", type=int, default=4, help="of figures 2 to 4")
    add("--hold-out-cutoff", type=float, default=20.0, help="of the hold-out [hartree]")
    add("--hold-out-mesh", type=int, default=4, help="of the hold-out")
    add("--relax-mesh", type=int, default=4, help="of the relaxation")
    add("--design-cutoff", type=float, default=20.0, help="of the design [hartree]")
    add("--design-mesh", type=int, default=4, help="of the design")
    add("--skip", nargs="*", choices=(*STAGES[1:], HOLD_OUT), default=[], help="what to leave out")
    main(parser.parse_args())
