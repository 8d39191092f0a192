"""Completeness of the fixed points against a polynomial, their symmetry, stability, and where trajectories end."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jaxspin.core import Solve
from jaxspin.systems.polariton import Condensate, condensation_pump, fixed_points, jacobian, rate, simulate
from jaxspin.systems.polariton.spinor import spinor_rate

box = st.tuples(st.floats(-3.0, 6.0), st.floats(-2.0, 8.0), st.floats(-2.0, 4.0), st.floats(-3.0, 3.0))
many = jax.vmap(fixed_points)


def directions(points):
    """n_x of the fixed points that exist, in ascending order, the empty state left out."""
    s = np.asarray(points.s)[np.asarray(points.exists)][:-1]
    return np.sort(s[:, 0] / np.linalg.norm(s, axis=1))


def polynomial_roots(p, a, g, delta):
    """n_x of all fixed points: real roots in [-1, 1] with p - g x > 0 of the sixth-degree polynomial, and all roots.

    With u = g x it is the polynomial of the physics note, delta^2 g^2 u^2 (1 + u^2) = (g^2 - u^2) (...)^2.
    """
    x = np.polynomial.Polynomial([0, 1])
    d = 1 + a * p * x + g * (g - a) * x**2
    whole = (1 - x**2) * d**2 - delta**2 * x**2 * (1 + (g * x) ** 2)
    roots = whole.trim(1e-14).roots()  # highest powers with next to no weight have roots far beyond 1, or overflow
    real = roots[np.abs(roots.imag) < 1e-9].real
    return np.sort(real[(np.abs(real) <= 1) & (p - g * real > 0)]), roots


def at(tree, i):
    return jax.tree.map(lambda leaf: leaf[i], tree)


rates_of = jax.jit(jax.vmap(jax.vmap(rate, in_axes=(None, 0))))
jacobians_of = jax.jit(jax.vmap(jax.vmap(jacobian, in_axes=(None, 0))))
jacobian_at = jax.jit(jacobian)
rate_at = jax.jit(rate)


def residuals(condensates, points):
    rates = rates_of(condensates, points.s)
    return np.max(np.abs(np.where(points.exists[..., None], rates, 0)), axis=(1, 2))


def test_every_fixed_point_satisfies_the_equations(condensates, points):
    assert np.max(residuals(condensates, points)) < 1e-12


def test_weak_fields_lose_no_digits(random_condensates):
    """Down to 1e-30 states crowd together; each still solves the equations."""
    condensates = random_condensates(-30)
    assert np.max(residuals(condensates, many(condensates))) < 1e-12


def test_the_set_is_complete_and_nothing_else_is_in_it(condensates, points):
    """Against the real roots of the polynomial, wherever rounding leaves no doubt which of its roots are real."""
    points, numbers = jax.tree.map(np.asarray, points), np.stack(jax.tree.leaves(condensates), axis=1)
    compared = 0
    for i in range(len(numbers)):
        expected, roots = polynomial_roots(*numbers[i])
        if np.min(np.abs(roots[:, None] - roots[None, :]) + 9 * np.eye(roots.size)) < 1e-4:
            continue  # nearly double: the polynomial resolves its roots to the square root of rounding only
        found = directions(at(points, i))
        assert len(found) == len(expected), i
        np.testing.assert_allclose(found, expected, atol=1e-8)
        compared += 1
    assert compared > 0.8 * len(numbers)


@given(box)
def test_the_set_is_complete_for_hypothesis(numbers):
    p, _, g, delta = numbers
    assume(abs(delta) > 1e-3)
    expected, roots = polynomial_roots(*numbers)
    simple = np.min(np.abs(roots[:, None] - roots[None, :]) + 9 * np.eye(roots.size), initial=9) > 1e-4
    assume(simple and np.all(np.abs(p - g * roots) > 1e-6))
    np.testing.assert_allclose(directions(fixed_points(Condensate(*numbers))), expected, atol=1e-8)


def test_a_reversed_field_mirrors_the_set(condensates, points):
    mirrored = many(eqx.tree_at(lambda c: c.delta, condensates, -condensates.delta))
    np.testing.assert_array_equal(mirrored.s, points.s * jnp.array([1.0, -1.0, -1.0])[None, None])
    for name in ("exists", "stable", "aligned"):
        np.testing.assert_array_equal(getattr(mirrored, name), getattr(points, name))


def test_rotation_by_half_a_turn_exchanges_the_signs_of_a_g_and_delta(condensates, points):
    """s_x -> -s_x with g, a, delta -> -g, -a, -delta leaves (3) as it is: so g < 0 needs no method of its own."""
    turned = many(Condensate(condensates.p, -condensates.a, -condensates.g, -condensates.delta))
    assert np.array_equal(np.sum(turned.exists, 1), np.sum(points.exists, 1))
    assert np.array_equal(np.sum(turned.stable, 1), np.sum(points.stable, 1))


def test_rows_are_ordered_and_named_as_documented(condensates, points):
    s, delta = np.asarray(points.s), np.asarray(condensates.delta)
    aligned = np.asarray(points.exists) & (s[..., 2] * np.sign(delta)[:, None] > 0)
    assert np.array_equal(aligned, points.aligned)
    size = np.where(points.exists, np.linalg.norm(s, axis=-1), np.nan)
    for rows in (size[:, :3], size[:, 3:6]):
        for row in rows[np.sum(np.isfinite(rows), 1) > 1]:
            assert np.all(np.diff(row[np.isfinite(row)]) < 0)
    assert np.all(np.asarray(points.exists)[:, 6])
    assert np.all(s[:, 6] == 0)


def test_stability_is_that_of_the_eigenvalues(condensates, points):
    matrices = np.asarray(jacobians_of(condensates, points.s[:, :6] + 1e-300))
    growth = np.max(np.linalg.eigvals(np.where(np.isfinite(matrices), matrices, 0)).real, axis=-1)
    clear = np.asarray(points.exists)[:, :6] & (np.abs(growth) > 1e-9)
    assert np.array_equal((growth < 0)[clear], np.asarray(points.stable)[:, :6][clear])


@given(box)
def test_the_empty_state_is_stable_below_the_growth_of_the_linear_spinor(numbers):
    """The spinor equation linearized at psi = 0: its fastest amplitude grows at half the rate of the pseudospin."""
    c = Condensate(*numbers)
    physical = c.physical(epsilon=1.0, eta=1.0, Gamma=10.0)
    tiny = 1e-200
    columns = [np.asarray(spinor_rate(physical, tiny * jnp.array(e))) / tiny for e in ([1.0 + 0j, 0], [0j, 1])]
    growth = np.max(np.linalg.eigvals(np.stack(columns, 1)).real) * 2 * float(physical.time_unit)
    assert abs(growth - float(c.p - condensation_pump(c))) < 1e-7  # an exceptional point costs half the digits
    if abs(growth) > 1e-7:
        assert bool(fixed_points(c).stable[6]) == (growth < 0)


def test_closed_forms_without_field():
    """Equations (4) and (5), and the linearly polarized pair s_x = -(p + g), p - g."""
    p, a, g = 0.5, 2.28, 0.1
    s = max(np.roots([a / g - 1, -(a / g - 2) * p, -(p**2 + 1)]))
    u = p - s
    s_z = s / g * np.sqrt((g**2 - u**2) / (1 + u**2))
    points = fixed_points(Condensate(p=p, a=a, g=g))
    assert points.exists.tolist() == [True, False, False, True, True, True, True]
    assert points.stable.tolist() == [True, False, False, False, True, False, False]
    expected = [[u * s / g, u * s_z, s_z], [-(p + g), 0, 0], [u * s / g, -u * s_z, -s_z], [p - g, 0, 0]]
    np.testing.assert_allclose(points.s[points.exists][:-1], expected, atol=1e-14)


@pytest.mark.parametrize(("p", "count", "stable"), [(0.5010172, 3, 1), (0.5010173, 5, 2)])
def test_the_number_of_states_changes_by_two_at_the_fold(p, count, stable):
    """p_f(0.1) = 0.501017202; one stable state below, two above, and no Hopf bifurcation."""
    points = fixed_points(Condensate(p=p, a=2.28, g=0.1, delta=0.1))
    assert (int(points.exists.sum()), int(points.stable.sum())) == (count, stable)


def test_below_threshold_only_the_stable_empty_state_is_left():
    points = fixed_points(Condensate(p=-1.0, a=2.28, g=0.1, delta=0.1))
    assert (int(points.exists.sum()), int(points.stable.sum()), bool(points.stable[6])) == (1, 1, True)


def test_without_loss_anisotropy_symmetry_does_not_break():
    for g in (0.0, -0.1):
        points = fixed_points(Condensate(p=2.0, a=2.28, g=g))
        assert int(points.stable.sum()) <= 1, "legal, and at most the one linearly polarized state is stable"
    assert points.s[points.stable].tolist() == [[2.1, 0.0, 0.0]]


first_row_forward = jax.jit(jax.jacfwd(lambda c: fixed_points(c).s[0]))
first_row_reverse = jax.jit(jax.jacrev(lambda c: fixed_points(c).s[0]))


def turned(s):
    """z x s."""
    return jnp.array([-s[1], s[0], 0.0])


@pytest.mark.parametrize("delta", [0.1, 1e-8, 0.0])
def test_derivatives_are_those_of_the_implicit_function_theorem(delta):
    """ds/dp = -J^-1 dF/dp at the aligned state, also where the field is weak or zero (then from above)."""
    c = Condensate(p=0.3, a=2.28, g=0.1, delta=delta)
    s, forward, reverse = fixed_points(c).s[0], first_row_forward(c), first_row_reverse(c)
    sources = {"p": s, "a": s[2] * turned(s), "g": jnp.linalg.norm(s) * jnp.array([-1.0, 0, 0]), "delta": turned(s)}
    for name in ("p", "a", "g", "delta"):
        source = sources[name]
        exact = -np.linalg.solve(np.asarray(jacobian_at(c, s)), np.asarray(source))
        np.testing.assert_allclose(getattr(forward, name), exact, rtol=1e-9, atol=1e-12, err_msg=name)
        np.testing.assert_allclose(getattr(reverse, name), exact, rtol=1e-9, atol=1e-12, err_msg=name)


def test_second_derivatives_agree_with_differences_of_first():
    z = lambda p: fixed_points(Condensate(p=p, a=2.28, g=0.1, delta=0.1)).s[0, 2]
    first, second, h = jax.jit(jax.grad(z)), jax.jit(jax.grad(jax.grad(z))), 1e-4
    numeric = (8 * (first(0.4 + h) - first(0.4 - h)) - (first(0.4 + 2 * h) - first(0.4 - 2 * h))) / (12 * h)
    np.testing.assert_allclose(second(0.4), numeric, rtol=1e-8)


@settings(max_examples=15)
@given(box, st.integers(0, 2**31))
def test_every_trajectory_ends_on_a_stable_member(numbers, seed):
    """After 400 time units, twenty times the longest relaxation; what still moves then is reported as not at rest."""
    c = Condensate(*numbers)
    assume(numbers[0] - float(condensation_pump(c)) > 0.1)
    points = fixed_points(c)
    stable = np.asarray(points.s)[np.asarray(points.stable)]
    assume(len(stable) > 0)
    slowest = max(np.max(np.linalg.eigvals(np.asarray(jacobian_at(c, s))).real) for s in stable if np.any(s))
    assume(slowest < -0.05)
    start = np.random.default_rng(seed).normal(size=3)
    end = ends(c, jnp.array(start))
    distance = np.min(np.linalg.norm(np.asarray(end.s[-1]) - stable, axis=1))
    still = float(jnp.linalg.norm(rate_at(c, end.s[-1])))
    assert distance < 1e-6 or still > 1e-6, "at rest, but not at a stable member"


ends = jax.jit(lambda c, s0: simulate(c, s0, jnp.array([400.0]), solve=Solve(rtol=1e-7, atol=1e-9)))


def test_single_precision_is_refused():
    with jax.enable_x64(False), pytest.raises(RuntimeError, match="double precision"):
        fixed_points(Condensate(p=0.5, a=2.28, g=0.1))
