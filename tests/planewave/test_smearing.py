"""Smearing: charge, entropy, the Fermi level and its derivatives, the cold limit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.planewave.smearing import Cold, FermiDirac, Gaussian, fermi_level, occupy

KINDS = [FermiDirac, Cold]
WEIGHTS = jnp.asarray([0.2, 0.5, 0.3])
BANDS = jnp.asarray([[-0.30, 0.01, 0.05], [-0.28, -0.02, 0.11], [-0.25, 0.02, 0.07]])
fill = jax.jit(occupy, static_argnums=(3, 4))


@pytest.mark.parametrize("kind", KINDS)
def test_the_charge_is_right_and_the_entropy_makes_the_energy_variational(kind):
    filling = fill(kind(0.02), BANDS, WEIGHTS, 3.0, 2)
    np.testing.assert_allclose(np.sum(WEIGHTS[:, None] * filling.occupations), 3.0, rtol=1e-12)

    def free_energy(energies):
        # with occupations fixed, the derivative of sum f e is f; that of -T S + sum f e as a whole as well
        found = occupy(kind(0.02), energies, WEIGHTS, 3.0, 2)
        return jnp.sum(WEIGHTS[:, None] * found.occupations * energies) + found.entropy

    slope = jax.jit(jax.grad(free_energy))(BANDS)
    np.testing.assert_allclose(slope, WEIGHTS[:, None] * filling.occupations, atol=1e-10)


@pytest.mark.parametrize("kind", [Cold])
def test_derivatives_of_the_fermi_level(kind):
    direction = jnp.asarray([[0.3, -0.2, 0.5], [0.1, 0.7, -0.4], [0.2, 0.2, 0.9]])
    level = jax.jit(lambda t, width: fermi_level(kind(width), BANDS + t * direction, WEIGHTS, 3.0))
    h = 1e-5
    wanted = (level(h, 0.02) - level(-h, 0.02)) / (2 * h), (level(0.0, 0.02 + h) - level(0.0, 0.02 - h)) / (2 * h)
    np.testing.assert_allclose(jax.jit(jax.grad(level, argnums=(0, 1)))(0.0, 0.02), wanted, rtol=1e-6)
    # a common shift of all levels shifts it alike
    shift = jax.jvp(lambda s: fermi_level(kind(0.02), BANDS + s, WEIGHTS, 3.0), (0.0,), (1.0,))[1]
    np.testing.assert_allclose(shift, 1.0, rtol=1e-10)


def test_a_flat_density_of_states_has_its_fermi_level_where_the_step_is():
    # bands uniform in energy over [-1, 1]: n(mu) = (1 + mu) up to exp(-mu/width)
    bands = jnp.linspace(-1, 1, 4001)[:, None]
    level = fermi_level(Gaussian(0.02), bands, jnp.full(4001, 1 / 4001), 1.3)
    np.testing.assert_allclose(level, 0.3, atol=1e-4)


def test_cold_smearing_misses_in_third_order_only():
    # The free energy of a flat density of states smeared by s, minus that without: -s^2/4 times the density,
    # which is 1/2 here, for Gauss; nothing in second order for cold smearing.
    bands = jnp.linspace(-1, 1, 20001)[:, None]
    weights = jnp.full(20001, 1 / 20001)

    def free_energy(kind):
        found = fill(kind(0.05), bands, weights, 0.6, 1)
        return float(jnp.sum(weights[:, None] * found.occupations * bands) + found.entropy)

    exact = (0.2**2 - 1) / 4  # integral of e/2 from -1 to 0.2
    # the grid of 20001 levels misses the exact integral by 2e-5 at its ends
    assert free_energy(Cold) - exact == pytest.approx(0, abs=5e-5)
    assert free_energy(Gaussian) - exact == pytest.approx(-(0.05**2) / 8, abs=5e-5)


def test_an_insulator_fills_whole_bands():
    filling = occupy(None, BANDS, WEIGHTS, 2.0, 2)
    np.testing.assert_array_equal(filling.occupations, [[2.0, 0, 0]] * 3)
    np.testing.assert_allclose(filling.fermi_level, (-0.25 - 0.02) / 2)


@pytest.mark.parametrize(
    ("smearing", "electrons", "message"),
    [
        (None, 3.0, "3 electrons do not fill whole bands of 2.*choose a smearing"),
        (None, 8.0, "8 electrons need more than 3 bands of 2"),
        (Gaussian(0.01), 6.0, "6 electrons need more than 3 bands"),
    ],
)
def test_impossible_fillings_are_refused(smearing, electrons, message):
    with pytest.raises(ValueError, match=message):
        occupy(smearing, BANDS, WEIGHTS, electrons, 2)


def test_a_width_must_be_positive():
    with pytest.raises(ValueError, match="Gaussian: the width must be positive"):
        Gaussian(0.0)
