"""Closed forms of a chaotic dot: the magnetoconductance of 1e5 fields, and fluctuations at a temperature.

    python benchmarks/bench_quantum_dot_closed.py

Compared, in one run, with NumPy inverting the matrices of order four of equations (9) and (10). Compile time apart.
"""

import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)

from jaxspin.systems import quantum_dot  # noqa: E402
from jaxspin.systems.quantum_dot import Dot  # noqa: E402

POINTS, WARM = 100_000, 1_000
A, B, N = 1.0, 2.0, 10
PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]]])


def best(run: Callable[[], Any], times: int = 7) -> float:
    """Shortest of several runs [s]."""
    spent = []
    for _ in range(times):
        begin = time.perf_counter()
        jax.block_until_ready(run())
        spent.append(time.perf_counter() - begin)
    return min(spent)


def by_inversion(x: np.ndarray) -> np.ndarray:
    """<dG> from C of equation (10), one batch of matrices, S'* followed backwards (so that T is not needed)."""
    one = np.eye(2)
    fixed = 2 * A**2 * np.eye(4) + 1j * B * (np.kron(PAULI[0], one) - np.kron(one, PAULI[0]))
    fixed = fixed + A**2 * sum(np.kron(sigma, sigma) for sigma in PAULI)
    C = np.linalg.inv((N + 2 * x**2)[:, None, None] * np.eye(4) + fixed)
    return -N / 4 * np.einsum("kmnnm->k", C.reshape(-1, 2, 2, 2, 2)).real


def closed_form() -> None:
    """Print times and ratios."""
    x = jnp.linspace(-5.0, 5.0, POINTS)
    curve = jax.jit(lambda x: quantum_dot.weak_localization(Dot(N // 2, N // 2, x=x, a=A, b=B)))
    begin = time.perf_counter()
    np.testing.assert_allclose(curve(x)[::1000], by_inversion(np.asarray(x)[::1000]), rtol=1e-12)
    compiled = time.perf_counter() - begin
    ours, theirs = best(lambda: curve(x)), best(lambda: by_inversion(np.asarray(x)), 3)
    print(f"magnetoconductance, {POINTS} fields: {1e3 * ours:.2f} ms (limit 50 ms; compiling {compiled:.2f} s)")
    print(f"  NumPy, inverse of order four: {1e3 * theirs:.0f} ms, {theirs / ours:.0f} times as long")

    dots = Dot(N // 2, N // 2, x=x, a=A, b=B)
    variance = jax.jit(quantum_dot.variance)
    jax.block_until_ready(variance(dots))
    print(f"variance at zero temperature, {POINTS} fields: {1e3 * best(lambda: variance(dots), 3):.0f} ms")

    warm = jax.jit(jax.vmap(lambda x: quantum_dot.thermal_variance(Dot(N // 2, N // 2, x=x, a=A, b=B), 2.0)))
    y = np.linspace(-40.0, 40.0, 4001)  # as fine as the narrowest resonance, N/(2 pi kT) = 0.8, needs at kT = 2
    kernel = quantum_dot.thermal_kernel(y) * (y[1] - y[0])
    shifted = jax.jit(
        jax.vmap(
            lambda x: jnp.sum(
                kernel
                * quantum_dot.covariance(
                    Dot(N // 2, N // 2, x=x, a=A, b=B), Dot(N // 2, N // 2, x=x, a=A, b=B, epsilon=2.0 * y)
                )
            )
        )
    )
    few = x[:: POINTS // 20]
    np.testing.assert_allclose(warm(few), shifted(few), rtol=1e-9)
    jax.block_until_ready(warm(x[:WARM]))
    ours, theirs = best(lambda: warm(x[:WARM]), 3) / WARM, best(lambda: shifted(few), 3) / few.size
    print(f"variance at kT = 2 Delta: {1e6 * ours:.0f} us a field; by trapezoids {theirs / ours:.0f} times as long")


if __name__ == "__main__":
    closed_form()
