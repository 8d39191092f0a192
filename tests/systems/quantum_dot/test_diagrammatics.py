"""Closed forms against the inverses they come from, the paper's own formulas, its limits and its symmetries."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jaxspin.systems import quantum_dot as qd
from jaxspin.systems.quantum_dot import Dot

weak_localization, covariance = jax.jit(qd.weak_localization), jax.jit(qd.covariance)
diffuson, cooperon = jax.jit(qd.diffuson), jax.jit(qd.cooperon)
moderate = st.floats(-6, 6, allow_subnormal=False)


def eq_13(N1, N2, x, a, b, dephasing=0.0):
    """<dG> as printed."""
    N, NC = N1 + N2, N1 + N2 + 2 * x**2 + dephasing
    bracket = 1 / (NC + 2 * a**2) + 1 / (NC + 4 * a**2) - 2 * a**2 / (NC * (NC + 2 * a**2) + 4 * b**2)
    return -N1 * N2 / N * bracket


def F_D(ND, a, b, other):
    """F_D as printed."""
    first = (2 * (b - other) ** 2 + 2 * abs(ND + a**2) ** 2 + 2 * a**4) / abs(
        (b - other) ** 2 + ND * (2 * a**2 + ND)
    ) ** 2
    second = (2 * a**4 + 2 * (b + other) ** 2 + 2 * abs(ND + 3 * a**2) ** 2) / abs(
        (b + other) ** 2 + (ND + 4 * a**2) * (ND + 2 * a**2)
    ) ** 2
    return first + second


def eq_14(dot, other):
    """cov G as printed, for settings that differ in x, b and energy."""
    number = dot.N - 2j * np.pi * (dot.epsilon - other.epsilon) + dot.dephasing
    ND, NC = (number + (dot.x - sign * other.x) ** 2 / 2 for sign in (1, -1))
    return (dot.n1 * dot.n2 / dot.N) ** 2 * (F_D(ND, dot.a, dot.b, other.b) + F_D(NC, dot.a, dot.b, -other.b))


def from_the_inverses(dot, other, **axes):
    """Covariance from equations (4) and (8): the square of every element of D and C."""
    squares = sum(jnp.sum(jnp.abs(ladder(dot, other, **axes)) ** 2) for ladder in (diffuson, cooperon))
    return (dot.n1 * dot.n2 / dot.N) ** 2 * squares


def random_dots(seed, count):
    draw = np.random.default_rng(seed).normal(size=(count, 11)) * 2
    for x, x1, a, a1, b, b1, e, e1, so, so1, gamma in draw:
        yield Dot(3, 4, x, a, b, e, abs(gamma), so), Dot(3, 4, x1, a1, b1, e1, 2 * abs(gamma), so1)


# Rounding of a 4 x 4 inverse whose condition number is below 100: 1e-14; asked for is 1e-12.
def test_closed_forms_are_the_inverses_for_any_parameters():
    for dot, other in random_dots(0, 40):
        np.testing.assert_allclose(covariance(dot, other), from_the_inverses(dot, other), rtol=1e-12)
        exchanged = -dot.n1 * dot.n2 / dot.N * jnp.einsum("mnmn->", cooperon(dot, dot))
        np.testing.assert_allclose(weak_localization(dot), exchanged, rtol=1e-12, atol=1e-13)


def test_equations_13_and_14_as_printed():
    for dot, other in random_dots(1, 40):
        dot = Dot(3, 4, dot.x, dot.a, dot.b, dot.epsilon, dot.dephasing)
        other = Dot(3, 4, other.x, dot.a, other.b, other.epsilon, dot.dephasing)
        np.testing.assert_allclose(covariance(dot, other), eq_14(dot, other), rtol=1e-12)
        printed = eq_13(3, 4, dot.x, dot.a, dot.b, dot.dephasing)
        np.testing.assert_allclose(weak_localization(dot), printed, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(
    ("setting", "correction", "variance"),
    [
        ((0, 0, 0), -0.5, 0.5),
        ((1, 0, 0), -0.454545455, 0.456611570),
        ((0, 0.5, 0), -0.475900116, 0.476332284),
        ((0, 5, 0), 0.065476190, 0.148880385),
        ((0, 1, 3), -0.414597657, 0.403658785),
    ],
)
def test_numbers_of_the_physics_notes(setting, correction, variance):
    dot = Dot(10, 10, *setting)
    assert float(weak_localization(dot)) == pytest.approx(correction, abs=5.1e-10)
    assert float(qd.variance(dot)) == pytest.approx(variance, abs=5.1e-10)
    assert float(qd.mean_conductance(dot)) == pytest.approx(10 + correction, abs=5.1e-10)


def test_the_reading_of_the_tensor_products_that_conserves_and_the_one_that_does_not():
    """At N = 20, a = 0.5, b = 3 the ordinary product in both factors would give another <dG>, as the notes warn."""
    dot = Dot(10, 10, a=0.5, b=3.0)
    assert float(weak_localization(dot)) == pytest.approx(eq_13(10, 10, 0.0, 0.5, 3.0), rel=1e-13)
    sigma = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]]])
    one = np.eye(4)
    untransposed = 20.5 * one + 3j * (np.kron(sigma[0], np.eye(2)) + np.kron(np.eye(2), sigma[0]))
    untransposed = untransposed - 0.25 * sum(np.kron(s, s) for s in sigma)
    rotation = np.kron(np.eye(2), sigma[1])
    wrong = (rotation @ np.linalg.inv(untransposed) @ rotation).reshape(2, 2, 2, 2)
    # in the paper's (mu nu)(mu' nu') order, without the transposition
    assert abs(-5 * np.einsum("mmnn->", wrong) - weak_localization(dot)) > 1e-4


# Strong coupling or field leaves corrections of relative order N/a^2 = 1e-5 and N/b = 1e-5 below.
STRONG, FIELD, LARGE = 1e3, 1e6, 1e4
LIMITS = [
    ("nothing", {}, -2.0, 8.0),
    ("field x", {"x": LARGE}, 0.0, 4.0),
    ("strong spin-orbit", {"a": STRONG}, 1.0, 2.0),
    ("strong spin-orbit, field x", {"a": STRONG, "x": LARGE}, 0.0, 1.0),
    ("strong spin-orbit, field b", {"a": STRONG, "b": 1e3 * FIELD}, 0.0, 1.0),
    ("field b", {"b": FIELD}, -2.0, 4.0),
    ("uniform spin-orbit", {"x_so": LARGE}, 0.0, 4.0),
    # the spins are mixed, but complex conjugation times sigma_x is still a symmetry: one orthogonal ensemble of 2N
    ("uniform spin-orbit, field b", {"x_so": LARGE, "b": 1e3 * LARGE**2}, -1.0, 2.0),
    ("uniform spin-orbit, both fields", {"x_so": LARGE, "x": 0.3 * LARGE, "b": 1e3 * LARGE**2}, 0.0, 1.0),
]


@pytest.mark.parametrize(("strong", "correction", "variance"), [row[1:] for row in LIMITS], ids=[r[0] for r in LIMITS])
def test_limits_in_units_of_the_contacts(strong, correction, variance):
    """<dG> in units of N_1 N_2/N^2 and var G in its square: the symmetry classes, and the paper's reductions by two."""
    dot, unit = Dot(4, 6, **strong), 24 / 100
    assert float(weak_localization(dot)) / unit == pytest.approx(correction, abs=2e-4)
    assert float(covariance(dot, dot)) / unit**2 == pytest.approx(variance, abs=2e-3)


@given(x=moderate, a=moderate, b=moderate, x_so=moderate, other=moderate, gamma=st.floats(0, 5))
def test_symmetries(x, a, b, x_so, other, gamma):
    dot = Dot(3, 4, x, a, b, 0.3, gamma, x_so)
    back, moved = Dot(3, 4, -x, a, -b, 0.3, gamma, x_so), Dot(3, 4, other, a, b, 0.1, gamma, x_so)
    close = {"rtol": 1e-11, "atol": 1e-15}
    np.testing.assert_allclose(covariance(dot, back), covariance(dot, dot), **close)  # Onsager: G(B) = G(-B)
    np.testing.assert_allclose(covariance(dot, moved), covariance(moved, dot), **close)
    assert float(covariance(dot, moved)) ** 2 <= float(covariance(dot, dot) * covariance(moved, moved)) * (1 + 1e-12)
    for flipped in (Dot(3, 4, x, -a, b, 0.3, gamma, x_so), Dot(3, 4, x, a, b, 0.3, gamma, -x_so)):
        np.testing.assert_allclose(covariance(flipped, flipped), covariance(dot, dot), **close)
        np.testing.assert_allclose(weak_localization(flipped), weak_localization(dot), **close)
    # uniform coupling never localizes against the sign, and no dot conducts more than strong varying coupling allows
    assert -2 <= float(weak_localization(dot)) / (12 / 49) <= 1


@given(x=moderate, b=moderate, x_so=moderate)
def test_uniform_coupling_alone_gives_no_antilocalization(x, b, x_so):
    assert float(weak_localization(Dot(3, 4, x, b=b, x_so=x_so))) <= 1e-15


@given(x=moderate, a=moderate, b=moderate)
def test_conductance_is_symmetric_in_x_unless_coupling_and_field_come_together(x, a, b):
    for dot in (Dot(3, 4, x, a), Dot(3, 4, x, b=b)):
        mirrored = eqx.tree_at(lambda d: d.x, dot, -dot.x)
        np.testing.assert_allclose(covariance(dot, mirrored), covariance(dot, dot), rtol=1e-12)


def test_particles_are_conserved_whatever_the_perturbation():
    """Sum over outgoing spins of the diffuson at one setting is 1/N: unitarity of S at leading order."""
    for dot, _ in random_dots(2, 10):
        dot = eqx.tree_at(lambda d: d.dephasing, dot, jnp.zeros(()))
        total = jnp.einsum("mnmp->np", diffuson(dot, dot))
        np.testing.assert_allclose(total, np.eye(2) / 7, atol=1e-14)


def test_direction_of_the_field_in_the_plane_does_not_matter_and_normal_to_it_does():
    dot, other = Dot(3, 4, 0.4, 1.0, 2.0), Dot(3, 4, 0.1, 0.8, 1.5)
    turned = np.array([np.cos(0.7), np.sin(0.7), 0.0])
    in_plane = from_the_inverses(dot, other)
    np.testing.assert_allclose(from_the_inverses(dot, other, axis=turned), in_plane, rtol=1e-13)
    assert abs(from_the_inverses(dot, other, axis=np.array([0.0, 0.0, 1.0])) / in_plane - 1) > 1e-3
    # fields of different directions: only the angle between them matters in the plane
    first = from_the_inverses(dot, other, axis=turned, other_axis=np.array([1.0, 0.0, 0.0]))
    second = from_the_inverses(dot, other, axis=np.array([1.0, 0.0, 0.0]), other_axis=turned)
    np.testing.assert_allclose(first, second, rtol=1e-13)


def test_uniform_coupling_is_an_opposite_field_for_each_spin():
    """Without a and b spins are independent: <dG> is the mean over them of two spinless dots at x +- x_so."""
    halves = [weak_localization(Dot(3, 4, 1.3 + sign * 0.6)) / 2 for sign in (1, -1)]
    np.testing.assert_allclose(weak_localization(Dot(3, 4, 1.3, x_so=0.6)), sum(halves), rtol=1e-14)


@jax.jit
def averages(given):
    """<dG>, var G, and cov G with a dot at epsilon = 0."""
    dot = Dot(5, 3, **given)
    other = eqx.tree_at(lambda d: d.epsilon, dot, jnp.zeros(()))
    return jnp.stack([qd.weak_localization(dot), qd.variance(dot), qd.covariance(dot, other)])


def test_gradients_agree_with_differences_in_both_modes():
    """Central differences with h = 1e-4: truncation of order h^2 = 1e-8, rounding 1e-16/h = 1e-12."""
    start = {"x": 0.7, "a": 0.9, "b": 1.5, "epsilon": 0.4, "dephasing": 0.4, "x_so": 0.3}
    forward, reverse = jax.jit(jax.jacfwd(averages))(start), jax.jit(jax.jacrev(averages))(start)
    for name, value in start.items():
        ahead, behind = (averages(start | {name: value + step}) for step in (1e-4, -1e-4))
        np.testing.assert_allclose(forward[name], reverse[name], rtol=1e-11, atol=1e-15)
        np.testing.assert_allclose(forward[name], (ahead - behind) / 2e-4, rtol=1e-6, atol=1e-11)
        assert abs(float(forward[name][2])) > 1e-3


def test_arrays_of_settings_at_once():
    x = jnp.linspace(0, 3, 7)
    dots = Dot(5, 5, x=x, a=1.0)
    singles = [Dot(5, 5, x=each, a=1.0) for each in x]
    np.testing.assert_allclose(weak_localization(dots), [weak_localization(dot) for dot in singles], rtol=1e-14)
    np.testing.assert_allclose(covariance(dots, dots), [covariance(dot, dot) for dot in singles], rtol=1e-13)


def test_settings_of_different_contacts_have_no_covariance():
    with pytest.raises(ValueError, match="same contacts: got N_1, N_2 = 2, 3 for one and 3, 2 for the other"):
        qd.covariance(Dot(2, 3), Dot(3, 2))
