"""Long networks in layers: transmission by elimination from one end, at a cost linear in the length."""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float

from jaxspin.transport.network import Network
from jaxspin.transport.static import broadening, demand_open, through


class Layers(eqx.Module):
    """A network between two leads cut into L layers of m orbitals, of which only neighbours hop; `layers` makes one.

    `onsite` (L, m, m) and `hopping` (L - 1, m, m), from layer l to layer l + 1 [energy]; `network` has the two leads.
    """

    onsite: Complex[Array, "L m m"]
    hopping: Complex[Array, "L-1 m m"]
    network: Network


def layers(network: Network) -> Layers:
    """The network in layers: layer l are the sites l bonds away from lead 0; lead 1 takes the last one.

    Raises:
        ValueError: unless there are two leads, the layers are of one size, and the last is where lead 1 is attached.
    """
    if len(network.leads) != 2 or network.bonds is None:
        raise ValueError(f"layers: expected two leads and known bonds, got {len(network.leads)} leads")
    near: dict[int, list[int]] = {site: [] for site in range(network.sites)}
    for i, j in network.bonds:
        near[i].append(j)
        near[j].append(i)
    cut: list[Sequence[int]] = [network.leads[0].sites]
    seen = set(cut[0])
    while len(seen) < network.sites:
        cut.append(sorted({other for site in cut[-1] for other in near[site]} - seen))
        seen |= set(cut[-1])
    cut[-1] = network.leads[1].sites if set(network.leads[1].sites) == set(cut[-1]) else ()
    if len({len(layer) for layer in cut}) != 1:
        raise ValueError(
            f"layers: counted from lead 0 they must have one size and end where lead 1 is attached, got sizes "
            f"{[len(layer) for layer in cut]} (0: not the sites of lead 1)"
        )
    rows = np.stack([network.rows(layer) for layer in cut])
    block = lambda a, b: network.hamiltonian[a[:, :, None], b[:, None, :]]
    return Layers(block(rows, rows), block(rows[1:], rows[:-1]), network)


def layered_transmission(cut: Layers, energy: Float[ArrayLike, ""]) -> Float[Array, ""]:
    """Transmission from lead 0 to lead 1, as `transmission(...)[1, 0]` of the network; `jax.vmap` for a spectrum.

    Raises:
        ValueError: outside `jit` and `vmap`, where a lead carries no wave at this energy.
    """
    demand_open(cut.network, energy)
    return _layered_transmission(cut, jnp.asarray(energy, dtype=float))


@jax.jit
def _layered_transmission(cut, energy):
    first, last = (lead.self_energy(energy, cut.network.orbitals) for lead in cut.network.leads)
    m = cut.onsite.shape[-1]
    own = (energy * jnp.eye(m))[None] - cut.onsite
    own = jnp.concatenate([(own[0] - first)[None], own[1:]])

    def pass_on(carry, layer):
        dot, reach = carry  # (E - H - Sigma of all before), and G from layer 0 to here times that
        onwards, here = layer
        green = jnp.linalg.solve(dot, jnp.concatenate([reach, onwards.conj().T], axis=1))
        reach, back = green[:, :m], green[:, m:]
        return (here - onwards @ back, onwards @ reach), None

    start = (own[0], jnp.eye(m, dtype=complex))
    (dot, reach), _ = jax.lax.scan(pass_on, start, (cut.hopping, own[1:]))
    green = jnp.linalg.solve(dot - last, reach)
    return through(broadening(last), green, broadening(first))
