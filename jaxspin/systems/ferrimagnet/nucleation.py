"""Nucleation of a reversed droplet in a tilted field, and the DMI field read from its threshold.

The droplet model (Pizzini et al., Phys. Rev. Lett. 113, 047203 (2014); Kim et al., Phys. Rev. B 95, 220402 (2017)): a
droplet of radius R costs 2 pi R t sigma and gains 2 pi R^2 t mu0 M_s H_z; it grows past its barrier
pi sigma^2 t/(2 mu0 M_s H_z) when that equals p k_B T, p = ln(tau/tau_0). The wall energy falls with the field along the
wall's normal n: sigma = sigma_0 - pi Delta mu0 M_s |H_DMI n + H_x x|.

The angle theta of the field is measured from the film normal z, so the component along z, here H_c, is H cos(theta) and
the in-plane component, here H_n, is H sin(theta). Zheng et al. 2021 define theta the same way and print sine and cosine
exchanged; their curve, a plateau of H_c against H_n that ends at H_n = H_DMI, needs the assignment used here.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int

from jaxspin.core import Solve
from jaxspin.numerics.fixed_point import steady_state
from jaxspin.systems.ferrimagnet.composition import effective_anisotropy, net_magnetization, thickness
from jaxspin.systems.ferrimagnet.constants import BOLTZMANN, MU_0
from jaxspin.systems.ferrimagnet.domain_wall import film_wall_width, h_dmi, wall_energy
from jaxspin.systems.ferrimagnet.parameters import CoTb, Film


def _double_exponential(points: int, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of a tanh-sinh rule on (0, pi/2), mean value normalised to 1."""
    u = np.linspace(-reach, reach, points)
    w = np.cosh(u) / np.cosh(np.pi / 2 * np.sinh(u)) ** 2
    # distance from the nearer end, exact where the nodes crowd it: 1/(1 + exp(pi sinh u)) of the interval
    return np.pi / 2 / (1 + np.exp(np.pi * np.sinh(u))), w / w.sum()


# The integrand below has a kink at beta = 0 when both fields are equal; this rule crowds the ends and keeps its
# precision there, and unlike the elliptic integral it has a correct derivative at k^2 = 1 without special cases.
_BETA, _WEIGHT = _double_exponential(points=81, reach=3.2)


def mean_wall_field(H_dmi: Float[ArrayLike, ""], H_x: Float[ArrayLike, ""]) -> Float[Array, ""]:
    """Mean of |H_DMI n + H_x x| over the directions n of a droplet's wall; the unit of its arguments.

    Equal to (2/pi)(H_DMI + H_x) E(k^2), k^2 = 4 H_DMI H_x/(H_DMI + H_x)^2, with E the complete elliptic integral: about
    H_DMI (1 + H_x^2/(4 H_DMI^2)) below the knee at H_x = H_DMI, about H_x above it. Even in each field.
    """
    a, b = jnp.abs(jnp.asarray(H_dmi, dtype=float)), jnp.abs(jnp.asarray(H_x, dtype=float))
    nothing = (a == 0) & (b == 0)
    a_safe = jnp.where(nothing, 1.0, a)
    sine = jnp.asarray(np.sin(_BETA), dtype=a.dtype)
    length = jnp.sqrt((a_safe - b) ** 2 + 4 * a_safe * b * sine**2)
    return jnp.where(nothing, 0.0, jnp.sum(jnp.asarray(_WEIGHT, dtype=a.dtype) * length))


def nucleation_field(
    sigma: Float[ArrayLike, ""],
    M_s: Float[ArrayLike, ""],
    t: Float[ArrayLike, ""],
    p: Float[ArrayLike, ""],
    T: Float[ArrayLike, ""],
) -> Float[Array, ""]:
    """Field along z that nucleates a droplet, H = pi t sigma^2/(2 mu0 M_s p k_B T) [A/m]; zero for sigma <= 0.

    Arguments: wall energy sigma [J/m^2], M_s [A/m], thickness t [m], p = ln(tau/tau_0), temperature T [K].
    """
    return jnp.pi * jnp.square(jnp.maximum(sigma, 0.0)) * t / (2 * MU_0 * M_s * p * BOLTZMANN * T)


class _Site(eqx.Module):
    """A nucleation site of a film: wall energy without field [J/m^2], its fall per field [T m], and the rest."""

    sigma_0: Float[Array, ""]
    slope: Float[Array, ""]
    H_dmi: Float[Array, ""]
    M_s: Float[Array, ""]
    t: Float[Array, ""]
    p: Float[Array, ""]
    T: Float[Array, ""]

    def field(self, wall_field: Float[Array, ""]) -> Float[Array, ""]:
        return nucleation_field(self.sigma_0 - self.slope * wall_field, self.M_s, self.t, self.p, self.T)


def _site(params: CoTb, film: Film) -> _Site:
    M_s = jnp.abs(net_magnetization(params, film))
    return _Site(
        sigma_0=params.nucleation_softness * wall_energy(params.stiffness, effective_anisotropy(params, film)),
        slope=jnp.pi * film_wall_width(params, film) * MU_0 * M_s,
        H_dmi=h_dmi(params, film),
        M_s=M_s,
        t=thickness(film),
        p=jnp.log(film.duration / params.attempt_time),
        T=film.temperature,
    )


def droplet_field(params: CoTb, film: Film) -> Float[Array, ""]:
    """Field along z that nucleates a droplet inside the film under its in-plane field h_x [A/m]: plateau, then fall."""
    site = _site(params, film)
    return site.field(mean_wall_field(site.H_dmi, film.h_x))


def edge_field(params: CoTb, film: Film) -> Float[Array, ""]:
    """Field along z that nucleates a half droplet at the edge whose normal is +x [A/m]; -h_x gives the other edge."""
    site = _site(params, film)
    return site.field(jnp.abs(site.H_dmi + film.h_x))


class TiltedLoop(eqx.Module):
    """Reversal in a field tilted from the film normal: its size, its components [A/m], and `core.Status`."""

    H_sw: Float[Array, ""]
    H_c: Float[Array, ""]
    H_n: Float[Array, ""]
    status: Int[Array, ""]


def tilted_loop(
    params: CoTb,
    film: Film,
    angle: Float[ArrayLike, ""],
    *,
    solve: Solve = Solve(),
) -> TiltedLoop:
    """Switching field of a loop at `angle` [rad] from the film normal, |angle| < pi/2, by droplet nucleation.

    Solves H cos(angle) = H_nucleation(H sin(angle)), which has one root since nucleation gets easier with the in-plane
    field. The film's own `h_x` does not enter.
    """
    site = _site(params, film)
    sine, cosine = jnp.sin(angle), jnp.cos(angle)
    start = site.field(mean_wall_field(site.H_dmi, 0.0))  # loop along the normal; also the unit of the solve

    def balance(h: Float[Array, ""], site: _Site) -> Float[Array, ""]:
        H = h * jax.lax.stop_gradient(start)
        return h * cosine - site.field(mean_wall_field(site.H_dmi, H * sine)) / jax.lax.stop_gradient(start)

    root = steady_state(balance, jnp.ones_like(start), site, solve=solve)
    H_sw = root.state * jax.lax.stop_gradient(start)
    return TiltedLoop(H_sw, H_sw * cosine, H_sw * sine, root.status)


def _projected(H_dmi: Float[Array, ""], H_n: Float[Array, " n"], root: Float[Array, " n"]) -> Float[Array, " n"]:
    """Residual of the best sqrt(H_c) = a - b <|H|>: the droplet model is linear in all but H_DMI."""
    mean = jax.vmap(mean_wall_field, in_axes=(None, 0))(H_dmi, H_n)
    centred, wanted = mean - jnp.mean(mean), root - jnp.mean(root)
    return wanted - centred * jnp.sum(centred * wanted) / jnp.sum(centred**2)


def threshold_field(H_n: Float[Array, " n"], H_c: Float[Array, " n"], *, candidates: int = 200) -> Float[Array, ""]:
    """H_DMI [A/m] from measured H_c against H_n [A/m]: least squares of the droplet model.

    Below the knee the droplet's mean field already grows by a quarter of its value, so the knee read by eye lies
    lower. `candidates` trial values over the range of H_n are refined by Gauss-Newton steps; needs a plateau and a
    fall within the data. Differentiable in both arrays.
    """
    root = jnp.sqrt(H_c)
    trials = jnp.max(jnp.abs(H_n)) * jnp.arange(1, candidates + 1) / candidates
    misfit = jax.vmap(lambda h: jnp.sum(_projected(h, H_n, root) ** 2))(trials)
    best = trials[jnp.argmin(misfit)]
    for _ in range(6):  # each step squares the error of the last
        r, slope = jax.jvp(lambda h: _projected(h, H_n, root), (best,), (jnp.ones_like(best),))
        best = best - jnp.sum(slope * r) / jnp.sum(slope**2)
    return best
