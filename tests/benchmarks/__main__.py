"""Measure ShotDock beside its peers: every row, or those that are named.

    python -m tests.benchmarks [ROW ...] [--rounds N] [--scale X] [--json FILE] [--markdown FILE] [--list]

Run by hand on an idle Linux machine with openssh-server, vsftpd, nginx, curl, aria2, lftp and rclone, and 6 GB free in
/dev/shm. A peer that is not installed is told in the table.
"""

import argparse
import compileall
import fnmatch
import json
import signal
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.arena import ROOT, Wrong
from tests.benchmarks.ground import Ground
from tests.benchmarks.growth import STUDIES
from tests.benchmarks.machine import machine, versions
from tests.benchmarks.report import markdown, terminal
from tests.benchmarks.result import Result, as_dict, from_dict
from tests.benchmarks.rows import RACES
from tests.servers.process import ServerMissing

ROWS = (*RACES, *STUDIES)
MEMORY = Path("/dev/shm")
ROUNDS = 3


def main() -> int:
    """Run the rows, print each as it ends, keep them where asked; return 1 if one could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("rows", nargs="*", metavar="ROW", help="P3-sftp, P3 or '*-ftp'; default: all")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--scale", type=float, default=1.0, help="of sizes and counts; 0.1 for a quick look")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures; rows already there are replaced")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write a page of all kept figures")
    parser.add_argument("--list", action="store_true", help="name the rows and run none")
    arguments = parser.parse_args()
    wanted: list[str] = arguments.rows or ["*"]
    for name in wanted:
        if not any(_means(name, row.name) for row in ROWS):
            parser.error(f"there is no row {name}; --list names them")
    chosen = [row for row in ROWS if any(_means(name, row.name) for name in wanted)]
    if arguments.list:
        _say("\n".join(f"{row.name:10} {row.title}" for row in chosen))
        return 0
    # Ended from outside, it takes its servers and the contestant along.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    kept = _load(arguments.json)
    status = 0
    with tempfile.TemporaryDirectory(dir=MEMORY, prefix="shotdock-bench-") as scratch, Ground(Path(scratch)) as ground:
        compileall.compile_dir(ROOT / "desktop", quiet=1)  # as an installation does
        ground.shotdock("connections", "list")
        for row in chosen:
            try:
                result = row.run(ground, arguments.scale, arguments.rounds)
            except (ServerMissing, Wrong) as trouble:
                # A peer's trouble stands in the table; this is the server's or ShotDock's own.
                _say(f"\n{row.name}: not measured: {trouble}")
                status = 1
                continue
            _say(terminal(result))
            kept[row.name] = result
            _keep(kept, arguments.json, arguments.markdown)
    return status


def _means(wanted: str, name: str) -> bool:
    """Tell whether a row is meant: by its name, its family's (P3) or a pattern."""
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in (wanted, f"{wanted}-*"))


def _load(path: Path | None) -> dict[str, Result]:
    if path is None or not path.exists():
        return {}
    return {kept["row"]: from_dict(kept) for kept in json.loads(path.read_text())["rows"]}


def _keep(results: dict[str, Result], figures: Path | None, page: Path | None) -> None:
    ordered = [results[row.name] for row in ROWS if row.name in results]
    if figures is not None:
        kept = {"machine": machine(), "versions": versions(), "rows": [as_dict(result) for result in ordered]}
        figures.write_text(json.dumps(kept, indent=1) + "\n")
    if page is not None:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(markdown(ordered, machine(), versions()))


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
