"""Dephasing by an explicit voltage probe: a third lead with its own channels that draws no net current.

Its P orbital channels are seen through a barrier of transparency Gamma = dephasing/P, so that electrons leave into it
at the rate 1/tau_phi, as in the paper, which shifts N to N + 2 pi hbar/tau_phi Delta; that shift holds to leading order
in 1/N and whatever P. For P -> infinity this is the dephasing of `sampling.sample_conductance`. Conductances in e^2/h.
"""

from functools import partial

import jax
import jax.numpy as jnp
from jax.core import Tracer
from jaxtyping import Array, Complex, Float, PRNGKeyArray

from jaxspin.systems.quantum_dot.cavity import Cavity, scattering_matrix
from jaxspin.systems.quantum_dot.channel_average import probabilities
from jaxspin.systems.quantum_dot.draws import check_sampling, draws, group_size
from jaxspin.systems.quantum_dot.parameters import Dot
from jaxspin.systems.quantum_dot.perturbation import spins_decouple


def behind_barrier(S: Complex[Array, "c c"], transparency: Float[Array, " c"]) -> Complex[Array, "c c"]:
    """S of a dot whose channels j are seen through barriers of transparency Gamma_j: 1 leaves a channel as it is.

    S_b = r + t S (1 - r' S)^-1 t with t = sqrt(Gamma), r = -r' = sqrt(1 - Gamma), unitary if S is.
    """
    t, r = jnp.sqrt(transparency), jnp.sqrt(1 - transparency)
    one = jnp.eye(S.shape[0])
    inside = jnp.linalg.solve(one + S * r[None], S)  # S (1 + r S)^-1 = (1 + S r)^-1 S
    return jnp.diag(r).astype(S.dtype) + t[:, None] * inside * t[None]


def probed_conductance(T: Float[Array, "c c"], c1: int, c2: int) -> Float[Array, ""]:
    """Conductance [e^2/h] from lead 1 to 2 with all other channels one voltage probe: T_21 + T_2p T_p1/(T_1p + T_2p).

    T_ij is the probability of transmission from channel j to i, c1 and c2 count the channels of the leads. NaN where
    nothing leaves the probe.
    """
    leads = c1 + c2
    into_1, into_2 = jnp.sum(T[:c1, leads:]), jnp.sum(T[c1:leads, leads:])
    return jnp.sum(T[c1:leads, :c1]) + into_2 * jnp.sum(T[leads:, :c1]) / (into_1 + into_2)


def sample_conductance(
    dot: Dot, key: PRNGKeyArray, n: int, M: int, probe: int, method: str = "circular", *, share: int | None = None
) -> Float[Array, " n"]:
    """Conductances of n random dots whose dephasing is a voltage probe of `probe` channels.

    Arguments:
        dot: the dot, scalar fields; `dephasing` > 0, at most `probe`, which makes the contact to the probe ballistic.
        key, n, method, share: as in `sampling.sample_conductance`.
        M: channels of U or levels of H, >= n1 + n2 + probe + 2.
        probe: orbital channels of the probe, >= 1.

    Returns:
        Conductances [e^2/h], shape (n,).

    Raises:
        ValueError: for a probe with less than one channel or less than `dephasing`, no dephasing, and as
            `sampling.sample_conductance`.
    """
    if isinstance(probe, bool) or not isinstance(probe, int) or probe < 1:
        raise ValueError(f"sample_conductance: probe (its channels) must be an integer >= 1, got {probe!r}")
    if not isinstance(dot.dephasing, Tracer) and not 0 < float(dot.dephasing) <= probe:
        raise ValueError(
            f"sample_conductance: a probe of {probe} channels needs 0 < dephasing <= {probe}, got {dot.dephasing}"
        )
    opened = Dot(dot.n1, dot.n2 + probe, dot.x, dot.a, dot.b, dot.epsilon, x_so=dot.x_so)
    check_sampling("sample_conductance", opened, n, M, method, share)
    group = group_size(n, share)
    return _compiled(opened, dot.dephasing / probe, key, n, M, probe, method, group, spins_decouple(dot))


@partial(jax.jit, static_argnums=(3, 4, 5, 6, 7, 8))
def _compiled(
    opened: Dot,
    transparency: Float[Array, ""],
    key: PRNGKeyArray,
    n: int,
    M: int,
    probe: int,
    method: str,
    group: int,
    decoupled: bool,
) -> Float[Array, " n"]:
    N = opened.N
    barrier = jnp.where(jnp.arange(N) < N - probe, 1.0, transparency)

    def measure(cavities: tuple[Cavity, ...]) -> Float[Array, ""]:
        def passing(cavity: Cavity) -> Float[Array, "N N"]:
            S = scattering_matrix(cavity)
            return probabilities(behind_barrier(S, jnp.repeat(barrier, S.shape[0] // N)), N)

        # one reservoir for both spins: probabilities are summed over spin first
        T = jnp.sum(jax.vmap(passing)(cavities[0]), axis=0)
        return probed_conductance(T, opened.n1, opened.n2 - probe)

    return draws(measure, (opened,), key, n, M, method, group, decoupled)
