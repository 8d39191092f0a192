"""Small forward models whose fits are known in closed form or by another method."""

import math

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from jaxspin.core import ForwardModel, Material, Observable, observables, quantity


class Line(eqx.Module):
    slope: Array = quantity("V/A", scale=1.0, symbol="a", doc="slope")
    offset: Array = quantity("V", scale=1.0, symbol="b", doc="offset")
    curvature: Array = quantity("V/A^2", scale=1.0, symbol="c", doc="curvature", default=0.0)


class Current(eqx.Module):
    x: Array = quantity("A", scale=1.0, symbol="x", doc="current")


def _line(params, controls, *, solve, key=None):
    x = controls.x
    return observables({"y": params.slope * x + params.offset + params.curvature * x**2, "twice": 2 * params.slope * x})


class Decay(eqx.Module):
    amplitude: Array = quantity("V", bounds=(0.0, math.inf), scale=1.0, symbol="A", doc="amplitude")
    rate: Array = quantity("1/s", bounds=(0.0, 50.0), scale=1.0, symbol="k", doc="rate")
    floor: Array = quantity("V", scale=0.1, symbol="c", doc="floor", default=0.0)


class Time(eqx.Module):
    t: Array = quantity("s", bounds=(0.0, math.inf), scale=1.0, symbol="t", doc="time")


def _decay(params, controls, *, solve, key=None):
    return observables({"signal": params.amplitude * jnp.exp(-params.rate * controls.t) + params.floor})


class Film(eqx.Module):
    xi: Array = quantity("1", bounds=(0.0, math.inf), scale=0.1, symbol=r"\xi", doc="efficiency")
    M_s: Array = quantity("A/m", bounds=(0.0, math.inf), scale=1e5, symbol="M_s", doc="magnetisation")
    B: Array = quantity("T", scale=1e-3, symbol="B", doc="offset field", default=0.0)


def _film(params, controls, *, solve, key=None):
    ratio = params.xi / params.M_s * 1e5
    return observables({"H_DL": ratio * controls.x + params.B, "moment": params.M_s})


def _model(name, parameters, controls, units, observe, reference, example):
    return ForwardModel(
        name=name,
        title=name,
        parameters=parameters,
        controls=controls,
        observables={key: Observable(unit, key, key, ()) for key, unit in units.items()},
        observe=observe,
        materials={"reference": Material(reference, "made up")},
        example=example,
        citation="",
    )


LINE = _model("line", Line, Current, {"y": "V", "twice": "V"}, _line, lambda: Line(1.5, -0.4), lambda: Current(1.0))
DECAY = _model("decay", Decay, Time, {"signal": "V"}, _decay, lambda: Decay(2.0, 3.0, 0.1), lambda: Time(0.1))
FILM = _model(
    "film", Film, Current, {"H_DL": "A/m", "moment": "A/m"}, _film, lambda: Film(0.2, 1e5), lambda: Current(1.0)
)


class Misra(eqx.Module):
    b1: Array = quantity("1", bounds=(0.0, math.inf), scale=100.0, symbol="b_1", doc="saturation volume")
    b2: Array = quantity("1", bounds=(0.0, math.inf), scale=1e-4, symbol="b_2", doc="rate")


def _misra(params, controls, *, solve, key=None):
    return observables({"y": params.b1 * (1 - jnp.exp(-params.b2 * controls.t))})


class Wave(eqx.Module):
    amplitude: Array = quantity("V", bounds=(0.0, math.inf), scale=1.0, symbol="A", doc="amplitude")
    omega: Array = quantity("rad/s", bounds=(0.0, 100.0), scale=10.0, symbol=r"\omega", doc="angular frequency")


def _wave(params, controls, *, solve, key=None):
    return observables({"signal": params.amplitude * jnp.sin(params.omega * controls.t)})


MISRA = _model("misra", Misra, Time, {"y": "1"}, _misra, lambda: Misra(239.0, 5.5e-4), lambda: Time(100.0))
WAVE = _model("wave", Wave, Time, {"signal": "V"}, _wave, lambda: Wave(1.0, 40.0), lambda: Time(0.1))
