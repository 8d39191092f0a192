"""Periodic drives of a network: levels and hoppings that oscillate, any harmonics and phases."""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Complex, Float, Inexact

from jaxspin.transport.network import Network


class Drive(eqx.Module):
    """One drive: V e^(-i harmonic Omega t) + h.c. on some sites.

    `amplitude` (m, m) is V [energy] among the rows of the `sites`, m = sites times orbitals.
    """

    sites: tuple[int, ...] = eqx.field(static=True)
    amplitude: Complex[Array, "m m"]
    harmonic: int = eqx.field(static=True)

    def __check_init__(self) -> None:
        if self.harmonic < 1:
            raise ValueError(f"drive: its harmonic must be at least 1, got {self.harmonic}")
        if len(set(self.sites)) < len(self.sites):
            raise ValueError(f"drive: its sites must differ, got {self.sites}")


def level_drive(
    sites: int | Sequence[int],
    amplitude: Inexact[ArrayLike, "..."],
    *,
    phase: Float[ArrayLike, ""] = 0.0,
    harmonic: int = 1,
    orbitals: int = 1,
) -> Drive:
    """amplitude cos(harmonic Omega t + phase) added to the energy of each of the sites.

    Arguments:
        sites: a site or several, which move together.
        amplitude: a number, or a Hermitian (orbitals, orbitals) matrix such as a Zeeman term [energy].
        phase: [rad].
        harmonic: of the frequency of the whole drive, at least 1.
        orbitals: of every site of the network.
    """
    sites = (sites,) if isinstance(sites, int) else tuple(sites)
    value = jnp.asarray(amplitude, dtype=complex)
    block = value * jnp.eye(orbitals) if value.shape == () else value
    return Drive(sites, jnp.kron(jnp.eye(len(sites)), block) * jnp.exp(-1j * jnp.asarray(phase)) / 2, harmonic)


def hopping_drive(
    to: int,
    start: int,
    amplitude: Inexact[ArrayLike, "..."],
    *,
    phase: Float[ArrayLike, ""] = 0.0,
    harmonic: int = 1,
    orbitals: int = 1,
) -> Drive:
    """amplitude cos(harmonic Omega t + phase) added to the hopping from site `start` to site `to`, and its conjugate.

    Arguments as those of `level_drive`; an (orbitals, orbitals) amplitude need not be Hermitian.
    """
    value = jnp.asarray(amplitude, dtype=complex)
    block = value * jnp.eye(orbitals) if value.shape == () else value
    zero = jnp.zeros_like(block)
    both = jnp.block([[zero, block], [block.conj().T, zero]])
    return Drive((to, start), both * jnp.exp(-1j * jnp.asarray(phase)) / 2, harmonic)


class Driven(eqx.Module):
    """A network under periodic drives, H(t) = H + sum_k V_k e^(-i k Omega t) with V_(-k) = V_k^dagger; a pytree.

    Arguments:
        network: at rest.
        frequency: hbar Omega > 0 [energy].
        drives: any number, with harmonics of this frequency.

    Raises:
        ValueError: for a frequency that is not positive, no drive, and a driven site out of range.
    """

    network: Network
    frequency: Float[Array, ""]
    drives: tuple[Drive, ...]

    def __init__(self, network: Network, frequency: Float[ArrayLike, ""], drives: Sequence[Drive] | Drive):
        self.network = network
        self.frequency = jnp.asarray(frequency, dtype=float)
        self.drives = (drives,) if isinstance(drives, Drive) else tuple(drives)

    def __check_init__(self) -> None:
        if not isinstance(self.frequency, Tracer) and not np.all(np.asarray(self.frequency) > 0):
            raise ValueError(f"driven network: its frequency hbar Omega must be > 0, got {self.frequency}")
        if not self.drives:
            raise ValueError("driven network: expected at least one drive; use the static functions without one")
        for number, drive in enumerate(self.drives):
            for site in drive.sites:
                if not 0 <= site < self.network.sites:
                    raise ValueError(
                        f"drive {number}: site {site} is out of range, the network has sites 0 to "
                        f"{self.network.sites - 1}"
                    )
            order = len(drive.sites) * self.network.orbitals
            if drive.amplitude.shape != (order, order):
                raise ValueError(
                    f"drive {number}: its amplitude must be {(order, order)} for {len(drive.sites)} sites of "
                    f"{self.network.orbitals} orbitals, got {drive.amplitude.shape}"
                )

    @property
    def sites(self) -> tuple[int, ...]:
        """The driven sites, ascending."""
        return tuple(sorted({site for drive in self.drives for site in drive.sites}))

    @property
    def harmonics(self) -> int:
        """The largest harmonic of any drive."""
        return max(drive.harmonic for drive in self.drives)

    def couplings(self, sites: Sequence[int]) -> Complex[Array, "harmonics d d"]:
        """V_1, V_2, ... among the rows of some sites, the driven ones among them [energy]."""
        order = len(sites) * self.network.orbitals
        where = {site: number for number, site in enumerate(sites)}
        total = jnp.zeros((self.harmonics, order, order), dtype=complex)
        for drive in self.drives:
            rows = self.network.rows([where[site] for site in drive.sites])
            total = total.at[drive.harmonic - 1, rows[:, None], rows[None, :]].add(drive.amplitude)
        return total

    def hamiltonian(self, time: Float[ArrayLike, ""]) -> Complex[Array, "n n"]:
        """H(t) of the network without its leads [energy]; time in hbar/energy."""
        orders = jnp.arange(1, self.harmonics + 1)
        turn = jnp.exp(-1j * orders * self.frequency * jnp.asarray(time))
        half = jnp.einsum("k,kij->ij", turn, self.couplings(range(self.network.sites)))
        return self.network.hamiltonian + half + half.conj().T
