"""Contestants and the race between them: whole processes, in turn, every arrival compared with what was served."""

import os
import shutil
import signal
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.process import ServerMissing, program

ROOT = Path(__file__).parents[2]
US = "ShotDock"
BLOCK = 1 << 20
PATIENCE = 600.0
"""Seconds after which a contestant is stopped and told as not finished."""


class Wrong(Exception):
    """A contestant failed, or brought something else than was served; the message says what."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """A way to do the row's work.

    command: makes its command line for the fresh folder that things arrive in. check: raises Wrong unless that
    folder, or what was printed (a file), is as it has to be.
    """

    name: str
    command: Callable[[Path], Sequence[str]]
    check: Callable[[Path, Path], None]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took: seconds, the peak MB of its largest process, processor seconds."""

    seconds: float
    peak: float
    processor: float


@dataclass(slots=True)
class Standing:
    """A contestant's runs, or why there are none."""

    name: str
    runs: list[Cost] = field(default_factory=list)
    trouble: str = ""

    @property
    def seconds(self) -> float:
        """Return the median of the seconds."""
        return statistics.median(run.seconds for run in self.runs)

    @property
    def peak(self) -> float:
        """Return the largest peak of memory in MB."""
        return max(run.peak for run in self.runs)

    @property
    def processor(self) -> float:
        """Return the median of the processor seconds."""
        return statistics.median(run.processor for run in self.runs)


def race(contestants: Sequence[Contestant], bench: Path, rounds: int) -> list[Standing]:
    """Let them run in turn, `rounds` times. A peer that fails or is missing leaves the race; ShotDock may not."""
    standings = {contestant.name: Standing(contestant.name) for contestant in contestants}
    for number in range(rounds):
        # Whoever starts a round has the colder caches: the order turns.
        turn = number % len(contestants)
        for contestant in (*contestants[turn:], *contestants[:turn]):
            standing = standings[contestant.name]
            if standing.trouble:
                continue
            try:
                standing.runs.append(run(contestant, bench))
            except (Wrong, ServerMissing) as trouble:
                if contestant.name == US:
                    raise
                standing.trouble = str(trouble).strip()
    return list(standings.values())


def run(contestant: Contestant, bench: Path) -> Cost:
    """Run one contestant once, in a folder nobody used before, and check what came."""
    scratch = bench / "run"
    shutil.rmtree(scratch, ignore_errors=True)
    folder = scratch / "arrived"
    folder.mkdir(parents=True)
    printed = scratch / "printed"
    cost = measure(contestant.command(folder), bench, printed)
    contestant.check(folder, printed)
    shutil.rmtree(scratch)
    return cost


def measure(command: Sequence[str], bench: Path, printed: Path) -> Cost:
    """Run a command to its end and return what it took; raise Wrong, with its last words, if it fails."""
    answer = printed.with_name("answer")
    words = printed.with_name("words")
    path = executable(command[0])
    shim = [sys.executable, "-I", "-S", str(Path(__file__).with_name("stopwatch.py")), str(answer)]
    with printed.open("wb") as output, words.open("wb") as errors:
        process = subprocess.Popen(
            [*shim, path, *command[1:]],
            cwd=ROOT,
            env=environment(bench),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise Wrong(f"not done after {PATIENCE:.0f} s") from None
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    figures = answer.read_text().split() if answer.exists() else []
    if len(figures) != 5 or figures[4] != "0":
        said = words.read_text(errors="replace").strip() or printed.read_text(errors="replace").strip()
        raise Wrong(f"status {figures[4] if figures else 'unknown'}: {said[-400:]}")
    seconds, peak, user, system, _ = map(float, figures)
    return Cost(seconds, peak * 1024 / 1e6, user + system)


def executable(name: str) -> str:
    """Return the path of a program on PATH or beside this Python; raise ServerMissing."""
    return program(name, name, str(Path(sys.executable).parent))


def environment(bench: Path) -> dict[str, str]:
    """Return what every program gets: one ShotDock home for all rounds, as in daily use, and nobody's own settings."""
    mine = {"SHOTDOCK_HOME": str(bench / "home"), "HOME": str(bench / "nobody"), "PYTHONPATH": str(ROOT)}
    # An installed program has its bytecode: a setting that keeps Python from writing any would have ShotDock compile
    # all of its libraries at every start.
    others = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**others, **mine, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}


def arrived(served: Path, name: str | None = None) -> Callable[[Path, Path], None]:
    """Return a check that a file or folder arrived, byte for byte, under its own name (or another, "" for none)."""

    def check(folder: Path, _printed: Path) -> None:
        got = folder / (served.name if name is None else name)
        if served.is_file():
            pairs = [(served, got)]
        else:
            pairs = [(path, got / path.relative_to(served)) for path in served.rglob("*") if path.is_file()]
            extra = {path for path in got.rglob("*") if path.is_file()} - {mine for _, mine in pairs}
            if extra:
                raise Wrong(f"brought {len(extra)} files too many, one is {min(extra)}")
        for original, copy in pairs:
            if not same(original, copy):
                raise Wrong(f"{copy.relative_to(folder)} is missing or has other bytes")

    return check


def same(original: Path, copy: Path) -> bool:
    """Tell whether both files have the same bytes."""
    if not copy.is_file() or original.stat().st_size != copy.stat().st_size:
        return False
    with original.open("rb") as first, copy.open("rb") as second:
        while block := first.read(BLOCK):
            if block != second.read(BLOCK):
                return False
    return True
