"""Make the fixture of today's schema: `python -m tests.databases.make`, once, before a schema ships.

How a new schema gets its fixture:
  1. write the step `desktop/store/migrations/mNNNN_words.py` and add it to MIGRATIONS;
  2. run this: it writes `schema-NNNN.db` through the store itself, with something in every table;
  3. commit the file. It is never made again: it is what people have on their disks.
The older fixtures stay as they are; `test_shipped.py` migrates every one of them.
"""

from dataclasses import replace
from pathlib import Path

from desktop.core.connection import parse_connection
from desktop.core.errors import ConnectionLost
from desktop.core.hours import parse_hours
from desktop.core.job import Artifact, Content, Download, Job, JobState, Outcome
from desktop.core.plan import Action, Filters, ItemState
from desktop.core.routine import Routine, Source
from desktop.core.schedule import After, Priority, Repeat
from desktop.core.task import FileResult, LogLine, TaskEvent, advance
from desktop.store.database import Store
from desktop.store.migrations import MIGRATIONS
from desktop.store.tasks import FileOutcome
from tests.store.samples import TOKEN, item, plan, structure

FOLDER = Path(__file__).parent
SHA256 = "ab" * 32


def job() -> Job:
    """Return a job as it is added."""
    zipped = Artifact("results", "Results", True, 5000, "r-7.zip", Content.RESULTS, "farm", "/api/jobs/r-7/download")
    return Job(
        0,
        "farm",
        "reconstruction",
        "r-7",
        message="Meshing",
        artifacts=(zipped,),
        missing=("nvdiffrec/mesh.glb",),
        expires=1_700_086_400.0,
        added=1_700_000_002.0,
        heard=1_700_000_003.0,
        parameters={"rows": 100, "format": "csv"},
        follow=Path("/mnt/work/VEGA"),
    )


def routine() -> Routine:
    """Return a routine as it is added."""
    request = replace(plan().request, filters=Filters(shot=("SH0*",), department=("anim",)))
    return Routine(
        0,
        "Nightly",
        request,
        Repeat(days=1),
        1_700_086_400.0,
        (Source("sftp://ann@render.example/projects/luts", "luts"),),
        identity="~/.ssh/id",
        window=parse_hours("22:00-06:00 mon-fri"),
        after=After.NOTIFY,
        priority=Priority.LOW,
        created=1_700_000_000.0,
        last_run=1_700_000_100.0,
        last_task=1,
        last_result="3 files came.",
    )


def fill(store: Store) -> None:
    """Put something into every table."""
    connection, _ = parse_connection("vega", "sftp://ann@render.example:2222/projects", "default", "~/.ssh/id", 8)
    store.connections.save(connection)
    store.structures.save(structure())
    store.recent.remember(Path("/mnt/work/shots"))
    words = "Version v005 not available, available: v001, v002"
    task = store.tasks.create(
        plan(
            item("VEGA/SQ01/SH010", [Action.DOWNLOAD, Action.RESUME, Action.SKIP, Action.BLOCKED]),
            item("VEGA/SQ01/SH020", [], ItemState.SKIPPED, words),
        ),
        TOKEN,
        "Monday",
        1_700_000_000.0,
    )
    store.tasks.save(advance(task, TaskEvent.START, 1_700_000_001.0))
    first, second, *_ = store.tasks.files(task.id)
    error = ConnectionLost("The line broke.", "After 400 of 1000 bytes.", "Try again.", second.source).as_dict()
    task = store.tasks.record(
        task.id,
        [
            FileOutcome(first.id, FileResult.DOWNLOADED, transferred=1000, sha256=SHA256),
            FileOutcome(second.id, FileResult.FAILED, transferred=400, error=error),
        ],
    )
    store.tasks.save(advance(task, TaskEvent.FAIL, 1_700_000_009.0, "The line broke."))
    store.jobs.save((replace(store.jobs.add(job()), state=JobState.DONE, progress=100.0),))
    results = Path("/mnt/work/VEGA/results")
    held = Download(0, "results", task.id, results / "r-7.zip", Content.RESULTS, Outcome.HELD, None, "psnr is 18.")
    store.jobs.add_downloads(1, [held])
    store.routines.add(routine())
    store.events.add([LogLine(1_700_000_009.0, "ERROR", "The line broke.", task.id, "VEGA/SQ01/SH010")])


def main() -> None:
    """Write the fixture; refuse to write one twice."""
    path = FOLDER / f"schema-{len(MIGRATIONS):04d}.db"
    if path.exists():
        raise SystemExit(f"{path.name} has shipped: it is never made again.")
    with Store.open(path) as store:
        fill(store)
    path.with_name(path.name + "-journal").unlink()
    path.chmod(0o644)
    print(path)


if __name__ == "__main__":
    main()
