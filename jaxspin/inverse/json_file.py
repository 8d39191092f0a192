"""A JSON file that appears whole or not at all."""

import json
import os
import secrets
from pathlib import Path
from typing import Any


def write_json(path: str | os.PathLike[str], tree: Any) -> Path:
    """Write a tree of plain values to one file, at once or not at all. Returns the path."""
    path = Path(path)
    text = json.dumps(tree, indent=1, allow_nan=False) + "\n"
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with draft.open("x") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return path
