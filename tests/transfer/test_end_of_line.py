"""A file that fails for a passing reason goes to the end of what waits, with tries of its own; others never do."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.core.errors import ConnectionLost, NotAllowed, ServerBusy, ShotDockError, TimedOut, Truncated
from desktop.core.task import FileResult
from desktop.transfer.waiting import MANY
from tests.transfer.scripted import HASTY, Shelf, bring, content, tree

R = FileResult


def shelf_of(count: int, size: int = 100) -> Shelf:
    shelf = Shelf()
    for number in range(count):
        shelf.put(f"/{number}", size)
    return shelf


def order(shelf: Shelf) -> list[str]:
    """Return the files as the server was asked for them."""
    return [str(path) for path, _, _ in shelf.reads]


@pytest.mark.parametrize(
    "error",
    [ServerBusy("450 in use"), Truncated("short"), TimedOut("silence"), ConnectionLost("reset")],
    ids=lambda error: error.kind,
)
@pytest.mark.parametrize("failing", [("/0",), ("/0", "/1", "/3")], ids=["one", "some"])
def test_it_comes_again_after_all_the_others(tmp_path: Path, error: ShotDockError, failing: tuple[str, ...]) -> None:
    def fail(path: str, count: int) -> None:
        if path in failing and count == 1:
            raise error

    shelf = shelf_of(6)
    shelf.on_open = fail
    results = bring(tmp_path, shelf, [shelf.entry(path) for path in shelf.files])
    assert {done.result for done in results} == {R.DOWNLOADED}
    asked = order(shelf)
    assert asked[:6] == list(shelf.files)
    assert sorted(asked[6:]) == sorted(failing)
    assert tree(tmp_path) == {path[1:]: data for path, data in shelf.files.items()}


def test_what_will_never_work_does_not_come_again(tmp_path: Path) -> None:
    def refuse(path: str, count: int) -> None:
        if path == "/0":
            raise NotAllowed("550 no")

    shelf = shelf_of(4)
    shelf.on_open = refuse
    results = bring(tmp_path, shelf, [shelf.entry(path) for path in shelf.files])
    assert [done.result for done in results] == [R.FAILED, *[R.DOWNLOADED] * 3]
    assert order(shelf) == list(shelf.files)


def test_a_damaged_file_comes_again_after_all_the_others(tmp_path: Path) -> None:
    def spoil(path: str, offset: int) -> None:
        if path == "/0" and offset and shelf.opens[path] == 1:
            [part] = tmp_path.glob(".0.*.part")
            part.write_bytes(bytes(20))

    shelf = shelf_of(4)
    shelf.block, shelf.on_block = 50, spoil
    results = bring(tmp_path, shelf, [shelf.entry(path) for path in shelf.files], verify=True)
    assert {done.result for done in results} == {R.DOWNLOADED}
    assert order(shelf) == ["/0", "/1", "/2", "/3", "/0"]


def test_every_file_has_tries_of_its_own(tmp_path: Path) -> None:
    """Two never come, one comes at its last try; none has fewer tries because of another."""

    def fail(path: str, count: int) -> None:
        if path in ("/1", "/4") or (path == "/2" and count < HASTY.attempts):
            raise ConnectionLost("reset")

    shelf = shelf_of(6)
    shelf.on_open = fail
    results = bring(tmp_path, shelf, [shelf.entry(path) for path in shelf.files])
    assert [done.result is R.FAILED for done in results] == [False, True, False, False, True, False]
    asked = order(shelf)
    assert Counter(asked) == {"/0": 1, "/1": 5, "/2": 5, "/3": 1, "/4": 5, "/5": 1}
    assert asked[:6] == list(shelf.files), "the others came before any second try"


def test_a_line_that_breaks_in_the_middle_of_a_file_goes_on_with_it(tmp_path: Path) -> None:
    """That is no failure of the file: a half of it here is worth more than a half of every file."""

    def cut(path: str, offset: int) -> None:
        if offset and shelf.opens[path] == 1:
            raise ConnectionLost("reset")

    shelf = shelf_of(3)
    shelf.block, shelf.on_block = 50, cut
    results = bring(tmp_path, shelf, [shelf.entry(path) for path in shelf.files])
    assert {done.result for done in results} == {R.DOWNLOADED}
    assert order(shelf) == ["/0", "/0", "/1", "/1", "/2", "/2"]


def test_a_great_many_halves_do_not_wait_for_the_end(tmp_path: Path) -> None:
    """Each holds a descriptor; a system has only so many."""

    def halve(path: str, offset: int) -> None:
        halves.append(sum(count == 1 for count in shelf.opens.values()))
        if offset and shelf.opens[path] == 1:
            raise Truncated("short")

    halves: list[int] = []
    shelf = shelf_of(4 * MANY)
    shelf.block, shelf.on_block = 50, halve
    patience = replace(HASTY, first=0.0)
    results = bring(tmp_path, shelf, [shelf.entry(path) for path in shelf.files], patience=patience)
    assert {done.result for done in results} == {R.DOWNLOADED}
    assert max(halves) == MANY + 1, "those that wait, and the one that is just begun"
    assert tree(tmp_path) == {path[1:]: content(path, 100) for path in shelf.files}
