"""A task whose server is away waits and tries again, all night if need be, then fails with one honest cause."""

import socket
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.core.connection import parse_connection
from desktop.core.plan import Action, Plan, PlannedFile, PlannedItem, Request
from desktop.core.schedule import Schedule, waiting_words
from desktop.core.task import FileResult, Task, TaskState
from desktop.transfer.retry import LATER, Patience
from tests.cli.console import Console
from tests.servers import scripted_http as http
from tests.servers.content import content, write_tree
from tests.servers.pyftpd import PyftpdServer
from tests.work.conftest import Bench
from tests.work.life import Clock, later, serving

FILES = {f"{n}.exr": 2000 + n for n in range(5)}
LONGER = LATER[-1] * 1.3


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PyftpdServer]:
    """Return a server that has a port and does not run."""
    write_tree(tmp_path / "served", FILES)
    server = PyftpdServer(tmp_path / "served").start()
    server.stop()
    yield server
    server.stop()


@pytest.fixture
def dead() -> Iterator[int]:
    """Return a port that is taken, and at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def connect(bench: Bench, server: PyftpdServer) -> None:
    connection, _ = parse_connection("FARM", server.url)
    bench.answer(lambda then, failed: bench.services.connections.save(connection, None, then, failed))
    bench.services.connections.agree(connection.address)
    bench.services.sites.remember_password("FARM", server.password)


def planned(names: Iterable[str]) -> tuple[PlannedFile, ...]:
    return tuple(PlannedFile(f"/{name}", name, None, None, Action.DOWNLOAD) for name in names)


def order(bench: Bench, server: PyftpdServer, *more: str) -> Task:
    connect(bench, server)
    files = planned((*FILES, *more))
    return bench.submit(Plan(Request("", bench.destination, name="night"), (PlannedItem("FARM", "night", files),)))


def put_off(bench: Bench, task: Task, attempts: int) -> Task:
    """Wait until the task was put off so many times."""
    bench.qtbot.waitUntil(
        lambda: (
            task.id in bench.seen
            and bench.seen[task.id].state is TaskState.WAITING
            and bench.seen[task.id].turn.attempts == attempts
        ),
        timeout=20_000,
    )
    return bench.seen[task.id]


def test_it_goes_on_by_itself_once_the_server_is_back(
    qtbot: QtBot, studio: Path, tmp_path: Path, server: PyftpdServer
) -> None:
    clock = Clock()
    with serving(qtbot, studio, tmp_path / "to", clock) as bench:
        task = order(bench, server)
        waiting = put_off(bench, task, 1)
        assert "Tried once. Next try at" in waiting_words(waiting.turn, clock.now)
        assert waiting.files.failed == 0
        later(bench, clock, LONGER)
        put_off(bench, task, 2)
        server.start()
        later(bench, clock, LONGER)
        done = bench.until(task.id, TaskState.DONE)
        assert done.files.downloaded == len(FILES)
        lines = bench.answer(lambda then, _: bench.services.tasks.log(task.id, then))
        assert sum("Next try at" in line.message for line in lines) == 2


def test_it_says_what_put_it_off_in_its_row_its_card_and_the_command_line(
    qtbot: QtBot, studio: Path, tmp_path: Path, server: PyftpdServer, dead: int, shotdock_home: Path
) -> None:
    """A file that is not there came first; that will not pass, and nobody waits for it."""
    clock = Clock()
    server.start()
    with serving(qtbot, studio, tmp_path / "to", clock) as bench:
        items = (
            PlannedItem("FARM", "gone", (PlannedFile("/gone.exr", "gone.exr", None, None, Action.DOWNLOAD),)),
            PlannedItem(f"ftp://127.0.0.1:{dead}", "night", planned(FILES)),
        )
        connect(bench, server)
        task = bench.submit(Plan(Request("", bench.destination, name="night"), items))
        waiting = put_off(bench, task, 1)
        words = waiting_words(waiting.turn, clock.now)
        assert words.startswith("Server away: 127.0.0.1:") and " cannot be reached. Tried once. Next try at " in words
        found = bench.answer(lambda then, _: bench.services.tasks.causes(task.id, then))
        told = {cause.kind: (cause.count, cause.retryable, cause.tried) for cause in found}
        assert told == {
            "unreachable": (len(FILES), True, "Tried once: nobody answered."),
            "not-found": (1, False, "Tried once: trying again would have changed nothing."),
        }
        report = bench.answer(lambda then, _: bench.services.tasks.report(task.id, then))
        assert f"{len(FILES)} files: 127.0.0.1:" in report and "1 file: " in report
    shotdock = Console(shotdock_home)
    assert "  waits: Server away: 127.0.0.1:" in shotdock("tasks", "show", task.id).out
    assert shotdock("tasks", "show", task.id, "--json").json["task"]["waits"].startswith("Server away: 127.0.0.1:")


def test_a_server_that_is_busy_for_ever_is_an_outage(
    qtbot: QtBot, studio: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It asks for one rest after the other; the task makes room for others, and goes on once it is let in."""
    monkeypatch.setattr("desktop.work.active.PATIENCE", Patience(rests=2, outage=2.0))
    busy = True
    data = content("a.exr", 5000)

    def script(request: http.Request) -> bytes:
        return http.answer("503 Busy", Retry_After="1") if busy else http.part(data, request)

    clock = Clock()
    with http.ScriptedHttp(script) as web, serving(qtbot, studio, tmp_path / "to", clock) as bench:
        files = (PlannedFile("/a.exr", "a.exr", len(data), None, Action.DOWNLOAD),)
        item = PlannedItem(f"http://127.0.0.1:{web.port}", "night", files)
        task = bench.submit(Plan(Request("", bench.destination, name="night"), (item,)))
        waiting = put_off(bench, task, 1)
        assert waiting.turn.waits_for.startswith("Server busy: ")
        (cause,) = bench.answer(lambda then, _: bench.services.tasks.causes(task.id, then))
        assert cause.error.cause.endswith("2 rests in a row, 2 s in all, and sent nothing in between.")
        assert len(web.requests) == 2
        busy = False
        later(bench, clock, LONGER)
        bench.until(task.id, TaskState.DONE)
        assert (bench.destination / "a.exr").read_bytes() == data


def test_after_a_night_it_fails_with_one_cause(
    qtbot: QtBot, studio: Path, tmp_path: Path, server: PyftpdServer
) -> None:
    clock = Clock()
    with serving(qtbot, studio, tmp_path / "to", clock) as bench:
        task = order(bench, server)
        for attempts in range(1, 4):
            put_off(bench, task, attempts)
            later(bench, clock, LONGER)
        put_off(bench, task, 4)
        later(bench, clock, 12 * 3600)
        failed = bench.until(task.id, TaskState.FAILED)
        assert "Tried 5 times in 1" in failed.error
        assert failed.files.failed == len(FILES)
        files = bench.answer(lambda then, _: bench.services.tasks.files(task.id, then))
        assert {(file.result, file.error["title"]) for file in files} == {(FileResult.FAILED, files[0].error["title"])}
        # Whoever asks for it again starts afresh.
        server.start()
        bench.services.tasks.retry([task.id])
        assert bench.until(task.id, TaskState.DONE).turn.attempts == 0


def test_who_puts_a_task_off_to_another_day_gives_it_all_its_time_again(
    qtbot: QtBot, studio: Path, tmp_path: Path, server: PyftpdServer
) -> None:
    clock = Clock()
    with serving(qtbot, studio, tmp_path / "to", clock) as bench:
        task = order(bench, server)
        put_off(bench, task, 1)
        tomorrow = clock.now + 24 * 3600
        bench.services.tasks.schedule([task.id], Schedule(start_at=tomorrow))
        put_off(bench, task, 0)
        later(bench, clock, 24 * 3600 + 1)
        waiting = put_off(bench, task, 1)
        assert (waiting.turn.first_failed or 0) > tomorrow


def test_what_will_never_work_is_not_tried_again(
    qtbot: QtBot, studio: Path, tmp_path: Path, server: PyftpdServer
) -> None:
    server.start()
    with serving(qtbot, studio, tmp_path / "to", Clock()) as bench:
        failed = bench.until(order(bench, server, "missing.exr").id, TaskState.FAILED)
        assert (failed.files.downloaded, failed.files.failed, failed.turn.attempts) == (len(FILES), 1, 0)


def test_without_patience_it_fails_at_once(qtbot: QtBot, studio: Path, tmp_path: Path, server: PyftpdServer) -> None:
    with serving(qtbot, studio, tmp_path / "to", Clock()) as bench:
        bench.services.settings.update(retry_hours=0)
        failed = bench.until(order(bench, server).id, TaskState.FAILED)
        assert failed.files.failed == len(FILES)


def test_a_command_does_not_wait_all_night(qtbot: QtBot, studio: Path, tmp_path: Path, server: PyftpdServer) -> None:
    with serving(qtbot, studio, tmp_path / "to", Clock(), stays=False) as bench:
        assert bench.until(order(bench, server).id, TaskState.FAILED).turn.attempts == 0


def test_why_it_failed_is_told_once_and_in_a_report(
    qtbot: QtBot, studio: Path, tmp_path: Path, server: PyftpdServer
) -> None:
    with serving(qtbot, studio, tmp_path / "to", Clock(), stays=False) as bench:
        task = bench.until(order(bench, server).id, TaskState.FAILED)
        (cause,) = bench.answer(lambda then, _: bench.services.tasks.causes(task.id, then))
        assert (cause.count, cause.retryable) == (len(FILES), True)
        text = bench.answer(lambda then, _: bench.services.tasks.report(task.id, then))
        assert f"{len(FILES)} files: 127.0.0.1:{server.port} cannot be reached." in text
        assert "Qt: 6." in text
        lines = bench.answer(lambda then, _: bench.services.tasks.log(task.id, then))
        assert sum("cannot be reached" in line.message for line in lines) == 1, "one line, not one for each file"
