"""CoTb stacks of six layers whose composition steps are free: the profile x(z) that a design may choose.

The laws are those of a linear gradient, which see a stack through four numbers of its profile, and generalise so:

- magnetization and compensation: mean and variance of the Tb share over the layers, as for any alloy law that is
  quadratic in x to second order; K_eff: the mean square over the layers, exactly.
- torque: the Tb share of the top layer less that of the bottom layer. Spin currents of inner interfaces cancel in
  pairs, which is the paper's reading of its linear films; it measured no other profile.
- DMI: proportional to the local gradient and so, averaged over the five interfaces, to the same difference.

So of six numbers that make a profile only mean, variance and difference matter: an optimal profile is one of a
family, unless bounds on its steps single it out.
"""

import dataclasses
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxspin.core import quantity
from jaxspin.systems.ferrimagnet.observables import MODEL, OBSERVABLES, observe
from jaxspin.systems.ferrimagnet.parameters import GradientFilm

LAYERS = 6


def _step(number: int) -> Float[Array, ""]:
    return quantity(
        "1",
        bounds=(-0.2, 0.2),
        scale=0.01,
        symbol=rf"\delta_{number}",
        doc=f"step of the Tb share from layer {number} to layer {number + 1}",
    )


class LayeredFilm(eqx.Module):
    """Six equal layers Co(1-x)Tb(x) with steps of their own, from the bottom, and the conditions of measurement."""

    step_1: Float[Array, ""] = _step(1)
    step_2: Float[Array, ""] = _step(2)
    step_3: Float[Array, ""] = _step(3)
    step_4: Float[Array, ""] = _step(4)
    step_5: Float[Array, ""] = _step(5)
    x_bottom: Float[Array, ""] = quantity(
        "1", bounds=(0.0, 1.0), scale=0.05, symbol=r"x_0", doc="Tb share of the bottom layer", default=0.13
    )
    layer_thickness: Float[Array, ""] = quantity(
        "m", bounds=(1e-10, 1e-7), scale=1e-9, symbol=r"t_1", doc="thickness of one layer", default=1e-9
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

    @classmethod
    def linear(cls, film: GradientFilm) -> "LayeredFilm":
        """The same film as a stack of free layers; `film.layers` must be 6."""
        shared = ("x_bottom", "layer_thickness", "h_x", "temperature", "duration")
        steps = {f"step_{number}": film.delta for number in range(1, LAYERS)}
        return cls(**steps, **{name: getattr(film, name) for name in shared})

    @property
    def steps(self) -> Float[Array, "5"]:
        """Steps of the Tb share between layers, from the bottom."""
        return jnp.stack([self.step_1, self.step_2, self.step_3, self.step_4, self.step_5])

    @property
    def shares(self) -> Float[Array, "6"]:
        """Tb share of each layer, from the bottom."""
        return self.x_bottom + self._rises

    @property
    def _rises(self) -> Float[Array, "6"]:
        """Tb share of each layer less that of the bottom: small differences stay exact."""
        return jnp.concatenate([jnp.zeros(1, self.x_bottom.dtype), jnp.cumsum(self.steps)])

    @property
    def thickness(self) -> Float[Array, ""]:
        return LAYERS * self.layer_thickness

    @property
    def mean_composition(self) -> Float[Array, ""]:
        return self.x_bottom + jnp.mean(self._rises)

    @property
    def composition_variance(self) -> Float[Array, ""]:
        return jnp.mean((self._rises - jnp.mean(self._rises)) ** 2)

    @property
    def composition_difference(self) -> Float[Array, ""]:
        return jnp.sum(self.steps)

    @property
    def composition_gradient(self) -> Float[Array, ""]:
        return self.composition_difference / ((LAYERS - 1) * self.layer_thickness)


# Neither linear nor mirror symmetric, Co-rich and off compensation.
_EXAMPLE: dict[str, Any] = {
    "step_1": 0.08,
    "step_2": 0.05,
    "step_3": 0.04,
    "step_4": 0.06,
    "step_5": 0.07,
    "layer_thickness": 0.8e-9,
}

LAYERED = dataclasses.replace(
    MODEL,
    name="ferrimagnet.layered",
    title="CoTb stack of six free layers: torque, DMI field and switching current of any composition profile",
    controls=LayeredFilm,
    observables=OBSERVABLES,
    observe=observe,
    example=lambda: LayeredFilm(**_EXAMPLE),
)
