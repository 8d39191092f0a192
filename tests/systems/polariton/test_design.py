"""Design: the largest g-factor with one stable state lies where the fold and the bound of the field meet."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.core import Status, observables, replace
from jaxspin.inverse import Limit, design
from jaxspin.systems.polariton import MODEL, Condensate, Drive, fold_pump, g_eff


def sight(params, drive, *, solve=None, key=None):
    """Two of the model's observables: all thirteen, differentiated, would take a minute to compile."""
    c = Condensate(p=drive.p, a=params.a, g=params.g, delta=params.delta * drive.field)
    return observables({"g_eff": g_eff(c), "p_f": fold_pump(c)}, jnp.int32(Status.OK))


LEAN = dataclasses.replace(
    MODEL, observe=sight, observables={name: MODEL.observables[name] for name in ("g_eff", "p_f")}
)


@pytest.mark.slow
def test_the_largest_g_factor_below_the_fold():
    """Both limits are active; value and both multipliers agree with the functions of the room on the fold curve."""
    sample = replace(MODEL.material("Bochin 2024"), {"delta": 1.0})  # the control `field` is delta then
    found = design(
        LEAN,
        sample,
        Drive(p=0.2, field=0.1),
        maximise="g_eff",
        free=["p", "field"],
        bounds={"p": (0.01, 3.0), "field": (0.05, 0.2)},
        subject_to={"fold": Limit(lower=0.0, of=lambda seen, params, drive: seen["p_f"] - drive.p, scale=0.1)},
        starts=2,
    )
    assert int(found.status) == Status.OK
    assert set(found.active) == {"fold lower", "field lower"}

    def on_fold(delta, below):
        p = fold_pump(Condensate(p=0.0, a=2.28, g=0.1, delta=delta)) - below
        return g_eff(Condensate(p=p, a=2.28, g=0.1, delta=delta))

    value, slopes = jax.value_and_grad(on_fold, argnums=(0, 1))(0.05, 0.0)
    # the solver stops at a residual of 1e-9 in scaled numbers
    np.testing.assert_allclose(found.objective, value, rtol=1e-7)
    np.testing.assert_allclose(found.sides["field lower"].sensitivity, slopes[0], rtol=1e-6)
    np.testing.assert_allclose(found.sides["fold lower"].sensitivity, slopes[1], rtol=1e-6)
    assert slopes[0] < 0
    assert slopes[1] < 0
