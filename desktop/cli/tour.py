"""The tour of the demo studio: every strategy over every protocol, gallery and jobs; every byte checked."""

import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from desktop.cli import status
from desktop.cli.carry import Transfer, engine
from desktop.cli.look import fresh_structure
from desktop.cli.output import Output
from desktop.cli.progress import took
from desktop.cli.session import Answer, Session
from desktop.cli.tour_notes import Notes, figures
from desktop.cli.tour_web import tour_gallery, tour_jobs
from desktop.core.errors import ShotDockError
from desktop.core.media import Compared, Publication, ShotState, Structure, Version
from desktop.core.plan import CustomVersions, Filters, Plan, Request, VersionStrategy
from desktop.core.task import Task
from desktop.core.units import format_bytes
from desktop.demo.studio import SHOWS, Fingerprint, Studio
from desktop.demo.tour import differences, part_files
from desktop.work.library import PlainSource
from desktop.work.sites import Door

SHAPE: dict[str, object] = {"steps": []}
EDITED = b"edited by hand\n"
SHOT, DEPARTMENT = "SH030", "lighting"
"""What the conflict strategies are shown on."""


def tour(output: Output, studio: Studio, downloads: Path) -> int:
    """Walk through the studio, print what was done, and return 0 only if all of it held."""
    notes = Notes(output)
    began = time.monotonic()
    with engine() as run:
        for protocol in ("sftp", "ftp"):
            guide = _Guide(run, output, studio, protocol, downloads / protocol, notes)
            guide.look()
            guide.versions()
            guide.conflicts()
            guide.plain()
        tour_gallery(run, output, studio.gallery, downloads / "gallery", notes)
        tour_jobs(run, output, studio.jobs, downloads / "jobs", notes)
    steps = notes.steps
    broken = [step for step in steps if step.problems]
    output.answer(
        {
            "status": "failed" if broken else "done",
            "steps": [
                {
                    "protocol": step.protocol,
                    "name": step.name,
                    "figures": step.figures,
                    "ok": not step.problems,
                    "problems": list(step.problems),
                    "seconds": step.seconds,
                }
                for step in steps
            ],
            "errors": [
                ShotDockError(f"{step.protocol}: {step.name}", problem).as_dict()
                for step in broken
                for problem in step.problems
            ],
        }
    )
    output.line(
        f"{len(steps) - len(broken)} of {len(steps)} steps held, every byte compared with what the studio published, "
        f"in {took(time.monotonic() - began)}."
    )
    return status.FAILED if broken else status.DONE


class _Guide:
    """Leads through the studio over one protocol."""

    def __init__(self, run: Session, output: Output, studio: Studio, protocol: str, folder: Path, notes: Notes) -> None:
        self._run, self._output, self._studio = run, output, studio
        self._protocol, self._folder, self._notes = protocol, folder, notes
        self._connection = f"demo-{protocol}"
        self._structure = self._scan()

    def look(self) -> None:
        """Scan, and compare with an empty folder."""
        structure, manifest = self._structure, self._studio.manifest()
        problems = []
        if structure.files != len(manifest):
            problems.append(f"The scan found {structure.files} of {len(manifest)} files.")
        found = f"{structure.shots} shots, {structure.versions} versions, {structure.files} files"
        self._notes.add(self._protocol, "scan", f"{found}, {format_bytes(structure.bytes)}", problems)
        rows = self._compare(self._folder / "nothing-yet")
        strange = [f"{row.key.label} {row.department} is {row.state}." for row in rows if row.state not in _FRESH]
        gaps = [f"{row.key.shot} {row.frames}" for row in rows if row.missing]
        self._notes.add(
            self._protocol,
            "compare with an empty folder",
            f"{len(rows)} rows to fetch; gaps: {', '.join(gaps)}",
            strange,
        )

    def versions(self) -> None:
        """Fetch with every version strategy, each into a folder of its own."""
        publications = self._structure.publications
        custom: CustomVersions = {
            (p.key.shot, p.department): p.versions[0].label for p in publications[:5] if p.versions
        }
        wishes: tuple[tuple[str, Request, Iterable[Version | None]], ...] = (
            ("latest", self._request("latest"), [p.latest for p in publications]),
            (
                "specific v005",
                self._request("specific", VersionStrategy.SPECIFIC, specific="v005"),
                [p.version("v005") for p in publications],
            ),
            (
                "all",
                self._request("all", VersionStrategy.ALL),
                [version for p in publications for version in p.versions],
            ),
            (
                "custom",
                self._request("custom", VersionStrategy.CUSTOM, custom=custom),
                [p.versions[0] for p in publications[:5] if p.versions],
            ),
        )
        for name, request, chosen in wishes:
            plan, task = self._fetch(request)
            wanted = self._published(version for version in chosen if version)
            problems = [*differences(request.destination, wanted), *_leftovers(request.destination)]
            left_out = f", {len(plan.warnings)} warnings" if plan.warnings else ""
            self._notes.add(self._protocol, f"fetch, versions: {name}", f"{figures(task)}{left_out}", problems)
        again, task = self._fetch(self._request("latest"))
        problems = [] if task.files.downloaded == 0 else [f"{task.files.downloaded} files came twice."]
        self._notes.add(self._protocol, "fetch latest again", f"{again.totals().transfers} files to fetch", problems)
        rows = self._compare(self._folder / "latest")
        problems = [f"{row.key.label} {row.department} is {row.state}." for row in rows if row.state in _UNDONE]
        self._notes.add(self._protocol, "compare after the fetch", f"{len(rows)} rows up to date", problems)

    def conflicts(self) -> None:
        """Fetch over files that are there already, with every conflict strategy."""
        publication = next(p for p in self._structure.publications if _is_shown(p))
        latest = publication.latest
        assert latest is not None
        path = latest.files[0].path
        wanted = self._published([latest])
        for conflict in ("skip", "compare", "overwrite", "keep_both"):
            request = self._request(f"conflict-{conflict}", conflict=conflict, only=True)
            file = request.destination / path.removeprefix(SHOWS).strip("/")
            self._fetch(request)
            if conflict == "compare":
                wanted[path] = self._studio.make_newer(path)
                self._structure = self._scan()
                expected, kept = wanted, b""
            else:
                kept = EDITED
                file.write_bytes(EDITED)
                expected = wanted
            _, task = self._fetch(request)
            problems = self._judge(conflict, request.destination, file, kept, expected)
            self._notes.add(self._protocol, f"fetch over existing files: {conflict}", figures(task), problems)

    def plain(self) -> None:
        """Take a shot's folder whole by its URL."""
        publication = next(p for p in self._structure.publications if _is_shown(p))
        target = self._folder / "plain"
        request = Request(connection="", destination=target)
        source = PlainSource(f"{self._connection}:{publication.path}")
        answer = Answer[Plan](self._run)
        library = self._run.services.library
        plan = answer.of(library.plan_plain([source], Door(), request, answer.then, answer.failed))
        task = self._carry(plan)
        below = f"{publication.path}/"
        wanted = {path: found for path, found in self._studio.manifest().items() if path.startswith(below)}
        problems = differences(target / publication.path.rpartition("/")[2], wanted, publication.path)
        self._notes.add(self._protocol, f"get the folder {publication.path}", figures(task), problems)

    def _judge(
        self, conflict: str, folder: Path, file: Path, kept: bytes, expected: Mapping[str, Fingerprint]
    ) -> list[str]:
        """Return what is not as the strategy promises, in words."""
        if conflict == "skip":
            return [] if file.read_bytes() == kept else [f"{file.name} was not left as it was."]
        if conflict == "keep_both":
            backups = sorted(file.parent.glob("*_backup_*"))
            mine = [backup for backup in backups if backup.name.startswith(f"{file.stem}_backup_")]
            problems = [] if [backup.read_bytes() for backup in mine] == [kept] else [f"The old {file.name} is gone."]
            for backup in backups:
                backup.unlink()
            return problems + differences(folder, expected)
        return differences(folder, expected)

    def _scan(self) -> Structure:
        return fresh_structure(self._run, self._output, self._connection)[0]

    def _compare(self, folder: Path) -> list[Compared]:
        answer = Answer[list[Compared]](self._run)
        return answer.of(self._run.services.library.compare(self._structure, folder, answer.then, answer.failed))

    def _request(
        self,
        folder: str,
        strategy: VersionStrategy = VersionStrategy.LATEST,
        *,
        specific: str | None = None,
        custom: CustomVersions | None = None,
        conflict: str = "skip",
        only: bool = False,
    ) -> Request:
        filters = Filters(shot=(SHOT,), department=(DEPARTMENT,)) if only else Filters()
        return Request(self._connection, self._folder / folder, filters, strategy, specific, custom or {}, conflict)

    def _fetch(self, request: Request) -> tuple[Plan, Task]:
        answer = Answer[Plan](self._run)
        library = self._run.services.library
        plan = answer.of(library.plan(request, self._structure, answer.then, answer.failed))
        return plan, self._carry(plan)

    def _carry(self, plan: Plan) -> Task:
        transfer = Transfer(self._run, self._output, time.monotonic())
        transfer.take(plan, plan.warnings)
        transfer.submit()
        self._run.check()
        return transfer.task

    def _published(self, versions: Iterable[Version]) -> dict[str, Fingerprint]:
        manifest = self._studio.manifest()
        return {file.path: manifest[file.path] for version in versions for file in version.files}


_FRESH = (ShotState.NEW, ShotState.INCOMPLETE, ShotState.STILL_UPLOADING)
_UNDONE = (ShotState.NEW, ShotState.UPDATE, ShotState.STILL_UPLOADING)


def _is_shown(publication: Publication) -> bool:
    return (publication.key.shot, publication.department) == (SHOT, DEPARTMENT)


def _leftovers(folder: Path) -> list[str]:
    return [f"{path.name} was left behind." for path in part_files(folder)]
