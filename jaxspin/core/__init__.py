"""What a system is: quantities with units, forward models, solver options. Imports jax, equinox and jaxtyping only."""

from jaxspin.core.demand import demand
from jaxspin.core.model import ForwardModel, Material, Observable, Observables, Status, check, observables, worst
from jaxspin.core.options import Differentiate, Solve, require_double_precision
from jaxspin.core.quantity import (
    Quantity,
    check_names,
    outside_bounds,
    quantities,
    quantity,
    replace,
    select,
    unknown_name,
)
from jaxspin.core.task import Task

__all__ = [
    "Differentiate",
    "ForwardModel",
    "Material",
    "Observable",
    "Observables",
    "Quantity",
    "Solve",
    "Status",
    "Task",
    "check",
    "check_names",
    "demand",
    "observables",
    "outside_bounds",
    "quantities",
    "quantity",
    "replace",
    "require_double_precision",
    "select",
    "unknown_name",
    "worst",
]
