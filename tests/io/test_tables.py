"""The table reader: what it reads, what it refuses and in which words, and that nothing else can happen."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jaxspin.io import TableError, read_table, write_table
from jaxspin.io.tables import split_header

GOOD = "H_x (Oe),V [uV]\n10,1.5\n20,-2e-3\n"


@pytest.fixture
def written(tmp_path):
    def write(content):
        path = tmp_path / "scan.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def read_all(path, *columns):
    """Read the file and the columns (all, if none is named)."""
    table = read_table(path)
    return {column: table.numbers(column) for column in columns or table.columns}


def fault(path, *columns):
    """The message of the error that reading these columns raises."""
    with pytest.raises(TableError) as caught:
        read_all(path, *columns)
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(str(path), "scan.csv")


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        GOOD.replace("\n", "\r\n"),
        "\ufeff" + GOOD,
        '# measured on a Tuesday, 5" wafer\n' + GOOD,
        '# "\n\n' + GOOD + "\n\n,\n",
        ' "H_x (Oe)", V [uV] \n 10 , 1.5\n# note\n20,−2e-3'.replace(' "', '"'),
        GOOD.rstrip("\n"),
    ],
)
def test_the_same_table_in_many_dresses(written, content):
    """Line ends, byte-order mark, comments, quotes, blanks, a typographic minus: all mean the same numbers."""
    table = read_table(written(content))
    assert list(table.columns) == ["H_x (Oe)", "V [uV]"]
    assert (table.unit("H_x"), table.unit("V")) == ("Oe", "uV")
    np.testing.assert_array_equal(table.numbers("H_x"), [10.0, 20.0])
    np.testing.assert_array_equal(table.numbers("V [uV]"), [1.5, -2e-3])


def test_remarks_do_no_harm(written):
    table = read_table(written('x,source\n1,"Zheng, fig. 2\nand text"\n2,ours\n'))
    np.testing.assert_array_equal(table.numbers("x"), [1.0, 2.0])
    assert table.text("source") == ("Zheng, fig. 2\nand text", "ours")


@pytest.mark.parametrize(
    ("content", "column", "told"),
    [
        (GOOD, "H_y", "scan.csv: unknown column 'H_y'; did you mean 'H_x'? (allowed: H_x, V)"),
        ("a,b\n1,2\n3,oops\n", "b", "scan.csv, row 3, column 'b': 'oops' is not a number: expected a finite number"),
        ("# c\na,b\n1,2\n\n3,\n", "b", "scan.csv, row 5, column 'b': the cell is empty"),
        ("a,b\n1,NaN\n", "b", "scan.csv, row 2, column 'b': 'NaN' is not finite"),
        ("a,b\n1,-inf\n", "b", "scan.csv, row 2, column 'b': '-inf' is not finite"),
        ("a,b\n1,1e999\n", "b", "scan.csv, row 2, column 'b': '1e999' is too large"),
        ("a,b\n1,1_000\n", "b", "scan.csv, row 2, column 'b': '1_000' is not a number"),
        ('a,b\n1,"2,5"\n', "b", "scan.csv, row 2, column 'b': '2,5' is not a number"),
        ('a,b\n"x\ny",1\n3,z\n', "b", "scan.csv, row 4, column 'b': 'z' is not a number"),
        ("a,b\n1,2\n3\n", "a", "scan.csv, row 3: 1 cells; expected 2 (a, b)"),
        ("a,b\n1,2,3\n", "a", "scan.csv, row 2: 3 cells; expected 2 (a, b)"),
        ("a,b,a\n1,2,3\n", "a", "scan.csv, row 1, column 'a': the name occurs twice"),
        ("a,,b\n1,2,3\n", "a", "scan.csv, row 1: column 2 has no name"),
        ("V (X),V (Y)\n1,2\n", "V", "several columns are called 'V'; expected one of ['V (X)', 'V (Y)']"),
        ("", "a", "scan.csv: the file is empty"),
        ("# only a comment\n\n", "a", "scan.csv: the file is empty"),
        ("a,b\n", "a", "scan.csv: no rows below the header"),
        ("a;b\n1;2\n", "a", "scan.csv, row 1: cells are separated by ';'; expected commas"),
        ('a,b\n1,"2\n', "a", "scan.csv, row 2: unexpected end of data; expected comma-separated cells (RFC 4180)"),
        (b"a,b\n1,\xff\xfe\n", "a", "scan.csv, row 2: not UTF-8 text"),
        (b"\x89PNG\r\n\x1a\n\0\0", "a", "scan.csv, row 1: not UTF-8 text"),
        (b"a,b\n1,\0\n", "a", "scan.csv, row 2: binary data"),
    ],
)
def test_every_fault_is_told_with_its_place(written, content, column, told):
    assert told in fault(written(content), column)


def test_a_file_that_is_not_there(tmp_path):
    assert "cannot be read (No such file or directory)" in fault(tmp_path / "none.csv")
    assert "cannot be read (Is a directory)" in fault(tmp_path)


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
@example(b"a\n" + b"1" * 200_000)
@example(b'"' * 1001)
@example(b"\xef\xbb\xbf\xef\xbb\xbfa\n1")
def test_any_bytes_are_a_table_or_a_table_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("fuzz") / "scan.csv"
    path.write_bytes(content)
    check_all(path)


CELLS = st.sampled_from(
    ["1", "-2.5e3", "", "nan", "a", '"', '"x"', "#", " ", "(", "b (T)", "\t", "1e999", "٣", '"a\nb"']
)


@given(st.lists(st.lists(CELLS, max_size=4), max_size=5), st.sampled_from(["\n", "\r\n", "\r"]))
def test_any_cells_are_a_table_or_a_table_error(tmp_path_factory, rows, end):
    path = tmp_path_factory.mktemp("fuzz") / "scan.csv"
    path.write_bytes(end.join(",".join(row) for row in rows).encode())
    check_all(path)


def check_all(path):
    """Every column is finite and complete, or there is an error of one line."""
    try:
        columns = read_all(path)
    except TableError as error:
        told = str(error)
    else:
        told = ""
        assert all(np.isfinite(numbers).all() for numbers in columns.values())
        assert len({len(numbers) for numbers in columns.values()}) == 1
    assert "\n" not in told


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12)


@given(st.data())
def test_written_tables_come_back_exactly(tmp_path_factory, data):
    """Every finite double has a shortest text that reads back as itself; units stand in the header."""
    names = data.draw(st.lists(NAMES.filter(lambda n: n == " ".join(n.split())), min_size=1, max_size=4, unique=True))
    names = [n for n in names if n[0] not in "#\ufeff" and split_header(n) == (n, None) and ";" not in n] or ["x"]
    rows = data.draw(st.integers(1, 5))
    finite = st.floats(allow_nan=False, allow_infinity=False)
    columns = {name: data.draw(st.lists(finite, min_size=rows, max_size=rows)) for name in names}
    units = {name: data.draw(st.sampled_from(["1", "Oe", "m/(A s)", "erg/cm^2"])) for name in names}
    path = tmp_path_factory.mktemp("written") / "scan.csv"
    write_table(path, columns, units)
    table = read_table(path)
    for name in names:
        np.testing.assert_array_equal(table.numbers(name), columns[name])
        assert table.unit(name) == (None if units[name] == "1" else units[name])


@pytest.mark.parametrize(
    "columns",
    [{"a (T)": [1.0]}, {"#a": [1.0]}, {"": [1.0]}, {"a": [1.0], "b": [1.0, 2.0]}, {"a": [math.nan]}, {"a": []}],
)
def test_what_would_not_come_back_is_not_written(tmp_path, columns):
    with pytest.raises(TableError):
        write_table(tmp_path / "scan.csv", columns)
    assert not list(tmp_path.iterdir())
