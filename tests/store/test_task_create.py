"""A plan becomes a task with every name, number and reason it had."""

import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.core.errors import NotFound
from desktop.core.media import ShotKey
from desktop.core.plan import Action, ItemState, Options, Plan, PlannedItem, Request, VersionStrategy
from desktop.core.task import Bytes, Counts, FileResult, TaskFile, TaskState
from desktop.store.database import Store
from desktop.store.owner import this_process
from tests.store.samples import SHOT, TOKEN, WHOLE, file, item, plan


def test_a_task_is_remembered_as_it_was_asked_for(store: Store) -> None:
    made = store.tasks.create(plan(), TOKEN, "Monday", 1_700_000_000.25)
    assert made == store.tasks.get(made.id) == store.tasks.all()[0]
    assert (made.token, made.name, made.connection) == (TOKEN, "Monday", "vega")
    assert made.destination == Path("/mnt/work/shots")
    assert (made.version_strategy, made.specific_version) == (VersionStrategy.SPECIFIC, "v002")
    assert made.conflict_strategy == "compare"
    assert made.options == Options(parallel=4, segments=2, limit_rate=5_000_000, verify=True)
    assert made.state is TaskState.WAITING
    assert (made.created, made.started, made.finished) == (1_700_000_000.25, None, None)
    assert made.files == Counts(planned=3)
    assert made.bytes == Bytes(planned=3000)
    assert made.owner == this_process()


def test_items_keep_shot_versions_and_message(store: Store) -> None:
    planned = item(message="2 frames are missing.")
    task = store.tasks.create(plan(planned), TOKEN, "Monday", 1.0)
    (kept,) = store.tasks.items(task.id)
    assert (kept.task_id, kept.site, kept.label, kept.key) == (task.id, "vega", planned.label, SHOT)
    assert (kept.department, kept.selected_version, kept.available_versions) == ("lighting", "v002", ("v001", "v002"))
    assert (kept.latest_version, kept.local_version) == ("v002", "v001")
    assert kept.state is ItemState.PLANNED
    assert kept.error_message == "2 frames are missing."
    assert (kept.files, kept.bytes) == (Counts(planned=3), Bytes(planned=3000))


def test_an_item_of_a_plain_transfer_has_no_shot(store: Store) -> None:
    task = store.tasks.create(plan(item("clip.mp4", key=None)), TOKEN, "x", 1.0)
    assert store.tasks.items(task.id)[0].key is None
    key = ShotKey("VEGA", "", "", "SH010")
    task = store.tasks.create(plan(item(key=key)), "k3v9x2qb", "x", 1.0)
    assert store.tasks.items(task.id)[0].key == key


def test_files_are_brought_by_rank_over_all_items(store: Store) -> None:
    """The ids are the order of transfer; what an item's files are does not change with it."""
    items = [
        replace(made, files=tuple(replace(file, rank=rank) for file, rank in zip(made.files, (0, 4, 2), strict=True)))
        for made in (item("a"), item("b"))
    ]
    task = store.tasks.create(plan(*items), TOKEN, "Monday", 1.0)
    listed = [file.source for made in items for file in made.files]
    assert [file.source for file in store.tasks.pending(task.id)] == [listed[n] for n in (0, 3, 2, 5, 1, 4)]
    first, second = store.tasks.items(task.id)
    assert {file.source for file in store.tasks.files(task.id, first.id)} == set(listed[:3])
    assert (first.files, second.files) == (Counts(planned=3), Counts(planned=3))


def test_files_keep_facts_and_begin_with_their_fate(store: Store) -> None:
    task = store.tasks.create(plan(item(actions=WHOLE)), TOKEN, "Monday", 1.0)
    files = store.tasks.files(task.id)
    assert [each.action for each in files] == list(WHOLE)
    assert [each.result for each in files] == [
        FileResult.PENDING,
        FileResult.PENDING,
        FileResult.PENDING,
        FileResult.SKIPPED,
        FileResult.PENDING,
        FileResult.FAILED,
    ]
    first = files[0]
    assert first == TaskFile(
        id=first.id,
        item_id=store.tasks.items(task.id)[0].id,
        source="/projects/VEGA/SQ01/SH010/beauty_v002.1001.exr",
        target="VEGA/VEGA/SQ01/SH010/beauty_v002.1001.exr",
        size=1000,
        mtime=1.7e9,
        action=Action.DOWNLOAD,
        result=FileResult.PENDING,
        etag='"e1"',
        precision=2.0,
        reason="New.",
    )
    assert files[5].error == {
        "path": files[5].source,
        "kind": "hostile-name",
        "title": "Its name would leave the folder.",
        "cause": "The plan left it out.",
        "suggestion": "Ask whoever published it to rename the file, or remove the link that leads out.",
        "retryable": False,
    }
    assert task.files == Counts(planned=6, skipped=1, failed=1)
    assert task.bytes == Bytes(planned=4000)
    assert [each.id for each in store.tasks.pending(task.id)] == [files[n].id for n in (0, 1, 2, 4)]


@pytest.mark.parametrize(
    ("actions", "state", "message"),
    [
        ([Action.DOWNLOAD, Action.SKIP], ItemState.PLANNED, ""),
        ([Action.SKIP, Action.SKIP], ItemState.UP_TO_DATE, ""),
        ([Action.BLOCKED], ItemState.FAILED, "Its name would leave the folder."),
        ([Action.SKIP, Action.BLOCKED], ItemState.PARTIAL, "Its name would leave the folder."),
        ([Action.DOWNLOAD, Action.BLOCKED], ItemState.PLANNED, "Its name would leave the folder."),
        ([], ItemState.UP_TO_DATE, ""),
    ],
)
def test_an_item_begins_in_the_state_its_files_give_it(
    store: Store, actions: list[Action], state: ItemState, message: str
) -> None:
    task = store.tasks.create(plan(item(actions=actions)), TOKEN, "x", 1.0)
    (kept,) = store.tasks.items(task.id)
    assert (kept.state, kept.error_message) == (state, message)


def test_a_skipped_item_stays_skipped_and_says_why(store: Store) -> None:
    words = "Version v005 not available, available: v001, v002"
    task = store.tasks.create(
        plan(item(actions=[Action.DOWNLOAD], state=ItemState.SKIPPED, message=words)), TOKEN, "x", 1.0
    )
    (kept,) = store.tasks.items(task.id)
    assert (kept.state, kept.error_message) == (ItemState.SKIPPED, words)
    assert task.files == Counts(planned=1, skipped=1)
    assert store.tasks.pending(task.id) == ()


def test_an_empty_plan_is_a_task_too(store: Store) -> None:
    task = store.tasks.create(Plan(Request("vega", Path("/mnt/work")), ()), TOKEN, "nothing", 1.0)
    assert (task.files, task.bytes, store.tasks.items(task.id)) == (Counts(), Bytes(), ())


@pytest.mark.skipif(sys.platform == "win32", reason="bytes as names")
def test_names_that_are_not_unicode_come_back_as_they_were(store: Store) -> None:
    name = b"caf\xe9.exr".decode("utf-8", "surrogateescape")
    planned = PlannedItem("vega", name, (file(name),), message=f"odd: {name}")
    destination = Path("/mnt") / name
    task = store.tasks.create(Plan(Request("vega", destination), (planned,)), TOKEN, name, 1.0)
    assert (task.destination, task.name) == (destination, name)
    assert store.tasks.items(task.id)[0].label == name
    assert store.tasks.files(task.id)[0].source == f"/projects/{name}"
    store.recent.remember(destination)
    assert store.recent.destinations() == (destination,)


def test_names_of_every_script_come_back(store: Store) -> None:
    task = store.tasks.create(plan(item("Épisode/镜头/Ω'\"%;--")), TOKEN, "тест", 1.0)
    assert store.tasks.items(task.id)[0].label == "Épisode/镜头/Ω'\"%;--"
    assert task.name == "тест"


def test_files_come_in_pages_by_item_and_by_result(store: Store) -> None:
    items = [item(f"VEGA/SQ01/SH{n:03d}", [Action.DOWNLOAD, Action.SKIP]) for n in range(5)]
    task = store.tasks.create(plan(*items), TOKEN, "x", 1.0)
    store.tasks.create(plan(item("other")), "k3v9x2qb", "y", 2.0)
    everything = store.tasks.files(task.id)
    assert len(everything) == 10
    assert store.tasks.files(task.id, limit=3) == everything[:3]
    assert store.tasks.files(task.id, limit=3, offset=8) == everything[8:]
    assert store.tasks.files(task.id, offset=4) == everything[4:]
    third = store.tasks.items(task.id)[2].id
    assert store.tasks.files(task.id, third) == everything[4:6]
    assert store.tasks.files(task.id, results=[FileResult.SKIPPED], limit=2) == everything[1:4:2]
    assert store.tasks.files(task.id, results=[]) == ()


def test_a_deleted_task_takes_everything_with_it(store: Store) -> None:
    gone = store.tasks.create(plan(), TOKEN, "x", 1.0)
    kept = store.tasks.create(plan(), "k3v9x2qb", "y", 2.0)
    store.tasks.delete([gone.id, 4711])
    assert store.tasks.all() == (kept,)
    assert (store.tasks.items(gone.id), store.tasks.files(gone.id)) == ((), ())
    assert len(store.tasks.files(kept.id)) == 3
    with pytest.raises(NotFound, match=f"no task {gone.id}"):
        store.tasks.get(gone.id)
    store.tasks.delete([kept.id])
    assert store.tasks.create(plan(), "k3v9x2qc", "z", 3.0).id > kept.id, "a number is never given twice"


def test_a_task_of_100000_files(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    items = tuple(
        PlannedItem(
            "vega",
            f"VEGA/SQ01/SH{n:04d}",
            tuple(file(f"VEGA/SQ01/SH{n:04d}/lighting/version/beauty_v002.{f:04d}.exr") for f in range(100)),
        )
        for n in range(1000)
    )
    began = time.perf_counter()
    task = store.tasks.create(Plan(Request("vega", Path("/mnt")), items), TOKEN, "large", 1.0)
    made = time.perf_counter()
    files = store.tasks.pending(task.id)
    read = time.perf_counter()
    page = store.tasks.files(task.id, limit=100, offset=99_900)
    assert task.files.planned == len(files) == 100_000
    assert page == files[-100:]
    with capsys.disabled():
        print(f" [100,000 files: created in {made - began:.2f} s, read in {read - made:.2f} s] ", end="")


def test_available_versions_are_a_list_others_can_read(store: Store) -> None:
    store.tasks.create(plan(), TOKEN, "x", 1.0)
    assert json.loads(store._access.value("SELECT available_versions FROM item")) == ["v001", "v002"]
