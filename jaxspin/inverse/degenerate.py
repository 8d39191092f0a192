"""Is the best design one, or one of a family? Directions along which nothing that matters changes."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from jaxspin.inverse.design import scaled_problem
from jaxspin.inverse.design_result import DesignResult
from jaxspin.inverse.identify import NullDirection

_STEP = 1e-3  # of a scale, between which gradients are compared
_FLAT = 1e-4  # a whole scale further, the objective has changed by half of this, relative to its size


def flat_directions(result: DesignResult) -> list[NullDirection]:
    """Directions from an optimum that keep every active limit and bound and along which the objective stays.

    By the curvature of the Lagrangian (central differences of its exact gradient) within the active limits: to second
    order, so a family of equal designs may bend. Weights are in scales of the free quantities. Empty where the optimum
    stands alone.
    """
    curvature, gradients = (np.asarray(each) for each in _curvature(result))
    active = [np.eye(len(result.names))[i] for i, name in enumerate(result.names) if _touches(result, name)]
    rows = np.concatenate(
        [gradients[np.asarray(result.multipliers) > 1e-6], np.reshape(active, (-1, len(result.names)))]
    )
    _, size, modes = np.linalg.svd(np.concatenate([rows, np.zeros_like(curvature)]))
    free = modes[size < 1e-8 * max(1.0, size.max(initial=0.0))]
    if not len(free):
        return []
    bend, axes = np.linalg.eigh(free @ curvature @ free.T)
    size = abs(float(result.objective / result.scales.objective)) or 1.0
    flat = (axes.T @ free)[np.abs(bend) < _FLAT * size]
    return [_told(result, row) for row in flat]


def _touches(result: DesignResult, name: str) -> bool:
    return any(bool(result.sides[f"{name} {side}"].active) for side in ("lower", "upper"))


def _told(result: DesignResult, row: np.ndarray) -> NullDirection:
    row = row * np.sign(row[np.argmax(np.abs(row))])
    weights = {name: float(w) for name, w in zip(result.names, row, strict=True) if abs(w) > 0.02}
    units = {variable.name: variable.known for variable in result.problem.free}
    steps = " ".join(
        f"{w * units[name].scale:+.3g}{'' if units[name].unit == '1' else ' ' + units[name].unit} {name}"
        for name, w in weights.items()
    )
    return NullDirection(weights, f"{result.problem.label} and all active limits stay along {steps}")


@eqx.filter_jit
def _curvature(result: DesignResult) -> tuple[Array, Array]:
    """Hessian of the Lagrangian and gradients of the constraints, in scaled coordinates of the free quantities."""
    evaluate, y = scaled_problem(result)

    def gradients(y: Array) -> tuple[Array, Array]:
        slope, rows = jax.jacfwd(evaluate)(y)
        return slope - result.multipliers @ rows, rows

    steps = _STEP * jnp.eye(y.size)
    ahead, behind = (jax.vmap(lambda step: gradients(y + step)[0])(sign * steps) for sign in (1.0, -1.0))
    hessian = (ahead - behind) / (2 * _STEP)
    return (hessian + hessian.T) / 2, gradients(y)[1]
