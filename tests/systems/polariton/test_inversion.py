"""From measured Stokes parameters to a, g and the splitting: the truth within errors that are as large as they say."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxspin.core import Status
from jaxspin.inverse import coverage
from jaxspin.systems.polariton import MODEL, Condensate, Drive, aligned_state

SIGNAL_TO_NOISE = 20
TRUTH = MODEL.material("Bochin 2024")
# from well below p_c = 0.343 to far above p_f = 0.501, in two fields and the larger one reversed
PUMPS, FIELDS = (each.ravel() for each in np.meshgrid(np.linspace(0.1, 1.0, 10), [-1.0, 0.5, 1.0], indexing="ij"))
DRIVE = Drive(p=jnp.asarray(PUMPS), field=jnp.asarray(FIELDS))


def noise() -> dict[str, float]:
    """Standard deviation of each Stokes parameter: a twentieth of its root mean square over the measurement."""
    state = jax.vmap(lambda p, field: aligned_state(Condensate(p, TRUTH.a, TRUTH.g, TRUTH.delta * field)))
    rms = np.sqrt(np.mean(np.asarray(state(DRIVE.p, DRIVE.field).s) ** 2, axis=0))
    return {f"S_{i + 1}": float(size) / SIGNAL_TO_NOISE for i, size in enumerate(rms)}


@pytest.mark.slow
def test_a_g_and_delta_come_back_with_calibrated_errors():
    """200 noisy copies: 95 % intervals hold the truth as often as they say, deviations are unit normal in them."""
    n = 200
    found = coverage(MODEL, TRUTH, DRIVE, noise(), free=["a", "g", "delta"], key=jax.random.key(5), n=n)
    assert np.all(np.asarray(found.status) == Status.OK)
    for name, fraction in found.fraction.items():
        assert abs(fraction - found.level) < 3 * found.standard_error, name
    # the mean of n unit normal numbers within 3/sqrt(n), their spread within 3/sqrt(2 n); a tenth for the curvature of
    # the model over an error, of order stderr/value (1 % for a and g, 11 % for delta)
    pulls = np.asarray((found.values - found.truth[None]) / found.stderr)
    np.testing.assert_allclose(pulls.mean(axis=0), 0.0, atol=3 / np.sqrt(n) + 0.1)
    np.testing.assert_allclose(pulls.std(axis=0), 1.0, atol=3 / np.sqrt(2 * n) + 0.1)
    # and the answer is worth having: each is found to better than an eighth
    assert np.all(np.asarray(found.stderr).mean(axis=0) < np.asarray(found.truth) / 8)
