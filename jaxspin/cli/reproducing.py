"""`jaxspin reproduce`: the experiments of a checkout, by name."""

import ast
import subprocess
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

Arguments = Annotated[str, Parameter(allow_leading_hyphen=True)]


def reproduce(experiment: str | None = None, /, *arguments: Arguments) -> int:
    """Reproduce a paper: run its experiment from a checkout of jaxspin; without a name, list the experiments.

    `jaxspin reproduce polariton --out DIR` is `python experiments/polariton/run.py --out DIR`.

    Parameters
    ----------
    experiment
        Folder below experiments/, for its run.py, or FOLDER/SCRIPT.
    arguments
        Options of the script, like --out DIR or --readme.
    """
    from jaxspin.io import ConfigError

    home = _experiments()
    scripts = _scripts(home)
    if experiment is None:
        width = max(map(len, scripts))
        print("\n".join(f"{name:<{width}}  {_title(path)}" for name, path in scripts.items()))
        return 0
    name = experiment if "/" in experiment else f"{experiment}/run"
    if name not in scripts:
        raise ConfigError(f"reproduce {experiment}: no such experiment in {home}; there are {', '.join(scripts)}")
    return subprocess.run([sys.executable, str(scripts[name]), *arguments], check=False).returncode


def _experiments() -> Path:
    """The folder experiments/ above the working directory, or beside the package where it is installed in place."""
    from jaxspin.io import ConfigError

    here = Path.cwd()
    for folder in (here, *here.parents, Path(__file__).parents[2]):
        if (folder / "experiments").is_dir() and (folder / "jaxspin").is_dir():
            return folder / "experiments"
    raise ConfigError(
        "reproduce: experiments/ is part of a checkout of jaxspin, not of the installed package, and there is none at "
        f"or above {here}; run it inside a clone"
    )


def _scripts(home: Path) -> dict[str, Path]:
    """FOLDER/SCRIPT of everything that can be run: a script says how, by a docstring that holds its command line."""
    found = sorted(home.glob("*/*.py"))
    return {
        f"{path.parent.name}/{path.stem}": path
        for path in found
        if f"python experiments/{path.parent.name}/{path.name}" in _docstring(path)
    }


def _docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def _title(path: Path) -> str:
    return " ".join(_docstring(path).split("\n\n")[0].split())
