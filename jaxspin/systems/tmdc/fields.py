"""What is done to a layer from outside: strain, a magnetic field, an electric field out of the plane."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from jaxspin.systems.tmdc.hamiltonian import Model, joined
from jaxspin.systems.tmdc.spin_orbit import SIGMA
from jaxspin.systems.tmdc.splitting import edges

BOHR_MAGNETON = 5.7883817982e-5
"""mu_B [eV/T], CODATA 2018."""

HBAR = 6.582119569e-4
"""Reduced Planck constant [eV ps], CODATA 2018 (exact)."""

_ANGULAR = {"s": 0, "p": 1, "d": 2, "f": 3}


@jax.jit
def strained(model: Model, strain: Float[ArrayLike, "2 2"]) -> Model:
    """The model of a layer deformed by r -> (1 + strain) r in the plane, heights kept.

    Every hopping falls off with the length of its bond as r^-(l + l' + 1), Harrison's rule for orbitals of angular
    momenta l and l' (for dichalcogenides: Rostami et al., Phys. Rev. B 92, 195402 (2015)). Bonds do not turn: that
    needs the two-centre model `slater_koster`.
    """
    deformed = jnp.eye(2) + jnp.asarray(strain, dtype=float)
    deform = lambda r: jnp.concatenate([r[..., :2] @ deformed.T, r[..., 2:]], axis=-1)
    ends = jnp.pad(model.cells.astype(float) @ model.lattice, ((0, 0), (0, 1)))
    from_i, to_j = model.positions[:, None, :, None], model.positions[:, None, None, :]
    bonds = ends[None, :, None, None] + to_j - from_i  # (s, r, m, m, 3)
    before, after = jnp.sum(bonds**2, axis=-1), jnp.sum(deform(bonds) ** 2, axis=-1)
    on_site = before < 1e-6  # no length at all: orbitals of one atom
    ratio = jnp.where(on_site, 1.0, before) / jnp.where(on_site, 1.0, after)
    l = np.array([[_ANGULAR[name[0]] for name in sector] for sector in model.orbitals])
    power = (l[:, None, :, None] + l[:, None, None, :] + 1) / 2
    return eqx.tree_at(
        lambda m: (m.lattice, m.positions, m.blocks),
        model,
        (model.lattice @ deformed.T, deform(model.positions), model.blocks * ratio ** jnp.asarray(power)),
    )


def _with_home(model: Model, term: Array) -> Model:
    """A model in one sector with a Hermitian term (m, m) [eV] added to the block of the home cell."""
    home = jnp.all(model.cells == 0, axis=1)[None, :, None, None]
    return eqx.tree_at(lambda m: m.blocks, model, model.blocks + jnp.where(home, term[None, None], 0.0))


@jax.jit
def zeeman(model: Model, field: Float[ArrayLike, "3"], g: Float[ArrayLike, ""] = 2.0) -> Model:
    """The model in a magnetic field (3,) [T], coupled to spin: (g/2) mu_B B.sigma; one sector of all states.

    Orbital moments are left out. A field along z moves the spins of K and K' rigidly against each other, one in the
    plane turns them: it breaks the mirror that keeps them out of the plane.
    """
    whole = joined(model)
    flip = jnp.tensordot(jnp.asarray(field, dtype=float), jnp.asarray(SIGMA), axes=1)
    half = whole.blocks.shape[-1] // 2  # spin up first, then the same orbitals with spin down
    return _with_home(whole, jnp.asarray(g) / 2 * BOHR_MAGNETON * jnp.kron(flip, jnp.eye(half)))


@jax.jit
def out_of_plane_field(model: Model, drop: Float[ArrayLike, ""]) -> Model:
    """The eleven-band model with a difference of potential energy `drop` [eV] between upper and lower chalcogen.

    Drop/2 on the upper and -drop/2 on the lower one couple p+ to p-, which breaks the mirror; with lambda L.S this is
    the Rashba effect, no further constant. One sector of all states.

    Raises:
        ValueError: for a model without p+ and p- orbitals, which knows no upper and lower chalcogen.
    """
    whole = joined(model)
    states = list(whole.states[0])
    pairs = [(n, states.index((name[:-1] + "-", spin))) for n, (name, spin) in enumerate(states) if name[-1] == "+"]
    if not pairs:
        raise ValueError(
            f"out_of_plane_field needs orbitals p+ and p- (eleven-band models); got {sorted({s[0] for s in states})}"
        )
    even, odd = np.array(pairs).T
    term = np.zeros((len(states), len(states)))
    term[even, odd] = term[odd, even] = 0.5
    return _with_home(whole, jnp.asarray(drop, dtype=float) * jnp.asarray(term))


@jax.jit
def precession(model: Model, k: Float[ArrayLike, "n 2"]) -> Float[Array, "n 3"]:
    """Spin-orbit field of the uppermost valence pair, hbar Omega = Delta P at k (n, 2) [1/angstrom], in eV.

    P is the polarization of the paper's section III: half the difference of the two states' <sigma>.
    """
    found = edges(model, k)
    height = found.valence[:, 0] - found.valence[:, 1]
    return height[:, None] * (found.valence_spin[:, 0] - found.valence_spin[:, 1]) / 2


@jax.jit
def dyakonov_perel_rate(
    model: Model, k: Float[ArrayLike, "n 2"], momentum_time: Float[ArrayLike, ""]
) -> Float[Array, ""]:
    """Rate 1/tau_s = <Omega_parallel^2> tau_p at which a hole's spin along z relaxes, in 1/ps.

    Arguments: k (n, 2), the wave vectors that scattering averages over [1/angstrom]; `momentum_time` tau_p [ps]. An
    estimate, for Omega tau_p << 1: Dyakonov and Perel's motional narrowing. Spins along z precess about the field in
    the plane alone; the mirror forbids it, so that the rate vanishes: the paper's argument for long spin lifetimes.
    """
    omega = precession(model, k)[:, :2] / HBAR
    return jnp.mean(jnp.sum(omega**2, axis=1)) * momentum_time
