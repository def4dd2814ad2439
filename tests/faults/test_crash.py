"""R35, R37, R41: killed at its system calls and at random; short turns of crash_loop.py and database_loop.py."""

import shutil
import sys
from pathlib import Path

import pytest

from desktop.core.media import Entry
from desktop.transfer.journal import Journal, write_journal
from tests.cli.console import Console
from tests.faults.crash_loop import kill_at_calls
from tests.faults.database_loop import loop
from tests.faults.mixed_kills import MIB, Mixed, kill_one_task
from tests.transfer.scripted import tree

EVERY = 25
"""Of the calls that change something; the one that gives the file its name is always among them."""


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_r35_killed_between_file_and_database_both_are_whole_and_agree(tmp_path: Path) -> None:
    report = kill_at_calls(tmp_path / "calls", EVERY)
    assert report.killed == report.rounds >= 8, "each of them was reached"
    assert {"link", "fsync"} <= set(report.calls)


@pytest.mark.parametrize("conflict", ["skip", "compare", "overwrite"])
@pytest.mark.parametrize("left", [".a.exr.deadbeef.part", ".a.exr.deadbeef.part.journal"])
def test_r35_what_a_kill_left_beside_a_whole_file_goes_with_the_next_get(
    shotdock: Console, tmp_path: Path, left: str, conflict: str
) -> None:
    """Killed after the file got its name, before its part lost its own, or its journal. A plan removes nothing."""
    served, to = tmp_path / "served" / "a.exr", tmp_path / "to"
    served.parent.mkdir()
    to.mkdir()
    served.write_bytes(b"whole")
    shutil.copy2(served, to / "a.exr")
    if left.endswith(".part"):
        (to / left).hardlink_to(to / "a.exr")
    else:
        write_journal(str(to / left), Journal(Entry(str(served), size=5), ((0, 5, 0),)))
    assert shotdock("get", served, to, "--conflict", conflict, "--dry-run").status == 0
    assert set(tree(to)) == {"a.exr", left}
    said = shotdock("get", served, to, "--conflict", conflict, "--json")
    assert (said.status, said.json["files"]["failed"]) == (0, 0)
    assert tree(to) == {"a.exr": b"whole"}


@pytest.mark.slow
@pytest.mark.servers
@pytest.mark.timeout(400)
def test_r37_killed_at_random_no_file_is_lost_and_little_comes_twice(tmp_path: Path) -> None:
    mixed = Mixed(tmp_path / "mixed", 10_000, 0, 0)
    report = kill_one_task(mixed, kills=2, rate="12M", longest=1.0)
    assert report.killed == 2
    assert (report.corrupt, report.lost) == ([], [])
    assert 0 <= report.again < 0.05 * report.size, report


@pytest.mark.slow
@pytest.mark.servers
@pytest.mark.timeout(400)
def test_r37_killed_in_the_middle_of_a_large_file_little_comes_twice(tmp_path: Path) -> None:
    """What the server sent and nobody had taken, and half a megabyte of what was: neither syncs nor windows."""
    mixed = Mixed(tmp_path / "mixed", 2, 1, 184 * MIB)
    report = kill_one_task(mixed, kills=3, rate="40M", longest=1.0)
    assert report.killed == 3
    assert (report.corrupt, report.lost) == ([], [])
    assert 0 <= report.again < report.killed * 6 * MIB, report


@pytest.mark.skipif(sys.platform == "win32", reason="pipes are waited for by select")
def test_r41_two_writers_and_a_reader_killed_in_turn_leave_the_database_whole(tmp_path: Path) -> None:
    report = loop(tmp_path / "shotdock.db", minutes=5, kills=4)
    assert report.kills == 4
    assert report.commits and report.reads
