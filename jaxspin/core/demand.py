"""What a module demands of its fields, told in one line where it is not met."""

from collections.abc import Callable, Iterable
from typing import Any

import equinox as eqx
from jax.core import Tracer

from jaxspin.core.quantity import quantities


def demand(module: Any, names: Iterable[str], holds: Callable[[Any], Any], what: str) -> None:
    """Refuse concrete fields that do not satisfy a condition; traced ones pass, so it may stand in `__check_init__`.

    Arguments:
        module: with fields declared by `quantity`.
        names: of the fields.
        holds: elementwise, from a NumPy array to booleans.
        what: the demand in words, such as "must be >= 0"; the field's unit is put after it.

    Raises:
        ValueError: names type, field, meaning, demand, unit and value.
    """
    known = quantities(module)
    for name in names:
        value = getattr(module, name)
        if isinstance(value, Tracer) or not eqx.is_array(value):
            continue
        # NumPy's arithmetic, for JAX's would be traced where the module is built under a transformation
        if not bool(holds(value.__array__()).all()):
            unit = "" if known[name].unit == "1" else f" {known[name].unit}"
            raise ValueError(f"{type(module).__name__}: {name} ({known[name].doc}) {what}{unit}, got {value}{unit}")
