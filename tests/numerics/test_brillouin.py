"""Berry curvature and Chern numbers against models of known topology, Hermitian, bosonic and lossy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.numerics import brillouin

K = brillouin.mesh(24, 24)
X, Y, Z = (jnp.array(m) for m in ([[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]))


def vector(k, mass):
    x, y = 2 * jnp.pi * k
    return jnp.stack([jnp.sin(x), jnp.sin(y), mass + jnp.cos(x) + jnp.cos(y)])


def on_mesh(matrix):
    return jax.vmap(jax.vmap(matrix))(K)


def dot_sigma(d):
    return d[0] * X + d[1] * Y + d[2] * Z


@jax.jit
def qwz(mass, loss=0.0):
    """Qi-Wu-Zhang matrices, Phys. Rev. B 74, 085308 (2006), with an imaginary field along y if `loss`."""
    return on_mesh(lambda k: dot_sigma(vector(k, mass)) + 1j * loss * Y)


@pytest.mark.parametrize(("mass", "expected"), [(-3.0, 0), (-1.0, 1), (1.0, -1), (3.0, 0)])
def test_qi_wu_zhang_phases(mass, expected):
    """C of the lower band is the degree of the map k -> d/|d|, counted where d points to -z.

    d_x = d_y = 0 at four k, (0, 0) to (1/2, 1/2); (d_x, d_y) turns there in the sense +, -, -, +, which seen from
    outside the sphere is the opposite at its south pole.
    """
    d_z, orientation = np.array([mass + 2, mass, mass, mass - 2]), np.array([1, -1, -1, 1])
    degree = int(np.sum(np.where(d_z < 0, -orientation, 0)))
    assert degree == expected
    _, right, _ = brillouin.hermitian(qwz(mass))
    assert float(brillouin.chern_number(right[..., :1])) == pytest.approx(expected, abs=1e-10)
    assert float(brillouin.chern_number(right[..., 1:])) == pytest.approx(-expected, abs=1e-10)
    assert float(brillouin.chern_number(right)) == pytest.approx(0, abs=1e-10)


def test_flux_is_half_the_solid_angle_of_d():
    """Overlaps of spinors are those along geodesics, so a plaquette is two spherical triangles, up to its diagonal."""
    _, right, _ = brillouin.hermitian(qwz(1.3))
    d = np.asarray(on_mesh(lambda k: vector(k, 1.3)))
    d = d / np.linalg.norm(d, axis=-1, keepdims=True)
    a, b, c, e = d, np.roll(d, -1, 0), np.roll(np.roll(d, -1, 0), -1, 1), np.roll(d, -1, 1)

    def triangle(u, v, w):
        """Solid angle, van Oosterom and Strackee."""
        dot = lambda x, y: np.sum(x * y, axis=-1)
        return 2 * np.arctan2(dot(u, np.cross(v, w)), 1 + dot(u, v) + dot(v, w) + dot(w, u))

    solid = triangle(a, b, c) + triangle(a, c, e)
    np.testing.assert_allclose(brillouin.berry_flux(right[..., :1]), solid / 2, atol=1e-12)


def test_chern_number_does_not_depend_on_phases_or_basis():
    """A random unitary change of basis of a set of bands at every k leaves all fluxes."""
    pair = jnp.kron(brillouin.hermitian(qwz(1.0))[1][..., :1], jnp.eye(2))  # every band twice
    turn = jnp.linalg.qr(jax.random.normal(jax.random.key(0), (24, 24, 2, 2)) + 0j)[0]
    turn = turn * jnp.exp(1j * jax.random.uniform(jax.random.key(1), (24, 24, 1, 2)))
    flux = brillouin.berry_flux(pair)
    np.testing.assert_allclose(brillouin.berry_flux(pair @ turn), flux, atol=1e-11)
    assert float(jnp.sum(flux)) == pytest.approx(-2 * 2 * np.pi, abs=1e-9)  # C = -1, twice


@pytest.mark.parametrize(("phase", "mass", "expected"), [(np.pi / 2, 0.0, 1), (np.pi / 2, 6.0, 0), (0.0, 1.0, 0)])
def test_haldane_model(phase, mass, expected):
    """Phys. Rev. Lett. 61, 2015 (1988): |C| = 1 if |M| < 3 sqrt(3) t_2 |sin phase|, with the sign of phase."""

    def matrix(k, phase):
        x, y = 2 * jnp.pi * k
        near = 1 + jnp.exp(-1j * x) + jnp.exp(-1j * y)
        second = lambda sign: (
            2 * (jnp.cos(x + sign * phase) + jnp.cos(-y + sign * phase) + jnp.cos(y - x + sign * phase))
        )
        diagonal = jnp.stack([mass + second(1), -mass + second(-1)])
        return jnp.diag(diagonal) + jnp.array([[0, 1], [0, 0]]) * near + jnp.array([[0, 0], [1, 0]]) * near.conj()

    chern = []
    for sign in (1, -1):
        _, right, _ = brillouin.hermitian(on_mesh(lambda k, sign=sign: matrix(k, sign * phase)))
        chern.append(float(brillouin.chern_number(right[..., :1])))
    assert abs(chern[0]) == pytest.approx(expected, abs=1e-10)
    assert chern[1] == pytest.approx(-chern[0], abs=1e-10)


def test_left_and_right_vectors_keep_the_chern_number_under_loss():
    """Loss smaller than the gap cannot change it, and right vectors alone must agree with biorthogonal pairs.

    Shen, Zhen and Fu, Phys. Rev. Lett. 120, 146402 (2018).
    """
    w, right, left = brillouin.biorthogonal(qwz(1.0, 0.4))
    assert float(jnp.max(jnp.abs(w.imag))) > 0.1
    np.testing.assert_allclose(left @ right, np.broadcast_to(np.eye(2), (24, 24, 2, 2)), atol=1e-12)
    both = brillouin.chern_number(right[..., :1], left[..., :1, :])
    assert float(both) == pytest.approx(-1, abs=1e-10)
    assert float(brillouin.chern_number(right[..., :1])) == pytest.approx(-1, abs=1e-10)


def test_bosons_with_pairing_by_metric_and_by_left_vectors():
    """Particles on Qi-Wu-Zhang bands with weak pairing: metric and left vectors give the same bands and topology."""

    def matrix(k):
        h = dot_sigma(vector(k, 1.0)) + 5 * jnp.eye(2)
        mirrored = (dot_sigma(vector(-k, 1.0)) + 5 * jnp.eye(2)).conj()
        return jnp.block([[h, 0.5 * X], [0.5 * X, mirrored]])

    tau = jnp.diag(jnp.array([1.0, 1.0, -1.0, -1.0]))
    matrices = on_mesh(matrix)
    w, right, left = brillouin.paraunitary(matrices)
    other, right_other, left_other = brillouin.biorthogonal(tau @ matrices)
    np.testing.assert_allclose(w, other, atol=1e-10)
    np.testing.assert_allclose(left @ right, np.broadcast_to(np.eye(4), (24, 24, 4, 4)), atol=1e-10)
    np.testing.assert_allclose(tau @ matrices @ right, right * w[..., None, :], atol=1e-10)
    particle = brillouin.chern_number(right[..., 2:3], left[..., 2:3, :])
    assert float(particle) == pytest.approx(-1, abs=1e-9)
    assert float(brillouin.chern_number(right_other[..., 2:3], left_other[..., 2:3, :])) == pytest.approx(-1, abs=1e-9)


def test_a_bloch_sum_is_periodic_and_a_path_passes_its_corners():
    cells = np.array([[0, 0], [1, 0], [0, -1]])
    blocks = jax.random.normal(jax.random.key(2), (3, 2, 2))
    k = jnp.array([0.21, 0.37])
    np.testing.assert_allclose(
        brillouin.bloch(blocks, cells, k), brillouin.bloch(blocks, cells, k + jnp.array([1.0, -2.0])), atol=1e-13
    )
    line = brillouin.path([(0, 0), (0.5, 0), (1 / 3, 1 / 3)], 4)
    assert line.shape == (9, 2)
    np.testing.assert_allclose(line[::4], [(0, 0), (0.5, 0), (1 / 3, 1 / 3)], atol=1e-15)


def test_flux_has_the_derivative_of_finite_differences():
    @jax.jit
    def one(mass):
        _, right, _ = brillouin.hermitian(on_mesh(lambda k: dot_sigma(vector(k, mass))))
        return brillouin.berry_flux(right[..., :1])[3, 5]

    h = 1e-5
    numeric = (one(1.0 + h) - one(1.0 - h)) / (2 * h)
    assert float(jax.jit(jax.grad(one))(1.0)) == pytest.approx(float(numeric), rel=1e-6)
