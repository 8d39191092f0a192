"""Dynamics at a temperature: a random field that obeys the fluctuation-dissipation theorem, read as Stratonovich's."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, PRNGKeyArray

from jaxspin.micromagnetics.evolve import Evolution, Observe, demand_run
from jaxspin.micromagnetics.fixed_steps import equal_steps, run_steps
from jaxspin.micromagnetics.llg import rate_in_field
from jaxspin.micromagnetics.system import System, effective_field, torque_field
from jaxspin.micromagnetics.vectors import unit_vectors

BOLTZMANN = 1.380649e-23
"""[J/K]"""


def evolve_thermal(
    system: System,
    m0: Float[Array, "S nx ny nz 3"],
    times: Float[ArrayLike, " n"],
    *,
    temperature: Float[ArrayLike, "..."],
    key: PRNGKeyArray,
    dt: float,
    snapshots: bool = False,
    observe: Observe | None = None,
) -> Evolution:
    """`evolve` in a random field of variance 2 alpha k_B T/(gamma M_s V dt) in each component, by Heun's method.

    Heun's predictor and corrector see the same noise, which makes the limit dt -> 0 Stratonovich's; its equilibrium is
    Boltzmann's (Brown, Phys. Rev. 130, 1677). The noise of a step comes from `fold_in(key, number of the step)`: the
    same key gives the same run, and one key per member of a `vmap` an ensemble. Differentiable with the key held fixed.

    Arguments:
        system, m0, snapshots, observe: as in `evolve`.
        times: equally spaced, concrete [s].
        temperature: [K], a number or a field (nx, ny, nz).
        key: of the random numbers.
        dt: largest step [s]; shortened so that steps end at the times. The error of means is about linear in it.

    Returns:
        `Evolution`; status NOT_FINITE where the run failed.

    Raises:
        ValueError: as `evolve`, and for times that are not equally spaced.
    """
    m0 = jnp.asarray(m0, dtype=float)
    demand_run(system, m0, jnp.asarray(times, dtype=float), dt)
    count, step = equal_steps(times, dt)
    T = jnp.broadcast_to(jnp.asarray(temperature, dtype=float), system.mesh.shape)
    return _run(system, m0, jnp.asarray(times, dtype=float), count, step, T, key, snapshots, observe)


@eqx.filter_jit
def _run(system, m0, times, count, dt, temperature, key, snapshots, observe) -> Evolution:
    strength = noise_amplitude(system, temperature, dt)

    def rate(m, time, noise):
        return rate_in_field(system, m, effective_field(system, m, time) + torque_field(system, m, time) + noise)

    def advance(carry, time, number):
        (m,) = carry
        noise = strength[..., None] * jax.random.normal(jax.random.fold_in(key, number), m.shape, m.dtype)
        first = rate(m, time, noise)
        second = rate(unit_vectors(m + dt * first), time + dt, noise)
        return (unit_vectors(m + dt / 2 * (first + second)),)

    start = (system.normalised(m0),)
    return run_steps(advance, start, system, times, count, dt, snapshots=snapshots, observe=observe, evaluations=2)


def noise_amplitude(
    system: System, temperature: Float[Array, "nx ny nz"], dt: Float[ArrayLike, ""]
) -> Float[Array, "S nx ny nz"]:
    """Standard deviation [T] of each component of the random field during a step dt [s]; zero outside the mask."""
    per_moment = system.inverse_magnetization / (system.gyromagnetic_ratio * system.mesh.cell_volume * dt)
    variance = 2 * system.damping * BOLTZMANN * temperature[None] * per_moment
    return jnp.sqrt(variance)
