"""The paper's switching simulation: a Hall cross of two coupled sublattices, two current pulses, what figure 5 shows.

The paper's own parameters are in a supplement that is not public. The values here are those of a model film on which
the symmetry of the problem can be seen; every one is a parameter. SI units.

A vertical gradient leaves the mirror y -> -y, which turns +z into -z at the same current: the film can only toggle.
What breaks that mirror are the four named parameters `field_x`, `polarization_z`, `axis_tilt`, `anisotropy_slope`.
"""

import diffrax
import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Float

from jaxspin.core import Solve
from jaxspin.micromagnetics.anisotropy import UniaxialAnisotropy
from jaxspin.micromagnetics.dmi import InterfacialDMI
from jaxspin.micromagnetics.evolve import Evolution, evolve
from jaxspin.micromagnetics.exchange import Exchange
from jaxspin.micromagnetics.mesh import Mesh
from jaxspin.micromagnetics.shapes import cross
from jaxspin.micromagnetics.spin_orbit_torque import HBAR_OVER_2E, SpinOrbitTorque
from jaxspin.micromagnetics.sublattice import GYROMAGNETIC_RATIO, Sublattice
from jaxspin.micromagnetics.sublattice_exchange import SublatticeExchange
from jaxspin.micromagnetics.system import System
from jaxspin.micromagnetics.waveforms import Steps, Waveform
from jaxspin.micromagnetics.zeeman import Zeeman

METHOD = diffrax.Bosh3()
"""Stability, not accuracy, limits the steps: three evaluations of the field each."""

SOLVE = Solve(rtol=1e-4, atol=1e-4, max_steps=1_000_000)


def _array(value: ArrayLike) -> Array:
    return jnp.asarray(value, dtype=float)


class SwitchingFilm(eqx.Module):
    """A ferrimagnetic film of two antiparallel sublattices with spin-orbit torque. Pairs hold one value for each.

    Arguments:
        magnetization: M_1, M_2 [A/m].
        g_ratio: gamma_1, gamma_2 over that of the free electron.
        damping: alpha_1, alpha_2.
        stiffness: A_1, A_2 [J/m].
        anisotropy: K_1, K_2 [J/m3], mean over the film.
        dmi: D_1, D_2 [J/m2], interfacial.
        theta: damping-like spin Hall angles.
        exchange_field: of the second sublattice on the first, antiparallel to it [T], > 0.
        thickness: t [m].
        field_x: mu0 H_x [T]. Breaks the mirror, as the next three do.
        polarization_z: p_z/p_y.
        axis_tilt: of the easy axis in the yz plane [rad].
        anisotropy_slope: change of K over the width of the mesh along y, relative to its mean.
        anisotropy_map: K(x, y) over its mean, (nx, ny, 1) or a number.
    """

    magnetization: Float[Array, "2"] = eqx.field(converter=_array, default=(4e5, 3e5))
    g_ratio: Float[Array, "2"] = eqx.field(converter=_array, default=(1.1, 1.0))
    damping: Float[Array, "2"] = eqx.field(converter=_array, default=(0.1, 0.1))
    stiffness: Float[Array, "2"] = eqx.field(converter=_array, default=(5e-12, 5e-12))
    anisotropy: Float[Array, "2"] = eqx.field(converter=_array, default=(5e4, 5e4))
    dmi: Float[Array, "2"] = eqx.field(converter=_array, default=(3e-4, 3e-4))
    theta: Float[Array, "2"] = eqx.field(converter=_array, default=(0.2, 0.2))
    exchange_field: Float[Array, ""] = eqx.field(converter=_array, default=19.0)
    thickness: Float[Array, ""] = eqx.field(converter=_array, default=6e-9)
    field_x: Float[Array, ""] = eqx.field(converter=_array, default=0.0)
    polarization_z: Float[Array, ""] = eqx.field(converter=_array, default=0.0)
    axis_tilt: Float[Array, ""] = eqx.field(converter=_array, default=0.0)
    anisotropy_slope: Float[Array, ""] = eqx.field(converter=_array, default=0.0)
    anisotropy_map: Float[Array, "..."] = eqx.field(converter=_array, default=1.0)

    @property
    def threshold_current(self) -> Float[Array, ""]:
        """j_th = K_tot 2 e t/(hbar (theta_1 + theta_2)) [A/m2]: above it no uniform state is at rest."""
        return jnp.sum(self.anisotropy) * self.thickness / (HBAR_OVER_2E * jnp.sum(self.theta))

    @property
    def wall_width(self) -> Float[Array, ""]:
        """Delta = sqrt(A_tot/K_tot) [m]."""
        return jnp.sqrt(jnp.sum(self.stiffness) / jnp.sum(self.anisotropy))

    def tilt_near_edge(self, distance: Float[ArrayLike, ""]) -> Float[Array, ""]:
        """sin(tilt) of the rigid pair at a distance from a straight edge [m]: D/(2 sqrt(A K)), then a wall's tail."""
        at_edge = jnp.sum(self.dmi) / (2 * jnp.sqrt(jnp.sum(self.stiffness) * jnp.sum(self.anisotropy)))
        return 1 / jnp.cosh(jnp.arccosh(1 / at_edge) + distance / self.wall_width)


def square(side: int, cell: float = 3e-9, thickness: float = 6e-9) -> Mesh:
    """A square of `side` cells [cell: m] along x and y."""
    return Mesh((side, side, 1), (cell, cell, thickness), mask=np.ones((side, side, 1), dtype=bool))


def hall_cross(length: float, width: float, cell: float, thickness: float = 6e-9) -> Mesh:
    """The paper's cross: two bars of `length` along x and y, of `width`, in cells of size `cell` [m]."""
    count = round(length / cell)
    mesh = Mesh((count, count, 1), (cell, cell, thickness))
    return Mesh(mesh.shape, mesh.cell, mask=np.asarray(cross(mesh, length, width)))


def two_pulses(on: Float[ArrayLike, ""] = 20e-9, rest: Float[ArrayLike, ""] = 12e-9) -> Steps:
    """The waveform of figure 5: +1 for `on`, 0 for `rest`, -1 for `on`, then 0 [s]."""
    on, rest = jnp.asarray(on), jnp.asarray(rest)
    return Steps(jnp.stack([jnp.zeros_like(on), on, on + rest, 2 * on + rest]), jnp.asarray([1.0, 0.0, -1.0, 0.0]))


def one_pulse(on: Float[ArrayLike, ""]) -> Steps:
    """+1 from 0 for `on`, then 0 [s]."""
    on = jnp.asarray(on)
    return Steps(jnp.stack([jnp.zeros_like(on), on]), jnp.asarray([1.0, 0.0]))


def magnet(film: SwitchingFilm, mesh: Mesh, current: Float[ArrayLike, ""], waveform: Waveform | None = None) -> System:
    """The film on a mesh under a current density along x [A/m2], times `waveform`."""
    pair = lambda values: (values[0], values[1])
    width = mesh.size[1]
    along = (mesh.cell[1] * (jnp.arange(mesh.shape[1]) + 0.5) / width - 0.5)[None, :, None]
    shape = film.anisotropy_map * (1 + film.anisotropy_slope * along)
    tilt = film.axis_tilt
    zero, one = jnp.zeros_like(tilt), jnp.ones_like(tilt)
    sublattices = [
        Sublattice(M, alpha, g * GYROMAGNETIC_RATIO)
        for M, alpha, g in zip(film.magnetization, film.damping, film.g_ratio, strict=True)
    ]
    terms = [
        Exchange(pair(film.stiffness)),
        SublatticeExchange.from_coupling(-film.exchange_field * film.magnetization[0]),
        UniaxialAnisotropy(tuple(K * shape for K in film.anisotropy), jnp.stack([zero, jnp.sin(tilt), jnp.cos(tilt)])),
        InterfacialDMI(pair(film.dmi)),
        Zeeman(jnp.stack([film.field_x, zero, zero])),
    ]
    p = jnp.stack([zero, one, film.polarization_z])
    torque = SpinOrbitTorque(
        current, film.thickness, pair(film.theta), polarization=p / jnp.linalg.norm(p), waveform=waveform
    )
    return System(mesh, sublattices, terms, [torque])


def first_sublattice(system: System, m: Float[Array, "2 nx ny nz 3"], time: Array) -> Float[Array, "nx ny 3"]:
    """What figure 5 draws: unit vectors of the first sublattice."""
    return m[0, :, :, 0]


def pulsed(
    film: SwitchingFilm,
    mesh: Mesh,
    current: Float[ArrayLike, ""],
    times: Float[Array, " n"],
    *,
    waveform: Waveform | None = None,
    start: Float[ArrayLike, ""] = 1.0,
    solve: Solve = SOLVE,
) -> Evolution:
    """Motion from the saturated state `start` * z under a current, +z and +j for 20 ns first by default.

    Arguments:
        film: its parameters.
        mesh: `hall_cross`, `square` or another of one layer of cells.
        current: j along x [A/m2].
        times: at which to look [s].
        waveform: of the current; `two_pulses()` by default.
        start: +1 or -1.
        solve: tolerances; steps are limited by stability, so a coarse one costs the least.

    Returns:
        `Evolution`. The last component of the first sublattice in `averages` is the paper's <m_z>(t), `observed`
        (n, nx, ny, 3) are its snapshots.
    """
    system = magnet(film, mesh, current, two_pulses() if waveform is None else waveform)
    m0 = system.uniform([0.0, 0.0, 1.0], [0.0, 0.0, -1.0]) * start
    return evolve(system, m0, times, method=METHOD, solve=solve, observe=first_sublattice)


def switched(m_z: Float[Array, " n"]) -> Float[Array, ""]:
    """Order parameter from <m_z>(t): 0 where it ended as it began, 1 where it is reversed."""
    return (1 - m_z[-1] / m_z[0]) / 2


def outward(mesh: Mesh) -> Float[np.ndarray, "nx ny 2"]:
    """Unit normals of the outline in its cells, zero in all others and in corners that the outline turns about."""
    inside = np.pad(np.asarray(mesh.magnetic)[:, :, 0], 1).astype(float)
    n = np.stack([inside[:-2, 1:-1] - inside[2:, 1:-1], inside[1:-1, :-2] - inside[1:-1, 2:]], axis=-1)
    n = n * inside[1:-1, 1:-1, None]
    straight = np.abs(n).sum(axis=-1, keepdims=True) == 1
    return np.where(straight, n, 0.0)


def edge_tilt(mesh: Mesh, m: Float[Array, "nx ny 3"]) -> Float[Array, ""]:
    """Mean of sgn(m_z) m . n over the straight outline: the sine of the tilt, > 0 where D > 0 tilts +z outwards."""
    n = jnp.asarray(outward(mesh))
    return jnp.sum(jnp.sign(m[..., 2]) * jnp.sum(m[..., :2] * n, axis=-1)) / jnp.sum(jnp.abs(n))


def wall_positions(mesh: Mesh, m_z: Float[Array, "nx ny"], start: float = 1.0) -> Float[Array, " ny"]:
    """How much of each row along x is reversed [m]: where its wall stands if one came in from an end."""
    inside = mesh.magnetic[:, :, 0]
    return mesh.cell[0] * jnp.sum(jnp.where(inside, (1 - start * m_z) / 2, 0.0), axis=0)


def reversed_cells(mesh: Mesh, m_z: Float[Array, "nx ny"], start: float = 1.0) -> Bool[Array, "nx ny"]:
    """Cells that have turned past the plane."""
    return mesh.magnetic[:, :, 0] & (start * m_z < 0)
