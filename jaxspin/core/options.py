"""How to solve, kept apart from what to solve: tolerances, step budget, direction of differentiation."""

import enum

import equinox as eqx
import jax.numpy as jnp


class Differentiate(enum.Enum):
    """Direction of differentiation: forward for few inputs (least squares), reverse for few outputs (optax, NUTS)."""

    forward = "forward"
    reverse = "reverse"


class Solve(eqx.Module):
    """Numerical options of every solver: immutable, hashable, safe as a static argument of `jit`.

    `rtol`, `atol`: local error per step, or residual of a root, relative and absolute, in the solver's reduced
    (dimensionless) units. `max_steps`: the budget; spending it is reported as `Status.MAX_STEPS`.
    `differentiate`: which adjoint ordinary differential equations use. `progress`: show a meter.
    """

    rtol: float = eqx.field(default=1e-9, static=True)
    atol: float = eqx.field(default=1e-11, static=True)
    max_steps: int = eqx.field(default=100_000, static=True)
    differentiate: Differentiate = eqx.field(default=Differentiate.reverse, static=True)
    progress: bool = eqx.field(default=False, static=True)

    def __check_init__(self) -> None:
        if not (self.rtol > 0 and self.atol >= 0):
            raise ValueError(f"Solve: rtol must be > 0 and atol >= 0, got rtol={self.rtol}, atol={self.atol}")
        if self.max_steps < 1:
            raise ValueError(f"Solve: max_steps must be at least 1, got {self.max_steps}")


def require_double_precision(what: str) -> None:
    """Raise `RuntimeError` with the remedy if JAX is in single precision.

    The library never changes a global setting; `what` names the calculation that needs double precision.
    """
    if jnp.result_type(float) != jnp.float64:
        raise RuntimeError(
            f"{what} needs double precision: call jax.config.update('jax_enable_x64', True) before the first "
            "array is made, or set JAX_ENABLE_X64=1"
        )
