"""Designs: what they cover, and that any piece of them is what the whole has there."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jaxspin.sweep import latin_hypercube, product, sobol, zipped
from jaxspin.sweep.layout import layout
from jaxspin.sweep.permutation import permuted, uniform

BOX = {"a": (1.0, 2.0), "b": (1e-9, 1e-6), "c": (-5.0, 5.0)}


def test_a_product_visits_every_combination_the_last_axis_fastest():
    grid = product({"a": [1, 2], "b": [10.0, 20.0, 30.0]})
    points = grid.points(np.arange(6))
    assert grid.shape == (2, 3)
    np.testing.assert_array_equal(points["a"], [1, 1, 1, 2, 2, 2])
    np.testing.assert_array_equal(points["b"], [10, 20, 30, 10, 20, 30])


def test_zipped_takes_values_side_by_side():
    points = zipped({"a": [1, 2, 3], "b": [4, 5, 6]}).points(np.array([2, 0]))
    np.testing.assert_array_equal(points["a"], [3, 1])
    np.testing.assert_array_equal(points["b"], [6, 4])


def test_a_latin_hypercube_has_one_point_in_every_slice_of_every_axis():
    grid = latin_hypercube(BOX, 1000, seed=1, log=("b",))
    points = grid.points(np.arange(1000))
    unit = {
        "a": points["a"] - 1.0,
        "b": np.log(points["b"] / 1e-9) / np.log(1e3),
        "c": (points["c"] + 5) / 10,
    }
    for fraction in unit.values():
        np.testing.assert_array_equal(np.sort(np.floor(fraction * 1000 + 1e-9)), np.arange(1000))
    # independent columns: correlations of 1000 uniform pairs have a standard error of 0.032
    correlations = np.corrcoef(list(unit.values()))[np.triu_indices(3, 1)]
    assert np.all(np.abs(correlations) < 4 * 0.032)


def test_sobol_points_integrate_better_than_random_ones():
    points = sobol({"a": (0.0, 1.0), "b": (0.0, 1.0)}, 4096).points(np.arange(4096))
    # integral of x y^2 over the unit square is 1/6; random points would err by 0.3/64 = 4e-3
    assert abs(np.mean(points["a"] * points["b"] ** 2) - 1 / 6) < 1e-4


@given(st.data())
def test_any_piece_of_a_scattered_design_is_a_piece_of_the_whole(data):
    make = data.draw(st.sampled_from([sobol, latin_hypercube]))
    grid = make(BOX, data.draw(st.integers(1, 300)), seed=data.draw(st.integers(0, 5)), log=("b",))
    index = np.array(data.draw(st.lists(st.integers(0, grid.size - 1), min_size=1, max_size=20)))
    whole, piece = grid.points(np.arange(grid.size)), grid.points(index)
    for name, (lower, upper) in BOX.items():
        np.testing.assert_array_equal(piece[name], whole[name][index])
        assert np.all((whole[name] >= lower) & (whole[name] <= upper))


@given(st.integers(1, 5000), st.integers(0, 100))
def test_a_permutation_is_one(size, seed):
    np.testing.assert_array_equal(np.sort(permuted(np.arange(size), size, seed=(seed,))), np.arange(size))


def test_uniform_numbers_are():
    """Mean and variance of 10^6 numbers within 4 standard errors, no correlation of neighbours."""
    u = uniform(np.arange(10**6), seed=(0, 1))
    assert 0 <= u.min() < u.max() < 1
    assert abs(u.mean() - 0.5) < 4 / np.sqrt(12e6)
    assert abs(np.corrcoef(u[1:], u[:-1])[0, 1]) < 4e-3


def test_points_of_a_huge_design_are_had_without_building_it():
    grid = product({name: np.linspace(0, 1, 1000) for name in "abcd"})
    assert grid.size == 10**12
    assert grid.points(np.array([10**12 - 1]))["d"] == [1.0]
    assert latin_hypercube(BOX, 10**12).points(np.array([10**11]))["a"].shape == (1,)


@given(st.data())
def test_chunks_hold_every_point_once_in_consecutive_runs(data):
    shape = tuple(data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=4)))
    cut = layout(shape, data.draw(st.one_of(st.none(), st.integers(1, 100))))
    pieces = [cut.index(number) for number in range(cut.count)]
    np.testing.assert_array_equal(np.sort(np.concatenate(pieces)), np.arange(np.prod(shape)))
    for number, piece in enumerate(pieces):
        assert len(piece) == cut.length(number) <= cut.points
        assert np.all(np.diff(piece) == 1)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: product({}), "no axis"),
        (lambda: product({"a": []}), "'a' has shape"),
        (lambda: product({"a": [1.0, np.nan]}), "'a' holds nan"),
        (lambda: product({"a": [[1.0]]}), "'a' has shape"),
        (lambda: zipped({"a": [1, 2], "b": [1]}), "unequal length"),
        (lambda: sobol({"a": (2.0, 1.0)}, 8), "expected finite lower < upper"),
        (lambda: sobol({"a": (0.0, 1.0)}, 0), "0 points"),
        (lambda: sobol({"a": (0.0, 1.0)}, 8, log=("a",)), "positive"),
        (lambda: latin_hypercube({"alpha": (1.0, 2.0)}, 8, log=("alhpa",)), "did you mean 'alpha'"),
        (lambda: layout((3,), 0), "expected 1 or more"),
    ],
)
def test_impossible_designs_are_told(make, says):
    with pytest.raises(ValueError, match=says):
        make()
