"""The lock-in simulated over a cycle of a finite current: no derivative, a Fourier projection of V(t)."""

import jax
import jax.numpy as jnp

from jaxspin.core import Observables, Solve, observables
from jaxspin.systems.ferrimagnet.hall_bar import AngleScan, HallBar
from jaxspin.systems.ferrimagnet.hall_equilibrium import equilibrium
from jaxspin.systems.ferrimagnet.harmonic_hall import applied_field, hall_resistance


def simulated_lock_in(
    bar: HallBar,
    controls: AngleScan,
    *,
    samples: int = 64,
    solve: Solve = Solve(),
) -> Observables:
    """The harmonics as a lock-in finds them: V(t) over one current cycle, projected on sin(wt) and -cos(2wt).

    Arguments: as `harmonic_hall`; `samples`: instants per cycle (exact for a response of order below samples - 3).
    Returns: `Observables` with V_1w, V_2w [V], R_1w, R_2w [ohm] at the finite current amplitude `controls.I`; they
    differ from `harmonic_hall` by a relative O(I^2).
    """
    phase = 2 * jnp.pi * jnp.arange(samples) / samples
    current = controls.I * jnp.sin(phase)
    B = applied_field(bar, controls)
    state = jax.vmap(lambda I: equilibrium(bar, B, I, solve=solve))(current)
    V = current * jax.vmap(lambda m, I: hall_resistance(bar, m, I))(state.m, current)
    V_1w, V_2w = 2 * jnp.mean(V * jnp.sin(phase)), -2 * jnp.mean(V * jnp.cos(2 * phase))
    I = controls.I
    return observables({"V_1w": V_1w, "V_2w": V_2w, "R_1w": V_1w / I, "R_2w": V_2w / I}, jnp.max(state.status))
