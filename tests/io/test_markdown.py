"""Markdown tables and the places in pages that scripts fill."""

import pytest

from jaxspin.io import fill_page, markdown_table


def test_a_table_has_a_rule_below_its_header():
    assert markdown_table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_bars_stay_within_their_cell():
    assert markdown_table(["|s|"], []).startswith("| \\|s\\| |\n")


def test_a_row_of_another_length_is_named():
    with pytest.raises(ValueError, match="row 2 has 1 cells; expected 2"):
        markdown_table(["a", "b"], [["1", "2"], ["3"]])


def test_filling_replaces_what_was_there_and_nothing_else(tmp_path):
    page = tmp_path / "README.md"
    page.write_text("one\n<!-- made by run.py: begin -->\nold\n<!-- made by run.py: end -->\ntwo\n")
    for text in ("new", "newer"):
        fill_page(page, text, "run.py")
        expected = f"one\n<!-- made by run.py: begin -->\n\n{text}\n\n<!-- made by run.py: end -->\ntwo\n"
        assert page.read_text() == expected


@pytest.mark.parametrize(
    "text",
    [
        "nothing",
        "<!-- made by run.py: begin -->",
        "<!-- made by run.py: end -->\n<!-- made by run.py: begin -->",
        2 * "<!-- made by run.py: begin -->\n<!-- made by run.py: end -->\n",
    ],
)
def test_a_page_without_its_marks_is_left_alone(tmp_path, text):
    page = tmp_path / "README.md"
    page.write_text(text)
    with pytest.raises(ValueError, match=r"README.md: expected one '<!-- made by run.py: begin -->'"):
        fill_page(page, "new", "run.py")
    assert page.read_text() == text
