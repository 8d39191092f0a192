"""Readings that have not settled: the low-pass against its differential equation, limits, derivatives, and the data."""

import csv
import math
from pathlib import Path

import jax
import numpy as np
import pytest

from jaxspin.core import Status, quantities, replace, select
from jaxspin.systems.ferrimagnet.hall_bar import AngleScan
from jaxspin.systems.ferrimagnet.harmonic_hall import harmonic_hall
from jaxspin.systems.ferrimagnet.stepped_scan import STEPPED_SCAN, SteppedScan, stepped_scan

ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared" / "data" / "harmonic_hall_pypt"
READ, HALL = jax.jit(stepped_scan), jax.jit(harmonic_hall)
STEP = math.radians(9.0)


def at(angle, reading, step=STEP) -> SteppedScan:
    return SteppedScan(phi_H=angle, B=0.012, I=15e-3, step=step, reading=reading)


def test_a_fast_lock_in_or_a_stage_at_rest_reads_the_settled_voltages():
    params = replace(STEPPED_SCAN.material("Py/Pt bar"), {"bench.ecc_cos": 0.0, "bench.ecc_sin": 0.0})
    settled = HALL(params.bar, AngleScan(0.8, 0.012, 15e-3))
    fast = replace(params, {"bench.tau_1": 0.011, "bench.tau_2": 0.011})
    for seen in (READ(fast, at(0.8, 1.0)), READ(params, at(0.8, 0.0, step=0.0))):
        for name in seen.values:
            np.testing.assert_allclose(seen[name], settled[name], rtol=1e-12)


def test_readings_follow_the_differential_equation_of_the_low_pass():
    """dV/dt = (V_settled - V)/tau, integrated exactly over a whole scan from a settled start. The model remembers two
    steps: what it misses is exp(-2 dwell/tau) = 0.4 % (V_1w) and 2.7 % (V_2w) of the lag one step further back, itself
    cut by exp(-t_1/tau)."""
    params = STEPPED_SCAN.material("Py/Pt bar")
    bench = {name: float(value) for name, value in select(params.bench, quantities(params.bench)).items()}
    angles = STEP * np.arange(25)
    tilt = bench["ecc_cos"] * np.cos(angles) + bench["ecc_sin"] * np.sin(angles)
    full = np.full(25, 0.012), np.full(25, 15e-3), np.full(25, math.pi / 2)
    settled = jax.jit(jax.vmap(harmonic_hall, (None, 0)))(params.bar, AngleScan(angles + tilt, *full))
    readings = [READ(params, at(angle, float(k))) for angle in angles[1:] for k in range(3)]
    for name, tau in (("V_1w", bench["tau_1"]), ("V_2w", bench["tau_2"])):
        V, truth, swing = float(settled[name][0]), [], np.ptp(settled[name])
        for goal in np.asarray(settled[name][1:]):
            truth += [goal + (V - goal) * math.exp(-(bench["t_first"] + k) / tau) for k in range(3)]
            V = goal + (V - goal) * math.exp(-bench["dwell"] / tau)
        model = [float(seen[name]) for seen in readings]
        error = np.abs(np.array(model) - np.array(truth))[9:]  # the first steps remember the start
        assert np.max(error) < (1e-3 if name == "V_1w" else 1e-2) * swing


def test_lag_looks_like_an_angle_offset():
    """A sine read late is a sine turned back by the lag: readings of one kind, fitted as settled, show it."""
    params = replace(STEPPED_SCAN.material("Py/Pt bar"), {"bench.ecc_cos": 0.0, "bench.ecc_sin": 0.0, "bar.B_u": 0.0})
    angles = STEP * np.arange(40)
    V = np.array([float(READ(params, at(angle, 1.0))["V_1w"]) for angle in angles])
    s, c = np.mean(V * np.sin(2 * angles)), np.mean(V * np.cos(2 * angles))
    tau, since, dwell = 1.06, 0.35 + 1.0, 2.9
    lag = sum(math.exp(-(since + n * dwell) / tau) for n in range(2)) * STEP
    turned = 0.5 * math.atan2(c, s) - float(params.bar.phi_0)
    assert turned == pytest.approx(-lag, rel=0.05)  # the next order is the lag of a sine, (2 STEP)^2/6 = 2 %


def test_failure_is_reported():
    params = STEPPED_SCAN.material("Py/Pt bar")
    assert int(READ(replace(params, {"bench.tau_1": math.nan}), at(0.8, 1.0)).status) != Status.OK
    nothing = SteppedScan(phi_H=0.8, B=0.0, I=15e-3, step=STEP, reading=1.0)
    assert int(READ(replace(params, {"bar.B_u": 0.0}), nothing).status) != Status.OK


@pytest.mark.skipif(not SHARED.is_dir(), reason="the original data are not beside this checkout")
def test_the_experiments_copy_of_the_data_is_the_original():
    def rows(path):
        with path.open(newline="") as file:
            return list(csv.DictReader(file))

    folder = ROOT / "experiments" / "harmonic_hall_pypt"
    assert (folder / "magnet_calibration.csv").read_text() == (SHARED / "magnet_calibration.csv").read_text()
    ours, original = rows(folder / "sample_a.csv"), rows(SHARED / "sample_a.csv")
    assert len(ours) == len(original) == 1230
    ends = {"0.000218437", "-0.000218445", "-0.000546101"}
    for number, (copy, row) in enumerate(zip(ours, original, strict=True)):
        assert all(copy[name] == row[name] for name in ("angle_deg", "magnet_current_A", "V1w_X_V", "V2w_X_V"))
        assert int(copy["reading"]) == number % 3
        assert float(copy["step_deg"]) == (9.0 if float(row["angle_deg"]) else 0.0)
        assert copy["clipped"] == str(int(row["V2w_X_V"] in ends))
