"""Self-consistency, forces, stress and response on a crystal so small that every claim takes a second."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.core import Status
from jaxspin.planewave.bands import energies_of, states
from jaxspin.planewave.basis import plane_waves
from jaxspin.planewave.continuation import carried_over
from jaxspin.planewave.crystal import Crystal
from jaxspin.planewave.energy import total_energy
from jaxspin.planewave.exchange_correlation import LDA_PADE, PBE
from jaxspin.planewave.forces import forces, stress
from jaxspin.planewave.ground_state import SelfConsistency, ground_state
from jaxspin.planewave.kpoints import IDENTITY, monkhorst_pack
from jaxspin.planewave.mixing import Anderson
from jaxspin.planewave.model import KohnSham
from jaxspin.planewave.pseudopotential import pseudopotential
from jaxspin.planewave.pulay import boundary, entering
from jaxspin.planewave.response import self_consistent_density, self_consistent_orbitals
from jaxspin.planewave.second_variation import second_variation

SOFT = pseudopotential("Se", 4, 0.8, [-2.0], [(0.8, [[1.5]], [[0.0]]), (0.7, [[0.6]], [[0.2]])])
CRYSTAL = Crystal(np.array([[5.0, 0, 0], [0.3, 4.6, 0], [0, 0.2, 5.5]]), ("Se",) * 2, [[0, 0.02, 0], [0.5, 0.47, 0.45]])
MODEL = KohnSham(CRYSTAL, (SOFT,), LDA_PADE)
# the density to 1e-9: energies to its square, forces and band energies to 1e-9 and a small factor
TIGHT = SelfConsistency(tolerance=1e-9, max_steps=80)


@pytest.fixture(scope="module")
def basis():
    return plane_waves(CRYSTAL, 3.0, monkhorst_pack(CRYSTAL, (2, 1, 1), operations=IDENTITY))


@pytest.fixture(scope="module")
def state(basis):
    return ground_state(MODEL, basis, TIGHT).checked()


def moved(model, step):
    """The model with the second atom moved along all axes (fractional)."""
    positions = model.crystal.positions + jnp.outer(jnp.array([0.0, 1.0]), jnp.array([1.0, 0.5, 0.3])) * step
    return dataclasses.replace(model, crystal=Crystal(model.crystal.lattice, model.crystal.species, positions))


def strained(model, strain):
    return dataclasses.replace(model, crystal=model.crystal.strained(strain))


def energy(model, basis, state):
    return float(ground_state(model, basis, TIGHT, start=state).checked().energies.total)


def test_charge_is_conserved(state):
    charge = state.density.mean() * CRYSTAL.volume
    assert abs(charge - MODEL.electrons) < 1e-10


def test_orbitals_are_orthonormal_and_energies_ascend(state):
    flat = state.orbitals[:, :, 0, :]
    overlap = flat.conj() @ jnp.swapaxes(flat, 1, 2)
    np.testing.assert_allclose(overlap, np.broadcast_to(np.eye(overlap.shape[1]), overlap.shape), atol=1e-10)
    assert np.all(np.diff(state.eigenvalues[:, : MODEL.electrons // 2], axis=1) > -1e-9)


@pytest.mark.slow
def test_the_start_does_not_matter(state, basis):
    # another mixing walks another way to the same density
    other = ground_state(MODEL, basis, SelfConsistency(tolerance=1e-9, max_steps=80, mixing=Anderson(5, 0.4)))
    assert abs(other.energies.total - state.energies.total) < 1e-11
    assert jnp.abs(other.density - state.density).max() < 1e-8


def test_fewer_waves_raise_the_energy_by_what_they_bring(state, basis):
    # variational: the space of fewer waves lies in that of more. The coupling of waves beyond 2.7 hartree is a third of
    # their distance in energy, its square a tenth, which second order misses
    size = 0.5 * jnp.sum(basis.wave_vectors(CRYSTAL) ** 2, axis=-1)
    fewer = eqx.tree_at(lambda b: b.mask, basis, basis.mask & (size < 2.7))
    assert int(fewer.mask.sum()) < int(basis.mask.sum())
    found = ground_state(MODEL, fewer, TIGHT).checked()
    lost = float(found.energies.total - state.energies.total)
    assert lost > 1e-6
    assert float(jnp.sum(entering(MODEL, fewer, basis, found))) == pytest.approx(-lost, rel=0.1)


def test_energy_does_not_depend_on_the_origin_of_the_grid(state, basis):
    # by whole spacings exactly; in between only the sampling of exchange and correlation differs
    spacing = 1 / np.array(basis.grid)
    shift = lambda by: dataclasses.replace(
        MODEL, crystal=Crystal(CRYSTAL.lattice, CRYSTAL.species, CRYSTAL.positions + by[None])
    )
    assert abs(energy(shift(spacing * np.array([1, 2, 3])), basis, None) - float(state.energies.total)) < 1e-10
    assert abs(energy(shift(0.5 * spacing), basis, state) - float(state.energies.total)) < 2e-4


def test_no_numbers_that_look_converged(basis):
    lost = ground_state(MODEL, basis, SelfConsistency(max_steps=2))
    assert lost.status is Status.MAX_STEPS
    assert np.isnan(lost.energies.total)
    assert lost.history.shape == (2, 3)
    assert "raise max_steps" in lost.advice
    with pytest.raises(RuntimeError, match="no self-consistent ground state: after 2 steps"):
        lost.checked()
    with pytest.raises(RuntimeError, match="no self-consistent"):
        forces(MODEL, basis, lost)


def test_a_killed_run_goes_on_from_its_checkpoint(state, basis, tmp_path):
    file = tmp_path / "run"

    class Killed(Exception):
        pass

    def kill(line):
        if line.number == 5:
            raise Killed

    with pytest.raises(Killed):
        ground_state(MODEL, basis, TIGHT, checkpoint=file, progress=kill)
    lines = []
    resumed = ground_state(MODEL, basis, TIGHT, checkpoint=file, progress=lines.append)
    assert lines[0].number == 5
    # the state of the mixing is in the file: the same steps as without interruption, to the last digit
    np.testing.assert_array_equal(resumed.history, state.history)
    np.testing.assert_array_equal(resumed.density, state.density)
    with pytest.raises(ValueError, match="belongs to another"):
        ground_state(moved(MODEL, 1e-3), basis, TIGHT, checkpoint=file)


def test_a_neighbour_starts_from_what_is_known(state, basis):
    # lattice and atoms differ by 0.1 %: the charge is right and the search shorter
    near = strained(moved(MODEL, 1e-3), 1e-3 * jnp.diag(jnp.array([1.0, 1.0, 0.0])))
    start = carried_over(state, MODEL, basis, near, basis)
    assert float(start.density.mean() * near.crystal.volume) == pytest.approx(MODEL.electrons, abs=1e-9)
    np.testing.assert_array_equal(start.orbitals, jnp.where(basis.mask[:, None, None, :], state.orbitals, 0))
    found = ground_state(near, basis, TIGHT, start=start).checked()
    alone = ground_state(near, basis, TIGHT).checked()
    assert len(found.history) < len(alone.history) - 2
    assert float(found.energies.total) == pytest.approx(float(alone.energies.total), abs=1e-11)
    other = plane_waves(CRYSTAL, 4.0, monkhorst_pack(CRYSTAL, (2, 1, 1), operations=IDENTITY))
    with pytest.raises(ValueError, match="both must be alike"):
        carried_over(state, MODEL, basis, MODEL, other)


def test_an_odd_electron_needs_a_smearing(basis):
    odd = dataclasses.replace(MODEL, pseudopotentials=(dataclasses.replace(SOFT, charge=5),))
    odd = dataclasses.replace(odd, crystal=Crystal(CRYSTAL.lattice, ("Se",), [[0, 0, 0]]))
    with pytest.raises(ValueError, match=r"5 electrons per cell is odd.*set a smearing"):
        ground_state(odd, basis)


def test_too_few_waves_are_refused():
    mesh = monkhorst_pack(CRYSTAL, (1, 1, 1), operations=IDENTITY)
    with pytest.raises(ValueError, match=r"cannot carry the pseudopotential of Se, of range 0\.7 bohr"):
        ground_state(MODEL, plane_waves(CRYSTAL, 0.6, mesh))
    with pytest.raises(ValueError, match="too few for 19 bands: raise the cutoff"):
        ground_state(MODEL, plane_waves(CRYSTAL, 1.1, mesh), SelfConsistency(empty_bands=15))


@pytest.mark.slow
def test_spinors_are_self_consistent(state, basis):
    # six times the coupling of the table, so that it matters
    strong = MODEL.with_spin_orbit(6.0)
    found = ground_state(strong, basis, TIGHT).checked()
    assert abs(float(found.density.mean() * CRYSTAL.volume) - MODEL.electrons) < 1e-10
    # both k points are their own opposites: Kramers pairs
    filled = found.eigenvalues[:, : MODEL.electrons]
    np.testing.assert_allclose(filled[:, ::2], filled[:, 1::2], atol=1e-9)
    # without coupling they are the orbitals without spin, twice
    assert energy(MODEL.with_spin_orbit(0.0), basis, None) == pytest.approx(float(state.energies.total), abs=1e-11)
    # Hellmann-Feynman; E = const - c s^2 + d s^3: differences miss h^2 d, of h = 0.05 of 6
    slope = jax.jit(
        jax.grad(lambda s: total_energy(strong.with_spin_orbit(s), basis, found.orbitals, found.occupations).total)
    )
    h = 0.05
    ends = [energy(strong.with_spin_orbit(6 + sign * h), basis, found) for sign in (1, -1)]
    assert float(slope(6.0)) == pytest.approx((ends[0] - ends[1]) / (2 * h), rel=1e-4)


@pytest.mark.slow
def test_self_consistent_spinors_are_the_second_variation_in_all_bands(basis):
    strong = MODEL.with_spin_orbit(6.0)
    found = ground_state(strong, basis, TIGHT).checked()
    # every band without spin, in the same potential: the start is the whole space (padding makes bands far up)
    unit = jnp.broadcast_to(jnp.eye(basis.waves, dtype=complex)[:, None], (2, basis.waves, 1, basis.waves))
    every = states(MODEL, basis, found.density, basis.waves, start=jnp.where(basis.mask[:, None, None], unit, 0))
    coupled = second_variation(strong, basis, every).energies[:, : MODEL.electrons]
    np.testing.assert_allclose(coupled, found.eigenvalues[:, : MODEL.electrons], atol=1e-8)


@pytest.mark.slow
def test_waves_at_the_cutoff_lower_the_energy_as_the_boundary_says():
    """The sum over a shell of waves against converged runs without and with it; the stress of all of them."""
    cutoff, mesh = 6.0, monkhorst_pack(CRYSTAL, (3, 3, 3), shift=(0.5, 0.5, 0.5), operations=IDENTITY)
    widest = plane_waves(CRYSTAL, 1.08 * cutoff, mesh)
    size = 0.5 * jnp.sum(widest.wave_vectors(CRYSTAL) ** 2, axis=-1)
    basis = eqx.tree_at(lambda b: b.mask, dataclasses.replace(widest, cutoff=cutoff), widest.mask & (size < cutoff))
    state = ground_state(MODEL, basis, TIGHT).checked()
    gained = energy(MODEL, widest, state) - float(state.energies.total)
    shell = float(jnp.sum(entering(MODEL, basis, widest, state)))
    assert shell == pytest.approx(gained, rel=0.05)
    found = boundary(MODEL, basis, state)
    # a strain of all lengths moves the cutoff by twice as much
    assert float(jnp.trace(found.stress) * CRYSTAL.volume) == pytest.approx(2 * cutoff * float(found.cutoff), rel=1e-9)


def test_forces_are_differences_of_energies(state, basis):
    # central differences: error h^2 E'''/6 with h = 3e-4 of 5 bohr, relative 2e-6; rounding 1e-12/h
    h = 3e-4
    difference = (energy(moved(MODEL, h), basis, state) - energy(moved(MODEL, -h), basis, state)) / (2 * h)
    direction = jnp.array([1.0, 0.5, 0.3]) @ CRYSTAL.lattice
    force = forces(MODEL, basis, state)
    assert float(force[1] @ direction) == pytest.approx(-difference, rel=2e-5, abs=1e-8)
    # the atoms together feel the grid alone
    assert jnp.abs(force.sum(axis=0)).max() < 1e-3


def test_stress_is_the_difference_of_energies(state, basis):
    shape = jnp.array([[1.0, 0.2, 0.0], [0.2, -0.4, 0.0], [0.0, 0.0, 0.5]])
    h = 3e-4
    difference = energy(strained(MODEL, h * shape), basis, state) - energy(strained(MODEL, -h * shape), basis, state)
    tensor = stress(MODEL, basis, state)
    assert float(jnp.sum(tensor * shape) * CRYSTAL.volume) == pytest.approx(difference / (2 * h), rel=2e-5)


def test_the_density_follows_a_change_of_the_model(state, basis):
    # a moment of the density against a step of an atom and a coefficient, reverse mode; differences miss h^2 120, 2e-5
    x, y, z = np.meshgrid(*(np.arange(n) / n for n in basis.grid), indexing="ij")
    moment = jnp.asarray(np.cos(2 * np.pi * x) + np.sin(2 * np.pi * (y + z)))

    def changed(p):
        model = moved(MODEL, p[0])
        return eqx.tree_at(lambda m: m.pseudopotentials[0].h, model, model.pseudopotentials[0].h.at[1, 0, 0].add(p[1]))

    observed = lambda p: jnp.sum(moment * self_consistent_density(changed(p), basis, state))
    reverse = jax.jit(jax.grad(observed))(jnp.zeros(2))
    for i, h in enumerate((4e-4, 3e-3)):
        ends = [ground_state(changed(jnp.zeros(2).at[i].set(s * h)), basis, TIGHT, start=state) for s in (1, -1)]
        difference = float(jnp.sum(moment * (ends[0].checked().density - ends[1].checked().density))) / (2 * h)
        assert float(reverse[i]) == pytest.approx(difference, rel=1e-4)


def test_the_derivative_of_a_force_is_the_difference_of_forces(state, basis):
    # the second derivative of the energy, by the response of the orbitals; differences miss h^2, rounding 1e-9/h
    def slope(step):
        orbitals = self_consistent_orbitals(moved(MODEL, step), basis, state)
        filled = state.occupations[:, : orbitals.shape[1]]
        return jax.grad(lambda s: total_energy(moved(MODEL, s), basis, orbitals, filled).total)(step)

    value, second = jax.jit(lambda s: jax.jvp(slope, (s,), (1.0,)))(0.0)
    direction = jnp.array([1.0, 0.5, 0.3]) @ CRYSTAL.lattice
    force = lambda s: forces(model := moved(MODEL, s), basis, ground_state(model, basis, TIGHT, start=state).checked())
    assert float(value) == pytest.approx(-float(forces(MODEL, basis, state)[1] @ direction), rel=1e-7)
    h = 1e-3
    difference = -float((force(h) - force(-h))[1] @ direction) / (2 * h)
    assert float(second) == pytest.approx(difference, rel=1e-4)


@pytest.mark.slow
def test_derivatives_go_through_self_consistency(basis):
    """Band energies against position, strain and a coefficient: forward, reverse, differences of converged runs."""
    gradient_corrected = dataclasses.replace(MODEL, functional=PBE)
    state = ground_state(gradient_corrected, basis, TIGHT).checked()
    here = basis.at([[0.2, 0.1, 0.3]], CRYSTAL)
    levels = lambda model, n: states(model, here, n, 5, tolerance=1e-8, max_steps=100)
    orbitals = levels(gradient_corrected, state.density).orbitals
    shape = jnp.diag(jnp.array([1.0, 0.5, -0.3]))

    def changed(p):
        model = strained(moved(gradient_corrected, p[0]), p[1] * shape)
        return eqx.tree_at(lambda m: m.pseudopotentials[0].h, model, model.pseudopotentials[0].h.at[1, 0, 0].add(p[2]))

    def gap(p):
        model = changed(p)
        e = energies_of(model, here, self_consistent_density(model, basis, state), orbitals)[0]
        return e[4] - e[3]

    reverse = jax.jit(jax.grad(gap))(jnp.zeros(3))
    direction = jnp.array([0.3, 1.0, 0.5])
    forward = jax.jit(lambda p: jax.jvp(gap, (p,), (direction,))[1])(jnp.zeros(3))
    # conjugate gradients to 1e-6
    assert float(forward) == pytest.approx(float(reverse @ direction), rel=1e-5)
    for i, h in enumerate((1e-3, 1e-3, 1e-3)):
        difference = 0.0
        for sign in (1, -1):
            model = changed(jnp.zeros(3).at[i].set(sign * h))
            e = levels(model, ground_state(model, basis, TIGHT, start=state).checked().density).energies[0]
            difference += sign * float(e[4] - e[3]) / (2 * h)
        assert float(reverse[i]) == pytest.approx(difference, rel=1e-4)
