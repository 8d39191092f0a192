"""Standard problems at rest: numbers 2 and 3, and Dzyaloshinskii's at an edge and in a disk. SI units."""

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from dynamics import NM, Row, number
from scipy.integrate import solve_bvp
from scipy.optimize import brentq

from jaxspin.core import Status
from jaxspin.micromagnetics import shapes
from jaxspin.micromagnetics.anisotropy import UniaxialAnisotropy
from jaxspin.micromagnetics.demagnetization import VACUUM_PERMEABILITY, Demagnetization
from jaxspin.micromagnetics.dmi import InterfacialDMI
from jaxspin.micromagnetics.exchange import Exchange
from jaxspin.micromagnetics.mesh import Mesh
from jaxspin.micromagnetics.relax import relax
from jaxspin.micromagnetics.sublattice import Sublattice
from jaxspin.micromagnetics.system import System
from jaxspin.micromagnetics.zeeman import Zeeman


def problem_2() -> tuple[list[Row], dict[str, Any]]:
    """The limit of a small particle, 5 : 1 : 0.1, field along (1, 1, 1): coherent rotation until m.h = 0."""
    M_s = 1e6
    mesh = Mesh((1, 1, 1), (5 * NM, 1 * NM, 0.1 * NM))
    demagnetization, axis = Demagnetization(mesh), np.ones(3) / np.sqrt(3)

    @jax.jit
    def remains(h: jax.Array, m: jax.Array) -> jax.Array:
        system = System(mesh, Sublattice(M_s, 1.0), [demagnetization, Zeeman(-h * VACUUM_PERMEABILITY * M_s * axis)])
        return relax(system, m, tolerance=1e-12, max_iterations=5000).m

    m = remains(jnp.asarray(0.0), jnp.asarray(axis, dtype=float).reshape(1, 1, 1, 1, 3))
    low, high = 0.0, 0.2
    while high - low > 1e-9:  # fields up from the state of the last one that did not reverse m.h
        middle = (low + high) / 2
        after = remains(jnp.asarray(middle), m)
        if float(jnp.vdot(after, jnp.asarray(axis).reshape(1, 1, 1, 1, 3))) > 0:
            low, m = middle, after
        else:
            high = middle
    return [number("SP2, limit of small size", "H_c/M_s", 0.057069478, high)], {}


def energies_3(count: int, sides: np.ndarray) -> np.ndarray:
    """Energy of flower and vortex (2, sides) [K_m L^3], for cubes of some sides in exchange lengths."""
    M_s = 1e6
    K_m = VACUUM_PERMEABILITY * M_s**2 / 2
    mesh = Mesh((count,) * 3, (NM / count * 40,) * 3)
    demagnetization = Demagnetization(mesh)  # scale-free: the same for all sides
    x, y, z = np.moveaxis(np.asarray(mesh.centres()) / (40 * NM) - 0.5, -1, 0)
    flower = np.stack([x * z, y * z, np.ones_like(z)], axis=-1)
    vortex = np.stack([z, np.full_like(y, 0.05), -x], axis=-1)  # about y, so that it has parts along the easy axis z

    @jax.jit
    def lowest(side: jax.Array, m: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        stiffness = K_m * (40 * NM / side) ** 2  # A = K_m l_ex^2, l_ex = L/side
        terms = [demagnetization, Exchange(stiffness), UniaxialAnisotropy(0.1 * K_m)]
        system = System(mesh, Sublattice(M_s, 1.0), terms)
        found = relax(system, system.normalised(m), tolerance=1e-5)
        return found.energy / (K_m * (40 * NM) ** 3), found.status, found.m

    table = np.empty((2, len(sides)))
    for row, start in enumerate((flower, vortex)):
        m = jnp.asarray(start[None])
        for column, side in enumerate(sides):
            energy, status, m = lowest(jnp.asarray(side), m)
            assert status == Status.OK, (count, side)
            table[row, column] = energy
    return table


def problem_3(counts: tuple[int, ...]) -> tuple[list[Row], dict[str, Any]]:
    """The cube whose flower and vortex have the same energy, K_u = 0.1 K_m; then without the error of order N^-2."""
    references = {10: 8.4073, 20: 8.4528, 30: 8.4635}
    sides = np.array([8.3, 8.45, 8.6])
    found, rows = [], []
    for count in counts:
        difference = np.subtract(*energies_3(count, sides))
        roots = np.roots(np.polyfit(sides - 8.45, difference, 2)).real + 8.45
        found.append(roots[np.argmin(np.abs(roots - 8.45))])
        rows.append(number(f"SP3, N = {count}", "L/l_ex", references[count], found[-1]))
        print(rows[-1], flush=True)
    if len(counts) > 1:
        coarse, fine = (1 / n**2 for n in counts[-2:])
        limit = (found[-1] * coarse - found[-2] * fine) / (coarse - fine)
        rows.append(number(f"SP3, from N = {counts[-2]} and {counts[-1]}", "L/l_ex", 8.4687, limit))
    return rows, {"counts": counts, "sides": found}


A, D, K, M_S = 13e-12, 3e-3, 0.4e6, 0.86e6  # of both problems with DMI; no demagnetization


def chiral(mesh: Mesh) -> System:
    """Exchange, perpendicular anisotropy and interfacial DMI."""
    return System(mesh, Sublattice(M_S, 0.1), [Exchange(A), UniaxialAnisotropy(K), InterfacialDMI(D)])


def edge_tilts(sizes: np.ndarray) -> np.ndarray:
    """m_x at the +x edge of a wire of 100 nm for some sizes of cells [nm], by the line through the last two cells."""
    found = []
    for size in sizes:
        mesh = Mesh((round(100 / size), 1, 1), (size * NM, NM, NM))
        system = chiral(mesh)
        rest = relax(system, system.uniform((0.0, 0.0, 1.0)), tolerance=1e-9)
        assert rest.status == Status.OK
        angle = np.arctan2(*np.asarray(rest.m)[0, -3:, 0, 0, :][:, [0, 2]].T)  # smoother than m_x
        found.append(np.sin((15 * angle[2] - 10 * angle[1] + 3 * angle[0]) / 8))  # half a cell beyond, to third order
    return np.array(found)


def dmi_1d() -> tuple[list[Row], dict[str, Any]]:
    """Edge of the wire against D/(2 sqrt(A K)), and how fast the error falls with the size of cells."""
    sizes = np.array([2.0, 1.0, 0.5, 0.25])
    tilts, exact = edge_tilts(sizes), D / (2 * np.sqrt(A * K))
    orders = np.log2(np.abs(tilts[:-1] - exact) / np.abs(tilts[1:] - exact))
    rows = [number("DMI, wire", "edge m_x, theory (1 nm)", exact, tilts[1])]
    rows += [
        number("DMI, wire", f"edge m_x, theory ({size:g} nm)", exact, t)
        for size, t in zip(sizes[2:], tilts[2:], strict=True)
    ]
    rows.append(number("DMI, wire", "order of convergence in the cell size", 2.0, orders[-1]))
    return rows, {"sizes": sizes, "tilts": tilts, "exact": exact}


@cache
def disk_radius() -> float:
    """Radius [nm] at which m_z = 0 of a continuous skyrmion in a disk of 100 nm: the radial equation, to 1e-6.

    With m = (s, c) = (sin theta, cos theta) along (r, z): A (theta'' + theta'/r - s c/r^2) = K s c - D s^2/r, with
    theta(0) = pi and 2 A theta' = -D at the edge. Lengths in nm.
    """
    kappa, beta, edge = K / A * 1e-18, D / A * 1e-9, 50.0

    def slope(r: np.ndarray, y: np.ndarray) -> np.ndarray:
        s, c = np.sin(y[0]), np.cos(y[0])
        return np.vstack([y[1], -y[1] / r + s * c / r**2 - beta * s**2 / r + kappa * s * c])

    r = np.linspace(1e-3, edge, 2001)
    guess = 2 * np.arctan(np.exp((22.0 - r) / 5.7))
    ends = lambda start, end: np.array([start[0] - np.pi, end[1] + beta / 2])
    found = solve_bvp(slope, ends, r, np.vstack([guess, np.gradient(guess, r)]), tol=1e-9, max_nodes=100_000)
    assert found.success
    return float(brentq(lambda r: found.sol(r)[0] - np.pi / 2, 10.0, 40.0))


def dmi_2d(size: float = 1.0) -> tuple[list[Row], dict[str, Any]]:
    """A skyrmion in a disk of 100 nm: the radius at which m_z = 0, along x."""
    n = round(100 / size)
    blank = Mesh((n, n, 1), (size * NM, size * NM, 2 * NM))
    mesh = Mesh(blank.shape, blank.cell, mask=shapes.ellipse(blank, (100 * NM, 100 * NM)))
    system = chiral(mesh)
    x, y = np.moveaxis(np.asarray(mesh.centres())[..., :2] - 50 * NM, -1, 0)
    r = np.hypot(x, y) / NM
    angle = np.pi * np.clip((35 - r) / 25, 0, 1)  # from up outside to down inside
    m = np.stack(
        [-np.sin(angle) * x / NM / r, -np.sin(angle) * y / NM / r, np.cos(angle)], axis=-1
    )  # inwards for D > 0
    rest = relax(system, system.normalised(jnp.asarray(m[None])), tolerance=1e-6)
    assert rest.status == Status.OK
    m_z = np.asarray(rest.m)[0, :, :, 0, 2]
    order = np.argsort(r[..., 0].ravel())
    # all cells near the wall, by radius: the line through them
    radius, height = r[..., 0].ravel()[order], m_z.ravel()[order]
    near = (np.abs(height) < 0.3) & (radius < 45)
    zero = np.polyval(np.polyfit(height[near], radius[near], 3), 0.0)
    name = f"DMI, disk, {size:g} nm"
    rows = [number(name, "radius of m_z = 0 [nm]", 21.87, zero)]
    rows.append(number(name, "the same, radial equation [nm]", disk_radius(), zero))
    print(f"{name}: {int(rest.iterations)} iterations", flush=True)
    return rows, {"m_z": m_z, "radius": radius, "height": height}
