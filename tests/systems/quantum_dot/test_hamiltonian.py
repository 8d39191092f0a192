"""The Hamiltonian construction: unitarity, time reversal, the formula as printed, ideal contacts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.numerics import random_matrix
from jaxspin.systems.quantum_dot import Dot
from jaxspin.systems.quantum_dot.cavity import scattering_matrix
from jaxspin.systems.quantum_dot.hamiltonian import broadening, hamiltonian
from jaxspin.systems.quantum_dot.perturbation import draw_fields, generator

M, N1, N2 = 20, 2, 1
N = N1 + N2


@jax.jit
def built(dot, key):
    """S, H and H'/Delta of one draw."""
    keys = jax.random.split(key, 3)
    H = random_matrix.goe(keys[2], M)
    perturbation = generator(dot, draw_fields(keys[:2], M, M))[0]
    return scattering_matrix(hamiltonian(dot, H, perturbation)), H, perturbation * (1j / (2 * jnp.pi))


def dot(**parameters):
    return Dot(n1=N1, n2=N2, **parameters)


KEY = jax.random.key(3)


@pytest.mark.parametrize("parameters", [{}, {"x": 1.3, "a": 0.7, "b": 2.0, "epsilon": 0.4, "x_so": 0.6}, {"a": 30.0}])
def test_scattering_is_unitary(parameters):
    S, *_ = built(dot(**parameters), KEY)
    assert np.abs(S @ S.conj().T - np.eye(2 * N)).max() < 1e-13


def test_scattering_matrix_as_printed():
    """S = 1 - 2 pi i W^dagger (E - H - H' + i pi W W^dagger)^-1 W with pi W^2 = sigma on N levels."""
    S, H, perturbation = built(dot(x=1.3, a=0.7, b=2.0, epsilon=0.4), KEY)
    W = np.sqrt(broadening(N, M) / np.pi) * np.eye(2 * M, 2 * N)
    H = np.kron(H, np.eye(2)) * np.sqrt(M - 3 * N / 4) / np.pi + np.asarray(perturbation)
    inside = 0.4 * np.eye(2 * M) - H + 1j * np.pi * W @ W.T
    np.testing.assert_allclose(S, np.eye(2 * N) - 2j * np.pi * W.T @ np.linalg.inv(inside) @ W, atol=1e-12)


def test_time_reversal():
    """Spin-orbit coupling alone leaves S self-dual; fields break that, and S(-x, -b) is the dual of S(x, b)."""
    S, *_ = built(dot(a=0.7, x_so=0.6, epsilon=0.4), KEY)
    assert np.abs(S - random_matrix.dual(S)).max() < 1e-13
    forth, *_ = built(dot(a=0.7, x=0.6, b=0.8), KEY)
    back, *_ = built(dot(a=0.7, x=-0.6, b=-0.8), KEY)
    assert np.abs(forth - random_matrix.dual(forth)).max() > 1e-3
    assert np.abs(back - random_matrix.dual(forth)).max() < 1e-13


def test_contacts_are_ideal():
    """<S> = 0 up to 1/M: 4000 draws of S_11 without spin, whose |S_11|^2 is 2/(N + 1) = 1/2 on average."""

    def S_11(key):
        return scattering_matrix(hamiltonian(dot(), random_matrix.goe(key, M), jnp.zeros((M, M), complex)))[0, 0]

    S = np.asarray(jax.jit(jax.vmap(S_11))(jax.random.split(jax.random.key(1), 4000)))
    for part in (S.real, S.imag):
        assert abs(part.mean()) < 3 * part.std() / np.sqrt(4000) + 0.5 / M
    assert np.mean(np.abs(S) ** 2) == pytest.approx(0.5, abs=0.5 / M + 3 * np.std(np.abs(S) ** 2) / np.sqrt(4000))


def test_level_spacing_at_the_fermi_energy_is_the_unit():
    """The levels of the closed dot near E = 0, N << M, are one apart: 400 draws, a window of +-1.5."""
    keys = jax.random.split(jax.random.key(2), 400)
    H = np.asarray(jax.jit(jax.vmap(lambda key: random_matrix.goe(key, 60)))(keys)) * np.sqrt(60) / np.pi
    inside = np.sum(np.abs(np.linalg.eigvalsh(H)) < 1.5, axis=1)
    assert inside.mean() == pytest.approx(3, abs=3 * inside.std() / np.sqrt(400) + 0.02)
