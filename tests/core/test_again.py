"""A task as the plan it was."""

from pathlib import Path

from desktop.core.again import remembered
from desktop.core.plan import Action, ItemState, VersionStrategy
from desktop.core.task import Bytes, Counts, FileResult, Task, TaskFile, TaskItem

TASK = Task(7, "token", "VEGA latest", "VEGA", Path("/shows"), VersionStrategy.SPECIFIC, "compare", "v005")


def item(number: int, state: ItemState = ItemState.DONE, message: str = "") -> TaskItem:
    label = f"SH{number:02d}0 anim"
    return TaskItem(
        number, 7, "VEGA", label, None, "anim", "v005", ("v005",), "v005", None, state, message, Counts(), Bytes()
    )


def file(number: int, item_id: int) -> TaskFile:
    return TaskFile(number, item_id, f"/s/{number}", f"a/{number}", 10, 5.0, Action.UPDATE, FileResult.DOWNLOADED)


def test_a_plan_is_remembered_with_what_was_asked_for() -> None:
    plan = remembered(TASK, [item(1), item(2, ItemState.SKIPPED, "No v005.")], [file(1, 1), file(2, 1)])
    request = plan.request
    assert (request.connection, request.destination, request.name) == ("VEGA", Path("/shows"), "VEGA latest")
    assert (request.version_strategy, request.specific_version, request.conflict) == ("specific", "v005", "compare")
    assert [[one.target for one in found.files] for found in plan.items] == [["a/1", "a/2"], []]
    assert (plan.items[1].state, plan.items[1].message) == (ItemState.SKIPPED, "No v005.")


def test_another_folder_takes_the_place_of_the_first() -> None:
    assert remembered(TASK, [], [], Path("/other")).request.destination == Path("/other")


def test_what_came_first_of_every_sequence_comes_first_again() -> None:
    order = [file(1, 1), file(2, 2), file(3, 1), file(4, 1), file(5, 2)]
    plan = remembered(TASK, [item(1), item(2)], order)
    again = sorted(
        ((one.rank, place, one.target) for place, found in enumerate(plan.items) for one in found.files),
    )
    assert [target for _, _, target in again] == ["a/1", "a/2", "a/3", "a/4", "a/5"]
    listed = remembered(TASK, [item(1), item(2)], [file(1, 1), file(2, 1), file(3, 2)])
    assert {one.rank for _, one in listed.files()} == {0}
