"""What came below a folder is found wherever a task's destination meets it, and the newest receipt of a path counts."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.core.plan import Action, PlannedFile
from desktop.core.task import FileResult, Task, TaskEvent, advance
from desktop.core.verify import Known, Noted
from desktop.store.database import Store
from desktop.store.receipts import Spot
from desktop.store.tasks import FileOutcome
from tests.store.samples import item, plan

SHA256 = "c0" * 32
R = FileResult


def bring(store: Store, destination: str, names: Sequence[str], results: Sequence[R], sha256: str = "") -> Task:
    """Make a task whose files ended so."""
    files = tuple(
        PlannedFile(f"/srv/{name}", name, 1000, 1.7e9, Action.DOWNLOAD, "New.", precision=2.0) for name in names
    )
    wanted = plan(replace(item(), files=files), destination=Path(destination))
    task = store.tasks.create(wanted, f"{len(store.tasks.all()):08}", "x", 1.0)
    store.tasks.save(advance(task, TaskEvent.START, 2.0))
    ended = zip(store.tasks.files(task.id), results, strict=True)
    return store.tasks.record(
        task.id, [FileOutcome(file.id, result, sha256=sha256 if result.arrived else "") for file, result in ended]
    )


def noted(path: str, task: int, sha256: str = "") -> Noted:
    return Noted(path, 1000, 1.7e9, 2.0, sha256, task)


def test_only_what_arrived_counts(store: Store) -> None:
    names = ["a", "b", "c", "d", "e", "f"]
    bring(store, "/work", names, [R.DOWNLOADED, R.OVERWRITTEN, R.KEPT_BOTH, R.SKIPPED, R.FAILED, R.PENDING], SHA256)
    assert store.receipts.gather([Spot("/work")]) == Known(3, 3, 3000, running=True)
    assert [*store.receipts.noted()] == [noted(name, 1, SHA256) for name in "abc"]
    store.tasks.save(advance(store.tasks.get(1), TaskEvent.FINISH, 3.0))
    assert store.receipts.gather([Spot("/work")]) == Known(3, 3, 3000, running=False)


def test_a_destination_lies_at_below_or_above_the_folder(store: Store) -> None:
    for destination, name in (
        ("/work", "VEGA/a"),
        ("/work/VEGA/SH1", "b"),
        ("/work/VEGA", "c"),
        ("/elsewhere", "VEGA/d"),
    ):
        bring(store, destination, [name], [R.DOWNLOADED])
    bring(store, "/work", ["VEGA2/e", "vega/f", "VEGA"], [R.DOWNLOADED] * 3)
    assert sorted(store.receipts.destinations()) == ["/elsewhere", "/work", "/work/VEGA", "/work/VEGA/SH1"]
    spots = [Spot("/work", under="VEGA/"), Spot("/work/VEGA/SH1", lead="SH1/"), Spot("/work/VEGA")]
    assert store.receipts.gather(spots).files == 3
    assert [*store.receipts.noted()] == [noted("SH1/b", 2), noted("a", 1), noted("c", 3)]
    assert store.receipts.gather([Spot("/elsewhere")]).files == 1, "what was gathered before is forgotten"
    assert [*store.receipts.noted()] == [noted("VEGA/d", 4)]


@pytest.mark.parametrize("newest_first", [True, False])
def test_the_newest_receipt_of_a_path_counts(store: Store, newest_first: bool) -> None:
    bring(store, "/work", ["VEGA/a", "VEGA/b"], [R.DOWNLOADED, R.DOWNLOADED])
    bring(store, "/work/VEGA", ["a", "b"], [R.OVERWRITTEN, R.SKIPPED], SHA256)
    spots = [Spot("/work"), Spot("/work/VEGA", lead="VEGA/")]
    assert store.receipts.gather(spots[::-1] if newest_first else spots) == Known(2, 1, 1000, True)
    assert [*store.receipts.noted()] == [noted("VEGA/a", 2, SHA256), noted("VEGA/b", 1)]


def test_an_older_task_that_was_tried_again_later_brought_the_newer_file(store: Store) -> None:
    older = bring(store, "/work", ["a"], [R.FAILED])
    bring(store, "/work", ["a"], [R.DOWNLOADED])
    store.tasks.reset_failed(older.id)
    [file] = store.tasks.files(older.id)
    store.tasks.record(older.id, [FileOutcome(file.id, R.OVERWRITTEN, sha256=SHA256)])
    store.receipts.gather([Spot("/work")])
    assert [*store.receipts.noted()] == [noted("a", older.id, SHA256)]


def test_names_that_are_not_unicode_and_many_of_them(store: Store) -> None:
    odd = "SH\udcff/\udcfe.exr"
    many = [f"SH\udcff/{number:04}.exr" for number in range(2500)]
    bring(store, "/work/\udcff", [odd, "SH\N{LATIN SMALL LETTER E WITH ACUTE}/x", *many], [R.DOWNLOADED] * 2502)
    assert store.receipts.gather([Spot("/work/\udcff", under="SH\udcff/")]).files == 2501
    assert sorted(note.path for note in store.receipts.noted()) == sorted(["\udcfe.exr", *(name[4:] for name in many)])


def test_nobody_waits_while_receipts_are_read(store: Store, path: Path) -> None:
    """A check may take hours; tasks go on being recorded."""
    bring(store, "/work", [f"{number:04}" for number in range(1500)], [R.DOWNLOADED] * 1500)
    store.receipts.gather([Spot("/work")])
    reading = store.receipts.noted()
    assert next(reading).path == "0000"
    with Store.open(path) as other:
        bring(other, "/work", ["0000", "new"], [R.OVERWRITTEN] * 2)
    assert sum(note.task == 1 for note in reading) == 1499
