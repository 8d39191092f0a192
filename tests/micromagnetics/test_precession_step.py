"""The Runge-Kutta step for precession: order of both rules, stability along the imaginary axis."""

import numpy as np

from jaxspin.micromagnetics.precession_step import PrecessionStep

TABLEAU = PrecessionStep.tableau
A = np.zeros((5, 5))
for row, values in enumerate(TABLEAU.a_lower, 1):
    A[row, : len(values)] = values
C = np.concatenate([[0.0], TABLEAU.c])


def test_orders() -> None:
    """The conditions of fourth order hold for the solution, those of third order for the embedded rule, not beyond."""
    conditions = [
        (lambda b: b.sum(), 1), (lambda b: b @ C, 1 / 2), (lambda b: b @ C**2, 1 / 3), (lambda b: b @ A @ C, 1 / 6),
        (lambda b: b @ C**3, 1 / 4), (lambda b: b @ (C * (A @ C)), 1 / 8), (lambda b: b @ A @ C**2, 1 / 12),
        (lambda b: b @ A @ A @ C, 1 / 24),
    ]  # fmt: skip
    np.testing.assert_allclose(
        [f(TABLEAU.b_sol) for f, _ in conditions], [value for _, value in conditions], atol=1e-15
    )
    embedded = TABLEAU.b_sol - TABLEAU.b_error
    np.testing.assert_allclose(
        [f(embedded) for f, _ in conditions[:4]], [value for _, value in conditions[:4]], atol=1e-15
    )
    assert any(abs(f(embedded) - value) > 1e-3 for f, value in conditions[4:])
    np.testing.assert_array_equal(A[4], TABLEAU.b_sol)  # the last slope is the first of the next step


def test_stable_precession() -> None:
    """|R(i omega h)| <= 1 up to 2 sqrt 2 and not beyond."""
    amplification = lambda z: 1 + z * TABLEAU.b_sol @ np.linalg.solve(np.eye(5) - z * A, np.ones(5))
    assert all(abs(amplification(1j * x)) <= 1 + 1e-14 for x in np.linspace(0, 2.828, 60))
    assert abs(amplification(2.84j)) > 1
