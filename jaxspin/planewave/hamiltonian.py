"""The Kohn-Sham Hamiltonian in plane waves: kinetic, local by Fourier transform, separable with a spin-orbit part.

H = |k + G|^2/2 + V(r) + sum |p_i^l l m> (h_ij + s k_ij L.S) <p_j^l l m|, S = sigma/2, with s the spin-orbit strength (1
in nature). Orbitals have the axes (band, spin, wave): one spin component in a scalar-relativistic calculation, two (up,
down) for spinors. Hartree atomic units.
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Complex, Float, Int

from jaxspin.planewave.basis import Basis, Grid
from jaxspin.planewave.model import KohnSham
from jaxspin.planewave.pseudopotential import Pseudopotential, projector_of_square

_POINTS = 2**21
"""Points of all orbitals that are on the grid at a time: 32 MB, enough for a GPU to be busy."""


class Hamiltonian(eqx.Module):
    """The Hamiltonian of one k point, or of all of them with a leading axis on the fields that carry k.

    Arguments:
        kinetic: |k + G|^2/2, shape (waves,) [hartree].
        mask: False where a wave is only padding.
        index: of each wave on the flattened grid.
        projectors: <k + G|p>, shape (projectors, waves).
        coupling: between the projectors, spin the fastest, shape (projectors * spins, projectors * spins) [hartree].
        potential: local potential on the grid [hartree].
    """

    kinetic: Float[Array, "*k waves"]
    mask: Bool[Array, "*k waves"]
    index: Int[Array, "*k waves"]
    projectors: Complex[Array, "*k projectors waves"]
    coupling: Complex[Array, "channels channels"]
    potential: Float[Array, "n1 n2 n3"]

    def __call__(self, orbitals: Complex[Array, "bands spins waves"]) -> Complex[Array, "bands spins waves"]:
        """H applied to the orbitals of one k point."""
        n1, n2, n3 = self.potential.shape
        rows = orbitals.reshape(-1, orbitals.shape[-1])

        def local(row: Array) -> Array:
            return to_waves(self.potential * to_grid(row, self.index, (n1, n2, n3)), self.index)

        # a few orbitals at a time: all of them on the grid at once would take most of the memory
        several = max(1, _POINTS // self.potential.size)
        return self.from_local(jax.lax.map(local, rows, batch_size=several).reshape(orbitals.shape), orbitals)

    def from_local(
        self, local: Complex[Array, "bands spins waves"], orbitals: Complex[Array, "bands spins waves"]
    ) -> Complex[Array, "bands spins waves"]:
        """H applied to orbitals of which the local potential times them is known."""
        whole = self.kinetic[None, None] * orbitals + local
        return jnp.where(self.mask[None, None], whole, 0) + self.nonlocal_part(orbitals)

    def nonlocal_part(self, orbitals: Complex[Array, "bands spins waves"]) -> Complex[Array, "bands spins waves"]:
        """The separable part applied to the orbitals of one k point."""
        bands, spins, waves = orbitals.shape
        overlaps = product(orbitals.reshape(bands * spins, waves), jnp.conj(self.projectors).T)
        # (band, spin, projector) -> (band, projector, spin)
        overlaps = overlaps.reshape(bands, spins, -1).transpose(0, 2, 1).reshape(bands, -1)
        coupled = (overlaps @ self.coupling.T).reshape(bands, -1, spins).transpose(0, 2, 1).reshape(bands * spins, -1)
        return product(coupled, self.projectors).reshape(bands, spins, waves)

    def at(self, k: int | Int[Array, ""]) -> "Hamiltonian":
        """The Hamiltonian of the k-th point."""
        return Hamiltonian(
            self.kinetic[k], self.mask[k], self.index[k], self.projectors[k], self.coupling, self.potential
        )


def hamiltonian(model: KohnSham, basis: Basis, potential: Float[Array, "n1 n2 n3"]) -> Hamiltonian:
    """The Hamiltonian of every k point of a basis in a local potential [hartree]."""
    kinetic = 0.5 * jnp.sum(basis.wave_vectors(model.crystal) ** 2, axis=-1)
    return Hamiltonian(kinetic, basis.mask, basis.index, projectors(model, basis), coupling(model), potential)


def to_grid(
    orbitals: Complex[Array, "*b waves"], index: Int[Array, " waves"], grid: Grid
) -> Complex[Array, "*b n1 n2 n3"]:
    """Orbitals of one k point in real space, without exp(i k.r): sum_G c_G exp(i G.r)/points."""
    points = math.prod(grid)
    box = jnp.zeros((*orbitals.shape[:-1], points), orbitals.dtype).at[..., index].add(orbitals)
    return jnp.fft.ifftn(box.reshape(*orbitals.shape[:-1], *grid), axes=(-3, -2, -1))


def to_waves(field: Complex[Array, "*b n1 n2 n3"], index: Int[Array, " waves"]) -> Complex[Array, "*b waves"]:
    """The plane-wave coefficients of fields on the grid; undoes `to_grid` (padding receives rubbish)."""
    waves = jnp.fft.fftn(field, axes=(-3, -2, -1))
    return waves.reshape(*field.shape[:-3], -1)[..., index]


def product(a: Complex[Array, "n m"], b: Complex[Array, "m l"]) -> Complex[Array, "n l"]:
    """a b for complex matrices by three real products, four times faster than XLA's complex product on a CPU."""
    ar, ai, br, bi = a.real, a.imag, b.real, b.imag
    first, second = ar @ br, ai @ bi
    return jax.lax.complex(first - second, (ar + ai) @ (br + bi) - first - second)


def projectors(model: KohnSham, basis: Basis) -> Complex[Array, "k projectors waves"]:
    """<k + G|p> of every projector of every atom; for each atom l, then i, then m = -l ... l (real harmonics)."""
    crystal = model.crystal
    q = basis.wave_vectors(crystal)
    q2 = jnp.sum(q**2, axis=-1)
    harmonics = solid_harmonics(q)
    columns = []
    for pseudo in model.pseudopotentials:
        atoms = np.flatnonzero(np.array(crystal.species) == pseudo.element)
        if not sum(pseudo.count):
            continue
        radial = [
            (-1j) ** l * projector_of_square(pseudo, l, i, q2)[:, None, :] * harmonics[l]
            for l in range(len(pseudo.count))
            for i in range(pseudo.count[l])
        ]
        atomic = jnp.concatenate(radial, axis=1)
        for atom in atoms:
            phase = jnp.exp(-1j * jnp.einsum("kwx,x->kw", q, crystal.cartesian[atom]))
            columns.append(atomic * phase[:, None, :])
    if not columns:
        return jnp.zeros((len(basis.kpoints), 0, basis.waves), complex)
    return jnp.where(basis.mask[:, None, :], jnp.concatenate(columns, axis=1) / jnp.sqrt(crystal.volume), 0)


def coupling(model: KohnSham) -> Complex[Array, "channels channels"]:
    """h_ij + s k_ij L.S between the projectors, in the order of `projectors`, spin the fastest [hartree]."""
    blocks = []
    for pseudo in model.pseudopotentials:
        for _ in range(model.crystal.species.count(pseudo.element)):
            blocks += [_channel(pseudo, l, model) for l in range(len(pseudo.count)) if pseudo.count[l]]
    return jax.scipy.linalg.block_diag(*blocks) if blocks else jnp.zeros((0, 0), complex)


def _channel(pseudo: Pseudopotential, l: int, model: KohnSham) -> Complex[Array, "n n"]:
    n, size = pseudo.count[l], 2 * l + 1
    h = pseudo.h[l, :n, :n]
    scalar = jnp.einsum("ij,ab->iajb", h, jnp.eye(size * model.spins)).reshape((n * size * model.spins,) * 2) + 0j
    if model.spin_orbit is None:
        return scalar
    orbit = jnp.einsum("ij,ab->iajb", pseudo.k[l, :n, :n], angular_momentum_dot_spin(l)).reshape(scalar.shape)
    return scalar + model.spin_orbit * orbit


def angular_momentum_dot_spin(l: int) -> Complex[np.ndarray, "n n"]:
    """L.S in the real harmonics of `solid_harmonics` times (up, down), spin the fastest, hbar = 1."""
    size = 2 * l + 1
    m = np.arange(-l, l + 1)
    lz = np.diag(m).astype(complex)
    raising = np.diag(np.sqrt(l * (l + 1) - m[:-1] * (m[:-1] + 1.0)), -1).astype(complex)
    lx, ly = (raising + raising.conj().T) / 2, (raising - raising.conj().T) / 2j
    # rows: real harmonics in complex ones (Condon-Shortley); m < 0 are the sines
    real = np.zeros((size, size), complex)
    real[l, l] = 1
    for mu in range(1, l + 1):
        real[l + mu, l + mu], real[l + mu, l - mu] = (-1) ** mu / math.sqrt(2), 1 / math.sqrt(2)
        real[l - mu, l + mu], real[l - mu, l - mu] = -1j * (-1) ** mu / math.sqrt(2), 1j / math.sqrt(2)
    pauli = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
    # <real_a|L|real_b> with real_a = sum_m real[a, m] |m>
    parts = [np.kron(real.conj() @ each @ real.T, s / 2) for each, s in zip((lx, ly, lz), pauli, strict=True)]
    return np.sum(parts, axis=0)


def solid_harmonics(q: Float[Array, "*b 3"]) -> list[Float[Array, "..."]]:
    """q^l Y_lm(q) for l = 0 ... 3, real, m = -l ... l along the axis before the last of b."""
    x, y, z = jnp.moveaxis(q, -1, 0)
    r2 = x**2 + y**2 + z**2
    pi = math.pi
    s = [jnp.full_like(x, math.sqrt(1 / (4 * pi)))]
    p = [math.sqrt(3 / (4 * pi)) * each for each in (y, z, x)]
    d = [
        math.sqrt(15 / (4 * pi)) * x * y,
        math.sqrt(15 / (4 * pi)) * y * z,
        math.sqrt(5 / (16 * pi)) * (3 * z**2 - r2),
        math.sqrt(15 / (4 * pi)) * z * x,
        math.sqrt(15 / (16 * pi)) * (x**2 - y**2),
    ]
    f = [
        math.sqrt(35 / (32 * pi)) * y * (3 * x**2 - y**2),
        math.sqrt(105 / (4 * pi)) * x * y * z,
        math.sqrt(21 / (32 * pi)) * y * (5 * z**2 - r2),
        math.sqrt(7 / (16 * pi)) * z * (5 * z**2 - 3 * r2),
        math.sqrt(21 / (32 * pi)) * x * (5 * z**2 - r2),
        math.sqrt(105 / (16 * pi)) * z * (x**2 - y**2),
        math.sqrt(35 / (32 * pi)) * x * (x**2 - 3 * y**2),
    ]
    return [jnp.stack(each, axis=-2) for each in (s, p, d, f)]
