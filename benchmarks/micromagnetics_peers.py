"""Standard problem 4 by NeuralMag or magnum.np, run by the peers' own Python from `bench_micromagnetics.py`.

    python micromagnetics_peers.py neuralmag|magnumnp NX NY RTOL NANOSECONDS

Prints one line of JSON: CPU seconds of an evaluation of dm/dt and of the run, compilation apart. One thread, double
precision.
"""

import json
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
os.environ["NM_BACKEND"], os.environ["NM_DTYPE"] = "jax", "float64"

MU_0 = 1.25663706127e-6
M_S, A, ALPHA = 8e5, 1.3e-11, 0.02
FIELD = (-24.6e-3 / MU_0, 4.3e-3 / MU_0, 0.0)
START = (0.995, 0.0995, 0.0)


def timed(run, least: float = 0.5) -> float:
    """CPU seconds of a call, the least of three averages."""
    run()
    found = []
    for _ in range(3):
        begin, count = time.process_time(), 0
        while time.process_time() - begin < least:
            run()
            count += 1
        found.append((time.process_time() - begin) / count)
    return min(found)


def neuralmag(nx: int, ny: int, rtol: float, duration: float) -> dict[str, float]:
    """Dopri5 of diffrax."""
    import jax
    import neuralmag as nm

    state = nm.State(nm.Mesh([nx, ny], [500e-9 / nx, 125e-9 / ny, 3e-9], [0.0, 0.0, 0.0]))
    state.material.Ms, state.material.A, state.material.alpha = M_S, A, ALPHA
    norm = sum(c * c for c in START) ** 0.5
    state.m = nm.VectorFunction(state).fill(tuple(c / norm for c in START))
    nm.ExchangeField().register(state, "exchange")
    nm.DemagField().register(state, "demag")
    nm.ExternalField(nm.VectorFunction(state).fill(list(FIELD))).register(state, "external")
    nm.TotalField("exchange", "demag", "external").register(state)
    from neuralmag.backends.jax.llg_solver_jax import LLGSolverJAX

    solver = LLGSolverJAX(state, rtol=rtol, atol=rtol, max_steps=100_000)
    rate = solver._term.vector_field
    m = state.m.tensor
    loop = max(1, 100_000 // m.size)
    again = jax.jit(lambda m: jax.lax.fori_loop(0, loop, lambda _, m: m + 1e-30 * rate(0.0, m, []), m))
    evaluation = timed(lambda: again(m).block_until_ready()) / loop
    begin = time.process_time()
    solver.step(1e-16)  # compiles
    compiled = time.process_time() - begin
    begin = time.process_time()
    solver.step(duration)
    return {"evaluation": evaluation, "run": time.process_time() - begin, "compile": compiled}


def magnumnp(nx: int, ny: int, rtol: float, duration: float) -> dict[str, float]:
    """Its own RKF45."""
    import torch

    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    from magnumnp import DemagField, ExchangeField, ExternalField, LLGSolver, Mesh, State, normalize

    state = State(Mesh((nx, ny, 1), (500e-9 / nx, 125e-9 / ny, 3e-9)))
    state.material = {"Ms": M_S, "A": A, "alpha": ALPHA}
    state.m = state.Constant(list(START))
    normalize(state.m)
    terms = [DemagField(), ExchangeField(), ExternalField(torch.tensor(FIELD))]
    solver = LLGSolver(terms, rtol=rtol, atol=rtol)
    evaluation = timed(lambda: solver.dm(state.t, state.m, state))
    begin = time.process_time()
    solver.step(state, duration)
    return {"evaluation": evaluation, "run": time.process_time() - begin, "compile": 0.0}


if __name__ == "__main__":
    name, nx, ny, rtol, nanoseconds = sys.argv[1:]
    found = {"neuralmag": neuralmag, "magnumnp": magnumnp}[name](
        int(nx), int(ny), float(rtol), float(nanoseconds) * 1e-9
    )
    print("RESULT " + json.dumps(found))
