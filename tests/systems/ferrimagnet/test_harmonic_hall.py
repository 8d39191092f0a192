"""Harmonic Hall voltages: the lock-in's factors of two, published limits, symmetries, derivatives, failures."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jaxspin.core import Status, quantities, replace, select
from jaxspin.systems.ferrimagnet.hall_bar import AngleScan, HallBar
from jaxspin.systems.ferrimagnet.hall_closed_forms import (
    beyond_anisotropy_field,
    fields_from_ratios,
    in_plane_rotation,
    low_field_ratios,
)
from jaxspin.systems.ferrimagnet.hall_equilibrium import equilibrium, free_energy
from jaxspin.systems.ferrimagnet.harmonic_hall import HARMONIC_HALL, harmonic_hall
from jaxspin.systems.ferrimagnet.lock_in import simulated_lock_in

MATERIALS = sorted(HARMONIC_HALL.materials)
HALL, LOCK_IN, EQUILIBRIUM = jax.jit(harmonic_hall), jax.jit(simulated_lock_in), jax.jit(equilibrium)


def bar(**changes) -> HallBar:
    """A bar of round numbers in which every term matters."""
    values = {
        "R_AHE": 1.0,
        "R_PHE": 0.2,
        "B_k": 0.3,
        "B_u": 0.0,
        "phi_u": 0.0,
        "B_DL": 2e-3,
        "B_FL": -1e-3,
        "R_th": 1e-4,
        "R_pn": 2e-5,
        "R_0": 0.05,
        "R_20": 3e-6,
    }
    return HallBar(**(values | changes))


def unit_current(phi, B, theta=math.pi / 2) -> AngleScan:
    """A scan point at the current at which the fields of `bar` are quoted."""
    return AngleScan(phi_H=phi, B=B, I=1e-3, theta_H=theta)


def brute_force(film, scan, samples=16):
    """The lock-in in numpy, sharing no code with the model: relax the macrospin with a damped torque at each instant
    of the cycle, then project V(t) on sin(wt) and -cos(2wt)."""
    p = {name: float(value) for name, value in select(film, quantities(film)).items()}
    phi, theta, B = float(scan.phi_H) + p["phi_0"], float(scan.theta_H), float(scan.B) + p["B_0"]
    field = B * np.array([math.sin(theta) * math.cos(phi), math.sin(theta) * math.sin(phi), math.cos(theta)])
    field += np.array([p["B_x0"], p["B_y0"], 0.0])
    u, y = np.array([math.cos(p["phi_u"]), math.sin(p["phi_u"]), 0.0]), np.array([0.0, 1.0, 0.0])
    m = field / np.linalg.norm(field)
    phases = 2 * np.pi * np.arange(samples) / samples
    V = []
    for current in [0.0, *(float(scan.I) * np.sin(phases))]:
        share = current / p["I_ref"]
        for _ in range(600 if not V else 200):  # the slowest decays by 1.15 a step
            total = field + p["B_k"] * m[2] * np.array([0, 0, 1.0]) + p["B_u"] * (m @ u) * u
            total = total + share * (p["B_FL"] * y + p["B_DL"] * np.cross(m, y))
            m = m + 0.9 * (total - (m @ total) * m) / (np.linalg.norm(field) + abs(p["B_k"]))
            m = m / np.linalg.norm(m)
        heat = 2 * share * (p["R_th"] * m[0] + 2 * p["R_pn"] * m[0] * m[1] + p["R_20"])
        V.append(current * (p["R_AHE"] * m[2] + 2 * p["R_PHE"] * m[0] * m[1] + p["R_0"] + heat))
    V = np.array(V[1:])
    return 2 * np.mean(V * np.sin(phases)), -2 * np.mean(V * np.cos(2 * phases))


@pytest.mark.parametrize(
    ("film", "scan"),
    [
        # easy plane, field in the plane; perpendicular, field beyond B_k; perpendicular, low tilted field
        (bar(B_k=-1.0, B_u=5e-3, phi_u=0.4), unit_current(0.7, 0.2)),
        (bar(B_u=5e-3, phi_u=0.4), unit_current(0.1, 0.8, 1.5)),
        (bar(), unit_current(0.6, 0.05, 1.2)),
    ],
    ids=["in-plane", "beyond", "low-field"],
)
def test_factors_of_two_against_a_brute_force_lock_in(film, scan):
    """Terms beyond first order in the current are (B_DL/B)^2 ~ 1e-4 of R_2w here; relaxation is converged to 1e-9."""
    V_1w, V_2w = brute_force(film, scan)
    model = HALL(film, scan)
    np.testing.assert_allclose(model["V_1w"], V_1w, rtol=1e-3)
    np.testing.assert_allclose(model["V_2w"], V_2w, rtol=5e-3)
    simulated = LOCK_IN(film, scan)
    np.testing.assert_allclose(simulated["V_1w"], V_1w, rtol=1e-7)
    np.testing.assert_allclose(simulated["V_2w"], V_2w, rtol=1e-5)


@pytest.mark.parametrize("material", MATERIALS)
def test_simulated_lock_in_converges_as_the_current_squared(material):
    film, scan = HARMONIC_HALL.material(material), HARMONIC_HALL.example()
    exact = HALL(film, scan)["R_2w"] / scan.I
    # The CoTb film's fields are quoted at 1 mA, so its response is already strong there.
    largest = 4.0 * float(film.I_ref)
    errors = []
    for current in (largest, largest / 2, largest / 4):
        at = replace(scan, {"I": current})
        errors.append(abs(float(LOCK_IN(film, at)["R_2w"] / current / exact - 1)))
    assert errors[1] / errors[0] == pytest.approx(0.25, rel=0.1)
    assert errors[2] / errors[1] == pytest.approx(0.25, rel=0.1)


@pytest.mark.parametrize("B", [-2.0, -0.5, 0.35, 0.8])
def test_perpendicular_film_beyond_its_anisotropy_field(B):
    """Equation (1) of the graded-CoTb paper is exact without in-plane anisotropy."""
    np.testing.assert_allclose(HALL(bar(), unit_current(0.0, B))["R_2w"], beyond_anisotropy_field(bar(), B), rtol=1e-9)


def test_in_plane_anisotropy_is_the_error_of_equation_one():
    scan, form = unit_current(0.0, 0.8), beyond_anisotropy_field(bar(), 0.8)
    errors = [float(HALL(bar(B_u=B_u, phi_u=1.0), scan)["R_2w"] - form) for B_u in (1e-4, 1e-3)]
    assert errors[1] / errors[0] == pytest.approx(10.0, rel=0.05)  # first order in B_u


@given(st.floats(-7.0, 7.0), st.floats(0.005, 1.0))
def test_in_plane_film_in_a_rotating_field(phi, B):
    """The form of Avci et al., with the 1/2 of fields quoted at the peak current, is exact without anisotropy."""
    film = bar(B_k=-1.0)
    # near its zeros R_2w is a difference of terms of size R_PHE B_FL/B
    size = abs(0.2 * 1e-3 / B)
    np.testing.assert_allclose(
        HALL(film, unit_current(phi, B))["R_2w"], in_plane_rotation(film, phi, B), atol=1e-8 * size
    )


def test_in_plane_anisotropy_is_the_error_of_the_rotating_field_form():
    phi, film = 0.5, bar(B_k=-1.0, B_u=1e-3, phi_u=1.0)
    film = replace(film, {"R_th": 0.0, "R_pn": 0.0, "R_AHE": 0.0})
    forms = [(HALL(film, unit_current(phi, B))["R_2w"], in_plane_rotation(film, phi, B)) for B in (0.1, 0.2, 0.4)]
    errors = [float(model - form) for model, form in forms]
    # R_PHE B_FL/B, and of that the share B_u/B: a quarter for twice the field, to the next order in B_u/B.
    assert errors[1] / errors[0] == pytest.approx(0.25, abs=0.02)
    assert errors[2] / errors[1] == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize("up", [True, False])
def test_perpendicular_film_at_low_field(up):
    """Hayashi's ratios, measured on the model with in-plane fields of size h; r = 0.2 makes the planar Hall correction
    large. A field of 1 nT along z selects the state. The form neglects (h/B_k)^2."""
    film, B_z = bar(R_th=0.0, R_pn=0.0), 1e-9 if up else -1e-9

    def at(B_x, B_y):
        B = math.hypot(B_x, B_y, B_z)
        return HALL(film, AngleScan(math.atan2(B_y, B_x), B, 1e-3, math.acos(B_z / B)))

    def ratio(x, y):
        slope = float(at(x, y)["R_2w"] - at(-x, -y)["R_2w"]) / 2
        curvature = float(at(x, y)["R_1w"] - 2 * at(0.0, 0.0)["R_1w"] + at(-x, -y)["R_1w"])
        return -2 * slope / curvature * math.hypot(x, y)

    errors = []
    for h in (4e-3, 2e-3):
        ratios = np.array([ratio(h, 0.0), ratio(0.0, h)])
        found = fields_from_ratios(*ratios, film.R_PHE / film.R_AHE, up)
        np.testing.assert_allclose(found, (film.B_DL, film.B_FL), rtol=3 * (h / 0.3) ** 2)
        errors.append(np.max(np.abs(ratios / np.array(low_field_ratios(film, up)) - 1)))
    assert errors[1] / errors[0] == pytest.approx(0.25, rel=0.05)


@given(st.floats(-3.0, 3.0), st.floats(0.002, 0.5), st.floats(0.2, 2.9))
def test_time_reversal(phi, B, theta):
    """With B, m and I all reversed the damping-like field B_DL m x y alone keeps its sign, so m(-B, -I) = -m(B, I) if
    B_DL is reversed too. R_AHE m_z and R_th m_x are odd in m, R_PHE m_x m_y is even."""
    film = bar(B_k=-0.7, B_u=2e-3, phi_u=0.3, R_0=0.0, R_20=0.0)
    there = HALL(film, AngleScan(phi, -B, 1e-3, theta))
    mirrored = replace(film, {"R_AHE": -film.R_AHE})
    np.testing.assert_allclose(there["R_1w"], HALL(mirrored, AngleScan(phi, B, 1e-3, theta))["R_1w"], atol=1e-9)
    mirrored = replace(film, {"R_PHE": -film.R_PHE, "B_DL": -film.B_DL, "R_th": -film.R_th})
    here = HALL(mirrored, AngleScan(phi, B, 1e-3, theta))
    np.testing.assert_allclose(there["R_2w"], here["R_2w"], atol=1e-9 * (1 + 1e-3 / B))


@given(st.floats(-3.0, 3.0), st.floats(0.002, 0.5))
def test_half_a_turn_reverses_the_field(phi, B):
    film = bar(B_k=-0.7, B_u=2e-3, phi_u=0.3)
    turned = HALL(film, unit_current(phi + math.pi, B))
    reversed_ = HALL(film, unit_current(phi, -B))
    for name, value in turned.values.items():
        np.testing.assert_allclose(value, reversed_[name], atol=1e-9)


@given(st.floats(0.0, 3.0), st.floats(0.0, 6.2), st.floats(0.0, 0.5), st.floats(-0.5, 0.5), st.floats(-0.01, 0.01))
@example(1.0, 0.0, 7e-265, 0.5, 0.0)
def test_equilibrium_is_the_absolute_minimum(theta, phi, B, B_k, B_u):
    film = bar(B_k=B_k, B_u=B_u, phi_u=0.3)
    field = B * jnp.array([math.sin(theta) * math.cos(phi), math.sin(theta) * math.sin(phi), math.cos(theta)])
    state = EQUILIBRIUM(film, field)
    if int(state.status) != Status.OK:
        # a flat valley: (nearly) no field, or no anisotropy that picks a direction
        assert B < 1e-3 or abs(B_u) < 1e-6 or math.sin(theta) < 1e-3
        return
    n = np.random.default_rng(0).normal(size=(2000, 3))
    n /= np.linalg.norm(n, axis=1, keepdims=True)
    energy = jax.vmap(free_energy, (None, None, 0))(film, field, jnp.asarray(np.vstack([state.m, n])))
    assert float(energy[0]) <= float(energy[1:].min()) + 1e-12


@jax.jit
def outputs(film_values, scan_values):
    """Both harmonics as a function of every number there is."""
    film, scan = HARMONIC_HALL.material("Py/Pt bar"), HARMONIC_HALL.example()
    point = harmonic_hall(replace(film, film_values), replace(scan, scan_values))
    return jnp.stack([point["R_1w"], point["V_1w"], point["R_2w"], point["V_2w"]])


FORWARD, REVERSE = jax.jit(jax.jacfwd(outputs, (0, 1))), jax.jit(jax.jacrev(outputs, (0, 1)))


@pytest.mark.slow
@pytest.mark.parametrize("material", MATERIALS)
def test_gradients_in_every_parameter_and_control(material):
    """Both harmonics against five-point differences, forward and reverse; rounding 1e-12 of the value over the step."""
    film, scan = HARMONIC_HALL.material(material), AngleScan(2.6, 0.021, 15e-3, 1.2)
    values = select(film, quantities(film)), select(scan, quantities(scan))
    forward, reverse, size = FORWARD(*values), REVERSE(*values), np.abs(outputs(*values))
    for part, module in enumerate((film, scan)):
        for name, known in quantities(module).items():
            step = 1e-3 * (abs(float(values[part][name])) or known.scale)

            def at(shift, part=part, name=name, step=step):
                moved = [dict(each) for each in values]
                moved[part][name] = moved[part][name] + shift * step
                return np.asarray(outputs(*moved))

            numeric = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * step)
            exact, back = np.asarray(forward[part][name]), np.asarray(reverse[part][name])
            assert np.all(np.abs(exact - numeric) <= 1e-6 * np.abs(numeric) + 1e-11 * size / step), (
                name,
                exact,
                numeric,
            )
            np.testing.assert_allclose(back, exact, rtol=1e-9, atol=1e-13 * np.max(np.abs(exact)))


def test_vmap_equals_a_loop_under_jit():
    film, rng = HARMONIC_HALL.material("Py/Pt bar"), np.random.default_rng(0)
    scan = AngleScan(rng.uniform(0, 6, 7), rng.uniform(0.004, 0.04, 7), np.full(7, 15e-3), np.full(7, 1.5))
    mapped = jax.jit(jax.vmap(harmonic_hall, (None, 0)))(film, scan)
    for row in range(7):
        single = HALL(film, jax.tree.map(lambda leaf, row=row: leaf[row], scan))
        for name, value in single.values.items():
            np.testing.assert_allclose(mapped[name][row], value, rtol=1e-10)


def test_failure_is_reported_never_silent():
    film = HARMONIC_HALL.material("Py/Pt bar")
    nothing = replace(film, {"B_u": 0.0, "B_k": 0.0})
    assert int(HALL(nothing, unit_current(0.3, 0.0)).status) != Status.OK
    assert int(HALL(replace(film, {"B_u": 0.0}), unit_current(0.3, 0.0)).status) != Status.OK
    assert int(HALL(replace(film, {"B_k": math.nan}), unit_current(0.3, 0.02)).status) != Status.OK
    with pytest.raises(RuntimeError, match="1 of 1 points failed"):
        HALL(nothing, unit_current(0.3, 0.0)).checked()


@pytest.mark.slow
def test_parameters_come_back_from_synthetic_scans():
    """Four field sizes, noise of the measured kind: every parameter within four standard errors, chi2/dof near one."""
    truth = HARMONIC_HALL.material("Py/Pt bar")
    angles, fields = np.meshgrid(np.radians(np.arange(0, 360, 12.0)), np.linspace(4e-3, 40e-3, 4))
    count = angles.size
    scan = AngleScan(angles.ravel(), fields.ravel(), np.full(count, 15e-3), np.full(count, math.pi / 2))
    clean = jax.vmap(harmonic_hall, (None, 0))(truth, scan)
    rng, sigma = np.random.default_rng(5), {"V_1w": 1e-6, "V_2w": 1e-8}
    noisy = {name: np.asarray(clean[name]) + error * rng.normal(size=count) for name, error in sigma.items()}
    free = ["R_PHE", "B_u", "phi_u", "B_DL", "B_FL", "R_th", "R_pn", "R_0", "R_20", "phi_0", "B_0"]
    scales = jnp.array([quantities(truth)[name].scale for name in free])

    def residual(x):
        seen = jax.vmap(harmonic_hall, (None, 0))(replace(truth, dict(zip(free, x * scales, strict=True))), scan)
        return jnp.concatenate([(seen[name] - noisy[name]) / sigma[name] for name in sigma])

    exact = jnp.array([float(value) for value in select(truth, free).values()]) / scales
    x, jacobian = exact * 1.2 + 0.1, jax.jit(lambda x: (residual(x), jax.jacfwd(residual)(x)))
    for _ in range(8):  # Gauss-Newton: the problem is nearly linear at this distance
        r, J = jacobian(x)
        x = x - jnp.linalg.solve(J.T @ J, J.T @ r)
    error = jnp.sqrt(jnp.diag(jnp.linalg.inv(J.T @ J)))
    assert float(jnp.max(jnp.abs(x - exact) / error)) < 4.0
    assert float(jnp.sum(r**2)) / (2 * count - len(free)) == pytest.approx(1.0, abs=0.3)  # 3 sigma: sqrt(2/229) = 0.09
