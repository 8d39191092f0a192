"""The driven-dissipative spinor equation that the pseudospin comes from.

    i hbar dpsi_+-/dt = (i/2) (W - Gamma - eta |S|) psi_+- +- (Delta/2) psi_+- - (epsilon + i gamma)/2 psi_-+
                        + (1/2) (alpha_1 |psi_+-|^2 + alpha_2 |psi_-+|^2) psi_+-,    S = psi^dagger sigma psi/2.

The printed equation (1) has the gain reversed, no sign on the Zeeman term, and psi^dagger psi where |S| belongs; as it
stands here it gives equations (2) exactly. The common phase of psi is free, and lost in S.
"""

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float, Int

from jaxspin.core import Solve, check
from jaxspin.numerics import ode
from jaxspin.systems.polariton.parameters import HBAR, Physical
from jaxspin.systems.polariton.pseudospin import PRECISE, check_times


class SpinorMotion(eqx.Module):
    """A trajectory: times `t` (n,) [ps], spinors `psi` (n, 2) = (psi_+, psi_-), `core.Status`, steps taken."""

    t: Float[Array, " n"]
    psi: Complex[Array, "n 2"]
    status: Int[Array, ""]
    steps: Int[Array, ""]

    @property
    def S(self) -> Float[Array, "n 3"]:
        """Pseudospin S = psi^dagger sigma psi/2, shape (n, 3)."""
        return pseudospin(self.psi)

    def checked(self) -> "SpinorMotion":
        """Itself, or `RuntimeError` with advice if the integration failed. Not under `jit` or `vmap`."""
        check(self.status)
        return self


def pseudospin(psi: Complex[Array, "*batch 2"]) -> Float[Array, "*batch 3"]:
    """S = psi^dagger sigma psi/2 of spinors: S_x + i S_y = conj(psi_+) psi_-, |S| = psi^dagger psi/2."""
    plus, minus = psi[..., 0], psi[..., 1]
    coherence = jnp.conj(plus) * minus
    return jnp.stack([coherence.real, coherence.imag, (_square(plus) - _square(minus)) / 2], axis=-1)


def spinor(S: Float[Array, "*batch 3"]) -> Complex[Array, "*batch 2"]:
    """A spinor of pseudospin S, shape (..., 2): the one whose larger component is real and positive."""
    total = jnp.linalg.norm(S, axis=-1)
    up = S[..., 2] >= 0
    large = jnp.sqrt(total + jnp.abs(S[..., 2]))
    coherence = S[..., 0] + 1j * jnp.where(up, S[..., 1], -S[..., 1])
    small = jnp.where(large > 0, coherence / jnp.where(large > 0, large, 1.0), 0.0)
    plus, minus = jnp.where(up, large, small), jnp.where(up, small, large)
    return jnp.stack([plus, minus], axis=-1)


def spinor_rate(physical: Physical, psi: Complex[Array, "2"]) -> Complex[Array, "2"]:
    """dpsi/dt [1/ps] of the spinor (psi_+, psi_-), shape (2,)."""
    density = _square(psi)
    gain = physical.W - physical.Gamma - physical.eta * jnp.sum(density) / 2
    zeeman = physical.Delta * jnp.array([1.0, -1.0])
    interaction = physical.alpha_1 * density + physical.alpha_2 * density[::-1]
    coupling = physical.epsilon + 1j * physical.gamma
    return ((gain - 1j * (zeeman + interaction)) * psi + 1j * coupling * psi[::-1]) / (2 * HBAR)


def simulate_spinor(
    physical: Physical,
    psi0: Complex[ArrayLike, "2"],
    times: Float[ArrayLike, " n"],
    *,
    method: diffrax.AbstractSolver = ode.EXPLICIT,
    solve: Solve = PRECISE,
) -> SpinorMotion:
    """Motion of the spinor from `psi0` at t = 0.

    Arguments:
        physical: the condensate in physical units [meV].
        psi0: spinor at t = 0, components + and -, shape (2,), complex.
        times: increasing times >= 0 [ps], shape (n,).
        method: a diffrax solver.
        solve: tolerances per step on psi, budget of steps, direction of differentiation, meter.

    Returns:
        `SpinorMotion`; where `status` is not OK (`.checked()` raises), times not reached hold inf.

    Raises:
        ValueError: for times that do not increase from 0 on.
    """
    times = check_times(times)
    psi0 = jnp.asarray(psi0, dtype=complex)
    start = jnp.stack([psi0.real, psi0.imag])
    path = ode.integrate(
        _schroedinger, start, t0=0.0, t1=times[-1], args=physical, saveat=times, method=method, solve=solve
    )
    return SpinorMotion(times, jax.lax.complex(path.y[:, 0], path.y[:, 1]), path.status, path.steps)


def _schroedinger(t: Array, parts: Float[Array, "2 2"], physical: Physical) -> Float[Array, "2 2"]:
    """The equation in real and imaginary parts, which every solver and adjoint understands."""
    change = spinor_rate(physical, jax.lax.complex(parts[0], parts[1]))
    return jnp.stack([change.real, change.imag])


def _square(psi: Complex[Array, "..."]) -> Float[Array, "..."]:
    return psi.real**2 + psi.imag**2
