"""`shotdock verify`: whether what was brought to a folder is still there, and still what it was.

Receipts are the history's: what another home folder's ShotDock brought, or tasks that were forgotten, is not known.
"""

import time
from pathlib import Path

import click

from desktop.cli import options, status
from desktop.cli.group import Verb
from desktop.cli.output import Output
from desktop.cli.progress import Meter, took
from desktop.core.errors import UsageError
from desktop.core.units import format_bytes
from desktop.core.verify import Checked, Known, Verdict
from desktop.places import Places
from desktop.store.database import Store
from desktop.studio.verify import check, spots

_TITLES = {
    Verdict.MISSING: "is missing",
    Verdict.OTHER_SIZE: "has another size",
    Verdict.CHANGED: "was changed",
    Verdict.DAMAGED: "is damaged",
    Verdict.UNREADABLE: "cannot be read",
}
_EVERY = 0.1
"""Seconds between two looks at the meter: 100,000 files are looked at in a few seconds."""
_AGAIN = "If nobody meant it, bring it again with --conflict overwrite."
_HELP = {
    # Whatever compares size and date would take it for the same.
    Verdict.DAMAGED: "Check the disk, then bring it again with --conflict overwrite.",
    Verdict.UNREADABLE: "See that you may read it, check the disk, then verify again.",
}


def _counts(files: int = 0, hashed: int = 0) -> dict[str, int]:
    return {"known": files, "hashed": hashed, **{verdict.value.replace("-", "_"): 0 for verdict in Verdict}}


SHAPE: dict[str, object] = {
    "destination": None,
    "files": _counts(),
    "bytes": {"hashed": 0, "read": 0},
    "seconds": 0.0,
    "errors": [],
}


@click.command(cls=Verb, shape=SHAPE)
@click.argument("dest", type=options.FOLDER)
@click.pass_obj
def verify(output: Output, dest: Path) -> int:
    """Check every file that was brought to the folder DEST against its newest receipt.

    Nothing is changed. Files that came with --verify are read and their SHA-256 compared; of the others, size and date
    are. Exits with 1 if one is missing, was changed or is damaged.
    """
    began = time.monotonic()
    folder = options.local_folder(dest)
    if not folder.is_dir():
        raise UsageError(
            title=f"{folder} is no folder.",
            cause="There is nothing of this name.",
            suggestion="Name the folder that files were brought to; connect its disk or share if it is on one.",
            path=str(folder),
        )
    with Store.open(Places.find().database) as store:
        known = store.receipts.gather(spots(folder, store.receipts.destinations()))
        if known.running:
            output.warn("a task to this folder is not over: what it replaces meanwhile may be told as changed.")
        check_up = _CheckUp(output, folder, known)
        try:
            for checked in check(folder, store.receipts.noted(), check_up.read):
                check_up.take(checked)
        finally:
            check_up.clear()
    return check_up.report(time.monotonic() - began)


class _CheckUp:
    """What was found so far. Faults are printed as they are found; only --json keeps them."""

    def __init__(self, output: Output, folder: Path, known: Known) -> None:
        self._output, self._folder, self._known = output, folder, known
        self._meter = Meter(output)
        self._counts = _counts(known.files, known.hashed)
        self._seen = self._read = 0
        self._shown = time.monotonic()
        self._rows: list[dict[str, object]] = []

    def read(self, count: int) -> None:
        """Take bytes that were read."""
        self._read += count
        self._show()

    def take(self, checked: Checked) -> None:
        """Take a file that was checked."""
        self._seen += 1
        self._counts[checked.verdict.value.replace("-", "_")] += 1
        if checked.verdict is not Verdict.WHOLE:
            self._meter.clear()
            if self._output.json:
                self._rows.append(self._row(checked))
            name, title = checked.noted.path, _TITLES[checked.verdict]
            self._output.line(f"{name} {title}: {checked.cause} (task {checked.noted.task})")
        self._show()

    def clear(self) -> None:
        """Wipe the meter's line, however the check ended."""
        self._meter.clear()

    def report(self, seconds: float) -> int:
        """Print how it went and return the exit status."""
        known, counts = self._known, self._counts
        bad = counts["known"] - counts["whole"]
        self._output.answer(
            {
                "status": "failed" if bad else "done",
                "destination": str(self._folder),
                "files": counts,
                "bytes": {"hashed": known.size, "read": self._read},
                "seconds": round(seconds, 3),
                "errors": self._rows,
            }
        )
        if not known.files:
            self._output.summary(f"Nothing to check: the history knows of no file that came to {self._folder}.")
            return status.DONE
        faults = "".join(
            f", {count} {verdict.value.replace('-', ' ')}"
            for verdict in _TITLES
            if (count := counts[verdict.value.replace("-", "_")])
        )
        dated = known.files - known.hashed
        how = (f"{known.hashed} by SHA-256" if known.hashed else "", f"{dated} by size and date only" if dated else "")
        self._output.summary(
            f"{counts['whole']} of {known.files} files whole{faults}; checked {' and '.join(filter(None, how))}: "
            f"{format_bytes(self._read)} read in {took(seconds)}."
        )
        return status.FAILED if bad else status.DONE

    def _row(self, checked: Checked) -> dict[str, object]:
        """Return a fault as CLI.md's `errors` rows spell it, with the number of the task that brought the file."""
        path = self._folder / checked.noted.path
        return {
            "path": str(path),
            "kind": checked.verdict.value,
            "title": f"{path.name} {_TITLES[checked.verdict]}.",
            "cause": f"{checked.cause[:1].upper()}{checked.cause[1:]}.",
            "suggestion": _HELP.get(checked.verdict, _AGAIN),
            "retryable": False,
            "task": checked.noted.task,
        }

    def _show(self) -> None:
        if (now := time.monotonic()) - self._shown < _EVERY:
            return
        self._shown = now
        self._meter.checking(self._seen, self._known.files, self._read, self._known.size)
