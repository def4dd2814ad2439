"""Jobs as the database remembers them."""

import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from desktop.core.job import Artifact, Content, Download, Job, JobState, Outcome
from desktop.store.database import Store
from desktop.store.owner import this_process

ZIP = Artifact("results", "Results", True, 70, "r.zip", Content.RESULTS, "https://farm.example", "/jobs/r/download")


def job(remote_id: str = "r-7", **changes: Any) -> Job:
    return replace(Job(0, "farm", "reconstruction", remote_id, added=5.0), **changes)


def fetched(outcome: Outcome = Outcome.UNDER_WAY) -> Download:
    return Download(0, "results", 3, Path("/work/r.zip"), Content.RESULTS, outcome)


def test_a_job_comes_back_as_it_was(store: Store) -> None:
    whole = job(
        state=JobState.INCOMPLETE,
        progress=41.5,
        message="Two items are missing",
        artifacts=(ZIP,),
        missing=("nvdiffrec/mesh.glb", "nvdiffrec/mesh.obj"),
        expires=9_000.0,
        heard=7.0,
        parameters={"rows": 200, "format": "tsv"},
        follow=Path("/work/tables"),
    )
    added = store.jobs.add(whole)
    assert store.jobs.all() == (added,) == (replace(whole, id=added.id),)


def test_one_job_of_a_server_is_kept_once(store: Store) -> None:
    first = store.jobs.add(job())
    store.jobs.save((replace(first, state=JobState.DONE),))
    assert store.jobs.add(job()) == replace(first, state=JobState.DONE)
    assert store.jobs.add(replace(job(), server="other")).id != first.id
    assert [one.server for one in store.jobs.all()] == ["other", "farm"]


def test_what_was_heard_is_kept_and_what_was_asked_stays(store: Store) -> None:
    added = store.jobs.add(job(parameters={"rows": 1}))
    store.jobs.save((replace(added, state=JobState.EXPIRED, remote_id="another", parameters={}),))
    (kept,) = store.jobs.all()
    assert (kept.state, kept.remote_id, kept.parameters) == (JobState.EXPIRED, "r-7", {"rows": 1})


def test_a_forgotten_job_stays_forgotten(store: Store) -> None:
    added = store.jobs.add(job())
    store.jobs.add_downloads(added.id, [fetched()])
    store.jobs.remove([added.id])
    store.jobs.save((added,))
    assert store.jobs.add_downloads(added.id, [fetched()]) == ()
    assert store.jobs.all() == ()


def test_downloads_come_back_oldest_first(store: Store) -> None:
    added = store.jobs.add(job())
    first, second = store.jobs.add_downloads(added.id, [fetched(), replace(fetched(), task=4)])
    done = replace(first, outcome=Outcome.UNPACKED, folder=Path("/work/r"), note="Unpacked.")
    store.jobs.save_download(done)
    (kept,) = store.jobs.all()
    assert kept.downloads == (done, second)
    assert kept.download("results") == second


def test_one_process_at_a_time_works_at_a_download(store: Store) -> None:
    added = store.jobs.add(job())
    (download,) = store.jobs.add_downloads(added.id, [fetched()])
    # A process of another machine cannot be asked whether it lives.
    assert store.jobs.claim(download, "elsewhere:1:0")
    assert not store.jobs.claim(download, this_process())
    store.jobs.save_download(replace(download, outcome=Outcome.UNPACKED))
    assert store.jobs.claim(download, this_process())
    assert store.jobs.claim(download, this_process())


def test_what_a_process_that_is_gone_left_is_taken_over(store: Store) -> None:
    added = store.jobs.add(job())
    (download,) = store.jobs.add_downloads(added.id, [fetched()])
    host, _pid, _start = this_process().split(":", 2)
    assert store.jobs.claim(download, f"{host}:{os.getpid()}:long ago")
    assert store.jobs.claim(download, this_process())
    assert store.jobs.all()[0].downloads[0].outcome is Outcome.CHECKING


def test_no_secret_gets_into_the_file(store: Store, path: Path) -> None:
    added = store.jobs.add(job(message="See https://cdn.example/x?X-Amz-Signature=abc123secret"))
    store.jobs.add_downloads(added.id, [replace(fetched(), note="at https://u:pass9secret@host/")])
    text = path.read_bytes()
    assert b"secret" not in text


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE job SET progress = 101",
        "UPDATE download SET owner = 'someone'",
        "INSERT INTO job SELECT 99, server, kind, remote_id, state, progress, message, artifacts, missing, expires,"
        " added, heard, parameters, follow FROM job",
    ],
)
def test_the_file_refuses_what_makes_no_sense(store: Store, path: Path, statement: str) -> None:
    store.jobs.add_downloads(store.jobs.add(job()).id, [fetched()])
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)
