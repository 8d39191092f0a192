"""Published parameter tables, each number once, with its citation: the JSON files in `data`.

A table has a "citation" and "materials", name -> parameters; strengths shared by element stand in "spin_orbit".
"""

import json
from importlib import resources
from typing import Any

from jaxspin.core import unknown_name


def table(name: str) -> dict[str, Any]:
    """A table of the package by the name of its file, without ".json". Raises `KeyError` for an unknown one."""
    folder = resources.files("jaxspin.systems.tmdc") / "data"
    known = sorted(entry.name.removesuffix(".json") for entry in folder.iterdir() if entry.name.endswith(".json"))
    if name not in known:
        raise KeyError(unknown_name("table", name, known))
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


def entry(name: str, material: str) -> dict[str, Any]:
    """The row of a material in a table, with the spin-orbit strengths of its elements.

    Raises `KeyError` for an unknown table or material; the message lists those that exist.
    """
    known = table(name)
    if material not in known["materials"]:
        raise KeyError(unknown_name("material", material, known["materials"]))
    row = dict(known["materials"][material])
    if "spin_orbit" in known:
        metal, chalcogen = elements(material)
        row |= {"lambda_M": known["spin_orbit"][metal], "lambda_X": known["spin_orbit"][chalcogen]}
    return row


def elements(material: str) -> tuple[str, str]:
    """Metal and chalcogen of a formula MX2: ("Mo", "S") of "MoS2"."""
    metal = material[:2] if material[1].islower() else material[:1]
    return metal, material[len(metal) :].removesuffix("2")


def citation(name: str) -> str:
    """Where the numbers of a table come from."""
    return table(name)["citation"]
