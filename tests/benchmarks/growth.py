"""The rows that are no races: a task of 100,000 files (P7), and what a file costs as there are more of them (P10)."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

from tests.benchmarks import content, peers
from tests.benchmarks.arena import US, Contestant, Cost, Standing, Wrong, arrived, run
from tests.benchmarks.ground import Ground
from tests.benchmarks.result import Result, Verdict, lines_of

FRAMES = 100
SHOTS = 1000
SIZE = 4096
STEPS = (1000, 10_000, 100_000)
PLAN_SECONDS, PEAK_MEGABYTES, DATABASE_SHARE, GROWTH = 5.0, 300.0, 0.10, 1.3


@dataclass(frozen=True, slots=True)
class Study:
    """A row of ShotDock alone. look: makes the content at a scale, runs, returns standings, verdicts and figures."""

    name: str
    title: str
    look: Callable[[Ground, float], tuple[Sequence[Standing], Sequence[Verdict], Sequence[str]]]

    def run(self, ground: Ground, scale: float, rounds: int) -> Result:
        """Run the row once: it takes long, and is about size, not about a few percent."""
        del rounds
        standings, verdicts, figures = self.look(ground, scale)
        if scale != 1:
            verdicts = [Verdict(v.words, v.needed, v.measured, None) for v in verdicts]
        today = date.today().isoformat()
        return Result(self.name, self.title, today, 1, scale, lines_of(standings), tuple(verdicts), tuple(figures))


def _task(ground: Ground, scale: float) -> tuple[Sequence[Standing], Sequence[Verdict], Sequence[str]]:
    root = ground.served / f"LYRA-{scale:g}"
    files = content.shots(root, max(1, round(SHOTS * scale)), FRAMES, SIZE)
    name = ground.connect(ground.door("sftp"), root.name, "project")
    fetch = ["fetch", name]
    answer = ground.bench / "parts.json"
    whole = Contestant(
        US,
        lambda folder: [sys.executable, "-m", "desktop", *fetch, str(folder), "--quiet"],
        arrived(root, ""),
    )
    inside = [sys.executable, "-m", "tests.benchmarks.inside", "parts", str(answer)]
    watched = Contestant("watched", lambda folder: [*inside, *fetch, str(folder), "--quiet"], arrived(root, ""))
    dry = Contestant(
        "dry run",
        lambda folder: [sys.executable, "-m", "desktop", *fetch, str(folder), "--dry-run", "--json", "--quiet"],
        lambda _, printed: _planned(printed, files),
    )
    cost = run(whole, ground.bench)
    plan = run(dry, ground.bench)
    run(watched, ground.bench)
    seconds: dict[str, float] = json.loads(answer.read_text())
    share = seconds["database"] / seconds["run"]
    verdicts = [
        _at_most("until the plan is made, after the scan", seconds["planned after scan"], PLAN_SECONDS, "s"),
        _at_most("of peak memory", cost.peak, PEAK_MEGABYTES, "MB"),
        _at_most("of the run is work of the database", share * 100, DATABASE_SHARE * 100, "%"),
    ]
    figures = [
        f"{files:,} files: scan {seconds['scan']:.2f} s, plan {seconds['plan']:.2f} s, "
        f"database {seconds['database']:.2f} s ({seconds['database processor']:.2f} s of processor) "
        f"in a run of {seconds['run']:.2f} s, watched",
        f"{cost.seconds / files * 1000:.3f} ms a file",
    ]
    return [Standing("fetch", [cost]), Standing("fetch --dry-run", [plan])], verdicts, figures


def _planned(printed: Path, files: int) -> None:
    planned = len(json.loads(printed.read_text())["plan"])
    if planned != files:
        raise Wrong(f"planned {planned} files instead of {files}")


def _at_most(words: str, measured: float, most: float, unit: str) -> Verdict:
    return Verdict(words, f"at most {most:g} {unit}", f"{measured:.2f} {unit}", measured <= most)


def _growth(protocol: str) -> Callable[[Ground, float], tuple[Sequence[Standing], Sequence[Verdict], Sequence[str]]]:
    def look(ground: Ground, scale: float) -> tuple[Sequence[Standing], Sequence[Verdict], Sequence[str]]:
        steps = [1, *(max(2 + place, round(step * scale)) for place, step in enumerate(STEPS))]
        costs: dict[int, Cost] = {}
        for files in steps:
            source = ground.served / f"grow-{files}"
            if not source.exists():
                content.many(source, files, SIZE)
            door = ground.door(protocol)
            command = peers.shotdock(door, source.name)
            if protocol == "http":
                command = peers.shotdock_list(peers.write_list(ground.bench, door, source))
            costs[files] = run(Contestant(US, command, arrived(source)), ground.bench)
        standings = [Standing(f"{files:,} files", [cost]) for files, cost in costs.items()]
        return standings, _verdicts(costs), _marginal(costs)

    return look


def _verdicts(costs: Mapping[int, Cost]) -> list[Verdict]:
    _, base, *others = costs
    verdicts = []
    for files in others:
        time = costs[files].seconds / files * base / costs[base].seconds
        memory = costs[files].peak / files * base / costs[base].peak
        verdicts.append(_at_most(f"the time a file takes at {base:,}, at {files:,}", time, GROWTH, "x"))
        verdicts.append(_at_most(f"the memory a file takes at {base:,}, at {files:,}", memory, GROWTH, "x"))
    return verdicts


def _marginal(costs: Mapping[int, Cost]) -> list[str]:
    """Return what each further file costs, without what the program costs before its first file."""
    told = []
    for before, files in pairwise(costs):
        more = files - before
        seconds = (costs[files].seconds - costs[before].seconds) / more
        kilobytes = (costs[files].peak - costs[before].peak) / more * 1000
        told.append(f"from {before:,} to {files:,}: {seconds * 1000:.3f} ms and {kilobytes:.2f} kB a further file")
    return told


STUDIES = (
    Study("P7-task", "a task of 100,000 files of 4 KiB over SFTP", _task),
    Study("P10-sftp", "1, 1,000, 10,000 and 100,000 files of 4 KiB over SFTP", _growth("sftp")),
    Study("P10-ftp", "1, 1,000, 10,000 and 100,000 files of 4 KiB over FTP", _growth("ftp")),
    Study("P10-http", "1, 1,000, 10,000 and 100,000 files of 4 KiB over HTTP, by list", _growth("http")),
)
