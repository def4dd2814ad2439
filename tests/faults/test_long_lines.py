"""R26: far away, shaken, lossy and thin: every protocol brings everything, and nothing twice."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.console import ROOT, Console
from tests.servers.link import Link
from tests.servers.nginx import NginxServer
from tests.servers.sshd import SshServer
from tests.servers.vsftpd import VsftpdServer
from tests.transfer.scripted import content, tree

pytestmark = pytest.mark.servers
SMALL, LARGE = 6, 300_000


@pytest.mark.parametrize(("round_trip", "jitter"), [(0.040, 0.010), (0.150, 0.030)], ids=["40 ms", "150 ms"])
def test_r26_a_long_thin_lossy_line(shotdock: Console, tmp_path: Path, round_trip: float, jitter: float) -> None:
    served, to = tmp_path / "served", tmp_path / "to"
    files: dict[str, bytes] = {}
    for kind in ("ssh", "ftp", "web"):
        sizes = {f"{kind}/{n}.exr": 20_000 for n in range(SMALL)} | {f"{kind}/large.exr": LARGE}
        files |= {name: content(name, size) for name, size in sizes.items()}
    for name, data in files.items():
        (served / name).parent.mkdir(parents=True, exist_ok=True)
        (served / name).write_bytes(data)
        os.utime(served / name, (1_700_000_000, 1_700_000_000))
    ssh, ftp = SshServer(served, tmp_path / "sshd"), VsftpdServer(served, tmp_path / "vsftpd")
    web = NginxServer(served, tmp_path / "nginx")
    with Link(delay=round_trip / 2, jitter=jitter, loss=0.01, rate=2_000_000) as link:
        for server in (ssh, ftp, web):
            server.host = link.host
        with ssh, ftp, web:
            sources = [f"{ssh.url}/ssh", f"{ftp.url.replace('@', ':artist%40@', 1)}/ftp"]
            sources += [f"{web.url}{name}" for name in files if name.startswith("web/")]
            trust = ("--identity", ssh.identity, "--accept-new-host-key", "--json")
            program = subprocess.run(
                link.wrapped(Console.command(("get", *sources, to, *trust))),
                capture_output=True,
                text=True,
                cwd=ROOT,
                env=shotdock.environment,
                timeout=120,
                check=False,
            )
    said = json.loads(program.stdout)
    assert (said["status"], said["errors"], program.returncode) == ("done", [], 0)
    assert {Path(name).name for name in tree(to)} == {Path(name).name for name in files}
    assert sorted(tree(to).values()) == sorted(files.values())
    assert said["bytes"]["transferred"] == sum(len(data) for data in files.values()), "nothing came twice"
    assert link.lost > 0
    log = "".join(path.read_text("utf-8") for path in (shotdock.home / "logs").iterdir())
    assert not [line for line in log.splitlines() if " WARNING " in line or " ERROR " in line]
