"""Plane waves: MoS2 by jaxspin and by GPAW in plane-wave mode, on the same cores; memory.

    GPAW_PYTHON=/path/to/python [taskset -c 0] python benchmarks/bench_planewave.py [--full] [--gpaw PYTHON]

Without --full: 15 hartree, 3 x 3 against GPAW with 300 eV; with it 30 hartree, 6 x 6 against 500 eV, settings at which
either code's splitting has converged to about 1 meV. GPAW (PAW, fewer waves) runs as a process of its own, by a Python
that has it: say which by --gpaw or the environment variable. Both stop where the density moves by less than 1e-5 per
electron. GPAW in one process uses several cores only in its linear algebra: taskset compares the codes on one core.
Compilation is timed apart: a second ground state, of a layer stretched by 0.01 %, has the same shapes.
"""

import argparse
import dataclasses
import json
import os
import resource
import subprocess
import time

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)

from jaxspin.planewave import KohnSham, energies_of, self_consistent_density, states  # noqa: E402
from jaxspin.systems.tmdc import first_principles as fp  # noqa: E402

GPAW = """
import json, resource, sys, time
import numpy as np
from ase import Atoms
from gpaw import GPAW, PW
from gpaw.spinorbit import soc_eigenstates
cutoff, mesh, a, d, height = (float(x) for x in sys.argv[1:])
atoms = Atoms("MoS2", cell=[[a, 0, 0], [-a / 2, a * 3**0.5 / 2, 0], [0, 0, height]], pbc=True,
              scaled_positions=[[0, 0, 0.5], [1 / 3, 2 / 3, 0.5 + d / height], [1 / 3, 2 / 3, 0.5 - d / height]])
begin = time.perf_counter()
calc = GPAW(mode=PW(cutoff), xc="PBE", kpts={"size": (int(mesh), int(mesh), 1), "gamma": True},
            convergence={"density": 1e-5}, txt=None)
atoms.calc = calc
atoms.get_potential_energy()
ground = time.perf_counter() - begin
bands = calc.fixed_density(kpts=[[1 / 3, 1 / 3, 0], [0, 0, 0]], symmetry="off", nbands=44, convergence={"bands": 36},
                           txt=None)
e = np.sort(soc_eigenstates(bands).eigenvalues()[0])
top = int(round(bands.get_number_of_electrons()))
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
print("RESULT" + json.dumps({"ground": ground, "all": time.perf_counter() - begin,
                             "splitting": 1e3 * (e[top - 1] - e[top - 2]), "memory": memory}))
"""


def ours(cutoff: float, mesh: int) -> dict[str, float]:
    """Seconds of the first ground state, with compilation, of the next, and of bands at K; splitting; memory."""
    setting = fp.Setting(cutoff=cutoff, mesh=mesh, tolerance=1e-5)
    layer = fp.layer("MoS2")
    begin = time.perf_counter()
    fp.solve(layer, setting)
    first = time.perf_counter() - begin
    begin = time.perf_counter()
    solution = fp.solve(dataclasses.replace(layer, a=layer.a * 1.0001), setting)
    ground = time.perf_counter() - begin
    bands = lambda: fp.coupled_bands(solution, np.array([fp.K, fp.GAMMA]))
    bands()
    begin = time.perf_counter()
    found = fp.at_K(bands())
    spent = time.perf_counter() - begin
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return {
        "compile": first - ground,
        "ground": ground,
        "all": ground + spent,
        "splitting": 1e3 * float(found.valence_splitting),
        "memory": memory,
        "gradient": seconds_of_gradient(solution),
        "steps": len(solution.ground.history),
    }


def seconds_of_gradient(of: fp.Solution) -> float:
    """The valence splitting at K with respect to everything in the model, through self-consistency; compiled before."""
    model = fp.kohn_sham(of.layer, of.setting, 1.0)
    line = of.basis.at(np.array([[*fp.K, 0.0]]), model.crystal)
    orbitals = states(model, line, of.ground.density, model.electrons, tolerance=1e-6, max_steps=200).orbitals

    def splitting(model: KohnSham) -> jax.Array:
        density = self_consistent_density(model.with_spin_orbit(None), of.basis, of.ground)
        e = energies_of(model, line, density, orbitals[:, -2:])
        return e[0, 1] - e[0, 0]

    slopes = jax.jit(jax.grad(splitting))
    jax.block_until_ready(slopes(model))
    begin = time.perf_counter()
    found = jax.block_until_ready(slopes(model))
    spent = time.perf_counter() - begin
    assert all(bool(jnp.all(jnp.isfinite(leaf))) for leaf in jax.tree.leaves(found))
    return spent


def by_gpaw(python: str, cutoff: float, mesh: int) -> dict[str, float]:
    """The same by GPAW, in eV and by its own symmetry."""
    layer = fp.layer("MoS2")
    given = [str(x) for x in (cutoff, mesh, float(layer.a), float(layer.d), 16.0)]
    done = subprocess.run([python, "-c", GPAW, *given], capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT")]
    if not lines:
        raise RuntimeError(
            f"GPAW failed: {done.stderr.strip().splitlines()[-1] if done.stderr else done.stdout[-300:]}"
        )
    return json.loads(lines[0].removeprefix("RESULT"))


def main(full: bool, gpaw: str | None) -> None:
    """Both codes, and the ratio of their times."""
    cutoff, mesh, peer = (30.0, 6, 500.0) if full else (15.0, 3, 300.0)
    own = ours(cutoff, mesh)
    shown = (
        "{} ground state {ground:.1f} s, with bands at K {all:.1f} s, splitting {splitting:.1f} meV, {memory:.2f} GB"
    )
    print(
        shown.format(f"jaxspin, {cutoff:g} Ha, {mesh} x {mesh}:", **own), f"(compilation apart: {own['compile']:.1f} s)"
    )
    print(
        f"gradient of the splitting with respect to everything in the model: {own['gradient']:.1f} s, "
        f"{own['gradient'] / own['ground']:.2f} ground states (of {own['steps']:.0f} steps)"
    )
    if gpaw is None:
        print("GPAW: not measured, no Python with it was given (--gpaw or GPAW_PYTHON)")
        return
    other = by_gpaw(gpaw, peer, mesh)
    print(shown.format(f"GPAW, {peer:g} eV, {mesh} x {mesh}:", **other))
    alone, whole = (other[part] / own[part] for part in ("ground", "all"))
    print(f"GPAW/jaxspin: ground state {alone:.2f}, with bands at K {whole:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--full", action="store_true", help="30 hartree, 6 x 6, instead of 15, 3 x 3")
    parser.add_argument("--gpaw", default=os.environ.get("GPAW_PYTHON"), help="a Python that has GPAW")
    given = parser.parse_args()
    main(given.full, given.gpaw)
