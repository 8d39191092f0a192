"""A design in words and as JSON: the optimum, what holds it, what it is sensitive to; why a design failed."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from jaxspin.core import Status, select
from jaxspin.inverse.json_file import write_json
from jaxspin.inverse.storage import plain

if TYPE_CHECKING:
    from jaxspin.inverse.design_result import DesignResult

FORMAT = "jaxspin.design/1"
_TOLD = 8  # fixed quantities in the report
_SAME = 1e-4  # starts whose objectives differ by less, relatively, ended at the same optimum
_ADVICE = {
    Status.MAX_STEPS: "the steps ran out: give more with method=SequentialQuadratic(max_steps=...)",
    Status.NO_SOLUTION: "no step improves it, though it is no optimum: is the objective smooth there? start elsewhere",
    Status.NOT_FINITE: "objective or limits are not finite at any start: start elsewhere, or narrow the bounds",
}


def failure(result: "DesignResult") -> str:
    """One line that says why no optimum was found and what to try."""
    status, statuses = Status(int(result.status)), [Status(int(each)).name for each in result.attempts.status]
    kinds = ", ".join(f"{statuses.count(kind)} {kind}" for kind in dict.fromkeys(statuses))
    return f"design with {result.problem.model.name} found no optimum ({kinds}): {_reason(result, status)}"


def _reason(result: "DesignResult", status: Status) -> str:
    broken = result.violated
    if status is not Status.NO_SOLUTION or not broken:
        return _ADVICE.get(status, status.advice)
    told = []
    for name, by in broken.items():
        side = result.sides[name]
        told.append(f"{name} {_with(side.limit, side.unit)} is missed by {_with(by, side.unit)}")
    return f"the limits cannot be met together within the bounds; nearest: {'; '.join(told)}"


def report(result: "DesignResult") -> str:
    """The text that `print(result)` shows."""
    problem = result.problem
    if result.values.ndim > 1:
        solved = int((np.asarray(result.status) == Status.OK).sum())
        return f"{result.status.size} designs of {problem.model.name}, {solved} solved (index to print one)"
    status, sense = Status(int(result.status)), "minimise" if problem.sign > 0 else "maximise"
    begun = float(result.attempts.begun[0])
    change = f"; {_with(begun, problem.unit)} at the start" if np.isfinite(begun) else ""
    if np.isfinite(begun) and begun != 0:
        change += f", {100 * (float(result.objective) / begun - 1):+.3g} %"
    lines = [
        f"Design of {problem.model.title}",
        f"  {sense}     {problem.label} = {_with(result.objective, problem.unit)}{change}",
        f"  status       {status.name}" + ("" if status is Status.OK else f": {_reason(result, status)}"),
        f"  optimum      residual {float(result.residual):.1e}, largest violation {float(result.violation):.1e}",
    ]
    if problem.robust:
        count = jax.tree.leaves(problem.members)[0].shape[0]
        kind = "worst case" if problem.worst_case else "mean"
        lines.append(f"  robust       {kind} of {count} members; limits hold for each, values are of the nearest")
    objectives = np.asarray(result.attempts.objectives)
    if objectives.size > 1:
        near = np.abs(objectives - float(result.objective)) <= _SAME * max(abs(float(result.objective)), 1e-300)
        near &= np.asarray(result.attempts.status) == Status.OK
        lines.append(f"  starts       {objectives.size}, of which {int(near.sum())} ended at this optimum")
    lines += ["", *_variables(result)]
    if problem.limits:
        lines += ["", *_limits(result)]
    if told := _sensitivities(result):
        lines += ["", *told]
    return "\n".join(lines)


def _variables(result: "DesignResult") -> list[str]:
    problem = result.problem
    rows = [("variable", "value", "unit", "start", "from", "to", "")]
    for i, variable in enumerate(problem.free):
        edges = {side: result.sides[f"{variable.name} {side}"] for side in ("lower", "upper")}
        note = "".join(f"at {side} bound{_worth(result, edges[side])}" for side in edges if edges[side].active)
        start = f"{float(result.attempts.initial[0, i]):.5g}"
        low, high = (f"{float(each.limit):.5g}" for each in edges.values())
        rows.append((variable.name, f"{float(result.values[i]):.6g}", variable.known.unit, start, low, high, note))
    return _grid(rows)


def _limits(result: "DesignResult") -> list[str]:
    rows = [("limit", "value", "limit", "unit", "")]
    for name, side in result.sides.items():
        if not side.bound:
            note = "BROKEN" if name in result.violated else f"active{_worth(result, side)}" if side.active else ""
            rows.append((name, f"{float(side.value):.6g}", f"{float(side.limit):.6g}", side.unit, note))
    return _grid(rows)


def _worth(result: "DesignResult", side: Any) -> str:
    if int(result.status) != Status.OK:
        return ""  # multipliers of a problem without solution say nothing
    unit = result.problem.unit
    per = f" {unit or '1'} per {side.unit}" if side.unit not in ("", "1") else f" {unit}" if unit != "1" else ""
    return f", d {result.problem.label}/d limit = {float(side.sensitivity):.3g}{per}"


def _sensitivities(result: "DesignResult") -> list[str]:
    """The fixed quantities that matter most: percent of the objective per percent of each."""
    if result.problem.robust or int(result.status) != Status.OK:
        return []
    fixed = {}
    for name, slope in elasticities(result).items():
        if np.isfinite(slope) and abs(slope) > 1e-6:
            fixed[name] = slope
    most = sorted(fixed, key=lambda name: -abs(fixed[name]))[:_TOLD]
    rows = [(name, f"{fixed[name]:+.3g} %") for name in most]
    return (
        [f"  1 % more of a fixed quantity, design following, changes {result.problem.label} by", *_grid(rows)]
        if rows
        else []
    )


def elasticities(result: "DesignResult") -> dict[str, float]:
    """d log objective / d log q of every fixed scalar q, the design following."""
    own = {"controls": result.controls, "parameters": result.params}
    found = {}
    for name, slope in result.sensitivities.items():
        home, _, inner = name.partition(".")
        if home not in own:
            inner = name
            home = next(h for h in own if hasattr(own[h], name.partition(".")[0]))
        value = np.asarray(select(own[home], [inner])[inner])
        if value.ndim == 0 and float(result.objective) != 0:
            found[name] = float(slope) * float(value) / float(result.objective)
    return found


def _with(value: Any, unit: str) -> str:
    return f"{float(value):.5g}" + ("" if unit in ("", "1") else f" {unit}")


def _grid(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  " + "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]


def document(result: "DesignResult") -> dict[str, Any]:
    """What `save` writes, as JSON values."""
    problem, attempts = result.problem, result.attempts
    variables = {
        variable.name: {
            "value": plain(result.values[i]),
            "unit": variable.known.unit,
            "start": plain(attempts.initial[0, i]),
            "bounds": [plain(problem.lower[i]), plain(problem.upper[i])],
        }
        for i, variable in enumerate(problem.free)
    }
    sides = {
        name: {
            "value": plain(side.value),
            "limit": plain(side.limit),
            "slack": plain(side.slack),
            "unit": side.unit,
            "active": bool(side.active),
            "sensitivity": plain(side.sensitivity),
        }
        for name, side in result.sides.items()
    }
    bounds = {name for name, side in result.sides.items() if side.bound}
    return {
        "format": FORMAT,
        "model": problem.model.name,
        "status": Status(int(result.status)).name,
        "sense": "minimise" if problem.sign > 0 else "maximise",
        "objective": {
            "name": problem.label,
            "value": plain(result.objective),
            "unit": problem.unit,
            "start": plain(attempts.begun[0]),
        },
        "variables": variables,
        "limits": {name: side for name, side in sides.items() if name not in bounds},
        "bounds": {name: side for name, side in sides.items() if name in bounds},
        "active": list(result.active),
        "violated": result.violated,
        "observables": {
            name: {"value": plain(value), "unit": problem.model.observables[name].unit}
            for name, value in result.observables.values.items()
        },
        "sensitivities": {name: plain(slope) for name, slope in result.sensitivities.items()},
        "residual": plain(result.residual),
        "violation": plain(result.violation),
        "starts": {
            "initial": plain(attempts.initial),
            "values": plain(attempts.values),
            "objective": plain(attempts.objectives),
            "violation": plain(attempts.violation),
            "status": [Status(int(each)).name for each in attempts.status],
            "steps": plain(attempts.steps),
            "best": int(attempts.best),
        },
    }


def save(result: "DesignResult", path: str | os.PathLike[str]) -> Path:
    """Write a design to one JSON file, at once or not at all. Returns the path."""
    return write_json(path, document(result))
