"""Which pump is it? Level, coupling, drive and spin-orbit phase from noisy pumped currents against flux.

    python experiments/spin_pump/inversion.py [--out results/spin_pump] [--readme] [--samples 32]

I_up and I_down of the paper's ring at E_F = 0.05 and 11 fluxes from 0.02 to 0.48, with noise of 2 % of their root mean
square, are fitted from a start that is off in everything. Many noises, fitted from the truth, tell whether the errors
that a fit reports are the errors that it makes: pulls of unit variance, and the shares within one and two of them.
"""

import argparse
import dataclasses
import functools
import json
from pathlib import Path

import jax

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

from jaxspin import io  # noqa: E402
from jaxspin.core import Solve, Status, observables, select  # noqa: E402
from jaxspin.inverse import Dataset, coverage, fit  # noqa: E402
from jaxspin.numerics import quadrature  # noqa: E402
from jaxspin.systems.spin_pump import MODEL, Device, WorkingPoint, pumped_currents  # noqa: E402
from jaxspin.systems.spin_pump.observables import ring  # noqa: E402

HERE = Path(__file__).parent

TRUTH = Device(level=0.02, coupling=0.25, drive=0.07, phi_so=0.1)
START = Device(level=0.0, coupling=0.28, drive=0.08, phi_so=0.08)
FREE = ["level", "coupling", "drive", "phi_so"]
NOISE = 0.02
FLUXES = jnp.linspace(0.02, 0.48, 11)
AT_ONCE = 4  # fits in one batch, about half a GB each
PHOTONS = 5  # enough for drive/frequency = 0.4; MODEL allows for 2.8, in five times the time and memory


def observe(params: Device, at: WorkingPoint, *, solve: Solve | None = None, key: jax.Array | None = None):
    """As `spin_pump.observe`, with as many photons and as fine panels as these weak drives need."""
    panels = functools.partial(quadrature.integrate_graded, levels=2)
    found = pumped_currents(ring(params, at), n_max=PHOTONS, solve=Solve(rtol=1e-14, atol=1e-6), integrate=panels)
    return observables({"I_up": found.up, "I_down": found.down}, found.status)


PUMP = dataclasses.replace(
    MODEL, observe=observe, observables={name: MODEL.observables[name] for name in ("I_up", "I_down")}
)


def main(out: Path, readme: bool, samples: int) -> None:
    """Print the table, and write it."""
    conditions = jax.vmap(lambda flux: WorkingPoint(fermi_energy=0.05, phi_ab=flux))(FLUXES)
    seen = jax.jit(jax.vmap(lambda at: MODEL.observe(TRUTH, at).values))(conditions)
    quick = jax.jit(jax.vmap(lambda at: PUMP.observe(TRUTH, at).values))(conditions)
    sigma = {name: NOISE * float(jnp.sqrt(jnp.mean(seen[name] ** 2))) for name in ("I_up", "I_down")}
    rng = np.random.default_rng(3)
    noisy = {name: (np.asarray(seen[name]) + rng.normal(0, s, FLUXES.size), s) for name, s in sigma.items()}
    off = max(float(jnp.max(jnp.abs(quick[name] - seen[name]))) / s for name, s in sigma.items())
    assert off < 1e-2, f"the quick model is off by {off:.1e} of the noise"
    first = fit(PUMP, START, Dataset.from_columns(conditions, noisy), free=FREE)
    print(first)
    keys = jax.random.split(jax.random.key(3), -(-samples // AT_ONCE))
    runs = [coverage(PUMP, TRUTH, conditions, sigma, free=FREE, key=key, n=AT_ONCE) for key in keys]
    values, errors = (np.concatenate([np.asarray(getattr(run, name)) for run in runs]) for name in ("values", "stderr"))
    assert all(np.all(np.asarray(run.status) == Status.OK) for run in runs), "a fit did not converge"
    samples = len(values)
    truth = np.array([float(value) for value in select(TRUTH, FREE).values()])
    pulls = (values - truth) / errors
    rows = [
        [
            name,
            f"{truth[i]:g}",
            f"{first.values[i]:.4f} ± {first.stderr[i]:.4f}",
            f"{pulls[:, i].mean():+.2f}",
            f"{pulls[:, i].std(ddof=1):.2f}",
            f"{np.mean(np.abs(pulls[:, i]) < 1):.0%}",
            f"{np.mean(np.abs(pulls[:, i]) < 2):.0%}",
        ]
        for i, name in enumerate(FREE)
    ]
    text = io.markdown_table(
        ["parameter", "truth", "first fit", "mean pull", "its spread", "within 1 σ", "within 2 σ"], rows
    )
    text += f"\n\nFirst fit: χ² = {float(first.chi2):.1f} for {int(first.dof)} degrees of freedom. {samples} noises. "
    text += f"Standard errors of the columns: {1 / np.sqrt(samples):.2f}, {1 / np.sqrt(2 * samples):.2f}, "
    text += f"{np.sqrt(0.68 * 0.32 / samples):.0%} and {np.sqrt(0.95 * 0.05 / samples):.0%}."
    text += f" Currents are computed to {off:.0e} of the noise."
    print("\n" + text)
    out.mkdir(parents=True, exist_ok=True)
    found = {"free": FREE, "truth": truth.tolist(), "values": values.tolist(), "errors": errors.tolist()}
    io.write_text(out / "inversion.json", json.dumps(found, indent=1) + "\n")
    if readme:
        io.fill_page(HERE / "README.md", text, "inversion.py")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", type=Path, default=Path("results/spin_pump"), help="folder for inversion.json")
    parser.add_argument("--readme", action="store_true", help="write the table into the README of this experiment")
    parser.add_argument("--samples", type=int, default=32, help="noises that are fitted")
    given = parser.parse_args()
    main(given.out, given.readme, given.samples)
