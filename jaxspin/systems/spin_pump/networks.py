"""The ring and its relatives as driven networks, for everything that `transport` can do with them.

Sites: 0 is the left contact, the lower arm follows, then the right contact, then the levels of the dots. Leads: 0 left,
1 right. One spin at a time. Unlike `pumped_currents`, nothing here is tied to one level.
"""

from collections.abc import Sequence

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from jaxspin import transport
from jaxspin.systems.spin_pump.parameters import Ring
from jaxspin.systems.spin_pump.ring import flux


def driven_ring(
    ring: Ring,
    spin: Float[ArrayLike, ""] = 1,
    *,
    arm: int = 1,
    lead_couplings: tuple[Float[ArrayLike, ""], Float[ArrayLike, ""]] = (1.0, 1.0),
) -> transport.Driven:
    """The paper's ring, with a lower arm of any length and leads attached by any hopping.

    Arguments:
        ring: its Fermi energy and temperature are not used.
        spin: +1 (up) or -1 (down).
        arm: number of sites in the lower arm, 1 in the paper.
        lead_couplings: hopping from either contact to its lead [gamma].

    Raises:
        ValueError: for an arm below 1.
    """
    return multi_level_ring(ring, jnp.zeros(1), spin, arm=arm, lead_couplings=lead_couplings)


def multi_level_ring(
    ring: Ring,
    offsets: Float[ArrayLike, " k"],
    spin: Float[ArrayLike, ""] = 1,
    *,
    parities: Sequence[int] | None = None,
    arm: int = 1,
    lead_couplings: tuple[Float[ArrayLike, ""], Float[ArrayLike, ""]] = (1.0, 1.0),
) -> transport.Driven:
    """The ring with a dot of several levels, which one gate moves together.

    Arguments:
        ring, spin, arm, lead_couplings: as of `driven_ring`.
        offsets: energies of the levels above `ring.level`, shape (k,) [gamma].
        parities: +1 or -1 for every level, which multiplies its right coupling; +1 by default.

    Raises:
        ValueError: for an arm below 1, or another number of parities than of levels.
    """
    offsets = jnp.asarray(offsets, dtype=float)
    parities = (1,) * offsets.size if parities is None else tuple(parities)
    if len(parities) != offsets.size:
        raise ValueError(f"multi_level_ring: expected {offsets.size} parities, one for each level, got {len(parities)}")
    onsite, hoppings, right = _lower_arm(arm)
    left_bond, right_bond = _dot_bonds(ring, spin)
    levels = range(right + 1, right + 1 + offsets.size)
    onsite += [ring.level + offset for offset in offsets]
    for level, parity in zip(levels, parities, strict=True):
        hoppings += [(0, level, left_bond), (right, level, parity * right_bond)]
    drives = [transport.level_drive(tuple(levels), ring.drive)]
    return transport.Driven(transport.network(onsite, hoppings, _leads(right, lead_couplings)), ring.frequency, drives)


def two_dot_ring(
    ring: Ring,
    spin: Float[ArrayLike, ""] = 1,
    *,
    level: Float[ArrayLike, ""] = 0.0,
    drive: Float[ArrayLike, ""] = 0.07,
    coupling: Float[ArrayLike, ""] = 0.25,
    phase: Float[ArrayLike, ""] = 0.0,
) -> transport.Driven:
    """A ring with a dot in either arm, driven with a phase between them: a pump of two parameters.

    The flux sits on the upper dot's left coupling, as in the paper.

    Arguments:
        ring: the contacts and the upper dot.
        spin: +1 (up) or -1 (down).
        level, drive, coupling: of the lower dot, in place of the chain's site 0 [gamma].
        phase: by which the lower drive is ahead, drive cos(Omega t + phase) [rad].
    """
    left_bond, right_bond = _dot_bonds(ring, spin)
    lower, right, upper = 1, 2, 3
    hoppings = [(0, upper, left_bond), (right, upper, right_bond), (0, lower, coupling), (right, lower, coupling)]
    onsite = [jnp.zeros(()), jnp.asarray(level, dtype=float), jnp.zeros(()), ring.level]
    drives = [transport.level_drive(upper, ring.drive), transport.level_drive(lower, drive, phase=phase)]
    return transport.Driven(transport.network(onsite, hoppings, _leads(right, (1.0, 1.0))), ring.frequency, drives)


def _lower_arm(arm: int) -> tuple[list[Array], list[tuple[int, int, Array]], int]:
    """Onsite energies and hoppings from the left contact along the lower arm, and the right contact's site."""
    if arm < 1:
        raise ValueError(f"driven_ring: the lower arm must have at least 1 site, got {arm}")
    right = arm + 1
    return [jnp.zeros(()) for _ in range(arm + 2)], [(site, site + 1, jnp.ones(())) for site in range(right)], right


def _dot_bonds(ring: Ring, spin: Float[ArrayLike, ""]) -> tuple[Array, Array]:
    """V_L and V_R, from the dot to the contacts."""
    phase = transport.flux_phase(flux(ring, spin))
    return ring.coupling * (1 + ring.asymmetry) * phase, ring.coupling * (1 - ring.asymmetry) + 0j


def _leads(right: int, couplings: tuple[ArrayLike, ArrayLike]) -> list[transport.Lead]:
    return [transport.Chain(site, 1.0, coupling) for site, coupling in zip((0, right), couplings, strict=True)]
