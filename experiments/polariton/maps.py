"""The maps of figure 3: effective g-factor (map.toml) and probability of the aligned state, over pump and field.

Both are sweeps in stores: what is there already is not computed again, so a stopped run goes on where it was.
"""

import dataclasses
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PRNGKeyArray

from jaxspin import io, sweep
from jaxspin.cli.sweeping import sweep_grid, sweep_task
from jaxspin.core import Observable, Observables, Solve, Task, observables, quantities
from jaxspin.systems import load, polariton
from jaxspin.systems.polariton import Condensate

HERE = Path(__file__).parent
A, G = 2.28, 0.1  # figures 1(b), 2 and 3
REALIZATIONS = 200
RADIUS = 0.1  # |s| at the start: the paper gives none, and P does not depend on it from here up to 1
CHUNK = 640  # points that a death can cost: ten batches, some ten seconds

known = quantities(Condensate)


@dataclasses.dataclass(frozen=True)
class Start:
    """Realizations at one point of the map, with directions uniform on |s| = radius."""

    realizations: int
    radius: float

    def __call__(self, values: dict[str, Array], *, solve: Solve, key: PRNGKeyArray) -> Observables:
        """Probability of the aligned state; a realization that stays undecided makes the point fail."""
        c = Condensate(p=values["p"], a=A, g=G, delta=values["delta"])
        found = polariton.aligned_probability(c, key, self.realizations, self.radius)
        shares = {"P": found.value, "stderr": found.stderr, "undecided": found.undecided}
        return observables(shares, found.status)


def transient(values: dict[str, Array]) -> Array:
    """How long realizations take: growth from an empty condensate, and slowing down next to the fold."""
    fold = polariton.fold_pump(Condensate(p=values["p"], a=A, g=G, delta=values["delta"]))
    return 1 / (values["p"] + G) + 1 / jnp.sqrt(jnp.abs(values["p"] - fold) + 1e-3)


def probability_task(start: Start) -> Task:
    """Probability of the aligned state at one pump and field."""
    return Task(
        name="probability",
        point=start,
        inputs={name: known[name] for name in ("p", "delta")},
        outputs={
            "P": Observable("1", r"\mathcal{P}", "probability of the aligned state", ()),
            "stderr": Observable("1", r"\sigma_\mathcal{P}", "its standard error", ()),
            "undecided": Observable("1", "u", "share of realizations that end nowhere in time", ()),
        },
        identity={"a": A, "g": G, **dataclasses.asdict(start), "directions": "uniform", "version": 1},
        cost=transient,
    )


def g_factor_map(out: Path) -> Any:
    """The map of map.toml as an xarray dataset."""
    run = io.read_run(HERE / "map.toml")
    task = sweep_task(run, load(run.model.system))
    return sweep.run(task, sweep_grid(run, task), out / "g_eff.zarr", progress=True).load()


def probability_map(out: Path, points: int, workers: int) -> Any:
    """Figure 3(b) on points x points, over the plane of map.toml, as an xarray dataset."""
    grid = sweep.product({"p": np.linspace(0.0, 1.0, points), "delta": np.linspace(0.003, 0.303, points)})
    place = sweep.Processes(workers) if workers > 1 else sweep.Here()
    task, store = probability_task(Start(REALIZATIONS, RADIUS)), out / f"probability_{points}.zarr"
    return sweep.run(task, grid, store, chunk=CHUNK, place=place, progress=True).load()


def states(found: Any) -> tuple[np.ndarray, np.ndarray]:
    """Number of stable states at every point of a map, and the fold pump at every field."""
    p, delta = np.meshgrid(found["p"].values, found["delta"].values, indexing="ij")
    count = lambda p, d: jnp.sum(polariton.fixed_points(Condensate(p=p, a=A, g=G, delta=d)).stable)
    fold = lambda d: polariton.fold_pump(Condensate(p=0.0, a=A, g=G, delta=d))
    stable = jax.jit(jax.vmap(count))(p.ravel(), delta.ravel()).reshape(p.shape)
    return np.asarray(stable), np.asarray(jax.jit(jax.vmap(fold))(delta[0]))
