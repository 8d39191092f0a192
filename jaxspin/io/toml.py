"""Plain trees as TOML text (Python reads TOML but does not write it)."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def to_toml(tree: Mapping[str, Any]) -> str:
    """TOML text of a tree of tables, lists, text, numbers and booleans, so that `tomllib.loads` gives the tree back.

    Tables of the first two levels get headers, deeper ones stand in a line.
    """
    return "\n".join(_section(tree, ())).lstrip("\n") + "\n"


def _section(tree: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    sections = {name: value for name, value in tree.items() if _is_section(value) and len(path) < 2}
    for name, value in tree.items():
        if name not in sections:
            yield f"{_key(name)} = {_value(value)}"
    for name, value in sections.items():
        inner = (*path, name)
        header = ".".join(map(_key, inner))
        for each in value if isinstance(value, list) else [value]:
            yield ""
            yield f"[[{header}]]" if isinstance(value, list) else f"[{header}]"
            yield from _section(each, inner)


def _is_section(value: Any) -> bool:
    tables = value if isinstance(value, list) else [value]
    return bool(tables) and all(isinstance(each, Mapping) for each in tables)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _value(name)


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return repr(value) if math.isfinite(value) else {math.inf: "inf", -math.inf: "-inf"}.get(value, "nan")
        case str():
            return f'"{"".join(map(_character, value))}"'
        case list():
            return f"[{', '.join(map(_value, value))}]"
        case Mapping():
            pairs = (f"{_key(name)} = {_value(each)}" for name, each in value.items())
            return f"{{ {', '.join(pairs)} }}" if value else "{}"
    raise TypeError(f"TOML has no form for {type(value).__name__}")


def _character(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return f"\\u{ord(character):04x}" if ord(character) < 32 or ord(character) == 127 else character
