"""What every test gets: a home of its own, no keyring but the test's, real servers, no thread or window left behind."""

import gc
import os
import threading
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import NoReturn, Protocol, Self, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from keyring import get_keyring, set_keyring
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError
from PySide6.QtCore import QCoreApplication, QEvent
from shiboken6 import Shiboken

from desktop.core import redaction
from desktop.demo.content import Size
from desktop.demo.jobs.jobs import Jobs
from tests.servers.nginx import NginxServer
from tests.servers.process import ServerMissing
from tests.servers.proftpd import ProftpdServer
from tests.servers.pyftpd import PyftpdServer
from tests.servers.scripted_jobs import ScriptedJobs
from tests.servers.sshd import SshServer
from tests.servers.vsftpd import Tls, VsftpdServer

# Before anything asks: no test may reach the keyring or the display of the person who runs it.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# How long an example takes says how busy the machine is, not whether the program is right.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

THREAD_SECONDS = 5.0


class Startable(Protocol):
    """A server of tests/servers."""

    def start(self) -> Self: ...

    def stop(self) -> None: ...


Server = TypeVar("Server", bound=Startable)
Starter = Callable[[Server], Server]


class MemoryKeyring(KeyringBackend):
    """A keyring that forgets everything at the end of the test."""

    priority = 1.0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # keyring's own
        self.secrets: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.secrets.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.secrets[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.secrets.pop((service, username), None) is None:
            raise PasswordDeleteError(username)


@pytest.fixture(autouse=True)
def shotdock_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test, and every process it starts, a ShotDock home of its own; it does not exist yet."""
    home = tmp_path_factory.mktemp("home") / "shotdock"
    monkeypatch.setenv("SHOTDOCK_HOME", str(home))
    monkeypatch.delenv("SHOTDOCK_SITE", raising=False)
    return home


@pytest.fixture(autouse=True)
def no_secrets_from_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what earlier tests registered as secret, or a word of theirs would be starred out here."""
    monkeypatch.setattr(redaction, "_secrets", redaction._Secrets())


def _skip_if_missing(missing: ServerMissing) -> NoReturn:
    """Skip the test that needs a program this machine lacks; where all have to be there, let it fail."""
    if os.environ.get("SHOTDOCK_REQUIRE_SERVERS") == "1":
        raise missing
    pytest.skip(str(missing))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let what Qt keeps of a test go down with it, and collect garbage on this thread alone, as the program does.

    A widget that goes down with a cycle on a server's or a lane's thread takes the tests along, at once or when they
    end. What is deleted later is deleted here: pytest-qt has no event loop that would, and the next test's may come
    late. This is the first moment at which pytest itself has let go of the test's fixtures.
    """
    if "qapp" not in getattr(item, "fixturenames", ()):
        return (yield)
    gc.disable()
    try:
        return (yield)
    finally:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        # PySide never lets go of some widgets that are gone: a window and all it held, 12 MB a test.
        for kept in gc.get_objects():
            if issubclass(type(kept), Shiboken.Object) and not Shiboken.isValid(kept):
                vars(kept).clear()
        gc.collect()
        if not gc.get_freeze_count():
            gc.freeze()  # every module and every other test: hundreds of collections would walk them
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """Skip a test whose fixtures miss a program."""
    try:
        return (yield)
    except ServerMissing as missing:
        _skip_if_missing(missing)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Skip a test that misses a program itself."""
    try:
        return (yield)
    except ServerMissing as missing:
        _skip_if_missing(missing)


@pytest.fixture
def memory_keyring() -> Iterator[MemoryKeyring]:
    """Give this process a keyring in memory; without it the machine has none at all."""
    before = get_keyring()
    keyring = MemoryKeyring()
    set_keyring(keyring)
    yield keyring
    set_keyring(before)


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    """Fail a test that leaves a thread behind which would keep the program from ending."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + THREAD_SECONDS
    left = [thread for thread in threading.enumerate() if thread not in before and not thread.daemon]
    for thread in left:
        thread.join(max(0.0, deadline - time.monotonic()))
    names = [thread.name for thread in left if thread.is_alive()]
    assert not names, f"threads left behind: {names}"


@pytest.fixture
def start_server() -> Iterator[Starter[Server]]:
    """Return a function that starts a server and stops it after the test.

    A missing program skips the test, or fails it if SHOTDOCK_REQUIRE_SERVERS is 1.
    """
    started: list[Startable] = []

    def start(server: Server) -> Server:
        server.start()
        started.append(server)
        return server

    yield start
    for server in reversed(started):
        server.stop()


@pytest.fixture
def job_server(tmp_path: Path) -> Iterator[Jobs]:
    """The demo studio's jobs, small, by a clock that stands still."""
    opened = Jobs(tmp_path / "jobs", Size.SMALL)
    opened.clock.speed = 0
    yield opened
    opened.stop()


@pytest.fixture
def scripted() -> Iterator[ScriptedJobs]:
    """A job server that says whatever the test wants."""
    opened = ScriptedJobs()
    yield opened
    opened.stop()


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """Return the empty folder the ready-made servers serve."""
    folder = tmp_path / "served"
    folder.mkdir()
    return folder


@pytest.fixture
def sshd(served: Path, tmp_path: Path, start_server: Starter[SshServer]) -> SshServer:
    """OpenSSH over `served`."""
    return start_server(SshServer(served, tmp_path / "sshd"))


@pytest.fixture
def vsftpd(served: Path, tmp_path: Path, start_server: Starter[VsftpdServer]) -> VsftpdServer:
    """Return vsftpd in clear over `served`."""
    return start_server(VsftpdServer(served, tmp_path / "vsftpd"))


@pytest.fixture
def vsftpd_tls(served: Path, tmp_path: Path, start_server: Starter[VsftpdServer]) -> VsftpdServer:
    """Return vsftpd with AUTH TLS over `served`."""
    return start_server(VsftpdServer(served, tmp_path / "vsftpd_tls", tls=Tls.EXPLICIT))


@pytest.fixture
def vsftpd_implicit(served: Path, tmp_path: Path, start_server: Starter[VsftpdServer]) -> VsftpdServer:
    """Return vsftpd with implicit TLS over `served`."""
    return start_server(VsftpdServer(served, tmp_path / "vsftpd_implicit", tls=Tls.IMPLICIT))


@pytest.fixture
def proftpd(served: Path, tmp_path: Path, start_server: Starter[ProftpdServer]) -> ProftpdServer:
    """Return ProFTPD in clear over `served`."""
    return start_server(ProftpdServer(served, tmp_path / "proftpd"))


@pytest.fixture
def pyftpd(served: Path, start_server: Starter[PyftpdServer]) -> PyftpdServer:
    """Return pyftpdlib over `served`."""
    return start_server(PyftpdServer(served))


@pytest.fixture
def nginx(served: Path, tmp_path: Path, start_server: Starter[NginxServer]) -> NginxServer:
    """Return nginx over `served`."""
    return start_server(NginxServer(served, tmp_path / "nginx"))
