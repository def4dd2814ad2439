"""FTP servers that lie, stop and know little: nothing wrong is ever taken for a whole file."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from desktop.core.connection import Address
from desktop.core.errors import (
    ConnectionLost,
    HostileName,
    HostKeyChanged,
    HostKeyUnknown,
    LoginFailed,
    NotAllowed,
    NotFound,
    Overlong,
    Retry,
    ServerBusy,
    ShotDockError,
    StillUploading,
    TimedOut,
    Truncated,
    Unsupported,
)
from desktop.core.media import Entry, EntryKind
from desktop.transfer.jobs import Job, JobDone
from desktop.transfer.pins import read_pins, remember_pin
from desktop.transfer.ports import Login, Site, Trust
from desktop.transfer.sources.ftp import FtpSource
from tests.contracts.pieces import ListFeed, MemoryPiece
from tests.servers.certificates import make_certificates
from tests.servers.content import content
from tests.servers.scripted_ftp import ScriptedFtp, Transfer
from tests.servers.vsftpd import VsftpdServer
from tests.transfer.scripted import HASTY, MIB, drive, make_run

DATA = content("a.exr", 5000)
LARGE = content("large.exr", 9 << 20)
GOOD = b"good"
PASSWORD = "s3cret & spaced"


@contextmanager
def talking(server: ScriptedFtp, protocol: str = "ftp", timeout: float = 20.0) -> Iterator[FtpSource]:
    with server:
        address, login = Address(protocol, server.host, server.port, "artist"), Login(password=PASSWORD)
        source = FtpSource(Site(address, login, Trust(in_clear=True), timeout))
        try:
            source.connect()
            yield source
        finally:
            source.close()


def server(**script: Any) -> ScriptedFtp:
    return ScriptedFtp(files={"/a.exr": DATA, "/good": GOOD, "/large.exr": LARGE}, **script)


def fetch(source: FtpSource, path: str, size: int | None, start: int = 0, end: int | None = None) -> MemoryPiece:
    piece = MemoryPiece(Entry(path, size=size), start, end)
    source.read(ListFeed([piece]))
    return piece


def check_fit_for_the_next(source: FtpSource, liar: ScriptedFtp) -> None:
    logins = sum(command.startswith("USER") for command in liar.commands)
    assert fetch(source, "/good", 4).data == GOOD
    assert sum(command.startswith("USER") for command in liar.commands) == logins


@pytest.mark.parametrize("code", ["426", "450", "451", "551", "552"])
@pytest.mark.parametrize("sent", [DATA[:2000], DATA])
def test_a_fault_after_data_is_never_success(code: str, sent: bytes) -> None:
    liar = server(transfers={"/a.exr": [Transfer(sent, last=f"{code} Something failed")]})
    with talking(liar) as source:
        piece = fetch(source, "/a.exr", 5000)
        assert isinstance(piece.error, Retry)
        assert code in str(piece.error)
        check_fit_for_the_next(source, liar)


@pytest.mark.parametrize("path, whole", [("/a.exr", DATA), ("/large.exr", LARGE)])
@pytest.mark.parametrize("difference", [-1, -1000, 1, 1000])
def test_226_with_too_few_or_too_many_bytes(path: str, whole: bytes, difference: int) -> None:
    sent = whole[:difference] if difference < 0 else whole + b"x" * difference
    liar = server(transfers={path: [Transfer(sent)]})
    with talking(liar) as source:
        piece = fetch(source, path, len(whole))
        assert isinstance(piece.error, Truncated)
        assert f"{len(sent):,}" in str(piece.error)
        assert len(piece.data) <= len(whole)
        check_fit_for_the_next(source, liar)


def test_all_bytes_but_no_226_is_done_after_a_bounded_wait() -> None:
    with talking(server(transfers={"/a.exr": [Transfer(last=None)]}), timeout=1.0) as source:
        assert fetch(source, "/a.exr", 5000).state == "finished"
        assert fetch(source, "/good", 4).data == GOOD


def test_too_few_bytes_and_no_226_is_not_done() -> None:
    with talking(server(transfers={"/a.exr": [Transfer(DATA[:10], last=None)]}), timeout=1.0) as source:
        piece = MemoryPiece(Entry("/a.exr", size=5000))
        with pytest.raises(TimedOut):
            source.read(ListFeed([piece]))
        assert piece.state == ""


def test_a_server_that_never_answers_retr_is_left_after_the_timeout() -> None:
    """So does one that opens a named pipe and waits for its other end."""
    silent = server(instead={5: ""})
    with talking(silent, timeout=1.0) as source:
        piece = MemoryPiece(Entry("/a.exr", size=5000))
        with pytest.raises(TimedOut):
            source.read(ListFeed([piece]))
    assert silent.commands[5] == "RETR /a.exr"
    assert piece.state == ""


def test_a_source_closed_before_it_was_connected_stays_closed() -> None:
    """Who cancels may come first: a connection begun after that would hang where nobody waits for it."""
    with server() as liar:
        address, login = Address("ftp", liar.host, liar.port, "artist"), Login(password=PASSWORD)
        source = FtpSource(Site(address, login, Trust(in_clear=True)))
        source.close()
        for _ in range(2):
            with pytest.raises(ConnectionLost):
                source.connect()
        assert liar.commands == []


def test_the_control_connection_dies_after_the_last_byte() -> None:
    with talking(server(transfers={"/a.exr": [Transfer(last=None, hang_up=True)]})) as source:
        assert fetch(source, "/a.exr", 5000).data == DATA
        assert fetch(source, "/good", 4).data == GOOD


def test_a_server_that_knows_next_to_nothing() -> None:
    answers = dict.fromkeys(("FEAT", "SIZE", "MDTM", "EPSV", "MLSD", "MLST"), "500 What?")
    liar = server(answers=answers, transfers={"/a.exr": [Transfer(first="150 Here")]})
    with talking(liar) as source:
        piece = fetch(source, "/a.exr", None)
        assert (piece.state, piece.data) == ("finished", DATA)
        assert piece.told == [Entry("/a.exr")]
        assert fetch(source, "/a.exr", 5000, 1000, 2000).data == DATA[1000:2000]
    # What was refused once is not asked for again.
    assert sum(command == "EPSV" for command in liar.commands) == 1
    assert sum(command.startswith("SIZE") for command in liar.commands) == 1


@pytest.mark.parametrize("reply", ["500 What?", "502 Not implemented", "554 Not now"])
def test_rest_refused_starts_at_the_first_byte(reply: str) -> None:
    liar = server(answers={"REST": reply})
    with talking(liar) as source:
        assert source.features.ranges
        assert fetch(source, "/a.exr", 5000, 1234).data == DATA[1234:]
        # Nobody shares a file for that.
        assert not source.features.ranges
        assert fetch(source, "/large.exr", len(LARGE), 1_000_000, 3_000_000).data == LARGE[1_000_000:3_000_000]
        check_fit_for_the_next(source, liar)


def test_an_offset_that_is_taken_and_ignored_is_found_out() -> None:
    with talking(server(answers={"REST": "350 Restarting"})) as source:
        piece = fetch(source, "/a.exr", 5000, start=1000)
        assert isinstance(piece.error, Overlong)
        assert not source.features.ranges
        assert fetch(source, "/a.exr", 5000, start=1000).data == DATA[1000:]


def test_bytes_from_elsewhere_are_no_part_of_the_file_for_whoever_goes_on(tmp_path: Path) -> None:
    """Behind one name may be two servers, of which one ignores the offset it takes."""
    whole = content("/a.mov", 20 * MIB)
    entry = Entry("/a.mov", size=len(whole), mtime=1_700_000_000.0)

    def carry(liar: ScriptedFtp) -> JobDone:
        with liar:
            site = Site(Address("ftp", liar.host, liar.port), timeout=20.0)
            run = make_run(tmp_path, [Job(0, "s", entry, tmp_path / "a.mov")], patience=replace(HASTY, attempts=1))
            return drive(run, lambda: FtpSource(site))[0]

    broken = [Transfer(whole[: 8 * MIB], last="426 Broken"), Transfer(b"", last="426 Broken")]
    assert carry(ScriptedFtp(files={"/a.mov": whole}, transfers={"/a.mov": broken})).error is not None
    assert isinstance(carry(ScriptedFtp(files={"/a.mov": whole}, answers={"REST": "350 Fine"})).error, Overlong)
    done = carry(ScriptedFtp(files={"/a.mov": whole}))
    assert (done.reused, done.transferred) == (8 * MIB, 12 * MIB)
    assert (tmp_path / "a.mov").read_bytes() == whole


def test_ranges_are_declared_by_feat() -> None:
    with talking(server(features="211-Features:\r\n SIZE\r\n211 End")) as source:
        assert not source.features.ranges


def test_a_wrong_size_in_the_150_is_looked_into() -> None:
    with talking(server(transfers={"/a.exr": [Transfer(first="150 Opening (17 bytes).")]})) as source:
        assert fetch(source, "/a.exr", 5000).data == DATA


def test_a_file_of_another_size_than_planned_is_told() -> None:
    liar = server()
    with talking(liar) as source:
        piece = fetch(source, "/a.exr", 4000)
        assert piece.state == "dropped"
        assert piece.told[-1].size == 5000
        check_fit_for_the_next(source, liar)


def test_a_large_file_that_grew_meanwhile_is_still_uploading() -> None:
    sizes = iter([len(LARGE), len(LARGE) + 1])
    with talking(server(answers={"SIZE": lambda path: f"213 {next(sizes)}"})) as source:
        assert isinstance(fetch(source, "/large.exr", len(LARGE)).error, StillUploading)


@pytest.mark.parametrize(
    "greeting, kind",
    [
        ("421 Too many connections", ServerBusy),
        ("421 Service not available", ServerBusy),
        ("421 Timeout", ConnectionLost),
        ("450 Come back later", ServerBusy),
    ],
)
def test_greetings_that_are_none(greeting: str, kind: type[ShotDockError]) -> None:
    with pytest.raises(kind), talking(server(greeting=greeting)):
        pass


@pytest.mark.parametrize(
    "reply, kind",
    [
        ("530 Login incorrect.", LoginFailed),
        ("530 Sorry, the maximum number of clients (3) are already connected.", ServerBusy),
        ("421 Too many users", ServerBusy),
    ],
)
def test_logins_that_are_refused(reply: str, kind: type[ShotDockError]) -> None:
    with pytest.raises(kind) as caught, talking(server(answers={"PASS": reply})):
        pass
    assert PASSWORD not in str(caught.value)
    assert PASSWORD not in repr(caught.value)


def test_421_in_the_middle_ends_the_connection() -> None:
    with talking(server(answers={"RETR": "421 Too many transfers"})) as source:
        piece = MemoryPiece(Entry("/a.exr", size=5000))
        with pytest.raises(ServerBusy):
            source.read(ListFeed([piece]))
        assert piece.state == ""


@pytest.mark.parametrize(
    "reply, kind",
    [
        ("550 /a.exr: No such file or directory", NotFound),
        ("450 /a.exr: No such file or directory", NotFound),
        ("550 Permission denied.", NotAllowed),
        ("550 Failed to open file.", NotAllowed),
        ("450 File busy", Retry),
        ("451 Local error", Retry),
    ],
)
def test_refusals_of_retr(reply: str, kind: type[ShotDockError]) -> None:
    # Where the words are vague, SIZE knows the file: it is there, and not for us.
    liar = server(answers={"RETR": lambda path: reply if path == "/a.exr" else "550 No such file"})
    with talking(liar) as source:
        piece = fetch(source, "/a.exr", 5000)
    assert isinstance(piece.error, kind)


def test_encryption_refused_is_the_end() -> None:
    liar = server()
    with pytest.raises(Unsupported), talking(liar, "ftpes"):
        pass
    assert liar.commands == ["AUTH TLS"]


def test_ftps_on_an_odd_port_never_goes_in_clear() -> None:
    liar = server()
    with pytest.raises(Unsupported), talking(liar, "ftps"):
        pass
    assert liar.commands == ["AUTH TLS"]


@pytest.mark.parametrize("path", ["/a\r\nDELE b", "/a\nb", "/a\0b"])
def test_a_name_that_would_be_a_command_is_never_sent(path: str) -> None:
    liar = server()
    with talking(liar) as source:
        before = len(liar.commands)
        assert isinstance(fetch(source, path, 1).error, HostileName)
        for look in (source.stat, source.list):
            with pytest.raises(HostileName):
                look(path)
        assert len(liar.commands) == before


def test_hostile_names_of_a_listing_keep_their_parts() -> None:
    listing = (
        b"-rw-r--r-- 1 a b 1 Nov 14 2023 ../../evil\r\n"
        b"-rw-r--r-- 1 a b 1 Nov 14 2023 /etc/passwd\r\n"
        b"-rw-r--r-- 1 a b 1 Nov 14 2023 ..\r\n"
    )
    with talking(server(listing=listing)) as source:
        paths = [entry.path for entry in source.list("/shot")]
    # The gate for names looks at every part and refuses "..", and the empty one before "etc".
    assert paths == ["/shot/../../evil", "/shot//etc/passwd"]


def test_local_time_of_listings_is_measured_by_mdtm() -> None:
    # MDTM says 22:13:20 UTC; the listing runs two hours ahead.
    listing = b"-rw-r--r-- 1 a b 5000 2023-11-15 00:13 a.exr\r\ndrwxr-xr-x 2 a b 1 2023-11-15 01:00 sub\r\n"
    with talking(server(listing=listing)) as source:
        file, folder = source.list("/")
    assert (file.mtime, file.precision) == (1_700_000_000 - 20, 60.0)
    assert folder.kind is EntryKind.FOLDER
    assert folder.mtime == 1_700_000_000 - 20 + 47 * 60


def test_without_mdtm_times_are_good_to_a_day() -> None:
    listing = b"-rw-r--r-- 1 a b 5000 2023-11-15 00:13 a.exr\r\n"
    with talking(server(listing=listing, answers={"MDTM": "500 What?"})) as source:
        (file,) = source.list("/")
    assert file.precision == 86400


def test_one_login_and_nothing_superfluous_for_many_files() -> None:
    liar = server()
    with talking(liar) as source:
        source.read(ListFeed([MemoryPiece(Entry("/a.exr", size=5000)) for _ in range(20)]))
    verbs = [command.partition(" ")[0] for command in liar.commands]
    assert verbs == ["USER", "PASS", "FEAT", "TYPE", *["EPSV", "RETR"] * 20]


@pytest.mark.servers
def test_an_unknown_certificate_is_asked_about_then_pinned_and_a_changed_one_refused(
    vsftpd_tls: VsftpdServer, tmp_path: Path
) -> None:
    pins = tmp_path / "home" / "certificates"
    address = Address("ftpes", vsftpd_tls.host, vsftpd_tls.port)

    def attempt(accept_new: bool = False) -> None:
        source = FtpSource(Site(address, Login(password="x"), Trust(certificates=pins, accept_new=accept_new)))
        try:
            source.connect()
            source.list(str(vsftpd_tls.root))
        finally:
            source.close()

    with pytest.raises(HostKeyUnknown) as caught:
        attempt()
    unknown = caught.value
    assert unknown.host == f"127.0.0.1:{vsftpd_tls.port}"
    assert len(unknown.key) == 64
    assert unknown.fingerprint.replace(":", "").lower() == f"sha256{unknown.key}"
    assert not pins.exists()

    remember_pin(pins, unknown.host, unknown.key)
    attempt()

    made = make_certificates(tmp_path / "other")
    vsftpd_tls.certificates = made
    vsftpd_tls.restart()
    for accept_new in (False, True):
        with pytest.raises(HostKeyChanged) as refused:
            attempt(accept_new)
        assert refused.value.key != unknown.key
    assert read_pins(pins) == {unknown.host: unknown.key}


@pytest.mark.servers
def test_accept_new_remembers_a_certificate(vsftpd_tls: VsftpdServer, tmp_path: Path) -> None:
    pins = tmp_path / "certificates"
    trust = Trust(certificates=pins, accept_new=True)
    source = FtpSource(Site(Address("ftpes", vsftpd_tls.host, vsftpd_tls.port), Login(), trust))
    source.connect()
    source.close()
    assert set(read_pins(pins)) == {f"127.0.0.1:{vsftpd_tls.port}"}
    assert pins.stat().st_mode & 0o777 == 0o600
