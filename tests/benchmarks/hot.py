"""What the two hottest paths cost, in instructions and in Python calls: one large file, and many small ones, by SFTP.

    python -m tests.benchmarks.hot [docs/profiles]

Instructions are counted by valgrind, the same from run to run to within a percent, whatever else the machine does: what
a MiB or a file costs is the difference between two sizes. Beside it a profile of every thread is kept. Run it before
and after a change to these paths, with Python 3.11.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tests.benchmarks import content, peers
from tests.benchmarks.arena import ROOT, Wrong, arrived, environment, executable
from tests.benchmarks.ground import Ground

PROFILES = ROOT / "docs" / "profiles"
MEMORY = Path("/dev/shm")


@dataclass(frozen=True, slots=True)
class HotPath:
    """A hot path. make: writes content of a size into the served folder. sizes: two, in the unit."""

    name: str
    unit: str
    make: Callable[[Path, int], Path]
    sizes: tuple[int, int]


HOT = (
    HotPath("sftp-large", "MiB", lambda served, size: content.large(served / f"large-{size}.exr", size), (32, 160)),
    HotPath(
        "sftp-small",
        "file of 16 KiB",
        lambda served, size: content.many(served / f"small-{size}", size, 16384),
        (200, 1200),
    ),
)


def main(folder: Path) -> None:
    """Measure both paths and write a page for each."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in HOT:
        with (
            tempfile.TemporaryDirectory(dir=MEMORY, prefix="shotdock-bench-") as scratch,
            Ground(Path(scratch)) as ground,
        ):
            page = folder / f"{path.name}.txt"
            page.write_text(measure(path, ground))
            sys.stdout.write(page.read_text())


def measure(path: HotPath, ground: Ground) -> str:
    """Return the page of a path."""
    door = ground.door("sftp")
    few, many = (path.make(ground.served, size) for size in path.sizes)
    counts = [_instructions(ground, source, peers.shotdock(door, source.name)) for source in (few, many)]
    each = (counts[1] - counts[0]) / (path.sizes[1] - path.sizes[0])
    answer = ground.bench / "calls.txt"
    folder = ground.bench / "profiled"
    get = list(peers.shotdock(door, many.name)(folder))
    _run(ground, [*get[:2], "tests.benchmarks.inside", "calls", str(answer), *get[3:]])
    arrived(many)(folder, Path())
    head = (
        f"{path.name}: {each:,.0f} instructions a {path.unit}, "
        f"and {counts[0] - each * path.sizes[0]:,.0f} before the first.\n"
        f"Taken {date.today().isoformat()} with Python {sys.version.split()[0]} by `python -m tests.benchmarks.hot`; "
        f"below, {path.sizes[1]:,} of them under a profile, threads of one kind together.\n\n"
    )
    return head + answer.read_text()


def _instructions(ground: Ground, source: Path, command: peers.Command) -> int:
    """Return how many instructions of its own a command takes; the kernel's are not counted."""
    folder = ground.bench / f"counted-{source.name}"
    valgrind = [
        executable("valgrind"),
        "--tool=cachegrind",
        "--cache-sim=no",
        "--cachegrind-out-file=/dev/null",
    ]
    words = _run(ground, [*valgrind, *command(folder)])
    arrived(source)(folder, Path())
    found = re.search(r"I\s+refs:\s+([\d,]+)", words)
    if found is None:
        raise Wrong(words)
    return int(found[1].replace(",", ""))


def _run(ground: Ground, command: Sequence[str]) -> str:
    done = subprocess.run(command, cwd=ROOT, env=environment(ground.bench), text=True, capture_output=True)
    if done.returncode:
        raise Wrong(done.stderr)
    return done.stderr


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PROFILES)
