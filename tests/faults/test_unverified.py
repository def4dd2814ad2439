"""R03, R17: what no hash proves is called unverified wherever a file's end is shown; what one disproves is told."""

import csv
import hashlib
import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.core.errors import Corrupted
from desktop.core.media import Entry
from desktop.core.plan import Request
from desktop.core.task import FileResult, TaskState
from desktop.ui.dialogs.receipt import ReceiptDialog
from desktop.ui.main_window import MainWindow
from desktop.ui.models.plan_tree import NOTE
from desktop.work.library import PlainSource
from desktop.work.sites import Door
from tests.cli.console import Console
from tests.faults.engine import fetch, ftp, sftp
from tests.servers.nginx import NginxServer
from tests.servers.proxy import SECOND_HOST, Cut, Flip, How, Proxy
from tests.servers.sshd import SshServer
from tests.servers.vsftpd import VsftpdServer
from tests.transfer.scripted import MIB, content, tree
from tests.work.conftest import Bench

DATA = content("a.exr", 3 * MIB)
PLACE = 2 * MIB
WRONG = bytearray(DATA)
WRONG[PLACE] ^= 1
TIP = Qt.ItemDataRole.ToolTipRole


@pytest.fixture
def served(tmp_path: Path) -> Path:
    served = tmp_path / "served"
    served.mkdir()
    (served / "a.exr").write_bytes(DATA)
    return served


def entry(served: Path) -> Entry:
    file = served / "a.exr"
    return Entry(file.as_posix(), size=len(DATA), mtime=file.stat().st_mtime // 1)


def receipt(shotdock: Console, task: int, file: Path) -> list[dict[str, str]]:
    """Export the task's receipt, see that the task itself is said to be unverified, and return the receipt's rows."""
    told = shotdock("tasks", "show", task, "--export", file, "--json").json
    assert told["proof"] == "unverified"
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream)) if file.suffix == ".csv" else json.load(stream)["rows"]


@pytest.mark.servers
def test_r17_a_flipped_byte_nobody_can_see_comes_unverified(shotdock: Console, served: Path, tmp_path: Path) -> None:
    """FTP in clear and no hash: size and date are right."""
    flip = Flip(1, PLACE, data=True)
    with (
        VsftpdServer(served, tmp_path / "vsftpd", passive_hosts=(SECOND_HOST,)) as server,
        Proxy(server.port, passive_ports=server.passive_ports, flips=[flip]) as line,
    ):
        url = f"ftp://anonymous:artist%40@{line.host}:{line.port}{served}/a.exr"
        said = shotdock("get", url, tmp_path / "to", "--verify", "--json")
    assert said.status == 0, said.err
    assert tree(tmp_path / "to") == {"a.exr": bytes(WRONG)}, "the disk has what came"
    for name in ("receipt.csv", "receipt.json"):
        [row] = receipt(shotdock, said.json["task"], tmp_path / name)
        assert (row["result"], row["proof"]) == ("downloaded", "unverified")
    assert "content: unverified" in shotdock("tasks", "show", said.json["task"]).out


@pytest.mark.servers
@pytest.mark.parametrize("times", [1, 9], ids=["once", "each time"])
def test_r17_a_hash_finds_the_flipped_byte(served: Path, tmp_path: Path, times: int) -> None:
    """Fetched again whole, and told with both digests if that did not help."""
    right, wrong = hashlib.sha256(DATA).hexdigest(), hashlib.sha256(WRONG).hexdigest()
    flips = [Flip(n, PLACE, data=True) for n in range(1, times + 1)]
    with (
        VsftpdServer(served, tmp_path / "vsftpd", passive_hosts=(SECOND_HOST,)) as server,
        Proxy(server.port, passive_ports=server.passive_ports, flips=flips) as line,
    ):
        site = ftp(server, host=line.host, port=line.port)
        [done] = fetch(site, tmp_path / "to", entry(served), digest=f"sha256:{right}")
        assert line.data_connections == 2
    if times == 1:
        assert (done.result, done.error) == (FileResult.DOWNLOADED, None)
        assert tree(tmp_path / "to") == {entry(served).path.lstrip("/"): DATA}
    else:
        assert isinstance(done.error, Corrupted)
        assert right in done.error.cause and wrong in done.error.cause
        assert not list((tmp_path / "to").rglob("a.exr"))


@pytest.mark.servers
def test_r17_ssh_lets_no_flipped_byte_through(served: Path, tmp_path: Path) -> None:
    """The line proves what crosses it: it breaks instead, and what was proven is not fetched again."""
    with (
        SshServer(served, tmp_path / "sshd") as server,
        Proxy(server.port, flips=[Flip(1, PLACE)]) as line,
    ):
        [done] = fetch(sftp(server, tmp_path, port=line.port), tmp_path / "to", entry(served))
        assert line.connections == 2
    assert (done.result, done.error) == (FileResult.DOWNLOADED, None)
    assert tree(tmp_path / "to") == {entry(served).path.lstrip("/"): DATA}


@pytest.mark.servers
@pytest.mark.parametrize("weak", [True, False], ids=["a weak ETag", "nothing"])
def test_r03_without_a_validator_it_starts_over_and_is_unverified(
    shotdock: Console, served: Path, tmp_path: Path, weak: bool
) -> None:
    validator = ('add_header ETag W/"1";',) if weak else ()
    bare = ("etag off;", 'add_header Last-Modified "";', *validator)
    with (
        NginxServer(served, tmp_path / "nginx", extra=bare) as server,
        Proxy(server.port, cuts=[Cut(1, PLACE, How.RST)]) as line,
    ):
        said = shotdock("get", f"http://{line.host}:{line.port}/a.exr", tmp_path / "to", "--json")
        statuses = [line.split('"')[2].split()[0] for line in server.requests() if '"GET' in line]
    assert said.status == 0, said.err
    assert tree(tmp_path / "to") == {"a.exr": DATA}
    assert statuses == ["200", "200"], "the whole, and once more the whole"
    [row] = receipt(shotdock, said.json["task"], tmp_path / "receipt.json")
    assert (row["result"], row["proof"]) == ("downloaded", "unverified")


def test_r17_the_window_says_so_of_each_file(window: MainWindow, qtbot: QtBot, served: Path, tmp_path: Path) -> None:
    services, to = window.frame.services, tmp_path / "to"
    bench, source = Bench(qtbot, services, served, to), PlainSource((served / "a.exr").as_uri())
    plan = bench.answer(
        lambda then, failed: services.library.plan_plain([source], Door(), Request("", to), then, failed)
    )
    task = bench.until(bench.submit(plan).id, TaskState.DONE)
    window.transfers.select_task(task.id)
    window.inspector.tabs.setCurrentIndex(1)
    files = window.inspector.file_model
    qtbot.waitUntil(lambda: files.rowCount() == 1 and files.index(0, 1).data() == "downloaded", timeout=20_000)
    assert files.index(0, 0).data(TIP).startswith("unverified: ")
    dialog = ReceiptDialog(window.frame, task, window)
    tree_ = dialog.page.model
    qtbot.waitUntil(lambda: tree_.rowCount() == 1, timeout=20_000)
    file = tree_.index(0, 0)
    while tree_.rowCount(file):
        file = tree_.index(0, 0, file)
    file = file.siblingAtColumn(NOTE)
    assert file.data() == "unverified"
    assert file.data(TIP).startswith("unverified: ")
    dialog.reject()
