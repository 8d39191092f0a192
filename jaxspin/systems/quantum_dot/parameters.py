"""A chaotic quantum dot in the paper's reduced units: `Dot`.

Energies are in units of Delta, the spin-degenerate mean level spacing of the closed dot, conductances in e^2/h. With
tau any time, 2 pi hbar/(tau Delta) is its rate, to be compared with the number of open channels N = N_1 + N_2: an
electron escapes at the rate N. `device.Device` translates from nanoseconds, micrometres and millitesla.
"""

import operator
from typing import Any

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float

from jaxspin.core import demand, quantities, quantity


def _channels(count: Any) -> int:
    """The number of channels of a contact: an integer of at least one (a bool or a float is a mistake)."""
    try:
        whole = operator.index(count)
    except TypeError:
        whole = 0
    if whole < 1 or isinstance(count, bool):
        raise ValueError(f"Dot: n1 and n2 (orbital channels of the contacts) must be integers >= 1, got {count!r}")
    return whole


class AbstractDot(eqx.Module):
    """What the theory at leading order in 1/N asks of a dot; there channel numbers need not be integers."""

    n1: eqx.AbstractVar[Any]
    n2: eqx.AbstractVar[Any]
    x: eqx.AbstractVar[Array]
    a: eqx.AbstractVar[Array]
    b: eqx.AbstractVar[Array]
    epsilon: eqx.AbstractVar[Array]
    dephasing: eqx.AbstractVar[Array]
    x_so: eqx.AbstractVar[Array]

    @property
    def N(self) -> Any:
        """Open orbital channels of both contacts, N_1 + N_2."""
        return self.n1 + self.n2


class Dot(AbstractDot):
    """A ballistic chaotic dot with two point contacts, equations (5)-(7) of the paper, in reduced units.

    `n1`, `n2` are plain integers and static; the other fields are numbers, or arrays where a function is elementwise.
    The Hamiltonian of the perturbations is, with X, A_1, A_2 real antisymmetric random matrices of order M,

        H'/Delta = (b/2 pi) sigma_x + (i/2 pi) [(x + x_so sigma_z) X + a (A_1 sigma_x + A_2 sigma_y)].

    `a` and `x_so` are two limits of spin-orbit coupling. `a` stands for coupling that varies in space (symplectic, this
    paper); `x_so` for a uniform one, of which, once it is gauged away, an effective field of opposite sign for the two
    spins remains (unitary, the paper's references 11 and 12). Signs of x, a, b and x_so are free.

    Raises `ValueError` for n1, n2 that are no integers >= 1, numbers that are not finite and negative dephasing.
    """

    n1: int = eqx.field(static=True, converter=_channels)
    n2: int = eqx.field(static=True, converter=_channels)
    x: Float[Array, "..."] = quantity(
        "1", bounds=(-1e4, 1e4), scale=1.0, symbol="x", doc="orbital effect of the perpendicular field", default=0.0
    )
    a: Float[Array, "..."] = quantity(
        "1",
        bounds=(-1e4, 1e4),
        scale=1.0,
        symbol="a",
        doc="spatially varying spin-orbit coupling, a^2 = 2 pi hbar/(tau_so Delta)",
        default=0.0,
    )
    b: Float[Array, "..."] = quantity(
        "1", bounds=(-1e5, 1e5), scale=1.0, symbol="b", doc="parallel field pi g mu_B B/Delta", default=0.0
    )
    epsilon: Float[Array, "..."] = quantity(
        "1",
        bounds=(-1e5, 1e5),
        scale=1.0,
        symbol=r"\varepsilon/\Delta",
        doc="Fermi energy in units of the level spacing",
        default=0.0,
    )
    dephasing: Float[Array, "..."] = quantity(
        "1",
        bounds=(0.0, 1e6),
        scale=1.0,
        symbol=r"2\pi\hbar/\tau_\phi\Delta",
        doc="dephasing rate 2 pi hbar/(tau_phi Delta)",
        default=0.0,
    )
    x_so: Float[Array, "..."] = quantity(
        "1",
        bounds=(-1e4, 1e4),
        scale=1.0,
        symbol=r"x_\mathrm{so}",
        doc="uniform spin-orbit coupling, as an orbital field of opposite sign for the two spins",
        default=0.0,
    )

    def __check_init__(self) -> None:
        demand(self, quantities(self), np.isfinite, "must be finite")
        demand(self, ("dephasing",), lambda value: value >= 0, "must be >= 0")
