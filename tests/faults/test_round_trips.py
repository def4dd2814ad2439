"""R26: what a small file costs over a long line, counted in round trips and not by a clock."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from desktop.core.connection import Address
from desktop.core.media import Entry
from desktop.core.task import FileResult
from desktop.transfer.ports import Site
from tests.faults.engine import fetch, ftp, sftp
from tests.servers.content import content
from tests.servers.nginx import NginxServer
from tests.servers.proxy import SECOND_HOST, Proxy
from tests.servers.sshd import SshServer
from tests.servers.vsftpd import VsftpdServer

FEW, MANY, SIZE = 20, 120, 2000
DELAY = 0.01
"""Seconds each way: longer than a server here takes to answer."""
MOST = 3.5 / 0.8
"""Round trips a file: 80 % of what a connection brings at three and a half each."""


def rounds(protocol: str, folder: Path, count: int) -> int:
    """Bring so many small files over one connection and return the round trips that were waited for."""
    served = folder / "served"
    served.mkdir(parents=True)
    data = {f"{n}.exr": content(f"{n}", SIZE) for n in range(count)}
    for name, one in data.items():
        (served / name).write_bytes(one)
    with ExitStack() as stack:
        if protocol == "sftp":
            sshd = stack.enter_context(SshServer(served, folder / "sshd"))
            line = stack.enter_context(Proxy(sshd.port, delay=DELAY))
            site = sftp(sshd, folder, port=line.port)
        elif protocol == "ftp":
            ftpd = stack.enter_context(VsftpdServer(served, folder / "vsftpd", passive_hosts=(SECOND_HOST,)))
            line = stack.enter_context(Proxy(ftpd.port, passive_ports=ftpd.passive_ports, delay=DELAY))
            site = ftp(ftpd, host=line.host, port=line.port)
        else:
            web = stack.enter_context(NginxServer(served, folder / "nginx"))
            line = stack.enter_context(Proxy(web.port, delay=DELAY))
            site = Site(Address("http", line.host, line.port), timeout=20.0)
        top = "" if protocol == "http" else served.as_posix()
        done = fetch(site, folder / "to", *(Entry(f"{top}/{name}", size=SIZE) for name in data))
        assert {one.result for one in done} == {FileResult.DOWNLOADED}
        assert line.connections == 1
        # A connection's own greeting is not delayed here, and costs as much.
        return line.rounds + line.data_connections


@pytest.mark.servers
@pytest.mark.parametrize("protocol", ["sftp", "ftp", "http"])
def test_r26_a_small_file_costs_few_round_trips(tmp_path: Path, protocol: str) -> None:
    """What a hundred more of them cost: the way in is paid once. SFTP has many files under way on its one line."""
    each = (rounds(protocol, tmp_path / "many", MANY) - rounds(protocol, tmp_path / "few", FEW)) / (MANY - FEW)
    assert 0 < each <= MOST
    assert protocol != "sftp" or each < 0.5
