"""The compiler under us gets right what jaxspin relies on; the versions known to be bad are refused."""

import jax
import pytest

from jaxspin.numerics import canaries


@pytest.mark.parametrize(
    "canary",
    [
        canaries.rotated_and_summed,
        canaries.elementwise_functions,
        canaries.shifted_rows,
        canaries.stacked_scan,
        pytest.param(canaries.solves_in_a_loop, marks=pytest.mark.slow),
    ],
    ids=lambda check: check.__name__,
)
def test_canary_is_alive(canary):
    outcome = canary()
    assert outcome.ok, outcome.detail


def test_this_version_of_jax_is_not_known_to_be_bad():
    assert canaries.known_bad(jax.__version__) is None


@pytest.mark.parametrize("version", ["0.7.0", "0.10.2", "0.11.0", "0.11.1"])
def test_bad_versions_are_refused_with_a_reason(version):
    assert canaries.known_bad(version)


def test_doctor_runs_every_canary():
    assert [outcome.name for outcome in canaries.run_canaries()] == [
        "matrix times vector, then sum",
        "elementwise arctan",
        "shifted rows",
        "linear-time scan",
        "solves in a loop",
    ]
