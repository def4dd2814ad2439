"""People are told of their tasks by real services on loopback; none of them is ever in a task's way."""

import json
import socket
import threading
from collections.abc import Iterator
from email import message_from_bytes
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from pytestqt.qtbot import QtBot

from desktop.core.digest import Digest
from desktop.core.errors import NotFound, ShotDockError, UsageError
from desktop.core.schedule import After, Turn
from desktop.core.task import TaskState
from desktop.store import secrets
from tests.conftest import MemoryKeyring
from tests.work.conftest import Bench
from tests.work.life import Clock, serving


class Hook:
    """A webhook: keeps what it is sent, answers when it is let."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.authorized: list[str | None] = []
        self.asked, self.free = threading.Event(), threading.Event()
        self.free.set()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                hook.asked.set()
                hook.free.wait(30)
                hook.got.append(body)
                hook.authorized.append(self.headers["Authorization"])
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self._server.server_port}/hooks/s3cr3t-token-4711"

    def close(self) -> None:
        self.free.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()
    yield hook
    hook.close()


@pytest.fixture
def bench(qtbot: QtBot, studio: Path, tmp_path: Path, memory_keyring: MemoryKeyring) -> Iterator[Bench]:
    with serving(qtbot, studio, tmp_path / "shows", Clock()) as bench:
        bench.connect("VEGA", studio)
        yield bench


def add(bench: Bench, name: str, url: str) -> None:
    bench.answer(lambda then, failed: bench.services.notify.add(name, url, then, failed))


def broken(bench: Bench) -> None:
    """Run a task of which one file cannot come."""
    plan = bench.plan()
    (bench.studio / "VEGA/SQ01/SH020/anim/publish/v001/SH020_v001.ma").unlink()
    bench.until(bench.submit(plan).id, TaskState.FAILED)


def test_one_message_for_a_task(bench: Bench, hook: Hook) -> None:
    add(bench, "hook", hook.url)
    told: list[Digest] = []
    bench.services.notify.told.connect(told.append)
    bench.run()
    bench.qtbot.waitUntil(lambda: bool(hook.got and told), timeout=20_000)
    assert told[0].title == "VEGA latest, 2 items: done"
    assert [(one["title"], one["type"]) for one in hook.got] == [(told[0].title, "success")]
    assert "4 of 4 files came" in hook.got[0]["message"]


def test_a_failure_is_told_with_its_reason_and_errors_alone_if_so_wished(bench: Bench, hook: Hook) -> None:
    add(bench, "hook", hook.url)
    bench.services.settings.update(notify_errors_only=True, retry_hours=0)
    told: list[Digest] = []
    bench.services.notify.told.connect(told.append)
    bench.run()
    (bench.destination / "VEGA/SQ01/SH020/anim/publish/v001/SH020_v001.ma").unlink()
    broken(bench)
    bench.qtbot.waitUntil(lambda: bool(hook.got and told), timeout=20_000)
    assert [one["type"] for one in hook.got] == ["failure"]
    assert "1 failed." in hook.got[0]["message"]
    assert "- 1x " in hook.got[0]["message"]


def test_each_service_is_told_of_all_or_of_what_failed_only(bench: Bench, hook: Hook) -> None:
    other, desk = Hook(), bench.services.notify
    try:
        add(bench, "lead", hook.url)
        add(bench, "wrangler", other.url)
        bench.services.settings.update(retry_hours=0)
        desk.tell_errors_only("lead", True)
        bench.run()
        bench.qtbot.waitUntil(lambda: len(other.got) == 1, timeout=20_000)
        (bench.destination / "VEGA/SQ01/SH020/anim/publish/v001/SH020_v001.ma").unlink()
        broken(bench)
        bench.qtbot.waitUntil(lambda: bool(hook.got) and len(other.got) == 2, timeout=20_000)
    finally:
        other.close()
    assert [one["type"] for one in hook.got] == ["failure"]
    assert [one["type"] for one in other.got] == ["success", "failure"]
    bench.answer(lambda then, failed: desk.remove("lead", then, failed))
    add(bench, "lead", hook.url)
    assert not desk.errors_only("lead"), "another one under its name is told of everything"
    with pytest.raises(NotFound, match="no service called"):
        desk.tell_errors_only("nobody", True)


def test_the_one_switch_of_old_holds_for_all_until_somebody_chooses(bench: Bench, hook: Hook) -> None:
    desk, box = bench.services.notify, bench.services.settings
    for name in ("lead", "wrangler"):
        add(bench, name, hook.url)
    box.update(notify_errors_only=True)
    assert desk.errors_only("lead") and desk.errors_only("wrangler")
    desk.tell_errors_only("", False)
    assert desk.errors_only("lead"), "the desktop's choice is its own"
    desk.tell_errors_only("wrangler", False)
    assert (desk.errors_only("lead"), desk.errors_only("wrangler")) == (True, False)
    assert not box.value.notify_errors_only


def test_a_task_may_ask_to_be_told_of(bench: Bench) -> None:
    bench.services.settings.update(notify=False)
    told: list[Digest] = []
    bench.services.notify.told.connect(told.append)
    bench.run()
    plan = bench.plan()
    with bench.qtbot.waitSignal(bench.services.notify.told):
        bench.services.tasks.submit(plan, turn=Turn(after=After.NOTIFY))
    assert [one.title.partition(": ")[2] for one in told] == ["all up to date"]


def test_mail_goes_through_a_real_mail_server(bench: Bench) -> None:
    got: list[bytes] = []

    class Inbox:
        async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:
            got.append(envelope.content)
            return "250 OK"

    controller = Controller(Inbox(), hostname="127.0.0.1", port=0)
    controller.port = free_port()
    controller.start()
    try:
        url = f"mailto://127.0.0.1:{controller.port}/?from=dock@studio.example&to=ann@studio.example&smtp=127.0.0.1"
        add(bench, "mail", f"{url}&mode=insecure")
        words = bench.answer(lambda then, failed: bench.services.notify.test("mail", then, failed))
    finally:
        controller.stop()
    assert words == "mail took the message."
    message = message_from_bytes(got[0])
    assert (message["Subject"], message["To"]) == ("ShotDock: a test", "ann@studio.example")


def test_a_service_that_hangs_delays_no_task(bench: Bench, hook: Hook) -> None:
    add(bench, "hook", hook.url)
    hook.free.clear()
    bench.run()
    assert hook.asked.wait(20)
    for _ in range(3):
        bench.run()
    assert hook.got == []
    hook.free.set()
    bench.qtbot.waitUntil(lambda: len(hook.got) >= 4, timeout=20_000)


def test_what_a_netrc_holds_for_a_service_s_host_is_not_sent(
    bench: Bench, hook: Hook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login ann password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    add(bench, "Farm", hook.url)
    broken(bench)
    bench.qtbot.waitUntil(lambda: bool(hook.authorized), timeout=20_000)
    assert hook.authorized == [None]


def test_a_webhook_to_nowhere_is_told_in_words(bench: Bench) -> None:
    add(bench, "nowhere", f"json://127.0.0.1:{free_port()}/s3cr3t-token-4711")
    with pytest.raises(ShotDockError, match="nowhere was not told") as caught:
        bench.answer(lambda then, failed: bench.services.notify.test("nowhere", then, failed))
    assert "onnection error" in caught.value.cause
    assert "4711" not in str(caught.value)
    with bench.qtbot.waitSignal(bench.services.notify.unheard, timeout=20_000) as heard:
        bench.run()
    assert heard.args[0] == "nowhere"


def test_addresses_are_in_the_keyring_and_nowhere_else(
    bench: Bench, hook: Hook, memory_keyring: MemoryKeyring, shotdock_home: Path
) -> None:
    add(bench, "hook", hook.url)
    assert bench.services.notify.services() == ("hook",)
    assert memory_keyring.secrets[secrets.SERVICE, "notify:hook"] == hook.url
    bench.tasks()  # by then the settings are saved
    assert "hook" in (shotdock_home / "settings.json").read_text("utf-8")
    kept = [path for path in shotdock_home.rglob("*") if path.is_file() and b"s3cr3t-token" in path.read_bytes()]
    assert kept == []
    bench.answer(lambda then, failed: bench.services.notify.remove("hook", then, failed))
    assert bench.services.notify.services() == ()
    assert (secrets.SERVICE, "notify:hook") not in memory_keyring.secrets


@pytest.mark.parametrize("url", ["", "nonsense", "foo://bar", "slack://short"])
def test_an_address_nothing_can_be_sent_to_is_refused(bench: Bench, url: str) -> None:
    with pytest.raises(UsageError, match="none that a message can be sent to"):
        add(bench, "odd", url)
    assert bench.services.notify.services() == ()


def test_a_service_nobody_knows(bench: Bench) -> None:
    for verb in (bench.services.notify.test, bench.services.notify.remove):
        with pytest.raises(NotFound, match="no service called"):
            bench.answer(partial(verb, "nobody"))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
