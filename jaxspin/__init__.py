"""Differentiable spin-orbit physics in JAX: simulate, invert, design.

Importing jaxspin loads nothing heavy and changes no global setting; each part loads on first use.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "Dataset": "jaxspin.inverse",
    "FitResult": "jaxspin.inverse",
    "ForwardModel": "jaxspin.core",
    "Observables": "jaxspin.core",
    "Solve": "jaxspin.core",
    "Status": "jaxspin.core",
    "design": "jaxspin.inverse",
    "fit": "jaxspin.inverse",
    "quantities": "jaxspin.core",
    "quantity": "jaxspin.core",
    "replace": "jaxspin.core",
    "select": "jaxspin.core",
}
_MODULES = (
    "core",
    "inverse",
    "io",
    "micromagnetics",
    "numerics",
    "planewave",
    "plot",
    "sweep",
    "systems",
    "transport",
)

__all__ = [*_HOME, *_MODULES, "__version__"]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"jaxspin.{name}")
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'jaxspin' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
