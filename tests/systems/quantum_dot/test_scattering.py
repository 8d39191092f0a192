"""The circular construction: unitarity, time reversal, the printed equation (5), and exact averages at finite N."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg
import scipy.stats

from jaxspin.numerics import matrix_functions, random_matrix
from jaxspin.systems.quantum_dot import Dot
from jaxspin.systems.quantum_dot.cavity import coherent_conductance, conductance, scattering_matrix
from jaxspin.systems.quantum_dot.channel_average import averaged_conductance, averaged_product, probabilities
from jaxspin.systems.quantum_dot.perturbation import draw_fields, generator
from jaxspin.systems.quantum_dot.scattering import circular, evolution

M, N1, N2 = 24, 2, 3
N = N1 + N2
product_of = jax.jit(averaged_product, static_argnums=2)
KEYS = jax.random.split(jax.random.key(5), 3)


@jax.jit
def built(dot):
    """S, R, U and H'/Delta of one draw."""
    fields = draw_fields(KEYS[:2], M - N, M)
    U = random_matrix.coe(KEYS[2], M)
    R = evolution(dot, fields, M)[0]
    perturbation = generator(dot, fields)[0] * (1j / (2 * jnp.pi))
    cavity = circular(dot, U, R)
    return scattering_matrix(cavity), R, U, perturbation


def dot(**parameters):
    return Dot(n1=N1, n2=N2, **parameters)


@pytest.mark.parametrize(
    "parameters",
    [{}, {"x": 1.3, "a": 0.7, "b": 2.0, "epsilon": 0.4, "x_so": 0.6}, {"a": 30.0, "x": -9.0}, {"b": 500.0}],
)
def test_scattering_is_unitary_and_R_the_exponential(parameters):
    S, R, _, perturbation = built(dot(**parameters))
    assert np.abs(S @ S.conj().T - np.eye(2 * N)).max() < 1e-13
    epsilon = parameters.get("epsilon", 0.0)
    expected = scipy.linalg.expm(2j * np.pi / M * (epsilon * np.eye(2 * (M - N)) - np.asarray(perturbation)))
    assert np.abs(R - expected).max() < 1e-13


def test_scattering_matrix_is_equation_5_as_printed():
    S, R, U, _ = built(dot(x=1.3, a=0.7, b=2.0, epsilon=0.4))
    U = np.kron(U, np.eye(2))
    P, Q = np.eye(2 * N, 2 * M), np.eye(2 * (M - N), 2 * M, 2 * N)
    printed = P @ U @ np.linalg.inv(np.eye(2 * M) - Q.T @ np.asarray(R) @ Q @ U) @ P.T
    assert np.abs(S - printed).max() < 1e-12


def test_time_reversal():
    """Spin-orbit coupling alone leaves S self-dual; any field breaks that, and S(-x, -b) is the dual of S(x, b)."""
    S, *_ = built(dot(a=0.7, x_so=0.6, epsilon=0.4))
    assert np.abs(S - random_matrix.dual(S)).max() < 1e-13
    for field in ({"x": 0.5}, {"b": 0.5}):
        forth, *_ = built(dot(a=0.7, x_so=0.6, **field))
        back, *_ = built(dot(a=0.7, x_so=0.6, **{name: -value for name, value in field.items()}))
        assert np.abs(forth - random_matrix.dual(forth)).max() > 1e-3
        assert np.abs(back - random_matrix.dual(forth)).max() < 1e-13


def test_perturbation_is_equation_7():
    X, A1, A2 = map(np.asarray, jax.jit(lambda keys: draw_fields(keys, M - N, M))(KEYS[:2]))
    for one in (X, A1, A2):
        assert np.abs(one + one.T).max() < 1e-13
        assert np.sum(one**2) == pytest.approx(M**2, rel=1e-13)
    assert np.sum(A1 * A2) == pytest.approx(0, abs=1e-11)
    _, _, _, found = built(dot(x=1.3, a=0.7, b=2.0, x_so=0.6))
    x, y, z = np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])
    orbital = np.kron(1j * X, 1.3 * np.eye(2) + 0.6 * z) + 0.7j * (np.kron(A1, x) + np.kron(A2, y))
    expected = (2.0 * np.kron(np.eye(M - N), x) + orbital) / (2 * np.pi)
    np.testing.assert_allclose(found, expected, atol=1e-13)


@jax.jit
def halved(one):
    """Conductance with dephasing and the probabilities, from one problem with spin and from two without."""
    fields, U = draw_fields(KEYS[:2], M - N, M), random_matrix.coe(KEYS[2], M)
    found = []
    for decoupled in (False, True):
        R = evolution(one, fields, M, decoupled=decoupled)
        blocks = jax.vmap(lambda R: circular(one, U, R))(R)
        S = jax.vmap(scattering_matrix)(blocks)
        P = jnp.sum(jax.vmap(lambda S: probabilities(S, N))(S), axis=0)
        found.append((conductance(blocks, N1), coherent_conductance(blocks, N1), P))
    return found


@pytest.mark.slow
def test_decoupled_spins_are_the_same_dot():
    """Without a, and with b or x_so but not both, two problems of half the size give the same conductance."""
    for parameters in ({"x": 0.8, "b": 1.5}, {"x": 0.8, "x_so": 0.5}):
        for dephasing in (0.0, 2.0):
            together, apart = halved(dot(**parameters, dephasing=dephasing))
            jax.tree.map(lambda one, other: np.testing.assert_allclose(one, other, atol=1e-12), together, apart)
            with_probe, without, P = together
            assert (abs(float(with_probe - without)) > 1e-3) == (dephasing > 0)
            assert dephasing or float(without) == pytest.approx(float(P[N1:, :N1].sum()), rel=1e-12)


def test_channel_averages_are_those_over_all_assignments():
    """Every choice of lead 1, one by one, for two dots: N = 5, n1 = 1 to 4."""
    P, P_other = (
        np.asarray(probabilities(built(dot(**each))[0], N)) for each in ({"x": 0.5, "a": 1.0}, {"b": 1.0, "a": 2.0})
    )
    for n1 in range(1, N):
        one, two = [], []
        for lead in itertools.combinations(range(N), n1):
            other = [k for k in range(N) if k not in lead]
            one.append(P[np.ix_(other, lead)].sum())
            two.append(P_other[np.ix_(other, lead)].sum())
        one, two = np.array(one), np.array(two)
        assert float(averaged_conductance(P, n1)) == pytest.approx(one.mean(), rel=1e-12)
        assert float(product_of(P, P_other, n1)) == pytest.approx((one * two).mean(), rel=1e-12)


@pytest.mark.parametrize("n1", [1, 2])
def test_channel_averages_of_few_channels(n1):
    """Two and three channels, where no four different ones exist."""
    T = np.abs(scipy.stats.unitary_group.rvs(n1 + 1, random_state=1)) ** 2
    channels = range(n1 + 1)
    G = np.array([T[k, [j for j in channels if j != k]].sum() for k in channels])  # lead 2 is the single channel k
    assert float(product_of(2 * T, 2 * T, n1)) == pytest.approx(4 * (G**2).mean(), rel=1e-12)


def test_exponential_by_its_derivative_in_both_modes():
    """d exp(t A)/dt = A exp(t A); norms small and large (0 and 6 squarings)."""
    real, imag = np.random.default_rng(0).normal(size=(2, 6, 6))
    A = jnp.asarray(real - real.T + 1j * (imag + imag.T))
    f = lambda t: matrix_functions.exponential(t * A, 12.0 * t)
    both = jax.jit(lambda t: (*jax.jvp(f, (t,), (1.0,)), jax.grad(lambda t: f(t)[0, 1].real)(t)))
    for t in (0.02, 4.0):
        value, slope, backward = both(t)
        np.testing.assert_allclose(value, scipy.linalg.expm(t * np.asarray(A)), atol=1e-12)
        np.testing.assert_allclose(slope, A @ value, atol=1e-11)
        assert float(backward) == pytest.approx(float(slope[0, 1].real), abs=1e-11)
