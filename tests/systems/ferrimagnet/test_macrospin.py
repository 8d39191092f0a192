"""Macrospin dynamics against exact solutions, conservation laws and symmetries.

Times and rates of one or two macrospins follow from the Landau-Lifshitz-Gilbert equation in closed form; the
integrator's local error is 1e-9, so 1e-7 is kept over the few hundred steps of each run.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax.flatten_util import ravel_pytree

from jaxspin.core import Differentiate, Solve, Status, outside_bounds, replace
from jaxspin.numerics import ode
from jaxspin.systems.ferrimagnet.constants import MU_0
from jaxspin.systems.ferrimagnet.drive import Drive, Pulse, Ramp
from jaxspin.systems.ferrimagnet.macrospin import (
    Ferromagnet,
    Sublattice,
    TwoSublattice,
    collinear,
    effective_field,
    energy,
    normalized,
    torque_fields,
)
from jaxspin.systems.ferrimagnet.trajectory import relax, simulate

TILTED = jnp.array([[0.3, 0.2, 0.9]])
TILTED_PAIR = jnp.array([[0.3, 0.2, 0.9], [-0.2, -0.3, -0.9]])


def ferromagnet(**changes):
    values = {"M": 8e5, "K": 1e5, "alpha": 0.05, "theta_DL": 0.1, "theta_FL": 0.04} | changes
    return Ferromagnet(Sublattice(**values), t=1.2e-9)


def ferrimagnet(exchange=20.0, **changes):
    """CoTb-like: different moments, g-factors, damping, anisotropy, torques; mu0 lambda M about 12 T."""
    first = {"M": 5e5, "K": 4e4, "alpha": 0.03, "g": 2.2, "theta_DL": 0.1, "theta_FL": 0.03}
    second = {"M": 3.5e5, "K": 2e4, "alpha": 0.05, "g": 1.9, "theta_DL": 0.05, "theta_FL": 0.02}
    return replace(TwoSublattice(Sublattice(**first), Sublattice(**second), exchange, 6e-9), changes)


def undamped(magnet):
    names = [name for name in ("spin.alpha", "first.alpha", "second.alpha") if hasattr(magnet, name.split(".")[0])]
    return replace(magnet, dict.fromkeys(names, 0.0))


def rotation(axis, angle):
    """Rodrigues' rotation matrix."""
    x, y, z = axis / np.linalg.norm(axis)
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return jnp.asarray(np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k)


def test_larmor_precession():
    """Counterclockwise about H at gamma mu0 H."""
    magnet = ferromagnet(K=0.0, alpha=0.0)
    H, duration = 1e5, 1e-10
    motion = simulate(magnet, Drive(H=(0, 0, H)), duration=duration, start=[[1.0, 0, 1.0]]).checked()
    phase = jnp.unwrap(jnp.arctan2(motion.m1[:, 1], motion.m1[:, 0]))
    omega = magnet.spin.gamma * MU_0 * H
    assert np.allclose(phase, omega * motion.t, rtol=1e-7, atol=1e-7)
    assert np.allclose(motion.m1[:, 2], np.sqrt(0.5), atol=1e-8)


def test_damping_time():
    """From theta_0 the polar angle under H obeys tan(theta/2) = tan(theta_0/2) exp(-alpha omega t/(1 + alpha^2))."""
    magnet, H = ferromagnet(K=0.0, alpha=0.1), 2e5
    motion = simulate(magnet, Drive(H=(0, 0, H)), duration=1e-9, start=[[1.0, 0, -0.5]]).checked()
    rate = 0.1 * magnet.spin.gamma * MU_0 * H / (1 + 0.1**2)
    half = jnp.tan(jnp.arccos(motion.m1[:, 2]) / 2)
    chosen = motion.t < 5 / rate  # later, arccos loses digits
    assert np.allclose(half[chosen] / half[0], jnp.exp(-rate * motion.t)[chosen], rtol=1e-6)


@pytest.mark.parametrize("j", [3e12, -3e12])
def test_damping_like_torque_drives_towards_p(j):
    """Alone, at alpha = 0: m.p = tanh(gamma mu0 H_DL t), the sign convention included."""
    magnet = ferromagnet(K=0.0, alpha=0.0, theta_FL=0.0)
    motion = simulate(magnet, Drive(j=j), duration=2e-9, start=[[0, 0, 1.0]]).checked()
    h_dl = torque_fields(magnet, j)[0][0]
    assert h_dl * j > 0
    assert np.allclose(motion.m1[:, 1], jnp.tanh(magnet.spin.gamma * MU_0 * h_dl * motion.t), atol=1e-8)


def test_field_like_torque_is_a_field_along_p():
    magnet = ferromagnet(theta_DL=0.0)
    h_fl = torque_fields(magnet, 2e12)[1][0]
    torque = simulate(magnet, Drive(j=2e12), duration=1e-9, start=TILTED)
    field = simulate(magnet, Drive(H=(0, h_fl, 0)), duration=1e-9, start=TILTED)
    assert np.allclose(torque.m, field.m, atol=1e-9)


def test_torque_field_of_one_published_film():
    """xi = 3.2 Oe per 1e10 A/m^2 means theta = 5.8e-7 M_s[A/m] at 6 nm (Zheng et al. 2021)."""
    magnet = Ferromagnet(Sublattice(M=1e5, K=0.0, theta_DL=5.8e-2), t=6e-9)
    assert np.isclose(torque_fields(magnet, 1e10)[0][0], 3.2 * 1000 / (4 * np.pi), rtol=0.01)  # two given digits


@settings(max_examples=10)
@given(st.lists(st.floats(-1, 1), min_size=6, max_size=6).filter(lambda v: min(abs(v[2]), abs(v[5])) > 0.05))
def test_fields_are_gradients_of_the_energy(v):
    """-1/(mu0 M_i) de/dm_i, all but the torques."""
    magnet, drive = ferrimagnet(), Drive(H=(3e4, -2e4, 5e4))
    m = jnp.asarray(v).reshape(2, 3)
    M = jnp.array([[magnet.first.M], [magnet.second.M]])
    expected = -jax.grad(energy, argnums=2)(magnet, drive, m) / (MU_0 * M)
    assert np.allclose(effective_field(magnet, drive, m), expected, rtol=1e-12, atol=1e-6)


def test_energy_is_conserved_without_damping():
    magnet, drive = undamped(ferrimagnet()), Drive(H=(3e4, -2e4, 5e4))
    motion = simulate(magnet, drive, duration=3e-10, start=TILTED_PAIR, solve=Solve(rtol=1e-11, atol=1e-13)).checked()
    e = jax.vmap(lambda m: energy(magnet, drive, m))(motion.m)
    scale = MU_0 * magnet.exchange * magnet.first.M * magnet.second.M
    assert jnp.max(jnp.abs(e - e[0])) < 1e-9 * scale


def test_energy_falls_with_damping():
    magnet, drive = ferrimagnet(), Drive(H=(3e4, -2e4, 5e4))
    motion = simulate(magnet, drive, duration=3e-10, start=TILTED_PAIR).checked()
    e = jax.vmap(lambda m: energy(magnet, drive, m))(motion.m)
    assert jnp.all(jnp.diff(e) < 1e-9 * jnp.abs(e[0]))
    assert e[-1] < e[0]


def test_total_spin_is_conserved_by_exchange():
    """Without field, anisotropy and damping, s_1 m_1 + s_2 m_2 stays, whatever the g-factors."""
    magnet = replace(undamped(ferrimagnet()), {"first.K": 0.0, "second.K": 0.0})
    motion = simulate(magnet, duration=1e-10, start=[[1.0, 0, 0.2], [0, 1.0, -0.5]]).checked()
    spin = magnet.first.spin_density * motion.m1 + magnet.second.spin_density * motion.m2
    assert jnp.max(jnp.abs(spin - spin[:1])) < 1e-7 * magnet.first.spin_density
    assert jnp.max(jnp.abs(motion.m1 - motion.m1[:1])) > 0.5  # it does move


@settings(max_examples=5)
@given(angle=st.floats(-3, 3))
def test_rotation_about_the_easy_axis(angle):
    """Rotating field, polarization and start rotates the motion."""
    R = rotation(np.array([0, 0, 1.0]), angle)
    H, p = jnp.array([3e4, -2e4, 5e4]), jnp.array([0.0, 1.0, 0.0])
    magnet = ferrimagnet()
    plain = simulate(magnet, Drive(H=H, j=1e12, p=p), duration=1e-10, start=TILTED_PAIR)
    turned = simulate(magnet, Drive(H=R @ H, j=1e12, p=R @ p), duration=1e-10, start=TILTED_PAIR @ R.T)
    assert np.allclose(turned.m, plain.m @ R.T, atol=1e-8)


def test_rotation_about_any_axis_without_anisotropy():
    R = rotation(np.array([1.0, -2.0, 0.5]), 1.1)
    H, p = jnp.array([3e4, -2e4, 5e4]), jnp.array([0.0, 1.0, 0.0])
    magnet = replace(ferrimagnet(), {"first.K": 0.0, "second.K": 0.0})
    plain = simulate(magnet, Drive(H=H, j=1e12, p=p), duration=1e-10, start=TILTED_PAIR)
    turned = simulate(magnet, Drive(H=R @ H, j=1e12, p=R @ p), duration=1e-10, start=TILTED_PAIR @ R.T)
    assert np.allclose(turned.m, plain.m @ R.T, atol=1e-8)


def test_mirror_y_maps_up_to_down_at_the_same_current():
    """m -> (-m_x, m_y, -m_z) is a symmetry for p and H along y: no polarity without breaking it."""
    mirror = jnp.array([[-1.0, 1.0, -1.0]])
    magnet, drive = ferrimagnet(), Drive(H=(0, 2e4, 0), j=2e12)
    plain = simulate(magnet, drive, duration=3e-10, start=TILTED_PAIR)
    mirrored = simulate(magnet, drive, duration=3e-10, start=mirror * TILTED_PAIR)
    assert np.allclose(mirrored.m, mirror[None] * plain.m, atol=1e-8)


def test_uncoupled_sublattices_are_ferromagnets():
    pair, drive = ferrimagnet(exchange=0.0), Drive(H=(3e4, 0, 5e4), j=1e12)
    both = simulate(pair, drive, duration=3e-10, start=TILTED_PAIR)
    for index, spin in enumerate((pair.first, pair.second)):
        alone = simulate(Ferromagnet(spin, pair.t), drive, duration=3e-10, start=TILTED_PAIR[index : index + 1])
        assert np.allclose(both.m[:, index], alone.m1, atol=1e-8)
    assert np.allclose(both.net, pair.first.M * both.m1 + pair.second.M * both.m2)


def test_rigid_pair_is_the_limit_of_strong_exchange():
    """Error of `rigid` falls as 1/lambda, the canting angle of (H + H_k)/(lambda M) = 4e-4, summed over 10 rad."""
    drive = Drive(H=(3e4, 0, 1e5), j=1e12)
    start = jnp.array([[0.3, 0.2, 0.9], [-0.3, -0.2, -0.9]])

    def error(exchange):
        magnet = ferrimagnet(exchange)
        pair = simulate(magnet, drive, duration=1e-10, start=start).checked()
        rigid = simulate(magnet.rigid(), drive, duration=1e-10, start=start[:1]).checked()
        return jnp.max(jnp.abs(normalized(pair.neel) - rigid.m1))

    coarse, fine = error(400.0), error(1600.0)
    assert fine < 4e-3
    assert 3.0 < coarse / fine < 5.0


@pytest.mark.slow
def test_unit_length_over_1e5_steps():
    """1e5 real steps of 10 fs; the requirement is 1e-10, a normalisation per step keeps rounding."""
    drive = Drive(H=(3e4, -2e4, 5e4), j=2e12)
    motion = simulate(
        ferrimagnet(), drive, duration=1e-9, dt=1e-14, start=TILTED_PAIR, solve=Solve(max_steps=100_010)
    ).checked()
    assert 100_000 <= motion.steps <= 100_001
    assert jnp.max(jnp.abs(jnp.linalg.norm(motion.m, axis=-1) - 1)) < 1e-14
    adaptive = simulate(ferrimagnet(), drive, duration=1e-9, start=TILTED_PAIR).checked()
    assert np.allclose(motion.m, adaptive.m, atol=1e-7)


@pytest.mark.slow
def test_stiff_method_agrees():
    """Kvaerno5 at an exchange field of 300 T, from rest: both within some steps' tolerance of 1e-7."""
    exchange = 500.0
    drive = Drive(H=(3e4, 0, 0), j=2e12, current_shape=Ramp(duration=1e-10))
    start = relax(ferrimagnet(exchange), Drive(H=drive.H)).checked().m
    run = lambda method: simulate(
        ferrimagnet(exchange), drive, duration=1e-10, start=start, method=method, solve=Solve(rtol=1e-7, atol=1e-8)
    ).checked()
    assert np.allclose(run(ode.STIFF).m, run(ode.EXPLICIT).m, atol=1e-5)


@pytest.mark.parametrize(
    ("direction", "mode"),
    [
        (Differentiate.forward, jax.jacfwd),
        pytest.param(Differentiate.reverse, jax.jacrev, marks=pytest.mark.slow),
    ],
)
def test_gradients_of_the_final_state(direction, mode):
    """Against central differences, to 1e-6 relative: every parameter of magnet, field, current and pulse."""
    magnet, drive = ferrimagnet(), Drive(H=(3e4, -2e4, 5e4), j=1e12, current_shape=Pulse(width=5e-11))
    flat, unravel = ravel_pytree((magnet, drive))
    typical = jnp.where(flat == 0, jnp.where(jnp.arange(flat.size) < flat.size - 3, 1.0, 1e-11), flat)

    def final(direction, x):
        magnet, drive = unravel(x * typical)
        solve = Solve(rtol=1e-12, atol=1e-13, differentiate=direction)
        return simulate(magnet, drive, duration=1e-10, start=TILTED_PAIR, times=2, solve=solve).m[-1].ravel()

    x, h = flat / typical, 3e-4  # the five-point rule errs by h^4; the integrator's noise is 1e-12/h
    shifts = h * jnp.concatenate([k * jnp.eye(x.size) for k in (-2, -1, 1, 2)])
    shifted = jax.jit(jax.vmap(lambda shift: final(Differentiate.forward, x + shift)))(shifts)
    difference = jnp.tensordot(jnp.array([1.0, -8.0, 8.0, -1.0]) / (12 * h), shifted.reshape(4, x.size, 6), 1).T
    size = jnp.linalg.norm(difference, axis=0)
    assert jnp.all(size > 0)
    derivative = jax.jit(mode(lambda x: final(direction, x)))(x)
    assert jnp.all(jnp.linalg.norm(derivative - difference, axis=0) < 1e-6 * jnp.maximum(size, 1e-2))


def test_a_short_late_pulse_is_not_stepped_over():
    """At rest steps grow without limit; a pulse of 20 ps at 5 ns must still be seen."""
    drive = Drive(j=2e12, current_shape=Pulse(width=2e-11, start=5e-9))
    motion = simulate(ferromagnet(), drive, duration=6e-9, times=jnp.array([4.9e-9, 5.03e-9])).checked()
    assert jnp.abs(motion.m1[0, 0]) < 1e-12
    assert jnp.abs(motion.m1[1, 0]) > 0.01


def test_pulse_shape():
    pulse = Pulse(width=1e-9, start=1e-9, rise=2e-10)
    t = jnp.array([0.9e-9, 1.1e-9, 1.5e-9, 2.1e-9, 2.3e-9])
    assert np.allclose(jax.vmap(pulse)(t), [0, 0.5, 1, 0.5, 0], atol=1e-12)
    assert np.isclose(jnp.trapezoid(jax.vmap(pulse)(jnp.linspace(0, 3e-9, 3001)), dx=1e-12), 1e-9, rtol=1e-6)


def test_failures_say_what_to_do():
    starved = simulate(ferromagnet(), Drive(H=(1e5, 0, 0)), duration=1e-8, solve=Solve(max_steps=3))
    assert starved.status == Status.MAX_STEPS
    with pytest.raises(RuntimeError, match="raise Solve"):
        starved.checked()


def test_relaxed_angle_and_its_derivative():
    """A perpendicular film under H_x < H_k rests at sin theta = H_x/H_k."""
    magnet = ferromagnet()
    h_k = 2 * magnet.spin.K / (MU_0 * magnet.spin.M)

    m_x = lambda H_x: relax(magnet, Drive(H=jnp.array([1.0, 0, 0]) * H_x)).m[0, 0]
    value, reverse = jax.jit(jax.value_and_grad(m_x))(0.4 * h_k)
    assert np.isclose(value, 0.4, rtol=1e-10)
    assert np.isclose(reverse, 1 / h_k, rtol=1e-9)
    assert np.isclose(jax.jit(jax.jacfwd(m_x))(0.4 * h_k), 1 / h_k, rtol=1e-9)


def test_relaxation_of_a_ferrimagnet_ends_without_torque():
    magnet, drive = ferrimagnet(), Drive(H=(3e4, -2e4, 5e4), j=5e11)
    rest = relax(magnet, drive, TILTED_PAIR).checked()
    still = simulate(magnet, drive, duration=1e-10, start=rest.m).checked()
    assert np.allclose(still.m[-1], rest.m, atol=1e-9)
    assert np.allclose(jnp.linalg.norm(rest.m, axis=1), 1, atol=1e-12)


def test_where_nothing_rests_relaxation_says_so():
    """Damping-like torque along the easy axis beyond the anisotropy, p = z: m turns for ever or reverses to +p."""
    magnet = replace(ferromagnet(), {"spin.K": -1e5, "spin.theta_FL": 0.0})
    weak = Drive(j=3e12, p=(0, 0, 1.0))  # easy plane: spirals round in it
    assert relax(magnet, weak, TILTED).status != Status.OK


def test_reference_parameters_are_within_bounds():
    assert not outside_bounds(ferrimagnet())
    assert not outside_bounds(ferromagnet())
    assert collinear(ferrimagnet()).shape == (2, 3)
    assert eqx.tree_equal(normalized(collinear(ferromagnet())), collinear(ferromagnet()))
