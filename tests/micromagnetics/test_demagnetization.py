"""Demagnetization: the tensor against its definition, the fast field against direct sums, shapes with known factors."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.micromagnetics.demagnetization import VACUUM_PERMEABILITY, Demagnetization
from jaxspin.micromagnetics.mesh import Mesh
from jaxspin.micromagnetics.newell import COMPONENTS, NEAR, brick_tensor
from jaxspin.micromagnetics.sublattice import Sublattice
from jaxspin.micromagnetics.system import System
from jaxspin.micromagnetics.term import field_by_gradient

M_S = 8e5


def matrix(components: np.ndarray) -> np.ndarray:
    """(..., 3, 3) from the six components."""
    full = np.empty((*components.shape[1:], 3, 3))
    for row, (i, j) in enumerate(COMPONENTS):
        full[..., i, j] = full[..., j, i] = components[row]
    return full


def magnetization(shape: tuple[int, int, int], seed: int = 0) -> np.ndarray:
    """Random, which has all wave numbers."""
    return np.random.default_rng(seed).standard_normal((*shape, 3))


def direct(shape, cell, m, periodic=(False,) * 3, images=(0, 0, 0)) -> np.ndarray:
    """-mu_0 sum of N M over all cells and images, these counted from the nearest copy, or as the mean of two as near.

    N is tabulated over all differences of cells, of both signs, so that no symmetry is used.
    """
    differences = [
        range(-(n // 2), n - n // 2) if wraps else range(1 - n, n) for n, wraps in zip(shape, periodic, strict=True)
    ]
    copies = np.array(list(itertools.product(*(range(-c, c + 1) for c in images)))) * np.array(shape)
    tensor = {}
    for d in itertools.product(*differences):
        both = [[x, x + n] if wraps and 2 * x == -n else [x] for x, n, wraps in zip(d, shape, periodic, strict=True)]
        starts = np.array(list(itertools.product(*both)))
        offsets = (starts[:, None] + copies[None]).reshape(-1, 3) * np.array(cell)
        tensor[d] = matrix(brick_tensor(offsets, cell)).sum(axis=0) / len(starts)
    found = np.zeros((*shape, 3))
    for i, j in itertools.product(np.ndindex(shape), repeat=2):
        d = (a - b for a, b in zip(i, j, strict=True))
        nearest = ((x + n // 2) % n - n // 2 if wraps else x for x, n, wraps in zip(d, shape, periodic, strict=True))
        found[i] -= VACUUM_PERMEABILITY * tensor[tuple(nearest)] @ m[j]
    return found


def test_cube_and_trace() -> None:
    """A cube has 1/3 along each axis; the trace is 1 within a cell and 0 between cells, near and far."""
    own = brick_tensor(np.zeros(3), (2e-9, 2e-9, 2e-9))
    np.testing.assert_allclose(own, [1 / 3] * 3 + [0] * 3, atol=1e-15)
    offsets = np.array([0.0, 1, 2, 5, NEAR - 0.1, NEAR + 0.1, 29, 40, 99, 300, 3000])[:, None] * np.array(
        [0.6, -0.48, 0.64]
    )
    trace = brick_tensor(offsets, (1.0, 0.7, 0.4))[:3].sum(axis=0)
    np.testing.assert_allclose(trace, [1.0] + [0.0] * 10, atol=1e-14)


def test_closed_form_meets_the_gauss_rule() -> None:
    """On either side of the distance where one takes over from the other N is the same."""
    along = np.array([[1.0, 0, 0], [0.6, -0.48, 0.64], [0, 0, 1]])
    for cell in ((1.0, 1.0, 1.0), (1.0, 0.3, 0.1)):
        inside, outside = (brick_tensor(along * NEAR * (1 + step), cell) for step in (-1e-12, 1e-12))
        # N itself changes by 3e-12 of its size, at most 3e-4, over this step
        np.testing.assert_allclose(inside, outside, atol=1e-14)


def test_tensor_by_its_definition() -> None:
    """N of two bricks by integrating the surface charges' field: another way to the same six-fold integral."""
    cell, offset = (1.0, 0.8, 0.5), np.array([1.3, -1.1, 0.9])
    nodes, weights = np.polynomial.legendre.leggauss(24)
    x, y, z = (np.reshape(nodes * h / 2, np.roll([-1, 1, 1], a)) for a, h in enumerate(cell))
    w = np.einsum("a,b,c->abc", weights, weights, weights) / 8
    u, v, area = (
        nodes[:, None] * cell[1] / 2,
        nodes[None] * cell[2] / 2,
        np.outer(weights, weights) * cell[1] * cell[2] / 4,
    )
    field = np.zeros(3)
    for side in (1, -1):  # charges +-M on the faces across x of the source
        for at_u, at_v, da in zip(*(np.broadcast_to(a, area.shape).ravel() for a in (u, v, area)), strict=True):
            r = np.stack(
                np.broadcast_arrays(x + offset[0] - side * cell[0] / 2, y + offset[1] - at_u, z + offset[2] - at_v)
            )
            field += side * da * np.sum(w * r / np.sum(r * r, axis=0) ** 1.5, axis=(1, 2, 3)) / (4 * np.pi)
    # Gauss rules of 24 points on bricks a fraction of their size apart are good to some 1e-11
    np.testing.assert_allclose(-field, matrix(brick_tensor(offset, cell))[0], atol=1e-9)


@pytest.mark.parametrize(
    ("shape", "periodic", "images"),
    [
        ((1, 1, 1), (False,) * 3, None),
        pytest.param(*((7, 1, 1), (False,) * 3, None), marks=pytest.mark.slow),
        pytest.param(*((1, 5, 4), (False,) * 3, None), marks=pytest.mark.slow),
        ((9, 6, 1), (False,) * 3, None),
        pytest.param(*((5, 4, 3), (False,) * 3, None), marks=pytest.mark.slow),
        ((6, 5, 1), (True, False, False), 2),
        pytest.param(*((4, 5, 2), (True, True, False), (2, 1, 0)), marks=pytest.mark.slow),
        ((2, 3, 4), (True, True, True), 1),
    ],
)
def test_field_is_the_direct_sum(shape, periodic, images) -> None:
    """Fourier transforms against summation over all pairs of cells, 1e-10 of mu_0 M."""
    cell = (5e-9, 4e-9, 3e-9)
    term = Demagnetization(Mesh(shape, cell, periodic), images=images)
    m = magnetization(shape)
    copies = [0] * 3 if images is None else np.broadcast_to(images, 3) * np.array(periodic)
    wanted = direct(shape, cell, m, periodic, copies)
    np.testing.assert_allclose(term.flux_density(jnp.asarray(m)), wanted, atol=1e-10 * VACUUM_PERMEABILITY)


def test_infinite_film_and_wire() -> None:
    """Uniform: a film has N = (0, 0, 1), a square wire along y (1/2, 0, 1/2), whatever the period is cut into."""
    for shape, cell, periodic, factors in (
        ((6, 4, 1), (3e-9, 5e-9, 2e-9), (True, True, False), (0, 0, 1)),
        ((1, 5, 1), (2e-9, 3e-9, 2e-9), (False, True, False), (0.5, 0, 0.5)),
    ):
        term = Demagnetization(Mesh(shape, cell, periodic))
        for axis, factor in enumerate(factors):
            field = term.flux_density(jnp.zeros((*shape, 3)).at[..., axis].set(1.0))
            wanted = np.zeros((*shape, 3))
            wanted[..., axis] = -VACUUM_PERMEABILITY * factor
            # what the Richardson limit of the image sums leaves
            np.testing.assert_allclose(field, wanted, atol=1e-9 * VACUUM_PERMEABILITY)


@pytest.mark.slow
def test_infinite_film_of_stripes() -> None:
    """Stripes cos(k x) of m_z in a film: every wave q that the cells alias has (1 - exp(-q t))/(q t), weight sinc^2."""
    n, h, t = 12, 2e-9, 3e-9
    term = Demagnetization(Mesh((n, 3, 1), (h, h, t), (True, True, False)))
    x = 2 * np.pi * (np.arange(n) + 0.5) / n
    m = np.zeros((n, 3, 1, 3))
    m[..., 2] = np.cos(x)[:, None, None]
    k = 2 * np.pi / (n * h)
    q = np.abs(k + 2 * np.pi * np.arange(-20000, 20001) / h)
    # both averages, over source and receiving cell: sinc^2; the rest of the sum falls as the cube of its length
    factor = np.sum(np.sinc(q * h / (2 * np.pi)) ** 2 * (1 - np.exp(-q * t)) / (q * t))
    np.testing.assert_allclose(
        term.flux_density(jnp.asarray(m)), -VACUUM_PERMEABILITY * factor * m, atol=1e-8 * VACUUM_PERMEABILITY
    )


@pytest.mark.slow
def test_energy_and_field() -> None:
    """M1.B(M2) = M2.B(M1); the field is the gradient of the energy, on a mask, for two sublattices that differ."""
    shape = (4, 5, 2)
    mask = np.random.default_rng(1).random(shape) < 0.7
    mesh = Mesh(shape, (3e-9, 2e-9, 2e-9), mask=mask)
    term = Demagnetization(mesh)
    system = System(mesh, (Sublattice(M_S, 0.1), Sublattice(0.4 * M_S, 0.1)), term)
    first, second = (jnp.asarray(magnetization(shape, seed)) for seed in (2, 3))
    forth, back = (jnp.sum(a * term.flux_density(b)) for a, b in ((first, second), (second, first)))
    np.testing.assert_allclose(forth, back, rtol=1e-12)
    m = system.normalised(jnp.asarray(np.random.default_rng(4).standard_normal((2, *shape, 3))))
    by_hand = jnp.where(mask[None, ..., None], term.field(m, system), 0.0)
    np.testing.assert_allclose(field_by_gradient(term, m, system), by_hand, atol=1e-12)
    # a unit of energy per volume: a sphere of cells, cubic in symmetry, has mu_0 M^2/6 on average whatever its outline
    n = 8
    ball = np.sum((np.stack(np.meshgrid(*[np.arange(n) - 3.5] * 3)) ** 2), axis=0) < 15
    mesh = Mesh((n, n, n), (1e-9,) * 3, mask=ball)
    system = System(mesh, Sublattice(M_S, 0.1), Demagnetization(mesh))
    density = system.terms[0].energy_density(system.uniform((0.6, 0.0, 0.8)), system)
    np.testing.assert_allclose(jnp.sum(density) / ball.sum(), VACUUM_PERMEABILITY * M_S**2 / 6, rtol=1e-12)


@pytest.mark.slow
def test_gradient_with_respect_to_magnetization() -> None:
    """Forward and reverse derivatives of the energy with respect to a map of M_s: it is a quadratic form of the map."""
    mesh = Mesh((5, 4, 1), (5e-9, 5e-9, 3e-9))
    term = Demagnetization(mesh)
    m = jnp.asarray(magnetization((1, 5, 4, 1), 5))

    def total(scale: jax.Array) -> jax.Array:
        return jnp.sum(term.energy_density(m, System(mesh, Sublattice(M_S * scale, 0.1), term)))

    scale = jnp.asarray(np.random.default_rng(6).uniform(0.5, 1.5, (5, 4, 1)))
    np.testing.assert_allclose(jnp.sum(jax.grad(total)(scale) * scale), 2 * total(scale), rtol=1e-10)
    along = jax.jvp(total, (scale,), (jnp.ones_like(scale),))[1]
    np.testing.assert_allclose(along, jnp.sum(jax.grad(total)(scale)), rtol=1e-10)


def test_bad_images() -> None:
    """An infinite solid has no unique field; counts are no negative numbers."""
    mesh = Mesh((2, 2, 2), (1e-9,) * 3, (True,) * 3)
    with pytest.raises(ValueError, match="give the number of images"):
        Demagnetization(mesh)
    with pytest.raises(ValueError, match="images must be >= 0"):
        Demagnetization(mesh, images=(1, -1, 0))
