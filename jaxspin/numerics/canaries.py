"""Small calculations with known answers that faulty compilers get wrong: run them before trusting a device."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

_BAD_VERSIONS = {
    "0.7.0": "breaks equinox modules",
    "0.7.1": "breaks equinox modules",
    "0.10.2": "wrong numbers on CPU (jax-ml/jax#39103)",
    "0.11.0": "wrong numbers on CPU (jax-ml/jax#39103)",
    "0.11.1": "wrong numbers on CPU (jax-ml/jax#39103)",
}


class Canary(NamedTuple):
    """Outcome of one check: `ok` says whether what jaxspin relies on holds on this device."""

    name: str
    ok: bool
    detail: str


def known_bad(version: str) -> str | None:
    """Why jaxspin refuses this version of JAX, or None if it has no known fault."""
    return _BAD_VERSIONS.get(version)


def run_canaries() -> list[Canary]:
    """Run every canary on the default device: some seconds, most of them compilation."""
    return [rotated_and_summed(), elementwise_functions(), shifted_rows(), stacked_scan(), solves_in_a_loop()]


def rotated_and_summed(cells: int = 20_000) -> Canary:
    """A 3 x 3 matrix times a vector in every cell, then a sum: wrong above 16 384 cells in JAX 0.10.2 on CPU."""
    x = jnp.zeros((cells, 3)).at[:, 0].set(jnp.arange(cells) % 997)
    got = jax.jit(jax.vmap(lambda row: jnp.sum((jnp.eye(3) @ row) ** 2)))(x)
    wrong = int(jnp.sum(got != x[:, 0] ** 2))
    return Canary("matrix times vector, then sum", wrong == 0, f"{wrong} of {cells} cells wrong (jax-ml/jax#39103)")


def elementwise_functions(size: int = 400) -> Canary:
    """arctan and tan are inverse to each other: arctan is wrong from 50 elements in jaxlib 0.10.2 on CPU."""
    x = jnp.linspace(-1.4, 1.4, size)
    tolerance = 1e3 * float(jnp.finfo(x.dtype).eps)
    wrong = int(jnp.sum(jnp.abs(jnp.arctan(jnp.tan(x)) - x) > tolerance))
    return Canary("elementwise arctan", wrong == 0, f"{wrong} of {size} elements wrong (jax-ml/jax#39352)")


def shifted_rows(rows: int = 100) -> Canary:
    """Rows moved down by one, as jaxspin does it (concatenate), and as it must not (in-place update, then reshape)."""
    row = jnp.arange(float(rows))
    right = jnp.concatenate([row[:1], row[:-1]])[None]
    concatenated = jax.jit(lambda b: jnp.concatenate([b[:1], b[:-1]])[None])(row)
    updated = jax.jit(lambda b: b.at[1:].set(b[:-1])[None])(row)
    in_place = "right" if bool(jnp.all(updated == right)) else "WRONG here (openxla/xla#49176), and avoided by jaxspin"
    return Canary("shifted rows", bool(jnp.all(concatenated == right)), f"in-place form {in_place}")


def _stacking(length: int) -> Callable[[], float]:
    """A compiled scan of that length that stacks its outputs: seconds it takes, anew at every call."""

    def decay(state: Float[Array, " 3"], _: None) -> tuple[Float[Array, " 3"], Float[Array, " 3"]]:
        return 0.999 * state, state

    run = jax.jit(lambda state: jax.lax.scan(decay, state, None, length=length)[1])
    run(jnp.ones(3)).block_until_ready()

    def seconds() -> float:
        begin = time.perf_counter()
        run(jnp.ones(3)).block_until_ready()
        return time.perf_counter() - begin

    return seconds


def stacked_scan(length: int = 20_000, rounds: int = 20) -> Canary:
    """A scan that stacks its outputs takes time linear in its length (copying the stack each step is quadratic)."""
    short, long = _stacking(length), _stacking(10 * length)
    shortest, longest = short(), long()
    for used in range(rounds):  # until the machine, which others use too, has let both run undisturbed
        shortest, longest = min(shortest, short()), min(longest, long())
        if used > 1 and longest < 40 * shortest:
            break
    ratio = longest / shortest
    return Canary("linear-time scan", ratio < 40, f"10 times longer took {ratio:.1f} times as long (quadratic: 100)")


# A program of its own, since a blocked process can only end as a whole: blocked is one that uses no time of any core.
_SOLVES = """
import os, threading, time
import jax, jax.numpy as jnp
jax.config.update("jax_enable_x64", True)
x = jnp.broadcast_to(2 * jnp.eye(60, dtype=complex), (64, 60, 60))
scaled = [1.0, 1.1, 1.2]
def stacked(x):
    return jnp.sum(jnp.linalg.solve(jnp.stack([s * x for s in scaled]), jnp.stack([x] * 3)), axis=0)
def apart(x):
    return sum(jnp.linalg.solve(s * x, x) for s in scaled)
def watch():
    before = -1.0
    while time.process_time() - before > 0.01:
        before = time.process_time()
        time.sleep(1.5)
    os._exit(3)
for name, form in (("stacked", stacked), ("apart", apart)):
    run = jax.jit(lambda x, form=form: jax.lax.fori_loop(0, 20, lambda _, x: form(x), x)).lower(x).compile()
    if name == "apart":
        threading.Thread(target=watch, daemon=True).start()
    run(x).block_until_ready()
    print(name, flush=True)
os._exit(0)
"""


def solves_in_a_loop(seconds: float = 120.0) -> Canary:
    """Batches of linear systems in a loop, as jaxspin solves them (stacked to one), and as it must not (several calls).

    On CPUs with few cores, LAPACK calls of one round of a loop can block each other for ever in JAX 0.10.1.
    """
    here = os.environ | {"JAX_PLATFORMS": "cpu", "OPENBLAS_NUM_THREADS": "1"}
    try:
        run = subprocess.run([sys.executable, "-c", _SOLVES], env=here, capture_output=True, text=True, timeout=seconds)
        done, blocked = run.stdout.split(), run.returncode == 3
    except subprocess.TimeoutExpired as late:
        done, blocked = (late.stdout or b"").decode().split(), False
    several = "finish" if "apart" in done else "BLOCK each other here" if blocked else "did not finish in time"
    note = "" if "apart" in done else ", and are avoided by jaxspin"
    return Canary("solves in a loop", "stacked" in done, f"several calls a round {several}{note}")
