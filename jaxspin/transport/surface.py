"""Self-energies of wires with many orbitals, Sigma = V g V^dagger with g the surface Green function of the wire.

Where cells hop by a number, the modes of a cell are chains of their own and Sigma is closed, exact at band edges. In
general Sigma solves Sigma = V (E - h - Sigma)^-1 V^dagger, by decimation at a tiny imaginary energy and corrected at
the real one.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from jaxspin.transport.chain_root import decaying_root

_ABSORPTIONS = (1e-12, 1e-9, 1e-6)  # imaginary energies of the decimation, in hoppings
_HALVINGS = 46  # cells halve in number until 2^46 of the least absorption damp any wave
_CONTRACTION = 1e-7  # waves in the linear equation are damped by as much a cell, which its repetition corrects
_DOUBLINGS = 29


@jax.custom_jvp
def mode_self_energy(
    energy: Float[Array, ""], cell: Complex[Array, "m m"], hopping: Float[Array, ""]
) -> Complex[Array, "m m"]:
    """Sigma where neighbouring cells hop by a number: t w((E - h)/(2 t)) by the modes of a cell, with t = |hopping|.

    Derivatives are exact at degenerate modes too, by divided differences.
    """
    modes, vectors = jnp.linalg.eigh(cell)
    return (vectors * _mode(energy, modes, hopping)[None, :]) @ vectors.conj().T


def _mode(energy, mode, hopping):
    return hopping * decaying_root((energy - mode) / (2 * hopping))


@mode_self_energy.defjvp
def _mode_self_energy_jvp(primals, tangents):
    energy, cell, hopping = primals
    modes, vectors = jnp.linalg.eigh(cell)
    values = _mode(energy, modes, hopping)
    slope = jax.jvp(lambda mode: _mode(energy, mode, hopping), (modes,), (jnp.ones_like(modes),))[1]
    gap = modes[:, None] - modes[None, :]
    apart = jnp.abs(gap) > 1e-6 * hopping
    middle = (slope[:, None] + slope[None, :]) / 2
    divided = jnp.where(apart, (values[:, None] - values[None, :]) / jnp.where(apart, gap, 1.0), middle)
    mixing = divided * (vectors.conj().T @ tangents[1] @ vectors)
    _, along = jax.jvp(lambda e, t: _mode(e, modes, t), (energy, hopping), (tangents[0], tangents[2]))
    return (vectors * values[None, :]) @ vectors.conj().T, vectors @ (mixing + jnp.diag(along)) @ vectors.conj().T


@jax.custom_jvp
def surface_self_energy(
    energy: Float[Array, ""], cell: Complex[Array, "m m"], hopping: Complex[Array, "m m"]
) -> Complex[Array, "m m"]:
    """Retarded self-energy of a wire on another one of its cells: Sigma = V (E - h - Sigma)^-1 V^dagger.

    Decimation (Lopez Sancho, Lopez Sancho and Rubio, J. Phys. F 15, 851 (1985)) with an absorption of 1e-12, 1e-9 or
    1e-6 hoppings, whichever leaves the least residual: at a level of a finite piece of the wire, such as one cell, the
    decimation amplifies rounding by the inverse. Newton steps at the real energy then remove the absorption. About
    1e-15 in a band, 1e-12 at 1e-9 hoppings from its edge, and 1e-5 at the very edge, where Sigma changes by 1e-8 with
    the last digit of the energy.

    Derivatives by the implicit function theorem; infinite at an edge.
    """
    eye, back = jnp.eye(cell.shape[-1]), hopping.conj().T
    scale = jnp.max(jnp.abs(hopping))

    def residual(sigma):
        g = jnp.linalg.inv(energy * eye - cell - sigma)
        rest = hopping @ g @ back - sigma
        return g, rest, jnp.max(jnp.abs(rest)) / scale

    def correct(sigma, _):
        g, rest, size = residual(sigma)
        # with a residual r, waves may seem to grow by sqrt(r) a cell at an edge
        better = sigma + _stein(hopping @ g, g @ back, rest, _CONTRACTION + 10 * jnp.sqrt(size))
        return jnp.where(residual(better)[2] < size, better, sigma), None

    absorptions = scale * jnp.array(_ABSORPTIONS)
    guesses = jax.vmap(lambda absorption: _decimated((energy + 1j * absorption) * eye, cell, hopping))(absorptions)
    sizes = jax.vmap(lambda guess: residual(guess)[2])(guesses)
    start = guesses[jnp.argmin(jnp.where(jnp.isfinite(sizes), sizes, jnp.inf))]
    return jax.lax.scan(correct, start, None, length=3)[0]


def _decimated(
    z: Complex[Array, "m m"], cell: Complex[Array, "m m"], hopping: Complex[Array, "m m"]
) -> Complex[Array, "m m"]:
    """Sigma at a complex energy z, by eliminating every other cell again and again."""

    def halve(carry, _):
        sigma, bulk, outward, inward = carry
        g = jnp.linalg.inv(z - bulk)
        to, fro = inward @ g, outward @ g
        first, second = to @ outward, fro @ inward
        return (sigma + first, bulk + first + second, fro @ outward, to @ inward), None

    start = (jnp.zeros_like(cell), cell, hopping.conj().T, hopping)
    return jax.lax.scan(halve, start, None, length=_HALVINGS)[0][0]


@surface_self_energy.defjvp
def _surface_self_energy_jvp(primals, tangents):
    energy, cell, hopping = primals
    d_energy, d_cell, d_hopping = tangents
    sigma = surface_self_energy(*primals)
    eye, back = jnp.eye(cell.shape[-1]), hopping.conj().T
    g = jnp.linalg.inv(energy * eye - cell - sigma)
    there, here = hopping @ g, g @ back
    source = d_hopping @ here + there @ d_hopping.conj().T - there @ (d_energy * eye - d_cell) @ here
    first = _stein(there, here, source, _CONTRACTION)
    left = source - first + there @ first @ here
    return sigma, first + _stein(there, here, left, _CONTRACTION)


def _stein(
    a: Complex[Array, "m m"], b: Complex[Array, "m m"], c: Complex[Array, "m m"], contraction: Float[Array, ""] | float
) -> Complex[Array, "m m"]:
    """X = c + (1 - contraction) a X b, by doubling the number of terms of its series; linear in c."""

    def double(carry, _):
        x, a, b = carry
        return (x + a @ x @ b, a @ a, b @ b), None

    return jax.lax.scan(double, (c, (1 - contraction) * a, b), None, length=_DOUBLINGS)[0][0]
