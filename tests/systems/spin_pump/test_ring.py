"""The scalar continued fraction of the ring: symmetries, limits, and the general engine as another method."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxspin import transport
from jaxspin.core import replace
from jaxspin.systems import spin_pump
from jaxspin.systems.spin_pump import Ring
from jaxspin.systems.spin_pump.ring import total_transmissions

N_MAX = 4
sidebands = jax.jit(functools.partial(spin_pump.sideband_transmissions, n_max=N_MAX))
total = jax.jit(functools.partial(total_transmissions, n_max=N_MAX))


@jax.jit
def by_engine(ring, energy, spin):
    """T^(n)_ab, (2 N_MAX + 1, 2, 2)."""
    return transport.transmission_at(spin_pump.driven_ring(ring, spin), energy, N_MAX)


rings = st.builds(
    Ring,
    phi_ab=st.floats(-1, 1),
    phi_so=st.floats(-1, 1),
    level=st.floats(-0.6, 0.6),
    drive=st.floats(0.01, 1.0),
    frequency=st.floats(0.05, 1.0),
    coupling=st.floats(0.05, 1.0),
    asymmetry=st.floats(-0.5, 0.5),
)


@given(ring=rings, energy=st.floats(-1.999, 1.999), spin=st.sampled_from([1.0, -1.0]))
@settings(max_examples=25)
def test_the_engine_finds_the_same_and_probability_is_conserved(ring, energy, spin):
    ours, engine = sidebands(ring, energy, spin), by_engine(ring, energy, spin)
    # both lose digits at band edges of sidebands, where they divide by r: 1e-16/1e-3
    np.testing.assert_allclose(ours.right_from_left, engine[:, 1, 0], atol=1e-11)
    np.testing.assert_allclose(ours.left_from_right, engine[:, 0, 1], atol=1e-11)
    np.testing.assert_allclose(np.sum(engine, axis=(0, 1)), 1.0, atol=1e-11)
    phi = ring.phi_ab + spin * ring.phi_so
    sums = [jnp.sum(ours.right_from_left), jnp.sum(ours.left_from_right)]
    np.testing.assert_allclose(total(ring, phi, energy), sums, atol=1e-14)


def flipped(ring, *names):
    """The ring with the signs of some quantities reversed."""
    return replace(ring, {name: -getattr(ring, name) for name in names})


@given(ring=rings, energy=st.floats(-1.99, 1.99))
def test_a_mirror_turns_the_current_the_flux_and_the_asymmetry_around(ring, energy):
    here, mirrored = (
        sidebands(ring, energy, 1.0),
        sidebands(flipped(ring, "asymmetry", "phi_ab", "phi_so"), energy, 1.0),
    )
    np.testing.assert_allclose(here.right_from_left, mirrored.left_from_right, atol=1e-13)


def test_absorption_and_emission_are_each_others_reverse():
    # T_RL^(n)(E, phi) = T_LR^(-n)(E + n Omega, -phi) for a drive even in time, and, with the mirror, at the same flux
    ring = Ring(phi_ab=0.2, phi_so=0.07, level=0.1, drive=0.1, frequency=0.3)
    energies = jnp.linspace(-1.95, 1.6, 50)
    many = jax.jit(jax.vmap(lambda ring, e: spin_pump.sideband_transmissions(ring, e, 1, 8), in_axes=(None, 0)))
    here, there = many(ring, energies), many(ring, energies + ring.frequency)
    reverse = many(flipped(ring, "phi_ab", "phi_so"), energies + ring.frequency)
    # up to the truncation, (1/3)^18/9!^2
    np.testing.assert_allclose(here.right_from_left[:, 9], there.right_from_left[:, 7], atol=1e-13)
    np.testing.assert_allclose(here.right_from_left[:, 9], reverse.left_from_right[:, 7], atol=1e-13)


@given(ring=rings, energy=st.floats(-1.999, 1.999), spin=st.sampled_from([1.0, -1.0]))
def test_without_a_drive_only_the_static_transmission_is_left(ring, energy, spin):
    still = replace(ring, {"drive": 0.0})
    found = sidebands(still, energy, spin)
    static = float(spin_pump.transmission(ring, energy, spin))
    np.testing.assert_allclose([found.right_from_left[N_MAX], found.left_from_right[N_MAX]], static, atol=1e-13)
    assert float(jnp.sum(found.right_from_left)) == pytest.approx(static, abs=1e-13)
    assert float(spin_pump.transmission(flipped(ring, "phi_ab", "phi_so"), energy, spin)) == pytest.approx(
        static, abs=1e-12
    )


@pytest.mark.parametrize("level", [0.1, 0.2, -0.3])
def test_zeros_of_the_static_transmission(level):
    V = 0.25
    for phi, sign in ((0.5, -1), (0.0, 1)):
        ring = Ring(phi_ab=phi, phi_so=0.0, level=level, coupling=V)
        assert float(spin_pump.transmission(ring, level / (1 + sign * V**2))) < 1e-26  # (rounding/|X|)^2
    assert float(spin_pump.transmission(Ring(phi_ab=0.3, phi_so=0.0, level=level), level)) > 1e-4
    # a level of zero: E = 0 for every flux that is no integer, and a decoupled level for those
    assert float(spin_pump.transmission(Ring(phi_ab=0.3, phi_so=0.1), 0.0)) < 1e-28
    assert float(spin_pump.transmission(Ring(phi_ab=0.0, phi_so=0.0), 0.0)) == 1.0


def test_resonances_are_where_the_dot_resonates():
    # poles of the engine's Green function of the dot, on either side of the band, and 1/G imaginary inside it
    ring = Ring(phi_ab=0.02, phi_so=0.0, level=0.1)
    level, bound = spin_pump.resonances(replace(ring, {"drive": 0.0}), 0.02)
    found = dot_green(ring, jnp.stack([*(bound + 1e-9), level]))
    assert np.all(np.abs(found[:2]) > 1e4)
    assert abs(complex(1 / found[2]).real) < 1e-12
    assert np.all(np.abs(bound) > 2)


@jax.jit
def dot_green(ring, energies):
    network = spin_pump.driven_ring(ring, 1).network
    return jax.vmap(lambda energy: transport.green_function(network, energy)[3, 3])(energies)


def test_band_edges_are_finite_and_differentiable():
    ring = Ring(drive=0.3)
    for energy in (-2.0, 2.0, 2.0 - 0.2, -2.0 + 0.4):
        found = sidebands(ring, energy, 1.0)
        assert np.all(np.isfinite(found.right_from_left))
        assert np.all(np.isfinite(by_engine(ring, energy, 1.0)))
        assert all(np.isfinite(leaf) for leaf in jax.tree.leaves(slopes(ring, energy)))
    assert float(jnp.sum(sidebands(ring, 2.0, 1.0).right_from_left)) == 0.0


@jax.jit
def slopes(ring, energy):
    return jax.jacfwd(lambda ring: jnp.sum(sidebands(ring, energy, 1.0).right_from_left))(ring)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"frequency \(photon energy of the drive\) must be > 0, got 0.0"):
        Ring(frequency=0.0)
    with pytest.raises(ValueError, match=r"temperature .* must be >= 0"):
        Ring(temperature=-0.1)
    with pytest.raises(ValueError, match=r"level .* must be finite"):
        Ring(level=float("nan"))
    with pytest.raises(ValueError, match=r"no wave at energy 2.5; their band is"):
        spin_pump.sideband_transmissions(Ring(), 2.5, 1, 3)
    with pytest.raises(ValueError, match="n_max must be at least 1, got 0"):
        spin_pump.sideband_transmissions(Ring(), 0.5, 1, 0)
    with pytest.raises(ValueError, match="at least 1 site, got 0"):
        spin_pump.driven_ring(Ring(), arm=0)
    with pytest.raises(ValueError, match="expected 2 parities"):
        spin_pump.multi_level_ring(Ring(), jnp.array([0.0, 0.2]), parities=(1,))
