"""The fitted model `jaxspin-11` against the first-principles numbers that it was fitted to, and against good sense."""

from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin import io
from jaxspin.systems import tmdc

DATA = Path(__file__).parents[3] / "experiments" / "tmdc"
MATERIALS = ("MoS2", "MoSe2", "WS2", "WSe2")


def at_corners(code, material):
    table = io.read_table(DATA / "first_principles.csv")
    row = list(zip(table.text("code"), table.text("material"), strict=True)).index((code, material))
    return {name: table.number(name, row, table.text(name)[row]) for name in ("valence", "gap", "K_minus_Gamma")} | {
        "conduction": table.number("conduction", row, table.text("conduction")[row])
    }


@pytest.fixture(scope="module", params=MATERIALS)
def material(request):
    return request.param


def test_at_K_it_is_as_near_to_GPAW_as_promised(material):
    found, wanted = tmdc.at_K(tmdc.model("jaxspin-11", material)), at_corners("GPAW", material)
    assert float(found.valence_splitting) == pytest.approx(wanted["valence"] / 1e3, rel=0.01)
    assert np.sign(found.conduction_splitting) == np.sign(wanted["conduction"])
    assert float(found.conduction_splitting) == pytest.approx(wanted["conduction"] / 1e3, abs=5e-3)
    assert float(found.gap) == pytest.approx(wanted["gap"], abs=20e-3)
    assert float(found.valence_K_minus_Gamma) == pytest.approx(wanted["K_minus_Gamma"] / 1e3, abs=20e-3)


def test_along_gamma_K_each_splitting_is_within_15_meV_rms(material):
    path = io.read_table(DATA / "gamma_k.csv")
    rows = np.array(path.text("material")) == material
    model = tmdc.model("jaxspin-11", material)
    found = tmdc.splitting(model, path.numbers("x")[rows][:, None] * np.asarray(tmdc.K_point(model)))
    orientation = np.sign(found.valence[-1])
    for name in ("valence", "conduction"):
        off = 1e3 * orientation * np.asarray(getattr(found, name)) - path.numbers(name)[rows]
        assert np.sqrt(np.mean(off**2)) < 15


def test_it_is_a_direct_semiconductor(material):
    """The paper: valence band maximum and conduction band minimum at K. The mesh holds K; 1 meV for its neighbours."""
    model = tmdc.model("jaxspin-11", material)
    reduced = np.stack(np.meshgrid(np.arange(24) / 24, np.arange(24) / 24), axis=-1).reshape(-1, 2)
    bands, corner = (
        tmdc.bands(model, reduced @ np.asarray(model.reciprocal)),
        tmdc.bands(model, tmdc.K_point(model)[None]),
    )
    assert jnp.max(bands[:, 13]) < corner[0, 13] + 1e-3
    assert jnp.min(bands[:, 14]) > corner[0, 14] - 1e-3


def test_elements_share_their_strengths_and_heavy_ones_have_more():
    strengths = {m: tmdc.parameters("jaxspin-11", m) for m in MATERIALS}
    assert strengths["MoS2"].lambda_M == strengths["MoSe2"].lambda_M < strengths["WS2"].lambda_M
    assert 0 < strengths["WS2"].lambda_X == strengths["MoS2"].lambda_X < strengths["WSe2"].lambda_X


def test_it_beats_the_published_models_for_the_conduction_band(material):
    """Three bands give none, those of Fang et al. have the wrong sign for WSe2 (the notes' table)."""
    wanted = at_corners("GPAW", material)["conduction"] / 1e3
    off = {
        name: abs(float(tmdc.at_K(tmdc.model(name, material)).conduction_splitting) - wanted)
        for name in ("jaxspin-11", "fang-11", "liu-nn-gga")
    }
    assert off["jaxspin-11"] < 0.1 * min(off["fang-11"], off["liu-nn-gga"])
