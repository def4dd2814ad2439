"""The rows that are races: what is fetched, who takes part, what ShotDock is to reach (P1 to P6)."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tests.benchmarks import content, peers
from tests.benchmarks.arena import US, Contestant, Wrong, arrived, race
from tests.benchmarks.ground import Door, Ground
from tests.benchmarks.result import Result, Target, judge, lines_of

SMALL = 3000
SMALL_SIZE = 16 * 1024
SEQUENCES = 20
FILMS = 30
FILM_SIZE = 32
"""MiB."""

Prepare = Callable[[Ground, float], tuple[float | None, Sequence[Contestant]]]


@dataclass(frozen=True, slots=True)
class Race:
    """A row. prepare: makes the content at a scale and returns MB, where MB/s are told, and the contestants."""

    name: str
    title: str
    prepare: Prepare
    targets: tuple[Target, ...]

    def run(self, ground: Ground, scale: float, rounds: int) -> Result:
        """Run the row."""
        megabytes, contestants = self.prepare(ground, scale)
        lines = lines_of(race(contestants, ground.bench, rounds), megabytes)
        today = date.today().isoformat()
        return Result(self.name, self.title, today, rounds, scale, lines, judge(lines, self.targets, scale))


def _large(ground: Ground, mebibytes: int) -> Path:
    path = ground.served / f"large-{mebibytes}.exr"
    return path if path.exists() else content.large(path, mebibytes)


def _one_file(protocol: str, mebibytes: int, *, far: bool = False) -> Prepare:
    def prepare(ground: Ground, scale: float) -> tuple[float, Sequence[Contestant]]:
        size = max(1, round(mebibytes * scale))
        source = _large(ground, size)
        door = ground.door(protocol, far=far)
        commands = {US: peers.shotdock(door, source.name), **_ONE_FILE[protocol](door, source.name)}
        check = arrived(source)
        return size * 1.048576, [Contestant(name, command, check) for name, command in commands.items()]

    return prepare


def _one_http(door: Door, name: str) -> dict[str, peers.Command]:
    return {
        "curl": peers.curl(door, name),
        "aria2 -x4": peers.aria2(door, name),
        "rclone": peers.rclone(door, name),
    }


def _one_ftp(door: Door, name: str) -> dict[str, peers.Command]:
    return {
        "curl": peers.curl(door, name),
        "lftp get": peers.lftp(door, name, "get"),
        "lftp pget -n4": peers.lftp(door, name, "pget -n4"),
        "rclone": peers.rclone(door, name),
    }


def _one_sftp(door: Door, name: str) -> dict[str, peers.Command]:
    return {
        "OpenSSH": peers.openssh(door, name),
        "OpenSSH aes128-gcm": peers.openssh(door, name, "-c", "aes128-gcm@openssh.com"),
        "lftp pget -n4": peers.lftp(door, name, "pget -n4"),
        "rclone": peers.rclone(door, name),
    }


_ONE_FILE = {"http": _one_http, "ftp": _one_ftp, "sftp": _one_sftp}


def _many_files(protocol: str, *, far: bool = False) -> Prepare:
    def prepare(ground: Ground, scale: float) -> tuple[None, Sequence[Contestant]]:
        count = max(10, round(SMALL * scale))
        source = ground.served / f"small-{count}"
        if not source.exists():
            content.many(source, count, SMALL_SIZE)
        door = ground.door(protocol, far=far)
        if protocol == "http":
            commands = {
                US: peers.shotdock_list(peers.write_list(ground.bench, door, source)),
                "aria2 -j8": peers.aria2_list(peers.write_aria2_list(ground.bench, door, source)),
            }
        else:
            commands = {US: peers.shotdock(door, source.name), "lftp -P8": peers.lftp(door, source.name, "mirror -P8")}
        if not far:
            commands["rclone"] = peers.rclone(door, source.name)
        check = arrived(source)
        return None, [Contestant(name, command, check) for name, command in commands.items()]

    return prepare


def _gallery(ground: Ground, scale: float) -> tuple[float, Sequence[Contestant]]:
    count, size = max(2, round(FILMS * scale)), FILM_SIZE
    source = ground.served / f"films-{count}"
    if not source.exists():
        content.films(ground.served, count, size)
    door = ground.door("http")
    listed = peers.write_aria2_list(ground.bench, door, source)
    return count * size * 1.048576, [
        Contestant(US, peers.shotdock_gallery(door, f"gallery-{count}"), arrived(source, "")),
        Contestant("aria2 -j8", peers.aria2_list(listed), arrived(source)),
    ]


def _scan(protocol: str) -> Prepare:
    def prepare(ground: Ground, scale: float) -> tuple[None, Sequence[Contestant]]:
        sequences = max(1, round(SEQUENCES * scale))
        root = ground.served / f"VEGA{sequences}"
        if not root.exists():
            content.project(root, sequences)
        files = sum(path.is_file() for path in root.rglob("*"))
        shots = sequences * content.SHOTS_A_SEQUENCE
        door = ground.door(protocol, far=True)
        name = ground.connect(door, root.name, "project")

        def ours(_folder: Path, printed: Path) -> None:
            found = json.loads(printed.read_text())
            expected = {"shots": shots, "versions": shots * content.VERSIONS, "files": files}
            if any(found[what] != count for what, count in expected.items()):
                raise Wrong(f"found {found} instead of {expected}")

        def theirs(_folder: Path, printed: Path) -> None:
            lines = sum(not line.endswith("/") for line in printed.read_text().splitlines())
            if lines != files:
                raise Wrong(f"listed {lines} files instead of {files}")

        command = [sys.executable, "-m", "desktop", "scan", name, "--json", "--quiet"]
        return None, [
            Contestant(US, lambda _: command, ours),
            Contestant("rclone lsf -R", peers.rclone_list(door, root.name), theirs),
        ]

    return prepare


RACES = (
    Race(
        "P1-http",
        "one file of 2 GiB over HTTP",
        _one_file("http", 2048),
        (Target(("curl", "aria2 -x4"), 0.95, 1.1), Target(("rclone",), 0.8, 1.1)),
    ),
    Race(
        "P1-ftp",
        "one file of 2 GiB over FTP",
        _one_file("ftp", 2048),
        (Target(("curl", "lftp get", "lftp pget -n4"), 0.95, 1.1), Target(("rclone",), 0.8, 1.1)),
    ),
    Race(
        "P2-sftp",
        "one file of 2 GiB over SFTP",
        _one_file("sftp", 2048),
        (
            Target(("OpenSSH",), 1.3, 1.8),
            Target(("OpenSSH aes128-gcm",), 1.0, 1.25),
            Target(("rclone",), 2.0, 2.5),
        ),
    ),
    Race("P3-sftp", "3,000 files of 16 KiB over SFTP", _many_files("sftp"), (Target(("lftp -P8",), 2.0, 4.0),)),
    Race("P3-ftp", "3,000 files of 16 KiB over FTP", _many_files("ftp"), (Target(("lftp -P8",), 1.0, 1.5),)),
    Race(
        "P3-http",
        "3,000 files of 16 KiB over HTTP",
        _many_files("http"),
        (Target(("aria2 -j8", "rclone"), 0.5, 1.0),),
    ),
    Race(
        "P4-sftp",
        "3,000 files of 16 KiB over SFTP, 30 ms away",
        _many_files("sftp", far=True),
        (Target(("lftp -P8",), 8.0, 12.0),),
    ),
    Race(
        "P4-ftp",
        "3,000 files of 16 KiB over FTP, 30 ms away",
        _many_files("ftp", far=True),
        (Target(("lftp -P8",), 3.0, 5.0),),
    ),
    Race(
        "P4-http",
        "3,000 files of 16 KiB over HTTP, 30 ms away",
        _many_files("http", far=True),
        (Target(("aria2 -j8",), 2.0, 3.0),),
    ),
    Race(
        "P5-sftp",
        "one file of 256 MiB over SFTP, 30 ms away",
        _one_file("sftp", 256, far=True),
        (Target(("OpenSSH",), 3.0, 5.0),),
    ),
    Race(
        "P5-ftp",
        "one file of 256 MiB over FTP, 30 ms away",
        _one_file("ftp", 256, far=True),
        (Target(("curl", "lftp get", "lftp pget -n4", "rclone"), 0.95),),
    ),
    Race(
        "P5-http",
        "one file of 256 MiB over HTTP, 30 ms away",
        _one_file("http", 256, far=True),
        (Target(("curl", "aria2 -x4", "rclone"), 0.95),),
    ),
    Race(
        "P6-sftp",
        "scan of 20,000 files in 4,020 folders over SFTP, 30 ms away",
        _scan("sftp"),
        (Target(("rclone lsf -R",), 5.0, 10.0),),
    ),
    Race(
        "P6-ftp",
        "scan of 20,000 files in 4,020 folders over FTP, 30 ms away",
        _scan("ftp"),
        (Target(("rclone lsf -R",), 2.0, 4.0),),
    ),
    Race(
        "P11-http",
        "30 videos of 32 MiB of a gallery over HTTP",
        _gallery,
        (Target(("aria2 -j8",), 0.9),),
    ),
)
