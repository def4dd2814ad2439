"""Results as a terminal and as docs/benchmarks.md show them."""

from collections.abc import Mapping, Sequence

from tests.benchmarks.result import Line, Result, Verdict

HEAD = """# Benchmarks

Written by `python -m tests.benchmarks --json docs/benchmarks.json --markdown docs/benchmarks.md`; `CONTRIBUTING.md`
tells how to run single rows. Profiles of the two hottest paths are in `docs/profiles`.

Whole processes, start-up included, take turns in every round; what arrives is compared byte for byte; figures are
medians. ShotDock runs with its default settings, journals and atomic commits on, in one home for all rounds. Servers
and all data are on this machine, in memory. "30 ms away" is a proxy that holds everything back for 15 ms each way.
Only the ratios travel to other machines: a ratio is the peer's time by ShotDock's, so more than 1 is faster. Memory
is the peak of a program's largest process.
"""
YES = {True: "yes", False: "**no**", None: "-"}


def terminal(result: Result) -> str:
    """Return a row's result for a terminal."""
    words = [f"\n{result.row}: {_title(result)}"]
    words += [f"  {_cells(line)}" for line in result.lines]
    words += [f"  {figure}" for figure in result.figures]
    words += [f"  {_verdict(verdict)}" for verdict in result.verdicts]
    return "\n".join(words)


def markdown(results: Sequence[Result], machine: str, versions: Mapping[str, str]) -> str:
    """Return the page."""
    known = ", ".join(f"{name} {version}" for name, version in versions.items())
    parts = [HEAD, f"Machine: {machine}.\n\nVersions: {known}.\n"]
    verdicts = [(result, verdict) for result in results for verdict in result.verdicts]
    parts.append(
        "## Targets\n\n| row | work | what | target (moonshot) | measured | reached |\n|---|---|---|---|---|---|"
    )
    parts += [
        f"| {result.row} | {result.title} | {verdict.words} | {verdict.needed} | {verdict.measured} "
        f"| {YES[verdict.reached]} |"
        for result, verdict in verdicts
    ]
    parts += ["\n## Rows"]
    for result in results:
        parts.append(f"\n### {result.row}: {_title(result)}\n\nTaken {result.date}.\n")
        if result.lines:
            parts.append("| | time | rate | ShotDock is | peak memory | processor |\n|---|---|---|---|---|---|")
            parts += [_markdown_line(line) for line in result.lines]
        parts += [f"- {figure}" for figure in result.figures]
    return "\n".join(parts) + "\n"


def _title(result: Result) -> str:
    scaled = "" if result.scale == 1 else f", all of it times {result.scale:g}"
    return f"{result.title}{scaled} ({result.rounds} round{'s' * (result.rounds != 1)})"


def _cells(line: Line) -> str:
    if line.seconds is None:
        return f"{line.name:22} {line.trouble.splitlines()[-1] if line.trouble else 'did not run'}"
    rate = f"{line.rate:7.0f} MB/s" if line.rate else ""
    ratio = f"ShotDock is {line.ratio:.2f} x" if line.ratio else ""
    low, high = line.spread or (line.seconds, line.seconds)
    return (
        f"{line.name:22} {line.seconds:8.3f} s ({low:.2f}-{high:.2f}) {rate:12} {line.peak:6.0f} MB "
        f"{line.processor:7.2f} s cpu  {ratio}"
    )


def _verdict(verdict: Verdict) -> str:
    state = {True: "reached", False: "MISSED", None: "not told"}[verdict.reached]
    return f"{state}: {verdict.measured} {verdict.words}, target {verdict.needed}"


def _markdown_line(line: Line) -> str:
    if line.seconds is None:
        return f"| {line.name} | {line.trouble.splitlines()[-1] if line.trouble else 'did not run'} | | | | |"
    rate = f"{line.rate:.0f} MB/s" if line.rate else ""
    ratio = f"{line.ratio:.2f} x" if line.ratio else ""
    return f"| {line.name} | {line.seconds:.2f} s | {rate} | {ratio} | {line.peak:.0f} MB | {line.processor:.2f} s |"
