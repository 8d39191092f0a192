"""Tables of the run: rows for the result file, and Markdown for people."""

from typing import Any

import numpy as np

from jaxspin import inverse, io
from jaxspin.io.measured import LIMITS


def comparison(table: io.Table, fit: inverse.FitResult) -> list[dict[str, Any]]:
    """One row a published value, in its published unit: value, ours with error, deviation in published errors."""
    values, sigmas, observables = table.numbers("value"), table.numbers("sigma"), fit.problem.model.observables
    text = {name: table.text(name) for name in ("film", "observable", "unit", "limit", "error", "source")}
    rows: list[dict[str, Any]] = [{} for _ in range(len(table))]
    for name, seen in next(iter(fit.residuals.values())).items():
        for i, row in enumerate(seen.rows.tolist()):
            scale = 1 / io.factor(text["unit"][row], observables[name].unit)
            ours = float(seen.predicted[i]) * scale
            limit = LIMITS[text["limit"][row]]
            off = (ours - values[row]) / sigmas[row]
            rows[row] = {
                "film": text["film"][row],
                "observable": name,
                "limit": text["limit"][row],
                "published": float(values[row]),
                "sigma": float(sigmas[row]),
                "error": text["error"][row],
                "unit": text["unit"][row],
                "ours": ours,
                "stderr": float(seen.band[i]) * scale,
                "deviation": float(off),
                "met": bool(off * limit > -1) if limit else bool(abs(off) < 1),
                "source": text["source"][row],
            }
    return rows


def summary(fit: inverse.FitResult) -> dict[str, Any]:
    """chi2, dof, probability, and parameters with errors."""
    values = {name: {"value": float(p.value), "stderr": float(p.stderr)} for name, p in fit.parameters.items()}
    return {"chi2": float(fit.chi2), "dof": int(fit.dof), "p_value": float(fit.p_value), "parameters": values}


def _number(value: float, error: float | None = None) -> str:
    """A value with the digits that its error allows: two of the error, three without one."""
    if error is None or not np.isfinite(error) or error <= 0:
        return f"{value:.3g}"
    digits = 1 - int(np.floor(np.log10(error)))
    power = int(np.floor(np.log10(max(abs(value), error))))
    if -3 <= power <= 4:
        places = max(digits, 0)
        return f"{value:.{places}f} ± {error:.{places}f}"
    places = max(power + digits, 0)
    return f"({value / 10.0**power:.{places}f} ± {error / 10.0**power:.{places}f})e{power}"


def _sigmas(deviation: float) -> str:
    return f"{round(deviation, 1) + 0.0:+.1f} σ"


def _comparison(rows: list[dict[str, Any]]) -> str:
    cells = []
    for row in rows:
        unit = "" if row["unit"] == "1" else f" {row['unit']}"
        sign = {"=": ""}.get(row["limit"], row["limit"] + " ")
        spread = f" ± {row['sigma']:.3g}" if row["limit"] == "=" else ""
        if row["limit"] == "=":
            verdict = _sigmas(row["deviation"]) + ("" if abs(row["deviation"]) < 1 else ", **tension**")
        else:
            verdict = "met" if row["met"] else f"**violated** by {abs(row['deviation']):.1f} σ"
        published = f"{sign}{row['published']:.3g}{spread}{unit}" + (" (about)" if row["error"] == "about" else "")
        ours = _number(row["ours"], row["stderr"]) + unit
        cells.append([row["film"], row["observable"], published, ours, verdict, row["source"]])
    return io.markdown_table(["film", "observable", "published", "ours", "deviation", "source"], cells)


def _parameters(fit: inverse.FitResult) -> str:
    cells = []
    for name, p in fit.parameters.items():
        known = fit.quantities[name]
        unit = "" if p.unit == "1" else p.unit
        cells.append([f"`{name}`", _number(float(p.value), float(p.stderr)), unit, known.doc])
    return io.markdown_table(["parameter", "value", "unit", "meaning"], cells)


def _correlations(fit: inverse.FitResult) -> str:
    matrix, names = np.asarray(fit.correlation), fit.names
    pairs = [(abs(matrix[i, j]), i, j) for i in range(len(names)) for j in range(i) if abs(matrix[i, j]) > 0.4]
    return "; ".join(f"{names[j]}, {names[i]}: {matrix[i, j]:+.2f}" for _, i, j in sorted(pairs, reverse=True))


def _held_out(rows: list[dict[str, Any]], table: io.Table, fit: inverse.FitResult) -> str:
    cells = []
    for row in rows:
        number, unit = row["row"], table.text("unit")[row["row"]]
        scale = 1 / io.factor(unit, fit.problem.model.observables[row["observable"]].unit)
        mean, half = row["mean"] * scale, 1.96 * row["stderr"] * scale
        published = f"{table.numbers('value')[number]:.3g} ± {table.numbers('sigma')[number]:.2g} {unit}"
        interval = f"{mean - half:.3g} to {mean + half:.3g} {unit}"
        cells.append([row["observable"], f"{mean:.3g} {unit}", interval, published, _sigmas(row["deviation"])])
    return io.markdown_table(["observable", "predicted", "95 % interval", "published", "published - predicted"], cells)


def _variants(rows: list[dict[str, Any]]) -> str:
    cells = []
    for row in rows:
        shown = "; ".join(
            f"`{name}` {_number(p['value'], p['stderr'])}" + ("" if p["unit"] == "1" else f" {p['unit']}")
            for name, p in row["parameters"].items()
        )
        ended = "" if row["status"] == "OK" else f" ({row['status']})"
        ours = {(each["film"], each["observable"]): each for each in row["rows"]}
        told = (("0.07", "j_c"), ("C", "j_c"), ("0.07", "H_vanish"), ("-0.07", "H_vanish"))
        pulls = [_sigmas(ours[key]["deviation"]) for key in told]
        M, j_c = ours["0.07", "M_net"]["ours"], ours["A", "j_c"]["ours"]
        law = [row["law"], f"{row['chi2']:.1f} / {row['dof']}{ended}", shown]
        cells.append([*law, *pulls, f"{M:.0f} emu/cc", f"{j_c / 1e10:.3g}e10 A/m²"])
    header = ["law", "χ² / dof", "freed", "j_c", "j_c of C", "H_vanish", "of δ = -0.07", "M_net", "j_c of A"]
    return io.markdown_table(header, cells)


def _sensitivity(rows: list[dict[str, Any]]) -> str:
    names = list(rows[0]["parameters"])
    cells = [
        [row["choice"], f"{row['chi2']:.1f} / {row['dof']}"]
        + [_number(row["parameters"][name]["value"], row["parameters"][name]["stderr"]) for name in names]
        for row in rows
    ]
    return io.markdown_table(["errors", "χ² / dof", *(f"`{name}`" for name in names)], cells)


def markdown(results: dict[str, Any], fit: inverse.FitResult, table: io.Table) -> str:
    """All tables, in the order of README.md."""
    said = [[each["statement"], each["ours"], each["verdict"]] for each in results["statements"]]
    return "\n\n".join(
        [
            "### Published | ours | deviation",
            _comparison(results["comparison"]),
            f"χ²/dof = {float(fit.chi2):.1f}/{int(fit.dof)}, probability {float(fit.p_value):.2g}; limits count in χ², "
            "not in dof. A deviation is ours minus published in published errors; beyond 1 σ it is called a tension.",
            "### Statements without numbers",
            io.markdown_table(["the paper says", "the fitted model", "verdict"], said),
            "### Parameters",
            _parameters(fit),
            f"Correlations beyond 0.4: {_correlations(fit)}.",
            "### Sample C held out: fitted without it, then predicted",
            _held_out(results["held_out"], table, fit),
            "### Other laws on the same data",
            _variants(results["variants"]),
            "### What no published value determines",
            "With all parameters free and without priors:",
            "\n".join(f"- {line}" for line in results["null_directions"]),
            "### How the chosen errors matter",
            _sensitivity(results["sensitivity"]),
        ]
    )
