"""Scanning over FTP: as many connections as the server grants, all of them given back."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.core.connection import parse_connection
from desktop.logs import LogRing
from desktop.places import Places
from desktop.work.services import start_services
from tests.servers.vsftpd import VsftpdServer
from tests.work.conftest import Bench, write

SHOTS = 60


@pytest.mark.servers
@pytest.mark.parametrize("granted", [1, 3, 0], ids=["one connection", "three connections", "no limit"])
def test_a_scan_takes_what_the_server_grants_and_gives_it_back(qtbot: QtBot, tmp_path: Path, granted: int) -> None:
    root = tmp_path / "studio"
    for number in range(SHOTS):
        shot = f"SH{number:03}0"
        write(root / "VEGA" / "SQ01" / shot / "anim" / "publish" / "v001" / f"{shot}_v001.ma", b"scene")
    services = start_services(Places.find(), LogRing(), threaded=True)
    try:
        bench = Bench(qtbot, services, root, tmp_path / "shows")
        with VsftpdServer(root, tmp_path / "vsftpd", max_clients=granted) as server:
            connection, password = parse_connection("VEGA", server.url)
            bench.answer(lambda then, failed: services.connections.save(connection, password, then, failed))
            structure = bench.scan()
            log = (server.folder / "vsftpd.log").read_text()
        budget = services.sites.budget("VEGA")
    finally:
        services.shutdown()
    assert len(structure.publications) == SHOTS
    assert budget.used == 0
    logins = log.count("OK LOGIN")
    if granted:
        assert logins <= granted
        assert budget.limit < 16, "a refusal is remembered"
    else:
        assert logins > 1
        assert budget.limit == 16
