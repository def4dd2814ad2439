"""The first rows of a table, whatever its size and shape."""

from pathlib import Path

import pytest

from desktop.core.errors import NotFound
from desktop.core.job import Table
from desktop.studio.jobs.table import BYTES, ROWS, read_table


@pytest.mark.parametrize(
    ("name", "text", "header", "rows"),
    [
        ("a.csv", "row,note\r\n1,late\r\n", ("row", "note"), (("1", "late"),)),
        (
            "a.csv",
            '\ufeffrow,note\n1,"said ""fine"", twice\nover"\n',
            ("row", "note"),
            (("1", 'said "fine", twice\nover'),),
        ),
        ("a.tsv", "row\tnote\n1\ta,b\n", ("row", "note"), (("1", "a,b"),)),
        ("a.csv", "row\tnote\n1\ta\n", ("row", "note"), (("1", "a"),)),
        ("a.csv", "row;note\n1;a\n", ("row", "note"), (("1", "a"),)),
        ("a.csv", "row\n\n1\n", ("row",), (("1",),)),
        ("a.csv", "", (), ()),
        ("a.csv", "a,b\n1\n1,2,3\n", ("a", "b"), (("1",), ("1", "2", "3"))),
    ],
)
def test_a_table(
    tmp_path: Path, name: str, text: str, header: tuple[str, ...], rows: tuple[tuple[str, ...], ...]
) -> None:
    path = tmp_path / name
    path.write_text(text, "utf-8", newline="")
    assert read_table(path) == Table(header, rows)


def test_of_a_large_table_only_the_beginning_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    path.write_text("a,b\n" + "1,2\n" * (ROWS + 1))
    table = read_table(path)
    assert (len(table.rows), table.cut) == (ROWS, True)
    with path.open("wb") as stream:
        stream.write(b"a,b\n1,2\n" + b"9" * BYTES)
        stream.truncate(40 << 30)
    assert read_table(path) == Table(("a", "b"), (("1", "2"),), cut=True)


def test_bad_bytes_are_shown_and_a_quote_that_never_ends_is_no_end(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes(b"a,b\n\xff,\0\n")
    assert read_table(path).rows == (("\N{REPLACEMENT CHARACTER}", "\N{REPLACEMENT CHARACTER}"),)
    path.write_bytes(b'a,b\n1,2\n"' + b"x" * 200_000)
    assert read_table(path).rows[0] == ("1", "2")


def test_a_table_that_is_gone_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read_table(tmp_path / "gone.csv")
