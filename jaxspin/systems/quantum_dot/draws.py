"""Random dots by key, chunk by chunk: the loop under every ensemble average.

The same key is the same random numbers (U or H, X, A_1, A_2) whatever the parameters. Draws come in groups that share
X, A_1 and A_2, whose exponential costs the most; each draw has a U (or H) of its own. One chunk is in memory at a time,
and derivatives recompute a chunk instead of storing it: memory does not grow with the number of draws.
"""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Complex, PRNGKeyArray

from jaxspin.core import unknown_name
from jaxspin.numerics import random_matrix
from jaxspin.systems.quantum_dot.cavity import Cavity
from jaxspin.systems.quantum_dot.hamiltonian import hamiltonian
from jaxspin.systems.quantum_dot.parameters import Dot
from jaxspin.systems.quantum_dot.perturbation import draw_fields, generator, spins_decouple
from jaxspin.systems.quantum_dot.scattering import circular, evolution

METHODS = ("circular", "hamiltonian")
_CHUNK_BYTES = 2**21  # of the largest matrices of one chunk, a size for caches; some six of them are alive at once


def draws(
    measure: Callable[[tuple[Cavity, ...]], Any],
    dots: tuple[Dot, ...],
    key: PRNGKeyArray,
    n: int,
    M: int,
    method: str,
    share: int,
    decoupled: bool,
) -> Any:
    """What `measure` makes of each of n random draws, arrays with a leading axis of n.

    Arguments:
        measure: takes one draw, a `Cavity` for each dot, with a leading axis over blocks: one block with spin (2 N
            channels), or where spins are `decoupled` two without (N channels each).
        dots: dots with the same channels that all see the same random numbers.
        key: random key.
        n, M, method, share: as in `sampling.sample_conductance`.
        decoupled: whether `perturbation.spins_decouple` holds for all dots.
    """
    groups = -(-n // share)
    at_once = min(groups, max(1, _CHUNK_BYTES // (share * 16 * (2 * M) ** 2)))
    # all keys at once: their generator is slow to compile, inside the loop more so
    keys = jax.random.split(key, (-(-groups // at_once), at_once, 2 + share))

    def group(keys: PRNGKeyArray) -> Any:
        blocks = shared_blocks(dots, keys[:2], M, method, decoupled)

        def draw(key: PRNGKeyArray) -> Any:
            matrix = own_matrix(key, M, method)
            return measure(tuple(cavities(dot, matrix, each, method) for dot, each in zip(dots, blocks, strict=True)))

        return jax.vmap(draw)(keys[2:])

    found = jax.lax.map(jax.checkpoint(jax.vmap(group)), keys)
    return jax.tree.map(lambda values: values.reshape(-1, *values.shape[3:])[:n], found)


def shared_blocks(
    dots: tuple[Dot, ...], keys: PRNGKeyArray, M: int, method: str, decoupled: bool
) -> list[Complex[Array, "k m m"]]:
    """What a group of draws shares, for each dot: R of the circular construction, -2 pi i H'/Delta of the other."""
    if method == "circular":
        fields = draw_fields(keys, M - dots[0].N, M)
        return [evolution(dot, fields, M, decoupled=decoupled) for dot in dots]
    fields = draw_fields(keys, M, M)
    return [generator(dot, fields, decoupled=decoupled) for dot in dots]


def own_matrix(key: PRNGKeyArray, M: int, method: str) -> Array:
    """What every draw has of its own: U of the circular construction, H of the Hamiltonian one, (M, M)."""
    return random_matrix.coe(key, M) if method == "circular" else random_matrix.goe(key, M)


def cavities(dot: Dot, matrix: Array, blocks: Complex[Array, "k m m"], method: str) -> Cavity:
    """The linear problems of one draw, with a leading axis over blocks."""
    construct = circular if method == "circular" else hamiltonian
    return jax.vmap(lambda block: construct(dot, matrix, block))(blocks)


def group_size(n: int, share: int | None) -> int:
    """Draws in a group: groups enough for a standard error, at least 32 where n allows, of at most 16 draws."""
    return share if share is not None else max(1, min(16, n // 32))


def check_sampling(what: str, dot: Dot, n: int, M: int, method: str, share: int | None) -> None:
    """Raise `ValueError` for what cannot be sampled; see `sampling.sample_conductance`."""
    if method not in METHODS:
        raise ValueError(f"{what}: {unknown_name('method', method, METHODS)}")
    if n < 2:
        raise ValueError(f"{what}: n must be at least 2 samples, got {n}")
    if dot.N + 2 > M:
        raise ValueError(f"{what}: M must be at least N + 2 = {dot.N + 2} for N = {dot.N} channels, got {M}")
    if not isinstance(dot.dephasing, Tracer) and np.any(np.asarray(dot.dephasing) > M):
        raise ValueError(
            f"{what}: M must be at least the dephasing, {np.max(dot.dephasing)} (2 pi hbar/tau_phi Delta), got {M}"
        )
    if share is not None and share < 1:
        raise ValueError(f"{what}: share must be at least 1 sample, got {share}")
    if M == dot.N + 2 and method == "circular" and not spins_decouple(dot):
        raise ValueError(f"{what}: two orthogonal matrices A_1, A_2 need M >= N + 3 = {dot.N + 3}, got {M}")
    for name in ("x", "a", "b", "epsilon", "dephasing", "x_so"):
        shape = getattr(dot, name).shape
        if shape != ():
            raise ValueError(f"{what}: {name} must be a scalar, got shape {shape}; map over dots with jax.vmap")
