"""An output folder that appears whole or not at all."""

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from jaxspin.io import ConfigError


@contextlib.contextmanager
def output_folder(out: Path) -> Iterator[Path]:
    """A draft folder to write into, which becomes `out` when the block ends well, and vanishes when it does not.

    If `out` exists, files of the same names are replaced one by one and others are left alone. Raises `ConfigError` at
    once where `out` cannot be written.
    """
    whole = Path(os.path.abspath(out))
    beside = next(folder for folder in whole.parents if folder.exists())
    if whole.exists() and not whole.is_dir():
        raise ConfigError(f"--out {out}: this is a file; expected a folder, existing or not")
    draft = (whole if whole.exists() else beside) / f".jaxspin-{secrets.token_hex(4)}"
    try:
        draft.mkdir()
    except OSError as error:
        raise ConfigError(f"--out {out}: cannot be written ({error.strerror}); expected a folder of yours") from None
    try:
        yield draft
        if whole.exists():
            for file in sorted(draft.iterdir()):
                os.replace(file, whole / file.name)
        else:
            whole.parent.mkdir(parents=True, exist_ok=True)
            os.rename(draft, whole)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
