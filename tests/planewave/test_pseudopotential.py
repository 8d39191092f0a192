"""Pseudopotentials: analytic form factors against radial integrals of the real-space forms, tables, readers."""

import dataclasses
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import erf, spherical_jn

from jaxspin.planewave.pseudopotential import (
    local_average,
    local_form_factor,
    local_of_square,
    projector_form_factor,
    projector_of_square,
    tabulated,
)
from jaxspin.planewave.pseudopotential_files import read_cp2k, read_hgh

# every l and i, compiled at once
form_factors = jax.jit(
    lambda pseudo, q: jnp.stack([projector_form_factor(pseudo, l, i, q) for l in range(4) for i in range(3)])
)
TUNGSTEN = tabulated("W", "PBE")
Q = np.array([0.0, 0.3, 1.1, 2.7, 5.0])
# Gauss-Legendre nodes to 8 bohr: the Gaussians, of ranges below 0.72 bohr, have fallen to exp(-60)
NODES, WEIGHTS = np.polynomial.legendre.leggauss(200)
R, DR = 4 * (NODES + 1), 4 * WEIGHTS


def projector(radius, l, i, r):
    """p_i^l(r), Eq. (3) of Hartwigsen, Goedecker, Hutter, with i from 1."""
    power = l + (4 * i - 1) / 2
    return (
        math.sqrt(2)
        * r ** (l + 2 * (i - 1))
        * np.exp(-((r / radius) ** 2) / 2)
        / (radius**power * math.sqrt(math.gamma(power)))
    )


@pytest.mark.parametrize(("l", "i"), [(l, i) for l in range(4) for i in range(3)])
def test_projectors_are_normalised_and_their_form_factors_are_their_transforms(l, i):
    # l = 3 has no projector in the tables: the formula is tested with the radius of l = 2
    radius = float(TUNGSTEN.radii[min(l, 2)])
    pseudo = dataclasses.replace(TUNGSTEN, radii=jnp.full(4, radius))
    p = projector(radius, l, i + 1, R)
    np.testing.assert_allclose(np.sum(R**2 * p**2 * DR), 1, rtol=1e-12)
    wanted = [4 * np.pi * np.sum(R**2 * spherical_jn(l, q * R) * p * DR) for q in Q]
    q, dq = 10 * (NODES + 1) / radius, 10 * WEIGHTS / radius
    found = np.asarray(form_factors(pseudo, np.concatenate([Q, q])))[3 * l + i]
    np.testing.assert_allclose(found[: len(Q)], wanted, atol=1e-11)
    norm = np.sum(q**2 * found[len(Q) :] ** 2 * dq) / (2 * np.pi) ** 3
    np.testing.assert_allclose(norm, 1, rtol=1e-10)  # Parseval


@pytest.mark.parametrize("name", [("W", "PBE"), ("Se", "PADE")])
def test_the_local_form_factor_is_the_transform_of_the_local_potential(name):
    pseudo = tabulated(*name)
    s, z = float(pseudo.r_local), pseudo.charge
    x = R / s
    # without the tail -Z/r, whose transform is -4 pi Z/q^2
    short = -z / R * (erf(x / math.sqrt(2)) - 1)
    short = short + np.exp(-(x**2) / 2) * sum(float(c) * x ** (2 * n) for n, c in enumerate(pseudo.c))
    wanted = np.array([4 * np.pi * np.sum(R**2 * np.sinc(q * R / np.pi) * short * DR) for q in Q])
    np.testing.assert_allclose(local_average(pseudo), wanted[0], rtol=1e-10)
    wanted[1:] += -4 * np.pi * z / Q[1:] ** 2
    np.testing.assert_allclose(local_form_factor(pseudo, Q), wanted, rtol=1e-10, atol=1e-9)


def test_form_factors_are_smooth_in_the_square_of_q_down_to_zero():
    one = jax.jit(lambda q2: projector_of_square(TUNGSTEN, 1, 1, q2))
    near = (one(2e-6) - one(0.0)) / 2e-6
    np.testing.assert_allclose(jax.grad(one)(0.0), near, rtol=1e-5)
    both = lambda pseudo, q2: local_of_square(pseudo, q2) + projector_of_square(pseudo, 2, 1, q2)
    leaves = jax.tree.leaves(jax.jit(jax.grad(both, argnums=(0, 1)))(TUNGSTEN, 0.0))
    assert all(bool(jnp.all(jnp.isfinite(leaf))) for leaf in leaves)


def test_a_missing_element_names_what_there_is():
    with pytest.raises(KeyError, match=r"Bi-GTH-PBE-q\*.*Mo-GTH-PBE-q14.*read_cp2k.*read_hgh"):
        tabulated("Bi")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"r_local": -0.5}, "ranges must be positive, got r_local = -0.5"),
        ({"radii": jnp.zeros(4)}, r"ranges must be positive.*for \(3, 3, 2, 0\) projectors"),
        ({"k": jnp.ones((4, 3, 3))}, "s projectors have no spin-orbit part"),
        ({"h": jnp.ones((3, 3))}, r"h and k \(4, 3, 3\)"),
    ],
)
def test_impossible_coefficients_are_refused_and_traced_ones_are_not(change, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(TUNGSTEN, **change)
    # under jit nothing is known but shapes
    traced = jax.jit(lambda by: jnp.sum(dataclasses.replace(TUNGSTEN, r_local=by, k=TUNGSTEN.k * by).r_local))
    assert float(traced(0.5)) == 0.5


# Numbers of the published table for sulfur, in the layout of CP2K with spin-orbit part.
CP2K = """# a remark
C GTH-PBE-q4 GTH-PBE
    2    2
     0.33847124    2    -8.80367398     1.33921085
    2
     0.30257575    1     9.62248665
     0.29150694    0
S GTH-PBE-q6 GTH-PBE
    2    4
     0.42000000    1    -5.98626038
    2  SOC
     0.36482035    2    13.14354448    -4.24183045
                                        5.47617957
     0.40948048    2     3.70089057     0.00000000
                                        0.00000000
                         0.03492359    -0.02660790
                                        0.03148290
"""


def test_a_table_of_cp2k_reads_as_the_one_of_the_package(tmp_path):
    path = tmp_path / "POTENTIALS"
    path.write_text(CP2K)
    read, known = read_cp2k(path, "S", "GTH-PBE"), tabulated("S")
    assert (read.element, read.charge, read.count) == ("S", 6, known.count)
    for name in ("r_local", "c", "radii", "h", "k"):
        np.testing.assert_array_equal(getattr(read, name), getattr(known, name))
    carbon = read_cp2k(path, "C", "GTH-PBE-q4")
    assert carbon.count == (1, 0, 0, 0)
    assert not np.any(carbon.k)


# Tungsten for the local-density approximation in ABINIT's layout with pspcod 3: rounded to 6 digits there.
HGH = """Hartwigsen-Goedecker-Hutter psp for W, from PRB58, 3641 (1998)
   74.000 14.000 960508                       zatom,zion,pspdat
 3 1 2 0 2001 0                               pspcod,pspxc,lmax,lloc,mmax,r2well
 0.5400000  4.800251  0.901544  0 0           rloc, c1, c2, c3, c4
 0.418570  2.692204 -6.022637  1.218316       rs, h11s, h22s, h33s
 0.449555 -0.702084 -2.451680  0.000000       rp, h11p, h22p, h33p
           0.715480 -0.385339 -0.077093       k11p, k22p, k33p
 0.399602  1.177436 -5.553621  0.000000       rd, h11d, h22d, h33d
           0.205860 -0.100046  0.000000       k11d, k22d, k33d
"""


def test_a_file_of_abinit_gets_its_off_diagonal_numbers_by_orthogonality(tmp_path):
    path = tmp_path / "74w.hgh"
    path.write_text(HGH)
    read, known = read_hgh(path), tabulated("W", "PADE", 14)
    assert (read.element, read.charge, read.count) == ("W", 14, known.count)
    for name in ("r_local", "c", "radii", "h", "k"):
        np.testing.assert_allclose(getattr(read, name), getattr(known, name), atol=1.1e-6)  # 6 digits in the file


WHOLE = """Sulfur, whole triangles
   16 6 230101
 10 11 1 0 2001 0
 0.42000000 1 -5.98626038    rloc, nc, c1
 2                           channels
 0.36482035 2 13.14354448 -4.24183045
              5.47617957     h22
 0.40948048 2 3.70089057 0.0
              0.0
              0.03492359 -0.02660790
              0.03148290
"""


def test_a_file_of_abinit_with_whole_triangles(tmp_path):
    path = tmp_path / "16s.hgh"
    path.write_text(WHOLE)
    read, known = read_hgh(path), tabulated("S")
    for name in ("r_local", "c", "radii", "h", "k"):
        np.testing.assert_array_equal(getattr(read, name), getattr(known, name))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CP2K.replace("-5.98626038", "minus-six"), r"POTENTIALS, line 10: expected the local coefficients as numbers"),
        (CP2K.replace("2  SOC", "NLCC 1"), r"line 11: 'NLCC 1' is not supported"),
        (CP2K[: CP2K.index("                         0.0349")], r"ends where k_ij for l = 1 should be"),
        (CP2K.replace("0.42000000    1", "0.42000000    3"), "3 local coefficients announced, got 1"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(tmp_path, text, message):
    path = tmp_path / "POTENTIALS"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_cp2k(path, "S", "GTH-PBE")


def test_an_entry_that_is_not_in_the_file(tmp_path):
    path = tmp_path / "POTENTIALS"
    path.write_text(CP2K)
    with pytest.raises(KeyError, match="known elements: C, S"):
        read_cp2k(path, "Te", "GTH-PBE")
    with pytest.raises(KeyError, match="known: GTH-PBE-q6"):
        read_cp2k(path, "S", "GTH-BLYP")
