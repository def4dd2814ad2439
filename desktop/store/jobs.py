"""Long-running jobs and what was fetched of them, kept across restarts."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from desktop.core.job import Artifact, Content, Download, Job, JobState, Outcome
from desktop.core.redaction import redact
from desktop.store.access import Access, loaded
from desktop.store.owner import alive
from desktop.store.tables import DownloadRow, JobRow

_TOLD = ("state", "progress", "message", "artifacts", "missing", "expires", "heard")
"""What a look at the server changes."""


class Jobs:
    """The jobs that are followed."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def all(self) -> tuple[Job, ...]:
        """Return every job with its downloads, the newest first."""
        downloads: dict[int, list[Download]] = {}
        for row in self._access.rows(DownloadRow.select().order_by(DownloadRow.id)):
            downloads.setdefault(row[1], []).append(_download(row))
        rows = self._access.rows(JobRow.select().order_by(JobRow.id.desc()))
        return tuple(_job(row, tuple(downloads.get(row[0], ()))) for row in rows)

    def add(self, job: Job) -> Job:
        """Keep a new job and return it with its id; of one that is known already, return what is kept."""
        with self._access.writing():
            known = self._access.row(
                JobRow.select().where(
                    JobRow.server == job.server, JobRow.kind == job.kind, JobRow.remote_id == job.remote_id
                )
            )
            if known is not None:
                return _job(known, self._downloads(known[0]))
            number = self._access.insert(JobRow, _row(job))
        return replace(job, id=number)

    def save(self, jobs: Iterable[Job]) -> None:
        """Keep what was heard of these jobs, in one transaction; those forgotten in the meantime stay so."""
        with self._access.writing():
            for job in jobs:
                row = _row(job)
                change = JobRow.update({name: row[name] for name in _TOLD}).where(JobRow.id == job.id)
                self._access.run(change)

    def follow(self, job_id: int, folder: Path | None) -> None:
        """Keep where a job's artifacts are to go by themselves, apart from what is heard: another program may hear."""
        with self._access.writing():
            self._access.run(JobRow.update({"follow": _text(folder)}).where(JobRow.id == job_id))

    def remove(self, ids: Sequence[int]) -> None:
        """Forget these jobs and their downloads; files stay where they are."""
        with self._access.writing():
            self._access.run(JobRow.delete().where(JobRow.id.in_(list(ids))))

    def add_downloads(self, job_id: int, downloads: Iterable[Download]) -> tuple[Download, ...]:
        """Keep new downloads of a job and return them with their ids; none if the job was forgotten."""
        with self._access.writing():
            if self._access.row(JobRow.select(JobRow.id).where(JobRow.id == job_id)) is None:
                return ()
            added = tuple(downloads)
            ids = [self._access.insert(DownloadRow, {"job": job_id, "owner": "", **_kept(one)}) for one in added]
        return tuple(replace(one, id=number) for one, number in zip(added, ids, strict=True))

    def save_download(self, download: Download) -> None:
        """Keep what became of a download; nobody works at it any more."""
        with self._access.writing():
            self._access.run(DownloadRow.update({"owner": "", **_kept(download)}).where(DownloadRow.id == download.id))

    def claim(self, download: Download, owner: str) -> bool:
        """Note that this process checks and unpacks the download; return False if another one that lives does."""
        with self._access.writing():
            row = self._access.row(DownloadRow.select(DownloadRow.owner).where(DownloadRow.id == download.id))
            if row is None or (row[0] and row[0] != owner and alive(row[0])):
                return False
            checking = replace(download, outcome=Outcome.CHECKING)
            self._access.run(
                DownloadRow.update({**_kept(checking), "owner": owner}).where(DownloadRow.id == download.id)
            )
        return True

    def _downloads(self, job_id: int) -> tuple[Download, ...]:
        query = DownloadRow.select().where(DownloadRow.job == job_id).order_by(DownloadRow.id)
        return tuple(map(_download, self._access.rows(query)))


def _row(job: Job) -> dict[str, Any]:
    return {
        "server": job.server,
        "kind": job.kind,
        "remote_id": job.remote_id,
        "state": job.state.value,
        "progress": job.progress,
        "message": redact(job.message),
        "artifacts": json.dumps([asdict(artifact) for artifact in job.artifacts]),
        "missing": json.dumps(job.missing),
        "expires": job.expires,
        "added": job.added,
        "heard": job.heard,
        "parameters": json.dumps(job.parameters),
        "follow": _text(job.follow),
    }


def _job(row: tuple[Any, ...], downloads: tuple[Download, ...]) -> Job:
    number, server, kind, remote_id, state, progress, message, artifacts, missing, expires, added, heard, *rest = row
    parameters, follow = rest
    return Job(
        number,
        server,
        kind,
        remote_id,
        JobState(state),
        progress,
        loaded(message),
        tuple(Artifact(**{**artifact, "content": Content(artifact["content"])}) for artifact in json.loads(artifacts)),
        tuple(json.loads(missing)),
        expires,
        added,
        heard,
        json.loads(parameters),
        None if follow is None else Path(loaded(follow)),
        downloads,
    )


def _kept(download: Download) -> dict[str, Any]:
    return {
        "artifact": download.artifact,
        "task": download.task,
        "content": download.content.value,
        "outcome": download.outcome.value,
        "path": str(download.path),
        "folder": _text(download.folder),
        "note": redact(download.note),
    }


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _download(row: tuple[Any, ...]) -> Download:
    number, _job_id, artifact, task, content, outcome, path, folder, note, _owner = row
    return Download(
        number,
        artifact,
        task,
        Path(loaded(path)),
        Content(content),
        Outcome(outcome),
        None if folder is None else Path(loaded(folder)),
        loaded(note),
    )
