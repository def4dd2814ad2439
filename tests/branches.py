"""Tell which branches the tests take of what bytes and memory depend on; fail if too few of them.

    python -m tests.branches tests/transfer tests/store tests/contracts -n 2     # run these, then tell
    python -m tests.branches                                                     # tell what was run before

Words are pytest's own. What tests start is measured with them; what they kill tells nothing, and before Python 3.12
neither does what a started program does on Qt's threads: figures are what was taken at least.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import coverage

PARTS = {"transfer": "desktop/transfer/", "store": "desktop/store/", "the name gate": "desktop/transfer/names.py"}
LEAST = 95.0
"""Per cent of its branches that a part's tests take."""


def measure(words: list[str]) -> int:
    """Forget what was measured before, and run pytest with these words; return its status."""
    coverage.Coverage().erase()
    return subprocess.run([sys.executable, "-m", "coverage", "run", "-m", "pytest", *words], check=False).returncode


def branches() -> dict[str, tuple[int, int, list[str]]]:
    """Return how many branches of each file were taken, of how many, and the lines that begin the others."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        measured = coverage.Coverage()
        measured.combine(keep=True)
        measured.json_report(outfile=str(report))
        files = json.loads(report.read_text("utf-8"))["files"]
    return {
        name: (
            told["summary"]["covered_branches"],
            told["summary"]["num_branches"],
            [f"{start}->{end if end > 0 else 'end'}" for start, end in told["missing_branches"]],
        )
        for name, told in files.items()
    }


def main() -> int:
    """Print a line for each file with a branch not taken, then one for each part; return 1 if one falls short."""
    if (words := sys.argv[1:]) and (failed := measure(words)):
        return failed
    files = branches()
    for name, (taken, of, missed) in sorted(files.items()):
        if missed:
            print(f"{taken / of:7.1%}  {taken:4} of {of:4}  {name}: {', '.join(missed)}")
    short = False
    for part, prefix in PARTS.items():
        found = [(taken, of) for name, (taken, of, _) in files.items() if Path(name).as_posix().startswith(prefix)]
        taken, of = sum(taken for taken, _ in found), sum(of for _, of in found)
        share = 100 * taken / max(1, of)
        short |= share < LEAST
        print(f"{part}: {share:.2f} % of its {of} branches{f', {LEAST:.0f} % are wanted' if share < LEAST else ''}")
    return int(short)


if __name__ == "__main__":
    sys.exit(main())
