"""Pulses on squares and on the cross, in batches of one compilation; a batch that has been computed is kept on disk."""

import dataclasses
import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from jaxspin.micromagnetics.mesh import Mesh
from jaxspin.micromagnetics.relax import relax
from jaxspin.systems.ferrimagnet import simulation as sim

SIDE, CELL = 12, 6e-9  # the 72 nm square of the symmetry checks, in coarse cells
ON, OFF = 0.5e-9, 0.3e-9  # s
TIMES = jnp.linspace(0.0, ON + OFF, 33)
BATCH = 12
EXCHANGE = 5.0  # T
FILM = sim.SwitchingFilm(exchange_field=EXCHANGE)
SQUARE = sim.square(SIDE, CELL)

# length and width of the cross of figure 5 [m]: arms of 1.8 wall widths, too short for a wall to stay in one
LENGTH, WIDTH = 108e-9, 72e-9
LOOKS = (
    *np.linspace(0.0, 0.2, 41).tolist(),
    *np.linspace(0.22, 0.4, 10).tolist(),
    *np.linspace(0.48, 2.0, 20).tolist(),
)
"""Times in a stretch of 2 ns at which the cross is looked at [ns]."""


@dataclasses.dataclass(frozen=True)
class Case:
    """A pulse on the square: current [A/m2], start +1 or -1, and parameters that differ from the film's."""

    current: float
    start: float = 1.0
    changes: tuple[tuple[str, float], ...] = ()

    def film(self) -> sim.SwitchingFilm:
        """The film of this case."""
        return sim.SwitchingFilm(**{"exchange_field": EXCHANGE, **dict(self.changes)})


@eqx.filter_jit
def _batch(films: sim.SwitchingFilm, currents: jax.Array, starts: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    def one(film: sim.SwitchingFilm, current: jax.Array, start: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        run = sim.pulsed(film, SQUARE, current, TIMES, waveform=sim.one_pulse(ON), start=start)
        return run.averages[:, 0, 2], run.observed[-1], run.status

    return jax.vmap(one)(films, currents, starts)


def pulse_all(cases: Sequence[Case], store: Path) -> dict[Case, np.ndarray]:
    """<m_z>(t) of the first sublattice (33,) for every case; each batch is kept in `store` once computed."""
    store.mkdir(parents=True, exist_ok=True)
    known = {
        case: store / f"{hashlib.sha256(repr((case, SIDE, CELL, ON, OFF, EXCHANGE)).encode()).hexdigest()[:16]}.npy"
        for case in dict.fromkeys(cases)
    }
    left = [case for case, path in known.items() if not path.exists()]
    for first in range(0, len(left), BATCH):
        began = time.monotonic()
        chunk = left[first : first + BATCH]
        padded = chunk + [chunk[-1]] * (BATCH - len(chunk))
        films = jax.tree.map(lambda *leaves: jnp.stack(leaves), *(case.film() for case in padded))
        currents = jnp.asarray([case.current for case in padded])
        m_z, _, status = _batch(films, currents, jnp.asarray([case.start for case in padded]))
        if np.any(status):
            raise RuntimeError(f"pulses: {int(np.sum(np.asarray(status) != 0))} of a batch failed, status {status}")
        for case, row in zip(chunk, np.asarray(m_z), strict=False):
            np.save(known[case], row)
        done = first + len(chunk)
        print(f"pulses: {done} of {len(left)}, {time.monotonic() - began:.0f} s a batch", flush=True)
    return {case: np.load(path) for case, path in known.items()}


def table_of(cases: dict[Case, np.ndarray], current: float, changes: tuple[tuple[str, float], ...]) -> np.ndarray:
    """Final <m_z>: rows start +z, -z; columns +j, -j. A start -z that was not run is minus the other with -j.

    The mirror y -> -y and the rotation by 180 degrees about z together reverse start, current and outcome, and leave
    every term in use here as it is: final(-z, -j) = -final(+z, j) also where the mirror alone is broken.
    """
    final = lambda start, sign: cases[Case(sign * current, start, changes)][-1]
    up = [final(1.0, sign) for sign in (1.0, -1.0)]
    run = Case(current, -1.0, changes) in cases
    down = [final(-1.0, sign) for sign in (1.0, -1.0)] if run else [-up[1], -up[0]]
    return np.array([up, down])


def four(current: float, changes: tuple[tuple[str, float], ...] = ()) -> list[Case]:
    """The cases of a 2 x 2 table."""
    return [Case(sign * current, start, changes) for start in (1.0, -1.0) for sign in (1.0, -1.0)]


def two(current: float, changes: tuple[tuple[str, float], ...]) -> list[Case]:
    """Those from +z alone: see `table_of`."""
    return four(current, changes)[:2]


def outcome(table: np.ndarray) -> str:
    """What a 2 x 2 table of final <m_z> says; a state with |<m_z>| < 0.5 has broken up into domains."""
    if np.any(np.abs(table) < 0.5):
        return "domains"
    signs = tuple(np.sign(table).astype(int).ravel())
    return {
        (1, 1, -1, -1): "stays",
        (-1, -1, 1, 1): "toggles",
        (1, -1, 1, -1): "polarity: +j up",
        (-1, 1, -1, 1): "polarity: +j down",
        (1, 1, 1, 1): "always up",
        (-1, -1, -1, -1): "always down",
    }.get(signs, "depends on both")


def hall_cross(cell: float) -> Mesh:
    """The cross of figure 5 in cells of this size [m]."""
    return sim.hall_cross(LENGTH, WIDTH, cell)


def cross_at_rest(mesh: Mesh) -> jax.Array:
    """The equilibrium (2, nx, ny, 1, 3) of the cross next to +z."""
    system = sim.magnet(FILM, mesh, 0.0)
    return relax(system, system.uniform([0.0, 0.0, 1.0], [0.0, 0.0, -1.0])).m


@eqx.filter_jit
def _cross(mesh: Mesh, m: jax.Array, current: jax.Array, times: jax.Array) -> sim.Evolution:
    system = sim.magnet(FILM, mesh, current, sim.two_pulses())
    return sim.evolve(system, m, times, method=sim.METHOD, solve=sim.SOLVE, observe=sim.first_sublattice)


def figure_five(mesh: Mesh, current: float, store: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times (n,) [s], <m_z>(t) (n,) and the first sublattice (n, nx, ny, 3) in the cross under the two pulses.

    From the equilibrium next to +z, in stretches of 2 ns, each kept in `store` with its last state.
    """
    store.mkdir(parents=True, exist_ok=True)
    tag = hashlib.sha256(repr((current, LENGTH, WIDTH, mesh.cell, EXCHANGE, LOOKS)).encode()).hexdigest()[:12]
    m = np.asarray(cross_at_rest(mesh))
    parts = []
    for stretch in range(32):
        path = store / f"cross_{tag}_{stretch:02d}.npz"
        if not path.exists():
            began = time.monotonic()
            times = 1e-9 * (2 * stretch + jnp.asarray(LOOKS))
            run = _cross(mesh, jnp.asarray(m), jnp.asarray(current), times)
            if int(run.status):
                raise RuntimeError(f"cross: stopped at {float(run.reached):.2e} s, status {int(run.status)}")
            m_z = np.asarray(run.averages[:, 0, 2])
            np.savez(path, t=np.asarray(run.times), m_z=m_z, m=np.asarray(run.observed), final=np.asarray(run.final))
            took = time.monotonic() - began
            print(f"cross: {2 * stretch + 2} of 64 ns, <m_z> = {m_z[-1]:+.3f}, {took:.0f} s", flush=True)
        parts.append(np.load(path))
        m = parts[-1]["final"]
    t, m_z, states = (np.concatenate([part[name][:-1] for part in parts]) for name in ("t", "m_z", "m"))
    return t, m_z, states
