"""R18: while a host is dead the window's thread neither calls it, nor looks its name up, nor sleeps."""

import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.core.plan import Request
from desktop.core.task import TaskState
from desktop.ui.main_window import MainWindow
from desktop.work.library import PlainSource
from desktop.work.sites import Door
from tests.faults.test_stalls import DATA
from tests.servers.proxy import SECOND_HOST, Cut, How, Proxy
from tests.servers.vsftpd import VsftpdServer
from tests.transfer.scripted import MIB, tree
from tests.work.conftest import Bench

WAITS = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "time.sleep"}
_heard: Counter[tuple[str, bool]] = Counter()
_listening = threading.Event()


def _hear(event: str, _arguments: tuple[object, ...]) -> None:
    if event in WAITS and _listening.is_set():
        _heard[event, threading.current_thread() is threading.main_thread()] += 1


@contextmanager
def listening() -> Iterator[Counter[tuple[str, bool]]]:
    """Count what may wait for somebody else, and whether it was the window's thread that did so."""
    if not getattr(sys, "_shotdock_hears", False):
        sys.addaudithook(_hear)  # for good: Python takes none back
        sys._shotdock_hears = True  # type: ignore[attr-defined]  # ours
    _heard.clear()
    _listening.set()
    try:
        yield _heard
    finally:
        _listening.clear()


@pytest.mark.servers
def test_r18_the_window_waits_for_no_host(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """The host goes away in mid-file and refuses everybody for a while; a scan of it is asked for meanwhile, too."""
    served, to = tmp_path / "served", tmp_path / "to"
    served.mkdir()
    (served / "a.exr").write_bytes(DATA)
    bench = Bench(qtbot, window.frame.services, served, to)
    with (
        VsftpdServer(served, tmp_path / "vsftpd", passive_hosts=(SECOND_HOST,)) as ftp,
        Proxy(ftp.port, passive_ports=ftp.passive_ports, cuts=[Cut(1, MIB, How.HANG, data=True)]) as line,
        listening() as heard,
    ):
        source = PlainSource(f"ftp://anonymous:artist%40@{line.host}:{line.port}{served}/a.exr")
        library, errors = bench.services.library, list[object]()

        def ask(then: object, failed: object) -> object:
            return library.plan_plain([source], Door(), Request("", to), then, failed)  # type: ignore[arg-type]  # handed through

        number = bench.submit(bench.answer(ask)).id
        qtbot.waitUntil(lambda: line.received > MIB, timeout=30_000)
        line.refuse()
        line.cut_all()
        called = heard["socket.connect", False]
        ask(lambda *_: None, errors.append)
        qtbot.waitUntil(lambda: bool(errors) and heard["socket.connect", False] >= called + 3, timeout=30_000)
        line.accept()
        bench.until(number, TaskState.DONE)
        there = {event: heard[event, False] for event in WAITS}
        here = {event: heard[event, True] for event in WAITS if heard[event, True]}
    assert tree(to) == {"a.exr": DATA}
    assert there["socket.connect"] > 3, "others did"
    assert not here
