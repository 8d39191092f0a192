"""Ring, double ring and disordered strip with spin-orbit coupling against Kwant: stored values, and itself if there."""

import importlib.util
import json
import math
import pathlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.transport import Chain, Wire, from_kwant, network, transmission

HERE = pathlib.Path(__file__).parent
STORED = json.loads((HERE / "kwant_reference.json").read_text())
SIGMA_X = np.array([[0, 1], [1, 0]], dtype=complex)
SIGMA_Y = np.array([[0, -1j], [1j, 0]])
ONE = np.eye(2)


def disorder(x, y):
    """As in make_kwant_reference.py."""
    return 2 * math.modf(1e4 * abs(math.sin(12.9898 * x + 78.233 * y + 0.5)))[0] - 1


def ring():
    hop = [(1, 0, 1.0), (2, 1, 1.0), (0, 3, 0.25 * np.exp(0.4j * np.pi)), (2, 3, 0.25)]
    return network([0.0, 0.0, 0.0, 0.1], hop, [Chain(0), Chain(2)])


def double_ring():
    onsite = [0.1 * disorder(x, 0) for x in range(5)] + [0.3 * disorder(x, 1) for x in (1, 3)]
    hop = [(x + 1, x, 1.0) for x in range(4)]
    for x, upper, flux in ((1, 5, 0.2), (3, 6, 0.35)):
        hop += [(x - 1, upper, 0.5 * np.exp(2j * np.pi * flux)), (x + 1, upper, 0.7)]
    return network(onsite, hop, [Chain(0), Chain(4)])


def strip(length=8, width=5, rashba=0.3, field=0.02):
    along, across = -(ONE - 1j * rashba * SIGMA_Y), -(ONE + 1j * rashba * SIGMA_X)
    site = lambda x, y: x * width + y
    onsite = [disorder(x, y) * ONE + field * SIGMA_X for x in range(length) for y in range(width)]
    hop = [(site(x + 1, y), site(x, y), along) for x in range(length - 1) for y in range(width)]
    hop += [(site(x, y + 1), site(x, y), across) for x in range(length) for y in range(width - 1)]
    up = np.kron(np.eye(width, k=-1), across)
    cell = np.kron(np.eye(width), field * SIGMA_X) + up + up.conj().T
    every = np.kron(np.eye(width), along)
    # inwards is to the right in the left lead, to the left in the right one
    left = Wire(range(width), cell, every)
    right = Wire(range((length - 1) * width, length * width), cell, every.conj().T)
    return network(onsite, hop, [left, right], orbitals=2)


def compare(net, name):
    stored = STORED[name]
    got = jax.jit(jax.vmap(lambda energy: transmission(net, energy)))(jnp.array(stored["energies"]))
    exact = np.array(stored["transmissions"])
    np.testing.assert_allclose(got[:, 1, 0], exact[:, 0], atol=1e-10)
    np.testing.assert_allclose(got[:, 0, 1], exact[:, 1], atol=1e-10)


@pytest.mark.parametrize(
    "make", [ring, double_ring, pytest.param(strip, marks=pytest.mark.slow)], ids=lambda make: make.__name__
)
def test_transmissions_are_those_of_kwant(make):
    compare(make(), make.__name__)


class Finalised:
    """What `from_kwant` reads of a finalised Kwant system, for a strip of two sites whose lead cells have four.

    Kwant lists the orbitals of a cell that the next cell, or the system, touches first, and gives only their hoppings.
    """

    def __init__(self):
        self.cell = np.diag([0.1, -0.2, 0.3, 0.0]) + 0.5 * (np.eye(4, k=1) + np.eye(4, k=-1)) + 0.2 * np.eye(4, k=2)
        self.cell = (self.cell + self.cell.T) / 2 + 0j
        self.hop = np.array([[0.2, 0.1j], [0.0, 0.3], [0.9, 0.2], [-0.1, 0.8j]])
        self.leads, self.lead_interfaces = [self], [np.array([1, 0])]

    def cell_hamiltonian(self, params=None):
        return self.cell

    def inter_cell_hopping(self, params=None):
        return self.hop

    def hamiltonian_submatrix(self, params=None, return_norb=False):
        return np.array([[0.0, 0.4j], [-0.4j, 0.1]]), np.array([1, 1]), np.array([1, 1])


def test_a_kwant_system_is_read_as_it_means():
    # the self-energy of its lead against 4000 of its cells, with an absorption that ends the wave
    system, z = Finalised(), 0.3 + 1e-3j
    outward = np.zeros((4, 4), dtype=complex)
    outward[:, :2] = system.hop
    green = np.linalg.inv(z * np.eye(4) - system.cell)
    for _ in range(4000):
        green = np.linalg.inv(z * np.eye(4) - system.cell - outward.conj().T @ green @ outward)
    net = from_kwant(system)
    direct = system.hop.conj().T @ green @ system.hop
    got = net.leads[0].self_energy(0.3, 1)
    np.testing.assert_allclose(got, direct, atol=1e-2)  # the absorption
    assert net.leads[0].sites == (1, 0)
    assert net.orbitals == 1


@pytest.mark.skipif(importlib.util.find_spec("kwant") is None, reason="Kwant is not installed")
def test_kwant_itself_agrees_with_what_is_stored_and_with_from_kwant():
    spec = importlib.util.spec_from_file_location("make_kwant_reference", HERE / "make_kwant_reference.py")
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    for name, (build, energies) in make.SYSTEMS.items():
        system = build()
        np.testing.assert_allclose(make.transmissions(system, energies), STORED[name]["transmissions"], atol=1e-11)
        compare(from_kwant(system), name)
