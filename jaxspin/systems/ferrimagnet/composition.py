"""Composition of a stack, and the magnetization and anisotropy that follow from it.

Net moments carry a sign: positive where Co outweighs Tb. In a stack of equal layers the share x_n = x_0 + n delta,
n = 0..N-1, has mean x_0 + (N-1) delta/2 and variance delta^2 (N^2-1)/12, so laws linear in x need these two alone; any
other profile enters by the same two (`layered`).
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxspin.systems.ferrimagnet.constants import MU_0
from jaxspin.systems.ferrimagnet.parameters import CoTb, Film, GradientFilm


def layer_compositions(film: GradientFilm, layers: int) -> Float[Array, " layers"]:
    """Tb share of each of the first `layers` layers, from the bottom."""
    return film.x_bottom + film.delta * jnp.arange(layers, dtype=film.delta.dtype)


def thickness(film: Film) -> Float[Array, ""]:
    """Thickness t of the stack [m]."""
    return film.thickness


def mean_composition(film: Film) -> Float[Array, ""]:
    """Tb share averaged over the stack."""
    return film.mean_composition


def composition_variance(film: Film) -> Float[Array, ""]:
    """Variance of the Tb share over the stack."""
    return film.composition_variance


def composition_difference(film: Film) -> Float[Array, ""]:
    """Tb share of the top layer minus that of the bottom layer; odd in delta."""
    return film.composition_difference


def composition_gradient(film: Film) -> Float[Array, ""]:
    """Slope of the Tb share along the growth direction, averaged over the interfaces [1/m]; odd in delta."""
    return film.composition_gradient


def compensation(params: CoTb, film: Film) -> Float[Array, ""]:
    """Mean Tb share at which this stack would be compensated: x_M + s Var(x).

    Any alloy law M(x) that bends shifts compensation so, to second order s = -M''/(2 M'): a Tb moment that falls
    with the Tb share (fewer Co neighbours to align it) gives s > 0. Homogeneous films keep x_M.
    """
    return params.compensation + params.layering_shift * composition_variance(film)


def sublattice_magnetizations(params: CoTb, film: Film) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Magnetizations (M_Co, M_Tb) of the two opposite sublattices, averaged over the stack [A/m].

    Linear alloy law: (1 - x) m_co and x m_tb, with m_tb such that they cancel at `compensation`.
    """
    x, x_m = mean_composition(film), compensation(params, film)
    m_tb = params.m_co * (1 - x_m) / x_m
    return params.m_co * (1 - x), m_tb * x


def net_magnetization(params: CoTb, film: Film) -> Float[Array, ""]:
    """Net magnetization M_Co - M_Tb [A/m], positive when Co-rich; M_s is its modulus.

    Falls about linearly with delta (Zheng et al. 2021, Fig. 1d): equal to m_co (1 - x/x_M), x the mean Tb share.
    """
    co, tb = sublattice_magnetizations(params, film)
    return co - tb


def effective_anisotropy(params: CoTb, film: Film) -> Float[Array, ""]:
    """Effective perpendicular anisotropy K_eff = K_u - (mu0/2) <M_n^2> [J/m^3].

    Each layer feels its own demagnetizing field -M_n along z, so the mean of the square counts, not the square of the
    mean: a compensated stack pays for its layers, and perpendicular order ends when the gradient is too steep.
    """
    spread = params.m_co**2 * composition_variance(film) / compensation(params, film) ** 2
    return params.anisotropy - MU_0 / 2 * (net_magnetization(params, film) ** 2 + spread)


def anisotropy_field(params: CoTb, film: Film) -> Float[Array, ""]:
    """Anisotropy field H_k = 2 K_eff/(mu0 M_s) [A/m]; diverges at compensation."""
    return 2 * effective_anisotropy(params, film) / (MU_0 * jnp.abs(net_magnetization(params, film)))
