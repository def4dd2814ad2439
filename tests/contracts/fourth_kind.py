"""An exercise: a kind of job that nobody planned for is this file, and the one line that imports it."""

from typing import TYPE_CHECKING

from desktop.core.job import Artifact, JobState, Report
from desktop.studio.jobs.artifacts import peek
from desktop.studio.jobs.kind import KINDS, JobKind, Reference, parse_routes, quoted
from desktop.studio.jobs.reading import said, state_of

if TYPE_CHECKING:
    from desktop.studio.web import Web


class Simulation(JobKind):
    """`GET {base}/sims/{id}`, `GET {base}/sims/{id}/cache`."""

    def parse(self, text: str) -> Reference | None:
        return parse_routes(text, r"/sims/([^/?]+)")

    def look(self, web: "Web", remote_id: str, before: Report | None) -> Report:
        path = f"/sims/{quoted(remote_id)}"
        answer = web.get(path)
        words = said(answer)
        if answer.status == 404 and words.spoken:
            return Report(JobState.NOT_FOUND, message=words.message)
        if answer.status != 200:
            raise web.error(answer, path)
        cache = Artifact("cache", "Cache", False, path=f"{path}/cache")
        state = state_of(words.data, "phase") or JobState.RUNNING
        if state is JobState.DONE:
            cache = peek(web, cache, remote_id, "abc").artifact
        return Report(state, artifacts=(cache,))


KINDS.add("simulation", "Simulation", "A simulation's cache.")(Simulation())
