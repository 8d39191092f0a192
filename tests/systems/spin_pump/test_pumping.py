"""Pumped currents: the numbers and symmetries of the physics, convergence, derivatives, other methods."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.core import Solve, Status, quantities, replace
from jaxspin.numerics import quadrature
from jaxspin.systems import spin_pump
from jaxspin.systems.spin_pump import Ring
from jaxspin.systems.spin_pump.ring import total_transmissions

N_MAX = 6
NO_SPIN_ORBIT = Ring(phi_so=0.0)


@jax.jit
def pumped_and_slopes(ring):
    """The pumped currents, and the derivatives of (I_up, I_down) with respect to every parameter, forward."""

    def currents(ring):
        found = spin_pump.pumped_currents(ring, n_max=N_MAX)
        return jnp.stack([found.up, found.down]), found

    slopes, found = jax.jacfwd(currents, has_aux=True)(ring)
    return found, slopes


def pumped(ring):
    return pumped_and_slopes(ring)[0]


@pytest.mark.parametrize(
    ("phi_ab", "phi_so", "fermi_energy", "up", "down"),
    [
        (0.2, 0.1, 0.0, 1.754518e-3, 1.393552e-3),
        (0.2, 0.1, 0.2, 5.124308e-4, 4.976241e-4),
        (0.5, 0.4, 0.0, -1.393552e-3, 1.393552e-3),
        (0.25, 0.0, 0.5, 8.287019e-6, 8.287019e-6),
        (0.2079, 0.0, 0.0, 2.32019836e-3, 2.32019836e-3),
    ],
)
def test_known_currents(phi_ab, phi_so, fermi_energy, up, down):
    found = pumped(Ring(fermi_energy=fermi_energy, phi_ab=phi_ab, phi_so=phi_so))
    assert int(found.status) == Status.OK
    for ours, known in ((found.up, up), (found.down, down)):
        # seven digits are printed (nine of the last), and integrals good to 1e-10
        assert float(ours) == pytest.approx(known, rel=1e-6, abs=1e-10)
    np.testing.assert_allclose([found.charge, found.spin], [found.up + found.down, found.up - found.down])
    # even in the Fermi energy at a level of zero: the full band pumps nothing, and holes are like electrons
    mirrored = pumped(Ring(fermi_energy=-fermi_energy, phi_ab=phi_ab, phi_so=phi_so))
    np.testing.assert_allclose([mirrored.up, mirrored.down], [found.up, found.down], atol=2e-10)


def test_a_finite_temperature_and_an_independent_number_in_time():
    found = pumped(replace(NO_SPIN_ORBIT, {"temperature": 0.05}))
    assert float(found.up) == pytest.approx(1.907384355e-3, abs=1e-11)
    assert float(found.up) == pytest.approx(1.90738e-3, abs=5e-9)  # finite chain in time, its printed digits


@pytest.mark.parametrize("flux", [0.0, 0.5, 1.0])
def test_nothing_is_pumped_at_half_integer_flux(flux):
    ring = Ring(phi_ab=flux, phi_so=0.0, level=0.1, fermi_energy=0.13)
    assert abs(float(pumped(ring).up)) < 1e-10


def test_currents_change_sign_with_the_flux_and_depend_on_each_spin_s_flux_alone():
    ring = Ring(fermi_energy=0.13, level=0.05)
    found, turned = pumped(ring), pumped(replace(ring, {"phi_ab": -0.2, "phi_so": -0.1}))
    np.testing.assert_allclose([turned.up, turned.down], [-found.up, -found.down], atol=2e-10)
    one = pumped(replace(ring, {"phi_ab": 0.3, "phi_so": 0.0}))
    assert float(one.up) == pytest.approx(float(found.up), abs=2e-10)
    swapped = pumped(replace(ring, {"phi_so": -0.1}))
    assert float(swapped.up) == pytest.approx(float(found.down), abs=2e-10)


@pytest.mark.slow
def test_the_current_is_quadratic_in_drive_and_frequency():
    precise = jax.jit(lambda ring: spin_pump.pumped_currents(ring, n_max=2, solve=Solve(rtol=1e-14, atol=1e-15)).up)
    weak = [float(precise(replace(NO_SPIN_ORBIT, {"drive": drive}))) / drive**2 for drive in (2e-3, 1e-3)]
    # I/v^2 = c + c' v^2: extrapolated; an integral good to 1e-15 gives nine digits of I = 5e-7
    assert (4 * weak[1] - weak[0]) / 3 == pytest.approx(0.4828851843, abs=2e-9)
    # The adiabatic limit vanishes: a single parameter pumps at order Omega^2, up to (Omega/width)^2, width 0.08.
    slow = [float(precise(replace(NO_SPIN_ORBIT, {"drive": 1e-3, "frequency": w}))) for w in (0.01, 0.005)]
    assert np.log2(slow[0] / slow[1]) == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize(
    ("n_max", "known"),
    [(2, 3.6e-7), pytest.param(3, 5.5e-9, marks=pytest.mark.slow), pytest.param(4, 4.7e-11, marks=pytest.mark.slow)],
)
def test_a_full_band_pumps_nothing_but_what_the_truncation_leaves(n_max, known):
    ring = Ring(phi_ab=0.2, phi_so=0.0, level=0.2)

    @jax.jit
    def full(ring):
        shifts = jnp.arange(-n_max, n_max + 1) * ring.frequency
        net = lambda e, ring: total_transmissions(ring, ring.phi_ab, e, n_max) @ jnp.array([1.0, -1.0])
        marks = jnp.concatenate([shifts - 2, shifts + 2, shifts + ring.level])
        return quadrature.integrate(net, -2.0, 2.0, ring, breakpoints=marks, solve=Solve(rtol=1e-14, atol=1e-11)).value

    assert abs(float(full(ring))) == pytest.approx(known, rel=0.02, abs=1e-12)  # two digits are given


def test_truncation_is_chosen_and_checked():
    needed = lambda x: int(spin_pump.harmonics_needed(x, 1.0))
    assert [needed(0.35), needed(1.0)] == [5, 8]
    assert needed(0.0) == 1
    assert 18 <= int(spin_pump.harmonics_needed(1.0, 0.2, 1e-8)) <= 20  # 18 are known to suffice
    with pytest.raises(ValueError, match=r"n_max = 3 is too small for drive/frequency = 0.35: .* need n_max = 5"):
        spin_pump.pumped_currents(Ring(), n_max=3)
    with pytest.raises(ValueError, match="n_max must be at least 1"):
        spin_pump.pumped_currents(Ring(), n_max=0)
    # under jit it is data
    assert int(pumped(Ring(drive=0.5)).status) == Status.MAX_STEPS


POINTS = [
    Ring(),
    Ring(phi_ab=0.02, phi_so=0.0),  # resonances of half-width 4.6e-4, and states bound 1e-7 wide
    Ring(phi_ab=0.02, phi_so=0.005, fermi_energy=0.01, temperature=1e-3, level=0.004, asymmetry=0.1),
]


@pytest.mark.parametrize(
    "ring",
    [pytest.param(POINTS[0], marks=pytest.mark.slow), POINTS[1], pytest.param(POINTS[2], marks=pytest.mark.slow)],
    ids=["paper", "sharp", "everything"],
)
def test_derivatives_with_respect_to_every_parameter(ring):
    exact = pumped_and_slopes(ring)[1]
    for name in quantities(ring):
        at = float(getattr(ring, name))
        if name == "temperature" and at == 0:
            assert np.all(np.abs(exact.temperature) < 1e-12)  # Sommerfeld: quadratic in T
            continue
        h = 2e-5 if name == "fermi_energy" or name == "temperature" else 1e-4  # both are sharp on the scale of T
        value = lambda k, name=name, at=at, h=h: np.array(
            [getattr(pumped(replace(ring, {name: at + k * h})), spin) for spin in ("up", "down")]
        )
        numeric = (8 * (value(1) - value(-1)) - (value(2) - value(-2))) / (12 * h)
        ours = np.asarray(getattr(exact, name))
        # 1e-6 of the derivative; values are good to 1e-13 or so, which the differences divide by h
        np.testing.assert_allclose(ours, numeric, rtol=1e-6, atol=1e-8, err_msg=name)


@pytest.mark.slow
def test_reverse_mode_agrees_with_forward_mode():
    back = jax.jit(jax.grad(lambda ring: pumped(ring).spin))(POINTS[1])
    forth = jax.tree.map(lambda pair: pair[0] - pair[1], pumped_and_slopes(POINTS[1])[1])
    for one, other in zip(jax.tree.leaves(back), jax.tree.leaves(forth), strict=True):
        assert float(one) == pytest.approx(float(other), rel=1e-12, abs=1e-14)


@pytest.mark.slow
def test_a_whole_range_of_fermi_energies_from_one_integral():
    energies = jnp.array([0.2, -2.5, 0.0, 0.7, 2.0, -0.2])
    found = jax.jit(lambda ring: spin_pump.currents_against_fermi_energy(ring, energies, n_max=N_MAX))(Ring())
    assert int(found.status) == Status.OK
    each = [pumped(Ring(fermi_energy=energy)) for energy in energies]
    np.testing.assert_allclose(found.up, [one.up for one in each], atol=3e-10)
    np.testing.assert_allclose(found.down, [one.down for one in each], atol=3e-10)
    assert abs(float(found.up[1])) < 1e-20  # below the band, but for rounding
    with pytest.raises(ValueError, match=r"the temperature must be 0, got 0.1"):
        spin_pump.currents_against_fermi_energy(Ring(temperature=0.1), energies)


def test_fixed_panels_agree_with_adaptive_ones_and_what_is_not_resolved_is_reported():
    graded = jax.jit(
        lambda ring: spin_pump.pumped_currents(
            ring, n_max=N_MAX, integrate=functools.partial(quadrature.integrate_graded, levels=3)
        )
    )
    for ring in (*POINTS, Ring(phi_ab=0.5, phi_so=0.4, level=0.2)):
        assert float(graded(ring).up) == pytest.approx(float(pumped(ring).up), abs=1e-9)
    assert int(graded(POINTS[1]).status) == Status.MAX_STEPS  # its estimate is above 1e-10
