"""What the paper states about its pump, and numbers known from other methods, against what the model gives.

Rows: place in the paper, what it says, and what was found; or a known value, ours, and the deviation ours - known.
"""

from typing import Any

import jax
import numpy as np
from maps import ENERGIES, FLUXES, LEVELS, PHOTONS

from jaxspin.core import Solve
from jaxspin.systems import spin_pump
from jaxspin.systems.spin_pump import Ring

Row = dict[str, Any]
V_0 = 0.25
pumped = jax.jit(lambda ring: spin_pump.pumped_currents(ring, n_max=PHOTONS, solve=Solve(rtol=1e-14, atol=1e-13)))


def known() -> list[Row]:
    """Currents known from independent calculations with the paper's parameters, level 0 [e gamma/h]."""
    rows = []
    table = (
        (0.2, 0.1, 0.0, 1.754518e-3, 1.393552e-3),
        (0.2, 0.1, 0.2, 5.124308e-4, 4.976241e-4),
        (0.5, 0.4, 0.0, -1.393552e-3, 1.393552e-3),
        (0.25, 0.0, 0.5, 8.287019e-6, 8.287019e-6),
    )
    for phi_ab, phi_so, fermi_energy, *values in table:
        found = pumped(Ring(fermi_energy=fermi_energy, phi_ab=phi_ab, phi_so=phi_so))
        at = f"φ_AB = {phi_ab:g}, φ_SO = {phi_so:g}, E_F = {fermi_energy:g}"
        for spin, value, ours in zip(("up", "down"), values, (found.up, found.down), strict=True):
            rows.append(number("fig. 3" if phi_so else "fig. 2(b)", f"I_{spin}, {at}", value, ours))
    shifts = np.array([-4e-3, -2e-3, 0.0, 2e-3, 4e-3])
    curve = np.polyfit(shifts, [float(pumped(Ring(phi_ab=0.2079 + shift, phi_so=0.0)).up) for shift in shifts], 4)
    roots = np.roots(np.polyder(curve))
    shift = float(min(roots[np.abs(roots.imag) < 1e-9].real, key=abs))
    rows.append(number("fig. 2(b)", "largest current of one spin", 2.32019836e-3, np.polyval(curve, shift)))
    rows.append(number("fig. 2(b)", "flux of the largest current", 0.2079, 0.2079 + shift))
    weak = [float(pumped(Ring(phi_so=0.0, drive=v)).up) / v**2 for v in (4e-3, 2e-3)]
    rows.append(number("eq. (6)", "I/v² as v → 0, φ = 0.2, E_F = 0", 0.4828851843, (4 * weak[1] - weak[0]) / 3))
    warm = pumped(Ring(phi_so=0.0, temperature=0.05))
    rows.append(number("eq. (6)", "kT = 0.05, φ = 0.2: finite chain in time", 1.90738e-3, warm.up))
    return rows


def claims(found: dict[str, Any], name: str) -> list[Row]:
    """The statements of the text, at one of the two levels."""
    level, grid = LEVELS[name], found[name]
    T, current = grid["T"], grid["I"]
    flux_max, energy_max = np.unravel_index(np.argmax(np.abs(current)), current.shape)
    zero = level / (1 - V_0**2)
    at_zero = float(spin_pump.transmission(Ring(phi_ab=0.5, phi_so=0.0, level=level), zero))
    distance = abs(float(ENERGIES[energy_max]) - zero)
    best, other = current[flux_max, energy_max], current[len(FLUXES) - 1 - flux_max, energy_max]
    half = np.max(np.abs(current[[0, len(FLUXES) // 2, -1]]))
    up, down = grid["b"]
    slow = [float(pumped(Ring(phi_so=0.0, level=level, fermi_energy=level, frequency=w)).up) / w for w in (0.02, 0.01)]
    phases = np.linspace(0.0, 0.5, 51)
    at_half = lambda phi: float(pumped(Ring(level=level, fermi_energy=level, phi_ab=0.5, phi_so=phi)).spin)
    pure = np.abs([at_half(phi) for phi in phases])
    chosen, most = pure[40], pure.max()
    canceled = pumped(Ring(level=level, fermi_energy=level + 0.03, phi_ab=0.2, phi_so=0.2))
    mixed_up, mixed_down = grid["a"]
    return [
        said(
            "p. 3, fig. 2(a)",
            "a region of transmission close to zero",
            f"T = {at_zero:.0e} at (E, φ) = ({zero:.3f}, 1/2); smallest on the map {T.min():.0e}",
            at_zero < 1e-20,
        ),
        said(
            "p. 3, fig. 2(b)",
            "the current is largest close to the zero",
            f"|I| = {abs(best):.3e} at E_F = {ENERGIES[energy_max]:.2f}, {distance:.2f} from it, "
            f"φ = {FLUXES[flux_max]:.2f}",
            distance < 0.1,
        ),
        said(
            "p. 3, fig. 2(b)",
            "its sign is reversed across the zero",
            f"{best:+.3e} and {other:+.3e} at φ = {FLUXES[flux_max]:.2f} and {1 - FLUXES[flux_max]:.2f}",
            abs(best + other) < 1e-9,
        ),
        said(
            "p. 3",
            "no current at integer and half-integer flux (its “flux of π” is φ₀/2)",
            f"|I| below {half:.0e} at φ = 0, 1/2, 1 and all E_F",
            half < 1e-9,
        ),
        said(
            "p. 3, fig. 3(b, d)",
            "φ_AB = 0.5, φ_SO = 0.4: opposite spins, no charge current",
            f"|I| below {np.max(np.abs(up + down)):.0e}, |I_s| up to {np.max(np.abs(up - down)):.3e}",
            np.max(np.abs(up + down)) < 1e-9,
        ),
        said(
            "p. 3",
            "“the charge current cancels out whether the spin-current is maximal”",
            f"it cancels at any φ_SO; |I_s| is largest at φ_SO = {phases[int(np.argmax(pure))]:.2f}, where it is "
            f"{most / chosen:.2f} times that at 0.4",
            abs(float(phases[int(np.argmax(pure))]) - 0.4) < 0.02,
        ),
        said(
            "fig. 3(a, c)",
            "φ_AB = 0.2, φ_SO = 0.1: both charge and spin are pumped",
            f"up to |I| = {np.max(np.abs(mixed_up + mixed_down)):.3e}, "
            f"|I_s| = {np.max(np.abs(mixed_up - mixed_down)):.3e}",
            np.max(np.abs(mixed_up - mixed_down)) > 1e-5,
        ),
        said(
            "p. 3",
            "φ_SO can cancel the flux of one spin",
            f"φ_AB = φ_SO = 0.2: I_down = {float(canceled.down):.0e}, I_up = {float(canceled.up):.3e}",
            abs(float(canceled.down)) < 1e-9,
        ),
        said(
            "p. 4",
            "an adiabatic calculation gives nothing",
            f"I/Ω = {slow[0]:.2e}, {slow[1]:.2e} at Ω = 0.02, 0.01: I falls like Ω²",
            abs(slow[1]) < 0.6 * abs(slow[0]),
        ),
    ]


def number(where: str, what: str, value: float, ours: Any) -> Row:
    """A row with a known number."""
    return {"where": where, "what": what, "known": value, "ours": float(ours), "deviation": float(ours) - value}


def said(where: str, what: str, found: str, holds: Any) -> Row:
    """A row of a statement without a number."""
    return {"where": where, "what": what, "ours": found, "holds": bool(holds)}
