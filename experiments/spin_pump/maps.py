"""Transmission and pumped currents over Fermi energy and flux: what figures 2 and 3 are drawn from."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxspin.core import replace
from jaxspin.systems import spin_pump
from jaxspin.systems.spin_pump import Ring

LEVELS = {"level 0": 0.0, "level 0.2": 0.2}  # the natural choice, and the alternative
PANELS = {"a": (0.2, 0.1), "b": (0.5, 0.4)}  # figure 3: phi_AB, phi_SO
ENERGIES, FLUXES = np.linspace(-1.0, 1.0, 201), np.linspace(0.0, 1.0, 101)
PHOTONS = 6


@jax.jit
def pumped_map(ring: Ring, energies: jax.Array, fluxes: jax.Array) -> Any:
    """Pumped currents at zero temperature, (fluxes, energies), one integral a flux."""
    at = lambda flux: spin_pump.currents_against_fermi_energy(replace(ring, {"phi_ab": flux}), energies, n_max=PHOTONS)
    return jax.lax.map(at, fluxes)


@jax.jit
def static_map(ring: Ring, energies: jax.Array, fluxes: jax.Array) -> jax.Array:
    """Transmission of spin up at rest, (fluxes, energies)."""
    at = lambda flux, energy: spin_pump.transmission(replace(ring, {"phi_ab": flux}), energy)
    return jax.vmap(jax.vmap(at, (None, 0)), (0, None))(fluxes, energies)


def maps() -> dict[str, Any]:
    """Everything on the grids, for both levels, in figure 2 without a spin-orbit phase.

    A spin feels the flux phi_AB + sigma phi_SO and no more, so the curves of figure 3 are lines of the same map.
    """
    found: dict[str, Any] = {}
    energies, fluxes = jnp.asarray(ENERGIES), jnp.asarray(FLUXES)
    for name, level in LEVELS.items():
        ring = Ring(level=level, phi_so=0.0)
        pumped = pumped_map(ring, energies, fluxes)
        current = np.asarray(pumped.up)
        found[name] = {"T": np.asarray(static_map(ring, energies, fluxes)), "I": current, "status": pumped.status}
        for panel, (phi_ab, phi_so) in PANELS.items():
            rows = [round((phi_ab + spin * phi_so) / FLUXES[1]) for spin in (1, -1)]
            found[name][panel] = current[rows]
    return found
