"""What is measured on a dichalcogenide layer, as one model: `MODEL`."""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxspin.core import ForwardModel, Material, Observable, Observables, Solve, observables, quantities, quantity
from jaxspin.systems.tmdc.bands import HBAR_SQUARED_OVER_M, curvatures, eigenstates
from jaxspin.systems.tmdc.eleven_band import ElevenBand, eleven_band
from jaxspin.systems.tmdc.fields import strained
from jaxspin.systems.tmdc.models import materials, parameters
from jaxspin.systems.tmdc.published import citation
from jaxspin.systems.tmdc.splitting import K_point, edges_of, signed


class Place(eqx.Module):
    """Where bands are looked at, and how the layer is stretched."""

    x: Float[Array, ""] = quantity(
        "1", bounds=(0.0, 1.0), scale=0.1, symbol="x", doc="place on the line from Gamma (0) to K (1)"
    )
    strain: Float[Array, ""] = quantity(
        "1", bounds=(-0.1, 0.1), scale=0.01, symbol=r"\varepsilon", doc="biaxial strain of the layer", default=0.0
    )


_ALL = tuple(quantities(ElevenBand))

OBSERVABLES = {
    "valence_splitting": Observable("eV", r"\Delta_v", "E(up) - E(down) of the top valence band at x", _ALL),
    "conduction_splitting": Observable("eV", r"\Delta_c", "E(up) - E(down) of the lowest conduction band at x", _ALL),
    "gap": Observable("eV", "E_g", "direct gap at x", _ALL),
    "valence_energy": Observable("eV", r"E_v-E_v(\Gamma)", "top of the valence band at x above that at Gamma", _ALL),
    "conduction_energy": Observable("eV", r"E_c-E_v(\Gamma)", "conduction band at x above valence top at Gamma", _ALL),
    "valence_inverse_mass": Observable(
        "1", "m_0/m_v", "inverse mass along Gamma-K at x of the valence band that is on top at K", _ALL
    ),
    "conduction_inverse_mass": Observable(
        "1", "m_0/m_c", "inverse mass along Gamma-K at x of the conduction band of the same mirror parity", _ALL
    ),
}
"""At x = 1, the point K, `valence_energy` is dE_Gamma-K, and a positive `conduction_splitting` means that the lowest
conduction state has the other spin than the top valence state. There some derivatives vanish by threefold symmetry."""


@jax.jit
def _observe(params: ElevenBand, place: Place) -> Observables:
    model = strained(eleven_band(params), place.strain * jnp.eye(2))
    K = K_point(model)
    k = place.x * K
    states = eigenstates(model, jnp.stack([k, jnp.zeros(2)]))
    found = edges_of(model, states)
    split = signed(found)
    top, bottom = jnp.max(found.valence, axis=1), jnp.min(found.conduction, axis=1)
    inverse_mass = curvatures(model, k, K / jnp.linalg.norm(K), states)[0] / HBAR_SQUARED_OVER_M
    values = {
        "valence_splitting": split.valence[0],
        "conduction_splitting": split.conduction[0],
        "gap": bottom[0] - top[0],
        "valence_energy": top[0] - top[1],
        "conduction_energy": bottom[0] - top[1],
        "valence_inverse_mass": inverse_mass[model.occupied - 1],
        "conduction_inverse_mass": inverse_mass[model.occupied],
    }
    return observables(values)


def observe(params: ElevenBand, place: Place, *, solve: Solve | None = None, key: Array | None = None) -> Observables:
    """Every observable of the eleven-band model. Plain diagonalisation: `solve` and `key` are not used.

    The status is NOT_FINITE for parameters that are not finite.
    """
    return _observe(params, place)


MODEL = ForwardModel(
    name="tmdc",
    title="Transition-metal dichalcogenide layer: spin splitting of an eleven-orbital tight-binding model",
    parameters=ElevenBand,
    controls=Place,
    observables=OBSERVABLES,
    observe=observe,
    materials={
        name: Material(build=functools.partial(parameters, "fang-11", name), source=citation("fang2015"))
        for name in materials("fang-11")
    },
    example=lambda: Place(x=0.56, strain=0.01),  # pyright: ignore[reportArgumentType]
    citation="""@article{zhu2011giant,
  title = {Giant spin-orbit-induced spin splitting in two-dimensional transition-metal dichalcogenide semiconductors},
  author = {Zhu, Z. Y. and Cheng, Y. C. and Schwingenschl{\\"o}gl, U.},
  journal = {Physical Review B},
  volume = {84},
  pages = {153402},
  year = {2011},
}""",
)
