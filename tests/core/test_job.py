"""How a job moves by what is heard of it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.errors import UsageError
from desktop.core.job import Artifact, Job, JobState, Report, check_wait, heard, troubled

JOB = Job(3, "farm", "scene", "s-1", expires=50.0)
REPORTS = st.builds(
    Report,
    st.sampled_from(JobState),
    st.none() | st.floats(0, 100),
    st.text(max_size=10),
    st.lists(st.builds(Artifact, st.sampled_from("ab"), st.just("T"), st.booleans()), max_size=2).map(tuple),
)


@given(st.lists(REPORTS, min_size=1, max_size=4))
def test_the_last_look_counts_from_any_state_on(reports: list[Report]) -> None:
    job = JOB
    for moment, report in enumerate(reports):
        job = heard(job, report, float(moment))
    last = reports[-1]
    assert (job.state, job.progress, job.message) == (last.state, last.progress, last.message)
    assert [one.name for one in job.artifacts] == [one.name for one in last.artifacts]
    assert (job.id, job.server, job.kind, job.remote_id) == (3, "farm", "scene", "s-1")
    assert job.heard == len(reports) - 1


def test_trouble_leaves_the_state_and_an_answer_ends_it() -> None:
    job = heard(JOB, Report(JobState.RUNNING, 40.0), 1.0)
    stuck = troubled(job, {"kind": "unreachable"})
    assert (stuck.state, stuck.progress, stuck.trouble) == (JobState.RUNNING, 40.0, {"kind": "unreachable"})
    assert heard(stuck, Report(JobState.RUNNING, 41.0), 2.0).trouble is None


def test_a_size_is_not_forgotten_while_the_file_lies_where_it_lay() -> None:
    blend = Artifact("blend", "Scene", True, 70, "walk.blend", site="farm", path="/b")
    job = heard(JOB, Report(JobState.RUNNING, artifacts=(blend,)), 1.0)
    untold = replace(blend, bytes=None, file_name="")
    assert heard(job, Report(JobState.DONE, artifacts=(untold,)), 2.0).artifacts == (blend,)
    moved = replace(untold, path="/c")
    assert heard(job, Report(JobState.DONE, artifacts=(moved,)), 2.0).artifacts == (moved,)


def test_an_expiry_once_told_is_remembered() -> None:
    assert heard(JOB, Report(JobState.DONE), 1.0).expires == 50.0
    assert heard(JOB, Report(JobState.DONE, expires=60.0), 1.0).expires == 60.0


@pytest.mark.parametrize(
    ("path", "when", "now", "words"),
    [
        ("/b", 49.0, 10.0, ""),
        ("/b", 50.0, 10.0, "keeps the results of s-1 until"),
        ("/b", 60.0, 60.0, ""),  # now: the server may know better
        ("/b?file=x", 20.0, 10.0, ""),
        ("/b?X-Amz-Signature=***&file=x", 20.0, 10.0, "Scene of s-1 cannot wait."),
        ("/b?X-Amz-Signature=***&file=x", 10.0, 10.0, ""),
    ],
)
def test_what_will_be_gone_cannot_wait(path: str, when: float, now: float, words: str) -> None:
    artifacts = [Artifact("blend", "Scene", True, path=path)]
    if not words:
        check_wait(JOB, artifacts, when, now)
        return
    with pytest.raises(UsageError, match=words):
        check_wait(JOB, artifacts, when, now)
