"""Quantum dots: Monte Carlo samples a second against NumPy/SciPy loops, memory, and the closed form.

    python benchmarks/bench_quantum_dot.py

One sample is the conductance of a dot with N_1 = N_2 = 10 and M = 200 with spin-orbit coupling and fields. The first
peer is equations (5)-(7) as printed, in a loop: QR for U, scipy's expm for R, an inverse. The second is the algorithm
of jaxspin in the same loop: R shared by 16 samples, one solve with 2 N_1 right sides. The third is the Hamiltonian
form. All run in double precision on the same cores, one after the other in each round; the best of two rounds counts.
NumPy's loops are timed on few samples, since a sample takes as long as the one before. Compilation is timed apart.
"""

import time
from collections.abc import Callable, Iterator

import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg

from jaxspin.systems.quantum_dot import Dot, mean_conductance
from jaxspin.systems.quantum_dot.sampling import sample_conductance

jax.config.update("jax_enable_x64", True)

N1, N2, M, SHARE = 10, 10, 200, 16
N = N1 + N2
X_FIELD, A_COUPLING, B_FIELD = 1.0, 1.0, 1.0
ROUNDS = 2
COUNTS = {"printed": 3, "shared": 16, "levels": 16, "ours": 64}  # samples of one round; all are scaled to one second
POINTS = 100_000
SIGMA = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]]])


def antisymmetric(rng: np.random.Generator, d: int) -> np.ndarray:
    """X or A of equation (7)."""
    matrix = rng.normal(size=(d, d))
    matrix -= matrix.T
    return matrix * (M / np.linalg.norm(matrix))


def generator(rng: np.random.Generator, d: int) -> np.ndarray:
    """-2 pi i H'/Delta."""
    X, A1, A2 = (antisymmetric(rng, d) for _ in range(3))
    A2 -= np.sum(A1 * A2) / M**2 * A1
    A2 *= M / np.linalg.norm(A2)
    orbital = np.kron(X_FIELD * X, np.eye(2)) + A_COUPLING * (np.kron(A1, SIGMA[0]) + np.kron(A2, SIGMA[1]))
    return orbital - 1j * B_FIELD * np.kron(np.eye(d), SIGMA[0])


def orthogonal_ensemble(rng: np.random.Generator) -> np.ndarray:
    """U, from the QR decomposition of a Gaussian matrix."""
    q, r = np.linalg.qr(rng.normal(size=(M, M)) + 1j * rng.normal(size=(M, M)))
    v = q * (np.diagonal(r) / np.abs(np.diagonal(r)))
    return v @ v.T


def printed(rng: np.random.Generator) -> Iterator[float]:
    """Equations (4)-(7) as printed, everything drawn anew for each sample."""
    P, Q = np.eye(2 * N, 2 * M), np.eye(2 * (M - N), 2 * M, 2 * N)
    while True:
        U = np.kron(orthogonal_ensemble(rng), np.eye(2))
        R = scipy.linalg.expm(generator(rng, M - N) / M)
        S = P @ U @ np.linalg.inv(np.eye(2 * M) - Q.T @ R @ Q @ U) @ P.T
        yield float(np.sum(np.abs(S[2 * N1 :, : 2 * N1]) ** 2))


def shared(rng: np.random.Generator) -> Iterator[float]:
    """The algorithm of jaxspin's circular construction."""
    c, c1 = 2 * N, 2 * N1
    while True:
        inverse = scipy.linalg.expm(generator(rng, M - N) / M).conj().T
        for _ in range(SHARE):
            U = np.kron(orthogonal_ensemble(rng), np.eye(2))
            t = U[c1:c, :c1] + U[c1:c, c:] @ np.linalg.solve(inverse - U[c:, c:], U[c:, :c1])
            yield float(np.sum(np.abs(t) ** 2))


def levels(rng: np.random.Generator) -> Iterator[float]:
    """The algorithm of jaxspin's Hamiltonian construction."""
    c, c1 = 2 * N, 2 * N1
    sigma = np.sqrt((M - N / 2) * (M - 3 * N / 4)) / np.pi
    leads = np.eye(2 * M, c)
    while True:
        perturbation = generator(rng, M) * (1j / (2 * np.pi))
        for _ in range(SHARE):
            H = rng.normal(size=(M, M))
            H = (H + H.T) * (np.sqrt((M - 3 * N / 4) / 2) / np.pi)
            inside = 1j * sigma * (leads @ leads.T) - np.kron(H, np.eye(2)) - perturbation
            t = 2 * sigma * np.linalg.solve(inside, leads[:, :c1])[c1:c]
            yield float(np.sum(np.abs(t) ** 2))


def loop(samples: Callable[[np.random.Generator], Iterator[float]], count: int) -> Callable[[], np.ndarray]:
    """A timed piece of a loop."""
    return lambda: np.fromiter(samples(np.random.default_rng(0)), float, count)


def ours(method: str, count: int) -> tuple[Callable[[], np.ndarray], float, float]:
    """The same by jaxspin, with the seconds its compilation takes and its working memory in MB."""
    dot, key = Dot(N1, N2, x=X_FIELD, a=A_COUPLING, b=B_FIELD), jax.random.key(0)
    run = jax.jit(lambda key: sample_conductance(dot, key, count, M, method, share=SHARE))
    begin = time.perf_counter()
    compiled = run.lower(key).compile()
    memory = compiled.memory_analysis()
    size = memory.temp_size_in_bytes / 1e6 if memory is not None else float("nan")
    return lambda: np.asarray(compiled(key)), time.perf_counter() - begin, size


def clock() -> np.ndarray:
    """Wall time, and time that all cores spent on this process [s]."""
    return np.array([time.perf_counter(), time.process_time()])


def monte_carlo() -> None:
    """Samples a second, in alternating rounds."""
    peers = {"printed, NumPy": ("printed", printed), "shared R, NumPy": ("shared", shared)}
    peers["Hamiltonian, NumPy"] = ("levels", levels)
    runs = {name: (loop(draw, COUNTS[kind]), COUNTS[kind]) for name, (kind, draw) in peers.items()}
    for method in ("circular", "hamiltonian"):
        run, spent, size = ours(method, COUNTS["ours"])
        print(f"jaxspin {method}: compiled in {spent:.1f} s, working memory {size:.0f} MB for {COUNTS['ours']} samples")
        run()
        runs[f"jaxspin {method}"] = (run, COUNTS["ours"])
    print(f"jaxspin circular: working memory {ours('circular', 10 * COUNTS['ours'])[2]:.0f} MB for ten times as many")
    best, means = {name: np.full(2, np.inf) for name in runs}, {}
    for _ in range(ROUNDS):
        for name, (run, count) in runs.items():
            begin = clock()
            means[name] = run().mean()
            best[name] = np.minimum(best[name], (clock() - begin) / count)
    for name, spent in best.items():
        ratios = ", ".join(f"{best[peer][0] / spent[0]:.1f}" for peer in peers)
        print(
            f"{name:22}{1 / spent[0]:8.1f} samples/s, {1e3 * spent[1]:.0f} ms of all cores each, "
            f"mean {means[name]:.2f} e^2/h, times the peers: {ratios}"
        )
    wall, cores = best["printed, NumPy"] / best["jaxspin circular"]
    print(f"target: 5 times the printed algorithm, reached {wall:.1f}, {cores:.1f} by time of cores")


def closed_form() -> None:
    """Magnetoconductance at many fields from equation (13)."""
    x = jnp.linspace(-5.0, 5.0, POINTS)
    curve = jax.jit(lambda x: mean_conductance(Dot(N1, N2, x=x, a=A_COUPLING, b=B_FIELD)))
    begin = time.perf_counter()
    compiled = curve.lower(x).compile()
    spent, best = time.perf_counter() - begin, np.inf
    for _ in range(10):
        begin = time.perf_counter()
        jax.block_until_ready(compiled(x))
        best = min(best, time.perf_counter() - begin)
    print(f"closed form at {POINTS} fields: {best * 1e3:.1f} ms after {spent:.1f} s of compilation (target 50 ms)")


def main() -> None:
    """Run all and print."""
    print(f"jax {jax.__version__} on {jax.devices()[0].platform}, numpy {np.__version__}, scipy {scipy.__version__}")
    closed_form()
    monte_carlo()


if __name__ == "__main__":
    main()
