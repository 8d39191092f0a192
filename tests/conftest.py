"""Settings every test shares: double precision, one thread of matplotlib, reproducible hypothesis."""

import os

os.environ.setdefault("MPLBACKEND", "Agg")

import jax
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")

# Hypothesis mixes constants of all modules loaded so far into its draws; without them a test draws the same alone, in
# the whole suite and in any order.
providers._get_local_constants = lambda: providers._local_constants

settings.register_profile(
    "jaxspin", deadline=None, derandomize=True, max_examples=40, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("jaxspin")
