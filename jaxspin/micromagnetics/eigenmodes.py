"""Small oscillations about an equilibrium: frequencies and linewidths, densely or by a ringdown. SI units.

With m = m_0 + v and v across m_0 in every cell, dv/dt = J v, J the derivative of the equation of motion with all terms,
damping and torques: v ~ exp((2 pi i f - Gamma) t). A negative Gamma is an instability: a threshold of auto-oscillation.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Complex, Float

from jaxspin.core import require_double_precision
from jaxspin.micromagnetics.llg import magnetization_rate
from jaxspin.micromagnetics.system import System, total_moment
from jaxspin.micromagnetics.vectors import cross, tangent

_COLUMNS = 64  # of J computed at once


class Modes(NamedTuple):
    """Eigenmodes, lowest frequency first.

    `frequency` (k,) f [Hz] > 0; `decay_rate` (k,) Gamma [1/s]; `shape` (k, S, nx, ny, nz, 3) complex, v at t = 0, its
    largest component 1; its derivative is not followed.
    """

    frequency: Float[Array, " k"]
    decay_rate: Float[Array, " k"]
    shape: Complex[Array, "k S nx ny nz 3"]

    @property
    def linewidth(self) -> Float[Array, " k"]:
        """Full width at half maximum of the absorbed power, Gamma/pi [Hz]."""
        return self.decay_rate / jnp.pi


def eigenmodes(
    system: System, m: Float[Array, "S nx ny nz 3"], count: int = 10, time: Float[ArrayLike, ""] = 0.0
) -> Modes:
    """The lowest modes by the dense matrix J, of 2 S rows a magnetic cell: for up to some 2000 of them.

    Frequencies and decay rates are differentiable with respect to the system and to m, by the eigenvectors of both
    sides: exact where the mode is not degenerate. With m from `relax`, whose derivative is implicit, that is the whole
    derivative. On the CPU: no other backend has eigenvalues of general matrices.

    Arguments:
        system: whose mask is concrete.
        m: an equilibrium (`relax`); of fields or torques that vary, at `time`.
        count: how many modes, at most S per magnetic cell.
        time: [s].

    Raises:
        ValueError: for a count beyond the number of modes.
        RuntimeError: in single precision.
    """
    require_double_precision("eigenmodes")
    cells = _magnetic_cells(system)
    if not 1 <= count <= len(m) * len(cells):
        raise ValueError(
            f"eigenmodes: count must be 1 to {len(m) * len(cells)}, one a cell and sublattice, got {count}"
        )
    return _modes(system, jnp.asarray(m), jnp.asarray(cells), count, time)


@eqx.filter_jit
def _modes(system: System, m: Array, cells: Array, count: int, time: Float[ArrayLike, ""]) -> Modes:
    first, second = _across(m)
    number = len(m) * len(cells)

    def embedded(c: Float[Array, " n"]) -> Float[Array, "S nx ny nz 3"]:
        parts = (
            jnp.zeros((2, len(m), np.prod(m.shape[1:4])), c.dtype)
            .at[:, :, cells]
            .set(c.reshape(2, len(m), len(cells)), unique_indices=True)
        )
        u, w = parts.reshape(2, *m.shape[:-1])[..., None]
        return u * first + w * second

    def column(c: Float[Array, " n"]) -> Float[Array, " n"]:
        rate = _linear_rate(system, m, embedded(c), time)
        both = jnp.stack([jnp.sum(rate * first, axis=-1), jnp.sum(rate * second, axis=-1)])
        return both.reshape(2, len(m), -1)[:, :, cells].ravel()

    J = jax.lax.map(column, jnp.eye(2 * number), batch_size=min(_COLUMNS, 2 * number)).T
    fixed = jax.lax.stop_gradient(J)
    values, vectors = jnp.linalg.eig(fixed)
    # only oscillations, each once; overdamped ones, which have no frequency, come last
    order = jnp.argsort(jnp.where(values.imag > 0, values.imag, jnp.inf))[:count]
    left, right = jnp.linalg.inv(vectors)[order], vectors[:, order]
    # its value is that of `values`, its derivative dlambda = l.dJ r of a simple eigenvalue
    lam = values[order] + jnp.einsum("ki,ij,jk->k", left, (J - fixed).astype(left.dtype), right)
    shapes = jax.vmap(embedded, in_axes=1)(right)
    largest = jnp.take_along_axis(
        shapes.reshape(count, -1), jnp.argmax(jnp.abs(shapes.reshape(count, -1)), axis=1)[:, None], axis=1
    )
    shapes = jax.lax.stop_gradient(shapes / largest.reshape(count, 1, 1, 1, 1, 1))
    return Modes(lam.imag / (2 * jnp.pi), -lam.real, shapes)


class Ringdown(NamedTuple):
    """What follows a kick: `times` (n,) [s] and the change of the `moment` (n, 3) [A m2]."""

    times: Float[Array, " n"]
    moment: Float[Array, "n 3"]

    def spectrum(self) -> tuple[Float[Array, " f"], Float[Array, "f 3"]]:
        """Frequencies [Hz], and the amplitude of each component of the moment, by a Hann window from its middle on."""
        count = len(self.times)
        window = jnp.cos(jnp.linspace(0.0, jnp.pi / 2, count)) ** 2
        amplitude = jnp.abs(jnp.fft.rfft(self.moment * window[:, None], n=4 * count, axis=0))
        return jnp.fft.rfftfreq(4 * count, 1.0) / (self.times[1] - self.times[0]), amplitude


@eqx.filter_jit
def ringdown(
    system: System,
    m: Float[Array, "S nx ny nz 3"],
    kick: Float[ArrayLike, "3"],
    duration: float,
    samples: int,
    steps: int,
    time: Float[ArrayLike, ""] = 0.0,
) -> Ringdown:
    """The linear motion after a short uniform pulse of field, without any matrix: spectra of large systems.

    Arguments:
        system, m: the equilibrium, as for `eigenmodes`.
        kick: field times duration of the pulse [T s]; the spectrum is proportional to it.
        duration: of the ringdown [s]; spectra resolve its inverse.
        samples: recorded, which bounds the highest frequency.
        steps: of the fourth-order Runge-Kutta rule for each sample; stable below 2.8 over the largest |2 pi f|.
        time: at which terms that vary are taken [s].

    Returns:
        `Ringdown`; not finite if the steps were too few.
    """
    B = jnp.broadcast_to(jnp.reshape(jnp.asarray(kick, dtype=float), (1, 1, 1, 1, 3)), m.shape)
    start = -system.gyromagnetic_ratio[..., None] * cross(m, B)
    h = duration / samples / steps
    rate = lambda v: _linear_rate(system, m, v, time)

    def step(v: Array, _: None) -> tuple[Array, None]:
        a = rate(v)
        b = rate(v + h / 2 * a)
        c = rate(v + h / 2 * b)
        return v + h / 6 * (a + 2 * b + 2 * c + rate(v + h * c)), None

    def sample(v: Array, _: None) -> tuple[Array, Array]:
        return jax.lax.scan(step, v, length=steps)[0], total_moment(system, v)

    moments = jax.lax.scan(sample, start, length=samples)[1]
    return Ringdown(jnp.arange(samples) * duration / samples, moments)


def _linear_rate(
    system: System, m: Float[Array, "S nx ny nz 3"], v: Float[Array, "S nx ny nz 3"], time: Float[ArrayLike, ""]
) -> Float[Array, "S nx ny nz 3"]:
    """J v [1/s] for v across m; the part along m, which is of second order at an equilibrium, is left out."""
    return tangent(m, jax.jvp(lambda m: magnetization_rate(system, m, time), (m,), (v,))[1])


def _across(m: Float[Array, "S nx ny nz 3"]) -> tuple[Float[Array, "S nx ny nz 3"], Float[Array, "S nx ny nz 3"]]:
    """Two unit vectors across m, and across each other; any, which turn with m."""
    aside = jnp.where(jnp.abs(m[..., :1]) < 0.6, *(jnp.broadcast_to(axis, m.shape) for axis in jnp.eye(3)[:2]))
    first = cross(m, aside)
    square = jnp.sum(first**2, axis=-1, keepdims=True)
    first = first / jnp.sqrt(jnp.where(square > 0, square, 1.0))
    return first, cross(m, first)


def _magnetic_cells(system: System) -> np.ndarray:
    mask = system.mesh.mask
    if isinstance(mask, Tracer):
        raise ValueError("eigenmodes: the mask must be concrete, it sets the size of the matrix; pass it outside `jit`")
    return np.arange(np.prod(system.mesh.shape)) if mask is None else np.flatnonzero(np.asarray(mask))
