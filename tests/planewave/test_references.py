"""Monolayers against another code with the same pseudopotentials, and derivatives of their splitting: minutes each."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.planewave.bands import energies_of, states
from jaxspin.planewave.basis import plane_waves
from jaxspin.planewave.crystal import Crystal
from jaxspin.planewave.exchange_correlation import LDA_PADE
from jaxspin.planewave.forces import forces
from jaxspin.planewave.ground_state import SelfConsistency, ground_state
from jaxspin.planewave.kpoints import IDENTITY, monkhorst_pack
from jaxspin.planewave.model import KohnSham
from jaxspin.planewave.pseudopotential import tabulated
from jaxspin.planewave.response import self_consistent_density
from jaxspin.planewave.second_variation import second_variation
from jaxspin.planewave.spin_texture import spin
from jaxspin.planewave.units import BOHR_ANGSTROM, HARTREE_EV

pytestmark = pytest.mark.slow

MEV = HARTREE_EV * 1e3
TOP = 26  # spinor bands below the gap


def monolayer(metal, chalcogen, a, d, c):
    """MX2, lengths in angstrom, in the local-density approximation."""
    lattice = np.array([[a, 0, 0], [-a / 2, a * np.sqrt(3) / 2, 0], [0, 0, c]]) / BOHR_ANGSTROM
    positions = [[1 / 3, 2 / 3, 0.5], [2 / 3, 1 / 3, 0.5 + d / c], [2 / 3, 1 / 3, 0.5 - d / c]]
    crystal = Crystal(lattice, (metal, chalcogen, chalcogen), positions)
    return KohnSham(crystal, (tabulated(metal, "PADE"), tabulated(chalcogen, "PADE")), LDA_PADE)


def spinors(model, basis, density, tolerance):
    """The filled spinors and two more, in the full basis."""
    scalar = states(model.with_spin_orbit(None), basis, density, 20, tolerance=1e-5)
    coupled = second_variation(model, basis, scalar).orbitals(scalar, 0, TOP + 6)
    return states(model, basis, density, TOP + 2, start=coupled, tolerance=tolerance, max_steps=100)


def test_energy_of_molybdenum_disulfide_is_that_of_abinit():
    # ABINIT 9.6.2, same pseudopotentials, cell of 15 angstrom; printed to 1e-6
    model = monolayer("Mo", "S", 3.193, 1.567, 15.0)
    basis = plane_waves(model.crystal, 15.0, monkhorst_pack(model.crystal, (3, 3, 1)))
    state = ground_state(model, basis, SelfConsistency(tolerance=1e-6)).checked()
    assert float(state.energies.total) == pytest.approx(-88.403018, abs=2e-6)
    assert abs(float(state.density.mean() * model.crystal.volume) - 26) < 1e-10


def test_spin_orbit_splitting_of_molybdenum_diselenide_is_that_of_abinit():
    # ABINIT 9.6.2 with self-consistent spinors, printed to 0.27 meV
    model = monolayer("Mo", "Se", 3.313, 1.673, 15.0)
    basis = plane_waves(model.crystal, 15.0, monkhorst_pack(model.crystal, (3, 3, 1)))
    relativistic = model.with_spin_orbit(1.0)
    corners = basis.at([[0, 0, 0], [1 / 3, 1 / 3, 0], [0.5, 0, 0]], model.crystal)
    both = [ground_state(of, basis, SelfConsistency(tolerance=1e-6)).checked() for of in (relativistic, model)]
    found, without = (spinors(relativistic, corners, state.density, 1e-5) for state in both)
    assert abs(float(both[0].density.mean() * model.crystal.volume) - 26) < 1e-10
    gamma, k, m = np.asarray(found.energies) * MEV
    # the density of a calculation without spin changes splittings by less than 0.1 meV
    other = np.asarray(without.energies)[1] * MEV
    assert abs((k[TOP - 1] - k[TOP - 2]) - (other[TOP - 1] - other[TOP - 2])) < 0.1
    assert k[TOP - 1] - k[TOP - 2] == pytest.approx(183.40, abs=0.3)
    assert k[TOP + 1] - k[TOP] == pytest.approx(24.49, abs=0.3)
    assert k[TOP - 1] - gamma[TOP - 1] == pytest.approx(460.42, abs=0.3)
    # time reversal at Gamma and M: Kramers pairs, to the square of the residual
    for energies in (gamma, m):
        np.testing.assert_allclose(energies[1:TOP:2], energies[:TOP:2], atol=0.01)
    # the mirror plane leaves no spin in the plane
    assert np.abs(spin(found.orbitals)[1, :, :2]).max() < 1e-4


def small():
    """MoS2 with few waves: not converged, but the same physics."""
    model = monolayer("Mo", "S", 3.193, 1.567, 8.0)
    return model, plane_waves(model.crystal, 5.0, monkhorst_pack(model.crystal, (3, 3, 1)))


def test_reduced_mesh_gives_energy_and_forces_of_the_full_mesh():
    model, reduced = small()
    full = plane_waves(model.crystal, 5.0, monkhorst_pack(model.crystal, (3, 3, 1), operations=IDENTITY), reduced.grid)
    assert len(reduced.kpoints) < len(full.kpoints)
    tight = SelfConsistency(tolerance=1e-8, max_steps=60)
    one, other = (ground_state(model, basis, tight).checked() for basis in (reduced, full))
    assert float(one.energies.total) == pytest.approx(float(other.energies.total), abs=1e-9)
    np.testing.assert_allclose(forces(model, reduced, one), forces(model, full, other), atol=1e-6)


def test_derivatives_of_splitting_and_gap_of_molybdenum_disulfide():
    """Distance of the planes, biaxial strain, spin-orbit strength, a coefficient: against converged runs to 1e-4."""
    model, basis = small()
    tight = SelfConsistency(tolerance=1e-9, max_steps=80)
    state = ground_state(model, basis, tight).checked()
    corner = basis.at([[1 / 3, 1 / 3, 0]], model.crystal)

    def changed(p):
        up = jnp.array([[0.0, 0, 0], [0, 0, 1], [0, 0, -1]])
        moved = Crystal(model.crystal.lattice, model.crystal.species, model.crystal.positions + up * p[0])
        strained = moved.strained(jnp.diag(jnp.array([1.0, 1.0, 0.0])) * p[1])
        whole = dataclasses.replace(model, crystal=strained, spin_orbit=1 + p[2])
        return eqx.tree_at(lambda m: m.pseudopotentials[0].h, whole, whole.pseudopotentials[0].h.at[2, 0, 0].add(p[3]))

    def edges(e):
        return jnp.stack([e[0, TOP - 1] - e[0, TOP - 2], e[0, TOP] - e[0, TOP - 1]])

    orbitals = spinors(changed(jnp.zeros(4)), corner, state.density, 1e-8).orbitals

    def observed(p):
        whole = changed(p)
        density = self_consistent_density(whole.with_spin_orbit(None), basis, state)
        return edges(energies_of(whole, corner, density, orbitals))

    derivative = jax.jit(jax.jacrev(observed))(jnp.zeros(4))
    for i, h in enumerate((1e-4, 1e-3, 1e-2, 1e-3)):
        difference = 0.0
        for sign in (1, -1):
            whole = changed(jnp.zeros(4).at[i].set(sign * h))
            here = ground_state(whole.with_spin_orbit(None), basis, tight, start=state).checked()
            difference += sign * np.asarray(edges(spinors(whole, corner, here.density, 1e-8).energies)) / (2 * h)
        np.testing.assert_allclose(derivative[:, i], difference, rtol=1e-4)
