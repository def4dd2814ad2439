"""R57: a webhook that is away, slow, endless, elsewhere, or talks back; and what a file's name does to its readers."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from pytestqt.qtbot import QtBot

from desktop.core.digest import Digest
from desktop.core.errors import ShotDockError
from desktop.logs import set_up, take_down
from desktop.places import Places
from desktop.work import notify_wire
from tests.conftest import MemoryKeyring
from tests.servers.process import free_port
from tests.work.conftest import Bench
from tests.work.life import Clock, serving

TOKEN = "s3cr3t-token-4711"
Behave = Callable[[BaseHTTPRequestHandler], None]


class Hook:
    """A webhook that does as it is told with each message. got: the messages."""

    def __init__(self, behave: Behave) -> None:
        self.got: list[dict[str, Any]] = []
        self.over = threading.Event()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                try:
                    behave(self)
                except OSError:
                    pass  # nobody listens any more
                finally:
                    hook.over.set()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "Hook":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def says(status: int, body: bytes = b"", **headers: str) -> Behave:
    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return behave


@pytest.fixture
def bench(
    qtbot: QtBot, tmp_path: Path, memory_keyring: MemoryKeyring, caplog: pytest.LogCaptureFixture
) -> Iterator[Bench]:
    set_up(Places.find(), None)
    caplog.set_level(logging.DEBUG)  # whatever anybody has to say
    with serving(qtbot, tmp_path / "studio", tmp_path / "shows", Clock()) as bench:
        yield bench
    take_down()


def add(bench: Bench, url: str) -> None:
    bench.answer(lambda then, failed: bench.services.notify.add("hook", url, then, failed))


def told(bench: Bench) -> str:
    """Send a test message; return "" if it was taken, else why not, in words."""
    try:
        bench.answer(lambda then, failed: bench.services.notify.test("hook", then, failed))
    except ShotDockError as error:
        return str(error)
    return ""


def no_secret(words: str, home: Path) -> bool:
    """Tell whether neither the words nor anything on the disk bears the address's secret."""
    files = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
    return TOKEN not in words and not [data for data in files if TOKEN.encode() in data]


FAULTS: dict[str, Behave] = {
    "not found": says(404, f"no hook {TOKEN}".encode()),
    "broken": says(500, f"/hooks/{TOKEN} broke".encode()),
    "hangs up": lambda handler: handler.connection.close(),
    "garbage": lambda handler: handler.wfile.write(f"{TOKEN}\r\n\r\n".encode()),  # type: ignore[dict-item]  # what it returns is nobody's
}


@pytest.mark.parametrize("behave", FAULTS.values(), ids=FAULTS)
def test_r57_why_it_was_not_told_bears_no_secret(bench: Bench, shotdock_home: Path, behave: Behave) -> None:
    with Hook(behave) as hook:
        add(bench, f"json://{hook.place}/hooks/{TOKEN}")
        words = told(bench)
    assert "hook was not told" in words
    assert no_secret(words, shotdock_home)


def test_r57_a_redirect_is_not_followed(bench: Bench, shotdock_home: Path) -> None:
    """Nor is what was to be told, and the password with it, brought to whoever listens inside."""
    with Hook(says(200)) as inside, ExitStack() as stack:
        for status in (301, 302, 307, 308):
            away = stack.enter_context(Hook(says(status, b"moved", Location=f"http://{inside.place}/{TOKEN}")))
            add(bench, f"json://ann:{TOKEN}@{away.place}/hooks?redirect=yes")
            words = told(bench)
            assert str(status) in words
            assert len(away.got) == 1
    assert inside.got == []
    assert no_secret(words, shotdock_home)


@pytest.mark.parametrize("status", [200, 302])
def test_r57_an_answer_without_end_is_let_go(bench: Bench, status: int) -> None:
    """Taken it is, or not: the service said so before. What else it says is not kept in memory."""
    sent = [0]

    def behave(handler: BaseHTTPRequestHandler) -> None:
        says(status, Location="/elsewhere")(handler)
        while True:
            handler.wfile.write(bytes(1 << 20))
            sent[0] += 1

    with Hook(behave) as hook:
        add(bench, f"json://{hook.place}/hooks/{TOKEN}")
        assert (told(bench) == "") is (status == 200)
        assert hook.over.wait(20)
    assert sent[0] < 64


@pytest.mark.parametrize("head", [True, False], ids=["in its head", "in its body"])
def test_r57_a_byte_now_and_then_is_no_answer(
    bench: Bench, shotdock_home: Path, monkeypatch: pytest.MonkeyPatch, head: bool
) -> None:
    """Each byte begins a socket's patience anew: only a limit on the whole ends it."""
    monkeypatch.setattr(notify_wire, "LONGEST", 0.6)

    def behave(handler: BaseHTTPRequestHandler) -> None:
        if head:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        else:
            says(200)(handler)
        ended = time.monotonic() + 20
        while time.monotonic() < ended and not left.wait(0.05):
            handler.wfile.write(b"x")

    left = threading.Event()
    with Hook(behave) as hook:
        add(bench, f"json://{hook.place}/hooks/{TOKEN}")
        began = time.monotonic()
        words = told(bench)
        assert time.monotonic() - began < 10
        left.set()
    assert ("hook was not told" in words) is head, "one that said 200 has taken it"
    assert no_secret(words, shotdock_home)


def test_r57_nobody_there_and_the_next_message_comes_all_the_same(bench: Bench, shotdock_home: Path) -> None:
    add(bench, f"json://127.0.0.1:{free_port()}/hooks/{TOKEN}")
    with bench.qtbot.waitSignal(bench.services.notify.unheard, timeout=20_000) as heard:
        bench.services.notify.tell(Digest("one", "of two"))
    with Hook(says(200)) as hook:
        add(bench, f"json://{hook.place}/hooks/{TOKEN}")
        bench.services.notify.tell(Digest("two", "of two"))
        bench.qtbot.waitUntil(lambda: bool(hook.got), timeout=20_000)
    assert no_secret(str(heard.args[1]), shotdock_home)


NAME = '@everyone <!channel> <@4711> <img src="http://evil.example/x.png"> @here/a.exr'


@pytest.mark.parametrize("form", ["text", "html"])
def test_r57_a_files_name_calls_nobody_and_is_no_picture(bench: Bench, form: str) -> None:
    """To a webhook as the name's letters, which call nobody; to a mail that is HTML, as text."""
    mails: list[bytes] = []

    class Inbox:
        async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:
            mails.append(envelope.content)
            return "250 OK"

    controller = Controller(Inbox(), hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        with Hook(says(200)) as hook:
            add(bench, f"json://{hook.place}/hooks/{TOKEN}")
            mail = f"mailto://127.0.0.1:{controller.port}/?from=dock@studio.example&to=ann@studio.example"
            url = f"{mail}&smtp=127.0.0.1&mode=insecure&format={form}"
            bench.answer(lambda then, failed: bench.services.notify.add("mail", url, then, failed))
            bench.services.notify.tell(Digest(f"{NAME}: failed", f"- 1x {NAME}", failed=True))
            bench.qtbot.waitUntil(lambda: bool(hook.got and mails), timeout=20_000)
    finally:
        controller.stop()
    [got] = hook.got
    for text in (got["title"], got["message"]):
        assert not [call for call in ("@everyone", "@here", "<!", "<@") if call in text]
        assert text.replace("\N{WORD JOINER}", "").count(NAME) == 1
    told = {
        part.get_content_type(): str(part.get_payload(decode=True), "utf-8")  # type: ignore[arg-type]  # decoded, it is bytes
        for part in message_from_bytes(mails[0]).walk()
        if not part.is_multipart()
    }
    assert ("text/html" in told) is (form == "html")
    assert "<img" not in told.get("text/html", "")
    assert "&lt;img" in told.get("text/html", "&lt;img")


def test_r57_another_address_takes_the_secret_of_the_first_along(
    bench: Bench, memory_keyring: MemoryKeyring, shotdock_home: Path
) -> None:
    """There is no way to change a host and keep what was its secret; and no way to read either."""
    with Hook(says(200)) as first, Hook(says(200)) as second:
        add(bench, f"json://ann:{TOKEN}@{first.place}/hooks")
        add(bench, f"json://{second.place}/hooks")
        assert told(bench) == ""
    assert (len(first.got), len(second.got)) == (0, 1)
    assert TOKEN not in str(memory_keyring.secrets)
    kinds = bench.answer(bench.services.notify.kinds)
    assert kinds == {"hook": "Webhook"}
    assert bench.services.notify.services() == ("hook",)
