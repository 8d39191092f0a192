"""Typed objects from the plain trees that TOML gives, and back: every key is checked, and told by its dotted path.

A schema is a frozen dataclass whose annotations say what is allowed: scalars, `Literal`, tuples, mappings, other
dataclasses, and unions of them. Names of a mapping may be dotted; TOML's nested tables are joined to dotted names.
"""

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from typing import Any

from jaxspin.core import unknown_name

Tree = dict[str, Any]


class ConfigError(ValueError):
    """A run file that asks for something impossible; the message is one line naming file, key and what is allowed."""


def structure(kind: Any, tree: Any, key: str = "") -> Any:
    """The object of type `kind` that a plain tree describes.

    Raises `ConfigError` naming the dotted key, what was found there and what is allowed.
    """
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind, tree, key)
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        fitting = [each for each in inner if _fits(each, tree)]
        if not fitting:
            raise _wrong(key, tree, kind)
        return structure(min(fitting, key=lambda each: _strange(each, tree)), tree, key)
    if not _fits(kind, tree):
        raise _wrong(key, tree, kind)
    if origin is tuple:
        return tuple(structure(inner[0], each, f"{key}.{number}") for number, each in enumerate(tree))
    if origin is Mapping or (isinstance(origin, type) and issubclass(origin, Mapping)):
        dotted = flatten(tree, _leaf_keys(inner[1]))
        return {name: structure(inner[1], each, f"{key}.{name}") for name, each in dotted.items()}
    return float(tree) if kind is float else tree


def _fits(kind: Any, tree: Any) -> bool:
    """Whether a value is of the right outer type (what is inside is looked at later)."""
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return any(_fits(each, tree) for each in typing.get_args(kind))
    if origin is typing.Literal:
        return isinstance(tree, str) and tree in typing.get_args(kind)
    if origin is tuple:
        return isinstance(tree, list)
    if dataclasses.is_dataclass(kind) or origin is not None:
        return isinstance(tree, dict)
    if kind is float:
        return isinstance(tree, int | float) and not isinstance(tree, bool) and _is_finite(tree)
    return isinstance(tree, kind) and not (kind is int and isinstance(tree, bool))


def _strange(kind: Any, tree: Any) -> int:
    """How many keys of a table a schema does not know."""
    return len(tree.keys() - _fields(kind).keys()) if dataclasses.is_dataclass(kind) else 0


def _is_finite(number: int | float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # an integer of more than 308 digits
        return False


def _fields(schema: Any) -> dict[str, dataclasses.Field]:
    """Fields that are keys of a run file: those that take part in comparison."""
    return {field.name: field for field in dataclasses.fields(schema) if field.compare}


def _dataclass(kind: Any, tree: Any, key: str) -> Any:
    if not isinstance(tree, dict):
        raise _wrong(key, tree, kind)
    hints = typing.get_type_hints(kind)
    fields = _fields(kind)
    for name in tree:
        if name not in fields:
            raise ConfigError(f"{_join(key, name)}: {unknown_name('key', _short(name), fields)}")
    for name, field in fields.items():
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if required and name not in tree:
            raise ConfigError(f"{_join(key, name)}: missing; expected {describe(hints[name])}")
    return kind(**{name: structure(hints[name], each, _join(key, name)) for name, each in tree.items()})


def _join(key: str, name: str) -> str:
    return f"{key}.{_short(name)}" if key else _short(name)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _wrong(key: str, found: Any, kind: Any) -> ConfigError:
    try:
        shown = _short(repr(found))
    except (ValueError, RecursionError):  # an integer of more than 4300 digits, a tree of a thousand levels
        shown = "a value"
    return ConfigError(f"{key}: {shown} is not allowed; expected {describe(kind)}")


def describe(kind: Any) -> str:
    """What a schema allows, in words."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(describe(each) for each in inner if each is not types.NoneType)
    if origin is typing.Literal:
        return "one of " + ", ".join(map(repr, inner))
    if origin is tuple:
        return f"a list (of {describe(inner[0])})"
    if dataclasses.is_dataclass(kind):
        return f"a table {{{', '.join(_fields(kind))}}}"
    words = {str: "text", int: "a whole number", float: "a finite number", bool: "true or false"}
    return words.get(kind, "a table")


def _leaf_keys(kind: Any) -> frozenset[str]:
    """Keys that mark a table as a value of this kind rather than the next level of a dotted name."""
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return frozenset().union(*(_leaf_keys(each) for each in typing.get_args(kind)))
    return (
        frozenset(field.name for field in dataclasses.fields(kind)) if dataclasses.is_dataclass(kind) else frozenset()
    )


def flatten(tree: Mapping[str, Any], leaf_keys: frozenset[str] = frozenset()) -> Tree:
    """Join the names of nested tables by dots, down to tables that hold one of `leaf_keys` or anything but tables."""
    flat: Tree = {}
    for name, value in tree.items():
        tables = isinstance(value, dict) and value and not leaf_keys & value.keys()
        if tables and (not leaf_keys or all(isinstance(each, dict) for each in value.values())):
            flat |= {f"{name}.{inner}": each for inner, each in flatten(value, leaf_keys).items()}
        else:
            flat[name] = value
    return flat


def unstructure(value: Any) -> Any:
    """The plain tree of an object: what is left at its default is left out."""
    if dataclasses.is_dataclass(value):
        tree: Tree = {}
        for name, field in _fields(value).items():
            known = getattr(value, name)
            default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
            if known != default:
                tree[name] = unstructure(known)
        return tree
    if isinstance(value, Mapping):
        return {name: unstructure(each) for name, each in value.items()}
    if isinstance(value, tuple):
        return [unstructure(each) for each in value]
    return value
