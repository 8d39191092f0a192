"""The pump and field that make the effective g-factor largest while the condensate still ends aligned with the field.

    python experiments/polariton/design.py [--out results/polariton]

Below the fold p_f(delta) the aligned state is the only stable one, so P = 1 exactly. The opposed state appears there,
and 1 - P grows steeply from next to nothing, roughly like sqrt(p - p_f). P is a count and has no derivatives, p_f has
all of them. So the design keeps p <= p_f(delta), by gradients, which is a little stricter than P > 0.99. What that
gives away is measured: the pump at which P falls to 0.99 in the field of the optimum, with the same random beginnings
at every pump, and g_eff there.

Without a smallest field there is no largest g-factor: along the fold g_eff grows without bound as delta -> 0, in the
end like delta^(-2/3), p_f - p_c falling like delta^(2/3). So the optimum lies where fold and smallest field meet.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import jax

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp  # noqa: E402

from jaxspin.core import Observables, replace  # noqa: E402
from jaxspin.inverse import DesignResult, Limit, design  # noqa: E402
from jaxspin.systems.polariton import MODEL, Condensate, Drive, Microcavity, g_eff  # noqa: E402
from jaxspin.systems.polariton.probability import Probability, directions, ends_of  # noqa: E402

ANISOTROPIES = (1.0, 2.28, 4.0)
FIELDS = (0.02, 0.2)  # delta that can be applied
LEAST = 0.99
BEGINNINGS, RADIUS = 4000, 0.1  # the probability hardly depends on the radius from here up
HALVINGS = 8
NEAREST, FARTHEST = 1e-5, 1e-1  # from the fold, where the crossing is looked for; nearer, transients take too long

starts = RADIUS * directions(jax.random.key(4), BEGINNINGS)
probability = jax.jit(lambda c: ends_of(c, starts))


def below_fold(seen: Observables, params: Microcavity, drive: Drive) -> jax.Array:
    """p_f - p."""
    return seen["p_f"] - drive.p


def best(a: float) -> DesignResult:
    """Largest g_eff with p <= p_f and the field within `FIELDS`; `field` is delta, since the splitting is set to 1."""
    sample = replace(MODEL.material("Bochin 2024"), {"a": a, "delta": 1.0})
    return design(
        MODEL,
        sample,
        Drive(p=0.3 / a, field=0.1),
        maximise="g_eff",
        free=["p", "field"],
        bounds={"p": (0.01, 3.0), "field": FIELDS},
        subject_to={"p_f - p": Limit(lower=0.0, of=below_fold, scale=0.1, unit="1")},
        starts=4,
    ).checked()


def at(result: DesignResult, distance: jax.Array | float = 0.0) -> Condensate:
    """The condensate of the optimum, pumped by `distance` more than the fold."""
    sample = result.params
    return Condensate(result.observables["p_f"] + distance, sample.a, sample.g, sample.delta * result["field"])


def crossing(result: DesignResult) -> tuple[float, Probability]:
    """Distance from the fold at which P falls through `LEAST`, by halving its logarithm, and P there."""
    low, high = jnp.log(NEAREST), jnp.log(FARTHEST)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        above = probability(at(result, jnp.exp(middle))).value > LEAST
        low, high = jnp.where(above, middle, low), jnp.where(above, high, middle)
    return float(jnp.exp(low)), probability(at(result, jnp.exp(low)))  # P < LEAST: nearer to the fold than `NEAREST`


def row(a: float) -> dict[str, Any]:
    """Everything there is to say at one a."""
    result = best(a)
    distance, share = crossing(result)
    on_fold = probability(at(result, -1e-3))
    return {
        "a": a,
        "p": float(result["p"]),
        "delta": float(result["field"]),
        "g_eff": float(result.objective),
        "active": list(result.active),
        "per field": float(result.sides["field lower"].sensitivity),
        "P at p_f - 0.001": float(on_fold.value),
        "p(P = 0.99) - p_f": distance,
        "P there": float(share.value),
        "stderr": float(share.stderr),
        "g_eff there": float(g_eff(at(result, distance))),
    }


def main() -> None:
    """Print the table and write design.json."""
    parser = argparse.ArgumentParser(description="Largest effective g-factor of a condensate that still ends aligned.")
    parser.add_argument("--out", default="results/polariton", help="folder for design.json")
    folder = Path(parser.parse_args().out)
    rows = []
    print(f"Largest g_eff with P = 1 (p <= p_f), {FIELDS[0]} <= delta <= {FIELDS[1]}, g = 0.1; and where P = {LEAST}")
    for a in ANISOTROPIES:
        rows.append(row(a))
        r = rows[-1]
        print(
            f"a = {a:<5g} p = {r['p']:.6f}  delta = {r['delta']:.3f}  g_eff = {r['g_eff']:.3f}  "
            f"active: {', '.join(r['active'])}; dg_eff/ddelta_min = {r['per field']:.0f}; P just below the fold "
            f"{r['P at p_f - 0.001']:.4f}; P = {r['P there']:.4f}({r['stderr']:.4f}) at p_f + "
            f"{r['p(P = 0.99) - p_f']:.1e}, g_eff = {r['g_eff there']:.3f} there",
            flush=True,
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "design.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
