"""The systems jaxspin knows: name -> where its `ForwardModel` lives, loaded on first use.

A package of yours adds its own through the entry-point group `jaxspin.systems`, with the same `module:ATTRIBUTE`.
"""

import importlib
from importlib.metadata import entry_points

from jaxspin.core import ForwardModel, unknown_name

REGISTRY = {
    "ferrimagnet": "jaxspin.systems.ferrimagnet:MODEL",
    "ferrimagnet.harmonic_hall": "jaxspin.systems.ferrimagnet:HARMONIC_HALL",
    "ferrimagnet.layered": "jaxspin.systems.ferrimagnet:LAYERED",
    "ferrimagnet.stepped_scan": "jaxspin.systems.ferrimagnet:STEPPED_SCAN",
    "polariton": "jaxspin.systems.polariton:MODEL",
    "quantum_dot": "jaxspin.systems.quantum_dot:MODEL",
    "spin_pump": "jaxspin.systems.spin_pump:MODEL",
    "tmdc": "jaxspin.systems.tmdc:MODEL",
}


def registered() -> dict[str, str]:
    """Names of all systems, built in and installed, with the `module:ATTRIBUTE` that holds each."""
    return REGISTRY | {point.name: point.value for point in entry_points(group="jaxspin.systems")}


def load(name: str) -> ForwardModel:
    """The model of that name; `KeyError` lists the names that exist."""
    known = registered()
    if name not in known:
        raise KeyError(unknown_name("system", name, known))
    module, attribute = known[name].split(":")
    return getattr(importlib.import_module(module), attribute)
