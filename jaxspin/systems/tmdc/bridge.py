"""From first principles to tight binding: the eleven-band model fitted to a layer's own bands.

Energies in eV. The fourteen spinor bands below the gap that are made of p and d, and the lowest above it, are those of
the model; on-site energies, hoppings and spin-orbit strengths vary, held by a Gaussian prior to where they start.
"""

import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optimistix as optx
from jaxtyping import Array, Float

from jaxspin.core import Status
from jaxspin.systems.tmdc import published
from jaxspin.systems.tmdc.bands import bands
from jaxspin.systems.tmdc.eleven_band import ElevenBand, eleven_band
from jaxspin.systems.tmdc.first_principles import Layer, SpinorBands

_FREE = tuple(f.name for f in dataclasses.fields(ElevenBand) if f.name.startswith(("eps", "t", "lambda")))
_BELOW = 14  # filled bands of the model
_EDGES = slice(_BELOW - 2, _BELOW + 2)
_WIDTH = {"eps": 0.5, "t": 0.1, "lambda": 0.02}  # of the prior [eV]
_FINE, _COARSE = 0.01, 0.1  # how well bands next to the gap, and the others, are wanted [eV]


class Bridge(NamedTuple):
    """The fitted parameters, root mean square deviations [eV] of the bands next to the gap and of all, and a status."""

    params: ElevenBand
    edges: Float[Array, ""]
    all: Float[Array, ""]
    status: Status


def bridge(of: SpinorBands, layer: Layer, *, above: int = 4, max_steps: int = 60) -> Bridge:
    """The eleven-band model that meets bands from first principles; not under `jit`.

    Arguments:
        of: bands at enough k to tell: some along Gamma-K and Gamma-M. The energies of both agree at the valence band's
            highest point.
        layer: their structure; its material must be in the table of Fang et al. (2015), where the fit begins.
        above: bands above the gap that are fitted.
        max_steps: of Levenberg and Marquardt.

    Raises:
        KeyError: for a material that is not in the table.
        ValueError: for fewer bands than are fitted.
    """
    if of.energies.shape[1] < of.occupied + above or of.occupied < _BELOW:
        raise ValueError(
            f"bridge: {of.occupied + above} bands are wanted, {above} of them above the gap, got {of.energies.shape[1]}"
        )
    row = published.entry("fang2015", f"{layer.metal}{layer.chalcogen}2")
    first = ElevenBand(**{name: jnp.asarray(float(x)) for name, x in (row | {"a": layer.a, "d": layer.d}).items()})
    # a_1 along x in both; k from fractions of the reciprocal vectors of a_1 and a_2 at 120 degrees
    k = jnp.asarray(of.k) @ (2 * jnp.pi / layer.a * jnp.asarray([[1, 1 / np.sqrt(3)], [0, 2 / np.sqrt(3)]]))
    goal = of.energies[:, of.occupied - _BELOW : of.occupied + above]
    goal = goal - jnp.max(goal[:, _BELOW - 1]) + jnp.max(bands(eleven_band(first), k)[:, _BELOW - 1])
    start = jnp.stack([getattr(first, name) for name in _FREE])
    width = jnp.asarray([next(w for stem, w in _WIDTH.items() if name.startswith(stem)) for name in _FREE])
    sigma = jnp.full(_BELOW + above, _COARSE).at[_EDGES].set(_FINE)[None]
    args = (first, k, goal, start, width, sigma)
    solver = optx.LevenbergMarquardt(rtol=1e-4, atol=1e-6)
    found = optx.least_squares(_pulls, solver, jnp.zeros(len(_FREE)), args, max_steps=max_steps, throw=False)
    params = _moved(found.value, first, start, width)
    off = bands(eleven_band(params), k)[:, : _BELOW + above] - goal
    rms = lambda values: jnp.sqrt(jnp.mean(values**2))
    status = Status.OK if bool(found.result == optx.RESULTS.successful) else Status.MAX_STEPS
    return Bridge(params, rms(off[:, _EDGES]), rms(off), status)


def _moved(u: Float[Array, " p"], first: ElevenBand, start: Array, width: Array) -> ElevenBand:
    """Parameters at u, counted in widths of the prior."""
    return dataclasses.replace(first, **dict(zip(_FREE, start + width * u, strict=True)))


@jax.jit
def _pulls(u: Float[Array, " p"], args: tuple) -> Float[Array, " n"]:
    """Deviations of the bands and from the prior, each over its standard error."""
    first, k, goal, start, width, sigma = args
    own = bands(eleven_band(_moved(u, first, start, width)), k)[:, : goal.shape[1]]
    return jnp.concatenate([jnp.ravel((own - goal) / sigma), u])
