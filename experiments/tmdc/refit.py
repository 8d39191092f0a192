"""The eleven-band model fitted to first principles: four materials at once, spin-orbit strengths shared by element.

    python experiments/tmdc/refit.py [--out results/tmdc] [--write] [--readme]

Target: GPAW (PBE) alone, of which signed splittings along Gamma-K are known: `first_principles.csv`, `gamma_k.csv`.
Free are all on-site energies and hoppings of the four materials and the strengths of Mo, W, S and Se: 164 numbers,
more than there are data. What these leave open, the table of Fang et al. holds: by a Gaussian prior on each parameter,
and by its bands without spin-orbit coupling, the empty ones shifted as a whole so that the gap at K is that of GPAW.
Damped Gauss-Newton on exact Jacobians. --write puts the result into the package, as `tmdc.model("jaxspin-11", ...)`.
"""

import argparse
import dataclasses
import json
import time
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

jax.config.update("jax_enable_x64", True)

from jaxspin import io  # noqa: E402
from jaxspin.numerics.linear_algebra import eigh  # noqa: E402
from jaxspin.systems import tmdc  # noqa: E402
from jaxspin.systems.tmdc import published  # noqa: E402

HERE = Path(__file__).parent
TABLE = Path(tmdc.__file__).parent / "data" / "jaxspin11.json"
MATERIALS = ("MoS2", "MoSe2", "WS2", "WSe2")
CODE = "GPAW"
AT_K = ("gap", "gap_0", "K_minus_Gamma", "K_minus_Gamma_0")
HOPPINGS = tuple(f.name for f in dataclasses.fields(tmdc.ElevenBand) if f.name.startswith(("eps", "t")))
X = np.array([0, 0.08, 0.16, 0.24, 0.32, 0.4, 0.48, 0.56, 0.64, 0.72, 0.8, 0.88, 0.96, 1])  # of gamma_k.csv
M = np.array([0.75, np.sqrt(3) / 4])
OF_FANG = np.array([[0, 0], [0.24, 0], [0.48, 0], [0.72, 0], [1, 0], M, M / 2])  # in units of |Gamma-K|
CORNER = 4  # K among these

# Standard errors [eV]: how well each number is wanted, not how well it is known.
SPLITTING = {"valence": 4e-3, "conduction": 5.5e-3}
SPLITTING_AT_K, ENERGY = 0.4e-3, 3e-3
BANDS = np.array([0.2] * 6 + [0.1] * 2 + [0.2] * 3)  # those next to the gap better
APART, TIGHT = 0.3, 0.1  # by how much s_z of partners must differ at least, and how strictly
ON_SITE, SHARE, LEAST, STRENGTH = 0.15, 0.08, 0.02, 0.2  # priors: on site, hopping 8 % + 0.02 eV, strength 20 %

ODD_UP_TO = {"MoS2": 0.24, "MoSe2": 0.16, "WS2": 0.08, "WSe2": 0.24}
"""x up to which the lowest conduction state is odd under z -> -z, its spin then opposite to that of its mirror sector.

The sign of a splitting follows s_z, and jumps where two states of one sector cross. Between sectors it does not, so the
fit takes the differences between these, with signs by this table, and asks s_z to agree with it.
"""


def start(material: str) -> tmdc.ElevenBand:
    """Fang's table on the lattice of the paper."""
    zhu = published.entry("zhu2011", material)
    of = published.entry("fang2015", material) | {"a": zhu["a"], "d": zhu["d"]}
    return tmdc.ElevenBand(**{name: jnp.asarray(float(value)) for name, value in of.items()})


def target(material: str) -> dict[str, Any]:
    """First-principles numbers [eV]: `valence`, `conduction` along Gamma-K at `X` (14,), and those of `AT_K`."""
    path = io.read_table(HERE / "gamma_k.csv")
    rows = np.array(path.text("material")) == material
    np.testing.assert_array_equal(path.numbers("x")[rows], X)
    found: dict[str, Any] = {name: path.numbers(name)[rows] / 1e3 for name in SPLITTING}
    table = io.read_table(HERE / "first_principles.csv")
    row = list(zip(table.text("code"), table.text("material"), strict=True)).index((CODE, material))
    scale = {"eV": 1.0, "meV": 1e-3}
    return found | {n: table.number(n, row, table.text(n)[row]) * scale[table.unit(n) or ""] for n in AT_K}


def bands_without_spin(params: tmdc.ElevenBand, k: Float[Array, "n 2"]) -> Float[Array, "n 11"]:
    """Energies without spin-orbit coupling at k [1/angstrom], in eV: then both mirror sectors are alike."""
    nothing = jnp.zeros(())
    model = tmdc.eleven_band(dataclasses.replace(params, lambda_M=nothing, lambda_X=nothing))
    return eigh(jax.vmap(lambda k: tmdc.hamiltonian(model, k)[0])(k))[0]


@jax.jit
def predicted(params: tmdc.ElevenBand) -> dict[str, Array]:
    """What the model gives for every number of `target` [eV], and `bands` (7, 11) at the wave vectors of `OF_FANG`.

    Splittings are those between the mirror sectors: the even states with spin up and the odd ones with spin down, minus
    the others.
    """
    corner = 4 * jnp.pi / (3 * params.a)
    path = corner * jnp.stack([jnp.asarray(X), jnp.zeros(len(X))], axis=1)
    edge = tmdc.edges(tmdc.eleven_band(params), path)
    bands = bands_without_spin(params, corner * jnp.asarray(OF_FANG))
    top = jnp.max(edge.valence, axis=1)
    return {
        "valence": edge.valence[:, 0] - edge.valence[:, 1],
        "conduction": edge.conduction[:, 0] - edge.conduction[:, 1],
        "gap": jnp.min(edge.conduction[-1]) - top[-1],
        "gap_0": bands[CORNER, 7] - bands[CORNER, 6],
        "K_minus_Gamma": top[-1] - top[0],
        "K_minus_Gamma_0": bands[CORNER, 6] - bands[0, 6],
        "s_z": jnp.stack([pair[:, 0, 2] - pair[:, 1, 2] for pair in (edge.valence_spin, edge.conduction_spin)]),
        "bands": bands,
    }


def wanted(material: str, blind: bool) -> tuple[dict[str, Array], dict[str, Array]]:
    """`target` with the bands of Fang's table, and the standard error of each number [eV].

    `blind`: numbers that spin-orbit coupling makes get no weight.
    """
    goal, first = target(material), predicted(start(material))
    bands = np.array(first["bands"])
    bands[:, 7:] += goal["gap_0"] - float(first["gap_0"])
    sigma: dict[str, Any] = {name: np.full(len(X), value) for name, value in SPLITTING.items()}
    for name in SPLITTING:
        sigma[name][-1] = SPLITTING_AT_K
    sigma |= dict.fromkeys(AT_K, ENERGY)
    if blind:
        sigma |= {name: sigma[name] + 1e6 for name in (*SPLITTING, "gap", "K_minus_Gamma")}
    even = np.where(ODD_UP_TO[material] < X, 1.0, -1.0)
    return goal | {
        "conduction": even * goal["conduction"],
        "s_z": np.array([np.ones(len(X)), even]),
        "bands": bands,
    }, sigma


def _with(first: tmdc.ElevenBand, own: Float[Array, " p"]) -> tmdc.ElevenBand:
    """Parameters with other hoppings and, last, lambda_M and lambda_X."""
    return dataclasses.replace(first, **dict(zip((*HOPPINGS, "lambda_M", "lambda_X"), own, strict=True)))


def _pulls(own: Float[Array, " p"], first: Any, goal: Any, sigma: Any) -> Float[Array, " n"]:
    """(predicted - wanted)/sigma of one material: GPAW's numbers first, then s_z, then Fang's bands."""
    found = predicted(_with(first, own))
    pulls = [jnp.ravel((found[name] - goal[name]) / sigma[name]) for name in (*SPLITTING, *AT_K)]
    pulls += [
        jnp.ravel(jnp.minimum(goal["s_z"] * found["s_z"] - APART, 0.0)) / TIGHT,
        jnp.ravel((found["bands"] - goal["bands"]) / BANDS),
    ]
    return jnp.concatenate(pulls)


_pulls_of = jax.jit(_pulls)
_slopes_of = jax.jit(jax.jacfwd(_pulls))


class Refit(NamedTuple):
    """Fitted parameters by material, strengths by element [eV]; and the Jacobian of all pulls, priors last.

    `names`: "MoS2/eps1", ..., "lambda_Mo", ...: the columns of the Jacobian in units of the priors.
    """

    params: dict[str, tmdc.ElevenBand]
    strengths: dict[str, float]
    names: tuple[str, ...]
    jacobian: np.ndarray
    chi2: float


def refit(materials: tuple[str, ...] = MATERIALS, held: dict[str, float] | None = None, steps: int = 40) -> Refit:
    """The fit; with strengths by element [eV] `held`, to what has nothing to do with spin-orbit coupling.

    Unknowns are counted in units of their priors, from Fang's values. Raises `RuntimeError` where it does not converge.
    """
    first = [start(material) for material in materials]
    data = [(params, *wanted(material, held is not None)) for material, params in zip(materials, first, strict=True)]
    mean = np.array([[float(getattr(params, name)) for name in HOPPINGS] for params in first])
    width = np.where([name.startswith("eps") for name in HOPPINGS], ON_SITE, LEAST + SHARE * np.abs(mean))
    pairs = [published.elements(material) for material in materials]
    elements = tuple(dict.fromkeys(element for pair in zip(*pairs, strict=True) for element in pair))
    of_fang = published.table("fang2015")["spin_orbit"] | (held or {})
    strength = np.array([of_fang[element] for element in elements])
    freedom = np.where([element in (held or {}) for element in elements], 1e-9, STRENGTH) * strength
    shared = np.array([[elements.index(element) for element in pair] for pair in pairs])
    m, h = mean.shape

    def own(u: np.ndarray) -> np.ndarray:
        hoppings, strengths = mean + width * u[: m * h].reshape(m, h), strength + freedom * u[m * h :]
        return np.concatenate([hoppings, strengths[shared]], axis=1)

    def residual(u: np.ndarray) -> np.ndarray:
        return np.concatenate([*(_pulls_of(row, *of) for row, of in zip(own(u), data, strict=True)), u])

    def jacobian(u: np.ndarray) -> np.ndarray:
        slopes = np.array([_slopes_of(row, *of) for row, of in zip(own(u), data, strict=True)])
        n = slopes.shape[1]
        whole = np.zeros((m * n, len(u)))
        for i in range(m):
            rows = slice(i * n, (i + 1) * n)
            whole[rows, i * h : (i + 1) * h] = slopes[i, :, :h] * width[i]
            whole[rows, m * h + shared[i]] += slopes[i, :, h:] * freedom[shared[i]]
        return np.concatenate([whole, np.eye(len(u))])

    u, damping = np.zeros(m * h + len(elements)), 1e-2
    r = residual(u)
    for _ in range(steps):
        J = jacobian(u)
        normal, gradient = J.T @ J, J.T @ r
        for _ in range(12):
            tried = u - np.linalg.solve(normal + damping * np.diag(np.diag(normal)), gradient)
            then = residual(tried)
            if then @ then < r @ r:
                break
            damping *= 4
        else:
            break
        fallen = r @ r - then @ then
        u, r, damping = tried, then, damping / 6
        if fallen < 1e-4 * (r @ r):
            break
    else:
        raise RuntimeError(f"refit: still falling after {steps} steps, chi2 = {r @ r:.4g}")
    values = own(u)
    names = tuple(f"{material}/{name}" for material in materials for name in HOPPINGS)
    return Refit(
        params={material: _with(params, row) for material, params, row in zip(materials, first, values, strict=True)},
        strengths=dict(zip(elements, (strength + freedom * u[m * h :]).tolist(), strict=True)),
        names=names + tuple(f"lambda_{element}" for element in elements),
        jacobian=jacobian(u),
        chi2=float(r @ r),
    )


def deviations(params: tmdc.ElevenBand, material: str) -> dict[str, np.ndarray]:
    """Model minus GPAW [eV], by the names of `target`."""
    found, goal = predicted(params), target(material)
    path = 4 * jnp.pi / (3 * params.a) * jnp.stack([jnp.asarray(X), jnp.zeros(len(X))], axis=1)
    found |= tmdc.splitting(tmdc.eleven_band(params), path)._asdict()
    return {name: np.asarray(found[name]) - goal[name] for name in goal}


def cross_validation(materials: tuple[str, ...] = MATERIALS) -> dict[str, dict[str, Any]]:
    """Each material from the spin-orbit strengths of the other three, and from its own bands without that coupling.

    Returns by material: `strengths` [eV] of its elements from the others, and `deviations` of what they predict.
    """
    found = {}
    for material in materials:
        others = refit(tuple(other for other in materials if other != material))
        held = {element: others.strengths[element] for element in published.elements(material)}
        blind = refit((material,), held)
        found[material] = {"strengths": held, "deviations": deviations(blind.params[material], material)}
    return found


class Identifiability(NamedTuple):
    """What GPAW's numbers tell, before Fang's bands and priors.

    `seen`: number of combinations of parameters that they fix better than the priors; `all_in_all` that many there are.
    `stderr`: of each parameter, by name, after the whole fit, in units of its prior. `blind`: share of each parameter
    that lies in the combinations on which no number of GPAW depends noticeably (less than 1 % of a prior).
    """

    seen: int
    all_in_all: int
    stderr: dict[str, float]
    blind: dict[str, float]


def identifiability(result: Refit) -> Identifiability:
    """Singular values of GPAW's part of the Jacobian, in units of the priors."""
    n = len(result.names)
    data = result.jacobian[:-n].reshape(len(result.params), -1, n)
    of_gpaw = data[:, : 2 * len(X) + len(AT_K)].reshape(-1, n)
    _, size, rows = np.linalg.svd(of_gpaw, full_matrices=True)
    size = np.concatenate([size, np.zeros(n - len(size))])
    covariance = np.linalg.inv(result.jacobian.T @ result.jacobian)
    named = lambda values: dict(zip(result.names, values.tolist(), strict=True))
    blind = np.sum(rows[size < 0.01] ** 2, axis=0)
    return Identifiability(int(np.sum(size > 1)), n, named(np.sqrt(np.diag(covariance))), named(blind))


def write_table(result: Refit, path: Path = TABLE) -> None:
    """The parameters as a table of the package, to 1e-5 eV."""
    rows = {
        material: {"a": float(params.a)} | {name: round(float(getattr(params, name)), 5) for name in HOPPINGS}
        for material, params in result.params.items()
    }
    citation = (
        "jaxspin, experiments/tmdc/refit.py: fitted to bands and splittings of GPAW 26.7 (PBE, plane waves of 500 eV, "
        "12 x 12 k points) on the lattices of Zhu et al. (2011), from the table of Fang et al. (2015)"
    )
    head = {"citation": citation, "units": {"a": "angstrom", "lambda_M, lambda_X, eps, t": "eV"}}
    head["spin_orbit"] = {element: round(value, 5) for element, value in result.strengths.items()}
    begin = json.dumps(head, indent=2, ensure_ascii=False)[:-2]
    lines = ",\n".join(f'    "{material}": {json.dumps(row)}' for material, row in rows.items())
    io.write_text(path, f'{begin},\n  "materials": {{\n{lines}\n  }}\n}}\n')


def markdown(found: dict[str, Any]) -> str:
    """The tables of README.md, from what `main` writes to `refit.json`."""
    rms = lambda numbers: f"{1e3 * np.sqrt(np.mean(np.square(numbers))):.1f}"
    in_meV = lambda number: f"{1e3 * number:+.2f}"

    def row(material: str, off: dict[str, Any]) -> list[str]:
        at_K = [in_meV(off[name][-1]) for name in SPLITTING] + [in_meV(off[name]) for name in AT_K]
        return [material, *at_K, *(rms(off[name]) for name in SPLITTING)]

    header = ["minus GPAW (meV)", "valence at K", "conduction at K", "gap", "gap, no SOC", "K - Γ", "K - Γ, no SOC"]
    header += ["valence along Γ-K, rms", "conduction, rms"]
    fang = published.table("fang2015")["spin_orbit"]
    crossed, known = found["cross_validation"], found["identifiability"]
    strengths = [
        [
            element,
            f"{1e3 * fang[element]:.1f}",
            f"{1e3 * value:.1f}",
            f"{100 * known['stderr'][f'lambda_{element}']:.0f} %",
            ", ".join(
                f"{1e3 * of['strengths'][element]:.1f} (without {m})"
                for m, of in crossed.items()
                if element in of["strengths"]
            ),
        ]
        for element, value in found["strengths"].items()
    ]
    order = sorted(known["stderr"], key=lambda name: known["stderr"][name])
    blind = sorted(known["blind"], key=lambda name: -known["blind"][name])
    shown = lambda names, of: ", ".join(f"{name} ({100 * known[of][name]:.0f} %)" for name in names)
    return "\n\n".join(
        [
            "### The fit",
            io.markdown_table(header, [row(*each) for each in found["deviations"].items()]),
            "### Each material from the other three: their spin-orbit strengths, its own bands without that coupling",
            io.markdown_table(header, [row(m, of["deviations"]) for m, of in crossed.items()]),
            "### Spin-orbit strengths (meV)",
            io.markdown_table(["", "Fang et al.", "fit", "error, of the prior's", "from three materials"], strengths),
            "### What the data tell",
            f"GPAW's numbers fix {known['seen']} of {known['all_in_all']} combinations of parameters better than the "
            f"priors do. Best known (error, of the prior's): {shown(order[:12], 'stderr')}. Least (share in "
            f"combinations on which no number depends): {shown(blind[:12], 'blind')}.",
        ]
    )


def main(out: Path, write: bool, readme: bool) -> None:
    """Fit, table, what is seen, cross-validation; written to `refit.json`."""
    begin = time.perf_counter()
    out.mkdir(parents=True, exist_ok=True)
    result = refit()
    print(f"fit: {time.perf_counter() - begin:.0f} s, chi2 {result.chi2:.1f}")
    if write:
        write_table(result)
    known, crossed = identifiability(result), cross_validation()
    as_lists = lambda numbers: {name: np.asarray(value).tolist() for name, value in numbers.items()}
    found = {
        "chi2": result.chi2,
        "strengths": result.strengths,
        "deviations": {m: as_lists(deviations(params, m)) for m, params in result.params.items()},
        "identifiability": known._asdict(),
        "cross_validation": {
            m: {"strengths": of["strengths"], "deviations": as_lists(of["deviations"])} for m, of in crossed.items()
        },
    }
    (out / "refit.json").write_text(json.dumps(found, indent=1) + "\n")
    text = markdown(found)
    print(text)
    if readme:
        io.fill_page(HERE / "README.md", text, "refit.py")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("results/tmdc"), help="folder for refit.json")
    parser.add_argument("--write", action="store_true", help="put the parameters into the package")
    parser.add_argument("--readme", action="store_true", help="write the tables into the README of this experiment")
    given = parser.parse_args()
    main(given.out, given.write, given.readme)
