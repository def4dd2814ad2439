"""R60: over FTPS a listing that ends without TLS's goodbye is none, whatever the server reports of it."""

import ssl
from contextlib import closing
from pathlib import Path

import pytest

from desktop.core.connection import Address
from desktop.core.errors import ConnectionLost
from desktop.core.media import Entry
from desktop.core.task import FileResult
from desktop.transfer.ports import Login, Site, Trust
from desktop.transfer.sources.ftp import FtpSource
from tests.cli.console import Console
from tests.conftest import Starter
from tests.faults.engine import MTIME, fetch
from tests.servers.certificates import make_certificates
from tests.servers.content import content
from tests.servers.proftpd import ProftpdServer
from tests.servers.proxy import SECOND_HOST, Cut, How, Proxy
from tests.servers.scripted_ftp import ScriptedFtp, Transfer
from tests.servers.vsftpd import Tls, VsftpdServer
from tests.transfer.scripted import tree

MLST = "211-Features:\r\n MLST type*;size*;modify*;\r\n SIZE\r\n MDTM\r\n REST STREAM\r\n211 End"
NAMES = tuple(f"shot_{n}.exr" for n in range(400))
LISTINGS = {
    "MLSD": "".join(f"type=file;size=5;modify=20240101000000; {name}\r\n" for name in NAMES).encode(),
    "LIST": "".join(f"-rw-r--r-- 1 0 0 5 Jan 01 2024 {name}\r\n" for name in NAMES).encode(),
}
REPORTS = {"226": "226 Done", "226 that knows the folder": "226-Options: -l\r\n226 400 matches total", "no word": None}
DATA = content("a.exr", 300_000)


def secured(tmp_path: Path, verb: str = "MLSD", **script: object) -> ScriptedFtp:
    """Return a server that encrypts all it says, its data too."""
    made = make_certificates(tmp_path / "certificates of the server")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made.chain, made.key)
    told: dict[str, object] = {"features": MLST} if verb == "MLSD" else {}
    return ScriptedFtp(auth_tls=context, data_tls=context, **told, **script)  # type: ignore[arg-type]  # its fields


def site_of(
    server: ScriptedFtp | VsftpdServer | ProftpdServer, tmp_path: Path, at: Proxy | None = None, password: str = "p"
) -> Site:
    user = "ann" if isinstance(server, ScriptedFtp) else server.user
    address = Address("ftpes", (at or server).host, (at or server).port, user)
    pins = Trust(certificates=tmp_path / "pins", accept_new=True)
    return Site(address, Login(password), pins, timeout=20.0)


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
@pytest.mark.parametrize("part", [0.5, 1.0, 0.0], ids=["half", "all of it", "nothing"])
@pytest.mark.parametrize("verb", LISTINGS)
def test_r60_a_listing_without_goodbye_is_none(tmp_path: Path, verb: str, part: float, report: str | None) -> None:
    """Cut where a line ends it looks whole, and empty like an empty folder: nothing but the goodbye tells."""
    lines = LISTINGS[verb].splitlines(keepends=True)
    listing = b"".join(lines[: int(len(lines) * part)])
    with (
        secured(tmp_path, verb, listing=listing, listed=report, goodbye=False) as liar,
        closing(FtpSource(site_of(liar, tmp_path))) as source,
    ):
        source.connect()
        for path in ("/", "/plates"):
            with pytest.raises(ConnectionLost, match="goodbye") as caught:
                source.list(path)
            assert caught.value.path == path and "administrator" in caught.value.suggestion
        assert [line for line in liar.commands if line.startswith(verb)] == [f"{verb} /", f"{verb} /plates"]


@pytest.mark.parametrize("verb", LISTINGS)
def test_r60_a_listing_with_a_goodbye_is_believed(tmp_path: Path, verb: str) -> None:
    with (
        secured(tmp_path, verb, listing=LISTINGS[verb]) as server,
        closing(FtpSource(site_of(server, tmp_path))) as source,
    ):
        source.connect()
        assert [entry.name for entry in source.list("/")] == list(NAMES)


def test_r60_who_scans_a_listing_that_was_cut_is_told(shotdock: Console, tmp_path: Path) -> None:
    """A folder brought from it would miss files, and be called done."""
    half = b"".join(LISTINGS["MLSD"].splitlines(keepends=True)[:200])
    with secured(tmp_path, listing=half, goodbye=False) as liar:
        url = f"ftpes://ann:p@{liar.host}:{liar.port}/"
        said = shotdock("get", url, tmp_path / "to", "--accept-new-host-key", "--json")
        assert not [line for line in liar.commands if line.startswith("RETR")]
    assert said.status not in (0, 2) and "goodbye" in said.err
    assert not (tmp_path / "to").exists() or tree(tmp_path / "to") == {}


@pytest.mark.parametrize("size", [len(DATA), None], ids=["size known", "size unknown"])
@pytest.mark.parametrize("goodbye", [True, False], ids=["goodbye", "none"])
def test_r60_a_file_without_goodbye_is_judged_by_its_size(tmp_path: Path, size: int | None, goodbye: bool) -> None:
    """One whose size nobody knows has no other end than the goodbye."""
    transfers = {"/a.exr": [Transfer(first="150 Here")]}
    answers = {} if size else {"SIZE": "500 What?"}
    with secured(tmp_path, files={"/a.exr": DATA}, transfers=transfers, answers=answers, goodbye=goodbye) as server:
        [done] = fetch(site_of(server, tmp_path), tmp_path / "to", Entry("/a.exr", size=size, mtime=MTIME))
    brought = goodbye or size is not None
    assert (done.result is FileResult.DOWNLOADED) == brought, done.error
    assert tree(tmp_path / "to") == ({"a.exr": DATA} if brought else {})
    assert brought or "goodbye" in str(done.error)


@pytest.mark.servers
@pytest.mark.parametrize("kind", [VsftpdServer, ProftpdServer])
def test_r60_real_servers_say_goodbye_and_a_cut_is_noticed(
    served: Path, tmp_path: Path, start_server: Starter[VsftpdServer | ProftpdServer], kind: type[VsftpdServer]
) -> None:
    """Listings of nothing, of a few and of many names, again and again; then one in whose middle the line ends."""
    for folder, count in (("none", 0), ("few", 3), ("many", 3000)):
        (served / folder).mkdir()
        for n in range(count):
            (served / folder / f"{folder}_of_them_with_a_longer_name_{n:05}.exr").touch()
    server = start_server(kind(served, tmp_path / "server", tls=Tls.EXPLICIT, passive_hosts=(SECOND_HOST,)))
    root = server.path.rstrip("/")
    with (
        Proxy(server.port, passive_ports=server.passive_ports) as proxy,
        closing(FtpSource(site_of(server, tmp_path, proxy, server.password))) as source,
    ):
        source.connect()
        for _ in range(10):
            found = [len(source.list(f"{root}/{folder}")) for folder in ("none", "few", "many")]
            assert found == [0, 3, 3000]
        # The first cut may be blamed on what was sent ahead, and the listing is asked for again.
        cut = proxy.data_connections
        proxy.cuts = [Cut(cut + n, 60_000, How.FIN, data=True) for n in (1, 2, 3)]
        with pytest.raises(ConnectionLost, match="goodbye"):
            source.list(f"{root}/many")
        assert proxy.data_connections - cut <= 2
        proxy.cuts = []
        assert len(source.list(f"{root}/many")) == 3000
