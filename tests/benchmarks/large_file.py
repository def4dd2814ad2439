"""One large file over SFTP and FTP: `shotdock get` beside OpenSSH sftp and lftp, interleaved in one run.

    python -m tests.benchmarks.large_file [--size MIB] [--rounds N]

Run by hand on a machine with openssh-server, vsftpd, lftp and room for two copies of the file in /dev/shm.
Servers and clients are started here, every contestant is a whole process, the bytes that arrive are compared,
and the figures that count are the ratios of the medians.
"""

import argparse
import filecmp
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.servers.sshd import SshServer
from tests.servers.vsftpd import VsftpdServer

MEMORY = Path("/dev/shm")


@dataclass(frozen=True, slots=True)
class Contestant:
    """A way to fetch the file: its name and the command that puts it into a folder."""

    name: str
    command: Callable[[Path], Sequence[str]]


def main() -> int:
    """Run the rows and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", type=int, default=2048, help="MiB")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=MEMORY, prefix="shotdock-bench-") as scratch:
        bench = Path(scratch)
        served = bench / "served"
        served.mkdir()
        source = served / "large.exr"
        make_file(source, arguments.size)
        with SshServer(served, bench / "sshd") as ssh, VsftpdServer(served, bench / "vsftpd") as ftp:
            rows = {"SFTP": sftp_contestants(ssh, source), "FTP": ftp_contestants(ftp, source)}
            for protocol, contestants in rows.items():
                report(protocol, arguments.size, race(contestants, bench, source, arguments.rounds))
    return 0


def make_file(path: Path, mebibytes: int) -> None:
    """Write incompressible content."""
    with path.open("wb") as file:
        for _ in range(mebibytes // 64 or 1):
            file.write(os.urandom(64 << 20) if mebibytes >= 64 else os.urandom(mebibytes << 20))


def ours(*arguments: str) -> Callable[[Path], Sequence[str]]:
    """Return the command line of `shotdock get`."""
    return lambda folder: [sys.executable, "-m", "desktop", "get", *arguments, str(folder), "--quiet"]


def sftp_contestants(server: SshServer, source: Path) -> list[Contestant]:
    """Return who takes part in the SFTP row."""
    known = server.folder / "known_hosts"
    known.write_text(server.known_hosts)
    url = f"sftp://{server.user}@{server.host}:{server.port}{source}"

    def openssh(*options: str) -> Callable[[Path], Sequence[str]]:
        base = ["sftp", "-q", "-i", str(server.identity), "-o", f"UserKnownHostsFile={known}", "-P", str(server.port)]
        return lambda folder: [*base, *options, f"{server.user}@{server.host}:{source}", str(folder)]

    return [
        Contestant("ShotDock", ours(url, "--identity", str(server.identity), "--known-hosts", str(known))),
        Contestant("OpenSSH sftp", openssh()),
        Contestant("OpenSSH sftp aes128-gcm", openssh("-c", "aes128-gcm@openssh.com")),
    ]


def ftp_contestants(server: VsftpdServer, source: Path) -> list[Contestant]:
    """Return who takes part in the FTP row."""
    url = f"ftp://{server.user}:x@{server.host}:{server.port}{source}"

    def lftp(verb: str) -> Callable[[Path], Sequence[str]]:
        script = f"{verb} -O {{}} {source}; bye"
        site = f"ftp://{server.user}:x@{server.host}:{server.port}"
        return lambda folder: ["lftp", "-e", script.format(folder), site]

    return [
        Contestant("ShotDock", ours(url)),
        Contestant("lftp get", lftp("get")),
        Contestant("lftp pget -n4", lftp("pget -n 4")),
    ]


def race(contestants: Sequence[Contestant], bench: Path, source: Path, rounds: int) -> dict[str, list[float]]:
    """Let them run in turn, `rounds` times, and return everyone's seconds."""
    seconds: dict[str, list[float]] = {contestant.name: [] for contestant in contestants}
    for number in range(rounds):
        # Whoever starts a round has the colder caches: the order turns.
        turn = number % len(contestants)
        for contestant in (*contestants[turn:], *contestants[:turn]):
            folder = bench / "arrived"
            folder.mkdir()
            # As in daily use: the home is made once, and remembers every transfer.
            environment = {**os.environ, "SHOTDOCK_HOME": str(bench / "home")}
            began = time.perf_counter()
            subprocess.run(contestant.command(folder), check=True, env=environment, stdout=subprocess.DEVNULL)
            seconds[contestant.name].append(time.perf_counter() - began)
            if not filecmp.cmp(source, folder / source.name, shallow=False):
                raise SystemExit(f"{contestant.name} brought other bytes")
            shutil.rmtree(folder)
    return seconds


def report(protocol: str, mebibytes: int, seconds: dict[str, list[float]]) -> None:
    """Print medians in MB/s and how ShotDock stands against each."""
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    us = medians["ShotDock"]
    print(f"\n{protocol}, one file of {mebibytes} MiB (median of {len(next(iter(seconds.values())))})")
    for name, median in medians.items():
        rate = mebibytes * 1.048576 / median
        versus = "" if name == "ShotDock" else f"   ShotDock is {median / us:.2f} x this"
        print(f"  {name:26} {rate:7.0f} MB/s{versus}")


if __name__ == "__main__":
    raise SystemExit(main())
