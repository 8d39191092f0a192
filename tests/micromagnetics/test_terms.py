"""Energy terms and torques: fields against the gradient of the energy, exact sums, signs, bad input."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.micromagnetics import (
    BulkDMI,
    CubicAnisotropy,
    Exchange,
    InterfacialDMI,
    InterlayerExchange,
    Mesh,
    SlonczewskiTorque,
    SpinOrbitTorque,
    Sublattice,
    SublatticeExchange,
    System,
    UniaxialAnisotropy,
    Zeeman,
    ZhangLiTorque,
    by_region,
    drift_velocity,
    energies,
    energy,
    field_by_gradient,
    magnetization_rate,
    spin_hall_angle,
    torque_field,
    waveforms,
)

SHAPE = (4, 3, 3)
HBAR, E = 1.054571817e-34, 1.602176634e-19


def random_system(rng, periodic, masked):
    """Two sublattices with every term, parameters numbers, fields, or one for each sublattice."""
    field = lambda low, high: rng.uniform(low, high, SHAPE)
    terms = (
        Exchange((field(1e-11, 2e-11), 1e-11)),
        SublatticeExchange(field(-2e-11, -1e-11), field(-5e-12, -1e-12)),
        UniaxialAnisotropy((field(1e4, 1e5), 3e4), (rng.normal(size=(*SHAPE, 3)), (0, 1, 1.0)), (1e4, field(0, 1e4))),
        CubicAnisotropy((field(1e4, 1e5), 1e4), ((1.0, 1.0, 0.0), (-1.0, 1.0, 0.0)), second_constant=1e4),
        InterfacialDMI((field(-1e-3, 1e-3), 1e-3)),
        BulkDMI((field(-1e-3, 1e-3), 1e-3)),
        Zeeman(rng.normal(size=(*SHAPE, 3)), waveforms.Pulse(1e-9, 2e-9, 3e-10)),
        InterlayerExchange(1e-4, 2e-4, layers=(0, 2), sublattice=1),
    )
    mask = rng.uniform(size=SHAPE) > 0.2 if masked else None
    mesh = Mesh(SHAPE, (1e-9, 2e-9, 3e-9), periodic, mask)
    return System(mesh, [Sublattice(field(3e5, 5e5), 0.1), Sublattice(3e5, field(0.05, 0.1))], terms)


@jax.jit
def mismatch(system, m):
    """Largest difference of either field over its size, for every term."""
    inside = system.mesh.magnetic[None, ..., None]
    pairs = [(term.field(m, system, 1.1e-9), field_by_gradient(term, m, system, 1.1e-9)) for term in system.terms]
    return jnp.stack([jnp.max(jnp.abs(jnp.where(inside, a - b, 0))) / jnp.max(jnp.abs(b)) for a, b in pairs])


@pytest.mark.parametrize(
    ("periodic", "masked"),
    [pytest.param((False,) * 3, False, marks=pytest.mark.slow), ((True, False, True), True)],
)
def test_every_field_is_the_gradient_of_its_energy(periodic, masked):
    rng = np.random.default_rng(3)
    system = random_system(rng, periodic, masked)
    m = system.normalised(jnp.asarray(rng.normal(size=(2, *SHAPE, 3))))
    np.testing.assert_allclose(mismatch(system, m), 0, atol=1e-14)  # rounding of some tens of additions


def line(n, h, periodic=False, **changes):
    return Mesh((n, 1, 1), (h, 1e-9, 1e-9), (periodic, False, False), **changes)


def spiral(system, wavenumber, normal=1):
    """m turns in the plane across `normal` (1: xz) by angle k x."""
    angle = wavenumber * system.mesh.centres()[..., 0]
    zero = jnp.zeros_like(angle)
    m = jnp.stack(
        [jnp.sin(angle), zero, jnp.cos(angle)] if normal == 1 else [zero, -jnp.sin(angle), jnp.cos(angle)], -1
    )
    return jnp.broadcast_to(m, (len(system.sublattices), *m.shape))


def test_spirals_have_the_energy_of_their_bonds():
    # each bond of angle kh costs 2 A (1 - cos kh)/h^2 and gains D sin(kh)/h: exact sums on a ring
    n, h, A, D = 16, 1e-9, 1.3e-11, 2e-3
    k = 2 * np.pi / (n * h)
    volume = n * 1e-27
    system = System(line(n, h, True), Sublattice(8e5, 0.1), [Exchange(A), InterfacialDMI(D), BulkDMI(D)])
    cycloid, helix = energies(system, spiral(system, k)), energies(system, spiral(system, k, normal=0))
    exchange, twist = 2 * A * (1 - np.cos(k * h)) / h**2 * volume, D * np.sin(k * h) / h * volume
    np.testing.assert_allclose(cycloid["Exchange"], exchange, rtol=1e-12)
    # Rohart-Thiaville: D (m_x dm_z/dx - m_z dm_x/dx) = -D k for m = (sin kx, 0, cos kx)
    np.testing.assert_allclose(cycloid["InterfacialDMI"], -twist, rtol=1e-12)
    np.testing.assert_allclose(cycloid["BulkDMI"], 0, atol=1e-12 * twist)
    # m.curl m = m_z dm_y/dx - m_y dm_z/dx = -k for m = (0, -sin kx, cos kx)
    np.testing.assert_allclose(helix["BulkDMI"], -twist, rtol=1e-12)
    np.testing.assert_allclose(helix["InterfacialDMI"], 0, atol=1e-12 * twist)


def test_layers_of_different_stiffness_conduct_in_series():
    # across one bond between A and B the harmonic mean acts; nothing crosses into a cell outside the mask
    A, B, h = 1e-11, 3e-11, 1e-9
    mesh = line(3, h, mask=np.array([True, True, False])[:, None, None])
    m = jnp.asarray([[[[[0, 0, 1.0]]], [[[1.0, 0, 0]]], [[[0, 0, 0.0]]]]])
    stiffness = by_region(np.array([0, 1, 1])[:, None, None], (A, B))
    system = System(mesh, Sublattice(8e5, 0.1), Exchange(stiffness))
    np.testing.assert_allclose(energy(system, m), 2 * A * B / (A + B) * 2 / h**2 * 1e-27, rtol=1e-12)


def test_gradient_exchange_between_sublattices_adds_to_the_stiffness_of_a_rigid_pair():
    system = System(
        line(16, 1e-9, True), [Sublattice(4e5, 0.1)] * 2, [Exchange((1e-11, 2e-11)), SublatticeExchange(0.0, -5e-12)]
    )
    single = System(system.mesh, Sublattice(4e5, 0.1), Exchange(1e-11 + 2e-11 + 5e-12))  # A_tot = A_1 + A_2 - A_12
    m = spiral(single, 2 * np.pi / 16e-9)
    np.testing.assert_allclose(energy(system, jnp.concatenate([m, -m])), energy(single, m), rtol=1e-12)


def test_homogeneous_exchange_has_the_field_of_mumax_plus():
    a, A_0 = 0.4e-9, -1e-11
    system = System(line(1, 1e-9), [Sublattice(4e5, 0.1), Sublattice(3e5, 0.1)], SublatticeExchange(A_0, 0.0, a))
    m = system.uniform((0, 0, 1.0), (1.0, 0, 0))
    B = system.terms[0].field(m, system)
    np.testing.assert_allclose(B[0, 0, 0, 0], [4 * A_0 / (a**2 * 4e5), 0, 0], rtol=1e-14)
    np.testing.assert_allclose(B[1, 0, 0, 0], [0, 0, 4 * A_0 / (a**2 * 3e5)], rtol=1e-14)


def test_torques_drive_to_where_the_convention_says():
    j, t, theta, Ms = 1e12, 2e-9, 0.2, 5e5
    B_DL = HBAR * theta * j / (2 * E * Ms * t)
    torque = SpinOrbitTorque(j, t, theta, 0.3 * theta)
    system = System(line(1, 1e-9), Sublattice(Ms, 0.0), (), torque)
    rate = magnetization_rate(system, system.uniform((0, 0, 1.0)))[0, 0, 0, 0] / 1.760859630e11
    # current along +x, normal +z: towards p = +y at gamma B_DL; the field-like part turns z about y: -z x y = +x
    np.testing.assert_allclose(rate, [0.3 * B_DL, B_DL, 0], rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(spin_hall_angle(B_DL / j, Ms, t), theta, rtol=1e-14)
    reversed_current = SpinOrbitTorque(j, t, theta, direction=(-1.0, 0, 0))
    np.testing.assert_allclose(reversed_current.polarization, [0, -1, 0])
    # Slonczewski at Lambda = 1: eps = P/2, beta = hbar j/(e M_s t): the same as theta = P
    stt = System(line(1, 1e-9), Sublattice(Ms, 0.0), (), SlonczewskiTorque(j, t, (0, 1.0, 0), theta))
    m = system.uniform((0.3, -0.4, 1.0))
    plain = System(line(1, 1e-9), Sublattice(Ms, 0.0), (), SpinOrbitTorque(j, t, theta))
    np.testing.assert_allclose(torque_field(stt, m), torque_field(plain, m), rtol=1e-12, atol=1e-15)


def test_adiabatic_textures_drift_with_the_electrons():
    # alpha = xi = 0: dm/dt = -(u.grad) m; central differences of a spiral are sin(kh)/(kh) of the derivative
    u, n, h = 50.0, 16, 1e-9
    k = 2 * np.pi / (n * h)
    system = System(line(n, h, True), Sublattice(8e5, 0.0), (), ZhangLiTorque((u, 0, 0), 0.0))
    m = spiral(system, k)
    slope = jnp.stack([m[..., 2], 0 * m[..., 0], -m[..., 0]], -1) * np.sin(k * h) / h
    np.testing.assert_allclose(magnetization_rate(system, m), -u * slope, rtol=1e-9, atol=1e-3)
    np.testing.assert_allclose(drift_velocity(1e12, 1.0, 8e5), 72.35, atol=0.01)  # standard problem 5


def test_waveforms():
    times = jnp.array([-1.0, 0.0, 0.1, 0.5, 0.9, 1.0, 2.0])
    values = lambda waveform: jax.vmap(waveform)(times)
    np.testing.assert_allclose(values(waveforms.Pulse(0.0, 1.0, 0.2, 3.0)), [0, 0, 1.5, 3, 1.5, 0, 0], atol=1e-15)
    np.testing.assert_allclose(values(waveforms.Pulse(0.0, 1.0)), [0, 1, 1, 1, 1, 0, 0])
    np.testing.assert_allclose(values(waveforms.Ramp(0.0, 1.0, 1.0, -1.0)), [1, 1, 0.8, 0, -0.8, -1, -1])
    np.testing.assert_allclose(values(waveforms.Steps((0.0, 0.5, 1.0), (2.0, 0.0, -2.0))), [0, 2, 2, 0, 0, -2, -2])
    np.testing.assert_allclose(values(waveforms.PiecewiseLinear((0.0, 1.0), (0.0, 2.0))), [0, 0, 0.2, 1, 1.8, 2, 2])
    np.testing.assert_allclose(values(waveforms.Sinc(0.5, 0.0))[:3], [0, 1, np.sinc(0.1)], atol=1e-15)
    np.testing.assert_allclose(values(waveforms.Sinusoid(0.5)), np.cos(np.pi * times), atol=1e-15)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Mesh((1, 1, 1), (0.0, 1, 1)), r"sizes of a cell must be > 0 m, got \(0.0"),
        (lambda: Mesh((0, 1, 1), (1, 1, 1)), "at least one cell along each axis"),
        (lambda: Mesh((2, 1, 1), (1, 1, 1), mask=np.zeros((2, 1, 1))), "mask holds no cell"),
        (lambda: Mesh((2, 1, 1), (1, 1, 1), mask=np.ones((1, 1, 1))), r"mask must have the shape \(2, 1, 1\)"),
        (lambda: System(line(2, 1.0), Sublattice(0.0, 0.1)), r"M_s must be > 0 inside the mask \[A/m\], got 0.0 in 2"),
        (lambda: System(line(2, 1.0), Sublattice(np.nan, 0.1)), "M_s must be > 0 inside the mask"),
        (lambda: System(line(2, 1.0), Sublattice(1.0, -0.1)), "damping must be >= 0"),
        (lambda: System(line(2, 1.0), Sublattice(np.ones((3, 1, 1)), 0.1)), "does not fit the mesh"),
        (lambda: System(line(2, 1.0), ()), "at least one sublattice"),
        (lambda: System(line(2, 1.0), Sublattice(1.0, 0.1), Exchange(np.array([[[np.nan]], [[1.0]]]))), "not finite"),
        (
            lambda: Exchange((1.0, 2.0)).field(jnp.ones((1, 2, 1, 1, 3)), System(line(2, 1.0), Sublattice(1.0, 0.1))),
            "1, one",
        ),
        (lambda: by_region(np.array([[[2]]]), (1.0, 2.0)), "regions run from 2 to 2"),
    ],
)
def test_bad_input_is_refused_in_one_line(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_cells_outside_the_mask_may_have_no_magnetization():
    mask = np.array([True, False])[:, None, None]
    system = System(line(2, 1e-9, mask=mask), Sublattice(np.array([4e5, 0.0])[:, None, None], 0.1), Exchange(1e-11))
    assert jnp.all(jnp.isfinite(magnetization_rate(system, system.uniform((0, 0.1, 1.0)))))
