"""Failed files are told by cause, not one by one."""

from dataclasses import replace

from desktop.core.causes import AWAY, WORDS, causes, put_off_words
from desktop.core.errors import Retry, ShotDockError, Unreachable, Wait
from desktop.core.plan import Action
from desktop.core.schedule import Turn
from desktop.core.task import FileResult, TaskFile, TaskState
from tests.core.test_task import task


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


def passing(number: int, title: str, kind: str) -> TaskFile:
    file = lost(number, title, kind)
    return file._replace(error={**(file.error or {}), "retryable": kind != AWAY})


def test_what_is_tried_again_is_a_cause_as_long_as_it_waits() -> None:
    waiting = [passing(n, "h cannot be reached.", AWAY)._replace(result=FileResult.PENDING) for n in (1, 2)]
    fresh = waiting[0]._replace(error=None)
    put_off = replace(task(TaskState.WAITING), turn=Turn(attempts=2, first_failed=1.0))
    (cause,) = causes([*waiting, fresh], put_off)
    assert (cause.count, cause.retryable) == (2, True)
    assert cause.tried.startswith("Tried 2 times over the whole task")
    (once,) = causes(waiting, replace(put_off, turn=Turn(attempts=1)))
    assert once.tried == "Tried once: nobody answered."


def test_what_put_a_task_off_is_told_by_the_kind_of_failure() -> None:
    """The first failure in the list is none that will pass, and no reason to wait."""
    never = lost(0, "There is no f0.", "not-found")
    away = [passing(n, "h cannot be reached.", AWAY) for n in (1, 2)]
    found = causes([never, *away, passing(3, "The disk is full.", "disk-full"), passing(4, "Full.", "disk-full")])
    assert put_off_words(found) == "Server away: h cannot be reached. Also: disk full."
    assert put_off_words(causes([never])) == ""


def test_whatever_may_pass_has_a_word_for_a_row() -> None:
    def kinds(family: type[ShotDockError]) -> set[str]:
        return {one.kind for one in family.__subclasses__()}.union(*(kinds(one) for one in family.__subclasses__()))

    assert set(WORDS) == kinds(Retry) | kinds(Wait) | {Unreachable.kind}
