"""Lattices of coupled condensates: geometry, steady states, Bogoliubov excitations and their topology.

On every site the spinor equation of one condensate, and between neighbours the tunnelling of photons, which keeps
their polarization up to the splitting of modes polarized along (J_L) and across (J_T) the link at angle theta to x:

    i dphi_i/dtau = (one condensate)_i + (a/2 + a_2) s_i phi_i + sum_j T_ij phi_j,
    T_ij = -(1/2) [(J_L + J_T) + (J_L - J_T) (cos 2 theta sigma_x + sin 2 theta sigma_y)].

All in reduced units: energies by epsilon, phi = sqrt(eta/epsilon) psi, a_2 = alpha_2/eta. T_ij as in Nalitov,
Solnyshkov and Malpuech, Phys. Rev. Lett. 114, 116401 (2015). sigma_x, and the splitting epsilon with it, is linear
polarization along x.

Excitations far above the condensate see the Zeeman splitting delta + (2 a + a_2) s_z, with exchange: for a_2 = 0 the
self-induced field counts twice. With J_L != J_T it opens a gap of |C| = 2 in the excitations of a honeycomb.
"""

import math
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float, Int

from jaxspin.core import Solve, Status, check, quantity, worst
from jaxspin.numerics import brillouin, ode
from jaxspin.numerics.fixed_point import settle, steady_state
from jaxspin.numerics.linear_algebra import eigvals
from jaxspin.systems.polariton.amplitude import drift
from jaxspin.systems.polariton.fixed_points import fixed_points
from jaxspin.systems.polariton.parameters import Condensate
from jaxspin.systems.polariton.pseudospin import PRECISE, check_times
from jaxspin.systems.polariton.spinor import pseudospin, spinor


class Lattice(eqx.Module):
    """Sites of a unit cell and the links between them. Immutable and hashable: a static argument of `jit`.

    `vectors`: primitive vectors, one a row; none for a finite graph. `positions`: of the sites, in the same unit of
    length. `links`: (i, j, cell), each once: site i of the cell at the origin is linked to site j of that `cell`.
    """

    vectors: tuple[tuple[float, float], ...] = eqx.field(static=True)
    positions: tuple[tuple[float, float], ...] = eqx.field(static=True)
    links: tuple[tuple[int, int, tuple[int, ...]], ...] = eqx.field(static=True)

    def __check_init__(self) -> None:
        for i, j, cell in self.links:
            if not (0 <= i < self.sites and 0 <= j < self.sites):
                raise ValueError(f"Lattice: link ({i}, {j}, {cell}) names a site outside 0..{self.sites - 1}")
            if len(cell) != len(self.vectors):
                raise ValueError(f"Lattice: link ({i}, {j}, {cell}) needs a cell of {len(self.vectors)} integers")
            if i == j and not any(cell):
                raise ValueError(f"Lattice: link ({i}, {j}, {cell}) ties a site to itself")

    @property
    def sites(self) -> int:
        """Number of sites in the unit cell."""
        return len(self.positions)

    def angle(self, link: tuple[int, int, tuple[int, ...]]) -> float:
        """Angle of a link to the x axis [rad]."""
        i, j, cell = link
        here, there = np.array(self.positions[i]), np.array(self.positions[j])
        x, y = there + np.array(cell, dtype=float) @ np.array(self.vectors).reshape(-1, 2) - here
        return math.atan2(y, x)


CHAIN = Lattice(vectors=((1.0, 0.0),), positions=((0.0, 0.0),), links=((0, 0, (1,)),))
SQUARE = Lattice(vectors=((1.0, 0.0), (0.0, 1.0)), positions=((0.0, 0.0),), links=((0, 0, (1, 0)), (0, 0, (0, 1))))
_TALL = math.sqrt(3.0) / 2
HONEYCOMB = Lattice(
    vectors=((1.5, _TALL), (1.5, -_TALL)),
    positions=((0.0, 0.0), (1.0, 0.0)),
    links=((0, 1, (0, 0)), (0, 1, (-1, 0)), (0, 1, (0, -1))),
)
KAGOME = Lattice(
    vectors=((2.0, 0.0), (1.0, 2 * _TALL)),
    positions=((0.0, 0.0), (1.0, 0.0), (0.5, _TALL)),
    links=((0, 1, (0, 0)), (0, 2, (0, 0)), (1, 2, (0, 0)), (1, 0, (1, 0)), (2, 0, (0, 1)), (2, 1, (-1, 1))),
)


def graph(positions: Sequence[tuple[float, float]], edges: Sequence[tuple[int, int]]) -> Lattice:
    """Any finite arrangement of sites, linked by pairs of site numbers."""
    return Lattice((), tuple((float(x), float(y)) for x, y in positions), tuple((i, j, ()) for i, j in edges))


class Network(eqx.Module):
    """Equal condensates `c` on every site of a lattice, coupled; reduced units.

    Its wave vectors k are in units of the reciprocal lattice vectors (period 1), shape (dimension,).
    """

    c: Condensate
    lattice: Lattice
    J_L: Float[Array, ""] = quantity(
        "1", bounds=(-1e3, 1e3), scale=1.0, symbol="J_L", doc="coupling/epsilon of modes polarized along a link"
    )
    J_T: Float[Array, ""] = quantity(
        "1", bounds=(-1e3, 1e3), scale=1.0, symbol="J_T", doc="coupling/epsilon of modes polarized across a link"
    )
    a_2: Float[Array, ""] = quantity(
        "1", bounds=(-1e3, 1e3), scale=0.1, symbol="a_2", doc="interaction of opposite spins alpha_2/eta", default=0.0
    )


def tunnelling(network: Network, k: Float[Array, " d"]) -> Complex[Array, "n n"]:
    """Hermitian matrix T(k) of the coupling between sites, shape (2 sites, 2 sites): site by site, + before -."""
    lattice = network.lattice
    mean, split = (network.J_L + network.J_T) / 2, (network.J_L - network.J_T) / 2
    size = 2 * lattice.sites
    total = jnp.zeros((size, size), dtype=complex)
    if not lattice.links:
        return total
    plain, turning, cells = [], [], []
    for link in lattice.links:
        i, j, cell = link
        at = np.zeros((lattice.sites, lattice.sites))
        at[i, j] = 1.0
        twist = np.exp(-2j * lattice.angle(link))
        plain.append(np.kron(at, np.eye(2)))
        turning.append(np.kron(at, np.array([[0, twist], [np.conj(twist), 0]])))
        cells.append(cell)
    blocks = -(mean * jnp.asarray(np.array(plain)) + split * jnp.asarray(np.array(turning)))
    one_way = brillouin.bloch(blocks, np.array(cells, dtype=float).reshape(len(cells), -1), k)
    return one_way + one_way.conj().T


def rate(network: Network, phi: Complex[Array, "sites 2"]) -> Complex[Array, "sites 2"]:
    """dphi/dtau of spinors equal in all cells, shape (sites, 2); of a finite graph, all motion there is."""
    return _on_sites(network, phi) - 1j * (_at_rest(network) @ phi.ravel()).reshape(phi.shape)


class UniformState(eqx.Module):
    """A state equal in all cells, phi exp(-i mu tau): `phi` (sites, 2), frequency `mu`, `core.Status`."""

    phi: Complex[Array, "sites 2"]
    mu: Float[Array, ""]
    status: Int[Array, ""]

    @property
    def s(self) -> Float[Array, "sites 3"]:
        """Pseudospins of the sites, reduced, shape (sites, 3)."""
        return pseudospin(self.phi)

    def checked(self) -> "UniformState":
        """Itself, or `RuntimeError` with advice if no steady state was found. Not under `jit` or `vmap`."""
        check(self.status)
        return self


def uniform_state(
    network: Network, guess: Complex[ArrayLike, "sites 2"] | None = None, *, solve: Solve = Solve()
) -> UniformState:
    """The steady state that the lattice settles to from `guess`, the same in all cells.

    It is stable against changes equal in all cells; `excitations` tell about the others. Derivatives with respect to
    the network follow from the implicit function theorem.

    Arguments:
        network: the lattice of condensates.
        guess: reduced spinors, shape (sites, 2); by default the aligned state of a single condensate on each site.
        solve: tolerances of the root.

    Returns:
        `UniformState`; NO_SOLUTION where it does not settle, or the guess is empty (below threshold).
    """
    start = _aligned(network) if guess is None else jnp.asarray(guess, dtype=complex)
    norm = jnp.sqrt(jnp.sum(jnp.abs(start) ** 2))
    empty = norm == 0
    reference = jax.lax.stop_gradient(start / jnp.where(empty, 1.0, norm))
    args = (network, reference)
    rough = settle(_still, _parts(jnp.where(empty, 1.0, start)), args)
    root = steady_state(_still, rough, args, solve=solve)
    phi = jax.lax.complex(root.state[0], root.state[1])
    lost = jnp.where(empty | (jnp.sum(jnp.abs(phi) ** 2) < solve.atol), Status.NO_SOLUTION, Status.OK)
    return UniformState(phi, _frequency(network, phi), worst(root.status, lost))


def bogoliubov(network: Network, state: UniformState, k: Float[ArrayLike, " d"]) -> Complex[Array, "n n"]:
    """Matrix L(k) of the excitations of a uniform state, i d(u, v)/dtau = L (u, v), shape (4 sites, 4 sites).

    phi = [phi_0 + u exp(i k r) + conj(v) exp(-i k r)] exp(-i mu tau). An eigenvalue omega is a frequency Re omega that
    grows at the rate Im omega; -conj(omega) at -k is the same excitation.
    """
    k = jnp.asarray(k, dtype=float).reshape(len(network.lattice.vectors))
    parts = _parts(state.phi)
    local = lambda parts: _on_sites(network, jax.lax.complex(parts[0], parts[1])).ravel()
    slopes = jax.jacfwd(lambda parts: _parts(local(parts)))(parts)
    slopes = jax.lax.complex(slopes[0], slopes[1])  # (2 sites, real or imaginary part, sites, 2)
    size = slopes.shape[0]
    along, across = slopes[:, 0].reshape(size, size), slopes[:, 1].reshape(size, size)
    A, B = (along - 1j * across) / 2, (along + 1j * across) / 2  # derivatives by phi and by conj(phi)
    turn = 1j * state.mu * jnp.eye(size)
    here = A + turn - 1j * tunnelling(network, k)
    mirrored = (A + turn - 1j * tunnelling(network, -k)).conj()
    return 1j * jnp.block([[here, B], [B.conj(), mirrored]])


def excitation_bands(network: Network, state: UniformState, k: Float[Array, "*n d"]) -> Complex[Array, "*n bands"]:
    """Complex frequencies of the excitations at wave vectors k (..., dimension), by ascending real part."""
    flat = k.reshape(-1, k.shape[-1])
    return eigvals(jax.vmap(lambda k: bogoliubov(network, state, k))(flat)).reshape(*k.shape[:-1], -1)


class Topology(eqx.Module):
    """Topology of the highest bands of a lattice in two dimensions.

    `chern`: their Chern number. `direct`, `gap`: distance in Re omega to the bands below, at the same k and between any
    two; a Chern number means nothing unless `direct` is well above zero. `flux` (n, n): Berry flux of the plaquettes.
    `growth`: the largest Im omega of all bands; > 0 says that the uniform state is unstable.
    """

    chern: Float[Array, ""]
    direct: Float[Array, ""]
    gap: Float[Array, ""]
    flux: Float[Array, "n n"]
    growth: Float[Array, ""]


def excitation_topology(network: Network, state: UniformState, highest: int, n: int = 40) -> Topology:
    """Chern number and gap of the `highest` bands of excitations, on n x n wave vectors.

    With left and right eigenvectors, since gain and loss make the problem non-Hermitian; bands are apart if their real
    parts are. Runs on CPU; derivatives of `chern` are zero, those of the rest are not offered.
    """
    if len(network.lattice.vectors) != 2:
        raise ValueError("excitation_topology: Chern numbers need a lattice in two dimensions")
    if not 0 < highest < 4 * network.lattice.sites:
        raise ValueError(f"excitation_topology: highest must lie in 1..{4 * network.lattice.sites - 1}, got {highest}")
    k = brillouin.mesh(n, n).reshape(-1, 2)
    w, right, left = brillouin.biorthogonal(jax.vmap(lambda k: bogoliubov(network, state, k))(k))
    size = w.shape[-1]
    square = lambda frames: frames.reshape(n, n, *frames.shape[1:])
    flux = brillouin.berry_flux(square(right[:, :, size - highest :]), square(left[:, size - highest :, :]))
    above, below = w[:, size - highest].real, w[:, size - highest - 1].real
    return Topology(
        chern=jnp.sum(flux) / (2 * jnp.pi),
        direct=jnp.min(above - below),
        gap=jnp.min(above) - jnp.max(below),
        flux=flux,
        growth=jnp.max(w.imag),
    )


def simulate_graph(
    network: Network,
    phi0: Complex[ArrayLike, "sites 2"],
    times: Float[ArrayLike, " n"],
    *,
    solve: Solve = PRECISE,
) -> Complex[Array, "n sites 2"]:
    """Spinors (n, sites, 2) of a finite graph, or of states equal in all cells, from `phi0` at tau = 0.

    Times reached by no step hold inf.
    """
    times = check_times(times)
    start = _parts(jnp.asarray(phi0, dtype=complex))
    path = ode.integrate(_motion, start, t0=0.0, t1=times[-1], args=network, saveat=times, solve=solve)
    return jax.lax.complex(path.y[:, 0], path.y[:, 1])


def _on_sites(network: Network, phi: Complex[Array, "sites 2"]) -> Complex[Array, "sites 2"]:
    common = (network.c.a / 2 + network.a_2) * jnp.sum(phi.real**2 + phi.imag**2, axis=1, keepdims=True) / 2
    return jax.vmap(drift, in_axes=(None, 0))(network.c, phi) - 1j * common * phi


def _at_rest(network: Network) -> Complex[Array, "n n"]:
    return tunnelling(network, jnp.zeros(len(network.lattice.vectors)))


def _frequency(network: Network, phi: Complex[Array, "sites 2"]) -> Float[Array, ""]:
    """mu such that dphi/dtau + i mu phi has no part along i phi."""
    return -jnp.sum((phi.conj() * rate(network, phi)).imag) / jnp.sum(jnp.abs(phi) ** 2)


def _still(parts: Float[Array, "2 sites 2"], args: tuple[Network, Array]) -> Float[Array, "2 sites 2"]:
    """Motion in the frame that turns with the state, and a pull of its free phase to that of the reference."""
    network, reference = args
    phi = jax.lax.complex(parts[0], parts[1])
    phase = jnp.sum((reference.conj() * phi).imag)
    return _parts(rate(network, phi) + 1j * _frequency(network, phi) * phi - 1j * reference * phase)


def _motion(t: Array, parts: Float[Array, "2 sites 2"], network: Network) -> Float[Array, "2 sites 2"]:
    return _parts(rate(network, jax.lax.complex(parts[0], parts[1])))


def _aligned(network: Network) -> Complex[Array, "sites 2"]:
    """Spinors of the aligned state of a single condensate, zero where it has none."""
    points = fixed_points(network.c)
    s = points.s[jnp.argmax(points.stable & points.aligned)]
    found = jnp.any(points.stable & points.aligned)
    return jnp.tile(spinor(jnp.where(found, s, 0.0))[None], (network.lattice.sites, 1))


def _parts(phi: Complex[Array, "..."]) -> Float[Array, "2 ..."]:
    return jnp.stack([phi.real, phi.imag])
