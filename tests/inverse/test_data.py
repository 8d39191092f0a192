"""Datasets: columns and rows, and one clear line for every kind of bad number."""

import jax.numpy as jnp
import numpy as np
import pytest
from toy_models import Current, Time

from jaxspin.inverse import Dataset, Measurement

T = np.linspace(0, 1, 4)


def test_columns_become_measurements_at_every_row():
    data = Dataset.from_columns(Time(T), {"signal": (2 * T, 0.1)}, limits={"signal": [0, 1, -1, 0]}, name="scan")
    measurement = data.measurements["signal"]
    assert data.size == 4
    np.testing.assert_array_equal(measurement.rows, range(4))
    np.testing.assert_array_equal(measurement.sigma, [0.1] * 4)
    np.testing.assert_array_equal(measurement.limit, [0, 1, -1, 0])


def test_single_numbers_among_the_conditions_hold_for_all_rows():
    data = Dataset.from_columns(Current(3.0), {"y": (T, 0.1)})
    np.testing.assert_array_equal(data.conditions.x, [3.0] * 4)


def test_an_observable_may_be_measured_at_some_rows_only():
    data = Dataset.from_columns(Current(T), {"y": (T, 0.1), "twice": Measurement([2], [1.0], 0.1)})
    np.testing.assert_array_equal(data.measurements["twice"].rows, [2])


@pytest.mark.parametrize(
    ("observed", "line"),
    [
        ({"y": ([0, 1, np.nan, 3], 0.1)}, "dataset 'scan', y, row 2: value = nan must be a finite number"),
        ({"y": (T, [0.1, 0.0, 0.1, 0.1])}, "dataset 'scan', y, row 1: sigma = 0.0 must be a positive, finite number"),
        ({"y": (T, [0.1, 0.1])}, "dataset 'scan', y, sigma has shape (2,), but there are 4 values"),
        ({"y": Measurement([0, 7], [1.0, 2.0], 0.1)}, "dataset 'scan', y, row 7: there are conditions 0 to 3 only"),
        (
            {"y": Measurement([0], [1.0], 0.1, 2)},
            "dataset 'scan', y, row 0: limit = 2 must be 0, +1 (above) or -1 (below)",
        ),
        ({}, "dataset 'scan' has no measurements"),
        ({"y": (T[:3], 0.1)}, None),
    ],
)
def test_bad_numbers_are_named(observed, line):
    if line is None:  # three values at four conditions are the first three rows
        assert Dataset.from_columns(Current(T), observed).measurements["y"].rows.size == 3
        return
    with pytest.raises(ValueError, match="dataset 'scan'") as error:
        Dataset.from_columns(Current(T), observed, name="scan")
    assert str(error.value) == line


def test_conditions_of_unequal_length_are_refused():
    with pytest.raises(ValueError, match="needs the same leading length"):
        Dataset(Current(1.0), {"y": Measurement(None, T, 0.1)})


def test_with_values_replaces_measured_values_only():
    data = Dataset.from_columns(Current(T), {"y": (T, 0.1)})
    again = data.with_values({"y": jnp.ones(4)})
    np.testing.assert_array_equal(again.measurements["y"].value, np.ones(4))
    with pytest.raises(KeyError, match="unknown observable 'z'"):
        data.with_values({"z": jnp.ones(4)})
