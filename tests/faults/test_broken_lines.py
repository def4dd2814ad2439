"""R01, R02, R14, R18, R19, R23, R25 on real servers: cut anywhere, silent, refused, short of room, new keys."""

import gc
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from desktop.core.connection import Address
from desktop.core.errors import TimedOut, Unreachable
from desktop.core.media import Entry
from desktop.core.task import FileResult
from desktop.transfer.budget import GROWTH, HostBudget
from desktop.transfer.ports import Site
from desktop.transfer.retry import Patience
from tests.faults.engine import fetch, ftp, opener, sftp
from tests.servers.nginx import NginxServer
from tests.servers.proxy import SECOND_HOST, Cut, How, Proxy
from tests.servers.scripted_sftp import Answer, ScriptedSftp
from tests.servers.sshd import SshServer
from tests.servers.vsftpd import VsftpdServer
from tests.transfer.scripted import HASTY, MIB, content, tree

R = FileResult
SIZE = 20 * MIB
DATA = content("a.exr", SIZE)
PATIENT = Patience(first=0.001, cap=0.01, outage=20.0)
PROTOCOLS = ("sftp", "ftp", "http")


@dataclass(frozen=True, slots=True)
class Ground:
    """A file on a real server behind a bad line. data: whether the file crosses lines of its own, as over FTP."""

    line: Proxy
    data: bool
    site: Callable[[float], Site]
    entry: Entry

    @property
    def lines(self) -> int:
        return self.line.data_connections if self.data else self.line.connections


@contextmanager
def ground(protocol: str, tmp_path: Path, **options: Any) -> Iterator[Ground]:
    """Serve the file behind a proxy. options: the server's."""
    served = tmp_path / "served"
    served.mkdir()
    file = served / "a.exr"
    file.write_bytes(DATA)
    there = Entry(file.as_posix(), size=SIZE, mtime=file.stat().st_mtime // 1)
    with ExitStack() as stack:
        if protocol == "sftp":
            sshd = stack.enter_context(SshServer(served, tmp_path / "sshd", **options))
            line = stack.enter_context(Proxy(sshd.port))
            yield Ground(line, False, lambda timeout: sftp(sshd, tmp_path, timeout, line.port), there)
        elif protocol == "ftp":
            ftpd = stack.enter_context(VsftpdServer(served, tmp_path / "vsftpd", passive_hosts=(SECOND_HOST,)))
            line = stack.enter_context(Proxy(ftpd.port, passive_ports=ftpd.passive_ports))
            yield Ground(line, True, lambda timeout: ftp(ftpd, timeout, line.host, line.port), there)
        else:
            web = stack.enter_context(NginxServer(served, tmp_path / "nginx"))
            line = stack.enter_context(Proxy(web.port))

            def site(timeout: float) -> Site:
                return Site(Address("http", line.host, line.port), timeout=timeout)

            yield Ground(line, False, site, Entry("/a.exr", size=SIZE))


@pytest.mark.servers
@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("how", How)
def test_r01_cut_at_every_place_that_matters(tmp_path: Path, protocol: str, how: How) -> None:
    """At a buffer's end, before a byte, after one, in the middle, near the last: five cuts of one file.

    The first lets the login through: a server that never said a word is wrong, not away.
    """
    places = [65_535, 0, 1, SIZE // 2, SIZE // 2 - 70_000]
    with ground(protocol, tmp_path) as there:
        there.line.cuts += [Cut(n, place, how, there.data) for n, place in enumerate(places, 1)]
        site = replace(there.site(0.7), connect_timeout=2.0)
        [done] = fetch(site, tmp_path / "to", there.entry, patience=PATIENT)
        lines = there.lines
    assert (done.result, done.error) == (R.DOWNLOADED, None)
    assert tree(tmp_path / "to") == {there.entry.path.lstrip("/"): DATA}
    assert lines > len(places), "each of the cuts happened"
    assert done.transferred <= SIZE + 8 * MIB, "what came is not fetched again"


@pytest.mark.servers
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_r02_another_file_of_the_same_size_after_a_cut_is_brought_whole_and_told(tmp_path: Path, protocol: str) -> None:
    """Put in its place while the line hangs: the next connection finds another file."""
    other, new = content("another", SIZE), tmp_path / "new"
    with ground(protocol, tmp_path) as there, ThreadPoolExecutor(1) as pool:
        there.line.cuts.append(Cut(1, SIZE // 2, How.HANG, there.data))
        fetching = pool.submit(fetch, there.site(20.0), tmp_path / "to", there.entry, patience=PATIENT)
        while not any(part.stat().st_blocks for part in (tmp_path / "to").rglob(".*.part")):
            assert not fetching.done()
            time.sleep(0.005)
        new.write_bytes(other)
        os.utime(new, (1_800_000_000, 1_800_000_000))
        new.replace(tmp_path / "served" / "a.exr")
        there.line.cut_all()
        [done] = fetching.result()
    assert (done.result, done.resumed, done.error) == (R.DOWNLOADED, False, None)
    assert tree(tmp_path / "to") == {there.entry.path.lstrip("/"): other}
    assert done.transferred > SIZE, "what came of the first one was thrown away"
    assert "changed on the server" in done.reason


@pytest.mark.servers
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="descriptors are counted in /proc")
def test_r19_a_black_hole_over_http(tmp_path: Path) -> None:
    """Round after round the line swallows everything after another megabyte, without a word."""
    rounds = 12
    gc.collect()  # what an earlier test left is not to go in between
    before = len(list(Path("/proc/self/fd").iterdir()))
    with ground("http", tmp_path) as there:
        there.line.cuts += [Cut(n, MIB, How.HANG) for n in range(1, rounds + 1)]
        [done] = fetch(there.site(0.5), tmp_path / "to", there.entry, patience=PATIENT)
        assert there.lines == rounds + 1
    assert (done.result, done.error) == (R.DOWNLOADED, None)
    assert done.transferred == SIZE, "not a byte is fetched again"
    assert tree(tmp_path / "to") == {"a.exr": DATA}
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


@pytest.mark.servers
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_r18_a_server_that_is_gone_for_a_while_is_waited_for(tmp_path: Path, protocol: str) -> None:
    """Cut in mid-file, then nobody listens; what came before is kept."""
    with ground(protocol, tmp_path) as there:
        there.line.cuts.append(Cut(1, SIZE // 2, How.HANG, there.data))

        def leave() -> None:
            there.line.refuse()
            there.line.cut_all()
            back.start()

        back = threading.Timer(0.5, there.line.accept)
        gone = threading.Timer(0.3, leave)
        gone.start()
        try:
            [done] = fetch(there.site(5.0), tmp_path / "to", there.entry, patience=PATIENT)
        finally:
            gone.join()
            back.join()
    assert (done.result, done.error) == (R.DOWNLOADED, None)
    assert done.transferred <= SIZE + 2 * MIB
    assert tree(tmp_path / "to") == {there.entry.path.lstrip("/"): DATA}


def test_r14_a_server_that_falls_silent_once_so_many_requests_are_outstanding(tmp_path: Path) -> None:
    """paramiko's issue 1788 as it is: not the bytes asked for are too many, but the questions open at once."""
    bearable, most, stuck = 3, dict[int, int](), set[int]()

    def read(path: str, at: int, n: int) -> Answer:
        login = len(server.logins)
        most[login] = max(most.get(login, 0), len(server._held) + 1)
        if most[login] > bearable:
            stuck.add(login)
        return None if login in stuck else server.honest(path, at, n)

    with ScriptedSftp({"/f.exr": DATA}, read=read, shuffle=1000) as server:
        planned = Entry("/f.exr", size=SIZE, mtime=1_700_000_000.0)
        [done] = fetch(sftp(server, tmp_path, timeout=0.6), tmp_path / "to", planned, patience=PATIENT)
    assert (done.result, done.error) == (R.DOWNLOADED, None)
    assert tree(tmp_path / "to") == {"f.exr": DATA}
    assert stuck, "it was asked too much at first"
    assert len(server.logins) <= 6, "and not over and over"


@pytest.mark.servers
def test_r23_room_that_was_lost_grows_back_while_files_come(tmp_path: Path) -> None:
    """Refused at two, given more later: one more connection for each minute that goes well, up to the old limit."""
    now = [0.0]
    budget = HostBudget(5, clock=lambda: now[0])
    served = tmp_path / "served"
    served.mkdir()
    files = [served / f"{n}.exr" for n in range(24)]
    for file in files:
        file.write_bytes(content(file.name, 30_000))
    entries = [Entry(file.as_posix(), size=30_000, mtime=file.stat().st_mtime // 1) for file in files]
    with VsftpdServer(served, tmp_path / "full", max_clients=2) as server:
        results = fetch(ftp(server), tmp_path / "0", *entries, lanes=5, budget=budget)
    assert {done.result for done in results} == {R.DOWNLOADED}
    limits = [budget.limit]
    assert limits[0] <= 2
    with VsftpdServer(served, tmp_path / "roomy") as server:
        for minute in range(1, 6):
            now[0] += GROWTH
            results = fetch(ftp(server), tmp_path / str(minute), *entries, lanes=5, budget=budget)
            assert {done.result for done in results} == {R.DOWNLOADED}
            limits.append(budget.limit)
    assert all(0 <= after - before <= 1 for before, after in pairwise(limits))
    assert limits[-1] == 5


@pytest.mark.servers
@pytest.mark.parametrize("rekey", ["1M none", "default 1"])
def test_r25_new_keys_make_no_gap_that_would_be_taken_for_silence(tmp_path: Path, rekey: str) -> None:
    """A gap of two seconds would end the connection: one is enough for all of it."""
    with ground("sftp", tmp_path, rekey_limit=rekey) as there:
        [done] = fetch(there.site(2.0), tmp_path / "to", there.entry, patience=HASTY)
        assert there.lines == 1
    assert (done.result, done.transferred) == (R.DOWNLOADED, SIZE)
    assert tree(tmp_path / "to") == {there.entry.path.lstrip("/"): DATA}


@pytest.mark.skipif(sys.platform != "linux", reason="Linux drops the SYN that finds the queue full")
@pytest.mark.parametrize("protocol", ["sftp", "ftp", "ftps", "http", "https"])
def test_r18_a_swallowed_syn_is_waited_for_no_longer_than_told(protocol: str) -> None:
    """A listener whose queue is full answers nothing at all, as a firewall that drops."""
    with ExitStack() as stack:
        full = stack.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        address = Address(protocol, "127.0.0.1", full.getsockname()[1])
        source = opener(Site(address, timeout=60.0, connect_timeout=0.5))()
        with pytest.raises((Unreachable, TimedOut)) as caught:
            source.connect()
            source.stat("/a.exr")
        source.close()
    assert caught.value.suggestion
