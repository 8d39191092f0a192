"""What a fit costs, as ratios measured in one run: `python benchmarks/bench_fit.py`.

`measure(model, start, data, free)` takes any forward model; run as a script it measures a damped oscillation, and a
global fit of five. The peers (scipy, lmfit) get the same compiled residual in the same unconstrained coordinates, and
take their derivatives by finite differences.
"""

import argparse
import math
import time
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import lmfit
import numpy as np
import scipy.optimize
from jaxtyping import Array

from jaxspin.core import Differentiate, ForwardModel, Observable, Solve, observables, quantity
from jaxspin.inverse import Dataset, LevenbergMarquardt, fit
from jaxspin.inverse.fit import pose


def seconds(call: Callable[[], Any], budget: float = 1.0) -> float:
    """Best run time of a compiled call, in s, over `budget` seconds: the least disturbed by what else runs."""
    jax.block_until_ready(call())
    times, begin = [], time.perf_counter()
    while len(times) < 5 or time.perf_counter() - begin < budget:
        start = time.perf_counter()
        jax.block_until_ready(call())
        times.append(time.perf_counter() - start)
    return min(times)


def measure(
    model: ForwardModel, start: Any, data: Any, free: Any, *, starts: int = 64, solve: Solve = Solve(), **given: Any
) -> dict[str, float]:
    """Costs of fitting `model` to `data`: keyword arguments are those of `fit`. Times in s, ratios, counts."""
    key, method = jax.random.key(0), LevenbergMarquardt()
    problem = pose(model, start, data, free, given.get("tie"), given.get("prior"), solve, key)
    u = problem.space.coordinates(problem.space.initial())
    arrays, rest = eqx.partition(problem, eqx.is_array)

    def compiled(function: Callable[[Any, Array], Any]) -> Callable[[Array], Any]:
        run = jax.jit(lambda arrays, u: function(eqx.combine(arrays, rest), u))
        return lambda u: run(arrays, u)

    residual = compiled(lambda p, u: p.residuals(u, Differentiate.forward))
    forward = compiled(lambda p, u: p.chi2(u))
    gradient = compiled(lambda p, u: jax.grad(p.chi2)(u))
    jacobian = compiled(lambda p, u: jax.jacfwd(lambda u: p.residuals(u, Differentiate.forward))(u))
    found = {"forward": seconds(lambda: forward(u)), "gradient": seconds(lambda: gradient(u))}
    found |= {"jacobian": seconds(lambda: jacobian(u))}

    one = lambda: fit(model, start, data, free=free, key=key, method=method, solve=solve, **given)
    many = lambda: fit(model, start, data, free=free, key=key, method=method, solve=solve, starts=starts, **given)
    for name, call in {"first fit, with compile": one, f"first fit of {starts} starts": many}.items():
        begin = time.perf_counter()
        result = jax.block_until_ready(call())
        found[name] = time.perf_counter() - begin
    single = one()
    found |= {"fit": seconds(one), f"fit of {starts} starts": seconds(many)}
    found |= {"steps": int(single.steps), f"most steps of {starts}": int(result.starts.steps.max())}

    calls = 0

    def counted(x: Any) -> np.ndarray:
        nonlocal calls
        calls += 1
        return np.asarray(residual(jnp.asarray(np.asarray(x, dtype=float))))

    peer = scipy.optimize.least_squares(counted, np.asarray(u), method="trf", x_scale="jac")
    found |= {"scipy calls": calls, "scipy chi2": 2 * float(peer.cost), "chi2": float(single.chi2)}
    found["scipy"] = seconds(lambda: scipy.optimize.least_squares(counted, np.asarray(u), method="trf", x_scale="jac"))
    parameters = lmfit.Parameters()
    for i, each in enumerate(u):
        parameters.add(f"u{i}", value=float(each))
    by_lmfit = lambda: lmfit.minimize(lambda p: counted([p[name].value for name in p]), parameters)
    calls = 0
    found["lmfit chi2"] = float(by_lmfit().chisqr)
    found |= {"lmfit calls": calls, "lmfit": seconds(by_lmfit)}
    return found


def show(title: str, found: dict[str, float], starts: int = 64) -> None:
    """Print the ratios, with what each should be."""
    steps, jacobian = found["steps"], found["jacobian"] / found["forward"]
    lines = {
        "gradient / forward evaluation": (found["gradient"] / found["forward"], "<= 4"),
        "Jacobian / forward evaluation": (jacobian, ""),
        f"{starts} starts / one start, run time": (found[f"fit of {starts} starts"] / found["fit"], "<= 8"),
        "model evaluations, scipy / ours": (found["scipy calls"] / (steps + 1), ">= 5"),
        "model evaluations, lmfit / ours": (found["lmfit calls"] / (steps + 1), ">= 5"),
        "run time, scipy / ours": (found["scipy"] / found["fit"], ""),
        "run time, lmfit / ours": (found["lmfit"] / found["fit"], ""),
        "first fit with compile, s": (found["first fit, with compile"], "< 20"),
    }
    print(f"{title}: forward evaluation {1e6 * found['forward']:.0f} us,", end="")
    print(f" fit {1e3 * found['fit']:.2f} ms in {steps} steps,")
    print(f"  most steps of {starts} starts {found[f'most steps of {starts}']}, chi2 {found['chi2']:.6g}", end="")
    print(f" (scipy {found['scipy chi2']:.6g}, lmfit {found['lmfit chi2']:.6g})")
    for name, (value, goal) in lines.items():
        print(f"  {name:36} {value:8.2f}  {goal}")


class _Decay(eqx.Module):
    amplitude: Array = quantity("V", bounds=(0.0, math.inf), symbol="A", doc="amplitude")
    rate: Array = quantity("1/s", bounds=(0.0, 100.0), symbol="k", doc="rate")
    wave: Array = quantity("rad/s", bounds=(0.0, 100.0), scale=10.0, symbol=r"\omega", doc="angular frequency")
    phase: Array = quantity("rad", symbol=r"\phi", doc="phase")
    floor: Array = quantity("V", scale=0.1, symbol="c", doc="floor")


class _Time(eqx.Module):
    t: Array = quantity("s", symbol="t", doc="time")


def _observe(params: Any, controls: Any, *, solve: Solve, key: Any = None) -> Any:
    ringing = jnp.cos(params.wave * controls.t + params.phase)
    return observables({"signal": params.amplitude * jnp.exp(-params.rate * controls.t) * ringing + params.floor})


DECAY = ForwardModel(
    name="decay",
    title="damped oscillation",
    parameters=_Decay,
    controls=_Time,
    observables={"signal": Observable("V", "s", "signal", ("amplitude", "rate", "wave", "phase", "floor"))},
    observe=_observe,
    materials={},
    example=lambda: _Time(0.1),
    citation="",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=64)
    starts = parser.parse_args().starts
    jax.config.update("jax_enable_x64", True)
    rng, t = np.random.default_rng(0), np.linspace(0, 1, 200)
    exact = 2 * np.exp(-3 * t) * np.cos(12 * t + 0.4) + 0.1
    scan = lambda name: Dataset.from_columns(
        _Time(t), {"signal": (exact + 0.02 * rng.normal(size=200), 0.02)}, name=name
    )
    start = _Decay(1.0, 1.0, 10.0, 0.0, 0.0)
    names = ("amplitude", "rate", "wave", "phase", "floor")
    show("damped oscillation", measure(DECAY, start, scan("one"), names, starts=starts), starts)
    scans = [scan(f"scan{i}") for i in range(5)]
    own = (*names[:4], *(f"scan{i}/floor" for i in range(5)))
    show("five scans, shared shape", measure(DECAY, start, scans, own, starts=starts), starts)


if __name__ == "__main__":
    main()
