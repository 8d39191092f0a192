"""What mirrors allow: the toggle set of parameters, and one term at a time that breaks the mirror, or does not."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.micromagnetics import shapes
from jaxspin.micromagnetics.anisotropy import UniaxialAnisotropy
from jaxspin.micromagnetics.demagnetization import Demagnetization
from jaxspin.micromagnetics.dmi import InterfacialDMI
from jaxspin.micromagnetics.exchange import Exchange
from jaxspin.micromagnetics.mesh import Mesh
from jaxspin.micromagnetics.oersted import OerstedField, strip_field
from jaxspin.micromagnetics.spin_orbit_torque import SpinOrbitTorque
from jaxspin.micromagnetics.sublattice import Sublattice
from jaxspin.micromagnetics.symmetry import check_switching_symmetry
from jaxspin.micromagnetics.system import System
from jaxspin.micromagnetics.waveforms import Pulse
from jaxspin.micromagnetics.zeeman import Zeeman

NM = 1e-9
SHAPE, CELL = (4, 4, 2), (3 * NM, 3 * NM, 3 * NM)
MESH = Mesh(SHAPE, CELL)
TILT = float(np.deg2rad(2.0))
ALONG = [np.linspace(0.9, 1.1, n).reshape(np.roll([-1, 1, 1], axis)) for axis, n in enumerate(SHAPE)]


DEMAGNETIZATION = Demagnetization(MESH)


def toggle_set(
    mesh=MESH,
    field=(0.0, 0.0, 0.0),
    oersted=0.0,
    axis=(0.0, 0.0, 1.0),
    K=1.0,
    theta=1.0,
    magnetization=1.0,
    polarization=(0.0, 1.0, 0.0),
    waveform=None,
) -> System:
    """Two sublattices with interfacial DMI under spin-orbit torque of a current along x; compiled once."""
    whole = lambda value: jnp.broadcast_to(jnp.asarray(value, dtype=float), SHAPE)
    sublattices = [
        Sublattice(4e5 * whole(magnetization), 0.1, 1.1 * 8.8e10),
        Sublattice(3e5 * whole(magnetization), 0.1),
    ]
    terms = [Exchange(5e-12), UniaxialAnisotropy(5e4 * whole(K), axis), InterfacialDMI(3e-4), DEMAGNETIZATION]
    terms += [Zeeman(field), OerstedField(jnp.broadcast_to(jnp.asarray(oersted, dtype=float), (*SHAPE, 3)))]
    torque = SpinOrbitTorque(4e12, 6 * NM, 0.2 * whole(theta), 0.05, polarization=polarization, waveform=waveform)
    return System(mesh, sublattices, terms, torque)


def strip(centre: float):
    """The field of a strip below, at y = `centre`."""
    return strip_field(MESH.centres(), 1e11, 40 * NM, 5 * NM, (0.0, centre, -4 * NM))


KEEPING = {
    "nothing": lambda: toggle_set(),
    "H_y": lambda: toggle_set(field=(0.0, 0.1, 0.0)),
    "tilt in xz": lambda: toggle_set(axis=(np.sin(TILT), 0.0, np.cos(TILT))),
    "dK/dx": lambda: toggle_set(K=ALONG[0]),
    "dK/dz": lambda: toggle_set(K=ALONG[2]),
    "dM_s/dx": lambda: toggle_set(magnetization=ALONG[0]),
    "Oersted field of a centred strip": lambda: toggle_set(oersted=strip(6 * NM)),
    "Hall cross": lambda: toggle_set(Mesh(SHAPE, CELL, mask=shapes.cross(MESH, 12 * NM, 6 * NM))),
}
BREAKING = {
    "H_x": (lambda: toggle_set(field=(0.01, 0.0, 0.0)), {"Zeeman"}),
    "p_z": (lambda: toggle_set(polarization=(0.0, 1.0, 0.05)), {"SpinOrbitTorque"}),
    "tilt in yz": (lambda: toggle_set(axis=(0.0, np.sin(TILT), np.cos(TILT))), {"UniaxialAnisotropy"}),
    "dK/dy": (lambda: toggle_set(K=ALONG[1]), {"UniaxialAnisotropy"}),
    "dtheta/dy": (lambda: toggle_set(theta=ALONG[1]), {"SpinOrbitTorque"}),
    "Oersted field of a strip beside": (lambda: toggle_set(oersted=strip(11 * NM)), {"OerstedField"}),
}


@pytest.mark.parametrize(
    "what", [pytest.param(each, marks=pytest.mark.slow if each == "Hall cross" else ()) for each in KEEPING]
)
def test_what_keeps_the_mirror_can_only_toggle(what: str) -> None:
    """The mirror y -> -y survives and exchanges +z and -z at the same current."""
    found = check_switching_symmetry(KEEPING[what]())
    assert found.verdict == "can only toggle"
    assert found.broken_by == {}
    mirror = next(each for each in found.operations if each.name == "mirror y -> -y")
    assert mirror.reverses_z
    assert not mirror.broken_by


@pytest.mark.parametrize("what", BREAKING)
def test_what_breaks_the_mirror_is_named(what: str) -> None:
    """Alone, each of these lets polarity set the state, and only it is named."""
    build, names = BREAKING[what]
    found = check_switching_symmetry(build())
    assert found.verdict == "polarity sets the state"
    assert set(found.broken_by) == names
    assert "broken by" in str(found)


def test_magnetization_and_outline_break_it_by_name() -> None:
    """A gradient of M_s along y shows in every term that divides by M_s; an outline, as the mask."""
    found = check_switching_symmetry(toggle_set(magnetization=ALONG[1]))
    assert found.verdict == "polarity sets the state"
    assert "saturation magnetization" in found.broken_by
    corner = np.ones(SHAPE, dtype=bool)
    corner[:2, :2] = False
    found = check_switching_symmetry(toggle_set(Mesh(SHAPE, CELL, mask=jnp.asarray(corner))))
    assert found.verdict == "polarity sets the state"
    assert set(found.broken_by) == {"mask"}


def test_size_of_the_breaking() -> None:
    """It is relative to the part: H_x flips sign under the mirror, a change of twice its size; p_z that of p_z."""
    found = check_switching_symmetry(toggle_set(field=(0.01, 0.0, 0.0)))
    np.testing.assert_allclose(found.broken_by["Zeeman"], 2.0, rtol=1e-9)
    # a change of the torque by 2 p_z, in a component that is at most about as large as the torque
    found = check_switching_symmetry(toggle_set(polarization=(0.0, 1.0, 1e-3)))
    assert 1e-3 < found.broken_by["SpinOrbitTorque"] < 3e-3


def test_reversed_current() -> None:
    """The toggle set: x -> -x reverses p, so that the outcome does not depend on the sign of the current at all; with
    H_x that mirror exchanges +z and -z as well, and so every outcome is reversed with the current."""
    toggle = check_switching_symmetry(toggle_set())
    assert toggle.blind_to_polarity
    biased = check_switching_symmetry(toggle_set(field=(0.01, 0.0, 0.0)))
    assert not biased.blind_to_polarity
    assert "with the current reversed every outcome is reversed" in str(biased)


@pytest.mark.parametrize(
    "system",
    [toggle_set(field=(0.0, 0.0, 0.01)), toggle_set(polarization=(-0.2, 1.0, 0.0))],
    ids=["H_z", "oblique j"],
)
def test_broken_mirror_that_does_not_help(system: System) -> None:
    """H_z, or a current along no edge: a rotation by 180 degrees about z still makes both polarities equal."""
    found = check_switching_symmetry(system)
    assert not found.toggles_only
    assert found.verdict == "polarity does not matter"


@pytest.mark.slow
def test_pulses_need_a_time_within() -> None:
    """Before the pulse there is no current to judge."""
    system = toggle_set(waveform=Pulse(1e-9, 1e-9))
    with pytest.raises(ValueError, match="all torques vanish"):
        check_switching_symmetry(system)
    assert check_switching_symmetry(system, times=(0.0, 1.5e-9)).toggles_only
