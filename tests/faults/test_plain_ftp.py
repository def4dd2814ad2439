"""R60 over FTP: what is to be encrypted never goes in clear, and a password in clear only with a person's consent."""

import ssl
from contextlib import closing
from pathlib import Path

import pytest

from desktop.core.connection import Address, parse_connection
from desktop.core.errors import NotEncrypted, ShotDockError, Unsupported
from desktop.core.media import Entry
from desktop.transfer.consents import agreed, forget_consent, remember_consent
from desktop.transfer.ports import Login, Site, Trust
from desktop.transfer.sources.ftp import FtpSource
from tests.cli.console import Console, Said
from tests.contracts.pieces import ListFeed, MemoryPiece
from tests.servers.certificates import make_certificates
from tests.servers.pyftpd import PyftpdServer
from tests.servers.scripted_ftp import ScriptedFtp

DATA = b"clear as day" * 500
PASSWORD = "sentinel word"
DATA_COMMANDS = ("EPSV", "PASV", "RETR", "LIST", "MLSD")


def secured(tmp_path: Path, **script: object) -> ScriptedFtp:
    made = make_certificates(tmp_path / "certificates of the server")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made.chain, made.key)
    return ScriptedFtp(files={"/a.exr": DATA}, auth_tls=context, **script)  # type: ignore[arg-type]  # its fields


def source_of(
    server: ScriptedFtp, tmp_path: Path, protocol: str, user: str | None = "ann", in_clear: bool = False
) -> FtpSource:
    pins = Trust(certificates=tmp_path / "pins", accept_new=True, in_clear=in_clear)
    return FtpSource(Site(Address(protocol, server.host, server.port, user), Login(PASSWORD), pins, 5.0))


@pytest.mark.parametrize("reply", ["534 Not here", "502 What?", "431 Not now"])
def test_r60_a_refused_prot_p_is_the_end(tmp_path: Path, reply: str) -> None:
    with (
        secured(tmp_path, answers={"PROT": reply}) as liar,
        closing(source_of(liar, tmp_path, "ftpes", in_clear=True)) as source,
    ):
        with pytest.raises(Unsupported, match="PROT P"):
            source.connect()
        with pytest.raises(Unsupported, match="PROT P"):
            source.list("/")
        assert "PROT P" in liar.commands
        assert not [command for command in liar.commands if command.startswith(DATA_COMMANDS)]


def test_r60_data_in_clear_after_prot_p_is_never_taken(tmp_path: Path) -> None:
    """It agreed to encrypt the files, and sends them bare: whoever stands in between could have written them."""
    piece = MemoryPiece(Entry("/a.exr", size=len(DATA)))
    with secured(tmp_path) as liar, closing(source_of(liar, tmp_path, "ftpes")) as source:
        source.connect()
        source.read(ListFeed([piece]))
        assert "RETR /a.exr" in liar.commands
    assert (piece.data, piece.state) == (b"", "failed")


def test_r60_without_consent_nobody_hears_of_a_password(tmp_path: Path) -> None:
    with ScriptedFtp(files={"/a.exr": DATA}) as server, closing(source_of(server, tmp_path, "ftp")) as source:
        for attempt in (source.connect, lambda: source.stat("/a.exr"), source.connect):
            with pytest.raises(NotEncrypted) as caught:
                attempt()
        assert caught.value.origin == f"ftp://ann@127.0.0.1:{server.port}"
        assert PASSWORD not in str(caught.value)
        assert server.commands == []


@pytest.mark.parametrize("user", [None, "anonymous", "ann"])
def test_r60_who_has_no_password_is_not_asked(tmp_path: Path, user: str | None) -> None:
    with ScriptedFtp(files={"/a.exr": DATA}) as server:
        address = Address("ftp", server.host, server.port, user)
        with closing(FtpSource(Site(address, Login("artist@" if user != "ann" else None)))) as source:
            source.connect()
            assert source.stat("/a.exr").size == len(DATA)


def test_a_consent_holds_for_one_server_port_and_user(tmp_path: Path) -> None:
    file = tmp_path / "home" / "unencrypted"
    ann = Address("ftp", "Files.Example", 21, "ann")
    assert not agreed(file, ann)
    for origin in ("ftp://ann@files.example", "ftp://ann@files.example", "ftp://bob@other:2121"):
        remember_consent(file, origin)
    assert file.stat().st_mode & 0o777 == 0o600
    assert agreed(file, ann) and agreed(file, Address("ftp", "other", 2121, "bob"))
    for other in (
        Address("ftp", "files.example", 2121, "ann"),
        Address("ftp", "files.example", 21, "bob"),
        Address("ftp", "files.example", 21, "ann bob"),
        Address("ftp", "files", 21, "ann"),
    ):
        assert not agreed(file, other)
    forget_consent(file, ann)
    assert not agreed(file, ann) and agreed(file, Address("ftp", "other", 2121, "bob"))
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_consent_that_nobody_gave_leaves_the_list_as_it_is(shotdock: Console) -> None:
    """One that cannot be read says no to everybody: it is neither made anew without the others, nor in the way."""
    assert shotdock("connections", "add", "V", "ftp://ann@files.example").status == 0
    file = shotdock.home / "unencrypted"
    file.unlink()
    forget_consent(file, Address("ftp", "files.example", 21, "ann"))
    assert not file.exists()
    file.mkdir()
    assert shotdock("connections", "remove", "V").status == 0
    assert file.is_dir()


def test_r60_who_writes_ftp_in_a_command_agrees_and_is_told(shotdock: Console, pyftpd: PyftpdServer) -> None:
    said = shotdock("connections", "add", "V", pyftpd.url, "--json")
    assert said.status == 0 and "not encrypted" in said.err
    assert said.json["connection"]["encrypted"] is False
    assert "not encrypted" in shotdock("connections", "list").out
    assert shotdock("connections", "test", "V", SHOTDOCK_PASSWORD_V=pyftpd.password).status == 0
    assert shotdock("connections", "remove", "V").status == 0
    assert (shotdock.home / "unencrypted").read_text() == ""


def test_r60_get_of_a_plain_address_with_a_password_works_and_says_so(
    shotdock: Console, pyftpd: PyftpdServer, served: Path, tmp_path: Path
) -> None:
    (served / "a.exr").write_bytes(DATA)
    url = pyftpd.url.replace("artist@", "artist:p%C3%A4ssword%3Awith%40signs@")
    listed = tmp_path / "list"
    listed.write_text(f"{url}a.exr\n")
    for words in ((f"{url}a.exr",), ("-i", listed)):
        said = shotdock("get", *words, tmp_path / words[0][:2], "--json")
        assert (said.status, said.json["status"]) == (0, "done")
        assert said.err.count("not encrypted") == 1


def test_r60_a_studios_connection_is_asked_about_once(shotdock: Console, pyftpd: PyftpdServer, tmp_path: Path) -> None:
    """The studio wrote the address, not who uses it: a script says yes once, as it does to a host key."""
    site = tmp_path / "site.toml"
    site.write_text(f'[connections.V]\nurl = "{pyftpd.url}"\n')
    known = {"SHOTDOCK_SITE": str(site), "SHOTDOCK_PASSWORD_V": pyftpd.password}

    def kinds(said: Said) -> list[str]:
        return [error["kind"] for error in said.json["errors"]]

    for words in (("connections", "test", "V"), ("scan", "V"), ("get", "V:/a.exr", tmp_path / "to")):
        refused = shotdock(*words, "--json", **known)
        assert (refused.status, kinds(refused)) == (3, ["not-encrypted"])
        assert "connections trust" in refused.err
    assert pyftpd.commands == []
    unasked = shotdock("connections", "trust", "V", **known)
    assert unasked.status == 2 and "not encrypted" in unasked.err
    trusted = shotdock("connections", "trust", "V", "--yes", "--json", **known)
    assert (trusted.status, trusted.json["trusted"], trusted.json["fingerprint"]) == (0, True, None)
    assert shotdock("connections", "trust", "V", "--json", **known).json["status"] == "up-to-date"
    assert shotdock("connections", "test", "V", **known).status == 0
    assert "PASS" in pyftpd.commands


def test_only_plain_ftp_as_somebody_bares_a_password() -> None:
    bared = {
        url: parse_connection("V", url)[0].address.bares
        for url in (
            "ftp://ann@h/",
            "ftp://h/",
            "ftp://anonymous@h/",
            "ftps://ann@h/",
            "ftpes://ann@h/",
            "sftp://ann@h/",
        )
    }
    assert [url for url, bare in bared.items() if bare] == ["ftp://ann@h/"]


def test_an_unwritable_list_of_consents_is_said(tmp_path: Path) -> None:
    (tmp_path / "unencrypted").mkdir()
    with pytest.raises(ShotDockError, match="could not be remembered"):
        remember_consent(tmp_path / "unencrypted", "ftp://ann@h")
    assert not agreed(tmp_path / "unencrypted", Address("ftp", "h", 21, "ann"))
