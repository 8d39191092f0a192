"""The switching simulation: what mirrors dictate to rounding, the toggle, edge tilt, geometry, derivatives."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.core import Differentiate, Solve
from jaxspin.micromagnetics.eigenmodes import eigenmodes
from jaxspin.micromagnetics.evolve import evolve
from jaxspin.micromagnetics.mesh import Mesh
from jaxspin.micromagnetics.relax import relax
from jaxspin.micromagnetics.symmetry import check_switching_symmetry
from jaxspin.systems.ferrimagnet import simulation as sim

FILM = sim.SwitchingFilm(exchange_field=5.0)
BREAKING = {"field_x": 0.02, "polarization_z": 0.1, "axis_tilt": 0.05, "anisotropy_slope": 0.3}
PATCH = sim.square(5, 6e-9)
STRIP = Mesh((16, 1, 1), (4e-9, 4e-9, 6e-9), mask=np.ones((16, 1, 1), dtype=bool))
UP_DOWN = ([0.0, 0.0, 1.0], [0.0, 0.0, -1.0])


def mirrored(m):
    """The mirror y -> -y of axial vectors: (-m_x, m_y, -m_z)(x, -y)."""
    return jnp.flip(m, axis=2) * jnp.asarray([-1.0, 1.0, -1.0]).reshape(1, 1, 1, 1, 3)


def turned(m):
    """The rotation by 180 degrees about z: (-m_x, -m_y, m_z)(-x, -y)."""
    return jnp.flip(m, axis=(1, 2)) * jnp.asarray([-1.0, -1.0, 1.0]).reshape(1, 1, 1, 1, 3)


@eqx.filter_jit
def _final(films, m0, currents):
    """Constant steps: with adaptive ones rounding may choose another step."""
    times = jnp.asarray([0.0, 2e-11])

    def one(film, m0, current):
        return evolve(sim.magnet(film, PATCH, current), m0, times, dt=2e-13, method=sim.METHOD).final

    return jax.vmap(one)(films, m0, currents)


@pytest.fixture(scope="module")
def rough_start():
    system = sim.magnet(FILM, PATCH, 0.0)
    noise = 0.5 * jax.random.normal(jax.random.key(1), (2, *PATCH.shape, 3))
    return system.normalised(system.uniform(*UP_DOWN) + noise)


@pytest.fixture(scope="module")
def finals(rough_start):
    """Of start, mirrored start, and mirrored and turned start with the current reversed; plain, then with each term."""
    films = [FILM, *(dataclasses.replace(FILM, **{name: size}) for name, size in BREAKING.items())]
    starts = jnp.stack([rough_start, mirrored(rough_start), turned(mirrored(rough_start))])
    m0 = jnp.tile(starts, (len(films), 1, 1, 1, 1, 1))
    currents = jnp.tile(jnp.asarray([4e12, 4e12, -4e12]), len(films))
    stacked = jax.tree.map(lambda *leaves: jnp.repeat(jnp.stack(leaves), 3, axis=0), *films)
    found = _final(stacked, m0, currents).reshape(len(films), 3, *rough_start.shape)
    return dict(zip(["none", *BREAKING], np.asarray(found), strict=True))


def test_mirror_turns_up_into_down_at_the_same_current(finals, rough_start):
    # 100 steps of rounding 1e-16 each, amplified by precession at most a hundredfold
    start, mirror, _ = finals["none"]
    assert np.abs(start - rough_start).max() > 0.1  # it did move
    np.testing.assert_allclose(mirror, mirrored(start), atol=1e-12)


@pytest.mark.parametrize("term", BREAKING)
def test_each_named_term_breaks_the_mirror_and_keeps_its_product_with_the_rotation(finals, term):
    start, mirror, both = finals[term]
    assert np.abs(mirror - mirrored(start)).max() > 1e-4
    np.testing.assert_allclose(both, turned(mirrored(start)), atol=1e-12)


def test_symmetry_check_names_what_breaks_the_mirror():
    pulse = sim.one_pulse(1e-9)
    plain = check_switching_symmetry(sim.magnet(FILM, PATCH, 4e12, pulse), times=(5e-10,))
    assert plain.verdict == "can only toggle"
    named = {"field_x": "Zeeman", "polarization_z": "SpinOrbitTorque"}
    for term, size in BREAKING.items():
        system = sim.magnet(dataclasses.replace(FILM, **{term: size}), PATCH, 4e12, pulse)
        found = check_switching_symmetry(system, times=(5e-10,))
        assert found.verdict == "polarity sets the state", term
        assert list(found.broken_by) == [named.get(term, "UniaxialAnisotropy")], term


def test_pulse_toggles_for_both_starts_and_both_currents():
    times = jnp.linspace(0.0, 0.4e-9, 5)

    @jax.jit
    def outcome(start, current):
        run = sim.pulsed(FILM, STRIP, current, times, waveform=sim.one_pulse(0.24e-9), start=start)
        return sim.switched(run.averages[:, 0, 2]), run.status

    starts, currents = jnp.asarray([1.0, 1, -1, -1, 1]), jnp.asarray([3.5e12, -3.5e12, 3.5e12, -3.5e12, 2e12])
    order, status = jax.vmap(outcome)(starts, currents)
    assert not np.any(status)
    assert np.all(order[:4] > 0.95)  # reversed, but for the tilt at the edges
    assert order[4] < 0.01  # too weak a current leaves it as it was


def test_edge_tilts_outwards_as_the_rigid_pair_does():
    # 2 nm cells: second order in h/Delta = 0.2, and 5 T of exchange against 0.3 T of anisotropy bend the pair a little
    strip = Mesh((40, 1, 1), (2e-9, 2e-9, 6e-9), mask=np.ones((40, 1, 1), dtype=bool))
    system = sim.magnet(FILM, strip, 0.0)
    m = relax(system, system.uniform(*UP_DOWN)).m[0, :, :, 0]
    at_ends = float(m[-1, 0, 0] - m[0, 0, 0]) / 2
    assert at_ends == pytest.approx(float(FILM.tilt_near_edge(1e-9)), rel=0.02)
    assert at_ends > 0


def test_cross_its_outline_and_its_pulses():
    mesh = sim.hall_cross(90e-9, 30e-9, 6e-9)
    assert int(np.sum(mesh.magnetic)) == 15 * 5 * 2 - 25
    n = sim.outward(mesh)
    np.testing.assert_array_equal(n.sum(axis=(0, 1)), 0)
    # 12 sides of 5 cells; the end corners (8 of two sides) count for neither, inner corners have no side
    assert int(np.abs(n).sum()) == 12 * 5 - 8 * 2
    waveform = sim.two_pulses()
    at = [float(waveform(jnp.asarray(t))) for t in (1e-9, 25e-9, 40e-9, 60e-9)]
    assert at == [1.0, 0.0, -1.0, 0.0]
    m = jnp.zeros((15, 15, 3)).at[..., 2].set(-1.0).at[..., :2].set(-0.2 * n)
    assert float(sim.edge_tilt(mesh, m)) == pytest.approx(0.2)
    np.testing.assert_allclose(sim.wall_positions(mesh, m[..., 2]).max(), 90e-9)


def test_threshold_current_is_that_of_the_check_set():
    assert float(sim.SwitchingFilm().threshold_current) == pytest.approx(4.6e12, rel=0.01)


NAMES = ("dmi", "anisotropy", "theta", "current", "anisotropy_map")
GRID = Mesh((4, 3, 1), (6e-9, 6e-9, 6e-9), mask=np.ones((4, 3, 1), dtype=bool))
BUMP = 1 + 0.2 * jax.random.normal(jax.random.key(3), GRID.shape)


def _changed(x):
    """The film and current with each named quantity multiplied by its x, the map bent by the last."""
    scaled = {name: getattr(FILM, name) * x[i] for i, name in enumerate(NAMES[:3])}
    return dataclasses.replace(FILM, anisotropy_map=BUMP ** x[4], **scaled), 4e12 * x[3]


def _dynamic(x):
    """<m_z>(t*) and order parameter."""
    film, current = _changed(x)
    system = sim.magnet(film, GRID, current)
    solve = Solve(max_steps=200, differentiate=Differentiate.forward)
    times = jnp.asarray([0.0, 2e-11, 4e-11])
    run = evolve(system, system.uniform(*UP_DOWN), times, dt=4e-13, method=sim.METHOD, solve=solve)
    m_z = run.averages[:, 0, 2]
    return jnp.stack([m_z[1], sim.switched(m_z)])


def _static(x):
    """Equilibrium tilt and lowest mode frequency [GHz]."""
    film, _ = _changed(x)
    calm = sim.magnet(film, GRID, 0.0)
    rest = relax(calm, calm.uniform(*UP_DOWN), tolerance=1e-9).m
    return jnp.stack([sim.edge_tilt(GRID, rest[0, :, :, 0]), 1e-9 * eigenmodes(calm, rest, count=1).frequency[0]])


def _compare(function, which, h):
    """Jacobian and, by the same compilation, central differences of relative step h."""
    both = eqx.filter_jit(jax.jacfwd(lambda x: (function(x),) * 2, has_aux=True))
    x = jnp.ones(len(NAMES))
    jacobian = np.asarray(both(x)[0])
    for i in which:
        step = h * jnp.zeros(len(NAMES)).at[i].set(1.0)
        difference = np.asarray((both(x + step)[1] - both(x - step)[1]) / (2 * h))
        np.testing.assert_allclose(jacobian[:, i], difference, rtol=1e-5, atol=1e-7, err_msg=NAMES[i])
        assert np.abs(jacobian[:, i]).max() > 1e-4, NAMES[i]


def test_derivatives_of_the_motion_agree_with_differences():
    # truncation 1e-8 of curvature, rounding 1e-12/1e-4
    _compare(_dynamic, range(5), 1e-4)


@pytest.mark.slow  # the engine's tests have the derivatives of relax and eigenmodes
def test_derivatives_of_tilt_and_frequency_agree_with_differences():
    # truncation 1e-6 of curvature; 1e-9 T in 0.3 T leave 3e-9/1e-3 at most, a tenth of it in a mean over the outline
    _compare(_static, (0, 1, 4), 1e-3)
