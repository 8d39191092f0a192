"""The models by name: `model("fang-11", "WSe2")`."""

from collections.abc import Callable
from typing import Any, NamedTuple

from jaxspin.core import unknown_name
from jaxspin.systems.tmdc import published
from jaxspin.systems.tmdc.eleven_band import ElevenBand, eleven_band
from jaxspin.systems.tmdc.hamiltonian import Model
from jaxspin.systems.tmdc.slater_koster import SlaterKoster, slater_koster
from jaxspin.systems.tmdc.three_band import ThreeBand, three_band


class Kind(NamedTuple):
    """A parametrisation: its table, the type of its parameters, and how they become a Hamiltonian."""

    table: str
    parameters: type
    build: Callable[[Any], Model]


KINDS = {
    "liu-nn-gga": Kind("liu2013_nn_gga", ThreeBand, three_band),
    "liu-tnn-gga": Kind("liu2013_tnn_gga", ThreeBand, three_band),
    "liu-tnn-lda": Kind("liu2013_tnn_lda", ThreeBand, three_band),
    "fang-11": Kind("fang2015", ElevenBand, eleven_band),
    "jaxspin-11": Kind("jaxspin11", ElevenBand, eleven_band),
    "roldan-sk": Kind("roldan2014", SlaterKoster, slater_koster),
    "silva-guillen-sk": Kind("silva_guillen2016", SlaterKoster, slater_koster),
    "ridolfi-sk": Kind("ridolfi2015", SlaterKoster, slater_koster),
}
"""Every model by name."""


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise KeyError(unknown_name("model", name, KINDS))
    return KINDS[name]


def parameters(name: str, material: str) -> Any:
    """Parameters of a model for a material, such as `ElevenBand`: differentiable, to be changed with `core.replace`.

    Where a table leaves out the distance of the planes of M and X, it is the one of Zhu et al., Table I.

    Raises:
        KeyError: for an unknown model or material; the message lists those that exist.
    """
    kind = _kind(name)
    row = published.entry(kind.table, material)
    if kind.parameters is ElevenBand and "d" not in row:
        row["d"] = published.entry("zhu2011", material)["d"]
    return kind.parameters(**row)


def model(name: str, material: str) -> Model:
    """The Hamiltonian of a published parametrisation for a material: `model("fang-11", "WSe2")`.

    Raises:
        KeyError: for an unknown model or material; the message lists those that exist.
    """
    return _kind(name).build(parameters(name, material))


def materials(name: str) -> tuple[str, ...]:
    """Materials that a model has parameters for."""
    return tuple(published.table(_kind(name).table)["materials"])
