"""Dynamics: exact motions of one and two moments, dissipation, failure, noise, stiff exchange, long runs."""

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.core import Solve, Status
from jaxspin.micromagnetics import (
    Exchange,
    InterfacialDMI,
    Mesh,
    SpinOrbitTorque,
    Sublattice,
    SublatticeExchange,
    System,
    Torque,
    UniaxialAnisotropy,
    Zeeman,
    evolve,
    evolve_in_parts,
    evolve_rigid,
    evolve_split,
    evolve_thermal,
    magnetization_rate,
    waveforms,
)
from jaxspin.micromagnetics.demagnetization import Demagnetization
from jaxspin.micromagnetics.pair_rotation import pair_flow
from jaxspin.micromagnetics.rigid import rigid_rate
from jaxspin.systems.ferrimagnet import macrospin
from jaxspin.systems.ferrimagnet.drive import Drive

GAMMA = 1.760859630e11
POINT = Mesh((1, 1, 1), (3e-9, 3e-9, 3e-9))
TIGHT = Solve(rtol=1e-9, atol=1e-10, max_steps=100_000)


class Broken(Torque):
    """No torque, and NaN after a time [s]. Systems of equal structure share a compilation."""

    after: jax.Array

    def field(self, m, system, time):
        return jnp.where(time > self.after, jnp.nan, 0.0) * m


def moment(B, alpha, start=0.0, duration=1.0, broken=1.0):
    """One moment in a field pulse along z."""
    zeeman = Zeeman((0, 0, B), waveforms.Pulse(start, duration))
    return System(POINT, Sublattice(8e5, alpha), zeeman, Broken(jnp.asarray(broken)))


def spiral(alpha, B, times):
    """From (1, 0, 0.2): tan(theta/2) decays as exp(-alpha w t), phi grows as w t, w = gamma B/(1 + alpha^2)."""
    rate = GAMMA * B / (1 + alpha**2)
    theta = 2 * np.arctan(np.tan(np.arctan2(1.0, 0.2) / 2) * np.exp(-alpha * rate * times))
    return np.stack([np.sin(theta) * np.cos(rate * times), np.sin(theta) * np.sin(rate * times), np.cos(theta)], -1)


def film(coupling=-19 * 4e5, K=5e4, A=5e-12, D=0.3e-3, j=0.0, damping=(0.1, 0.05)):
    """g = 1.1 and 1, M_s = 4e5 and 3e5 A/m: the set of the symmetry check, on 4 x 3 cells."""
    g = GAMMA / 2.00232
    sublattices = [Sublattice(4e5, damping[0], 1.1 * g), Sublattice(3e5, damping[1], g)]
    terms = [SublatticeExchange.from_coupling(coupling), UniaxialAnisotropy(K), Exchange(A), InterfacialDMI(D)]
    return System(Mesh((4, 3, 1), (3e-9, 3e-9, 6e-9)), sublattices, terms, SpinOrbitTorque(j, 6e-9, 0.2))


def test_a_damped_moment_spirals_into_the_field():
    times = jnp.linspace(0, 1e-10, 5)
    system = moment(0.5, 0.1)
    run = evolve(system, system.uniform((1.0, 0, 0.2)), times, solve=TIGHT)
    exact = spiral(0.1, 0.5, times)
    assert run.status == Status.OK
    np.testing.assert_allclose(run.averages[:, 0], exact, atol=1e-7)  # a hundred steps of 1e-9
    np.testing.assert_allclose(run.moment, 8e5 * 27e-27 * exact, atol=1e-27)
    np.testing.assert_allclose(jnp.linalg.norm(run.final, axis=-1), 1, atol=1e-14)


def pair(M1=4e5, M2=3e5, g1=1.0e11, g2=1.3e11, K=(4e4, 6e4), H=(0.0, 0.0, 0.3), J=2e5, alpha=(0.0, 0.0), j=0.0):
    """Two coupled moments in one cell, under spin-orbit torque with p = y."""
    return System(
        POINT,
        [Sublattice(M1, alpha[0], g1), Sublattice(M2, alpha[1], g2)],
        [SublatticeExchange.from_coupling(-J), UniaxialAnisotropy(K), Zeeman(H)],
        SpinOrbitTorque(j, 3e-9, (0.2, 0.1), (0.05, -0.1)),
    )


rate = jax.jit(magnetization_rate)
UP_DOWN = jnp.asarray([[[[[0.0, 0.0, 1.0]]]], [[[[0.0, 0.0, -1.0]]]]])


@jax.jit
def jacobian(system):
    """Of the rate, across the collinear state."""
    full = jax.jacfwd(lambda v: magnetization_rate(system, v.reshape(UP_DOWN.shape)).ravel())(UP_DOWN.ravel())
    across = jnp.array([0, 1, 3, 4])
    return full[across[:, None], across]


@pytest.mark.parametrize("M2", [3e5, 4e5, 5.2e5], ids=["between", "magnetization compensation", "angular compensation"])
def test_two_sublattices_have_the_exact_modes(M2):
    # eigenvalues of [[g1 a1, g1 lam M2], [-g2 lam M1, -g2 a2]], a1 = H + Hk1 + lam M2, a2 = -H + Hk2 + lam M1 (in T)
    M1, g1, g2, K1, K2, H, J = 4e5, 1.0e11, 1.3e11, 4e4, 6e4, 0.3, 2e5
    found = np.linalg.eigvals(np.asarray(jacobian(pair(M2=M2))))
    a1, a2 = H + 2 * K1 / M1 + J / M1, -H + 2 * K2 / M2 + J / M2
    exact = np.linalg.eigvals(np.array([[g1 * a1, g1 * J / M1], [-g2 * J / M2, -g2 * a2]]))
    np.testing.assert_allclose(np.sort(np.abs(found.imag)), np.sort(np.repeat(np.abs(exact), 2)), rtol=1e-10)
    if M2 == 5.2e5:  # s_1 = s_2 = s: as fast against each other, but for the field and 2 (K_1 - K_2)/s
        apart = (g1 + g2) * H + 2 * (K1 - K2) * g1 / M1
        assert np.abs(exact).max() - np.abs(exact).min() == pytest.approx(abs(apart), rel=1e-10)


def test_one_cell_is_the_macrospin_model():
    """The same rate of random moments, field, current and parameters as the macrospins of `systems.ferrimagnet`."""
    random = np.random.default_rng(5)
    K, alpha, H, j = random.uniform(1e4, 9e4, 2), random.uniform(0.01, 0.2, 2), random.normal(size=3), 3e11
    M, g, mu_0 = (4e5, 3e5), (2.1, 1.9), 1.25663706127e-6
    spins = [
        macrospin.Sublattice(M=M[i], K=K[i], alpha=alpha[i], g=g[i], theta_DL=(0.2, 0.1)[i], theta_FL=(0.05, -0.1)[i])
        for i in range(2)
    ]
    magnet = macrospin.TwoSublattice(*spins, exchange=2e5 / (mu_0 * M[0] * M[1]), t=3e-9)
    m = random.normal(size=(2, 3))
    m /= np.linalg.norm(m, axis=1, keepdims=True)
    wanted = jax.jit(macrospin.rate)(magnet, Drive(H=H / mu_0, j=j), jnp.asarray(m))
    gamma = [each.gamma for each in spins]
    system = pair(*M, *gamma, tuple(K), H, alpha=alpha, j=j)
    found = rate(system, jnp.asarray(m).reshape(UP_DOWN.shape)).reshape(2, 3)
    np.testing.assert_allclose(found, wanted, rtol=1e-8)  # mu_0 of either has ten digits


def test_compensation_points_of_a_rigid_pair():
    """M_1 = M_2: a field along any axis moves nothing. s_1 = s_2: n turns straight towards it, without precession."""
    turn = jax.jit(rigid_rate)
    n = jnp.asarray([0.48, 0.6, 0.64]).reshape(1, 1, 1, 3)
    common = {"K": (0.0, 0.0), "H": (0.1, -0.2, 0.3), "alpha": (0.1, 0.1)}
    np.testing.assert_allclose(turn(pair(M2=4e5, **common), n), 0.0, atol=1e-3)  # of some 1e10 away from it
    moved = np.asarray(turn(pair(M2=5.2e5, **common), n))[0, 0, 0]
    towards = np.array(common["H"]) - np.dot(common["H"], n.ravel()) * n.ravel()
    s = 4e5 / 1e11
    np.testing.assert_allclose(moved, (4e5 - 5.2e5) * towards / (0.1 * 2 * s), rtol=1e-9)


def test_energy_falls_without_current():
    system = film()
    m0 = system.normalised(jnp.asarray(np.random.default_rng(0).normal(size=(2, 4, 3, 1, 3))))
    run = evolve(system, m0, jnp.linspace(0, 2e-11, 41), solve=TIGHT)
    assert run.status == Status.OK
    assert jnp.all(jnp.diff(run.energy) < 0)
    np.testing.assert_allclose(run.energy, sum(run.energies.values()), rtol=1e-14)


def test_pulses_are_not_stepped_over():
    # pi/2 about z by a field pulse of 1 ps in the middle of 1 ns
    system = moment(np.pi / 2 / (GAMMA * 1e-12), 0.0, 0.6e-9, 1e-12)
    run = evolve(system, system.uniform((1.0, 0, 0)), jnp.linspace(0.0, 1e-9, 5), solve=TIGHT)
    np.testing.assert_allclose(run.averages[2:4, 0], [[1, 0, 0], [0, 1, 0]], atol=1e-7)


def test_a_vanishing_step_ends_with_a_status_and_the_last_state():
    system = moment(0.5, 0.1, broken=1e-11)
    run = evolve(system, system.uniform((1.0, 0, 0)), jnp.linspace(0, 2e-11, 5), solve=TIGHT)
    assert run.status == Status.DIVERGED
    assert jnp.all(jnp.isfinite(run.final))
    assert 0.9e-11 < run.reached <= 1e-11
    assert jnp.all(jnp.isfinite(run.averages[:2]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"times": (0.0, 0.0)}, "times must increase"),
        ({"times": (0.0,)}, "at least two times"),
        ({"m0": jnp.ones((1, 2, 1, 1, 3))}, "m0 must have the shape"),
        ({"m0": jnp.full((1, 1, 1, 1, 3), jnp.nan)}, "m0 holds 3 values that are not finite"),
        ({"dt": 0.0}, "dt must be > 0 s"),
    ],
)
def test_runs_that_cannot_start_say_why(change, message):
    system = System(POINT, Sublattice(8e5, 0.1))
    with pytest.raises(ValueError, match=message):
        evolve(system, **{"m0": system.uniform((0, 0, 1.0)), "times": (0.0, 1e-12), **change})
    with pytest.raises(ValueError, match="expected two sublattices"):
        evolve_split(system, system.uniform((0, 0, 1.0)), (0.0, 1e-12), dt=1e-13)
    with pytest.raises(ValueError, match="equally spaced"):
        evolve_thermal(
            system, system.uniform((0, 0, 1.0)), (0.0, 1e-12, 3e-12), temperature=1.0, key=jax.random.key(0), dt=1e-13
        )


def test_noise_is_reproducible_and_reaches_boltzmann():
    # 2000 free moments with K V = 2.5 k_B T about z: <m_z^2> = int u^2 e^(2.5 u^2)/int e^(2.5 u^2), variance below 1/3
    temperature, barrier, n = 300.0, 2.5, 2000
    K = barrier * 1.380649e-23 * temperature / 27e-27
    system = System(Mesh((n, 1, 1), POINT.cell), Sublattice(4e5, 0.5), UniaxialAnisotropy(K))
    square = lambda system, m, time: jnp.mean(m[0, :, 0, 0, 2] ** 2)
    arguments = {"temperature": temperature, "dt": 1e-13, "observe": square}
    run = lambda seed: evolve_thermal(
        system, system.uniform((0, 1.0, 0)), np.linspace(0, 6e-11, 13), key=jax.random.key(seed), **arguments
    )
    first = run(0)
    np.testing.assert_array_equal(first.final, run(0).final)
    assert not np.array_equal(first.final, run(1).final)
    u = np.linspace(-1, 1, 4001)
    weight = np.exp(barrier * u**2)
    exact = np.sum(u**2 * weight) / np.sum(weight)
    spread = np.sqrt(np.sum(u**4 * weight) / np.sum(weight) - exact**2)
    # the last four times lie a relaxation time or more apart from the start; taken as one sample, 4 standard errors
    assert abs(float(first.observed[-1]) - exact) < 4 * spread / np.sqrt(n)


def test_the_motion_of_a_pair_under_its_exchange():
    times = jnp.linspace(0, 1e-12, 41)
    free = film(K=0.0, A=0.0, D=0.0, damping=(0.0, 0.0))
    m0 = free.uniform((0.3, 0.1, 1.0), (0.5, 0.2, -1.0))
    coupling = jnp.full((1, 1, 1), -19 * 4e5)
    flow = jax.jit(pair_flow)
    brute = evolve(free, m0, times, solve=TIGHT).final
    np.testing.assert_allclose(flow(free, m0, coupling, 1e-12), brute, atol=1e-7)  # exact without damping
    # with damping: Strang's second order between the two exact flows
    damped = film(K=0.0, A=0.0, D=0.0)
    brute = evolve(damped, m0, times, solve=TIGHT).final

    def error(parts):
        m = m0
        for _ in range(parts):
            m = flow(damped, m, coupling, 1e-12 / parts)
        return float(jnp.max(jnp.abs(m - brute)))

    assert error(8) < 1e-3
    assert 3.5 < error(4) / error(8) < 4.5
    # exactly antiparallel: nothing moves, and derivatives are finite
    anti = free.uniform((0, 0, 1.0), (0, 0, -1.0))
    np.testing.assert_allclose(flow(damped, anti, coupling, 1e-12), anti, atol=1e-15)
    slope = jax.jit(jax.grad(lambda m: jnp.sum(pair_flow(damped, m, coupling, 1e-12) ** 3)))(anti)
    assert jnp.all(jnp.isfinite(slope))


@pytest.mark.slow
def test_stiff_exchange_needs_a_fifth_of_the_field_evaluations():
    mesh = Mesh((24, 24, 1), (3e-9, 3e-9, 6e-9))
    few = film(j=4e12, damping=(0.1, 0.1))
    system = System(mesh, few.sublattices, (*few.terms, Demagnetization(mesh)), few.torques)
    m0, times = system.uniform((0.1, 0, 1.0), (-0.1, 0, -1.0)), np.linspace(0, 1e-10, 6)
    exact = evolve(system, m0, times, solve=TIGHT)
    error = lambda run: float(jnp.sqrt(jnp.mean((run.final - exact.final) ** 2)))
    explicit = evolve(system, m0, times, method=diffrax.Dopri5(), solve=Solve(rtol=1e-4, atol=1e-4))
    split = evolve_split(system, m0, times, dt=1e-12, substeps=4)
    assert error(split) < error(explicit)
    assert 5 * int(split.evaluations) <= int(explicit.evaluations)


@pytest.mark.slow
def test_splitting_is_second_order_in_a_film():
    system = film(j=4e12)
    m0 = system.uniform((0.3, 0, 1.0), (-0.3, 0, -1.0))
    exact = evolve(system, m0, jnp.linspace(0, 8e-12, 41), solve=TIGHT).final

    def error(dt):
        run = evolve_split(system, m0, (0.0, 8e-12), dt=dt, substeps=2, slow=InterfacialDMI)
        return float(jnp.max(jnp.abs(run.final - exact)))

    coarse, fine = error(4e-13), error(2e-13)
    assert fine < 1e-2
    assert coarse / fine > 3.3  # 4 where the leading term rules


@pytest.mark.slow
def test_a_rigid_pair_follows_the_exchange_coupled_one():
    # the exchange is 20 times that of the symmetry set: canting by anisotropy over exchange, some 1e-3
    system = film(coupling=-20 * 19 * 4e5, j=2e12)
    n0 = system.uniform((0.3, 0, 1.0))[0]
    times = np.linspace(0, 1e-10, 5)
    rigid = evolve_rigid(system, n0, times, solve=TIGHT)
    split = evolve_split(system, jnp.stack([n0, -n0]), times, dt=1e-13)
    np.testing.assert_allclose(rigid.averages, split.averages, atol=5e-3)
    assert float(jnp.max(jnp.abs(rigid.averages[-1] - rigid.averages[0]))) > 0.2  # it did move


def test_a_long_run_resumes_where_it_stopped(tmp_path):
    system = moment(0.5, 0.1)
    m0, times, file = system.uniform((1.0, 0, 0.2)), np.linspace(0, 6e-11, 13), tmp_path / "run.npz"
    done = []

    def stop(fraction, part):
        done.append(round(fraction, 3))
        if len(done) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evolve_in_parts(system, m0, times, file, every=4, progress=stop, solve=TIGHT)
    run = evolve_in_parts(system, m0, times, file, every=4, progress=stop, solve=TIGHT)
    assert done == [0.333, 0.667, 1.0]
    np.testing.assert_allclose(run.times, times)
    np.testing.assert_allclose(run.averages[:, 0], spiral(0.1, 0.5, times), atol=1e-7)
    with pytest.raises(ValueError, match="other parameters, start or times"):
        evolve_in_parts(system, -m0, times, file, every=4, solve=TIGHT)


def test_a_long_run_that_fails_keeps_its_last_state(tmp_path):
    """The step underflows in the second part: the run ends there, its state in the file, and is not tried again."""
    system = moment(0.5, 0.1, broken=3e-11)
    m0, times, file = system.uniform((1.0, 0, 0.2)), np.linspace(0, 6e-11, 13), tmp_path / "run.npz"
    run = evolve_in_parts(system, m0, times, file, every=4, solve=TIGHT)
    assert run.status == Status.DIVERGED
    assert len(run.times) == 9
    assert 2.9e-11 < run.reached <= 3e-11
    np.testing.assert_allclose(run.final[0, 0, 0, 0], spiral(0.1, 0.5, float(run.reached)), atol=1e-7)
    again = evolve_in_parts(system, m0, times, file, every=4, solve=TIGHT)
    np.testing.assert_array_equal(again.final, run.final)
