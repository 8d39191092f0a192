"""The self-energy of a wire with many orbitals, from the recursion that its own translation obeys."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float


def surface_self_energy(
    energy: Float[Array, ""], cell: Complex[Array, "m m"], hopping: Complex[Array, "m m"]
) -> Complex[Array, "m m"]:
    eye = jnp.eye(cell.shape[-1])
    z = energy + 1e-12j

    def halve(carry, _):
        sigma, bulk, forward, backward = carry
        g = jnp.linalg.inv(z * eye - bulk)
        there, back = forward @ g, backward @ g
        sigma = sigma + there @ backward
        return (sigma, bulk + there @ backward + back @ forward, there @ forward, back @ backward), None

    zero = jnp.zeros_like(cell)
    (sigma, *_), _ = jax.lax.scan(halve, (zero, cell, hopping, hopping.conj().T), None, length=45)
    return sigma
