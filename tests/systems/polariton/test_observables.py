"""The registered model: its observables are the functions of the room, and failures are data."""

import jax
import numpy as np
import pytest

from jaxspin.core import Status
from jaxspin.systems import load
from jaxspin.systems.polariton import (
    MODEL,
    Condensate,
    Drive,
    Microcavity,
    aligned_state,
    critical_pump,
    excitations,
    fold_pump,
    g_eff,
    g_linear,
    observe,
)

compiled = jax.jit(observe)


@pytest.mark.slow
def test_observables_are_the_functions_of_the_room():
    sample, drive = Microcavity(a=2.0, g=0.2, delta=0.05), Drive(p=0.7, field=-2.0)
    c = Condensate(p=0.7, a=2.0, g=0.2, delta=-0.1)
    found, modes, s = compiled(sample, drive).checked(), excitations(c), aligned_state(c).s
    size = np.linalg.norm(s)
    expected = {
        "p_c": critical_pump(c),
        "p_f": fold_pump(c),
        "S_0": size,
        "S_1": s[0],
        "S_2": s[1],
        "S_3": s[2],
        "dcp": s[2] / size,
        "g_eff": g_eff(c),
        "g_linear": g_linear(c),
        "Omega": modes.frequency,
        "Omega_z": modes.frequency_z,
        "damping": modes.damping,
        "relaxation": modes.relaxation,
    }
    assert set(expected) == set(MODEL.observables)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-12, err_msg=name)
    assert float(found["S_3"]) < 0, "follows the sign of the field"


def test_below_threshold_is_reported_as_no_solution():
    status = compiled(MODEL.material("Bochin 2024"), Drive(p=-0.5)).status
    assert int(status) == max(Status.NO_SOLUTION, Status.NOT_FINITE)


def test_it_is_registered():
    assert load("polariton") is MODEL
