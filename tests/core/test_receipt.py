"""A receipt is read by machines and by spreadsheets, and a server's name is never a formula."""

import csv
import io
import json

import pytest

from desktop.core.plan import Action, ItemState
from desktop.core.receipt import COLUMNS, rows, write_csv, write_json
from desktop.core.task import READ_BACK_WORDS, UNVERIFIED_WORDS, Bytes, Counts, FileResult, TaskFile, TaskItem
from tests.core.test_task import task

ERROR: dict[str, object] = {"title": "The line broke.", "cause": "https://a:hunter2@b/c", "suggestion": ""}


def item(label: str) -> TaskItem:
    return TaskItem(
        7, 1, "VEGA", label, None, "", "v001", (), None, None, ItemState.DONE, "", Counts(planned=1), Bytes()
    )


def arrived(sha256: str) -> TaskFile:
    return TaskFile(1, 7, "/srv/a", "a", 5, 1e9, Action.DOWNLOAD, FileResult.DOWNLOADED, sha256=sha256)


def test_a_hash_says_what_the_disk_held_and_proves_nothing_of_the_server() -> None:
    bare, read_back = rows(task(), [item("SH010")], [arrived(""), arrived("a1" * 32)])
    assert (bare["proof"], bare["sha256"], arrived("").proof_words) == ("unverified", None, UNVERIFIED_WORDS)
    assert (read_back["proof"], read_back["sha256"]) == ("unverified", "a1" * 32)
    assert arrived("a1" * 32).proof_words == READ_BACK_WORDS
    assert file("a").proof_words == ""


def file(name: str, mtime: float = 1e9) -> TaskFile:
    return TaskFile(1, 7, f"/srv/{name}", name, 5, mtime, Action.DOWNLOAD, FileResult.FAILED, error=ERROR)


def table(label: str, name: str) -> list[dict[str, str]]:
    stream = io.StringIO(newline="")
    write_csv(rows(task(), [item(label)], [file(name)]), stream)
    return list(csv.DictReader(io.StringIO(stream.getvalue(), newline="")))


def test_a_row_says_what_became_of_a_file() -> None:
    (row,) = table("SH010", "a,b\n.exr")
    assert tuple(row) == COLUMNS
    assert (row["source"], row["result"], row["modified"]) == ("/srv/a,b\n.exr", "failed", "2001-09-09T01:46:40+00:00")
    assert row["error"] == "The line broke. https://a:***@b/c"
    assert row["shot"] == ""


@pytest.mark.parametrize("label", ["=cmd|' /C calc'!A0", "+1", "-1", "@x", "\tx", "\n=1", "\uff1d1", "\uff20x"])
def test_no_name_is_a_formula(label: str) -> None:
    (row,) = table(label, "a.exr")
    assert row["item"] == f"'{label}"


def test_the_object_takes_any_name() -> None:
    stream = io.StringIO()
    made = list(rows(task(), [item("=1")], [file("odd\udcff.exr")]))
    write_json(task(), made, stream)
    stream.getvalue().encode("ascii")
    assert json.loads(stream.getvalue())["rows"] == made


@pytest.mark.parametrize("moment", [1e12, -1e12, 1e30, float("inf"), float("nan")])
def test_a_time_that_no_calendar_has_is_none(moment: float) -> None:
    (row,) = rows(task(), [item("x")], [file("a.exr", moment)])
    assert row["modified"] is None
