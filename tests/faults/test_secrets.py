"""R56: no secret is anywhere it was not put by hand: database, settings, logs, parts, output, process list, crashes."""

import base64
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from desktop.core.connection import Address
from desktop.core.errors import ShotDockError
from desktop.logs import set_up, take_down
from desktop.places import Places
from desktop.transfer.ports import Login, Site, Trust
from desktop.transfer.sources.sftp import SftpSource
from desktop.work.sites import password_variable
from tests.cli.console import ROOT, Console, Said
from tests.servers.process import program
from tests.servers.scripted_ftp import ScriptedFtp, Transfer
from tests.servers.scripted_http import Request, ScriptedHttp, answer, part
from tests.servers.scripted_sftp import Answer, ScriptedSftp
from tests.servers.sshd import SshServer
from tests.transfer.scripted import MIB, content

SFTP_PASSWORD = "Sentinel:sftp/p@ss word"
PASSPHRASE = "SentinelPassphrase0123"
FTP_PASSWORD = "Sentinel%ftp&pass"
TOKEN = "SentinelBearer.abc-def"
BASIC = "SentinelBasic:with words"
COOKIE = "SentinelCookie5f5f5f5f"
SIGNATURE = "SentinelSignature0a1b2c3d4e"
SECRETS = (SFTP_PASSWORD, PASSPHRASE, FTP_PASSWORD, BASIC, TOKEN, COOKIE, SIGNATURE)
SIGNED = f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=60&X-Amz-Signature={SIGNATURE}"
DATA = content("a.exr", 8 * MIB)
LOUD = {"SHOTDOCK_LOG_LEVEL": "DEBUG"}


def spellings(secret: str) -> Iterator[bytes]:
    """Yield the secret as it is, as URLs spell it, and as Basic authorization does."""
    yield from (secret.encode(), quote(secret, safe="").encode(), quote(secret).encode())
    yield base64.b64encode(f"ann:{secret}".encode()).rstrip(b"=")


class Searcher:
    """Everything the program left, looked through for every spelling of every secret."""

    def __init__(self, home: Path, to: Path) -> None:
        self.home, self.to = home, to
        self.looked_at = 0

    def text(self, where: str, text: str | bytes) -> None:
        data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
        self.looked_at += len(data)
        for secret in SECRETS:
            for spelled in spellings(secret):
                assert spelled not in data, (
                    f"{secret!r} is in {where}: {data[max(0, data.find(spelled) - 200) :][:400]!r}"
                )

    def said(self, *all_said: Said) -> None:
        for said in all_said:
            self.text("standard output", said.out)
            self.text("standard error", said.err)

    def files(self) -> None:
        for root in (self.home, self.to):
            for path in root.rglob("*"):
                self.text(f"the name {path.name}", str(path))
                if path.is_file():
                    self.text(str(path), path.read_bytes())
                if hasattr(os, "listxattr"):
                    assert not os.listxattr(path), "what a file is said to be beside its content (CVE-2018-20483)"

    def process(self, number: int) -> None:
        """Look at what everybody may read of a process and of all it started; at what only its user may, of those."""
        self.text(f"the command line of {number}", Path(f"/proc/{number}/cmdline").read_bytes())
        for children in Path(f"/proc/{number}/task").glob("*/children"):
            for child in children.read_text().split():
                self.process(int(child))


@pytest.fixture
def searcher(shotdock_home: Path, tmp_path: Path) -> Iterator[Searcher]:
    """Look through everything at the end, whatever the test looked at before."""
    searcher = Searcher(shotdock_home, tmp_path / "to")
    yield searcher
    searcher.files()
    assert (shotdock_home / "logs" / "shotdock.log").stat().st_size
    assert searcher.looked_at > 5_000


def echo(request: Request) -> bytes:
    """Refuse, and repeat everything that was said, as proxies do."""
    words = " ".join([request.target, *request.headers.values()])
    return answer("403 Forbidden", f"<Error><Message>Denied: {words}</Message></Error>".encode())


def held(request: Request) -> bytes:
    """Half the file, then silence."""
    whole = part(DATA, request, ETag='"1"')
    if request.method == "HEAD":
        return whole
    return whole[: len(whole) - 2 * MIB]


@contextmanager
def servers(mood: str) -> Iterator[dict[str, tuple[list[object], dict[str, str]]]]:
    """Yield for each kind of secret what to say after `shotdock get`, and the environment that holds it.

    mood: `honest` gives the file, `echo` refuses and repeats what it was told, `held` stops in the middle.
    """
    script = {"honest": lambda request: part(DATA, request, ETag='"1"'), "echo": echo, "held": held}[mood]
    silent = 6 * MIB

    def read(path: str, offset: int, length: int) -> Answer:
        return None if mood == "held" and offset >= silent else ssh.honest(path, offset, length)

    def ftp_pass(said: str) -> str:
        return f"530 {said} is no password here" if mood == "echo" else "230 Welcome"

    with ExitStack() as stack:
        http = stack.enter_context(ScriptedHttp(script))
        ssh_password = "another" if mood == "echo" else SFTP_PASSWORD
        ssh = stack.enter_context(ScriptedSftp({"/a.exr": DATA}, read=read, password=ssh_password))
        transfer = Transfer(DATA[:silent], last=None) if mood == "held" else Transfer()
        liar = ScriptedFtp(files={"/a.exr": DATA}, answers={"PASS": ftp_pass}, transfers={"/a.exr": [transfer]})
        ftp = stack.enter_context(liar)
        base, user = f"http://{http.host}:{http.port}", f"http://ann@{http.host}:{http.port}"
        sftp_site, ftp_site = f"sftp://ann@127.0.0.1:{ssh.port}", f"ftp://ann@{ftp.host}:{ftp.port}"
        trusted = ["--accept-new-host-key"]
        yield {
            "sftp": ([f"{sftp_site}/a.exr", *trusted], {password_variable(sftp_site): SFTP_PASSWORD}),
            "ftp": ([f"{ftp_site}/a.exr"], {password_variable(ftp_site): FTP_PASSWORD}),
            "token": ([f"{base}/a.exr"], {password_variable(base): TOKEN}),
            "basic": ([f"{user}/a.exr"], {password_variable(user): BASIC}),
            "cookie": ([f"{base}/a.exr"], {password_variable(base): f"Cookie: session={COOKIE}"}),
            "signature": ([f"{base}/a.exr?{SIGNED}"], {}),
        }


KINDS = ("sftp", "ftp", "basic", "token", "cookie", "signature")


def looked_back(shotdock: Console, searcher: Searcher, **loud: str) -> None:
    """Ask the program for everything it remembers."""
    for words in (("tasks", "show", 1, "--json"), ("tasks", "logs", 1, "--level", "DEBUG")):
        searcher.said(shotdock(*words, **loud))


@pytest.mark.parametrize("kind", KINDS)
def test_r56_a_transfer_that_does_well(shotdock: Console, searcher: Searcher, kind: str) -> None:
    with servers("honest") as ways:
        words, environment = ways[kind]
        said = shotdock("get", *words, searcher.to, "--json", **environment, **LOUD)
        again = shotdock("get", *words, searcher.to, "--verify", "--conflict", "overwrite", **environment, **LOUD)
    assert (said.status, again.status) == (0, 0), said.err + again.err
    searcher.said(said, again)
    looked_back(shotdock, searcher, **LOUD)


@pytest.mark.parametrize("kind", KINDS)
def test_r56_a_server_that_refuses_and_repeats_what_it_was_told(
    shotdock: Console, searcher: Searcher, kind: str
) -> None:
    with servers("echo") as ways:
        words, environment = ways[kind]
        said = shotdock("get", *words, searcher.to, "--json", **environment, **LOUD)
        plain = shotdock("get", *words, searcher.to, **environment, **LOUD)
    assert said.status in (1, 3), said.out + said.err
    searcher.said(said, plain)
    looked_back(shotdock, searcher, **LOUD)


@pytest.mark.skipif(sys.platform != "linux", reason="other processes are looked at in /proc")
@pytest.mark.parametrize("kind", KINDS)
def test_r56_while_it_runs_and_after_it_was_killed(
    shotdock: Console, searcher: Searcher, kind: str, tmp_path: Path
) -> None:
    """What is typed is everybody's to read in the process list: so the signed address comes from a list."""
    with servers("held") as ways:
        words, environment = ways[kind]
        if kind == "signature":
            listed = tmp_path / "list"
            listed.write_text(f"{words[0]}\n")
            words = ["-i", listed]
        process = shotdock.start("get", *words, searcher.to, variables={**environment, **LOUD})
        deadline = time.monotonic() + 60
        while not list(searcher.to.glob(".a.exr.*.part")):
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.05)
        searcher.process(process.pid)
        searcher.files()
        process.send_signal(signal.SIGKILL)
        out, err = process.communicate()
    searcher.text("standard output", out)
    searcher.text("standard error", err)
    looked_back(shotdock, searcher, **LOUD)


CRASH = """
import desktop.cli.get as get
from desktop.cli.main import run
def broken(*arguments):
    raise RuntimeError(f"{open(0).read()} {arguments}")
get.supersede = broken
run()
"""


@pytest.mark.parametrize("kind", KINDS)
def test_r56_a_crash_that_quotes_it(shotdock: Console, searcher: Searcher, kind: str) -> None:
    """The worst of cases: our own fault, whose words hold the secret itself."""
    known = {"sftp": SFTP_PASSWORD, "ftp": FTP_PASSWORD, "basic": BASIC, "token": TOKEN, "cookie": f"session={COOKIE}"}
    with servers("honest") as ways:
        words, environment = ways[kind]
        done = subprocess.run(
            [sys.executable, "-c", CRASH, "get", *map(str, words), str(searcher.to), "--json"],
            input=known.get(kind) or f"http://host/a.exr?{SIGNED}",
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={**shotdock.environment, **environment, **LOUD},
            check=False,
        )
    assert done.returncode == 1 and "unexpected" in done.stderr
    searcher.text("standard output", done.stdout)
    searcher.text("standard error", done.stderr)
    assert "RuntimeError" in (shotdock.home / "logs" / "shotdock.log").read_text("utf-8")


WRONG: list[list[object]] = [
    ["sftp://ann:{}@127.0.0.1/a", "to"],
    ["get", "sftp://ann:{}@127.0.0.1:nonsense/a", "to"],
    ["get", "sftp://ann:{}@127.0.0.1/a", "to", "--conflict", "ftp://ann:{}@h/"],
    ["get", "x", "ftp://ann:{}@127.0.0.1/a"],
    ["get", "ftp://ann:1/{}@127.0.0.1/a", "to"],
    ["connections", "add", "one", "sftp://ann:{}@[bad/a"],
    ["connections", "add", "one:two", "sftp://ann:{}@host/a"],
    ["scan", "http://ann:{}@127.0.0.1:1/"],
    ["jobs", "watch", "http://ann:{}@127.0.0.1:1/", "x"],
    ["gallery", "list", "--server", "http://ann:{}@127.0.0.1:1/"],
]


@pytest.mark.parametrize("words", WRONG, ids=lambda words: " ".join(map(str, words[:2])).partition(":")[0])
def test_r56_wrong_usage_does_not_repeat_it(shotdock: Console, searcher: Searcher, words: list[object]) -> None:
    shotdock("tasks", "list", **LOUD)
    typed = [str(word).format(quote(SFTP_PASSWORD, safe="")) for word in words]
    for more in ([], ["--json"]):
        said = shotdock(*typed, *more, **LOUD)
        assert said.status != 0
        searcher.said(said)


@pytest.mark.servers
def test_r56_a_locked_key(sshd: SshServer, searcher: Searcher, shotdock_home: Path, tmp_path: Path) -> None:
    """With the right passphrase and a wrong one; how the program takes one is in cli/ and work/test_locked_key.py."""
    searcher.to.mkdir()
    key, known = tmp_path / "key", tmp_path / "known_hosts"
    keygen = program("ssh-keygen", "openssh-client")
    subprocess.run([keygen, "-q", "-t", "ed25519", "-N", PASSPHRASE, "-f", key], check=True, capture_output=True)
    known.write_text(sshd.known_hosts)
    set_up(Places.find(), None, "DEBUG")
    try:
        for given in (PASSPHRASE, PASSPHRASE + "x", None):
            login = Login(identity=key, passphrase=given, agent=False)
            source = SftpSource(Site(Address("sftp", sshd.host, sshd.port, sshd.user), login, Trust((known,))))
            with pytest.raises(ShotDockError) as caught:
                source.connect()
            source.close()
            searcher.text("an error", f"{caught.value} {caught.value!r} {vars(caught.value)} {login!r}")
            logging.getLogger("desktop").warning("the login of %r failed", login, exc_info=caught.value)
    finally:
        take_down()
