"""A random permutation and random numbers of which any piece can be had without the rest."""

import numpy as np
from jaxtyping import Float, Int

_ROUNDS = 6


def _mixed(x: np.ndarray) -> np.ndarray:
    """The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): 64 bits in, 64 well-mixed bits out."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _key(seed: tuple[int, ...]) -> np.ndarray:
    key = np.zeros(1, np.uint64)
    for part in seed:
        key = _mixed(key + np.uint64(part % 2**64) + np.uint64(0x9E3779B97F4A7C15))
    return key


def uniform(index: Int[np.ndarray, " n"], *, seed: tuple[int, ...]) -> Float[np.ndarray, " n"]:
    """Numbers in [0, 1), one for each index."""
    bits = _mixed(_mixed(index.astype(np.uint64) + _key(seed)) ^ _key((*seed, 1)))
    return (bits >> np.uint64(11)).astype(float) * 2.0**-53


def permuted(index: Int[np.ndarray, " n"], size: int, *, seed: tuple[int, ...]) -> Int[np.ndarray, " n"]:
    """Where a random permutation of 0..size-1 sends each index.

    A Feistel network permutes the 4^h >= size numbers of 2h bits; those sent beyond `size` go round again until they
    fall inside, which keeps it a permutation (Black and Rogaway, CT-RSA 2002).
    """
    half = np.uint64(max(1, ((size - 1).bit_length() + 1) // 2))
    mask = (np.uint64(1) << half) - np.uint64(1)
    keys = [_key((*seed, turn)) for turn in range(_ROUNDS)]
    found = index.astype(np.uint64)
    outside = np.ones(found.shape, dtype=bool)
    while outside.any():
        left, right = found[outside] >> half, found[outside] & mask
        for key in keys:
            left, right = right, left ^ (_mixed(right + key) & mask)
        found[outside] = (left << half) | right
        outside = found >= np.uint64(size)
    return found.astype(np.int64)
