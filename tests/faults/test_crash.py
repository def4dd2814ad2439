"""R35, R37: the whole program killed, at its system calls and at random; a short turn of crash_loop.py."""

import shutil
from pathlib import Path

import pytest

from tests.faults.crash_loop import kill_at_calls, kill_at_random

EVERY = 25
"""Of the calls that change something; the one that gives the file its name is always among them."""


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_r35_killed_between_file_and_database_both_are_whole_and_agree(tmp_path: Path) -> None:
    report = kill_at_calls(tmp_path / "calls", EVERY)
    assert report.killed == report.rounds >= 8, "each of them was reached"
    assert {"link", "fsync"} <= set(report.calls)


@pytest.mark.slow
@pytest.mark.servers
@pytest.mark.timeout(400)
def test_r37_killed_at_random_no_file_is_lost_and_little_comes_twice(tmp_path: Path) -> None:
    report = kill_at_random(tmp_path / "random", files=400, kills=5)
    assert report.killed == 5
    assert report.moved < 2 * report.size, "SSH's own bytes, and what was under way when it was killed"
