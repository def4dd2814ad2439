"""Scanning over FTP: as many connections as the server grants, all of them given back."""

import ftplib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.core.connection import parse_connection
from desktop.core.errors import ShotDockError
from desktop.core.media import Structure
from desktop.logs import LogRing
from desktop.places import Places
from desktop.transfer.budget import HostBudget
from desktop.work.background import ignore
from desktop.work.services import start_services
from desktop.work.sites import DEFAULT_BUDGET
from tests.servers.proxy import SECOND_HOST, Cut, How, Proxy
from tests.servers.vsftpd import VsftpdServer
from tests.work.conftest import Bench, write

SHOTS = 60


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "studio"
    for number in range(SHOTS):
        shot = f"SH{number:03}0"
        write(root / "VEGA" / "SQ01" / shot / "anim" / "publish" / "v001" / f"{shot}_v001.ma", b"scene")
    return root


@pytest.fixture
def bench(qtbot: QtBot, root: Path, tmp_path: Path) -> Iterator[Bench]:
    services = start_services(Places.find(), LogRing(), threaded=True)
    yield Bench(qtbot, services, root, tmp_path / "shows")
    services.shutdown()


def connect(bench: Bench, url: str) -> HostBudget:
    """Save the connection and return its host's budget."""
    connection, password = parse_connection("VEGA", url)
    bench.answer(lambda then, failed: bench.services.connections.save(connection, password, then, failed))
    bench.services.connections.agree(connection.address)
    return bench.services.sites.budget("VEGA")


def enter(server: VsftpdServer) -> ftplib.FTP:
    """Take the server's only place, once it has seen that whoever looked whether it runs is gone."""
    for _ in range(200):
        other = ftplib.FTP()
        try:
            other.connect(server.host, server.port)
            other.login(server.user, server.password)
            return other
        except ftplib.error_temp:
            other.close()
            time.sleep(0.05)
    raise AssertionError("its place never becomes free")


@pytest.mark.servers
@pytest.mark.parametrize("granted", [1, 3, 0], ids=["one connection", "three connections", "no limit"])
def test_a_scan_takes_what_the_server_grants_and_gives_it_back(
    bench: Bench, root: Path, tmp_path: Path, granted: int
) -> None:
    with VsftpdServer(root, tmp_path / "vsftpd", max_clients=granted) as server:
        budget = connect(bench, server.url)
        structure = bench.scan()
        logins = (server.folder / "vsftpd.log").read_text().count("OK LOGIN")
    assert len(structure.publications) == SHOTS
    bench.qtbot.waitUntil(lambda: budget.used == 0)
    if granted:
        assert logins <= granted
        assert budget.limit < DEFAULT_BUDGET, "a refusal is remembered"
    else:
        assert budget.limit == DEFAULT_BUDGET


@pytest.mark.servers
def test_what_is_kept_for_a_transfer_keeps_no_second_scan_out(bench: Bench, root: Path, tmp_path: Path) -> None:
    """The connection of the first scan is kept for a while; where there may be no other, the second needs its place."""
    with VsftpdServer(root, tmp_path / "vsftpd", max_clients=1) as server:
        connect(bench, server.url)
        bench.scan()
        structure = bench.scan()
        full = (server.folder / "vsftpd.log").read_text().count('"421 ')
    assert full, "the first one had hung up by then"
    assert len(structure.publications) == SHOTS


@pytest.mark.servers
def test_a_scan_waits_for_somebody_elses_connection_to_end(bench: Bench, root: Path, tmp_path: Path) -> None:
    with VsftpdServer(root, tmp_path / "vsftpd", max_clients=1) as server:
        other = enter(server)
        connect(bench, server.url)
        log = server.folder / "vsftpd.log"
        found: list[Structure] = []
        told: list[ShotDockError] = []
        bench.services.library.scan("VEGA", found.append, told.append)
        bench.qtbot.waitUntil(lambda: '"421 ' in log.read_text())
        other.close()
        bench.qtbot.waitUntil(lambda: bool(found or told), timeout=20_000)
    assert not told
    assert len(found[0].publications) == SHOTS


@pytest.mark.servers
def test_a_cancelled_scan_hangs_up_on_every_connection(bench: Bench, root: Path, tmp_path: Path) -> None:
    # The first one is good for the folders that make the others worth their while.
    cuts = [Cut(number, 1500 if number == 1 else 10, How.HANG) for number in range(1, DEFAULT_BUDGET + 1)]
    with (
        VsftpdServer(root, tmp_path / "vsftpd", passive_hosts=(SECOND_HOST,)) as server,
        Proxy(server.port, passive_ports=server.passive_ports, cuts=cuts) as proxy,
    ):
        budget = connect(bench, f"ftp://{server.user}@{proxy.host}:{proxy.port}{server.path}")
        work = bench.services.library.scan("VEGA", ignore, ignore)
        bench.qtbot.waitUntil(lambda: proxy.connections > 2)
        assert budget.used > 2
        work.cancel()
        bench.qtbot.waitUntil(lambda: budget.used == 0, timeout=10_000)
