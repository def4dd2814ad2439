"""What a tour has done so far: steps, with figures and what was wrong."""

import time
from dataclasses import dataclass

from desktop.cli.output import Output
from desktop.cli.progress import took
from desktop.core.task import Task
from desktop.core.units import format_bytes


@dataclass(frozen=True, slots=True)
class Step:
    """One thing the tour did. protocol: sftp, ftp, gallery or jobs. problems: what was wrong, in words."""

    protocol: str
    name: str
    figures: str
    problems: tuple[str, ...]
    seconds: float


class Notes:
    """Collects the steps, each timed from the end of the one before, and prints them as they come."""

    def __init__(self, output: Output) -> None:
        self.steps: list[Step] = []
        self._output = output
        self._began = time.monotonic()

    def add(self, protocol: str, name: str, figures: str, problems: list[str]) -> None:
        """Note one step; without problems it held."""
        now = time.monotonic()
        step = Step(protocol, name, figures, tuple(problems), round(now - self._began, 3))
        self._began = now
        self.steps.append(step)
        mark = "FAILED" if problems else "ok"
        self._output.line(f"{mark:6} {protocol:7} {name}: {figures} ({took(step.seconds)})")
        for problem in problems:
            self._output.line(f"       {problem}")


def figures(task: Task) -> str:
    """Return what a task brought, e.g. `3 downloaded (1.2 MB), 1 failed`."""
    files = task.files
    parts = [f"{files.downloaded} downloaded ({format_bytes(task.bytes.transferred)})"]
    counts = ((files.skipped, "skipped"), (files.overwritten, "overwritten"), (files.kept_both, "kept both"))
    parts += [f"{count} {word}" for count, word in (*counts, (files.failed, "failed")) if count]
    return ", ".join(parts)
