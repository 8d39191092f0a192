"""What a graded CoTb film is made of (`CoTb`), and how one is designed and measured (`Film`: `GradientFilm`)."""

from typing import Protocol

import equinox as eqx
from jaxtyping import Array, Float

from jaxspin.core import quantity


class CoTb(eqx.Module):
    """Material laws of Co(1-x)Tb(x) films with a vertical composition gradient, at room temperature.

    Sublattices, per share of atoms: Co gives `m_co`, Tb the opposite moment fixed by `compensation`.
    Two parameters state what a simpler model would hide. `layering_shift`: a linear alloy law makes the film with
    the steepest published gradient Tb-rich, its Hall loops say Co-rich, so the Tb share at compensation must depend
    on the layering. `dmi_bias`: a vertical gradient alone is mirror symmetric (y -> -y) and can only toggle the
    magnetization, so a loop that is offset in H_x needs an in-plane bias, here as a multiple of H_DMI.
    """

    m_co: Float[Array, ""] = quantity(
        "A/m",
        bounds=(1e5, 2e6),
        scale=1e5,
        symbol=r"M_\mathrm{Co}",
        doc="Co-sublattice magnetization per Co share, the alloy law's value at x = 0",
    )
    compensation: Float[Array, ""] = quantity(
        "1", bounds=(0.05, 0.8), scale=0.01, symbol=r"x_M", doc="Tb share at compensation of homogeneous films"
    )
    layering_shift: Float[Array, ""] = quantity(
        "1",
        bounds=(-3.0, 10.0),
        scale=0.5,
        symbol=r"s",
        doc="shift of the Tb share at compensation per variance of the composition over the stack",
    )
    anisotropy: Float[Array, ""] = quantity(
        "J/m^3", bounds=(1e3, 2e6), scale=2e4, symbol=r"K_u", doc="uniaxial perpendicular anisotropy"
    )
    stiffness: Float[Array, ""] = quantity(
        "J/m", bounds=(1e-13, 1e-10), scale=3e-12, symbol=r"A", doc="exchange stiffness"
    )
    theta_slope: Float[Array, ""] = quantity(
        "1",
        bounds=(0.0, 10.0),
        scale=0.05,
        symbol=r"a_\theta",
        doc="damping-like efficiency theta_DL per composition difference between top and bottom, at 6 nm",
    )
    theta_exponent: Float[Array, ""] = quantity(
        "1",
        bounds=(-3.0, 3.0),
        scale=0.5,
        symbol=r"n_\theta",
        doc="thickness exponent of theta_DL: 0 follows the composition difference, -1 the gradient",
    )
    dmi_slope: Float[Array, ""] = quantity(
        "J/m", bounds=(0.0, 1e-12), scale=2e-15, symbol=r"d", doc="D per composition gradient"
    )
    dmi_bias: Float[Array, ""] = quantity(
        "1",
        bounds=(-10.0, 10.0),
        scale=0.2,
        symbol=r"\zeta",
        doc="in-plane bias along x as a multiple of H_DMI: 0 by mirror symmetry, 1 in single-loop models",
    )
    bias_field: Float[Array, ""] = quantity(
        "A/m",
        bounds=(-1e5, 1e5),
        scale=200.0,
        symbol=r"H_0",
        doc="in-plane bias along x that keeps its sign when the gradient reverses (exchange bias, remanence, tilt)",
    )
    pinning_pressure: Float[Array, ""] = quantity(
        "J/m^3",
        bounds=(1.0, 1e6),
        scale=500.0,
        symbol=r"P",
        doc="depinning pressure on a wall at zero temperature, 2 mu0 M_s H_dep",
    )
    pinning_energy: Float[Array, ""] = quantity(
        "J", bounds=(1e-21, 1e-17), scale=5e-20, symbol=r"E_\mathrm{p}", doc="energy scale of the creep barrier"
    )
    attempt_time: Float[Array, ""] = quantity(
        "s", bounds=(1e-13, 1e-6), scale=1e-9, symbol=r"\tau_0", doc="attempt time of thermally activated hops"
    )
    nucleation_softness: Float[Array, ""] = quantity(
        "1",
        bounds=(1e-4, 1.0),
        scale=0.01,
        symbol=r"f",
        doc="wall energy at a nucleation site relative to 4 sqrt(A K)",
    )


class Film(Protocol):
    """What the laws of this package need to know of a stack: five numbers of its profile, and its measurement."""

    @property
    def thickness(self) -> Float[Array, ""]:
        """Thickness t of the stack [m]."""
        ...

    @property
    def mean_composition(self) -> Float[Array, ""]:
        """Tb share averaged over the stack."""
        ...

    @property
    def composition_variance(self) -> Float[Array, ""]:
        """Variance of the Tb share over the stack."""
        ...

    @property
    def composition_difference(self) -> Float[Array, ""]:
        """Tb share of the top layer minus that of the bottom layer."""
        ...

    @property
    def composition_gradient(self) -> Float[Array, ""]:
        """Slope of the Tb share along the growth direction, averaged over the interfaces [1/m]."""
        ...

    @property
    def h_x(self) -> Float[Array, ""]:
        """Applied field along the current [A/m]."""
        ...

    @property
    def temperature(self) -> Float[Array, ""]:
        """Temperature of thermal activation [K]."""
        ...

    @property
    def duration(self) -> Float[Array, ""]:
        """How long a drive acts [s]."""
        ...


class GradientFilm(eqx.Module):
    """Design of a stack of equal layers Co(1-x)Tb(x), x = x_bottom + n delta, and the conditions of its measurement."""

    delta: Float[Array, ""] = quantity(
        "1", bounds=(-0.2, 0.2), scale=0.01, symbol=r"\delta", doc="step of the Tb share from one layer to the next"
    )
    x_bottom: Float[Array, ""] = quantity(
        "1", bounds=(0.0, 1.0), scale=0.05, symbol=r"x_0", doc="Tb share of the bottom layer", default=0.13
    )
    layer_thickness: Float[Array, ""] = quantity(
        "m", bounds=(1e-10, 1e-7), scale=1e-9, symbol=r"t_1", doc="thickness of one layer", default=1e-9
    )
    layers: Float[Array, ""] = quantity(
        "1", bounds=(1.0, 100.0), scale=1.0, symbol=r"N", doc="number of layers", default=6.0
    )
    h_x: Float[Array, ""] = quantity(
        "A/m", bounds=(-1e6, 1e6), scale=1e3, symbol=r"H_x", doc="applied field along the current", default=0.0
    )
    temperature: Float[Array, ""] = quantity(
        "K", bounds=(1.0, 1000.0), scale=300.0, symbol=r"T", doc="temperature of thermal activation", default=300.0
    )
    duration: Float[Array, ""] = quantity(
        "s",
        bounds=(1e-12, 1e6),
        scale=1e-4,
        symbol=r"\tau",
        doc="how long a drive acts: length of a current pulse, dwell of a field step",
        default=1e-4,
    )

    @property
    def thickness(self) -> Float[Array, ""]:
        return self.layers * self.layer_thickness

    @property
    def mean_composition(self) -> Float[Array, ""]:
        return self.x_bottom + self.delta * (self.layers - 1) / 2

    @property
    def composition_variance(self) -> Float[Array, ""]:
        return self.delta**2 * (self.layers**2 - 1) / 12

    @property
    def composition_difference(self) -> Float[Array, ""]:
        return self.delta * (self.layers - 1)

    @property
    def composition_gradient(self) -> Float[Array, ""]:
        return self.delta / self.layer_thickness
