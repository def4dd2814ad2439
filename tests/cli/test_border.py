"""Exit statuses, one JSON object, no traceback: what scripts rely on whatever happens."""

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from desktop.cli.status import status_of
from desktop.core import errors
from tests.cli.console import ROOT, Console

COMMANDS = (
    "open",
    "demo",
    "connections",
    "layouts",
    "scan",
    "compare",
    "fetch",
    "get",
    "gallery",
    "tasks",
    "routines",
    "notify",
    "package",
    "jobs",
    "verify",
    "doctor",
)


def test_help_lists_every_command_with_its_caption(shotdock: Console) -> None:
    said = shotdock("--help")
    assert said.status == 0
    listed = dict(line.strip().split(None, 1) for line in said.out.partition("Commands:\n")[2].splitlines())
    assert tuple(listed) == COMMANDS
    assert all(caption.endswith(".") for caption in listed.values())


def test_captions_are_told_whole(shotdock: Console) -> None:
    listed = " ".join(shotdock("tasks", "--help").out.partition("Commands:\n")[2].split())
    assert "e.g. 800k or 1.5M; 0 or off takes its own limit away. priority " in listed
    assert "..." not in listed


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_and_takes_json_and_quiet(shotdock: Console, command: str) -> None:
    said = shotdock(command, "--help")
    assert said.status == 0
    assert "--json" in said.out
    assert "--quiet" in said.out


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("fetch",),
        ("fetch", "--nonsense"),
        ("get", "http://127.0.0.1/x"),
        ("get", "http://127.0.0.1/x", "ftp://127.0.0.1/y"),
        ("get", "nowhere:path", "dest"),
        ("scan", "nowhere"),
        ("fetch", "nowhere", "dest"),
        ("fetch", "nowhere", "dest", "--version", "newest"),
        ("fetch", "nowhere", "dest", "--version", ""),
        ("fetch", "nowhere", "dest", "--version", "@/no/such/file"),
        ("fetch", "nowhere", "dest", "--conflict", "explode"),
        ("fetch", "nowhere", "dest", "--limit-rate", "fast"),
        ("fetch", "nowhere", "dest", "--parallel", "0"),
        ("compare", "nowhere", "dest", "--shots-from", "/no/such/file"),
        ("connections", "add", "X", "gopher://host/"),
        ("gallery", "list"),
        ("gallery", "get", "7", "dest"),
        ("gallery", "list", "--server", "ftp://host/"),
        ("gallery", "list", "--server", "nowhere"),
        ("jobs", "list", "--server", "sftp://host/"),
        ("jobs", "watch", "nonsense", "7", "--server", "http://127.0.0.1:1/"),
        ("jobs", "start", "export", "--rows", "0", "--server", "http://127.0.0.1:1/"),
        ("jobs", "start", "export", "--rows", "1001", "--server", "http://127.0.0.1:1/"),
        ("jobs", "start", "export", "--format", "xls", "--server", "http://127.0.0.1:1/"),
        ("package", "/no/such/folder", "x.zip"),
        ("connections", "add", "a/b", "ftp://host/"),
        ("connections", "add", " ", "ftp://host/"),
        ("connections", "add", "a\nb", "ftp://host/"),
        ("connections", "add", "X", ""),
        ("connections", "add", "X", "ftp://host/", "--layout", ""),
        ("connections", "add", "X", "ftp://host/", "--identity", ""),
        ("connections", "add", "X", "ftp://host/", "--layout", "nonsense"),
        ("connections", "remove", "nowhere"),
        ("connections", "test", "nowhere"),
        ("connections", "trust", "nowhere"),
        ("layouts", "check", "nonsense", "--paths", "/no/such/file"),
        ("tasks",),
        ("tasks", "show", "7"),
        ("tasks", "run", "7"),
        ("tasks", "retry", "seven"),
        ("tasks", "cancel", "7"),
        ("tasks", "delete", "7"),
        ("tasks", "logs", "7"),
        ("notify", "test", "nobody"),
        ("notify", "set", "nobody", "--everything"),
        ("notify", "remove", "nobody"),
    ],
)
def test_wrong_usage_exits_with_2_in_words_and_in_json(
    shotdock: Console, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    plain = shotdock(*arguments)
    assert (plain.status, plain.out) == (2, "")
    assert plain.err.strip()
    said = shotdock(*arguments, "--json")
    assert said.status == 2
    assert said.json["status"] == "failed"
    (error,) = said.json["errors"]
    assert error["title"]
    assert set(error) == {"path", "kind", "title", "cause", "suggestion", "retryable"}
    assert said.err.strip()
    assert not (ROOT / "dest").exists()


@pytest.mark.parametrize(
    "words",
    [("get", ROOT / "main.py"), ("fetch", "X"), ("compare", "X"), ("verify",), ("package",)],
    ids=lambda words: words[0],
)
@pytest.mark.parametrize("folder", ["", "n" * 300], ids=["empty", "no name"])
def test_a_folder_that_cannot_be_is_wrong_usage(shotdock: Console, words: tuple[object, ...], folder: str) -> None:
    """An unset variable of a script does not mean the current folder."""
    shotdock("connections", "add", "X", "ftp://127.0.0.1:1/")
    said = shotdock(*words, folder, *(["x.zip"] if "package" in words else []), "--json")
    assert (said.status, said.json["errors"][0]["kind"]) == (2, "usage")
    assert "unexpected" not in said.err
    assert not (ROOT / "x.zip").exists()


def test_a_failed_command_answers_with_its_usual_keys(shotdock: Console, tmp_path: Path) -> None:
    fetch = shotdock("fetch", "nowhere", tmp_path, "--json").json
    assert {"status", "task", "files", "bytes", "seconds", "items", "errors"} <= set(fetch)
    assert fetch["files"]["downloaded"] == 0
    assert shotdock("compare", "nowhere", tmp_path, "--json").json["shots"] == []


def test_switches_are_taken_before_the_command_too(shotdock: Console) -> None:
    assert shotdock("--json", "layouts", "list").json == shotdock("layouts", "list", "--json").json
    assert shotdock("layouts", "--json", "list").json == shotdock("layouts", "list", "--json").json


def test_quiet_leaves_remarks_out(shotdock: Console) -> None:
    assert "none yet" in shotdock("tasks", "list").out
    said = shotdock("tasks", "list", "--quiet")
    assert (said.status, said.out, said.err) == (0, "", "")


def test_main_py_and_the_package_are_the_same(shotdock: Console) -> None:
    for start in (["main.py"], ["-m", "desktop"]):
        done = subprocess.run(
            [sys.executable, *start, "--version"], capture_output=True, text=True, cwd=ROOT, check=True
        )
        assert done.stdout.startswith("shotdock ")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.UsageError, 2),
        (errors.NewerDatabase, 2),
        (errors.DatabaseDamaged, 2),
        (errors.Unreachable, 3),
        (errors.LoginFailed, 3),
        (errors.HostKeyUnknown, 3),
        (errors.HostKeyChanged, 3),
        (errors.NotAllowed, 3),
        (errors.TimedOut, 3),
        (errors.Unsupported, 3),
        (errors.NotFound, 1),
        (errors.DiskFull, 1),
    ],
)
def test_exit_statuses(error: type[errors.ShotDockError], status: int) -> None:
    assert status_of(error("words")) == status


def test_a_newer_database_is_refused_in_words(shotdock: Console) -> None:
    assert shotdock("tasks", "list").status == 0
    database = shotdock.home / "shotdock.db"
    database.write_bytes(b"not a database at all" * 1000)
    said = shotdock("tasks", "list", "--json")
    assert said.status == 2
    assert said.json["errors"][0]["kind"] == "database-damaged"


def test_an_unexpected_fault_is_one_line_and_a_log_file(shotdock: Console) -> None:
    script = "import desktop.cli.layouts as l; l.layout_names = None; from desktop.cli.main import run; run()"
    said = shotdock.script(script, "layouts", "list", "--json")
    assert said.status == 1
    assert "Traceback" not in said.err + said.out
    log = shotdock.home / "logs" / "shotdock.log"
    assert str(log) in said.err
    assert "Traceback" in log.read_text("utf-8")
    assert '"status": "failed"' in said.out


@pytest.mark.parametrize(
    ("raised", "code", "status"), [("KeyboardInterrupt", 130, "cancelled"), ("AttributeError", 1, "failed")]
)
def test_what_ends_a_command_before_it_began_is_told_in_json(
    shotdock: Console, raised: str, code: int, status: str
) -> None:
    """Commands are imported when they are used, which takes long enough to be interrupted."""
    script = (
        "import sys; from desktop.cli import main\n"
        f"@main.shotdock.lazy('layouts', '')\ndef load(): raise {raised}\n"
        "main.run()"
    )
    said = shotdock.script(script, "layouts", "list", "--json")
    assert said.status == code
    assert said.json["status"] == status
    assert "Traceback" not in said.err


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_before_it_is_there_it_says_nothing(
    shotdock: Console, tmp_path: Path, number: signal.Signals
) -> None:
    (tmp_path / "click.py").write_text("import signal; print('importing', flush=True); signal.pause()")
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    process = shotdock.start("tasks", "list", variables={"PYTHONPATH": path})
    assert process.stdout is not None
    assert process.stdout.readline() == "importing\n"
    process.send_signal(number)
    out, err = process.communicate()
    assert (process.returncode, out, err) == (130, "", "")


@pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")
def test_a_destination_that_is_no_text_is_one_all_the_same(shotdock: Console, tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"abc")
    dest = tmp_path / os.fsdecode(b"caf\xe9")
    said = shotdock("get", tmp_path / "a.bin", dest, "--json")
    assert (said.status, said.json["status"], said.err) == (0, "done", "")
    assert (dest / "a.bin").read_bytes() == b"abc"
    assert shotdock("verify", dest).status == 0


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_do_not_stop_the_work(shotdock: Console, tmp_path: Path, closed: str) -> None:
    (tmp_path / "a.bin").write_bytes(b"abc")
    command = shlex.join(shotdock.command(("get", tmp_path / "a.bin", tmp_path / "dest", "--json")))
    said = shotdock.run(["sh", "-c", f"{command} {closed}"])
    assert (said.status, said.err) == (0, "")
    assert (tmp_path / "dest/a.bin").read_bytes() == b"abc"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
@pytest.mark.parametrize(
    "words",
    [
        ("connections", "add", "X", "ftp://ann@host/", "--password-stdin"),
        ("notify", "add", "farm", "--url-stdin"),
        ("connections", "trust", "V"),
        ("gallery", "list", "--server", "http://127.0.0.1:1/", "--token-stdin"),
    ],
)
def test_a_closed_standard_input_says_nothing(shotdock: Console, words: tuple[str, ...]) -> None:
    shotdock("connections", "add", "V", "ftp://ann@host/")
    (shotdock.home / "unencrypted").unlink()
    said = shotdock.run(["sh", "-c", f"{shlex.join(shotdock.command((*words, '--json')))} <&-"])
    assert said.status == 2, said.err
    assert said.json["errors"][0]["kind"] == "usage"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [("layouts", "list"), ("layouts", "list", "--json")])
def test_an_answer_nobody_can_take_is_told_in_words(shotdock: Console, arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            shotdock.command(arguments),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=shotdock.environment,
            check=False,
        )
    assert done.returncode == 1
    assert "The answer could not be written." in done.stderr
    assert "Traceback" not in done.stderr
    assert "unexpected" not in done.stderr


def test_a_reader_that_goes_away_is_no_crash(shotdock: Console) -> None:
    process = shotdock.start("--help")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    words = process.stderr.read()
    process.stderr.close()
    process.wait()
    assert "Traceback" not in words
    assert "Exception ignored" not in words
