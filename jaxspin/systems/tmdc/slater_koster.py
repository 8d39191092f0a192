"""Two-centre hoppings from the geometry of the bonds, so that strain enters: d of M and p of X.

Slater and Koster, Phys. Rev. 94, 1498 (1954), with orbitals as tensors (see `orbitals`). For dichalcogenides:
Cappelluti et al., Phys. Rev. B 88, 075409 (2013), and Silva-Guillen et al., Appl. Sci. 6, 284 (2016).
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from jaxspin.core import quantity
from jaxspin.systems.tmdc.eleven_band import lattice
from jaxspin.systems.tmdc.hamiltonian import Model
from jaxspin.systems.tmdc.orbitals import ATOMIC, LAYER, ON_METAL, PARITY, D
from jaxspin.systems.tmdc.spin_orbit import layer_coupling, sectors

_Q = np.array(list(D.values()))


def _energy(symbol: str, doc: str) -> Any:
    return quantity("eV", bounds=(-100.0, 100.0), scale=0.1, symbol=symbol, doc=doc)


class SlaterKoster(eqx.Module):
    """Geometry, on-site energies and two-centre integrals of the unstrained layer.

    `V_pd...` are between p of X and d of M with the bond pointing from X to M.
    """

    a: Float[Array, ""] = quantity("angstrom", bounds=(1.0, 10.0), scale=0.01, symbol="a", doc="lattice constant")
    theta: Float[Array, ""] = quantity(
        "rad", bounds=(0.1, 1.5), scale=0.01, symbol=r"\theta", doc="elevation of the M-X bond above the plane"
    )
    delta_0: Float[Array, ""] = _energy(r"\Delta_0", "on-site energy of dz2")
    delta_1: Float[Array, ""] = _energy(r"\Delta_1", "on-site energy of dxz and dyz")
    delta_2: Float[Array, ""] = _energy(r"\Delta_2", "on-site energy of dxy and dx2-y2")
    delta_p: Float[Array, ""] = _energy(r"\Delta_p", "on-site energy of px and py")
    delta_z: Float[Array, ""] = _energy(r"\Delta_z", "on-site energy of pz")
    V_pdsigma: Float[Array, ""] = _energy(r"V_{pd\sigma}", "two-centre integral p-d sigma")
    V_pdpi: Float[Array, ""] = _energy(r"V_{pd\pi}", "two-centre integral p-d pi")
    V_ddsigma: Float[Array, ""] = _energy(r"V_{dd\sigma}", "two-centre integral d-d sigma")
    V_ddpi: Float[Array, ""] = _energy(r"V_{dd\pi}", "two-centre integral d-d pi")
    V_dddelta: Float[Array, ""] = _energy(r"V_{dd\delta}", "two-centre integral d-d delta")
    V_ppsigma: Float[Array, ""] = _energy(r"V_{pp\sigma}", "two-centre integral p-p sigma")
    V_pppi: Float[Array, ""] = _energy(r"V_{pp\pi}", "two-centre integral p-p pi")
    lambda_M: Float[Array, ""] = _energy(r"\lambda_M", "spin-orbit strength of the metal's d")
    lambda_X: Float[Array, ""] = _energy(r"\lambda_X", "spin-orbit strength of the chalcogen's p")


def hopping_pp(n: Float[Array, "3"], sigma: Float[Array, ""], pi: Float[Array, ""]) -> Float[Array, "3 3"]:
    """p (rows) to p (columns) along the unit vector n: V_sigma n n + V_pi (1 - n n)."""
    along = jnp.outer(n, n)
    return sigma * along + pi * (jnp.eye(3) - along)


def hopping_pd(n: Float[Array, "3"], sigma: Float[Array, ""], pi: Float[Array, ""]) -> Float[Array, "3 5"]:
    """p (rows) of an atom to d (columns) of another one that lies along the unit vector n from it.

    With d as traceless Q of norm 1: sqrt(3/2) V_sigma (n.Q.n) n + sqrt(2) V_pi (Q.n - (n.Q.n) n).
    """
    to_n = jnp.asarray(_Q) @ n  # (5, 3)
    height = to_n @ n
    along = jnp.outer(n, height)
    return jnp.sqrt(1.5) * sigma * along + jnp.sqrt(2.0) * pi * (to_n.T - along)


def hopping_dd(
    n: Float[Array, "3"], sigma: Float[Array, ""], pi: Float[Array, ""], delta: Float[Array, ""]
) -> Float[Array, "5 5"]:
    """d to d along the unit vector n: the parts of Q with n twice, once and not at all."""
    to_n = jnp.asarray(_Q) @ n
    height = to_n @ n
    twice = 1.5 * jnp.outer(height, height)
    once = 2 * (to_n @ to_n.T - jnp.outer(height, height))
    return sigma * twice + pi * once + delta * (jnp.eye(5) - twice - once)


_PLANE = ((1, 0), (0, 1), (-1, -1), (-1, 0), (0, -1), (1, 1))
_AT = np.array(((0, 0), *_PLANE))
_TO_METAL = ((0, 0), (-1, -1), (0, -1))  # cells of M around the X of the home cell
_M, _UPPER, _LOWER = slice(0, 5), slice(5, 8), slice(8, 11)
_SHELLS = (_M, _UPPER, _LOWER)


def _rows(cells: tuple[tuple[int, int], ...], sign: int = 1) -> np.ndarray:
    return np.array([_AT.tolist().index([sign * n1, sign * n2]) for n1, n2 in cells])


def slater_koster(params: SlaterKoster, strain: Float[ArrayLike, "2 2"] | None = None) -> Model:
    """The eleven-orbital model of a layer, deformed by r -> (1 + strain) r in the plane, heights kept.

    Bonds turn and stretch: two-centre integrals fall off as r^-(l + l' + 1), as in `strained`. Two mirror sectors of
    eleven states, seven filled. Hoppings: M-X, M-M and X-X nearest neighbours in their planes, upper X to lower X.
    """
    return _slater_koster(params, jnp.zeros((2, 2)) if strain is None else jnp.asarray(strain, dtype=float))


@jax.jit
def _slater_koster(params: SlaterKoster, strain: Float[Array, "2 2"]) -> Model:
    flat, deformed = lattice(params.a), jnp.eye(2) + strain
    height = params.a / np.sqrt(3) * jnp.tan(params.theta)
    zero = jnp.zeros_like(height)
    X = [jnp.stack([zero, -params.a / np.sqrt(3), z]) for z in (height, -height)]
    atoms = jnp.stack([jnp.zeros(3), *X])

    def bonds(cells: tuple[tuple[int, int], ...], start: int, end: int) -> tuple[Array, Array]:
        """Unit vectors of bonds (b, 3), and their lengths relative to those without strain (b, 1, 1)."""
        before = jnp.pad(jnp.array(cells, dtype=float) @ flat, ((0, 0), (0, 1))) + (atoms[end] - atoms[start])[None]
        after = jnp.concatenate([before[:, :2] @ deformed.T, before[:, 2:]], axis=1)
        length = jnp.linalg.norm(after, axis=1, keepdims=True)
        return after / length, (length / jnp.linalg.norm(before, axis=1, keepdims=True))[:, :, None]

    d_levels = jnp.stack([params.delta_1, params.delta_1, params.delta_0, params.delta_2, params.delta_2])
    p_levels = jnp.stack([params.delta_p, params.delta_p, params.delta_z])
    blocks = jnp.zeros((7, 11, 11)).at[0].set(jnp.diag(jnp.concatenate([d_levels, p_levels, p_levels])))

    n, stretch = bonds(((0, 0),), 1, 2)
    vertical = hopping_pp(n[0], params.V_ppsigma, params.V_pppi) / stretch[0] ** 3
    blocks = blocks.at[0, _UPPER, _LOWER].add(vertical).at[0, _LOWER, _UPPER].add(vertical.T)

    n, stretch = bonds(_PLANE, 0, 0)
    dd = jax.vmap(lambda n: hopping_dd(n, params.V_ddsigma, params.V_ddpi, params.V_dddelta))(n) / stretch**5
    pp = jax.vmap(lambda n: hopping_pp(n, params.V_ppsigma, params.V_pppi))(n) / stretch**3
    for shell, block in zip(_SHELLS, (dd, pp, pp), strict=True):
        blocks = blocks.at[_rows(_PLANE), shell, shell].add(block)

    for atom in (1, 2):
        n, stretch = bonds(_TO_METAL, atom, 0)
        pd = jax.vmap(lambda n: hopping_pd(n, params.V_pdsigma, params.V_pdpi))(n) / stretch**4
        blocks = blocks.at[_rows(_TO_METAL), _SHELLS[atom], _M].add(pd)
        blocks = blocks.at[_rows(_TO_METAL, -1), _M, _SHELLS[atom]].add(pd.mT)

    orbital = jnp.asarray(ATOMIC.T)[None] @ blocks @ jnp.asarray(ATOMIC)[None]
    home = jnp.asarray((_AT == 0).all(axis=1))[None, :, None, None]
    chalcogen = jnp.concatenate([deformed @ atoms[1, :2], atoms[1, 2:]])
    positions = jnp.where(ON_METAL[:, None], 0.0, chalcogen[None])
    return Model(
        lattice=flat @ deformed.T,
        cells=jnp.asarray(_AT),
        blocks=orbital[None] + home * layer_coupling(params.lambda_M, params.lambda_X)[:, None],
        positions=jnp.broadcast_to(positions, (2, 11, 3)),
        states=tuple(tuple((LAYER[n % 11], 1 if n < 11 else -1) for n in sector) for sector in sectors(PARITY)),
        occupied=7,
    )
