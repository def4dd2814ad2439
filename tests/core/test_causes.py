"""Failed files are told by cause, not one by one."""

from desktop.core.causes import causes
from desktop.core.plan import Action
from desktop.core.task import FileResult, TaskFile


def lost(number: int, title: str, kind: str = "connection-lost") -> TaskFile:
    error: dict[str, object] = {"kind": kind, "title": title, "cause": "No byte for 30 s.", "suggestion": "Retry."}
    name = f"f{number}"
    return TaskFile(number, 1, name, name, 1, None, Action.DOWNLOAD, FileResult.FAILED, error=error)


def test_many_failures_with_one_reason_are_one_cause() -> None:
    fine = TaskFile(9, 1, "ok", "ok", 1, None, Action.DOWNLOAD, FileResult.DOWNLOADED)
    found = causes([lost(1, "Full.", "disk-full"), *(lost(n, "The line broke.") for n in range(2, 5)), fine])
    assert [(cause.error.title, cause.count) for cause in found] == [("The line broke.", 3), ("Full.", 1)]
    assert found[0].error.path == ""
    assert found[1].error.path == "f1"
    assert found[0].error.cause == "No byte for 30 s."


def test_titles_that_name_their_file_are_one_cause() -> None:
    found = causes([lost(n, f"There is no f{n}.", "not-found") for n in (1, 2)])
    assert [(cause.error.title, cause.count) for cause in found] == [("There is no f1.", 2)]


def test_no_failure_no_cause() -> None:
    assert causes([]) == ()
