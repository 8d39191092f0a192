"""Errors mean what they say: intervals of fits to synthetic CoTb films hold the truth as often as they claim."""

import jax
import jax.numpy as jnp
import pytest

from jaxspin.inverse import coverage
from jaxspin.systems.ferrimagnet import MODEL, GradientFilm


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0])
def test_95_percent_intervals_hold_the_truth_in_95_percent_of_200_datasets(seed):
    truth = MODEL.material("CoTb")
    films = jax.vmap(lambda delta: GradientFilm(delta=delta))(jnp.array([0.03, 0.04, 0.05, 0.055, 0.06]))
    seen = jax.vmap(lambda film: MODEL.observe(truth, film).values)(films)
    # about as well as the paper measures: 10 % on the torque and the DMI field, 5 % on the net magnetization
    sigma = {name: share * jnp.abs(seen[name]) for name, share in {"xi": 0.1, "H_DMI": 0.1, "M_net": 0.05}.items()}
    found = coverage(
        MODEL, truth, films, sigma, free=("theta_slope", "dmi_slope", "m_co"), key=jax.random.key(seed), n=200
    )
    assert jnp.all(found.status == 0)
    # The binomial standard error of each fraction is 1.5 %; 4 % is 2.6 of them, and the seed is fixed.
    for name, fraction in found.fraction.items():
        assert abs(fraction - 0.95) <= 0.04, (name, fraction)
