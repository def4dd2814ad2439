"""What a person at a terminal sees."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from desktop.cli.output import printable
from tests.cli.console import ROOT, Console

if sys.platform == "win32":
    pytest.skip("needs a pseudo terminal", allow_module_level=True)


def test_a_terminal_gets_a_bar_that_is_wiped_at_the_end(shotdock: Console, tmp_path: Path) -> None:
    source = tmp_path / "plate.exr"
    source.write_bytes(bytes(30_000_000))
    ours, theirs = os.openpty()
    arguments = Console.command(("get", source, tmp_path / "dest", "--limit-rate", "30M"))
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=theirs, cwd=ROOT, env=shotdock.environment)
    os.close(theirs)
    seen = b""
    try:
        while chunk := os.read(ours, 65536):
            seen += chunk
    except OSError:
        pass  # Linux ends a terminal nobody writes to any more with EIO
    finally:
        os.close(ours)
        out, _ = process.communicate()
    assert process.returncode == 0
    assert b"[===" in seen
    assert b"30 MB" in seen
    assert seen.endswith(b"\r")
    assert b"1 downloaded" in out


def wait_until_it_sleeps(pid: int) -> None:
    """Wait until the main thread waits for something: no person is as quick as the line after the question."""
    looks = 0
    while looks < 5:
        asleep = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"
        looks = looks + 1 if asleep else 0
        time.sleep(0.02)


@pytest.mark.skipif(sys.platform != "linux", reason="looks at what a process does in /proc")
def test_a_question_is_left_with_an_interruption(shotdock: Console) -> None:
    """While it waits for an answer the program waits in no loop that a signal would end."""
    shotdock("connections", "add", "F", "ftp://ann@127.0.0.1:1/")
    (shotdock.home / "unencrypted").unlink()
    ours, theirs = os.openpty()
    arguments = Console.command(("connections", "trust", "F", "--json"))
    process = subprocess.Popen(
        arguments, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, cwd=ROOT, env=shotdock.environment
    )
    os.close(theirs)
    seen = b""
    while b"[y/N]" not in seen:
        seen += os.read(ours, 65536)
    wait_until_it_sleeps(process.pid)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    os.close(ours)
    assert (process.returncode, json.loads(out)["status"]) == (130, "cancelled")


def test_a_name_cannot_steer_the_terminal() -> None:
    assert printable("a\x1b[2Jb\nc\u202ed.exr") == "a\\x1b[2Jb\\nc\\u202ed.exr"
    assert printable("Été brûlé – 影.exr") == "Été brûlé – 影.exr"
