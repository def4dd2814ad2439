"""Run a ShotDock command in this process with a watch on its inside.

    python -m tests.benchmarks.inside parts|calls ANSWER COMMAND...

parts: seconds of the scan, of the plan and of the database's work go into the file ANSWER, as JSON.
calls: every thread's Python calls go there, as a table of the functions that took longest.
"""

import cProfile
import gc
import io
import json
import pstats
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import ParamSpec, TypeVar

from desktop.cli.main import COLLECTED
from desktop.cli.main import main as shotdock
from desktop.store.connections import Connections
from desktop.store.database import Store
from desktop.store.events import Events
from desktop.store.recent import Recent
from desktop.store.structures import Structures
from desktop.store.tasks import Tasks
from desktop.work import background, lane_worker, library
from desktop.work.background import guarded

P = ParamSpec("P")
T = TypeVar("T")
TOLD = 16
"""Functions of a thread that are told."""


class Parts:
    """Seconds by part of the program. What a part calls of itself counts once."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.moments: dict[str, float] = {}
        self._inside = threading.local()

    def watch(self, part: str, function: Callable[P, T]) -> Callable[P, T]:
        """Return the function with a watch on it."""

        def watched(*arguments: P.args, **named: P.kwargs) -> T:
            if getattr(self._inside, part, False):
                return function(*arguments, **named)
            setattr(self._inside, part, True)
            began, worked = time.perf_counter(), time.thread_time()
            try:
                return function(*arguments, **named)
            finally:
                setattr(self._inside, part, False)
                self.moments[part] = time.perf_counter()
                self.seconds[part] += self.moments[part] - began
                self.seconds[f"{part} processor"] += time.thread_time() - worked

        return watched


def parts(answer: Path, command: Sequence[str]) -> int:
    """Run the command; write `run`, `scan`, `plan`, `database` (wall), `database processor`, `planned after scan`."""
    watch = Parts()
    for desk in (Connections, Events, Recent, Structures, Tasks):
        for name, function in list(vars(desk).items()):
            if callable(function) and not name.startswith("_"):
                setattr(desk, name, watch.watch("database", function))
    for owner, name in ((Store, "open"), (library, "packed"), (library, "scan"), (library, "plan")):
        part = "database" if name in ("open", "packed") else name
        setattr(owner, name, watch.watch(part, getattr(owner, name)))
    gc.set_threshold(*COLLECTED)
    status = watch.watch("run", shotdock)(command)
    after = watch.moments.get("plan", 0.0) - watch.moments.get("scan", 0.0)
    answer.write_text(json.dumps({**watch.seconds, "planned after scan": after}))
    return status


def calls(answer: Path, command: Sequence[str]) -> int:
    """Run the command with a profile of each thread; write the profiles, threads of one kind put together."""
    if sys.version_info >= (3, 12):
        # From there on a process has one profile for all threads together.
        raise SystemExit("This profile is taken with Python 3.11.")
    profiles: dict[str, list[cProfile.Profile]] = {}

    def enter(_frame: FrameType, _event: str, _argument: object) -> None:
        profile = cProfile.Profile()
        profiles.setdefault(threading.current_thread().name.rstrip("0123456789-_ "), []).append(profile)
        profile.enable()

    def on_pool(name: str) -> Callable[[Callable[[], T]], T]:
        def carry(call: Callable[[], T]) -> T:
            profile = cProfile.Profile()
            profiles.setdefault(name, []).append(profile)
            return profile.runcall(guarded, call)

        return carry

    threading.setprofile(enter)
    # The pool's threads are Qt's, which Python's own hook does not see begin.
    for border, name in ((lane_worker, "lane"), (background, "background")):
        setattr(border, guarded.__name__, on_pool(name))
    own = cProfile.Profile()
    profiles["main"] = [own]
    status = own.runcall(shotdock, command)
    threading.setprofile(None)
    answer.write_text("".join(_table(name, taken) for name, taken in sorted(profiles.items())))
    return status


def _table(thread: str, profiles: Sequence[cProfile.Profile]) -> str:
    words = io.StringIO()
    table = pstats.Stats(profiles[0], stream=words)
    for profile in profiles[1:]:
        table.add(profile)
    table.strip_dirs().sort_stats("tottime").print_stats(TOLD)
    kept = [line.rstrip() for line in words.getvalue().splitlines() if line.strip() and "to restriction" not in line]
    return f"--- {thread} ({len(profiles)} of them) ---\n" + "\n".join(kept) + "\n"


if __name__ == "__main__":
    ways = {"parts": parts, "calls": calls}
    raise SystemExit(ways[sys.argv[1]](Path(sys.argv[2]), sys.argv[3:]))
