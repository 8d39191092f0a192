"""Tables in Markdown, and the place in a page that a script keeps up to date."""

import os
from collections.abc import Sequence
from pathlib import Path

from jaxspin.io.tables import write_text


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table of cells that are already text; bars in them are escaped.

    Raises `ValueError` if a row has not as many cells as the header.
    """
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise ValueError(f"table: row {number} has {len(row)} cells; expected {len(header)}, as in the header")
    escaped = [[cell.replace("|", "\\|") for cell in cells] for cells in (header, ["---"] * len(header), *rows)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in escaped)


def fill_page(page: str | os.PathLike[str], text: str, maker: str) -> None:
    """Put text between the comments `<!-- made by MAKER: begin -->` and `end` of a page, in place of what stands there.

    Raises `ValueError` if the page has not both of them, once and in this order.
    """
    path = Path(page)
    begin, end = (f"<!-- made by {maker}: {word} -->" for word in ("begin", "end"))
    before, *rest = path.read_text(encoding="utf-8").split(begin)
    after = rest[0].split(end)[1:] if len(rest) == 1 else []
    if len(after) != 1:
        raise ValueError(f"{path}: expected one {begin!r} and, after it, one {end!r}")
    write_text(path, f"{before}{begin}\n\n{text}\n\n{end}{after[0]}")
