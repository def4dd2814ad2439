from pathlib import Path

import pytest

from desktop.core.errors import LoginFailed, Unreachable
from desktop.core.job import Job, JobState, Outcome
from desktop.core.task import Progress
from desktop.ui.formats import Formats
from desktop.ui.models.job_words import (
    JOB_FACES,
    LIGHT_FACES,
    LOCAL_FACES,
    artifact_face,
    face_of,
    local_of,
    next_words,
    note_of,
    report_of,
    standing,
)
from tests.ui.jobs import NAME, NOW, artifact, download, job

AWAY = Unreachable("It cannot be reached.", "Connection refused.").as_dict()
SHUT = LoginFailed("It wants a login.").as_dict()


def test_every_state_has_an_icon_a_word_and_a_colour_of_its_own() -> None:
    assert set(JOB_FACES) == set(JobState) and set(LOCAL_FACES) == set(Outcome)
    for faces in (JOB_FACES, LIGHT_FACES, LOCAL_FACES):
        assert len({word for _, word, _ in faces.values()}) == len(faces)


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (job(state=JobState.RUNNING, next_look=NOW + 2), "asks again in 2 s"),
        (job(state=JobState.RUNNING, looking=True), "asking\N{HORIZONTAL ELLIPSIS}"),
        (job(expires=NOW + 600), "kept for 10 min more"),
        (job(expires=NOW + 5 * 86400), "results kept until"),
        (job(expires=NOW - 5), "kept until"),
        (job(), ""),
        (job(state=JobState.INCOMPLETE, missing=("a", "b")), "2 items missing"),
        (job(state=JobState.FAILED), "asked 1 min ago"),
        (job(trouble=AWAY), "no answer, seen 1 min ago"),
        (job(trouble=SHUT, heard=None), "login needed"),
    ],
)
def test_the_list_says_what_matters_of_a_job(one: Job, said: str, formats: Formats) -> None:
    assert note_of(one, NOW, formats).words.startswith(said)
    assert bool(note_of(one, NOW, formats).words) is bool(said)


def test_a_job_never_heard_of_has_no_state_yet() -> None:
    assert face_of(job(heard=None))[1] == "asking"
    assert face_of(job(heard=None, trouble=AWAY))[1] == "unknown"
    assert face_of(job(trouble=AWAY))[1] == "done"


@pytest.mark.parametrize("state", list(JobState))
def test_what_happens_next_is_said_of_every_state(state: JobState, formats: Formats) -> None:
    assert next_words(job(state=state), NOW, formats).endswith(".")


def test_a_job_that_is_followed_to_a_folder_says_so(formats: Formats) -> None:
    one = job(state=JobState.RUNNING, follow=Path("/shows/results"), next_look=NOW + 2)
    said = next_words(one, NOW, formats)
    assert str(Path("/shows/results")) in said and said.endswith("Asks again in 2 s.")


PROGRESS = Progress(7, 500_000, 2_000_000, 0, 1, 0.0, None)


@pytest.mark.parametrize(
    ("one", "act", "button"),
    [
        (job(artifacts=(artifact(),)), "fetch", "Download"),
        (job(state=JobState.RUNNING, artifacts=(artifact(available=False),)), "", "Download"),
        (job(artifacts=(artifact(),), downloads=(download(Outcome.UNDER_WAY),)), "", "Downloading"),
        (job(artifacts=(artifact(),), downloads=(download(Outcome.HERE),)), "open", "Open folder"),
        (job(artifacts=(artifact(),), downloads=(download(Outcome.CHECKING),)), "", "Checking"),
        (job(artifacts=(artifact(),), downloads=(download(Outcome.UNPACKED),)), "open", "Open folder"),
        (job(artifacts=(artifact(),), downloads=(download(Outcome.HELD),)), "unpack", "Unpack anyway"),
        (job(artifacts=(artifact(),), downloads=(download(Outcome.BROKEN),)), "fetch", "Download again"),
        (job(artifacts=(artifact(),), downloads=(download(Outcome.MISSED),)), "fetch", "Download again"),
        (job(artifacts=(artifact(available=False),), downloads=(download(Outcome.BROKEN),)), "", "Download again"),
        (job(artifacts=(artifact(available=False),), downloads=(download(Outcome.HERE),)), "open", "Open folder"),
    ],
)
def test_an_artifact_offers_what_can_be_done_with_it(one: Job, act: str, button: str, formats: Formats) -> None:
    face = artifact_face(one, one.artifacts[0], PROGRESS, False, formats)
    assert (face.act, face.button.startswith(button)) == (act, True)
    assert act or face.why or face.words


def test_an_artifact_under_way_shows_how_far_it_is(formats: Formats) -> None:
    one = job(artifacts=(artifact(),), downloads=(download(Outcome.UNDER_WAY),))
    face = artifact_face(one, one.artifacts[0], PROGRESS, False, formats)
    assert face.fraction == 0.25 and face.words == "500.0 KB of 2.0 MB"
    assert artifact_face(one, one.artifacts[0], None, False, formats).words == "waiting for its turn"
    assert artifact_face(one, one.artifacts[0], None, True, formats).button == "Asking\N{HORIZONTAL ELLIPSIS}"


@pytest.mark.parametrize("state", list(JobState))
def test_what_cannot_be_fetched_says_why(state: JobState, formats: Formats) -> None:
    one = job(state=state, artifacts=(artifact(available=False),))
    assert artifact_face(one, one.artifacts[0], None, False, formats).why


def test_the_worst_of_what_was_fetched_is_told_and_only_the_latest_of_each_counts() -> None:
    assert local_of(job()) is None
    both = (download(Outcome.HERE), download(Outcome.HELD, "results"))
    assert local_of(job(downloads=both)) is Outcome.HELD
    assert local_of(job(downloads=(download(Outcome.BROKEN), download(Outcome.HERE)))) is Outcome.HERE


def test_the_report_tells_all_that_is_known(formats: Formats) -> None:
    one = job(
        state=JobState.INCOMPLETE,
        message="Some results are missing.",
        missing=("nvdiffrec/mesh.glb",),
        artifacts=(artifact(),),
        downloads=(download(Outcome.MISSED, note="The line broke."),),
        trouble=AWAY,
        parameters={"rows": 100},
    )
    said = report_of(one, (), formats)
    for words in ("job-1", NAME, "incomplete", "nvdiffrec/mesh.glb", "The line broke.", "refused", "rows 100"):
        assert words in said


def test_how_a_server_stands_is_known_from_its_jobs(formats: Formats) -> None:
    assert standing((), "", formats, NOW) == ("", "none", "")
    assert standing((), NAME, formats, NOW) == (NAME, "online", "")
    assert standing((job(),), NAME, formats, NOW) == (f"{NAME} connected", "online", "asked 1 min ago")
    assert standing((job(trouble=AWAY),), NAME, formats, NOW)[1:] == ("offline", "seen 1 min ago")
    assert standing((job(), job(2, trouble=AWAY)), NAME, formats, NOW)[1] == "online"
