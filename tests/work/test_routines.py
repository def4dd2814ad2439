"""What repeats is planned anew at every run; what was missed is told; what cannot be planned is tried again."""

import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from desktop.core.errors import UsageError
from desktop.core.hours import parse_hours
from desktop.core.plan import Request
from desktop.core.routine import PATIENCE, Routine
from desktop.core.schedule import Priority, Repeat, Schedule
from desktop.demo.content import Size
from desktop.demo.gallery.gallery import Gallery
from desktop.work.library import PlainSource
from tests.servers.pyftpd import PyftpdServer
from tests.work.conftest import Bench, write
from tests.work.life import Clock, serving

NOON = datetime(2026, 11, 27, 12, 0).timestamp()
DAY = 86_400.0
DAILY = Schedule(NOON + 3600, repeat=Repeat(days=1))


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


def routines(bench: Bench) -> tuple[Routine, ...]:
    with bench.qtbot.waitSignal(bench.services.routines.changed, timeout=10_000) as heard:
        bench.services.routines.load()
    found: tuple[Routine, ...] = heard.args[0]
    return found


def add(bench: Bench, schedule: Schedule = DAILY, **more: Any) -> Routine:
    request = Request("" if "sources" in more else "VEGA", bench.destination, name="Nightly")
    made: Routine = bench.answer(lambda then, _: bench.services.routines.add(request, schedule, then, **more))
    return made


def ahead(bench: Bench, clock: Clock, seconds: float) -> None:
    clock.now += seconds
    bench.services.routines.look()


def result(bench: Bench, words: str) -> Routine:
    """Wait until the routine says this of its last run."""
    bench.qtbot.waitUntil(lambda: routines(bench)[0].last_result.startswith(words), timeout=20_000)
    return routines(bench)[0]


def test_every_run_is_planned_anew(qtbot: QtBot, studio: Path, tmp_path: Path, clock: Clock) -> None:
    with serving(qtbot, studio, tmp_path / "shows", clock) as bench:
        bench.connect("VEGA", studio)
        kept = add(bench, priority=Priority.LOW)
        assert kept.due == NOON + 3600
        ahead(bench, clock, 3600)
        first = result(bench, "done: 4 downloaded")
        assert (first.due, first.last_run) == (NOON + 3600 + DAY, clock.now)
        (task,) = bench.tasks()
        assert (task.name, task.turn.routine, task.turn.priority) == ("Nightly", kept.id, Priority.LOW)
        write(studio / "VEGA/SQ01/SH010/anim/publish/v003/SH010_v003.ma", b"newer")
        ahead(bench, clock, DAY)
        result(bench, "done: 1 downloaded")
        ahead(bench, clock, DAY)
        result(bench, "All up to date.")
        assert len(bench.tasks()) == 2, "a run without anything to bring is no task"


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if sys.platform == "win32":
        pytest.skip("a process there has the system's zone")
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("berlin")
def test_a_night_that_skips_its_hour_moves_no_other(qtbot: QtBot, studio: Path, tmp_path: Path) -> None:
    clock = Clock(datetime(2026, 3, 27, 12, 0).timestamp())
    with serving(qtbot, studio, tmp_path / "shows", clock) as bench:
        bench.connect("VEGA", studio)
        kept = add(bench, Schedule(datetime(2026, 3, 28, 2, 30).timestamp(), repeat=Repeat(days=1)))
        due = []
        for _ in range(3):
            clock.now = kept.due
            bench.services.routines.look()
            bench.qtbot.waitUntil(lambda: routines(bench)[0].last_run == clock.now, timeout=20_000)
            kept = routines(bench)[0]
            due.append(datetime.fromtimestamp(kept.due).isoformat(" ", "minutes"))
        assert due == ["2026-03-29 03:30", "2026-03-30 02:30", "2026-03-31 02:30"]


def test_a_plain_transfer_repeats_by_its_sources(qtbot: QtBot, studio: Path, tmp_path: Path, clock: Clock) -> None:
    with serving(qtbot, studio, tmp_path / "shows", clock) as bench:
        add(bench, Schedule(repeat=Repeat(hours=6)), sources=(PlainSource(str(studio / "VEGA"), "copy"),))
        ahead(bench, clock, 1)
        result(bench, "done: 6 downloaded")


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    opened = Gallery(tmp_path / "gallery", Size.SMALL)
    for video in opened.videos()[3:]:
        del opened._videos[video.id]
    yield opened
    opened.stop()


def test_a_gallery_repeats_by_its_list_of_then(
    qtbot: QtBot, studio: Path, tmp_path: Path, clock: Clock, gallery: Gallery
) -> None:
    first, _, third = gallery.videos()
    del gallery._videos[third.id]
    shows = tmp_path / "shows"
    with serving(qtbot, studio, shows, clock) as bench:
        desk = bench.services.gallery
        bench.answer(lambda then, failed: desk.remember_token(gallery.url, gallery.token, False, then, failed))
        request = Request(gallery.url, shows, conflict="overwrite", name="Dailies")
        bench.answer(lambda then, _: bench.services.routines.add(request, DAILY, then, videos=()))
        ahead(bench, clock, 3600)
        result(bench, "done: 2 downloaded")
        assert len(list(shows.glob("*.mp4"))) == 2
        gallery._videos[third.id] = third
        gallery.expire_links()
        ahead(bench, clock, DAY)
        result(bench, "done: 1 downloaded")  # what is here is left alone, whatever the conflict strategy
        ahead(bench, clock, DAY)
        result(bench, "All up to date.")
        lost = next(path for path in shows.glob("*.mp4") if path.read_bytes() == gallery.file(first.id).read_bytes())
        lost.unlink()
        ahead(bench, clock, DAY)
        result(bench, "done: 1 downloaded")
        assert lost.read_bytes() == gallery.file(first.id).read_bytes()
        ahead(bench, clock, DAY)
        result(bench, "All up to date.")
        lost.write_bytes(b"rendered before")  # another size: now the conflict strategy decides
        ahead(bench, clock, DAY)
        result(bench, "done: 1 downloaded")
        assert lost.read_bytes() == gallery.file(first.id).read_bytes()
        assert [task.turn.routine for task in bench.tasks()] == [1] * 4


def test_chosen_videos_repeat_and_no_others(
    qtbot: QtBot, studio: Path, tmp_path: Path, clock: Clock, gallery: Gallery
) -> None:
    chosen = str(gallery.videos()[1].id)
    with serving(qtbot, studio, tmp_path / "shows", clock) as bench:
        desk = bench.services.gallery
        bench.answer(lambda then, failed: desk.remember_token(gallery.url, gallery.token, False, then, failed))
        request = Request(gallery.url, bench.destination, name="Dailies")
        bench.answer(lambda then, _: bench.services.routines.add(request, DAILY, then, videos=(chosen, "7999")))
        ahead(bench, clock, 3600)
        result(bench, "done: 1 downloaded, 0 skipped, 0 failed.")
        (path,) = bench.destination.glob("*.mp4")
        assert path.read_bytes() == gallery.file(int(chosen)).read_bytes()
        del gallery._videos[int(chosen)]
        ahead(bench, clock, DAY)
        result(bench, "The gallery has none of the chosen videos any more.")


def test_a_run_is_left_out_while_the_one_before_is_at_it(
    qtbot: QtBot, studio: Path, tmp_path: Path, clock: Clock
) -> None:
    with serving(qtbot, studio, tmp_path / "shows", clock) as bench:
        bench.connect("VEGA", studio)
        night = parse_hours("22:00-06:00")
        kept = add(bench, Schedule(repeat=Repeat(hours=1)))
        bench.services.routines.reschedule([kept.id], Schedule(window=night, repeat=Repeat(hours=1)))
        bench.services.routines.run_now([kept.id])
        result(bench, "Under way.")
        bench.services.routines.run_now([kept.id])
        left = result(bench, "Left out: task 1 of the run before")
        assert (left.owner, len(bench.tasks())) == ("", 1)
        bench.services.tasks.run_now([1])
        result(bench, "done: 4 downloaded")
        bench.services.routines.run_now([kept.id])
        result(bench, "All up to date.")


def test_missed_runs_are_told_and_offered(qtbot: QtBot, studio: Path, tmp_path: Path, clock: Clock) -> None:
    with serving(qtbot, studio, tmp_path / "shows", clock) as bench:
        bench.connect("VEGA", studio)
        kept = add(bench)
    clock.now += 3 * DAY
    with serving(qtbot, studio, tmp_path / "shows", clock) as again:
        told: list[Routine] = []
        again.services.routines.missed.connect(told.extend)
        qtbot.waitUntil(lambda: bool(told), timeout=10_000)
        assert [(one.id, one.missed, one.due) for one in told] == [(kept.id, 3, NOON + 3600 + 3 * DAY)]
        assert again.tasks() == ()
        again.services.routines.run_now([kept.id])
        made = result(again, "done: 4 downloaded")
        assert (made.missed, made.due) == (0, NOON + 3600 + 3 * DAY)


def test_skipping_paused_resumed_and_forgotten(qtbot: QtBot, studio: Path, tmp_path: Path, clock: Clock) -> None:
    with serving(qtbot, studio, tmp_path / "shows", clock) as bench:
        bench.connect("VEGA", studio)
        kept = add(bench)
        bench.services.routines.pause([kept.id])
        ahead(bench, clock, 2 * DAY)
        qtbot.waitUntil(lambda: routines(bench)[0].paused)
        assert (routines(bench)[0].due, routines(bench)[0].last_run) == (NOON + 3600, None)
        bench.services.routines.resume([kept.id])
        qtbot.waitUntil(lambda: routines(bench)[0].due == NOON + 3600 + 2 * DAY)
        assert not routines(bench)[0].paused
        bench.services.routines.remove([kept.id])
        qtbot.waitUntil(lambda: routines(bench) == ())


def test_a_server_that_is_away_is_tried_again_within_bounds(
    qtbot: QtBot, studio: Path, tmp_path: Path, clock: Clock
) -> None:
    server = PyftpdServer(studio).start()
    server.stop()
    with serving(qtbot, studio, tmp_path / "shows", clock) as bench:
        broken: list[object] = []
        bench.services.routines.broken.connect(lambda routine, error: broken.extend((routine.name, error.kind)))
        add(bench, Schedule(repeat=Repeat(days=1)), sources=(PlainSource(server.url),))
        ahead(bench, clock, 1)
        for attempts, pause in enumerate(PATIENCE, 1):
            qtbot.waitUntil(lambda n=attempts: routines(bench)[0].attempts == n, timeout=10_000)  # type: ignore[misc]  # a default
            assert "next try at" in routines(bench)[0].last_result
            ahead(bench, clock, pause)
        qtbot.waitUntil(lambda: bool(broken), timeout=10_000)
        assert broken == ["Nightly", "unreachable"]
        left = routines(bench)[0]
        assert (left.attempts, left.next_try, left.due) == (0, None, NOON + DAY)


@pytest.mark.parametrize(
    ("schedule", "source", "why"),
    [
        (Schedule(NOON + 60), "/tmp", "has to repeat"),
        (DAILY, "ftp://ann:secret99@render.example/shots", "secret in it"),
        (DAILY, "gallery https://ann:secret99@render.example/studio", "secret in it"),
        (DAILY, "https://cdn.example/a.mov?X-Amz-Signature=abcdef0123456789", "secret in it"),
    ],
)
def test_what_cannot_repeat_is_refused_in_words(bench: Bench, schedule: Schedule, source: str, why: str) -> None:
    with bench.qtbot.waitSignal(bench.services.routines.refused) as heard:
        kind, _, url = source.rpartition(" ")
        if kind:
            bench.services.routines.add(Request(url, bench.destination), schedule, videos=())
        else:
            bench.services.routines.add(Request("", bench.destination), schedule, sources=(PlainSource(source),))
    assert isinstance(heard.args[0], UsageError)
    assert why in heard.args[0].title
    assert "secret99" not in str(heard.args[0])


def test_a_run_that_is_cancelled_is_under_way_no_more(qtbot: QtBot, studio: Path, tmp_path: Path, clock: Clock) -> None:
    with serving(qtbot, studio, tmp_path / "shows", clock) as bench:
        bench.connect("VEGA", studio)
        bench.services.settings.update(limit_rate=100)
        add(bench)
        ahead(bench, clock, 3600)
        result(bench, "Under way.")
        bench.services.tasks.cancel([task.id for task in bench.tasks()])
        result(bench, "cancelled: ")
        bench.services.settings.update(limit_rate=None)
        ahead(bench, clock, DAY)
        kept = result(bench, "done: ")
        assert kept.last_task == 2
        bench.services.tasks.resume([1])
        bench.services.tasks.cancel([1])
        assert bench.tasks() and routines(bench)[0].last_result == kept.last_result, "the run before is no news"


def test_a_run_that_is_over_before_it_is_noted_is_under_way_no_more(
    qtbot: QtBot, studio: Path, tmp_path: Path, clock: Clock
) -> None:
    with serving(qtbot, studio, tmp_path / "shows", clock) as bench:
        bench.connect("VEGA", studio)
        kept = add(bench)
        task = bench.run()
        bench.services.routines._begun(kept, task.id)
        assert result(bench, "done: 4 downloaded").last_task == task.id
