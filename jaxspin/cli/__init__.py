"""The command `jaxspin` and its exit codes. Commands load what they need when they run."""

import os
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

from jaxspin import __version__
from jaxspin.cli.catalogue import cite, info, list_systems
from jaxspin.cli.designing import design
from jaxspin.cli.doctor import doctor
from jaxspin.cli.fitting import fit
from jaxspin.cli.plotting import plot
from jaxspin.cli.reproducing import reproduce
from jaxspin.cli.simulating import simulate
from jaxspin.cli.sweeping import sweep

BAD_INPUT, INTERRUPTED = 2, 130

app = App(
    name="jaxspin",
    help="Differentiable spin-orbit physics: simulate, fit, design, sweep, and check the machine. "
    "`jaxspin COMMAND --help` explains a command.",
    version=__version__,
    result_action="return_value",
    exit_on_error=False,
    print_error=False,
    help_on_error=False,
    suppress_keyboard_interrupt=False,
)
app.command(list_systems, name="list")
for command in (info, simulate, fit, design, sweep, plot, reproduce, doctor, cite):
    app.command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code.

    0: done. 1: ran, but did not converge or found a fault. 2: bad input, told in one line on stderr, nothing written.
    130: interrupted.
    """
    # before jax is imported: the command line computes in double precision (see also `opening.double_precision`)
    os.environ.setdefault("JAX_ENABLE_X64", "1")
    try:
        return app(list(sys.argv[1:] if arguments is None else arguments)) or 0
    except CycloptsError as error:
        return _fail(error)
    except KeyboardInterrupt as error:
        print(f"\njaxspin: interrupted, {error.args[0] if error.args else 'nothing written'}", file=sys.stderr)
        if arguments is None:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(INTERRUPTED)  # where a compilation was cut short, the interpreter's own exit can crash
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except ValueError as error:
        if not _is_bad_input(error):
            raise
        return _fail(error)


def _is_bad_input(error: ValueError) -> bool:
    """Whether an error says what the user should change."""
    from jaxspin.io import ConfigError, TableError, UnitError

    return isinstance(error, ConfigError | TableError | UnitError)


def _fail(error: Exception) -> int:
    print(f"jaxspin: error: {' '.join(str(error).split())}", file=sys.stderr)
    return BAD_INPUT
