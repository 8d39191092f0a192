"""The coherent critical current as a fold: exact and small-field closed forms, derivatives, simulation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.core import Status, select
from jaxspin.systems.ferrimagnet.coherent import current_scale, fold_current, fold_field
from jaxspin.systems.ferrimagnet.constants import ELEMENTARY_CHARGE, HBAR, MU_0
from jaxspin.systems.ferrimagnet.drive import Drive, Ramp
from jaxspin.systems.ferrimagnet.macrospin import Ferromagnet, Sublattice, TwoSublattice, torque_fields
from jaxspin.systems.ferrimagnet.trajectory import simulate

FILM = Ferromagnet(Sublattice(M=1e5, K=2e4, alpha=0.1, theta_DL=0.06), t=6e-9)
H_K = 2 * 2e4 / (MU_0 * 1e5)
PER_J = torque_fields(FILM, 1.0)[0][0]


def _fold(magnet, H_x, polarity=-1.0, p=(0.0, 1.0, 0.0)):
    return fold_current(magnet, Drive(H=jnp.array([1.0, 0, 0]) * H_x, p=p), polarity=polarity)


_folds = jax.jit(jax.vmap(_fold))
SMALL, LARGE = [0.0, 0.005, 0.0195, 0.02, 0.04], [0.1, 0.5, 0.9]


@pytest.fixture(scope="module")
def folds():
    """One batch: assisted by the field; hindered by it (the last but one); p along z, which has no fold (the last)."""
    h = jnp.array([*SMALL, *LARGE, 0.1, 0.0])
    polarity = jnp.array([-1.0] * 8 + [1.0, -1.0])
    p = jnp.array([[0.0, 1, 0]] * 9 + [[0.0, 0, 1]])
    magnets = jax.tree.map(lambda leaf: jnp.full(h.shape, leaf), FILM)
    return h, _folds(magnets, h * H_K, polarity, p)


def closed_form(H_x):
    """j_c = (2 e mu0 M_s t/(hbar theta)) (H_k/2 - H_x/sqrt 2)."""
    return 2 * ELEMENTARY_CHARGE * MU_0 * 1e5 * 6e-9 / (HBAR * 0.06) * (H_K / 2 - H_x / np.sqrt(2))


def test_fold_is_the_exact_one_of_a_ferromagnet(folds):
    h, points = jax.tree.map(lambda leaf: leaf[:8], folds)
    assert np.all(points.status == Status.OK)
    assert np.allclose(-points.j, fold_field(H_K, h * H_K) / PER_J, rtol=1e-10)
    assert np.allclose(jnp.linalg.norm(points.m, axis=-1), 1, atol=1e-12)
    assert np.allclose(points.m[:, 0, 0], (h + np.sqrt(h**2 + 8)) / 4, rtol=1e-9)


def test_closed_form_is_its_small_field_limit(folds):
    """The remainder is H_x^2/(8 H_k), and so 1e-4 of j_c at H_x = 0.0199 H_k."""
    h, j = folds[0][:5], -folds[1].j[:5]
    assert np.allclose(j[:3], closed_form(h * H_K)[:3], rtol=1e-4)
    remainder = (j - closed_form(h * H_K)) * PER_J / H_K
    assert np.allclose(remainder, h**2 / 8, rtol=0.05, atol=1e-12)


def test_other_polarity_is_hindered_by_the_field(folds):
    assert folds[1].status[8] == Status.OK
    assert np.isclose(folds[1].j[8], fold_field(H_K, -0.1 * H_K) / PER_J, rtol=1e-10)


def test_polarization_along_the_axis_has_no_fold(folds):
    """p = z destabilises by precession: no equilibrium ends, and the status says so."""
    assert folds[1].status[9] != Status.OK


def test_derivatives_of_the_fold_are_exact():
    """dj_c/dH_x = -sqrt(1 - s^2) per H_DL; and those for K, theta, M, t from the closed form of the fold."""
    H_x = 0.2 * H_K

    def exact(magnet, H_x):
        spin = magnet.spin
        return fold_field(2 * spin.K / (MU_0 * spin.M), H_x) / torque_fields(magnet, 1.0)[0][0]

    found = lambda magnet, H_x: -_fold(magnet, H_x).j
    expected = jax.grad(exact, (0, 1))(FILM, H_x)
    (by_magnet, by_field), forward = jax.jit(
        lambda magnet, H_x: (jax.grad(found, (0, 1))(magnet, H_x), jax.jacfwd(found, 1)(magnet, H_x))
    )(FILM, H_x)
    for name in ("spin.M", "spin.K", "spin.theta_DL", "t"):
        assert np.isclose(*(select(by, [name])[name] for by in (by_magnet, expected[0])), rtol=1e-9)
    assert np.isclose(by_field, expected[1], rtol=1e-9)
    assert np.isclose(forward, expected[1], rtol=1e-9)
    assert by_magnet.spin.alpha == 0  # the fold is static


@pytest.mark.parametrize("share", [0.995, 1.005])
def test_simulated_ramps_switch_above_and_return_below(share):
    """A current raised slowly to 0.5 % below the fold leaves m up; 0.5 % above it, m has crossed the equator."""
    H_x = 0.1 * H_K
    j = -share * fold_field(H_K, H_x) / PER_J
    drive = Drive(H=(H_x, 0, 0), j=j, current_shape=Ramp(duration=5e-9))
    end = simulate(FILM, drive, duration=15e-9, times=2).checked().m1[-1]
    assert (end[2] > 0) == (share < 1)


def ferrimagnet(exchange, M2=4e5):
    first = Sublattice(M=5e5, K=1.2e4, alpha=0.1, theta_DL=0.04, g=2.2)
    second = Sublattice(M=M2, K=0.8e4, alpha=0.1, theta_DL=0.02, g=2.0)
    return TwoSublattice(first, second, exchange, 6e-9)


@pytest.mark.slow
def test_ferrimagnets_switch_as_one_with_the_sum_of_angles():
    """theta_1 + theta_2, K_1 + K_2 and the net M: the rigid fold is reached as 1/lambda, to 1e-4.

    At M_1 = M_2 H_DL diverges, j_c does not: j_c = 2 e t K_tot/(hbar theta_tot).
    """
    films = [ferrimagnet(300.0), ferrimagnet(3000.0), ferrimagnet(3000.0, M2=5e5)]
    batch = jax.tree.map(lambda *leaves: jnp.stack(leaves), *films)
    H_x = jnp.array([0.1 * H_K, 0.1 * H_K, 0.0])
    points = _folds(batch, H_x, -jnp.ones(3), jnp.array([[0.0, 1, 0]] * 3))
    assert np.all(points.status == Status.OK)
    expected = fold_field(H_K, 0.1 * H_K) / torque_fields(films[0].rigid(), 1.0)[0][0]
    errors = -points.j[:2] / expected - 1
    assert abs(errors[1]) < 1e-4
    assert np.isclose(errors[0] / errors[1], 10, rtol=0.05)
    assert np.isclose(-points.j[2], current_scale(films[2]) / 2, rtol=1e-4)
