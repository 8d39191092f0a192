"""Inverse problems of the micromagnetic engine: an anisotropy map from noisy images, and the cheapest switching pulse.

    python experiments/micromagnetics/inverse.py [--out results/micromagnetics] [--readme]

The map: K(x, y) of a perpendicular film from noisy maps of m at equilibrium in fields along x and y, by
Levenberg-Marquardt on implicit derivatives of `relax`, judged against the truth and the error that the noise allows.
The pulse: steps of current that reverse a ferrimagnetic strip with the least integral of j^2, at fixed success, from
the best rectangular pulse of the same length, by a projected descent with derivatives through `evolve`.
"""

import argparse
import itertools
import json
import time
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optimistix as optx

jax.config.update("jax_enable_x64", True)

from matplotlib.figure import Figure  # noqa: E402

from jaxspin import io  # noqa: E402
from jaxspin.core import Differentiate, Solve  # noqa: E402
from jaxspin.micromagnetics.anisotropy import UniaxialAnisotropy  # noqa: E402
from jaxspin.micromagnetics.exchange import Exchange  # noqa: E402
from jaxspin.micromagnetics.mesh import Mesh  # noqa: E402
from jaxspin.micromagnetics.relax import relax  # noqa: E402
from jaxspin.micromagnetics.sublattice import Sublattice  # noqa: E402
from jaxspin.micromagnetics.system import System  # noqa: E402
from jaxspin.micromagnetics.waveforms import Steps  # noqa: E402
from jaxspin.micromagnetics.zeeman import Zeeman  # noqa: E402
from jaxspin.plot import style  # noqa: E402
from jaxspin.plot.style import DATA, FIT, colour_map  # noqa: E402
from jaxspin.systems.ferrimagnet import simulation as sim  # noqa: E402

HERE = Path(__file__).parent

# the map: a film of 100 nm in 5 nm cells, K about 0.2 MJ/m3, seen in four fields
SIDE, CELL, THICKNESS = 20, 5e-9, 1e-9
M_S, STIFFNESS, K_0 = 5e5, 1.5e-11, 2e5
FIELDS = ((0.4, 0.0, 0.1), (0.0, 0.4, 0.1), (-0.4, 0.0, 0.1), (0.0, -0.4, 0.1))  # T
NOISE, WAVES, SPREAD = 0.02, 6, 0.15
"""Noise of a component of m; cosines along each axis; how much the prior lets each of them vary ln K."""
MESH = Mesh((SIDE, SIDE, 1), (CELL, CELL, THICKNESS), mask=np.ones((SIDE, SIDE, 1), dtype=bool))

# the pulse: a strip of 16 cells under eight steps of current
STRIP = Mesh((16, 1, 1), (4e-9, 4e-9, 6e-9), mask=np.ones((16, 1, 1), dtype=bool))
FILM = sim.SwitchingFilm(exchange_field=5.0)
PULSE, REST, STEPS, TIME_STEP = 0.24e-9, 0.16e-9, 8, 0.5e-12  # s
SUCCESS = 0.95  # least order parameter at the end of the rest: 0 as before the pulse, 1 reversed


def film(K: jax.Array, B: jax.Array) -> System:
    """The film with a map K (nx, ny, 1) [J/m3] in a field B [T]."""
    return System(MESH, Sublattice(M_S, 0.1), [Exchange(STIFFNESS), UniaxialAnisotropy(K), Zeeman(B)])


def images(K: jax.Array) -> jax.Array:
    """m at equilibrium in every field, (fields, nx, ny, 3)."""

    def one(B: jax.Array) -> jax.Array:
        system = film(K, B)
        return relax(system, system.uniform([0.0, 0.0, 1.0]), tolerance=1e-6).m[0, :, :, 0]

    return jax.vmap(one)(jnp.asarray(FIELDS))


def waves() -> jax.Array:
    """Products of cosines without slope at the edges, the slowest first, each with the prior's weight."""
    x = (np.arange(SIDE) + 0.5) / SIDE
    numbers = sorted(itertools.product(range(WAVES), repeat=2), key=lambda n: n[0] ** 2 + n[1] ** 2)
    shapes = [np.outer(np.cos(np.pi * a * x), np.cos(np.pi * b * x)) / (1 + (a**2 + b**2) / 4) for a, b in numbers]
    return jnp.asarray(np.stack(shapes)[..., None])


SHAPES = waves()


def anisotropy(c: jax.Array) -> jax.Array:
    """K (nx, ny, 1) [J/m3] from coefficients of ln K/K_0 in units of the prior's spread."""
    return K_0 * jnp.exp(SPREAD * jnp.tensordot(c, SHAPES, 1))


def residuals(c: jax.Array, seen: jax.Array) -> jax.Array:
    """Misfit over noise, and the prior on the coefficients."""
    return jnp.concatenate([((images(anisotropy(c)) - seen) / NOISE).ravel(), c])


def true_map() -> np.ndarray:
    """A map that no finite sum of the cosines makes: a weak spot, a strong one and a slope [J/m3]."""
    x, y = np.meshgrid(*((np.arange(SIDE) + 0.5) / SIDE,) * 2, indexing="ij")
    spot = lambda a, b, width: np.exp(-((x - a) ** 2 + (y - b) ** 2) / (2 * width**2))
    return (K_0 * (1 + 0.2 * (x - 0.5) - 0.3 * spot(0.3, 0.65, 0.14) + 0.25 * spot(0.72, 0.3, 0.17)))[..., None]


def recover() -> dict[str, Any]:
    """The map from noisy images; its error, and the standard error that noise and prior leave."""
    truth = jnp.asarray(true_map())
    began = time.monotonic()
    clean = jax.jit(images)(truth)
    seen = clean + NOISE * jax.random.normal(jax.random.key(8), clean.shape)
    solver = optx.LevenbergMarquardt(rtol=1e-6, atol=1e-6)
    start = jnp.zeros(len(SHAPES))
    found = eqx.filter_jit(lambda c: optx.least_squares(residuals, solver, c, seen, max_steps=40))(start)
    c = found.value
    J = jax.jit(jax.jacfwd(residuals))(c, seen)
    covariance = jnp.linalg.inv(J.T @ J)
    spread = SPREAD * jnp.einsum("kxyz,kl,lxyz->xyz", SHAPES, covariance, SHAPES) ** 0.5  # of ln K
    K = anisotropy(c)
    misfit = residuals(c, seen)[: seen.size]
    return {
        "truth": np.asarray(truth[..., 0]),
        "found": np.asarray(K[..., 0]),
        "stderr": np.asarray((K * spread)[..., 0]),
        "seen": np.asarray(seen),
        "iterations": int(found.stats["num_steps"]),
        "chi2": float(jnp.sum(misfit**2) / misfit.size),
        "seconds": time.monotonic() - began,
    }


def run_pulse(currents: jax.Array) -> sim.Evolution:
    """The strip under steps of current (8,) [A/m2], then at rest."""
    edges = jnp.linspace(0.0, PULSE, STEPS + 1)
    waveform = Steps(edges, jnp.concatenate([currents / 1e12, jnp.zeros(1)]))
    times = jnp.linspace(0.0, PULSE + REST, 41)
    system = sim.magnet(FILM, STRIP, 1e12, waveform)
    count = round((PULSE + REST) / TIME_STEP) + 8
    solve = Solve(max_steps=count, differentiate=Differentiate.forward)
    m0 = system.uniform([0.0, 0.0, 1.0], [0.0, 0.0, -1.0])
    return sim.evolve(system, m0, times, dt=TIME_STEP, method=sim.METHOD, solve=solve)


def success(currents: jax.Array) -> jax.Array:
    """Order parameter at the end of the rest."""
    return sim.switched(run_pulse(currents).averages[:, 0, 2])


def cost(currents: jax.Array) -> jax.Array:
    """Integral of j^2 [A2 s/m4]."""
    return jnp.sum(currents**2) * PULSE / STEPS


def rectangle() -> tuple[float, jax.Array]:
    """The smallest current at which a rectangular pulse of the same length succeeds, among steps of 1 %."""
    heights = jnp.asarray(3.0e12 * 1.01 ** np.arange(40))
    order = jax.jit(jax.vmap(lambda j: success(jnp.full(STEPS, j))))(heights)
    works = np.flatnonzero(np.asarray(order) >= SUCCESS)
    if not works.size:
        raise RuntimeError(f"no rectangular pulse up to {float(heights[-1]):.2e} A/m2 reaches {SUCCESS}: {order}")
    return float(heights[works[0]]), order


def reversal(currents: jax.Array) -> jax.Array:
    """Order parameter at the end, and its mean over the whole time: the earlier the reversal, the larger."""
    m_z = run_pulse(currents).averages[:, 0, 2]
    return jnp.stack([sim.switched(m_z), jnp.mean(1 - m_z) / 2])


def shape_pulse(height: float, iterations: int) -> tuple[jax.Array, list[tuple[float, float]]]:
    """Steps of the smallest cost that keep the success, from a rectangle; cost and order parameter on the way.

    The order parameter is a step of the current, so its slope is of no use: the cost descends along the surface on
    which the mean over time, which is smooth, stays. A step that fails or costs more is halved: success is never left.
    """
    reference = cost(jnp.full(STEPS, height))

    @jax.jit
    def look(u: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        slope, seen = jax.jacfwd(lambda u: (reversal(height * u),) * 2, has_aux=True)(u)
        d_cost = jax.grad(lambda u: cost(height * u) / reference)(u)
        push = slope[1] / jnp.linalg.norm(slope[1])
        return cost(height * u) / reference, seen[0], -(d_cost - jnp.dot(d_cost, push) * push)

    u = jnp.ones(STEPS)
    energy, order, downhill = look(u)
    length, path = 1.0, [(float(energy), float(order))]
    for _ in range(iterations):
        trial = u + length * downhill
        found = look(trial)
        if found[1] >= SUCCESS and found[0] < energy:
            u, (energy, order, downhill), length = trial, found, 1.5 * length
            path.append((float(energy), float(order)))
        else:
            length /= 2
    return height * u, path


def map_figure(found: dict[str, Any]) -> Figure:
    """Truth, what was seen, what was found, and the error over its standard error."""
    extent = (0, 1e9 * SIDE * CELL) * 2
    with style():
        figure = Figure(figsize=(9.6, 2.7))
        panels = figure.subplots(1, 4, sharey=True)
        scale = {"vmin": 0.12, "vmax": 0.28, "cmap": colour_map("batlow")}
        shown = [
            ("K, truth (MJ/m$^3$)", 1e-6 * found["truth"], scale),
            ("$m_x$ seen, field along x", found["seen"][0, :, :, 0], {"cmap": colour_map("batlow")}),
            ("K, found (MJ/m$^3$)", 1e-6 * found["found"], scale),
            (
                "error / standard error",
                (found["found"] - found["truth"]) / found["stderr"],
                {"vmin": -3, "vmax": 3, "cmap": colour_map("vik")},
            ),
        ]
        for axes, (title, values, look) in zip(panels, shown, strict=True):
            image = axes.imshow(values.T, origin="lower", extent=extent, **look)
            figure.colorbar(image, ax=axes, fraction=0.046, pad=0.04)  # as tall as the map
            axes.set(title=title, xlabel="x (nm)")
        panels[0].set_ylabel("y (nm)")
    return figure


def pulse_figure(before: jax.Array, after: jax.Array) -> Figure:
    """Both pulses, and <m_z>(t) under each."""
    edges = 1e9 * np.linspace(0.0, PULSE, STEPS + 1)
    with style():
        figure = Figure(figsize=(6.4, 2.7))
        left, right = figure.subplots(1, 2)
        for pulse, colour, name in ((before, DATA, "rectangle"), (after, FIT, "shaped")):
            left.stairs(np.asarray(pulse) / 1e12, edges, color=colour, label=name, baseline=0)
            run = jax.jit(run_pulse)(pulse)
            right.plot(1e9 * np.asarray(run.times), run.averages[:, 0, 2], color=colour, label=name)
        left.set(xlabel="t (ns)", ylabel=r"$j$ ($10^{12}$ A/m$^2$)", xlim=(0, 1e9 * (PULSE + REST)))
        right.set(xlabel="t (ns)", ylabel=r"$\langle m_z\rangle$ of sublattice 1", xlim=(0, 1e9 * (PULSE + REST)))
        left.legend()
    return figure


def main(out: Path, readme: bool, iterations: int) -> None:
    """Compute, print, draw, write."""
    out.mkdir(parents=True, exist_ok=True)
    found = recover()
    error = (found["found"] - found["truth"]) / found["truth"]
    pull = (found["found"] - found["truth"]) / found["stderr"]
    rms = lambda values: float(np.sqrt(np.mean(np.square(values))))
    varied = np.std(found["truth"] / found["truth"].mean())
    map_figure(found).savefig(out / "inverse_map.png")
    maps = [
        ["noise of a component of m", f"{NOISE:g}"],
        ["cells; fields; components of m seen", f"{SIDE} x {SIDE}; {len(FIELDS)}; 3"],
        ["unknowns: cosines of ln K", f"{len(SHAPES)}"],
        ["variation of K (rms)", f"{varied:.1%}"],
        ["error of K (rms, largest)", f"{rms(error):.2%}, {np.abs(error).max():.2%}"],
        ["standard error that noise and prior leave (rms)", f"{rms(found['stderr'] / found['truth']):.2%}"],
        ["error over standard error (rms)", f"{rms(pull):.2f}"],
        ["χ² per datum", f"{found['chi2']:.3f}"],
        ["steps of Levenberg-Marquardt", f"{found['iterations']}"],
    ]  # fmt: skip
    text = ["### K(x, y) from noisy images", io.markdown_table(["what", "value"], maps)]
    print("\n\n".join(text), f"\n{found['seconds']:.0f} s", flush=True)
    height, _ = rectangle()
    print(f"rectangle: {height:.3e} A/m2", flush=True)
    before = jnp.full(STEPS, height)
    after, path = shape_pulse(height, iterations)
    pulse_figure(before, after).savefig(out / "inverse_pulse.png")
    judged = jax.jit(success)
    rows = [
        [name, f"{float(cost(pulse)):.4g}", f"{float(jnp.abs(pulse).max()):.3g}", f"{float(judged(pulse)):.4f}"]
        for name, pulse in (("least rectangle", before), ("shaped", after))
    ]
    text += [
        f"### Least cost of a reversal in {1e9 * PULSE:g} ns, order parameter at least {SUCCESS:g}",
        io.markdown_table(["pulse", "∫ j² dt (A² s/m⁴)", "largest j (A/m²)", "order parameter"], rows),
        f"Saved: {1 - float(cost(after) / cost(before)):.1%}, in {len(path) - 1} steps of at most {iterations}.",
    ]
    kept = {"height": height, "pulse": np.asarray(after).tolist(), "path": path, "map": maps}
    io.write_text(out / "inverse.json", json.dumps(kept, indent=1) + "\n")
    print("\n\n".join(text))
    if readme:
        io.fill_page(HERE / "README.md", "\n\n".join(text), "inverse.py")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", type=Path, default=Path("results/micromagnetics"), help="folder of what is made")
    parser.add_argument("--readme", action="store_true", help="write the tables into the README of this experiment")
    parser.add_argument("--iterations", type=int, default=60, help="steps of the pulse's descent")
    given = parser.parse_args()
    main(given.out, given.readme, given.iterations)
