"""Polariton condensates: probability of the aligned state, all fixed points and folds, against other programs.

    python benchmarks/bench_polariton.py

The map counts, at each pump and field, how many of the same random beginnings end aligned. scipy integrates all
beginnings of a point in one vectorised call (RK45 at its own tolerance, and at one that gives the same ends); numba
compiles a loop of constant Runge-Kutta steps of the length that jaxspin takes, points in threads. Both need a duration,
the same at every point, and count signs of s_z at its end; jaxspin goes on until every beginning is proven to be
caught, which most are long before. Compilation is timed apart. numba and jaxcont are used where they are installed.
"""

import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec

import jax
import jax.numpy as jnp
import numpy as np
from scipy.integrate import solve_ivp

from jaxspin.systems.polariton import Condensate, fixed_points, folds, rate
from jaxspin.systems.polariton.probability import directions, ends_of

jax.config.update("jax_enable_x64", True)

A, G = 2.28, 0.1
POINTS, BEGINNINGS, RADIUS = 21, 200, 0.1
FEW = 5  # points a side on which the slow scipy is timed
DURATION = 500.0  # transients near the fold last as long
STEP = 0.08  # that of jaxspin in the middle of the map
STARTS = RADIUS * directions(jax.random.key(0), BEGINNINGS)
SETS = 100_000


def pumps_and_fields(points: int) -> tuple[np.ndarray, np.ndarray]:
    """The map of figure 3(b): p and delta, each (points**2,)."""
    grid = np.meshgrid(np.linspace(0.3, 1.0, points), np.linspace(0.01, 0.2, points), indexing="ij")
    return grid[0].ravel(), grid[1].ravel()


@jax.jit
def jaxspin_map(p: jax.Array, delta: jax.Array) -> jax.Array:
    """Share of aligned ends by jaxspin, one point after the other, beginnings together."""
    return jax.lax.map(lambda at: ends_of(Condensate(p=at[0], a=A, g=G, delta=at[1]), STARTS).value, (p, delta))


def scipy_map(p: np.ndarray, delta: np.ndarray, rtol: float) -> np.ndarray:
    """The same by scipy, all beginnings of a point as one system of equations."""
    shares = []
    for pump, field in zip(p, delta, strict=True):

        def stokes(_, s, pump=pump, field=field):
            x, y, z = s.reshape(3, -1)
            total = np.sqrt(x * x + y * y + z * z)
            gain, turn = pump - total, A * z + field
            return np.concatenate([gain * x - G * total - turn * y, gain * y + z + turn * x, gain * z - y])

        start = np.asarray(STARTS).T.ravel()
        ended = solve_ivp(stokes, (0, DURATION), start, t_eval=[DURATION], rtol=rtol, atol=1e-3 * rtol)
        shares.append(np.mean(ended.y.reshape(3, -1)[2] > 0))
    return np.array(shares)


def numba_map() -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """The same by numba, threads over points, not to be called before `find_spec("numba")`."""
    import numba

    @numba.njit(inline="always")
    def rate(x, y, z, p, delta):
        total = np.sqrt(x * x + y * y + z * z)
        gain, turn = p - total, A * z + delta
        return gain * x - G * total - turn * y, gain * y + z + turn * x, gain * z - y

    @numba.njit(fastmath=True)
    def end(x, y, z, p, delta, steps):
        h = STEP
        for _ in range(steps):
            a, b, c = rate(x, y, z, p, delta)
            d, e, f = rate(x + h / 2 * a, y + h / 2 * b, z + h / 2 * c, p, delta)
            u, v, w = rate(x + h / 2 * d, y + h / 2 * e, z + h / 2 * f, p, delta)
            q, r, t = rate(x + h * u, y + h * v, z + h * w, p, delta)
            x += h / 6 * (a + 2 * d + 2 * u + q)
            y += h / 6 * (b + 2 * e + 2 * v + r)
            z += h / 6 * (c + 2 * f + 2 * w + t)
        return z

    @numba.njit(parallel=True, fastmath=True)
    def shares(p, delta, starts, steps):
        found = np.zeros(p.size)
        for i in numba.prange(p.size):
            for s in starts:
                found[i] += end(s[0], s[1], s[2], p[i], delta[i], steps) > 0
        return found / starts.shape[0]

    starts, steps = np.asarray(STARTS), round(DURATION / STEP)
    return lambda p, delta: shares(p, delta, starts, steps)


def timed(run: Callable[[], object], repeats: int = 1) -> tuple[float, np.ndarray]:
    """Least wall time of some runs [s], and what the last returned."""
    spent, found = [], None
    for _ in range(repeats):
        begin = time.perf_counter()
        found = jax.block_until_ready(run())
        spent.append(time.perf_counter() - begin)
    return min(spent), np.asarray(found)


def probability() -> None:
    """The map: time per point, ratios to jaxspin, largest difference of the shares."""
    p, delta = pumps_and_fields(POINTS)
    begin = time.perf_counter()
    compiled = jaxspin_map.lower(p, delta).compile()
    print(f"Probability map, {BEGINNINGS} beginnings a point; jaxspin compiles in {time.perf_counter() - begin:.1f} s")
    own, shares = timed(lambda: compiled(p, delta), 2)
    own /= p.size
    print(f"{'jaxspin':12}{own * 1e3:10.2f} ms a point ({p.size} points)")
    rows = {f"scipy {rtol:.0e}": (partial(scipy_map, rtol=rtol), FEW, 50) for rtol in (1e-3, 1e-6)}
    if find_spec("numba"):
        rows["numba"] = (numba_map(), POINTS, 2)
        rows["numba"][0](p[:2], delta[:2])  # compiles
    else:
        print("numba is not installed: left out")
    for name, (shares_of, points, target) in rows.items():
        p, delta = pumps_and_fields(points)
        spent, found = timed(partial(shares_of, p, delta))
        spent /= p.size
        every = (POINTS - 1) // (points - 1)
        off = np.abs(found - shares.reshape(POINTS, POINTS)[::every, ::every].ravel())
        print(
            f"{name:12}{spent * 1e3:10.2f} ms a point ({p.size} points), {spent / own:.1f} times as long (target "
            f"{target}); shares differ by {off.mean():.4f} in the mean, {off.max():.3f} at most"
        )


def points() -> None:
    """All fixed points of many condensates."""
    rng = np.random.default_rng(0)
    limits = ((-1.0, 5.0), (0.1, 8.0), (0.01, 4.0), (-1.0, 1.0))
    sets = Condensate(*(jnp.asarray(rng.uniform(*each, SETS)) for each in limits))
    begin = time.perf_counter()
    compiled = jax.jit(jax.vmap(fixed_points)).lower(sets).compile()
    spent = time.perf_counter() - begin
    took, _ = timed(lambda: compiled(sets).s, 3)
    print(f"All fixed points of {SETS} condensates: {took:.2f} s after {spent:.1f} s of compilation (target 2 s)")


def fold_pumps() -> None:
    """Folds of a supercritical and a subcritical condensate: ours in closed form, jaxcont's along branches."""
    cases = [Condensate(p=0.0, a=A, g=G, delta=0.1), Condensate(p=0.0, a=1.0, g=3.0, delta=0.02)]
    ours = [np.asarray(found.p)[np.asarray(found.exists)] for found in map(folds, cases)]
    if not find_spec("jaxcont"):
        print("jaxcont is not installed: left out")
        return
    import jaxcont

    def stokes(s, p, args):
        return rate(Condensate(p, *args), s)

    for c, pumps in zip(cases, ours, strict=True):
        args = (c.a, c.g, c.delta)
        top = float(pumps.max()) + 0.5
        points = fixed_points(Condensate(top, *args))
        begin, found = time.perf_counter(), []
        for row in np.flatnonzero(points.exists & points.stable):
            problem = jaxcont.bif_problem(stokes, u0=points.s[row], p0=top, args=args)
            result = jaxcont.continuation(
                problem,
                p_span=(top, float(pumps.min()) - 0.5),
                settings=jaxcont.ContinuationPar(ds=-0.01, ds_max=0.02, max_steps=1500),
                events=[jaxcont.Fold()],
            )
            # its refinement stops at 1e-6: fold_point takes it to rounding
            for hit in result.events:
                _, p, _, converged = jaxcont.fold_point(stokes, hit.u, hit.p, args, tol=1e-13)
                found += [float(p)] if bool(converged) else []
        spent = time.perf_counter() - begin
        apart = [min((abs(p - q) for q in found), default=np.inf) for p in pumps]
        print(
            f"Folds at a = {float(c.a):g}, g = {float(c.g):g}, delta = {float(c.delta):g}: "
            f"{', '.join(f'{p:.10f}' for p in pumps)}; "
            f"jaxcont {len(found)} hits in {spent:.0f} s, differences {', '.join(f'{d:.0e}' for d in apart)}"
        )


def main() -> None:
    """Run all and print."""
    print(f"jax {jax.__version__} on {jax.devices()[0].platform}")
    probability()
    points()
    fold_pumps()


if __name__ == "__main__":
    main()
