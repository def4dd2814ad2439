"""Getting in over SFTP: who the server is, who we are, and what is said when either does not fit."""

import re
import socket
import stat
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from desktop.core.connection import Address
from desktop.core.errors import (
    HostKeyChanged,
    HostKeyUnknown,
    KeyLocked,
    LoginFailed,
    NotAllowed,
    ServerBusy,
    ShotDockError,
    Unreachable,
    Unsupported,
)
from desktop.transfer.ports import Login, Site, Trust
from desktop.transfer.sources.sftp import SftpSource
from desktop.transfer.trust import remember_host_key
from tests.conftest import Starter
from tests.servers.process import free_port, program
from tests.servers.scripted_sftp import ScriptedSftp
from tests.servers.sshd import SshServer

SECRET = "sentinel-7f3a"


@pytest.fixture
def known(tmp_path: Path) -> Path:
    return tmp_path / "trust" / "known_hosts"


def site_of(server: SshServer, known: Path, login: Login | None = None, *, accept_new: bool = False) -> Site:
    address = Address("sftp", "127.0.0.1", server.port, server.user)
    login = login or Login(identity=server.identity, agent=False)
    return Site(address, login, Trust((known,), accept_new=accept_new))


def password_site(server: ScriptedSftp, known: Path, login: Login) -> Site:
    remember_host_key(known, server.known_line)
    return Site(Address("sftp", "127.0.0.1", server.port, "ann"), login, Trust((known,)))


def connect(site: Site) -> None:
    with closing(SftpSource(site)) as source:
        source.connect()
        assert source.stat("/").path == "/"


def refused(site: Site) -> ShotDockError:
    with closing(SftpSource(site)) as source, pytest.raises(ShotDockError) as caught:
        source.connect()
    return caught.value


def trust(server: SshServer, known: Path) -> None:
    remember_host_key(known, server.known_hosts)


# --- the server's key


def test_an_unknown_server_is_asked_about_before_anything_secret_is_sent(known: Path) -> None:
    with ScriptedSftp() as server:
        site = Site(Address("sftp", "127.0.0.1", server.port, "ann"), Login("right", agent=False), Trust((known,)))
        error = refused(site)
        assert type(error) is HostKeyUnknown
        assert server.logins == []
        assert not known.exists()
        assert error.host == f"[127.0.0.1]:{server.port}"
        assert error.key + "\n" == server.known_line


def test_the_fingerprint_is_the_one_openssh_shows_and_its_line_lets_the_next_one_in(
    sshd: SshServer, known: Path
) -> None:
    error = refused(site_of(sshd, known))
    assert isinstance(error, HostKeyUnknown)
    shown = subprocess.run(
        [program("ssh-keygen", "openssh-client"), "-l", "-f", f"{sshd.host_keys[0]}.pub"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert error.fingerprint == shown.split()[1]
    assert error.fingerprint in error.cause
    remember_host_key(known, error.key)
    connect(site_of(sshd, known))


def test_accept_new_remembers_the_key_in_a_private_file(sshd: SshServer, known: Path) -> None:
    connect(site_of(sshd, known, accept_new=True))
    assert stat.S_IMODE(known.stat().st_mode) == 0o600
    connect(site_of(sshd, known))


@pytest.mark.parametrize("accept_new", [False, True])
def test_another_key_than_before_is_a_hard_stop(sshd: SshServer, known: Path, accept_new: bool) -> None:
    trust(sshd, known)
    before = known.read_text()
    sshd.stop()
    sshd.new_host_keys()
    sshd.restart()
    error = refused(site_of(sshd, known, accept_new=accept_new))
    assert type(error) is HostKeyChanged
    assert f"{known}, line 1" in error.cause
    assert known.read_text() == before


def test_a_revoked_key(sshd: SshServer, known: Path) -> None:
    trust(sshd, known)
    remember_host_key(known, "@revoked * " + sshd.known_hosts.partition(" ")[2])
    error = refused(site_of(sshd, known, accept_new=True))
    assert type(error) is HostKeyChanged
    assert "revoked" in error.title


def test_hashed_entries_are_found(sshd: SshServer, known: Path) -> None:
    trust(sshd, known)
    subprocess.run([program("ssh-keygen", "openssh-client"), "-H", "-f", str(known)], check=True, capture_output=True)
    assert "127.0.0.1" not in known.read_text()
    connect(site_of(sshd, known))


@pytest.mark.parametrize("kind", ["rsa", "ecdsa", "ed25519"])
def test_the_server_is_asked_for_the_kind_of_key_that_is_known(
    served: Path, tmp_path: Path, known: Path, start_server: Starter[SshServer], kind: str
) -> None:
    server = start_server(SshServer(served, tmp_path / "sshd", host_keys=("ed25519", "rsa", "ecdsa")))
    line = next(line for line in server.known_hosts.splitlines() if kind in line)
    remember_host_key(known, line)
    connect(site_of(server, known))


def test_a_known_server_that_has_only_another_kind_of_key_now_is_not_taken_for_a_new_one(
    served: Path, tmp_path: Path, known: Path, start_server: Starter[SshServer]
) -> None:
    both = SshServer(served, tmp_path / "sshd", host_keys=("ed25519", "rsa"))
    with both:
        rsa = next(line for line in both.known_hosts.splitlines() if "ssh-rsa" in line)
    one = start_server(SshServer(served, tmp_path / "sshd", host_keys=("ed25519",)))
    remember_host_key(known, rsa.replace(f":{both.port} ", f":{one.port} "))
    assert type(refused(site_of(one, known, accept_new=True))) is HostKeyChanged


def test_several_files_are_read_and_the_first_is_written(sshd: SshServer, known: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_text(sshd.known_hosts)
    site = site_of(sshd, known)
    connect(Site(site.address, site.login, Trust((known, theirs), accept_new=True)))
    assert not known.exists()


def test_a_list_of_known_servers_that_cannot_be_read(sshd: SshServer, known: Path) -> None:
    known.mkdir(parents=True)
    assert isinstance(refused(site_of(sshd, known, accept_new=True)), NotAllowed)


# --- keys


@pytest.mark.parametrize("options", [(), ("-m", "PEM"), ("-m", "PKCS8")], ids=["openssh", "pem", "pkcs8"])
@pytest.mark.parametrize("kind", ["ed25519", "rsa", "ecdsa"])
@pytest.mark.parametrize("passphrase", ["", SECRET])
def test_keys_of_every_kind(
    sshd: SshServer, known: Path, tmp_path: Path, kind: str, options: tuple[str, ...], passphrase: str
) -> None:
    trust(sshd, known)
    key = make_key(tmp_path / "key", passphrase, "-t", kind, *options)
    authorize(sshd, key)
    connect(site_of(sshd, known, Login(identity=key, passphrase=passphrase or None, agent=False)))


def make_key(path: Path, passphrase: str = "", *options: str) -> Path:
    command = [
        program("ssh-keygen", "openssh-client"),
        "-q",
        "-N",
        passphrase,
        "-C",
        "test",
        "-f",
        str(path),
        *(options or ("-t", "ed25519")),
    ]
    subprocess.run(command, check=True)
    return path


def authorize(server: SshServer, key: Path) -> None:
    with (server.folder / "authorized_keys").open("a") as file:
        file.write(Path(f"{key}.pub").read_text())


def test_a_passphrase_for_a_key_without_one_does_no_harm(sshd: SshServer, known: Path) -> None:
    trust(sshd, known)
    connect(site_of(sshd, known, Login(identity=sshd.identity, passphrase=SECRET, agent=False)))


@pytest.mark.parametrize(("passphrase", "words"), [(None, "locked with a passphrase"), ("wrong", "cannot be unlocked")])
@pytest.mark.parametrize("kind", [("-t", "ed25519"), ("-t", "rsa", "-m", "PEM")], ids=["openssh", "pem"])
def test_a_key_that_stays_locked(
    sshd: SshServer, known: Path, tmp_path: Path, passphrase: str | None, words: str, kind: tuple[str, ...]
) -> None:
    trust(sshd, known)
    key = make_key(tmp_path / "key", SECRET, *kind)
    error = refused(site_of(sshd, known, Login(identity=key, passphrase=passphrase, agent=False)))
    assert isinstance(error, LoginFailed)
    assert words in error.title
    assert error.path == str(key)
    assert SECRET not in str(error)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "cannot be read"),
        ("ssh-ed25519 AAAA test\n", "is a public key"),
        ("PuTTY-User-Key-File-3: ssh-ed25519\n", "is no key in OpenSSH or PEM format"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", "damaged"),
        ("-----BEGIN RSA PRIVATE KEY-----\nnonsense\n-----END RSA PRIVATE KEY-----\n", "damaged"),
    ],
)
def test_a_key_file_that_is_none(sshd: SshServer, known: Path, tmp_path: Path, text: str | None, words: str) -> None:
    trust(sshd, known)
    key = tmp_path / "key"
    if text is not None:
        key.write_text(text)
    error = refused(site_of(sshd, known, Login(identity=key, agent=False)))
    assert isinstance(error, LoginFailed)
    assert words in str(error)


def test_a_key_the_server_does_not_know(sshd: SshServer, known: Path, tmp_path: Path) -> None:
    trust(sshd, known)
    error = refused(site_of(sshd, known, Login(identity=make_key(tmp_path / "key"), agent=False)))
    assert isinstance(error, LoginFailed)
    assert re.search(r"tried key SHA256:\S+; the server takes publickey", error.cause)


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Run an SSH agent that holds nothing yet."""
    place = tmp_path / "agent"
    agent = program("ssh-agent", "openssh-client")
    process = subprocess.Popen([agent, "-D", "-a", str(place)], stdout=subprocess.DEVNULL)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(place))
    for _ in range(200):
        if place.exists():
            break
        assert process.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.02)
    yield
    process.kill()
    process.wait()


@pytest.mark.usefixtures("agent")
def test_the_agent_s_keys_are_tried_if_that_is_wanted(
    sshd: SshServer, known: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(sshd, known)
    monkeypatch.setenv("HOME", str(tmp_path))
    make_key(tmp_path / "stranger", "", "-t", "rsa")
    subprocess.run(
        [program("ssh-add", "openssh-client"), "-q", str(tmp_path / "stranger"), str(sshd.identity)], check=True
    )
    connect(site_of(sshd, known, Login()))
    assert isinstance(refused(site_of(sshd, known, Login(agent=False))), LoginFailed)


@pytest.mark.usefixtures("agent")
@pytest.mark.parametrize("options", [("-t", "ed25519"), ("-t", "rsa", "-m", "PEM")], ids=["openssh", "pem"])
def test_a_locked_key_that_the_agent_holds_needs_no_passphrase(
    sshd: SshServer, known: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    trust(sshd, known)
    locked, opened = make_key(tmp_path / "key", SECRET, *options), tmp_path / "opened"
    authorize(sshd, locked)
    assert isinstance(refused(site_of(sshd, known, Login(identity=locked))), KeyLocked)
    opened.write_bytes(locked.read_bytes())
    opened.chmod(0o600)
    keygen, add = program("ssh-keygen", "openssh-client"), program("ssh-add", "openssh-client")
    subprocess.run([keygen, "-q", "-p", "-P", SECRET, "-N", "", "-f", str(opened)], check=True)
    subprocess.run([add, "-q", str(opened)], check=True)
    connect(site_of(sshd, known, Login(identity=locked)))


@pytest.mark.usefixtures("agent")
def test_a_server_that_wants_two_keys(
    served: Path, tmp_path: Path, known: Path, start_server: Starter[SshServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    server = start_server(SshServer(served, tmp_path / "sshd", extra=["AuthenticationMethods publickey,publickey"]))
    trust(server, known)
    second = make_key(tmp_path / "second")
    authorize(server, second)
    assert isinstance(refused(site_of(server, known)), LoginFailed)
    subprocess.run([program("ssh-add", "openssh-client"), "-q", str(second)], check=True)
    connect(site_of(server, known, Login(identity=server.identity)))


def test_the_user_s_own_default_keys_are_tried(
    sshd: SshServer, known: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(sshd, known)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    (tmp_path / ".ssh").mkdir()
    make_key(tmp_path / ".ssh" / "id_ed25519", SECRET)  # locked, and nobody named it: passed over
    (tmp_path / ".ssh" / "id_ecdsa").write_text("nonsense")
    authorize(sshd, make_key(tmp_path / ".ssh" / "id_rsa", "", "-t", "rsa"))
    connect(site_of(sshd, known, Login()))


def test_too_many_keys_end_in_words(
    served: Path, tmp_path: Path, known: Path, start_server: Starter[SshServer]
) -> None:
    server = start_server(SshServer(served, tmp_path / "sshd", extra=["MaxAuthTries 1"]))
    trust(server, known)
    error = refused(site_of(server, known, Login(identity=make_key(tmp_path / "key"), agent=False)))
    assert isinstance(error, LoginFailed)


# --- passwords


@pytest.mark.parametrize("interactive", [False, True])
def test_a_password(known: Path, interactive: bool) -> None:
    with ScriptedSftp({"/": b""}, interactive=interactive, password=SECRET) as server:
        connect(password_site(server, known, Login(SECRET, agent=False)))
        assert server.logins == [SECRET]


@pytest.mark.parametrize("interactive", [False, True])
def test_a_wrong_password_is_tried_once_and_never_told(known: Path, interactive: bool) -> None:
    with ScriptedSftp(interactive=interactive) as server:
        error = refused(password_site(server, known, Login(SECRET, agent=False)))
        assert isinstance(error, LoginFailed)
        assert server.logins == [SECRET]
        assert SECRET not in str(error) + repr(error)
        assert "ann" in error.cause


def test_no_password_where_one_is_needed(known: Path) -> None:
    with ScriptedSftp() as server:
        error = refused(password_site(server, known, Login(agent=False)))
        assert isinstance(error, LoginFailed)
        assert "there was nothing to try; the server takes password" in error.cause


def test_a_password_still_serves_after_a_key_that_did_not(known: Path, tmp_path: Path) -> None:
    with ScriptedSftp({"/": b""}) as server:
        connect(password_site(server, known, Login("right", make_key(tmp_path / "key"), agent=False)))


# --- reaching it


def test_a_port_nobody_listens_on(known: Path) -> None:
    error = refused(Site(Address("sftp", "127.0.0.1", free_port(), "ann"), trust=Trust((known,))))
    assert isinstance(error, Unreachable)
    assert "refused" in error.cause.lower()


def test_a_host_that_does_not_exist(known: Path) -> None:
    error = refused(Site(Address("sftp", "no-such-host.invalid", 22, "ann"), trust=Trust((known,))))
    assert isinstance(error, Unreachable)
    assert "no host called" in error.title


def test_a_name_with_two_addresses_is_reached_by_the_one_that_answers(sshd: SshServer, known: Path) -> None:
    """`localhost` is ::1 first on most machines; the server listens on 127.0.0.1 only."""
    site = site_of(sshd, known, accept_new=True)
    connect(Site(Address("sftp", "localhost", sshd.port, sshd.user), site.login, site.trust))


@contextmanager
def listening(greeting: bytes | None) -> Iterator[int]:
    """Listen, and say just that to whoever comes; None hangs up at once."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        lines: list[socket.socket] = []

        def take() -> None:
            try:
                line, _ = server.accept()
            except OSError:
                return
            lines.append(line)
            if greeting is None:
                line.close()
            else:
                line.sendall(greeting)

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            thread.join(5)
            for line in lines:
                line.close()


@pytest.mark.parametrize(
    ("greeting", "kind", "words"),
    [
        (None, ServerBusy, "takes no more connections"),
        (b"", Unreachable, "does not answer as an SSH server"),
        (b"220 ProFTPD\r\n" * 120, Unreachable, "not an SSH server"),
        (b"Exceeded MaxStartups\r\n", ServerBusy, "takes no more connections"),
        (b"SSH-1.5-old\r\n", Unsupported, ""),
    ],
    ids=["hangs-up", "silent", "ftp", "max-startups", "ssh-1"],
)
def test_who_is_no_sftp_server(known: Path, greeting: bytes | None, kind: type[ShotDockError], words: str) -> None:
    with listening(greeting) as port:
        site = Site(Address("sftp", "127.0.0.1", port, "ann"), trust=Trust((known,)), connect_timeout=1.0)
        error = refused(site)
    assert type(error) is kind, error
    assert words in error.title


def first_in(server: SshServer) -> socket.socket:
    """Return a connection that has been greeted; sshd may take a moment to forget the one before."""
    until = time.monotonic() + 10
    while True:
        line = socket.create_connection(("127.0.0.1", server.port))
        if line.recv(4) == b"SSH-":
            return line
        line.close()
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_server_with_no_room_is_busy(
    served: Path, tmp_path: Path, known: Path, start_server: Starter[SshServer]
) -> None:
    server = start_server(SshServer(served, tmp_path / "sshd", max_startups="1:100:1"))
    trust(server, known)
    with first_in(server):
        assert isinstance(refused(site_of(server, known)), ServerBusy)


def test_a_connection_without_sessions_is_busy(
    served: Path, tmp_path: Path, known: Path, start_server: Starter[SshServer]
) -> None:
    server = start_server(SshServer(served, tmp_path / "sshd", max_sessions=0))
    trust(server, known)
    assert isinstance(refused(site_of(server, known)), ServerBusy)


@pytest.mark.parametrize(
    "line",
    [
        "Ciphers aes128-cbc,3des-cbc",
        "KexAlgorithms diffie-hellman-group14-sha1",
        "Ciphers aes128-ctr\nMACs hmac-sha1,hmac-md5",
    ],
)
def test_weak_encryption_is_refused(
    served: Path, tmp_path: Path, known: Path, start_server: Starter[SshServer], line: str
) -> None:
    server = start_server(SshServer(served, tmp_path / "sshd", extra=[line]))
    trust(server, known)
    error = refused(site_of(server, known))
    assert isinstance(error, Unsupported)
    assert "too old" in error.title


@pytest.mark.parametrize(
    "line",
    [
        "Ciphers aes128-gcm@openssh.com",
        "Ciphers aes256-ctr\nMACs hmac-sha2-256-etm@openssh.com",
        "Ciphers aes128-ctr\nMACs hmac-sha2-512",
        "KexAlgorithms ecdh-sha2-nistp256",
    ],
)
def test_every_kind_of_sound_encryption(
    served: Path, tmp_path: Path, known: Path, start_server: Starter[SshServer], line: str
) -> None:
    server = start_server(SshServer(served, tmp_path / "sshd", extra=[line]))
    trust(server, known)
    with closing(SftpSource(site_of(server, known))) as source:
        source.connect()
        assert [entry.name for entry in source.list("/")] != []


def test_nothing_is_left_open_after_a_refusal(sshd: SshServer, known: Path, tmp_path: Path) -> None:
    unreadable = site_of(sshd, tmp_path)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        assert isinstance(refused(site_of(sshd, known)), HostKeyUnknown)
        assert isinstance(refused(unreadable), NotAllowed)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


def test_close_breaks_off_a_greeting_that_never_comes(known: Path) -> None:
    with listening(b"SSH-2.0-silent\r\n") as port:
        site = Site(Address("sftp", "127.0.0.1", port, "ann"), trust=Trust((known,)), connect_timeout=100)
        source = SftpSource(site)
        raised: list[ShotDockError] = []

        def connect_in_vain() -> None:
            try:
                source.connect()
            except ShotDockError as error:
                raised.append(error)

        thread = threading.Thread(target=connect_in_vain)
        thread.start()
        while source._line is None or not source._line.is_active():
            assert thread.is_alive()
            time.sleep(0.01)
        source.close()
        thread.join(10)
        assert not thread.is_alive()
        assert len(raised) == 1


def test_a_closed_source_connects_to_nothing(sshd: SshServer, known: Path) -> None:
    source = SftpSource(site_of(sshd, known, accept_new=True))
    source.close()
    with pytest.raises(ShotDockError):
        source.connect()
    assert not known.exists()
