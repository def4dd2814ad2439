"""R16, R36, R42, R48: what is synced before what; pages and headers in a file's place; twenty thousand calls."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.console import Console
from tests.faults.crash_loop import Victim
from tests.servers.nginx import NginxServer
from tests.servers.scripted_http import Request, ScriptedHttp, answer, part
from tests.transfer.scripted import content, tree

DATA = content("a.exr", 300_000)
PAGE = b"<!DOCTYPE html><title>Log in</title>"
STRANGERS = {
    "a login page": answer(body=PAGE, Content_Type="text/html"),
    "a page that says it is a video": answer(body=PAGE.ljust(300_000), Content_Type="video/mp4"),
    "an error document": answer(body=b'<?xml version="1.0"?><Error><Code>ExpiredToken</Code></Error>'),
    "nothing": answer(),
}


@pytest.mark.parametrize("stranger", [*STRANGERS.values(), None], ids=[*STRANGERS, "a captive portal"])
def test_r16_what_is_not_the_file_never_bears_its_name(
    shotdock: Console, tmp_path: Path, stranger: bytes | None
) -> None:
    def script(request: Request) -> bytes:
        if request.method == "HEAD":
            return part(DATA, request)
        if stranger is not None:
            return stranger
        return STRANGERS["a login page"] if request.target == "/portal" else answer("302 Found", Location="/portal")

    with ScriptedHttp(script) as server:
        said = shotdock("get", f"http://{server.host}:{server.port}/a.exr", tmp_path / "to", "--json")
    assert said.status == 1, said.out
    assert said.json["errors"][0]["kind"] in ("not-the-file", "still-uploading")
    assert tree(tmp_path / "to") == {}


SECRETS = ("hunter2", "c0ffee0dd1ec0de4711", "AKIA0123456789ABCDEF", "\x1b", "\x07")
TELLING = (
    b'<!DOCTYPE html><title>Log in\x1b[2J\x07</title><meta content="c0ffee0dd1ec0de4711f">'
    b'<a href="ftp://ann:hunter2@studio/">in</a>' + b"<p>nothing but words</p>" * 200 + b"the end of it"
)
PAGES = {
    "by its type": ("a.exr", answer(body=TELLING, Content_Type="text/html\x1b[2J")),
    "by its bytes": ("a.mp4", answer(body=TELLING, Content_Type="video/mp4")),
    "an error document": (
        "a.exr",
        answer(body=b'<?xml version="1.0"?><Error><Code>Log in</Code><Id>AKIA0123456789ABCDEF</Id></Error>'),
    ),
}


@pytest.mark.parametrize("heads", [True, False], ids=["HEAD tells of the file", "HEAD tells of the page"])
@pytest.mark.parametrize(("name", "page"), PAGES.values(), ids=PAGES)
def test_r16_how_a_page_begins_is_in_the_log(
    shotdock: Console, tmp_path: Path, name: str, page: bytes, heads: bool
) -> None:
    """Printable, without what may be a secret, and not much of it; once, although it came for three files."""

    def script(request: Request) -> bytes:
        if request.method != "HEAD":
            return page
        return part(DATA, request) if heads else page.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"

    with ScriptedHttp(script) as server:
        urls = [f"http://{server.host}:{server.port}/{folder}/{name}" for folder in "123"]
        shotdock("get", *urls, tmp_path / "to", "--parallel", "1")
    told = [line for line in log_of(shotdock).splitlines() if "it begins: <" in line]
    assert len(told) == 1
    assert "Status 200" in told[0] and "Log in" in told[0]
    assert not [secret for secret in SECRETS if secret in log_of(shotdock)]
    assert len(told[0].partition("it begins: ")[2]) <= 200
    assert "the end of it" not in log_of(shotdock)


@pytest.mark.servers
def test_r16_a_real_portals_page_is_in_the_log(shotdock: Console, tmp_path: Path) -> None:
    served = tmp_path / "served"
    served.mkdir()
    (served / "login.html").write_bytes(PAGE)
    portal = ("location ~ exr$ { return 302 /login.html; }",)
    with NginxServer(served, tmp_path / "nginx", extra=portal) as server:
        said = shotdock("get", f"{server.url}a.exr", tmp_path / "to", "--json")
    assert said.json["errors"][0]["kind"] == "not-the-file"
    assert f"Status 200, text/html; it begins: {PAGE.decode()}" in log_of(shotdock)


def log_of(shotdock: Console) -> str:
    return "".join(path.read_text("utf-8") for path in (shotdock.home / "logs").iterdir())


HEADERS = [
    "attachment; filename=../../evil.exr",
    "attachment; filename*=UTF-8''..%2F..%2Fevil.exr",
    "attachment; filename=C:\\evil.exr",
    "attachment; filename=.bashrc",
    "inline; filename=desktop.ini",
]


@pytest.mark.parametrize("header", HEADERS)
def test_r48_neither_a_header_nor_a_redirect_names_the_file(shotdock: Console, tmp_path: Path, header: str) -> None:
    def script(request: Request) -> bytes:
        if request.target == "/a.exr":
            return answer("302 Found", Location="/.bashrc")
        return part(DATA, request, Content_Disposition=header)

    with ScriptedHttp(script) as server:
        said = shotdock("get", f"http://{server.host}:{server.port}/a.exr", tmp_path / "around" / "to", "--json")
    assert said.status == 0, said.out
    assert tree(tmp_path) == {"around/to/a.exr": DATA}


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_r36_the_bytes_are_durable_before_the_name_and_the_name_before_the_word(tmp_path: Path) -> None:
    """What a power loss leaves is decided by the order of these calls, not by when the process dies."""
    victim, log = Victim(tmp_path / "victim"), tmp_path / "log"
    subprocess.run(
        ["strace", "-f", "-y", "-o", log, "-e", "trace=fsync,fdatasync,link,linkat,rename,renameat,renameat2",
         *Console.command(("get", victim.file, victim.to, "--json"))],
        env=victim.shotdock.environment, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    calls = [line for line in log.read_text(errors="replace").splitlines() if " = 0" in line]

    def place(pattern: str, last: bool = False) -> int:
        found = [n for n, line in enumerate(calls) if re.search(pattern, line)]
        assert found, f"{pattern} was never called"
        return found[-1 if last else 0]

    to = re.escape(str(victim.to))
    part_synced = place(rf"f(data)?sync\(\d+<{to}/\.a\.exr\.\w+\.part>")
    named = place(rf'(link|rename)\w*\(.*"{to}/a\.exr"')
    folder_synced = place(rf"fsync\(\d+<{to}>")
    recorded = place(r"fdatasync\(\d+<\S+/shotdock\.db>", last=True)
    assert part_synced < named < folder_synced < recorded


ENDURANCE = """
import sys
from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal
class Talker(QObject):
    said = Signal(object)
app = QCoreApplication([])
talker, heard = Talker(), []
talker.said.connect(heard.append)
before = sys.getrefcount(None), sys.getrefcount(True)
for n in range(20_000):
    talker.said.emit(n)
    talker.setObjectName("x")
    talker.blockSignals(False)
after = sys.getrefcount(None), sys.getrefcount(True)
assert len(heard) == 20_000
print(max(abs(a - b) for a, b in zip(after, before)))
"""


def test_r42_twenty_thousand_signals_leave_the_interpreter_alive() -> None:
    """PySide6 6.12.0 took a reference of None and True with each, until CPython before 3.12 aborted."""
    ended = subprocess.run([sys.executable, "-c", ENDURANCE], capture_output=True, text=True, check=True, timeout=120)
    assert int(ended.stdout) < 100
