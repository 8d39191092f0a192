"""The three-band models of Liu et al., Phys. Rev. B 88, 085433 (2013): d_z2, d_xy, d_x2-y2 of M, to third neighbours.

The nearest-neighbour model is the one without r and u. Hoppings along a_1 = a x (t), along the second neighbour (r) and
along 2 a_1 (u) are given; rotations by 120 degrees make the others. Spin-orbit coupling within three orbitals has
L_z alone, so that spin is conserved and the conduction band, d_z2 at K, does not split there.
"""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxspin.core import quantity
from jaxspin.systems.tmdc.eleven_band import lattice
from jaxspin.systems.tmdc.hamiltonian import Model
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


_TURNS = np.array([rotation(ORBITALS, turn_about_z(angle)) for angle in (0.0, 2 * np.pi / 3, 4 * np.pi / 3)])
_A1_CELLS = ((1, 0), (0, 1), (-1, -1))
_SECOND_CELLS = ((1, 2), (-2, -1), (1, -1))  # sqrt(3) a y and its turns
_L_Z = angular_momentum(ORBITALS)[2]


def _along_x(h0: Array, h1: Array, h2: Array, h11: Array, h12: Array, h22: Array) -> Float[Array, "3 3"]:
    """Hopping along x: mirror symmetry x -> -x makes what is odd in d_xy antisymmetric."""
    return jnp.stack([jnp.stack([h0, h1, h2]), jnp.stack([-h1, h11, h12]), jnp.stack([h2, -h12, h22])])


def _along_y(params: ThreeBand) -> Float[Array, "3 3"]:
    """Second-neighbour hopping along y, where d_xy stays apart."""
    zero, root = jnp.zeros_like(params.r0), np.sqrt(3)
    return jnp.stack(
        [
            jnp.stack([params.r0, zero, 2 / root * params.r1]),
            jnp.stack([zero, params.r11 + root * params.r12, zero]),
            jnp.stack([2 / root * params.r2, zero, params.r11 - params.r12 / root]),
        ]
    )


def three_band(params: ThreeBand) -> Model:
    """The model of these parameters: spin up and spin down apart, one band of three filled in each.

    At K = (4 pi/(3 a), 0) the top valence state has spin up.
    """
    nearest = _along_x(params.t0, params.t1, params.t2, params.t11, params.t12, params.t22)
    third = _along_x(params.u0, params.u1, params.u2, params.u11, params.u12, params.u22)
    cells, blocks = [(0, 0)], [jnp.diag(jnp.stack([params.eps1, params.eps2, params.eps2]))]
    double = tuple((2 * n1, 2 * n2) for n1, n2 in _A1_CELLS)
    for matrix, ends in ((nearest, _A1_CELLS), (_along_y(params), _SECOND_CELLS), (third, double)):
        for turn, end in zip(_TURNS, ends, strict=True):
            turned = turn @ matrix @ turn.T
            cells += [end, (-end[0], -end[1])]
            blocks += [turned, turned.T]
    orbital = jnp.stack(blocks)
    coupling = params.lambda_M / 2 * jnp.asarray(_L_Z)  # lambda L.S for spin up; spin down has the opposite sign
    home = jnp.asarray(np.eye(len(cells), 1)[:, :, None])
    return Model(
        lattice=lattice(params.a),
        cells=jnp.array(cells),
        blocks=jnp.stack([orbital + home * coupling[None], orbital - home * coupling[None]]),
        positions=jnp.zeros((2, 3, 3)),
        states=tuple(tuple((name, spin) for name in ORBITALS) for spin in (1, -1)),
        occupied=1,
    )
