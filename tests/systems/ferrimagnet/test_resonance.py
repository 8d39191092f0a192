"""Linear modes against the exact two-sublattice formula, its limits, and simulated precession."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxspin.core import replace, select
from jaxspin.systems.ferrimagnet.constants import MU_0
from jaxspin.systems.ferrimagnet.drive import Drive
from jaxspin.systems.ferrimagnet.macrospin import Ferromagnet, Sublattice, TwoSublattice, collinear
from jaxspin.systems.ferrimagnet.resonance import modes
from jaxspin.systems.ferrimagnet.trajectory import relax, simulate

UNDAMPED = {"first.alpha": 0.0, "second.alpha": 0.0}


def ferrimagnet(exchange=20.0, **changes):
    first = {"M": 5e5, "K": 4e4, "alpha": 0.03, "g": 2.2}
    second = {"M": 3.5e5, "K": 2e4, "alpha": 0.05, "g": 1.9}
    return replace(TwoSublattice(Sublattice(**first), Sublattice(**second), exchange, 6e-9), changes)


def two_by_two(magnet, H):
    """Signed angular frequencies about m_1 = +z, m_2 = -z at alpha = 0: positive is counterclockwise about +z."""
    a, b, lam = magnet.first, magnet.second, magnet.exchange
    a1 = H + 2 * a.K / (MU_0 * a.M) + lam * b.M
    a2 = -H + 2 * b.K / (MU_0 * b.M) + lam * a.M
    matrix = MU_0 * np.array([[a.gamma * a1, a.gamma * lam * b.M], [-b.gamma * lam * a.M, -b.gamma * a2]], dtype=float)
    return np.sort(np.linalg.eigvals(matrix))


@jax.jit
def _modes(magnet, H):
    return modes(magnet, Drive(H=jnp.array([0.0, 0, 1]) * H), collinear(magnet))


def _frequencies(magnet, H):
    found = _modes(magnet, H)
    return found.frequency, found.damping


@settings(max_examples=30)
@given(
    ratio=st.floats(0.3, 1.5),
    g=st.floats(1.5, 2.5),
    K=st.floats(1e3, 1e5),
    exchange=st.floats(5.0, 500.0),
    H=st.floats(-1e4, 1e4),
)
def test_modes_are_those_of_the_exact_two_by_two_matrix(ratio, g, K, exchange, H):
    """Resonance and exchange mode at any ratio of moments, g-factors, exchange; rounding of the larger one is left."""
    magnet = ferrimagnet(exchange)
    magnet = replace(magnet, UNDAMPED | {"second.M": ratio * 5e5, "second.g": g, "first.K": K, "second.K": K})
    frequency, damping = _frequencies(magnet, H)
    exact = np.sort(np.abs(two_by_two(magnet, H))) / (2 * np.pi)
    assert np.allclose(frequency, exact, rtol=1e-6, atol=1e-10 * exact[1])
    assert np.allclose(damping, 0, atol=1e-6 * exact[1])


def test_angular_momentum_compensation():
    """At s_1 = s_2 the two modes meet at gamma mu0 sqrt(...) and the single-mode formulas fail; far away they hold.

    Kittel (M H + M1 Hk1 + M2 Hk2)/|ds| diverges at compensation, the exchange formula lambda g1 g2 |ds| vanishes.
    """
    magnet, H = replace(ferrimagnet(60.0), UNDAMPED), 1e4
    a, b = magnet.first, magnet.second

    def compare(M2):
        film = replace(magnet, {"second.M": M2})
        ds = jnp.abs(film.first.spin_density - film.second.spin_density)
        K_field = 2 * (a.K + b.K) / MU_0
        kittel = MU_0 * ((film.first.M - M2) * H + K_field) / ds
        exchange = MU_0 * film.exchange * a.gamma * b.gamma * ds
        found = 2 * np.pi * _frequencies(film, H)[0]
        return found, np.array([kittel, exchange]), np.sort(np.abs(two_by_two(film, H)))

    compensated = a.M * b.gamma / a.gamma
    found, formulas, exact = compare(compensated)
    assert np.allclose(found, exact, rtol=1e-9)
    assert formulas[1] < 1e-6 * exact[1]  # it says the exchange mode goes soft
    assert found[1] / found[0] < 1.2  # instead both modes meet, split by the field only
    found, formulas, exact = compare(0.3 * compensated)
    assert np.allclose(found, exact, rtol=1e-9)
    assert np.allclose(found, formulas, rtol=0.02)
    slow = [compare(x * compensated)[0][0] for x in (0.5, 0.9, 1.0, 1.1, 1.5)]
    assert max(slow) == slow[2]


def test_antiferromagnet():
    """gamma mu0 sqrt(2 H_E H_k + H_k^2), exactly, for equal sublattices and H = 0."""
    side = Sublattice(M=4e5, K=6.4e4, alpha=0.0)
    magnet = TwoSublattice(side, side, 50.0, 2e-9)
    h_k, h_e = 2 * side.K / (MU_0 * side.M), 50.0 * side.M
    frequency, _ = _frequencies(magnet, 0.0)
    assert np.allclose(2 * np.pi * frequency, side.gamma * MU_0 * np.sqrt(2 * h_e * h_k + h_k**2), rtol=1e-7)


def test_modes_turn_in_opposite_senses():
    """In the slow mode sublattice 1 turns counterclockwise if s_1 > s_2, in the exchange mode clockwise."""
    magnet = replace(ferrimagnet(), UNDAMPED)
    found = _modes(magnet, 0.0)
    sense = jnp.sign(jnp.imag(found.shape[:, 0, 0] * jnp.conj(found.shape[:, 0, 1])))
    signed = two_by_two(magnet, 0.0)
    expected = np.sign(signed[np.argsort(np.abs(signed))])
    assert np.array_equal(sense, expected)
    assert sense[0] == -sense[1]


def test_damping_of_a_ferromagnet_is_exact():
    """lambda = (-alpha +- i) gamma mu0 H_k/(1 + alpha^2)."""
    magnet = Ferromagnet(Sublattice(M=8e5, K=1e5, alpha=0.2), t=1e-9)
    rate = magnet.spin.gamma * 2 * magnet.spin.K / magnet.spin.M / (1 + 0.2**2)
    frequency, damping = _frequencies(magnet, 0.0)
    assert np.isclose(2 * np.pi * frequency[0], rate, rtol=1e-12)
    assert np.isclose(damping[0], 0.2 * rate, rtol=1e-12)


def test_effective_damping():
    """alpha_eff = as/|ds|: the exact decay tends to the rigid pair's as 1/lambda, 1e-4 at very strong exchange."""
    errors = []
    for exchange in (2e5, 2e6):
        magnet = ferrimagnet(exchange)
        exact = _frequencies(magnet, 1e4)
        rigid = _frequencies(magnet.rigid(), 1e4)
        errors.append([abs(exact[i][0] / rigid[i][0] - 1) for i in (0, 1)])
    s1, s2 = magnet.first.spin_density, magnet.second.spin_density
    assert np.isclose(magnet.rigid().spin.alpha, (0.03 * s1 + 0.05 * s2) / (s1 - s2), rtol=1e-12)
    assert max(errors[1]) < 1e-4
    assert np.allclose(np.array(errors[0]) / np.array(errors[1]), 10, rtol=0.05)


@pytest.mark.parametrize("index", [0, 1], ids=["resonance", "exchange mode"])
def test_simulated_precession_has_the_mode_frequency_and_damping(index):
    """A mode of amplitude 1e-4 turns and decays as predicted: 1e-4 in both; nonlinearity is of order 1e-8."""
    magnet, drive = ferrimagnet(), Drive(H=(0, 0, 1e4))
    found = _modes(magnet, 1e4)
    f, damping, shape = found.frequency[index], found.damping[index], found.shape[index]
    start = collinear(magnet) + 1e-4 * shape.real
    motion = simulate(magnet, drive, duration=5 / f, start=start).checked()
    turning = motion.m1[:, 0] + 1j * motion.m1[:, 1]
    phase = jnp.unwrap(jnp.angle(turning))
    assert np.isclose(abs(phase[-1] - phase[0]), 2 * np.pi * 5, rtol=1e-4)
    assert np.isclose(jnp.log(jnp.abs(turning[0] / turning[-1])), damping * motion.t[-1], rtol=1e-4)


def test_torque_shifts_and_destabilises():
    """p = z: damping-like torque on a ferromagnet adds H_DL/(1 + alpha^2) gamma to the damping rate, with its sign."""
    magnet = Ferromagnet(Sublattice(M=8e5, K=1e5, alpha=0.02, theta_DL=0.1), t=1e-9)
    h_k = 2 * magnet.spin.K / (MU_0 * magnet.spin.M)
    per_j = 1.054571817e-34 * 0.1 / (2 * 1.602176634e-19 * MU_0 * 8e5 * 1e-9)
    critical = 0.02 * h_k / per_j
    damping = jax.jit(lambda j: modes(magnet, Drive(j=j, p=(0, 0, 1.0)), collinear(magnet)).damping[0])
    assert abs(damping(-critical)) < 1e-9 * damping(0.0)
    assert damping(-1.1 * critical) < 0 < damping(-0.9 * critical)


@pytest.mark.parametrize("mode", [jax.jacfwd, pytest.param(jax.jacrev, marks=pytest.mark.slow)])
def test_gradients_of_frequencies_through_the_equilibrium(mode):
    """Against central differences, 1e-6, where field and equilibrium are oblique."""
    magnet = ferrimagnet()
    names = ["first.M", "second.M", "first.K", "second.g", "exchange", "first.alpha"]
    typical = select(magnet, names)

    def both(x):
        film = replace(magnet, {name: x[i] * typical[name] for i, name in enumerate(names)})
        drive = Drive(H=jnp.array([8e4, 0.0, 2e4]))
        rest = relax(film, drive)
        found = modes(film, drive, rest.m)
        return jnp.concatenate([found.frequency, found.damping]) / 1e10

    x, h = jnp.ones(len(names)), 1e-4
    steps = h * jnp.eye(len(names))
    ahead, behind = jnp.split(jax.jit(jax.vmap(both))(x[None] + jnp.concatenate([steps, -steps])), 2)
    difference = (ahead - behind).T / (2 * h)
    derivative = jax.jit(mode(both))(x)
    assert np.allclose(derivative, difference, rtol=1e-6, atol=1e-6 * np.abs(difference).max())
