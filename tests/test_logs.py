"""The log reaches file, console and ring, whole and without secrets."""

import logging
import os
import stat
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop import logs
from desktop.core.task import LogLine
from desktop.logs import LogRing, register_secret, set_up, take_down, task_logger
from desktop.places import Places

log = logging.getLogger("desktop.tests")


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Places]:
    yield Places(tmp_path / "home")
    take_down()


def messages(ring: LogRing) -> list[str]:
    return [line.message for line in ring.read(0)[0]]


def test_a_line_reaches_file_and_ring(places: Places) -> None:
    ring = set_up(places, None)
    assert not places.logs.exists(), "nothing is made before something is written"
    log.info("fetched %d files", 3)
    assert messages(ring) == ["fetched 3 files"]
    text = (places.logs / "shotdock.log").read_text("utf-8")
    assert "INFO" in text
    assert text.endswith("desktop.tests: fetched 3 files\n")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_the_file_is_private(places: Places) -> None:
    before = os.umask(0)
    try:
        set_up(places, None)
        log.info("x")
    finally:
        os.umask(before)
    assert stat.S_IMODE(places.logs.stat().st_mode) == 0o700
    assert stat.S_IMODE((places.logs / "shotdock.log").stat().st_mode) == 0o600


def test_lines_know_their_task_and_item(places: Places) -> None:
    ring = set_up(places, None)
    task_logger(12, "VEGA/SH010").warning("slow")
    task_logger(0).error("broke")
    log.info("plain")
    lines, _ = ring.read(0)
    assert [(line.task_id, line.item, line.level) for line in lines] == [
        (12, "VEGA/SH010", "WARNING"),
        (0, "", "ERROR"),
        (None, "", "INFO"),
    ]
    assert isinstance(lines[0], LogLine)


def test_levels(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    ring = set_up(places, logging.WARNING, "INFO")
    log.debug("debug")
    log.info("info")
    log.warning("warning")
    logging.getLogger("paramiko.transport").info("chatter")
    logging.getLogger("paramiko.transport").warning("library warning")
    assert messages(ring) == ["info", "warning", "library warning"]
    assert capsys.readouterr().err == "warning: warning\nwarning: library warning\n"
    ring = set_up(places, logging.DEBUG)
    log.debug("debug")
    log.info("info")
    assert messages(ring) == ["info"], "what only the console asked for stays there"
    assert capsys.readouterr().err == "debug: debug\ninfo\n"
    ring = set_up(places, None, logging.DEBUG)
    log.debug("debug")
    assert messages(ring) == ["debug"]
    assert capsys.readouterr().err == ""


def test_setting_up_again_doubles_nothing(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    set_up(places, logging.INFO)
    ring = set_up(places, logging.INFO)
    log.info("once")
    assert messages(ring) == ["once"]
    assert capsys.readouterr().err == "once\n"
    before = len(logging.getLogger().handlers)
    take_down()
    assert len(logging.getLogger().handlers) == before - 3
    assert logging.getLogger("desktop").level == logging.NOTSET


def test_no_secret_reaches_any_of_them(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    register_secret("sentinel-log")
    ring = set_up(places, logging.INFO)
    log.info("login %s at sftp://ann:s3same@host/", "sentinel-log")
    said = "GET /a?X-Amz-Signature=s3same with sentinel-log"
    try:
        raise OSError(said)
    except OSError:
        log.exception("it broke")
    logging.getLogger("urllib3").warning({"Authorization": "Bearer s3same-s3same"})
    everything = "".join(messages(ring)) + capsys.readouterr().err + (places.logs / "shotdock.log").read_text("utf-8")
    assert everything.count("it broke") == 3
    assert everything.count("OSError: GET /a?X-Amz-Signature=*** with ***") == 2, "tracebacks are not the console's"
    assert "s3same" not in everything
    assert "sentinel" not in everything


def test_a_slip_in_a_log_call_stops_nothing() -> None:
    ring = LogRing()
    ring.handle(logging.makeLogRecord({"msg": "%d files", "args": ("three",), "levelno": logging.INFO}))
    assert messages(ring) == ["%d files ('three',)"]


def test_warnings_are_logged(places: Places) -> None:
    ring = set_up(places, None)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("old call", DeprecationWarning, stacklevel=1)
    assert "old call" in messages(ring)[0]


def test_the_file_rotates(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "FILE_BYTES", 2000)
    set_up(places, None)
    for n in range(200):
        log.info("line %04d %s", n, "x" * 100)
    files = {path.name: path for path in places.logs.iterdir()}
    assert sorted(files) == ["shotdock.log", *(f"shotdock.log.{n}" for n in range(1, 5))]
    assert all(path.stat().st_size <= 2000 for path in files.values())
    assert "line 0199" in files["shotdock.log"].read_text("utf-8")
    if sys.platform != "win32":
        assert {stat.S_IMODE(path.stat().st_mode) for path in files.values()} == {0o600}


OTHER = """
import logging, sys
from pathlib import Path
from desktop import logs
logs.FILE_BYTES = 20_000
logs.set_up(logs.Places(Path(sys.argv[1])), None)
for n in range(400):
    logging.getLogger("desktop.other").info("%s %04d %s", sys.argv[2], n, "x" * 60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be renamed there")
def test_two_processes_rotate_one_file(places: Places) -> None:
    """Each finds the new file after the other has rotated: the last lines of both are in the newest files."""
    assert places.home
    writers = [subprocess.Popen([sys.executable, "-c", OTHER, str(places.home), name]) for name in ("one", "two")]
    assert [writer.wait() for writer in writers] == [0, 0]
    text = "".join(path.read_text("utf-8") for path in places.logs.iterdir())
    assert "one 0399" in text
    assert "two 0399" in text
    assert all(line.endswith("x" * 60) for line in text.splitlines()), "no line is torn"


def test_a_log_file_that_cannot_be_written_is_said_once(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    assert places.home
    places.home.parent.mkdir(exist_ok=True)
    places.home.write_text("in the way")
    ring = set_up(places, logging.WARNING)
    log.info("first")
    log.info("second")
    said = messages(ring)
    assert [said[0], said[2]] == ["first", "second"]
    assert "cannot be written" in said[1]
    assert capsys.readouterr().err.count("cannot be written") == 1


def record(number: int) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": f"line {number}", "levelno": logging.INFO, "task_id": number % 3})


def test_a_ring_is_read_by_position() -> None:
    ring = LogRing(capacity=10)
    assert ring.read(0) == ([], 0)
    for n in range(7):
        ring.handle(record(n))
    lines, position = ring.read(0, limit=3)
    assert [line.message for line in lines] == ["line 0", "line 1", "line 2"]
    lines, position = ring.read(position)
    assert (len(lines), position, ring.total, ring.first) == (4, 7, 7, 0)
    assert ring.read(position) == ([], 7)
    assert ring.read(100) == ([], 7)


def test_the_oldest_lines_leave_a_full_ring() -> None:
    ring = LogRing(capacity=10)
    for n in range(34):
        ring.handle(record(n))
    assert (ring.total, ring.first) == (34, 24)
    lines, position = ring.read(3, limit=5)
    assert [line.message for line in lines] == [f"line {n}" for n in range(24, 29)]
    assert [line.task_id for line in lines] == [n % 3 for n in range(24, 29)]
    assert position == 29
    assert [line.message for line in ring.read(position)[0]] == [f"line {n}" for n in range(29, 34)]


def test_a_ring_takes_lines_of_many_threads_while_it_is_read() -> None:
    ring = LogRing(capacity=500)
    writers = [threading.Thread(target=lambda: [ring.handle(record(n)) for n in range(2000)]) for _ in range(4)]
    for writer in writers:
        writer.start()
    position = seen = 0
    while any(writer.is_alive() for writer in writers) or position < ring.total:
        lines, position = ring.read(position, 100)
        seen += len(lines)
        assert all(line.message.startswith("line ") for line in lines)
    for writer in writers:
        writer.join()
    assert ring.total == 8000
    assert 500 <= seen <= 8000


def test_no_word_of_a_server_steers_a_terminal_or_looks_like_a_line_of_the_log(places: Places) -> None:
    ring = set_up(places, None)
    log.warning("The server says: %s", "no\x1b[2J\u202e\r\n2026-01-01 00:00:00,000 INFO all is well")
    assert messages(ring) == ["The server says: no\\x1b[2J\\u202e\\r\n    2026-01-01 00:00:00,000 INFO all is well"]
    text = (places.logs / "shotdock.log").read_text("utf-8")
    assert text.count("\n2026") + text.startswith("2026") == sum(line[:2] == "20" for line in text.splitlines()) <= 1
