"""Jobs as the window and the command line see them: added, started, followed, fetched."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop.core.job import Job, KindInfo, ModelResult, Table
from desktop.core.plan import Plan, Request
from desktop.core.task import Task
from desktop.work.background import Failed, Work


class JobDesk(QObject):
    """The remembered jobs, and what is done with them; every call returns at once, answers come on this thread.

    Signals: listed (tuple of every Job, once after `load`), changed (tuple of Job that are new or moved), removed
    (tuple of job ids). Running jobs are asked after by themselves, those that are over only while somebody watches.
    """

    listed = Signal(object)
    changed = Signal(object)
    removed = Signal(object)

    def load(self) -> None:
        """Ask for every job; the answer is the signal `listed`."""
        raise NotImplementedError

    def all(self) -> tuple[Job, ...]:
        """Return the jobs as they are known now, the newest first."""
        raise NotImplementedError

    def get(self, job_id: int) -> Job | None:
        """Return one job, or None."""
        raise NotImplementedError

    @property
    def kinds(self) -> tuple[KindInfo, ...]:
        """Return every kind of job there is."""
        raise NotImplementedError

    def recognise(self, text: str) -> tuple[tuple[str, str], ...]:
        """Return (kind, server or "") of every kind that a pasted URL or id may be of; nobody is asked."""
        raise NotImplementedError

    def add(self, server: str, kind: str, text: str, then: Callable[[Job], None], failed: Failed) -> None:
        """Remember a job by its id or its URL, and ask after it at once; one that is known already is the answer.

        server: a connection's name or the URL of the API; "" takes it from the pasted URL. failed: UsageError for
        what is no id of this kind, or no web server.
        """
        raise NotImplementedError

    def complaints(self, kind: str, values: Mapping[str, object]) -> dict[str, str]:
        """Return what is wrong with a start form's values, field by field, in words; {} if nothing is."""
        raise NotImplementedError

    def start(
        self, server: str, kind: str, values: Mapping[str, object], then: Callable[[Job], None], failed: Failed
    ) -> Work | None:
        """Start a job on the server and remember it.

        values: by the kind's fields, e.g. {"rows": 100, "format": "csv"} for "export". failed: UsageError for
        values that do not do, before anything is sent; else what the server said.
        """
        raise NotImplementedError

    def refresh(self, ids: Iterable[int]) -> None:
        """Ask after these jobs now, whatever they were waiting for."""
        raise NotImplementedError

    def remove(self, ids: Iterable[int]) -> None:
        """Forget these jobs; what was fetched stays, on the server nothing happens."""
        raise NotImplementedError

    def watch(self) -> None:
        """Note that somebody looks at the jobs: also those that are over are asked after, once in a while."""
        raise NotImplementedError

    def unwatch(self) -> None:
        """Note that nobody looks any more."""
        raise NotImplementedError

    def follow(self, job_id: int, folder: Path | None) -> None:
        """Fetch the job's artifacts to the folder by itself once it is done; None takes the wish back."""
        raise NotImplementedError

    def folder(self, job_id: int, root: Path, project: str = "", shot: str = "") -> Path:
        """Return where a job's artifacts go below a root, by the settings' template; empty parts are left out."""
        raise NotImplementedError

    def plan(
        self, job_id: int, artifacts: Sequence[str], request: Request, then: Callable[[Plan], None], failed: Failed
    ) -> Work:
        """Plan to fetch these artifacts, all available ones if none is named; nothing is touched.

        request: destination, conflict and options count. The server is asked anew, so that links are fresh. failed:
        NotFound for what is not there (any more), else what keeps us from the server.
        """
        raise NotImplementedError

    def submit(self, job_id: int, plan: Plan, then: Callable[[Task], None] | None = None, start: bool = True) -> None:
        """Make the plan a task of the queue, remembered with its job; what follows a download is done by itself."""
        raise NotImplementedError

    def unpack(self, job_id: int, artifact: str, failed: Failed) -> None:
        """Unpack fetched results whatever their quality; the answer is `changed`, `failed` tells what hindered it."""
        raise NotImplementedError

    def results(self, job_id: int, then: Callable[[tuple[ModelResult, ...]], None], failed: Failed) -> Work:
        """Read what fetched results say of each model: previews as files, quality.json as judged numbers."""
        raise NotImplementedError

    def preview(self, job_id: int, then: Callable[[Table], None], failed: Failed) -> Work:
        """Read the first rows of a fetched table."""
        raise NotImplementedError

    def pack(self, folder: Path, target: Path, then: Callable[[tuple[str, ...]], None], failed: Failed) -> Work:
        """Pack a local or mounted output folder as a result ZIP; `then` gets what is absent. failed: what is missing.

        Both IncompleteResultsError and what the disk says come as errors; nothing is left at the target then.
        """
        raise NotImplementedError
