"""Exchange and correlation: limits, published values, derivatives in vacuum."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.planewave.exchange_correlation import LDA_PADE, LDA_PW92, PBE

energy_density = jax.jit(lambda functional, n, sigma: functional.energy_density(n, sigma), static_argnums=0)


def density(r_s):
    return 3 / (4 * np.pi * np.asarray(r_s, dtype=float) ** 3)


def per_electron(functional, r_s, s=0.0):
    """Energy per electron, with reduced gradient s = |grad n|/(2 k_F n)."""
    n = density(r_s)
    sigma = (2 * (3 * np.pi**2 * n) ** (1 / 3) * n * s) ** 2
    return np.asarray(energy_density(functional, n, sigma)) / n


def exchange(r_s):
    return -0.75 * (9 / (4 * np.pi**2)) ** (1 / 3) / np.asarray(r_s)


def test_correlation_of_the_homogeneous_gas():
    # Perdew and Wang (1992) quote the quantum Monte Carlo energies of Ceperley and Alder in their Table I, which their
    # formula fits to 3e-5 hartree; values -e_c in hartree at r_s = 2, 5, 10, 20, 50, 100.
    r_s = np.array([2, 5, 10, 20, 50, 100])
    monte_carlo = -np.array([0.0448, 0.0282, 0.0186, 0.0115, 0.0057, 0.0032])
    np.testing.assert_allclose(per_electron(LDA_PW92, r_s) - exchange(r_s), monte_carlo, atol=1e-4)


def test_dense_limit_is_exact():
    # e_c -> 0.0311 ln r_s - 0.0469 (Gell-Mann, Brueckner); corrections of order r_s ln r_s
    r_s = 1e-4
    found = float(per_electron(LDA_PW92, r_s) - exchange(r_s))
    assert abs(found - (0.0310907 * np.log(r_s) - 0.0469)) < 4e-4


def test_the_pade_form_is_that_of_perdew_and_wang():
    # a fit of seven numbers to the same Monte Carlo energies: the two differ by 1e-3 at most, near r_s = 0.2
    r_s = np.geomspace(0.1, 50, 20)
    np.testing.assert_allclose(per_electron(LDA_PADE, r_s), per_electron(LDA_PW92, r_s), rtol=1.1e-3)


def test_pbe_without_gradient_is_the_local_density():
    r_s = np.geomspace(0.1, 50, 20)
    np.testing.assert_allclose(per_electron(PBE, r_s), per_electron(LDA_PW92, r_s), rtol=2e-5)


@pytest.mark.parametrize("s", [0.5, 1.0, 3.0])
def test_exchange_enhancement_in_the_dense_limit(s):
    # where r_s -> 0, exchange, of order 1/r_s, is all; F_x = 1 + kappa - kappa/(1 + mu s^2/kappa), Eq. (14)
    r_s = 1e-6
    wanted = 1 + 0.804 - 0.804 / (1 + 0.2195149727645171 * s**2 / 0.804)
    np.testing.assert_allclose(per_electron(PBE, r_s, s) / exchange(r_s), wanted, rtol=1e-5)


def test_steep_densities_lose_their_correlation():
    # condition (b) of the PBE paper: H -> -e_c where the gradient diverges
    r_s, s = 2.0, 300.0
    left = per_electron(PBE, r_s, s) - exchange(r_s) * (1 + 0.804 - 0.804 / (1 + 0.2195149727645171 * s**2 / 0.804))
    assert abs(float(left)) < 1e-6


def test_slowly_varying_correlation():
    # Eq. (7) for small t: H = beta t^2 with t = sqrt(sigma pi/(16 k_F))/n
    n, t = density(1.5), 1e-3
    sigma = (t * n) ** 2 * 16 * (3 * np.pi**2 * n) ** (1 / 3) / np.pi
    s2 = sigma / (2 * (3 * np.pi**2 * n) ** (1 / 3) * n) ** 2
    own = (energy_density(PBE, n, sigma) - energy_density(PBE, n, 0.0)) / n - exchange(1.5) * 0.2195149727645171 * s2
    np.testing.assert_allclose(own, 0.06672455 * t**2, rtol=2e-4)


@pytest.mark.parametrize("functional", [PBE], ids=["PBE"])  # which holds PW92
def test_the_potential_is_the_derivative(functional):
    n, sigma, h = 0.03, 4e-4, 1e-6
    e = jax.jit(functional.energy_density)
    d_n, d_sigma = jax.grad(e, argnums=(0, 1))(n, sigma)
    np.testing.assert_allclose(d_n, (e(n + h, sigma) - e(n - h, sigma)) / (2 * h), rtol=1e-7)
    np.testing.assert_allclose(d_sigma, (e(n, sigma + h) - e(n, sigma - h)) / (2 * h), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("functional", [LDA_PADE, PBE], ids=["LDA_PADE", "PBE"])
def test_vacuum_has_no_energy_and_finite_derivatives(functional):
    n = jnp.asarray([0.0, 1e-30, 1e-16, 1e-10, -1e-16, -1e-10, -1e-4, -1.0, 1e-6])
    sigma = jnp.asarray([0.0, 0.0, 1e-20, 1e-3, 1.0, 1e-30, 1e-8, 1.0, 0.0])
    one = lambda n, sigma: functional.energy_density(n, sigma)
    derivatives = lambda n, sigma: (one(n, sigma), jax.grad(one, (0, 1))(n, sigma), jax.hessian(one, (0, 1))(n, sigma))
    found = jax.jit(jax.vmap(derivatives))(n, sigma)
    assert all(bool(jnp.all(jnp.isfinite(leaf))) for leaf in jax.tree.leaves(found))
    assert float(jnp.max(jnp.abs(found[0][:8]))) < 1e-9


def test_regularisation_changes_no_density_that_matters():
    # relative change (n0/n)^2 of the argument, n0 = 1e-10: below rounding from n = 1e-2, 1e-8 at 1e-6
    n = np.array([1e-6, 1e-3, 1.0])
    r_s = (3 / (4 * np.pi * n)) ** (1 / 3)
    s = np.sqrt(r_s)
    series = 2 * 0.031091 * s * (7.5957 + s * (3.5876 + s * (1.6382 + s * 0.49294)))
    plain = exchange(r_s) - 2 * 0.031091 * (1 + 0.2137 * r_s) * np.log1p(1 / series)
    np.testing.assert_allclose(energy_density(LDA_PW92, n, 0 * n) / n, plain, rtol=3e-8)
