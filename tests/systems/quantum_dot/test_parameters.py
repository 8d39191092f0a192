"""The reduced parameters refuse what is no dot."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.systems.quantum_dot import Dot


@pytest.mark.parametrize("wrong", [0, -1, 2.5, 10.0, True, "3", None, np.float64(4)])
@pytest.mark.parametrize("contact", ["n1", "n2"])
def test_channels_are_whole_numbers_of_at_least_one(contact, wrong):
    with pytest.raises(ValueError, match="must be integers >= 1"):
        Dot(**({"n1": 5, "n2": 5} | {contact: wrong}))


def test_channels_may_be_any_integer_type():
    assert Dot(n1=np.int32(3), n2=np.int64(4)).N == 7


@pytest.mark.parametrize("name", ["x", "a", "b", "epsilon", "dephasing", "x_so"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_are_finite(name, value):
    with pytest.raises(ValueError, match=f"{name} .* must be finite"):
        Dot(n1=5, n2=5, **{name: value})


def test_dephasing_is_not_negative():
    with pytest.raises(ValueError, match=r"dephasing .* must be >= 0, got -0\.1"):
        Dot(n1=5, n2=5, dephasing=-0.1)


def test_a_dot_is_a_pytree_with_static_channels():
    dots = jax.vmap(lambda x: Dot(n1=2, n2=3, x=x))(jnp.arange(4.0))
    assert dots.N == 5
    assert dots.x.shape == (4,)
    assert len(jax.tree.leaves(dots)) == 6
