"""`shotdock verify`: what was brought is checked where it lies, and told file by file."""

import hashlib
import os
import signal
import sqlite3
import sys
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.cli.console import Console
from tests.cli.studio import here, put
from tests.servers.content import content
from tests.servers.nginx import NginxServer

TIME = 1_699_920_000
NAMES = ("a.exr", "deep/b.exr", "deep/c.exr", "deep/d.exr", "deep/e.exr")


@pytest.fixture
def dest(served: Path, tmp_path: Path) -> Path:
    for name in NAMES:
        put(served / name, content(name, 20_000), TIME)
    return tmp_path / "dest"


def spoil(file: Path, time: int) -> None:
    """Change a byte and give the file a time."""
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    put(file, bytes(data), time)


def kinds(answer: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    return {Path(row["path"]).name: row["kind"] for row in answer["errors"]}


def test_hashes_find_what_size_and_date_do_not(shotdock: Console, served: Path, dest: Path) -> None:
    brought = shotdock("get", served, dest, "--verify", "--json").json
    shown = shotdock("tasks", "show", brought["task"], "--json").json
    assert shown["proof"] == "unverified"
    assert shown["hashes"] == {f"served/{name}": hashlib.sha256(content(name, 20_000)).hexdigest() for name in NAMES}
    folder = dest / "served" / "deep"
    (folder / "b.exr").unlink()
    put(folder / "c.exr", b"short", TIME)
    spoil(folder / "d.exr", TIME + 60)
    spoil(folder / "e.exr", TIME)
    os.utime(dest / "served" / "a.exr")
    before = here(dest)
    said = shotdock("verify", dest, "--json")
    assert (said.status, said.json["status"]) == (1, "failed")
    assert kinds(said.json) == {"b.exr": "missing", "c.exr": "other-size", "d.exr": "changed", "e.exr": "damaged"}
    assert said.json["files"] == {
        "known": 5,
        "hashed": 5,
        "whole": 1,
        "missing": 1,
        "other_size": 1,
        "changed": 1,
        "damaged": 1,
        "unreadable": 0,
    }
    assert said.json["errors"][0] == {
        "path": str(folder / "b.exr"),
        "kind": "missing",
        "title": "b.exr is missing.",
        "cause": "Nothing has its name any more.",
        "suggestion": "If nobody meant it, bring it again with --conflict overwrite.",
        "retryable": False,
        "task": brought["task"],
    }
    told = shotdock("verify", folder, "--quiet")
    assert (told.status, told.err) == (1, "")
    first, second, *_ = told.out.splitlines()
    assert first == f"b.exr is missing: nothing has its name any more (task {brought['task']})"
    assert second == f"c.exr has another size: 5 bytes are there, 20,000 came (task {brought['task']})"
    assert len(told.out.splitlines()) == 4
    assert here(dest) == before


def test_without_hashes_size_and_date_are_compared_and_that_is_said(
    shotdock: Console, served: Path, dest: Path
) -> None:
    assert shotdock("get", served, dest).status == 0
    spoil(dest / "served" / "a.exr", TIME)
    spoil(dest / "served" / "deep" / "b.exr", TIME + 60)
    said = shotdock("verify", dest)
    assert said.status == 1
    assert "4 of 5 files whole, 1 changed; checked 5 by size and date only: 0 B read" in said.out


def test_the_newest_receipt_counts_and_what_was_skipped_is_none(shotdock: Console, served: Path, dest: Path) -> None:
    shotdock("get", served, dest, "--verify")
    put(served / "a.exr", content("new", 30_000), TIME + 100)
    new = shotdock("get", served, dest, "--conflict", "compare", "--json").json
    assert (new["files"]["overwritten"], new["files"]["skipped"]) == (1, 4)
    (dest / "served" / "b").write_bytes(b"an artist's own")
    said = shotdock("verify", dest, "--json")
    assert (said.status, said.json["status"], said.json["errors"]) == (0, "done", [])
    assert (said.json["files"]["known"], said.json["files"]["whole"], said.json["files"]["hashed"]) == (5, 5, 4)
    assert said.json["bytes"] == {"hashed": 80_000, "read": 80_000}


def test_what_the_plan_did_not_know_is_noted_as_it_came(
    shotdock: Console, nginx: NginxServer, dest: Path, tmp_path: Path
) -> None:
    """Of a web server's list neither size nor date is asked before."""
    wanted = tmp_path / "list"
    wanted.write_text("".join(f"{nginx.url}{name}\n" for name in NAMES))
    assert shotdock("get", "-i", wanted, dest).status == 0
    os.utime(dest / "a.exr", (TIME + 60, TIME + 60))
    put(dest / "b.exr", b"short", TIME)
    said = shotdock("verify", dest, "--json")
    assert (said.status, said.json["files"]["whole"]) == (1, 3)
    assert kinds(said.json) == {"a.exr": "changed", "b.exr": "other-size"}


def test_nothing_known_is_nothing_to_do(shotdock: Console, tmp_path: Path) -> None:
    said = shotdock("verify", tmp_path)
    assert said.status == 0
    assert said.out == f"Nothing to check: the history knows of no file that came to {tmp_path}.\n"


def test_no_folder_is_wrong_usage(shotdock: Console, tmp_path: Path) -> None:
    for wrong in (tmp_path / "none", Path(__file__)):
        said = shotdock("verify", wrong, "--json")
        assert (said.status, said.json["errors"][0]["kind"]) == (2, "usage")
        assert (said.json["files"]["known"], said.json["errors"][0]["path"]) == (0, str(wrong))


def open_files(pid: int) -> set[Path]:
    """Return what a process has open now; what it closes meanwhile may be missing."""
    found = set()
    for number in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found.add(number.readlink())
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="looks at what a process has open")
def test_interrupted_it_says_so(shotdock: Console, served: Path, dest: Path) -> None:
    """The file is so large that the check cannot be over when the signal comes."""
    shotdock("get", served, dest, "--verify")
    with closing(sqlite3.connect(shotdock.home / "shotdock.db")) as database:
        database.execute("UPDATE file SET size = ? WHERE local_path LIKE '%a.exr'", (1 << 40,))
        database.commit()
    large = dest / "served" / "a.exr"
    os.truncate(large, 1 << 40)
    process = shotdock.start("verify", dest, "--json")
    while large not in open_files(process.pid):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert '"cancelled"' in out
    assert "Traceback" not in err
