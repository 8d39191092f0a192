"""Markdown tables, and where they go in the README of this experiment."""

from pathlib import Path

from jaxspin import io

README = Path(__file__).parent / "README.md"


def grid(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table; bars inside cells are escaped."""
    escaped = [[cell.replace("|", "\\|") for cell in cells] for cells in (header, ["---"] * len(header), *rows)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in escaped)


def write(script: str, text: str) -> None:
    """Replace what stands between a script's markers."""
    begin, end = (f"<!-- made by {script}: {which} -->" for which in ("begin", "end"))
    before, _, rest = README.read_text(encoding="utf-8").partition(begin)
    io.write_text(README, f"{before}{begin}\n\n{text}\n\n{end}{rest.partition(end)[2]}")
