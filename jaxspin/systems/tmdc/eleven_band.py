"""The eleven-orbital model of Fang et al., Phys. Rev. B 92, 205108 (2015), with spin-orbit coupling on M and X in full.

All five d of M and three p of each X, by mirror parity, in the order of `orbitals.LAYER` (numbered from 1). The metal
is at the origin, a_1 along x, and its chalcogen neighbours at -y and its rotations by 120 degrees. One hopping of each
kind is given (M-M and X-X along a_1, M-X along y, M-X second neighbours along y); threefold rotation makes the others.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxspin.core import quantities, quantity
from jaxspin.systems.tmdc.hamiltonian import Bonds, Model, linear_basis
from jaxspin.systems.tmdc.orbitals import LAYER, ON_METAL, PARITY, layer_rotation, turn_about_z
from jaxspin.systems.tmdc.spin_orbit import layer_coupling, sectors


def _energy(symbol: str, doc: str, scale: float = 0.05) -> Any:
    return quantity("eV", bounds=(-20.0, 20.0), scale=scale, symbol=symbol, doc=doc)


def _on_site(orbital: int) -> Any:
    return _energy(rf"\epsilon_{{{orbital}}}", f"on-site energy of {LAYER[orbital - 1]}")


def _hopping(kind: int, i: int, j: int) -> Any:
    bond = {1: "along a_1", 5: "M-X along y", 6: "M-X second neighbours along y"}[kind]
    return _energy(rf"t^{{({kind})}}_{{{i},{j}}}", f"hopping {LAYER[i - 1]} - {LAYER[j - 1]}, {bond}", 0.02)


class ElevenBand(eqx.Module):
    """On-site energies, hoppings and spin-orbit strengths of the eleven-orbital model [eV], and its lattice [angstrom].

    `t<kind>_<i>_<j>` are t^(kind)_ij of Fang et al.
    """

    a: Float[Array, ""] = quantity("angstrom", bounds=(1.0, 10.0), scale=0.01, symbol="a", doc="lattice constant")
    d: Float[Array, ""] = quantity(
        "angstrom", bounds=(0.1, 5.0), scale=0.01, symbol="d", doc="distance of the planes of M and X"
    )
    lambda_M: Float[Array, ""] = _energy(r"\lambda_M", "spin-orbit strength of the metal's d", 0.01)
    lambda_X: Float[Array, ""] = _energy(r"\lambda_X", "spin-orbit strength of the chalcogen's p", 0.01)
    eps1: Float[Array, ""] = _on_site(1)
    eps3: Float[Array, ""] = _on_site(3)
    eps4: Float[Array, ""] = _on_site(4)
    eps6: Float[Array, ""] = _on_site(6)
    eps7: Float[Array, ""] = _on_site(7)
    eps9: Float[Array, ""] = _on_site(9)
    eps10: Float[Array, ""] = _on_site(10)
    t1_1_1: Float[Array, ""] = _hopping(1, 1, 1)
    t1_2_2: Float[Array, ""] = _hopping(1, 2, 2)
    t1_3_3: Float[Array, ""] = _hopping(1, 3, 3)
    t1_4_4: Float[Array, ""] = _hopping(1, 4, 4)
    t1_5_5: Float[Array, ""] = _hopping(1, 5, 5)
    t1_6_6: Float[Array, ""] = _hopping(1, 6, 6)
    t1_7_7: Float[Array, ""] = _hopping(1, 7, 7)
    t1_8_8: Float[Array, ""] = _hopping(1, 8, 8)
    t1_9_9: Float[Array, ""] = _hopping(1, 9, 9)
    t1_10_10: Float[Array, ""] = _hopping(1, 10, 10)
    t1_11_11: Float[Array, ""] = _hopping(1, 11, 11)
    t1_3_5: Float[Array, ""] = _hopping(1, 3, 5)
    t1_6_8: Float[Array, ""] = _hopping(1, 6, 8)
    t1_9_11: Float[Array, ""] = _hopping(1, 9, 11)
    t1_1_2: Float[Array, ""] = _hopping(1, 1, 2)
    t1_3_4: Float[Array, ""] = _hopping(1, 3, 4)
    t1_4_5: Float[Array, ""] = _hopping(1, 4, 5)
    t1_6_7: Float[Array, ""] = _hopping(1, 6, 7)
    t1_7_8: Float[Array, ""] = _hopping(1, 7, 8)
    t1_9_10: Float[Array, ""] = _hopping(1, 9, 10)
    t1_10_11: Float[Array, ""] = _hopping(1, 10, 11)
    t5_4_1: Float[Array, ""] = _hopping(5, 4, 1)
    t5_3_2: Float[Array, ""] = _hopping(5, 3, 2)
    t5_5_2: Float[Array, ""] = _hopping(5, 5, 2)
    t5_9_6: Float[Array, ""] = _hopping(5, 9, 6)
    t5_11_6: Float[Array, ""] = _hopping(5, 11, 6)
    t5_10_7: Float[Array, ""] = _hopping(5, 10, 7)
    t5_9_8: Float[Array, ""] = _hopping(5, 9, 8)
    t5_11_8: Float[Array, ""] = _hopping(5, 11, 8)
    t6_9_6: Float[Array, ""] = _hopping(6, 9, 6)
    t6_11_6: Float[Array, ""] = _hopping(6, 11, 6)
    t6_9_8: Float[Array, ""] = _hopping(6, 9, 8)
    t6_11_8: Float[Array, ""] = _hopping(6, 11, 8)


_ON_SITE = ("eps1", "eps1", "eps3", "eps4", "eps4", "eps6", "eps7", "eps7", "eps9", "eps10", "eps10")
_ANTISYMMETRIC = ((1, 2), (3, 4), (4, 5), (6, 7), (7, 8), (9, 10), (10, 11))  # of opposite parity under x -> -x
_TURNS = [layer_rotation(turn_about_z(angle)) for angle in (0.0, 2 * np.pi / 3, 4 * np.pi / 3)]

# Cells of the three turns of a bond, a_1 = a (1, 0) and a_2 = a (-1/2, sqrt(3)/2). X belongs to the cell of the metal
# above it: the bond from X to M, at y a/sqrt(3), and its turns, end in these cells; second neighbours lie at -2 y.
_CELLS = {1: ((1, 0), (0, 1), (-1, -1)), 5: ((0, 0), (-1, -1), (0, -1)), 6: ((-1, -2), (1, 0), (-1, 0))}


def lattice(a: Float[Array, ""]) -> Float[Array, "2 2"]:
    """Primitive vectors as rows: a (1, 0) and a (-1/2, sqrt(3)/2) [angstrom]."""
    return a * jnp.array([[1.0, 0.0], [-0.5, np.sqrt(3) / 2]])


def _bonds(energy: str) -> Bonds:
    """Every matrix element <0, i|H|R, j> that one energy of `ElevenBand` stands for, per eV."""
    if energy.startswith("eps"):
        return [((0, 0), np.diag([float(name == energy) for name in _ON_SITE]))]
    kind, i, j = map(int, energy[1:].split("_"))
    matrix = np.zeros((11, 11))
    matrix[i - 1, j - 1] = 1.0
    if kind == 1 and (i, j) in _ANTISYMMETRIC:  # -2 i t sin(k.a_1) in the paper
        matrix = matrix.T - matrix
    elif kind == 1 and i != j:
        matrix = matrix + matrix.T
    found = []
    for turn, (n1, n2) in zip(_TURNS, _CELLS[kind], strict=True):
        turned = turn @ matrix @ turn.T
        found += [((n1, n2), turned), ((-n1, -n2), turned.T)]
    return found


ENERGIES = tuple(name for name in quantities(ElevenBand) if name[:3] == "eps" or name[:2] in ("t1", "t5", "t6"))
"""The parameters in which the Hamiltonian without spin is linear."""

_AT, _BASIS = linear_basis([_bonds(energy) for energy in ENERGIES])
_HOME = (_AT == 0).all(axis=1)


def positions(a: Float[Array, ""], d: Float[Array, ""]) -> Float[Array, "11 3"]:
    """Where the orbitals sit [angstrom]: M at the origin, X at -y a/sqrt(3); the height d of both X as one."""
    chalcogen = jnp.stack([jnp.zeros_like(a), -a / np.sqrt(3), d])
    return jnp.where(ON_METAL[:, None], 0.0, chalcogen)


@jax.jit
def eleven_band(params: ElevenBand) -> Model:
    """The model of these parameters: two mirror sectors of eleven states, seven of them filled.

    At K = (4 pi/(3 a), 0) the top valence state has spin up.
    """
    orbital = jnp.tensordot(jnp.stack([getattr(params, name) for name in ENERGIES]), jnp.asarray(_BASIS), axes=1)
    coupling = layer_coupling(params.lambda_M, params.lambda_X)
    states = [[(LAYER[n % 11], 1 if n < 11 else -1) for n in sector] for sector in sectors(PARITY)]
    return Model(
        lattice=lattice(params.a),
        cells=jnp.asarray(_AT),
        blocks=orbital[None] + jnp.asarray(_HOME)[None, :, None, None] * coupling[:, None],
        positions=jnp.broadcast_to(positions(params.a, params.d), (2, 11, 3)),
        states=tuple(map(tuple, states)),
        occupied=7,
    )
