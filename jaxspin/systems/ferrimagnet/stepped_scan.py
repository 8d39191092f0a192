"""A harmonic Hall angle scan as a bench records it: read before the lock-ins have settled after each step of the stage.

Between two steps a lock-in approaches its new value as exp(-t/tau). Readings taken on the way lag behind the angle,
which a fit without the lag takes for an angle offset, and for resistances that are a little too small.
"""

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from jaxspin.core import ForwardModel, Material, Observable, Observables, Solve, observables, quantity
from jaxspin.systems.ferrimagnet.hall_bar import MATERIALS, AngleScan, HallBar
from jaxspin.systems.ferrimagnet.harmonic_hall import HARMONIC_HALL, harmonic_hall

_STEPS = 2  # steps of the stage that are remembered; exp(-2 dwell/tau) of the one before is lost


class Bench(eqx.Module):
    """A rotation stage and two lock-ins, each a first-order low-pass. Times are in intervals between readings.

    `ecc_cos`, `ecc_sin`: the axis of the stage is not that of the field, so that the true angle differs from the
    reading phi by ecc_cos cos(phi) + ecc_sin sin(phi).
    """

    tau_1: Float[Array, ""] = quantity(
        "1", bounds=(1e-2, 30.0), scale=0.5, symbol=r"\tau_1", doc="time constant of the first-harmonic lock-in"
    )
    tau_2: Float[Array, ""] = quantity(
        "1", bounds=(1e-2, 30.0), scale=0.5, symbol=r"\tau_2", doc="time constant of the second-harmonic lock-in"
    )
    t_first: Float[Array, ""] = quantity(
        "1", bounds=(1e-3, 30.0), scale=0.3, symbol="t_1", doc="time from the step of the stage to the first reading"
    )
    dwell: Float[Array, ""] = quantity(
        "1", bounds=(1e-2, 100.0), scale=1.0, symbol="T", doc="time from one step of the stage to the next"
    )
    ecc_cos: Float[Array, ""] = quantity(
        "rad", bounds=(-0.5, 0.5), scale=1e-3, symbol=r"\epsilon_c", doc="eccentricity, cosine part", default=0.0
    )
    ecc_sin: Float[Array, ""] = quantity(
        "rad", bounds=(-0.5, 0.5), scale=1e-3, symbol=r"\epsilon_s", doc="eccentricity, sine part", default=0.0
    )


class BarOnBench(eqx.Module):
    """A Hall bar and the bench it is measured on."""

    bar: HallBar
    bench: Bench


class SteppedScan(eqx.Module):
    """One reading: where the stage stands and by how much it has just turned, and how often it was read since."""

    phi_H: Float[Array, ""] = quantity(
        "rad", bounds=(-100.0, 100.0), scale=0.1, symbol=r"\varphi_H", doc="azimuth of the field as read on the stage"
    )
    B: Float[Array, ""] = quantity("T", bounds=(-30.0, 30.0), scale=0.01, symbol="B", doc="applied field; signed")
    I: Float[Array, ""] = quantity("A", bounds=(0.0, 10.0), scale=1e-3, symbol="I", doc="current amplitude (peak)")
    step: Float[Array, ""] = quantity(
        "rad", bounds=(-7.0, 7.0), scale=0.1, symbol=r"\Delta\varphi", doc="last step of the stage, as those before it"
    )
    reading: Float[Array, ""] = quantity(
        "1", bounds=(-1e-9, 1e6), scale=1.0, symbol="k", doc="readings already taken at this angle"
    )


def stepped_scan(
    params: BarOnBench,
    controls: SteppedScan,
    *,
    solve: Solve = Solve(),
    key: PRNGKeyArray | None = None,
) -> Observables:
    """Harmonic Hall voltages in an in-plane angle scan, as read a time after a step of the stage.

    A low-pass still lacks the share exp(-t/tau) of a step made a time t ago, and of the steps before it, one per
    `dwell`. Two steps are remembered; at the third angle back the lock-in counts as settled.

    Arguments: a `BarOnBench`; one reading of a `SteppedScan`; `solve` as in `harmonic_hall`, `key` not used.
    Returns: `Observables` V_1w, V_2w [V] (amplitudes, as in `harmonic_hall`), with the status of the equilibria.
    """
    del key
    bench = params.bench

    def settled(angle):
        eccentricity = bench.ecc_cos * jnp.cos(angle) + bench.ecc_sin * jnp.sin(angle)
        return harmonic_hall(params.bar, AngleScan(angle + eccentricity, controls.B, controls.I), solve=solve)

    past = jax.vmap(settled)(controls.phi_H - controls.step * jnp.arange(_STEPS + 1))
    since = bench.t_first + controls.reading + bench.dwell * jnp.arange(_STEPS)

    def read(V, tau):
        return V[0] - jnp.dot(jnp.exp(-since / tau), V[:-1] - V[1:])

    V_1w, V_2w = read(past["V_1w"], bench.tau_1), read(past["V_2w"], bench.tau_2)
    return observables({"V_1w": V_1w, "V_2w": V_2w}, jnp.max(past.status))


def _as_read(name: str, tau: str) -> Observable:
    settled = HARMONIC_HALL.observables[name]
    bench = (tau, "t_first", "dwell", "ecc_cos", "ecc_sin")
    depends_on = (*(f"bar.{each}" for each in settled.depends_on), *(f"bench.{each}" for each in bench))
    return Observable(settled.unit, settled.symbol, settled.doc + ", as read", depends_on)


_BENCH: dict[str, Any] = {
    "tau_1": 1.06,
    "tau_2": 1.6,
    "t_first": 0.35,
    "dwell": 2.9,
    "ecc_cos": -3e-3,
    "ecc_sin": -2e-3,
}

_EXAMPLE: dict[str, Any] = {"phi_H": 0.7, "B": 0.02, "I": 15e-3, "step": math.radians(9.0), "reading": 1.0}

STEPPED_SCAN = ForwardModel(
    name="ferrimagnet.stepped_scan",
    title="Harmonic Hall angle scan, read before the lock-ins have settled",
    parameters=BarOnBench,
    controls=SteppedScan,
    observables={"V_1w": _as_read("V_1w", "tau_1"), "V_2w": _as_read("V_2w", "tau_2")},
    observe=stepped_scan,
    materials={
        "Py/Pt bar": Material(
            build=lambda: BarOnBench(MATERIALS["Py/Pt bar"].build(), Bench(**_BENCH)),
            source="the bar of `ferrimagnet.harmonic_hall`; bench: rounded from a fit of jaxspin to the same data",
        )
    },
    example=lambda: SteppedScan(**_EXAMPLE),
    citation=HARMONIC_HALL.citation,
)
