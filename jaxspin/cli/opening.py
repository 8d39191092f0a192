"""What `simulate` and `fit` have in common: double precision, the run file with its overrides, the model."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from jaxspin.cli.catalogue import find_system

if TYPE_CHECKING:
    from jaxspin.core import ForwardModel
    from jaxspin.io import Run

Settings = Annotated[list[str] | None, Parameter(name="--set", negative=())]


def double_precision() -> None:
    """Compute in double precision from here on, whoever imported jax first."""
    import jax

    jax.config.update("jax_enable_x64", True)


def open_run(
    run_file: Path, settings: Iterable[str] | None, options: Mapping[str, object | None]
) -> "tuple[Run, ForwardModel]":
    """The run file with `KEY=VALUE` settings and options (by key, None where not given) in place, and its model.

    Raises `ConfigError`.
    """
    double_precision()
    from jaxspin.io import ConfigError, read_run

    overrides = {key: str(value) for key, value in options.items() if value is not None}
    for setting in settings or ():
        key, equals, value = setting.partition("=")
        if not (key and equals):
            raise ConfigError(f"--set {setting}: expected KEY=VALUE, like parameters.R_AHE='7 ohm'")
        overrides[key.strip()] = value.strip()
    run = read_run(run_file, overrides)
    try:
        return run, find_system(run.model.system)
    except ConfigError as error:
        raise run.fault("model.system", error) from None
