"""Beyond the paper: a honeycomb of condensates, whose gap for excitations the condensate opens.

Condensates with a = 1, g = 0.9 in a field of 0.02, below p_c = 0.91, and links with J_L = 18, J_T = 12: the uniform
state is stable at every k there, and far from the splitting epsilon the gap shows the field that excitations see.
"""

from typing import Any

import jax
import numpy as np
from jaxtyping import Array

from jaxspin.numerics import brillouin
from jaxspin.systems.polariton import Condensate
from jaxspin.systems.polariton.lattice import (
    HONEYCOMB,
    Network,
    excitation_bands,
    excitation_topology,
    uniform_state,
)

LINKS = (18.0, 12.0)
A, G, FIELD = 1.0, 0.9, 0.02
PUMPS = np.linspace(-0.75, 0.85, 17)
CORNERS = (("Γ", (0.0, 0.0)), ("K", (1 / 3, -1 / 3)), ("M", (0.5, 0.0)), ("K'", (2 / 3, 1 / 3)), ("Γ", (1.0, 0.0)))
ON_A_LINE = 60  # wave vectors between corners
MESH = 24  # wave vectors along each side of the zone, for gaps and Chern numbers


def network(p: Array | float) -> Network:
    """The honeycomb at a pump."""
    return Network(Condensate(p=p, a=A, g=G, delta=FIELD), HONEYCOMB, *LINKS)


@jax.jit
def topology(p: Array) -> tuple[Array, ...]:
    """Gap at the same k, Chern number above it, largest growth, and s_z, at a pump."""
    state = uniform_state(network(p))
    found = excitation_topology(network(p), state, 2, MESH)
    return found.direct, found.chern, found.growth, state.s[0, 2], state.status


@jax.jit
def bands(p: Array, corners: Array) -> Array:
    """Complex frequencies along a path, by ascending real part: the mirrored ones of negative norm come first."""
    return excitation_bands(network(p), uniform_state(network(p)), brillouin.path(corners, ON_A_LINE))


def results() -> dict[str, Any]:
    """Gap against pump, and what the splitting delta + 2 a s_z and the paper's delta + a s_z say."""
    gap, chern, growth, s_z, status = (np.array(x) for x in zip(*map(topology, PUMPS), strict=True))
    corners = np.array([corner for _, corner in CORNERS])
    K = corners[1]
    close = np.array([K + 0.05 * (corners[0] - K), K, K + 0.1 * (corners[2] - K)])
    along = lambda corners: {float(p): np.asarray(bands(p, corners)) for p in PUMPS[[0, -1]]}
    return {
        "p": PUMPS,
        "delta": FIELD,
        "gap": gap,
        "chern": chern,
        "growth": growth,
        "s_z": s_z,
        "status": status,
        "with_exchange": FIELD + 2 * A * s_z,
        "field": FIELD + A * s_z,
        "bands": along(corners),
        "close": along(close),
    }
