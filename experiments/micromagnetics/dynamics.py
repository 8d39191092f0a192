"""Standard problems of dynamics: number 4 (both fields), number 5 and ferromagnetic resonance. SI units."""

import time
from typing import Any

import jax.numpy as jnp
import numpy as np

from jaxspin.core import Solve, Status
from jaxspin.micromagnetics.demagnetization import VACUUM_PERMEABILITY, Demagnetization
from jaxspin.micromagnetics.eigenmodes import ringdown
from jaxspin.micromagnetics.evolve import evolve
from jaxspin.micromagnetics.exchange import Exchange
from jaxspin.micromagnetics.mesh import Mesh
from jaxspin.micromagnetics.relax import relax
from jaxspin.micromagnetics.sublattice import Sublattice
from jaxspin.micromagnetics.system import System
from jaxspin.micromagnetics.zeeman import Zeeman
from jaxspin.micromagnetics.zhang_li import ZhangLiTorque

NM, PS = 1e-9, 1e-12
M_S, A = 8e5, 1.3e-11  # permalloy
GAMMA = 2.211e5 / VACUUM_PERMEABILITY  # the ratio of these problems, in m/(A s)
FIELDS_4 = {1: (-24.6e-3, 4.3e-3, 0.0), 2: (-35.5e-3, -6.3e-3, 0.0)}  # [T]
CROSSING = {1: {5.0: 138.71, 2.5: 138.49}, 2: {5.0: 137.28, 2.5: 136.84}}  # OOMMF, first <m_x> = 0 [ps]
AFTER_1_NS = (-0.98451, 0.12745, 0.04315)  # OOMMF, field 1, 2.5 nm
START_4 = (0.96672, 0.12575)
Row = dict[str, Any]


def number(problem: str, what: str, published: float, ours: float) -> Row:
    """A row of the table."""
    return {"problem": problem, "what": what, "published": float(published), "ours": float(ours)}


def film_4(size: float, field: tuple[float, float, float]) -> System:
    """500 x 125 x 3 nm in cells of `size` nm, as many as fit best."""
    nx, ny = round(500 / size), round(125 / size - 0.01)
    mesh = Mesh((nx, ny, 1), (500 / nx * NM, 125 / ny * NM, 3 * NM))
    return System(mesh, Sublattice(M_S, 0.02, GAMMA), [Exchange(A), Demagnetization(mesh), Zeeman(field)])


def problem_4(field: int, size: float) -> tuple[list[Row], dict[str, Any]]:
    """Reversal from the S state: first zero of <m_x>, and the state after 1 ns."""
    at_rest = film_4(size, (0.0, 0.0, 0.0))
    start = relax(at_rest, at_rest.uniform((1.0, 0.25, 0.1)), tolerance=1e-6)
    assert start.status == Status.OK
    system = film_4(size, FIELDS_4[field])
    # densely about the crossing
    times = np.concatenate([np.arange(0, 130, 10), np.arange(130, 150), np.arange(150, 1001, 10)]) * PS
    begin = time.perf_counter()
    run = evolve(system, start.m, times, solve=Solve(rtol=1e-6, atol=1e-6, max_steps=100_000))
    assert run.status == Status.OK
    spent = time.perf_counter() - begin
    average = np.asarray(run.averages[:, 0])
    name = f"SP4, field {field}, {size:g} nm"
    rows = [number(name, "first ⟨m_x⟩ = 0 [ps]", CROSSING[field][size], first_zero(times, average[:, 0]) / PS)]
    if field == 1 and size == 2.5:
        rows += [
            number(name, f"⟨m_{c}⟩ of the S state", *pair)
            for c, *pair in zip("xy", START_4, average[0, :2], strict=True)
        ]
        rows += [
            number(name, f"⟨m_{c}⟩ at 1 ns", *pair) for c, *pair in zip("xyz", AFTER_1_NS, average[-1], strict=True)
        ]
    found = {"times": times, "average": average, "evaluations": int(run.evaluations), "seconds": spent}
    print(
        f"{name}: {int(run.steps)} steps, {int(run.evaluations)} evaluations, {spent:.1f} s with compilation",
        flush=True,
    )
    return rows, found


def first_zero(times: np.ndarray, values: np.ndarray) -> float:
    """Where the values first change sign, by the cubic through the four samples around."""
    i = int(np.argmax(np.sign(values) != np.sign(values[0])))
    t, v = times[i - 2 : i + 2], values[i - 2 : i + 2]
    scale = t[2] - t[1]
    roots = np.roots(np.polyfit((t - t[1]) / scale, v, 3))
    real = roots[np.abs(roots.imag) < 1e-9].real
    return float(t[1] + scale * real[np.argmin(np.abs(real - 0.5))])


def problem_5(size: float = 5.0) -> tuple[list[Row], dict[str, Any]]:
    """A vortex under a current along +x, u = 72.35 m/s towards -x: 100 x 100 x 10 nm, xi = 0.05, alpha = 0.1."""
    n, layers = round(100 / size), max(1, round(10 / size))
    mesh = Mesh((n, n, layers), (100 / n * NM, 100 / n * NM, 10 / layers * NM))
    terms = [Exchange(A), Demagnetization(mesh)]
    at_rest = System(mesh, Sublattice(M_S, 0.1, GAMMA), terms)
    x, y, _ = np.moveaxis(np.asarray(mesh.centres()), -1, 0) - 50 * NM
    vortex = np.stack([-y, x, np.full_like(x, 10 * NM)], axis=-1)[None]
    start = relax(at_rest, at_rest.normalised(jnp.asarray(vortex)), tolerance=1e-5)
    system = System(mesh, Sublattice(M_S, 0.1, GAMMA), terms, ZhangLiTorque((-72.35, 0.0, 0.0), 0.05))
    times = np.linspace(0, 8e-9, 161)
    begin = time.perf_counter()
    run = evolve(system, start.m, times, solve=Solve(rtol=1e-5, atol=1e-5, max_steps=500_000))
    assert run.status == Status.OK
    average = np.asarray(run.averages[:, 0])
    name = f"SP5, {size:g} nm"
    rows = rows_5(name, average)
    spent = time.perf_counter() - begin
    print(f"{name}: {int(run.steps)} steps, {spent:.0f} s", flush=True)
    return rows, {"times": times, "average": average, "evaluations": int(run.evaluations), "seconds": spent}


def rows_5(name: str, average: np.ndarray) -> list[Row]:
    """Where the vortex is at the end, and how far it went."""
    rows = [
        number(name, f"⟨m_{c}⟩ at 8 ns", *pair)
        for c, *pair in zip("xyz", (-0.2121, 0.0177, 0.0243), average[-1], strict=True)
    ]
    rows.append(number(name, "least ⟨m_x⟩", -0.3482, -highest(-average[:, 0])))
    return [*rows, number(name, "largest ⟨m_y⟩", 0.1942, highest(average[:, 1]))]


def highest(values: np.ndarray) -> float:
    """The maximum between samples, by the parabola through the three about the largest."""
    left, top, right = values[np.argmax(values) + np.arange(-1, 2)]
    return float(top + (right - left) ** 2 / (8 * (2 * top - left - right)))


def resonance(size: float = 5.0) -> tuple[list[Row], dict[str, Any]]:
    """120 x 120 x 10 nm: relaxed at 80 kA/m along (1, 0.715, 0), rung by turning the field to (1, 0.7, 0)."""
    n, layers = round(120 / size), max(1, round(10 / size))
    mesh = Mesh((n, n, layers), (120 / n * NM, 120 / n * NM, 10 / layers * NM))
    direction = lambda y: np.array([1.0, y, 0.0]) / np.hypot(1.0, y)
    field = lambda y: tuple(80e3 * VACUUM_PERMEABILITY * direction(y))
    terms = [Exchange(A), Demagnetization(mesh)]
    system = lambda y: System(mesh, Sublattice(M_S, 0.008, GAMMA), [*terms, Zeeman(field(y))])
    begin = time.perf_counter()
    start = relax(system(0.715), system(0.715).uniform(direction(0.715)), tolerance=1e-6)
    times = np.arange(0, 4001) * 5 * PS
    run = evolve(system(0.7), start.m, times, solve=Solve(rtol=1e-5, atol=1e-5, max_steps=500_000))
    assert run.status == Status.OK
    signal = np.asarray(run.averages[:, 0, 1])
    power = np.abs(np.fft.rfft(signal - signal.mean())) ** 2
    frequency = np.fft.rfftfreq(len(times), 5 * PS)
    peaks = tallest(frequency, power, 2)
    # the same from the linearised equation, without a nonlinear run
    final = relax(system(0.7), start.m, tolerance=1e-7)
    linear = ringdown(system(0.7), final.m, (0.0, 1e-15, 0.0), duration=10e-9, samples=1000, steps=12)
    axis, amplitude = linear.spectrum()
    lines = tallest(np.asarray(axis), np.asarray(amplitude[:, 1]) ** 2, 2)
    name = f"FMR, {size:g} nm"
    rows = [
        number(name, f"peak {k + 1} of ⟨m_y⟩ [GHz]", published, peaks[k] / 1e9)
        for k, published in enumerate((8.25, 11.25))
    ]
    rows += [
        number(name, f"peak {k + 1}, linearised [GHz]", published, lines[k] / 1e9)
        for k, published in enumerate((8.25, 11.25))
    ]
    print(f"{name}: {int(run.steps)} steps, {time.perf_counter() - begin:.0f} s", flush=True)
    keep = {
        "frequency": frequency[:400],
        "power": power[:400],
        "axis": np.asarray(axis),
        "linear": np.asarray(amplitude[:, 1]),
    }
    return rows, keep


def tallest(frequency: np.ndarray, power: np.ndarray, count: int) -> np.ndarray:
    """The frequencies of the tallest peaks above 2 GHz, by parabolas, in order."""
    inner = power[1:-1]
    tops = np.flatnonzero((inner > power[:-2]) & (inner > power[2:]) & (frequency[1:-1] > 2e9)) + 1
    tops = np.sort(tops[np.argsort(-power[tops])][:count])
    left, top, right = (np.log(power[tops + shift]) for shift in (-1, 0, 1))
    return frequency[tops] + (frequency[1] - frequency[0]) * (left - right) / (2 * (left - 2 * top + right))
