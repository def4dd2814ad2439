"""Commits in groups: a folder that cannot be synced, a thread that dies, and nobody left waiting."""

import threading
from pathlib import Path

import pytest

from desktop.core.errors import ShotDockError, TargetUnwritable
from desktop.core.task import FileResult
from desktop.transfer import committer
from desktop.transfer.committer import Committer
from desktop.transfer.jobs import Job, JobDone
from tests.transfer.scripted import Shelf, carry, make_run

R = FileResult


class Folders:
    """Folders of which the first sync fails. ready: what it waits for before."""

    def __init__(self, error: Exception, ready: threading.Event | None = None) -> None:
        self._error: Exception | None = error
        self._ready = ready

    def sync(self, folders: set[str]) -> None:
        error, self._error = self._error, None
        if error is not None:
            if self._ready is not None:
                assert self._ready.wait(20)
            raise error


def bring(root: Path, shelf: Shelf, folders: Folders, count: int) -> list[JobDone]:
    jobs = [Job(i, "s", shelf.put(f"/{i}", 100), root / f"{i}") for i in range(count)]
    run = make_run(root, jobs)
    run._committer = Committer(folders)
    results = carry(run, shelf)
    return [results[job.id] for job in jobs]


def test_a_file_whose_folder_cannot_be_synced_is_not_called_done(tmp_path: Path) -> None:
    refused = TargetUnwritable("The disk is gone.", path=str(tmp_path))
    [done] = bring(tmp_path, Shelf(), Folders(refused), 1)
    assert (done.result, done.error) == (R.FAILED, refused)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_of_ours_costs_the_files_of_its_group_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread dies of it; what waits behind it is committed by another, and the run comes to its end."""
    monkeypatch.setattr(committer, "GROUP", 1)
    monkeypatch.setattr(committer, "THREADS", 1)
    third = threading.Event()
    shelf = Shelf(on_open=lambda path, count: third.set() if path == "/2" else None)
    first, *others = bring(tmp_path, shelf, Folders(ZeroDivisionError("a fault of ours"), third), 3)
    assert first.result is R.FAILED
    assert isinstance(first.error, ShotDockError)
    assert "could not be put into place" in first.error.title
    assert [done.result for done in others] == [R.DOWNLOADED] * 2
