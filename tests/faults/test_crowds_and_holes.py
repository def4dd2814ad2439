"""R19, R21, R23: lines that swallow everything, servers that are busy, full, or bear few connections."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from desktop.core.errors import ServerBusy
from desktop.core.media import Entry
from desktop.core.task import FileResult
from desktop.transfer.budget import HostBudget
from desktop.transfer.retry import LONGEST_WISH, Patience
from desktop.transfer.sources.http import HttpSource
from tests.cli.console import Console
from tests.faults.engine import fetch, ftp, http, sftp
from tests.faults.holes import dig
from tests.faults.test_broken_lines import PROTOCOLS
from tests.servers.proxy import SECOND_HOST, Cut, How, Proxy
from tests.servers.scripted_ftp import ScriptedFtp, Transfer
from tests.servers.scripted_http import Request, ScriptedHttp, answer, part
from tests.servers.sshd import SshServer
from tests.servers.vsftpd import VsftpdServer
from tests.transfer.scripted import HASTY, MIB, content, tree

R = FileResult
ROUNDS = 12


def plant(served: Path, count: int, size: int) -> list[Entry]:
    """Write files and return them as a plan sees them."""
    served.mkdir()
    entries = []
    for n in range(count):
        path = served / f"f{n}.exr"
        path.write_bytes(content(path.name, size))
        entries.append(Entry(path.as_posix(), size=size, mtime=path.stat().st_mtime // 1))
    return entries


def right(root: Path, entries: list[Entry]) -> bool:
    """Tell whether every file is there, whole, and nothing else."""
    there = {Path(name).name: data for name, data in tree(root).items()}
    return there == {entry.name: content(entry.name, entry.size or 0) for entry in entries}


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="descriptors are counted in /proc")
@pytest.mark.parametrize("kind", ["sftp", "ftp"])
def test_r19_a_black_hole_in_mid_file_is_left_and_the_rest_resumed(tmp_path: Path, kind: str) -> None:
    """Round after round the line swallows everything after another two megabytes, without a word."""
    entries = plant(tmp_path / "served", 1, (ROUNDS + 1) * 2 * MIB)
    patience = Patience(first=0.001, cap=0.01)
    before = descriptors()
    if kind == "sftp":
        cuts = [Cut(n, 2 * MIB + 100_000, How.HANG) for n in range(1, ROUNDS + 1)]
        with SshServer(tmp_path / "served", tmp_path / "sshd") as server, Proxy(server.port, cuts=cuts) as hole:
            site = sftp(server, tmp_path, timeout=0.5, port=hole.port)
            [done] = fetch(site, tmp_path / "to", *entries, patience=patience)
            lines = hole.connections
    else:
        cuts = [Cut(n, 2 * MIB, How.HANG, data=True) for n in range(1, ROUNDS + 1)]
        with (
            VsftpdServer(tmp_path / "served", tmp_path / "vsftpd", passive_hosts=(SECOND_HOST,)) as ftpd,
            Proxy(ftpd.port, passive_ports=ftpd.passive_ports, cuts=cuts) as hole,
        ):
            site = ftp(ftpd, timeout=0.5, host=hole.host, port=hole.port)
            [done] = fetch(site, tmp_path / "to", *entries, patience=patience)
            lines = hole.data_connections
    assert (done.result, done.error) == (R.DOWNLOADED, None)
    assert lines > ROUNDS
    assert done.transferred < (entries[0].size or 0) + 4 * MIB, "what came is not fetched again"
    assert right(tmp_path / "to", entries)
    assert descriptors() == before


@pytest.mark.servers
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="descriptors are counted in /proc")
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_r19_round_after_round_nothing_piles_up(tmp_path: Path, protocol: str) -> None:
    """A hundred rounds are tried by hand (holes.py); if each left something, eight would show it."""
    dug = dig(protocol, tmp_path, rounds=8)
    assert (dug.done.result, dug.done.error, dug.whole) == (R.DOWNLOADED, None, True)
    assert len(dug.rounds) >= 8 and dug.lines >= 9
    assert not dug.piling
    assert (dug.after.descriptors, dug.after.threads) == (dug.before.descriptors, dug.before.threads)


WISHES: list[tuple[str, Callable[[float], bool]]] = [
    ("1", lambda asked: 0 < asked <= 1),
    ("0", lambda asked: asked <= 0),
    ("-5", lambda asked: asked <= 0),
    ("315360000", lambda asked: LONGEST_WISH - 5 < asked <= LONGEST_WISH),
    ("soon", lambda asked: asked <= 0),
]


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
@pytest.mark.parametrize(("wish", "fits"), WISHES, ids=[wish for wish, _ in WISHES])
def test_r21_the_wish_of_a_busy_server_is_the_hosts(
    tmp_path: Path, status: str, wish: str, fits: Callable[[float], bool]
) -> None:
    """Whoever else goes to this host sees it rest, for as long as it asked and never for years."""
    budget = HostBudget(4)
    with ScriptedHttp(lambda request: answer(status, b"", Retry_After=wish)) as server:
        source = HttpSource(http(server))
        source.connect()
        with pytest.raises(ServerBusy) as busy:
            source.stat("/f.exr")
        source.close()
    budget.rest(busy.value.retry_after or 0)
    assert fits(budget.resting)


def test_r21_lanes_of_every_task_leave_a_resting_host_alone(tmp_path: Path) -> None:
    """The first answer asks for a second; the date form of the header too. Nobody asks in between."""
    data, times, resting = content("f.exr", 1000), list[float](), list[bool]()
    budget = HostBudget(3)

    def script(request: Request) -> bytes:
        times.append(time.monotonic())
        resting.append(budget.resting > 0)
        if len(resting) == 1:
            date = formatdate(time.time() + 2, usegmt=True)
            return answer("503 Service Unavailable", b"", Retry_After=date)
        return answer(body=data)

    entries = [Entry(f"/{n}/f.exr", size=1000) for n in range(6)]
    with ScriptedHttp(script) as server:
        results = fetch(http(server), tmp_path, *entries, lanes=3, budget=budget)
    assert {done.result for done in results} == {R.DOWNLOADED}
    assert sum(resting) <= 2, "only what the other lanes had on its way when the host asked for its rest"
    assert times[-1] - times[0] >= 0.9, "the file that was refused came after the rest"


def test_r21_two_tasks_keep_the_one_rest_of_their_host(tmp_path: Path) -> None:
    """What the first is told holds for the second, which begins after it and was told nothing."""
    data, asked = content("f.exr", 1000), dict[str, float]()
    told = threading.Event()

    def script(request: Request) -> bytes:
        asked.setdefault(request.target, time.monotonic())
        if not told.is_set():
            told.set()
            return answer("503 Service Unavailable", b"", Retry_After="2")
        return answer(body=data)

    budget = HostBudget(4)
    with ScriptedHttp(script) as server, ThreadPoolExecutor(2) as pool:
        way = http(server)
        first = pool.submit(fetch, way, tmp_path / "1", Entry("/first/f.exr", size=1000), budget=budget)
        assert told.wait(20)
        while budget.resting <= 0:
            assert not first.done()
        second = pool.submit(fetch, way, tmp_path / "2", Entry("/second/f.exr", size=1000), budget=budget)
        results = [*first.result(), *second.result()]
    assert {done.result for done in results} == {R.DOWNLOADED}
    assert asked["/second/f.exr"] - asked["/first/f.exr"] >= 1.9


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
@pytest.mark.parametrize("wish", [1, None], ids=["with a wish", "without"])
def test_r21_a_web_server_busy_when_first_asked_is_waited_for(
    shotdock: Console, tmp_path: Path, status: str, wish: int | None
) -> None:
    """A plan asks for sizes; that it cannot be told is no end, and the other addresses are not asked in vain."""
    data = {name: content(name, 1000) for name in ("a.exr", "b.exr")}
    asked: list[str] = []

    def script(request: Request) -> bytes:
        asked.append(request.method)
        if len(asked) == 1:
            return answer(status, b"", Retry_After=str(wish)) if wish else answer(status, b"")
        return part(data[request.target.lstrip("/")], request)

    with ScriptedHttp(script) as server:
        urls = [f"http://127.0.0.1:{server.port}/{name}" for name in data]
        said = shotdock("get", *urls, tmp_path / "to", "--json")
    assert said.status == 0, said.err
    assert tree(tmp_path / "to") == data
    assert asked == ["HEAD", "GET", "GET"]


@pytest.mark.parametrize("wish", ["1", None], ids=["with a wish", "without"])
def test_r21_a_file_that_is_busy_comes_again_after_all_the_others(tmp_path: Path, wish: str | None) -> None:
    entries = [Entry(f"/{name}.exr", size=1000) for name in "abcd"]
    asked: list[str] = []

    def script(request: Request) -> bytes:
        asked.append(request.target)
        if asked == ["/a.exr"]:
            return answer("503 Busy", Retry_After=wish) if wish else answer("503 Busy")
        return part(content(request.target, 1000), request)

    with ScriptedHttp(script) as server:
        results = fetch(http(server), tmp_path / "to", *entries)
    assert {done.result for done in results} == {R.DOWNLOADED}
    assert asked == ["/a.exr", "/b.exr", "/c.exr", "/d.exr", "/a.exr"]


@pytest.mark.parametrize("reply", ["450 File busy.", "451 Try again.", None], ids=["450", "451", "550"])
def test_r10_a_file_that_is_refused_for_now_comes_again_after_all_the_others(tmp_path: Path, reply: str | None) -> None:
    """One that is not there, which will not pass, never does."""
    files = {f"/{name}.exr": content(name, 1000) for name in "abcd"}
    served = files if reply else {path: data for path, data in files.items() if path != "/a.exr"}
    with ScriptedFtp(served, transfers={"/a.exr": [Transfer(b"", last=reply), Transfer()]}) as server:
        results = fetch(ftp(server), tmp_path / "to", *(Entry(path, size=1000) for path in files))
        asked = [line.partition(" ")[2] for line in server.commands if line.startswith("RETR")]
    assert [done.result is R.FAILED for done in results] == [reply is None, False, False, False]
    assert asked == [*files, *(["/a.exr"] if reply else [])]


def test_r23_an_ftp_server_for_two_gets_two(tmp_path: Path) -> None:
    entries = plant(tmp_path / "served", 40, 50_000)
    budget = HostBudget(6)
    with VsftpdServer(tmp_path / "served", tmp_path / "vsftpd", max_clients=2) as server:
        results = fetch(ftp(server), tmp_path / "to", *entries, lanes=6, budget=budget)
        tries = (server.folder / "vsftpd.log").read_text().count("421 ")
    assert {done.result for done in results} == {R.DOWNLOADED}
    assert right(tmp_path / "to", entries)
    assert budget.limit <= 2
    assert tries <= 8, "refused once each, not over and over"


@pytest.mark.parametrize(
    ("options", "room"),
    [({"max_startups": "1:100:1"}, 5), ({"max_sessions": 1}, 6)],
    ids=["MaxStartups", "MaxSessions"],
)
def test_r23_an_ssh_server_with_little_room(tmp_path: Path, options: dict[str, Any], room: int) -> None:
    """Who logs in while another does is hung up on; a session a connection is all that is ever wanted."""
    entries = plant(tmp_path / "served", 40, 50_000)
    budget = HostBudget(6)
    with SshServer(tmp_path / "served", tmp_path / "sshd", **options) as server, Proxy(server.port) as line:
        site = sftp(server, tmp_path, port=line.port)
        results = fetch(site, tmp_path / "to", *entries, lanes=6, patience=HASTY, budget=budget)
    assert {done.result for done in results} == {R.DOWNLOADED}
    assert right(tmp_path / "to", entries)
    assert budget.limit <= room
    assert line.connections <= 8, "refused once each, not over and over"


def test_r23_the_room_grows_back() -> None:
    now = [0.0]
    budget = HostBudget(4, clock=lambda: now[0])
    assert all(budget.take() for _ in range(3))
    budget.shrink()
    assert budget.limit == 2
    for _ in range(4):
        now[0] += 61
        budget.grow()
    assert budget.limit == 4
