"""How many connections a task opens to real servers, and what comes over them."""

import filecmp
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from desktop.core.errors import ShotDockError
from desktop.core.plan import Plan, Request
from desktop.core.task import Progress, TaskState
from desktop.work.library import PlainSource
from desktop.work.sites import Door
from tests.servers.content import content, write_tree
from tests.servers.nginx import NginxServer
from tests.servers.proxy import SECOND_HOST, Cut, How, Proxy
from tests.servers.vsftpd import VsftpdServer
from tests.work.conftest import Bench

# Whose thread the queue runs on makes no difference to connections.
pytestmark = pytest.mark.parametrize("bench", [True], ids=["own thread"], indirect=True)

LARGE = 256 * 1024 * 1024
SPEED = 50_000_000
"""Bytes/s of one connection of a server: slow enough that there is something left to share."""


class Line:
    """A server behind a proxy that counts. url: of the served folder. logins: connections that came."""

    def __init__(self, url: str, proxy: Proxy, data: bool) -> None:
        self.url, self.proxy, self.data = url, proxy, data

    @property
    def logins(self) -> int:
        return self.proxy.connections


@contextmanager
def line_to(kind: str, served: Path, folder: Path, speed: int = 0) -> Iterator[Line]:
    with ExitStack() as stack:
        if kind == "ftp":
            slow = (f"anon_max_rate={speed}",) if speed else ()
            ftp = VsftpdServer(served, folder / "vsftpd", passive_hosts=(SECOND_HOST,), extra=slow)
            stack.enter_context(ftp)
            proxy = stack.enter_context(Proxy(ftp.port, passive_ports=ftp.passive_ports))
            yield Line(f"ftp://anonymous:artist%40@{proxy.host}:{proxy.port}{served}", proxy, data=True)
        else:
            extra = (f"limit_rate {speed};",) if speed else ()
            web = stack.enter_context(NginxServer(served, folder / "nginx", extra=extra))
            proxy = stack.enter_context(Proxy(web.port))
            yield Line(f"http://{proxy.host}:{proxy.port}", proxy, data=False)


KINDS = pytest.mark.parametrize("kind", ["ftp", "http"])


def plan(bench: Bench, *urls: str) -> Plan:
    request = Request("", bench.destination)
    sources = [PlainSource(url) for url in urls]
    library = bench.services.library
    made: Plan = bench.answer(lambda then, failed: library.plan_plain(sources, Door(), request, then, failed))
    return made


@KINDS
@pytest.mark.parametrize("cut", [False, True], ids=["whole", "cut"])
def test_a_large_file_that_is_alone_comes_over_two_connections(
    bench: Bench, served: Path, tmp_path: Path, kind: str, cut: bool
) -> None:
    block = content("block", 4 * 1024 * 1024 - 3)
    with (served / "big.bin").open("wb") as file:
        for start in range(0, LARGE, len(block)):
            file.write(block[: LARGE - start])
    with line_to(kind, served, tmp_path, SPEED) as line:
        if cut:
            line.proxy.cuts = [Cut(2, 40_000_000, How.RST, data=line.data)]
        task = bench.until(bench.submit(plan(bench, f"{line.url}/big.bin")).id)
        assert (task.state, task.files.failed) == (TaskState.DONE, 0)
        assert filecmp.cmp(served / "big.bin", bench.destination / "big.bin", shallow=False)
        most = line.proxy.data_connections if line.data else line.logins
        assert most >= 2
        if not cut:
            assert task.bytes.transferred < LARGE + 4 * 1024 * 1024
            assert line.logins == 2 if line.data else line.logins <= 3


def test_a_large_file_of_a_server_that_ignores_ranges_is_right_too(
    bench: Bench, served: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R04: the lane that asked for the second half is sent the whole file."""
    for module in ("download", "pieces"):
        monkeypatch.setattr(f"desktop.transfer.{module}.SHARE_FROM", 64 * 1024 * 1024)
    size = 120 * 1024 * 1024
    (served / "big.bin").write_bytes(content("big", size))
    slow = NginxServer(served, tmp_path / "nginx", ranges=False, extra=(f"limit_rate {SPEED};",))
    with slow as web:
        task = bench.until(bench.submit(plan(bench, f"{web.url}big.bin")).id)
        assert (task.state, task.files.failed) == (TaskState.DONE, 0)
        assert filecmp.cmp(served / "big.bin", bench.destination / "big.bin", shallow=False)
        # One asked for the whole, one for half of it: nobody tried again.
        assert sum("GET /big.bin" in line for line in web.requests()) == 2


@KINDS
@pytest.mark.parametrize("count", [1, 3])
def test_no_more_connections_than_files(bench: Bench, served: Path, tmp_path: Path, kind: str, count: int) -> None:
    """The connection that planned is the first one that transfers."""
    made = write_tree(served, {f"{n}.bin": 50_000 for n in range(count)})
    with line_to(kind, served, tmp_path) as line:
        task = bench.until(bench.submit(plan(bench, *(f"{line.url}/{name}" for name in made))).id)
        assert (task.state, task.files.downloaded) == (TaskState.DONE, count)
        assert line.logins <= count


@KINDS
def test_a_parked_connection_that_was_closed_costs_one_more(
    bench: Bench, served: Path, tmp_path: Path, kind: str
) -> None:
    write_tree(served, {"a.bin": 50_000})
    with line_to(kind, served, tmp_path) as line:
        made = plan(bench, f"{line.url}/a.bin")
        assert line.proxy.cut_all(How.RST) == 1
        task = bench.until(bench.submit(made).id)
        assert (task.state, task.files.downloaded, task.files.failed) == (TaskState.DONE, 1, 0)
        assert line.logins == 2


@KINDS
def test_a_parked_connection_that_was_closed_is_no_trouble_to_the_next_plan(
    bench: Bench, served: Path, tmp_path: Path, kind: str
) -> None:
    """A transfer tries again by itself, a plan does not."""
    write_tree(served, {"a.bin": 50_000})
    with line_to(kind, served, tmp_path) as line:
        plan(bench, f"{line.url}/a.bin")
        assert line.proxy.cut_all(How.RST) == 1
        made = plan(bench, f"{line.url}/a.bin")
        assert made.totals().transfers == 1


@KINDS
def test_to_cancel_a_plan_that_is_done_leaves_its_connection_to_who_uses_it(
    bench: Bench, served: Path, tmp_path: Path, kind: str
) -> None:
    write_tree(served, {"a.bin": 50_000})
    with line_to(kind, served, tmp_path) as line:
        answers: list[Plan] = []
        errors: list[ShotDockError] = []
        library, request = bench.services.library, Request("", bench.destination)
        work = library.plan_plain([PlainSource(f"{line.url}/a.bin")], Door(), request, answers.append, errors.append)
        bench.qtbot.waitUntil(lambda: bool(answers or errors))
        work.cancel()
        task = bench.until(bench.submit(answers[0]).id)
        assert (task.state, task.files.downloaded) == (TaskState.DONE, 1)
        assert line.logins == 1


@pytest.mark.parametrize(("distance", "least", "most"), [(0.0, 16, 16), (3600.0, 1, 4)], ids=["far", "near"])
def test_lanes_grow_towards_a_server_that_is_far_away(
    bench: Bench,
    served: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    distance: float,
    least: int,
    most: int,
) -> None:
    """From which distance on a server is far is set here: no line on one machine is as long."""
    monkeypatch.setattr("desktop.transfer.ports.FAR", distance)
    write_tree(served, {f"{n}.bin": 20_000 for n in range(600)})
    heard: list[Progress] = []
    bench.services.tasks.progressed.connect(lambda figures: heard.extend(figures))
    with line_to("ftp", served, tmp_path, speed=20_000) as line:
        task = bench.submit(plan(bench, line.url))
        bench.qtbot.waitUntil(lambda: any(p.lanes >= least and p.files_done >= 4 for p in heard), timeout=20_000)
        bench.qtbot.waitUntil(lambda: heard[-1].files_done >= 8, timeout=20_000)
        bench.services.tasks.cancel([task.id])
        bench.until(task.id, TaskState.CANCELLED)
        assert least <= max(p.lanes for p in heard) <= most
