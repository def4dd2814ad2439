"""R20: the clocks change while files come: seconds since the epoch are kept, the clock on the wall is shown."""

import json
import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from desktop.core.hours import opening, parse_hours, stretch
from desktop.core.schedule import next_run, parse_moment, parse_repeat
from tests.cli.console import ROOT, Console
from tests.faults.test_clocks import LIBRARY, parts, until
from tests.servers.process import ServerMissing
from tests.servers.vsftpd import VsftpdServer
from tests.transfer.scripted import MIB, content, tree

ZONE = "Europe/Berlin"
BERLIN = ZoneInfo(ZONE)
CHANGES = {"spring": datetime(2026, 3, 29, 1, tzinfo=UTC), "autumn": datetime(2026, 10, 25, 1, tzinfo=UTC)}
SIZE = 12 * MIB


@pytest.fixture
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make Berlin's zone this computer's own."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", ZONE)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="needs a zone of one's own")
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.usefixtures("in_berlin")
def test_r20_the_computers_own_zone_is_kept_to_through_the_change(change: datetime) -> None:
    """Every half hour of two days: hours, starts and repeats are those of the zone that is named."""
    night, daily = parse_hours("22:00-02:30"), parse_repeat("daily")
    for half in range(96):
        now = (change + timedelta(minutes=30 * half - 24 * 60)).timestamp()
        assert stretch(night, now) == stretch(night, now, BERLIN)
        assert opening(night, now) == opening(night, now, BERLIN) >= now
        assert next_run(daily, now, now + 60) == next_run(daily, now, now + 60, BERLIN)
        for start in ("02:30", "tomorrow 02:30"):
            assert parse_moment(start, now) == parse_moment(start, now, BERLIN) >= now


@pytest.mark.servers
@pytest.mark.parametrize("season", CHANGES)
def test_r20_the_clocks_change_while_a_file_comes(shotdock: Console, tmp_path: Path, season: str) -> None:
    library = next(Path("/usr/lib").glob(f"**/faketime/{LIBRARY}"), None)
    if library is None:
        raise ServerMissing(f"{LIBRARY} is not installed; get it by: apt-get install -y libfaketime")
    change, clock, to = CHANGES[season].timestamp(), tmp_path / "clock", tmp_path / "to"
    served = tmp_path / "served"
    served.mkdir()
    (served / "a.exr").write_bytes(content("a.exr", SIZE))
    published = change - 86_400  # before the change: a listing tells it to the minute
    os.utime(served / "a.exr", (published, published))

    def set_clock(seconds: float) -> None:
        clock.write_text(f"{change + seconds - time.time():+.0f}")

    set_clock(-60)
    faked = {"FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    faked |= {"LD_PRELOAD": str(library), "NO_FAKE_STAT": "1"}
    with VsftpdServer(served, tmp_path / "vsftpd", extra=(f"anon_max_rate={2 * MIB}",)) as server:
        get = ("get", f"{server.url.replace('@', ':artist%40@', 1)}/a.exr", to, "--json")
        with subprocess.Popen(
            Console.command(get),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env={**shotdock.environment, "TZ": ZONE, **faked},
            text=True,
        ) as program:
            until(lambda: bool(to.is_dir() and parts(to)), lambda: program.poll() is None)
            set_clock(-1)  # of some six seconds that it takes
            out, _ = program.communicate(timeout=60)
        said = json.loads(out)
        assert (said["status"], said["errors"], program.returncode) == ("done", [], 0)
        assert 0 < said["seconds"] < 60
        assert tree(to) == {"a.exr": content("a.exr", SIZE)}
        assert (to / "a.exr").stat().st_mtime == published
        again = shotdock(*get, TZ="America/New_York")
        assert (again.status, again.json["files"]["downloaded"]) == (0, 0), "it is the same file in any zone"
    with closing(sqlite3.connect(shotdock.home / "shotdock.db")) as database:
        rows = database.execute("SELECT id, created, finished FROM task ORDER BY id")
        number, created, finished = rows.fetchone()
    assert change - 60 <= created < change <= finished < change + 60
    shown = shotdock("tasks", "show", str(number), TZ=ZONE)
    day, hour = {"spring": ("2026-03-29", "03"), "autumn": ("2026-10-25", "02")}[season]
    assert f"finished: {day} {hour}:00:" in " ".join((shown.out + shown.err).split()), "as the clock on the wall had it"
