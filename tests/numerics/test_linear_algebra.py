"""Eigenvalue derivatives at and away from degeneracy, against perturbation theory and finite differences."""

import jax
import jax.numpy as jnp
import pytest

from jaxspin.numerics.linear_algebra import eigh, eigvals

KEY = jax.random.key(3)


def _hermitian(n, key):
    a = jax.random.normal(key, (n, n)) + 1j * jax.random.normal(jax.random.fold_in(key, 1), (n, n))
    return a + a.conj().T


def _difference(f, x, h=1e-5):
    return (f(x + h) - f(x - h)) / (2 * h)


@pytest.mark.parametrize("derivative", [jax.jacfwd, jax.jacrev])
def test_away_from_degeneracy_as_finite_differences(derivative):
    a, b = _hermitian(4, KEY), _hermitian(4, jax.random.key(5))
    weight = _hermitian(4, jax.random.key(7))

    def observable(x):
        w, v = eigh(a + x * b)
        return w[1] + jnp.real(v[:, 2].conj() @ weight @ v[:, 2])

    assert derivative(observable)(0.3) == pytest.approx(float(_difference(observable, 0.3)), rel=1e-7)


@pytest.mark.parametrize("derivative", [jax.jacfwd, jax.jacrev])
def test_projector_on_a_degenerate_cluster(derivative):
    """The projector on the lower two of diag(0, 0, 1) + x b changes by -(P b Q + Q b P) to first order."""
    b = _hermitian(3, KEY).real
    weight = _hermitian(3, jax.random.key(9)).real

    def occupied(x):
        _, v = eigh(jnp.diag(jnp.array([0.0, 0.0, 1.0])) + x * b)
        return jnp.trace(weight @ v[:, :2] @ v[:, :2].T)

    p, q = jnp.diag(jnp.array([1.0, 1.0, 0.0])), jnp.diag(jnp.array([0.0, 0.0, 1.0]))
    expected = -jnp.trace(weight @ (p @ b @ q + q @ b @ p))
    assert derivative(occupied)(0.0) == pytest.approx(float(expected), rel=1e-12)


@pytest.mark.parametrize("derivative", [jax.jacfwd, jax.jacrev])
def test_sum_over_a_degenerate_cluster_of_eigenvalues(derivative):
    b = _hermitian(3, KEY).real
    hermitian = lambda x: jnp.sum(eigh(jnp.diag(jnp.array([0.0, 0.0, 1.0])) + x * b)[0][:2])
    general = lambda x: jnp.sum(eigvals(jnp.diag(jnp.array([0.0, 0.0, 1.0])) + x * b)[:2]).real
    for total in (hermitian, general):
        assert derivative(total)(0.0) == pytest.approx(float(b[0, 0] + b[1, 1]), rel=1e-12)


def test_eigenvalues_are_ordered_in_batches():
    w = eigvals(jax.random.normal(KEY, (5, 4, 4)))
    assert w.shape == (5, 4)
    assert jnp.all(jnp.diff(w.real, axis=-1) >= -1e-12)
