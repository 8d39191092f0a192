"""Random condensates and all their fixed points, shared so that they are compiled and computed once."""

import jax
import numpy as np
import pytest

from jaxspin.systems.polariton import Condensate, fixed_points

COUNT = 2000


def _random_condensates(weakest):
    rng = np.random.default_rng(3)
    delta = rng.choice([-1.0, 1.0], COUNT) * 10.0 ** rng.uniform(weakest, 0.3, COUNT)
    return Condensate(*(rng.uniform(*limits, COUNT) for limits in ((-3, 6), (-2, 8), (-2, 4))), delta)


@pytest.fixture(scope="session")
def random_condensates():
    """Function of the weakest field's decade: parameters in a wide box, the field over decades from there to 2."""
    return _random_condensates


@pytest.fixture(scope="session")
def condensates():
    """Two thousand condensates with fields from 0.001 to 2."""
    return _random_condensates(-3)


@pytest.fixture(scope="session")
def points(condensates):
    """Their fixed points."""
    return jax.vmap(fixed_points)(condensates)
