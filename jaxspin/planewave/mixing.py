"""The next density to try in the search for self-consistency: Anderson's extrapolation with Kerker's damping."""

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from jaxspin.planewave.basis import grid_vectors
from jaxspin.planewave.crystal import Crystal


class Anderson(eqx.Module):
    """Anderson mixing of the last `memory` densities.

    D. G. Anderson, J. ACM 12, 547 (1965); Kerker, Phys. Rev. B 23, 3082 (1981).

    Arguments:
        memory: how many residuals are combined, static.
        damping: part of the combined residual that is added.
        screening: Kerker's wave number q0 [1/bohr]: residuals are multiplied with G^2/(G^2 + q0^2). 0 for insulators
            and slabs of them; about 1 for metals in large cells.
    """

    memory: int = eqx.field(default=8, static=True)
    damping: float = eqx.field(default=0.8, static=True)
    screening: float = eqx.field(default=0.0, static=True)

    def __check_init__(self) -> None:
        if self.memory < 1 or not 0 < self.damping <= 1 or self.screening < 0:
            raise ValueError(
                "Anderson: memory must be at least 1, damping in (0, 1], screening >= 0; got "
                f"{self.memory}, {self.damping}, {self.screening}"
            )

    def empty(self, n: Float[Array, "n1 n2 n3"]) -> "Past":
        """No past: for the first step."""
        none = jnp.zeros((self.memory, n.size))
        return Past(none, none, jnp.zeros((), int))

    def __call__(
        self, n: Float[Array, "n1 n2 n3"], residual: Float[Array, "n1 n2 n3"], past: "Past", crystal: Crystal
    ) -> tuple[Float[Array, "n1 n2 n3"], "Past"]:
        """The next density from the present one, its residual (output - input) and the past."""
        slot = past.count % self.memory
        inputs = past.inputs.at[slot].set(n.ravel())
        residuals = past.residuals.at[slot].set(residual.ravel())
        # minimise |r - sum_i c_i (r - r_i)| over the past steps
        used = (jnp.arange(self.memory) < past.count) & (jnp.arange(self.memory) != slot)
        change = jnp.where(used[:, None], residual.ravel()[None] - residuals, 0)
        gram = change @ change.T
        scale = jnp.where(used, jnp.sqrt(jnp.diag(gram)), 1)
        gram = gram / scale[:, None] / scale[None] + jnp.diag(jnp.where(used, 1e-12, 1.0))
        c = jnp.linalg.solve(gram, (change @ residual.ravel()) / scale) / scale
        step = residual.ravel() - c @ change
        start = n.ravel() - c @ jnp.where(used[:, None], n.ravel()[None] - inputs, 0)
        step = self._kerker(step.reshape(n.shape), crystal)
        return start.reshape(n.shape) + self.damping * step, Past(inputs, residuals, past.count + 1)

    def _kerker(self, residual: Array, crystal: Crystal) -> Array:
        if self.screening == 0:
            return residual
        n1, n2, n3 = residual.shape
        g2 = jnp.sum(grid_vectors(crystal, (n1, n2, n3)) ** 2, axis=-1)
        return jnp.fft.ifftn(jnp.fft.fftn(residual) * g2 / (g2 + self.screening**2)).real


class Past(NamedTuple):
    """The last densities and residuals, flattened, in a ring; `count` steps so far."""

    inputs: Float[Array, "memory points"]
    residuals: Float[Array, "memory points"]
    count: Int[Array, ""]
