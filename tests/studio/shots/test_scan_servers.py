"""The same tree, scanned over every protocol, is the same structure."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from desktop.core.connection import parse_connection
from desktop.core.errors import NotFound
from desktop.core.media import ScanProgress, Structure
from desktop.studio.shots.layout import load_layout
from desktop.studio.shots.scan import scan
from desktop.transfer import sources  # noqa: F401  they register themselves
from desktop.transfer.ports import SOURCES, Login, Site, Trust
from tests.servers.proftpd import ProftpdServer
from tests.servers.pyftpd import PyftpdServer
from tests.servers.sshd import SshServer
from tests.servers.vsftpd import VsftpdServer
from tests.studio.trees import plant

pytestmark = pytest.mark.servers

AnyServer = SshServer | VsftpdServer | ProftpdServer | PyftpdServer
TREE = [
    "VEGA/SH001/anim/publish/v001/a.ma",
    "VEGA/SQ01/SH010/anim/publish/v9/a b.ma",
    "VEGA/SQ01/SH010/anim/publish/v10/deep/er/c.abc",
    "VEGA/SQ01/SH010/anim/publish/v11/c.abc.part",
    "VEGA/SQ01/SH010/comp/v001/x.exr",
    "VEGA/EP1/SQ2/Sch\u00f6n/lighting/version/b_v003.1001.exr",
    "VEGA/EP1/SQ2/Sch\u00f6n/lighting/version/b_v003.1002.exr",
]


@pytest.fixture(params=["sshd", "vsftpd", "proftpd", "pyftpd"])
def server(request: pytest.FixtureRequest, served: Path) -> AnyServer:
    plant(served, dict.fromkeys(TREE, 321), time.time() - 86_400)
    (served / "VEGA/SQ01/SH010/anim/publish/v12/empty").mkdir(parents=True)
    (served / "VEGA/SQ01/SH010/anim/publish/latest").symlink_to("v10")
    started: AnyServer = request.getfixturevalue(request.param)
    return started


@contextmanager
def scanned(server: AnyServer, tmp_path: Path, below: str = "") -> Iterator[Structure]:
    connection, _ = parse_connection("studio", f"{server.url.rstrip('/')}{below}")
    known = tmp_path / "known_hosts"
    if isinstance(server, SshServer):
        known.write_text(server.known_hosts)
        login = Login(identity=server.identity, agent=False)
    else:
        login = Login(server.password)
    site = Site(connection.address, login, Trust((known,), tmp_path / "pins", in_clear=True))
    source = SOURCES[connection.address.protocol](site)
    source.connect()
    try:
        layout = load_layout("default")
        yield scan(source, connection, layout, ScanProgress(), lambda: False, time.time())
    finally:
        source.close()


def test_a_scan_finds_the_same_over_every_protocol(server: AnyServer, tmp_path: Path) -> None:
    with scanned(server, tmp_path) as structure:
        found = {
            (p.key.label, p.department, v.label, v.uploading): [(f.name, f.size) for f in v.files]
            for p in structure.publications
            for v in p.versions
        }
    assert found == {
        ("VEGA/SH001", "anim", "v001", False): [("a.ma", 321)],
        ("VEGA/SQ01/SH010", "anim", "v9", False): [("a b.ma", 321)],
        ("VEGA/SQ01/SH010", "anim", "v10", False): [("c.abc", 321)],
        ("VEGA/SQ01/SH010", "anim", "v11", True): [],
        ("VEGA/EP1/SQ2/Sch\u00f6n", "lighting", "v003", False): [
            ("b_v003.1001.exr", 321),
            ("b_v003.1002.exr", 321),
        ],
    }


def test_a_missing_root_is_named_over_every_protocol(server: AnyServer, tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught, scanned(server, tmp_path, "/gone/deeper"):
        pass
    assert caught.value.path.endswith("/gone/deeper")
    assert "studio" in caught.value.title
