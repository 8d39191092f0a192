"""Symmetry reports, strain, fields and what they do to spin."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.core import replace
from jaxspin.systems import tmdc

LAYER = tmdc.model("fang-11", "WSe2")
CIRCLE = 0.2 * np.stack([np.cos(np.arange(6)), np.sin(np.arange(6))], axis=1)


def test_published_layers_have_every_symmetry():
    report = tmdc.check_symmetry(LAYER)
    assert report.violated == ()
    assert "time reversal  holds" in str(report)
    assert tmdc.check_symmetry(tmdc.model("liu-tnn-gga", "MoS2")).violated == ()


def test_a_magnetic_field_along_z_breaks_time_reversal_and_the_vertical_mirror():
    field = tmdc.zeeman(LAYER, [0.0, 0.0, 10.0])
    report = tmdc.check_symmetry(field)
    assert report.violated == ("time reversal", "sigma_v")  # an axial vector along z keeps C3 and sigma_h
    # states of full spin move by -+ mu_B B; at K the top one has <s_z> of 0.9998
    shift = tmdc.bands(field, tmdc.K_point(LAYER)[None])[0, 13] - tmdc.bands(LAYER, tmdc.K_point(LAYER)[None])[0, 13]
    np.testing.assert_allclose(shift, 10 * 5.7883818e-5, rtol=2e-3)


@pytest.mark.slow
def test_an_in_plane_field_turns_spins_into_the_plane():
    report = tmdc.check_symmetry(tmdc.zeeman(LAYER, [10.0, 0.0, 0.0]))
    assert {"time reversal", "C3", "sigma_h"} <= set(report.violated)


def test_an_electric_field_breaks_only_the_horizontal_mirror():
    report = tmdc.check_symmetry(tmdc.out_of_plane_field(LAYER, 0.3))
    assert report.violated == ("sigma_h",)


def test_wrong_hoppings_are_found():
    blocks = LAYER.blocks.at[:, 0].multiply(1.01).at[:, -1].multiply(1.01)  # one pair of bonds of six
    broken = tmdc.Model(LAYER.lattice, LAYER.cells, blocks, LAYER.positions, LAYER.states, LAYER.occupied)
    report = tmdc.check_symmetry(broken)
    assert "C3" in report.violated
    assert "time reversal" not in report.violated


def test_dyakonov_perel_relaxation_needs_a_field_in_the_plane():
    assert tmdc.dyakonov_perel_rate(LAYER, CIRCLE, 0.1) == 0  # the mirror: exactly
    rates = [tmdc.dyakonov_perel_rate(tmdc.out_of_plane_field(LAYER, drop), CIRCLE, 0.1) for drop in (0.05, 0.1)]
    assert rates[0] > 0
    # Rashba is linear in the field, the rate quadratic, up to the square of drop over level spacing (1 eV)
    np.testing.assert_allclose(rates[1] / rates[0], 4, rtol=0.05)


def test_a_field_needs_an_upper_and_a_lower_chalcogen():
    with pytest.raises(ValueError, match="needs orbitals p"):
        tmdc.out_of_plane_field(tmdc.model("liu-nn-gga", "MoS2"), 0.1)


def test_strain_moves_the_gap_as_it_does_in_experiment():
    """Tension closes the gap at K (experiments: about -0.1 eV per 1 % of biaxial strain); none changes nothing."""
    same = tmdc.strained(LAYER, jnp.zeros((2, 2)))
    np.testing.assert_allclose(same.blocks, LAYER.blocks, rtol=1e-14)
    gaps = [tmdc.at_K(tmdc.strained(LAYER, size * jnp.eye(2))).gap for size in (-0.01, 0.01)]
    assert -15 < (gaps[1] - gaps[0]) / 0.02 < -3


@pytest.mark.slow
def test_uniaxial_strain_breaks_C3_alone():
    report = tmdc.check_symmetry(tmdc.strained(LAYER, jnp.diag(jnp.array([0.02, 0.0]))))
    assert report.violated == ("C3",)


def test_without_spin_orbit_coupling_nothing_splits():
    params = replace(tmdc.parameters("fang-11", "WSe2"), {"lambda_M": 0.0, "lambda_X": 0.0})
    for signed in tmdc.splitting(tmdc.eleven_band(params), CIRCLE):
        assert jnp.max(jnp.abs(signed)) < 1e-12
