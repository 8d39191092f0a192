"""A run that was killed goes on where it was: the state of an iteration in a file, written whole or not at all."""

import hashlib
import os
from pathlib import Path
from typing import Any, TypeVar

import equinox as eqx
import jax
import numpy as np

State = TypeVar("State")


def fingerprint(*inputs: Any) -> str:
    """A hash of everything that a calculation depends on: numbers, shapes and structure of pytrees."""
    leaves, structure = jax.tree.flatten(inputs)
    digest = hashlib.sha256(str(structure).encode())
    for leaf in leaves:
        array = np.asarray(leaf)
        digest.update(f"{array.shape}{array.dtype}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def save(path: str | os.PathLike[str], identity: str, state: Any) -> None:
    """Write the arrays of a pytree under the identity of their calculation, replacing what was there in one instant."""
    path = Path(path)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(identity.encode())
        eqx.tree_serialise_leaves(file, state)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def load(path: str | os.PathLike[str], identity: str, like: State) -> State | None:
    """The state that `save` wrote, None where there is no file; `like` has its structure and shapes.

    Raises:
        ValueError: where the file belongs to another calculation.
    """
    path = Path(path)
    if not path.exists():
        return None
    with path.open("rb") as file:
        if file.read(len(identity)) != identity.encode():
            raise ValueError(
                f"checkpoint {path} belongs to another model, basis or algorithm: delete it or name another"
            )
        return eqx.tree_deserialise_leaves(file, like)
