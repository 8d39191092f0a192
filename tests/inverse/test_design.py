"""Design: known optima and multipliers, bounds that bind, infeasible problems, sensitivities, robust designs.

Solutions satisfy the optimality conditions to 1e-9 in scaled units, so objectives are right to 1e-9 or better,
locations and multipliers, which first-order conditions fix, to about 1e-7 where curvatures are of order one.
"""

import dataclasses
import json
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
from design_models import COLLECTION, INF, ROWS, SIZE, SPRING, Place, Spring, padded
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxspin.core import Status
from jaxspin.inverse import (
    Average,
    Dataset,
    DesignError,
    Limit,
    SequentialQuadratic,
    WorstCase,
    design,
    draw,
    fit,
)
from jaxspin.inverse.quadratic_program import solve_elastic
from jaxspin.inverse.sequential_quadratic import minimise

NAMES = list(COLLECTION)


def filled(values, filler):
    return [*values, *[filler] * (SIZE - len(values))]


@jax.jit
def collected(index):
    """One compilation for the whole collection: the problem is chosen at run time."""
    starts, lower, upper = (
        jnp.asarray([filled(COLLECTION[name][row], filler) for name in NAMES])[index]
        for row, filler in ((2, 0.5), (3, -1.0), (4, 1.0))
    )
    branches = [padded(name) for name in NAMES]

    def evaluate(y):
        f, c = jax.lax.switch(index, branches, y)
        return f, c, jnp.asarray(True)

    return minimise(evaluate, starts[None], lower, upper, SequentialQuadratic())


@pytest.mark.parametrize("name", NAMES)
def test_collected_problems_end_at_their_published_optima(name):
    """Published minima are given to 8 or more digits."""
    _, constraints, start, _, _, minimum, place, multipliers = COLLECTION[name]
    found = jax.tree.map(lambda leaf: leaf[0], collected(NAMES.index(name)))
    assert int(found.status) == Status.OK
    assert float(found.violation) < 1e-8
    assert float(found.f) == pytest.approx(minimum, rel=1e-8)
    np.testing.assert_allclose(found.y[: len(start)], place, rtol=2e-6, atol=1e-5)
    if multipliers is not None:
        np.testing.assert_allclose(found.multipliers[: len(multipliers)], multipliers, rtol=1e-5, atol=1e-5)
    assert len(constraints(jnp.asarray(place))) <= ROWS


program = jax.jit(solve_elastic)


@given(st.integers(0, 10_000), st.sampled_from([1.0, 1e2, 1e5]))
@settings(max_examples=40)
def test_the_quadratic_step_meets_its_optimality_conditions(seed, nu):
    """Stationary in the box, multipliers in [0, nu], zero where a constraint is slack, nu where it is broken."""
    rng = np.random.default_rng(seed)
    n, m = 4, 5
    M = rng.normal(size=(n, n)) * 10 ** rng.uniform(-1, 1)
    B, g, A, c = M @ M.T + 0.01 * np.eye(n), rng.normal(size=n), rng.normal(size=(m, n)), rng.normal(size=m)
    edge = 10 ** rng.uniform(-3, 1) * np.ones(n)
    lower = np.where(rng.random(n) < 0.3, 0, -edge)
    found = program(*(jnp.asarray(each) for each in (B, g, A, c, lower, edge, nu)))
    d, lam = np.asarray(found.d), np.asarray(found.multipliers)
    slope = B @ d + g - A.T @ lam
    size = 1 + np.abs(A.T) @ lam  # to which rounding in the slope is relative
    assert np.all(np.abs(d - np.clip(d - slope / size, lower, edge)) < 1e-7)
    met = A @ d + c
    assert np.all((lam >= 0) & (lam <= nu))
    assert np.all(np.maximum(met, 0) * lam < 1e-8 * nu)
    assert np.all(np.maximum(-met, 0) * (nu - lam) < 1e-8 * nu)


ASKED = {"free": ["x", "y"], "key": jax.random.key(3)}


def springs(params=None, *, reach=4.0, top=1.5, **more):
    """The mass on two springs with x + y <= reach and -2 <= y <= top."""
    bounds = {"y": (-2.0, top)}
    limits = {"reach": Limit(upper=reach)}
    start = Place(0.0, 0.0, 0.0)
    return design(
        SPRING, params or Spring(), start, minimise="energy", bounds=bounds, subject_to=limits, **ASKED | more
    )


def closed_form(reach=4.0, a=2.0, b=1.0, p=3.0, q=2.0, load=10.0):
    """With only x + y <= reach active: a(x - p) = b(y - q) = -multiplier/2."""
    excess = p + q - reach
    x, y = p - b * excess / (a + b), q - a * excess / (a + b)
    return x, y, a * b * excess**2 / (a + b) + load, -2 * a * b * excess / (a + b)


def test_an_active_limit_and_its_multiplier_in_closed_form():
    x, y, energy, slope = closed_form()
    found = springs().checked()
    assert (float(found["x"]), float(found["y"])) == (pytest.approx(x, abs=1e-7), pytest.approx(y, abs=1e-7))
    assert float(found.objective) == pytest.approx(energy, rel=1e-10)
    assert found.active == ("reach upper",)
    assert float(found.sides["reach upper"].sensitivity) == pytest.approx(slope, rel=1e-6)
    assert float(found.controls.x) == pytest.approx(x)
    assert float(found.observables["reach"]) == pytest.approx(4.0)
    assert all(int(status) == Status.OK for status in found.attempts.status)
    np.testing.assert_allclose(found.attempts.objectives, energy, rtol=1e-8)  # convex: every start ends there


def test_an_optimum_on_a_bound_reports_it_with_a_finite_multiplier():
    """y <= 1 and reach loose: x = p, y = 1, energy b (q - 1)^2 + load, d energy/d top = -2 b (q - 1)."""
    found = springs(reach=9.0, top=1.0).checked()
    assert found.active == ("y upper",)
    assert float(found["y"]) == 1.0
    assert float(found["x"]) == pytest.approx(3.0, abs=1e-7)
    assert float(found.objective) == pytest.approx(11.0, rel=1e-10)
    assert float(found.sides["y upper"].sensitivity) == pytest.approx(-2.0, rel=1e-6)
    assert float(found.sides["reach upper"].sensitivity) == pytest.approx(0.0, abs=1e-8)


@pytest.mark.parametrize(("reach", "top"), [(4.0, 1.5), (9.0, 1.0), (3.5, 0.2)])
def test_multipliers_and_sensitivities_are_those_of_problems_solved_again(reach, top):
    """Central differences of a piecewise quadratic: exact but for the solver's 1e-10, over a step of 2e-3."""
    found, step = springs(reach=reach, top=top).checked(), 1e-3
    again = lambda **moved: float(springs(**{"reach": reach, "top": top} | moved).objective)
    for name, key, value in (("reach upper", "reach", reach), ("y upper", "top", top)):
        slope = (again(**{key: value + step}) - again(**{key: value - step})) / (2 * step)
        assert float(found.sides[name].sensitivity) == pytest.approx(slope, rel=1e-5, abs=1e-6), name
    for name in ("a", "b", "p", "q", "load"):
        known = float(getattr(Spring(), name))
        moved = [again(params=dataclasses.replace(Spring(), **{name: jnp.asarray(known + s)})) for s in (step, -step)]
        told = "parameters.load" if name == "load" else name
        assert float(found.sensitivities[told]) == pytest.approx((moved[0] - moved[1]) / (2 * step), rel=1e-4, abs=1e-6)
    assert float(found.sensitivities["controls.load"]) == pytest.approx(1.0)


def test_scipy_slsqp_finds_the_same_optimum():
    """An independent peer on the same problem; SLSQP stops at its own tolerance, 1e-12 in the objective."""
    energy = lambda z: 2 * (z[0] - 3) ** 2 + (z[1] - 2) ** 2 + 10
    limit = {"type": "ineq", "fun": lambda z: 3.5 - z[0] - z[1]}
    options = {"ftol": 1e-12}
    peer = scipy.optimize.minimize(
        energy, [0, 0], method="SLSQP", bounds=[(-10, 10), (-2, 0.2)], constraints=limit, options=options
    )
    found = springs(reach=3.5, top=0.2).checked()
    assert float(found.objective) == pytest.approx(peer.fun, rel=1e-8)
    np.testing.assert_allclose(found.values, peer.x, atol=1e-5)


def test_an_infeasible_problem_says_what_is_missed_and_by_how_much():
    """x >= -10 and y >= -2, so x + y >= -12: a reach of -13 is missed by 1."""
    found = springs(reach=-13.0)
    assert int(found.status) == Status.NO_SOLUTION
    assert found.violated == {"reach upper": pytest.approx(1.0, abs=1e-6)}
    with pytest.raises(DesignError, match=r"limits cannot be met together.*reach upper -13 m is missed by 1 m"):
        found.checked()
    assert "BROKEN" in found.report()


def test_report_and_file_say_the_same(tmp_path):
    found = springs(top=1.0)
    text = str(found)
    for word in (
        "minimise",
        "energy = 11",
        "status       OK",
        "at upper bound, d energy/d limit = ",
        "J per m",
        "reach",
    ):
        assert word in text, word
    saved = json.loads(found.save(tmp_path / "design.json").read_text())
    assert saved["objective"]["value"] == float(found.objective)
    assert saved["active"] == list(found.active)
    assert saved["bounds"]["y upper"]["sensitivity"] == float(found.sides["y upper"].sensitivity)
    assert saved["variables"]["x"]["bounds"] == [-10.0, 10.0]


def test_designs_map_over_limits_and_equal_a_loop_and_the_gradient_is_the_multiplier():
    """The derivative of the optimum value through `design` itself, by the envelope theorem."""
    reaches = jnp.linspace(2.0, 4.5, 3)

    def value(reach, a):
        found = springs(dataclasses.replace(Spring(), a=a), reach=reach)
        return found.objective, found

    slopes, mapped = jax.jit(jax.vmap(jax.grad(value, argnums=(0, 1), has_aux=True), in_axes=(0, None)))(
        reaches, jnp.asarray(2.0)
    )
    assert mapped.status.tolist() == [Status.OK] * 3
    for i, reach in enumerate(reaches):
        single = springs(reach=float(reach))
        np.testing.assert_allclose(mapped.values[i], single.values, atol=1e-8)
        assert float(slopes[0][i]) == pytest.approx(float(single.sides["reach upper"].sensitivity), rel=1e-9, abs=1e-12)
        assert float(slopes[1][i]) == pytest.approx(float(single.sensitivities["a"]), rel=1e-9, abs=1e-12)
    assert "3 designs of spring, 3 solved" in mapped.report()


def _inside(seen, params, controls):
    return controls.x**2 + controls.y**2


def _total(seen, params, controls):
    return seen["reach"] + params.a


def test_functions_as_objective_and_limit_a_parameter_that_varies_and_a_quantity_that_costs_nothing():
    """Maximise x + y + a over a disk of radius 5, a <= 3: at 45 degrees, 5 sqrt 2 + 3; d/d radius^2 = 1/(5 sqrt 2)."""
    found = design(
        SPRING,
        Spring(),
        Place(1.0, -1.0),
        maximise=_total,
        free=["controls.x", "y", "a", "controls.load"],
        bounds={"a": (1.0, 3.0), "controls.x": (None, 9.0)},
        subject_to={"disk": Limit(upper=25.0, of=_inside, unit="m^2")},
        starts=4,
    ).checked()
    assert float(found.objective) == pytest.approx(5 * math.sqrt(2) + 3, rel=1e-9)
    assert set(found.active) == {"disk upper", "a upper"}
    assert float(found.sides["disk upper"].sensitivity) == pytest.approx(1 / (5 * math.sqrt(2)), rel=1e-6)
    assert float(found.sides["a upper"].sensitivity) == pytest.approx(1.0, rel=1e-6)
    assert float(found.params.a) == 3.0
    assert "maximise     _total" in found.report()
    assert found.flat_directions == ["_total and all active limits stay along +1 J controls.load"]


SAMPLE = jax.vmap(lambda p: Spring(p=p))(jnp.asarray([2.0, 3.0, 5.0]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("over", "x", "energy"),
    [
        # floor: x >= p - 1 for every p, so x >= 4; the mean of 2 (x - p)^2 has its minimum at 10/3, below the floor
        (Average, 4.0, 10 + 2 * (4 + 1 + 1) / 3),
        # the largest of 2 (x - p)^2 is smallest at (2 + 5)/2 = 3.5, below the floor; there p = 2 is the worst
        (WorstCase, 4.0, 10 + 2 * 4),
    ],
)
def test_a_robust_design_keeps_limits_that_the_nominal_one_breaks(over, x, energy):
    ask = {"minimise": "energy", "free": ["x", "y"], "subject_to": {"level": Limit(lower=0.0)}, "starts": 2}
    found = design(SPRING, Spring(), Place(6.0, 0.0), robust_over=over(SAMPLE), **ask).checked()
    assert float(found["x"]) == pytest.approx(x, abs=1e-7)
    assert float(found.objective) == pytest.approx(energy, rel=1e-8)
    assert found.active == ("level lower",)
    assert float(jnp.min(found.observables["level"])) == pytest.approx(0.0, abs=1e-8)
    # a step of the floor moves x with it: d energy/d limit is the slope of the objective in x, over all members
    slope = 4 * np.mean(4.0 - np.array([2.0, 3.0, 5.0])) if over is Average else 4 * 2.0
    assert float(found.sides["level lower"].sensitivity) == pytest.approx(slope, rel=1e-5)
    nominal_x = 3.0  # of p = 3 alone, where the floor is 2: the member p = 5 would break its limit by 1
    assert float(jnp.min(nominal_x - SAMPLE.p + 1.0)) == -1.0


@pytest.mark.slow
def test_draws_have_the_covariance_of_the_fit_and_stay_in_bounds():
    """4000 draws: mean and covariance agree with those of the fit within 5 standard errors of a sample."""
    places = jax.vmap(lambda x: Place(x, 0.5))(jnp.linspace(-2.0, 2.0, 12))
    seen = jax.vmap(lambda place: SPRING.observe(Spring(), place)["energy"])(places)
    data = Dataset.from_columns(places, {"energy": (seen, 0.05)})
    fitted = fit(SPRING, Spring(), data, free=["a", "p"])
    sample = draw(fitted, jax.random.key(0), 4000)
    drawn = np.stack([sample.a, sample.p])
    spread = np.sqrt(np.diag(fitted.covariance))
    np.testing.assert_allclose((drawn.mean(axis=1) - fitted.values) / spread, 0, atol=5 / math.sqrt(4000))
    np.testing.assert_allclose(
        np.cov(drawn) / np.outer(spread, spread), fitted.correlation, atol=5 * math.sqrt(2 / 4000)
    )
    assert sample.b.shape == (4000,)
    assert bool(jnp.all((sample.a > 0) & (sample.a < 100)))


BAD = {
    "no objective": ({"minimise": None}, ValueError, "one of minimise and maximise"),
    "two objectives": ({"maximise": "reach"}, ValueError, "one of minimise and maximise"),
    "unknown objective": ({"minimise": "enrgy"}, KeyError, "did you mean 'energy'"),
    "nothing free": ({"free": []}, ValueError, "nothing that may vary"),
    "unknown free": ({"free": ["xx"]}, KeyError, "unknown free quantity 'xx'"),
    "ambiguous": ({"free": ["load"]}, KeyError, "say controls.load or parameters.load"),
    "twice": ({"free": ["x", "controls.x"]}, ValueError, "named twice"),
    "unknown limit": ({"subject_to": {"rech": Limit(lower=0)}}, KeyError, "did you mean 'reach'"),
    "bounds not free": ({"bounds": {"a": (1, 2)}}, ValueError, "does not vary"),
    "bounds reversed": ({"bounds": {"x": (2, 1)}}, ValueError, "need lower < upper"),
    "bounds too wide": ({"bounds": {"x": (-20, 1)}}, ValueError, "leave those allowed, \\(-10, 10\\) m"),
    "start outside": ({"bounds": {"x": (1, 2)}}, ValueError, "the start x = 0 m is outside its bounds"),
    "no starts": ({"starts": 0}, ValueError, "starts=0 must be at least 1"),
    "wrong sample": ({"robust_over": Place(0.0, 0.0)}, TypeError, "robust_over must be a sample of Spring"),
    "single sample": ({"robust_over": Spring()}, ValueError, "same leading length"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_questions_are_refused_in_one_line(kind):
    change, error, told = BAD[kind]
    ask = {"minimise": "energy", "free": ["x", "y"]} | change
    with pytest.raises(error, match=told):
        design(SPRING, Spring(), Place(0.0, 0.0), **ask)


def test_impossible_limits_are_refused():
    for sides in ({}, {"lower": 2.0, "upper": 1.0}, {"lower": INF}, {"lower": 0.0, "scale": 0.0}):
        with pytest.raises(ValueError, match="Limit"):
            Limit(**sides)
