"""R19: a line that swallows everything is called stalled - in the window and in the terminal - until it flows again."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.core.plan import Request
from desktop.core.task import Progress, TaskState
from desktop.transfer.pace import Pace
from desktop.ui.main_window import MainWindow
from desktop.ui.models import tasks
from desktop.work.library import PlainSource
from desktop.work.sites import Door
from desktop.work.stalls import STALLED, Stalls
from tests.cli.console import ROOT, Console
from tests.servers.proxy import SECOND_HOST, Cut, How, Proxy
from tests.servers.sshd import SshServer
from tests.servers.vsftpd import VsftpdServer
from tests.transfer.scripted import MIB, content, tree
from tests.work.conftest import Bench

DATA = content("a.exr", 6 * MIB)
WAIT = 30_000


@pytest.fixture
def served(tmp_path: Path) -> Path:
    served = tmp_path / "served"
    served.mkdir()
    (served / "a.exr").write_bytes(DATA)
    return served


@pytest.mark.servers
def test_r19_a_hole_is_called_stalled_in_the_window_until_it_flows(
    window: MainWindow, qtbot: QtBot, served: Path, tmp_path: Path
) -> None:
    services, to = window.frame.services, tmp_path / "to"
    bench = Bench(qtbot, services, served, to)
    with (
        VsftpdServer(
            served, tmp_path / "vsftpd", passive_hosts=(SECOND_HOST,), extra=(f"anon_max_rate={4 * MIB}",)
        ) as ftp,
        Proxy(ftp.port, passive_ports=ftp.passive_ports, cuts=[Cut(1, MIB, How.HANG, data=True)]) as line,
    ):
        url = f"ftp://anonymous:artist%40@{line.host}:{line.port}{served}/a.exr"
        plan = bench.answer(
            lambda then, failed: services.library.plan_plain([PlainSource(url)], Door(), Request("", to), then, failed)
        )
        number = bench.submit(plan).id
        model, files = window.transfers.model, window.inspector.file_model
        qtbot.waitUntil(lambda: model.row_of(number) >= 0, timeout=WAIT)
        window.transfers.select_task(number)
        window.inspector.tabs.setCurrentIndex(1)
        said: list[tuple[object, object, float]] = []

        def note(progresses: tuple[Progress, ...]) -> None:
            state, result = model.index(model.row_of(number), tasks.STATE).data(), files.index(0, 1).data()
            said.append((state, result, progresses[0].speed))

        services.tasks.progressed.connect(note)
        qtbot.waitUntil(lambda: bool(said) and said[-1][:2] == ("stalled", "stalled"), timeout=WAIT)
        assert said[-1][2] == 0.0
        line.cut_all()
        bench.until(number, TaskState.DONE)
    states = [state for state, _, _ in said]
    last = len(states) - 1 - states[::-1].index("stalled")
    assert "running" in states[: states.index("stalled")], "before"
    assert "running" in states[last:], "and after"
    assert {result for _, result, _ in said[last + 1 :]} <= {"waiting", "downloaded"}
    assert model.index(model.row_of(number), tasks.STATE).data() == "done"
    assert tree(to) == {"a.exr": DATA}


@pytest.mark.servers
@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")
def test_r19_a_hole_is_called_stalled_in_the_terminal(shotdock: Console, served: Path, tmp_path: Path) -> None:
    with SshServer(served, tmp_path / "sshd") as sshd, Proxy(sshd.port, cuts=[Cut(1, MIB, How.HANG)]) as line:
        url = f"sftp://{sshd.user}@{line.host}:{line.port}{served}/a.exr"
        command = ("get", url, tmp_path / "to", "--identity", sshd.identity, "--accept-new-host-key")
        ours, theirs = os.openpty()
        process = subprocess.Popen(
            Console.command(command), stdout=subprocess.DEVNULL, stderr=theirs, cwd=ROOT, env=shotdock.environment
        )
        os.close(theirs)
        seen = b""
        try:
            while chunk := os.read(ours, 65_536):
                if b"stalled" in chunk and b"stalled" not in seen:
                    line.cut_all()
                seen += chunk
        except OSError:
            pass  # Linux ends a terminal nobody writes to any more with EIO
        finally:
            os.close(ours)
            process.wait()
    assert process.returncode == 0
    assert b"stalled" in seen
    assert tree(tmp_path / "to") == {"a.exr": DATA}


def test_r19_who_is_held_by_a_limit_is_not_stalled() -> None:
    now = [0.0]
    pace = Pace(1000, parent=Pace(clock=lambda: now[0]), clock=lambda: now[0])
    stalls = Stalls()
    pace.take(50_000, lambda: False)
    for _ in range(40):
        now[0] += 1.0
        assert stalls.look(now[0], {1: 50_000}, pace.owing) == frozenset()
    now[0] += 10.0
    assert not pace.owing
    assert stalls.look(now[0], {1: 50_000, 2: 0}, pace.owing) == {1}
    assert stalls.look(now[0] + STALLED, {1: 50_001, 2: 0}, pace.owing) == {2}
    assert stalls.look(now[0] + 2 * STALLED, {1: 50_001}, pace.owing) == {1}
