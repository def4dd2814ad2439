"""One night, five kinds of failure in one queue: it ends by itself, with all that could be had and one card a cause.

What waits for room on a disk is left, looked at now and then; it goes on once somebody has made room.
"""

import socket
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from desktop.core.causes import Cause
from desktop.core.connection import parse_location
from desktop.core.plan import Options, Plan, Request
from desktop.core.schedule import waiting_words
from desktop.core.task import Task, TaskState
from desktop.ui.models.waits import why
from desktop.work.library import PlainSource
from desktop.work.sites import Door
from tests.cli.console import Console
from tests.conftest import Starter
from tests.servers.content import write_tree
from tests.servers.nginx import NginxServer
from tests.servers.proxy import Cut, How, Proxy
from tests.servers.pyftpd import PyftpdServer
from tests.servers.sshd import SshServer
from tests.transfer.scripted import tree
from tests.work.conftest import OVER, Bench, make_room
from tests.work.life import Clock, later, serving

MIB = 1024 * 1024
TOKEN = "s3cr3t-of-the-link"
NEW_PASSWORD = "changed-at-midnight"
CUTS = [Cut(number, 700_000, How.FIN if number % 2 else How.RST) for number in range(2, 8)]
"""The first line is the plan's."""
ECHO = """if (!-f $request_filename) { return 404 '{"message": "Nothing at $request_uri."}'; }"""
"""A server that repeats what it was asked for, secrets included."""


class Night:
    """The servers, and the orders of the evening."""

    def __init__(self, root: Path, start: Starter[Any], stack: ExitStack) -> None:
        self.files = {
            "good": write_tree(root / "good", {f"{n:02}.exr": 20_000 + n for n in range(12)}),
            "away": write_tree(root / "away", {f"a{n}.exr": 3000 for n in range(3)}),
            "locked": write_tree(root / "locked", {f"l{n}.exr": 3000 for n in range(2)}),
            "web": write_tree(root / "web", {"gone.exr": 3000, "flap0.mov": 3 * MIB, "flap1.mov": 2 * MIB}),
            "full": write_tree(root / "full", {"a.exr": 200_000, "b.mov": 9 * MIB, "c.mov": 5 * MIB}),
        }
        self.root = root
        self.sshd = start(SshServer(root, root / "sshd"))
        self.away = start(PyftpdServer(root / "away"))
        self.locked = start(PyftpdServer(root / "locked"))
        self.web = start(NginxServer(root / "web", root / "nginx", extra=[ECHO]))
        self.line = start(Proxy(self.web.port, cuts=CUTS))
        self._taken = stack.enter_context(socket.socket())
        known = root / "known_hosts"
        known.write_text(self.sshd.known_hosts)
        self._door = Door(self.sshd.identity, known)

    def plan(self, bench: Bench, name: str, to: Path, *urls: str) -> Plan:
        library, request = bench.services.library, Request("", to, name=name, options=Options(parallel=1))
        sources = [PlainSource(url) for url in urls]
        made: Plan = bench.answer(lambda then, failed: library.plan_plain(sources, self._door, request, then, failed))
        return made

    def ftp(self, server: PyftpdServer) -> str:
        return f"ftp://{server.user}:p%C3%A4ssword%3Awith%40signs@{server.host}:{server.port}/"

    def everything(self, bench: Bench) -> Plan:
        web, line = f"http://127.0.0.1:{self.web.port}", f"http://127.0.0.1:{self.line.port}"
        for server in (self.away, self.locked):
            bench.services.connections.agree(parse_location(self.ftp(server)).address)
        urls = (self.ftp(self.away), self.ftp(self.locked), f"{web}/gone.exr?token={TOKEN}")
        lines = (f"{line}/flap0.mov", f"{line}/flap1.mov", f"{self.sshd.url}/good")
        return self.plan(bench, "everything", bench.destination, *urls, *lines)

    def fall(self, bench: Bench) -> None:
        """Have everything go wrong that does by night; connections that planned are not kept for so long."""
        bench.services.sites.close()
        self.away.stop()
        # Nobody else is to answer there meanwhile.
        self._taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._taken.bind((self.away.host, self.away.port))
        self.locked.stop()
        self.locked.password = NEW_PASSWORD
        self.locked.start()
        (self.root / "web" / "gone.exr").unlink()


def sleep(bench: Bench, clock: Clock, *tasks: Task, left: str = "") -> dict[str, list[str]]:
    """Let the night pass: whenever nothing goes on, the clock stands at the next try. Return why each task waited.

    left: the name of the one that still waits when all the others have ended.
    """
    waited: dict[str, list[str]] = {task.name: [] for task in tasks}

    def now() -> list[Task]:
        return [bench.seen.get(task.id, task) for task in tasks]

    def resting() -> bool:
        return all(task.state in OVER or (task.put_off and (task.turn.not_before or 0) > clock.now) for task in now())

    while True:
        bench.qtbot.waitUntil(resting, timeout=60_000)
        waiting = [task for task in now() if task.state not in OVER]
        if all(task.name == left for task in waiting):
            return waited
        for task in waiting:
            waited[task.name].append(task.turn.waits_for)
        later(bench, clock, min(task.turn.not_before or 0 for task in waiting) - clock.now)


def causes(bench: Bench, task: Task) -> dict[str, Cause]:
    found: tuple[Cause, ...] = bench.answer(lambda then, _: bench.services.tasks.causes(task.id, then))
    return {cause.kind: cause for cause in found}


@pytest.mark.servers
def test_a_night_of_five_failures(
    qtbot: QtBot, studio: Path, tmp_path: Path, start_server: Starter[Any], small_disk: Path, shotdock_home: Path
) -> None:
    clock = Clock()
    with ExitStack() as stack:
        night = Night(tmp_path / "servers", start_server, stack)
        bench = stack.enter_context(serving(qtbot, studio, tmp_path / "to", clock))
        bench.services.settings.update(retry_hours=1)
        plans = [
            night.everything(bench),
            night.plan(bench, "full", small_disk, f"{night.sshd.url}/full"),
            night.plan(bench, "last", tmp_path / "last", f"{night.sshd.url}/good"),
        ]
        night.fall(bench)
        everything, full, _ = tasks = [bench.submit(plan) for plan in plans]
        waited = sleep(bench, clock, *tasks, left="full")

        # All that could be had is here, byte for byte.
        assert night.line.connections > max(cut.connection for cut in CUTS), "each of the cuts happened"
        good = {f"good/{name}": data for name, data in night.files["good"].items()}
        flapping = {name: data for name, data in night.files["web"].items() if name.startswith("flap")}
        assert tree(bench.destination) == good | flapping
        assert tree(tmp_path / "last") == good
        on_disk = tree(small_disk / "full")
        assert on_disk.pop("a.exr") == night.files["full"]["a.exr"]
        assert all(name.startswith(".") for name in on_disk), "halves wait for room, and bear no name of a file"

        # The queue was held up by nobody, and says what each task waited for.
        ended = {task.name: bench.seen[task.id] for task in tasks}
        assert [task.state for task in ended.values()] == [TaskState.FAILED, TaskState.WAITING, TaskState.DONE]
        assert waited["last"] == []
        places = {name: task.turn.position for name, task in ended.items()}
        assert min(places["everything"], places["full"]) > places["last"], "who was put off went behind it"
        failed, attempts = ended["everything"], ended["everything"].turn.attempts
        assert failed.error.startswith("Server away: ") and f" Tried {attempts + 1} times in " in failed.error
        assert {words.partition(":")[0] for words in waited["everything"]} == {"Server away"}
        assert {words.partition(":")[0] for words in waited["full"]} == {"Disk full"}

        # One honest card a cause.
        cards = causes(bench, everything)
        assert {kind: card.count for kind, card in cards.items()} == {
            "unreachable": 3,
            "login-failed": 2,
            "not-found": 1,
        }
        [(kind, disk)] = causes(bench, full).items()
        assert (kind, disk.count, disk.files) == ("disk-full", 2, ("full/b.mov", "full/c.mov"))
        assert disk.error.title == "There is no room left for b.mov."
        assert attempts >= 3 and cards["unreachable"].tried.startswith(f"Tried {attempts + 1} times")
        assert ended["full"].turn.attempts == 0 and len(waited["full"]) > 60, "it was looked at, not tried, for an hour"
        assert disk.tried == "Whether there is room by now is looked at again and again; what came is kept."
        assert disk.retryable
        once = "Tried once: trying again would have changed nothing."
        assert [cards[kind].tried for kind in ("login-failed", "not-found")] == [once, once]
        assert [card.retryable for card in cards.values()] == [kind == "unreachable" for kind in cards]
        for card in (*cards.values(), disk):
            assert card.error.title and card.error.cause and card.error.suggestion
        # Wrong passwords lock accounts: nobody knocked again.
        assert night.locked.commands.count("PASS") == 2, "the plan's, and one by night"

        # What goes to a TD names every cause and no secret.
        report = bench.answer(lambda then, _: bench.services.tasks.report(everything.id, then))
        for card in cards.values():
            assert card.error.title in report
        assert "Nothing at /gone.exr?token=***" in report
        for secret in (TOKEN, night.away.password, "p%C3%A4ssword", NEW_PASSWORD):
            assert secret not in report

        # Who waits for room says so wherever it is looked at.
        waiting = ended["full"]
        words = "Disk full: There is no room left for b.mov."
        assert waiting_words(waiting.turn, clock.now).startswith(words)
        assert why(waiting.turn, clock.now, 0).startswith("looks again at ")
        assert words in why(waiting.turn, clock.now, 0)
        report = bench.answer(lambda then, _: bench.services.tasks.report(full.id, then))
        assert f"state: waiting {words}" in report and disk.error.title in report and disk.tried in report
        shown = Console(shotdock_home)("tasks", "show", full.id)
        assert f"  waits: {words}" in shown.out

        # In the morning somebody makes room; nothing else is asked of anybody.
        make_room(small_disk)
        sleep(bench, clock, *tasks)
        assert bench.seen[full.id].state is TaskState.DONE
        assert tree(small_disk / "full") == night.files["full"]

    shotdock = Console(shotdock_home)
    shown = shotdock("tasks", "show", everything.id, "--json")
    assert shown.status == 0
    assert Counter(row["kind"] for row in shown.json["errors"]) == {kind: card.count for kind, card in cards.items()}
    assert TOKEN not in shown.out
    states = {row["name"]: row["state"] for row in shotdock("tasks", "list", "--json").json["tasks"]}
    assert states == {"everything": "failed", "full": "done", "last": "done"}
