"""EPSV sent behind RETR: who gets it, what it saves, and that nothing goes wrong where it goes wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from desktop.core.connection import Address
from desktop.core.errors import ConnectionLost, NotFound, Retry, ServerBusy
from desktop.core.media import Entry
from desktop.transfer.ports import Login, Site, Trust
from desktop.transfer.sources.ftp import FtpSource
from tests.contracts.pieces import ListFeed, MemoryPiece
from tests.servers.content import content
from tests.servers.proftpd import ProftpdServer
from tests.servers.pyftpd import PyftpdServer
from tests.servers.scripted_ftp import ScriptedFtp, Transfer
from tests.servers.vsftpd import VsftpdServer

DATA = content("a.exr", 5000)
PATIENT = "220 (vsFTPd 3.0.3)"
LOGIN = ["USER", "PASS", "FEAT", "TYPE"]
FIRST_AHEAD = 8
"""The place of the first EPSV sent ahead: behind the login and the second RETR. The first file goes by the book."""


@contextmanager
def talking(server: ScriptedFtp, timeout: float = 20.0) -> Iterator[FtpSource]:
    with server, connected(server.host, server.port, timeout) as source:
        yield source


@contextmanager
def connected(
    host: str, port: int, timeout: float = 20.0, user: str = "artist", password: str = "x"
) -> Iterator[FtpSource]:
    trust = Trust(in_clear=True)
    source = FtpSource(Site(Address("ftp", host, port, user), Login(password=password), trust, timeout))
    try:
        source.connect()
        yield source
    finally:
        source.close()


def server(greeting: str = PATIENT, **script: Any) -> ScriptedFtp:
    return ScriptedFtp(files={"/a.exr": DATA, "/b.exr": DATA}, greeting=greeting, **script)


def pieces(*paths: str, size: int = 5000) -> list[MemoryPiece]:
    return [MemoryPiece(Entry(path, size=size)) for path in paths]


def fetch(source: FtpSource, *paths: str) -> list[MemoryPiece]:
    wanted = pieces(*paths)
    source.read(ListFeed(wanted))
    return wanted


def verbs(server: ScriptedFtp) -> list[str]:
    return [command.partition(" ")[0] for command in server.commands]


def check_whole(*came: MemoryPiece) -> None:
    assert [(piece.state, piece.data) for piece in came] == [("finished", DATA)] * len(came)


def test_each_file_brings_the_port_of_the_next() -> None:
    patient = server()
    with talking(patient) as source:
        check_whole(*fetch(source, *["/a.exr"] * 5))
    assert verbs(patient) == [*LOGIN, "EPSV", *["RETR", "EPSV"] * 5]


@pytest.mark.parametrize(
    "greeting, features, ahead",
    [
        ("220 Welcome to the studio", " EPRT\r\n EPSV\r\n MDTM\r\n PASV\r\n REST STREAM\r\n SIZE\r\n TVFS", True),
        ("220 Welcome to the studio", " EPRT\r\n EPSV\r\n MDTM\r\n MLST\r\n PASV\r\n REST STREAM\r\n SIZE", False),
        ("220 ProFTPD 1.3.8 Server (studio) [127.0.0.1]", " SIZE", True),
        ("220 ProFTPD 1.3.10 Server (studio) [127.0.0.1]", " SIZE", True),
        ("220 ProFTPD 1.3.5 Server (studio) [127.0.0.1]", " SIZE", False),
        ("220---------- Welcome to Pure-FTPd ----------\r\n220 Ready", " SIZE", False),
        ("220 pyftpdlib 2.2.0 ready.", " SIZE", False),
        ("220 Microsoft FTP Service", " SIZE", False),
    ],
)
def test_only_servers_known_to_bear_it_get_it(greeting: str, features: str, ahead: bool) -> None:
    stranger = server(greeting, features=f"211-Features:\r\n{features}\r\n211 End")
    with talking(stranger) as source:
        check_whole(*fetch(source, "/a.exr", "/b.exr"))
    assert verbs(stranger)[-1] == ("EPSV" if ahead else "RETR")


def test_listings_bring_the_port_of_the_next_too() -> None:
    patient = server(listing=b"drwxr-xr-x 2 a b 1 Nov 14 2023 sub\r\n")
    with talking(patient) as source:
        for _ in range(3):
            assert [entry.name for entry in source.list("/")] == ["sub"]
    assert verbs(patient) == [*LOGIN, "EPSV", *["LIST", "EPSV"] * 3]


@pytest.mark.parametrize("code", ["426", "450", "451", "551"])
@pytest.mark.parametrize("sent", [b"", DATA[:2000], DATA])
def test_a_bad_end_leaves_the_replies_in_step(code: str, sent: bytes) -> None:
    patient = server(transfers={"/a.exr": [Transfer(sent, last=f"{code} Something failed")]})
    with talking(patient) as source:
        before, bad, *after = fetch(source, "/b.exr", "/a.exr", "/b.exr", "/b.exr")
        assert isinstance(bad.error, Retry)
        check_whole(before, *after)
    assert verbs(patient) == [*LOGIN, "EPSV", *["RETR", "EPSV"] * 4]


def test_a_missing_file_leaves_the_replies_in_step() -> None:
    patient = server()
    with talking(patient) as source:
        before, bad, after = fetch(source, "/b.exr", "/missing.exr", "/b.exr")
        assert isinstance(bad.error, NotFound)
        check_whole(before, after)
    assert verbs(patient) == [*LOGIN, "EPSV", *["RETR", "EPSV"] * 3]


def test_a_file_left_in_the_middle_leaves_the_replies_in_step() -> None:
    patient = server()
    with talking(patient) as source:
        before, left, *after = wanted = pieces(*["/a.exr"] * 4)
        left.stopped = True
        source.read(ListFeed(wanted))
        assert left.state == "dropped"
        check_whole(before, *after)
    assert verbs(patient) == [*LOGIN, "EPSV", *["RETR", "EPSV"] * 4]


@pytest.mark.parametrize("refusal", ["500 What?", "425 No port is free", "450 A transfer is in progress"])
def test_epsv_refused_ahead_is_asked_for_in_its_turn(refusal: str) -> None:
    patient = server(instead={FIRST_AHEAD: refusal})
    with talking(patient) as source:
        check_whole(*fetch(source, *["/a.exr"] * 4))
    assert verbs(patient) == [*LOGIN, *["EPSV", "RETR"] * 2, "EPSV", *["EPSV", "RETR"] * 2]


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param("", id="the command is lost"),
        pytest.param("200 Fine", id="it means nothing"),
        pytest.param("229 Entering Extended Passive Mode (|||1|)", id="nobody listens there"),
    ],
)
def test_a_server_that_does_not_bear_it_costs_one_more_login_and_no_file(reply: str) -> None:
    impatient = server(instead={FIRST_AHEAD: reply})
    with talking(impatient, timeout=1.0) as source:
        check_whole(*fetch(source, *["/a.exr"] * 4))
    said = verbs(impatient)
    again = said.index("USER", 1)
    assert said[again:] == [*LOGIN, *["EPSV", "RETR"] * 2]


def test_a_server_that_stops_listening_for_the_file_before_costs_one_more_login_and_no_file() -> None:
    """Its port is gone before we come: the EPSV behind RETR was quicker."""
    impatient = server(instead={FIRST_AHEAD - 2: "229 Entering Extended Passive Mode (|||1|)"})
    with talking(impatient, timeout=1.0) as source:
        check_whole(*fetch(source, *["/a.exr"] * 4))
    said = verbs(impatient)
    assert said[said.index("USER", 1) :] == [*LOGIN, *["EPSV", "RETR"] * 3]


def test_a_listing_is_asked_for_again_where_the_one_before_broke_the_session() -> None:
    impatient = server(instead={FIRST_AHEAD: ""}, listing=b"drwxr-xr-x 2 a b 1 Nov 14 2023 sub\r\n")
    with talking(impatient, timeout=1.0) as source:
        for _ in range(3):
            assert [entry.name for entry in source.list("/")] == ["sub"]
    assert verbs(impatient).count("USER") == 2


def test_a_port_named_ahead_that_the_server_forgot_costs_no_file() -> None:
    patient = server(instead={FIRST_AHEAD + 1: "425 Use PORT or PASV first."})
    with talking(patient) as source:
        check_whole(*fetch(source, *["/a.exr"] * 4))
    assert verbs(patient).count("USER") == 2


def test_421_in_between_ends_the_connection_and_not_the_file_before() -> None:
    patient = server(instead={FIRST_AHEAD: "421 Too many connections"})
    with talking(patient) as source:
        *before, after = wanted = pieces(*["/a.exr"] * 3)
        with pytest.raises(ServerBusy):
            source.read(ListFeed(wanted))
        check_whole(*before)
        assert after.state == ""


def test_idle_421_in_between_is_a_lost_connection() -> None:
    with talking(server(instead={FIRST_AHEAD: "421 Timeout."})) as source:
        *before, after = wanted = pieces(*["/a.exr"] * 3)
        with pytest.raises(ConnectionLost):
            source.read(ListFeed(wanted))
        check_whole(*before)
        assert after.state == ""


def test_a_229_is_no_word_on_the_transfer() -> None:
    """A server that never says 226 answers EPSV next: that is not success."""
    silent = server(transfers={"/a.exr": [Transfer(last=None)]})
    with talking(silent) as source:
        before, doubtful, after = fetch(source, "/b.exr", "/a.exr", "/b.exr")
        assert isinstance(doubtful.error, Retry)
        check_whole(before, after)
    assert verbs(silent).count("USER") == 2


def test_a_late_226_is_waited_for_no_longer_than_without() -> None:
    late = server(transfers={"/a.exr": [Transfer(last=None)]}, instead={FIRST_AHEAD: ""})
    with talking(late, timeout=1.0) as source:
        check_whole(*fetch(source, "/b.exr", "/a.exr", "/b.exr"))


def test_pyftpdlib_in_disguise_ends_one_transfer_and_no_other(tmp_path: Path) -> None:
    """It drops a data connection under way once EPSV comes; one not yet there finds nobody listening."""
    root = tmp_path / "served"
    root.mkdir()
    for name in ("a.exr", "b.exr"):
        (root / name).write_bytes(DATA)
    with (
        PyftpdServer(root, greeting="(vsFTPd 3.0.3)") as false,
        connected(false.host, false.port, 2.0, false.user, false.password) as source,
    ):
        before, second, *after = fetch(source, *["/a.exr"] * 6)
    check_whole(before, *after)
    # Refused, it is asked for again on a session of its own; dropped, bytes had come, and the engine decides.
    if second.state != "finished":
        assert isinstance(second.error, Retry)
    else:
        check_whole(second)


@pytest.mark.servers
@pytest.mark.parametrize("which", ["vsftpd", "vsftpd_tls", "proftpd"])
def test_real_servers_keep_in_step(which: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    real: VsftpdServer | ProftpdServer = request.getfixturevalue(which)
    protocol = real.url.partition(":")[0]
    for name in ("a.exr", "b.exr"):
        (real.root / name).write_bytes(DATA)
    base = real.path.rstrip("/")
    address = Address(protocol, real.host, real.port, real.user)
    trust = Trust(certificates=tmp_path / "certificates", accept_new=True, in_clear=True)
    source = FtpSource(Site(address, Login(password=real.password), trust, timeout=20.0))
    try:
        source.connect()
        wanted = pieces(*[f"{base}/{name}" for name in ("a.exr", "missing.exr", "b.exr")] * 10)
        source.read(ListFeed(wanted))
        assert {entry.name for entry in source.list(base or "/")} >= {"a.exr", "b.exr"}
        assert source.stat(f"{base}/a.exr").size == 5000
    finally:
        source.close()
    for piece in wanted:
        if "missing" in piece.file.path:
            assert isinstance(piece.error, NotFound)
        else:
            check_whole(piece)
