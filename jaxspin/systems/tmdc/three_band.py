"""The three-band models of Liu et al., Phys. Rev. B 88, 085433 (2013): d_z2, d_xy, d_x2-y2 of M, to third neighbours.

The nearest-neighbour model is the one without r and u. Hoppings along a_1 = a x (t), along the second neighbour (r) and
along 2 a_1 (u) are given; rotations by 120 degrees make the others. Spin-orbit coupling within three orbitals has
L_z alone, so that spin is conserved and the conduction band, d_z2 at K, does not split there.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxspin.core import quantities, quantity
from jaxspin.systems.tmdc.eleven_band import lattice
from jaxspin.systems.tmdc.hamiltonian import Bonds, Model, linear_basis
from jaxspin.systems.tmdc.orbitals import angular_momentum, rotation, turn_about_z

ORBITALS = ("dz2", "dxy", "dx2-y2")


def _energy(symbol: str, doc: str, **default: float) -> Any:
    return quantity("eV", bounds=(-20.0, 20.0), scale=0.05, symbol=symbol, doc=doc, **default)


class ThreeBand(eqx.Module):
    """Parameters of the three-band models [eV] and the lattice constant [angstrom]; r and u are zero by default."""

    a: Float[Array, ""] = quantity("angstrom", bounds=(1.0, 10.0), scale=0.01, symbol="a", doc="lattice constant")
    lambda_M: Float[Array, ""] = _energy(r"\lambda_M", "spin-orbit strength of the metal's d")
    eps1: Float[Array, ""] = _energy(r"\epsilon_1", "on-site energy of dz2")
    eps2: Float[Array, ""] = _energy(r"\epsilon_2", "on-site energy of dxy and dx2-y2")
    t0: Float[Array, ""] = _energy("t_0", "hopping dz2 - dz2 along a_1")
    t1: Float[Array, ""] = _energy("t_1", "hopping dz2 - dxy along a_1")
    t2: Float[Array, ""] = _energy("t_2", "hopping dz2 - dx2-y2 along a_1")
    t11: Float[Array, ""] = _energy("t_{11}", "hopping dxy - dxy along a_1")
    t12: Float[Array, ""] = _energy("t_{12}", "hopping dxy - dx2-y2 along a_1")
    t22: Float[Array, ""] = _energy("t_{22}", "hopping dx2-y2 - dx2-y2 along a_1")
    r0: Float[Array, ""] = _energy("r_0", "second-neighbour hopping dz2 - dz2", default=0.0)
    r1: Float[Array, ""] = _energy("r_1", "second-neighbour hopping dz2 - d", default=0.0)
    r2: Float[Array, ""] = _energy("r_2", "second-neighbour hopping d - dz2", default=0.0)
    r11: Float[Array, ""] = _energy("r_{11}", "second-neighbour hopping within d", default=0.0)
    r12: Float[Array, ""] = _energy("r_{12}", "second-neighbour hopping within d, its anisotropy", default=0.0)
    u0: Float[Array, ""] = _energy("u_0", "hopping dz2 - dz2 along 2 a_1", default=0.0)
    u1: Float[Array, ""] = _energy("u_1", "hopping dz2 - dxy along 2 a_1", default=0.0)
    u2: Float[Array, ""] = _energy("u_2", "hopping dz2 - dx2-y2 along 2 a_1", default=0.0)
    u11: Float[Array, ""] = _energy("u_{11}", "hopping dxy - dxy along 2 a_1", default=0.0)
    u12: Float[Array, ""] = _energy("u_{12}", "hopping dxy - dx2-y2 along 2 a_1", default=0.0)
    u22: Float[Array, ""] = _energy("u_{22}", "hopping dx2-y2 - dx2-y2 along 2 a_1", default=0.0)


_TURNS = [rotation(ORBITALS, turn_about_z(angle)) for angle in (0.0, 2 * np.pi / 3, 4 * np.pi / 3)]
_CELLS = {
    "t": ((1, 0), (0, 1), (-1, -1)),
    "r": ((1, 2), (-2, -1), (1, -1)),  # sqrt(3) a y and its turns
    "u": ((2, 0), (0, 2), (-2, -2)),
}
_L_Z = angular_momentum(ORBITALS)[2]
_ALONG_X = {  # the mirror x -> -x makes what is odd in d_xy antisymmetric
    "0": np.diag([1.0, 0.0, 0.0]),
    "1": np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]),
    "2": np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]),
    "11": np.diag([0.0, 1.0, 0.0]),
    "12": np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]]),
    "22": np.diag([0.0, 0.0, 1.0]),
}
_ALONG_Y = {  # and leaves d_xy apart
    "0": np.diag([1.0, 0.0, 0.0]),
    "1": np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]) * 2 / np.sqrt(3),
    "2": np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]) * 2 / np.sqrt(3),
    "11": np.diag([0.0, 1.0, 1.0]),
    "12": np.diag([0.0, np.sqrt(3), -1 / np.sqrt(3)]),
}


def _bonds(energy: str) -> Bonds:
    """Every matrix element <0, i|H|R, j> that one energy of `ThreeBand` stands for, per eV."""
    if energy.startswith("eps"):
        return [((0, 0), np.diag([1.0, 0.0, 0.0] if energy == "eps1" else [0.0, 1.0, 1.0]))]
    matrix = (_ALONG_Y if energy[0] == "r" else _ALONG_X)[energy[1:]]
    found = []
    for turn, (n1, n2) in zip(_TURNS, _CELLS[energy[0]], strict=True):
        turned = turn @ matrix @ turn.T
        found += [((n1, n2), turned), ((-n1, -n2), turned.T)]
    return found


ENERGIES = tuple(name for name in quantities(ThreeBand) if name not in ("a", "lambda_M"))
"""The parameters in which the Hamiltonian without spin is linear."""

_AT, _BASIS = linear_basis([_bonds(energy) for energy in ENERGIES])
_HOME = (_AT == 0).all(axis=1)


@jax.jit
def three_band(params: ThreeBand) -> Model:
    """The model of these parameters: spin up and spin down apart, one band of three filled in each.

    At K = (4 pi/(3 a), 0) the top valence state has spin up.
    """
    orbital = jnp.tensordot(jnp.stack([getattr(params, name) for name in ENERGIES]), jnp.asarray(_BASIS), axes=1)
    up = params.lambda_M / 2 * jnp.asarray(_L_Z)  # lambda L.S; spin down has the opposite sign
    return Model(
        lattice=lattice(params.a),
        cells=jnp.asarray(_AT),
        blocks=orbital[None] + jnp.asarray(_HOME)[None, :, None, None] * jnp.stack([up, -up])[:, None],
        positions=jnp.zeros((2, 3, 3)),
        states=tuple(tuple((name, spin) for name in ORBITALS) for spin in (1, -1)),
        occupied=1,
    )
