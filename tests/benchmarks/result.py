"""What a row found: standings and ratios against targets, or single figures; kept as JSON."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.benchmarks.arena import US, Standing


@dataclass(frozen=True, slots=True)
class Target:
    """ShotDock is to be `ratio` times as fast as the fastest of the peers; `moonshot` times, if all goes well."""

    peers: tuple[str, ...]
    ratio: float
    moonshot: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A target and what was measured: `words` say of what; reached: None where nothing could be said."""

    words: str
    needed: str
    measured: str
    reached: bool | None


@dataclass(frozen=True, slots=True)
class Line:
    """A contestant's figures: median seconds, MB/s if that is the row's unit, memory and processor time.

    ratio: how many times as fast ShotDock is. trouble: why there are no figures.
    """

    name: str
    seconds: float | None = None
    rate: float | None = None
    ratio: float | None = None
    peak: float | None = None
    processor: float | None = None
    spread: tuple[float, float] | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """A row's result. figures: lines of words for what is no race."""

    row: str
    title: str
    date: str
    rounds: int
    scale: float
    lines: tuple[Line, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    figures: tuple[str, ...] = field(default=())


def lines_of(standings: Sequence[Standing], megabytes: float | None = None) -> tuple[Line, ...]:
    """Return the figures of a race; without ShotDock among them there are no ratios."""
    us = next((standing.seconds for standing in standings if standing.name == US), None)
    return tuple(
        Line(
            name=standing.name,
            seconds=standing.seconds,
            rate=megabytes / standing.seconds if megabytes else None,
            ratio=standing.seconds / us if us and standing.name != US else None,
            peak=standing.peak,
            processor=standing.processor,
            spread=(min(run.seconds for run in standing.runs), max(run.seconds for run in standing.runs)),
        )
        if standing.runs and not standing.trouble
        else Line(standing.name, trouble=standing.trouble)
        for standing in standings
    )


def judge(lines: Sequence[Line], targets: Sequence[Target], scale: float) -> tuple[Verdict, ...]:
    """Compare the ratios with the targets, which are set for whole rows only: at another scale nothing is reached.

    Raises KeyError for a peer that did not even try.
    """
    ratios = {line.name: line.ratio for line in lines}
    verdicts = []
    for target in targets:
        known = [ratio for peer in target.peers if (ratio := ratios[peer]) is not None]
        words = "as fast as " + ("the best of " if len(target.peers) > 1 else "") + ", ".join(target.peers)
        needed = f"{target.ratio:g} x" + (f" ({target.moonshot:g} x)" if target.moonshot else "")
        measured = f"{min(known):.2f} x" if known else "not measured"
        verdicts.append(Verdict(words, needed, measured, min(known) >= target.ratio if known and scale == 1 else None))
    return tuple(verdicts)


def as_dict(result: Result) -> dict[str, Any]:
    """Return the result as JSON keeps it."""
    return dataclasses.asdict(result)


def from_dict(kept: dict[str, Any]) -> Result:
    """Return a kept result."""
    lines = tuple(Line(**line) for line in kept["lines"])
    verdicts = tuple(Verdict(**verdict) for verdict in kept["verdicts"])
    return Result(**{**kept, "lines": lines, "verdicts": verdicts, "figures": tuple(kept["figures"])})
