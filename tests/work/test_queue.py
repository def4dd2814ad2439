"""A task's life on the real engine: queued, run, paused, resumed, cancelled, retried, deleted."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.core.errors import ShotDockError
from desktop.core.plan import Filters, Options, Request, VersionStrategy
from desktop.core.task import FileResult, Progress, TaskState
from desktop.logs import LogRing
from desktop.places import Places
from desktop.work.services import start_services
from tests.work.conftest import Bench, write


def tree(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def big(bench: Bench, size: int = 3_000_000) -> None:
    """Publish one file that takes a while under a limit."""
    folder = bench.studio / "VEGA" / "SQ01" / "SH030" / "anim" / "publish" / "v001"
    write(folder / "big.abc", os.urandom(size))


def test_a_task_brings_every_file_and_the_second_run_brings_none(bench: Bench) -> None:
    first = bench.run(version_strategy=VersionStrategy.ALL)
    assert (first.state, first.outcome, first.files.downloaded) == (TaskState.DONE, "done", 6)
    assert tree(bench.destination) == tree(bench.studio)
    second = bench.run(version_strategy=VersionStrategy.ALL)
    assert (second.outcome, second.files.skipped, second.bytes.transferred) == ("up-to-date", 6, 0)


def test_latest_takes_each_shot_its_own(bench: Bench) -> None:
    task = bench.run()
    assert task.files.downloaded == 4
    items = bench.answer(lambda then, _: bench.services.tasks.items(task.id, then))
    assert {item.key.shot if item.key else "": item.selected_version for item in items} == {
        "SH010": "v002",
        "SH020": "v001",
    }


def test_a_task_keeps_a_log_in_plain_words(bench: Bench) -> None:
    task = bench.run(version_strategy=VersionStrategy.SPECIFIC, specific_version="v002")
    lines = bench.answer(lambda then, _: bench.services.tasks.log(task.id, then))
    text = "\n".join(f"{line.level} {line.message}" for line in lines)
    assert "Version v002 not available, available: v001" in text
    assert "Finished (done): 2 downloaded" in text
    assert "Planned 2 files" in text and "Started: 2 files to do." in text


def test_a_log_counts_one_file_as_one(bench: Bench) -> None:
    whole = bench.run(filters=Filters(shot=("SH020",)))
    next(path for path in whole.destination.rglob("*.ma")).unlink()
    task = bench.run(filters=Filters(shot=("SH020",)))
    lines = bench.answer(lambda then, _: bench.services.tasks.log(task.id, then))
    text = "\n".join(line.message for line in lines)
    assert "Planned 1 file, " in text and "Started: 1 file to do." in text


def test_pause_keeps_what_came_and_resume_brings_the_rest(bench: Bench) -> None:
    big(bench, 12_000_000)
    filters = Filters(shot=("SH030",))
    plan = bench.plan(filters=filters, options=Options(limit_rate=3_000_000))
    heard: list[Progress] = []
    bench.services.tasks.progressed.connect(lambda figures: heard.extend(figures))
    task = bench.submit(plan)
    bench.qtbot.waitUntil(lambda: any(figures.done > 6_000_000 for figures in heard), timeout=20_000)
    bench.services.tasks.pause([task.id])
    paused = bench.until(task.id, TaskState.PAUSED)
    assert not list(bench.destination.rglob("big.abc"))
    assert list(bench.destination.rglob(".big.abc.*.part"))
    bench.services.tasks.resume([task.id])
    done = bench.until(task.id, TaskState.DONE)
    assert tree(bench.destination) == {name: data for name, data in tree(bench.studio).items() if "SH030" in name}
    assert done.files.resumed == 1
    assert done.bytes.reused > 0
    assert paused.outcome == "cancelled"


def test_cancel_writes_nothing_more(bench: Bench) -> None:
    big(bench, 12_000_000)
    plan = bench.plan(filters=Filters(shot=("SH030",)), options=Options(limit_rate=2_000_000))
    task = bench.submit(plan)
    bench.until(task.id, TaskState.RUNNING)
    bench.services.tasks.cancel([task.id])
    bench.until(task.id, TaskState.CANCELLED)
    bench.services.tasks.delete([task.id])
    bench.qtbot.waitUntil(lambda: not bench.tasks())
    assert not [path for path in bench.destination.rglob("*") if path.is_file()]


def test_delete_with_files_removes_only_what_the_task_brought(bench: Bench) -> None:
    mine = bench.destination / "VEGA" / "notes.txt"
    write(mine, b"mine")
    task = bench.run()
    bench.services.tasks.delete([task.id], with_files=True)
    bench.qtbot.waitUntil(lambda: not bench.tasks())
    assert [path for path in bench.destination.rglob("*") if path.is_file()] == [mine]


def test_delete_with_files_leaves_what_was_changed_since(bench: Bench) -> None:
    task = bench.run()
    longer, newer, *_ = sorted(path for path in bench.destination.rglob("*") if path.is_file())
    longer.write_bytes(longer.read_bytes() + b"and a day's work")
    write(newer, b"x" * newer.stat().st_size, age=0)
    bench.services.tasks.delete([task.id], with_files=True)
    bench.qtbot.waitUntil(lambda: not bench.tasks())
    assert sorted(path for path in bench.destination.rglob("*") if path.is_file()) == [longer, newer]


def test_files_that_cannot_be_removed_are_told_and_their_task_stays(bench: Bench) -> None:
    task, other = bench.run(), bench.submit(bench.plan(filters=Filters(shot=("SH020",))), start=False)
    path = next(path for path in bench.destination.rglob("*") if path.is_file())
    path.unlink()
    path.mkdir()
    with bench.qtbot.waitSignal(bench.services.tasks.refused) as heard:
        bench.services.tasks.delete([task.id, other.id], with_files=True)
    assert path.name in str(heard.args[0])
    assert [(known.id, known.state, known.owner) for known in bench.tasks()] == [(task.id, TaskState.DONE, "")]


def test_a_vanished_file_fails_alone_and_retry_brings_it(bench: Bench) -> None:
    plan = bench.plan()
    gone = bench.studio / "VEGA/SQ01/SH020/anim/publish/v001/cache/char.abc"
    content, times = gone.read_bytes(), (gone.stat().st_atime, gone.stat().st_mtime)
    gone.unlink()
    task = bench.until(bench.submit(plan).id)
    assert (task.state, task.outcome, task.files.failed, task.files.downloaded) == (TaskState.FAILED, "partial", 1, 3)
    assert task.error
    files = bench.answer(lambda then, _: bench.services.tasks.files(task.id, then))
    failed = [file for file in files if file.result is FileResult.FAILED]
    assert failed[0].error is not None
    assert failed[0].error["kind"] == "not-found"
    gone.write_bytes(content)
    os.utime(gone, times)
    bench.services.tasks.retry([task.id])
    again = bench.until(task.id, TaskState.DONE)
    assert (again.files.failed, again.files.downloaded) == (0, 4)


def test_another_limit_holds_at_once_for_what_runs(bench: Bench) -> None:
    """With the first one the file would take most of an hour."""
    big(bench, 3_000_000)
    bench.services.settings.update(limit_rate=1000)
    task = bench.submit(bench.plan(filters=Filters(shot=("SH030",))))
    heard: list[Progress] = []
    bench.services.tasks.progressed.connect(lambda figures: heard.extend(figures))
    bench.qtbot.waitUntil(lambda: any(figures.done for figures in heard), timeout=20_000)
    bench.services.settings.update(limit_rate=None)
    assert bench.until(task.id, TaskState.DONE).files.downloaded == 1


def test_two_tasks_run_side_by_side_and_a_third_waits(bench: Bench) -> None:
    big(bench, 3_000_000)
    slow = Options(limit_rate=1_500_000)
    tasks = [
        bench.submit(bench.plan(filters=Filters(shot=("SH030",)), options=slow, conflict="overwrite", name=f"t{n}"))
        for n in range(3)
    ]
    bench.until(tasks[0].id, TaskState.RUNNING)
    bench.until(tasks[1].id, TaskState.RUNNING)
    states = {task.id: task.state for task in bench.tasks()}
    assert states[tasks[2].id] is TaskState.WAITING
    for task in tasks:
        assert bench.until(task.id, TaskState.DONE).files.failed == 0


def test_a_plan_that_is_not_started_waits_for_the_artist(bench: Bench) -> None:
    task = bench.submit(bench.plan(), start=False)
    assert task.state is TaskState.PAUSED
    assert not bench.destination.exists()
    bench.services.tasks.resume([task.id])
    assert bench.until(task.id, TaskState.DONE).files.downloaded == 4


def test_shutting_down_interrupts_and_the_next_start_offers_to_resume(
    qtbot: QtBot, studio: Path, tmp_path: Path
) -> None:
    services = start_services(Places.find(), LogRing())
    bench = Bench(qtbot, services, studio, tmp_path / "shows")
    bench.connect("VEGA", studio)
    big(bench, 12_000_000)
    task = bench.submit(bench.plan(filters=Filters(shot=("SH030",)), options=Options(limit_rate=2_000_000)))
    bench.until(task.id, TaskState.RUNNING)
    services.shutdown()

    services = start_services(Places.find(), LogRing())
    again = Bench(qtbot, services, studio, tmp_path / "shows")
    assert [found.state for found in again.tasks()] == [TaskState.INTERRUPTED]
    services.tasks.resume([task.id])
    assert again.until(task.id, TaskState.DONE).files.downloaded == 1
    services.shutdown()


KILLED = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from desktop.core.plan import Filters, Options, Request
from desktop.logs import LogRing
from desktop.places import Places
from desktop.work.services import start_services

app = QCoreApplication([])
services = start_services(Places.find(), LogRing())
request = Request("VEGA", Path(sys.argv[1]), Filters(shot=("SH030",)), options=Options(limit_rate=2_000_000))
tell = lambda figures: print("moving", flush=True) if any(f.done > 1_000_000 for f in figures) else None
services.tasks.progressed.connect(tell)
plan = lambda structure: services.library.plan(request, structure, services.tasks.submit, print)
services.library.scan("VEGA", plan, print)
app.exec()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
def test_a_killed_process_leaves_a_task_that_the_next_one_finds_interrupted(bench: Bench, tmp_path: Path) -> None:
    big(bench, 12_000_000)
    killed = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(bench.destination)], stdout=subprocess.PIPE, cwd=Path.cwd(), text=True
    )
    assert killed.stdout is not None
    assert killed.stdout.readline().strip() == "moving"
    running = [task for task in bench.tasks() if task.state is TaskState.RUNNING]
    assert len(running) == 1
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    killed.stdout.close()

    services = start_services(Places.find(), LogRing())
    found: list[int] = []
    services.tasks.interrupted.connect(lambda tasks: found.extend(task.id for task in tasks))
    bench.qtbot.waitUntil(lambda: found == [running[0].id])
    services.shutdown()
    bench.services.tasks.resume(found)
    done = bench.until(found[0], TaskState.DONE)
    assert done.files.downloaded == 1
    assert tree(bench.destination / "VEGA/SQ01/SH030") == tree(bench.studio / "VEGA/SQ01/SH030")


def test_progress_tells_bytes_files_and_items(bench: Bench) -> None:
    big(bench, 6_000_000)
    heard: list[Progress] = []
    bench.services.tasks.progressed.connect(lambda figures: heard.extend(figures))
    task = bench.submit(bench.plan(filters=Filters(shot=("SH030",)), options=Options(limit_rate=4_000_000)))
    bench.until(task.id, TaskState.DONE)
    moving = [figures for figures in heard if 0 < figures.done < figures.total]
    assert moving
    assert all(figures.total == 6_000_000 and figures.files_total == 1 for figures in moving)
    assert [figures.done for figures in heard] == sorted(figures.done for figures in heard)
    assert any(figures.current == ("big.abc",) for figures in moving)


def test_a_scan_of_a_root_that_is_not_there_says_so(bench: Bench) -> None:
    bench.connect("LYRA", bench.studio / "nowhere")
    with pytest.raises(ShotDockError) as caught:
        bench.answer(lambda then, failed: bench.services.library.scan("LYRA", then, failed))
    assert caught.value.kind == "not-found"
    assert "nowhere" in caught.value.path


def test_a_scan_is_remembered_and_can_be_cancelled(bench: Bench) -> None:
    structure = bench.scan()
    cached = bench.answer(lambda then, failed: bench.services.library.cached("VEGA", then, failed))
    assert cached == structure
    heard: list[object] = []
    work = bench.services.library.scan("VEGA", heard.append, heard.append)
    work.cancel()
    assert bench.scan() is not None  # whatever the cancelled one would say, it would have said by now
    assert heard == []


def test_a_request_for_nothing_is_done_at_once(bench: Bench) -> None:
    request = Request("VEGA", bench.destination, Filters(shot=("SH999",)))
    structure = bench.scan()
    plan = bench.answer(lambda then, failed: bench.services.library.plan(request, structure, then, failed))
    task = bench.until(bench.submit(plan).id)
    assert (task.outcome, task.files.planned) == ("up-to-date", 0)


def test_a_task_is_deleted_by_its_process_for_a_command(bench: Bench) -> None:
    big(bench, 12_000_000)
    plan = bench.plan(filters=Filters(shot=("SH030",)), options=Options(limit_rate=100_000))
    task = bench.submit(plan)
    bench.until(task.id, TaskState.RUNNING)
    command = [sys.executable, "-m", "desktop", "tasks", "delete", str(task.id), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as foreign:
        bench.qtbot.waitUntil(lambda: foreign.poll() is not None, timeout=30_000)
        assert foreign.stdout is not None
        assert (foreign.returncode, json.loads(foreign.stdout.read())["deleted"]) == (0, [task.id])
    assert bench.tasks() == ()


def test_a_part_that_cannot_be_removed_keeps_no_task(bench: Bench) -> None:
    big(bench, 12_000_000)
    task = bench.submit(bench.plan(filters=Filters(shot=("SH030",)), options=Options(limit_rate=2_000_000)))
    bench.qtbot.waitUntil(lambda: bool(list(bench.destination.rglob(".big*.part"))), timeout=30_000)
    bench.services.tasks.pause([task.id])
    bench.until(task.id, TaskState.PAUSED)
    bench.qtbot.waitUntil(lambda: bench.services._queue.idle, timeout=30_000)
    (part,) = bench.destination.rglob(".big*.part")
    part.unlink()
    part.mkdir()
    bench.services.tasks.delete([task.id])
    bench.qtbot.waitUntil(lambda: not bench.tasks(), timeout=10_000)
    assert part.is_dir()


def test_what_cannot_be_done_is_told(bench: Bench) -> None:
    with bench.qtbot.waitSignal(bench.services.tasks.refused) as heard:
        bench.services.tasks.pause([4711])
    assert isinstance(heard.args[0], ShotDockError)
    assert "4711" in str(heard.args[0])


def test_a_resumed_task_counts_what_came_before(bench: Bench) -> None:
    heard: list[Progress] = []
    bench.services.tasks.progressed.connect(lambda figures: heard.extend(figures))
    folder = bench.studio / "VEGA" / "SQ01" / "SH030" / "anim" / "publish" / "v001"
    write(folder / "a.abc", b"a" * 500_000)
    write(folder / "b.abc", b"b" * 500_000)
    options = Options(limit_rate=400_000, parallel=1)
    task = bench.submit(bench.plan(filters=Filters(shot=("SH030",)), options=options))
    bench.qtbot.waitUntil(lambda: task.id in bench.seen and bench.seen[task.id].files.downloaded == 1, timeout=30_000)
    bench.services.tasks.pause((task.id,))
    bench.until(task.id, TaskState.PAUSED)
    heard.clear()
    bench.services.tasks.resume((task.id,))
    bench.qtbot.waitUntil(lambda: any(figures.speed for figures in heard), timeout=30_000)
    assert all(figures.done >= 500_000 and figures.files_done >= 1 and figures.files_total == 2 for figures in heard)


def test_versions_asked_for_by_name_that_are_not_there_are_no_success(bench: Bench) -> None:
    task = bench.run(version_strategy=VersionStrategy.SPECIFIC, specific_version="v999")
    assert (task.state, task.outcome) == (TaskState.FAILED, "failed")
    assert task.error.startswith("No shot has the version v999. ")
    lines = bench.answer(lambda then, _failed: bench.services.tasks.log(task.id, then))
    assert [line.level for line in lines][-1] == "ERROR"
