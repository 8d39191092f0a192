"""Models whose best designs are known: in closed form, or from the collection of Hock and Schittkowski (1981)."""

import math

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from jaxspin.core import ForwardModel, Material, Observable, observables, quantity


class Spring(eqx.Module):
    """Coefficients: stiffnesses a, b; rest lengths p, q. `load` is also a control."""

    a: Array = quantity("J/m^2", bounds=(0.0, 100.0), scale=1.0, symbol="a", doc="stiffness along x", default=2.0)
    b: Array = quantity("J/m^2", bounds=(0.0, 100.0), scale=1.0, symbol="b", doc="stiffness along y", default=1.0)
    p: Array = quantity("m", bounds=(-100.0, 100.0), scale=1.0, symbol="p", doc="rest position along x", default=3.0)
    q: Array = quantity("m", bounds=(-100.0, 100.0), scale=1.0, symbol="q", doc="rest position along y", default=2.0)
    load: Array = quantity("J", bounds=(-1e3, 1e3), scale=1.0, symbol="W", doc="offset of the energy", default=10.0)


class Place(eqx.Module):
    x: Array = quantity("m", bounds=(-10.0, 10.0), scale=1.0, symbol="x", doc="position along x")
    y: Array = quantity("m", bounds=(-10.0, 10.0), scale=1.0, symbol="y", doc="position along y")
    load: Array = quantity("J", bounds=(-1e3, 1e3), scale=1.0, symbol="W", doc="offset of the energy", default=0.0)


def _spring(params, controls, *, solve=None, key=None):
    x, y = controls.x, controls.y
    energy = params.a * (x - params.p) ** 2 + params.b * (y - params.q) ** 2 + params.load + controls.load
    return observables({"energy": energy, "reach": x + y, "pole": 1 / (x - 7.0), "level": x - params.p + 1.0})


SPRING = ForwardModel(
    name="spring",
    title="A mass on two springs",
    parameters=Spring,
    controls=Place,
    observables={
        "energy": Observable("J", "E", "energy", ("a", "b", "p", "q", "load")),
        "reach": Observable("m", "x+y", "reach", ()),
        "pole": Observable("1/m", "1/x", "a pole at x = 7", ()),
        "level": Observable("m", "l", "height above a floor that the sample moves", ("p",)),
    },
    observe=_spring,
    materials={"reference": Material(Spring, "made up")},
    example=lambda: Place(0.0, 0.0),
    citation="",
)

INF = math.inf


def _rosenbrock(x):
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


# name: objective, constraints >= 0, start, lower, upper, minimum, minimiser, multipliers (None: not unique, not known)
COLLECTION = {
    "HS15": (
        _rosenbrock,
        lambda x: [x[0] * x[1] - 1, x[0] + x[1] ** 2],
        [-2.0, 1.0],
        [-INF, -INF],
        [0.5, INF],
        306.5,
        [0.5, 2.0],
        [700.0, 0.0],
    ),
    "HS35": (
        lambda x: (
            9 - 8 * x[0] - 6 * x[1] - 4 * x[2] + 2 * x[0] ** 2 + 2 * x[1] ** 2 + x[2] ** 2 + 2 * x[0] * (x[1] + x[2])
        ),
        lambda x: [3 - x[0] - x[1] - 2 * x[2]],
        [0.5, 0.5, 0.5],
        [0.0] * 3,
        [INF] * 3,
        1 / 9,
        [4 / 3, 7 / 9, 4 / 9],
        [2 / 9],
    ),
    "HS43": (
        lambda x: x[0] ** 2 + x[1] ** 2 + 2 * x[2] ** 2 + x[3] ** 2 - 5 * x[0] - 5 * x[1] - 21 * x[2] + 7 * x[3],
        lambda x: [
            8 - x @ x - x[0] + x[1] - x[2] + x[3],
            10 - x @ x - x[1] ** 2 - x[3] ** 2 + x[0] + x[3],
            5 - x @ x - x[0] ** 2 - 2 * x[0] + x[1] + x[3] + x[3] ** 2,
        ],
        [0.0] * 4,
        [-INF] * 4,
        [INF] * 4,
        -44.0,
        [0.0, 1.0, 2.0, -1.0],
        [1.0, 0.0, 2.0],
    ),
    "HS71": (  # its equality |x|^2 = 40 as two inequalities
        lambda x: x[0] * x[3] * (x[0] + x[1] + x[2]) + x[2],
        lambda x: [x[0] * x[1] * x[2] * x[3] - 25, 40 - x @ x, x @ x - 40],
        [1.0, 5.0, 5.0, 1.0],
        [1.0] * 4,
        [5.0] * 4,
        17.0140173,
        [1.0, 4.7429994, 3.8211503, 1.3794082],
        None,
    ),
    "Rosenbrock in a disk": (
        _rosenbrock,
        lambda x: [1 - x @ x],
        [-0.5, 0.5],
        [-INF] * 2,
        [INF] * 2,
        0.045674809,
        [0.7864152, 0.6176983],
        None,
    ),
    "HS2": (  # from its own start, (-2, 1), descent methods end in its other minimum, 4.9412
        _rosenbrock,
        lambda x: [],
        [2.0, 2.0],
        [-INF, 1.5],
        [INF, INF],
        0.0504261879,
        [1.2243707, 1.5],
        None,
    ),
}
SIZE, ROWS = 4, 3


def padded(name):
    """(objective, constraints) of a fixed size: unused variables cost their square, unused constraints are 1."""
    f, c, *_ = COLLECTION[name]
    n = len(COLLECTION[name][2])

    def evaluate(y):
        x, rest = y[:n], y[n:]
        rows = [jnp.asarray(row, dtype=float) for row in c(x)]
        return f(x) + rest @ rest, jnp.stack(rows + [jnp.ones(())] * (ROWS - len(rows)))

    return evaluate
