"""A fit in words: the table, and why a fit failed."""

from typing import TYPE_CHECKING

import numpy as np

from jaxspin.core import Status
from jaxspin.inverse.identify import null_directions

if TYPE_CHECKING:
    from jaxspin.inverse.result import FitResult, Parameter

_MINOR = 0.1  # correlation not worth printing
_ADVICE = {
    Status.MAX_STEPS: "the steps ran out: give the method more (max_steps), or start nearer",
    Status.NO_SOLUTION: "chi2 stopped falling away from a minimum: tighten Solve(rtol), start nearer, or use starts=",
    Status.NOT_FINITE: "the prediction, or its derivative, is not finite: start elsewhere, or narrow the bounds",
}


def failure(result: "FitResult") -> str:
    """One line that says why a fit did not converge and what to try."""
    status, statuses = Status(int(result.status)), [Status(int(each)).name for each in result.starts.status]
    kinds = ", ".join(f"{statuses.count(kind)} {kind}" for kind in dict.fromkeys(statuses))
    where = ", ".join(f"{name} = {value:.5g}" for name, value in zip(result.names, result.values, strict=True))
    problems = [f"model says {kind} in {n} of {m} conditions of {d!r}" for d, kind, n, m in _complaints(result)]
    tail = "".join(f"; {line}" for line in problems)
    return (
        f"fit of {result.problem.model.name} did not converge ({kinds}): {_ADVICE[status]} "
        f"[chi2 = {float(result.chi2):.5g}, edm = {float(result.edm):.2g} at {where}{tail}]"
    )


def _complaints(result: "FitResult") -> list[tuple[str, str, int, int]]:
    found = []
    for dataset, status in result.optimum.model_status.items():
        status = np.asarray(status)
        for kind in Status:
            if kind is not Status.OK and (count := int(np.sum(status == kind))):
                found.append((dataset, kind.name, count, status.size))
    return found


def _notes(result: "FitResult", name: str, parameter: "Parameter") -> str:
    notes = []
    if parameter.at_bound:
        b = result.problem.space.bijections[result.names.index(name)]
        notes.append(f"at bound {b.lower if parameter.value - b.lower < b.upper - parameter.value else b.upper:g}")
    if parameter.undetermined:
        notes.append("undetermined")
    prior = result.problem.priors.get(name)
    if parameter.from_prior:
        notes.append("known from the prior only")
    elif prior is not None and parameter.stderr > 0.9 * prior.sigma:
        notes.append("prior dominates")
    return ", ".join(notes)


def report(result: "FitResult") -> str:
    """The table that `print(result)` shows."""
    if result.values.ndim > 1:
        converged = int((np.asarray(result.status) == Status.OK).sum())
        return f"{result.status.size} fits of {result.problem.model.name}, {converged} converged (index to print one)"
    problem, laplace = result.problem, result.optimum.laplace
    seen = problem.observed()
    measured, limits = int((seen.limit == 0).sum()), int((seen.limit != 0).sum())
    status = Status(int(result.status))
    lines = [
        f"Fit of {problem.model.title} to {', '.join(data.name for data in problem.data)}",
        f"  status       {status.name}" + ("" if status is Status.OK else f": {_ADVICE[status]}"),
        f"  data         {measured} measured, {limits} limits, {len(problem.priors)} Gaussian priors",
        f"  chi2 / dof   {float(result.chi2):.4f} / {int(result.dof)}"
        + (f" = {float(result.reduced_chi2):.4f},  p-value {float(result.p_value):.3g}" if result.dof > 0 else ""),
        f"  minimum      after {int(result.steps)} steps; gradient {float(result.gradient_norm):.2g}, "
        f"distance {float(result.edm):.2g} in chi2",
    ]
    lines += [
        f"  model        {kind} in {n} of {m} conditions of {dataset}" for dataset, kind, n, m in _complaints(result)
    ]
    if (count := result.starts.status.size) > 1:
        near = int((result.starts.chi2 < result.chi2 + 1e-2 * max(1.0, float(result.chi2))).sum())
        lines.append(f"  starts       {count}, of which {near} ended at this minimum (chi2 within 1 %)")
    rows = [("parameter", "value", "stderr", "unit", "start", "error", "")]
    for name, p in result.parameters.items():
        relative = f"{100 * abs(float(p.stderr / p.value)):.2g} %" if p.value != 0 and np.isfinite(p.stderr) else ""
        notes = _notes(result, name, p)
        rows.append((name, _digits(p), f"± {float(p.stderr):.2g}", p.unit, f"{float(p.start):.6g}", relative, notes))
    for name, p in result.tied.items():
        rows.append((name, _digits(p), f"± {float(p.stderr):.2g}", p.unit, f"{float(p.start):.6g}", "", "tied"))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines += [
        "",
        *("  " + "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows),
    ]
    if directions := null_directions(result):
        lines += ["", "  The data cannot determine:", *(f"    {each.text}" for each in directions)]
    if pairs := _correlated(result):
        lines += ["", f"  Correlations above {_MINOR}:", *(f"    {a}, {b}  {value:+.3f}" for a, b, value in pairs)]
    if result.dof > 0 and result.p_value < 0.01 and not bool(np.any(laplace.undetermined)):
        factor = float(np.sqrt(result.reduced_chi2))
        lines += ["", f"  Model and data disagree. If sigma are too small alike, multiply stderr by {factor:.3g}."]
    return "\n".join(lines)


def _digits(parameter: "Parameter") -> str:
    """The value to two digits of its error."""
    value, stderr = float(parameter.value), float(parameter.stderr)
    if not (np.isfinite(stderr) and stderr > 0 and value != 0):
        return f"{value:.6g}"
    return f"{value:.{int(np.clip(np.floor(np.log10(abs(value) / stderr)) + 2, 2, 12))}g}"


def _correlated(result: "FitResult") -> list[tuple[str, str, float]]:
    matrix = np.asarray(result.correlation)
    pairs = [
        (a, b, float(matrix[i, j])) for i, a in enumerate(result.names) for j, b in enumerate(result.names) if i < j
    ]
    return sorted((p for p in pairs if abs(p[2]) > _MINOR), key=lambda p: -abs(p[2]))
